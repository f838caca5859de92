/* GPIO: what an address means, pads, interrupts by edge and by level that the pull resistors make, the pins that are locked. */
#include "checks.h"

#define GPIO_DATA(port, pins) REG32((port) + ((pins) << 2))
#define GPIO_DIR(port) REG32((port) + 0x400)
#define GPIO_IS(port) REG32((port) + 0x404)
#define GPIO_IBE(port) REG32((port) + 0x408)
#define GPIO_IEV(port) REG32((port) + 0x40C)
#define GPIO_IM(port) REG32((port) + 0x410)
#define GPIO_RIS(port) REG32((port) + 0x414)
#define GPIO_MIS(port) REG32((port) + 0x418)
#define GPIO_ICR(port) REG32((port) + 0x41C)
#define GPIO_AFSEL(port) REG32((port) + 0x420)
#define GPIO_DR2R(port) REG32((port) + 0x500)
#define GPIO_DR8R(port) REG32((port) + 0x508)
#define GPIO_ODR(port) REG32((port) + 0x50C)
#define GPIO_PUR(port) REG32((port) + 0x510)
#define GPIO_PDR(port) REG32((port) + 0x514)
#define GPIO_DEN(port) REG32((port) + 0x51C)
#define GPIO_LOCK(port) REG32((port) + 0x520)
#define GPIO_CR(port) REG32((port) + 0x524)
#define UNLOCK 0x1ACCE551
#define ALL 0xFFu

static volatile uint32_t interrupts, seen;

/* Pulls a pin up or down, and waits until it is. */
static void pull(uint32_t pin, uint32_t high)
{
    if (high)
        GPIO_PUR(GPIOD) |= pin;
    else
        GPIO_PDR(GPIOD) |= pin;
    wait_for(GPIO_DATA(GPIOD, pin) == (high ? pin : 0));
}

static void edge(void)
{
    seen = GPIO_MIS(GPIOD);
    GPIO_ICR(GPIOD) = seen;
    interrupts++;
}

/* Lasts as long as the pin is there, whatever is cleared. */
static void level(void)
{
    seen = GPIO_MIS(GPIOD);
    GPIO_ICR(GPIOD) = seen;
    expect(GPIO_RIS(GPIOD) & seen, seen);
    pull(seen, !GPIO_DATA(GPIOD, seen));
    interrupts++;
}

static void data(void)
{
    GPIO_DEN(GPIOD) = ALL;
    GPIO_DIR(GPIOD) = ALL;
    GPIO_DATA(GPIOD, ALL) = 0xF0;
    expect(GPIO_DATA(GPIOD, ALL), 0xF0);
    GPIO_DATA(GPIOD, 0x3Cu) = 0x0F;
    expect(GPIO_DATA(GPIOD, ALL), 0xCC);
    expect(GPIO_DATA(GPIOD, 0x81u), 0x80);
    GPIO_DATA(GPIOD, 0u) = ALL;
    expect(GPIO_DATA(GPIOD, ALL), 0xCC);
}

static void pads(void)
{
    GPIO_DATA(GPIOD, ALL) = 0;
    GPIO_DIR(GPIOD) = 0;
    pull(0x0F, 1);
    /* One way or the other. */
    pull(0x03, 0);
    expect(GPIO_PUR(GPIOD), 0x0C);
    expect(GPIO_DATA(GPIOD, 0x0Fu), 0x0C);
    /* An input that is not digital lets nothing in. */
    GPIO_DEN(GPIOD) = 0xFB;
    expect(GPIO_DATA(GPIOD, 0x0Fu), 0x08);
    GPIO_DEN(GPIOD) = ALL;
    /* An open drain is low or let go. */
    GPIO_ODR(GPIOD) = 0x0C;
    GPIO_DIR(GPIOD) = 0x0C;
    GPIO_DATA(GPIOD, 0x0Cu) = 0x04;
    expect(GPIO_DATA(GPIOD, 0x0Cu), 0x04);
    GPIO_ODR(GPIOD) = 0;
    /* One strength a pin. */
    expect(GPIO_DR2R(GPIOD), 0xFF);
    GPIO_DR8R(GPIOD) = 0x0F;
    expect(GPIO_DR2R(GPIOD), 0xF0);
    GPIO_DR2R(GPIOD) = 0xFF;
    expect(GPIO_DR8R(GPIOD), 0);
}

