/* The serial configuration controller (Arm 100112, DAI 0385): what the image is, LEDs, an oscillator read and written. */
#include "checks.h"

#define CFG_REG1 REG32(SCC + 0x004)
#define SYS_CFGDATA_RTN REG32(SCC + 0x0A0)
#define SYS_CFGDATA_OUT REG32(SCC + 0x0A4)
#define SYS_CFGCTRL REG32(SCC + 0x0A8)
#define SYS_CFGSTAT REG32(SCC + 0x0AC)
#define SCC_DLL REG32(SCC + 0x100)
#define SCC_ID REG32(SCC + 0xFFC)
#define CFGCTRL_START (1u << 31)
#define CFGCTRL_WRITE (1u << 30)
#define CFGCTRL_FUNCTION(function) ((function) << 20)
#define FUNCTION_OSCILLATOR 1u
#define CFGSTAT_COMPLETE (1u << 0)
#define CFGSTAT_ERROR (1u << 1)

static uint32_t transfer(uint32_t control)
{
    SYS_CFGCTRL = CFGCTRL_START | control;
    wait_for(SYS_CFGSTAT & CFGSTAT_COMPLETE);
    expect(SYS_CFGCTRL & CFGCTRL_START, 0);
    return SYS_CFGSTAT;
}

void check_scc(void)
{
    uint32_t hertz;

    /* Arm's, and AMBA. */
    expect(SCC_ID >> 16, 0x4104);
    expect(SCC_DLL & 1, 1);
    CFG_REG1 = 0xA5;
    expect(CFG_REG1 & 0xFF, 0xA5);
    CFG_REG1 = 0;

    /* The one for audio, the same on all images. */
    expect(transfer(CFGCTRL_FUNCTION(FUNCTION_OSCILLATOR) | 1), CFGSTAT_COMPLETE);
    hertz = SYS_CFGDATA_RTN;
    expect_between(hertz, 24500000, 24650000);
    SYS_CFGDATA_OUT = hertz - 576000;
    expect(transfer(CFGCTRL_WRITE | CFGCTRL_FUNCTION(FUNCTION_OSCILLATOR) | 1), CFGSTAT_COMPLETE);
    expect(transfer(CFGCTRL_FUNCTION(FUNCTION_OSCILLATOR) | 1), CFGSTAT_COMPLETE);
    expect(SYS_CFGDATA_RTN, hertz - 576000);
    SYS_CFGDATA_OUT = hertz;
    expect(transfer(CFGCTRL_WRITE | CFGCTRL_FUNCTION(FUNCTION_OSCILLATOR) | 1), CFGSTAT_COMPLETE);

    /* There is no such function. */
    expect(transfer(CFGCTRL_FUNCTION(0x3Fu)), CFGSTAT_COMPLETE | CFGSTAT_ERROR);
}
