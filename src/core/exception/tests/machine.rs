//! The machine of the tables: sets up what is given, performs what happens, and compares.

use super::{super::*, Do, Is, On, Set};
use crate::{
    core::{Config, CoreKind, Region, RegionKind},
    pins::Lines,
    words::Width,
};

fn config(on: On) -> Config {
    let core = match on {
        On::M0 => CoreKind::CortexM0,
        On::M0Plus => CoreKind::CortexM0Plus,
        On::M3 => CoreKind::CortexM3,
        On::M4F => CoreKind::CortexM4F,
        On::M7 => CoreKind::CortexM7,
        On::M33 | On::M33Secure => CoreKind::CortexM33,
        On::M33F | On::M33FSecure => CoreKind::CortexM33F,
    };
    let region = |kind, base, size| Region { name: String::new(), kind, base, size, aliases: Vec::new() };
    Config {
        core,
        regions: vec![
            region(RegionKind::Flash, 0, 0x1_0000),
            region(RegionKind::Flash, 0x1000_0000, 0x400),
            region(RegionKind::Ram, 0x2000_0000, 0x4000),
        ],
        devices: Vec::new(),
        halting_debug: false,
        interrupts: 32,
        priority_bits: if core.architecture() == Architecture::V6M { 2 } else { 4 },
        clock_hz: 1_000_000,
        systick_reference_divider: None,
        bit_band: false,
        vector_table: 0,
        mpu_regions: core.default_mpu_regions(),
        security_extension: matches!(on, On::M33Secure | On::M33FSecure),
    }
}

fn vector(number: u16) -> u32 {
    0x1000 + 0x10 * u32::from(number)
}

pub struct Machine {
    pub state: State,
    memory: Memory,
    lines: Lines,
}

impl Machine {
    pub fn new(on: On) -> Machine {
        let config = config(on);
        let mut memory = Memory::new(&config);
        for number in 0..64 {
            let word = (vector(number) | 1).to_le_bytes();
            memory.write(4 * u32::from(number), &word).unwrap();
            if number < 32 {
                memory.write(0x1000_0380 + 4 * u32::from(number), &word).unwrap();
            }
        }
        let mut state = State::new(&config);
        state.nvic.enabled = [u32::MAX; 8];
        let r = &mut state.registers;
        (0..13).for_each(|n| r.r[n] = 0x100 + n as u32);
        (r.msp, r.psp, r.lr, r.pc, r.xpsr) = (0x2000_1000, 0x2000_2000, 0x0000_0777, 0x800, 0x2100_0000);
        if config.core.has_fpu() {
            (0..32).for_each(|n| r.s[n] = 0x500 + n as u32);
        }
        r.exclusive = Some((0x2000_0000, 0));
        Machine { state, memory, lines: Lines::default() }
    }

