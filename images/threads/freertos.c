/*
 * The kernel with the data structures by which debuggers know FreeRTOS (V10, ARM_CM4F and ARM_CM7): control blocks, lists, saved contexts. The names are
 * FreeRTOS's, because debuggers look for them; the code is not.
 */
#include "kernel.h"
#include "print.h"

struct xLIST;

typedef struct __attribute__((may_alias)) xLIST_ITEM {
	uint32_t xItemValue;
	struct xLIST_ITEM *pxNext;
	struct xLIST_ITEM *pxPrevious;
	void *pvOwner;
	struct xLIST *pxContainer;
} ListItem_t;

typedef struct __attribute__((may_alias)) {
	uint32_t xItemValue;
	ListItem_t *pxNext;
	ListItem_t *pxPrevious;
} MiniListItem_t;

typedef struct xLIST {
	volatile uint32_t uxNumberOfItems;
	ListItem_t *pxIndex;
	MiniListItem_t xListEnd;
} List_t;

typedef struct tskTaskControlBlock {
	uint32_t *pxTopOfStack;
	ListItem_t xStateListItem;
	ListItem_t xEventListItem;
	uint32_t uxPriority;
	uint32_t *pxStack;
	char pcTaskName[16];
} TCB_t;

TCB_t *volatile pxCurrentTCB;
List_t pxReadyTasksLists[PRIORITIES];
List_t xDelayedTaskList1, xDelayedTaskList2, xPendingReadyList, xSuspendedTaskList, xTasksWaitingTermination;
volatile uint32_t xSchedulerRunning;
volatile uint32_t xTickCount;

static TCB_t blocks[MOST_THREADS];
static uint32_t stacks[MOST_THREADS][STACK_WORDS] __attribute__((aligned(8)));
static uint32_t threads;
static List_t item_waiters;
static uint32_t items;

static ListItem_t *end_of(List_t *list)
{
	return (ListItem_t *)&list->xListEnd;
}

static void list_init(List_t *list)
{
	list->uxNumberOfItems = 0;
	list->pxIndex = end_of(list);
	list->xListEnd.xItemValue = 0xFFFFFFFFu;
	list->xListEnd.pxNext = list->xListEnd.pxPrevious = end_of(list);
}

/* Behind all items whose value is no larger. */
static void list_add(List_t *list, ListItem_t *item)
{
	ListItem_t *next = list->xListEnd.pxNext;
	while (next != end_of(list) && next->xItemValue <= item->xItemValue) next = next->pxNext;
	item->pxNext = next;
	item->pxPrevious = next->pxPrevious;
	next->pxPrevious->pxNext = item;
	next->pxPrevious = item;
	item->pxContainer = list;
	list->uxNumberOfItems++;
}

static void list_remove(ListItem_t *item)
{
	item->pxNext->pxPrevious = item->pxPrevious;
	item->pxPrevious->pxNext = item->pxNext;
	item->pxContainer->uxNumberOfItems--;
	item->pxContainer = 0;
}

static TCB_t *most_urgent(void)
{
	for (uint32_t priority = PRIORITIES; priority-- > 0;) {
		List_t *ready = &pxReadyTasksLists[priority];
		if (ready->uxNumberOfItems > 0) return ready->xListEnd.pxNext->pvOwner;
	}
	return pxCurrentTCB;
}

static void make_ready(TCB_t *task)
{
	list_remove(&task->xStateListItem);
	task->xStateListItem.xItemValue = 0;
	list_add(&pxReadyTasksLists[task->uxPriority], &task->xStateListItem);
}

