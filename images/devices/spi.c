/*
 * Driver of the ECSPI (IMX8MPRM, "Enhanced Configurable SPI"), ECSPI2 only: bursts that XCH starts, under chip select 0.
 * The first word of a burst has what its length leaves over by whole words, in its low bits.
 */
#include "spi.h"

#include "board.h"

#define RXDATA REG32(ECSPI2_BASE + 0x00)
#define TXDATA REG32(ECSPI2_BASE + 0x04)
#define CONREG REG32(ECSPI2_BASE + 0x08)
#define CONFIGREG REG32(ECSPI2_BASE + 0x0C)
#define STATREG REG32(ECSPI2_BASE + 0x18)
#define TESTREG REG32(ECSPI2_BASE + 0x20)

#define CONREG_EN (1u << 0)
#define CONREG_XCH (1u << 2)
#define CONREG_MASTER_0 (1u << 4)
#define CONREG_BY_6 ((1u << 8) | (2u << 12)) /* post-divider 2, pre-divider 3 */
#define CONREG_BURST(bits) (((bits) - 1u) << 20)
#define STATREG_TC (1u << 7)
#define TESTREG_LBC (1u << 31)
#define CONTROL (CONREG_EN | CONREG_MASTER_0 | CONREG_BY_6)

void spi_init(void)
{
	CCM_TARGET_ROOT(CCM_ROOT_ECSPI2) = CCM_ROOT_ENABLE | CCM_ROOT_OSC_24M;
	CCM_CCGR_SET(CCM_CCGR_ECSPI2) = CCM_CCGR_ON;
	for (uint32_t pad = 0; pad < 4; pad++) {
		MUX_ECSPI2(pad) = 0;
		SELECT_ECSPI2(pad) = 1;
	}
	CONREG = 0; /* EN low resets the block */
	CONREG = CONTROL;
	CONFIGREG = 0;
}

void spi_loopback(bool on)
{
	TESTREG = on ? TESTREG_LBC : 0;
}

/* Runs a burst whose words are in TXFIFO. */
static void burst(size_t bits)
{
	CONREG = CONTROL | CONREG_BURST(bits) | CONREG_XCH;
	while (!(STATREG & STATREG_TC)) {}
	STATREG = STATREG_TC;
}

void spi_exchange_words(const uint32_t *out, uint32_t *in, size_t count)
{
	for (size_t i = 0; i < count; i++) TXDATA = out[i];
	burst(32 * count);
	for (size_t i = 0; i < count; i++) in[i] = RXDATA;
}

void spi_exchange(const uint8_t *out, uint8_t *in, size_t count)
{
	for (size_t i = 0; i < count;) {
		uint32_t word = 0;
		do word = word << 8 | out[i];
		while ((count - ++i) % 4);
		TXDATA = word;
	}
	burst(8 * count);
	for (size_t i = 0; i < count;) {
		uint32_t word = RXDATA;
		do in[i] = (uint8_t)(word >> 8 * ((count - i - 1) % 4));
		while ((count - ++i) % 4);
	}
}
