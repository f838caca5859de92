//! Which fault it was, in words: the headline of a report and the bits behind it.

use super::{
    Fault,
    access::{self, Direction},
    status::{CFSR, Class, HFSR},
    unwind::{ReadMemory, exception_name},
};

/// System Handler Control and State Register (Armv7-M ARM B3.2.13).
const SHCSR: u32 = 0xe000_ed24;

const HFSR_VECTTBL: u32 = 1 << 1;
const HFSR_FORCED: u32 = 1 << 30;
const HFSR_DEBUGEVT: u32 = 1 << 31;
const CFSR_DACCVIOL: u32 = 1 << 1;
const CFSR_MMARVALID: u32 = 1 << 7;
const CFSR_PRECISERR: u32 = 1 << 9;
const CFSR_BFARVALID: u32 = 1 << 15;

/// The name and the meaning of every status bit that is set, in the order of the manual; a bit that no manual knows is
/// shown as such. On Armv6-M, which has none, those that Armv7-M would set to say what happened.
pub(super) fn bits(fault: &Fault, has_status: bool) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let valid = if has_status { 0 } else { CFSR_MMARVALID | CFSR_BFARVALID };
    let forced = if has_status { 0 } else { HFSR_FORCED };
    let fault = &Fault { cfsr: fault.cfsr & !valid, hfsr: fault.hfsr & !forced, ..fault.clone() };
    for bit in 0..32 {
        if fault.cfsr >> bit & 1 == 1 {
            all.push(match CFSR.iter().find(|entry| entry.bit == bit) {
                Some(entry) => (entry.name.to_owned(), entry.meaning.to_owned()),
                None => (format!("CFSR bit {bit}"), "Reserved.".to_owned()),
            });
        }
    }
    for bit in 0..32 {
        if fault.hfsr >> bit & 1 == 1 {
            all.push(match HFSR.iter().find(|entry| entry.bit == bit) {
                Some(entry) => (entry.name.to_owned(), entry.meaning.to_owned()),
                None => (format!("HFSR bit {bit}"), "Reserved.".to_owned()),
            });
        }
    }
    all
}

/// The address that was touched, where a register holds it: MMFAR or BFAR.
pub(super) fn touched(fault: &Fault) -> Option<u32> {
    if fault.cfsr & CFSR_BFARVALID != 0 {
        return Some(fault.bfar);
    }
    (fault.cfsr & CFSR_MMARVALID != 0).then_some(fault.mmfar)
}

/// The faults that the status registers tell of.
fn classes(fault: &Fault) -> Vec<Class> {
    let all = [Class::MemManage, Class::BusFault, Class::UsageFault];
    all.into_iter().filter(|class| fault.cfsr & class.mask() != 0).collect()
}

/// Which exception was taken and why it was that one. Armv6-M has no faults but HardFault, and no status.
pub(super) fn headline(fault: &Fault, has_status: bool, memory: &ReadMemory<'_>) -> String {
    let classes = if has_status { classes(fault) } else { Vec::new() };
    let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
    if fault.lockup {
        return lockup(fault, &names);
    }
    if fault.exception != 3 {
        return exception_name(u32::from(fault.exception));
    }
    if fault.hfsr & HFSR_VECTTBL != 0 {
        return "HardFault: the vector of an exception could not be read".to_owned();
    }
    if fault.hfsr & HFSR_DEBUGEVT != 0 {
        return "HardFault: a debug event with no debugger to take it".to_owned();
    }
    if fault.hfsr & HFSR_FORCED == 0 {
        return "HardFault".to_owned();
    }
    if !has_status && fault.cfsr != 0 {
        return "HardFault".to_owned();
    }
    match classes.last() {
        // SVC escalates too, and leaves no status (B1.5.6).
        None => {
            "HardFault, escalated from an exception that leaves no status: SVC where SVCall cannot preempt"
                .into()
        }
        Some(&class) => {
            format!(
                "HardFault, escalated from {} because {}",
                names.join(" and "),
                reason(class, fault, memory)
            )
        }
    }
}

/// Why a fault was not taken as itself (Armv7-M ARM B1.5.14): its handler is disabled, or may not preempt.
fn reason(class: Class, fault: &Fault, memory: &ReadMemory<'_>) -> String {
    let registers = &fault.registers;
    let (enable, enable_name) = class.enable();
    let mut shcsr = [0; 4];
    if memory(SHCSR, &mut shcsr).is_err() {
        return "its handler is disabled or may not preempt".to_owned();
    }
    if u32::from_le_bytes(shcsr) & enable == 0 {
        format!("its handler is disabled (SHCSR.{enable_name} is 0)")
    } else if registers.faultmask & 1 != 0 {
        "FAULTMASK holds its handler off".to_owned()
    } else if registers.primask & 1 != 0 {
        "PRIMASK holds its handler off".to_owned()
    } else if registers.basepri != 0 {
        format!("BASEPRI {:#04x} holds its handler off", registers.basepri)
    } else if registers.ipsr() != 0 {
        format!("its handler may not preempt that of {}", exception_name(registers.ipsr()))
    } else {
        "its priority lets it preempt nothing".to_owned()
    }
}

/// Why the core locked up (Armv7-M ARM B1.5.15): a fault at a priority that no fault can preempt.
fn lockup(fault: &Fault, names: &[&str]) -> String {
    let what = if names.is_empty() { "a fault".to_owned() } else { format!("a {}", names.join(" and a ")) };
    let registers = &fault.registers;
    let place = match registers.ipsr() {
        2 => "in the NMI handler, which no fault can preempt",
        3 => "in the HardFault handler, which no fault can preempt",
        _ if registers.faultmask & 1 != 0 => "with FAULTMASK set, which no fault can preempt",
        _ if fault.hfsr & HFSR_VECTTBL != 0 => "and the vector of its handler could not be read",
        _ => "and the HardFault for it could not be entered",
    };
    format!("Lockup: {what} {place}")
}

/// What happened, in a few words: `bus error on a store to 0x60000000`.
pub(super) fn summary(fault: &Fault, memory: &ReadMemory<'_>) -> String {
    let mut parts = Vec::new();
    for bit in CFSR.iter().filter(|bit| fault.cfsr >> bit.bit & 1 == 1 && !bit.short.is_empty()) {
        parts.push(match 1 << bit.bit {
            CFSR_PRECISERR => access_of("bus error on a", fault, memory),
            CFSR_DACCVIOL => access_of("forbidden", fault, memory),
            _ => bit.short.to_owned(),
        });
    }
    if fault.hfsr & HFSR_VECTTBL != 0 {
        parts.push("unreadable vector".to_owned());
    }
    if fault.hfsr & HFSR_DEBUGEVT != 0 {
        parts.push("breakpoint or other debug event".to_owned());
    }
    if parts.is_empty() { "no status bit says why".to_owned() } else { parts.join(", ") }
}

fn access_of(what: &str, fault: &Fault, memory: &ReadMemory<'_>) -> String {
    let direction = access::direction(fault.registers.pc, memory);
    match (direction, touched(fault)) {
        (Some(Direction::Load), Some(address)) => format!("{what} load from {address:#010x}"),
        (Some(Direction::Store), Some(address)) => format!("{what} store to {address:#010x}"),
        (Some(Direction::Load), None) => format!("{what} load"),
        (Some(Direction::Store), None) => format!("{what} store"),
        (None, Some(address)) => format!("{what} data access to {address:#010x}"),
        (None, None) => format!("{what} data access"),
    }
}
