/* STM32L152 (RM0038). */
#define RCC 0x40023800
#define RCC_CSR REG32(RCC + 0x34)
#define RCC_APB1RSTR REG32(RCC + 0x18)
#define GPIO(port) (0x40020000 + 0x400 * (port))
#define EXTI 0x40010400
#define EXTICR(n) REG32(0x40010008 + 4 * (n)) /* SYSCFG */
#define DMA1 0x40026000
#define FLASH 0x40023C00
#define FLASH_L1 1
#define FLASH_PAGE 0x0800F000
#define CRC 0x40023000
#define HAS_RNG 0
#define IRQ_RTC_WKUP 3
#define EXTI_RTC_ALARM 17
#define EXTI_RTC_WKUP 20

#define TIM_BASIC 0x40001000 /* TIM6 */
#define IRQ_TIM_BASIC 43

#define CONSOLE 0x40004400 /* USART2 on PA2 and PA3 */
#define CONSOLE_PORT 0
#define CONSOLE_TX 2
#define CONSOLE_RX 3
#define CONSOLE_AF 7
#define IRQ_CONSOLE 38

/* The channels of DMA1, counted from 0, and their interrupts. */
#define DMA_CONSOLE_TX {DMA1, 6, 0, 17}
#define DMA_CONSOLE_RX {DMA1, 5, 0, 16}
#define DMA_TIM2_UP {DMA1, 1, 0, 12}
#define DMA_MEMORY {DMA1, 0, 0, 11}
#define DMA_SPI1_TX {DMA1, 2, 0, 13}
#define DMA_SPI1_RX {DMA1, 1, 0, 12}

#define HAS_ADC 1
#define ADC1 0x40012400
#define ADC_CSR REG32(0x40012700)
#define ADC_CCR REG32(0x40012704)
#define ADC_CYCLES 50 /* 396 of HSI16 */
#define ADC_EXTSEL_TIM3 4u
#define DMA_ADC1 {DMA1, 0, 0, 11}
#define HAS_DAC 1
#define DMA_DAC1 {DMA1, 1, 0, 12}
#define IRQ_DAC 21
#define HAS_I2C 1
#define HAS_SPI 1
#define SPI_V2 0
#define SPI_AF 5
#define HAS_CAN 0
#define I2C_AF 4
#define I2C_MHZ 2

/* The clock after reset, and by how many tenths clock_fast makes the core faster: 32 MHz. */
#define CLOCK_SLOW 2097152
#define CLOCK_FAST_TENTHS 153

#define RCC_CIR REG32(RCC + 0x0C)
#define RCC_LSIRDYF (RCC_CIR & 1)
#define RCC_LSIRDYC() (RCC_CIR |= 1u << 16)
#define RCC_LSIRDYIE(on) (RCC_CIR = (RCC_CIR & ~(1u << 8)) | (uint32_t)(on) << 8)
