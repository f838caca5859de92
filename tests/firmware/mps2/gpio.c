/* GPIO (DDI 0479 3.5): sixteen pins that hear themselves, masks in the address, interrupts by edge and by level. */
#include "checks.h"

#define DATA REG32(GPIO0 + 0x000)
#define DATAOUT REG32(GPIO0 + 0x004)
#define OUTENSET REG32(GPIO0 + 0x010)
#define OUTENCLR REG32(GPIO0 + 0x014)
#define ALTFUNCSET REG32(GPIO0 + 0x018)
#define ALTFUNCCLR REG32(GPIO0 + 0x01C)
#define INTENSET REG32(GPIO0 + 0x020)
#define INTENCLR REG32(GPIO0 + 0x024)
#define INTTYPESET REG32(GPIO0 + 0x028)
#define INTTYPECLR REG32(GPIO0 + 0x02C)
#define INTPOLSET REG32(GPIO0 + 0x030)
#define INTPOLCLR REG32(GPIO0 + 0x034)
#define INTSTATUS REG32(GPIO0 + 0x038)
#define INTCLEAR INTSTATUS
#define LB_MASKED(mask) REG32(GPIO0 + 0x400 + 4 * (mask))
#define UB_MASKED(mask) REG32(GPIO0 + 0x800 + 4 * (mask))
#define ALL 0xFFFF

static volatile uint32_t interrupts, seen;

static void combined(void)
{
    seen = INTSTATUS;
    INTCLEAR = seen;
    interrupts++;
}

/* A level that lasts is there again when it has been cleared. */
static void level(void)
{
    seen = INTSTATUS;
    INTCLEAR = seen;
    expect(INTSTATUS, seen);
    DATAOUT ^= seen;
    expect(INTSTATUS, seen);
    INTCLEAR = seen;
    expect(INTSTATUS, 0);
    interrupts++;
}

static void data(void)
{
    expect(DATAOUT, 0);
    expect(OUTENSET, 0);
    OUTENSET = ALL;
    OUTENCLR = 0x0100;
    expect(OUTENSET, 0xFEFF);
    expect(OUTENCLR, 0xFEFF);
    OUTENSET = 0x0100;
    DATAOUT = 0xA5F0;
    expect(DATAOUT, 0xA5F0);
    expect(DATA, 0xA5F0);
    DATA = 0x5AF0;
    expect(DATAOUT, 0x5AF0);

    /* The address says which pins of a byte are meant, the bits stay where they are. */
    LB_MASKED(0x3C) = 0x000F;
    expect(DATA, 0x5ACC);
    expect(LB_MASKED(0x81), 0x0080);
    UB_MASKED(0x0F) = 0xF500;
    expect(DATA, 0x55CC);
    expect(UB_MASKED(0xF0), 0x5000);
    LB_MASKED(0) = ALL;
    expect(DATA, 0x55CC);

    expect(ALTFUNCSET, 0);
    ALTFUNCSET = 0x00F0;
    ALTFUNCCLR = 0x0030;
    expect(ALTFUNCSET, 0x00C0);
    expect(ALTFUNCCLR, 0x00C0);
    ALTFUNCCLR = ALL;
}

static void make(uint32_t pin, uint32_t high, uint32_t interrupted)
{
    uint32_t before = interrupts;

    seen = 0;
    DATAOUT = high ? DATAOUT | pin : DATAOUT & ~pin;
    expect(DATA & pin, high ? pin : 0);
    if (interrupted)
        wait_for(interrupts == before + 1);
    expect(interrupts - before, interrupted);
    expect(seen, interrupted ? pin : 0);
}

/* Pin 8 rises, pin 9 falls, pin 10 rises unheard. */
static void edges(void)
{
    DATAOUT = 0x0200;
    INTTYPESET = 0x0F00;
    INTTYPECLR = 0x0800;
    expect(INTTYPESET, 0x0700);
    INTPOLSET = 0x0F00;
    INTPOLCLR = 0x0A00;
    expect(INTPOLCLR, 0x0500);
    INTCLEAR = ALL;
    INTENSET = 0x0700;
    INTENCLR = 0x0400;
    expect(INTENSET, 0x0300);
    on_interrupt(IRQ_GPIO0, combined);
    make(0x0100, 1, 1);
    make(0x0100, 0, 0);
    make(0x0200, 0, 1);
    make(0x0200, 1, 0);
    make(0x0400, 1, 0);
    expect(INTSTATUS, 0);
    INTENCLR = ALL;
}

/* Pin 8 asks while it is high, pin 9 while it is low. */
static void levels(void)
{
    interrupts = 0;
    DATAOUT = 0x0200;
    INTTYPECLR = ALL;
    INTPOLCLR = ALL;
    INTPOLSET = 0x0100;
    INTENSET = 0x0300;
    on_interrupt(IRQ_GPIO0, level);
    expect(interrupts, 0);
    DATAOUT |= 0x0100;
    wait_for(interrupts == 1);
    expect(seen, 0x0100);
    DATAOUT &= ~0x0200u;
    wait_for(interrupts == 2);
    expect(seen, 0x0200);
    INTENCLR = ALL;

    /* What has been asked for stays asked for. */
    no_interrupt(IRQ_GPIO0);
    INTENSET = 0x0100;
    DATAOUT |= 0x0100;
    DATAOUT &= ~0x0100u;
    INTENCLR = ALL;
    expect(INTSTATUS, 0x0100);
    INTCLEAR = 0x0100;
    expect(INTSTATUS, 0);
}

#ifdef IRQ_GPIO0_PIN

static volatile uint32_t alone;

static void by_itself(void)
{
    expect(INTSTATUS, 4);
    INTCLEAR = 4;
    alone++;
}

/* The pins of the first byte have interrupts of their own. */
static void pin(void)
{
    DATAOUT = 0;
    INTTYPESET = 4;
    INTPOLSET = 4;
    INTENSET = 4;
    on_interrupt(IRQ_GPIO0_PIN(2), by_itself);
    DATAOUT = 4;
    wait_for(alone == 1);
    no_interrupt(IRQ_GPIO0_PIN(2));
    INTENCLR = ALL;
}

#endif

void check_gpio(void)
{
    expect(PID0(GPIO0), 0x20);
    data();
    edges();
    levels();
#ifdef IRQ_GPIO0_PIN
    pin();
#endif
    DATAOUT = 0;
    OUTENCLR = ALL;
}
