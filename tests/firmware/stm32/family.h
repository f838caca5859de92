/* The family that is compiled for, and the addresses that all have in common. */
#ifndef FAMILY_H
#define FAMILY_H

#include "cortexm.h"

#if defined(STM32F0)
#include "f0.h"
#elif defined(STM32F1)
#include "f1.h"
#elif defined(STM32F2)
#include "f2.h"
#elif defined(STM32F3)
#include "f3.h"
#elif defined(STM32F4)
#include "f4.h"
#elif defined(STM32L1)
#include "l1.h"
#elif defined(STM32L4)
#include "l4.h"
#endif

#define TIM2 0x40000000
#define TIM3 0x40000400
#define RTC 0x40002800
#define WWDG 0x40002C00
#define IWDG 0x40003000
#define I2C1 0x40005400
#define PWR_CR REG32(0x40007000)
#define PWR_CR_DBP (1u << 8)

/* Interrupts that have the same number in all, but the F0 (f0.h). */
#ifndef STM32F0
#define IRQ_WWDG 0
#define IRQ_FLASH 4
#define IRQ_RCC 5
#define IRQ_EXTI3 9
#define IRQ_ADC 18
#define IRQ_CAN_TX 19
#define IRQ_CAN_RX0 20
#define IRQ_EXTI5 23
#define IRQ_TIM2 28
#define IRQ_TIM3 29
#define IRQ_I2C1_EV 31
#define IRQ_I2C1_ER 32
#define IRQ_SPI1 35
#define IRQ_RTC_ALARM 41
#endif

#endif
