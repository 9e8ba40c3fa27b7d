/* Calls: recursion, deep stacks, tail calls, calls through a table of pointers. */
#include "bench.h"

#define NOINLINE __attribute__((noinline, noclone))

NOINLINE static uint32_t fibonacci(uint32_t n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

NOINLINE static uint32_t ackermann(uint32_t m, uint32_t n)
{
	if (m == 0) return n + 1;
	return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

static uint32_t values[2048];

NOINLINE static void quicksort(uint32_t *first, uint32_t *last)
{
	if (first >= last) return;
	uint32_t pivot = first[(last - first) / 2], *low = first, *high = last;
	while (low <= high) {
		while (*low < pivot) low++;
		while (*high > pivot) high--;
		if (low > high) break;
		uint32_t swapped = *low;
		*low++ = *high;
		*high-- = swapped;
	}
	quicksort(first, high);
	quicksort(low, last);
}

NOINLINE static uint32_t add(uint32_t a, uint32_t b) { return a + b; }
NOINLINE static uint32_t sub(uint32_t a, uint32_t b) { return a - b; }
NOINLINE static uint32_t xor(uint32_t a, uint32_t b) { return a ^ b; }
NOINLINE static uint32_t mul(uint32_t a, uint32_t b) { return a * (b | 1); }

static uint32_t (*const operations[])(uint32_t, uint32_t) = { add, sub, xor, mul };

uint32_t bench(void)
{
	uint32_t seed = 13, hash = fold(FOLD_START, fibonacci(27));
	hash = fold(hash, ackermann(2, 600));
	for (uint32_t round = 0; round < 12; round++) {
		for (uint32_t i = 0; i < 2048; i++) values[i] = xorshift(&seed);
		quicksort(values, values + 2047);
		for (uint32_t i = 0; i < 2048; i++) hash = fold(hash, values[i]);
	}
	for (uint32_t i = 0; i < 1000000; i++) hash = operations[(hash >> 7) % 4](hash, i);
	return hash;
}
