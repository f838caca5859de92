/* Semihosting: the debugger's (here untick's) console, reached with BKPT 0xAB.
 * Arm, "Semihosting for AArch32 and AArch64", release 2.0.
 */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

#define SYS_OPEN 0x01
#define SYS_CLOSE 0x02
#define SYS_WRITEC 0x03
#define SYS_WRITE0 0x04
#define SYS_WRITE 0x05
#define SYS_EXIT 0x18
#define SYS_EXIT_EXTENDED 0x20

#define ADP_STOPPED_APPLICATION_EXIT 0x20026

static inline uint32_t semihosting(uint32_t operation, const volatile void *parameter)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uint32_t r1 __asm__("r1") = (uint32_t)parameter;

    /* "memory": the host reads and writes the parameter block behind the compiler's back. */
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static inline void semihosting_write0(const char *text)
{
    semihosting(SYS_WRITE0, text);
}

/* SYS_EXIT carries no exit code on 32-bit Arm; SYS_EXIT_EXTENDED does. */
__attribute__((noreturn)) static inline void semihosting_exit(uint32_t code)
{
    const uint32_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, code};

    for (;;)
        semihosting(SYS_EXIT_EXTENDED, block);
}

#endif
