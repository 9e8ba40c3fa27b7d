/* A small printf for consoles that take one character at a time. */
#include "print.h"

#include <stdarg.h>
#include <stdint.h>

static void print_number(uint32_t value, uint32_t base, int width, char pad, int negative)
{
	char digits[12];
	int count = 0;
	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative) digits[count++] = '-';
	for (; width > count; width--) console_putc(pad);
	while (count) console_putc(digits[--count]);
}

void print(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	for (; *format; format++) {
		if (*format != '%') {
			console_putc(*format);
			continue;
		}
		int width = 0, precision = -1;
		char pad = *++format == '0' ? '0' : ' ';
		while (*format >= '0' && *format <= '9') width = width * 10 + *format++ - '0';
		if (format[0] == '.' && format[1] == '*') {
			precision = va_arg(arguments, int);
			format += 2;
		}
		while (*format == 'l') format++; /* long is as wide as int */
		switch (*format) {
		case 'c':
			console_putc((char)va_arg(arguments, int));
			break;
		case 's':
			for (const char *text = va_arg(arguments, const char *); precision-- != 0 && *text; text++) console_putc(*text);
			break;
		case 'd': {
			int value = va_arg(arguments, int);
			print_number(value < 0 ? 0u - (uint32_t)value : (uint32_t)value, 10, width, pad, value < 0);
			break;
		}
		case 'u':
			print_number(va_arg(arguments, unsigned), 10, width, pad, 0);
			break;
		case 'x':
		case 'p':
			print_number(va_arg(arguments, unsigned), 16, width, pad, 0);
			break;
		case '\0':
			va_end(arguments);
			return;
		default:
			console_putc(*format);
		}
	}
	va_end(arguments);
}
