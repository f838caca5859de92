/* Two unprivileged tasks on their own stacks, switched by SysTick and PendSV; they print through SVC.
 *
 * Each task prints one token in a time slice and then spins, with known values in r4 to r11, until the
 * kernel has given it another slice. So the text does not depend on where in its spinning a task is cut.
 */
#include "console.h"
#include "cortexm.h"
#include "semihosting.h"

#define TASKS 2
#define TOKENS 10
#define STACK_WORDS 128
#define SLICE_CYCLES 20000 /* plenty for a token: its three characters take 6510 cycles at 115200 baud */

/* Initial values, read by the first switch to a task. */
struct task_frame {
    uint32_t r4_to_r11[8];
    struct exception_frame hardware;
};

struct task {
    uint32_t *sp; /* first, so that tasks.S finds it */
    volatile uint32_t slices;
    uint32_t stack[STACK_WORDS] __attribute__((aligned(8)));
};

struct task tasks[TASKS];
struct task *current_task = &tasks[0];
static uint32_t switches;
static uint32_t finished;

enum { CALL_PRINT, CALL_DONE };

void start_first_task(void);
uint32_t spin_with_patterns(const volatile uint32_t *counter, uint32_t until_not, uint32_t seed);

static void call(uint32_t number, const char *text)
{
    register uint32_t r0 __asm__("r0") = number;
    register uint32_t r1 __asm__("r1") = (uint32_t)text;

    __asm__ volatile("svc 0" : "+r"(r0) : "r"(r1) : "memory", "r2", "r3", "r12", "cc");
}

/* On the kernel's stack, with the arguments where the exception frame has them. */
void svc_call(struct exception_frame *frame)
{
    if (frame->r0 == CALL_PRINT) {
        console_text((const char *)frame->r1);
        return;
    }
    console_text((const char *)frame->r1);
    if (++finished == TASKS) {
        console_text(switches >= TASKS * (TOKENS - 1) ? "\nall tasks done\n" : "\ntoo few switches\n");
        semihosting_exit(switches >= TASKS * (TOKENS - 1) ? 0 : 1);
    }
}

void SysTick_Handler(void)
{
    SCB_ICSR = ICSR_PENDSVSET;
}

/* Called by PendSV_Handler between saving the old task and loading the new one. */
void choose_next_task(void)
{
    current_task = current_task == &tasks[0] ? &tasks[1] : &tasks[0];
    current_task->slices++;
    switches++;
}

static void task_main(struct task *self, const char *names)
{
    char token[] = "a0 ";

    for (uint32_t i = 0; i < TOKENS; i++) {
        uint32_t slice = self->slices;

        token[0] = names[0];
        token[1] = (char)('0' + i);
        call(CALL_PRINT, token);
        if (spin_with_patterns(&self->slices, slice, (uint32_t)names[0] << 24) != 0)
            call(CALL_PRINT, "[registers lost] ");
    }
    call(CALL_DONE, names);
    for (;;) {
    }
}

static void task_create(struct task *task, const char *names)
{
    struct task_frame *frame = (struct task_frame *)&task->stack[STACK_WORDS] - 1;

    frame->hardware.r0 = (uint32_t)task;
    frame->hardware.r1 = (uint32_t)names;
    frame->hardware.pc = (uint32_t)task_main & ~1u;
    frame->hardware.xpsr = 1u << 24; /* Thumb */
    task->sp = (uint32_t *)frame;
}

int main(void)
{
    console_init();
    task_create(&tasks[0], "a done ");
    task_create(&tasks[1], "b done");

    /* A switch must never cut into a handler: PendSV has the lowest priority. SVC is above SysTick, so
     * that a token is one piece. */
    SCB_SHPR(EXCEPTION_SVCALL) = 0x40;
    SCB_SHPR(EXCEPTION_SYSTICK) = 0x80;
    SCB_SHPR(EXCEPTION_PENDSV) = 0xE0;

    systick_start(SLICE_CYCLES, SYST_CSR_TICKINT);
    start_first_task();
    return 1;
}
