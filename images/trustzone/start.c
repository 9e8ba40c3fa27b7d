/*
 * The Secure program's vectors, reset and fault handler; what belongs to which world.
 */
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

#define EXC_RETURN_S (1u << 6)
#define EXC_RETURN_DCRS (1u << 5)
#define EXC_RETURN_THREAD (1u << 3)
#define EXC_RETURN_SPSEL (1u << 2)
#define EXC_RETURN_ES (1u << 0)

static uint32_t read_psp(void)
{
	uint32_t value;
	__asm volatile("mrs %0, psp" : "=r"(value));
	return value;
}

/* The frame of what was interrupted, whichever of four stacks it is on. */
static uint32_t *frame_of(uint32_t msp, uint32_t exc_return)
{
	uint32_t at = msp;
	if ((exc_return & EXC_RETURN_S) != 0) {
		if ((exc_return & EXC_RETURN_THREAD) != 0 && (exc_return & EXC_RETURN_SPSEL) != 0) at = read_psp();
		if ((exc_return & EXC_RETURN_DCRS) == 0) at += 40;
	} else {
		uint32_t control;
		__asm volatile("mrs %0, control_ns" : "=r"(control));
		if ((exc_return & EXC_RETURN_THREAD) != 0 && (control & 2) != 0) __asm volatile("mrs %0, psp_ns" : "=r"(at));
		else __asm volatile("mrs %0, msp_ns" : "=r"(at));
	}
	return (uint32_t *)at;
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

/*
 * Linkers make such gates by themselves when the two programs are linked one after the other. Here they are linked at once, and a linker leads
 * calls past its own gates then.
 */
#define GATE(name) \
	__asm(".pushsection .gates, \"ax\"\n\t.global entry_" #name "\n\t.type entry_" #name ", %function\n\t.thumb_func\n" \
		  "entry_" #name ":\tsg\n\tb.w secure_" #name "\n\t.popsection")

GATE(log);
GATE(sum);
GATE(nest);
GATE(crc);
GATE(scale);
GATE(state);
GATE(test);
GATE(mark);

static void attribute(uint32_t region, uint32_t first, uint32_t last, uint32_t callable)
{
	SAU_RNR = region;
	SAU_RBAR = first;
	SAU_RLAR = (last & ~31u) | callable << 1 | 1;
}

/* An MPC of AN505: half of the first MiB is free for Non-secure accesses. A bit stands for a block, a word for 32 of them. */
static void release(uint32_t controller)
{
	const uint32_t bytes_per_word = 10 + (REG32(controller + 0x14) & 15);
	uint32_t index = 0x80000u >> bytes_per_word;
	REG32(controller + 0x18) = index;
	for (; index != 0 && index < 0x10000; index--) REG32(controller + 0x1C) = 0xFFFFFFFF;
}

/*
 * AN505 has controllers of its own in front of the memories, and makes Non-secure callable what the SAU calls so only where it is told to.
 * Where there are none, accesses to them are bus faults, which BFHFNMIGN lets pass while FAULTMASK is set.
 */
static void release_board(void)
{
	SCB_CCR |= 1u << 8;
	settle();
	__asm volatile("cpsid f" ::: "memory");
	REG32(0x50080014) = 3;
	settle();
	if ((SCB_CFSR & 0x8200) == 0) {
		release(0x58007000);
		release(0x58008000);
	}
	SCB_CFSR = 0xFFFFFFFF;
	__asm volatile("cpsie f" ::: "memory");
	SCB_CCR &= ~(1u << 8);
	settle();
}

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
