/*
 * Plays ping-pong with NXP's imx_rpmsg_pingpong driver: Linux greets with "hello world!", then sends a number; each side answers with
 * the number plus one, until it passes 100. Channel, endpoint and texts are those of NXP's demo, without its delay of one second.
 *
 *     imx-sim run images/imx8mp_pingpong.elf --until 'Looping forever'
 */
#include "imx8mp.h"
#include "mpu.h"
#include "mu.h"
#include "print.h"
#include "rpmsg.h"
#include "uart.h"

RESOURCE_TABLE struct {
	uint32_t header[4];
	uint32_t offset[1];
	struct fw_rsc_vdev vdev;
} resource_table = {
	.header = { RSC_TABLE_VERSION, 1 },
	.offset = { __builtin_offsetof(__typeof__(resource_table), vdev) },
	.vdev = RPMSG_VDEV(FW_RSC_ADDR_ANY, FW_RSC_ADDR_ANY),
};

#define LAST_NUMBER 100u

static bool done;

static void receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	uint32_t number;
	if (done || length != sizeof number) return; /* the greeting is longer */
	memcpy(&number, data, sizeof number);
	print("Sending pong...\n");
	number++;
	rpmsg_send(endpoint, source, &number, sizeof number);
	done = number > LAST_NUMBER;
	if (!done) print("Waiting for ping...\n");
}

static struct rpmsg_endpoint pingpong = { .name = "rpmsg-openamp-demo-channel", .address = 30, .receive = receive };

int main(void)
{
	mpu_init();
	uart_init();
	print("\nRPMSG Ping-Pong example of imx-sim...\n");

	mu_init();
	volatile const struct resource_table *table = rpmsg_start((const struct resource_table *)&resource_table);
	volatile const struct fw_rsc_vdev *vdev = (volatile const struct fw_rsc_vdev *)((uintptr_t)table + table->offset[0]);
	print("RPMSG Share Base Addr is 0x%lx\n", vdev->vring[0].da);
	print("Link is up!\n");

	rpmsg_create(&pingpong);
	print("Nameservice announce sent.\n");
	print("Waiting for ping...\n");
	while (!done) {
		rpmsg_poll();
		mu_wait();
	}

	print("Ping pong done, deinitializing...\n");
	rpmsg_destroy(&pingpong);
	print("Looping forever...\n");
	for (;;) mu_wait();
}
