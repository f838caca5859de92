/* A line for each value that a fixture checks, and whether all were right. */
#ifndef EXPECT_H
#define EXPECT_H

#include "console.h"

static int failed;

static void expect(const char *what, uint32_t got, uint32_t wanted)
{
    console_text(what);
    console_hex(got);
    if (got != wanted) {
        console_text(", not ");
        console_hex(wanted);
        failed = 1;
    }
    console_text("\n");
}

#endif
