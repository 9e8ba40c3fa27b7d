/*
 * Never gets to the point: it asks Linux for an RPMsg device, then spins in a loop before it announces anything. Interrupts are served
 * meanwhile, so the core looks alive. Linux prints "is now up" and waits for a channel that never comes.
 *
 *     imx-sim run images/imx8mp_hang.elf --timeout 2s
 */
#include "imx8mp.h"
#include "mu.h"
#include "print.h"
#include "resource-table.h"
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

static volatile uint32_t ticks;
static volatile uint32_t sensor_ready; /* what the loop waits for; nothing sets it */

void SysTick_Handler(void)
{
	ticks++;
}

__attribute__((noinline)) static void wait_for_sensor(void)
{
	while (!sensor_ready) {}
}

int main(void)
{
	uart_init();
	mu_init();
	systick_start(CORE_HZ / 100);
	print("\nhang: waiting for the sensor...\n");
	wait_for_sensor();
	print("never reached, %lu ticks\n", ticks);
	return 0;
}
