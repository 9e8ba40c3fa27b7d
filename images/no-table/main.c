/*
 * Has no resource table at all. Linux says "No resource table in elf" and starts the core nevertheless, without any virtio device.
 *
 *     imx-sim run images/imx8mp_no_table.elf --until 'no table'
 */
#include "print.h"
#include "uart.h"

int main(void)
{
	uart_init();
	print("\nno table, no vring, but running\n");
	return 0;
}
