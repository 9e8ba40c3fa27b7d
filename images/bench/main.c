/*
 * Runs one bench and prints its checksum through semihosting; exit status 1 if it is not the one that it should be.
 *
 *     imx-sim run --soc cortex-m7 --semihosting --stats images/bench_mix.elf
 *     qemu-system-arm -M mps2-an500 -semihosting-config enable=on,arg=repeat=10 -nographic -kernel images/bench_mix.elf
 *
 * Words of the semihosting command line: repeat=N runs the bench N times (0: only start and end), plain sets bench_plain.
 */
#include "bench.h"
#include "print.h"
#include "semihosting.h"

uint32_t bench_plain, bench_events;

static char command_line[256];

/* What follows `word` in the command line; NULL when it is not there. */
static const char *option(const char *word)
{
	size_t length = strlen(word);
	for (const char *at = command_line; *at; at++) {
		if ((at == command_line || at[-1] == ' ') && memcmp(at, word, length) == 0) return at + length;
	}
	return NULL;
}

static uint32_t number(const char *text)
{
	uint32_t value = 0;
	for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (uint32_t)(*text - '0');
	return value;
}

int main(void)
{
	uint32_t checksum = CHECKSUM;
	semihosting_command_line(command_line, sizeof command_line);
	const char *repeat = option("repeat=");
	bench_plain = option("plain") != NULL;
	for (uint32_t left = repeat ? number(repeat) : 1; left && checksum == CHECKSUM; left--) checksum = bench();
	if (bench_events) print("events %lu\n", bench_events);
	print("checksum %08lx\n", checksum);
	semihosting_exit(checksum == CHECKSUM ? 0 : 1);
}
