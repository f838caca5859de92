/* What is outside of the chip in outside.toml, and how the program waits for it. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "checks.h"

/* Sleeps until an interrupt makes the condition true. One that comes between the look and the WFI wakes at once. */
#define sleep_until(condition)                                                                                         \
    do {                                                                                                               \
        interrupts_off();                                                                                              \
        while (!(condition)) {                                                                                         \
            wait_for_interrupt();                                                                                      \
            interrupts_on();                                                                                           \
            interrupts_off();                                                                                          \
        }                                                                                                              \
        interrupts_on();                                                                                               \
    } while (0)

void pause(uint32_t milliseconds);

/* The checks, each in the file of its name. */
void check_eeprom(void);
void check_nor(void);
void check_world(void);

#endif
