/*
 * Devices on I2C3, ECSPI2 and GPIO: reads a TMP102 at 0x48, writes a 24C02 at 0x50 and reads it back, loops words through the ECSPI, programs
 * a flash on its chip select. Then it sleeps: each edge of the button (GPIO1.5) toggles the LED (GPIO3.16) and shows the temperature.
 *
 *     imx-sim run images/imx8mp_devices.elf --until 'devices: ready'
 *
 * Without devices on its buses it says so for each; test/kit/devices.test.ts attaches some.
 */
#include "board.h"
#include "i2c.h"
#include "print.h"
#include "resource-table.h"
#include "spi.h"
#include "uart.h"

RESOURCE_TABLE struct resource_table resource_table = { .ver = RSC_TABLE_VERSION, .num = 0 };

#define TMP102 0x48
#define EEPROM 0x50
#define EEPROM_PAGE 8u
#define MOST_POLLS 100u

static volatile uint32_t presses;

/* The button's interrupt has no handler of its own in the table that the programs here share. */
typedef void handler_t(void);
extern handler_t *const vectors[16 + 160];
static handler_t *table[16 + 160] __attribute__((aligned(1024)));

static void button_handler(void)
{
	GPIO_ISR(GPIO1_BASE) = 1u << BUTTON;
	GPIO_DR(GPIO3_BASE) ^= 1u << LED;
	presses++;
	dsb();
}

static void button_init(void)
{
	for (uint32_t i = 0; i < 16 + 160; i++) table[i] = vectors[i];
	table[16 + GPIO1_COMBINED_0_15_IRQ] = button_handler;
	SCB_VTOR = (uint32_t)(uintptr_t)table;
	dsb();
	CCM_CCGR_SET(CCM_CCGR_GPIO1) = CCM_CCGR_ON;
	CCM_CCGR_SET(CCM_CCGR_GPIO3) = CCM_CCGR_ON;
	MUX_GPIO1_IO05 = 0;
	MUX_NAND_READY_B = MUX_NAND_READY_B_GPIO3_IO16;
	GPIO_GDIR(GPIO3_BASE) |= 1u << LED;
	GPIO_GDIR(GPIO1_BASE) &= ~(1u << BUTTON);
	GPIO_ICR1(GPIO1_BASE) = 2u << 2 * BUTTON; /* rising edge */
	GPIO_ISR(GPIO1_BASE) = 1u << BUTTON;
	GPIO_IMR(GPIO1_BASE) = 1u << BUTTON;
	nvic_enable(GPIO1_COMBINED_0_15_IRQ, 0x80);
}

static void show_temperature(void)
{
	uint8_t pointer = 0, bytes[2];
	if (!i2c_transfer(TMP102, &pointer, 1, bytes, 2)) {
		print("temperature: no sensor\n");
		return;
	}
	int32_t sixteenths = (int16_t)(bytes[0] << 8 | bytes[1]) >> 4;
	uint32_t size = (uint32_t)(sixteenths < 0 ? -sixteenths : sixteenths);
	print("temperature: %s%lu.%04lu C\n", sixteenths < 0 ? "-" : "", size / 16, size % 16 * 625);
}

/* Asks for an acknowledgement until the write cycle is over; how often, or 0 if none came. */
static uint32_t eeprom_ready(void)
{
	for (uint32_t polls = 1; polls <= MOST_POLLS; polls++)
		if (i2c_transfer(EEPROM, NULL, 0, NULL, 0)) return polls;
	return 0;
}

static void try_eeprom(void)
{
	static const char text[] = "written page by page";
	uint8_t bytes[1 + EEPROM_PAGE], back[sizeof text];
	uint32_t polls = 0;
	for (uint32_t done = 0; done < sizeof text; done += EEPROM_PAGE) {
		uint32_t part = sizeof text - done < EEPROM_PAGE ? sizeof text - done : EEPROM_PAGE;
		bytes[0] = (uint8_t)(0x40 + done);
		memcpy(bytes + 1, text + done, part);
		if (!i2c_transfer(EEPROM, bytes, 1 + part, NULL, 0)) {
			print("eeprom: no acknowledgement\n");
			return;
		}
		polls += eeprom_ready();
	}
	uint8_t start = 0x40;
	i2c_transfer(EEPROM, &start, 1, back, sizeof back);
	print("eeprom: \"%s\", %lu polls\n", (const char *)back, polls);
}

static void try_loopback(void)
{
	uint32_t out[64], in[64];
	for (uint32_t i = 0; i < 64; i++) out[i] = 0x9E3779B9u * (i + 1);
	spi_loopback(true);
	spi_exchange_words(out, in, 64);
	spi_loopback(false);
	print("loopback: %s\n", memcmp(out, in, sizeof out) == 0 ? "64 words came back" : "words differ");
}

static uint8_t flash_status(void)
{
	uint8_t bytes[2] = { 0x05 };
	spi_exchange(bytes, bytes, sizeof bytes);
	return bytes[1];
}

static void try_flash(void)
{
	static const uint8_t enable[] = { 0x06 }, page[] = { 0x02, 0x00, 0x12, 0x34, 'f', 'l', 'a', 's', 'h', 'e', 'd' };
	uint8_t id[4] = { 0x9F }, back[4 + 7] = { 0x03, 0x00, 0x12, 0x34 }, unused[sizeof page];
	uint32_t polls = 0;
	spi_exchange(id, id, sizeof id);
	if (id[1] == 0xFF) {
		print("flash: none\n");
		return;
	}
	spi_exchange(enable, unused, sizeof enable);
	spi_exchange(page, unused, sizeof page);
	while (flash_status() & 1) polls++;
	spi_exchange(back, back, sizeof back);
	print("flash: %02x%02x%02x, \"%.*s\", %s\n", id[1], id[2], id[3], 7, (const char *)back + 4, polls ? "busy meanwhile" : "at once");
}

int main(void)
{
	uart_init();
	print("\ndevices on I2C3, ECSPI2 and GPIO\n");
	i2c_init();
	spi_init();
	show_temperature();
	try_eeprom();
	try_loopback();
	try_flash();
	button_init();
	print("devices: ready\n");
	for (uint32_t shown = 0;;) {
		irq_disable();
		if (shown == presses) wait_for_interrupt();
		irq_enable();
		while (shown < presses) {
			print("button: %lu\n", ++shown);
			show_temperature();
		}
	}
}
