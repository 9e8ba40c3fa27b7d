/*
 * For soaks of many hours: sleeps nearly always, woken by a tick a hundred times a second; echoes what Linux's rpmsg_client_sample and
 * rpmsg_tty send; and every five seconds rewrites a routine of its own, runs it 20,000 rounds, and compares the result with that of
 * the same computation in C. Whatever an emulator keeps of code, it has to drop here again and again.
 *
 *     imx-sim run images/imx8mp_soak.elf --until 'up 600 s' --timeout 601s
 */
#include "imx8mp.h"
#include "mpu.h"
#include "mu.h"
#include "print.h"
#include "rpmsg.h"
#include "uart.h"

RESOURCE_TABLE struct {
	uint32_t header[4];
	uint32_t offset[1];
	struct fw_rsc_vdev vdev;
} resource_table = {
	.header = { RSC_TABLE_VERSION, 1 },
	.offset = { __builtin_offsetof(__typeof__(resource_table), vdev) },
	.vdev = RPMSG_VDEV(FW_RSC_ADDR_ANY, FW_RSC_ADDR_ANY),
};

#define TICKS_PER_SECOND 100u
#define SECONDS_PER_REWRITE 5u
#define SECONDS_PER_LINE 600u
#define ROUNDS 20000u
#define CLIENT_MESSAGES 100u

static volatile uint32_t ticks;
static uint32_t messages, rewrites;

void SysTick_Handler(void)
{
	ticks++;
}

/*
 * uint32_t routine(uint32_t state, uint32_t rounds), a xorshift with an addend; it stands among data, which change while it runs.
 * The byte of the addend is rewritten.
 */
static uint16_t routine[] __attribute__((section(".data.routine"), aligned(4))) = {
	0xEA80, 0x3040, /* 1: eor.w r0, r0, r0, lsl #13 */
	0xEA80, 0x4050, /*    eor.w r0, r0, r0, lsr #17 */
	0xEA80, 0x1040, /*    eor.w r0, r0, r0, lsl #5 */
	0x3000,         /*    adds r0, #addend */
	0x3901,         /*    subs r1, #1 */
	0xD1F6,         /*    bne 1b */
	0x4770,         /*    bx lr */
};
#define ADDEND 6

static uint32_t in_c(uint32_t state, uint32_t rounds, uint32_t addend)
{
	while (rounds--) {
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		state += addend;
	}
	return state;
}

static void rewrite(void)
{
	uint32_t addend = ++rewrites & 0xFF;
	*(volatile uint16_t *)&routine[ADDEND] = (uint16_t)(0x3000 | addend);
	dsb();
	isb();
	uint32_t (*run)(uint32_t, uint32_t) = (uint32_t(*)(uint32_t, uint32_t))((uintptr_t)routine | 1);
	uint32_t found = run(rewrites, ROUNDS);
	uint32_t expected = in_c(rewrites, ROUNDS, addend);
	if (found != expected) print("soak: wrong: rewrite %lu gave %08lx, not %08lx\n", rewrites, found, expected);
}

static void client_receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	messages++;
	rpmsg_send(endpoint, source, data, length);
	if (messages == CLIENT_MESSAGES) rpmsg_destroy(endpoint);
}

static void tty_receive(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	messages++;
	rpmsg_send(endpoint, source, data, length);
}

static struct rpmsg_endpoint client = { .name = "rpmsg-client-sample", .address = RPMSG_ADDR_ANY, .receive = client_receive };
static struct rpmsg_endpoint tty = { .name = "rpmsg-tty", .address = RPMSG_ADDR_ANY, .receive = tty_receive };

int main(void)
{
	mpu_init();
	uart_init();
	print("\nsoak: %u ticks per second\n", TICKS_PER_SECOND);

	mu_init();
	rpmsg_start((const struct resource_table *)&resource_table);
	rpmsg_create(&client);
	rpmsg_create(&tty);

	systick_start(CORE_HZ / TICKS_PER_SECOND);
	uint32_t next_rewrite = 0, next_line = SECONDS_PER_LINE * TICKS_PER_SECOND;
	for (;;) {
		rpmsg_poll();
		if (ticks >= next_rewrite) {
			rewrite();
			next_rewrite += SECONDS_PER_REWRITE * TICKS_PER_SECOND;
		}
		if (ticks >= next_line) {
			print("up %lu s, %lu rewrites, %lu messages\n", next_line / TICKS_PER_SECOND, rewrites, messages);
			next_line += SECONDS_PER_LINE * TICKS_PER_SECOND;
		}
		mu_wait();
	}
}
