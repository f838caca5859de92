/* STM32F072 (RM0091). */
#define RCC 0x40021000
#define RCC_CSR REG32(RCC + 0x24)
#define RCC_APB1RSTR REG32(RCC + 0x10)
#define GPIO(port) (0x48000000 + 0x400 * (port))
#define EXTI 0x40010400
#define EXTICR(n) REG32(0x40010008 + 4 * (n)) /* SYSCFG */
#define DMA1 0x40020000
#define FLASH 0x40022000
#define FLASH_F1 1
#define FLASH_PAGE 0x0800F000
#define CRC 0x40023000
#define CRC_V2 1
#define HAS_RNG 0
#define EXTI_RTC_ALARM 17
#define EXTI_RTC_WKUP 20

#define TIM1 0x40012C00
#define TIM_BASIC 0x40001000 /* TIM6 */

#define CONSOLE 0x40004400 /* USART2 on PA2 and PA3 */
#define USART_V2 1
#define CONSOLE_PORT 0
#define CONSOLE_TX 2
#define CONSOLE_RX 3
#define CONSOLE_AF 1

/* The channels of DMA1, counted from 0, and their interrupts. */
#define DMA_CONSOLE_TX {DMA1, 3, 0, 11}
#define DMA_CONSOLE_RX {DMA1, 4, 0, 11}
#define DMA_TIM2_UP {DMA1, 1, 0, 10}
#define DMA_MEMORY {DMA1, 0, 0, 9}
#define DMA_SPI1_TX {DMA1, 2, 0, 10}
#define DMA_SPI1_RX {DMA1, 1, 0, 10}

/* Some interrupts are of several lines or peripherals. */
#define IRQ_WWDG 0
#define IRQ_RTC_ALARM 2
#define IRQ_RTC_WKUP 2
#define IRQ_FLASH 3
#define IRQ_RCC 4
#define IRQ_EXTI3 6
#define IRQ_EXTI5 7
#define IRQ_ADC 12
#define IRQ_TIM1_UP 13
#define IRQ_TIM2 15
#define IRQ_TIM3 16
#define IRQ_TIM_BASIC 17
#define IRQ_I2C1_EV 23
#define IRQ_I2C1_ER 23
#define IRQ_SPI1 25
#define IRQ_CONSOLE 28
#define IRQ_CAN_TX 30
#define IRQ_CAN_RX0 30

#define HAS_ADC 1
#define ADC1 0x40012400
#define ADC_CCR REG32(ADC1 + 0x308)
#define ADC_CALIBRATION 166 /* 83 of half the clock of APB */
#define ADC_CYCLES 504       /* 252 of it with the longest sampling */
#define ADC_OTHER_CYCLES 144 /* 252 of HSI14 */
#define ADC_SMP 4u           /* long enough for what is inside, and for an interrupt in between */
#define ADC_EXTSEL_TIM3 3u
#define ADC_TEMPERATURE 16u
#define ADC_VREFINT 17u
#define TEMPERATURE_LOW 1500 /* 1.43 V at 25 degrees, of 3.3 V or 3 V */
#define TEMPERATURE_HIGH 2200
#define DMA_ADC1 {DMA1, 0, 0, 9}
#define HAS_DAC 1
#define DMA_DAC1 {DMA1, 2, 0, 10}
#define IRQ_DAC 17 /* that of TIM6 */
#define HAS_I2C 1
#define HAS_SPI 1
#define SPI_V2 1
#define SPI_AF 0
#define HAS_CAN 1
#define I2C_100KHZ 0x10420F13
#define I2C_AF 1

/* The clock after reset, and by how many tenths clock_fast makes the core faster: 48 MHz. */
#define CLOCK_SLOW 8000000
#define CLOCK_FAST_TENTHS 60

#define RCC_CIR REG32(RCC + 0x08)
#define RCC_LSIRDYF (RCC_CIR & 1)
#define RCC_LSIRDYC() (RCC_CIR |= 1u << 16)
#define RCC_LSIRDYIE(on) (RCC_CIR = (RCC_CIR & ~(1u << 8)) | (uint32_t)(on) << 8)
