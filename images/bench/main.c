/*
 * Runs one bench and prints its checksum through semihosting.
 *
 *     imx-sim run --soc cortex-m7 --semihosting --stats images/bench_mix.elf
 *     qemu-system-arm -M mps2-an500 -semihosting -nographic -kernel images/bench_mix.elf
 */
#include "bench.h"
#include "print.h"
#include "semihosting.h"

int main(void)
{
	print("checksum %08lx\n", bench());
	semihosting_exit(0);
}
