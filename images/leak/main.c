/*
 * A remote with a bug: an error path that never gives buffers back. Five channels of rpmsg_client_sample at once, 100 messages each. While Linux
 * does not take its doorbells, answers have to wait, and those behind them, too, to keep their order; but nothing ever ends that, and
 * the buffer of an answer that had to wait is not given back. 256 messages later Linux has no buffer left.
 *
 *     imx-sim run images/imx8mp_leak.elf --until '500 messages answered'
 *     imx-sim explore images/imx8mp_leak.elf --until '500 messages answered'
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

#define CHANNELS 5u
#define MESSAGES 100u
#define FIRST_ADDRESS 0x400u
#define NAME_SERVICE 0x35u
#define BUFFERS 256u
#define MU_SR REG32(MU1_B_BASE + 0x20)
#define MU_TE1 (1u << 22)
/* Linux takes a doorbell within a few us; some 50 us are a lot. */
#define PATIENCE 10000u

struct message {
	uint32_t source, destination, reserved;
	uint16_t length, flags;
	uint8_t data[];
};

struct announcement {
	char name[32];
	uint32_t address, flags;
};

static struct vring to_linux, from_linux;
static struct vring_buffer waiting[BUFFERS];
static uint32_t first_waiting, end_waiting, answered;
static bool congested;

static bool linux_listens(void)
{
	for (uint32_t patience = 0; patience < PATIENCE; patience++)
		if (MU_SR & MU_TE1) return true;
	return false;
}

static void send(uint32_t source, uint32_t destination, const void *data, uint32_t length)
{
	struct vring_buffer buffer;
	while (!vring_get(&to_linux, &buffer)) mu_wait();
	struct message *message = buffer.data;
	message->source = source;
	message->destination = destination;
	message->reserved = 0;
	message->length = (uint16_t)length;
	message->flags = 0;
	memcpy(message->data, data, length);
	vring_put(&to_linux, buffer.id, sizeof *message + length);
	vring_kick(&to_linux);
}

static void answer(const struct vring_buffer *buffer)
{
	const struct message *message = buffer->data;
	send(message->destination, message->source, message->data, message->length);
	if (++answered == CHANNELS * MESSAGES) print("%lu messages answered\n", answered);
}

static void receive(const struct vring_buffer *buffer)
{
	if (!congested && linux_listens()) {
		answer(buffer);
		vring_put(&from_linux, buffer->id, 0);
		vring_kick(&from_linux);
		return;
	}
	congested = true; /* the bug, first half: never false again */
	waiting[end_waiting++ % BUFFERS] = *buffer;
}

static void catch_up(void)
{
	while (first_waiting != end_waiting && linux_listens()) answer(&waiting[first_waiting++ % BUFFERS]);
	/* the bug, second half: the buffers of what was answered here are not given back */
}

static void announce(uint32_t address)
{
	struct announcement announcement = { .name = "rpmsg-client-sample", .address = address };
	send(NAME_SERVICE, NAME_SERVICE, &announcement, sizeof announcement);
}

int main(void)
{
	mpu_init();
	uart_init();
	print("\nleak: %u channels\n", CHANNELS);
	mu_init();
	volatile const struct resource_table *table = rpmsg_start((const struct resource_table *)&resource_table);
	volatile const struct fw_rsc_vdev *vdev = (volatile const struct fw_rsc_vdev *)((uintptr_t)table + table->offset[0]);
	vring_init(&to_linux, &vdev->vring[0]);
	vring_init(&from_linux, &vdev->vring[1]);

	for (uint32_t channel = 0; channel < CHANNELS; channel++) announce(FIRST_ADDRESS + channel);
	for (;;) {
		struct vring_buffer buffer;
		while (vring_get(&from_linux, &buffer)) receive(&buffer);
		catch_up();
		if (first_waiting == end_waiting) mu_wait();
	}
}
