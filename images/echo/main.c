/*
 * Echoes every message of the channel `rpmsg-virtual-tty-channel-1`, which NXP's imx_rpmsg_tty driver turns into /dev/ttyRPMSG30.
 * Console texts, channel and endpoint 30 are those of NXP's string echo demo. The vrings' addresses are fixed in the table, as in
 * MCUXpresso builds: on a board whose device tree puts them elsewhere, Linux refuses the table.
 *
 *     imx-sim run images/imx8mp_echo.elf --send 'ttyRPMSG30=Toradex!' --until 'Toradex!'
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
	.vdev = RPMSG_VDEV(0x55000000, 0x55008000),
};

static void receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	const char *text = data;
	if (length == 2 && text[0] == '\r' && text[1] == '\n') {
		print("Get New Line From Master Side\n");
	} else {
		print("Get Message From Master Side : \"%.*s\" [len : %lu]\n", (int)length, text, length);
	}
	rpmsg_send(endpoint, source, data, length);
}

static struct rpmsg_endpoint echo = { .name = "rpmsg-virtual-tty-channel-1", .address = 30, .receive = receive };

int main(void)
{
	mpu_init();
	uart_init();
	print("\nRPMSG String Echo example of imx-sim...\n");

	mu_init();
	rpmsg_start((const struct resource_table *)&resource_table);
	rpmsg_create(&echo);
	print("\nNameservice sent, ready for incoming messages...\n");

	for (;;) {
		rpmsg_poll();
		mu_wait();
	}
}
