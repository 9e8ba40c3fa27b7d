/*
 * The main example: an RPMsg remote for Linux's rpmsg_client_sample and rpmsg_tty drivers. The client sends "hello world!" and gets
 * it back, 100 times; what is written to /dev/ttyRPMSG0 comes back behind "TTY 0x0401: ". The texts are those of the well-known
 * OpenAMP demo, so that a run can be laid beside the one in a board's manual.
 *
 *     imx-sim run images/imx8mp_rpmsg.elf --until goodbye
 *     imx-sim run images/imx8mp_rpmsg.elf --send 'ttyRPMSG0=Hello Zephyr' --until 'Hello Zephyr'
 */
#include "mpu.h"
#include "mu.h"
#include "print.h"
#include "rpmsg.h"
#include "soc.h"
#include "trace.h"
#include "uart.h"

/* Two resources. The vrings may lie anywhere: each board's device tree has its own place for them. */
RESOURCE_TABLE struct {
	uint32_t header[4];
	uint32_t offset[2];
	struct fw_rsc_vdev vdev;
	struct fw_rsc_trace trace;
} resource_table = {
	.header = { RSC_TABLE_VERSION, 2 },
	.offset = { __builtin_offsetof(__typeof__(resource_table), vdev), __builtin_offsetof(__typeof__(resource_table), trace) },
	.vdev = RPMSG_VDEV(FW_RSC_ADDR_ANY, FW_RSC_ADDR_ANY),
	.trace = RSC_TRACE_BUFFER("trace:" CORE_NAME),
};

#define CLIENT_MESSAGES 100u

/* The sample client's driver stops after 100 messages, and so does its responder. */
static void client_receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	static uint32_t count;
	print("[Linux sample client] incoming msg %lu: %.*s\n", ++count, (int)length, (const char *)data);
	rpmsg_send(endpoint, source, data, length);
	if (count < CLIENT_MESSAGES) return;
	rpmsg_destroy(endpoint);
	print("OpenAMP Linux sample client responder ended\n");
	trace("sample client: 100 messages echoed");
	count = 0;
}

static void tty_receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	const char *text = data;
	uint32_t printed = length;
	while (printed && (text[printed - 1] == '\n' || text[printed - 1] == '\r')) printed--;
	print("[Linux TTY] incoming msg: %.*s\n", (int)printed, text);

	/* Built in place: "TTY 0x0401: " and as much of the text as fits in one message. */
	struct rpmsg_message reply;
	rpmsg_alloc(&reply);
	char *to = reply.payload;
	memcpy(to, "TTY 0x", 6);
	for (uint32_t i = 0; i < 4; i++) to[6 + i] = "0123456789abcdef"[(endpoint->address >> (12 - 4 * i)) & 15];
	memcpy(to + 10, ": ", 2);
	if (length > reply.capacity - 12) length = reply.capacity - 12;
	memcpy(to + 12, text, length);
	rpmsg_send_message(endpoint, source, &reply, 12 + length);
}

static struct rpmsg_endpoint client = { .name = "rpmsg-client-sample", .address = RPMSG_ADDR_ANY, .receive = client_receive };
static struct rpmsg_endpoint tty = { .name = "rpmsg-tty", .address = RPMSG_ADDR_ANY, .receive = tty_receive };

int main(void)
{
	mpu_init();
	uart_init();
	print("\n*** imx-sim rpmsg example, " SOC_NAME " ***\n");
	print("OpenAMP[remote] Linux responder demo started\n");
	trace("waiting for Linux");

	mu_init();
	rpmsg_start((const struct resource_table *)&resource_table);
	trace("Linux's driver is ready");

	rpmsg_create(&client);
	print("OpenAMP[remote] Linux sample client responder started\n");
	rpmsg_create(&tty);
	print("OpenAMP[remote] Linux TTY responder started\n");
	trace("announced rpmsg-client-sample and rpmsg-tty");

	for (;;) {
		rpmsg_poll();
		mu_wait();
	}
}
