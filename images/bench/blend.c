/*
 * What embedded processor benchmarks blend: linked lists that are searched, reversed and sorted, small matrices, a scanner of numbers,
 * and a 16-bit CRC over every result.
 */
#include "bench.h"

#define ROUNDS 260u
#define NODES 96u
#define SIZE 12

struct node {
	struct node *next;
	int16_t key;
	uint16_t index;
};

static struct node nodes[NODES];
static int16_t a[SIZE][SIZE], b[SIZE][SIZE];
static int32_t c[SIZE][SIZE];

static uint16_t crc16(uint16_t crc, uint32_t word)
{
	for (int bit = 0; bit < 32; bit++, word >>= 1) crc = (uint16_t)((crc ^ word) & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
	return crc;
}

static struct node *build(uint32_t seed)
{
	for (uint32_t i = 0; i < NODES; i++) nodes[i] = (struct node){ i + 1 < NODES ? &nodes[i + 1] : 0, (int16_t)xorshift(&seed), (uint16_t)i };
	return nodes;
}

static struct node *reverse(struct node *list)
{
	struct node *done = 0;
	while (list) {
		struct node *following = list->next;
		list->next = done;
		done = list;
		list = following;
	}
	return done;
}

static const struct node *find(const struct node *list, int16_t key)
{
	while (list && list->key != key) list = list->next;
	return list;
}

typedef int32_t compare_t(const struct node *, const struct node *);

static int32_t by_key(const struct node *left, const struct node *right)
{
	return left->key - right->key;
}

static int32_t by_index(const struct node *left, const struct node *right)
{
	return left->index - right->index;
}

/* Merges runs of 1, 2, 4 ... nodes until one run is left. */
static struct node *merge_sort(struct node *list, compare_t *compare)
{
	for (uint32_t run = 1;; run *= 2) {
		struct node *left = list, *tail = 0;
		uint32_t merges = 0;
		list = 0;
		while (left) {
			struct node *right = left;
			uint32_t left_size = 0, right_size = run;
			merges++;
			while (right && left_size < run) {
				right = right->next;
				left_size++;
			}
			while (left_size || (right_size && right)) {
				struct node *taken;
				if (left_size && (!right_size || !right || compare(left, right) <= 0)) {
					taken = left;
					left = left->next;
					left_size--;
				} else {
					taken = right;
					right = right->next;
					right_size--;
				}
				if (tail) tail->next = taken;
				else list = taken;
				tail = taken;
			}
			left = right;
		}
		tail->next = 0;
		if (merges <= 1) return list;
	}
}

static uint16_t lists(uint16_t crc, uint32_t seed)
{
	struct node *list = reverse(build(seed));
	for (uint32_t i = 0; i < 12; i++) {
		const struct node *found = find(list, nodes[(i * 37 + seed) % NODES].key);
		crc = crc16(crc, found->index);
		list = reverse(list);
	}
	list = merge_sort(list, by_key);
	for (const struct node *node = list; node; node = node->next) crc = (uint16_t)(crc * 5 + node->index);
	list = merge_sort(list, by_index);
	return crc16(crc, (uint32_t)list->key);
}

static uint16_t matrices(uint16_t crc, uint32_t seed)
{
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			a[i][j] = (int16_t)(xorshift(&seed) & 0x3FF);
			b[i][j] = (int16_t)(xorshift(&seed) & 0x3FF);
		}
	}
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			int32_t sum = 0;
			for (int k = 0; k < SIZE; k++) sum += a[i][k] * b[k][j];
			c[i][j] = sum;
		}
	}
	int32_t largest = 0, sum = 0;
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			int32_t bits = (c[i][j] >> 2 & 0xF) * (c[i][j] >> 5 & 0x7F);
			sum += bits;
			if (bits > largest) largest = bits;
			else sum -= largest / 3;
		}
	}
	return crc16(crc16(crc, (uint32_t)largest), (uint32_t)sum);
}

enum state { BLANK, WHOLE, FRACTION, EXPONENT, WRONG, STATES };

static const char text[] = "5012,+7.25,-1e4,0x7,99.9e,12,-874,.5,3e-2,T0.3e-1F,+0.644,8765,-110.7e10,5.,1234567,-.125e+10";

static uint16_t scanner(uint16_t crc, uint32_t seed)
{
	uint32_t tally[STATES] = { 0 };
	enum state state = BLANK;
	for (uint32_t i = 0; i < sizeof text - 1; i++) {
		char character = text[i];
		if (i % 19 == seed % 19) character ^= 3; /* some of the text is wrong, each time another part */
		if (character == ',') {
			tally[state]++;
			state = BLANK;
			continue;
		}
		int digit = character >= '0' && character <= '9';
		switch (state) {
		case BLANK:
			state = digit ? WHOLE : character == '+' || character == '-' ? BLANK : character == '.' ? FRACTION : WRONG;
			break;
		case WHOLE:
			state = digit ? WHOLE : character == '.' ? FRACTION : character == 'e' ? EXPONENT : WRONG;
			break;
		case FRACTION:
			state = digit ? FRACTION : character == 'e' ? EXPONENT : WRONG;
			break;
		case EXPONENT:
			state = digit || character == '+' || character == '-' ? EXPONENT : WRONG;
			break;
		default:
			break;
		}
	}
	tally[state]++;
	for (uint32_t i = 0; i < STATES; i++) crc = crc16(crc, tally[i]);
	return crc;
}

uint32_t bench(void)
{
	uint32_t seed = 31, hash = FOLD_START;
	uint16_t crc = 0;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		crc = lists(crc, xorshift(&seed));
		crc = matrices(crc, xorshift(&seed));
		for (uint32_t i = 0; i < 8; i++) crc = scanner(crc, xorshift(&seed));
		hash = fold(hash, crc);
	}
	return hash;
}
