/* Honest integer work and nothing else: sort, CRC, matrix, state machine. What is measured with it is
 * the speed of the core itself.
 */
#include "console.h"

#ifndef ITERATIONS
#define ITERATIONS 0
#endif

/* How often the four parts run; 0 is for ever. In flash, so that a benchmark can patch the image. */
const volatile uint32_t cpu_iterations = ITERATIONS;

#define SORTED 512
#define BYTES 4096
#define SIDE 24

static uint32_t numbers[SORTED];
static uint8_t buffer[BYTES];
static int32_t a[SIDE][SIDE], b[SIDE][SIDE], product[SIDE][SIDE];
static uint32_t crc_table[256];
static uint32_t random_state = 1;

static uint32_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* Heap sort: its work hardly depends on the order it finds. */
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

__attribute__((noinline)) static uint32_t sort(void)
{
    uint32_t mixed = 0;

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
    for (uint32_t i = 0; i < SORTED; i++)
        mixed = mixed * 31 + numbers[i];
    return mixed;
}

static void crc_prepare(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xEDB88320 & -(crc & 1));
        crc_table[i] = crc;
    }
}

__attribute__((noinline)) static uint32_t crc(void)
{
    uint32_t crc = ~0u;

    for (uint32_t i = 0; i < BYTES; i++)
        crc = crc >> 8 ^ crc_table[(crc ^ buffer[i]) & 255];
    return ~crc;
}

__attribute__((noinline)) static uint32_t matrix(void)
{
    uint32_t trace = 0;

    for (uint32_t i = 0; i < SIDE; i++)
        for (uint32_t j = 0; j < SIDE; j++) {
            a[i][j] = (int32_t)(random_word() >> 20);
            b[i][j] = (int32_t)(i * j) - 100;
        }
    for (uint32_t i = 0; i < SIDE; i++)
        for (uint32_t j = 0; j < SIDE; j++) {
            int32_t sum = 0;

            for (uint32_t k = 0; k < SIDE; k++)
                sum += a[i][k] * b[k][j];
            product[i][j] = sum;
        }
    for (uint32_t i = 0; i < SIDE; i++)
        trace += (uint32_t)product[i][i];
    return trace;
}

/* Splits a stream of characters into words, numbers and the rest, as a parser's first stage does. */
__attribute__((noinline)) static uint32_t scan(void)
{
    enum { SPACE, WORD, NUMBER, QUOTED, COMMENT } state = SPACE;
    uint32_t words = 0, sum = 0, number = 0, others = 0;

    for (uint32_t i = 0; i < BYTES; i++)
        buffer[i] = "abc 12\"; \nxyz987"[random_word() >> 28];
    for (uint32_t i = 0; i < BYTES; i++) {
        uint8_t c = buffer[i];

        switch (state) {
        case SPACE:
            if (c >= 'a' && c <= 'z')
                words++, state = WORD;
            else if (c >= '0' && c <= '9')
                number = c - '0', state = NUMBER;
            else if (c == '"')
                state = QUOTED;
            else if (c == ';')
                state = COMMENT;
            break;
        case WORD:
            if (c < 'a' || c > 'z')
                state = SPACE;
            break;
        case NUMBER:
            if (c >= '0' && c <= '9')
                number = number * 10 + (c - '0');
            else
                sum += number, state = SPACE;
            break;
        case QUOTED:
            others++;
            if (c == '"')
                state = SPACE;
            break;
        case COMMENT:
            others++;
            if (c == '\n')
                state = SPACE;
            break;
        }
    }
    return words * 65599 + sum * 17 + others;
}

int main(void)
{
    uint32_t checksum = 0;

    console_init();
    crc_prepare();
    for (uint32_t i = 0; cpu_iterations == 0 || i < cpu_iterations; i++) {
        checksum = checksum * 33 + sort();
        checksum = checksum * 33 + scan();
        checksum = checksum * 33 + crc();
        checksum = checksum * 33 + matrix();
    }
    console_text("checksum ");
    console_hex(checksum);
    console_text("\n");
    return 0;
}
