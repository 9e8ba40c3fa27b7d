/*
 * Runs on a core with nothing around it: prints through semihosting and leaves with an exit status, chosen at build time.
 *
 *     imx-sim run --soc cortex-m7 --semihosting images/semihosting.elf
 *     qemu-system-arm -M mps2-an500 -semihosting -nographic -kernel images/semihosting.elf
 */
#include "print.h"
#include "semihosting.h"

#ifndef EXIT_STATUS
#define EXIT_STATUS 0
#endif

/* In .data, so that a wrong copy at start-up shows in the exit status. */
static volatile uint32_t exit_status = EXIT_STATUS;
static volatile uint32_t cleared;

int main(void)
{
	print("hello from semihosting, %d %s %08x\n", -1, "text", 0xC0FFEEu);
	print("leaving with status %lu\n", exit_status);
	semihosting_exit(exit_status + cleared);
}
