//! The integer instructions (Armv7-M ARM A5.2, A5.3 and A7.7; Armv8-M ARM C2.4). The letters are told in `fill`.

use super::{Features, Row, row};

const V6M: Features = Features::V6M;
const V7M: Features = Features::V7M;
const DSP: Features = Features::V7M.and(Features::DSP);
const V8M: Features = Features::V7M.and(Features::V8M);

/// Bits of an encoding.
const fn bits(value: u32, low: u32, count: u32) -> u32 {
    value >> low & ((1 << count) - 1)
}

/// ThumbExpandImm: a byte of zero is unpredictable where it is repeated (A5.3.2).
fn modified_immediate(op: u32) -> bool {
    bits(op, 0, 8) != 0 || bits(op, 26, 1) == 0 && bits(op, 12, 3) == 0
}

fn shift_is_not_zero(op: u32) -> bool {
    bits(op, 12, 3) << 2 | bits(op, 6, 2) != 0
}

/// SBFX, UBFX: the field ends in the register.
fn field_fits(op: u32) -> bool {
    (bits(op, 12, 3) << 2 | bits(op, 6, 2)) + bits(op, 0, 5) < 32
}

/// BFI, BFC.
fn field_is_ordered(op: u32) -> bool {
    bits(op, 0, 5) >= bits(op, 12, 3) << 2 | bits(op, 6, 2)
}

/// CMP T2 with two low registers is unpredictable (A7.7.28).
fn has_high_register(op: u32) -> bool {
    bits(op, 7, 1) == 1 || bits(op, 6, 1) == 1
}

