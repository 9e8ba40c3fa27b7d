/*
 * The Non-secure program. It prints through the Secure one, and may break rules: a SecureFault of its own is for the other world to handle.
 *
 * Its functions are called by Secure code, on the Non-secure main stack, and return to it through FNC_RETURN.
 */
#include "worlds.h"

extern uint32_t __ns_stack_top[], __ns_process_stack_top[];

static volatile uint32_t supervisor_calls, pended, ticks, mode;
static volatile uint32_t saw[4];
static volatile uint32_t lock;

/* The last fault that this world handled itself. */
static volatile struct {
	uint32_t exception, cfsr, hfsr, address;
} ns_fault;

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

static void set_control(uint32_t value)
{
	__asm volatile("msr control, %0\n\tisb" ::"r"(value) : "memory");
}

static void supervisor_call(void)
{
	__asm volatile("svc 1" ::: "memory");
}

/* Every supervisor call gives privilege back. */
static void NS_SVC_Handler(void)
{
	supervisor_calls = supervisor_calls + ipsr();
	set_control(control() & ~1u);
}

static void NS_PendSV_Handler(void)
{
	pended = pended + ipsr();
}

static void NS_SysTick_Handler(void)
{
	if (++ticks == 3) SYST_CSR = 0;
}

__attribute__((used)) static void look_at_fpu(void)
{
	uint32_t all = 0;
	__asm volatile("vmov r1, s0\n\torr %0, %0, r1\n\tvmov r1, s5\n\torr %0, %0, r1\n\tvmov r1, s15\n\torr %0, %0, r1\n\t"
				   "vmov r1, s16\n\torr %0, %0, r1\n\tvmov r1, s31\n\torr %0, %0, r1\n\tvmrs r1, fpscr\n\torr %0, %0, r1\n\t"
				   "vmov.f32 s0, #1.0\n\tvmov.f32 s31, #2.0"
				   : "+r"(all)::"r1");
	saw[2] = all;
}

__attribute__((used)) static void interrupt(uint32_t all, uint32_t exc_return)
{
	saw[0] = all;
	saw[1] = exc_return;
	if (mode == LOOK_AT_FPU) look_at_fpu();
	if (mode == LEAVE_MARK) entry_mark('n');
}

/* What is in the registers when the handler begins. */
__attribute__((naked)) static void NS_IRQHandler(void)
{
	__asm volatile("orr r0, r0, r1\n\torr r0, r0, r2\n\torr r0, r0, r3\n\torr r0, r0, r4\n\torr r0, r0, r5\n\torr r0, r0, r6\n\t"
				   "orr r0, r0, r7\n\torr r0, r0, r8\n\torr r0, r0, r9\n\torr r0, r0, r10\n\torr r0, r0, r11\n\torr r0, r0, r12\n\t"
				   "mov r1, lr\n\tb interrupt");
}

/* As the Secure program's: notes and steps over. */
__attribute__((used)) static void take_ns_fault(uint32_t *msp, uint32_t exc_return)
{
	uint32_t *frame = msp;
	if ((exc_return & 0xC) == 0xC) __asm volatile("mrs %0, psp" : "=r"(frame));
	ns_fault.exception = ipsr();
	ns_fault.cfsr = SCB_CFSR;
	ns_fault.hfsr = SCB_HFSR;
	ns_fault.address = (ns_fault.cfsr & 0x80) != 0 ? SCB_MMFAR : (ns_fault.cfsr & 0x8000) != 0 ? SCB_BFAR : 0;
	SCB_CFSR = ns_fault.cfsr;
	SCB_HFSR = ns_fault.hfsr;
	if ((ns_fault.cfsr & 0x00020001) != 0) frame[6] = frame[5] & ~1u;
	else frame[6] += *(const uint16_t *)frame[6] >= 0xE800 ? 4 : 2;
}

__attribute__((naked)) static void NS_Fault_Handler(void)
{
	__asm volatile("mrs r0, msp\n\tmov r1, lr\n\tb take_ns_fault");
}

__attribute__((section(".vectors"), used, aligned(512))) void (*const ns_vectors[16 + 72])(void) = {
	[0] = (void (*)(void))__ns_stack_top,
	[1] = NS_Fault_Handler,
	[2 ... 6] = NS_Fault_Handler,
	[11] = NS_SVC_Handler,
	[14] = NS_PendSV_Handler,
	[15] = NS_SysTick_Handler,
	[16 ... 16 + 70] = NS_Fault_Handler,
	[16 + IRQ_NONSECURE] = NS_IRQHandler,
};

