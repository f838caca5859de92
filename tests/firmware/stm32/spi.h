/* SPI, which sits at the same address everywhere (RM0008 25.5, RM0091 28.9). */
#ifndef SPI_H
#define SPI_H

#include "family.h"

#define SPI1 0x40013000
#define SPI_CR1 REG32(SPI1 + 0x00)
#define SPI_CR2 REG32(SPI1 + 0x04)
#define SPI_SR REG32(SPI1 + 0x08)
#define SPI_DR REG32(SPI1 + 0x0C)
#define SPI_DR8 (*(volatile uint8_t *)(SPI1 + 0x0C))
#define SPI_DR16 (*(volatile uint16_t *)(SPI1 + 0x0C))
#define SPI_CRCPR REG32(SPI1 + 0x10)
#define SPI_TXCRCR REG32(SPI1 + 0x18)
#define CR1_MSTR (1u << 2)
#define CR1_BR(power) ((power) << 3) /* divides by 2 to the power of this + 1 */
#define CR1_SPE (1u << 6)
#define CR1_SSI (1u << 8)
#define CR1_SSM (1u << 9)
#define CR1_DFF (1u << 11)
#define CR1_CRCEN (1u << 13)
#define CR2_RXDMAEN (1u << 0)
#define CR2_TXDMAEN (1u << 1)
#define CR2_RXNEIE (1u << 6)
#define CR2_TXEIE (1u << 7)
#define CR2_DS(bits) (((bits)-1u) << 8)
#define CR2_FRXTH (1u << 12)
#define SR_RXNE (1u << 0)
#define SR_TXE (1u << 1)
#define SR_OVR (1u << 6)
#define SR_BSY (1u << 7)

#endif
