/*
 * What these programs know of the i.MX 8M Plus as its Cortex-M7 sees it: addresses, interrupts, clocks.
 * Source: i.MX 8M Plus Applications Processor Reference Manual (IMX8MPRM), memory map and chapters named below.
 */
#ifndef IMX8MP_H
#define IMX8MP_H

#include "cortex-m.h"

#define SOC_NAME "i.MX 8M Plus Cortex-M7"
#define CORE_NAME "m7"
#define CORE_HZ 800000000u
#define INTERRUPTS 160
#define TABLE_REGIONS { 0x550FF000, 0xB80FF000 } /* of NXP's EVK, of Toradex' Verdin (HMP overlay) */

/* CCM: clock roots and gates; a write to +4 sets the bits that are one. */
#define CCM_CCGR_SET(n) REG32(0x30380000 + 0x4000 + 16 * (n) + 4)
#define CCM_TARGET_ROOT(n) REG32(0x30380000 + 0x8000 + 128 * (n))
#define CCM_ROOT_ENABLE (1u << 28)
#define CCM_ROOT_MUX(n) ((n) << 24)
#define CCM_CCGR_ON 3u /* needed always, also in wait and stop modes */
#define CCM_CCGR_MU 33
#define CCM_CCGR_UART4 76
#define CCM_ROOT_UART4 97
#define CCM_ROOT_UART4_SYS_PLL1_DIV10 1u

/* CCM_ANALOG: SYS_PLL1, an integer PLL on the 24 MHz oscillator. */
#define OSC_HZ 24000000u
#define SYS_PLL1_GEN_CTRL REG32(0x30360094)
#define SYS_PLL1_FDIV_CTL0 REG32(0x30360098)
#define PLL_BYPASS (1u << 4)

/* IOMUXC: function, input daisy chain and electrical settings of UART4's two pads. */
#define IOMUXC_MUX_UART4_RXD REG32(0x30330238)
#define IOMUXC_MUX_UART4_TXD REG32(0x3033023C)
#define IOMUXC_PAD_UART4_RXD REG32(0x30330498)
#define IOMUXC_PAD_UART4_TXD REG32(0x3033049C)
#define IOMUXC_SELECT_UART4_RXD REG32(0x30330600)
#define IOMUXC_PAD_PULL_UP 0x140u /* PE | PUE */

#define UART4_BASE 0x30A60000u
#define UART4_IRQ 29

/* MU1 as the M7 sees it: side B. */
#define MU1_B_BASE 0x30AB0000u
#define MU1_IRQ 97

/* What the programs call them that run on several SoCs. */
#define CONSOLE_BASE UART4_BASE
#define CONSOLE_IRQ UART4_IRQ
#define CONSOLE_IRQHandler UART4_IRQHandler
#define MU_BASE MU1_B_BASE
#define MU_IRQ MU1_IRQ
#define MU_IRQHandler MU1_M7_IRQHandler

/* Rate of SYS_PLL1 in Hz, from the dividers that the boot loader left: 24 MHz * main / (pre * 2^post). */
static inline uint32_t sys_pll1_hz(void)
{
	if (SYS_PLL1_GEN_CTRL & PLL_BYPASS) return OSC_HZ;
	uint32_t dividers = SYS_PLL1_FDIV_CTL0;
	uint32_t main = (dividers >> 12) & 0x3FF, pre = (dividers >> 4) & 0x3F, post = dividers & 7;
	return OSC_HZ / 1000 * main / pre / (1u << post) * 1000;
}

/* Clock and pads of the console; its module clock in Hz. */
static inline uint32_t console_connect(void)
{
	CCM_TARGET_ROOT(CCM_ROOT_UART4) = CCM_ROOT_ENABLE | CCM_ROOT_MUX(CCM_ROOT_UART4_SYS_PLL1_DIV10);
	CCM_CCGR_SET(CCM_CCGR_UART4) = CCM_CCGR_ON;

	IOMUXC_MUX_UART4_RXD = 0;
	IOMUXC_SELECT_UART4_RXD = 8;
	IOMUXC_PAD_UART4_RXD = IOMUXC_PAD_PULL_UP;
	IOMUXC_MUX_UART4_TXD = 0;
	IOMUXC_PAD_UART4_TXD = IOMUXC_PAD_PULL_UP;
	return sys_pll1_hz() / 10;
}

/* Clock of the messaging unit. */
static inline void mu_connect(void)
{
	CCM_CCGR_SET(CCM_CCGR_MU) = CCM_CCGR_ON;
}

#endif
