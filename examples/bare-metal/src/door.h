/* A sliding door: a motor, a current sensor that tells when something is in the way, and a limit switch at the closed end. */
#ifndef DOOR_H
#define DOOR_H

#include <stdbool.h>
#include <stdint.h>

enum door_state { DOOR_CLOSED, DOOR_OPENING, DOOR_OPEN, DOOR_CLOSING, DOOR_BLOCKED };

struct door {
	enum door_state state;
	uint8_t position; /* percent; 0 is closed */
	bool calibrated;
	struct {
		uint32_t opened;
		uint32_t blocked;
	} count;
};

extern struct door door;

/* More than this many mA, and something is in the way. */
#define DOOR_CURRENT_LIMIT 800u

/* Current of the motor in mA. */
uint32_t motor_current(void);

/* Moves to the closed end and takes it as position 0. Returns when the limit switch closes. */
void door_calibrate(void);

/* Starts to move; false when the door does not know where it is yet. */
bool door_open(void);
bool door_close(void);

/* Called every millisecond. */
void door_step(void);

const char *door_state_name(enum door_state state);

#endif
