/*
 * CCM of the i.MX 8M family and the i.MX 7Dual, and a console on it: clock roots with a multiplexer, gates. Both run from the 24 MHz crystal here,
 * so that nothing of the PLLs has to be known. Source: the CCM chapters of IMX8MMRM, IMX8MNRM, IMX8MDQLQRM, IMX7DRM.
 */
#ifndef CCM_ROOTS_H
#define CCM_ROOTS_H

#include "cortex-m.h"

#define OSC_HZ 24000000u
#define CCM_CCGR_SET(n) REG32(0x30380000 + 0x4000 + 16 * (n) + 4)
#define CCM_TARGET_ROOT(n) REG32(0x30380000 + 0x8000 + 128 * (n))
#define CCM_ROOT_ENABLE (1u << 28) /* from source 0, the crystal, undivided */
#define CCM_CCGR_ON 3u             /* needed always, also in wait and stop modes */

/* An input and an output pad in IOMUXC: function, settings, daisy chain, as offsets. */
struct console_pads {
	uint16_t rxd_mux, rxd_pad, rxd_select, txd_mux, txd_pad;
	uint32_t daisy, settings;
};

/* Connects the console: clock root and gate by their numbers, pads. Its module clock in Hz. */
static inline uint32_t console_on_root(uint32_t root, uint32_t gate, const struct console_pads *pads)
{
	CCM_TARGET_ROOT(root) = CCM_ROOT_ENABLE;
	CCM_CCGR_SET(gate) = CCM_CCGR_ON;
	REG32(0x30330000 + pads->rxd_mux) = 0;
	REG32(0x30330000 + pads->rxd_select) = pads->daisy;
	REG32(0x30330000 + pads->rxd_pad) = pads->settings;
	REG32(0x30330000 + pads->txd_mux) = 0;
	REG32(0x30330000 + pads->txd_pad) = pads->settings;
	return OSC_HZ;
}

#endif
