/* The part of Arm's MPS2 board with the AN385 image (Cortex-M3, 25 MHz) that the fixtures use.
 * Arm DAI 0385 for the map, Arm DDI 0479 (Cortex-M System Design Kit) for the devices.
 */
#ifndef MPS2_H
#define MPS2_H

#include "cortexm.h"

#define CLOCK_HZ 25000000u

struct cmsdk_timer {
    volatile uint32_t ctrl, value, reload, intclear;
};
#define TIMER0 ((struct cmsdk_timer *)0x40000000)
#define TIMER1 ((struct cmsdk_timer *)0x40001000)
#define TIMER_CTRL_EN (1u << 0)
#define TIMER_CTRL_IRQEN (1u << 3)

/* The first half of the dual timer. */
struct cmsdk_dual_timer {
    volatile uint32_t load, value, control, intclr, ris, mis, bgload;
};
#define DUALTIMER ((struct cmsdk_dual_timer *)0x40002000)
#define DUALTIMER_SIZE_32 (1u << 1)
#define DUALTIMER_INTEN (1u << 5)
#define DUALTIMER_PERIODIC (1u << 6)
#define DUALTIMER_EN (1u << 7)

struct cmsdk_uart {
    volatile uint32_t data, state, ctrl, intclear, bauddiv;
};
#define UART0 ((struct cmsdk_uart *)0x40004000)
#define UART_STATE_TXFULL (1u << 0)
#define UART_STATE_RXFULL (1u << 1)
#define UART_CTRL_TXEN (1u << 0)
#define UART_CTRL_RXEN (1u << 1)
#define UART_CTRL_RXIRQEN (1u << 3)
#define UART_INT_RX (1u << 1)

struct cmsdk_gpio {
    volatile uint32_t data, dataout, reserved[2], outenset, outenclr;
};
#define GPIO0 ((struct cmsdk_gpio *)0x40010000)

#define IRQ_UART0_RX 0
#define IRQ_TIMER0 8
#define IRQ_TIMER1 9
#define IRQ_DUALTIMER 10

/* The AN505 image has the same devices at other places: their Secure addresses and interrupts (Arm DAI 0505). */
#ifdef AN505
#undef TIMER0
#undef TIMER1
#undef DUALTIMER
#undef UART0
#undef GPIO0
#undef IRQ_UART0_RX
#undef IRQ_TIMER0
#undef IRQ_TIMER1
#undef IRQ_DUALTIMER
#define TIMER0 ((struct cmsdk_timer *)0x50000000)
#define TIMER1 ((struct cmsdk_timer *)0x50001000)
#define DUALTIMER ((struct cmsdk_dual_timer *)0x50002000)
#define UART0 ((struct cmsdk_uart *)0x50200000)
#define GPIO0 ((struct cmsdk_gpio *)0x50100000)
#define IRQ_UART0_RX 32
#define IRQ_TIMER0 3
#define IRQ_TIMER1 4
#define IRQ_DUALTIMER 5
#endif

#endif