    pub fn set(&mut self, set: Set) {
        let (state, memory) = (&mut self.state, &mut self.memory);
        let r = &mut state.registers;
        match set {
            Set::In(number) => {
                state.nvic.activate(number);
                r.xpsr = r.xpsr & !0x1ff | u32::from(number);
            }
            Set::Active(number) => state.nvic.activate(number),
            Set::Pending(number) => state.nvic.set_pending(number),
            Set::Disabled(number) => {
                let irq = usize::from(number - EXTERNAL);
                state.nvic.enabled[irq / 32] &= !(1 << (irq % 32));
            }
            Set::Priority(number, priority) if number < EXTERNAL => {
                state.nvic.set_system_priority(number, priority);
            }
            Set::Priority(number, priority) => state.nvic.set_priority((number - EXTERNAL).into(), priority),
            Set::FaultEnables(bits) => state.scb.fault_enables = bits,
            Set::Prigroup(group) => state.nvic.prigroup = group,
            Set::Primask => r.primask = 1,
            Set::Faultmask => r.faultmask = 1,
            Set::Basepri(value) => r.basepri = value,
            Set::Control(value) => r.control = value,
            Set::Msp(value) => r.msp = value,
            Set::Psp(value) => r.psp = value,
            Set::Msplim(value) => r.msplim = value,
            Set::Psplim(value) => r.psplim = value,
            Set::Pc(value) => r.pc = value,
            Set::Xpsr(value) => r.xpsr = r.xpsr & 0x1ff | value,
            Set::Vtor(value) => state.scb.vtor = value,
            Set::Ccr(value) => state.scb.ccr = value,
            Set::Scr(value) => state.scb.scr = value,
            Set::Demcr(value) => state.scb.demcr = value,
            Set::Cpacr(value) => state.scb.cpacr = value,
            Set::Fpccr(value) => state.scb.fpccr = value,
            Set::Fpcar(value) => state.scb.fpcar = value,
            Set::Fpdscr(value) => state.scb.fpdscr = value,
            Set::Fpscr(value) => r.fpscr = value,
            Set::MpuCtrl(value) => state.mpu.set_ctrl(value),
            Set::MpuRegion(base, attributes) => {
                state.mpu.set_rbar(0, base);
                state.mpu.set_attributes(0, attributes);
            }
            Set::Stacked(address, pc, xpsr) => {
                let words = [0x200, 0x201, 0x202, 0x203, 0x204, 0x205, pc, xpsr];
                write(memory, address, &words);
            }
            Set::StackedFp(address, fpscr) => {
                let words: Vec<u32> = (0x600..0x610).chain([fpscr]).collect();
                write(memory, address, &words);
            }
            Set::Word(address, value) => write(memory, address, &[value]),
            Set::Line(number) => {
                self.lines.set(number - EXTERNAL, true);
                state.nvic.set_lines(&self.lines);
            }
        }
    }

    pub fn perform(&mut self, action: Do) {
        let (state, memory) = (&mut self.state, &mut self.memory);
        match action {
            Do::Look => {
                let locked = state.activity == Activity::LockedUp && !state.leaves_lockup();
                if let Some(number) = state.nvic.takeable(state.masks()).filter(|_| !locked) {
                    state.take_pending(number, memory);
                }
            }
            Do::Svc => state.supervisor_call(),
            Do::Bkpt => state.breakpoint_exception(memory),
            Do::DebugEvent(status) => {
                state.debug_event(status);
            }
            Do::Usage(status) => state.take_fault(Cause::usage(status), memory),
            Do::BusError(address) => state.take_fault(Cause::access(address, AccessFault::Bus), memory),
            Do::Refused(address) => state.take_fault(Cause::access(address, AccessFault::Protection), memory),
            Do::FetchBus => state.take_fault(Cause::fetch(AccessFault::Bus), memory),
            Do::FetchRefused => state.take_fault(Cause::fetch(AccessFault::Protection), memory),
            Do::Return(value) => {
                // What it ended in shows in the state.
                state.exception_return(value, memory);
            }
            Do::Fp => {
                // A lockup shows in the state.
                let _ = state.execute_fp_check(memory);
            }
            Do::Store(address, value) => {
                state.store_ppb(address, Width::Word, value, true, 0).unwrap();
            }
            Do::Pend(number) => state.nvic.set_pending(number),
            Do::Raise(number) | Do::Lower(number) => {
                self.lines.set(number - EXTERNAL, matches!(action, Do::Raise(_)));
                state.nvic.set_lines(&self.lines);
                state.send_event_on_pend();
            }
        }
    }
}

fn write(memory: &mut Memory, address: u32, words: &[u32]) {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    memory.write(address, &bytes).unwrap();
}

