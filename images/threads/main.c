/*
 * Four threads for a debugger to look at: one makes items, one takes them, one calculates with floating point and is interrupted in the middle of it, and
 * one is idle. main() is a thread in neither system: it has returned to the kernel before the first of them runs.
 *
 *     imx-sim run images/imx8mp_threads_freertos.elf --until 'item 100'
 */
#include "imx8mp.h"
#include "kernel.h"
#include "print.h"
#include "resource-table.h"
#include "uart.h"

RESOURCE_TABLE struct resource_table resource_table = { .ver = RSC_TABLE_VERSION, .num = 0 };

volatile uint32_t produced, consumed;
volatile float result;

static void producer(void)
{
	for (;;) {
		thread_sleep(2);
		produced++;
		item_give();
	}
}

static void consumer(void)
{
	for (;;) {
		item_take();
		consumed++;
		if (consumed % 10 == 0) print("item %lu\n", consumed);
	}
}

static void calculator(void)
{
	for (;;) {
		float sum = 0;
		for (uint32_t term = 1; term < 400000; term++) sum += 1.0f / (float)term;
		result = sum;
		thread_sleep(5);
	}
}

static void idle(void)
{
	for (;;) wait_for_interrupt();
}

int main(void)
{
	uart_init();
	print("\nthreads: four of them\n");
	thread_create("producer", producer, 3);
	thread_create("consumer", consumer, 2);
	thread_create("calculator", calculator, 1);
	thread_create("IDLE", idle, 0);
	kernel_start();
}
