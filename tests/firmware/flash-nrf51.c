/* Flash that is erased, programmed and executed, and that a reset leaves alone (nRF51 Series RM 3.0, chapter 6). */
#include "cortexm.h"
#include "expect.h"

#define NVMC_READY REG32(0x4001E400)
#define NVMC_CONFIG REG32(0x4001E504)
#define NVMC_ERASEPAGE REG32(0x4001E508)
#define CONFIG_REN 0
#define CONFIG_WEN 1
#define CONFIG_EEN 2

#define SCB_AIRCR REG32(0xE000ED0C)
#define AIRCR_SYSRESETREQ (0x05FAu << 16 | 1u << 2)

/* Pages behind the program, and a word of the UICR that is the customer's. */
#define FUNCTION 0x00030000
#define LIVES 0x00030400
#define UICR_CUSTOMER0 REG32(0x10001080)

/* movs r0, #value; bx lr */
#define RETURNS(value) (0x47702000u | (value))

static volatile uint32_t faults;

static uint32_t call(void)
{
    return ((uint32_t (*)(void))(FUNCTION | 1))();
}

static void configure(uint32_t config)
{
    NVMC_CONFIG = config;
    while (!(NVMC_READY & 1)) {
    }
}

/* Goes on behind the store that faulted: one halfword. */
__attribute__((used)) void skip(struct exception_frame *frame)
{
    faults++;
    frame->pc += 2;
}

__attribute__((naked)) void HardFault_Handler(void)
{
    __asm__("mrs r0, msp\n\tldr r1, =skip\n\tbx r1");
}

static void second_life(void)
{
    expect("after a reset: marker    ", REG32(LIVES), 0x0BADCAFE);
    expect("after a reset: function  ", call(), 9);
    expect("after a reset: UICR      ", UICR_CUSTOMER0, 0x12345678);
    expect("after a reset: CONFIG    ", NVMC_CONFIG, CONFIG_REN);
    configure(CONFIG_EEN);
    NVMC_ERASEPAGE = LIVES;
    expect("erased                   ", REG32(LIVES), 0xFFFFFFFF);
    expect("its neighbour            ", REG32(FUNCTION), RETURNS(9));
}

int main(void)
{
    console_init();
    if (REG32(LIVES) != 0xFFFFFFFF) {
        second_life();
        console_text(failed ? "FAILED\n" : "ok\n");
        return failed;
    }

    REG32(FUNCTION) = RETURNS(7);
    expect("not enabled: faults      ", faults, 1);
    expect("not enabled: flash       ", REG32(FUNCTION), 0xFFFFFFFF);
    configure(CONFIG_EEN);
    REG32(FUNCTION) = RETURNS(7);
    expect("erasing enabled: faults  ", faults, 2);

    configure(CONFIG_WEN);
    REG32(FUNCTION) = RETURNS(7);
    expect("programmed               ", call(), 7);
    REG32(FUNCTION) = 0xFFFFFFFD;
    expect("bits cleared             ", call(), 5);
    REG32(FUNCTION) = RETURNS(7);
    expect("bits are not set         ", call(), 5);
    *(volatile uint8_t *)FUNCTION = 0;
    *(volatile uint16_t *)FUNCTION = 0;
    expect("narrow stores: faults    ", faults, 4);
    expect("narrow stores: function  ", call(), 5);

    configure(CONFIG_EEN);
    NVMC_ERASEPAGE = FUNCTION;
    expect("erased                   ", REG32(FUNCTION), 0xFFFFFFFF);
    configure(CONFIG_WEN);
    for (uint32_t word = 0; word < 256; word++)
        REG32(FUNCTION + 4 * word) = word ? word * 0x01010101 : RETURNS(9);
    expect("programmed again         ", call(), 9);
    expect("last word of the page    ", REG32(FUNCTION + 0x3FC), 0xFFFFFFFF);
    expect("behind it                ", REG32(FUNCTION + 0x400), 0xFFFFFFFF);

    UICR_CUSTOMER0 = 0x12345678;
    REG32(LIVES) = 0x0BADCAFE;
    SCB_AIRCR = AIRCR_SYSRESETREQ;
    for (;;) {
    }
}
