/* One fault in each run, the one that the command line names. Its handler tells which exception came, what the status
 * and address registers say, the EXC_RETURN, and whether the stacked PC is the one that the manual wants. tests/faults.rs
 * has the table of what each core must give.
 *
 * With the word "escalated" behind the name, the faults of their own handlers stay disabled and become HardFault.
 */
#include "cortexm.h"
#include "semihosting.h"

#define SYS_GET_CMDLINE 0x15

#if __ARM_ARCH >= 8
#define MPU_RLAR REG32(0xE000EDA0)
#define MPU_MAIR0 REG32(0xE000EDC0)
#endif
#define SCB_VTOR REG32(0xE000ED08)

/* For each name, fault-cases.S has the code provoke_name and the place at_name. */
#define EVERYWHERE(X)                                                                                                  \
    X(bad_read) X(bad_write) X(bad_fetch) X(null_call) X(arm_state) X(device_fetch) X(undefined) X(no_coprocessor)     \
    X(unaligned_word) X(unaligned_half) X(unaligned_ldm) X(unaligned_stm) X(breakpoint) X(masked_svc) X(lockup)        \
    X(stacking_nowhere)
#if __ARM_ARCH >= 7
#define FROM_V7(X)                                                                                                     \
    X(stacking_forbidden) X(unstacking_nowhere) X(unstacking_forbidden) X(bad_exc_return) X(divide_by_zero)            \
    X(unsigned_divide_by_zero) X(unaligned_ldrd) X(unaligned_ldrex) X(unprivileged_scs) X(forbidden_read)              \
    X(forbidden_write) X(forbidden_fetch) X(no_vector)
#else
#define FROM_V7(X)
#endif
#if __ARM_ARCH >= 8
#define FROM_V8(X) X(stack_limit)
#else
#define FROM_V8(X)
#endif
#define ALL(X) EVERYWHERE(X) FROM_V7(X) FROM_V8(X)

#define DECLARE(n)                                                                                                     \
    void provoke_##n(void);                                                                                            \
    extern const uint8_t at_##n[];
ALL(DECLARE)

struct provocation {
    const char *name;
    void (*provoke)(void);
    const uint8_t *at; /* what the stacked PC must be; null where the manual leaves room */
};
#define ROW(n) {#n, provoke_##n, at_##n},
static const struct provocation provocations[] = {ALL(ROW)};
#define COUNT (sizeof provocations / sizeof provocations[0])

static const struct provocation *current;

uint32_t some_words[8];
/* An MPU region of its own, so aligned to its size. */
uint32_t forbidden_words[64] __attribute__((aligned(256)));
#if __ARM_ARCH >= 7
__asm__(".global at_forbidden_fetch\n\t.set at_forbidden_fetch, forbidden_words");
#endif

static void text(const char *text)
{
    semihosting_write0(text);
}

