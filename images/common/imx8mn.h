/*
 * What these programs know of the i.MX 8M Nano as its Cortex-M7 sees it. Source: IMX8MNRM, memory map, interrupts, CCM, IOMUXC.
 */
#ifndef IMX8MN_H
#define IMX8MN_H

#include "ccm-roots.h"

#define SOC_NAME "i.MX 8M Nano Cortex-M7"
#define CORE_NAME "m7"
#define CORE_HZ 600000000u
#define INTERRUPTS 128
#define TABLE_REGIONS { 0xB80FF000, 0x400FF000 } /* of NXP's EVK and Toradex' Verdin, of Variscite's modules */

/* UART4, the M7's console on the EVK. */
#define CONSOLE_BASE 0x30A60000u
#define CONSOLE_IRQ 29
#define CONSOLE_IRQHandler UART4_IRQHandler

/* The messaging unit as the core sees it: side B. */
#define MU_BASE 0x30AB0000u
#define MU_IRQ 97
#define MU_IRQHandler MU_B_IRQHandler

static inline uint32_t console_connect(void)
{
	static const struct console_pads pads = { .rxd_mux = 0x24C, .rxd_pad = 0x4B4, .rxd_select = 0x50C, .txd_mux = 0x250, .txd_pad = 0x4B8, .daisy = 2, .settings = 0x140 };
	return console_on_root(97, 76, &pads);
}

static inline void mu_connect(void)
{
	CCM_CCGR_SET(33) = CCM_CCGR_ON;
}

#endif
