/* Formatted output on the program's console, and the few string functions of a freestanding program. */
#ifndef PRINT_H
#define PRINT_H

#include <stddef.h>

/* Writes one character; supplied by the console in use (uart.c, semihosting.c). */
void console_putc(char c);

/* printf with %c %s %.*s %d %u %x %p %%, and a width such as %4u or %08x. "\n" is the line end; the console adds what it needs. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);

#endif
