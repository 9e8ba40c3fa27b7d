/*
 * A remote that spoils its rings, for whoever wants to see what that looks like: in dmesg, or in the vring inspector of `imx-sim run --view`.
 * rpmsg_client_sample gets its hello worlds back; at the 50th the firmware writes an address of its own into a descriptor, as a program that takes
 * itself for the driver does. Nobody notices: Linux goes by its own copy. What is written to /dev/ttyRPMSG0 chooses worse: id, foreign, length,
 * header, kick; everything else comes back.
 *
 *     imx-sim run images/imx8mp_bad_ring.elf --view
 *     imx-sim run images/imx8mp_bad_ring.elf --send 'ttyRPMSG0=id' --until 'out of range'
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

#define CLIENT_MESSAGES 100u
#define MISTAKE_AT 50u
#define DESCRIPTOR 200u
#define HEADER 16u

/* The rings once more: those of rpmsg.c are its own. */
static struct vring to_linux, from_linux;
static uint8_t own_buffer[512];

/* The bug: the table belongs to Linux. */
static void offer_own_buffer(uint32_t index)
{
	struct vring_desc *table = (struct vring_desc *)(uintptr_t)to_linux.desc;
	*(volatile uint64_t *)&table[index].addr = (uintptr_t)own_buffer;
}

static void client_receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	static uint32_t count;
	count++;
	rpmsg_send(endpoint, source, data, length);
	if (count == MISTAKE_AT) {
		offer_own_buffer(DESCRIPTOR);
		print("bad ring: descriptor %lu has a buffer of the firmware\n", (unsigned long)DESCRIPTOR);
	}
	if (count < CLIENT_MESSAGES) return;
	rpmsg_destroy(endpoint);
	count = 0;
}

/* A message in a buffer of Linux: what the header says of its length, and what the used ring is to say. */
static void send_as(const struct rpmsg_endpoint *from, uint32_t destination, uint16_t header_length, uint32_t used_length, bool kick)
{
	struct rpmsg_message message;
	rpmsg_alloc(&message);
	uint32_t *header = message.buffer.data;
	header[0] = from->address;
	header[1] = destination;
	header[2] = 0;
	header[3] = header_length;
	memcpy(message.payload, "spoilt", 6);
	vring_put(&to_linux, message.buffer.id, used_length);
	if (kick) vring_kick(&to_linux);
}

static void return_id(struct vring *ring, uint16_t id)
{
	vring_put(ring, id, HEADER);
	vring_kick(ring);
}

static bool is(const char *word, const char *text, uint32_t length)
{
	while (*word && length && *word == *text) word++, text++, length--;
	return !*word && (!length || *text == '\n' || *text == '\r');
}

static void tty_receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	const char *text = data;
	if (is("id", text, length)) return_id(&to_linux, 300);
	else if (is("foreign", text, length)) return_id(&from_linux, (uint16_t)(from_linux.num - 1)); /* Linux has not sent so many */
	else if (is("length", text, length)) send_as(endpoint, source, 6, 600, true);
	else if (is("header", text, length)) send_as(endpoint, source, 100, HEADER + 6, true);
	else if (is("kick", text, length)) send_as(endpoint, source, 6, HEADER + 6, false);
	else {
		rpmsg_send(endpoint, source, data, length);
		return;
	}
	print("bad ring: %.*s\n", (int)(length && text[length - 1] == '\n' ? length - 1 : length), text);
}

static struct rpmsg_endpoint client = { .name = "rpmsg-client-sample", .address = RPMSG_ADDR_ANY, .receive = client_receive };
static struct rpmsg_endpoint tty = { .name = "rpmsg-tty", .address = RPMSG_ADDR_ANY, .receive = tty_receive };

int main(void)
{
	mpu_init();
	uart_init();
	print("\nbad ring: id, foreign, length, header or kick to /dev/ttyRPMSG0 spoils it\n");

	mu_init();
	volatile const struct resource_table *table = rpmsg_start((const struct resource_table *)&resource_table);
	volatile const struct fw_rsc_vdev *vdev = (volatile const struct fw_rsc_vdev *)((uintptr_t)table + table->offset[0]);
	vring_init(&to_linux, &vdev->vring[0]);
	vring_init(&from_linux, &vdev->vring[1]);

	rpmsg_create(&client);
	rpmsg_create(&tty);

	for (;;) {
		rpmsg_poll();
		mu_wait();
	}
}
