/* A 24LC256 (DS20001203): what was in it, a page write that wraps, the write cycle in which it answers nobody, a
 * sequential read by DMA.
 */
#include "outside.h"
#include "dma.h"
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
#define CR1_ACK (1u << 10)
#define CR2_DMAEN (1u << 11)
#define CR2_LAST (1u << 12)
#define SR1_SB (1u << 0)
#define SR1_ADDR (1u << 1)
#define SR1_BTF (1u << 2)
#define SR1_TXE (1u << 7)
#define SR1_AF (1u << 10)
#define SR2_BUSY (1u << 1)

#define EEPROM (0x50 << 1)
#define READ 1u

static const struct dma receiver = {DMA1, 6, 0, 17};
static volatile uint32_t received;
static volatile uint8_t bytes[16];

static void transferred(void)
{
    received |= dma_events(&receiver);
}

/* Whether it answers. */
static uint32_t start(uint32_t address)
{
    I2C_CR1 |= CR1_START;
    wait_for(I2C_SR1 & SR1_SB);
    I2C_DR = address;
    wait_for(I2C_SR1 & (SR1_ADDR | SR1_AF));
    if (I2C_SR1 & SR1_AF) {
        I2C_SR1 = ~SR1_AF;
        I2C_CR1 |= CR1_STOP;
        wait_for(!(I2C_SR2 & SR2_BUSY));
        return 0;
    }
    (void)I2C_SR2;
    return 1;
}

static void send(uint32_t byte)
{
    wait_for(I2C_SR1 & SR1_TXE);
    I2C_DR = byte;
}

static void point(uint32_t place)
{
    expect(start(EEPROM), 1);
    send(place >> 8);
    send(place & 0xFF);
    wait_for(I2C_SR1 & SR1_BTF);
}

static void stop(void)
{
    I2C_CR1 |= CR1_STOP;
    wait_for(!(I2C_SR2 & SR2_BUSY));
}

/* `count` is at least 2: the DMA controller says which is the last one. */
static void read(uint32_t place, uint32_t count)
{
    received = 0;
    point(place);
    I2C_CR1 |= CR1_ACK;
    I2C_CR2 |= CR2_DMAEN | CR2_LAST;
    on_interrupt(receiver.irq, transferred);
    dma_start(&receiver, (uint32_t)&I2C_DR, bytes, count, DMA_BYTES);
    expect(start(EEPROM | READ), 1);
    sleep_until(received & DMA_COMPLETE);
    stop();
    dma_stop(&receiver);
    no_interrupt(receiver.irq);
    I2C_CR2 &= ~(CR2_DMAEN | CR2_LAST);
    I2C_CR1 &= ~CR1_ACK;
}

void check_eeprom(void)
{
    pin_alternate(PORT_B, 6, I2C_AF);
    pin_alternate(PORT_B, 7, I2C_AF);
    I2C_CR2 = I2C_MHZ;
    I2C_CCR = I2C_MHZ * 5; /* 100 kHz */
    I2C_TRISE = I2C_MHZ + 1;
    I2C_CR1 = CR1_PE;

    read(0x0010, 4);
    expect(bytes[0], 'h');
    expect(bytes[1], 'i');
    expect(bytes[2], 0xFF);

    /* Four bytes to the end of the page of 64, and four to its beginning. */
    point(0x7FFC);
    for (uint32_t i = 0; i < 8; i++)
        send(0xA0 + i);
    wait_for(I2C_SR1 & SR1_BTF);
    stop();
    expect(start(EEPROM), 0);
    pause(5);
    expect(start(EEPROM), 1);
    stop();

    read(0x7FC0, 5);
    expect(bytes[0], 0xA4);
    expect(bytes[3], 0xA7);
    expect(bytes[4], 0xFF);
    /* A read goes on at the beginning of the memory. */
    read(0x7FFB, 6);
    expect(bytes[0], 0xFF);
    expect(bytes[1], 0xA0);
    expect(bytes[4], 0xA3);
    expect(bytes[5], 0xFF);
    I2C_CR1 = 0;
}
