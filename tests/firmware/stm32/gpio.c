/* General-purpose I/O: levels by BSRR and ODR, pulls, open drain, the lock. */
#include "pins.h"

void check_gpio(void)
{
    const uint32_t pin = 6;
    uint32_t key;

    pin_output(PORT_B, pin);
    pin_write(PORT_B, pin, 1);
    expect(GPIO_ODR(PORT_B) >> pin & 1, 1);
    expect(pin_read(PORT_B, pin), 1);
    pin_write(PORT_B, pin, 0);
    expect(GPIO_ODR(PORT_B) >> pin & 1, 0);
    expect(pin_read(PORT_B, pin), 0);
    /* Setting wins over resetting. */
    GPIO_BSRR(PORT_B) = 1u << pin | 1u << (pin + 16);
    expect(pin_read(PORT_B, pin), 1);
    GPIO_ODR(PORT_B) ^= 1u << pin;
    expect(pin_read(PORT_B, pin), 0);
    expect(GPIO_BSRR(PORT_B), 0);

    pin_pull(PORT_B, pin, 1);
    expect(pin_read(PORT_B, pin), 1);
    pin_pull(PORT_B, pin, 0);
    expect(pin_read(PORT_B, pin), 0);

#if !GPIO_V1
    /* Nothing but the pull makes an open drain high. */
    pin_pull(PORT_B, pin, 1);
    pin_open_drain(PORT_B, pin);
    pin_write(PORT_B, pin, 1);
    expect(pin_read(PORT_B, pin), 1);
    GPIO_PUPDR(PORT_B) &= ~(3u << pin * 2);
#else
    pin_open_drain(PORT_B, pin);
#endif
    pin_write(PORT_B, pin, 0);
    expect(pin_read(PORT_B, pin), 0);

    /* Once the lock sequence is through, the pin's configuration stays; its level does not. */
    pin_output(PORT_B, 7);
    key = 1u << 7;
    GPIO_LCKR(PORT_B) = 1u << 16 | key;
    GPIO_LCKR(PORT_B) = key;
    GPIO_LCKR(PORT_B) = 1u << 16 | key;
    (void)GPIO_LCKR(PORT_B);
    expect(GPIO_LCKR(PORT_B), 1u << 16 | key);
    PIN_CONFIGURATION(PORT_B, 7) &= ~(PIN_BITS << PIN_SHIFT(7));
#if GPIO_V1
    expect(PIN_CONFIGURATION(PORT_B, 7) >> PIN_SHIFT(7) & PIN_BITS, 2);
#else
    expect(PIN_CONFIGURATION(PORT_B, 7) >> PIN_SHIFT(7) & PIN_BITS, 1);
#endif
    pin_write(PORT_B, 7, 1);
    expect(pin_read(PORT_B, 7), 1);
    GPIO_LCKR(PORT_B) = 0;
    expect(GPIO_LCKR(PORT_B), 1u << 16 | key);
}
