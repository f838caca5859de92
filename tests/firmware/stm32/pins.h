/* One pin of a port, whichever way the family's ports are configured. */
#ifndef PINS_H
#define PINS_H

#include "checks.h"

#define PORT_A 0
#define PORT_B 1
#define PORT_C 2

#if GPIO_V1

/* RM0008 9.2: four bits of CRL or CRH a pin */
#define PIN_CONFIGURATION(port, pin) REG32(GPIO(port) + ((pin) & 8) / 2)
#define PIN_SHIFT(pin) (((pin) & 7) * 4)
#define PIN_BITS 15u
#define GPIO_IDR(port) REG32(GPIO(port) + 0x08)
#define GPIO_ODR(port) REG32(GPIO(port) + 0x0C)
#define GPIO_BSRR(port) REG32(GPIO(port) + 0x10)
#define GPIO_LCKR(port) REG32(GPIO(port) + 0x18)

static inline void pin_configure(uint32_t port, uint32_t pin, uint32_t bits)
{
    volatile uint32_t *const reg = &PIN_CONFIGURATION(port, pin);

    *reg = (*reg & ~(15u << PIN_SHIFT(pin))) | bits << PIN_SHIFT(pin);
}

static inline void pin_output(uint32_t port, uint32_t pin)
{
    pin_configure(port, pin, 2);
}

static inline void pin_open_drain(uint32_t port, uint32_t pin)
{
    pin_configure(port, pin, 6);
}

static inline void pin_pull(uint32_t port, uint32_t pin, int up)
{
    pin_configure(port, pin, 8);
    GPIO_BSRR(port) = up ? 1u << pin : 1u << (pin + 16);
}

static inline void pin_alternate(uint32_t port, uint32_t pin, uint32_t function)
{
    (void)function;
    pin_configure(port, pin, 0xB);
}

static inline void pin_alternate_input(uint32_t port, uint32_t pin, uint32_t function)
{
    (void)function;
    pin_configure(port, pin, 4);
}

#else

/* RM0090 8.4: two bits of MODER a pin */
#define PIN_CONFIGURATION(port, pin) REG32(GPIO(port) + 0x00)
#define PIN_SHIFT(pin) ((pin) * 2)
#define PIN_BITS 3u
#define GPIO_OTYPER(port) REG32(GPIO(port) + 0x04)
#define GPIO_PUPDR(port) REG32(GPIO(port) + 0x0C)
#define GPIO_IDR(port) REG32(GPIO(port) + 0x10)
#define GPIO_ODR(port) REG32(GPIO(port) + 0x14)
#define GPIO_BSRR(port) REG32(GPIO(port) + 0x18)
#define GPIO_LCKR(port) REG32(GPIO(port) + 0x1C)

static inline void pin_two_bits(volatile uint32_t *reg, uint32_t pin, uint32_t bits)
{
    *reg = (*reg & ~(3u << pin * 2)) | bits << pin * 2;
}

static inline void pin_output(uint32_t port, uint32_t pin)
{
    GPIO_OTYPER(port) &= ~(1u << pin);
    pin_two_bits(&PIN_CONFIGURATION(port, pin), pin, 1);
}

static inline void pin_open_drain(uint32_t port, uint32_t pin)
{
    GPIO_OTYPER(port) |= 1u << pin;
    pin_two_bits(&PIN_CONFIGURATION(port, pin), pin, 1);
}

static inline void pin_pull(uint32_t port, uint32_t pin, int up)
{
    pin_two_bits(&PIN_CONFIGURATION(port, pin), pin, 0);
    pin_two_bits(&GPIO_PUPDR(port), pin, up ? 1 : 2);
}

static inline void pin_alternate(uint32_t port, uint32_t pin, uint32_t function)
{
    volatile uint32_t *const reg = &REG32(GPIO(port) + 0x20 + (pin & 8) / 2);

    *reg = (*reg & ~(15u << (pin & 7) * 4)) | function << (pin & 7) * 4;
    pin_two_bits(&PIN_CONFIGURATION(port, pin), pin, 2);
}

static inline void pin_alternate_input(uint32_t port, uint32_t pin, uint32_t function)
{
    pin_alternate(port, pin, function);
}

#endif

/* Whether the pin is high. */
static inline uint32_t pin_read(uint32_t port, uint32_t pin)
{
    return GPIO_IDR(port) >> pin & 1;
}

static inline void pin_write(uint32_t port, uint32_t pin, int high)
{
    GPIO_BSRR(port) = high ? 1u << pin : 1u << (pin + 16);
}

#endif
