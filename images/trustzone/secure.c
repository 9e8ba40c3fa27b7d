/*
 * The Secure program: what it offers to the other world, and a series of experiments on the border between the two. Everything that is
 * printed is the same on every implementation of ARMv8-M Mainline with eight SAU regions.
 */
#include "secure.h"

#include <arm_cmse.h>

#include "print.h"
#include "semihosting.h"

/* Returns with BXNS, and leaves nothing of this world in registers. */
#define ENTRY_FUNCTION __attribute__((cmse_nonsecure_entry))
typedef uint32_t __attribute__((cmse_nonsecure_call)) ns_function(uint32_t, uint32_t);
/* A function of the other world, to be called from here. */
#define NS(function) ((ns_function *)cmse_nsfptr_create((ns_function *)(uintptr_t)(function)))

static uint32_t supervisor_calls, pended;
static volatile uint32_t ticks, secure_interrupts;
static char marks[16];
static uint32_t marked;
static volatile uint32_t secret[8] = { 0 };

static uint32_t ipsr(void)
{
	uint32_t value;
	__asm volatile("mrs %0, ipsr" : "=r"(value));
	return value;
}

static uint32_t control(void)
{
	uint32_t value;
	__asm volatile("mrs %0, control" : "=r"(value));
	return value;
}

static void print_fault(const char *what)
{
	print("%s: exception %lu, CFSR %08lx, SFSR %02lx", what, fault.exception, fault.cfsr, fault.sfsr);
	if (fault.hfsr != 0) print(", HFSR %08lx", fault.hfsr);
	print(", %lu fault(s)\n", fault.count);
	fault = (struct fault){ 0 };
}

/* Entry functions, behind the gates of start.c. */

uint32_t secure_log(const char *what, uint32_t value);
uint32_t secure_sum(uint32_t a, uint32_t b, uint32_t c, uint32_t d);
uint32_t secure_nest(uint32_t depth, uint32_t (*callback)(uint32_t));
uint32_t secure_crc(uint32_t crc, uint32_t byte);
uint32_t secure_scale(uint32_t value);
uint32_t secure_state(void);
uint32_t secure_test(uint32_t address);
void secure_mark(uint32_t letter);

ENTRY_FUNCTION uint32_t secure_log(const char *what, uint32_t value)
{
	char text[64];
	const char *from = cmse_check_address_range((void *)(uintptr_t)what, sizeof text, CMSE_NONSECURE | CMSE_MPU_READ);
	if (from == NULL) return 1;
	memcpy(text, from, sizeof text - 1);
	text[sizeof text - 1] = '\0';
	print("  non-secure: %s %08lx", text, value);
	if (fault.count != 0) print_fault("");
	else print("\n");
	return 0;
}

ENTRY_FUNCTION uint32_t secure_sum(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	return a + b + c + d;
}

ENTRY_FUNCTION uint32_t secure_nest(uint32_t depth, uint32_t (*callback)(uint32_t))
{
	return depth == 0 ? 7 : depth + NS(callback)(depth - 1, 0);
}

ENTRY_FUNCTION uint32_t secure_crc(uint32_t crc, uint32_t byte)
{
	crc ^= byte;
	for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xEDB88320 & -(crc & 1));
	return crc;
}

ENTRY_FUNCTION uint32_t secure_scale(uint32_t value)
{
	return (uint32_t)((float)value * 2.5f);
}

ENTRY_FUNCTION uint32_t secure_state(void)
{
	return ipsr() << 16 | control();
}

/* Whose is it, by which regions, and what may be done with it? */
static uint32_t test_target(uint32_t address)
{
	uint32_t answer;
	__asm volatile("tt %0, %1" : "=r"(answer) : "r"(address));
	return answer;
}

ENTRY_FUNCTION uint32_t secure_test(uint32_t address)
{
	uint32_t answer;
	__asm volatile("tta %0, %1" : "=r"(answer) : "r"(address));
	return answer;
}

