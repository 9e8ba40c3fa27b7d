/*
 * What Zephyr's sample subsys/ipc/openamp_rsc_table does, as an application of its own: two RPMsg channels for Linux's drivers
 * rpmsg_client_sample and rpmsg_tty, and a trace buffer that Linux shows in debugfs.
 *
 * Requests on the tty may be commands: "stats" answers with the counters, everything else comes back behind "TTY 0x0401: ".
 */
#include "imx8mp.h"
#include "mpu.h"
#include "mu.h"
#include "print.h"
#include "rpmsg.h"
#include "trace.h"
#include "uart.h"

RESOURCE_TABLE struct {
	uint32_t header[4];
	uint32_t offset[2];
	struct fw_rsc_vdev vdev;
	struct fw_rsc_trace trace;
} resource_table = {
	.header = { RSC_TABLE_VERSION, 2 },
	.offset = { __builtin_offsetof(__typeof__(resource_table), vdev), __builtin_offsetof(__typeof__(resource_table), trace) },
	.vdev = RPMSG_VDEV(FW_RSC_ADDR_ANY, FW_RSC_ADDR_ANY),
	.trace = RSC_TRACE_BUFFER("trace:m7"),
};

enum demo_state { DEMO_WAITS_FOR_LINUX, DEMO_TALKS, DEMO_CLIENT_DONE };

enum demo_state demo_state;

struct statistics {
	uint32_t client_messages;
	uint32_t tty_messages;
	uint32_t last_length;
} statistics;

/* The sample client says hello so many times. */
uint32_t client_messages_wanted = 100;

static void client_receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	print("[Linux sample client] incoming msg %u: %.*s\n", (unsigned)++statistics.client_messages, (int)length, (const char *)data);
	rpmsg_send(endpoint, source, data, length);
	if (statistics.client_messages < client_messages_wanted) return;
	demo_state = DEMO_CLIENT_DONE;
	rpmsg_destroy(endpoint);
	print("Linux sample client responder ended\n");
}

/* Length of `text` without its line end. */
uint32_t trimmed_length(const char *text, uint32_t length)
{
	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r')) length--;
	return length;
}

/* Writes `value` in decimal; returns the number of digits. */
static uint32_t put_number(char *to, uint32_t value)
{
	char digits[10];
	uint32_t count = 0;
	do digits[count++] = (char)('0' + value % 10);
	while (value /= 10);
	for (uint32_t i = 0; i < count; i++) to[i] = digits[count - 1 - i];
	return count;
}

static uint32_t answer_statistics(char *to)
{
	memcpy(to, "client ", 7);
	uint32_t length = 7 + put_number(to + 7, statistics.client_messages);
	memcpy(to + length, ", tty ", 6);
	length += 6;
	length += put_number(to + length, statistics.tty_messages);
	to[length++] = '\n';
	return length;
}

static void tty_receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	const char *text = data;
	uint32_t shown = trimmed_length(text, length);
	statistics.tty_messages++;
	statistics.last_length = length;
	print("[Linux TTY] incoming msg: %.*s\n", (int)shown, text);

	struct rpmsg_message reply;
	rpmsg_alloc(&reply);
	char *to = reply.payload;
	if (shown == 5 && memcmp(text, "stats", 5) == 0) {
		rpmsg_send_message(endpoint, source, &reply, answer_statistics(to));
		return;
	}
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
	print("\n*** Booting openamp application ***\n");
	trace("waiting for Linux");

	mu_init();
	rpmsg_start((const struct resource_table *)&resource_table);
	demo_state = DEMO_TALKS;
	trace("Linux is ready");

	rpmsg_create(&client);
	print("Linux sample client responder started\n");
	rpmsg_create(&tty);
	print("Linux TTY responder started\n");

	for (;;) {
		rpmsg_poll();
		mu_wait();
	}
}
