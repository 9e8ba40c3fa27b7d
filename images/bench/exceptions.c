/* A computation that pends an exception (PendSV) for itself every 700 instructions or so: the same on every clock. */
#include "cortex-m.h"
#include "load.h"

#define SCB_ICSR REG32(0xE000ED04)
#define SCB_ICSR_PENDSVSET (1u << 28)

#define COUNT 20000u

static volatile uint32_t calls;

void PendSV_Handler(void)
{
	calls++;
}

uint32_t bench(void)
{
	uint32_t hash = FOLD_START;
	calls = 0;
	for (uint32_t i = 0; i < COUNT; i++) {
		hash = load(hash, 100);
		if (bench_plain) continue;
		SCB_ICSR = SCB_ICSR_PENDSVSET;
		dsb();
		isb();
	}
	bench_events += calls;
	return bench_plain || calls == COUNT ? hash : 0;
}