ENTRY_FUNCTION void secure_mark(uint32_t letter)
{
	if (marked < sizeof marks - 1) marks[marked++] = (char)letter;
}

/* Handlers. */

void SVC_Handler(void)
{
	supervisor_calls += ipsr();
}

void PendSV_Handler(void)
{
	pended += ipsr();
}

void SysTick_Handler(void)
{
	ticks++;
}

static void pend(uint32_t line)
{
	NVIC_ISPR(line / 32) = 1u << line % 32;
	settle();
}

/* Is interrupted by a Non-secure interrupt, or is not, as priorities are. */
void Secure_IRQHandler(void)
{
	secure_interrupts++;
	entry_mark('<');
	pend(IRQ_NONSECURE);
	entry_mark('>');
}

/* Experiments. */

static void targets(void)
{
	static const uint32_t places[] = { 0x10000000, 0x10040000, 0x00080000, 0x38000000, 0x28080000, 0x000C0000, 0x40000000, 0x50000000,
									   0x60000000, 0x90000000, 0xE000ED00, 0xE002ED00, 0xE0100000, 0xF0000000, 0xF0100000 };
	for (uint32_t i = 0; i < sizeof places / sizeof *places; i++) print("TT %08lx: %08lx\n", places[i], test_target(places[i]));
	/* Without the SAU its CTRL.ALLNS leaves the IDAU alone to decide. */
	SAU_CTRL = 2;
	settle();
	for (uint32_t i = 0; i < 4; i++) print("TT %08lx, ALLNS: %08lx\n", places[i], test_target(places[i]));
	SAU_CTRL = 1;
	settle();
	const int both = CMSE_NONSECURE | CMSE_MPU_READWRITE;
	print("ranges: %d %d %d\n", cmse_check_address_range((void *)0x28080000, 64, both) != NULL,
		  cmse_check_address_range((void *)0x280BFFF0, 64, both) != NULL, cmse_check_address_range((void *)0x38000000, 64, both) != NULL);
}

static void calls(void)
{
	print("callback: %lu\n", NS(ns_callback)(12, 345));
	print("main: %08lx\n", NS(ns_main)(0, 0));
	__asm volatile("svc 0" ::: "memory");
	SCB_ICSR = ICSR_PENDSVSET;
	settle();
	print("SVC and PendSV: %lu %lu\n", supervisor_calls, pended);
	print("from Secure memory: %lu\n", entry_log((const char *)secret, 0));
}

static void sys_ticks(void)
{
	SCB_SHPR3 = 0x40000000;
	systick_start(1500);
	print("Non-secure ticks: %lu\n", NS(ns_ticks)(3, 0));
	while (ticks < 3) {}
	SYST_CSR = 0;
	print("ticks of both: %d\n", ticks >= 3);
}

