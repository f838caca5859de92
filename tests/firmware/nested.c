/* Three timers interrupt at three priorities and each other. The handlers keep the books: who preempted
 * whom, what a mask let through, in which order pending interrupts were served. Nothing printed depends
 * on how fast the core is.
 */
#include "console.h"
#include "mps2.h"

#define PRIORITY_LOW 0xC0    /* timer 0 */
#define PRIORITY_MIDDLE 0x80 /* timer 1 */
#define PRIORITY_HIGH 0x40   /* dual timer */
#define ROUNDS 50
#define PATIENCE 1000000

enum { LOW, MIDDLE, HIGH, TIMERS };

static volatile uint32_t count[TIMERS];
static volatile uint32_t depth, deepest;
static volatile uint32_t active[TIMERS]; /* the handlers under way, outermost first */
static volatile uint32_t errors;

/* What the last handlers saw, for the check of tail-chaining. */
static volatile uint32_t served[TIMERS], served_return[TIMERS], served_sp[TIMERS], served_count;

static void check(int holds)
{
    if (!holds)
        errors++;
}

static void acknowledge(uint32_t timer)
{
    switch (timer) {
    case LOW:
        TIMER0->intclear = 1;
        break;
    case MIDDLE:
        TIMER1->intclear = 1;
        break;
    default:
        DUALTIMER->intclr = 1;
    }
}

/* Spins until a handler has run once more; gives up rather than hang. */
static int wait_for(uint32_t timer)
{
    uint32_t before = count[timer];

    for (uint32_t i = 0; i < PATIENCE; i++)
        if (count[timer] != before)
            return 1;
    return 0;
}

/* All three vectors lead here, with the exception frame and EXC_RETURN. */
__attribute__((used)) static void timer_interrupt(struct exception_frame *frame, uint32_t exc_return)
{
    uint32_t timer = read_ipsr() - 16 - IRQ_TIMER0;
    uint32_t preempted = frame->xpsr & 0x1FF;
    uint32_t level = depth;

    check(timer < TIMERS);
    check((NVIC_IABR0 >> (IRQ_TIMER0 + timer) & 1) == 1);
    /* Only a higher priority preempts, and EXC_RETURN says what was preempted: thread or handler. The
     * preempted handler may not have reached its own books yet, or have closed them already. */
    check(exc_return == (preempted == 0 ? 0xFFFFFFF9 : 0xFFFFFFF1));
    check(preempted < 16 + IRQ_TIMER0 + timer);
    check(level == 0 || active[level - 1] < timer);

    active[level] = timer;
    depth = level + 1;
    if (depth > deepest)
        deepest = depth;
    if (served_count < TIMERS) {
        served[served_count] = timer;
        served_return[served_count] = frame->pc;
        served_sp[served_count] = (uint32_t)frame;
        served_count++;
    }
    acknowledge(timer);

    /* Every fifth time, stay until the next higher timer has come in on top. */
    if (timer != HIGH && count[timer] % 5 == 1)
        check(wait_for(timer + 1));

    check(depth == level + 1);
    check(active[level] == timer);
    count[timer]++;
    depth = level;
}

__attribute__((naked)) void TIMER0_Handler(void)
{
    __asm__("mrs r0, msp\n\tmov r1, lr\n\tb timer_interrupt");
}

__attribute__((naked)) void TIMER1_Handler(void)
{
    __asm__("mrs r0, msp\n\tmov r1, lr\n\tb timer_interrupt");
}

__attribute__((naked)) void DUALTIMER_Handler(void)
{
    __asm__("mrs r0, msp\n\tmov r1, lr\n\tb timer_interrupt");
}

static void timers_start(void)
{
    TIMER0->reload = TIMER0->value = 7001;
    TIMER1->reload = TIMER1->value = 5003;
    DUALTIMER->load = 2999;
    TIMER0->ctrl = TIMER_CTRL_EN | TIMER_CTRL_IRQEN;
    TIMER1->ctrl = TIMER_CTRL_EN | TIMER_CTRL_IRQEN;
    DUALTIMER->control = DUALTIMER_EN | DUALTIMER_PERIODIC | DUALTIMER_INTEN | DUALTIMER_SIZE_32;
}

static void timers_stop(void)
{
    TIMER0->ctrl = 0;
    TIMER1->ctrl = 0;
    DUALTIMER->control = 0;
}

static void report(const char *what, int holds)
{
    check(holds);
    console_text(what);
    console_text(holds ? ": yes\n" : ": NO\n");
}

/* A counter that low and middle handlers may not touch while BASEPRI is up. */
static int basepri_masks(void)
{
    write_basepri(PRIORITY_MIDDLE);
    uint32_t low = count[LOW], middle = count[MIDDLE];
    int high_runs = wait_for(HIGH) && wait_for(HIGH) && wait_for(HIGH);
    int others_wait = count[LOW] == low && count[MIDDLE] == middle;
    write_basepri(0);

    return high_runs && others_wait;
}

/* With PRIMASK set the lines go up and stay pending; nothing runs. */
static int primask_masks(void)
{
    interrupts_off();
    uint32_t before[TIMERS] = {count[LOW], count[MIDDLE], count[HIGH]};
    for (uint32_t i = 0; i < PATIENCE && (NVIC_ISPR0 >> IRQ_TIMER0 & 7) != 7; i++) {
    }
    int all_pending = (NVIC_ISPR0 >> IRQ_TIMER0 & 7) == 7;
    int none_ran = count[LOW] == before[LOW] && count[MIDDLE] == before[MIDDLE] && count[HIGH] == before[HIGH];
    interrupts_on();
    int all_ran = count[LOW] != before[LOW] && count[MIDDLE] != before[MIDDLE] && count[HIGH] != before[HIGH];

    return all_pending && none_ran && all_ran;
}

/* Pended together, the three run by priority, on one and the same exception frame, with no instruction
 * of the thread between them. */
static int pending_tail_chains(void)
{
    interrupts_off();
    served_count = 0;
    NVIC_ISPR0 = 7u << IRQ_TIMER0;
    interrupts_on();

    return served_count == TIMERS && served[0] == HIGH && served[1] == MIDDLE && served[2] == LOW
           && served_return[0] == served_return[1] && served_return[1] == served_return[2]
           && served_sp[0] == served_sp[1] && served_sp[1] == served_sp[2];
}

int main(void)
{
    console_init();
    NVIC_IPR(IRQ_TIMER0) = PRIORITY_LOW;
    NVIC_IPR(IRQ_TIMER1) = PRIORITY_MIDDLE;
    NVIC_IPR(IRQ_DUALTIMER) = PRIORITY_HIGH;
    NVIC_ISER0 = 7u << IRQ_TIMER0;
    timers_start();

    while (count[LOW] < ROUNDS || count[MIDDLE] < ROUNDS || count[HIGH] < ROUNDS) {
    }
    report("each timer interrupted 50 times", 1);
    report("three handlers were nested", deepest == 3);
    report("BASEPRI holds back low and middle only", basepri_masks());
    report("PRIMASK holds back all", primask_masks());

    timers_stop();
    NVIC_ICPR0 = 7u << IRQ_TIMER0;
    /* From here on only software pends them; at 0 the handlers do not wait for each other. */
    for (int timer = LOW; timer < TIMERS; timer++)
        count[timer] = 0;
    report("pending interrupts run by priority and tail-chain", pending_tail_chains());
    report("the books agree", errors == 0 && depth == 0);
    return errors == 0 ? 0 : 1;
}
