/* MU1 side B: the doorbells between this core and Linux. */
#ifndef MU_H
#define MU_H

#include <stdbool.h>
#include <stdint.h>

/* Switches the unit on and takes interrupts for what Linux sends on channel 1. */
void mu_init(void);

/* Sleeps until Linux rings or any other interrupt comes; returns at once if Linux rang since the last call. */
void mu_wait(void);

/* Sends `value` on channel 1. False if Linux did not take the previous one in time. */
bool mu_send(uint32_t value);

#endif
