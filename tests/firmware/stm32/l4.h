/* STM32L476 (RM0351). */
#define RCC 0x40021000
#define RCC_CSR REG32(RCC + 0x94)
#define RCC_APB1RSTR REG32(RCC + 0x38) /* APB1RSTR1 */
#define GPIO(port) (0x48000000 + 0x400 * (port))
#define EXTI 0x40010400
#define EXTICR(n) REG32(0x40010008 + 4 * (n)) /* SYSCFG */
#define DMA1 0x40020000
#define DMA_SELECTS 1
#define FLASH 0x40022000
#define FLASH_L4 1
#define FLASH_PAGE 0x0800F000
#define CRC 0x40023000
#define CRC_V2 1
#define RNG 0x50060800
#define IRQ_RNG 80
#define HAS_RNG 1
#define IRQ_RTC_WKUP 3
#define EXTI_RTC_ALARM 18
#define EXTI_RTC_WKUP 20

#define TIM1 0x40012C00
#define IRQ_TIM1_UP 25
#define TIM_BASIC 0x40001000 /* TIM6 */
#define IRQ_TIM_BASIC 54

#define CONSOLE 0x40004400 /* USART2 on PA2 and PA3 */
#define USART_V2 1
#define CONSOLE_PORT 0
#define CONSOLE_TX 2
#define CONSOLE_RX 3
#define CONSOLE_AF 7
#define IRQ_CONSOLE 38

/* The channels of DMA1, counted from 0, what CSELR selects, and their interrupts. */
#define DMA_CONSOLE_TX {DMA1, 6, 2, 17}
#define DMA_CONSOLE_RX {DMA1, 5, 2, 16}
#define DMA_TIM2_UP {DMA1, 1, 4, 12}
#define DMA_MEMORY {DMA1, 0, 0, 11}
#define DMA_SPI1_TX {DMA1, 2, 1, 13}
#define DMA_SPI1_RX {DMA1, 1, 1, 12}

#define HAS_ADC 1
#define ADC1 0x50040000
#define ADC_COMMON (ADC1 + 0x300)
#define ADC_CCR REG32(ADC_COMMON + 0x08)
#define ADC_CALIBRATION 116
#define ADC_CYCLES 653        /* with the longest sampling, at the core's clock */
#define ADC_OTHER_CYCLES 1306 /* at half of it */
#define ADC_SMP 5u            /* long enough for what is inside, and for an interrupt in between */
#define ADC_EXTSEL_TIM3 4u
#define ADC_JEXTSEL_TIM3 12u
#define ADC_TEMPERATURE 17u
#define ADC_VREFINT 0u
#define TEMPERATURE_LOW 800 /* 0.76 V at 30 degrees, of 3.3 V or 3 V */
#define TEMPERATURE_HIGH 1250
#define DMA_ADC1 {DMA1, 0, 0, 11}
#define HAS_DAC 1
#define DMA_DAC1 {DMA1, 2, 6, 13}
#define IRQ_DAC 54 /* that of TIM6 */
#define HAS_I2C 1
#define HAS_SPI 1
#define SPI_V2 1
#define SPI_AF 5
#define HAS_CAN 1
#define I2C_100KHZ 0x00000E14
#define I2C_AF 4

/* The clock after reset, and by how many tenths clock_fast makes the core faster: 80 MHz. */
#define CLOCK_SLOW 4000000
#define CLOCK_FAST_TENTHS 200

#define RCC_LSIRDYF (REG32(RCC + 0x1C) & 1)
#define RCC_LSIRDYC() (REG32(RCC + 0x20) = 1)
#define RCC_LSIRDYIE(on) (REG32(RCC + 0x18) = (on))
