/* What the world does by itself: a button that is pressed and let go, a voltage that changes meanwhile, a line of text. */
#include "outside.h"
#include "clocks.h"
#include "console.h"
#include "exti.h"
#include "pins.h"

#define IRQ_EXTI0 6

#define ADC_SR REG32(ADC1 + 0x00)
#define ADC_CR2 REG32(ADC1 + 0x08)
#define ADC_SQR3 REG32(ADC1 + 0x34)
#define ADC_DR REG32(ADC1 + 0x4C)
#define SR_EOC (1u << 1)
#define CR2_ADON (1u << 0)
#define CR2_EXTSEL_SWSTART (7u << 17)
#define CR2_EXTTRIG (1u << 20)
#define CR2_SWSTART (1u << 22)
#define CHANNEL 3

#define USART_SR REG32(CONSOLE + 0x00)
#define USART_DR REG32(CONSOLE + 0x04)
#define USART_BRR REG32(CONSOLE + 0x08)
#define USART_CR1 REG32(CONSOLE + 0x0C)
#define CR1_RE (1u << 2)
#define CR1_RXNEIE (1u << 5)
#define CR1_UE (1u << 13)
#define SR_RXNE (1u << 5)

static volatile uint32_t edges, length;
static volatile char line[16];

static void button(void)
{
    EXTI_PR = 1u << 0;
    edges++;
}

static void heard(void)
{
    char byte = (char)USART_DR;

    if (length + 1 < sizeof line)
        line[length++] = byte;
}

static uint32_t convert(void)
{
    ADC_CR2 |= CR2_SWSTART;
    wait_for(ADC_SR & SR_EOC);
    return ADC_DR;
}

void check_world(void)
{
    pin_pull(PORT_A, 0, 0);
    pin_configure(PORT_A, CHANNEL, 0); /* analog */
    pin_pull(PORT_A, 10, 1);

    clock_adc();
    ADC_CR2 = CR2_ADON;
    ADC_SQR3 = CHANNEL;
    ADC_CR2 |= CR2_EXTSEL_SWSTART | CR2_EXTTRIG;
    USART_BRR = 16;
    USART_CR1 = CR1_UE | CR1_RE | CR1_RXNEIE;
    on_interrupt(IRQ_CONSOLE, heard);
    on_interrupt(IRQ_EXTI0, button);
    EXTICR(0) = 0;
    EXTI_RTSR |= 1u << 0;
    EXTI_FTSR |= 1u << 0;
    EXTI_IMR |= 1u << 0;

    expect(pin_read(PORT_A, 0), 0);
    expect(convert(), 1000);
    sleep_until(edges == 1);
    expect(pin_read(PORT_A, 0), 1);
    expect(convert(), 1000);
    sleep_until(edges == 2);
    expect(pin_read(PORT_A, 0), 0);
    expect(convert(), 4095); /* a sample has twelve bits */
    sleep_until(length > 0 && line[length - 1] == '\n');
    line[length] = '\0';
    console_text((const char *)line);
    EXTI_IMR &= ~(1u << 0);
    USART_CR1 = 0;
    ADC_CR2 = 0;
}
