/* The same program, again and again: SYSRESETREQ, then the watchdog, reset the chip but not the RAM. */
#include "expect.h"
#include "mps2.h"

#define SCB_AIRCR REG32(0xE000ED0C)
#define AIRCR_SYSRESETREQ (0x05FAu << 16 | 1u << 2)

#define WATCHDOG_LOAD REG32(0x40008000)
#define WATCHDOG_CONTROL REG32(0x40008008)
#define WATCHDOG_LOCK REG32(0x40008C00)
#define WATCHDOG_INTEN (1u << 0)
#define WATCHDOG_RESEN (1u << 1)

/* Behind everything that start-up clears. */
#define LIVES REG32(0x20100000)

void NMI_Handler(void)
{
    /* The watchdog's first warning; its second one is the reset. */
}

int main(void)
{
    uint32_t life = LIVES++;

    console_init();
    console_text("life ");
    console_decimal(life);
    console_text("\n");
    expect("  priority of interrupt 0 ", NVIC_IPR(0), 0);
    expect("  enabled interrupts      ", NVIC_ISER0, 0);
    expect("  SysTick                 ", SYST_CSR, 4 & SYST_CSR);
    NVIC_IPR(0) = 0x40;
    NVIC_ISER0 = 0x0F;
    systick_start(50000, 0);

    if (failed)
        return 1;
    if (life < 2) {
        SCB_AIRCR = AIRCR_SYSRESETREQ;
        for (;;) {
        }
    }
    if (life < 4) {
        WATCHDOG_LOCK = 0x1ACCE551;
        WATCHDOG_LOAD = 20000;
        WATCHDOG_CONTROL = WATCHDOG_INTEN | WATCHDOG_RESEN;
        if (life == 2)
            for (;;) {
            }
        for (;;)
            wait_for_interrupt();
    }
    return 0;
}
