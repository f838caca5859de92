/* A long run with landmarks, to be searched from its far end: what happens every ten thousand instructions, what
 * happened once at the start, and a line that takes 3600 instructions.
 */
#include "console.h"

#ifndef ROUNDS
#define ROUNDS 0
#endif

/* How many rounds of about ten thousand instructions; 0 is for ever. A benchmark patches this and the next one in the
 * image.
 */
const volatile uint32_t depth_rounds = ROUNDS;

/* How many KiB of noise each round writes behind the last ones, round and round in 256 KiB. With 5 all of them change in
 * a million instructions.
 */
const volatile uint32_t depth_noise = 0;

#define PAGE 1024 /* what untick knows as a page of memory */
#define NOISE_PAGES 256
#define SORTED 64

uint32_t noise[NOISE_PAGES][PAGE / 4] __attribute__((aligned(PAGE)));

/* Words that are written once, at the start: in a page of their own, beside some that each round writes once or twice, and
 * beside what each round sorts. Not near the end of a page: accesses may lie across it.
 */
struct {
    uint32_t nothing[64], value;
} alone __attribute__((aligned(PAGE)));
struct {
    uint32_t rounds, checksum, nothing[62], value;
} beside __attribute__((aligned(PAGE)));
struct {
    uint32_t numbers[SORTED], value;
} among __attribute__((aligned(PAGE)));
#define numbers among.numbers

static uint32_t random_state = 1;

static uint32_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* Called once, at the start. */
__attribute__((noinline)) static void once(void)
{
    alone.value = 1;
    beside.value = 1;
    among.value = 1;
}

/* Called in each round. */
__attribute__((noinline)) static void landmark(void)
{
    beside.rounds++;
}

/* Heap sort, of new numbers each time. */
static void sift(uint32_t root, uint32_t end)
{
    uint32_t value = numbers[root];

    for (uint32_t child; (child = 2 * root + 1) < end; root = child) {
        if (child + 1 < end && numbers[child] < numbers[child + 1])
            child++;
        if (value >= numbers[child])
            break;
        numbers[root] = numbers[child];
    }
    numbers[root] = value;
}

__attribute__((noinline)) static void sort(void)
{
    for (uint32_t i = 0; i < SORTED; i++)
        numbers[i] = random_word();
    for (uint32_t i = SORTED / 2; i-- > 0;)
        sift(i, SORTED);
    for (uint32_t end = SORTED - 1; end > 0; end--) {
        uint32_t largest = numbers[0];

        numbers[0] = numbers[end];
        numbers[end] = largest;
        sift(0, end);
    }
}

__attribute__((noinline)) static void make_noise(uint32_t pages)
{
    static uint32_t next;

    for (; pages > 0; pages--) {
        for (uint32_t i = 0; i < PAGE / 4; i++)
            noise[next][i] = random_word();
        next = (next + 1) % NOISE_PAGES;
    }
}

/* One line to a debugger, 3601 instructions to the core. */
__attribute__((noinline)) static uint32_t mix(uint32_t sum)
{
    uint32_t index = 0, word = 0;

    __asm__ volatile("movw %1, #450\n"
                     "1: and %2, %1, #63\n"
                     "ldr %2, [%3, %2, lsl #2]\n"
                     "eors %0, %2\n"
                     "ror %2, %2, #7\n"
                     "adds %0, %2\n"
                     "add %0, %0, %0, lsl #5\n"
                     "subs %1, #1\n"
                     "bne 1b" : "+l"(sum), "+l"(index), "+l"(word) : "l"(numbers) : "cc", "memory");
    beside.checksum = sum;
    return sum;
}

int main(void)
{
    uint32_t sum = 0;

    console_init();
    once();
    for (uint32_t round = 0; depth_rounds == 0 || round < depth_rounds; round++) {
        landmark();
        sort();
        sum = mix(sum);
        make_noise(depth_noise);
    }
    console_text("checksum ");
    console_hex(sum);
    console_text("\n");
    return 0;
}