/* Pends the Non-secure interrupt with patterns in the registers; what they are afterwards, all in one. */
static uint32_t interrupted(void)
{
	uint32_t after;
	__asm volatile("mov r4, #0x11\n\tmov r5, #0x2200\n\tmov r6, #0x330000\n\tmov r7, #0x44000000\n\tmov r8, #0x50\n\tmov r9, #0x6000\n\t"
				   "mov r10, #0x700000\n\tmov r11, #0x80000000\n\tmov r12, #0x100\n\tmov r3, #0x20000\n\t"
				   "str %1, [%2]\n\tdsb\n\tisb\n\t"
				   "add %0, r4, r5\n\tadd %0, %0, r6\n\tadd %0, %0, r7\n\tadd %0, %0, r8\n\tadd %0, %0, r9\n\tadd %0, %0, r10\n\t"
				   "add %0, %0, r11\n\tadd %0, %0, r12\n\tadd %0, %0, r3"
				   : "=&r"(after)
				   : "r"(1u << IRQ_NONSECURE % 32), "r"(&NVIC_ISPR(IRQ_NONSECURE / 32))
				   : "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "memory");
	return after;
}

static void interrupts(void)
{
	NVIC_ISER(IRQ_NONSECURE / 32) = 1u << IRQ_NONSECURE % 32;
	NVIC_IPR(IRQ_NONSECURE) = 0x40;
	NS(ns_interrupt_mode)(LOOK_AT_CORE, 0);
	const uint32_t after = interrupted();
	print("interrupt: handler saw %08lx, EXC_RETURN %08lx; afterwards %08lx\n", NS(ns_interrupt_saw)(0, 0), NS(ns_interrupt_saw)(1, 0), after);
}

/* A Non-secure interrupt while the FPU holds Secure state. */
static void floats(void)
{
	NS(ns_interrupt_mode)(LOOK_AT_FPU, 0);
	for (uint32_t ts = 0; ts <= 1; ts++) {
		FPU_FPCCR = ts != 0 ? FPU_FPCCR | FPCCR_TS : FPU_FPCCR & ~FPCCR_TS;
		settle();
		uint32_t low, high, status;
		__asm volatile("vmov s0, %3\n\tvmov s5, %3\n\tvmov s15, %3\n\tvmov s16, %4\n\tvmov s31, %4\n\tvmsr fpscr, %5\n\t"
					   "str %6, [%7]\n\tdsb\n\tisb\n\tvmov %0, s0\n\tvmov r3, s15\n\teor %0, %0, r3\n\tvmov %1, s31\n\tvmrs %2, fpscr"
					   : "=&r"(low), "=&r"(high), "=&r"(status)
					   : "r"(0x41200000), "r"(0xC1200000), "r"(0x00400010), "r"(1u << IRQ_NONSECURE % 32), "r"(&NVIC_ISPR(IRQ_NONSECURE / 32))
					   : "r3", "s0", "s5", "s15", "s16", "s31", "memory");
		print("FPU with TS %lu: handler saw %08lx, EXC_RETURN %08lx; afterwards %08lx %08lx %08lx\n", ts,
			  NS(ns_interrupt_saw)(2, 0), NS(ns_interrupt_saw)(1, 0), low, high, status);
		__asm volatile("vmsr fpscr, %0" ::"r"(0));
	}
	/* VLSTM and VLLDM, as around a call: the other world uses the FPU in between. */
	static uint32_t space[34] __attribute__((aligned(8)));
	uint32_t low, high;
	__asm volatile("vmov s0, %2\n\tvmov s31, %3\n\tvlstm %4\n\tblxns %5\n\tvlldm %4\n\tvmov %0, s0\n\tvmov %1, s31"
				   : "=&r"(low), "=&r"(high)
				   : "r"(0x41300000), "r"(0xC1300000), "r"(space), "r"(NS(ns_float))
				   : "r0", "r1", "r2", "r3", "r12", "lr", "s0", "s31", "cc", "memory");
	print("VLSTM and VLLDM: %08lx %08lx\n", low, high);
	FPU_FPCCR &= ~FPCCR_TS;
}

static void faults(void)
{
	secret[0] = 0x5EC0DE00;
	print("faults of the other world: %08lx\n", NS(ns_faults)((uint32_t)(uintptr_t)secret, (uint32_t)(uintptr_t)entry_sum));
	void (*volatile plain_call)(void) = (void (*)(void))(uintptr_t)ns_alone;
	plain_call();
	print_fault("call without BLXNS");
	__asm volatile("udf 0");
	print_fault("undefined instruction");
	uint32_t value = 0x77;
	__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(0x38F00000) : "memory");
	print("address of the bus fault: %08lx, value %08lx\n", fault.address, value);
	print_fault("bus fault");
	SCB_SHCSR &= ~SHCSR_FAULTS;
	print("with faults off: %08lx\n", NS(ns_faults)((uint32_t)(uintptr_t)secret, (uint32_t)(uintptr_t)entry_sum));
	SCB_SHCSR |= SHCSR_FAULTS;
}

