/* STM32F103 (RM0008). */
#define RCC 0x40021000
#define RCC_CSR REG32(RCC + 0x24)
#define RCC_APB1RSTR REG32(RCC + 0x10)
#define GPIO(port) (0x40010800 + 0x400 * (port))
#define GPIO_V1 1
#define EXTI 0x40010400
#define EXTICR(n) REG32(0x40010008 + 4 * (n)) /* AFIO */
#define DMA1 0x40020000
#define FLASH 0x40022000
#define FLASH_F1 1
#define FLASH_PAGE 0x0800F000
#define CRC 0x40023000
#define RTC_V1 1
#define IRQ_RTC 3
#define EXTI_RTC_ALARM 17

#define TIM1 0x40012C00
#define IRQ_TIM1_UP 25
#define TIM_BASIC 0x40000800 /* TIM4: the smaller parts have no TIM6 */
#define IRQ_TIM_BASIC 30

#define CONSOLE 0x40013800 /* USART1 on PA9 and PA10 */
#define CONSOLE_PORT 0
#define CONSOLE_TX 9
#define CONSOLE_RX 10
#define CONSOLE_AF 0
#define IRQ_CONSOLE 37

/* The channels of DMA1, counted from 0, and their interrupts. */
#define DMA_CONSOLE_TX {DMA1, 3, 0, 14}
#define DMA_CONSOLE_RX {DMA1, 4, 0, 15}
#define DMA_TIM2_UP {DMA1, 1, 0, 12}
#define DMA_MEMORY {DMA1, 0, 0, 11}
#define DMA_SPI1_TX {DMA1, 2, 0, 13}
#define DMA_SPI1_RX {DMA1, 1, 0, 12}

#define HAS_ADC 1
#define ADC1 0x40012400
#define ADC_CYCLES 504 /* 252 of half the clock of APB2 */
#define DMA_ADC1 {DMA1, 0, 0, 11}
#define HAS_DAC 0 /* the larger parts have one */
#define HAS_I2C 1
#define HAS_SPI 1
#define SPI_V2 0
#define SPI_AF 0
#define HAS_CAN 1
#define HAS_RNG 0
#define I2C_AF 0
#define I2C_MHZ 8

/* The clock after reset, and by how many tenths clock_fast makes the core faster. */
#define CLOCK_SLOW 8000000
#define CLOCK_FAST_TENTHS 90

#define RCC_CIR REG32(RCC + 0x08)
#define RCC_LSIRDYF (RCC_CIR & 1)
#define RCC_LSIRDYC() (RCC_CIR |= 1u << 16)
#define RCC_LSIRDYIE(on) (RCC_CIR = (RCC_CIR & ~(1u << 8)) | (uint32_t)(on) << 8)
