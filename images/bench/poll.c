/* Polls a status register (SysTick's COUNTFLAG) until it changes, as drivers do; a period is 10,000 cycles. */
#include "bench.h"
#include "cortex-m.h"

#define SYST_CSR_COUNTFLAG (1u << 16)

#define COUNT 200u
#define PERIOD 10000u

uint32_t bench(void)
{
	uint32_t hash = FOLD_START;
	SYST_RVR = PERIOD - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_CLKSOURCE;
	for (uint32_t i = 0; i < COUNT; i++) {
		while ((SYST_CSR & SYST_CSR_COUNTFLAG) == 0) {}
		hash = fold(hash, i);
	}
	SYST_CSR = 0;
	bench_events += COUNT;
	return hash;
}
