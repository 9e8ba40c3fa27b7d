/* The sieve of Eratosthenes over a byte array, then over single bits. */
#include "bench.h"

#define LIMIT 65536u
#define ROUNDS 14u

static uint8_t bytes[LIMIT];
static uint32_t bits[LIMIT / 32];

uint32_t bench(void)
{
	uint32_t hash = FOLD_START;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < LIMIT; i++) bytes[i] = 1;
		for (uint32_t i = 0; i < LIMIT / 32; i++) bits[i] = 0;
		for (uint32_t i = 2; i * i < LIMIT; i++) {
			if (!bytes[i]) continue;
			for (uint32_t j = i * i; j < LIMIT; j += i) {
				bytes[j] = 0;
				bits[j / 32] |= 1u << (j % 32);
			}
		}
		uint32_t count = 0;
		for (uint32_t i = 2; i < LIMIT; i++) {
			if (bytes[i]) count++;
		}
		for (uint32_t i = 0; i < LIMIT / 32; i++) hash = fold(hash, bits[i]);
		hash = fold(hash, count + round);
	}
	return hash;
}
