/* Integer matrices: 16-bit elements, 32-bit sums, addressing over two dimensions. */
#include "bench.h"

#define SIZE 48
#define ROUNDS 40u

static int16_t a[SIZE][SIZE], b[SIZE][SIZE];
static int32_t c[SIZE][SIZE];

uint32_t bench(void)
{
	uint32_t seed = 3, hash = FOLD_START;
	for (int i = 0; i < SIZE; i++) {
		for (int j = 0; j < SIZE; j++) {
			a[i][j] = (int16_t)xorshift(&seed);
			b[i][j] = (int16_t)xorshift(&seed);
		}
	}
	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < SIZE; i++) {
			for (int j = 0; j < SIZE; j++) {
				uint32_t sum = round; /* unsigned: it may wrap */
				for (int k = 0; k < SIZE; k++) sum += (uint32_t)(a[i][k] * b[k][j]);
				c[i][j] = (int32_t)sum;
			}
		}
		for (int i = 0; i < SIZE; i++) {
			for (int j = 0; j < SIZE; j++) {
				hash = fold(hash, (uint32_t)c[i][j]);
				a[i][j] = (int16_t)(c[j][i] >> 7);
			}
		}
	}
	return hash;
}