/// Data processing.
pub const DATA: &[Row] = &[
    // Shift, add, subtract, move, compare with 16 bits.
    row("000 00 iiiii mmm ddd", V6M).weighing(4),
    row("000 01 iiiii mmm ddd", V6M).weighing(4),
    row("000 10 iiiii mmm ddd", V6M).weighing(4),
    row("000110 . mmm nnn ddd", V6M).weighing(6),
    row("000111 . iii nnn ddd", V6M).weighing(4),
    row("00100 ddd iiiiiiii", V6M).weighing(3),
    row("00101 nnn iiiiiiii", V6M).weighing(3),
    row("0011 . ddd iiiiiiii", V6M).weighing(6),
    row("010000 iiii mmm ddd", V6M).weighing(40),
    row("01000100 d mmmm ddd", V6M).weighing(4),
    row("01000101 n mmmm nnn", V6M).when(has_high_register),
    row("01000110 d mmmm ddd", V6M).weighing(4),
    row("01000110 d 1101 ddd", V6M),
    row("10100 ddd iiiiiiii", V6M),
    row("10101 ddd iiiiiiii", V6M),
    row("10110000 . 000 iiii", V6M),
    row("10110010 ii mmm ddd", V6M).weighing(6),
    row("10111010 00 mmm ddd", V6M),
    row("10111010 01 mmm ddd", V6M),
    row("10111010 11 mmm ddd", V6M),
    row("10111111 00000000", V6M).weighing(1),
    // MRS, MSR APSR, barriers.
    row("11110011111 01111 1000 dddd 00000 000", V6M),
    row("11110011111 01111 1000 dddd 00001 00i", V6M), // MSP, PSP
    row("11110011111 01111 1000 dddd 00010 000", V6M), // PRIMASK
    row("11110011111 01111 1000 dddd 00010 1i0", V6M).weighing(1), // CONTROL
    row("11110011100 0 nnnn 1000 1000 00000 000", V6M),
    row("11110011100 0 nnnn 1000 .100 00000 000", DSP),
    row("1111001110111111 1000111101 0 . 1111", V6M).weighing(1), // DSB, DMB
    row("1111001110111111 1000111101101111", V6M).weighing(1),    // ISB
    row("1111001110111111 1000111100101111", V7M).weighing(1),    // CLREX
    row("1111001110101111 1000000000000000", V7M).weighing(1),    // NOP.W
    // Modified immediates (A5.3.1): AND BIC ORR ORN EOR ADD ADC SBC SUB RSB; TST TEQ CMN CMP.
    row("11110i0 00.. . nnnn 0iiidddd iiiiiiii", V7M).when(modified_immediate).weighing(10),
    row("11110i0 0100 . nnnn 0iiidddd iiiiiiii", V7M).when(modified_immediate),
    row("11110i0 001. . 1111 0iiidddd iiiiiiii", V7M).when(modified_immediate).weighing(4),
    row("11110i0 1000 . nnnn 0iiidddd iiiiiiii", V7M).when(modified_immediate),
    row("11110i0 101. . nnnn 0iiidddd iiiiiiii", V7M).when(modified_immediate).weighing(4),
    row("11110i0 1101 . nnnn 0iiidddd iiiiiiii", V7M).when(modified_immediate),
    row("11110i0 1110 . nnnn 0iiidddd iiiiiiii", V7M).when(modified_immediate),
    row("11110i0 0.00 1 nnnn 0iii1111 iiiiiiii", V7M).when(modified_immediate),
    row("11110i0 1000 1 nnnn 0iii1111 iiiiiiii", V7M).when(modified_immediate),
    row("11110i0 1101 1 nnnn 0iii1111 iiiiiiii", V7M).when(modified_immediate),
    row("11110i0 1000 0 1101 0iiidddd iiiiiiii", V7M).when(modified_immediate), // ADD Rd, SP
    // Plain immediates (A5.3.3).
    row("11110i100000 nnnn 0iiidddd iiiiiiii", V7M),
    row("11110i101010 nnnn 0iiidddd iiiiiiii", V7M),
    row("11110i100000 1101 0iiidddd iiiiiiii", V7M).weighing(1),
    row("11110i100000 1111 0iiidddd iiiiiiii", V7M).weighing(1), // ADR
    row("11110i101010 1111 0iiidddd iiiiiiii", V7M).weighing(1),
    row("11110i100100 iiii 0iiidddd iiiiiiii", V7M),
    row("11110i101100 iiii 0iiidddd iiiiiiii", V7M),
    row("111100110000 nnnn 0iiidddd ii0iiiii", V7M), // SSAT
    row("111100110010 nnnn 0iiidddd ii0iiiii", V7M).when(shift_is_not_zero),
    row("111100111000 nnnn 0iiidddd ii0iiiii", V7M), // USAT
    row("111100111010 nnnn 0iiidddd ii0iiiii", V7M).when(shift_is_not_zero),
    row("111100110010 nnnn 0000dddd 0000iiii", DSP), // SSAT16
    row("111100111010 nnnn 0000dddd 0000iiii", DSP), // USAT16
    row("111100110100 nnnn 0iiidddd ii0iiiii", V7M).when(field_fits), // SBFX
    row("111100111100 nnnn 0iiidddd ii0iiiii", V7M).when(field_fits), // UBFX
    row("111100110110 nnnn 0iiidddd ii0iiiii", V7M).when(field_is_ordered), // BFI
    row("111100110110 1111 0iiidddd ii0iiiii", V7M).when(field_is_ordered), // BFC
    // Shifted registers (A5.3.11).
    row("1110101 00.. . nnnn 0iiidddd iiiimmmm", V7M).weighing(10),
    row("1110101 0100 . nnnn 0iiidddd iiiimmmm", V7M),
    row("1110101 001. . 1111 0iiidddd iiiimmmm", V7M).weighing(6),
    row("1110101 1000 . nnnn 0iiidddd iiiimmmm", V7M),
    row("1110101 101. . nnnn 0iiidddd iiiimmmm", V7M).weighing(4),
    row("1110101 1101 . nnnn 0iiidddd iiiimmmm", V7M),
    row("1110101 1110 . nnnn 0iiidddd iiiimmmm", V7M),
    row("1110101 0.00 1 nnnn 0iii1111 iiiimmmm", V7M),
    row("1110101 1000 1 nnnn 0iii1111 iiiimmmm", V7M),
    row("1110101 1101 1 nnnn 0iii1111 iiiimmmm", V7M),
    row("1110101 0110 0 nnnn 0iiidddd ii.0mmmm", DSP), // PKH
    // Register shifts, extensions, reversals, CLZ (A5.3.12).
    row("11111010 0ii. nnnn 1111dddd 0000mmmm", V7M).weighing(4),
    row("11111010 000. 1111 1111dddd 10iimmmm", V7M),
    row("11111010 010. 1111 1111dddd 10iimmmm", V7M),
    row("11111010 001. 1111 1111dddd 10iimmmm", DSP),
    row("11111010 000. nnnn 1111dddd 10iimmmm", DSP),
    row("11111010 001. nnnn 1111dddd 10iimmmm", DSP),
    row("11111010 010. nnnn 1111dddd 10iimmmm", DSP),
    row("11111010 1001 qqqq 1111dddd 10iiqqqq", V7M),
    row("11111010 1011 qqqq 1111dddd 1000qqqq", V7M),
    row("11111010 1000 nnnn 1111dddd 10iimmmm", DSP), // QADD and its like
    row("11111010 1010 nnnn 1111dddd 1000mmmm", DSP).weighing(4), // SEL
    // Parallel addition and subtraction (A5.3.13, A5.3.14): S, Q, SH; U, UQ, UH.
    row("11111010 10.. nnnn 1111dddd 0.00mmmm", DSP).when(is_parallel).weighing(8),
    row("11111010 1..0 nnnn 1111dddd 0.00mmmm", DSP).when(is_parallel).weighing(8),
    row("11111010 10.. nnnn 1111dddd 0.01mmmm", DSP).when(is_parallel).weighing(4),
    row("11111010 1..0 nnnn 1111dddd 0.01mmmm", DSP).when(is_parallel).weighing(4),
    row("11111010 10.. nnnn 1111dddd 0.10mmmm", DSP).when(is_parallel).weighing(4),
    row("11111010 1..0 nnnn 1111dddd 0.10mmmm", DSP).when(is_parallel).weighing(4),
    // Multiplication and division (A5.3.16, A5.3.17).
    row("11111011 0000 nnnn 1111dddd 0000mmmm", V7M).weighing(4),
    row("11111011 0000 nnnn aaaadddd 000.mmmm", V7M).weighing(4),
    row("11111011 0001 nnnn aaaadddd 00..mmmm", DSP).weighing(4), // SMLAxy
    row("11111011 0001 nnnn 1111dddd 00..mmmm", DSP),             // SMULxy
    row("11111011 0010 nnnn aaaadddd 000.mmmm", DSP),             // SMLAD
    row("11111011 0010 nnnn 1111dddd 000.mmmm", DSP),             // SMUAD
    row("11111011 0011 nnnn aaaadddd 000.mmmm", DSP),             // SMLAW
    row("11111011 0011 nnnn 1111dddd 000.mmmm", DSP),             // SMULW
    row("11111011 0100 nnnn aaaadddd 000.mmmm", DSP),             // SMLSD
    row("11111011 0100 nnnn 1111dddd 000.mmmm", DSP),             // SMUSD
    row("11111011 0101 nnnn aaaadddd 000.mmmm", DSP),             // SMMLA
    row("11111011 0101 nnnn 1111dddd 000.mmmm", DSP),             // SMMUL
    row("11111011 0110 nnnn aaaadddd 000.mmmm", DSP),             // SMMLS
    row("11111011 0111 nnnn aaaadddd 0000mmmm", DSP),             // USADA8
    row("11111011 0111 nnnn 1111dddd 0000mmmm", DSP),             // USAD8
    row("11111011 1.00 nnnn ddddeeee 0000mmmm", V7M).weighing(4), // SMULL, SMLAL
    row("11111011 1.10 nnnn ddddeeee 0000mmmm", V7M).weighing(4), // UMULL, UMLAL
    row("11111011 1001 nnnn 1111dddd 1111mmmm", V7M).weighing(4), // SDIV
    row("11111011 1011 nnnn 1111dddd 1111mmmm", V7M).weighing(4), // UDIV
    row("11111011 1110 nnnn ddddeeee 0110mmmm", DSP),             // UMAAL
    row("11111011 1100 nnnn ddddeeee 10..mmmm", DSP),             // SMLALxy
    row("11111011 110. nnnn ddddeeee 110.mmmm", DSP),             // SMLALD, SMLSLD
];

