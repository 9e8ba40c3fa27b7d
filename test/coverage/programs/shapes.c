/*
 * Every shape of control flow that a line can have: what coverage says of this file is compared with gcov, line by line.
 */
#include "shapes.h"

enum colour { RED, GREEN, BLUE, BLACK = 40, WHITE = 41 };

struct point {
	int32_t x;
	int32_t y;
};

static uint32_t checks;

static uint32_t sum_to(uint32_t n)
{
	uint32_t sum = 0;
	for (uint32_t i = 0; i < n; i++)
		sum += i;
	return sum;
}

static uint32_t one_line_loop(uint32_t n)
{
	uint32_t sum = 1;
	for (uint32_t i = 0; i < n; i++) sum += i * sum;
	while (n > 3) n--;
	do n++; while (n < 9);
	return sum + n;
}

static uint32_t nested(uint32_t rows, uint32_t columns)
{
	uint32_t count = 0;
	for (uint32_t row = 0; row < rows; row++) {
		for (uint32_t column = 0; column < columns; column++) {
			if (column == row)
				continue;
			if (column > 6)
				break;
			count += row * columns + column;
		}
	}
	return count;
}

static const char *name_of(enum colour colour)
{
	switch (colour) {
	case RED:
		return "red";
	case GREEN:
		return "green";
	case BLUE:
		return "blue";
	case BLACK:
	case WHITE:
		return "none";
	default:
		return "?";
	}
}

static uint32_t dense(uint32_t what, uint32_t value)
{
	switch (what) {
	case 0: value += 1; break;
	case 1: value += 2; /* fall through */
	case 2: value *= 3; break;
	case 3:
		if (value & 1)
			break;
		value ^= 5;
		break;
	case 4: return value;
	case 5: value = value > 10 ? value - 10 : 10 - value; break;
	case 6: value--; break;
	case 7: value <<= 1; break;
	}
	return value + 1;
}

static uint32_t short_circuit(int32_t a, int32_t b, int32_t c)
{
	uint32_t result = 0;
	if (a > 0 && b > 0)
		result |= 1;
	if (a > 0 || b > 0 || c > 0)
		result |= 2;
	if ((a < b && b < c) ||
	    (a > b && b > c) ||
	    a == c)
		result |= 4;
	else
		result |= 8;
	if (!(a && (b || c)))
		result |= 16;
	return result;
}

static int32_t ternaries(int32_t a, int32_t b)
{
	int32_t larger = a > b ? a : b;
	int32_t sign = a == 0 ? 0 : a < 0 ? -1 : 1;
	int32_t mixed = a < 0
		? b * 2
		: a + 1;
	return larger * sign + mixed;
}

static int search(const uint32_t *list, uint32_t length, uint32_t wanted)
{
	for (uint32_t i = 0; i < length; i++)
		if (list[i] == wanted)
			return (int)i;
	return -1;
}

static uint32_t early(uint32_t n)
{
	if (n == 0) return 1;
	if (n == 1) { checks++; return 2; }
	if (n > 1000)
		return 3;
	checks += 2; if (n & 1) checks++; else checks--;
	return n;
}

static int unwind(int stage)
{
	int taken = 0;
	if (stage < 1)
		goto out;
	taken++;
	if (stage < 2)
		goto one;
	taken++;
	if (stage < 3)
		goto two;
	taken = 100;
	goto out;
two:
	taken -= 10;
one:
	taken -= 20;
out:
	return taken;
}

static uint32_t again(uint32_t n)
{
	uint32_t tries = 0;
retry:
	tries++;
	if (tries < n)
		goto retry;
	do {
		n >>= 1;
		if (n == 3)
			continue;
		tries += n;
	} while (n);
	return tries;
}

static uint32_t fibonacci(uint32_t n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static int is_odd(unsigned n);

static int is_even(unsigned n)
{
	if (n == 0)
		return 1;
	return is_odd(n - 1);
}

static int is_odd(unsigned n)
{
	if (n == 0)
		return 0;
	return is_even(n - 1);
}

static uint32_t collatz(uint32_t n)
{
	uint32_t steps = 0;
	while (n != 1) {
		n = n & 1
			? 3 * n + 1
			: n / 2;
		steps++;
	}
	return steps;
}

static uint32_t never(uint32_t x)
{
	uint32_t y = x;
	while (y > 10) {
		y -= 3;
		checks++;
	}
	return y;
}

static struct point move(struct point from,
			 int32_t dx,
			 int32_t dy)
{
	struct point to = {
		.x = from.x + dx,
		.y = from.y + dy,
	};
	if (to.x < 0) to.x = 0;
	if (to.y < 0)
		to.y = 0;
	return to;
}

static uint32_t apply(uint32_t (*function)(uint32_t), uint32_t from, uint32_t to)
{
	uint32_t sum = 0;
	for (; from < to; from++)
		sum += function(from);
	return sum;
}

static uint32_t twice(uint32_t x) { return 2 * x; }

static uint32_t forever(uint32_t limit)
{
	uint32_t i = 0;
	for (;;) {
		if (i > limit)
			break;
		i += 3;
	}
	while (1) {
		if (i-- == 0)
			return limit;
		if (i == 5) return i;
	}
}

uint32_t run(void)
{
	static const uint32_t list[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
	uint32_t hash = sum_to(10);
	hash = mix(hash, one_line_loop(5));
	hash = mix(hash, nested(4, 9));
	for (int colour = RED; colour <= WHITE; colour += 1)
		hash = mix(hash, (uint32_t)name_of((enum colour)colour)[0]);
	for (uint32_t i = 0; i < 9; i++)
		if (i != 6)
			hash = mix(hash, dense(i, i * 3));
	for (int32_t a = -1; a < 2; a++)
		for (int32_t b = -1; b < 2; b++)
			for (int32_t c = 0; c < 2; c++)
				hash = mix(hash, short_circuit(a, b, c));
	for (int32_t i = -3; i < 12; i += 2) hash = mix(hash, (uint32_t)ternaries(i, i * i - 9));
	hash = mix(hash,
		   (uint32_t)search(list, sizeof list / sizeof list[0], 9));
	hash = mix(hash, (uint32_t)search(list, 8, 7));
	for (uint32_t i = 0; i < 6; i++) hash = mix(hash, early(i));
	for (int stage = 0; stage < 4; stage++)
		hash = mix(hash, (uint32_t)unwind(stage));
	hash = mix(hash, again(4)); hash = mix(hash, again(14));
	hash = mix(hash, fibonacci(9));
	hash = mix(hash, (uint32_t)is_even(7));
	hash = mix(hash, collatz(27));
	struct point at = { 1, 2 };
	for (int32_t i = 0; i < 5; i++)
		at = move(at, i - 3, -i);
	hash = mix(hash, (uint32_t)(at.x + at.y));
	hash = mix(hash, apply(twice, 0, 5) + apply(sum_to, 2, 4));
	hash = mix(hash, forever(20));
	hash = mix(hash, clamp(hash, 10, 20) + clamp(5, 10, 20) + clamp(15, 10, 20));
	hash = mix(hash, (uint32_t)magnitude(-5) + checks);
	if (checks > 1000)
		hash = never(hash);
	return hash;
}
