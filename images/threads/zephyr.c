/*
 * The kernel with the data structures by which debuggers know Zephyr (3.x, ARM Cortex-M with FPU sharing): struct k_thread with its saved registers, _kernel,
 * and the table that CONFIG_DEBUG_THREAD_INFO makes. The names are Zephyr's, because debuggers look for them; the code is not.
 */
#include <stddef.h>

#include "kernel.h"
#include "print.h"

#define _THREAD_PENDING 0x02u
#define _THREAD_QUEUED 0x80u

struct _thread_base {
	uint32_t qnode[2];
	void *pended_on;
	uint8_t user_options;
	uint8_t thread_state;
	int8_t prio;
	uint8_t sched_locked;
	uint32_t wake; /* in the place of struct _timeout */
};

struct _callee_saved {
	uint32_t v1, v2, v3, v4, v5, v6, v7, v8, psp;
};

struct _thread_stack_info {
	uint32_t start, size, delta;
};

struct _preempt_float {
	uint32_t s16_to_s31[16];
};

struct _thread_arch {
	uint32_t basepri;
	uint32_t swap_return_value;
	struct _preempt_float preempt_float;
	union {
		uint32_t mode;
		struct {
			uint8_t mode_bits;
			uint8_t mode_exc_return;
			uint16_t mode_reserved2;
		};
	};
};

struct k_thread {
	struct _thread_base base;
	struct _callee_saved callee_saved;
	void *init_data;
	struct k_thread *next_thread;
	char name[32];
	struct _thread_stack_info stack_info;
	struct _thread_arch arch;
};

struct _cpu {
	uint32_t nested;
	char *irq_stack;
	struct k_thread *current;
	struct k_thread *idle_thread;
};

struct z_kernel {
	struct _cpu cpus[1];
	struct k_thread *threads;
};

struct z_kernel _kernel;
struct k_thread z_main_thread, z_idle_threads[1], application_threads[MOST_THREADS];

/* What debuggers read that have no debug information. */
const size_t _kernel_thread_info_offsets[] = {
	1,
	offsetof(struct z_kernel, cpus[0].current),
	offsetof(struct z_kernel, threads),
	0xFFFFFFFFu,
	offsetof(struct k_thread, next_thread),
	offsetof(struct k_thread, base.thread_state),
	offsetof(struct k_thread, base.user_options),
	offsetof(struct k_thread, base.prio),
	offsetof(struct k_thread, callee_saved.psp),
	offsetof(struct k_thread, name),
	offsetof(struct k_thread, arch),
	offsetof(struct k_thread, arch.preempt_float),
	0xFFFFFFFFu,
	offsetof(struct k_thread, arch.mode_exc_return),
	0xFFFFFFFFu,
};
const uint8_t _kernel_thread_info_size_t_size = sizeof(size_t);

static uint32_t stacks[MOST_THREADS][STACK_WORDS] __attribute__((aligned(8)));
static uint32_t threads, ticks, items;

static struct k_thread *most_urgent(void)
{
	struct k_thread *found = _kernel.cpus[0].current;
	int8_t best = 127;
	for (struct k_thread *thread = _kernel.threads; thread; thread = thread->next_thread) {
		if ((thread->base.thread_state & _THREAD_QUEUED) != 0 && thread->base.prio < best) {
			best = thread->base.prio;
			found = thread;
		}
	}
	return found;
}

/* In Zephyr the smaller number is the more urgent; the idle thread has the largest. */
void thread_create(const char *name, thread_entry *entry, uint32_t priority)
{
	struct k_thread *thread = priority == 0 ? &z_idle_threads[0] : threads == 0 ? &z_main_thread : &application_threads[threads];
	uint32_t *stack = stacks[threads++];
	for (uint32_t at = 0; at < sizeof thread->name - 1 && name[at] != 0; at++) thread->name[at] = name[at];
	thread->base.prio = (int8_t)(PRIORITIES - priority);
	thread->base.thread_state = _THREAD_QUEUED;
	thread->stack_info = (struct _thread_stack_info){ (uint32_t)(uintptr_t)stack, 4 * STACK_WORDS, 0 };
	uint32_t *top = stack + STACK_WORDS;
	*--top = XPSR_THUMB;
	*--top = (uint32_t)(uintptr_t)entry & ~1u;
	top -= 6; /* lr, r12, r3 to r0 */
	thread->callee_saved.psp = (uint32_t)(uintptr_t)top;
	thread->arch.mode_exc_return = (uint8_t)EXC_RETURN_THREAD;
	thread->next_thread = _kernel.threads;
	_kernel.threads = thread;
}

