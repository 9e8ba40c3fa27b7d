/* The Secure program: what its parts share. */
#ifndef SECURE_H
#define SECURE_H

#include "worlds.h"

/* The last fault, and where to go on after one that leaves nothing on the stack. */
struct fault {
	uint32_t exception, exc_return, cfsr, hfsr, sfsr, address, count, resume_sp, resume_pc;
};
extern struct fault fault;

void Fault_Handler(void);
void SVC_Handler(void);
void PendSV_Handler(void);
void SysTick_Handler(void);
void Secure_IRQHandler(void);

__attribute__((noreturn)) void secure_main(void);

#endif