static void make(uint32_t pin, uint32_t high, uint32_t interrupted)
{
    uint32_t before = interrupts;

    seen = 0;
    pull(pin, high);
    if (interrupted)
        wait_for(interrupts == before + 1);
    expect(interrupts - before, interrupted);
    expect(seen, interrupted ? pin : 0);
}

/* Pin 0 rises, pin 1 falls, pin 2 does both, pin 3 rises unheard. */
static void edges(void)
{
    interrupts = 0;
    GPIO_DIR(GPIOD) = 0;
    pull(0x0D, 0);
    pull(0x02, 1);
    GPIO_IM(GPIOD) = 0;
    GPIO_IS(GPIOD) = 0;
    GPIO_IEV(GPIOD) = 0x09;
    GPIO_IBE(GPIOD) = 0x04;
    GPIO_ICR(GPIOD) = ALL;
    GPIO_IM(GPIOD) = 0x07;
    on_interrupt(IRQ_GPIOD, edge);
    make(1, 1, 1);
    make(1, 0, 0);
    make(2, 0, 1);
    make(2, 1, 0);
    make(4, 1, 1);
    make(4, 0, 1);
    make(8, 1, 0);
    expect(GPIO_RIS(GPIOD), 8);
    expect(GPIO_MIS(GPIOD), 0);
    GPIO_ICR(GPIOD) = 8;
    expect(GPIO_RIS(GPIOD), 0);
    GPIO_IM(GPIOD) = 0;
}

/* Pin 4 asks while it is high, pin 5 while it is low. */
static void levels(void)
{
    interrupts = 0;
    pull(0x10, 0);
    pull(0x20, 1);
    GPIO_IEV(GPIOD) = 0x10;
    GPIO_IS(GPIOD) = 0x30;
    GPIO_IM(GPIOD) = 0x30;
    on_interrupt(IRQ_GPIOD, level);
    expect(interrupts, 0);
    GPIO_PUR(GPIOD) |= 0x10;
    wait_for(interrupts == 1);
    expect(seen, 0x10);
    GPIO_PDR(GPIOD) |= 0x20;
    wait_for(interrupts == 2);
    expect(seen, 0x20);
    expect(GPIO_DATA(GPIOD, 0x30u), 0x20);
    expect(GPIO_RIS(GPIOD), 0);
    no_interrupt(IRQ_GPIOD);
    GPIO_IM(GPIOD) = 0;
}

/* Pin 7 of port B is the debugger's until a key lets software have it. */
static void lock(void)
{
    expect(GPIO_LOCK(GPIOB), 1);
    expect(GPIO_CR(GPIOB), 0x7F);
    expect(GPIO_AFSEL(GPIOB), 0x80);
    expect(GPIO_DEN(GPIOB), 0x80);
    expect(GPIO_PUR(GPIOB), 0x80);
    GPIO_AFSEL(GPIOB) = 0x01;
    expect(GPIO_AFSEL(GPIOB), 0x81);
    GPIO_CR(GPIOB) = ALL;
    expect(GPIO_CR(GPIOB), 0x7F);
    GPIO_LOCK(GPIOB) = UNLOCK;
    expect(GPIO_LOCK(GPIOB), 0);
    GPIO_CR(GPIOB) = ALL;
    GPIO_LOCK(GPIOB) = 0;
    expect(GPIO_LOCK(GPIOB), 1);
    GPIO_AFSEL(GPIOB) = 0;
    expect(GPIO_AFSEL(GPIOB), 0);
}

void check_gpio(void)
{
    data();
    pads();
    edges();
    levels();
    lock();
}
