/* DMA: copies in each size, a timer that feeds a register from a table for ever, a transfer that fails. */
#include "dma.h"
#include "checks.h"
#include "tim.h"

static const struct dma copier = DMA_MEMORY, feeder = DMA_TIM2_UP;
static volatile uint32_t copied, halves, completes, errors;
static volatile uint32_t from[8], to[8];
static volatile uint16_t table[4];

static void copy_event(void)
{
    copied |= dma_events(&copier);
}

static void feed_event(void)
{
    uint32_t events = dma_events(&feeder);

    if (events & DMA_HALF)
        halves++;
    if (events & DMA_COMPLETE)
        completes++;
    if (events & DMA_ERROR)
        errors++;
}

static void copy(uint32_t count, uint32_t how)
{
    copied = 0;
    for (uint32_t i = 0; i < 8; i++)
        to[i] = 0x55555555;
    on_interrupt(copier.irq, copy_event);
    dma_start(&copier, (uint32_t)from, to, count, how | DMA_COPY);
    wait_for(copied & DMA_COMPLETE);
    expect(copied, DMA_HALF | DMA_COMPLETE);
    expect(dma_left(&copier), 0);
    dma_stop(&copier);
    no_interrupt(copier.irq);
}

void check_dma(void)
{
    for (uint32_t i = 0; i < 8; i++)
        from[i] = 0x03020100 + i * 0x04040404;
    copy(8, DMA_WORDS);
    expect(to[0], 0x03020100);
    expect(to[7], 0x1F1E1D1C);
    copy(6, DMA_HALFWORDS);
    expect(to[2], 0x0B0A0908);
    expect(to[3], 0x55555555);
    copy(4, DMA_BYTES);
    expect(to[0], 0x03020100);
    expect(to[1], 0x55555555);

    /* Each update of TIM2 writes the next of four values to a register of TIM3. */
    halves = completes = errors = 0;
    for (uint32_t i = 0; i < 4; i++)
        table[i] = (uint16_t)(0x1100 + i);
    tim_period(TIM3, 0, 0xFFFF);
    tim_period(TIM2, 0, 299);
    on_interrupt(feeder.irq, feed_event);
    dma_start(&feeder, (uint32_t)&TIM_CCR2(TIM3), table, 4, DMA_TO_PERIPHERAL | DMA_CIRCULAR | DMA_HALFWORDS);
    TIM_DIER(TIM2) = DIER_UDE;
    expect(dma_left(&feeder), 4);
    TIM_CR1(TIM2) = CR1_CEN;
    wait_for(halves == 1);
    expect(TIM_CCR2(TIM3), 0x1101);
    expect(dma_left(&feeder), 2);
    expect(completes, 0);
    wait_for(completes == 1);
    expect(TIM_CCR2(TIM3), 0x1103);
    /* Circular: it has loaded the count anew and goes on. */
    expect(dma_left(&feeder), 4);
    expect(dma_enabled(&feeder), 1);
    wait_for(completes == 3);
    expect(halves, 3);
    TIM_CR1(TIM2) = 0;
    dma_stop(&feeder);

    /* Once only: what comes after the last is not heard. */
    halves = completes = 0;
    TIM_DIER(TIM2) = 0;
    dma_start(&feeder, (uint32_t)&TIM_CCR2(TIM3), table, 2, DMA_TO_PERIPHERAL | DMA_HALFWORDS);
    TIM_DIER(TIM2) = DIER_UDE;
    TIM_CR1(TIM2) = CR1_CEN;
    wait_for(completes == 1);
    TIM_SR(TIM2) = 0;
    wait_for(TIM_SR(TIM2) & SR_UIF);
    expect(TIM_CCR2(TIM3), 0x1101);
    expect(dma_left(&feeder), 0);
    TIM_CR1(TIM2) = 0;
    TIM_DIER(TIM2) = 0;
    dma_stop(&feeder);

    /* Nothing is at that address. */
    dma_start(&feeder, 0x30000000, table, 1, DMA_TO_PERIPHERAL | DMA_HALFWORDS);
    TIM_DIER(TIM2) = DIER_UDE;
    TIM_EGR(TIM2) = EGR_UG;
    wait_for(errors == 1);
    expect(dma_enabled(&feeder), 0);
    TIM_DIER(TIM2) = 0;
    dma_stop(&feeder);
    no_interrupt(feeder.irq);
}
