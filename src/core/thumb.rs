//! Just enough Thumb decoding to count instructions and to know where a basic block of the architecture ends.

/// The length in bytes, 2 or 4, of the instruction that begins with this halfword (Armv7-M ARM A5.1).
pub const fn length(first: u16) -> u32 {
    if first >> 11 >= 0b11101 { 4 } else { 2 }
}

/// Whether the instruction is a store-exclusive: STREX and STLEX of any width (Armv8-M ARM C2.3.1). The translator loads what
/// it is about to replace.
pub const fn is_store_exclusive(first: u16, second: u16) -> bool {
    match first & 0xfff0 {
        0xe840 => true,
        0xe8c0 => matches!(second >> 4 & 15, 4 | 5 | 12..=14),
        _ => false,
    }
}

/// Whether a basic block ends with this instruction: it may write the PC, or it changes execution state (CPS, MSR, ISB,
/// WFI …), so that what follows may see an exception that what stands before did not.
///
/// This must name only instructions after which the translator ends its block as well: the two engines would otherwise
/// disagree on where an interrupt may be taken.
pub const fn ends_block(first: u16, second: u16) -> bool {
    if length(first) == 2 { ends_block_16(first) } else { ends_block_32(first, second) }
}

const fn ends_block_16(op: u16) -> bool {
    match op >> 12 {
        0b1101 => true,             // B<c>, UDF, SVC
        0b1110 => op & 0x0800 == 0, // B
        0b0100 => {
            op & 0xff00 == 0x4700                              // BX, BLX
                || (op & 0xff00 == 0x4400 || op & 0xff00 == 0x4600) && op & 0x0087 == 0x0087 // ADD, MOV to PC
        }
        0b1011 => {
            op & 0x0500 == 0x0100                              // CBZ, CBNZ
                || op & 0x0f00 == 0x0d00                       // POP with PC
                || op & 0x0f00 == 0x0e00                       // BKPT
                || op & 0x0fe0 == 0x0660                       // CPS
                || matches!(op, 0xbf10 | 0xbf20 | 0xbf30) // YIELD, WFE, WFI
        }
        _ => false,
    }
}

const fn ends_block_32(first: u16, second: u16) -> bool {
    if first & 0xf800 == 0xf000 && second & 0x8000 != 0 {
        // Branches and miscellaneous control (A5.3.4).
        if second & 0x5000 != 0 {
            return true; // B T4, BL
        }
        if first & 0x0380 != 0x0380 {
            return true; // B<c> T3
        }
        return match first & 0x07f0 {
            0x0380 | 0x0390 => true,                                          // MSR
            0x03a0 => matches!(second & 0xff, 1..=3) && second & 0x0700 == 0, // YIELD, WFE, WFI
            0x03b0 => second & 0x00f0 == 0x0060,                              // ISB
            0x07f0 => true,                                                   // UDF
            _ => false,
        };
    }
    if first & 0xfe50 == 0xe810 {
        return second & 0x8000 != 0 && matches!(first & 0x0180, 0x0080 | 0x0100); // LDM, POP with PC
    }
    if first & 0xfff0 == 0xe8d0 && second & 0xffe0 == 0xf000 {
        return true; // TBB, TBH
    }
    if first & 0xff70 == 0xf850 {
        return second >> 12 == 15; // LDR to PC
    }
    first & 0xfff0 == 0xeee0 && second & 0x0f10 == 0x0a10 // VMSR
}

/// Whether the instruction can unmask exceptions (CPS, MSR): only then must a pending but masked exception be looked at
/// again.
pub const fn changes_masks(first: u16, second: u16) -> bool {
    first & 0xffe0 == 0xb660 || (first & 0xffe0 == 0xf380 && second & 0xd000 == 0x8000)
}

/// Whether the instruction can change FAULTMASK (CPS, MSR).
pub const fn changes_faultmask(first: u16, second: u16) -> bool {
    first & 0xffe1 == 0xb661 || first & 0xfff0 == 0xf380 && second & 0xf0ff == 0x8013
}

