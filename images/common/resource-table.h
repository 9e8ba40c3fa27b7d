/*
 * The resource table: what the firmware asks of Linux's remoteproc, in the ELF section `.resource_table`.
 * Layout: Linux Documentation/staging/remoteproc.rst. Linux fills in the vrings' addresses and notify ids and the device's
 * status in a copy (see rpmsg_start), hence `volatile` wherever a program reads it.
 */
#ifndef RESOURCE_TABLE_H
#define RESOURCE_TABLE_H

#include <stdint.h>

/* Puts a table where Linux finds it. */
#define RESOURCE_TABLE __attribute__((section(".resource_table"), used, aligned(16)))

#define RSC_TABLE_VERSION 1
#define FW_RSC_ADDR_ANY 0xFFFFFFFFu

enum { RSC_CARVEOUT = 0, RSC_DEVMEM = 1, RSC_TRACE = 2, RSC_VDEV = 3 };

#define VIRTIO_ID_RPMSG 7
#define VIRTIO_RPMSG_F_NS 0 /* feature bit: the device announces names */
#define VIRTIO_CONFIG_S_DRIVER_OK 4

/* `offset` counts from the start of the table, one per entry. */
struct resource_table {
	uint32_t ver;
	uint32_t num;
	uint32_t reserved[2];
	uint32_t offset[];
};

struct fw_rsc_trace {
	uint32_t type;
	uint32_t da;
	uint32_t len;
	uint32_t reserved;
	char name[32];
};

struct fw_rsc_vdev_vring {
	uint32_t da;
	uint32_t align;
	uint32_t num;
	uint32_t notifyid;
	uint32_t pa;
};

/* A virtio device with two queues: vring[0] carries messages to Linux, vring[1] those from Linux. */
struct fw_rsc_vdev {
	uint32_t type;
	uint32_t id;
	uint32_t notifyid;
	uint32_t dfeatures;
	uint32_t gfeatures;
	uint32_t config_len;
	uint8_t status;
	uint8_t num_of_vrings;
	uint8_t reserved[2];
	struct fw_rsc_vdev_vring vring[2];
};

/* An RPMsg device with the name service; `da0`, `da1` are the vrings' addresses or FW_RSC_ADDR_ANY for "as the device tree says". */
#define RPMSG_VDEV(da0, da1)                                                                                                           \
	{                                                                                                                                  \
		.type = RSC_VDEV, .id = VIRTIO_ID_RPMSG, .dfeatures = 1u << VIRTIO_RPMSG_F_NS, .num_of_vrings = 2, .vring = {                  \
			{ .da = (da0), .align = 0x1000, .num = 256 },                                                                              \
			{ .da = (da1), .align = 0x1000, .num = 256 },                                                                              \
		},                                                                                                                             \
	}

#endif
