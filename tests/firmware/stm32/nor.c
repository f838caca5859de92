/* An MX25L6433F (PM2027): who it is, what was in it, write enable, a sector erase and a page program with the time they
 * take, a read by DMA.
 */
#include "outside.h"
#include "dma.h"
#include "pins.h"
#include "spi.h"

#define WREN 0x06u
#define RDID 0x9Fu
#define RDSR 0x05u
#define READ 0x03u
#define PP 0x02u
#define SE 0x20u
#define WIP 1u
#define WEL 2u

#define SELECT 4 /* PA4 */

static const struct dma sender = DMA_SPI1_TX, receiver = DMA_SPI1_RX;
static volatile uint32_t received;
static volatile uint8_t bytes[16], nothing[16];

static void transferred(void)
{
    received |= dma_events(&receiver);
}

static uint32_t exchange(uint32_t byte)
{
    SPI_DR8 = (uint8_t)byte;
    wait_for(SPI_SR & SR_RXNE);
    return SPI_DR8;
}

static void begin(uint32_t command)
{
    pin_write(PORT_A, SELECT, 0);
    (void)exchange(command);
}

static void end(void)
{
    pin_write(PORT_A, SELECT, 1);
}

static void begin_at(uint32_t command, uint32_t address)
{
    begin(command);
    for (uint32_t shift = 16; shift < 24; shift -= 8)
        (void)exchange(address >> shift & 0xFF);
}

static void enable(void)
{
    begin(WREN);
    end();
}

static uint32_t status(void)
{
    uint32_t value;

    begin(RDSR);
    value = exchange(0);
    end();
    return value;
}

static void read(uint32_t address, uint32_t count)
{
    begin_at(READ, address);
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)exchange(0);
    end();
}

static void read_by_dma(uint32_t address, uint32_t count)
{
    received = 0;
    begin_at(READ, address);
    on_interrupt(receiver.irq, transferred);
    SPI_CR2 |= CR2_RXDMAEN;
    dma_start(&receiver, (uint32_t)&SPI_DR, bytes, count, DMA_BYTES);
    dma_start(&sender, (uint32_t)&SPI_DR, nothing, count, DMA_TO_PERIPHERAL | DMA_BYTES);
    SPI_CR2 |= CR2_TXDMAEN;
    sleep_until(received & DMA_COMPLETE);
    dma_stop(&receiver);
    dma_stop(&sender);
    no_interrupt(receiver.irq);
    SPI_CR2 = 0;
    end();
}

void check_nor(void)
{
    pin_write(PORT_A, SELECT, 1);
    pin_output(PORT_A, SELECT);
    pin_alternate(PORT_A, 5, SPI_AF);
    pin_alternate(PORT_A, 7, SPI_AF);
    pin_alternate_input(PORT_A, 6, SPI_AF);
    SPI_CR2 = 0;
    SPI_CR1 = CR1_MSTR | CR1_SSM | CR1_SSI | CR1_BR(0);
    SPI_CR1 |= CR1_SPE;

    begin(RDID);
    expect(exchange(0), 0xC2);
    expect(exchange(0), 0x20);
    expect(exchange(0), 0x17);
    end();
    read(0x1000, 3);
    expect(bytes[0], 0x55);
    expect(bytes[1], 0xF0);
    expect(bytes[2], 0xFF);

    /* Without WREN nothing is erased. */
    begin_at(SE, 0x1000);
    end();
    expect(status(), 0);
    enable();
    expect(status(), WEL);
    begin_at(SE, 0x1000);
    end();
    expect(status(), WIP | WEL);
    pause(25);
    expect(status(), 0);
    read(0x1000, 1);
    expect(bytes[0], 0xFF);

    /* Across the end of a page of 256: the rest is at its beginning. Programming clears bits, and sets none. */
    for (uint32_t round = 0; round < 2; round++) {
        enable();
        begin_at(PP, 0x10FC);
        for (uint32_t i = 0; i < 8; i++)
            (void)exchange(round == 0 ? 0x70 + i : 0x0F);
        end();
        expect(status() & WIP, WIP);
        pause(1);
        expect(status(), 0);
    }
    read_by_dma(0x10F8, 16);
    expect(bytes[3], 0xFF);
    expect(bytes[4], 0x00);
    expect(bytes[7], 0x03);
    expect(bytes[8], 0xFF);
    read_by_dma(0x1000, 5);
    expect(bytes[0], 0x04);
    expect(bytes[3], 0x07);
    expect(bytes[4], 0xFF);
    SPI_CR1 = 0;
}
