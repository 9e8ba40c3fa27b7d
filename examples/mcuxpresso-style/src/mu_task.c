/* The Messaging Unit for tasks: common/mu.h, but who waits lets other tasks run. */
#include "imx8mp.h"
#include "mu.h"
#include "task.h"

#define MU_TR(n) REG32(MU1_B_BASE + 0x00 + 4 * (n))
#define MU_RR(n) REG32(MU1_B_BASE + 0x10 + 4 * (n))
#define MU_SR REG32(MU1_B_BASE + 0x20)
#define MU_CR REG32(MU1_B_BASE + 0x24)

#define MU_SR_RF(n) (1u << (27 - (n)))
#define MU_SR_TE(n) (1u << (23 - (n)))
#define MU_CR_RIE(n) (1u << (27 - (n)))

#define CHANNEL 1
#define SEND_ATTEMPTS 10000000u

static TaskHandle_t waiting;

void mu_init(void)
{
	waiting = current_task;
	CCM_CCGR_SET(CCM_CCGR_MU) = CCM_CCGR_ON;
	MU_CR = MU_CR_RIE(CHANNEL);
	nvic_enable(MU1_IRQ, 0x40);
}

void MU1_M7_IRQHandler(void)
{
	if (MU_SR & MU_SR_RF(CHANNEL)) {
		(void)MU_RR(CHANNEL); /* reading it clears RF1; rpmsg_poll looks at all queues */
		vTaskNotifyGive(waiting);
	}
	dsb();
}

void mu_wait(void)
{
	ulTaskNotifyTake(portMAX_DELAY);
}

bool mu_send(uint32_t value)
{
	for (uint32_t attempt = 0; attempt < SEND_ATTEMPTS; attempt++) {
		if (MU_SR & MU_SR_TE(CHANNEL)) {
			dsb();
			MU_TR(CHANNEL) = value;
			return true;
		}
	}
	return false;
}
