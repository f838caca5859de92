/* DMA with channels: F0, F1, F3, L1, L4 (RM0008 13.4). */
#include "dma.h"
#include "checks.h"

#define DMA_ISR(base) REG32((base) + 0x00)
#define DMA_IFCR(base) REG32((base) + 0x04)
#define DMA_CCR(base, n) REG32((base) + 0x08 + 20 * (n))
#define DMA_CNDTR(base, n) REG32((base) + 0x0C + 20 * (n))
#define DMA_CPAR(base, n) REG32((base) + 0x10 + 20 * (n))
#define DMA_CMAR(base, n) REG32((base) + 0x14 + 20 * (n))
#define DMA_CSELR(base) REG32((base) + 0xA8) /* L4 */

#define CCR_EN (1u << 0)
#define CCR_TCIE_HTIE_TEIE (7u << 1)
#define CCR_DIR (1u << 4)
#define CCR_CIRC (1u << 5)
#define CCR_PINC (1u << 6)
#define CCR_MINC (1u << 7)
#define CCR_SIZES(size) ((size) << 8 | (size) << 10)
#define CCR_MEM2MEM (1u << 14)

void dma_start(const struct dma *dma, uint32_t peripheral, volatile void *memory, uint32_t count, uint32_t how)
{
    uint32_t ccr = CCR_TCIE_HTIE_TEIE | CCR_MINC | CCR_SIZES(how >> 4);

    if (how & DMA_TO_PERIPHERAL)
        ccr |= CCR_DIR;
    if (how & DMA_CIRCULAR)
        ccr |= CCR_CIRC;
    if (how & DMA_COPY)
        ccr |= CCR_MEM2MEM | CCR_PINC;
#if DMA_SELECTS
    DMA_CSELR(dma->controller) =
        (DMA_CSELR(dma->controller) & ~(15u << dma->index * 4)) | dma->request << dma->index * 4;
#endif
    DMA_CCR(dma->controller, dma->index) = 0;
    DMA_IFCR(dma->controller) = 15u << dma->index * 4;
    DMA_CPAR(dma->controller, dma->index) = peripheral;
    DMA_CMAR(dma->controller, dma->index) = (uint32_t)memory;
    DMA_CNDTR(dma->controller, dma->index) = count;
    DMA_CCR(dma->controller, dma->index) = ccr;
    DMA_CCR(dma->controller, dma->index) = ccr | CCR_EN;
}

void dma_stop(const struct dma *dma)
{
    DMA_CCR(dma->controller, dma->index) = 0;
    DMA_IFCR(dma->controller) = 15u << dma->index * 4;
}

uint32_t dma_events(const struct dma *dma)
{
    uint32_t flags = DMA_ISR(dma->controller) >> dma->index * 4 & 15;

    DMA_IFCR(dma->controller) = flags << dma->index * 4;
    return (flags & 4 ? DMA_HALF : 0) | (flags & 2 ? DMA_COMPLETE : 0) | (flags & 8 ? DMA_ERROR : 0);
}

uint32_t dma_left(const struct dma *dma)
{
    return DMA_CNDTR(dma->controller, dma->index);
}

uint32_t dma_enabled(const struct dma *dma)
{
    return DMA_CCR(dma->controller, dma->index) & CCR_EN;
}