void thread_create(const char *name, thread_entry *entry, uint32_t priority)
{
	if (threads == 0) {
		for (uint32_t each = 0; each < PRIORITIES; each++) list_init(&pxReadyTasksLists[each]);
		list_init(&xDelayedTaskList1);
		list_init(&xDelayedTaskList2);
		list_init(&xPendingReadyList);
		list_init(&xSuspendedTaskList);
		list_init(&xTasksWaitingTermination);
		list_init(&item_waiters);
	}
	TCB_t *task = &blocks[threads];
	task->pxStack = stacks[threads++];
	task->uxPriority = priority;
	for (uint32_t at = 0; at < sizeof task->pcTaskName - 1 && name[at] != 0; at++) task->pcTaskName[at] = name[at];
	uint32_t *top = task->pxStack + STACK_WORDS;
	*--top = XPSR_THUMB;
	*--top = (uint32_t)(uintptr_t)entry & ~1u;
	top -= 6; /* lr, r12, r3 to r0 */
	*--top = EXC_RETURN_THREAD;
	top -= 8; /* r11 to r4 */
	task->pxTopOfStack = top;
	task->xStateListItem.pvOwner = task->xEventListItem.pvOwner = task;
	list_add(&pxReadyTasksLists[priority], &task->xStateListItem);
	if (!pxCurrentTCB || pxCurrentTCB->uxPriority <= priority) pxCurrentTCB = task;
}

void kernel_start(void)
{
	SCB_SHPR3 |= SCB_SHPR3_LOWEST;
	systick_start(800000000u / TICKS_PER_SECOND);
	xSchedulerRunning = 1;
	__asm volatile("svc 0");
	for (;;) wait_for_interrupt();
}

void thread_sleep(uint32_t ticks)
{
	irq_disable();
	ListItem_t *item = &pxCurrentTCB->xStateListItem;
	list_remove(item);
	item->xItemValue = xTickCount + ticks;
	list_add(&xDelayedTaskList1, item);
	switch_threads();
	irq_enable();
}

void item_take(void)
{
	irq_disable();
	while (items == 0) {
		list_remove(&pxCurrentTCB->xStateListItem);
		list_add(&xSuspendedTaskList, &pxCurrentTCB->xStateListItem);
		list_add(&item_waiters, &pxCurrentTCB->xEventListItem);
		switch_threads();
		irq_enable();
		irq_disable();
	}
	items--;
	irq_enable();
}

void item_give(void)
{
	irq_disable();
	items++;
	if (item_waiters.uxNumberOfItems > 0) {
		TCB_t *waiter = item_waiters.xListEnd.pxNext->pvOwner;
		list_remove(&waiter->xEventListItem);
		make_ready(waiter);
		switch_threads();
	}
	irq_enable();
}

void SysTick_Handler(void)
{
	irq_disable();
	xTickCount++;
	while (xDelayedTaskList1.uxNumberOfItems > 0 && xDelayedTaskList1.xListEnd.pxNext->xItemValue <= xTickCount)
		make_ready(xDelayedTaskList1.xListEnd.pxNext->pvOwner);
	switch_threads();
	irq_enable();
}

void choose_thread(void)
{
	pxCurrentTCB = most_urgent();
}

/* Below the frame that the core has pushed: s16 to s31 if the thread uses them, EXC_RETURN, r11 to r4. */
__attribute__((naked)) void PendSV_Handler(void)
{
	__asm volatile("cpsid i\n\t"
	               "mrs r0, psp\n\t"
	               "tst lr, #16\n\t"
	               "it eq\n\t"
	               "vstmdbeq r0!, {s16-s31}\n\t"
	               "stmdb r0!, {r4-r11, lr}\n\t"
	               "ldr r1, =pxCurrentTCB\n\t"
	               "ldr r2, [r1]\n\t"
	               "str r0, [r2]\n\t"
	               "bl choose_thread\n\t"
	               "b SVC_Handler");
}

__attribute__((naked)) void SVC_Handler(void)
{
	__asm volatile("ldr r1, =pxCurrentTCB\n\t"
	               "ldr r1, [r1]\n\t"
	               "ldr r0, [r1]\n\t"
	               "ldmia r0!, {r4-r11, lr}\n\t"
	               "tst lr, #16\n\t"
	               "it eq\n\t"
	               "vldmiaeq r0!, {s16-s31}\n\t"
	               "msr psp, r0\n\t"
	               "cpsie i\n\t"
	               "bx lr");
}
