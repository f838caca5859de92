/* System control: what the part is, the clocks that RCC and RCC2 choose, held against the seconds of a timer, the lock of the
 * PLL, the causes of resets.
 */
#include "sysctl.h"
#include "checks.h"
#include "gptm.h"

static volatile uint32_t seconds, at[2], locks;

static void second(void)
{
    GPTM_ICR(TIMER3) = GPTM_RTC;
    GPTM_TAMATCHR(TIMER3) = GPTM_TAR(TIMER3) + 1;
    if (seconds < 2)
        at[seconds] = stopwatch();
    else
        no_interrupt(IRQ_TIMER3A);
    seconds++;
}

/* Core clocks in a second, the first whole one from now. */
static uint32_t hertz(void)
{
    seconds = 0;
    GPTM_CTL(TIMER3) = 0;
    GPTM_CFG(TIMER3) = GPTM_CFG_RTC;
    GPTM_TAILR(TIMER3) = 0;
    GPTM_TAMATCHR(TIMER3) = 1;
    GPTM_IMR(TIMER3) = GPTM_RTC;
    on_interrupt(IRQ_TIMER3A, second);
    GPTM_CTL(TIMER3) = CTL_RTCEN | CTL_TAEN;
    sleep_until(seconds == 1);
    stopwatch_start();
    at[0] = 0;
    sleep_until(seconds == 2);
    GPTM_CTL(TIMER3) = 0;
    no_interrupt(IRQ_TIMER3A);
    return at[1] - at[0];
}

static void locked(void)
{
    expect(MISC, PLLLRIS);
    MISC = PLLLRIS;
    locks++;
}

void pll_on(void)
{
    MISC = PLLLRIS;
    RCC &= ~RCC_MOSCDIS;
    RCC = RCC_REST | RCC_BYPASS | RCC_XTAL(XTAL_8M) | RCC_OSCSRC(OSCSRC_INTERNAL);
    wait_for(RIS & PLLLRIS);
}

void pll_off(void)
{
    RCC = RCC_RESET;
    MISC = PLLLRIS;
}

/* The crystal, which becomes the clock before it is asked for anything else. */
static void main_oscillator(uint32_t more)
{
    RCC &= ~RCC_MOSCDIS;
    RCC = RCC_REST | RCC_PWRDN | RCC_BYPASS | RCC_XTAL(XTAL_8M) | RCC_OSCSRC(OSCSRC_MAIN) | more;
}

static void oscillators(void)
{
    expect_between(hertz(), CLOCK_LEAST, CLOCK_MOST);
    RCC = (RCC_RESET & ~RCC_OSCSRC(3u)) | RCC_OSCSRC(OSCSRC_INTERNAL_4);
    expect_between(hertz(), CLOCK_LEAST / 4, CLOCK_MOST / 4);
    main_oscillator(0);
    expect_between(hertz(), 7980000, 8020000);
    /* The divider is there and not used, until it is. */
    RCC |= RCC_SYSDIV(16);
    expect_between(hertz(), 7980000, 8020000);
    RCC |= RCC_USESYSDIV;
    expect_between(hertz(), 498000, 502000);
}

static void pll(void)
{
    uint32_t took;

    main_oscillator(0);
    /* 400 MHz: F / (R + 1) times the crystal. */
    expect_between(8000 * (PLLCFG >> 5 & 0x1FF) / ((PLLCFG & 0x1F) + 1), 399000, 401000);

    /* It locks within 0.6 ms or so, and says so. */
    locks = 0;
    MISC = PLLLRIS;
    expect(RIS & PLLLRIS, 0);
    IMC = PLLLRIS;
    on_interrupt(IRQ_SYSCTL, locked);
    stopwatch_start();
    RCC &= ~RCC_PWRDN;
    sleep_until(locks == 1);
    expect_between(stopwatch(), 100, 6000);
    expect(RIS & PLLLRIS, 0);
    IMC = 0;
    no_interrupt(IRQ_SYSCTL);

    /* Half of it, by 16. */
    RCC = (RCC & ~RCC_BYPASS) | RCC_SYSDIV(16) | RCC_USESYSDIV;
    expect_between(hertz(), 12470000, 12530000);

    /* Fields of RCC2 count when it says so: by 64, then a clock of its own choice. */
    RCC2 = RCC2_USERCC2 | RCC2_SYSDIV2(64) | RCC2_OSCSRC2(OSCSRC_MAIN);
    expect_between(hertz(), 3117000, 3133000);
    RCC2 = RCC2_USERCC2 | RCC2_SYSDIV2(1) | RCC2_BYPASS2 | RCC2_PWRDN2 | RCC2_OSCSRC2(OSCSRC_30K);
    expect_between(hertz(), 15000, 45000);
    main_oscillator(RCC_SYSDIV(16) | RCC_USESYSDIV);
    RCC2 = RCC2_RESET;

    /* All in one step: until it has locked, the crystal stays the clock, here divided by 16. */
    MISC = PLLLRIS;
    stopwatch_start();
    RCC &= ~(RCC_PWRDN | RCC_BYPASS);
    while (!(RIS & PLLLRIS) && stopwatch() < 10000) {
    }
    took = stopwatch();
    expect_between(took, 100, 1000);
    expect_between(hertz(), 12470000, 12530000);
}

void check_sysctl(void)
{
    /* An LM3S6965 with 256 KiB of flash, in units of 2, and 64 KiB of RAM, in units of a fourth. */
    expect(DID0 >> 16, 0x1001);
    expect(DID1 >> 16, 0x1073);
    expect(DC0, 0x00FF007F);
    expect(RESC & RESC_CAUSES, RESC_POR);
    RESC = 0;
    expect(RESC, 0);

    expect(RCC, RCC_RESET);
    expect(RCC2, RCC2_RESET);
    expect(RIS, 0);
    expect(IMC, 0);
    oscillators();
    pll();
    RCC |= RCC_BYPASS;
    pll_off();
    expect_between(hertz(), CLOCK_LEAST, CLOCK_MOST);
}
