/* Semihosting: services of the debugger or emulator that runs the program (Arm, "Semihosting for AArch32 and AArch64"). */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

/* Prints a NUL-terminated text at the host. */
void semihosting_write0(const char *text);

/* Fetches the words that the host passes to the program; empty when there are none or they do not fit. */
void semihosting_command_line(char *line, uint32_t size);

/* Ends the run with `status` as the host's exit status. */
__attribute__((noreturn)) void semihosting_exit(uint32_t status);

#endif
