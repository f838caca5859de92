/* USART: characters out by interrupt and by DMA, how long one takes, characters in by interrupt and by DMA. */
#include "checks.h"
#include "dma.h"
#include "pins.h"

#if USART_V2
/* RM0091 27.8 */
#define USART_CR1 REG32(CONSOLE + 0x00)
#define USART_CR2 REG32(CONSOLE + 0x04)
#define USART_CR3 REG32(CONSOLE + 0x08)
#define USART_BRR REG32(CONSOLE + 0x0C)
#define USART_SR REG32(CONSOLE + 0x1C)
#define USART_ICR REG32(CONSOLE + 0x20)
#define USART_RDR REG32(CONSOLE + 0x24)
#define USART_TDR REG32(CONSOLE + 0x28)
#define CR1_UE (1u << 0)
#define CLEAR_TC() (USART_ICR = SR_TC)
#else
/* RM0008 27.6 */
#define USART_SR REG32(CONSOLE + 0x00)
#define USART_RDR REG32(CONSOLE + 0x04)
#define USART_TDR REG32(CONSOLE + 0x04)
#define USART_BRR REG32(CONSOLE + 0x08)
#define USART_CR1 REG32(CONSOLE + 0x0C)
#define USART_CR2 REG32(CONSOLE + 0x10)
#define USART_CR3 REG32(CONSOLE + 0x14)
#define CR1_UE (1u << 13)
#define CLEAR_TC() (USART_SR = ~SR_TC)
#endif
#define CR1_RE (1u << 2)
#define CR1_TE (1u << 3)
#define CR1_RXNEIE (1u << 5)
#define CR1_TCIE (1u << 6)
#define CR1_TXEIE (1u << 7)
#define CR3_DMAR (1u << 6)
#define CR3_DMAT (1u << 7)
#define SR_RXNE (1u << 5)
#define SR_TC (1u << 6)
#define SR_TXE (1u << 7)

/* Cycles for a bit, few to keep the run short: it may not be a rate that anybody uses. */
#define BIT 32

static const struct dma sender = DMA_CONSOLE_TX, receiver = DMA_CONSOLE_RX;
static const char *volatile text;
static volatile uint32_t completes, sent, received, halves;
static volatile char heard[8];

static void serve(void)
{
    uint32_t status = USART_SR, enabled = USART_CR1;

    if ((enabled & CR1_TXEIE) && (status & SR_TXE)) {
        USART_TDR = (uint8_t)*text++;
        if (*text == '\0') {
            USART_CR1 &= ~CR1_TXEIE;
            USART_CR1 |= CR1_TCIE;
        }
    } else if ((enabled & CR1_TCIE) && (status & SR_TC)) {
        completes++;
        USART_CR1 &= ~CR1_TCIE;
    }
    if ((enabled & CR1_RXNEIE) && (status & SR_RXNE)) {
        heard[received & 7] = (char)USART_RDR;
        if (++received == 4)
            USART_CR1 &= ~CR1_RXNEIE;
    }
}

static void sent_by_dma(void)
{
    sent |= dma_events(&sender);
}

static void received_by_dma(void)
{
    halves |= dma_events(&receiver);
}

static uint32_t heard_word(uint32_t at)
{
    return (uint32_t)heard[at] << 24 | (uint32_t)heard[at + 1] << 16 | (uint32_t)heard[at + 2] << 8 | (uint32_t)heard[at + 3];
}

void check_usart(void)
{
    static char words[] = "by DMA\n";
    uint32_t took;

    completes = sent = received = halves = 0;
    pin_alternate(CONSOLE_PORT, CONSOLE_TX, CONSOLE_AF);
    pin_alternate_input(CONSOLE_PORT, CONSOLE_RX, CONSOLE_AF);
    USART_BRR = BIT;
    USART_CR1 = CR1_UE | CR1_TE;
    wait_for(USART_SR & SR_TXE);

    /* One character: ten bits from its start to the end of its stop bit. */
    stopwatch_start();
    USART_TDR = '>';
    CLEAR_TC();
    wait_for(USART_SR & SR_TC);
    took = stopwatch();
    expect_between(took, 10 * BIT, 12 * BIT);
    /* Two: the second waits in the data register. */
    stopwatch_start();
    USART_TDR = ' ';
    wait_for(USART_SR & SR_TXE);
    expect_between(stopwatch(), 0, 2 * BIT);
    USART_TDR = '>';
    wait_for(USART_SR & SR_TXE);
    expect_between(stopwatch(), 10 * BIT, 12 * BIT);
    wait_for(USART_SR & SR_TC);
    expect_between(stopwatch(), 20 * BIT, 22 * BIT);

    text = " by interrupt\n";
    on_interrupt(IRQ_CONSOLE, serve);
    USART_CR1 |= CR1_TXEIE;
    wait_for(completes == 1);
    expect(*text, '\0');
    expect(USART_SR & (SR_TC | SR_TXE), SR_TC | SR_TXE);

    on_interrupt(sender.irq, sent_by_dma);
    CLEAR_TC();
    dma_start(&sender, (uint32_t)&USART_TDR, words, sizeof words - 1, DMA_TO_PERIPHERAL | DMA_BYTES);
    USART_CR3 |= CR3_DMAT;
    wait_for(sent & DMA_COMPLETE);
    expect(sent, DMA_HALF | DMA_COMPLETE);
    expect(USART_SR & SR_TC, 0);
    wait_for(USART_SR & SR_TC);
    USART_CR3 &= ~CR3_DMAT;
    dma_stop(&sender);
    no_interrupt(sender.irq);

    /* "abcdefgh" arrives. */
    USART_CR1 |= CR1_RE | CR1_RXNEIE;
    wait_for(received == 4);
    on_interrupt(receiver.irq, received_by_dma);
    dma_start(&receiver, (uint32_t)&USART_RDR, &heard[4], 4, DMA_BYTES);
    USART_CR3 |= CR3_DMAR;
    wait_for(halves & DMA_COMPLETE);
    expect(halves, DMA_HALF | DMA_COMPLETE);
    USART_CR3 &= ~CR3_DMAR;
    dma_stop(&receiver);
    no_interrupt(receiver.irq);
    no_interrupt(IRQ_CONSOLE);
    expect(heard_word(0), 0x61626364);
    expect(heard_word(4), 0x65666768);
    USART_CR1 = 0;
}
