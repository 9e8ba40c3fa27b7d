/* RPMsg for the remote side: endpoints over two vrings, and the name service. */
#include "rpmsg.h"

#include <stddef.h>

#include "cortex-m.h"
#include "mu.h"
#include "print.h"
#include "soc.h"

#define RPMSG_NS_ADDR 0x35u
#define RPMSG_FIRST_ADDRESS 0x400u
#define RPMSG_NS_CREATE 0u
#define RPMSG_NS_DESTROY 1u

struct rpmsg_hdr {
	uint32_t src;
	uint32_t dst;
	uint32_t reserved;
	uint16_t len;
	uint16_t flags;
	uint8_t data[];
};

struct rpmsg_ns_msg {
	char name[32];
	uint32_t addr;
	uint32_t flags;
};

static volatile struct fw_rsc_vdev *device;
static struct vring to_linux, from_linux;
static struct rpmsg_endpoint *endpoints;

/*
 * Where the device trees of the SoC's boards put the region `rsc-table`. If there is such a region,
 * imx_rproc copies the table there when it starts the core and never looks at the one in the ELF's section again.
 */
static const uint32_t table_regions[] = TABLE_REGIONS;

/* The RPMsg device in `table` if that is a copy of the program's table and Linux's driver is ready there. */
static volatile struct fw_rsc_vdev *ready_device(volatile const struct resource_table *table, const struct resource_table *own)
{
	if (table->ver != own->ver || table->num != own->num) return NULL;
	for (uint32_t i = 0; i < own->num; i++) {
		if (table->offset[i] != own->offset[i]) return NULL;
		volatile struct fw_rsc_vdev *entry = (volatile struct fw_rsc_vdev *)((uintptr_t)table + own->offset[i]);
		if (entry->type != RSC_VDEV || entry->id != VIRTIO_ID_RPMSG) continue;
		return entry->status & VIRTIO_CONFIG_S_DRIVER_OK ? entry : NULL;
	}
	return NULL;
}

volatile const struct resource_table *rpmsg_start(const struct resource_table *own)
{
	volatile const struct resource_table *table = own;
	for (;;) {
		for (uint32_t i = 0; i < sizeof table_regions / sizeof *table_regions && !device; i++) {
			table = (volatile const struct resource_table *)(uintptr_t)table_regions[i];
			device = ready_device(table, own);
		}
		if (!device) device = ready_device(table = own, own);
		if (device) break;
		mu_wait(); /* Linux kicks the first queue right after it sets DRIVER_OK */
	}
	dmb(); /* the vrings' addresses were written before the status */
	vring_init(&to_linux, &device->vring[0]);
	vring_init(&from_linux, &device->vring[1]);
	return table;
}

void rpmsg_alloc(struct rpmsg_message *message)
{
	while (!vring_get(&to_linux, &message->buffer)) mu_wait();
	message->payload = (uint8_t *)message->buffer.data + sizeof(struct rpmsg_hdr);
	message->capacity = message->buffer.len - sizeof(struct rpmsg_hdr);
}

static void send(uint32_t source, uint32_t destination, struct rpmsg_message *message, uint32_t length)
{
	struct rpmsg_hdr *hdr = message->buffer.data;
	hdr->src = source;
	hdr->dst = destination;
	hdr->reserved = 0;
	hdr->len = (uint16_t)length;
	hdr->flags = 0;
	vring_put(&to_linux, message->buffer.id, sizeof *hdr + length);
	vring_kick(&to_linux);
}

void rpmsg_send_message(struct rpmsg_endpoint *endpoint, uint32_t destination, struct rpmsg_message *message, uint32_t length)
{
	send(endpoint->address, destination, message, length);
}

bool rpmsg_send(struct rpmsg_endpoint *endpoint, uint32_t destination, const void *data, uint32_t length)
{
	struct rpmsg_message message;
	rpmsg_alloc(&message);
	bool fits = length <= message.capacity;
	/* A buffer cannot be handed back unsent; an empty message is the closest thing, and Linux ignores it. */
	if (fits) memcpy(message.payload, data, length);
	rpmsg_send_message(endpoint, destination, &message, fits ? length : 0);
	return fits;
}

/* Tells Linux's name service that a channel appears or goes, if it has one. */
static void announce(struct rpmsg_endpoint *endpoint, uint32_t flags)
{
	if (!endpoint->name || !(device->gfeatures & (1u << VIRTIO_RPMSG_F_NS))) return;
	struct rpmsg_message message;
	rpmsg_alloc(&message);
	struct rpmsg_ns_msg *ns = message.payload;
	memset(ns->name, 0, sizeof ns->name);
	for (uint32_t i = 0; i < sizeof ns->name - 1 && endpoint->name[i]; i++) ns->name[i] = endpoint->name[i];
	ns->addr = endpoint->address;
	ns->flags = flags;
	send(RPMSG_NS_ADDR, RPMSG_NS_ADDR, &message, sizeof *ns);
}

static struct rpmsg_endpoint *find(uint32_t address)
{
	struct rpmsg_endpoint *endpoint = endpoints;
	while (endpoint && endpoint->address != address) endpoint = endpoint->next;
	return endpoint;
}

bool rpmsg_create(struct rpmsg_endpoint *endpoint)
{
	if (endpoint->address == RPMSG_ADDR_ANY) {
		endpoint->address = RPMSG_FIRST_ADDRESS;
		while (find(endpoint->address)) endpoint->address++;
	}
	if (find(endpoint->address)) return false;
	endpoint->next = endpoints;
	endpoints = endpoint;
	announce(endpoint, RPMSG_NS_CREATE);
	return true;
}

void rpmsg_destroy(struct rpmsg_endpoint *endpoint)
{
	struct rpmsg_endpoint **link = &endpoints;
	while (*link && *link != endpoint) link = &(*link)->next;
	if (!*link) return;
	*link = endpoint->next;
	announce(endpoint, RPMSG_NS_DESTROY);
}

void rpmsg_poll(void)
{
	struct vring_buffer buffer;
	while (vring_get(&from_linux, &buffer)) {
		const struct rpmsg_hdr *hdr = buffer.data;
		if (buffer.len >= sizeof *hdr && hdr->len <= buffer.len - sizeof *hdr) {
			struct rpmsg_endpoint *endpoint = find(hdr->dst);
			if (endpoint) endpoint->receive(endpoint, hdr->src, hdr->data, hdr->len);
		}
		vring_put(&from_linux, buffer.id, 0);
		vring_kick(&from_linux);
	}
}
