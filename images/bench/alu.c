/* Arithmetic in registers only: the inner loop touches no memory, so it shows the plain cost of an instruction. */
#include "bench.h"

#define ROUNDS 3000000u

uint32_t bench(void)
{
	uint32_t a = 0x01234567, b = 0x89ABCDEF, c = 0xFEDCBA98, d = 0x76543210;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		a += b;
		d = (d ^ a) << 16 | (d ^ a) >> 16;
		c += d;
		b = (b ^ c) << 12 | (b ^ c) >> 20;
		a -= i;
		d = (d & ~b) | (a & c);
		c = c * 2654435761u + (b >> 3);
		b += (int32_t)a < 0 ? d : c;
	}
	return fold(fold(fold(fold(FOLD_START, a), b), c), d);
}
