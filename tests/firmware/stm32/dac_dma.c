/* DAC: timers that trigger, DMA, and what comes of it when nothing more is there (RM0090 14.3.7, RM0091 14.5.7). */
#include "dac.h"
#include "dma.h"
#include "tim.h"

#define TIM6 0x40001000
#define TIM7 0x40001400

static const struct dma mover = DMA_DAC1;
static volatile uint32_t underruns, completes;
static volatile uint16_t table[4];

static void served(void)
{
    TIM_CR1(TIM6) = 0;
    underruns++;
    expect(DAC_SR, SR_DMAUDR);
    DAC_SR = SR_DMAUDR;
    expect(DAC_SR, 0);
}

static void moved(void)
{
    completes += (dma_events(&mover) & DMA_COMPLETE) != 0;
}

static void ticking(uint32_t timer, uint32_t period)
{
    tim_period(timer, 0, period - 1);
    TIM_CR2(timer) = CR2_MMS_UPDATE;
}

static void move(uint32_t how)
{
    completes = 0;
    dma_start(&mover, (uint32_t)&DAC_DHR12R1, table, 4, DMA_TO_PERIPHERAL | DMA_HALFWORDS | how);
}

void dac_moving(void)
{
    const uint32_t second = SECOND(CR_EN | CR_TEN | CR_TSEL(TSEL_TIM7));
    const uint32_t first = CR_EN | CR_TEN | CR_TSEL(TSEL_TIM6) | CR_DMAUDRIE;

    underruns = 0;
    for (uint32_t i = 0; i < 4; i++)
        table[i] = (uint16_t)(0x200 + 0x100 * i);
    ticking(TIM6, 250);
    ticking(TIM7, 250);
    on_interrupt(IRQ_DAC, served);
    on_interrupt(mover.irq, moved);
    DAC_DHR12RD = 0x06000100;
    DAC_CR = CR_EN | SECOND(CR_EN | CR_TSEL(TSEL_TIM7));
    expect_out(0x100, 0x600);
    DAC_CR = second;
    DAC_DHR12R2 = 0x700;

    /* A trigger by software asks for nothing. */
    DAC_CR = CR_EN | CR_TEN | CR_TSEL(TSEL_SOFTWARE) | CR_DMAEN | CR_DMAUDRIE | second;
    move(0);
    dac_trigger(1);
    dac_trigger(1);
    expect(dma_left(&mover), 4);
    expect(underruns, 0);
    DAC_CR = second;

    /* One by a timer puts out what is held, and asks for the next. */
    DAC_CR = first | CR_DMAEN | second;
    TIM_CR1(TIM6) = CR1_CEN;
    wait_for(dma_left(&mover) == 3);
    expect_out(0x100, 0x600);
    wait_for(dma_left(&mover) == 2);
    expect_out(0x200, 0x600);
    wait_for(completes == 1);
    expect_out(0x400, 0x600);
    expect(underruns, 0);

    /* The one after the last asks in vain, and the next one finds that. */
    wait_for(underruns == 1);
    expect_out(0x500, 0x600);
    dma_stop(&mover);

    /* The other channel has waited for the other timer. */
    TIM_CR1(TIM7) = CR1_OPM | CR1_CEN;
    wait_for(!(TIM_CR1(TIM7) & CR1_CEN));
    expect_out(0x500, 0x700);

    /* From the beginning, round and round. */
    DAC_CR = first | second;
    DAC_CR |= CR_DMAEN;
    move(DMA_CIRCULAR);
    TIM_CR1(TIM6) = CR1_CEN;
    wait_for(completes == 2);
    TIM_CR1(TIM6) = 0;
    expect_out(0x400, 0x700);
    expect(underruns, 1);
    DAC_CR = 0;
    dma_stop(&mover);
    no_interrupt(mover.irq);
    no_interrupt(IRQ_DAC);
}
