/*
 * Floating point: a second-order filter, a polynomial, square roots, divisions, comparisons and conversions. Built three times: REAL
 * is float or double, in the FPU or (soft) in the compiler's library, which is integer code with many branches.
 */
#include "bench.h"

#ifndef REAL
#define REAL float
#endif
#ifndef ROUNDS
#define ROUNDS 600000u
#endif

static REAL polynomial(REAL x)
{
	return (((x * (REAL)0.125 - (REAL)0.5) * x + (REAL)0.25) * x - (REAL)1.5) * x + (REAL)2.0;
}

/* Newton's method: the same in every format, with or without an instruction for it. */
static REAL square_root(REAL x)
{
	REAL y = x > (REAL)1 ? x / 2 : (REAL)1;
	for (int i = 0; i < 4; i++) y = (y + x / y) / 2;
	return y;
}

uint32_t bench(void)
{
	uint32_t seed = 9, hash = FOLD_START;
	REAL y1 = 0, y2 = 0, largest = -1000;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		REAL x = (REAL)(int32_t)(xorshift(&seed) >> 16) / (REAL)32768 - (REAL)1;
		REAL y = x * (REAL)0.0625 + y1 * (REAL)1.5625 - y2 * (REAL)0.640625;
		y2 = y1;
		y1 = y;
		REAL p = polynomial(y);
		if (p > largest) largest = p;
		if (i % 8 == 0) p = square_root(p < 0 ? -p : p);
		hash = fold(hash, (uint32_t)(int32_t)(p * (REAL)65536));
	}
	return fold(hash, (uint32_t)(int32_t)(largest * (REAL)65536));
}
