/* What is outside of the chip in outside.toml, and how the program waits for it. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "checks.h"

void pause(uint32_t milliseconds);

/* The checks, each in the file of its name. */
void check_eeprom(void);
void check_nor(void);
void check_world(void);

#endif
