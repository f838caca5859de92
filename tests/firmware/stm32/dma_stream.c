/* DMA with streams: F2, F4 (RM0090 10.5). */
#include "dma.h"
#include "checks.h"

#define DMA_ISR(base, n) REG32((base) + 0x00 + (n) / 4 * 4)
#define DMA_IFCR(base, n) REG32((base) + 0x08 + (n) / 4 * 4)
#define DMA_CR(base, n) REG32((base) + 0x10 + 24 * (n))
#define DMA_NDTR(base, n) REG32((base) + 0x14 + 24 * (n))
#define DMA_PAR(base, n) REG32((base) + 0x18 + 24 * (n))
#define DMA_M0AR(base, n) REG32((base) + 0x1C + 24 * (n))
#define DMA_FCR(base, n) REG32((base) + 0x24 + 24 * (n))

#define CR_EN (1u << 0)
#define CR_TEIE_HTIE_TCIE (7u << 2)
#define CR_TO_PERIPHERAL (1u << 6)
#define CR_COPY (2u << 6)
#define CR_CIRC (1u << 8)
#define CR_PINC (1u << 9)
#define CR_MINC (1u << 10)
#define CR_SIZES(size) ((size) << 11 | (size) << 13)
#define CR_CHSEL(request) ((request) << 25)
#define FCR_DMDIS_FULL 7u

/* Where the six flags of a stream are. */
static uint32_t shift(const struct dma *dma)
{
    static const uint8_t shifts[] = {0, 6, 16, 22};

    return shifts[dma->index % 4];
}

void dma_start(const struct dma *dma, uint32_t peripheral, volatile void *memory, uint32_t count, uint32_t how)
{
    uint32_t cr = CR_TEIE_HTIE_TCIE | CR_MINC | CR_SIZES(how >> 4) | CR_CHSEL(dma->request);

    if (how & DMA_TO_PERIPHERAL)
        cr |= CR_TO_PERIPHERAL;
    if (how & DMA_CIRCULAR)
        cr |= CR_CIRC;
    if (how & DMA_COPY)
        cr |= CR_COPY | CR_PINC;
    dma_stop(dma);
    DMA_PAR(dma->controller, dma->index) = peripheral;
    DMA_M0AR(dma->controller, dma->index) = (uint32_t)memory;
    DMA_NDTR(dma->controller, dma->index) = count;
    /* From memory to memory goes by the FIFO only. */
    DMA_FCR(dma->controller, dma->index) = how & DMA_COPY ? FCR_DMDIS_FULL : 0;
    DMA_CR(dma->controller, dma->index) = cr;
    DMA_CR(dma->controller, dma->index) = cr | CR_EN;
}

void dma_stop(const struct dma *dma)
{
    DMA_CR(dma->controller, dma->index) = 0;
    wait_for(!dma_enabled(dma));
    DMA_IFCR(dma->controller, dma->index) = 0x3Du << shift(dma);
}

uint32_t dma_events(const struct dma *dma)
{
    uint32_t flags = DMA_ISR(dma->controller, dma->index) >> shift(dma) & 0x3D;

    DMA_IFCR(dma->controller, dma->index) = flags << shift(dma);
    return (flags & 0x10 ? DMA_HALF : 0) | (flags & 0x20 ? DMA_COMPLETE : 0) | (flags & 0x08 ? DMA_ERROR : 0);
}

uint32_t dma_left(const struct dma *dma)
{
    return DMA_NDTR(dma->controller, dma->index);
}

uint32_t dma_enabled(const struct dma *dma)
{
    return DMA_CR(dma->controller, dma->index) & CR_EN;
}
