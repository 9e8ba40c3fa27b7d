/*
 * A remote with a bug: it rings without looking whether Linux still takes doorbells. A heartbeat goes out every 200 us from the SysTick handler,
 * on NXP's teletype channel. Linux answers within a few us, so that the unit is always free; but when Linux stops to do so for
 * a while, as it is held up by something else, the next heartbeat writes over the doorbell that Linux has not read.
 *
 *     imx-sim run images/imx8mp_stop_race.elf --until 'ttyRPMSG30=beat 100'
 *     imx-sim explore images/imx8mp_stop_race.elf --until 'ttyRPMSG30=beat 100'
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

#define BEATS 200u
#define BEATS_PER_SECOND 5000u
#define MU_TR1 REG32(MU1_B_BASE + 0x04)
#define MU_RR1 REG32(MU1_B_BASE + 0x14)
#define MU_SR REG32(MU1_B_BASE + 0x20)
#define MU_CR REG32(MU1_B_BASE + 0x24)
#define MU_RF1 (1u << 26) /* in SR, and RIE1 in CR */

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
	rung = false;
}

bool mu_send(uint32_t value)
{
	dsb();
	MU_TR1 = value; /* the bug: TE1 says whether Linux has taken the one before */
	return true;
}

static uint32_t listener, beats;
static volatile bool due;

void SysTick_Handler(void)
{
	due = true;
}

static void receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	(void)endpoint;
	(void)data;
	(void)length;
	if (listener == 0) systick_start(CORE_HZ / BEATS_PER_SECOND);
	listener = source;
}

static struct rpmsg_endpoint heart = { .name = "rpmsg-virtual-tty-channel-1", .address = 30, .receive = receive };

static void beat(void)
{
	char text[] = "beat    \n";
	uint32_t number = ++beats;
	for (uint32_t at = 7; number && at > 4; at--, number /= 10) text[at] = (char)('0' + number % 10);
	rpmsg_send(&heart, listener, text, sizeof text - 1);
}

int main(void)
{
	mpu_init();
	uart_init();
	print("\nstop-race: %u beats a second\n", BEATS_PER_SECOND);
	mu_init();
	rpmsg_start((const struct resource_table *)&resource_table);
	rpmsg_create(&heart);
	for (;;) {
		rpmsg_poll();
		if (due && beats < BEATS) {
			due = false;
			beat();
		}
		mu_wait();
	}
}
