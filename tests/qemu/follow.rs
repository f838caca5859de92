//! Our core, following QEMU from instruction to instruction.

use untick::{
    core::{Activity, Core, Halt, Search, Travel},
    words::{Icount, Registers},
};

use super::{
    known::Known,
    load::Load,
    pins::TracePins,
    report::{Difference, Report},
    trace::{Sample, Step},
};

const CONTROL_FPCA: u32 = 1 << 2;
/// N, Z, C, V, Q and GE.
const FLAGS: u32 = 0xf80f_0000;

/// Registers of the core whose value depends on time, or on lines that the trace does not show: what the firmware read
/// from them is taken from QEMU.
fn depends_on_time(address: u32) -> bool {
    matches!(address, 0xe000_e010..=0xe000_e01f | 0xe000_1004 | 0xe000_ed04 | 0xe000_e200..=0xe000_e2ff)
}

/// Follows QEMU for at most `limit` instructions. `watch` sees the core after each, and whether its registers were set to
/// QEMU's because of a difference.
pub fn follow(
    core: &mut Core,
    steps: impl Iterator<Item = Step>,
    limit: usize,
    known: &Known,
    mut watch: impl FnMut(&Core, Option<Registers>),
) -> Report {
    let mut report = Report::default();
    let mut steps = steps.peekable();
    let Some(first) = steps.peek() else { return report };
    // What a reset leaves unknown is as in QEMU.
    let (pc, sp) = (core.state().registers.pc, core.state().registers.sp());
    assert_eq!((pc, sp), (first.before.r[15], first.before.r[13]), "the reset vector");
    adopt(core, &first.before);
    // Time is QEMU's.
    let quiet = core.state().systick.clone();
    let mut filled = Vec::new();
    while let Some(step) = steps.next() {
        let Some(next) = steps.peek() else { break };
        if report.instructions >= limit {
            break;
        }
        report.instructions += 1;
        report.exceptions += step.entered.len();
        let after = &next.before;
        let before = core.state().registers.clone();
        let half = |address| core.memory().read_half(address).unwrap_or(0);
        let instruction = (half(before.pc), half(before.pc.wrapping_add(2)));
        let mut pins = TracePins::new(&step, after, instruction);
        let halt = advance(core, &mut pins, &step);
        filled.append(&mut pins.filled);
        core.state_mut().systick = quiet.clone();
        if let Some(load) = pins.load().filter(|load| depends_on_time(load.address)) {
            let register = load.registers[0];
            let ours = get(&mut core.state_mut().registers, register);
            report.times += usize::from(*ours != after.r[register]);
            *ours = after.r[register];
        }
        if let Some(load) = pins.load().filter(|load| is_from_host(load, &filled)) {
            for &register in load.registers.iter().filter(|&&register| register < 13) {
                let ours = &mut core.state_mut().registers.r[register];
                report.host += usize::from(*ours != after.r[register]);
                *ours = after.r[register];
            }
        }
        let mut found = differing(&core.state().registers, after);
        if halt.is_none() && found.is_empty() {
            watch(core, None);
            continue;
        }
        let registers = core.state().registers.clone();
        let all = found.len();
        let eager = is_stacked_eagerly(core) && !step.entered.is_empty();
        found.retain(|differing| {
            let unknown = step.reset && is_unknown_after_reset(differing)
                || is_tail_chained(&step) && is_unknown_in_handler(differing)
                || eager && differing.0.starts_with('s') && is_unknown_in_handler(differing);
            !unknown
        });
        report.unknown += all - found.len();
        let unexplained = found.len();
        found.retain(|differing| !known.covers(instruction, differing));
        if halt.is_some() || !found.is_empty() {
            report.add(Difference { step, instruction, before, halt, found });
        } else if unexplained > 0 {
            report.known += 1;
        }
        adopt(core, after);
        watch(core, Some(registers));
    }
    report
}

/// Executes what QEMU executed. Why the core stopped in between, if it did.
fn advance(core: &mut Core, pins: &mut TracePins<'_>, step: &Step) -> Option<Halt> {
    let mut entered = step.entered.iter();
    // QEMU went on: whatever it waited for has come.
    core.state_mut().activity = Activity::Running;
    if step.faulted {
        entered.next(); // a fault is entered instead of the instruction
    }
    if let Some(halt) = once(core, pins) {
        return Some(halt);
    }
    for &number in entered {
        let state = core.state_mut();
        state.activity = Activity::Running;
        if state.registers.ipsr() == u32::from(number) {
            continue; // the fault of a return is entered by the return itself
        }
        if comes_from_outside(number) && !state.nvic.is_pending(number) {
            state.nvic.set_pending(number);
        }
        state.boundary = true;
        if let Some(halt) = once(core, pins) {
            return Some(halt);
        }
    }
    if step.reset {
        let state = core.state_mut();
        state.activity = Activity::Running;
        state.boundary = true;
        pins.reset = !state.reset_requested;
        return once(core, pins);
    }
    None
}

