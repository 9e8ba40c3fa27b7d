/* I2C3 as a master at 100 kbit/s, by polling. */
#ifndef I2C_H
#define I2C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void i2c_init(void);

/*
 * Writes `count` bytes to the device at `address`, then, after a repeated START, reads `wanted` bytes; either may be 0. False when the
 * device did not acknowledge its address or a byte.
 */
bool i2c_transfer(uint8_t address, const uint8_t *bytes, size_t count, uint8_t *into, size_t wanted);

#endif