/// Whether the instruction puts a value into SP, MSP or PSP that need not come from there (LDR, MOV, MSR). A frame pointer
/// does: what R4 to R11 give to SP is taken for one.
pub const fn sets_stack_pointer(first: u16, second: u16) -> bool {
    let from = first >> 3 & 15;
    first & 0xff87 == 0x4685 && (from < 4 || from == 12 || from == 14)
        || first & 0xff70 == 0xf850 && second >> 12 == 13
        || first & 0xfff0 == 0xf380 && second & 0xf0fe == 0x8008
}

/// Whether the instruction is SEV, which the translator takes for a NOP.
pub const fn sets_event(first: u16, second: u16) -> bool {
    first == 0xbf40 || first == 0xf3af && second == 0x8004
}

/// The coprocessor that an instruction is for, if any (A5.3.18): 10 and 11 are floating point.
pub const fn coprocessor(first: u16, second: u16) -> Option<u8> {
    if first & 0xec00 == 0xec00 { Some((second >> 8 & 0xf) as u8) } else { None }
}

/// Whether a floating-point instruction needs an FPU that calculates in double precision (A6.3): moves, loads and stores
/// of doubles do not.
pub const fn calculates_in_double(first: u16, second: u16) -> bool {
    let data_processing = matches!(first & 0xff00, 0xee00 | 0xfe00) && second & 0x0010 == 0;
    let from_single = first & 0xffbf == 0xeeb7 && second & 0x0fd0 == 0x0ac0; // VCVT.F64.F32
    data_processing && (second & 0x0f00 == 0x0b00 || from_single)
}

/// Whether the instruction is a VCVT from a fixed-point number of 32 bits to single precision, the only one of its kind
/// whose result may have to be rounded (A7.7.229).
pub const fn converts_from_fixed_point(first: u16, second: u16) -> bool {
    first & 0xffbe == 0xeeba && second & 0x0fd0 == 0x0ac0
}

/// Whether the instruction is an ISB.
pub const fn is_isb(first: u16, second: u16) -> bool {
    first == 0xf3bf && second & 0xd0f0 == 0x8060
}

/// Whether the instruction is an IT.
pub const fn is_it(first: u16) -> bool {
    first & 0xff00 == 0xbf00 && first & 0xf != 0
}

/// Whether the instruction accesses memory as unprivileged code would: LDRT, STRT and their kind (A4.6.1).
pub const fn accesses_unprivileged(first: u16, second: u16) -> bool {
    first & 0xfe80 == 0xf800 && first & 0xf != 0xf && second & 0x0f00 == 0x0e00
}

/// The divisor's register of SDIV and UDIV.
pub const fn divisor(first: u16, second: u16) -> Option<usize> {
    if first & 0xffd0 == 0xfb90 && second & 0xf0f0 == 0xf0f0 { Some((second & 0xf) as usize) } else { None }
}

/// Whether a condition holds with these flags (A7.3).
pub const fn condition_passed(condition: u8, apsr: u32) -> bool {
    let (n, z, c, v) = (apsr >> 31 & 1 != 0, apsr >> 30 & 1 != 0, apsr >> 29 & 1 != 0, apsr >> 28 & 1 != 0);
    let holds = match condition >> 1 {
        0 => z,
        1 => c,
        2 => n,
        3 => v,
        4 => c && !z,
        5 => n == v,
        6 => n == v && !z,
        _ => return true,
    };
    holds != (condition & 1 != 0)
}

/// Whether the instruction can make more than one access to memory: PUSH, POP, LDM, STM, LDRD, STRD, and loads and
/// stores of floating-point registers.
pub const fn accesses_several(first: u16, second: u16) -> bool {
    if length(first) == 2 {
        let push_or_pop = first & 0xf600 == 0xb400;
        return push_or_pop || first & 0xf000 == 0xc000;
    }
    first & 0xfe00 == 0xe800 || first & 0xee00 == 0xec00 && second & 0x0e00 == 0x0a00
}

