/*
 * From reset to main(): vector table, .data and .bss, the FPU if the program uses it, and a place to end up for every exception
 * that a program does not handle. Linux (or the boot ROM) fetches SP and PC from the first two words of the table.
 */
#include "cortex-m.h"

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[], __stack_top[];
extern int main(void);

typedef void handler_t(void);

void Reset_Handler(void) __attribute__((noreturn));

/*
 * The default handlers stop where a debugger finds them, one loop per exception so that the address tells which it was. A
 * program replaces one by defining a function of the same name.
 */
#define DEFAULT_HANDLER(name)                                                                                                          \
	__attribute__((weak)) void name(void)                                                                                              \
	{                                                                                                                                  \
		for (;;) __asm volatile("" ::: "memory");                                                                                      \
	}

DEFAULT_HANDLER(NMI_Handler)
DEFAULT_HANDLER(HardFault_Handler)
DEFAULT_HANDLER(MemManage_Handler)
DEFAULT_HANDLER(BusFault_Handler)
DEFAULT_HANDLER(UsageFault_Handler)
DEFAULT_HANDLER(SVC_Handler)
DEFAULT_HANDLER(DebugMon_Handler)
DEFAULT_HANDLER(PendSV_Handler)
DEFAULT_HANDLER(SysTick_Handler)
DEFAULT_HANDLER(Unexpected_IRQHandler)
DEFAULT_HANDLER(UART4_IRQHandler)
DEFAULT_HANDLER(MU1_M7_IRQHandler)

__attribute__((section(".vectors"), used)) handler_t *const vectors[16 + 160] = {
	[0] = (handler_t *)__stack_top,
	[1] = Reset_Handler,
	[2] = NMI_Handler,
	[3] = HardFault_Handler,
	[4] = MemManage_Handler,
	[5] = BusFault_Handler,
	[6] = UsageFault_Handler,
	[11] = SVC_Handler,
	[12] = DebugMon_Handler,
	[14] = PendSV_Handler,
	[15] = SysTick_Handler,
	[16 ... 16 + 28] = Unexpected_IRQHandler,
	[16 + 29] = UART4_IRQHandler,
	[16 + 30 ... 16 + 96] = Unexpected_IRQHandler,
	[16 + 97] = MU1_M7_IRQHandler,
	[16 + 98 ... 16 + 159] = Unexpected_IRQHandler,
};

void Reset_Handler(void)
{
	SCB_VTOR = (uint32_t)(uintptr_t)vectors;
#ifdef __ARM_FP
	SCB_CPACR |= 0xFu << 20; /* CP10 and CP11: full access */
	dsb();
	isb();
#endif
	for (uint32_t *to = __data_start, *from = __data_load; to < __data_end;) *to++ = *from++;
	for (uint32_t *to = __bss_start; to < __bss_end;) *to++ = 0;
	main();
	for (;;) wait_for_interrupt();
}
