/*
 * What these programs know of the i.MX 6SoloX as its Cortex-M4 sees it: the blocks of the A9's 0x02000000 are at 0x42000000.
 * Source: IMX6SXRM, memory map, interrupts, CCM, IOMUXC.
 */
#ifndef IMX6SX_H
#define IMX6SX_H

#include "cortex-m.h"

#define SOC_NAME "i.MX 6SoloX Cortex-M4"
#define CORE_NAME "m4"
#define CORE_HZ 227000000u
#define INTERRUPTS 128
#define TABLE_REGIONS { 0xBFFEF000 } /* by agreement: no vendor's tree has one */

/* CCM: the UARTs' common clock from the crystal, their two gates. */
#define OSC_HZ 24000000u
#define CCM_CSCDR1 REG32(0x420C4024)
#define CSCDR1_UART_CLK_SEL_OSC (1u << 6)
#define CSCDR1_UART_CLK_PODF 0x3Fu
#define CCM_CCGR5 REG32(0x420C407C)
#define CCGR5_UART (0xFu << 24)

/* IOMUXC: UART2 on the pads GPIO1_IO06 (out) and GPIO1_IO07 (in). */
#define IOMUXC_MUX_GPIO1_IO06 REG32(0x420E002C)
#define IOMUXC_MUX_GPIO1_IO07 REG32(0x420E0030)
#define IOMUXC_PAD_GPIO1_IO06 REG32(0x420E0374)
#define IOMUXC_PAD_GPIO1_IO07 REG32(0x420E0378)
#define IOMUXC_SELECT_UART2_RXD REG32(0x420E0838)
#define IOMUXC_PAD_PULL_UP 0x1B0B1u

/* UART2, the M4's console on the SABRE board. */
#define CONSOLE_BASE 0x421E8000u
#define CONSOLE_IRQ 27
#define CONSOLE_IRQHandler UART2_IRQHandler

/* The messaging unit as the core sees it: side B. */
#define MU_BASE 0x4229C000u
#define MU_IRQ 99
#define MU_IRQHandler MU_M4_IRQHandler

static inline uint32_t console_connect(void)
{
	CCM_CSCDR1 = (CCM_CSCDR1 & ~CSCDR1_UART_CLK_PODF) | CSCDR1_UART_CLK_SEL_OSC;
	CCM_CCGR5 |= CCGR5_UART;
	IOMUXC_MUX_GPIO1_IO06 = 0;
	IOMUXC_PAD_GPIO1_IO06 = IOMUXC_PAD_PULL_UP;
	IOMUXC_MUX_GPIO1_IO07 = 0;
	IOMUXC_PAD_GPIO1_IO07 = IOMUXC_PAD_PULL_UP;
	IOMUXC_SELECT_UART2_RXD = 1;
	return OSC_HZ;
}

/* Its clock is that of the bus. */
static inline void mu_connect(void) {}

#endif
