/* Floating-point contexts (Armv7-M ARM B1.5.7): when one begins, what an exception saves of it and when, and what
 * a handler without floating point can see of all that.
 */
#include "expect.h"
#include "cortexm.h"

#define SCB_SCS_FPCCR REG32(0xE000EF34)
#define FPCCR_LSPACT (1u << 0)
#define FPCCR_LSPEN (1u << 30)
#define FPCCR_ASPEN (1u << 31)
#define FPCAR REG32(0xE000EF38)
#define FPDSCR REG32(0xE000EF3C)
#define FPSCR_FLUSH_TO_ZERO (1u << 24)
#define FPSCR_DEFAULT_NAN (1u << 25)
#define FPSCR_ROUND_TO_ZERO (3u << 22)
#define CONTROL_FPCA (1u << 2)

static uint32_t seen_exc_return, seen_fpccr, seen_fpcar, seen_frame, saved_s0_before, saved_s0_after, seen_fpscr,
    seen_control;
static int handler_calculates;

static uint32_t read_control(void)
{
    uint32_t value;

    __asm__ volatile("mrs %0, control" : "=r"(value));
    return value;
}

static uint32_t read_fpscr(void)
{
    uint32_t value;

    __asm__ volatile("vmrs %0, fpscr" : "=r"(value));
    return value;
}

static void write_fpscr(uint32_t value)
{
    __asm__ volatile("vmsr fpscr, %0" : : "r"(value));
}

__attribute__((used)) static void pended(volatile uint32_t *frame, uint32_t exc_return)
{
    seen_exc_return = exc_return;
    seen_frame = (uint32_t)frame;
    seen_fpccr = SCB_SCS_FPCCR;
    seen_fpcar = FPCAR;
    saved_s0_before = frame[8];
    if (handler_calculates) {
        seen_fpscr = read_fpscr();
        __asm__ volatile("vmov s0, %0" : : "r"(0x11111111) : "s0");
        seen_control = read_control();
        saved_s0_after = frame[8];
    }
}

__attribute__((naked)) void PendSV_Handler(void)
{
    __asm__("mov r0, sp\n\tmov r1, lr\n\tb pended");
}

static uint32_t interrupt_with_s0(uint32_t value)
{
    /* What the frame will lie on. */
    volatile uint32_t pattern[64];
    uint32_t after;

    for (int i = 0; i < 64; i++)
        pattern[i] = 0xA5A5A5A5;
    (void)pattern[0];
    __asm__ volatile("vmov s0, %1\n\tstr %2, [%3]\n\tdsb\n\tisb\n\tvmov %0, s0"
                     : "=r"(after)
                     : "r"(value), "r"(ICSR_PENDSVSET), "r"(&SCB_ICSR)
                     : "s0", "memory");
    return after;
}

int main(void)
{
    console_init();
    expect("CONTROL at first            ", read_control(), 0);
    SCB_ICSR = ICSR_PENDSVSET;
    __asm__ volatile("dsb\n\tisb");
    expect("no context: EXC_RETURN      ", seen_exc_return, 0xFFFFFFF9);
    expect("  FPCCR.LSPACT              ", seen_fpccr & FPCCR_LSPACT, 0);

    FPDSCR = FPSCR_FLUSH_TO_ZERO;
    expect("a context: FPSCR            ", read_fpscr(), FPSCR_FLUSH_TO_ZERO);
    expect("  CONTROL                   ", read_control(), CONTROL_FPCA);

    write_fpscr(FPSCR_ROUND_TO_ZERO);
    FPDSCR = FPSCR_DEFAULT_NAN;
    expect("a lazy handler: S0          ", interrupt_with_s0(0x3F800000), 0x3F800000);
    expect("  EXC_RETURN                ", seen_exc_return, 0xFFFFFFE9);
    expect("  FPCCR.LSPACT              ", seen_fpccr & FPCCR_LSPACT, FPCCR_LSPACT);
    expect("  FPCAR                     ", seen_fpcar - seen_frame, 0x20);
    expect("  nothing saved             ", saved_s0_before != 0x3F800000, 1);
    expect("  FPCCR.LSPACT after it     ", SCB_SCS_FPCCR & FPCCR_LSPACT, 0);
    expect("  FPSCR after it            ", read_fpscr(), FPSCR_ROUND_TO_ZERO);

    handler_calculates = 1;
    expect("a calculating handler: S0   ", interrupt_with_s0(0x40000000), 0x40000000);
    expect("  nothing saved at first    ", saved_s0_before != 0x40000000, 1);
    expect("  saved when it calculates  ", saved_s0_after, 0x40000000);
    expect("  its FPSCR                 ", seen_fpscr, FPSCR_DEFAULT_NAN);
    expect("  its CONTROL               ", seen_control, CONTROL_FPCA);
    expect("  FPSCR after it            ", read_fpscr(), FPSCR_ROUND_TO_ZERO);

    SCB_SCS_FPCCR = FPCCR_ASPEN;
    expect("an eager one: S0            ", interrupt_with_s0(0x40400000), 0x40400000);
    expect("  FPCCR.LSPACT              ", seen_fpccr & FPCCR_LSPACT, 0);
    expect("  saved at once             ", saved_s0_before, 0x40400000);

    SCB_SCS_FPCCR = 0;
    __asm__ volatile("msr control, %0\n\tisb" : : "r"(0));
    expect("nothing automatic: CONTROL  ", read_control(), 0);
    handler_calculates = 0;
    expect("  S0                        ", interrupt_with_s0(0x40800000), 0x40800000);
    expect("  EXC_RETURN                ", seen_exc_return, 0xFFFFFFF9);
    expect("  CONTROL                   ", read_control(), 0);
    return failed;
}
