/*
 * The Secure half of the random machine: sets the core up as the script says, runs it, and prints what was written down.
 */
#include "board.h"
#include "print.h"
#include "random.h"
#include "semihosting.h"

#include <arm_cmse.h>

extern uint32_t __bss_start[], __bss_end[], __ns_bss_start[], __ns_bss_end[], __stack_top[], __process_stack_top[], __ns_stack_top[], __ns_process_stack_top[];

typedef void __attribute__((cmse_nonsecure_call)) ns_function(void);

#define S_MARK 0xA0000000u

void Reset_Handler(void) __attribute__((noreturn));

GATE(step);

__attribute__((used)) static void handle(uint32_t msp, uint32_t exc_return)
{
	const uint32_t exception = exception_number();
	note(S_MARK | exception << 8 | (exc_return & 0xFF));
	if (exception >= 2 && exception <= 7) {
		const uint32_t cfsr = SCB_CFSR, hfsr = SCB_HFSR, sfsr = SAU_SFSR;
		note(cfsr);
		note(hfsr);
		/* SFARVALID is not everywhere what it should be. */
		note(sfsr & ~0x40u);
		SCB_CFSR = cfsr;
		SCB_HFSR = hfsr;
		SAU_SFSR = sfsr;
		uint32_t *frame = frame_of(msp, exc_return);
		note(frame[6]);
		const uint16_t *at = (const uint16_t *)frame[6];
		if ((sfsr & 0x11) != 0) frame[6] = frame[5] & ~1u;
		else if (cfsr != 0 || sfsr != 0 || (at[-1] & 0xFF00) != 0xDF00) frame[6] += *at >= 0xE800 ? 4 : 2;
	}
	if (exception <= 3) held++;
	random_step();
	random_step();
	if (exception <= 3) held--;
	note(S_MARK | 0xFF);
}

__attribute__((naked)) static void Handler(void)
{
	__asm volatile("mov r1, lr\n\tmrs r0, msp\n\tpush {r4, lr}\n\tbl handle\n\tpop {r4, pc}");
}

__attribute__((section(".vectors"), used, aligned(512))) void (*const vectors[16 + FIRST_LINE + LINES])(void) = {
	[0] = (void (*)(void))__stack_top,
	[1] = Reset_Handler,
	[2 ... 15 + FIRST_LINE + LINES] = Handler,
};

static void look(void)
{
	note(SCB_ICSR & 0xF40001FF);
	note(SCB_SHCSR);
	note(REG32(0xE002ED24));
	note(READ(control) | READ(primask) << 8 | READ(faultmask) << 9 | READ(basepri) << 16 | exception_number() << 24);
	note(READ(control_ns) | READ(primask_ns) << 8 | READ(faultmask_ns) << 9 | READ(basepri_ns) << 16);
	note(REG32(0xE000E208));
	note(REG32(0xE000E308));
	note(FPU_FPCCR & 0xFC00000D);
}

static void break_rules(uint32_t how)
{
	if (held != 0) return;
	uint32_t value = 0;
	/* A BusFault of Secure code that is handled by the other world could never be repaired. */
	if ((how & 3) == 2 && (SCB_AIRCR & AIRCR_BFHFNMINS) != 0) return;
	if ((how & 2) != 0 && !priorities_alike()) return;
	void (*volatile plain_call)(void) = (void (*)(void))0x000B0001;
	switch (how & 3) {
	case 0:
		__asm volatile("udf 3");
		break;
	case 1:
		__asm volatile("udiv %0, %1, %2" : "+r"(value) : "r"(5), "r"(0));
		break;
	case 2:
		__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(0x38F00000) : "memory");
		break;
	default:
		plain_call();
	}
	note(value);
}

