/* Stack guards as small RTOSes set them: an MPU region of 32 bytes below the stack of the task that runs, moved at
 * every switch. The stacks are smaller than a KiB, so a guard, a stack and other data share one. At last a task
 * needs more stack than it has.
 */
#include "expect.h"
#include "mps2.h"
#include "semihosting.h"

#define STACK_BYTES 416
#define SWITCHES 200
#define ROUNDS 40

#define MPU_CTRL_ENABLE (1u << 0)
#define MPU_CTRL_PRIVDEFENA (1u << 2)
#define MPU_RBAR_VALID (1u << 4)
#define MPU_RASR_SIZE_32 (4u << 1)
#define MPU_RASR_ENABLE (1u << 0)

struct task {
    uint32_t guard[8];
    uint32_t stack[STACK_BYTES / 4];
} __attribute__((aligned(32)));

static struct task tasks[3];
static volatile uint32_t sum;
static uint32_t seen_cfsr, seen_mmfar;

/* Uses the stack: a frame for each level. */
__attribute__((noinline)) static uint32_t descend(uint32_t levels, uint32_t value)
{
    volatile uint32_t local = value;

    if (levels == 0)
        return local * 3;
    return descend(levels - 1, value + 1) + local;
}

static void work(uint32_t levels)
{
    for (uint32_t round = 0; round < ROUNDS; round++)
        sum += descend(levels, round);
}

static void overflow(uint32_t levels)
{
    sum += descend(levels, 0);
}

/* Calls a function on the stack of a task, guarded. */
__attribute__((noinline)) static void run(struct task *task, void (*function)(uint32_t), uint32_t argument)
{
    MPU_RBAR = (uint32_t)task->guard | MPU_RBAR_VALID | 0;
    MPU_RASR = MPU_RASR_SIZE_32 | MPU_RASR_ENABLE; /* no access */
    MPU_CTRL = MPU_CTRL_ENABLE | MPU_CTRL_PRIVDEFENA;
    __asm__ volatile("dsb\n\tisb\n\t"
                     "msr psp, %1\n\tmrs r4, control\n\torr r5, r4, #2\n\tmsr control, r5\n\tisb\n\t"
                     "mov r0, %2\n\tblx %0\n\t"
                     "msr control, r4\n\tisb"
                     :
                     : "r"(function), "r"(task + 1), "r"(argument)
                     : "r0", "r1", "r2", "r3", "r4", "r5", "r12", "lr", "cc", "memory");
}

void MemManage_Handler(void)
{
    seen_cfsr = SCB_CFSR;
    seen_mmfar = SCB_MMFAR;
    MPU_CTRL = 0;
    expect("MemManage: CFSR      ", seen_cfsr & ~0x18u, 0x82);
    expect("  MMFAR in the guard ", seen_mmfar - (uint32_t)tasks[1].guard < 32, 1);
    for (uint32_t *word = tasks[0].stack; word < tasks[1].guard; word++)
        if (*word == 0xDEADBEEF)
            failed = 1;
    semihosting_exit((uint32_t)failed);
}

int main(void)
{
    console_init();
    SCB_SHCSR = SHCSR_MEMFAULTENA;
    for (uint32_t number = 0; number < SWITCHES; number++)
        run(&tasks[number % 3], work, 6);
    expect("the tasks' sum       ", sum, SWITCHES * (9 * (ROUNDS * (ROUNDS - 1) / 2) + 33 * ROUNDS));
    run(&tasks[1], overflow, 100);
    return 1;
}
