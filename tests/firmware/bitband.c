/* Bits as words: the alias regions at 0x22000000 (SRAM) and 0x42000000 (peripherals), ST's PM0214 2.2.5.
 * A write to a bit's word is a read-modify-write of its target, in one piece.
 */
#include "expect.h"
#include "stm32f4.h"

#define ALIAS(region, address, bit) REG32((region) + 0x02000000 + ((uint32_t)(address) - (region)) * 32 + (bit) * 4)
#define SRAM_BIT(address, bit) ALIAS(0x20000000, address, bit)
#define DEVICE_BIT(address, bit) ALIAS(0x40000000, address, bit)

static volatile uint32_t word;
static volatile uint8_t bytes[4];
int main(void)
{
    console_init();

    for (uint32_t bit = 0; bit < 32; bit += 3)
        SRAM_BIT(&word, bit) = 1;
    expect("every third bit set       ", word, 0x49249249);

    SRAM_BIT(&word, 0) = 0;
    SRAM_BIT(&word, 30) = 0xFFFFFFFE; /* only bit 0 of what is written counts */
    expect("two of them cleared       ", word, 0x09249248);

    uint32_t ones = 0;
    for (uint32_t bit = 0; bit < 32; bit++)
        ones += SRAM_BIT(&word, bit);
    expect("read bit by bit, ones     ", ones, 9);

    SRAM_BIT(bytes + 2, 7) = 1;
    expect("the third byte alone      ", bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24, 0x00800000);

    RCC->apb1enr |= RCC_APB1ENR_TIM2EN;
    (void)RCC->apb1enr;
    TIM2->arr = 0x0000FF00;
    DEVICE_BIT(&TIM2->arr, 0) = 1;
    DEVICE_BIT(&TIM2->arr, 15) = 0;
    expect("a timer's reload register ", TIM2->arr, 0x00007F01);
    expect("its bit 0                 ", DEVICE_BIT(&TIM2->arr, 0), 1);
    expect("its bit 15                ", DEVICE_BIT(&TIM2->arr, 15), 0);

    /* The green LED of the board, on PD12, on and off. */
    DEVICE_BIT(&RCC->ahb1enr, 3) = 1;
    GPIOD->moder = (GPIOD->moder & ~(3u << 24)) | 1u << 24;
    DEVICE_BIT(&GPIOD->odr, 12) = 1;
    DEVICE_BIT(&GPIOD->odr, 12) = 0;

    console_text(failed ? "FAILED\n" : "ok\n");
    return failed;
}
