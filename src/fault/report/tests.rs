use super::{
    super::{
        CFSR, HFSR,
        testing::{fault, memory},
    },
    *,
};
use crate::{
    core::CoreKind,
    image::testing::{chip, inlined},
    words::BusFault,
};

fn report(fault: &Fault, shcsr: u32) -> Report {
    Report::new(fault, &Symbols::from_image(&inlined()), &chip(), &memory(shcsr))
}

#[test]
fn the_whole_report() {
    let text = report(&fault(), 0).with_trace("crash.untick").to_string();
    let expected = include_str!("golden.txt");
    assert_eq!(text, expected.trim_end_matches('\n'), "\n{text}\n");
}

#[test]
fn every_status_bit_is_explained_alone() {
    for bit in CFSR {
        let fault = Fault { cfsr: 1 << bit.bit, hfsr: 0, exception: bit.class.exception(), ..fault() };
        let report = report(&fault, u32::MAX);
        assert_eq!(report.headline(), bit.class.name());
        assert_eq!(report.bits, [(bit.name.to_owned(), bit.meaning.to_owned())]);
        match bit.name {
            "PRECISERR" => assert_eq!(report.summary, "bus error on a store"),
            "DACCVIOL" => assert_eq!(report.summary, "forbidden store"),
            "MMARVALID" | "BFARVALID" => assert_eq!(report.summary, "no status bit says why"),
            _ => assert_eq!(report.summary, bit.short),
        }
    }
    for (bit, headline) in HFSR.iter().zip([
        "HardFault: the vector of an exception could not be read",
        "HardFault, escalated from an exception that leaves no status: SVC where SVCall cannot preempt",
        "HardFault: a debug event with no debugger to take it",
    ]) {
        let report = report(&Fault { cfsr: 0, hfsr: 1 << bit.bit, ..fault() }, 0);
        assert_eq!(report.headline(), headline);
        assert_eq!(report.bits, [(bit.name.to_owned(), bit.meaning.to_owned())]);
    }
    let all = report(&Fault { cfsr: u32::MAX, hfsr: u32::MAX, ..fault() }, 0);
    assert_eq!(all.bits.len(), 64, "reserved bits are shown too");
}

#[test]
fn an_escalation_has_its_reason() {
    let with = |change: fn(&mut Fault), shcsr| {
        let mut fault = fault();
        change(&mut fault);
        report(&fault, shcsr).headline().to_owned()
    };
    let enabled = 7 << 16;
    for (change, shcsr, reason) in [
        ((|_| ()) as fn(&mut Fault), 0, "BusFault because its handler is disabled (SHCSR.BUSFAULTENA is 0)"),
        (|_| (), !(1 << 17), "BusFault because its handler is disabled (SHCSR.BUSFAULTENA is 0)"),
        (|f| f.cfsr = 1, 0, "MemManage because its handler is disabled (SHCSR.MEMFAULTENA is 0)"),
        (|f| f.cfsr = 1 << 25, 0, "UsageFault because its handler is disabled (SHCSR.USGFAULTENA is 0)"),
        (|f| f.registers.primask = 1, enabled, "BusFault because PRIMASK holds its handler off"),
        (|f| f.registers.faultmask = 1, enabled, "BusFault because FAULTMASK holds its handler off"),
        (|f| f.registers.basepri = 0x40, enabled, "BusFault because BASEPRI 0x40 holds its handler off"),
        (|_| (), enabled, "BusFault because its handler may not preempt that of SysTick"),
        (|f| f.registers.xpsr = 0, enabled, "BusFault because its priority lets it preempt nothing"),
    ] {
        assert_eq!(with(change, shcsr), format!("HardFault, escalated from {reason}"));
    }
    let blind = |_: u32, _: &mut [u8]| Err(BusFault);
    let report = Report::new(&fault(), &Symbols::default(), &chip(), &blind);
    assert_eq!(
        report.headline(),
        "HardFault, escalated from BusFault because its handler is disabled or may not preempt"
    );
}

