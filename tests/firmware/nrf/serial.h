/* SPI, TWI and their like (27, 28; 6.25, 6.26, 6.31), of which ENABLE chooses one. */
#ifndef SERIAL_H
#define SERIAL_H

#include "pins.h"

#define SERIAL0 PERIPHERAL(ID_SERIAL0)
#define SERIAL1 PERIPHERAL(ID_SERIAL1)
#define SERIAL_STOPPED(base) REG32((base) + 0x104)
#define SERIAL_ENABLE(base) REG32((base) + 0x500)
#define SERIAL_FREQUENCY(base) REG32((base) + 0x524)
#define SERIAL_RXD_PTR(base) REG32((base) + 0x534)
#define SERIAL_RXD_MAXCNT(base) REG32((base) + 0x538)
#define SERIAL_RXD_AMOUNT(base) REG32((base) + 0x53C)
#define SERIAL_RXD_LIST(base) REG32((base) + 0x540)
#define SERIAL_TXD_PTR(base) REG32((base) + 0x544)
#define SERIAL_TXD_MAXCNT(base) REG32((base) + 0x548)
#define SERIAL_TXD_AMOUNT(base) REG32((base) + 0x54C)
#define LIST_ARRAY 1
#define INT_STOPPED (1u << 1)
#define ENABLE_SPI 1
#define ENABLE_SPIS 2
#define ENABLE_TWI 5
#define ENABLE_TWIM 6
#define ENABLE_SPIM 7
#define ENABLE_TWIS 9

/* SPI, SPIM */
#define SPI_PSELSCK(base) REG32((base) + 0x508)
#define SPI_PSELMOSI(base) REG32((base) + 0x50C)
#define SPI_PSELMISO(base) REG32((base) + 0x510)
#define FREQUENCY_M1 0x10000000

/* TWI, TWIM */
#define TWI_STARTRX(base) REG32((base) + 0x000)
#define TWI_STARTTX(base) REG32((base) + 0x008)
#define TWI_STOP(base) REG32((base) + 0x014)
#define TWI_ERROR(base) REG32((base) + 0x124)
#define TWI_ERRORSRC(base) REG32((base) + 0x4C4)
#define TWI_PSELSCL(base) REG32((base) + 0x508)
#define TWI_PSELSDA(base) REG32((base) + 0x50C)
#define TWI_ADDRESS(base) REG32((base) + 0x588)
#define FREQUENCY_K400 0x06680000
#define ERRORSRC_ANACK (1u << 1)
#define INT_ERROR (1u << 9)

static inline void spi_pins(uint32_t base)
{
    GPIO_PIN_CNF(P0, PIN_SCK) = CNF_OUTPUT;
    GPIO_PIN_CNF(P0, PIN_MOSI) = CNF_OUTPUT;
    GPIO_PIN_CNF(P0, PIN_MISO) = CNF_PULLUP;
    SPI_PSELSCK(base) = PIN_SCK;
    SPI_PSELMOSI(base) = PIN_MOSI;
    SPI_PSELMISO(base) = PIN_MISO;
}

static inline void twi_pins(uint32_t base)
{
    GPIO_PIN_CNF(P0, PIN_SCL) = CNF_S0D1 | CNF_PULLUP;
    GPIO_PIN_CNF(P0, PIN_SDA) = CNF_S0D1 | CNF_PULLUP;
    TWI_PSELSCL(base) = PIN_SCL;
    TWI_PSELSDA(base) = PIN_SDA;
    SERIAL_FREQUENCY(base) = FREQUENCY_K400;
    TWI_ADDRESS(base) = 0x55;
}

/* It forgets its pins, which another one wants. */
static inline void serial_off(uint32_t base)
{
    SERIAL_ENABLE(base) = 0;
    REG32(base + 0x508) = ALL;
    REG32(base + 0x50C) = ALL;
    REG32(base + 0x510) = ALL;
}

#endif
