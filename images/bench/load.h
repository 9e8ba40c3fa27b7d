/* Something to do between the things that a bench measures. */
#ifndef LOAD_H
#define LOAD_H

#include "bench.h"

/* 7 instructions a step, in registers. */
static inline uint32_t load(uint32_t hash, uint32_t steps)
{
	while (steps--) hash = fold(hash, xorshift(&hash));
	return hash;
}

#endif
