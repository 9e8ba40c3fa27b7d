/*
 * Driver of the i.MX UART (IMX8MPRM, "Universal Asynchronous Receiver/Transmitter"), the console only. Input comes by interrupt; output goes
 * straight into the FIFO of 32 characters, and the core sleeps while that is full, as 115200 baud is 70,000 core cycles per character.
 * Its registers are unlike those of the LPUART in the i.MX 93 and 8ULP.
 */
#include "uart.h"

#include "print.h"
#include "soc.h"

#define BAUD 115200u

#define URXD REG32(CONSOLE_BASE + 0x00)
#define UTXD REG32(CONSOLE_BASE + 0x40)
#define UCR1 REG32(CONSOLE_BASE + 0x80)
#define UCR2 REG32(CONSOLE_BASE + 0x84)
#define UCR3 REG32(CONSOLE_BASE + 0x88)
#define UCR4 REG32(CONSOLE_BASE + 0x8C)
#define UFCR REG32(CONSOLE_BASE + 0x90)
#define USR1 REG32(CONSOLE_BASE + 0x94)
#define USR2 REG32(CONSOLE_BASE + 0x98)
#define UBIR REG32(CONSOLE_BASE + 0xA4)
#define UBMR REG32(CONSOLE_BASE + 0xA8)
#define ONEMS REG32(CONSOLE_BASE + 0xB0)
#define UTS REG32(CONSOLE_BASE + 0xB4)

#define UCR1_UARTEN (1u << 0)
#define UCR1_RRDYEN (1u << 9)
#define UCR1_TRDYEN (1u << 13)
#define UCR2_SRST (1u << 0)
#define UCR2_RXEN (1u << 1)
#define UCR2_TXEN (1u << 2)
#define UCR2_WS (1u << 5)
#define UCR2_IRTS (1u << 14)
#define UCR3_RXDMUXSEL (1u << 2)
#define UFCR_RFDIV_BY_1 (5u << 7)
#define UFCR_TXTL(n) ((n) << 10)
#define UFCR_RXTL(n) (n)
#define USR2_RDR (1u << 0)
#define USR2_ORE (1u << 1)
#define UTS_TXFULL (1u << 4)

/* Filled by the interrupt handler, emptied by uart_getc. The indices run freely; their difference is the number of characters held. */
static volatile char received[256];
static volatile uint32_t received_head, received_tail;

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

void uart_init(void)
{
	uint32_t reference = console_connect();

	UCR1 = 0;
	UCR2 = 0; /* SRST low starts a software reset; it reads 1 again when done */
	while (!(UCR2 & UCR2_SRST)) {}

	/* baud = reference * (UBIR + 1) / (16 * (UBMR + 1)), the fraction cancelled so that both fit 16 bits. */
	uint32_t common = greatest_common_divisor(reference, 16 * BAUD);
	UFCR = UFCR_RFDIV_BY_1 | UFCR_TXTL(8) | UFCR_RXTL(1);
	ONEMS = reference / 1000;
	UBIR = 16 * BAUD / common - 1; /* before UBMR: writing that one makes both effective */
	UBMR = reference / common - 1;

	UCR3 = UCR3_RXDMUXSEL;
	UCR4 = 32u << 10; /* CTS trigger level: never */
	UCR2 = UCR2_IRTS | UCR2_WS | UCR2_TXEN | UCR2_RXEN | UCR2_SRST;
	UCR1 = UCR1_UARTEN | UCR1_RRDYEN;
	nvic_enable(CONSOLE_IRQ, 0x80);
}

void CONSOLE_IRQHandler(void)
{
	while (USR2 & USR2_RDR) {
		char c = (char)URXD;
		if (received_head - received_tail < sizeof received) received[received_head++ % sizeof received] = c;
	}
	if (USR2 & USR2_ORE) USR2 = USR2_ORE;
	UCR1 &= ~UCR1_TRDYEN; /* TRDY has done its work: it woke uart_putc */
	dsb(); /* the level must be down before the return, or the handler runs twice */
}

int uart_getc(void)
{
	if (received_tail == received_head) return -1;
	return received[received_tail++ % sizeof received];
}

static void uart_putc(char c)
{
	while (UTS & UTS_TXFULL) {
		irq_disable();
		UCR1 |= UCR1_TRDYEN; /* interrupts when the FIFO is down to TXTL characters */
		wait_for_interrupt();
		irq_enable();
	}
	UTXD = (unsigned char)c;
}

void console_putc(char c)
{
	if (c == '\n') uart_putc('\r');
	uart_putc(c);
}
