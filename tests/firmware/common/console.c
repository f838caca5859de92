#include "console.h"

void console_hex(uint32_t value)
{
    char digits[9];

    for (int i = 7; i >= 0; i--) {
        digits[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
    digits[8] = '\0';
    console_text(digits);
}

void console_decimal(uint32_t value)
{
    char digits[11];
    char *first = &digits[10];

    *first = '\0';
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    console_text(first);
}
