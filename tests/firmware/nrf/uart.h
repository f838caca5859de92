/* UART and UARTE (29; 6.33, 6.34): one peripheral with two faces. */
#ifndef UART_H
#define UART_H

#include "pins.h"

#define UART0 PERIPHERAL(ID_UART0)
#define UART_STARTRX(uart) REG32((uart) + 0x000)
#define UART_STOPRX(uart) REG32((uart) + 0x004)
#define UART_STARTTX(uart) REG32((uart) + 0x008)
#define UART_STOPTX(uart) REG32((uart) + 0x00C)
#define UART_RXDRDY(uart) REG32((uart) + 0x108)
#define UART_ENDRX(uart) REG32((uart) + 0x110)
#define UART_TXDRDY(uart) REG32((uart) + 0x11C)
#define UART_ENDTX(uart) REG32((uart) + 0x120)
#define UART_RXTO(uart) REG32((uart) + 0x144)
#define UART_RXSTARTED(uart) REG32((uart) + 0x14C)
#define UART_TXSTARTED(uart) REG32((uart) + 0x150)
#define UART_TXSTOPPED(uart) REG32((uart) + 0x158)
#define UART_ERRORSRC(uart) REG32((uart) + 0x480)
#define UART_ENABLE(uart) REG32((uart) + 0x500)
#define UART_PSELTXD(uart) REG32((uart) + 0x50C)
#define UART_PSELRXD(uart) REG32((uart) + 0x514)
#define UART_RXD(uart) REG32((uart) + 0x518)
#define UART_TXD(uart) REG32((uart) + 0x51C)
#define UART_BAUDRATE(uart) REG32((uart) + 0x524)
#define UART_RXD_PTR(uart) REG32((uart) + 0x534)
#define UART_RXD_MAXCNT(uart) REG32((uart) + 0x538)
#define UART_RXD_AMOUNT(uart) REG32((uart) + 0x53C)
#define UART_TXD_PTR(uart) REG32((uart) + 0x544)
#define UART_TXD_MAXCNT(uart) REG32((uart) + 0x548)
#define UART_TXD_AMOUNT(uart) REG32((uart) + 0x54C)
#define ENABLE_UART 4
#define ENABLE_UARTE 8
#define BAUD1M 0x10000000
#define FRAME 10 /* us */
#define INT_RXDRDY (1u << 2)
#define INT_ENDRX (1u << 4)
#define INT_TXDRDY (1u << 7)
#define INT_ENDTX (1u << 8)
#define INT_RXTO (1u << 17)
#define INT_TXSTOPPED (1u << 22)
#define ENDRX_STARTRX (1u << 5)

/* Gives it its pins. */
static inline void uart_pins(uint32_t uart)
{
    GPIO_OUTSET(P0) = 1u << PIN_TXD;
    GPIO_PIN_CNF(P0, PIN_TXD) = CNF_OUTPUT | CNF_DISCONNECT;
    GPIO_PIN_CNF(P0, PIN_RXD) = CNF_PULLUP;
    UART_PSELTXD(uart) = PIN_TXD;
    UART_PSELRXD(uart) = PIN_RXD;
    UART_BAUDRATE(uart) = BAUD1M;
}

#endif
