//! The floating-point instructions (Armv7-M ARM A6.4 to A6.7; Armv8-M ARM C2.4). `iiii` are registers as well: none of
//! them is reserved.

use super::{Features, Row, row};

const FP: Features = Features::V7M.and(Features::FP);
const FPV5: Features = FP.and(Features::FPV5);
const DP: Features = FP.and(Features::DOUBLE);
const DPV5: Features = DP.and(Features::FPV5);

const fn bits(value: u32, low: u32, count: u32) -> u32 {
    value >> low & ((1 << count) - 1)
}

/// VCVT with a fixed-point number: its fraction is no longer than it (A7.7.229).
fn fraction_fits(op: u32) -> bool {
    bits(op, 7, 1) == 1 || (bits(op, 0, 4) << 1 | bits(op, 5, 1)) <= 16
}

/// VLDM, VSTM of singles: some registers, all of which exist (A7.7.235).
fn singles_exist(op: u32) -> bool {
    let (first, count) = (bits(op, 12, 4) << 1 | bits(op, 22, 1), bits(op, 0, 8));
    count > 0 && first + count <= 32
}

fn doubles_exist(op: u32) -> bool {
    let (first, count) = (bits(op, 12, 4), bits(op, 0, 8) / 2);
    bits(op, 0, 1) == 0 && count > 0 && first + count <= 16
}

/// VMOV of two registers: S31 has no neighbour; reading into one register twice is unpredictable.
fn pair_exists(op: u32) -> bool {
    bits(op, 0, 4) << 1 | bits(op, 5, 1) != 31
}

/// Computation.
pub const FLOAT: &[Row] = &[
    // VMLA, VMLS, VNMLA, VNMLS, VMUL, VNMUL, VADD, VSUB, VDIV, VFNMA, VFNMS, VFMA, VFMS.
    row("11101110 0i.. iiii iiii 1010 i.i0 iiii", FP).weighing(30),
    row("11101110 1i00 iiii iiii 1010 i0i0 iiii", FP).weighing(6),
    row("11101110 1i01 iiii iiii 1010 i.i0 iiii", FP).weighing(5),
    row("11101110 1i10 iiii iiii 1010 i.i0 iiii", FP).weighing(5),
    row("11101110 1i11 iiii iiii 1010 0000 iiii", FP), // VMOV immediate
    row("11101110 1i11 000. iiii 1010 .1i0 iiii", FP).weighing(8), // VMOV VABS VNEG VSQRT
    row("11101110 1i11 001. iiii 1010 .1i0 iiii", FP).weighing(5), // VCVTB, VCVTT
    row("11101110 1i11 0100 iiii 1010 .1i0 iiii", FP).weighing(4), // VCMP
    row("11101110 1i11 0101 iiii 1010 .100 0000", FP),
    row("11101110 1i11 1000 iiii 1010 .1i0 iiii", FP).weighing(4), // VCVT from integer
    row("11101110 1i11 110. iiii 1010 .1i0 iiii", FP).weighing(6), // to integer
    row("11101110 1i11 1.1. iiii 1010 .1i0 iiii", FP).when(fraction_fits).weighing(5),
    row("11101110 1i11 0110 iiii 1010 .1i0 iiii", FPV5).weighing(4), // VRINTR, VRINTZ
    row("11101110 1i11 0111 iiii 1010 01i0 iiii", FPV5).weighing(4), // VRINTX
    row("11111110 1i11 10.. iiii 1010 01i0 iiii", FPV5).outside_it().weighing(6),
    row("11111110 1i11 11.. iiii 1010 .1i0 iiii", FPV5).outside_it().weighing(6),
    row("11111110 0i.. iiii iiii 1010 i0i0 iiii", FPV5).outside_it().weighing(6), // VSEL
    row("11111110 1i00 iiii iiii 1010 i.i0 iiii", FPV5).outside_it().weighing(6), // VMAXNM, VMINNM
    // The same in double precision; 16 registers.
    row("11101110 00.. iiii iiii 1011 0.00 iiii", DP).weighing(30),
    row("11101110 1000 iiii iiii 1011 0000 iiii", DP).weighing(6),
    row("11101110 1001 iiii iiii 1011 0.00 iiii", DP).weighing(5),
    row("11101110 1010 iiii iiii 1011 0.00 iiii", DP).weighing(5),
    row("11101110 1011 iiii iiii 1011 0000 iiii", DP),
    row("11101110 1011 000. iiii 1011 .100 iiii", DP).weighing(8),
    row("11101110 1011 0010 iiii 1011 .1i0 iiii", DPV5).weighing(3), // VCVTB, VCVTT to double
    row("11101110 1i11 0011 iiii 1011 .100 iiii", DPV5).weighing(3), // from double
    row("11101110 1011 0100 iiii 1011 .100 iiii", DP).weighing(4),
    row("11101110 1011 0101 iiii 1011 .100 0000", DP),
    row("11101110 1011 0111 iiii 1010 11i0 iiii", DP).weighing(4), // VCVT single to double
    row("11101110 1i11 0111 iiii 1011 1100 iiii", DP).weighing(4), // and back
    row("11101110 1011 1000 iiii 1011 .1i0 iiii", DP).weighing(4),
    row("11101110 1i11 110. iiii 1011 .100 iiii", DP).weighing(6),
    row("11101110 1011 1.1. iiii 1011 .1i0 iiii", DP).when(fraction_fits).weighing(5),
    row("11101110 1011 0110 iiii 1011 .100 iiii", DPV5).weighing(4),
    row("11101110 1011 0111 iiii 1011 0100 iiii", DPV5).weighing(4),
    row("11111110 1011 10.. iiii 1011 0100 iiii", DPV5).outside_it().weighing(6),
    row("11111110 1i11 11.. iiii 1011 .100 iiii", DPV5).outside_it().weighing(6),
    row("11111110 00.. iiii iiii 1011 0000 iiii", DPV5).outside_it().weighing(6),
    row("11111110 1000 iiii iiii 1011 0.00 iiii", DPV5).outside_it().weighing(6),
];

/// Moves to and from memory and the other registers.
pub const FLOAT_MOVES: &[Row] = &[
    row("11101110000 0 iiii nnnn 1010 i0010000", FP).weighing(4),
    row("11101110000 1 iiii dddd 1010 i0010000", FP).weighing(4),
    row("11101100010 0 nnnn mmmm 1010 00i1 iiii", FP).when(pair_exists),
    row("11101100010 1 dddd eeee 1010 00i1 iiii", FP).when(pair_exists),
    row("11101100010 0 nnnn mmmm 1011 0001 iiii", FP),
    row("11101100010 1 dddd eeee 1011 0001 iiii", FP),
    row("11101110 00i0 iiii nnnn 1011 00010000", FP),
    row("11101110 00i1 iiii dddd 1011 00010000", FP),
    row("1110111011110001 dddd 1010 00010000", FP).weighing(4), // VMRS
    row("1110111011110001 1111 1010 00010000", FP).weighing(4),
    row("11101101 .i0. wwww iiii 1010 iiiiiiii", FP).weighing(4), // VLDR, VSTR
    row("11101101 .00. wwww iiii 1011 iiiiiiii", FP).weighing(2),
    row("11101100 1i.. wwww iiii 1010 000iiiii", FP).when(singles_exist).weighing(3),
    row("11101101 0i1. wwww iiii 1010 000iiiii", FP).when(singles_exist).weighing(3),
    row("11101100 10.. wwww iiii 1011 000iiiii", FP).when(doubles_exist).weighing(3),
    row("11101101 001. wwww iiii 1011 000iiiii", FP).when(doubles_exist).weighing(3),
];
