/* Recursion without an end. The stack is the first thing in RAM (mps2.ld), so at last a push goes below
 * 0x20000000 and faults. To take that fault the core pushes an exception frame to the same bad stack: that
 * faults too (STKERR). HardFault is entered nevertheless, without its frame (Arm DDI 0337E 5.12.1), but its
 * handler begins with a push of its own: a third fault, at HardFault's priority, and the core locks up.
 */
#include "console.h"

volatile uint32_t deepest;

/* A walk down a tree that turns out to be a ring. It pushes eight bytes a level, r4 and lr, so the last push
 * begins exactly at the end of the stack. */
__attribute__((noinline)) static uint32_t descend(uint32_t depth)
{
    deepest = depth;
    return descend(depth + 1) + depth;
}

/* Well meant: it never gets to say anything. */
void HardFault_Handler(void)
{
    console_text("HardFault\n");
    for (;;) {
    }
}

int main(void)
{
    console_init();
    console_text("going down\n");
    return (int)descend(1);
}
