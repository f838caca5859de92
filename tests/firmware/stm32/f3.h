/* STM32F303 (RM0316). */
#define RCC 0x40021000
#define RCC_CSR REG32(RCC + 0x24)
#define RCC_APB1RSTR REG32(RCC + 0x10)
#define GPIO(port) (0x48000000 + 0x400 * (port))
#define EXTI 0x40010400
#define EXTICR(n) REG32(0x40010008 + 4 * (n)) /* SYSCFG */
#define DMA1 0x40020000
#define DMA2 0x40020400
#define FLASH 0x40022000
#define FLASH_F1 1
#define FLASH_PAGE 0x0800F000
#define CRC 0x40023000
#define CRC_V2 1
#define HAS_RNG 0
#define IRQ_RTC_WKUP 3
#define EXTI_RTC_ALARM 17
#define EXTI_RTC_WKUP 20

#define TIM1 0x40012C00
#define IRQ_TIM1_UP 25
#define TIM_BASIC 0x40001000 /* TIM6 */
#define IRQ_TIM_BASIC 54

#define CONSOLE 0x40013800 /* USART1 on PA9 and PA10 */
#define USART_V2 1
#define CONSOLE_PORT 0
#define CONSOLE_TX 9
#define CONSOLE_RX 10
#define CONSOLE_AF 7
#define IRQ_CONSOLE 37

/* The channels of DMA1, counted from 0, and their interrupts. */
#define DMA_CONSOLE_TX {DMA1, 3, 0, 14}
#define DMA_CONSOLE_RX {DMA1, 4, 0, 15}
#define DMA_TIM2_UP {DMA1, 1, 0, 12}
#define DMA_MEMORY {DMA1, 0, 0, 11}
#define DMA_SPI1_TX {DMA1, 2, 0, 13}
#define DMA_SPI1_RX {DMA1, 1, 0, 12}

#define HAS_ADC 1
#define ADC1 0x50000000
#define ADC_COMMON (ADC1 + 0x300)
#define ADC_CCR REG32(ADC_COMMON + 0x08)
#define ADC_CALIBRATION 112
#define ADC_CYCLES 614        /* with the longest sampling, at the core's clock */
#define ADC_OTHER_CYCLES 1228 /* at half of it */
#define ADC_SMP 6u            /* long enough for what is inside, and for an interrupt in between */
#define ADC_EXTSEL_TIM3 4u
#define ADC_JEXTSEL_TIM3 12u
#define ADC_TEMPERATURE 16u
#define ADC_VREFINT 18u
#define TEMPERATURE_LOW 1500 /* 1.43 V at 25 degrees, of 3.3 V or 3 V */
#define TEMPERATURE_HIGH 2200
#define DMA_ADC1 {DMA1, 0, 0, 11}
#define HAS_DAC 1
#define DMA_DAC1 {DMA2, 2, 0, 58}
#define IRQ_DAC 54 /* that of TIM6 */
#define HAS_I2C 1
#define HAS_SPI 1
#define SPI_V2 1
#define SPI_AF 5
#define HAS_CAN 1
#define I2C_100KHZ 0x10420F13
#define I2C_AF 4

/* The clock after reset, and by how many tenths clock_fast makes the core faster: 72 MHz. */
#define CLOCK_SLOW 8000000
#define CLOCK_FAST_TENTHS 90

#define RCC_CIR REG32(RCC + 0x08)
#define RCC_LSIRDYF (RCC_CIR & 1)
#define RCC_LSIRDYC() (RCC_CIR |= 1u << 16)
#define RCC_LSIRDYIE(on) (RCC_CIR = (RCC_CIR & ~(1u << 8)) | (uint32_t)(on) << 8)
