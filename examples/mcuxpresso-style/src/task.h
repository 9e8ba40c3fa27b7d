/*
 * A small preemptive kernel with FreeRTOS' vocabulary, written for this example: tasks with static stacks, fixed priorities, delays,
 * notifications. The highest ready task runs; the idle task sleeps.
 */
#ifndef TASK_H
#define TASK_H

#include <stdint.h>

#define configTICK_RATE_HZ 1000u
#define configMAX_TASK_NAME_LEN 16
#define portMAX_DELAY 0xFFFFFFFFu

typedef void (*TaskFunction_t)(void *);

/* What the kernel keeps of a task; the first member is where its registers are saved. */
typedef struct tskTaskControlBlock {
	volatile uint32_t *pxTopOfStack;
	uint32_t *pxStack;
	uint32_t ulStackDepth; /* words */
	char pcTaskName[configMAX_TASK_NAME_LEN];
	uint32_t uxPriority;
	volatile uint32_t ulWakeTick; /* ready when 0; portMAX_DELAY: only a notification wakes it */
	volatile uint32_t ulNotified;
	struct tskTaskControlBlock *pxNext;
} TCB_t;

typedef TCB_t *TaskHandle_t;

extern TCB_t *volatile current_task;

/* Makes a task ready. `stack` has `depth` words and must stay. */
TaskHandle_t xTaskCreateStatic(TaskFunction_t function, const char *name, uint32_t depth, void *argument, uint32_t priority,
			       uint32_t *stack, TCB_t *tcb);

/* Starts the tick and the first task; does not return. */
void vTaskStartScheduler(void) __attribute__((noreturn));

void vTaskDelay(uint32_t ticks);

/* Sleeps until somebody notifies this task, or for so many ticks; returns how often it was notified since. */
uint32_t ulTaskNotifyTake(uint32_t ticks);

/* May be called from an interrupt. */
void vTaskNotifyGive(TaskHandle_t task);

uint32_t xTaskGetTickCount(void);

#endif
