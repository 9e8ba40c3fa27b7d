/*
 * The device's end of a split virtqueue.
 *
 * Rings and buffers are shared with the Cortex-A cores. The M7's caches stay off, so only the order of accesses matters: each dmb
 * below stands between an index and what that index covers.
 */
#include "vring.h"

#include "cortex-m.h"
#include "mu.h"

#define VRING_AVAIL_F_NO_INTERRUPT 1

void vring_init(struct vring *ring, volatile const struct fw_rsc_vdev_vring *description)
{
	uint32_t num = description->num, align = description->align, base = description->da;
	uint32_t avail = base + num * sizeof(struct vring_desc);
	/* flags, idx, num entries and one more word precede the used ring, which starts at the next multiple of the alignment. */
	uint32_t used = (avail + sizeof(uint16_t) * (3 + num) + align - 1) / align * align;

	ring->desc = (const struct vring_desc *)(uintptr_t)base;
	ring->avail = (const struct vring_avail *)(uintptr_t)avail;
	ring->used = (struct vring_used *)(uintptr_t)used;
	ring->num = num;
	ring->notifyid = description->notifyid;
	ring->next = ring->used->idx; /* not 0: what was used before this core restarted stays used */
}

bool vring_get(struct vring *ring, struct vring_buffer *buffer)
{
	if (ring->next == ring->avail->idx) return false;
	dmb(); /* the entry was written before idx; read it after */
	uint16_t id = ring->avail->ring[ring->next % ring->num];
	if (id >= ring->num) return false;
	ring->next++;
	buffer->data = (void *)(uintptr_t)ring->desc[id].addr;
	buffer->len = ring->desc[id].len;
	buffer->id = id;
	return true;
}

void vring_put(struct vring *ring, uint16_t id, uint32_t len)
{
	uint16_t idx = ring->used->idx;
	ring->used->ring[idx % ring->num].id = id;
	ring->used->ring[idx % ring->num].len = len;
	dmb(); /* entry and buffer before the idx that covers them */
	ring->used->idx = idx + 1;
}

void vring_kick(struct vring *ring)
{
	dmb(); /* our idx before Linux's flags: it sets them, then looks at idx once more */
	if (ring->avail->flags & VRING_AVAIL_F_NO_INTERRUPT) return;
	mu_send(ring->notifyid << 16);
}
