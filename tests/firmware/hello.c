/* The first thing to try: a line from the UART, lines over semihosting, an exit code. */
#include "console.h"
#include "semihosting.h"

int main(void)
{
    console_init();
    console_text("hello from the UART\n");
    semihosting_write0("hello from semihosting\n");

    /* The long way: a handle for the console, as a C library opens its stdout. */
    const uint32_t open[3] = {(uint32_t)":tt", 4 /* "w" */, 3};
    const uint32_t handle = semihosting(SYS_OPEN, open);
    const uint32_t write[3] = {handle, (uint32_t)"hello from a file\n", 18};
    const uint32_t not_written = semihosting(SYS_WRITE, write);

    return not_written == 0 ? 0 : 1;
}
