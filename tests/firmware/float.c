/* Floating-point code preempted by a floating-point interrupt handler. The core must keep s0 to s15 and
 * FPSCR on the exception frame, the compiler's code the others; then the results are the same,
 * bit for bit, with and without interrupts.
 */
#include "console.h"
#include "cortexm.h"

#define TERMS 20000
#define TICKS_IN_A_SPIN 3
#define SYSTICK_PERIOD 10000

#define FPSCR_ROUND_TO_ZERO (3u << 22)

static volatile uint32_t ticks;
static volatile uint32_t last_exc_return;
static volatile float handler_sum;

/* Dirties every register that the core has to save, FPSCR among them. */
static void clobber(void)
{
    __asm__ volatile("vmov s0, %0\n\t"
                     "vmov.f32 s1, s0\n\tvmov.f32 s2, s0\n\tvmov.f32 s3, s0\n\tvmov.f32 s4, s0\n\t"
                     "vmov.f32 s5, s0\n\tvmov.f32 s6, s0\n\tvmov.f32 s7, s0\n\tvmov.f32 s8, s0\n\t"
                     "vmov.f32 s9, s0\n\tvmov.f32 s10, s0\n\tvmov.f32 s11, s0\n\tvmov.f32 s12, s0\n\t"
                     "vmov.f32 s13, s0\n\tvmov.f32 s14, s0\n\tvmov.f32 s15, s0\n\t"
                     "vmsr fpscr, %1"
                     :
                     : "r"(0xDEADBEEF), "r"(0)
                     : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14",
                       "s15");
}

__attribute__((used)) static void tick(uint32_t exc_return)
{
    float sum = handler_sum;

    for (int i = 1; i <= 16; i++)
        sum += 1.0f / (float)i;
    handler_sum = sum;
    clobber();
    last_exc_return = exc_return;
    ticks++;
}

__attribute__((naked)) void SysTick_Handler(void)
{
    __asm__("mov r0, lr\n\tb tick");
}

/* The kind of code a handler hits in practice: live values in many registers. */
__attribute__((noinline)) static void series(uint32_t results[4])
{
    float harmonic = 0, leibniz = 0, sign = 1, root = 2, logistic = 0.3f;

    for (int i = 1; i <= TERMS; i++) {
        harmonic += 1.0f / (float)i;
        leibniz += sign / (float)(2 * i - 1);
        sign = -sign;
        root = 0.5f * (root + 3.0f / root) + 1.0f / (float)i;
        logistic = 3.9f * logistic * (1.0f - logistic);
    }
    float values[4] = {harmonic, 4.0f * leibniz, root, logistic};
    for (int i = 0; i < 4; i++)
        results[i] = ((union { float f; uint32_t bits; }){values[i]}).bits;
}

/* Holds 32 known registers and an unusual FPSCR through some interrupts; returns how many were lost. */
__attribute__((noinline)) static uint32_t registers_lost(void)
{
    uint32_t before[33], after[33], lost = 0;

    for (uint32_t i = 0; i < 32; i++)
        before[i] = 0x3F800000 + 0x01010101 * i;
    before[32] = FPSCR_ROUND_TO_ZERO | 0x1F; /* every cumulative exception flag */

    __asm__ volatile("vldm %[before], {s0-s31}\n\t"
                     "ldr r3, [%[before], #128]\n\t"
                     "vmsr fpscr, r3\n\t"
                     "ldr r2, [%[ticks]]\n\t"
                     "add r2, r2, %[wanted]\n"
                     "1:\n\t"
                     "ldr r3, [%[ticks]]\n\t"
                     "cmp r3, r2\n\t"
                     "blo 1b\n\t"
                     "vstm %[after], {s0-s31}\n\t"
                     "vmrs r3, fpscr\n\t"
                     "str r3, [%[after], #128]\n\t"
                     "movs r3, #0\n\t"
                     "vmsr fpscr, r3"
                     :
                     : [before] "r"(before), [after] "r"(after), [ticks] "r"(&ticks), [wanted] "i"(TICKS_IN_A_SPIN)
                     : "r2", "r3", "cc", "memory", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10",
                       "s11", "s12", "s13", "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24",
                       "s25", "s26", "s27", "s28", "s29", "s30", "s31");

    for (uint32_t i = 0; i < 33; i++)
        lost += before[i] != after[i];
    return lost;
}

static const char *const names[4] = {"harmonic ", "pi       ", "root     ", "logistic "};

int main(void)
{
    uint32_t quiet[4], disturbed[4];
    int failed = 0;

    /* No floating point yet: the first interrupt must find a basic frame. */
    systick_start(SYSTICK_PERIOD, SYST_CSR_TICKINT);
    while (ticks == 0) {
    }
    uint32_t without_fp = last_exc_return;

    SYST_CSR = 0;
    series(quiet);
    systick_start(SYSTICK_PERIOD, SYST_CSR_TICKINT);
    series(disturbed);
    uint32_t lost = registers_lost();
    uint32_t with_fp = last_exc_return;
    SYST_CSR = 0;

    for (int i = 0; i < 4; i++) {
        console_text(names[i]);
        console_hex(disturbed[i]);
        console_text(quiet[i] == disturbed[i] ? "\n" : " differs\n");
        failed |= quiet[i] != disturbed[i];
    }
    console_text("EXC_RETURN without FP ");
    console_hex(without_fp);
    console_text("\nEXC_RETURN with FP ");
    console_hex(with_fp);
    console_text("\nregisters lost ");
    console_decimal(lost);
    console_text("\n");
    failed |= lost != 0 || without_fp != 0xFFFFFFF9 || with_fp != 0xFFFFFFE9;
    return failed;
}
