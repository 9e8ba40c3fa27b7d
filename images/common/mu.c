/*
 * Driver of the Messaging Unit (IMX8MPRM, "Messaging Unit"), side B. Linux's imx_rproc uses channel 1 both ways: the value is the
 * vring's notify id in the upper half-word. Channel n's flags count downwards from the top: RF1 is bit 26, TE1 is bit 22.
 */
#include "mu.h"

#include "soc.h"

#define MU_TR(n) REG32(MU_BASE + 0x00 + 4 * (n))
#define MU_RR(n) REG32(MU_BASE + 0x10 + 4 * (n))
#define MU_SR REG32(MU_BASE + 0x20)
#define MU_CR REG32(MU_BASE + 0x24)

#define MU_SR_RF(n) (1u << (27 - (n)))
#define MU_SR_TE(n) (1u << (23 - (n)))
#define MU_CR_RIE(n) (1u << (27 - (n)))

#define CHANNEL 1
#define SEND_ATTEMPTS 10000000u

static volatile bool kicked;

void mu_init(void)
{
	mu_connect();
	MU_CR = MU_CR_RIE(CHANNEL);
	nvic_enable(MU_IRQ, 0x40);
}

void MU_IRQHandler(void)
{
	if (MU_SR & MU_SR_RF(CHANNEL)) {
		(void)MU_RR(CHANNEL); /* reading it clears RF1; which queue it names does not matter, rpmsg_poll looks at all */
		kicked = true;
	}
	dsb(); /* the level must be down before the return, or the handler runs twice */
}

void mu_wait(void)
{
	irq_disable();
	if (!kicked) wait_for_interrupt();
	irq_enable();   /* the handler runs here */
	kicked = false; /* the caller looks at the queues after this, so a kick before this line is no loss */
}

bool mu_send(uint32_t value)
{
	for (uint32_t attempt = 0; attempt < SEND_ATTEMPTS; attempt++) {
		if (MU_SR & MU_SR_TE(CHANNEL)) {
			dsb(); /* what the message announces must be in memory first */
			MU_TR(CHANNEL) = value;
			return true;
		}
	}
	return false;
}
