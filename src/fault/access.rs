//! Whether an instruction loads or stores.

use super::unwind::ReadMemory;

/// What an instruction does with data memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Load,
    Store,
}

/// The direction of the access of the Thumb instruction at an address (Armv7-M ARM A5.2 and A5.3); `None` for one that
/// does not touch memory, or cannot be read.
pub(super) fn direction(pc: u32, memory: &ReadMemory<'_>) -> Option<Direction> {
    let mut bytes = [0; 2];
    memory(pc, &mut bytes).ok()?;
    decode(u16::from_le_bytes(bytes))
}

/// The first halfword of a 32-bit instruction is enough: bit 4 is L in every load and store.
fn decode(first: u16) -> Option<Direction> {
    let by_bit = |bit: u16| Some(if first >> bit & 1 == 1 { Direction::Load } else { Direction::Store });
    match first >> 11 {
        0b01001 => Some(Direction::Load), // LDR (literal)
        0b01010 | 0b01011 => {
            // STR, STRH and STRB come before LDRSB in the table of register offsets.
            Some(if first >> 9 & 7 < 3 { Direction::Store } else { Direction::Load })
        }
        0b01100..=0b10011 | 0b11000 | 0b11001 => by_bit(11),
        0b10110 if first & 0x0600 == 0x0400 => Some(Direction::Store), // PUSH
        0b10111 if first & 0x0600 == 0x0400 => Some(Direction::Load),  // POP
        // LDM, STM, LDRD, STRD, exclusives; VLDR, VSTR and their multiples; single accesses.
        0b11101 if first & 0xfe00 == 0xe800 || first & 0xfe00 == 0xec00 => by_bit(4),
        0b11111 if first & 0xfe00 == 0xf800 => by_bit(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_and_stores_are_told_apart() {
        use Direction::{Load, Store};
        for (first, text, expected) in [
            (0x6818, "ldr r0, [r3]", Some(Load)),
            (0x601a, "str r2, [r3]", Some(Store)),
            (0x4b01, "ldr r3, [pc, #4]", Some(Load)),
            (0x50d1, "str r1, [r2, r3]", Some(Store)),
            (0x54d1, "strb r1, [r2, r3]", Some(Store)),
            (0x56d1, "ldrsb r1, [r2, r3]", Some(Load)),
            (0x58d1, "ldr r1, [r2, r3]", Some(Load)),
            (0x7819, "ldrb r1, [r3]", Some(Load)),
            (0x8019, "strh r1, [r3]", Some(Store)),
            (0x9801, "ldr r0, [sp, #4]", Some(Load)),
            (0xb510, "push {r4, lr}", Some(Store)),
            (0xbd10, "pop {r4, pc}", Some(Load)),
            (0xc803, "ldmia r0!, {r0, r1}", Some(Load)),
            (0xc003, "stmia r0!, {r0, r1}", Some(Store)),
            (0xe9d3, "ldrd r2, r3, [r3]", Some(Load)),
            (0xe92d, "push.w {r4-r8, lr}", Some(Store)),
            (0xe853, "ldrex r3, [r3]", Some(Load)),
            (0xed93, "vldr s15, [r3]", Some(Load)),
            (0xedc3, "vstr s15, [r3]", Some(Store)),
            (0xf8c3, "str.w r2, [r3]", Some(Store)),
            (0xf8d3, "ldr.w r2, [r3]", Some(Load)),
            (0xb082, "sub sp, #8", None),
            (0xbf00, "nop", None),
            (0xfb93, "sdiv r3, r3, r2", None),
            (0x4798, "blx r3", None),
            (0xf000, "bl", None),
        ] {
            assert_eq!(decode(first), expected, "{text}");
        }
    }
}
