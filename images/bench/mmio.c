/* Writes and reads registers of a device, SysTick's reload value; plain: a word in RAM instead. */
#include "bench.h"
#include "cortex-m.h"

#define COUNT 500000u

static volatile uint32_t word;

uint32_t bench(void)
{
	volatile uint32_t *at = bench_plain ? &word : &SYST_RVR;
	uint32_t hash = FOLD_START;
	for (uint32_t i = 0; i < COUNT; i++) {
		*at = hash & 0xFFFFFF;
		hash = fold(hash, *at + i);
	}
	bench_events += 2 * COUNT;
	return hash;
}
