/* I2C of F1, F2, F4, L1: an address that nobody answers, by polling and by interrupt (RM0008 26). */
#include "checks.h"
#include "pins.h"

#define I2C_CR1 REG32(I2C1 + 0x00)
#define I2C_CR2 REG32(I2C1 + 0x04)
#define I2C_DR REG32(I2C1 + 0x10)
#define I2C_SR1 REG32(I2C1 + 0x14)
#define I2C_SR2 REG32(I2C1 + 0x18)
#define I2C_CCR REG32(I2C1 + 0x1C)
#define I2C_TRISE REG32(I2C1 + 0x20)
#define CR1_PE (1u << 0)
#define CR1_START (1u << 8)
#define CR1_STOP (1u << 9)
#define CR1_SWRST (1u << 15)
#define CR2_ITERREN (1u << 8)
#define CR2_ITEVTEN (1u << 9)
#define SR1_SB (1u << 0)
#define SR1_ADDR (1u << 1)
#define SR1_AF (1u << 10)
#define SR2_MSL (1u << 0)
#define SR2_BUSY (1u << 1)

#define NOBODY (0x33 << 1)

static volatile uint32_t starts, failures;

static void event(void)
{
    expect(I2C_SR1 & SR1_SB, SR1_SB);
    I2C_DR = NOBODY;
    starts++;
}

static void error(void)
{
    expect(I2C_SR1 & SR1_AF, SR1_AF);
    I2C_SR1 = ~SR1_AF;
    I2C_CR1 |= CR1_STOP;
    failures++;
}

void check_i2c(void)
{
    starts = failures = 0;
    pin_alternate(PORT_B, 8, I2C_AF);
    pin_alternate(PORT_B, 9, I2C_AF);
    I2C_CR1 = CR1_SWRST;
    I2C_CR1 = 0;
    I2C_CR2 = I2C_MHZ;
    I2C_CCR = I2C_MHZ * 5; /* 100 kHz */
    I2C_TRISE = I2C_MHZ + 1;
    I2C_CR1 = CR1_PE;
    expect(I2C_SR2 & SR2_BUSY, 0);

    I2C_CR1 |= CR1_START;
    wait_for(I2C_SR1 & SR1_SB);
    expect(I2C_SR2 & (SR2_MSL | SR2_BUSY), SR2_MSL | SR2_BUSY);
    I2C_DR = NOBODY;
    wait_for(I2C_SR1 & SR1_AF);
    expect(I2C_SR1 & (SR1_SB | SR1_ADDR), 0);
    I2C_SR1 = ~SR1_AF;
    I2C_CR1 |= CR1_STOP;
    wait_for(!(I2C_SR2 & SR2_BUSY));
    expect(I2C_CR1 & (CR1_START | CR1_STOP), 0);
    expect(I2C_SR1, 0);

    on_interrupt(IRQ_I2C1_EV, event);
    on_interrupt(IRQ_I2C1_ER, error);
    I2C_CR2 |= CR2_ITEVTEN | CR2_ITERREN;
    I2C_CR1 |= CR1_START;
    wait_for(failures == 1);
    expect(starts, 1);
    wait_for(!(I2C_SR2 & SR2_BUSY));
    no_interrupt(IRQ_I2C1_EV);
    no_interrupt(IRQ_I2C1_ER);
    I2C_CR1 = 0;
}
