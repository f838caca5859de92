/* System control (LM3S6965 data sheet, register map of system control). */
#ifndef SYSCTL_H
#define SYSCTL_H

#include "cortexm.h"

#define SYSCTL 0x400FE000
#define DID0 REG32(SYSCTL + 0x000)
#define DID1 REG32(SYSCTL + 0x004)
#define DC0 REG32(SYSCTL + 0x008)
#define RIS REG32(SYSCTL + 0x050)
#define IMC REG32(SYSCTL + 0x054)
#define MISC REG32(SYSCTL + 0x058)
#define RESC REG32(SYSCTL + 0x05C)
#define RCC REG32(SYSCTL + 0x060)
#define PLLCFG REG32(SYSCTL + 0x064)
#define RCC2 REG32(SYSCTL + 0x070)
#define RCGC0 REG32(SYSCTL + 0x100)
#define RCGC1 REG32(SYSCTL + 0x104)
#define RCGC2 REG32(SYSCTL + 0x108)
#define USECRL REG32(SYSCTL + 0x140)

#define PLLLRIS (1u << 6)
#define RESC_POR (1u << 1)
#define RESC_WDT (1u << 3)
#define RESC_SW (1u << 4)
#define RESC_CAUSES (RESC_POR | RESC_WDT | RESC_SW)

#define RCC_MOSCDIS (1u << 0)
#define RCC_OSCSRC(source) ((source) << 4)
#define RCC_XTAL(crystal) ((crystal) << 6)
#define RCC_BYPASS (1u << 11)
#define RCC_PWRDN (1u << 13)
#define RCC_USESYSDIV (1u << 22)
#define RCC_SYSDIV(divider) (((divider) - 1u) << 23)
#define RCC_RESET 0x078E3AD1
/* What no check changes: the divider of the PWM and a reserved bit. */
#define RCC_REST (RCC_RESET & (7u << 17 | 1u << 12))

#define OSCSRC_MAIN 0u
#define OSCSRC_INTERNAL 1u
#define OSCSRC_INTERNAL_4 2u
#define OSCSRC_30K 3u
#define XTAL_8M 0xEu

#define RCC2_OSCSRC2(source) ((source) << 4)
#define RCC2_BYPASS2 (1u << 11)
#define RCC2_PWRDN2 (1u << 13)
#define RCC2_SYSDIV2(divider) (((divider) - 1u) << 23)
#define RCC2_USERCC2 (1u << 31)
#define RCC2_RESET 0x07802810

#define RCGC0_ADC (1u << 16 | 3u << 8) /* a million samples in a second */
#define RCGC0_WDT (1u << 3)

/* Lets the PLL run beside the internal oscillator, which goes on being the clock; or no more. */
void pll_on(void);
void pll_off(void);

#endif
