/* One channel or stream of a DMA controller. */
#ifndef DMA_H
#define DMA_H

#include <stdint.h>

struct dma {
    uint32_t controller;
    uint32_t index;   /* of the channel or stream, from 0 */
    uint32_t request; /* which of its requests it listens to, where that is selected */
    uint32_t irq;
};

/* What happened. */
#define DMA_HALF 1u
#define DMA_COMPLETE 2u
#define DMA_ERROR 4u

/* How it goes. */
#define DMA_TO_PERIPHERAL 1u
#define DMA_CIRCULAR 2u
#define DMA_COPY 4u /* from "peripheral" to memory without a request */
#define DMA_BYTES 0u
#define DMA_HALFWORDS 16u
#define DMA_WORDS 32u

/* Starts it, with an interrupt for each thing that can happen. */
void dma_start(const struct dma *dma, uint32_t peripheral, volatile void *memory, uint32_t count, uint32_t how);
void dma_stop(const struct dma *dma);
/* What happened since it was last asked. */
uint32_t dma_events(const struct dma *dma);
uint32_t dma_left(const struct dma *dma);
uint32_t dma_enabled(const struct dma *dma);

#endif
