/*
 * What the two programs know of each other, and the registers that ARMv8-M adds (DDI 0553, D1.2).
 *
 * Entry functions are what Secure code offers, each behind an SG in Non-secure callable memory (start.c). They trust nothing that comes
 * from the other world: pointers are checked with TT before they are followed.
 */
#ifndef WORLDS_H
#define WORLDS_H

#include "cortex-m.h"

/* Added to an address of the System Control Space: the Non-secure registers, for Secure code. */
#define NS_ALIAS 0x20000u

#define NVIC_ISPR(n) REG32(0xE000E200 + 4 * (n))
#define NVIC_ICPR(n) REG32(0xE000E280 + 4 * (n))
#define NVIC_ITNS(n) REG32(0xE000E380 + 4 * (n))
#define SCB_ICSR REG32(0xE000ED04)
#define SCB_AIRCR REG32(0xE000ED0C)
#define SCB_CCR REG32(0xE000ED14)
#define SCB_SHPR2 REG32(0xE000ED1C)
#define SCB_SHPR3 REG32(0xE000ED20)
#define SCB_SHCSR REG32(0xE000ED24)
#define SCB_CFSR REG32(0xE000ED28)
#define SCB_HFSR REG32(0xE000ED2C)
#define SCB_MMFAR REG32(0xE000ED34)
#define SCB_BFAR REG32(0xE000ED38)
#define SCB_NSACR REG32(0xE000ED8C)
#define MPU_RLAR REG32(0xE000EDA0)
#define MPU_MAIR0 REG32(0xE000EDC0)
#define SAU_CTRL REG32(0xE000EDD0)
#define SAU_TYPE REG32(0xE000EDD4)
#define SAU_RNR REG32(0xE000EDD8)
#define SAU_RBAR REG32(0xE000EDDC)
#define SAU_RLAR REG32(0xE000EDE0)
#define SAU_SFSR REG32(0xE000EDE4)
#define SAU_SFAR REG32(0xE000EDE8)
#define FPU_FPCCR REG32(0xE000EF34)

#define ICSR_PENDSVSET (1u << 28)
#define AIRCR_KEY 0x05FA0000u
#define AIRCR_PRIS (1u << 14)
#define AIRCR_BFHFNMINS (1u << 13)
#define SHCSR_FAULTS 0x000F0000u /* MemManage, BusFault, UsageFault, and on the Secure side SecureFault */
#define FPCCR_TS (1u << 26)

/* Interrupt lines that nothing drives: software makes them pending. */
#define IRQ_SECURE 70u
#define IRQ_NONSECURE 71u

static inline void settle(void)
{
	dsb();
	isb();
}

static inline uint32_t load_acquire_exclusive(volatile uint32_t *at)
{
	uint32_t value;
	__asm volatile("ldaex %0, [%1]" : "=r"(value) : "r"(at) : "memory");
	return value;
}

/* 0 when it was stored. */
static inline uint32_t store_release_exclusive(volatile uint32_t *at, uint32_t value)
{
	uint32_t failed;
	__asm volatile("stlex %0, %1, [%2]" : "=&r"(failed) : "r"(value), "r"(at) : "memory");
	return failed;
}


/* Prints "what: value"; 1 if `what` is not a text in Non-secure memory. */
uint32_t entry_log(const char *what, uint32_t value);
/* Arguments and result in registers. */
uint32_t entry_sum(uint32_t a, uint32_t b, uint32_t c, uint32_t d);
/* Calls `callback` with depth - 1 in the caller's world, as long as depth is not 0. */
uint32_t entry_nest(uint32_t depth, uint32_t (*callback)(uint32_t));
/* One step of a CRC-32, for calls in great number. */
uint32_t entry_crc(uint32_t crc, uint32_t byte);
/* Uses the FPU. */
uint32_t entry_scale(uint32_t value);
/* IPSR and CONTROL as the Secure world sees them. */
uint32_t entry_state(void);
/* What a TTA of the Secure world says of an address. */
uint32_t entry_test(uint32_t address);

/* Appends a letter to the record of what ran when. */
void entry_mark(uint32_t letter);

/* What Secure code calls in the Non-secure program. */
uint32_t ns_main(void);
uint32_t ns_callback(uint32_t a, uint32_t b);
/* In a page of its own that nobody reads from. */
uint32_t ns_alone(void);
uint32_t ns_faults(uint32_t secret, uint32_t veneer);
uint32_t ns_bus_faults(void);
uint32_t ns_ticks(uint32_t wanted);
uint32_t ns_memory(void);
uint32_t ns_stack(void);
uint32_t ns_float(void);
uint32_t ns_hot(uint32_t rounds);
uint32_t ns_interrupt_mode(uint32_t mode);
uint32_t ns_interrupt_saw(uint32_t index);
extern void (*const ns_vectors[])(void);

/* What the Non-secure interrupt handler does: looks at the core registers, at the FPU's, or leaves a mark. */
#define LOOK_AT_CORE 0u
#define LOOK_AT_FPU 1u
#define LEAVE_MARK 2u

#endif
