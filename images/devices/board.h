/*
 * What this program has on its board beside UART4: I2C3 with its devices, ECSPI2 with a flash on its chip select, a button, a LED.
 * Source: i.MX 8M Plus Applications Processor Reference Manual (IMX8MPRM): memory map, IOMUXC, CCM, GPIO.
 */
#ifndef BOARD_H
#define BOARD_H

#include "imx8mp.h"

#define REG16(address) (*(volatile uint16_t *)(uintptr_t)(address))

#define I2C3_BASE 0x30A40000u
#define ECSPI2_BASE 0x30830000u

#define CCM_CCGR_ECSPI2 8
#define CCM_CCGR_GPIO1 11
#define CCM_CCGR_GPIO3 13
#define CCM_CCGR_I2C3 25
#define CCM_ROOT_I2C3 92
#define CCM_ROOT_ECSPI2 102
#define CCM_ROOT_OSC_24M CCM_ROOT_MUX(0u)

/* Pads: function, settings, and for inputs the daisy chain. */
#define PAD_MUX_SION (1u << 4)
#define PAD_OPEN_DRAIN_PULLED_UP 0x1C6u /* PE | HYS | PUE | FSEL, DSE 3 */
#define MUX_I2C3_SCL REG32(0x30330210)
#define MUX_I2C3_SDA REG32(0x30330214)
#define PAD_I2C3_SCL REG32(0x30330470)
#define PAD_I2C3_SDA REG32(0x30330474)
#define SELECT_I2C3_SCL REG32(0x303305B4)
#define SELECT_I2C3_SDA REG32(0x303305B8)
#define MUX_ECSPI2(n) REG32(0x303301F0 + 4 * (n)) /* SCLK, MOSI, MISO, SS0 */
#define SELECT_ECSPI2(n) REG32(0x30330568 + 4 * (n)) /* SCLK, MISO, MOSI, SS0 */
#define MUX_GPIO1_IO05 REG32(0x30330028)
#define MUX_NAND_READY_B REG32(0x30330120)
#define MUX_NAND_READY_B_GPIO3_IO16 5u

#define GPIO1_BASE 0x30200000u
#define GPIO3_BASE 0x30220000u
#define GPIO_DR(base) REG32((base) + 0x00)
#define GPIO_GDIR(base) REG32((base) + 0x04)
#define GPIO_ICR1(base) REG32((base) + 0x0C)
#define GPIO_IMR(base) REG32((base) + 0x14)
#define GPIO_ISR(base) REG32((base) + 0x18)
#define GPIO_EDGE_SEL(base) REG32((base) + 0x1C)
#define GPIO1_COMBINED_0_15_IRQ 64
#define BUTTON 5u /* of GPIO1 */
#define LED 16u /* of GPIO3 */

#endif
