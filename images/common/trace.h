/* A log in memory that Linux shows as /sys/kernel/debug/remoteproc/remoteproc0/trace0. */
#ifndef TRACE_H
#define TRACE_H

#include "resource-table.h"

#define TRACE_SIZE 1024

extern char trace_buffer[TRACE_SIZE];

/* Its entry in a resource table. The buffer's address is known at link time, as it does not move. */
#define RSC_TRACE_BUFFER(title)                                                                                                          \
	{                                                                                                                                  \
		.type = RSC_TRACE, .da = (uint32_t)(uintptr_t)trace_buffer, .len = TRACE_SIZE, .name = title                                   \
	}

/* Appends `text` and a line end; the older half goes when the buffer is full. */
void trace(const char *text);

#endif
