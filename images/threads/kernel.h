/*
 * A very small kernel: threads with fixed priorities, time, and one counter of items to wait for. It exists twice, with the data structures of
 * FreeRTOS (freertos.c) and of Zephyr (zephyr.c), so that a debugger that knows those finds the threads.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdint.h>

#include "cortex-m.h"

#define MOST_THREADS 5u
#define STACK_WORDS 256u
#define PRIORITIES 5u
#define TICKS_PER_SECOND 1000u

#define SCB_ICSR REG32(0xE000ED04)
#define SCB_ICSR_PENDSVSET (1u << 28)
#define SCB_SHPR3 REG32(0xE000ED20)
/* PendSV and SysTick give way to everything else. */
#define SCB_SHPR3_LOWEST 0xF0F00000u

#define XPSR_THUMB 0x01000000u
/* To Thread mode on the process stack, with a frame that has no floating-point registers. */
#define EXC_RETURN_THREAD 0xFFFFFFFDu

typedef void thread_entry(void);

/* Makes a thread; the higher the priority, the more urgent. */
void thread_create(const char *name, thread_entry *entry, uint32_t priority);

/* Runs the threads; never returns. */
void kernel_start(void) __attribute__((noreturn));

/* The calling thread does nothing for some ticks. */
void thread_sleep(uint32_t ticks);

/* Waits until there is an item, and takes it. */
void item_take(void);

/* Adds one. */
void item_give(void);

static inline void switch_threads(void)
{
	SCB_ICSR = SCB_ICSR_PENDSVSET;
	dsb();
	isb();
}

#endif
