/* bxCAN with itself (silent loopback): filters, both FIFOs, what does not fit, and the interrupts (RM0008 24). */
#include "checks.h"
#include "pins.h"

#define CAN 0x40006400
#define CAN_MCR REG32(CAN + 0x00)
#define CAN_MSR REG32(CAN + 0x04)
#define CAN_TSR REG32(CAN + 0x08)
#define CAN_RFR(fifo) REG32(CAN + 0x0C + 4 * (fifo))
#define CAN_IER REG32(CAN + 0x14)
#define CAN_BTR REG32(CAN + 0x1C)
#define CAN_TIR REG32(CAN + 0x180)
#define CAN_TDTR REG32(CAN + 0x184)
#define CAN_TDLR REG32(CAN + 0x188)
#define CAN_TDHR REG32(CAN + 0x18C)
#define CAN_RIR(fifo) REG32(CAN + 0x1B0 + 16 * (fifo))
#define CAN_RDTR(fifo) REG32(CAN + 0x1B4 + 16 * (fifo))
#define CAN_RDLR(fifo) REG32(CAN + 0x1B8 + 16 * (fifo))
#define CAN_RDHR(fifo) REG32(CAN + 0x1BC + 16 * (fifo))
#define CAN_FMR REG32(CAN + 0x200)
#define CAN_FM1R REG32(CAN + 0x204)
#define CAN_FS1R REG32(CAN + 0x20C)
#define CAN_FFA1R REG32(CAN + 0x214)
#define CAN_FA1R REG32(CAN + 0x21C)
#define CAN_FR1(bank) REG32(CAN + 0x240 + 8 * (bank))
#define CAN_FR2(bank) REG32(CAN + 0x244 + 8 * (bank))
#define MCR_INRQ (1u << 0)
#define MCR_SLEEP (1u << 1)
#define MSR_INAK (1u << 0)
#define MSR_SLAK (1u << 1)
#define TSR_RQCP0 (1u << 0)
#define TSR_TXOK0 (1u << 1)
#define TSR_TME0 (1u << 26)
#define RFR_FMP 3u
#define RFR_FULL (1u << 3)
#define RFR_FOVR (1u << 4)
#define RFR_RFOM (1u << 5)
#define IER_TMEIE (1u << 0)
#define IER_FMPIE0 (1u << 1)
#define BTR_SILENT_LOOPBACK (3u << 30)
#define TIR_TXRQ (1u << 0)
#define IR_IDE (1u << 2)

static volatile uint32_t sent, received, identifier, length, low, high;

static void transmitted(void)
{
    expect(CAN_TSR & (TSR_RQCP0 | TSR_TXOK0), TSR_RQCP0 | TSR_TXOK0);
    CAN_TSR = TSR_RQCP0;
    sent++;
}

static void arrived(void)
{
    expect(CAN_RFR(0) & RFR_FMP, 1);
    identifier = CAN_RIR(0);
    length = CAN_RDTR(0) & 15;
    low = CAN_RDLR(0);
    high = CAN_RDHR(0);
    CAN_RFR(0) = RFR_RFOM;
    received++;
}

/* Both can come at one interrupt (F0). */
static void either(void)
{
    if (CAN_TSR & TSR_RQCP0)
        transmitted();
    else
        arrived();
}

static void send(uint32_t identifier_bits, uint32_t count, uint32_t data)
{
    CAN_TDTR = count;
    CAN_TDLR = data;
    CAN_TDHR = ~data;
    CAN_TIR = identifier_bits | TIR_TXRQ;
}

static void send_and_wait(uint32_t identifier_bits, uint32_t count, uint32_t data)
{
    send(identifier_bits, count, data);
    wait_for(CAN_TSR & TSR_RQCP0);
    expect(CAN_TSR & TSR_TXOK0, TSR_TXOK0);
    CAN_TSR = TSR_RQCP0;
    expect(CAN_TSR & (TSR_RQCP0 | TSR_TXOK0), 0);
}

