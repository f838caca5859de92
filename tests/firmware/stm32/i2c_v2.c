/* I2C of F0, F3, L4: an address that nobody answers, by polling and by interrupt (RM0091 26.7). */
#include "checks.h"
#include "pins.h"

#define I2C_CR1 REG32(I2C1 + 0x00)
#define I2C_CR2 REG32(I2C1 + 0x04)
#define I2C_TIMINGR REG32(I2C1 + 0x10)
#define I2C_ISR REG32(I2C1 + 0x18)
#define I2C_ICR REG32(I2C1 + 0x1C)
#define I2C_TXDR REG32(I2C1 + 0x28)
#define CR1_PE (1u << 0)
#define CR1_NACKIE (1u << 4)
#define CR1_STOPIE (1u << 5)
#define CR2_START (1u << 13)
#define CR2_NBYTES(count) ((count) << 16)
#define CR2_AUTOEND (1u << 25)
#define ISR_TXE (1u << 0)
#define ISR_NACKF (1u << 4)
#define ISR_STOPF (1u << 5)
#define ISR_BUSY (1u << 15)

#define NOBODY (0x33u << 1)

static volatile uint32_t failures, stops;

static void event(void)
{
    uint32_t status = I2C_ISR;

    if (status & ISR_NACKF)
        failures++;
    if (status & ISR_STOPF)
        stops++;
    I2C_ICR = status & (ISR_NACKF | ISR_STOPF);
}

void check_i2c(void)
{
    failures = stops = 0;
    pin_alternate(PORT_B, 8, I2C_AF);
    pin_alternate(PORT_B, 9, I2C_AF);
    I2C_CR1 = 0;
    I2C_TIMINGR = I2C_100KHZ;
    I2C_CR1 = CR1_PE;
    expect(I2C_ISR, ISR_TXE);

    I2C_CR2 = NOBODY | CR2_NBYTES(1) | CR2_AUTOEND | CR2_START;
    expect(I2C_ISR & ISR_BUSY, ISR_BUSY);
    wait_for(I2C_ISR & ISR_STOPF);
    expect(I2C_ISR & (ISR_NACKF | ISR_STOPF), ISR_NACKF | ISR_STOPF);
    expect(I2C_CR2 & CR2_START, 0);
    I2C_ICR = ISR_NACKF | ISR_STOPF;
    wait_for(!(I2C_ISR & ISR_BUSY));
    expect(I2C_ISR & (ISR_NACKF | ISR_STOPF), 0);

    on_interrupt(IRQ_I2C1_EV, event);
    I2C_CR1 |= CR1_NACKIE | CR1_STOPIE;
    I2C_CR2 = NOBODY | CR2_NBYTES(1) | CR2_AUTOEND | CR2_START;
    wait_for(stops == 1);
    expect(failures, 1);
    no_interrupt(IRQ_I2C1_EV);
    I2C_CR1 = 0;
}
