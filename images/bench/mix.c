/* A mix like that of control firmware: a state machine scans text for numbers, which are sorted, summed and checked. */
#include "bench.h"

#define ROUNDS 12000u

enum state { START, SIGN, INTEGER, FRACTION, EXPONENT, INVALID };

static const char text[] = "12 -7 3.25 +99 x1 4096 1e5 -0.5 77. 8e 65535 .5 --2 2147 0x1f 31 -12.75 6e2 end 1 22 333 4444 55555 ";

static enum state step(enum state state, char c)
{
	int digit = c >= '0' && c <= '9';
	switch (state) {
	case START:
		return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : INVALID;
	case SIGN:
		return digit ? INTEGER : c == '.' ? FRACTION : INVALID;
	case INTEGER:
		return digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
	case FRACTION:
		return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
	case EXPONENT:
		return digit ? EXPONENT : INVALID;
	default:
		return INVALID;
	}
}

static void sort(uint32_t *values, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		uint32_t value = values[i], j = i;
		for (; j > 0 && values[j - 1] > value; j--) values[j] = values[j - 1];
		values[j] = value;
	}
}

uint32_t bench(void)
{
	uint32_t hash = FOLD_START, seed = 1;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t tally[INVALID + 1] = { 0 }, values[64], count = 0, value = 0;
		enum state state = START;
		for (const char *c = text; *c; c++) {
			if (*c == ' ') {
				tally[state]++;
				if (count < 64) values[count++] = value ^ (xorshift(&seed) & 0xFFF);
				state = START;
				value = 0;
				continue;
			}
			state = step(state, *c);
			value = value * 31 + (uint32_t)*c;
		}
		sort(values, count);
		for (uint32_t i = 0; i < count; i++) hash = fold(hash, values[i]);
		for (uint32_t i = 0; i <= INVALID; i++) hash = fold(hash, tally[i]);
	}
	return hash;
}
