/* CRC-32 of 64 KiB: bit by bit, by a table of 256 words, and by a table of 16. */
#include "bench.h"

#define SIZE 65536u
#define POLYNOMIAL 0xEDB88320u

static uint8_t data[SIZE];
static uint32_t table[256];

uint32_t bench(void)
{
	uint32_t seed = 5, hash = FOLD_START;
	for (uint32_t i = 0; i < SIZE; i++) data[i] = (uint8_t)xorshift(&seed);
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;
		for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		table[i] = crc;
	}
	for (uint32_t round = 0; round < 20; round++) {
		data[round] ^= 0x55;
		uint32_t bytewise = ~0u, nibblewise = ~0u;
		for (uint32_t i = 0; i < SIZE; i++) bytewise = bytewise >> 8 ^ table[(bytewise ^ data[i]) & 0xFF];
		for (uint32_t i = 0; i < SIZE; i++) {
			nibblewise = nibblewise >> 4 ^ table[((nibblewise ^ data[i]) & 0xF) * 16];
			nibblewise = nibblewise >> 4 ^ table[((nibblewise ^ (uint32_t)data[i] >> 4) & 0xF) * 16];
		}
		hash = fold(fold(hash, bytewise), nibblewise);
	}
	uint32_t bitwise = ~0u;
	for (uint32_t i = 0; i < SIZE; i++) {
		bitwise ^= data[i];
		for (int bit = 0; bit < 8; bit++) bitwise = bitwise & 1 ? bitwise >> 1 ^ POLYNOMIAL : bitwise >> 1;
	}
	return fold(hash, bitwise);
}
