/* The small frame around checks of peripherals: what was expected, what came, and interrupts by number. For firmware with
 * startup_dispatch.c.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

#include "cortexm.h"

/* How often a wait looks before it gives up. */
#define PATIENCE 200000

/* Each says so if it is not as expected, and with which line of the check. */
void check_equal(int line, uint32_t got, uint32_t wanted);
void check_between(int line, uint32_t got, uint32_t low, uint32_t high);

#define expect(got, wanted) check_equal(__LINE__, (got), (wanted))
#define expect_between(got, low, high) check_between(__LINE__, (got), (low), (high))
#define wait_for(condition)                                                                                            \
    do {                                                                                                               \
        uint32_t left = PATIENCE;                                                                                      \
        while (!(condition) && --left > 0) {                                                                           \
        }                                                                                                              \
        check_equal(__LINE__, left > 0, 1);                                                                            \
    } while (0)

/* Lets an interrupt come, to this handler; or no more. */
void on_interrupt(uint32_t number, void (*handler)(void));
void no_interrupt(uint32_t number);

/* Core clock cycles since it was started, up to 2^24. SysTick, because the Cortex-M0 has no cycle counter. */
void stopwatch_start(void);
uint32_t stopwatch(void);

/* Runs a check and says how it went: `tim: ok`. Returns 1 if something was not as expected, else 0. */
uint32_t check_run(const char *what, void (*check)(void));

/* Runs checks up to a row without a name. Returns how many failed. */
struct check {
    const char *name;
    void (*check)(void);
};
uint32_t check_all(const struct check *checks);

/* A program that lives several times, from reset to reset, keeps this in memory that no start-up code clears. */
struct lives {
    uint32_t magic, life, failures;
};
/* Which life this is, from 0. */
uint32_t check_life(volatile struct lives *lives);
/* Ends a life: by a reset that is ordered here, or by one that comes by itself. */
int check_reset_ordered(void);
int check_reset_awaited(void);

/* Waits without executing anything until an interrupt has made it so. One that comes between the look and the WFI wakes at
 * once.
 */
#define sleep_until(condition)                                                                                         \
    do {                                                                                                               \
        uint32_t wakeups = 1000;                                                                                       \
        interrupts_off();                                                                                              \
        while (!(condition) && --wakeups > 0) {                                                                        \
            wait_for_interrupt();                                                                                      \
            interrupts_on();                                                                                           \
            interrupts_off();                                                                                          \
        }                                                                                                              \
        interrupts_on();                                                                                               \
        check_equal(__LINE__, wakeups > 0, 1);                                                                         \
    } while (0)

#endif
