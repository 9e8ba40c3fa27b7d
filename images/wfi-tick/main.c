/*
 * Sleeps nearly always: SysTick wakes the core a hundred times a second, and once a second it prints how long it has been up. For
 * long virtual times at little cost: an hour is 360,000 interrupts of a few dozen instructions each.
 *
 *     imx-sim run images/imx8mp_wfi_tick.elf --until 'up 3600 s' --timeout 3601s
 */
#include "imx8mp.h"
#include "print.h"
#include "resource-table.h"
#include "uart.h"

RESOURCE_TABLE struct resource_table resource_table = { .ver = RSC_TABLE_VERSION, .num = 0 };

#define TICKS_PER_SECOND 100u

static volatile uint32_t ticks;

void SysTick_Handler(void)
{
	ticks++;
}

int main(void)
{
	uart_init();
	print("\nwfi-tick: %u interrupts per second\n", TICKS_PER_SECOND);
	systick_start(CORE_HZ / TICKS_PER_SECOND);
	for (uint32_t seconds = 1;; seconds++) {
		while (ticks < seconds * TICKS_PER_SECOND) wait_for_interrupt();
		print("up %lu s\n", seconds);
	}
}