static void stack_limits(void)
{
	extern uint32_t __process_stack_top[];
	const uint32_t stack = (uint32_t)(uintptr_t)__process_stack_top;
	const uint32_t before = supervisor_calls;
	/* An instruction goes below the limit; there is room for a frame. */
	__asm volatile("msr psp, %0\n\tmrs r0, control\n\torr r0, r0, #2\n\tmsr control, r0\n\tisb\n\tsub r1, %0, #128\n\tmsr psplim, r1\n\t"
				   "sub sp, sp, #256\n\tmov r2, sp\n\tbic r0, r0, #2\n\tmsr control, r0\n\tisb\n\tmovs r1, #0\n\tmsr psplim, r1" ::"r"(stack)
				   : "r0", "r1", "r2", "cc", "memory");
	print_fault("stack limit");
	/* An exception finds no room for its frame. */
	fault.resume_sp = stack;
	__asm volatile("adr r0, 1f\n\tstr r0, [%1]\n\tmsr psp, %0\n\tmrs r0, control\n\torr r0, r0, #2\n\tmsr control, r0\n\tisb\n\t"
				   "sub r1, %0, #8\n\tmsr psplim, r1\n\tsvc 0\n\t.balign 4\n1:\tmovs r1, #0\n\tmsr psplim, r1\n\t"
				   "mrs r0, control\n\tbic r0, r0, #2\n\tmsr control, r0\n\tisb" ::"r"(stack),
				   "r"(&fault.resume_pc)
				   : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
	print_fault("no room for a frame");
	print("supervisor calls: %lu\n", supervisor_calls - before);
	print("of the other world: %lu\n", NS(ns_stack)(0, 0));
}

static void priorities(void)
{
	NVIC_ISER(IRQ_SECURE / 32) = 1u << IRQ_SECURE % 32;
	NVIC_IPR(IRQ_SECURE) = 0x80;
	NVIC_IPR(IRQ_NONSECURE) = 0x20;
	NS(ns_interrupt_mode)(LEAVE_MARK, 0);
	for (uint32_t restricted = 0; restricted <= 1; restricted++) {
		SCB_AIRCR = AIRCR_KEY | (restricted != 0 ? AIRCR_PRIS : 0);
		settle();
		marked = 0;
		pend(IRQ_SECURE);
		marks[marked] = '\0';
		print("PRIS %lu: %s\n", restricted, marks);
		/* PRIMASK of the other world holds everything up, or Non-secure interrupts only. */
		marked = 0;
		__asm volatile("msr primask_ns, %0" ::"r"(1));
		pend(IRQ_SECURE);
		entry_mark('-');
		__asm volatile("msr primask_ns, %0" ::"r"(0));
		settle();
		marks[marked] = '\0';
		print("PRIS %lu, PRIMASK_NS: %s\n", restricted, marks);
	}
	SCB_AIRCR = AIRCR_KEY;
	settle();
}

static void hot(void)
{
	ticks = 0;
	systick_start(977);
	print("CRC over 4000 calls: %08lx\n", NS(ns_hot)(4000, 0));
	SYST_CSR = 0;
}

void secure_main(void)
{
	print("secure: %lu SAU regions, control %lx, AIRCR %08lx\n", SAU_TYPE & 0xFF, control() & 3, SCB_AIRCR);
	targets();
	calls();
	sys_ticks();
	interrupts();
	faults();
	stack_limits();
	print("memory: %08lx\n", NS(ns_memory)(0, 0));
	floats();
	priorities();
	SCB_AIRCR = AIRCR_KEY | AIRCR_BFHFNMINS;
	settle();
	print("faults with BFHFNMINS: %08lx\n", NS(ns_bus_faults)(0, 0));
	SCB_AIRCR = AIRCR_KEY;
	hot();
	print("trustzone: all done\n");
	semihosting_exit(0);
}