void check_can(void)
{
    sent = received = 0;
    CAN_MCR &= ~MCR_SLEEP;
    CAN_MCR |= MCR_INRQ;
    wait_for((CAN_MSR & (MSR_INAK | MSR_SLAK)) == MSR_INAK);
    CAN_BTR = BTR_SILENT_LOOPBACK | 1u << 20 | 4u << 16; /* eight quanta of a cycle each */
    /* Bank 0: the identifier 0x123 exactly, into FIFO 0; bank 1: a list of two extended ones, into FIFO 1. */
    CAN_FMR |= 1;
    CAN_FA1R = 0;
    CAN_FS1R = 3;
    CAN_FM1R = 2;
    CAN_FFA1R = 2;
    CAN_FR1(0) = 0x123u << 21;
    CAN_FR2(0) = 0x7FFu << 21 | IR_IDE;
    CAN_FR1(1) = 0x1ABCDEFu << 3 | IR_IDE;
    CAN_FR2(1) = 0x1ABCDF0u << 3 | IR_IDE;
    CAN_FA1R = 3;
    CAN_FMR &= ~1u;
    CAN_MCR &= ~MCR_INRQ;
    wait_for(!(CAN_MSR & MSR_INAK));
    expect(CAN_TSR & TSR_TME0, TSR_TME0);

    on_interrupt(IRQ_CAN_TX, IRQ_CAN_TX == IRQ_CAN_RX0 ? either : transmitted);
    on_interrupt(IRQ_CAN_RX0, IRQ_CAN_TX == IRQ_CAN_RX0 ? either : arrived);
    CAN_IER = IER_TMEIE | IER_FMPIE0;
    send(0x123u << 21, 8, 0x04030201);
    wait_for(sent == 1 && received == 1);
    expect(identifier, 0x123u << 21);
    expect(length, 8);
    expect(low, 0x04030201);
    expect(high, ~0x04030201u);
    expect(CAN_RFR(0) & RFR_FMP, 0);
    CAN_IER = 0;
    no_interrupt(IRQ_CAN_TX);
    no_interrupt(IRQ_CAN_RX0);

    /* No filter wants it. */
    send_and_wait(0x124u << 21, 1, 1);
    expect(CAN_RFR(0) & RFR_FMP, 0);
    expect(CAN_RFR(1) & RFR_FMP, 0);

    /* Extended ones go to the other FIFO; which filter let them in is told. */
    send_and_wait(0x1ABCDF0u << 3 | IR_IDE, 2, 0x2211);
    wait_for((CAN_RFR(1) & RFR_FMP) == 1);
    expect(CAN_RIR(1), 0x1ABCDF0u << 3 | IR_IDE);
    expect(CAN_RDTR(1) & 0xFF0F, 1u << 8 | 2);
    expect(CAN_RDLR(1) & 0xFFFF, 0x2211);
    CAN_RFR(1) = RFR_RFOM;
    wait_for((CAN_RFR(1) & RFR_FMP) == 0);

    /* Three fill a FIFO; the fourth takes the place of the third. */
    for (uint32_t i = 1; i <= 4; i++)
        send_and_wait(0x123u << 21, 1, i);
    expect(CAN_RFR(0) & (RFR_FMP | RFR_FULL | RFR_FOVR), 3 | RFR_FULL | RFR_FOVR);
    expect(CAN_RDLR(0) & 0xFF, 1);
    CAN_RFR(0) = RFR_RFOM | RFR_FULL | RFR_FOVR;
    wait_for((CAN_RFR(0) & RFR_FMP) == 2);
    expect(CAN_RFR(0) & (RFR_FULL | RFR_FOVR), 0);
    expect(CAN_RDLR(0) & 0xFF, 2);
    CAN_RFR(0) = RFR_RFOM;
    wait_for((CAN_RFR(0) & RFR_FMP) == 1);
    expect(CAN_RDLR(0) & 0xFF, 4);
    CAN_RFR(0) = RFR_RFOM;
    wait_for((CAN_RFR(0) & RFR_FMP) == 0);

    CAN_MCR |= MCR_SLEEP;
    wait_for(CAN_MSR & MSR_SLAK);
}
