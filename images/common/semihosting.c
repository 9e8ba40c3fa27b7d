/* Console and exit through semihosting: `bkpt 0xAB` with the operation in r0 and its argument in r1. */
#include "semihosting.h"

#include "print.h"

#define SYS_WRITE0 0x04u
#define SYS_GET_CMDLINE 0x15u
#define SYS_EXIT_EXTENDED 0x20u
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

static uint32_t call(uint32_t operation, const void *argument)
{
	register uint32_t r0 __asm("r0") = operation;
	register const void *r1 __asm("r1") = argument;
	__asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
	return r0;
}

void semihosting_write0(const char *text)
{
	call(SYS_WRITE0, text);
}

void semihosting_command_line(char *line, uint32_t size)
{
	struct {
		char *line;
		uint32_t size;
	} block = { line, size };
	if (call(SYS_GET_CMDLINE, &block) != 0) line[0] = '\0';
}

void semihosting_exit(uint32_t status)
{
	const uint32_t block[2] = { ADP_STOPPED_APPLICATION_EXIT, status };
	call(SYS_EXIT_EXTENDED, block);
	for (;;) {}
}

/* One call per line: each stops the core. */
void console_putc(char c)
{
	static char line[128];
	static uint32_t length;
	line[length++] = c;
	if (c != '\n' && length < sizeof line - 1) return;
	line[length] = '\0';
	semihosting_write0(line);
	length = 0;
}