/// ADD8, ADD16, ASX, SUB8, SUB16, SAX; the other two do not exist.
fn is_parallel(op: u32) -> bool {
    !matches!(bits(op, 20, 3), 3 | 7)
}

/// Loads and stores.
pub const MEMORY: &[Row] = &[
    row("01001 ddd iiiiiiii", V6M),
    row("0101 iii xxx bbb ddd", V6M).outside_it().weighing(8),
    row("011 ii iiiii bbb ddd", V6M).weighing(8),
    row("1000 i iiiii bbb ddd", V6M).weighing(4),
    row("1001 i ddd iiiiiiii", V6M).weighing(4),
    row("1011 0100 00llllll", V6M).weighing(2),
    row("1011 0101 00llllll", V6M).weighing(2),
    row("1011 1100 00llllll", V6M).weighing(4),
    row("1100 i www 00llllll", V6M).weighing(4),
    // Immediate offsets: stores and loads, signed loads.
    row("111110001 ii. bbbb dddd iiiiiiiiiiii", V7M).when(is_size).weighing(6),
    row("1111100110 i1 bbbb dddd iiiiiiiiiiii", V7M).weighing(2),
    row("111110000 ii. bbbb dddd 11i0 iiiiiiii", V7M).when(is_size).weighing(4), // negative; LDRT
    row("1111100100 i1 bbbb dddd 11i0 iiiiiiii", V7M),
    row("111110000 ii. BBBB dddd 1.i1 iiiiiiii", V7M).when(is_size).weighing(6),
    row("1111100100 i1 BBBB dddd 1.i1 iiiiiiii", V7M).weighing(2),
    row("111110000 ii. bbbb dddd 000000 ii xxxx", V7M).when(is_size).outside_it().weighing(4),
    row("1111100100 i1 bbbb dddd 000000 ii xxxx", V7M).outside_it(),
    row("11111000 .101 1111 dddd 00iiiiiiiiii", V7M), // LDR literal
    row("1111100. .0i1 1111 dddd 00iiiiiiiiii", V7M).weighing(1),
    // LDRD, STRD.
    row("1110100 1 .1i. wwww dddd eeee iiiiiiii", V7M).weighing(4),
    row("1110100 1 .10. wwww dddd eeee iiiiiiii", V7M),
    row("1110100 0 .11. wwww dddd eeee iiiiiiii", V7M).weighing(2),
    // Exclusives, aligned.
    row("111010000101 wwww dddd 1111 iiiiiiii", V7M),
    row("111010000100 wwww dddd eeee iiiiiiii", V7M),
    row("111010001101 wwww dddd 1111 010i 1111", V7M),
    row("111010001100 wwww dddd 1111 010i eeee", V7M),
    row("111010001101 wwww dddd 1111 10ii 1111", V8M).when(is_acquire),
    row("111010001100 wwww dddd 1111 10ii 1111", V8M).when(is_acquire),
    // Several registers: increment after, decrement before.
    row("1110100010 .0 wwww llllllllllllllll", V7M).when(is_store_list).weighing(2),
    row("1110100010 .1 wwww llllllllllllllll", V7M).weighing(2),
    row("1110100100 .0 wwww llllllllllllllll", V7M).when(is_store_list).weighing(2),
    row("1110100100 .1 wwww llllllllllllllll", V7M).weighing(2),
];

/// Bytes, halfwords, words; there is no fourth size.
fn is_size(op: u32) -> bool {
    bits(op, 21, 2) != 3
}

/// LDA, STL and their like.
fn is_acquire(op: u32) -> bool {
    bits(op, 4, 2) != 3
}

fn is_store_list(op: u32) -> bool {
    bits(op, 15, 1) == 0
}
