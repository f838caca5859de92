/* Messages of defmt through RTT, as its crates send them: numbers of texts that stand in the ELF file (defmt.S), and
 * arguments, encoded with reverse zero-compressing COBS. The ring is where a debug probe looks first, and too small.
 */
#include "cortexm.h"

extern const char defmt_start[], defmt_shape[], defmt_shapes[], defmt_text[];

static char buffer[16];

struct {
    char id[16];
    uint32_t ups, downs;
    const char *name;
    char *buffer;
    uint32_t size;
    volatile uint32_t write, read;
    uint32_t flags;
} _SEGGER_RTT = {"SEGGER RTT", 1, 0, "defmt", buffer, sizeof buffer, 0, 0, 2};

static void put(uint8_t byte)
{
    uint32_t next = (_SEGGER_RTT.write + 1) % sizeof buffer;

    while (next == _SEGGER_RTT.read)
        ;
    *(volatile char *)&buffer[_SEGGER_RTT.write] = (char)byte;
    __asm__ volatile("dmb" : : : "memory");
    _SEGGER_RTT.write = next;
}

/* Of the bytes since the last control byte: how many, and which of the first seven are zero. */
static uint32_t run, zeros;

static void send(uint8_t byte)
{
    if (run < 7) {
        if (byte == 0)
            zeros |= 1u << run;
        else
            put(byte);
        run++;
        if (run < 7 || zeros == 0)
            return;
        put((uint8_t)zeros);
    } else if (byte == 0) {
        put((uint8_t)(0x80 | (run - 7)));
    } else {
        put(byte);
        if (++run < 134)
            return;
        put(0xff);
    }
    run = zeros = 0;
}

static void send_number(uint32_t number, uint32_t bytes)
{
    for (; bytes > 0; bytes--, number >>= 8)
        send((uint8_t)number);
}

static void begin(const char *text)
{
    static uint32_t milliseconds;

    send_number((uint32_t)text, 2);
    send_number(milliseconds, 4);
    milliseconds += 1500;
}

static void end(void)
{
    if (run >= 7)
        put((uint8_t)(0x80 | (run - 7)));
    else if (run > 0)
        put((uint8_t)((zeros | 0xffu << run) & 0x7f));
    put(0);
    run = zeros = 0;
}

int main(void)
{
    static const char long_text[] =
        "a text without a zero that is longer than 134 bytes, so that the encoding needs each of its ways to say how many "
        "bytes there are: 7, up to 133, and 134";

    begin(defmt_start);
    send_number(1, 1);
    send_number(0x2a, 2);
    end();

    begin(defmt_shapes);
    send_number((uint32_t)defmt_shape, 2);
    send_number(0, 1);
    send_number((uint32_t)defmt_shape, 2);
    send_number(1, 1);
    send_number(7, 4);
    end();

    begin(defmt_text);
    send_number(sizeof long_text - 1, 4);
    for (const char *c = long_text; *c != '\0'; c++)
        send((uint8_t)*c);
    end();

    begin(defmt_text);
    send_number(8, 4);
    for (uint32_t i = 0; i < 8; i++)
        send((uint8_t)"last but"[i]);
    end();

    /* What is still in the ring is heard at the end of the run. */
    begin(defmt_start);
    send_number(2, 1);
    send_number(2, 2);
    end();
    return 0;
}
