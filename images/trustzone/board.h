/*
 * What a Secure program needs at its start, on AN505 and on a core with nothing around it: whose memory is whose, gates for the other world,
 * and where exceptions have put what they interrupted.
 */
#ifndef BOARD_H
#define BOARD_H

#include "worlds.h"

/*
 * Linkers make such gates by themselves when the two programs are linked one after the other. Here they are linked at once, and a linker leads
 * calls past its own gates then.
 */
#define GATE(name) \
	__asm(".pushsection .gates, \"ax\"\n\t.global entry_" #name "\n\t.type entry_" #name ", %function\n\t.thumb_func\n" \
		  "entry_" #name ":\tsg\n\tb.w secure_" #name "\n\t.popsection")

#define EXC_RETURN_S (1u << 6)
#define EXC_RETURN_DCRS (1u << 5)
#define EXC_RETURN_THREAD (1u << 3)
#define EXC_RETURN_SPSEL (1u << 2)
#define EXC_RETURN_ES (1u << 0)

static inline uint32_t read_psp(void)
{
	uint32_t value;
	__asm volatile("mrs %0, psp" : "=r"(value));
	return value;
}

/* The frame of what was interrupted, whichever of four stacks it is on. */
static inline uint32_t *frame_of(uint32_t msp, uint32_t exc_return)
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

static inline void attribute(uint32_t region, uint32_t first, uint32_t last, uint32_t callable)
{
	SAU_RNR = region;
	SAU_RBAR = first;
	SAU_RLAR = (last & ~31u) | callable << 1 | 1;
}

/* An MPC of AN505: half of the first MiB is free for Non-secure accesses. A bit stands for a block, a word for 32 of them. */
static inline void release(uint32_t controller)
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
static inline void release_board(void)
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

#endif
