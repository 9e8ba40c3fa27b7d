/* Functions that are inlined into their callers, and what the parts of the program call of each other. */
#ifndef SHAPES_H
#define SHAPES_H

#include <stdint.h>

static inline uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

static inline int32_t magnitude(int32_t value)
{
	return value < 0 ? -value : value;
}

static inline uint32_t mix(uint32_t a, uint32_t b)
{
	a ^= b + 0x9e3779b9u + (a << 6) + (a >> 2);
	return a;
}

/* What a program gives: main prints it, so that nothing can be left out. */
uint32_t run(void);

#endif