/// What the machine shows for an expectation, and what was expected, as text.
pub fn compare(is: Is, machine: &Machine, given: &Registers) -> Result<(), String> {
    let (state, memory) = (&machine.state, &machine.memory);
    let r = &state.registers;
    let read = |address: u32, count: u32| -> Vec<u32> {
        (0..count).map(|n| memory.read_word(address + 4 * n).unwrap_or(0xdead_dead)).collect()
    };
    let words = |name: &str, found: Vec<u32>, expected: Vec<u32>| {
        (found == expected)
            .then_some(())
            .ok_or(format!("{name}: found {found:08x?}, expected {expected:08x?}"))
    };
    let word = |name: &str, found: u32, expected: u32| words(name, vec![found], vec![expected]);
    let flag = |name: &str, found: bool, expected: bool| word(name, found.into(), expected.into());
    let frame = |address, xpsr| {
        let g = given;
        let expected = vec![g.r[0], g.r[1], g.r[2], g.r[3], g.r[12], g.lr, g.pc, xpsr];
        words("frame", read(address, 8), expected)
    };
    match is {
        Is::In(number) => word("IPSR", r.ipsr(), number.into()),
        Is::Lr(value) => word("LR", r.lr, value),
        Is::Pc(value) => word("PC", r.pc, value),
        Is::Msp(value) => word("MSP", r.msp, value),
        Is::Psp(value) => word("PSP", r.psp, value),
        Is::Control(value) => word("CONTROL", r.control, value),
        Is::Xpsr(value) => word("xPSR", r.xpsr, value),
        Is::Frame(address) => frame(address, given.xpsr),
        Is::FrameXpsr(address, xpsr) => frame(address, xpsr),
        Is::FpFrame(address, fpscr) => {
            let expected = given.s[..16].iter().copied().chain([fpscr]).collect();
            words("FP frame", read(address, 17), expected)
        }
        Is::Word(address, value) => word("memory", read(address, 1)[0], value),
        Is::Unstacked => {
            let found = vec![r.r[0], r.r[1], r.r[2], r.r[3], r.r[12], r.lr];
            words("R0-R3, R12, LR", found, (0x200..0x206).collect())
        }
        Is::UnstackedFp => words("S0-S15", r.s[..16].to_vec(), (0x600..0x610).collect()),
        Is::S0(value) => word("S0", r.s[0], value),
        Is::Fpscr(value) => word("FPSCR", r.fpscr, value),
        Is::Cfsr(value) => word("CFSR", machine.shown(0xe000_ed28), value),
        Is::Hfsr(value) => word("HFSR", machine.shown(0xe000_ed2c), value),
        Is::Dfsr(value) => word("DFSR", state.scb.dfsr, value),
        Is::Mmfar(value) => word("MMFAR", state.scb.mmfar, value),
        Is::Bfar(value) => word("BFAR", state.scb.bfar, value),
        Is::Fpccr(value) => word("FPCCR", state.scb.fpccr, value),
        Is::Fpcar(value) => word("FPCAR", state.scb.fpcar, value),
        Is::Pending(number) => flag(&format!("{number} pending"), state.nvic.is_pending(number), true),
        Is::NotPending(number) => flag(&format!("{number} pending"), state.nvic.is_pending(number), false),
        Is::Active(numbers) => {
            let active = (0..64).filter(|&number| state.nvic.is_active(number)).map(u32::from).collect();
            words("active", active, numbers.iter().map(|&number| number.into()).collect())
        }
        Is::Faultmask(value) => word("FAULTMASK", r.faultmask, value),
        Is::Priority(value) => word("priority", state.execution_priority() as u32, value as u32),
        Is::Lockup => flag("lockup", state.activity == Activity::LockedUp, true),
        Is::LeavesLockup(leaves) => flag("leaves lockup", state.leaves_lockup(), leaves),
        Is::Asleep => flag("asleep", state.activity == Activity::WaitingForInterrupt, true),
        Is::Awake => flag("asleep", state.activity == Activity::WaitingForInterrupt, false),
        Is::Woken(woken) => flag("woken", state.is_woken(), woken),
        Is::Event(set) => flag("event register", state.event, set),
        Is::Exclusive(open) => flag("exclusive monitor", r.exclusive.is_some(), open),
        Is::Reads(address, value) => word("register", machine.shown(address), value),
        Is::Reported(status) => word("reported", state.fault.as_ref().map_or(0, |fault| fault.cfsr), status),
    }
}

impl Machine {
    fn shown(&self, address: u32) -> u32 {
        self.state.peek_ppb(address, Width::Word, 0)
    }
}
