/*
 * A machine for random programs on the border between two worlds: both take their next step from one script, whoever runs, and write down
 * what they see. The script is data, which a test fills with random bytes before the program starts.
 *
 * What QEMU 7.2 does otherwise than the architecture has no part in it: SecureFault and BusFault are escalated by PRIS and PRIGROUP of the
 * Non-secure state although they are Secure; it lets MSR set FAULTMASK in HardFault; it does not set SFARVALID;
 * ICSR.RETTOBASE takes the same exception of both states for one; a division by zero that traps has cleared its result.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include "worlds.h"

#define STEPS 96u
#define LOG_SIZE 4096u
#define LINES 8u
#define FIRST_LINE 64u

struct script {
	/* AIRCR: PRIS, BFHFNMINS and PRIGROUP; PRIGROUP of the other world; ITNS, ISER and priorities of the lines; SHCSR and SHPR2-3 of both. */
	uint32_t aircr, aircr_ns, targets, enabled, priorities[LINES / 4], shcsr, shcsr_ns, shpr[2], shpr_ns[2], fpccr;
	struct {
		uint8_t operation, argument;
	} steps[STEPS];
};

/* In Non-secure memory, where both can read them. */
extern const volatile struct script script;
extern volatile uint32_t position, logged, log_words[LOG_SIZE];
/* Handlers of NMI and HardFault that run, in both worlds: a fault in there locks the core up. */
extern volatile uint32_t held;

/* A name that `log` might clash with is avoided: the compiler knows a function of that name. */
static inline void note(uint32_t word)
{
	const uint32_t at = logged;
	if (at < LOG_SIZE) {
		log_words[at] = word;
		logged = at + 1;
	}
}

/* AIRCR.PRIGROUP of the Non-secure state: in every other script that of the Secure one. */
static inline uint32_t ns_grouping(void)
{
	return ((script.aircr_ns & 0x80) != 0 ? script.aircr_ns : script.aircr) & 0x700;
}

/* Priorities of the two states compare as they are. */
static inline uint32_t priorities_alike(void)
{
	return (script.aircr & AIRCR_PRIS) == 0 && ns_grouping() == (script.aircr & 0x700);
}

static inline uint32_t exception_number(void)
{
	uint32_t value;
	__asm volatile("mrs %0, ipsr" : "=r"(value));
	return value;
}

/* ICSR for an argument: PendSV and SysTick, either or both, are made pending, or are so no more. */
static inline uint32_t pend_system(uint32_t argument)
{
	const uint32_t set = (argument & 1) << 28 | (argument & 2) << 25;
	return (argument & 0x80) != 0 ? set >> 1 : set;
}

#define READ(name)                                                                                                                     \
	__extension__({                                                                                                                    \
		uint32_t value_;                                                                                                               \
		__asm volatile("mrs %0, " #name : "=r"(value_));                                                                               \
		value_;                                                                                                                        \
	})
#define WRITE(name, value) __asm volatile("msr " #name ", %0\n\tisb" ::"r"(value) : "memory")

/* What both worlds can do; `step` of each handles the rest. */
enum operation {
	PEND_LINE,
	PEND_SYSTEM,
	CALL_SUPERVISOR,
	SET_BASEPRI,
	SET_PRIMASK,
	SET_FAULTMASK,
	SET_FAULTS,
	BREAK_RULES,
	CROSS,
	USE_FPU,
	LOOK,
	SET_PRIORITY,
	SET_ENABLED,
	SET_SYSTEM_PRIORITY,
	PEND_OTHER_SYSTEM,
	SET_OTHER_MASK,
	USE_PROCESS_STACK,
	OPERATIONS
};

/* Values in the FPU outlive an interrupt, whoever takes it and whatever that does. */
static inline void use_fpu(uint32_t argument)
{
	uint32_t low, high;
	__asm volatile("vmov s3, %2\n\tvmov s20, %2\n\tstr %3, [%4]\n\tdsb\n\tisb\n\tvmov %0, s3\n\tvmov %1, s20"
				   : "=&r"(low), "=&r"(high)
				   : "r"(argument), "r"(1u << argument % LINES), "r"(&NVIC_ISPR(FIRST_LINE / 32))
				   : "s3", "s20", "memory");
	note(low << 16 | high);
}

/*
 * Two steps on the process stack, which begins at `top`; not in handlers, and not where it is in use already. `step` is the world's own
 * function, as the two of them may not share one.
 */
static inline void on_process_stack(const void *top, void (*step)(void))
{
	const uint32_t control = READ(control);
	if (exception_number() != 0 || (control & 2) != 0) return;
	WRITE(psp, top);
	register void (*r4)(void) __asm("r4") = step;
	__asm volatile("mrs r0, control\n\torr r0, r0, #2\n\tmsr control, r0\n\tisb\n\tblx r4\n\tblx r4\n\t"
				   "mrs r0, control\n\tbic r0, r0, #2\n\tmsr control, r0\n\tisb" ::"r"(r4)
				   : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
}

/* A step of the world that asks. */
void random_step(void);
void ns_random_step(void);
/* The gate to the Secure one. */
void entry_step(void);

#endif