static uint32_t count_down(uint32_t depth)
{
	return 100 * depth + entry_nest(depth, count_down);
}

uint32_t ns_main(void)
{
	entry_log("control", control());
	entry_log("ipsr", ipsr());
	entry_log("entry_sum", entry_sum(1, 20, 300, 4000));
	entry_log("entry_nest", entry_nest(4, count_down));
	entry_log("entry_state", entry_state());
	entry_log("entry_scale", entry_scale(21));
	supervisor_call();
	SCB_ICSR = ICSR_PENDSVSET;
	settle();
	entry_log("SVC and PendSV", supervisor_calls << 8 | pended);
	/* Secure registers read as zero and ignore writes. */
	SAU_CTRL = 2;
	SAU_SFSR = 0xFF;
	NVIC_ITNS(2) = 0;
	REG32(0xE000E010 + NS_ALIAS) = 7;
	settle();
	entry_log("Secure registers", SAU_CTRL | SAU_TYPE | SAU_SFSR | SCB_NSACR | NVIC_ITNS(2) | REG32(0xE000E010 + NS_ALIAS));
	NVIC_ISER(2) = 0xFFFFFFFF;
	entry_log("interrupts of ours", NVIC_ISER(2));
	NVIC_IPR(IRQ_SECURE) = 0xFF;
	NVIC_IPR(IRQ_NONSECURE) = 0xFF;
	entry_log("their priorities", REG32(0xE000E444) & 0xF0F0F0F0);
	entry_log("AIRCR", SCB_AIRCR);
	/* MSPLIM is this world's own. */
	uint32_t limit;
	__asm volatile("msr msplim, %1\n\tmrs %0, msplim" : "=r"(limit) : "r"(0x28080007));
	entry_log("MSPLIM", limit);
	return 0x600D;
}

uint32_t ns_callback(uint32_t a, uint32_t b)
{
	return a * 1000 + b;
}

__attribute__((section(".alone"))) uint32_t ns_alone(void)
{
	return control();
}

/* Breaks the rules; each time the Secure program notes the fault and returns behind it. */
uint32_t ns_faults(uint32_t secret, uint32_t veneer)
{
	uint32_t value = 0x11;
	__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(secret) : "memory");
	entry_log("read of Secure memory", value);
	__asm volatile("str %0, [%1]" ::"r"(value), "r"(secret) : "memory");
	entry_log("write of Secure memory", 0);
	((void (*)(void))(secret | 1))();
	entry_log("call of Secure memory", 0);
	((void (*)(void))((veneer & ~1u) + 5))();
	entry_log("call behind an SG", 0);
	SCB_SHCSR |= 7u << 16;
	__asm volatile("udf 1");
	entry_log("undefined instruction", ns_fault.exception << 24 | ns_fault.cfsr >> 16);
	SCB_SHCSR = 0;
	__asm volatile("udf 1");
	entry_log("undefined instruction, UsageFault off", ns_fault.exception << 24 | ns_fault.cfsr >> 16);
	return value;
}

/* With BFHFNMINS bus faults and hard faults are Non-secure. */
uint32_t ns_bus_faults(void)
{
	uint32_t value = 0x22;
	SCB_SHCSR |= 7u << 16;
	__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(0x4F000000) : "memory");
	entry_log("BusFault", ns_fault.exception << 24 | ns_fault.cfsr >> 8);
	entry_log("BFAR", ns_fault.address);
	SCB_SHCSR = 0;
	__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(0x4F000000) : "memory");
	entry_log("HardFault", ns_fault.exception << 24 | ns_fault.cfsr >> 8);
	entry_log("HFSR", ns_fault.hfsr);
	return value;
}

uint32_t ns_ticks(uint32_t wanted)
{
	ticks = 0;
	systick_start(2000);
	while (ticks < wanted) {}
	return ticks;
}

static volatile uint32_t guarded[16] __attribute__((aligned(64)));

static void guard(uint32_t region, const volatile void *first, uint32_t size, uint32_t access)
{
	MPU_RNR = region;
	MPU_RBAR = (uint32_t)(uintptr_t)first | access;
	MPU_RLAR = (((uint32_t)(uintptr_t)first + size - 1) & ~31u) | 1;
	settle();
}

