/*
 * Driver of the i.MX I2C controller (IMX8MPRM, "I2C Controller"), I2C3 only: a master that polls IIF after each byte.
 * Its status flags are cleared by writing 0; a read of I2DR in receive mode starts the next byte.
 */
#include "i2c.h"

#include "board.h"

#define IFDR REG16(I2C3_BASE + 0x04)
#define I2CR REG16(I2C3_BASE + 0x08)
#define I2SR REG16(I2C3_BASE + 0x0C)
#define I2DR REG16(I2C3_BASE + 0x10)

#define I2CR_RSTA 0x04u
#define I2CR_TXAK 0x08u
#define I2CR_MTX 0x10u
#define I2CR_MSTA 0x20u
#define I2CR_IEN 0x80u
#define I2SR_RXAK 0x01u
#define I2SR_IIF 0x02u
#define I2SR_IBB 0x20u

#define IFDR_DIVIDE_BY_240 0x0Fu /* 24 MHz to 100 kHz */

void i2c_init(void)
{
	CCM_TARGET_ROOT(CCM_ROOT_I2C3) = CCM_ROOT_ENABLE | CCM_ROOT_OSC_24M;
	CCM_CCGR_SET(CCM_CCGR_I2C3) = CCM_CCGR_ON;
	MUX_I2C3_SCL = PAD_MUX_SION;
	MUX_I2C3_SDA = PAD_MUX_SION;
	PAD_I2C3_SCL = PAD_OPEN_DRAIN_PULLED_UP;
	PAD_I2C3_SDA = PAD_OPEN_DRAIN_PULLED_UP;
	SELECT_I2C3_SCL = 4;
	SELECT_I2C3_SDA = 4;
	I2CR = 0;
	IFDR = IFDR_DIVIDE_BY_240;
	I2CR = I2CR_IEN;
}

/* Waits until a byte is over; true when it was acknowledged. */
static bool byte_done(void)
{
	while (!(I2SR & I2SR_IIF)) {}
	I2SR = 0;
	return !(I2SR & I2SR_RXAK);
}

static bool send(uint8_t byte)
{
	I2DR = byte;
	return byte_done();
}

static void stop(void)
{
	I2CR = I2CR_IEN;
	while (I2SR & I2SR_IBB) {}
}

static void receive(uint8_t *into, size_t wanted)
{
	I2CR = I2CR_IEN | I2CR_MSTA | (wanted == 1 ? I2CR_TXAK : 0);
	(void)I2DR;
	for (size_t left = wanted; left > 0; left--) {
		byte_done();
		/* The last byte is not acknowledged, and STOP comes before it is read, or the read would begin another. */
		if (left == 2) I2CR = I2CR_IEN | I2CR_MSTA | I2CR_TXAK;
		if (left == 1) stop();
		*into++ = (uint8_t)I2DR;
	}
}

bool i2c_transfer(uint8_t address, const uint8_t *bytes, size_t count, uint8_t *into, size_t wanted)
{
	uint8_t write = (uint8_t)(address << 1), read = (uint8_t)(write | 1);
	I2CR = I2CR_IEN | I2CR_MSTA | I2CR_MTX;
	bool good = send(count || !wanted ? write : read);
	for (size_t i = 0; good && i < count; i++) good = send(bytes[i]);
	if (good && count && wanted) {
		I2CR = I2CR_IEN | I2CR_MSTA | I2CR_MTX | I2CR_RSTA;
		good = send(read);
	}
	if (good && wanted) receive(into, wanted);
	else stop();
	return good;
}
