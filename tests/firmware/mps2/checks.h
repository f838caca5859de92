/* The checks of the peripherals of Arm's MPS2 images, and where those are (Arm DAI 0385, DAI 0505). */
#ifndef CHECKS_H
#define CHECKS_H

#include "check.h"

#ifdef AN505
/* The Secure addresses. The pins have one interrupt together. */
#define TIMER0 0x50000000
#define DUALTIMER 0x50002000
#define WATCHDOG 0x50081000
#define GPIO0 0x50100000
#define UART0 0x50200000
#define SCC 0x50300000
#define FPGAIO 0x50302000
#define IRQ_TIMER0 3
#define IRQ_DUALTIMER 5
#define IRQ_UART0_RX 32
#define IRQ_UART0_TX 33
#define IRQ_UART_OVERRUN 47
#define IRQ_GPIO0 68
#define CLOCK 20000000
#else
#define TIMER0 0x40000000
#define DUALTIMER 0x40002000
#define UART0 0x40004000
#define WATCHDOG 0x40008000
#define GPIO0 0x40010000
#define FPGAIO 0x40028000
#define SCC 0x4002F000
#define IRQ_UART0_RX 0
#define IRQ_UART0_TX 1
#define IRQ_GPIO0 6
#define IRQ_TIMER0 8
#define IRQ_DUALTIMER 10
#define IRQ_UART_OVERRUN 12
#define IRQ_GPIO0_PIN(pin) (24 + (pin))
#define CLOCK 25000000
#endif

/* The end of the registers says what a device of the CMSDK is. */
#define PID0(device) REG32((device) + 0xFE0)

/* The checks, each in the file of its name. */
void check_uart(void);
void check_timer(void);
void check_dual(void);
void check_gpio(void);
void check_fpgaio(void);
void check_scc(void);

/* The watchdog ends in a reset. Its interrupt is the NMI. */
void check_watchdog(void);
void check_reset(void);
void watchdog_interrupt(void);

#endif
