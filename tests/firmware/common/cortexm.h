/* The registers that every Armv7-M core has, as the Armv7-M Architecture Reference Manual names them. */
#ifndef CORTEXM_H
#define CORTEXM_H

#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))

/* SysTick (B3.3) */
#define SYST_CSR REG32(0xE000E010)
#define SYST_RVR REG32(0xE000E014)
#define SYST_CVR REG32(0xE000E018)
#define SYST_CSR_ENABLE (1u << 0)
#define SYST_CSR_TICKINT (1u << 1)
#define SYST_CSR_CLKSOURCE (1u << 2)

/* NVIC (B3.4). Priorities are one byte for each interrupt. */
#define NVIC_ISER0 REG32(0xE000E100)
#define NVIC_ICER0 REG32(0xE000E180)
#define NVIC_ISPR0 REG32(0xE000E200)
#define NVIC_ICPR0 REG32(0xE000E280)
#define NVIC_IABR0 REG32(0xE000E300)
#define NVIC_IPR(irq) (*(volatile uint8_t *)(0xE000E400 + (irq)))

/* System control block (B3.2) */
#define SCB_CPUID REG32(0xE000ED00)
#define SCB_ICSR REG32(0xE000ED04)
#define SCB_SCR REG32(0xE000ED10)
#define SCB_CCR REG32(0xE000ED14)
#define SCB_SHPR(exception) (*(volatile uint8_t *)(0xE000ED14 + (exception))) /* exceptions 4 to 15 */
#define SCB_SHCSR REG32(0xE000ED24)
#define SCB_CFSR REG32(0xE000ED28)
#define SCB_HFSR REG32(0xE000ED2C)
#define SCB_MMFAR REG32(0xE000ED34)
#define SCB_BFAR REG32(0xE000ED38)
#define SCB_CPACR REG32(0xE000ED88)

#define ICSR_PENDSTSET (1u << 26)
#define ICSR_PENDSVSET (1u << 28)
#define SCR_SLEEPONEXIT (1u << 1)
#define SCR_SEVONPEND (1u << 4)
#define CCR_UNALIGN_TRP (1u << 3)
#define CCR_DIV_0_TRP (1u << 4)
#define SHCSR_MEMFAULTENA (1u << 16)
#define SHCSR_BUSFAULTENA (1u << 17)
#define SHCSR_USGFAULTENA (1u << 18)
#define CFSR_MMARVALID (1u << 7)
#define CFSR_BFARVALID (1u << 15)

/* MPU (B3.5) */
#define MPU_CTRL REG32(0xE000ED94)
#define MPU_RNR REG32(0xE000ED98)
#define MPU_RBAR REG32(0xE000ED9C)
#define MPU_RASR REG32(0xE000EDA0)

#define EXCEPTION_SVCALL 11
#define EXCEPTION_PENDSV 14
#define EXCEPTION_SYSTICK 15

/* What the core pushes on an exception (B1.5.6, without floating point). */
struct exception_frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

static inline uint32_t read_ipsr(void)
{
    uint32_t value;

    __asm__ volatile("mrs %0, ipsr" : "=r"(value));
    return value;
}

static inline void write_basepri(uint32_t value)
{
    /* The barrier makes the new mask hold for the very next instruction, the clobber for the compiler's accesses. */
    __asm__ volatile("msr basepri, %0\n\tisb" : : "r"(value) : "memory");
}

static inline void interrupts_off(void)
{
    __asm__ volatile("cpsid i" : : : "memory");
}

static inline void interrupts_on(void)
{
    /* Whatever is pending is taken before the instruction after the ISB. */
    __asm__ volatile("cpsie i\n\tisb" : : : "memory");
}

static inline void wait_for_interrupt(void)
{
    __asm__ volatile("dsb\n\twfi" : : : "memory");
}

static inline void systick_start(uint32_t period, uint32_t flags)
{
    SYST_RVR = period - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_CLKSOURCE | flags;
}

#endif
