/*
 * From reset to main(): vector table, .data and .bss, the FPU if the program uses it, and a place to end up for every exception
 * that a program does not handle. Linux (or the boot ROM) fetches SP and PC from the first two words of the table.
 */
#include "soc.h"

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[], __stack_top[];
extern int main(void);

typedef void handler_t(void);

void Reset_Handler(void) __attribute__((noreturn));
#ifdef STARTED_WITHOUT_STACK
void start(void) __attribute__((noreturn, used));
#endif

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
/* The names are macros: the handlers go by the manual's. */
DEFAULT_HANDLER(CONSOLE_IRQHandler)
DEFAULT_HANDLER(MU_IRQHandler)

__attribute__((section(".vectors"), used)) handler_t *const vectors[16 + INTERRUPTS] = {
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
	[16 ... 16 + CONSOLE_IRQ - 1] = Unexpected_IRQHandler,
	[16 + CONSOLE_IRQ] = CONSOLE_IRQHandler,
	[16 + CONSOLE_IRQ + 1 ... 16 + MU_IRQ - 1] = Unexpected_IRQHandler,
	[16 + MU_IRQ] = MU_IRQHandler,
	[16 + MU_IRQ + 1 ... 16 + INTERRUPTS - 1] = Unexpected_IRQHandler,
};

#ifdef STARTED_WITHOUT_STACK
/* Whoever starts the core gives it the entry point alone. */
__attribute__((naked)) void Reset_Handler(void)
{
	__asm volatile("ldr r0, =__stack_top\n"
				   "mov sp, r0\n"
				   "b start");
}
#else
#define start Reset_Handler
#endif

void start(void)
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
