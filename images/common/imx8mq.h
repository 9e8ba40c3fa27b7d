/*
 * What these programs know of the i.MX 8M Quad as its Cortex-M4 sees it. Source: IMX8MDQLQRM, memory map, interrupts, CCM, IOMUXC.
 */
#ifndef IMX8MQ_H
#define IMX8MQ_H

#include "ccm-roots.h"

#define SOC_NAME "i.MX 8M Quad Cortex-M4"
#define CORE_NAME "m4"
#define CORE_HZ 266000000u
#define INTERRUPTS 128
#define TABLE_REGIONS { 0xB80FF000, 0x400FF000 } /* of NXP's EVK and Toradex' Verdin, of Variscite's modules */

/* UART2, the M4's console on the EVK. */
#define CONSOLE_BASE 0x30890000u
#define CONSOLE_IRQ 27
#define CONSOLE_IRQHandler UART2_IRQHandler

/* The messaging unit as the core sees it: side B. */
#define MU_BASE 0x30AB0000u
#define MU_IRQ 97
#define MU_IRQHandler MU_B_IRQHandler

static inline uint32_t console_connect(void)
{
	static const struct console_pads pads = { .rxd_mux = 0x23C, .rxd_pad = 0x4A4, .rxd_select = 0x4FC, .txd_mux = 0x240, .txd_pad = 0x4A8, .daisy = 0, .settings = 0x49 };
	return console_on_root(95, 74, &pads);
}

static inline void mu_connect(void)
{
	CCM_CCGR_SET(33) = CCM_CCGR_ON;
}

#endif
