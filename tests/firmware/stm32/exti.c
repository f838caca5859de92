/* External interrupts: by software, by either edge of a pin, by the port that is selected. */
#include "exti.h"
#include "pins.h"

#define LINE 5

static volatile uint32_t software, pin;

static void line3(void)
{
    software++;
    expect(EXTI_PR & 1u << 3, 1u << 3);
    EXTI_PR = 1u << 3;
}

static void line5(void)
{
    pin++;
    expect(EXTI_PR & 1u << LINE, 1u << LINE);
    EXTI_PR = 1u << LINE;
}

static void select_port(uint32_t port)
{
    EXTICR(LINE / 4) = (EXTICR(LINE / 4) & ~(15u << LINE % 4 * 4)) | port << LINE % 4 * 4;
}

void check_exti(void)
{
    software = pin = 0;
    on_interrupt(IRQ_EXTI3, line3);
    EXTI_IMR |= 1u << 3;
    EXTI_SWIER |= 1u << 3;
    wait_for(software == 1);
    /* Clearing the pending bit clears SWIER. */
    expect(EXTI_SWIER & 1u << 3, 0);
    expect(EXTI_PR & 1u << 3, 0);
    EXTI_SWIER |= 1u << 3;
    wait_for(software == 2);
    EXTI_IMR &= ~(1u << 3);

    select_port(PORT_B);
    expect(EXTICR(LINE / 4) >> LINE % 4 * 4 & 15, PORT_B);
    pin_output(PORT_B, LINE);
    pin_output(PORT_A, LINE);
    pin_write(PORT_B, LINE, 0);
    pin_write(PORT_A, LINE, 0);
    on_interrupt(IRQ_EXTI5, line5);
    EXTI_PR = 1u << LINE;
    EXTI_IMR |= 1u << LINE;
    EXTI_RTSR |= 1u << LINE;
    pin_write(PORT_B, LINE, 1);
    wait_for(pin == 1);
    pin_write(PORT_B, LINE, 0);
    pin_write(PORT_B, LINE, 1);
    wait_for(pin == 2);
    EXTI_RTSR &= ~(1u << LINE);
    EXTI_FTSR |= 1u << LINE;
    pin_write(PORT_B, LINE, 0);
    wait_for(pin == 3);
    pin_write(PORT_B, LINE, 1);
    expect(pin, 3);

    /* The same line of another port is heard once it is selected. */
    pin_write(PORT_A, LINE, 1);
    pin_write(PORT_A, LINE, 0);
    expect(pin, 3);
    select_port(PORT_A);
    EXTI_PR = 1u << LINE;
    pin = 0;
    EXTI_RTSR |= 1u << LINE;
    pin_write(PORT_A, LINE, 1);
    wait_for(pin == 1);
    pin_write(PORT_A, LINE, 0);
    wait_for(pin == 2);

    /* Masked. */
    EXTI_IMR &= ~(1u << LINE);
    pin_write(PORT_A, LINE, 1);
    expect(pin, 2);
    EXTI_RTSR &= ~(1u << LINE);
    EXTI_FTSR &= ~(1u << LINE);
    EXTI_PR = 1u << LINE;
    no_interrupt(IRQ_EXTI3);
    no_interrupt(IRQ_EXTI5);
}
