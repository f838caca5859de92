/* From reset to newlib's own start-up code, which asks the host for stack, heap and arguments. */
extern unsigned stack_top[];
void _start(void);

static void forever(void)
{
    for (;;) {
    }
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    (vector)stack_top, _start, [2 ... 15] = forever,
};
