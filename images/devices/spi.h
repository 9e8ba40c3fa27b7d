/* ECSPI2 as a master at 4 MHz, mode 0, by polling. */
#ifndef SPI_H
#define SPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void spi_init(void);

/* Connects the transmitter to the receiver inside of the block. */
void spi_loopback(bool on);

/* Exchanges `count` words of 32 bits in one burst. */
void spi_exchange_words(const uint32_t *out, uint32_t *in, size_t count);

/* Exchanges `count` bytes, at most 256, under one chip select. */
void spi_exchange(const uint8_t *out, uint8_t *in, size_t count);

#endif
