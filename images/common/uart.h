/* The core's console on the SoC's first board: 115200 8N1. */
#ifndef UART_H
#define UART_H

/* Sets up clock, pads and UART; received characters go to a buffer by interrupt from then on. */
void uart_init(void);

/* Next received character, or -1. */
int uart_getc(void);

#endif
