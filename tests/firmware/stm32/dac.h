/* DAC of two channels, and what its two files of checks share (RM0090 14.5). */
#ifndef DAC_H
#define DAC_H

#include "checks.h"

#define DAC 0x40007400
#define DAC_CR REG32(DAC + 0x00)
#define DAC_SWTRIGR REG32(DAC + 0x04)
#define DAC_DHR12R1 REG32(DAC + 0x08)
#define DAC_DHR12L1 REG32(DAC + 0x0C)
#define DAC_DHR8R1 REG32(DAC + 0x10)
#define DAC_DHR12R2 REG32(DAC + 0x14)
#define DAC_DHR12L2 REG32(DAC + 0x18)
#define DAC_DHR8R2 REG32(DAC + 0x1C)
#define DAC_DHR12RD REG32(DAC + 0x20)
#define DAC_DHR12LD REG32(DAC + 0x24)
#define DAC_DHR8RD REG32(DAC + 0x28)
#define DAC_DOR1 REG32(DAC + 0x2C)
#define DAC_DOR2 REG32(DAC + 0x30)
#define DAC_SR REG32(DAC + 0x34)

/* Of channel 1; those of channel 2 are 16 bits above. */
#define CR_EN (1u << 0)
#define CR_TEN (1u << 2)
#define CR_TSEL(trigger) ((trigger) << 3)
#define TSEL_TIM6 0u
#define TSEL_TIM7 2u
#define TSEL_SOFTWARE 7u
#define CR_NOISE (1u << 6)
#define CR_TRIANGLE (2u << 6)
#define CR_MAMP(power) ((power) << 8) /* 2 to the power of this + 1, less 1 */
#define CR_DMAEN (1u << 12)
#define CR_DMAUDRIE (1u << 13)
#define SR_DMAUDR (1u << 13)
#define SECOND(bits) ((bits) << 16)

/* What both channels put out. */
#define expect_out(first, second) dac_outputs(__LINE__, (first), (second))
void dac_outputs(int line, uint32_t first, uint32_t second);

/* Triggers channel 1 (1), channel 2 (2) or both (3) by software. */
void dac_trigger(uint32_t channels);

/* Timers that trigger, and DMA. */
void dac_moving(void);

#endif
