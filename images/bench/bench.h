/*
 * A bench: a computation on a bare core, tens of millions of instructions, without input. bench() returns a checksum over everything
 * computed, the same whenever it is called, so that two engines (or a host build of the same file) can be compared.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

/* What this program was built to measure is left out, or happens in RAM: the difference of two runs is its cost. From the command line. */
extern uint32_t bench_plain;

/* How often that thing happened: interrupts taken, registers accessed. */
extern uint32_t bench_events;

uint32_t bench(void);

/* Marsaglia's xorshift32: the same "random" numbers everywhere. */
static inline uint32_t xorshift(uint32_t *state)
{
	uint32_t x = *state;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

/* One step of FNV-1a over a word. */
static inline uint32_t fold(uint32_t hash, uint32_t word)
{
	return (hash ^ word) * 16777619u;
}

#define FOLD_START 2166136261u

#endif
