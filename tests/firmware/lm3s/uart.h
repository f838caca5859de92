/* A UART (LM3S6965 data sheet, register map of the UARTs). */
#ifndef UART_H
#define UART_H

#include "cortexm.h"

#define UARTDR(uart) REG32((uart) + 0x000)
#define UARTRSR(uart) REG32((uart) + 0x004)
#define UARTFR(uart) REG32((uart) + 0x018)
#define UARTIBRD(uart) REG32((uart) + 0x024)
#define UARTFBRD(uart) REG32((uart) + 0x028)
#define UARTLCRH(uart) REG32((uart) + 0x02C)
#define UARTCTL(uart) REG32((uart) + 0x030)
#define UARTIFLS(uart) REG32((uart) + 0x034)
#define UARTIM(uart) REG32((uart) + 0x038)
#define UARTRIS(uart) REG32((uart) + 0x03C)
#define UARTMIS(uart) REG32((uart) + 0x040)
#define UARTICR(uart) REG32((uart) + 0x044)
#define UARTPeriphID0(uart) REG32((uart) + 0xFE0)
#define UARTPCellID3(uart) REG32((uart) + 0xFFC)
#define DR_OE (1u << 11)
#define RSR_OE (1u << 3)
#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_RXFF (1u << 6)
#define FR_TXFE (1u << 7)
#define FR_ALL (FR_BUSY | FR_RXFE | FR_TXFF | FR_RXFF | FR_TXFE)
#define LCRH_FEN (1u << 4)
#define LCRH_WLEN(bits) (((bits) - 5u) << 5)
#define CTL_UARTEN (1u << 0)
#define CTL_LBE (1u << 7)
#define CTL_TXE (1u << 8)
#define CTL_RXE (1u << 9)
#define INT_RX (1u << 4)
#define INT_TX (1u << 5)
#define INT_RT (1u << 6)
#define INT_OE (1u << 10)

#endif