/// Whether the instruction is VLDR, VSTR, VLDM, VSTM, VPUSH or VPOP (A6.6).
pub const fn is_float_transfer(first: u16, second: u16) -> bool {
    let addressing = matches!(first & 0x01a0, 0x0080 | 0x00a0 | 0x0120 | 0x0100 | 0x0180);
    first & 0xfe00 == 0xec00 && second & 0x0e00 == 0x0a00 && addressing
}

/// How many bytes an instruction of several accesses transfers, which are in a row; 0 for any other.
pub const fn bytes_of_several(first: u16, second: u16) -> u32 {
    if !accesses_several(first, second) {
        return 0;
    }
    if length(first) == 2 {
        // PUSH and POP have the bit of LR or PC besides.
        let registers = if first >> 12 == 0xc { first & 0xff } else { first & 0x1ff };
        return 4 * registers.count_ones();
    }
    if first & 0xfe00 != 0xe800 {
        // VLDR and VSTR, of 4 or 8 bytes, or VLDM and VSTM.
        let one = first & 0x0120 == 0x0100;
        return if one { 4 + 4 * (second >> 8 & 1) as u32 } else { 4 * (second & 0xff) as u32 };
    }
    match first & 0x0160 {
        0x0000 | 0x0020 | 0x0100 | 0x0120 => 4 * second.count_ones(), // LDM, STM
        0x0040 => 0,                                                  // LDREX, STREX, TBB, TBH
        _ => 8,                                                       // LDRD, STRD
    }
}

/// ITSTATE (Armv7-M ARM A7.3.2), followed from instruction to instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItState(pub u8);

impl ItState {
    /// ITSTATE as it stands in xPSR bits 26:25 and 15:10.
    pub const fn from_xpsr(xpsr: u32) -> Self {
        ItState((xpsr >> 25 & 3 | xpsr >> 8 & 0xfc) as u8)
    }

    /// The bits as they stand in xPSR.
    pub const fn to_xpsr(self) -> u32 {
        (self.0 as u32 & 3) << 25 | (self.0 as u32 & 0xfc) << 8
    }

    /// The condition of the next instruction; always, outside an IT block.
    pub const fn condition(self) -> u8 {
        if self.0 & 0xf == 0 { 14 } else { self.0 >> 4 }
    }

    /// How many instructions of the IT block are left.
    pub const fn left(self) -> u32 {
        if self.0 & 0xf == 0 { 0 } else { 4 - (self.0 & 0xf).trailing_zeros() }
    }

