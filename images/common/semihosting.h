/* Semihosting: services of the debugger or emulator that runs the program (Arm, "Semihosting for AArch32 and AArch64"). */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

/* Prints a NUL-terminated text at the host. */
void semihosting_write0(const char *text);

/* Ends the run with `status` as the host's exit status. */
__attribute__((noreturn)) void semihosting_exit(uint32_t status);

#endif
