/*
 * What machine code cannot tell as gcov does, each in a function of its own; docs/coverage.md explains them.
 */
#include "shapes.h"

/* The result of the inner choice is moved into that of the outer one: no instruction, but a statement that gcov counts on the line again. */
static int32_t nested_choice(int32_t a, int32_t b)
{
	int32_t result = a < 0
		? b * 2
		: b > 4
			? b - 4
			: a + 1;
	return result;
}

/* The jump behind the loop is part of the loop's own branch. */
static uint32_t last_break(uint32_t limit)
{
	uint32_t i = 0;
	for (;;) {
		i += 3;
		if (i > limit)
			break;
	}
	while (1) {
		if (i-- == 0)
			return limit;
	}
}

uint32_t run(void)
{
	uint32_t hash = 1;
	for (int32_t a = -2; a < 3; a++)
		hash = mix(hash, (uint32_t)nested_choice(a, a * 4));
	return mix(hash, last_break(7));
}
