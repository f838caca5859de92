/* Real-time clock with a calendar: F0, F2, F3, F4, L1, L4 (RM0090 26.6). */
#include "checks.h"
#include "clocks.h"
#include "exti.h"
#include "rtc.h"

#define RTC_TR REG32(RTC + 0x00)
#define RTC_DR REG32(RTC + 0x04)
#define RTC_CR REG32(RTC + 0x08)
#define RTC_ISR REG32(RTC + 0x0C)
#define RTC_PRER REG32(RTC + 0x10)
#define RTC_WUTR REG32(RTC + 0x14)
#define RTC_ALRMAR REG32(RTC + 0x1C)
#define RTC_WPR REG32(RTC + 0x24)
#define RTC_BKPR(n) REG32(RTC + 0x50 + 4 * (n))
#define CR_WUCKSEL_RTC_2 3u
#define CR_ALRAE (1u << 8)
#define CR_WUTE (1u << 10)
#define CR_ALRAIE (1u << 12)
#define CR_WUTIE (1u << 14)
#define ISR_ALRAWF (1u << 0)
#define ISR_WUTWF (1u << 2)
#define ISR_INITS (1u << 4)
#define ISR_RSF (1u << 5)
#define ISR_INITF (1u << 6)
#define ISR_INIT (1u << 7)
#define ISR_ALRAF (1u << 8)
#define ISR_WUTF (1u << 10)
/* Writing 0 clears a flag; INIT alone is not one. */
#define CLEAR(flag) (RTC_ISR = ~((flag) | ISR_INIT))

static volatile uint32_t alarms, wakeups;

static void unlock(void)
{
    RTC_WPR = 0xCA;
    RTC_WPR = 0x53;
}

static void wakeup_timer(uint32_t reload, uint32_t more)
{
    RTC_CR &= ~(CR_WUTE | CR_WUTIE);
    wait_for(RTC_ISR & ISR_WUTWF);
    RTC_WUTR = reload;
    RTC_CR = (RTC_CR & ~7u) | CR_WUCKSEL_RTC_2 | CR_WUTE | more;
}

void rtc_start(void)
{
    unlock();
    wakeup_timer(15, 0);
}

uint32_t rtc_measure(void)
{
    CLEAR(ISR_WUTF);
    wait_for(RTC_ISR & ISR_WUTF);
    stopwatch_start();
    CLEAR(ISR_WUTF);
    wait_for(RTC_ISR & ISR_WUTF);
    return stopwatch();
}

/* The time, as one word; the date is then locked until it is read. */
static uint32_t now(uint32_t *date)
{
    uint32_t time;

    CLEAR(ISR_RSF);
    wait_for(RTC_ISR & ISR_RSF);
    time = RTC_TR;
    *date = RTC_DR;
    return time;
}

static void alarmed(void)
{
    expect(RTC_ISR & ISR_ALRAF, ISR_ALRAF);
    CLEAR(ISR_ALRAF);
    EXTI_PR = 1u << EXTI_RTC_ALARM;
    alarms++;
}

static void woken(void)
{
    expect(RTC_ISR & ISR_WUTF, ISR_WUTF);
    CLEAR(ISR_WUTF);
    EXTI_PR = 1u << EXTI_RTC_WKUP;
    wakeups++;
}

static void open_line(uint32_t line)
{
    EXTI_PR = 1u << line;
    EXTI_RTSR |= 1u << line;
    EXTI_IMR |= 1u << line;
}

void check_rtc(void)
{
    uint32_t time, date, alarm;

    alarms = wakeups = 0;
    clock_rtc();
    expect(RTC_PRER, 0x007F00FF);
    /* What is locked stays. */
    RTC_WPR = 0xFF;
    RTC_PRER = 0;
    expect(RTC_PRER, 0x007F00FF);
    unlock();

    /* Seconds of 64 periods of the oscillator; midnight and a new year after one of them. */
    RTC_ISR |= ISR_INIT;
    wait_for(RTC_ISR & ISR_INITF);
    RTC_PRER = 31;
    RTC_PRER |= 1u << 16;
    RTC_TR = 0x00235959;
    RTC_DR = 0x0023F231; /* a Sunday */
    RTC_CR = 0;
    RTC_ISR &= ~ISR_INIT;
    time = now(&date);
    expect(time, 0x00235959);
    expect(date, 0x0023F231);
    expect(RTC_ISR & ISR_INITS, ISR_INITS);
    wait_for(now(&date) != 0x00235959);
    time = now(&date);
    expect(time, 0x00000000);
    expect(date, 0x00242101);

    /* Alarm A at the fourth second of any minute, hour and day. */
    RTC_CR &= ~CR_ALRAE;
    wait_for(RTC_ISR & ISR_ALRAWF);
    RTC_ALRMAR = 1u << 31 | 1u << 23 | 1u << 15 | 4;
    CLEAR(ISR_ALRAF);
    open_line(EXTI_RTC_ALARM);
    on_interrupt(IRQ_RTC_ALARM, alarmed);
    RTC_CR |= CR_ALRAE | CR_ALRAIE;
    wait_for(alarms == 1);
    alarm = now(&date);
    expect(alarm, 0x00000004);
    RTC_CR &= ~(CR_ALRAE | CR_ALRAIE);
    EXTI_IMR &= ~(1u << EXTI_RTC_ALARM);
    EXTI_RTSR &= ~(1u << EXTI_RTC_ALARM);
    no_interrupt(IRQ_RTC_ALARM);

    /* The wake-up timer, every 16 periods. */
    CLEAR(ISR_WUTF);
    open_line(EXTI_RTC_WKUP);
    on_interrupt(IRQ_RTC_WKUP, woken);
    wakeup_timer(7, CR_WUTIE);
    wait_for(wakeups == 3);
    RTC_CR &= ~(CR_WUTE | CR_WUTIE);
    EXTI_IMR &= ~(1u << EXTI_RTC_WKUP);
    EXTI_RTSR &= ~(1u << EXTI_RTC_WKUP);
    no_interrupt(IRQ_RTC_WKUP);

    RTC_BKPR(0) = 0xA5A55A5A;
    RTC_BKPR(4) = 0x12345678;
    expect(RTC_BKPR(0), 0xA5A55A5A);
    expect(RTC_BKPR(4), 0x12345678);
    RTC_WPR = 0xFF;
}
