/*
 * Drives the core into lockup: the handler of a HardFault faults itself, and there is no priority left to handle that. Only a reset
 * ends it; on the i.MX 8M Plus the SRC sees the M7's LOCKUP signal.
 *
 *     imx-sim run images/imx8mp_lockup.elf
 */
#include "imx8mp.h"
#include "print.h"
#include "resource-table.h"
#include "uart.h"

RESOURCE_TABLE struct resource_table resource_table = { .ver = RSC_TABLE_VERSION, .num = 0 };

void HardFault_Handler(void)
{
	__asm volatile("udf #1");
}

int main(void)
{
	uart_init();
	print("\nlockup: an undefined instruction, and another one in the HardFault handler\n");
	__asm volatile("udf #0");
	return 0;
}
