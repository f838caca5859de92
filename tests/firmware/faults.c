/* Every fault that an Armv7-M core without FPU can be talked into from software, one line each: which
 * exception came, what CFSR, HFSR and the address registers say, the EXC_RETURN, and whether the stacked
 * PC is the one that the manual wants. The handler then goes on behind the fault.
 *
 * Buffered stores are the one place where a chip may differ: there a store to nowhere can be an imprecise
 * BusFault (CFSR 00000400) a few instructions later.
 */
#include "console.h"
#include "mps2.h"
#include "semihosting.h"

#define CFSR_INVPC (1u << 18)

struct provocation {
    const char *name;
    void (*provoke)(void);
    const uint8_t *at;   /* what the stacked PC must be; null where the manual leaves room */
    const uint8_t *onto; /* where to go on */
};

/* For each name, faults.S has the code provoke_name and the places at_name and onto_name. */
#define PROVOCATIONS(X)                                                                                                \
    X(undefined_instruction)                                                                                           \
    X(absent_coprocessor)                                                                                              \
    X(jump_to_arm_state)                                                                                               \
    X(bad_exc_return)                                                                                                  \
    X(exc_return_to_no_handler)                                                                                        \
    X(unaligned_word)                                                                                                  \
    X(unaligned_ldm)                                                                                                   \
    X(unaligned_ldrd)                                                                                                  \
    X(unaligned_ldrex)                                                                                                 \
    X(untrapped_ldm)                                                                                                   \
    X(untrapped_stm)                                                                                                   \
    X(untrapped_ldrd)                                                                                                  \
    X(untrapped_strd)                                                                                                  \
    X(signed_division_by_zero)                                                                                         \
    X(unsigned_division_by_zero)                                                                                       \
    X(load_from_nowhere)                                                                                               \
    X(store_to_nowhere)                                                                                                \
    X(jump_to_nowhere)                                                                                                 \
    X(unprivileged_system_register)                                                                                    \
    X(jump_to_device)                                                                                                  \
    X(mpu_read_only_store)                                                                                             \
    X(mpu_no_access_load)                                                                                              \
    X(unprivileged_load)                                                                                               \
    X(unprivileged_store)                                                                                              \
    X(unprivileged_guarded_load)                                                                                       \
    X(unprivileged_load_of_cpuid)                                                                                      \
    X(disabled_bus_fault)                                                                                              \
    X(masked_svc)                                                                                                      \
    X(fault_in_fault_handler)                                                                                          \
    X(inner_fault)

#define DECLARE(n)                                                                                                     \
    void provoke_##n(void);                                                                                            \
    extern const uint8_t at_##n[], onto_##n[];
PROVOCATIONS(DECLARE)

#define ROW(n) {#n, provoke_##n, at_##n, onto_##n},
static const struct provocation provocations[] = {PROVOCATIONS(ROW)};
#define COUNT (sizeof provocations / sizeof provocations[0])

/* The last row is for the inside of a handler, not for main. */
static const struct provocation *const inner = &provocations[COUNT - 1];

static const struct provocation *current;
static uint32_t faults_seen;

/* An MPU region each, so aligned to their own size. */
uint32_t read_only_words[64] __attribute__((aligned(256)));
uint32_t forbidden_words[64] __attribute__((aligned(256)));
uint32_t private_words[256] __attribute__((aligned(1024)));

static const char *exception_name(uint32_t number)
{
    static const char *const names[] = {"HardFault ", "MemManage ", "BusFault  ", "UsageFault"};

    return number >= 3 && number <= 6 ? names[number - 3] : "?";
}

static void field(const char *name, uint32_t value)
{
    console_text(name);
    console_hex(value);
}

