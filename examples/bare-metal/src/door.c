/* The door's state machine; one step per millisecond, one percent of the way per step. */
#include "door.h"

#include "imx8mp.h"
#include "print.h"

/* GPIO1 (IMX8MPRM, "General Purpose Input/Output"): PSR has the levels of the pads. */
#define GPIO1_GDIR REG32(0x30200004)
#define GPIO1_PSR REG32(0x30200008)
#define LIMIT_SWITCH (1u << 5)

struct door door;

/* What the motor's driver measured last, in mA; idle until somebody writes it. */
static volatile uint32_t measured_current = 120;

__attribute__((noinline)) uint32_t motor_current(void)
{
	return measured_current;
}

static bool at_limit(void)
{
	return (GPIO1_PSR & LIMIT_SWITCH) != 0;
}

__attribute__((noinline)) void door_calibrate(void)
{
	GPIO1_GDIR &= ~LIMIT_SWITCH;
	while (!at_limit()) wait_for_interrupt();
	door.position = 0;
	door.state = DOOR_CLOSED;
	door.calibrated = true;
	print("calibrated\n");
}

bool door_open(void)
{
	if (!door.calibrated) return false;
	if (door.state != DOOR_OPEN) door.state = DOOR_OPENING;
	return true;
}

bool door_close(void)
{
	if (!door.calibrated) return false;
	if (door.state != DOOR_CLOSED) door.state = DOOR_CLOSING;
	return true;
}

static void enter(enum door_state state)
{
	door.state = state;
	if (state == DOOR_OPEN) door.count.opened++;
	if (state == DOOR_BLOCKED) door.count.blocked++;
	print("door %s\n", door_state_name(state));
}

void door_step(void)
{
	if (door.state != DOOR_OPENING && door.state != DOOR_CLOSING) return;
	if (motor_current() > DOOR_CURRENT_LIMIT) {
		enter(DOOR_BLOCKED);
	} else if (door.state == DOOR_OPENING) {
		if (++door.position >= 100) enter(DOOR_OPEN);
	} else if (door.position == 0 || --door.position == 0) {
		enter(DOOR_CLOSED);
	}
}

const char *door_state_name(enum door_state state)
{
	static const char *const names[] = { "closed", "opening", "open", "closing", "blocked" };
	return state <= DOOR_BLOCKED ? names[state] : "?";
}
