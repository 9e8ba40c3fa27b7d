/*
 * Eight endpoints, each announced as the channel `imx-sim-echo`, that send every message back to where it came from and print nothing:
 * for bench/echo.mjs, which counts round trips, and bench/start-stop.mjs. No module of Linux binds to the name; both bring their own.
 *
 *     imx-sim run images/imx8mp_echo8.elf --until '8 endpoints'
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

#define ENDPOINTS 8u

static struct rpmsg_endpoint endpoints[ENDPOINTS];

static void echo(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	rpmsg_send(endpoint, source, data, length);
}

int main(void)
{
	mpu_init();
	uart_init();
	mu_init();
	rpmsg_start((const struct resource_table *)&resource_table);
	for (uint32_t i = 0; i < ENDPOINTS; i++) {
		endpoints[i] = (struct rpmsg_endpoint){ .name = "imx-sim-echo", .address = RPMSG_ADDR_ANY, .receive = echo };
		rpmsg_create(&endpoints[i]);
	}
	print("\necho8: %u endpoints\n", ENDPOINTS);

	for (;;) {
		rpmsg_poll();
		mu_wait();
	}
}