static void field(const char *name, uint32_t value)
{
    char digits[9];

    for (int i = 7; i >= 0; i--) {
        digits[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
    digits[8] = '\0';
    text(name);
    text(digits);
}

__attribute__((used, noreturn)) static void report(const struct exception_frame *frame, uint32_t exc_return)
{
    uint32_t number = read_ipsr();

    if (current->provoke == provoke_lockup)
        provoke_lockup();
    field("exception ", number);
#if __ARM_ARCH >= 7
    uint32_t cfsr = SCB_CFSR;

    field(" cfsr ", cfsr);
    field(" hfsr ", SCB_HFSR);
    if (cfsr & CFSR_MMARVALID) {
        if (SCB_MMFAR - (uint32_t)forbidden_words < sizeof forbidden_words)
            field(" mmfar +", SCB_MMFAR - (uint32_t)forbidden_words);
        else
            field(" mmfar ", SCB_MMFAR);
    }
    if (cfsr & CFSR_BFARVALID)
        field(" bfar ", SCB_BFAR);
#endif
    field(" lr ", exc_return);
    /* at_null_call is 0, and so are those where nothing is to be compared. */
    if (current->at != 0 || current->provoke == provoke_null_call) {
        if (frame->pc == (uint32_t)current->at)
            text(" pc ok");
        else
            field(" pc ", frame->pc);
    }
    text("\n");
    semihosting_exit(0);
}

/* On a stack of its own: the old one may be what is broken, and has the frame at its top. */
__attribute__((used, aligned(8))) static uint32_t handler_stack[128];
#define FAULT_HANDLER(name)                                                                                            \
    __attribute__((naked)) void name(void)                                                                             \
    {                                                                                                                  \
        __asm__("mov r1, lr\n\tmovs r2, #4\n\ttst r1, r2\n\tbne 1f\n\tmrs r0, msp\n\tb 2f\n1:\tmrs r0, psp\n"          \
                "2:\tldr r3, =handler_stack + 512\n\tmov sp, r3\n\tldr r3, =report\n\tbx r3\n\t.ltorg");               \
    }
FAULT_HANDLER(HardFault_Handler)
FAULT_HANDLER(MemManage_Handler)
FAULT_HANDLER(BusFault_Handler)
FAULT_HANDLER(UsageFault_Handler)

#if __ARM_ARCH >= 7
/* Nobody may touch forbidden_words. */
static void forbid(void)
{
#if __ARM_ARCH >= 8
    /* Addresses of two regions are nobody's (Armv8-M ARM, R-LLLP). Read-write, normal memory. */
    MPU_MAIR0 = 0x44;
    for (uint32_t region = 0; region < 2; region++) {
        MPU_RNR = region;
        MPU_RBAR = (uint32_t)forbidden_words | 1u << 1;
        MPU_RLAR = ((uint32_t)forbidden_words + 255 - 31) | 1u;
    }
    MPU_CTRL = 1u | 1u << 2;
#else
    MPU_RNR = 0;
    MPU_RBAR = (uint32_t)forbidden_words;
    MPU_RASR = 0u << 24 | 1u << 17 | 7u << 1 | 1u;
    MPU_CTRL = 1u | 1u << 2; /* on, with the default map for privileged code behind the region */
#endif
}

/* The vector table at the very end of a RAM: 32 vectors are there, the next ones are nowhere. */
static void cut_vector_table(void)
{
    const uint32_t *from = (const uint32_t *)SCB_VTOR;
    uint32_t *to = (uint32_t *)(RAM_END - 128);

    for (int i = 0; i < 32; i++)
        to[i] = from[i];
    SCB_VTOR = (uint32_t)to;
    __asm__ volatile("dsb\n\tisb" : : : "memory");
}
#endif

/* What follows if a word of the line is all of this text, else null. */
static const char *after(const char *line, const char *word)
{
    while (*word != '\0')
        if (*line++ != *word++)
            return 0;
    return *line == '\0' || *line == ' ' ? line : 0;
}

int main(void)
{
    static char line[64];
    uint32_t block[2] = {(uint32_t)line, sizeof line};
    const char *rest = 0;

    semihosting(SYS_GET_CMDLINE, block);
    for (uint32_t i = 0; i < COUNT && rest == 0; i++) {
        current = &provocations[i];
        rest = after(line, current->name);
    }
    if (rest == 0) {
        text("no such case\n");
        return 2;
    }
#if __ARM_ARCH >= 7
    SCB_CCR |= CCR_UNALIGN_TRP | CCR_DIV_0_TRP;
    if (*rest == '\0')
        SCB_SHCSR = SHCSR_MEMFAULTENA | SHCSR_BUSFAULTENA | SHCSR_USGFAULTENA;
    if (current->provoke == provoke_no_vector)
        cut_vector_table();
    /* The default map behind the region is for privileged code only. */
    if (current->provoke != provoke_unprivileged_scs)
        forbid();
#endif
    /* SVC, after whatever fault its entry meets (SHPR2; Armv6-M has no narrower accesses). */
    REG32(0xE000ED1C) = 0x80u << 24;
    __asm__ volatile("dsb\n\tisb" : : : "memory");
    current->provoke();
    text("no fault\n");
    return 1;
}
