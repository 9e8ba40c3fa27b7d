/*
 * The first program: prints a line on the console and echoes what is typed there, asleep in between.
 *
 *     imx-sim run images/hello.elf --until "hello world"
 *     imx-sim run images/hello.elf --send uart4=abc
 */
#include "print.h"
#include "resource-table.h"
#include "soc.h"
#include "uart.h"

/* No resources; without a table Linux would say so in dmesg. */
RESOURCE_TABLE struct resource_table resource_table = { .ver = RSC_TABLE_VERSION, .num = 0 };

int main(void)
{
	uart_init();
	print("\nhello world.\n");
	for (;;) {
		int c;
		irq_disable();
		if ((c = uart_getc()) < 0) wait_for_interrupt();
		irq_enable();
		if (c < 0) continue;
		console_putc(c == '\r' ? '\n' : (char)c);
	}
}
