/*
 * A remote that a boot loader may start before Linux: it puts its resource table where a Linux that finds the core running looks for
 * it, and waits until Linux's driver is ready. Every message comes back to its sender, on rpmsg-client-sample and on rpmsg-tty.
 *
 *     imx-sim run --boot uboot images/imx8mp_attach.elf --until goodbye
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

/* The region `rsc-table` of NXP's device trees for the EVK; NXP's examples copy their tables there, too. */
#define TABLE_REGION 0x550FF000u

/*
 * Linux that starts the core has put its copy there, with a notify id for each vring, and goes on writing to it; that one stays. One
 * that attaches finds the table as the firmware leaves it here.
 */
static void publish_table(void)
{
	volatile __typeof__(resource_table) *region = (volatile __typeof__(resource_table) *)TABLE_REGION;
	bool by_linux = region->header[0] == RSC_TABLE_VERSION && region->offset[0] == resource_table.offset[0] &&
	                region->vdev.type == RSC_VDEV && region->vdev.vring[1].notifyid != 0;
	if (by_linux) print("started by Linux\n");
	else print("started before Linux: the resource table goes to 0x%08lx\n", (unsigned long)TABLE_REGION);
	if (!by_linux) memcpy((void *)TABLE_REGION, &resource_table, sizeof resource_table);
}

static void echo(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	rpmsg_send(endpoint, source, data, length);
}

static struct rpmsg_endpoint client = { .name = "rpmsg-client-sample", .address = RPMSG_ADDR_ANY, .receive = echo };
static struct rpmsg_endpoint tty = { .name = "rpmsg-tty", .address = RPMSG_ADDR_ANY, .receive = echo };

int main(void)
{
	mpu_init();
	uart_init();
	print("\n*** imx-sim attach example, i.MX 8M Plus Cortex-M7 ***\n");
	publish_table();
	mu_init();
	rpmsg_start((const struct resource_table *)&resource_table);
	print("Linux's driver is ready\n");
	rpmsg_create(&client);
	rpmsg_create(&tty);
	for (;;) {
		rpmsg_poll();
		mu_wait();
	}
}
