/*
 * What these programs know of the i.MX 7Dual as its Cortex-M4 sees it. Source: IMX7DRM, memory map, interrupts, CCM, IOMUXC.
 */
#ifndef IMX7D_H
#define IMX7D_H

#include "ccm-roots.h"

#define SOC_NAME "i.MX 7Dual Cortex-M4"
#define CORE_NAME "m4"
#define CORE_HZ 240000000u
#define INTERRUPTS 128
#define TABLE_REGIONS { 0x9FFFF000 } /* as Zephyr's samples expect it */
#define STARTED_WITHOUT_STACK /* by the bootaux of a U-Boot that reads ELF files */

/* UART2, the M4's console on a Colibri (UART_B). */
#define CONSOLE_BASE 0x30890000u
#define CONSOLE_IRQ 27
#define CONSOLE_IRQHandler UART2_IRQHandler

/* The messaging unit as the core sees it: side B. */
#define MU_BASE 0x30AB0000u
#define MU_IRQ 97
#define MU_IRQHandler MU_B_IRQHandler

static inline uint32_t console_connect(void)
{
	static const struct console_pads pads = { .rxd_mux = 0x130, .rxd_pad = 0x3A0, .rxd_select = 0x6FC, .txd_mux = 0x134, .txd_pad = 0x3A4, .daisy = 2, .settings = 0x79 };
	return console_on_root(96, 149, &pads);
}

static inline void mu_connect(void)
{
	CCM_CCGR_SET(39) = CCM_CCGR_ON;
}

#endif
