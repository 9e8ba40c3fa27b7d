/*
 * Crashes on purpose: four calls deep it reads an address at which the M7 sees nothing. BusFault is not enabled, so the precise
 * bus fault becomes a HardFault, whose default handler loops. Shows registers, fault status and backtrace of a failed run.
 *
 *     imx-sim run images/imx8mp_fault.elf
 */
#include "imx8mp.h"
#include "print.h"
#include "resource-table.h"
#include "uart.h"

RESOURCE_TABLE struct resource_table resource_table = { .ver = RSC_TABLE_VERSION, .num = 0 };

/* Behind OCRAM_S's alias, before OCRAM's: no memory, no peripheral. */
#define HOLE 0x20190000u

/* Each level does something with the result, so that no call becomes a jump and none is folded into its caller. */
#define LEVEL __attribute__((noinline, noclone))

LEVEL uint32_t read_sensor(uint32_t address)
{
	return REG32(address) + 1;
}

LEVEL uint32_t average(uint32_t address, uint32_t samples)
{
	uint32_t sum = 0;
	for (uint32_t i = 0; i < samples; i++) sum += read_sensor(address + 4 * i);
	return sum / samples;
}

LEVEL uint32_t control_step(uint32_t step)
{
	/* The first steps read RAM; the third has a wrong address. */
	static const uint32_t source[] = { 0x20000000, 0x20000100, HOLE };
	uint32_t value = average(source[step], 4);
	print("step %lu done\n", step);
	return value;
}

LEVEL uint32_t control_loop(void)
{
	uint32_t total = 0;
	for (uint32_t step = 0; step < 3; step++) total += control_step(step);
	return total;
}

int main(void)
{
	uart_init();
	print("\nfault: three steps, the third reads 0x%08x\n", HOLE);
	print("total %lu\n", control_loop());
	return 0;
}