void random_step(void)
{
	const uint32_t at = position;
	if (at >= STEPS) return;
	position = at + 1;
	const uint32_t operation = script.steps[at].operation % OPERATIONS;
	const uint32_t argument = script.steps[at].argument;
	note(0x5E000000 | at << 8 | operation);
	switch (operation) {
	case PEND_LINE:
		NVIC_ISPR(FIRST_LINE / 32) = 1u << argument % LINES;
		break;
	case PEND_SYSTEM:
		SCB_ICSR = pend_system(argument);
		break;
	case PEND_OTHER_SYSTEM:
		REG32(0xE002ED04) = pend_system(argument);
		break;
	case CALL_SUPERVISOR:
		if (held == 0) __asm volatile("svc 1");
		break;
	case SET_BASEPRI:
		WRITE(basepri, argument & 0xE0);
		break;
	case SET_PRIMASK:
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
	case SET_OTHER_MASK:
		if ((argument & 1) != 0) WRITE(basepri_ns, argument & 0xE0);
		else if ((argument & 2) != 0) WRITE(primask_ns, argument >> 7);
		else if (held == 0) {
			WRITE(faultmask_ns, 1);
			look();
			NVIC_ISPR(FIRST_LINE / 32) = 1u << argument % LINES;
			settle();
			WRITE(faultmask_ns, 0);
		}
		break;
	case SET_FAULTS:
		SCB_SHCSR = (SCB_SHCSR & ~(15u << 16)) | (argument & 15) << 16;
		break;
	case BREAK_RULES:
		break_rules(argument);
		break;
	case CROSS:
		((ns_function *)cmse_nsfptr_create((ns_function *)(uintptr_t)ns_random_step))();
		break;
	case USE_FPU:
		use_fpu(argument);
		break;
	case USE_PROCESS_STACK:
		on_process_stack(__process_stack_top, random_step);
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

__attribute__((cmse_nonsecure_entry)) void secure_step(void);
__attribute__((cmse_nonsecure_entry)) void secure_step(void)
{
	random_step();
}

static void set_up(void)
{
	attribute(0, 0x00080000, 0x000BFFFF, 0);
	attribute(1, 0x28080000, 0x280BFFFF, 0);
	attribute(2, 0x10040000, 0x10040FFF, 1);
	attribute(3, 0x40000000, 0x4FFFFFFF, 0);
	SAU_CTRL = 1;
	settle();
	for (uint32_t *to = __ns_bss_start; to < __ns_bss_end;) *to++ = 0;
	REG32(0xE002ED08) = (uint32_t)(uintptr_t)ns_vectors;
	__asm volatile("msr msp_ns, %0\n\tmsr psp_ns, %1" ::"r"(__ns_stack_top), "r"(__ns_process_stack_top));
	SCB_CPACR |= 0xFu << 20;
	SCB_NSACR |= 3u << 10;
	REG32(0xE002ED88) |= 0xFu << 20;
	SCB_CCR |= 1u << 4;
	SCB_AIRCR = AIRCR_KEY | (script.aircr & 0x6700);
	REG32(0xE002ED0C) = AIRCR_KEY | ns_grouping();
	NVIC_ITNS(FIRST_LINE / 32) = script.targets & 0xFF;
	for (uint32_t i = 0; i < LINES / 4; i++) REG32(0xE000E400 + FIRST_LINE + 4 * i) = script.priorities[i] & 0xF0F0F0F0;
	SCB_SHPR2 = script.shpr[0] & 0xF0000000;
	SCB_SHPR3 = script.shpr[1] & 0xF0F00000;
	REG32(0xE000ED18) = script.shpr[0] << 4 & 0xF0F0F0F0;
	REG32(0xE002ED1C) = script.shpr_ns[0] & 0xF0000000;
	REG32(0xE002ED20) = script.shpr_ns[1] & 0xF0F00000;
	REG32(0xE002ED18) = script.shpr_ns[0] << 4 & 0x00F000F0;
	SCB_SHCSR |= script.shcsr & SHCSR_FAULTS;
	REG32(0xE002ED24) |= script.shcsr_ns & SHCSR_FAULTS;
	FPU_FPCCR = (FPU_FPCCR & ~0x7C000000u) | (script.fpccr & 0x54000000);
	NVIC_ISER(FIRST_LINE / 32) = script.enabled & 0xFF;
	settle();
}

void Reset_Handler(void)
{
	release_board();
	for (uint32_t *to = __bss_start; to < __bss_end;) *to++ = 0;
	set_up();
	while (position < STEPS) random_step();
	WRITE(primask, 1);
	for (uint32_t i = 0; i < logged; i++) print("%08lx\n", log_words[i]);
	print("random: %lu words\n", logged);
	semihosting_exit(0);
}