#[test]
fn a_lockup_says_so_and_why() {
    let with = |change: fn(&mut Fault)| {
        let mut fault = Fault { lockup: true, exception: 0, ..fault() };
        change(&mut fault);
        report(&fault, 0).headline().to_owned()
    };
    for (change, expected) in [
        (
            (|f| f.registers.xpsr = 3) as fn(&mut Fault),
            "a BusFault in the HardFault handler, which no fault can preempt",
        ),
        (|f| f.registers.xpsr = 2, "a BusFault in the NMI handler, which no fault can preempt"),
        (|f| f.registers.faultmask = 1, "a BusFault with FAULTMASK set, which no fault can preempt"),
        (|f| f.hfsr = 2, "a BusFault and the vector of its handler could not be read"),
        (|_| (), "a BusFault and the HardFault for it could not be entered"),
        (
            |f| (f.cfsr, f.registers.xpsr) = (1 << 12 | 1 << 17, 3),
            "a BusFault and a UsageFault in the HardFault handler, which no fault can preempt",
        ),
        (|f| f.cfsr = 0, "a fault and the HardFault for it could not be entered"),
    ] {
        assert_eq!(with(change), format!("Lockup: {expected}"));
    }
}

#[test]
fn what_is_known_only_sometimes_is_shown_only_then() {
    let mut fault = fault();
    fault.registers.msp = 0x1fff_fff8;
    fault.registers.basepri = 0x20;
    fault.cfsr = 1 << 12;
    let text = report(&fault, 0).to_string();
    assert!(
        text.contains("\n  stack    SP is 0x1ffffff8: 8 bytes below RAM: the stack has overflowed\n"),
        "{text}"
    );
    assert!(text.contains("\n  BASEPRI 0x20\n"), "{text}");
    assert!(!text.contains("\n  address "), "{text}");
    assert!(!text.contains("untick replay"), "{text}");
    assert!(text.ends_with("(the stack cannot be read at 0x1ffffff8)"), "{text}");
}

#[test]
fn a_null_call_names_the_null_pointer() {
    let mut fault = fault();
    (fault.registers.pc, fault.registers.msp, fault.cfsr) = (0, 0x2000_3fd0, 1 << 17);
    let text = report(&fault, 0).to_string();
    assert!(
        text.contains(
            "\n  at       0x00000000: a null pointer; at that address: vectors, in read-only memory (FLASH)\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("\n  #0  0x00000000 in ?? ()\n  #1  0x08000078 in systick () at inlined.c:37\n"),
        "{text}"
    );
}

#[test]
fn no_line_is_too_long_and_a_shell_takes_the_command() {
    let all = Fault { cfsr: u32::MAX, hfsr: u32::MAX, ..fault() };
    let text = report(&all, 0).with_trace("my trace's.untick").to_string();
    for line in text.lines() {
        assert!(line.chars().count() <= WIDTH, "{line}");
        assert_eq!(line, line.trim_end());
    }
    assert!(text.ends_with(r"untick replay 'my trace'\''s.untick' --at 12345678"), "{text}");
}

#[test]
fn the_moment_has_all_its_measures() {
    let at = Moment { icount: 5, cycle: u64::MAX };
    assert_eq!(moment(at, u64::MAX), "icount 5, cycle 18446744073709551615, 18446744073.709551 s");
    assert_eq!(moment(Moment { icount: 5, cycle: 25 }, 1_562), "icount 5, cycle 25, 0.000001 s");
}

#[test]
fn armv6_m_has_no_status_registers_and_the_report_says_so() {
    let config = Config { core: CoreKind::CortexM0, ..chip() };
    let report = |fault: &Fault| {
        Report::new(fault, &Symbols::from_image(&inlined()), &config, &memory(0)).with_trace("a.untick")
    };
    let bus = report(&fault());
    assert_eq!(bus.headline(), "HardFault");
    let text = bus.to_string();
    for line in [
        "  bus error on a store to 0x60000000",
        "  address  0x60000000: nothing is mapped there (external RAM area)",
        "status: Armv6-M has no fault status registers; an Armv7-M core would have said",
        "  PRECISERR  The bus answered a load or store with an error. It is precise: PC is that instruction.",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
    }
    for absent in ["CFSR", "SHCSR", "BFARVALID", "FORCED"] {
        assert!(!text.contains(absent), "{absent}:\n{text}");
    }
    let call = report(&Fault { cfsr: 0, ..fault() });
    assert!(call.headline().ends_with("SVC where SVCall cannot preempt"), "{}", call.headline());
    let mut locked = Fault { lockup: true, exception: 0, ..fault() };
    locked.registers.xpsr = 3;
    let expected = "Lockup: a fault in the HardFault handler, which no fault can preempt";
    assert_eq!(report(&locked).headline(), expected);
}