/* Returns the EXC_RETURN to leave with. */
__attribute__((used)) static uint32_t fault(struct exception_frame *frame, uint32_t exc_return)
{
    uint32_t cfsr = SCB_CFSR, hfsr = SCB_HFSR;

    faults_seen++;
    console_text(exception_name(read_ipsr()));
    field(" cfsr ", cfsr);
    field(" hfsr ", hfsr);
    field(" lr ", exc_return);
    if (frame->pc == (uint32_t)current->at)
        console_text(" pc ok");
    else if (current->at != 0)
        field(" pc ", frame->pc);
    if (cfsr & CFSR_MMARVALID)
        field(" mmfar ", SCB_MMFAR);
    if (cfsr & CFSR_BFARVALID)
        field(" bfar ", SCB_BFAR);
    console_text(" ");
    console_text(current->name);
    console_text("\n");

    /* The status bits are cleared by writing ones. */
    SCB_CFSR = cfsr;
    SCB_HFSR = hfsr;

    const uint8_t *onto = current->onto;

    if (current->provoke == provoke_fault_in_fault_handler) {
        current = inner;
        provoke_inner_fault();
    }

    frame->pc = (uint32_t)onto;
    /* Thumb state, outside any IT block or interrupted LDM; the rest (flags, IPSR, alignment) stays. */
    frame->xpsr = (frame->xpsr & ~0x0600FC00u) | 1u << 24;
    /* Back to privileged, for the one that gave it up. */
    __asm__ volatile("msr control, %0\n\tisb" : : "r"(0) : "memory");

    /* An illegal EXC_RETURN brings us here on the frame it should have popped, with itself in LR. */
    return cfsr & CFSR_INVPC ? 0xFFFFFFF9 : exc_return;
}

#define FAULT_HANDLER(name)                                                                                            \
    __attribute__((naked)) void name(void)                                                                             \
    {                                                                                                                  \
        __asm__("mrs r0, msp\n\tmov r1, lr\n\tbl fault\n\tbx r0");                                                     \
    }
FAULT_HANDLER(HardFault_Handler)
FAULT_HANDLER(MemManage_Handler)
FAULT_HANDLER(BusFault_Handler)
FAULT_HANDLER(UsageFault_Handler)

#define ACCESS_NONE 0u
#define ACCESS_PRIVILEGED 1u
#define ACCESS_ALL 3u
#define ACCESS_PRIVILEGED_READ 5u

/* Of two regions that overlap, the one with the higher number counts. */
static void mpu_region(uint32_t number, const void *base, uint32_t log2_size, uint32_t access)
{
    MPU_RNR = number;
    MPU_RBAR = (uint32_t)base;
    /* AP, normal memory (C), SIZE, enabled; code may be executed. */
    MPU_RASR = access << 24 | 1u << 17 | (log2_size - 1) << 1 | 1u;
}

int main(void)
{
    console_init();
    /* The default map is for privileged code only; the one unprivileged case needs flash and RAM. */
    mpu_region(0, (void *)0x00000000, 29, ACCESS_ALL);
    mpu_region(1, (void *)0x20000000, 29, ACCESS_ALL);
    mpu_region(2, read_only_words, 8, ACCESS_PRIVILEGED_READ);
    mpu_region(3, forbidden_words, 8, ACCESS_NONE);
    mpu_region(4, private_words, 10, ACCESS_PRIVILEGED);
    MPU_CTRL = 1u | 1u << 2; /* on, with the default map behind the regions */
    __asm__ volatile("dsb\n\tisb");

    for (uint32_t i = 0; i < COUNT - 1; i++) {
        current = &provocations[i];
        SCB_CCR |= CCR_UNALIGN_TRP | CCR_DIV_0_TRP;
        SCB_SHCSR = SHCSR_MEMFAULTENA | SHCSR_BUSFAULTENA | SHCSR_USGFAULTENA;
        uint32_t seen = faults_seen;

        current->provoke();
        if (faults_seen == seen) {
            console_text("no fault: ");
            console_text(current->name);
            console_text("\n");
        }
    }
    return 0;
}
