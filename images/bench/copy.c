/* Copies, fills and compares blocks by bytes, half-words, words and in bursts of four words, also from odd addresses. */
#include "bench.h"

#define SIZE 4096u
#define ROUNDS 2000u

static uint32_t from[SIZE / 4 + 1], to[SIZE / 4 + 1];

static void copy_bytes(uint8_t *t, const uint8_t *f, uint32_t count)
{
	while (count--) *t++ = *f++;
}

static void copy_halves(uint16_t *t, const uint16_t *f, uint32_t count)
{
	while (count--) *t++ = *f++;
}

static void copy_bursts(uint32_t *t, const uint32_t *f, uint32_t bursts)
{
	while (bursts--) {
		uint32_t a = f[0], b = f[1], c = f[2], d = f[3];
		t[0] = a;
		t[1] = b;
		t[2] = c;
		t[3] = d;
		t += 4;
		f += 4;
	}
}

/* Word loads and stores at any address, which the core splits. */
static void copy_unaligned(uint8_t *t, const uint8_t *f, uint32_t words)
{
	for (; words--; t += 4, f += 4) {
		uint32_t word;
		__builtin_memcpy(&word, f, 4);
		__builtin_memcpy(t, &word, 4);
	}
}

uint32_t bench(void)
{
	uint32_t seed = 11, hash = FOLD_START;
	for (uint32_t i = 0; i < SIZE / 4; i++) from[i] = xorshift(&seed);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		from[round % (SIZE / 4)] += round;
		copy_bytes((uint8_t *)to, (const uint8_t *)from, SIZE / 2);
		copy_halves((uint16_t *)from + 1, (const uint16_t *)to, SIZE / 4);
		copy_bursts(to, from, SIZE / 16);
		copy_unaligned((uint8_t *)from + 1, (const uint8_t *)to + 2, SIZE / 4 - 1);
		for (uint32_t i = 0; i < SIZE / 4; i++) hash += to[i] ^ from[i];
	}
	return hash;
}
