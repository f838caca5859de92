/* Real-time clock of the F1: a prescaler and a counter; the backup registers (RM0008 18 and 6). */
#include "checks.h"
#include "exti.h"
#include "clocks.h"
#include "rtc.h"

#define RTC_CRH REG32(RTC + 0x00)
#define RTC_CRL REG32(RTC + 0x04)
#define RTC_PRLH REG32(RTC + 0x08)
#define RTC_PRLL REG32(RTC + 0x0C)
#define RTC_DIVL REG32(RTC + 0x14)
#define RTC_CNTH REG32(RTC + 0x18)
#define RTC_CNTL REG32(RTC + 0x1C)
#define RTC_ALRH REG32(RTC + 0x20)
#define RTC_ALRL REG32(RTC + 0x24)
#define SECF (1u << 0)
#define ALRF (1u << 1)
#define OWF (1u << 2)
#define RSF (1u << 3)
#define CNF (1u << 4)
#define RTOFF (1u << 5)
#define BKP_DR(n) REG32(0x40006C00 + 4 * (n))

static volatile uint32_t seconds, alarms, overflows;

static void configure(void)
{
    wait_for(RTC_CRL & RTOFF);
    RTC_CRL |= CNF;
}

static void configured(void)
{
    RTC_CRL &= ~CNF;
    wait_for(RTC_CRL & RTOFF);
}

static uint32_t count(void)
{
    RTC_CRL &= ~RSF;
    wait_for(RTC_CRL & RSF);
    return RTC_CNTH << 16 | RTC_CNTL;
}

static void set_count(uint32_t value)
{
    configure();
    RTC_CNTH = value >> 16;
    RTC_CNTL = value & 0xFFFF;
    configured();
}

static void flagged(void)
{
    uint32_t flags = RTC_CRL & RTC_CRH;

    if (flags & SECF)
        seconds++;
    if (flags & OWF)
        overflows++;
    RTC_CRL &= ~flags;
}

static void alarmed(void)
{
    expect(EXTI_PR & 1u << EXTI_RTC_ALARM, 1u << EXTI_RTC_ALARM);
    expect(RTC_CRL & ALRF, ALRF);
    EXTI_PR = 1u << EXTI_RTC_ALARM;
    RTC_CRL &= ~ALRF;
    alarms++;
}

void rtc_start(void)
{
    configure();
    RTC_PRLH = 0;
    RTC_PRLL = 31;
    configured();
}

uint32_t rtc_measure(void)
{
    RTC_CRL &= ~SECF;
    wait_for(RTC_CRL & SECF);
    stopwatch_start();
    RTC_CRL &= ~SECF;
    wait_for(RTC_CRL & SECF);
    return stopwatch();
}

void check_rtc(void)
{
    uint32_t before;

    seconds = alarms = overflows = 0;
    clock_rtc();
    rtc_start();
    set_count(0x0001FFFF);
    expect_between(count(), 0x0001FFFF, 0x00020000);
    before = count();
    on_interrupt(IRQ_RTC, flagged);
    RTC_CRL &= ~SECF;
    RTC_CRH = SECF;
    wait_for(seconds == 2);
    RTC_CRH = 0;
    expect_between(count() - before, 2, 3);
    expect_between(RTC_DIVL, 0, 31);

    configure();
    RTC_ALRH = 0x1234;
    RTC_ALRL = 0x0002;
    configured();
    set_count(0x12340000);
    no_interrupt(IRQ_RTC);
    on_interrupt(IRQ_RTC_ALARM, alarmed);
    EXTI_PR = 1u << EXTI_RTC_ALARM;
    EXTI_RTSR |= 1u << EXTI_RTC_ALARM;
    EXTI_IMR |= 1u << EXTI_RTC_ALARM;
    RTC_CRL &= ~ALRF;
    RTC_CRH = ALRF;
    wait_for(alarms == 1);
    expect_between(count(), 0x12340002, 0x12340003);
    RTC_CRH = 0;
    EXTI_IMR &= ~(1u << EXTI_RTC_ALARM);
    EXTI_RTSR &= ~(1u << EXTI_RTC_ALARM);
    no_interrupt(IRQ_RTC_ALARM);

    set_count(0xFFFFFFFF);
    RTC_CRL &= ~OWF;
    RTC_CRH = OWF;
    on_interrupt(IRQ_RTC, flagged);
    wait_for(overflows == 1);
    expect_between(count(), 0, 1);
    RTC_CRH = 0;
    no_interrupt(IRQ_RTC);

    BKP_DR(1) = 0xA5A5;
    BKP_DR(10) = 0x1234;
    expect(BKP_DR(1), 0xA5A5);
    expect(BKP_DR(10), 0x1234);
}