    /// ITSTATE after the instruction that begins with this halfword.
    pub const fn after(self, first: u16) -> Self {
        if first & 0xff00 == 0xbf00 && first & 0xf != 0 {
            ItState(first as u8)
        } else if self.0 & 7 == 0 {
            ItState(0)
        } else {
            ItState(self.0 & 0xe0 | self.0 << 1 & 0x1f)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_ends_are_what_the_manual_lists() {
        let table: &[(u16, u16, bool, &str)] = &[
            (0xe7fe, 0, true, "b ."),
            (0xd0fe, 0, true, "beq"),
            (0xdf00, 0, true, "svc"),
            (0xbeab, 0, true, "bkpt"),
            (0x4770, 0, true, "bx lr"),
            (0x4790, 0, true, "blx r2"),
            (0x4687, 0, true, "mov pc, r0"),
            (0x4680, 0, false, "mov r8, r0"),
            (0x4587, 0, false, "cmp pc, r0"),
            (0xbd10, 0, true, "pop {r4, pc}"),
            (0xbc10, 0, false, "pop {r4}"),
            (0xb100, 0, true, "cbz"),
            (0xb900, 0, true, "cbnz"),
            (0xb672, 0, true, "cpsid i"),
            (0xbf30, 0, true, "wfi"),
            (0xbf00, 0, false, "nop"),
            (0xbf40, 0, false, "sev"),
            (0xbf08, 0, false, "it eq"),
            (0xf000, 0xf800, true, "bl"),
            (0xf000, 0xb800, true, "b.w"),
            (0xf000, 0x8000, true, "beq.w"),
            (0xf3bf, 0x8f6f, true, "isb"),
            (0xf3bf, 0x8f4f, false, "dsb"),
            (0xf3bf, 0x8f2f, false, "clrex"),
            (0xf380, 0x8811, true, "msr basepri"),
            (0xf3ef, 0x8010, false, "mrs primask"),
            (0xe8bd, 0x8010, true, "pop.w {r4, pc}"),
            (0xe8bd, 0x4010, false, "pop.w {r4, lr}"),
            (0xe8df, 0xf000, true, "tbb"),
            (0xe8df, 0xf010, true, "tbh"),
            (0xf85d, 0xfb04, true, "ldr.w pc, [sp], #4"),
            (0xf8d0, 0xf000, true, "ldr.w pc, [r0]"),
            (0xf8d0, 0x1000, false, "ldr.w r1, [r0]"),
            (0xe9d0, 0x0100, false, "ldrd"),
            (0xeee1, 0x0a10, true, "vmsr fpscr"),
            (0xeef1, 0x0a10, false, "vmrs"),
            (0xf04f, 0x0000, false, "mov.w"),
        ];
        for &(first, second, ends, text) in table {
            assert_eq!(ends_block(first, second), ends, "{text}");
        }
    }

    #[test]
    fn conditions_come_in_pairs() {
        for apsr in (0..16).map(|nzcv| nzcv << 28) {
            for condition in (0..14).step_by(2) {
                assert_ne!(condition_passed(condition, apsr), condition_passed(condition + 1, apsr));
            }
            assert!(condition_passed(14, apsr));
        }
        assert!(condition_passed(12, 0), "GT");
        assert!(!condition_passed(12, 1 << 30), "GT with Z");
        assert!(condition_passed(11, 1 << 31), "LT");
    }

    #[test]
    fn coprocessors_and_divisors_are_found() {
        assert_eq!(coprocessor(0xee30, 0x0a00), Some(10)); // vadd.f32 s0, s0, s0
        assert_eq!(coprocessor(0xed2d, 0x8b10), Some(11)); // vpush {d8-d15}
        assert_eq!(coprocessor(0xe92d, 0x4ff0), None); // push.w
        assert_eq!(divisor(0xfb90, 0xf0f1), Some(1)); // sdiv r0, r0, r1
        assert_eq!(divisor(0xfbb2, 0xf3f3), Some(3)); // udiv r3, r2, r3
        assert_eq!(divisor(0xfb02, 0xf303), None); // mul
        assert!(accesses_unprivileged(0xf851, 0x0e00)); // ldrt r0, [r1]
        assert!(accesses_unprivileged(0xf801, 0x0e04)); // strbt r0, [r1, #4]
        assert!(!accesses_unprivileged(0xf851, 0x0c04)); // ldr r0, [r1, #-4]
        assert!(!accesses_unprivileged(0xf8d1, 0x0e00)); // ldr.w r0, [r1, #0xe00]
        assert!(calculates_in_double(0xee30, 0x0b00)); // vadd.f64 d0, d0, d0
        assert!(calculates_in_double(0xfe80, 0x0b00)); // vmaxnm.f64 d0, d0, d0
        assert!(calculates_in_double(0xeeb7, 0x0ac0)); // vcvt.f64.f32 d0, s0
        assert!(!calculates_in_double(0xee30, 0x0a00)); // vadd.f32 s0, s0, s0
        assert!(!calculates_in_double(0xed90, 0x0b00)); // vldr d0, [r0]
        assert!(!calculates_in_double(0xec41, 0x0b10)); // vmov d0, r0, r1
        assert!(is_isb(0xf3bf, 0x8f6f) && !is_isb(0xf3bf, 0x8f4f) && is_it(0xbf08) && !is_it(0xbf10));
        assert!(converts_from_fixed_point(0xeefb, 0x7ac7)); // vcvt.f32.u32 s15, s15, #18
        assert!(!converts_from_fixed_point(0xeeba, 0x7a47)); // vcvt.f32.s16
        assert!(!converts_from_fixed_point(0xeebe, 0x7ac7)); // vcvt.s32.f32, to a fixed-point number
        assert!(!converts_from_fixed_point(0xeeb8, 0x7ac7)); // vcvt.f32.s32, from an integer
    }

    #[test]
    fn multiple_accesses_are_what_the_manual_lists() {
        let table: &[(u16, u16, bool, &str)] = &[
            (0xb510, 0, true, "push {r4, lr}"),
            (0xbd10, 0, true, "pop {r4, pc}"),
            (0xb662, 0, false, "cpsie i"),
            (0xbf00, 0, false, "nop"),
            (0xba00, 0, false, "rev"),
            (0xc90c, 0, true, "ldmia r1!, {r2, r3}"),
            (0xc10c, 0, true, "stmia r1!, {r2, r3}"),
            (0x6808, 0, false, "ldr r0, [r1]"),
            (0xe92d, 0x4ff0, true, "push.w"),
            (0xe9d1, 0x2300, true, "ldrd"),
            (0xed2d, 0x8b10, true, "vpush {d8-d15}"),
            (0xed91, 0x0b00, true, "vldr d0"),
            (0xf8d1, 0x0000, false, "ldr.w r0, [r1]"),
            (0xee00, 0x0a10, false, "vmov s0, r0"),
        ];
        for &(first, second, several, text) in table {
            assert_eq!(accesses_several(first, second), several, "{text}");
        }
    }

    #[test]
    fn the_bytes_of_multiple_accesses_are_those_of_their_registers() {
        assert_eq!(bytes_of_several(0xb510, 0), 8, "push {{r4, lr}}");
        assert_eq!(bytes_of_several(0xc90e, 0), 12, "ldmia r1, {{r1, r2, r3}}");
        assert_eq!(bytes_of_several(0xe92d, 0x4ff0), 36, "push.w {{r4-r11, lr}}");
        assert_eq!(bytes_of_several(0xe9d1, 0x2300), 8, "ldrd r2, r3, [r1]");
        assert_eq!(bytes_of_several(0xe8f1, 0x2302), 8, "ldrd r2, r3, [r1], #8");
        assert_eq!(bytes_of_several(0xe851, 0x2f00), 0, "ldrex r2, [r1]");
        assert_eq!(bytes_of_several(0xed2d, 0x8b10), 64, "vpush {{d8-d15}}");
        assert_eq!(bytes_of_several(0xed91, 0x0b04), 8, "vldr d0, [r1, #16]");
        assert_eq!(bytes_of_several(0xed91, 0x0a04), 4, "vldr s0, [r1, #16]");
        assert_eq!(bytes_of_several(0x6808, 0), 0, "ldr r0, [r1]");
    }

    #[test]
    fn itstate_advances_as_in_the_manual() {
        // ITTE EQ; the three instructions that follow; then none.
        let mut it = ItState::default().after(0xbf06);
        assert_eq!((it.0, it.left()), (0x06, 3));
        it = it.after(0x2000);
        assert_eq!(it.0, 0x0c);
        it = it.after(0x2000);
        assert_eq!((it.0, it.left()), (0x18, 1));
        it = it.after(0x2000);
        assert_eq!((it.0, it.left()), (0x00, 0));
        assert_eq!(ItState::from_xpsr(ItState(0xa5).to_xpsr()).0, 0xa5);
    }
}
