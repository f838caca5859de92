/* Talks through RTT, in rings that a debug probe finds by their ID. Three channels: text up, which waits
 * until there is room; lines down, which come back in capitals, `quit` ends; and numbers up on a channel of their own.
 */
#include "cortexm.h"

struct ring {
    const char *name;
    char *buffer;
    uint32_t size;
    volatile uint32_t write, read;
    uint32_t flags;
};

static struct {
    char id[16];
    uint32_t ups, downs;
    struct ring up[2], down[1];
} rings;

static char text[32], numbers[32], typed[8];

static volatile uint32_t ticks;

void SysTick_Handler(void)
{
    ticks++;
}

/* The ID comes last: who finds it finds everything. It is in flash in two parts, so that it is not found there. */
static void rings_init(void)
{
    static const char id[2][8] = {"SEGGER ", "RTT"};

    rings.ups = 2;
    rings.downs = 1;
    rings.up[0] = (struct ring){.name = "Terminal", .buffer = text, .size = sizeof text, .flags = 2};
    rings.up[1] = (struct ring){.name = "Numbers", .buffer = numbers, .size = sizeof numbers, .flags = 2};
    rings.down[0] = (struct ring){.name = "Terminal", .buffer = typed, .size = sizeof typed};
    for (uint32_t i = 0; i < 7; i++)
        *(volatile char *)&rings.id[i] = id[0][i];
    for (uint32_t i = 0; i < 3; i++)
        *(volatile char *)&rings.id[7 + i] = id[1][i];
    __asm__ volatile("dmb" : : : "memory");
}

static void put(struct ring *ring, char byte)
{
    uint32_t next = (ring->write + 1) % ring->size;

    while (next == ring->read)
        ;
    *(volatile char *)&ring->buffer[ring->write] = byte;
    __asm__ volatile("dmb" : : : "memory");
    ring->write = next;
}

static void print(const char *line)
{
    while (*line != '\0')
        put(&rings.up[0], *line++);
}

/* The probe takes what is there while the core sleeps. */
static char next_byte(struct ring *ring)
{
    while (ring->read == ring->write)
        wait_for_interrupt();

    char byte = *(volatile char *)&ring->buffer[ring->read];

    __asm__ volatile("dmb" : : : "memory");
    ring->read = (ring->read + 1) % ring->size;
    return byte;
}

int main(void)
{
    static char line[40];
    uint32_t length = 0;

    SYST_RVR = 12500 - 1; /* half a millisecond */
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE | SYST_CSR_TICKINT | SYST_CSR_CLKSOURCE;
    rings_init();
    print("this line is longer than the ring that it has to go through\n");
#ifdef ASLEEP
    /* For ever, and nothing to listen for keeps it awake. */
    SYST_CSR = 0;
    print("good night\n");
    for (;;)
        wait_for_interrupt();
#endif
    for (;;) {
        char byte = next_byte(&rings.down[0]);

        if (byte != '\n') {
            if (length < sizeof line - 1)
                line[length++] = byte >= 'a' && byte <= 'z' ? (char)(byte - ('a' - 'A')) : byte;
            continue;
        }
        line[length] = '\0';
        if (length == 4 && line[0] == 'Q' && line[1] == 'U' && line[2] == 'I' && line[3] == 'T')
            break;
        length = 0;
        print(line);
        print("\n");
    }
    /* Both channels in turn, each when the other one has been heard. */
    for (char number = '0'; number < '5'; number++) {
        while (rings.up[0].read != rings.up[0].write)
            ;
        put(&rings.up[1], number);
        while (rings.up[1].read != rings.up[1].write)
            ;
    }
    /* Nobody waits for this to be heard. */
    print("\nbye\n");
    return 0;
}
