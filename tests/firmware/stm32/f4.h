/* STM32F407 (RM0090). */
#define RCC 0x40023800
#define RCC_CSR REG32(RCC + 0x74)
#define RCC_APB1RSTR REG32(RCC + 0x20)
#define GPIO(port) (0x40020000 + 0x400 * (port))
#define EXTI 0x40013C00
#define EXTICR(n) REG32(0x40013808 + 4 * (n)) /* SYSCFG */
#define DMA1 0x40026000
#define DMA2 0x40026400
#define FLASH 0x40023C00
#define FLASH_F4 1
#define FLASH_PAGE 0x0800C000 /* sector 3 */
#define CRC 0x40023000
#define RNG 0x50060800
#define IRQ_RNG 80
#define HAS_RNG 1
#define IRQ_RTC_WKUP 3
#define EXTI_RTC_ALARM 17
#define EXTI_RTC_WKUP 22

#define TIM1 0x40010000
#define IRQ_TIM1_UP 25
#define TIM_BASIC 0x40001000 /* TIM6 */
#define IRQ_TIM_BASIC 54

#define CONSOLE 0x40004400 /* USART2 on PA2 and PA3 */
#define CONSOLE_PORT 0
#define CONSOLE_TX 2
#define CONSOLE_RX 3
#define CONSOLE_AF 7
#define IRQ_CONSOLE 38

/* Streams, their channels and interrupts. */
#define DMA_CONSOLE_TX {DMA1, 6, 4, 17}
#define DMA_CONSOLE_RX {DMA1, 5, 4, 16}
#define DMA_TIM2_UP {DMA1, 1, 3, 12}
#define DMA_MEMORY {DMA2, 0, 0, 56}
#define DMA_SPI1_TX {DMA2, 3, 3, 59}
#define DMA_SPI1_RX {DMA2, 0, 3, 56}

#define HAS_ADC 1
#define ADC1 0x40012000
#define ADC_CSR REG32(0x40012300)
#define ADC_CCR REG32(0x40012304)
#define ADC_CYCLES 984 /* 492 of half the clock of APB2 */
#define ADC_EXTSEL_TIM3 8u
#define DMA_ADC1 {DMA2, 0, 0, 56}
#define HAS_DAC 1
#define DMA_DAC1 {DMA1, 5, 7, 16}
#define IRQ_DAC 54 /* that of TIM6 */
#define HAS_I2C 1
#define HAS_SPI 1
#define SPI_V2 0
#define SPI_AF 5
#define HAS_CAN 1
#define I2C_AF 4
#define I2C_MHZ 16

/* The clock after reset, and by how many tenths clock_fast makes the core faster: 168 MHz. */
#define CLOCK_SLOW 16000000
#define CLOCK_FAST_TENTHS 105

#define RCC_CIR REG32(RCC + 0x0C)
#define RCC_LSIRDYF (RCC_CIR & 1)
#define RCC_LSIRDYC() (RCC_CIR |= 1u << 16)
#define RCC_LSIRDYIE(on) (RCC_CIR = (RCC_CIR & ~(1u << 8)) | (uint32_t)(on) << 8)
