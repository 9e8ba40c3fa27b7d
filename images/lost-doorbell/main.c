/*
 * A remote with a bug: it forgets a doorbell. Three channels of rpmsg_client_sample, one after the other, 100 messages each; the main loop takes
 * messages, does its accounts, and clears the flag of the doorbell after that instead of before it looks at the ring. As long as Linux
 * takes longer to answer than the accounts take, nothing happens; if the core is held up in between, both sides wait for ever.
 *
 *     imx-sim run images/imx8mp_lost_doorbell.elf --until 'all channels done'
 *     imx-sim explore images/imx8mp_lost_doorbell.elf --until 'all channels done'
 *
 * mu_init() to mu_send() take the place of common/mu.c.
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

#define CHANNELS 3u
#define MESSAGES 100u
#define MU_TR1 REG32(MU1_B_BASE + 0x04)
#define MU_RR1 REG32(MU1_B_BASE + 0x14)
#define MU_SR REG32(MU1_B_BASE + 0x20)
#define MU_CR REG32(MU1_B_BASE + 0x24)
#define MU_RF1 (1u << 26) /* in SR, and RIE1 in CR */
#define MU_TE1 (1u << 22)
#define VRING_USED_F_NO_NOTIFY 1

static volatile bool rung;

void mu_init(void)
{
	CCM_CCGR_SET(CCM_CCGR_MU) = CCM_CCGR_ON;
	MU_CR = MU_RF1;
	nvic_enable(MU1_IRQ, 0x40);
}

void MU1_M7_IRQHandler(void)
{
	if (MU_SR & MU_RF1) {
		(void)MU_RR1;
		rung = true;
	}
	dsb();
}

void mu_wait(void)
{
	irq_disable();
	if (!rung) wait_for_interrupt();
	irq_enable();
}

bool mu_send(uint32_t value)
{
	while (!(MU_SR & MU_TE1)) {}
	dsb();
	MU_TR1 = value;
	return true;
}

static uint32_t history[704], sum;

/* A few us of work after each message. */
static void account(void)
{
	for (uint32_t i = 0; i < sizeof history / sizeof *history; i++) sum += history[i] ^ i;
}

static void receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length);
static struct rpmsg_endpoint clients[CHANNELS];
static uint32_t current, count;
static bool next;

static void receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	history[count % (sizeof history / sizeof *history)] = length;
	rpmsg_send(endpoint, source, data, length);
	if (++count % MESSAGES == 0) next = true;
}

static void open_channel(void)
{
	clients[current].name = "rpmsg-client-sample";
	clients[current].address = RPMSG_ADDR_ANY;
	clients[current].receive = receive;
	rpmsg_create(&clients[current++]);
}

int main(void)
{
	mpu_init();
	uart_init();
	print("\nlost-doorbell: %u channels\n", CHANNELS);
	mu_init();
	volatile const struct resource_table *table = rpmsg_start((const struct resource_table *)&resource_table);
	volatile const struct fw_rsc_vdev *vdev = (volatile const struct fw_rsc_vdev *)((uintptr_t)table + table->offset[0]);
	/* No doorbells for buffers that Linux gives back: there are always some. */
	struct vring to_linux;
	vring_init(&to_linux, &vdev->vring[0]);
	to_linux.used->flags = VRING_USED_F_NO_NOTIFY;

	rung = false;
	open_channel();
	for (;;) {
		rpmsg_poll();
		if (next) {
			next = false;
			if (current < CHANNELS) open_channel();
			else print("all channels done\n");
		}
		account();
		rung = false; /* the bug: what came since rpmsg_poll() looked is forgotten */
		mu_wait();
	}
}
