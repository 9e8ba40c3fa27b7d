/*
 * The parts of an ARMv7-M core that these programs use: NVIC, SysTick, MPU, barriers, sleep.
 * Addresses and bits: ARMv7-M Architecture Reference Manual (DDI 0403E), part B3.
 */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYST_CSR REG32(0xE000E010)
#define SYST_RVR REG32(0xE000E014)
#define SYST_CVR REG32(0xE000E018)
#define SYST_CSR_ENABLE (1u << 0)
#define SYST_CSR_TICKINT (1u << 1)
#define SYST_CSR_CLKSOURCE (1u << 2) /* the core's clock, not the reference clock */

#define NVIC_ISER(n) REG32(0xE000E100 + 4 * (n))
#define NVIC_IPR(irq) (*(volatile uint8_t *)(0xE000E400 + (irq)))

#define SCB_VTOR REG32(0xE000ED08)
#define SCB_CPACR REG32(0xE000ED88)

#define MPU_CTRL REG32(0xE000ED94)
#define MPU_RNR REG32(0xE000ED98)
#define MPU_RBAR REG32(0xE000ED9C)
#define MPU_RASR REG32(0xE000EDA0)

static inline void dsb(void)
{
	__asm volatile("dsb" ::: "memory");
}

static inline void dmb(void)
{
	__asm volatile("dmb" ::: "memory");
}

static inline void isb(void)
{
	__asm volatile("isb" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm volatile("cpsid i" ::: "memory");
}

static inline void irq_enable(void)
{
	__asm volatile("cpsie i" ::: "memory");
}

/*
 * Sleeps until an interrupt is pending. It also wakes when PRIMASK holds that interrupt back, so "disable, look, sleep, enable"
 * cannot miss one that comes between the look and the sleep.
 */
static inline void wait_for_interrupt(void)
{
	__asm volatile("dsb\n\twfi" ::: "memory");
}

/* Lets interrupt `irq` through at `priority`: 0 is the most urgent; the i.MX parts implement the upper 4 bits. */
static inline void nvic_enable(uint32_t irq, uint8_t priority)
{
	NVIC_IPR(irq) = priority;
	NVIC_ISER(irq / 32) = 1u << (irq % 32);
}

/* Calls SysTick_Handler every `cycles` core cycles; at most 2^24. */
static inline void systick_start(uint32_t cycles)
{
	SYST_RVR = cycles - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_TICKINT | SYST_CSR_CLKSOURCE;
}

#endif
