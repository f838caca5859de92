//! Instructions that the translator would execute, but that the core must look at first.

use super::Fault;
use crate::core::thumb;

/// Which instructions those are, as things stand now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traps {
    /// The coprocessors that exist and are enabled (CPACR), a bit each.
    pub coprocessors: u16,
    /// CCR.DIV_0_TRP.
    pub divide_by_zero: bool,
    /// The next floating-point instruction begins a context, or finds that of an interrupted one not saved yet.
    pub floating_point: bool,
    /// The FPU calculates in single precision, but the translator's in both.
    pub single_precision: bool,
    /// CONTROL is the core's: CONTROL.FPCA is not what the translator has.
    pub control: bool,
    /// FAULTMASK changes permissions: the MPU may be off at negative priority, or bus errors ignored.
    pub faultmask: bool,
}

/// What the core has to do in front of an instruction, or instead of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// It cannot be executed.
    Fault(Fault),
    /// See [`Traps::floating_point`]. Then it can be executed.
    FloatingPoint,
    /// It moves CONTROL: the core executes it.
    Control(Transfer),
    /// It is an ISB in an IT block that goes on behind it: the core executes it.
    Barrier,
    /// It converts a fixed-point number: the core executes it if the translator would round in another way.
    FixedPoint,
    /// Nothing, unless this register, the divisor, is zero.
    Divisor(usize),
    /// Nothing, but the run must end behind it: see [`Traps::faultmask`].
    Faultmask,
    /// Nothing, but the run must end behind it: the core clears the bits that SP does not have.
    StackPointer,
}

/// MRS and MSR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// From the special register to this one.
    Read(usize),
    /// From this one to the special register.
    Write(usize),
}

impl Traps {
    /// What an instruction traps for, if it may.
    pub fn of(&self, first: u16, second: u16) -> Option<Trap> {
        if self.faultmask && thumb::changes_faultmask(first, second) {
            return Some(Trap::Faultmask);
        }
        if thumb::sets_stack_pointer(first, second) {
            return Some(Trap::StackPointer);
        }
        if first < 0xe800 {
            return None; // 16 bits long: none of the others is
        }
        if let Some(number) = thumb::coprocessor(first, second) {
            if self.coprocessors >> number & 1 == 0 {
                return Some(Trap::Fault(Fault::NoCoprocessor));
            }
            let is_fp = number == 10 || number == 11;
            if is_fp && self.single_precision && thumb::calculates_in_double(first, second) {
                return Some(Trap::Fault(Fault::Undefined));
            }
            if is_fp && self.floating_point {
                return Some(Trap::FloatingPoint);
            }
            return thumb::converts_from_fixed_point(first, second).then_some(Trap::FixedPoint);
        }
        if self.divide_by_zero
            && let Some(register) = thumb::divisor(first, second)
        {
            return Some(Trap::Divisor(register));
        }
        if self.control {
            return control(first, second).map(Trap::Control);
        }
        None
    }

    /// Whether an instruction may have to trap.
    pub fn concern(&self, first: u16, second: u16) -> bool {
        self.of(first, second).is_some()
    }
}

/// MRS and MSR of CONTROL (Armv7-M ARM B5.2.2, B5.2.3).
fn control(first: u16, second: u16) -> Option<Transfer> {
    const CONTROL: u16 = 20;
    if second & 0xff != CONTROL {
        return None;
    }
    match (first & 0xfff0, second & 0xf000) {
        (0xf3e0, 0x8000) => Some(Transfer::Read((second >> 8 & 0xf) as usize)),
        (0xf380, 0x8000) => Some(Transfer::Write((first & 0xf) as usize)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_traps_depends_on_what_is_enabled() {
        let all = Traps { coprocessors: 0x0c00, ..Traps::default() };
        let vadd = (0xee30, 0x0a00);
        let vadd_double = (0xee30, 0x0b00);
        let udiv = (0xfbb2, 0xf3f3);
        let (mrs, msr) = ((0xf3ef, 0x8114), (0xf382, 0x8814));
        let table = [
            (all, vadd, None),
            (all, (0xeefb, 0x7ac7), Some(Trap::FixedPoint)), // vcvt.f32.u32 s15, s15, #18
            (all, udiv, None),
            (all, mrs, None),
            (Traps::default(), vadd, Some(Trap::Fault(Fault::NoCoprocessor))),
            (Traps { floating_point: true, ..all }, vadd, Some(Trap::FloatingPoint)),
            (Traps { single_precision: true, ..all }, vadd, None),
            (Traps { single_precision: true, ..all }, vadd_double, Some(Trap::Fault(Fault::Undefined))),
            (Traps { divide_by_zero: true, ..all }, udiv, Some(Trap::Divisor(3))),
            (Traps { control: true, ..all }, mrs, Some(Trap::Control(Transfer::Read(1)))),
            (Traps { control: true, ..all }, msr, Some(Trap::Control(Transfer::Write(2)))),
            (Traps { control: true, ..all }, (0xf3ef, 0x8110), None), // PRIMASK
            (Traps { faultmask: true, ..all }, (0xb671, 0), Some(Trap::Faultmask)), // CPSID F
            (Traps { faultmask: true, ..all }, (0xb672, 0), None),    // CPSID I
            (all, (0x4685, 0), Some(Trap::StackPointer)),             // mov sp, r0
            (all, (0x46bd, 0), None),                                 // mov sp, r7
            (all, (0x4605, 0), None),                                 // mov r5, r0
            (all, (0xf8df, 0xd034), Some(Trap::StackPointer)),        // ldr.w sp, [pc, #52]
            (all, (0xf8d0, 0xd004), Some(Trap::StackPointer)),        // ldr.w sp, [r0, #4]
            (all, (0xf8df, 0xc034), None),                            // ldr.w ip, [pc, #52]
            (all, (0xf380, 0x8808), Some(Trap::StackPointer)),        // msr msp, r0
            (all, (0xf380, 0x8809), Some(Trap::StackPointer)),        // msr psp, r0
            (all, (0xf380, 0x880a), None),                            // msr msplim, r0
        ];
        for (traps, (first, second), expected) in table {
            assert_eq!(traps.of(first, second), expected, "{traps:?} {first:04x} {second:04x}");
        }
    }
}
