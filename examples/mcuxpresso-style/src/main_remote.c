/*
 * What NXP's example rpmsg_lite_str_echo_rtos does, as an application of its own: the task "APP_TASK" gives back what Linux writes to
 * /dev/ttyRPMSG30; the task "HEARTBEAT" counts the seconds. Brackets in the text must be balanced, else the answer says where not.
 */
#include "mpu.h"
#include "mu.h"
#include "print.h"
#include "rpmsg.h"
#include "task.h"
#include "uart.h"

#define LOCAL_EPT_ADDR 30u
#define APP_TASK_STACK_SIZE 512 /* words */
#define HEARTBEAT_STACK_SIZE 256
#define DEEPEST_BRACKETS 64u

RESOURCE_TABLE struct {
	uint32_t header[4];
	uint32_t offset[1];
	struct fw_rsc_vdev vdev;
} resource_table = {
	.header = { RSC_TABLE_VERSION, 1 },
	.offset = { __builtin_offsetof(__typeof__(resource_table), vdev) },
	.vdev = RPMSG_VDEV(FW_RSC_ADDR_ANY, FW_RSC_ADDR_ANY),
};

enum link_state { LINK_DOWN, LINK_UP };

struct echo_state {
	enum link_state link;
	uint32_t messages;
	uint32_t bytes;
	uint32_t deepest;
	char last[32];
} echo_state;

volatile uint32_t seconds;

static uint32_t app_stack[APP_TASK_STACK_SIZE], heartbeat_stack[HEARTBEAT_STACK_SIZE];
static TCB_t app_tcb, heartbeat_tcb;

/*
 * Reads brackets from `position` on, one call per level. Returns where the level ends; `length` when the text ends first.
 * Not a leaf and not a loop on purpose: what it needs of the stack grows with the text.
 */
__attribute__((noinline)) uint32_t read_brackets(const char *text, uint32_t length, uint32_t position, uint32_t depth)
{
	char copy[16];
	if (depth > echo_state.deepest) echo_state.deepest = depth;
	if (depth > DEEPEST_BRACKETS) return length;
	for (; position < length; position++) {
		copy[position % sizeof copy] = text[position];
		__asm volatile("" ::"r"(copy) : "memory");
		if (text[position] == ')') return position;
		if (text[position] == '(') {
			position = read_brackets(text, length, position + 1, depth + 1);
			if (position >= length) return length;
		}
	}
	return depth == 0 ? position : length;
}

/* True when every bracket has its partner. */
bool brackets_balance(const char *text, uint32_t length)
{
	uint32_t open = 0, close = 0;
	for (uint32_t i = 0; i < length; i++) {
		if (text[i] == '(') open++;
		if (text[i] == ')') close++;
	}
	return open == close && read_brackets(text, length, 0, 0) == length;
}

static void echo(struct rpmsg_endpoint *endpoint, uint32_t source, const void *data, uint32_t length)
{
	const char *text = data;
	echo_state.messages++;
	echo_state.bytes += length;
	if (length == 2 && text[0] == '\r' && text[1] == '\n') {
		print("Get New Line From Master Side\n");
		rpmsg_send(endpoint, source, data, length);
		return;
	}
	uint32_t kept = length < sizeof echo_state.last - 1 ? length : sizeof echo_state.last - 1;
	memcpy(echo_state.last, text, kept);
	echo_state.last[kept] = '\0';
	print("Get Message From Master Side : \"%s\" [len : %u]\n", echo_state.last, (unsigned)length);
	if (brackets_balance(text, length)) rpmsg_send(endpoint, source, data, length);
	else rpmsg_send(endpoint, source, "unbalanced\n", 11);
}

static struct rpmsg_endpoint endpoint = { .name = "rpmsg-virtual-tty-channel-1", .address = LOCAL_EPT_ADDR, .receive = echo };

static void app_task(void *argument)
{
	(void)argument;
	print("\nRPMSG String Echo RTOS style\n");
	mu_init();
	rpmsg_start((const struct resource_table *)&resource_table);
	echo_state.link = LINK_UP;
	rpmsg_create(&endpoint);
	print("Nameservice sent, ready for incoming messages...\n");
	for (;;) {
		rpmsg_poll();
		mu_wait();
	}
}

static void heartbeat(void *argument)
{
	(void)argument;
	for (;;) {
		vTaskDelay(configTICK_RATE_HZ);
		seconds++;
	}
}

int main(void)
{
	mpu_init();
	uart_init();
	xTaskCreateStatic(app_task, "APP_TASK", APP_TASK_STACK_SIZE, 0, 2, app_stack, &app_tcb);
	xTaskCreateStatic(heartbeat, "HEARTBEAT", HEARTBEAT_STACK_SIZE, 0, 1, heartbeat_stack, &heartbeat_tcb);
	vTaskStartScheduler();
}