void kernel_start(void)
{
	SCB_SHPR3 |= SCB_SHPR3_LOWEST;
	systick_start(800000000u / TICKS_PER_SECOND);
	_kernel.cpus[0].idle_thread = &z_idle_threads[0];
	__asm volatile("svc 0");
	for (;;) wait_for_interrupt();
}

void thread_sleep(uint32_t time)
{
	irq_disable();
	struct k_thread *self = _kernel.cpus[0].current;
	self->base.wake = ticks + time;
	self->base.thread_state = 0;
	switch_threads();
	irq_enable();
}

void item_take(void)
{
	irq_disable();
	while (items == 0) {
		struct k_thread *self = _kernel.cpus[0].current;
		self->base.pended_on = &items;
		self->base.thread_state = _THREAD_PENDING;
		switch_threads();
		irq_enable();
		irq_disable();
	}
	items--;
	irq_enable();
}

void item_give(void)
{
	irq_disable();
	items++;
	for (struct k_thread *thread = _kernel.threads; thread; thread = thread->next_thread) {
		if (thread->base.pended_on != &items) continue;
		thread->base.pended_on = 0;
		thread->base.thread_state = _THREAD_QUEUED;
		switch_threads();
		break;
	}
	irq_enable();
}

void SysTick_Handler(void)
{
	irq_disable();
	ticks++;
	for (struct k_thread *thread = _kernel.threads; thread; thread = thread->next_thread)
		if (thread->base.thread_state == 0 && thread->base.wake <= ticks) thread->base.thread_state = _THREAD_QUEUED;
	switch_threads();
	irq_enable();
}

void choose_thread(void)
{
	_kernel.cpus[0].current = most_urgent();
}

/* r4 to r11 and PSP, s16 to s31 if the thread uses them, and the low byte of EXC_RETURN go into the control block. */
__attribute__((naked)) void PendSV_Handler(void)
{
	__asm volatile("cpsid i\n\t"
	               "ldr r1, =_kernel\n\t"
	               "ldr r2, [r1, %[current]]\n\t"
	               "mrs r12, psp\n\t"
	               "add r0, r2, %[callee]\n\t"
	               "stmia r0, {r4-r12}\n\t"
	               "strb lr, [r2, %[exc_return]]\n\t"
	               "tst lr, #16\n\t"
	               "add r0, r2, %[floats]\n\t"
	               "it eq\n\t"
	               "vstmiaeq r0, {s16-s31}\n\t"
	               "b SVC_Handler" ::[current] "i"(offsetof(struct z_kernel, cpus[0].current)),
	               [callee] "i"(offsetof(struct k_thread, callee_saved)), [floats] "i"(offsetof(struct k_thread, arch.preempt_float)),
	               [exc_return] "i"(offsetof(struct k_thread, arch.mode_exc_return)));
}

__attribute__((naked)) void SVC_Handler(void)
{
	__asm volatile("bl choose_thread\n\t"
	               "ldr r1, =_kernel\n\t"
	               "ldr r2, [r1, %[current]]\n\t"
	               "ldrb r3, [r2, %[exc_return]]\n\t"
	               "orn lr, r3, #0xFF\n\t"
	               "tst lr, #16\n\t"
	               "add r0, r2, %[floats]\n\t"
	               "it eq\n\t"
	               "vldmiaeq r0, {s16-s31}\n\t"
	               "add r0, r2, %[callee]\n\t"
	               "ldmia r0, {r4-r12}\n\t"
	               "msr psp, r12\n\t"
	               "cpsie i\n\t"
	               "bx lr" ::[current] "i"(offsetof(struct z_kernel, cpus[0].current)),
	               [callee] "i"(offsetof(struct k_thread, callee_saved)), [floats] "i"(offsetof(struct k_thread, arch.preempt_float)),
	               [exc_return] "i"(offsetof(struct k_thread, arch.mode_exc_return)));
}
