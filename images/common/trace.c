/* A log in memory that Linux shows in debugfs: NUL-terminated text. */
#include "trace.h"

#include "print.h"

char trace_buffer[TRACE_SIZE];
static uint32_t trace_length;

static void append(char c)
{
	if (trace_length == TRACE_SIZE - 1) {
		trace_length -= TRACE_SIZE / 2;
		memmove(trace_buffer, trace_buffer + TRACE_SIZE / 2, trace_length);
		memset(trace_buffer + trace_length, 0, TRACE_SIZE - trace_length);
	}
	trace_buffer[trace_length++] = c;
}

void trace(const char *text)
{
	while (*text) append(*text++);
	append('\n');
}
