/* CRC: the Ethernet polynomial over words, as all families have it; bytes, other orders and polynomials where there are. */
#include "checks.h"

#define CRC_DR REG32(CRC + 0x00)
#define CRC_DR8 (*(volatile uint8_t *)(CRC + 0x00))
#define CRC_IDR REG32(CRC + 0x04)
#define CRC_CR REG32(CRC + 0x08)
#define CRC_INIT REG32(CRC + 0x10)
#define CRC_POL REG32(CRC + 0x14)
#define CR_RESET (1u << 0)

void check_crc(void)
{
    CRC_CR = CR_RESET;
    expect(CRC_DR, 0xFFFFFFFF);
    CRC_DR = 0x12345678;
    expect(CRC_DR, 0xDF8A8A2B);
    CRC_DR = 0;
    expect(CRC_DR, 0x9FF5E078);
    CRC_IDR = 0x5A;
    CRC_CR = CR_RESET;
    expect(CRC_DR, 0xFFFFFFFF);
    expect(CRC_IDR, 0x5A);

#if CRC_V2
    /* The check value of CRC-32: each byte and the result in reverse order, the result complemented. */
    CRC_CR = CR_RESET | 1u << 5 | 1u << 7;
    for (const char *digit = "123456789"; *digit != '\0'; digit++)
        CRC_DR8 = (uint8_t)*digit;
    expect(~CRC_DR, 0xCBF43926);
    /* CRC-16/CCITT-FALSE. */
    CRC_INIT = 0xFFFF;
    CRC_POL = 0x1021;
    CRC_CR = CR_RESET | 1u << 3;
    for (const char *digit = "123456789"; *digit != '\0'; digit++)
        CRC_DR8 = (uint8_t)*digit;
    expect(CRC_DR & 0xFFFF, 0x29B1);
#endif
}
