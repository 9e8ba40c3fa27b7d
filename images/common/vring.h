/*
 * The device's end of a split virtqueue (Virtio 1.1, section 2.6, in the legacy layout that remoteproc uses): Linux makes buffers
 * available, this side takes them, fills or reads them, and puts them on the used ring.
 */
#ifndef VRING_H
#define VRING_H

#include <stdbool.h>
#include <stdint.h>

#include "resource-table.h"

struct vring_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct vring_avail {
	uint16_t flags;
	uint16_t idx;
	uint16_t ring[];
};

struct vring_used_elem {
	uint32_t id;
	uint32_t len;
};

struct vring_used {
	uint16_t flags;
	uint16_t idx;
	struct vring_used_elem ring[];
};

struct vring {
	volatile const struct vring_desc *desc;
	volatile const struct vring_avail *avail;
	volatile struct vring_used *used;
	uint32_t num;
	uint32_t notifyid;
	uint16_t next; /* position of the next available buffer to take; runs freely like the rings' own idx */
};

/* A buffer taken from a queue. */
struct vring_buffer {
	void *data;
	uint32_t len;
	uint16_t id;
};

/* Uses the ring that Linux described in the loaded resource table. */
void vring_init(struct vring *ring, volatile const struct fw_rsc_vdev_vring *description);

/* Takes the next buffer that Linux made available; false if there is none. */
bool vring_get(struct vring *ring, struct vring_buffer *buffer);

/* Gives a buffer back with `len` bytes written into it. */
void vring_put(struct vring *ring, uint16_t id, uint32_t len);

/* Tells Linux to look at the ring, unless it asked not to be told. */
void vring_kick(struct vring *ring);

#endif
