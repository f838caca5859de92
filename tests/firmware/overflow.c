/* Recursion without an end. The stack is the first thing in RAM (mps2.ld), so at last a push goes below
 * 0x20000000 and faults. To take that fault the core must push an exception frame to the same bad stack:
 * that faults too, at HardFault's priority, and the core locks up.
 */
#include "console.h"

volatile uint32_t deepest;

/* Looks like a parser that forgot its limit. */
__attribute__((noinline)) static uint32_t descend(uint32_t depth)
{
    volatile uint32_t locals[8];

    for (uint32_t i = 0; i < 8; i++)
        locals[i] = depth + i;
    deepest = depth;
    return descend(depth + 1) + locals[depth % 8];
}

int main(void)
{
    console_init();
    console_text("going down\n");
    return (int)descend(1);
}
