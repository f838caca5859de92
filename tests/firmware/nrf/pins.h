/* GPIO and GPIOTE, and what is on the pins. */
#ifndef PINS_H
#define PINS_H

#include "nrf.h"

/* GPIO (14; 6.9) */
#define P0 0x50000000
#define P1 0x50000300
#define GPIO_OUT(port) REG32((port) + 0x504)
#define GPIO_OUTSET(port) REG32((port) + 0x508)
#define GPIO_OUTCLR(port) REG32((port) + 0x50C)
#define GPIO_IN(port) REG32((port) + 0x510)
#define GPIO_DIR(port) REG32((port) + 0x514)
#define GPIO_DIRSET(port) REG32((port) + 0x518)
#define GPIO_DIRCLR(port) REG32((port) + 0x51C)
#define GPIO_LATCH(port) REG32((port) + 0x520)
#define GPIO_DETECTMODE(port) REG32((port) + 0x524)
#define GPIO_PIN_CNF(port, n) REG32((port) + 0x700 + 4 * (n))
#define CNF_OUTPUT (1u << 0)
#define CNF_DISCONNECT (1u << 1)
#define CNF_PULLDOWN (1u << 2)
#define CNF_PULLUP (3u << 2)
#define CNF_D0S1 (4u << 8)
#define CNF_S0D1 (6u << 8)
#define CNF_SENSE_HIGH (2u << 16)
#define CNF_SENSE_LOW (3u << 16)

/* GPIOTE (15; 6.10) */
#define GPIOTE PERIPHERAL(ID_GPIOTE)
#define GPIOTE_OUT(n) REG32(GPIOTE + 0x000 + 4 * (n))
#define GPIOTE_SET(n) REG32(GPIOTE + 0x030 + 4 * (n))
#define GPIOTE_CLR(n) REG32(GPIOTE + 0x060 + 4 * (n))
#define GPIOTE_IN(n) REG32(GPIOTE + 0x100 + 4 * (n))
#define GPIOTE_PORT REG32(GPIOTE + 0x17C)
#define GPIOTE_CONFIG(n) REG32(GPIOTE + 0x510 + 4 * (n))
#define CONFIG_EVENT(pin) (1u | (uint32_t)(pin) << 8)
#define CONFIG_TASK(pin) (3u | (uint32_t)(pin) << 8)
#define CONFIG_LOTOHI (1u << 16)
#define CONFIG_HITOLO (2u << 16)
#define CONFIG_TOGGLE (3u << 16)
#define CONFIG_OUTINIT (1u << 20)

/* Pins with nothing on them, or with what does not answer. */
#ifdef NRF51
#define PIN_TXD 24
#define PIN_RXD 25
#define PIN_SCK 23
#define PIN_MISO 22
#define PIN_MOSI 21
#define PIN_SCL 0
#define PIN_SDA 30
#else
#define PIN_TXD 6
#define PIN_RXD 8
#define PIN_SCK 28
#define PIN_MISO 29
#define PIN_MOSI 30
#define PIN_SCL 27
#define PIN_SDA 26
#endif
#define PIN_A 2
#define PIN_B 3

#endif
