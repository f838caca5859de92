/* The console on semihosting, for fixtures that want no device in the way. */
#include "console.h"
#include "semihosting.h"

uint32_t console_init(void)
{
    return 0;
}

void console_text(const char *text)
{
    semihosting_write0(text);
}
