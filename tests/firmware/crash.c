/* A sensor logger that runs well for a while and then dies in an alarm.
 *
 * Every 400 ms it takes a sample, keeps it in a ring, checks its own flash and reports the median now
 * and then. When the median passes the limit it raises the alarm. The alarm ends in a HardFault: a
 * pointer has gone bad. What made it bad ran some ten million instructions earlier and did its damage
 * without a sound. On a bench this takes an afternoon. Going backwards it takes one watchpoint:
 *
 *     (gdb) watch -l logger.alarm
 *     (gdb) reverse-continue
 */
#include <stdint.h>

#include "console.h"
#include "cortexm.h"

#define RING_SIZE 64
#define SAMPLE_PERIOD_MS 400
#define REPORT_EVERY 16
#define LIMIT_MV 3000
#define FLASH_CHECK_BYTES 3072

/* A sample: the time in the upper half, the voltage in the lower one. */
typedef uint32_t sample_t;
#define SAMPLE(time_ms, millivolts) ((uint32_t)(uint16_t)(time_ms) << 16 | (uint16_t)(millivolts))
#define MILLIVOLTS(sample) ((uint16_t)(sample))

struct alarm {
    const char *name;
    uint32_t times_raised;
    void (*raise)(struct alarm *alarm, uint32_t millivolts);
};

struct logger {
    sample_t ring[RING_SIZE];
    struct alarm *alarm;
    uint32_t head;
    uint32_t taken;
};

static void overvoltage(struct alarm *alarm, uint32_t millivolts);

static struct alarm overvoltage_alarm = {"overvoltage", 0, overvoltage};
static struct logger logger = {.alarm = &overvoltage_alarm};
volatile uint32_t uptime_ms;

void SysTick_Handler(void)
{
    uptime_ms++;
}

static void overvoltage(struct alarm *alarm, uint32_t millivolts)
{
    console_text(alarm->name);
    console_text(": ");
    console_decimal(millivolts);
    console_text(" mV\n");
}

/* The voltage rises by 20 mV each sample, with some noise on it; the converter sees steps of 4 mV. */
static uint32_t read_sensor(uint32_t n)
{
    static uint32_t noise = 0x1234567;

    noise = noise * 1664525 + 1013904223;
    return 1252 + 20 * n + 4 * (noise >> 30);
}

__attribute__((noinline)) static void log_sample(uint32_t time_ms, uint32_t millivolts)
{
    logger.ring[logger.head] = SAMPLE(time_ms, millivolts);
    logger.head++;
    if (logger.head > RING_SIZE)
        logger.head = 0;
    logger.taken++;
}

/* CRC-32 as in Ethernet, bit by bit. */
__attribute__((noinline)) static uint32_t crc32(const uint8_t *bytes, uint32_t size)
{
    uint32_t crc = ~0u;

    for (uint32_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xEDB88320 & -(crc & 1));
    }
    return ~crc;
}

/* The middle one of all samples in the ring: one bad reading does not move it as it moves a mean. */
__attribute__((noinline)) static uint32_t median(void)
{
    uint16_t sorted[RING_SIZE];
    uint32_t count = logger.taken < RING_SIZE ? logger.taken : RING_SIZE;

    for (uint32_t i = 0; i < count; i++) {
        uint16_t value = MILLIVOLTS(logger.ring[i]);
        uint32_t j = i;

        for (; j > 0 && sorted[j - 1] > value; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = value;
    }
    return sorted[count / 2];
}

static void report(uint32_t millivolts)
{
    console_text("sample ");
    console_decimal(logger.taken);
    console_text(": median ");
    console_decimal(millivolts);
    console_text(" mV\n");
}

__attribute__((noinline)) static void raise_alarm(uint32_t millivolts)
{
    logger.alarm->times_raised++;
    logger.alarm->raise(logger.alarm, millivolts);
}

int main(void)
{
    extern const uint8_t vectors[];
    uint32_t core_hz = console_init();
    uint32_t flash_crc = crc32(vectors, FLASH_CHECK_BYTES);

    console_text("sensor logger, limit 3000 mV\n");
    systick_start(core_hz / 1000, SYST_CSR_TICKINT);

    for (uint32_t n = 0;; n++) {
        log_sample(n * SAMPLE_PERIOD_MS, read_sensor(n));

        if (crc32(vectors, FLASH_CHECK_BYTES) != flash_crc) {
            console_text("flash is corrupt\n");
            return 1;
        }

        uint32_t now_mv = median();

        if (logger.taken % REPORT_EVERY == 0)
            report(now_mv);
        if (now_mv > LIMIT_MV)
            raise_alarm(now_mv);
    }
}
