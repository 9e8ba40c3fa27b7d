/*
 * RPMsg for the remote side: endpoints over two vrings, and the name service.
 *
 * One device, no threads: all functions are called from main(), never from an interrupt. Wire format: Linux's
 * Documentation/staging/rpmsg.rst and drivers/rpmsg/virtio_rpmsg_bus.c.
 */
#ifndef RPMSG_H
#define RPMSG_H

#include <stdbool.h>
#include <stdint.h>

#include "resource-table.h"
#include "vring.h"

#define RPMSG_ADDR_ANY 0xFFFFFFFFu

struct rpmsg_endpoint {
	/* Channel name, at most 31 characters; NULL for an endpoint that is not announced. */
	const char *name;
	/* This end's address; RPMSG_ADDR_ANY lets rpmsg_create choose one from 0x400 upwards. */
	uint32_t address;
	/* Called for each message from `source`; `data` is valid until it returns. It may send, create and destroy endpoints. */
	void (*receive)(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length);
	/* Internal. */
	struct rpmsg_endpoint *next;
};

/* A message being built in one of Linux's buffers. */
struct rpmsg_message {
	void *payload;
	uint32_t capacity;
	struct vring_buffer buffer;
};

/*
 * Sleeps until Linux's driver is ready (DRIVER_OK), then starts with the vrings that it chose for the first RPMsg device of `table`,
 * the program's resource table. Returns the table that Linux works on, which need not be that copy. Call it once.
 */
volatile const struct resource_table *rpmsg_start(const struct resource_table *table);

/* Opens an endpoint and announces its name. False if its address is taken or the announcement could not be sent. */
bool rpmsg_create(struct rpmsg_endpoint *endpoint);

/* Withdraws the name and closes the endpoint. */
void rpmsg_destroy(struct rpmsg_endpoint *endpoint);

/* Takes a buffer to build a message in; waits while Linux has none free. */
void rpmsg_alloc(struct rpmsg_message *message);

/* Sends an allocated message with the first `length` bytes of its payload. */
void rpmsg_send_message(struct rpmsg_endpoint *endpoint, uint32_t destination, struct rpmsg_message *message, uint32_t length);

/* Copies and sends `length` bytes; false if they do not fit in one buffer. */
bool rpmsg_send(struct rpmsg_endpoint *endpoint, uint32_t destination, const void *data, uint32_t length);

/* Hands every message that has arrived to its endpoint. */
void rpmsg_poll(void);

#endif
