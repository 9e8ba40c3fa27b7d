/*
 * The four functions that GCC may call even in a freestanding program, and strlen. They access memory one byte or one aligned word at
 * a time: the shared DDR may be mapped as Device memory, where an unaligned access faults.
 */
#include <stddef.h>
#include <stdint.h>

#include "print.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;
	if ((((uintptr_t)t | (uintptr_t)f) & 3) == 0) {
		for (; size >= 4; size -= 4, t += 4, f += 4) *(uint32_t *)t = *(const uint32_t *)f;
	}
	while (size--) *t++ = *f++;
	return to;
}

void *memset(void *to, int value, size_t size)
{
	unsigned char *t = to;
	while (size--) *t++ = (unsigned char)value;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;
	if (t <= f) {
		while (size--) *t++ = *f++;
	} else {
		while (size--) t[size] = f[size];
	}
	return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const unsigned char *l = left, *r = right;
	for (; size; size--, l++, r++) {
		if (*l != *r) return *l - *r;
	}
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;
	while (text[length]) length++;
	return length;
}
