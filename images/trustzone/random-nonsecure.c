/*
 * The Non-secure half of the random machine.
 */
#include "random.h"

extern uint32_t __ns_stack_top[], __ns_process_stack_top[];

/* In assembly, so that the compiler knows nothing of its contents. */
__asm(".pushsection .rodata.script, \"a\"\n\t.balign 4\n\t.global script\n\t.type script, %object\n\t.size script, 244\n"
	  "script:\t.space 244\n\t.popsection");
_Static_assert(sizeof script == 244, "the script's size");
volatile uint32_t position, logged, log_words[LOG_SIZE], held;

#define NS_MARK 0xB0000000u

__attribute__((used)) static void ns_handle(uint32_t *msp, uint32_t exc_return)
{
	const uint32_t exception = exception_number();
	note(NS_MARK | exception << 8 | (exc_return & 0xFF));
	if (exception >= 2 && exception <= 7) {
		const uint32_t cfsr = SCB_CFSR, hfsr = SCB_HFSR;
		note(cfsr);
		note(hfsr);
		SCB_CFSR = cfsr;
		SCB_HFSR = hfsr;
		uint32_t *frame = msp;
		if ((exc_return & 0xC) == 0xC) __asm volatile("mrs %0, psp" : "=r"(frame));
		note(frame[6]);
		const uint16_t *at = (const uint16_t *)frame[6];
		if (exception == 3 && cfsr == 0 && (at[-1] & 0xFF00) == 0xDF00) return;
		frame[6] += *at >= 0xE800 ? 4 : 2;
	}
	if (exception <= 3) held++;
	ns_random_step();
	ns_random_step();
	if (exception <= 3) held--;
	note(NS_MARK | 0xFF);
}

__attribute__((naked)) static void NS_Handler(void)
{
	__asm volatile("mov r1, lr\n\tmrs r0, msp\n\tpush {r4, lr}\n\tbl ns_handle\n\tpop {r4, pc}");
}

__attribute__((section(".vectors"), used, aligned(512))) void (*const ns_vectors[16 + FIRST_LINE + LINES])(void) = {
	[0] = (void (*)(void))__ns_stack_top,
	[1 ... 15 + FIRST_LINE + LINES] = NS_Handler,
};

static void look(void)
{
	note(SCB_ICSR & 0xF40001FF);
	note(SCB_SHCSR);
	note(READ(control) | READ(primask) << 8 | READ(faultmask) << 9 | READ(basepri) << 16 | exception_number() << 24);
	note(REG32(0xE000E208));
	note(REG32(0xE000E308));
	note(FPU_FPCCR & 0xC0000009);
}

static void break_rules(uint32_t how)
{
	if (held != 0) return;
	if ((how & 3) != 0 && !priorities_alike()) return;
	uint32_t value = 0;
	switch (how & 3) {
	case 0:
		__asm volatile("udf 3");
		break;
	case 1:
		__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(0x38000000) : "memory");
		break;
	case 2:
		__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(0x4F000000) : "memory");
		break;
	default:
		((void (*)(void))0x10000201)();
	}
	note(value);
}

void ns_random_step(void)
{
	const uint32_t at = position;
	if (at >= STEPS) return;
	position = at + 1;
	const uint32_t operation = script.steps[at].operation % OPERATIONS;
	const uint32_t argument = script.steps[at].argument;
	note(0x15000000 | at << 8 | operation);
	switch (operation) {
	case PEND_LINE:
		NVIC_ISPR(FIRST_LINE / 32) = 1u << argument % LINES;
		break;
	case PEND_SYSTEM:
		SCB_ICSR = pend_system(argument);
		break;
	case CALL_SUPERVISOR:
		if (held == 0) __asm volatile("svc 2");
		break;
	case SET_BASEPRI:
		WRITE(basepri, argument & 0xE0);
		break;
	case SET_PRIMASK:
	case SET_OTHER_MASK:
		WRITE(primask, argument & 1);
		break;
	case SET_FAULTMASK:
		if (held != 0) break;
		WRITE(faultmask, 1);
		look();
		NVIC_ISPR(FIRST_LINE / 32) = 1u << argument % LINES;
		settle();
		note(argument);
		WRITE(faultmask, 0);
		break;
	case SET_FAULTS:
		SCB_SHCSR = (SCB_SHCSR & ~(7u << 16)) | (argument & 7) << 16;
		break;
	case BREAK_RULES:
		break_rules(argument);
		break;
	case CROSS:
		entry_step();
		break;
	case USE_FPU:
		use_fpu(argument);
		break;
	case USE_PROCESS_STACK:
		on_process_stack(__ns_process_stack_top, ns_random_step);
		break;
	case SET_PRIORITY:
		NVIC_IPR(FIRST_LINE + argument % LINES) = (uint8_t)(argument & 0xE0);
		break;
	case SET_ENABLED:
		REG32((argument & 0x80) != 0 ? 0xE000E108 : 0xE000E188) = 1u << argument % LINES;
		break;
	case SET_SYSTEM_PRIORITY:
		SCB_SHPR3 = (argument << 24 & 0xE0000000) | (argument << 19 & 0xE00000);
		settle();
		SCB_SHPR2 = (argument & 0x1C) << 27;
		break;
	default:
		look();
		break;
	}
	settle();
}