/// Whether a load gets what the host has put into memory.
fn is_from_host(load: &Load, filled: &[(u32, u32)]) -> bool {
    filled.iter().any(|&(address, length)| load.address.wrapping_sub(address) < length)
}

/// FPCCR.LSPEN is clear: what was stacked on an exception entry, S0 to S15 among it, is UNKNOWN then (B1.5.7).
fn is_stacked_eagerly(core: &Core) -> bool {
    const FPCCR: u32 = 0xe000_ef34;
    let mut fpccr = [0; 4];
    core.peek(FPCCR, &mut fpccr).is_ok_and(|()| u32::from_le_bytes(fpccr) >> 30 & 1 == 0)
}

/// A return that ended in the next handler: we unstack and stack again, QEMU does neither.
fn is_tail_chained(step: &Step) -> bool {
    step.returned && !step.entered.is_empty()
}

/// Whether a register is UNKNOWN in a handler: R0 to R3, R12, the flags, S0 to S15 and FPSCR (B1.5.6, ExceptionTaken).
fn is_unknown_in_handler((name, ours, theirs): &Differing) -> bool {
    match name.split_at(1) {
        ("r", number) => matches!(number, "0" | "1" | "2" | "3" | "12"),
        ("s", number) => number.parse().is_ok_and(|number: u32| number < 16),
        _ => name == "fpscr" || name == "xpsr" && (ours ^ theirs) & !FLAGS == 0,
    }
}

/// Whether a register is UNKNOWN after a reset: R0 to R12, the flags, S0 to S31 (B1.5.5, TakeReset).
fn is_unknown_after_reset((name, ours, theirs): &Differing) -> bool {
    name.starts_with(['r', 's']) && name != "sp" || name == "xpsr" && (ours ^ theirs) & !FLAGS == 0
}

/// NMI, SysTick, interrupts.
fn comes_from_outside(number: u16) -> bool {
    number == 2 || number >= 15
}

fn once(core: &mut Core, pins: &mut TracePins<'_>) -> Option<Halt> {
    let limit: Icount = core.state().icount + 1;
    let halt = core.run(pins, &Travel::to(limit, &Search::default()));
    (halt != Halt::Limit).then_some(halt)
}

/// A register that is not the same: its name, our value, QEMU's.
pub type Differing = (String, u32, u32);

fn differing(ours: &Registers, theirs: &Sample) -> Vec<Differing> {
    let mut all = Vec::new();
    let mut compare = |name: &dyn Fn() -> String, ours: u32, theirs: u32| {
        if ours != theirs {
            all.push((name(), ours, theirs));
        }
    };
    for (number, &ours) in ours.r.iter().enumerate() {
        compare(&|| format!("r{number}"), ours, theirs.r[number]);
    }
    compare(&|| "sp".into(), ours.sp(), theirs.r[13]);
    compare(&|| "lr".into(), ours.lr, theirs.r[14]);
    compare(&|| "pc".into(), ours.pc, theirs.r[15]);
    compare(&|| "xpsr".into(), ours.xpsr, theirs.xpsr);
    if let Some(fp) = &theirs.fp {
        for (number, &ours) in ours.s.iter().enumerate() {
            compare(&|| format!("s{number}"), ours, fp[number]);
        }
        // Without a floating-point context nobody can read FPSCR: the instruction that would makes a new one (B1.5.7).
        if ours.control & CONTROL_FPCA != 0 {
            compare(&|| "fpscr".into(), ours.fpscr, fp[32]);
        }
    }
    all
}

fn get(registers: &mut Registers, number: usize) -> &mut u32 {
    match number {
        13 if registers.uses_psp() => &mut registers.psp,
        13 => &mut registers.msp,
        14 => &mut registers.lr,
        15 => &mut registers.pc,
        _ => &mut registers.r[number],
    }
}

/// Sets our registers to QEMU's.
fn adopt(core: &mut Core, sample: &Sample) {
    let registers = &mut core.state_mut().registers;
    registers.xpsr = sample.xpsr;
    for (number, &value) in sample.r.iter().enumerate() {
        *get(registers, number) = value;
    }
    if let Some(fp) = &sample.fp {
        registers.s.copy_from_slice(&fp[..32]);
        if registers.control & CONTROL_FPCA != 0 {
            registers.fpscr = fp[32];
        }
    }
}
