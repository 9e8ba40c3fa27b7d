/*
 * A door controller on the bare Cortex-M7 of an i.MX 8M Plus, without RTOS and without Linux. Commands come on UART4, one per line, with
 * their checksum: "open*a843". Answers: "ok", "bad checksum", "not calibrated", "unknown command".
 */
#include <stdbool.h>

#include "crc16.h"
#include "door.h"
#include "imx8mp.h"
#include "print.h"
#include "uart.h"

/* Milliseconds since the start. */
volatile uint32_t uptime;

void SysTick_Handler(void)
{
	uptime++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	return -1;
}

/* Takes the checksum off the end of `line`; false if it is not that of what stands before it. */
bool checksum_is_right(char *line, uint32_t length)
{
	if (length < 5 || line[length - 5] != '*') return false;
	int sent = 0;
	for (uint32_t i = length - 4; i < length; i++) {
		int digit = hex_digit(line[i]);
		if (digit < 0) return false;
		sent = sent << 4 | digit;
	}
	line[length - 5] = '\0';
	return crc16((const uint8_t *)line, length - 5) == sent;
}

static bool is(const char *line, const char *command)
{
	return strlen(line) == strlen(command) && memcmp(line, command, strlen(command)) == 0;
}

__attribute__((noinline)) static void handle(char *line, uint32_t length)
{
	if (!checksum_is_right(line, length)) print("bad checksum\n");
	else if (is(line, "calibrate")) door_calibrate();
	else if (is(line, "open")) print(door_open() ? "ok\n" : "not calibrated\n");
	else if (is(line, "close")) print(door_close() ? "ok\n" : "not calibrated\n");
	else if (is(line, "status")) print("%s at %u %%, %u ms\n", door_state_name(door.state), door.position, (unsigned)uptime);
	else print("unknown command\n");
}

static void read_commands(void)
{
	static char line[64];
	static uint32_t length;
	for (int c = uart_getc(); c >= 0; c = uart_getc()) {
		if (c == '\r' || c == '\n') {
			if (length > 0) handle(line, length);
			length = 0;
		} else if (length < sizeof line - 1) {
			line[length++] = (char)c;
		}
	}
}

int main(void)
{
	uart_init();
	systick_start(CORE_HZ / 1000);
	print("door controller ready\n");
	for (uint32_t done = 0;;) {
		read_commands();
		for (; done != uptime; done++) door_step();
		wait_for_interrupt();
	}
}
