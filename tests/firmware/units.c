/* The debug units as firmware uses them: DWT comparators that watch memory for a debug monitor (Armv7-M ARM
 * C1.5, C1.8), BKPT with and without one, the cycle counter, and text through the ITM (C1.7).
 */
#include "expect.h"
#include "mps2.h"

#define CCR_BFHFNMIGN (1u << 8)
#define DFSR REG32(0xE000ED30)
#define DFSR_BKPT (1u << 1)
#define DFSR_DWTTRAP (1u << 2)
#define DHCSR REG32(0xE000EDF0)
#define DEMCR REG32(0xE000EDFC)
#define DEMCR_MON_EN (1u << 16)
#define DEMCR_TRCENA (1u << 24)
#define HFSR_DEBUGEVT (1u << 31)

#define DWT_CTRL REG32(0xE0001000)
#define DWT_CYCCNT REG32(0xE0001004)
#define DWT_COMP(n) REG32(0xE0001020 + 16 * (n))
#define DWT_MASK(n) REG32(0xE0001024 + 16 * (n))
#define DWT_FUNCTION(n) REG32(0xE0001028 + 16 * (n))
#define DWT_FUNCTION_READ 5u
#define DWT_FUNCTION_WRITE 6u
#define DWT_FUNCTION_MATCHED (1u << 24)

#define ITM_STIM8(n) (*(volatile uint8_t *)(0xE0000000 + 4 * (n)))
#define ITM_STIM32(n) REG32(0xE0000000 + 4 * (n))
#define ITM_TER REG32(0xE0000E00)
#define ITM_TCR REG32(0xE0000E80)
#define ITM_LAR REG32(0xE0000FB0)

static volatile uint32_t watched[4];
static volatile uint32_t events, event_dfsr, event_pc, hard_faults, hard_fault_hfsr;

/* Goes on behind a BKPT. */
__attribute__((used)) static void monitor(struct exception_frame *frame)
{
    events++;
    event_dfsr = DFSR;
    event_pc = frame->pc;
    if (DFSR & DFSR_BKPT)
        frame->pc += 2;
    DFSR = DFSR;
}

__attribute__((naked)) void DebugMon_Handler(void)
{
    __asm__("mov r0, sp\n\tb monitor");
}

__attribute__((used)) static void hard_fault(struct exception_frame *frame)
{
    hard_faults++;
    hard_fault_hfsr = SCB_HFSR;
    SCB_HFSR = SCB_HFSR;
    frame->pc += 2;
}

__attribute__((naked)) void HardFault_Handler(void)
{
    __asm__("mov r0, sp\n\tb hard_fault");
}

/* Stores, then three instructions: gives the address behind the store. */
__attribute__((noinline)) static uint32_t store(volatile uint32_t *to, uint32_t value)
{
    uint32_t behind;

    __asm__ volatile("adr %0, 1f\n\tstr %2, [%1]\n\t.balign 4\n1:\n\tnop\n\tnop\n\tnop"
                     : "=&r"(behind)
                     : "r"(to), "r"(value)
                     : "memory");
    return behind;
}

static void send(const char *text)
{
    for (; *text; text++) {
        while (!(ITM_STIM32(0) & 1)) {
        }
        ITM_STIM8(0) = (uint8_t)*text;
    }
}

int main(void)
{
    uint32_t behind;

    console_init();
    expect("halting debug is off  ", DHCSR & 1, 0);

    DEMCR = DEMCR_TRCENA | DEMCR_MON_EN;
    expect("comparators           ", DWT_CTRL >> 28, 4);
    DWT_COMP(1) = (uint32_t)&watched[2];
    DWT_MASK(1) = 2;
    DWT_FUNCTION(1) = DWT_FUNCTION_WRITE;

    store(&watched[1], 1);
    store(&watched[3], 3);
    (void)watched[2];
    expect("beside it, or read    ", events, 0);
    behind = store(&watched[2], 2);
    expect("written               ", events, 1);
    expect("  right behind it     ", event_pc - (behind & ~1u), 0);
    expect("  DFSR                ", event_dfsr, DFSR_DWTTRAP);
    expect("  DWT_FUNCTION1       ", DWT_FUNCTION(1), DWT_FUNCTION_MATCHED | DWT_FUNCTION_WRITE);
    expect("  read again          ", DWT_FUNCTION(1), DWT_FUNCTION_WRITE);
    expect("  the value           ", watched[2], 2);

    DWT_FUNCTION(1) = DWT_FUNCTION_READ;
    watched[2] = 7;
    expect("read, one more        ", watched[2] + events, 7 + 2);
    DWT_FUNCTION(1) = 0;
    expect("switched off          ", watched[2] + events, 7 + 2);

    __asm__ volatile("bkpt 1");
    expect("a breakpoint          ", events, 3);
    expect("  DFSR                ", event_dfsr, DFSR_BKPT);
    DEMCR = DEMCR_TRCENA;
    __asm__ volatile("bkpt 2");
    expect("without a monitor     ", events + hard_faults, 3 + 1);
    expect("  HFSR                ", hard_fault_hfsr, HFSR_DEBUGEVT);

    SCB_CCR |= CCR_BFHFNMIGN;
    __asm__ volatile("cpsid f" : : : "memory");
    uint32_t nowhere = REG32(0x60000000) + REG32(0x5FFF0000);
    REG32(0x60000000) = 1;
    __asm__ volatile("cpsie f" : : : "memory");
    expect("nothing is there      ", nowhere + hard_faults, 1);
    expect("  CFSR                ", SCB_CFSR, 0);
    (void)REG32(0x60000000);
    expect("and now it faults     ", hard_faults, 2);
    SCB_CCR &= ~CCR_BFHFNMIGN;

    DWT_CYCCNT = 0;
    expect("the counter stands    ", DWT_CYCCNT, 0);
    DWT_CTRL |= 1;
    uint32_t from = DWT_CYCCNT;
    expect("the counter runs      ", DWT_CYCCNT - from > 0, 1);

    ITM_LAR = 0xC5ACCE55;
    ITM_TCR = 1;
    expect("port 0 is closed      ", ITM_STIM32(0), 0);
    ITM_TER = 1;
    send("through the ITM\n");
    ITM_STIM32(1) = 0x21212121; /* nobody sees this */
    return failed;
}
