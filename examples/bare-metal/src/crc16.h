/* The checksum of the command line: CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF). */
#ifndef CRC16_H
#define CRC16_H

#include <stdint.h>

uint16_t crc16(const uint8_t *data, uint32_t length);

#endif
