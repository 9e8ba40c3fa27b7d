/*
 * 64-bit products and the DSP extension: a FIR filter with SMLAD, saturating sums, packed bytes, and multiplication modulo a 61-bit
 * prime. On a host without these instructions the same results come from plain C.
 */
#include "bench.h"

#ifdef __ARM_FEATURE_DSP
#include <arm_acle.h>
#else
static int32_t __smlad(int32_t x, int32_t y, int32_t sum)
{
	uint32_t low = (uint32_t)((int32_t)(int16_t)x * (int16_t)y);
	uint32_t high = (uint32_t)((x >> 16) * (y >> 16));
	return (int32_t)((uint32_t)sum + low + high);
}

static int32_t __qadd(int32_t x, int32_t y)
{
	int64_t sum = (int64_t)x + y;
	return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
}

static uint32_t __uqadd8(uint32_t x, uint32_t y)
{
	uint32_t result = 0;
	for (int i = 0; i < 32; i += 8) {
		uint32_t sum = (x >> i & 0xFF) + (y >> i & 0xFF);
		result |= (sum > 0xFF ? 0xFF : sum) << i;
	}
	return result;
}

static uint32_t __usad8(uint32_t x, uint32_t y)
{
	uint32_t sum = 0;
	for (int i = 0; i < 32; i += 8) {
		int32_t difference = (int32_t)(x >> i & 0xFF) - (int32_t)(y >> i & 0xFF);
		sum += (uint32_t)(difference < 0 ? -difference : difference);
	}
	return sum;
}
#endif

#define TAPS 32u
#define SAMPLES 4096u
#define ROUNDS 100u
#define PRIME ((1ull << 61) - 1)

static uint32_t samples[SAMPLES / 2 + TAPS / 2], taps[TAPS / 2]; /* pairs of 16-bit values */

static uint64_t multiply_modulo(uint64_t a, uint64_t b)
{
	/* a * b as four 32-bit products, folded with 2^61 = 1 (mod p). */
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t middle = al * bh + ah * bl;
	uint64_t result = (al * bl & PRIME) + (al * bl >> 61) + (ah * bh << 3) + (middle >> 29) + (middle << 35 >> 3);
	result = (result & PRIME) + (result >> 61);
	return result >= PRIME ? result - PRIME : result;
}

uint32_t bench(void)
{
	uint32_t seed = 19, hash = FOLD_START, packed = 0;
	uint64_t power = 3;
	int32_t saturated = 0;
	for (uint32_t i = 0; i < TAPS / 2; i++) taps[i] = xorshift(&seed);
	for (uint32_t i = 0; i < SAMPLES / 2 + TAPS / 2; i++) samples[i] = xorshift(&seed);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < SAMPLES / 2; i++) {
			int32_t sum = 0;
			for (uint32_t j = 0; j < TAPS / 2; j++) sum = __smlad((int32_t)samples[i + j], (int32_t)taps[j], sum);
			saturated = __qadd(saturated, sum);
			if (i % 64 == 0) saturated = -(saturated >> 2);
			packed = __uqadd8(packed >> 1 & 0x7F7F7F7F, samples[i]);
			hash = fold(hash, (uint32_t)sum ^ __usad8(packed, (uint32_t)sum));
			power = multiply_modulo(power, power + samples[i]);
		}
		hash = fold(fold(hash, (uint32_t)saturated), (uint32_t)(power >> 20));
		samples[round] = hash;
	}
	return fold(hash, (uint32_t)power);
}
