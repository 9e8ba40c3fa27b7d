/*
 * The Secure program's vectors, reset and fault handler; what belongs to which world.
 */
#include "board.h"
#include "secure.h"

extern uint32_t __bss_start[], __bss_end[], __ns_bss_start[], __ns_bss_end[], __stack_top[], __ns_stack_top[], __ns_process_stack_top[];
extern uint32_t __veneers_start[], __veneers_end[];

struct fault fault;

void Reset_Handler(void) __attribute__((noreturn));

__attribute__((section(".vectors"), used, aligned(512))) void (*const vectors[16 + 72])(void) = {
	[0] = (void (*)(void))__stack_top,
	[1] = Reset_Handler,
	[2] = Fault_Handler,
	[3] = Fault_Handler,
	[4] = Fault_Handler,
	[5] = Fault_Handler,
	[6] = Fault_Handler,
	[7] = Fault_Handler,
	[11] = SVC_Handler,
	[12] = Fault_Handler,
	[14] = PendSV_Handler,
	[15] = SysTick_Handler,
	[16 ... 16 + 69] = Fault_Handler,
	[16 + IRQ_SECURE] = Secure_IRQHandler,
	[16 + IRQ_NONSECURE] = Fault_Handler,
};

/* MSP and EXC_RETURN as they are at entry. */
__attribute__((naked)) void Fault_Handler(void)
{
	__asm volatile("mrs r0, msp\n\tmov r1, lr\n\tb take_fault");
}

/* Notes what happened and goes on behind it: after the instruction, or where a branch that could not be came from. */
__attribute__((used)) void take_fault(uint32_t msp, uint32_t exc_return)
{
	uint32_t exception;
	__asm volatile("mrs %0, ipsr" : "=r"(exception));
	fault.exception = exception;
	fault.exc_return = exc_return;
	fault.cfsr = SCB_CFSR;
	fault.hfsr = SCB_HFSR;
	fault.sfsr = SAU_SFSR;
	fault.address = (fault.sfsr & 0x40) != 0 ? SAU_SFAR : (fault.cfsr & 0x80) != 0 ? SCB_MMFAR : (fault.cfsr & 0x8000) != 0 ? SCB_BFAR : 0;
	fault.count++;
	SCB_CFSR = fault.cfsr;
	SCB_HFSR = fault.hfsr;
	SAU_SFSR = fault.sfsr;
	if (fault.resume_sp != 0) {
		/* The stack overflowed: nothing is on it. Everything the code needs is in the record. */
		uint32_t *frame = (uint32_t *)(fault.resume_sp - 32);
		frame[6] = fault.resume_pc;
		frame[7] = 1u << 24;
		__asm volatile("msr psp, %0" ::"r"(frame));
		fault.resume_sp = 0;
		return;
	}
	uint32_t *frame = frame_of(msp, exc_return);
	const uint32_t branch = (fault.sfsr & 0x11) != 0 || (fault.cfsr & 0x00020001) != 0;
	if (branch) frame[6] = frame[5] & ~1u;
	else frame[6] += *(const uint16_t *)frame[6] >= 0xE800 ? 4 : 2;
}

GATE(log);
GATE(sum);
GATE(nest);
GATE(crc);
GATE(scale);
GATE(state);
GATE(test);
GATE(mark);

void Reset_Handler(void)
{
	release_board();
	for (uint32_t *to = __bss_start; to < __bss_end;) *to++ = 0;
	attribute(0, 0x00080000, 0x000BFFFF, 0);
	attribute(1, 0x28080000, 0x280BFFFF, 0);
	attribute(2, (uint32_t)(uintptr_t)__veneers_start, (uint32_t)(uintptr_t)__veneers_end - 1, 1);
	attribute(3, 0x40000000, 0x4FFFFFFF, 0);
	SAU_CTRL = 1;
	settle();
	for (uint32_t *to = __ns_bss_start; to < __ns_bss_end;) *to++ = 0;
	REG32(0xE000ED08 + NS_ALIAS) = (uint32_t)(uintptr_t)ns_vectors;
	__asm volatile("msr msp_ns, %0\n\tmsr psp_ns, %1" ::"r"(__ns_stack_top), "r"(__ns_process_stack_top));
	SCB_CPACR |= 0xFu << 20;
	SCB_NSACR |= 3u << 10;
	REG32(0xE000ED88 + NS_ALIAS) |= 0xFu << 20;
	SCB_SHCSR |= SHCSR_FAULTS;
	NVIC_ITNS(IRQ_NONSECURE / 32) = 1u << IRQ_NONSECURE % 32;
	settle();
	secure_main();
}
