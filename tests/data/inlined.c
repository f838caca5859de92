/* Debug information for the tests of symbols, lines and call stacks: an inlined function, a leaf, an interrupt handler.
 * It is only read, never run. inlined.elf beside it was made, in this directory, with
 *   arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -g -O2 -ffile-prefix-map=$PWD=/build -nostdlib -Wl,-n,-T,inlined.ld \
 *       inlined.c -o inlined.elf
 * The tests know its addresses: after a rebuild, compare them with objdump. */
#include <stdint.h>

extern uint32_t stack_top;
void reset(void);
void systick(void);

__attribute__((section(".isr_vector"), used)) void (*const vectors[16])(void) = {
    (void (*)(void))&stack_top, reset, [15] = systick,
};

struct node {
    uint32_t tag;
    volatile uint32_t *target;
};
struct node table[4] = {{1, 0}, {2, 0}};
volatile uint32_t ticks;

static inline __attribute__((always_inline)) void plant(struct node *node)
{
    *node->target = node->tag;
}

__attribute__((noinline)) void worker(int index)
{
    ticks++;
    plant(&table[index & 3]);
    ticks += 2;
}

void systick(void)
{
    worker(2);
    ticks++;
}

__attribute__((noinline)) int leaf(int value)
{
    return value * 3 + (int)ticks;
}

__attribute__((noreturn)) void reset(void)
{
    for (;;)
        ticks += leaf(1);
}
