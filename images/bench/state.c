/*
 * State machines: a framed protocol (flag, escape, length, payload, CRC) is sent and received byte by byte, through a table of handlers
 * on one side and a table of next states on the other.
 */
#include "bench.h"

#define FRAMES 9000u
#define FLAG 0x7Eu
#define ESCAPE 0x7Du

enum state { IDLE, LENGTH, PAYLOAD, CHECK_HIGH, CHECK_LOW, STATES };

struct receiver {
	enum state state;
	uint32_t escaped, length, count, good, bad;
	uint16_t crc, sent;
	uint8_t payload[32];
};

static uint16_t crc_step(uint16_t crc, uint8_t byte)
{
	uint32_t x = (uint32_t)(crc >> 8 ^ byte);
	x ^= x >> 4;
	return (uint16_t)((uint32_t)crc << 8 ^ x << 12 ^ x << 5 ^ x);
}

static enum state on_idle(struct receiver *r, uint8_t byte)
{
	(void)r;
	(void)byte;
	return IDLE;
}

static enum state on_length(struct receiver *r, uint8_t byte)
{
	if (byte == 0 || byte > sizeof r->payload) {
		r->bad++;
		return IDLE;
	}
	r->length = byte;
	r->count = 0;
	r->crc = crc_step(0xFFFF, byte);
	return PAYLOAD;
}

static enum state on_payload(struct receiver *r, uint8_t byte)
{
	r->payload[r->count++] = byte;
	r->crc = crc_step(r->crc, byte);
	return r->count < r->length ? PAYLOAD : CHECK_HIGH;
}

static enum state on_check_high(struct receiver *r, uint8_t byte)
{
	r->sent = (uint16_t)(byte << 8);
	return CHECK_LOW;
}

static enum state on_check_low(struct receiver *r, uint8_t byte)
{
	if ((r->sent | byte) == r->crc) r->good++;
	else r->bad++;
	return IDLE;
}

static enum state (*const handlers[STATES])(struct receiver *, uint8_t) = { on_idle, on_length, on_payload, on_check_high, on_check_low };

static void receive(struct receiver *r, uint8_t byte)
{
	if (byte == FLAG) {
		r->state = LENGTH;
		r->escaped = 0;
	} else if (byte == ESCAPE) {
		r->escaped = 0x20;
	} else {
		uint8_t plain = (uint8_t)(byte ^ r->escaped);
		r->escaped = 0;
		r->state = handlers[r->state](r, plain);
	}
}

/* Classes of bytes, and which state follows which: words of letters, numbers and the blanks between them are counted. */
static const uint8_t classes[16] = { 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3 };
static const uint8_t next[4][4] = { { 0, 1, 2, 3 }, { 0, 1, 3, 3 }, { 0, 3, 2, 3 }, { 0, 3, 3, 3 } };

static uint8_t *stuff(uint8_t *to, uint8_t byte)
{
	if (byte == FLAG || byte == ESCAPE) {
		*to++ = ESCAPE;
		byte ^= 0x20;
	}
	*to++ = byte;
	return to;
}

uint32_t bench(void)
{
	uint32_t seed = 23, hash = FOLD_START, tally[4] = { 0 }, state = 0;
	struct receiver receiver = { 0 };
	uint8_t line[80];
	for (uint32_t frame = 0; frame < FRAMES; frame++) {
		uint8_t *end = line, length = (uint8_t)(8 + xorshift(&seed) % 25);
		uint16_t crc = crc_step(0xFFFF, length);
		*end++ = FLAG;
		end = stuff(end, length);
		for (uint32_t i = 0; i < length; i++) {
			uint8_t byte = (uint8_t)(xorshift(&seed) >> 11);
			crc = crc_step(crc, byte);
			end = stuff(end, byte);
		}
		end = stuff(end, (uint8_t)(crc >> 8));
		end = stuff(end, (uint8_t)crc);
		if (frame % 16 == 3) line[5] ^= 1; /* a bit lost on the way */
		for (uint8_t *at = line; at < end; at++) receive(&receiver, *at);
		for (uint32_t i = 0; i < length; i++) {
			tally[state]++;
			state = next[state][classes[receiver.payload[i] & 15]];
		}
		hash = fold(hash, receiver.payload[length / 2]);
	}
	for (uint32_t i = 0; i < 4; i++) hash = fold(hash, tally[i]);
	return fold(fold(hash, receiver.good), receiver.bad);
}
