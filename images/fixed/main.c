/*
 * The string echo for NXP's imx_rpmsg driver: no resource table. The vrings are where both sides were built to expect them, 256 descriptors
 * each, and Linux's first doorbell says that they are ready. U-Boot's bootaux starts it; remoteproc would find no virtio device in it.
 *
 *     imx-sim run images/imx8mp_fixed.elf --boot uboot --kernel nxp --overlay <a tree with the rpmsg node>
 */
#include "mpu.h"
#include "mu.h"
#include "print.h"
#include "rpmsg.h"
#include "soc.h"
#include "uart.h"

/* In memory that the board's tree reserves for it. */
#ifndef VRINGS
#define VRINGS 0x55000000u
#endif

/* What a resource table would say, filled in as if Linux had: rpmsg_start takes it as it is. */
static struct {
	uint32_t header[4];
	uint32_t offset[1];
	struct fw_rsc_vdev vdev;
} agreed = {
	.header = { RSC_TABLE_VERSION, 1 },
	.offset = { __builtin_offsetof(__typeof__(agreed), vdev) },
	.vdev = RPMSG_VDEV(VRINGS, VRINGS + 0x8000),
};

static void receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	print("Get Message From Master Side : \"%.*s\" [len : %lu]\n", (int)length, (const char *)data, length);
	rpmsg_send(endpoint, source, data, length);
}

static struct rpmsg_endpoint echo = { .name = "rpmsg-virtual-tty-channel-1", .address = 30, .receive = receive };

int main(void)
{
	mpu_init();
	uart_init();
	print("\nRPMSG String Echo without a resource table\n");

	agreed.vdev.status = VIRTIO_CONFIG_S_DRIVER_OK;
	agreed.vdev.gfeatures = agreed.vdev.dfeatures;
	agreed.vdev.vring[1].notifyid = 1;
	mu_init();
	mu_wait();
	rpmsg_start((const struct resource_table *)&agreed);
	rpmsg_create(&echo);
	print("\nNameservice sent, ready for incoming messages...\n");

	for (;;) {
		rpmsg_poll();
		mu_wait();
	}
}
