/* Scheduler and context switch for ARMv7-M without FPU: tasks run on PSP, PendSV saves r4-r11 and EXC_RETURN below the hardware's frame. */
#include "task.h"

#include "imx8mp.h"

#define SCB_ICSR REG32(0xE000ED04)
#define SCB_SHPR3 REG32(0xE000ED20)
#define ICSR_PENDSVSET (1u << 28)
#define LOWEST_PRIORITY 0xF0u
#define EXC_RETURN_THREAD_PSP 0xFFFFFFFDu
#define XPSR_T (1u << 24)
#define STACK_FILL 0xA5A5A5A5u
#define IDLE_STACK_DEPTH 128

TCB_t *volatile current_task;
static TCB_t *tasks;
static volatile uint32_t tick_count;
static TCB_t idle_tcb;
static uint32_t idle_stack[IDLE_STACK_DEPTH];

static void yield(void)
{
	SCB_ICSR = ICSR_PENDSVSET;
	dsb();
	isb();
}

static void task_returned(void)
{
	for (;;) __asm volatile("" ::: "memory");
}

TaskHandle_t xTaskCreateStatic(TaskFunction_t function, const char *name, uint32_t depth, void *argument, uint32_t priority,
			       uint32_t *stack, TCB_t *tcb)
{
	for (uint32_t i = 0; i < depth; i++) stack[i] = STACK_FILL;
	/* r4-r11 and EXC_RETURN, then the frame that the hardware restores: r0-r3, r12, lr, pc, xPSR. */
	uint32_t *top = (uint32_t *)(((uintptr_t)(stack + depth) & ~(uintptr_t)7)) - 17;
	for (uint32_t i = 0; i < 17; i++) top[i] = 0;
	top[8] = EXC_RETURN_THREAD_PSP;
	top[9] = (uint32_t)(uintptr_t)argument;
	top[14] = (uint32_t)(uintptr_t)task_returned;
	top[15] = (uint32_t)(uintptr_t)function & ~1u;
	top[16] = XPSR_T;
	tcb->pxTopOfStack = top;
	tcb->pxStack = stack;
	tcb->ulStackDepth = depth;
	tcb->uxPriority = priority;
	for (uint32_t i = 0; i < configMAX_TASK_NAME_LEN - 1 && name[i]; i++) tcb->pcTaskName[i] = name[i];
	tcb->pxNext = tasks;
	tasks = tcb;
	return tcb;
}

/* Called by PendSV. */
__attribute__((used)) void vTaskSwitchContext(void)
{
	TCB_t *next = &idle_tcb;
	for (TCB_t *task = tasks; task; task = task->pxNext)
		if (task->ulWakeTick == 0 && task->uxPriority > next->uxPriority) next = task;
	current_task = next;
}

__attribute__((naked)) void PendSV_Handler(void)
{
	__asm volatile("mrs r0, psp\n\t"
		       "ldr r3, =current_task\n\t"
		       "ldr r2, [r3]\n\t"
		       "stmdb r0!, {r4-r11, lr}\n\t"
		       "str r0, [r2]\n\t"
		       "push {r3, lr}\n\t"
		       "cpsid i\n\t"
		       "bl vTaskSwitchContext\n\t"
		       "cpsie i\n\t"
		       "pop {r3, lr}\n\t"
		       "ldr r2, [r3]\n\t"
		       "ldr r0, [r2]\n\t"
		       "ldmia r0!, {r4-r11, lr}\n\t"
		       "msr psp, r0\n\t"
		       "isb\n\t"
		       "bx lr\n\t");
}

__attribute__((naked)) void SVC_Handler(void)
{
	__asm volatile("ldr r3, =current_task\n\t"
		       "ldr r2, [r3]\n\t"
		       "ldr r0, [r2]\n\t"
		       "ldmia r0!, {r4-r11, lr}\n\t"
		       "msr psp, r0\n\t"
		       "isb\n\t"
		       "bx lr\n\t");
}

void SysTick_Handler(void)
{
	uint32_t now = ++tick_count;
	for (TCB_t *task = tasks; task; task = task->pxNext)
		if (task->ulWakeTick == now) task->ulWakeTick = 0;
	SCB_ICSR = ICSR_PENDSVSET;
}

static void idle_task(void *argument)
{
	(void)argument;
	for (;;) wait_for_interrupt();
}

void vTaskStartScheduler(void)
{
	xTaskCreateStatic(idle_task, "IDLE", IDLE_STACK_DEPTH, 0, 0, idle_stack, &idle_tcb);
	SCB_SHPR3 = LOWEST_PRIORITY << 16 | LOWEST_PRIORITY << 24;
	irq_disable();
	vTaskSwitchContext();
	systick_start(CORE_HZ / configTICK_RATE_HZ);
	irq_enable();
	__asm volatile("svc 0");
	for (;;) {}
}

void vTaskDelay(uint32_t ticks)
{
	irq_disable();
	current_task->ulWakeTick = ticks ? tick_count + ticks : 0;
	irq_enable();
	yield();
}

uint32_t ulTaskNotifyTake(uint32_t ticks)
{
	irq_disable();
	TCB_t *self = current_task;
	if (self->ulNotified == 0 && ticks > 0) {
		self->ulWakeTick = ticks == portMAX_DELAY ? portMAX_DELAY : tick_count + ticks;
		irq_enable();
		yield();
		irq_disable();
	}
	uint32_t notified = self->ulNotified;
	self->ulNotified = 0;
	irq_enable();
	return notified;
}

void vTaskNotifyGive(TaskHandle_t task)
{
	task->ulNotified++;
	task->ulWakeTick = 0;
	SCB_ICSR = ICSR_PENDSVSET;
}

uint32_t xTaskGetTickCount(void)
{
	return tick_count;
}
