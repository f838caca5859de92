/* SSI in loopback, as the master: frames of several sizes, their time, the FIFOs with their interrupts, the receive time-out, an
 * overrun.
 */
#include "checks.h"

#define SSICR0 REG32(SSI0 + 0x000)
#define SSICR1 REG32(SSI0 + 0x004)
#define SSIDR REG32(SSI0 + 0x008)
#define SSISR REG32(SSI0 + 0x00C)
#define SSICPSR REG32(SSI0 + 0x010)
#define SSIIM REG32(SSI0 + 0x014)
#define SSIRIS REG32(SSI0 + 0x018)
#define SSIMIS REG32(SSI0 + 0x01C)
#define SSIICR REG32(SSI0 + 0x020)
#define SSIPeriphID0 REG32(SSI0 + 0xFE0)
#define CR1_LBM (1u << 0)
#define CR1_SSE (1u << 1)
#define SR_TFE (1u << 0)
#define SR_TNF (1u << 1)
#define SR_RNE (1u << 2)
#define SR_RFF (1u << 3)
#define SR_BSY (1u << 4)
#define INT_ROR (1u << 0)
#define INT_RT (1u << 1)
#define INT_RX (1u << 2)
#define INT_TX (1u << 3)

/* Cycles for a bit: the even prescaler times one more than what divides again. */
#define BIT 20

static volatile uint32_t sum, received, sent, timeouts, overruns;

static void configure(uint32_t bits)
{
    SSICR1 = 0;
    SSICR0 = (BIT / 2 - 1) << 8 | (bits - 1);
    SSICPSR = 2;
    SSICR1 = CR1_LBM | CR1_SSE;
}

/* Half a FIFO in, or half a FIFO free. */
static void serve(void)
{
    uint32_t asked = SSIMIS;

    if (asked & INT_RX)
        for (uint32_t i = 0; i < 4; i++) {
            sum += SSIDR;
            received++;
        }
    if (asked & INT_TX) {
        for (uint32_t i = 0; i < 4 && sent < 12; i++)
            SSIDR = sent++;
        if (sent == 12)
            SSIIM &= ~INT_TX;
    }
}

static void late(void)
{
    expect(SSIMIS, INT_RT);
    timeouts++;
    SSIICR = INT_RT;
    expect(SSIRIS & INT_RT, 0);
}

static void lost(void)
{
    expect(SSIMIS, INT_ROR);
    overruns++;
    SSIICR = INT_ROR;
}

static void frames(void)
{
    expect(SSISR, SR_TNF | SR_TFE);
    expect(SSIRIS, INT_TX);
    configure(8);
    stopwatch_start();
    SSIDR = 0x3A5;
    expect(SSISR & SR_BSY, SR_BSY);
    wait_for(SSISR & SR_RNE);
    expect_between(stopwatch(), 8 * BIT, 9 * BIT + 40);
    expect(SSIDR, 0xA5);
    wait_for(!(SSISR & SR_BSY));
    expect(SSISR, SR_TNF | SR_TFE);
    configure(16);
    stopwatch_start();
    SSIDR = 0xBEEF;
    wait_for(SSISR & SR_RNE);
    expect_between(stopwatch(), 16 * BIT, 17 * BIT + 40);
    expect(SSIDR, 0xBEEF);
    configure(4);
    SSIDR = 0x5C;
    wait_for(SSISR & SR_RNE);
    expect(SSIDR, 0xC);
}

/* Twelve frames, by four. */
static void interrupts(void)
{
    configure(8);
    on_interrupt(IRQ_SSI0, serve);
    SSIIM = INT_TX | INT_RX;
    sleep_until(received == 12);
    expect(sum, 66);
    expect(SSIRIS & INT_RX, 0);
    no_interrupt(IRQ_SSI0);
    SSIIM = 0;
}

/* One frame that nobody reads, 32 bits long; reading, and another frame, end that. */
static void timeout(void)
{
    configure(8);
    on_interrupt(IRQ_SSI0, late);
    SSIIM = INT_RT;
    stopwatch_start();
    SSIDR = 1;
    sleep_until(timeouts == 1);
    expect_between(stopwatch(), (8 + 31) * BIT, (8 + 34) * BIT + 100);
    expect(SSIDR, 1);
    SSIIM = 0;
    no_interrupt(IRQ_SSI0);

    SSIDR = 2;
    wait_for(SSIRIS & INT_RT);
    SSIDR = 3;
    wait_for(!(SSIRIS & INT_RT));
    wait_for(SSIRIS & INT_RT);
    expect(SSIDR, 2);
    expect(SSIRIS & INT_RT, INT_RT);
    expect(SSIDR, 3);
    expect(SSIRIS & INT_RT, 0);
}

/* Eight fit, the ninth is lost. */
static void overrun(void)
{
    configure(8);
    on_interrupt(IRQ_SSI0, lost);
    SSIIM = INT_ROR;
    for (uint32_t i = 0; i < 9; i++) {
        wait_for(SSISR & SR_TNF);
        SSIDR = i;
    }
    wait_for(overruns == 1);
    expect(SSISR & (SR_RFF | SR_RNE), SR_RFF | SR_RNE);
    expect(SSIRIS & INT_ROR, 0);
    for (uint32_t i = 0; i < 8; i++)
        expect(SSIDR, i);
    expect(SSISR & (SR_RFF | SR_RNE), 0);
    no_interrupt(IRQ_SSI0);
    SSIIM = 0;
    SSICR1 = 0;
}

void check_ssi(void)
{
    expect(SSIPeriphID0, 0x22);
    frames();
    interrupts();
    timeout();
    overrun();
}
