/* SPI as a master of nobody: what is not there answers ones. By polling, by interrupt, by DMA both ways, frames of two
 * sizes, an overrun, the CRC.
 */
#include "spi.h"
#include "checks.h"
#include "dma.h"
#include "pins.h"

#define BIT 16 /* cycles of the bus */

static const struct dma sender = DMA_SPI1_TX, receiver = DMA_SPI1_RX;
static volatile uint32_t sent, received, received_by_dma, sent_by_dma, answers;
static volatile uint8_t out[8], in[8];

static void serve(void)
{
    uint32_t status = SPI_SR, enabled = SPI_CR2;

    if ((enabled & CR2_RXNEIE) && (status & SR_RXNE)) {
        answers += SPI_DR8 == 0xFF;
        received++;
    }
    if ((enabled & CR2_TXEIE) && (status & SR_TXE)) {
        SPI_DR8 = (uint8_t)sent;
        if (++sent == 3)
            SPI_CR2 &= ~CR2_TXEIE;
    }
}

/* The two may share an interrupt. */
static void transferred(void)
{
    received_by_dma |= dma_events(&receiver);
    sent_by_dma |= dma_events(&sender);
}

/* Frames of 8 or 16 bits, with an SPE that starts anew. */
static void configure(uint32_t bits, uint32_t more)
{
    SPI_CR1 = 0;
#if SPI_V2
    SPI_CR2 = CR2_DS(bits) | (bits == 8 ? CR2_FRXTH : 0);
#else
    SPI_CR2 = 0;
    more |= bits == 16 ? CR1_DFF : 0;
#endif
    SPI_CR1 = CR1_MSTR | CR1_SSM | CR1_SSI | CR1_BR(3) | more;
    SPI_CR1 |= CR1_SPE;
}

void check_spi(void)
{
    sent = received = received_by_dma = sent_by_dma = answers = 0;
    pin_alternate(PORT_A, 5, SPI_AF);
    pin_alternate(PORT_A, 7, SPI_AF);
#if GPIO_V1
    pin_pull(PORT_A, 6, 1);
#else
    pin_alternate(PORT_A, 6, SPI_AF);
    GPIO_PUPDR(PORT_A) |= 1u << 12;
#endif

    configure(8, 0);
    expect(SPI_SR & (SR_RXNE | SR_TXE | SR_BSY), SR_TXE);
    stopwatch_start();
    SPI_DR8 = 0x5A;
    wait_for(SPI_SR & SR_RXNE);
    expect_between(stopwatch(), 8 * BIT, 8 * BIT + 48);
    expect(SPI_DR8, 0xFF);
    wait_for(!(SPI_SR & SR_BSY));
    expect(SPI_SR & (SR_RXNE | SR_TXE), SR_TXE);

    on_interrupt(IRQ_SPI1, serve);
    SPI_CR2 |= CR2_RXNEIE | CR2_TXEIE;
    wait_for(received == 3);
    expect(answers, 3);
    no_interrupt(IRQ_SPI1);

    configure(16, 0);
    stopwatch_start();
    SPI_DR16 = 0x1234;
    wait_for(SPI_SR & SR_RXNE);
    expect_between(stopwatch(), 16 * BIT, 16 * BIT + 48);
    expect(SPI_DR16, 0xFFFF);

    /* More comes than anybody reads: it is lost, and said so until DR and then SR are read. */
    configure(8, 0);
    for (uint32_t i = 0; i < 6; i++) {
        wait_for(SPI_SR & SR_TXE);
        SPI_DR8 = (uint8_t)i;
    }
    wait_for((SPI_SR & (SR_TXE | SR_BSY)) == SR_TXE);
    expect(SPI_SR & SR_OVR, SR_OVR);
    while (SPI_SR & SR_RXNE)
        (void)SPI_DR8;
    (void)SPI_DR8;
    (void)SPI_SR;
    expect(SPI_SR & SR_OVR, 0);

    /* DMA both ways, the receiver first. */
    configure(8, 0);
    for (uint32_t i = 0; i < 8; i++)
        in[i] = 0;
    on_interrupt(receiver.irq, transferred);
    on_interrupt(sender.irq, transferred);
    SPI_CR2 |= CR2_RXDMAEN;
    dma_start(&receiver, (uint32_t)&SPI_DR, in, 8, DMA_BYTES);
    dma_start(&sender, (uint32_t)&SPI_DR, out, 8, DMA_TO_PERIPHERAL | DMA_BYTES);
    SPI_CR2 |= CR2_TXDMAEN;
    wait_for(received_by_dma & DMA_COMPLETE);
    expect(sent_by_dma, DMA_HALF | DMA_COMPLETE);
    expect(dma_left(&sender), 0);
    expect(in[0], 0xFF);
    expect(in[7], 0xFF);
    wait_for(!(SPI_SR & SR_BSY));
    dma_stop(&receiver);
    dma_stop(&sender);
    no_interrupt(receiver.irq);
    no_interrupt(sender.irq);

    /* The check value of CRC-8. */
    SPI_CR1 = 0;
    SPI_CRCPR = 7;
    configure(8, CR1_CRCEN);
    for (const char *digit = "123456789"; *digit != '\0'; digit++) {
        wait_for(SPI_SR & SR_TXE);
        SPI_DR8 = (uint8_t)*digit;
        wait_for(SPI_SR & SR_RXNE);
        (void)SPI_DR8;
    }
    expect(SPI_TXCRCR, 0xF4);
    SPI_CR1 = 0;
}
