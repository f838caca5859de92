/* Text to whoever watches. The board's file (or console_semihosting.c) says where it goes. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

/* Brings up clocks, pins and UART. Returns the core clock in Hz. */
uint32_t console_init(void);
void console_text(const char *text);

void console_hex(uint32_t value);     /* eight digits, no prefix */
void console_decimal(uint32_t value); /* no padding */

#endif