static void try_access(const char *what, volatile uint32_t *at)
{
	uint32_t value = 0x33;
	ns_fault.exception = 0;
	ns_fault.cfsr = 0;
	__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(at) : "memory");
	const uint32_t reading = ns_fault.exception << 4 | (ns_fault.cfsr & 15);
	ns_fault.exception = 0;
	__asm volatile("str %0, [%1]" ::"r"(0x77), "r"(at) : "memory");
	entry_log(what, value << 16 | reading << 8 | ns_fault.exception << 4 | (ns_fault.exception != 0 ? ns_fault.cfsr & 15 : 0));
}

/* The Non-secure MPU: rights, regions that overlap, the background, execution. */
uint32_t ns_memory(void)
{
	SCB_SHCSR |= 7u << 16;
	guarded[0] = 0x5A;
	guarded[8] = 0x5B;
	MPU_MAIR0 = 0x44;
	guard(0, guarded, 32, 2u << 1);
	MPU_CTRL = 5;
	settle();
	try_access("read-only", guarded);
	try_access("background", guarded + 8);
	entry_log("TT", entry_test((uint32_t)(uintptr_t)guarded));
	guard(1, guarded, 64, 1u << 1);
	try_access("two regions", guarded);
	try_access("one region", guarded + 8);
	entry_log("MMFAR", ns_fault.address - (uint32_t)(uintptr_t)guarded);
	guard(0, guarded, 32, 1u << 1);
	MPU_RLAR = 0;
	guard(1, guarded, 64, 0 | 1);
	guarded[8] = 0x4770; /* BX LR */
	settle();
	ns_fault.exception = 0;
	((void (*)(void))((uintptr_t)(guarded + 8) | 1))();
	entry_log("execute never", ns_fault.exception << 4 | (ns_fault.cfsr & 15));
	/* Everything else for unprivileged code; what it is refused it may not look at the reasons of, either. */
	guard(2, (void *)0x00080000, 0x40000, 3u << 1);
	guard(3, (void *)0x28080000, (uint32_t)(uintptr_t)guarded - 0x28080000, 1u << 1);
	guard(4, guarded + 16, 0x280C0000 - (uint32_t)(uintptr_t)(guarded + 16), 1u << 1);
	set_control(control() | 1);
	try_access("privileged only", guarded);
	uint32_t value = 0x55;
	__asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(&SCB_CFSR) : "memory");
	entry_log("SCB, unprivileged", value);
	supervisor_call();
	MPU_CTRL = 0;
	settle();
	entry_log("control", control());
	return guarded[0];
}

/* A process stack with a limit, overflown by an instruction and by an exception. */
uint32_t ns_stack(void)
{
	SCB_SHCSR |= 7u << 16;
	const uint32_t calls = supervisor_calls;
	ns_fault.exception = 0;
	__asm volatile("mrs r0, control\n\torr r0, r0, #2\n\tmsr control, r0\n\tisb\n\t"
				   "mov r1, sp\n\tsub r1, r1, #256\n\tmsr psplim, r1\n\tsub sp, sp, #512\n\t"
				   "mrs r0, control\n\tbic r0, r0, #2\n\tmsr control, r0\n\tisb\n\t"
				   "movs r0, #0\n\tmsr psplim, r0" ::
					   : "r0", "r1", "memory");
	entry_log("stack limit", ns_fault.exception << 24 | ns_fault.cfsr >> 16);
	return supervisor_calls - calls;
}

uint32_t ns_float(void)
{
	look_at_fpu();
	return 0;
}

/* Thousands of calls to and fro, and a lock of ARMv8. */
uint32_t ns_hot(uint32_t rounds)
{
	uint32_t crc = 0xFFFFFFFF;
	for (uint32_t i = 0; i < rounds; i++) {
		while (load_acquire_exclusive(&lock) != 0 || store_release_exclusive(&lock, 1) != 0) {}
		crc = entry_crc(crc, i & 0xFF);
		__asm volatile("stl %0, [%1]" ::"r"(0), "r"(&lock) : "memory");
	}
	return ~crc;
}

uint32_t ns_interrupt_mode(uint32_t next)
{
	mode = next;
	return 0;
}

uint32_t ns_interrupt_saw(uint32_t index)
{
	return saw[index];
}
