/* Follows pointers through a shuffled list: one dependent load after the other. */
#include "bench.h"

#define NODES 8192u
#define STEPS 8000000u

struct node {
	struct node *next;
	uint32_t value;
};

static struct node nodes[NODES];
static uint16_t order[NODES];

uint32_t bench(void)
{
	uint32_t seed = 7, hash = FOLD_START;
	for (uint32_t i = 0; i < NODES; i++) order[i] = (uint16_t)i;
	for (uint32_t i = NODES - 1; i > 0; i--) {
		uint32_t j = xorshift(&seed) % (i + 1);
		uint16_t swapped = order[i];
		order[i] = order[j];
		order[j] = swapped;
	}
	for (uint32_t i = 0; i < NODES; i++) nodes[order[i]] = (struct node){ &nodes[order[(i + 1) % NODES]], xorshift(&seed) };
	const struct node *node = nodes;
	for (uint32_t i = 0; i < STEPS; i++) {
		hash += node->value ^ i;
		node = node->next;
	}
	return hash;
}
