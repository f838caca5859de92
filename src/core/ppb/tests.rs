use super::*;
use crate::core::{Config, CoreKind};

fn state(core: CoreKind, security_extension: bool) -> State {
    State::new(&Config {
        core,
        regions: Vec::new(),
        interrupts: 32,
        priority_bits: 2,
        clock_hz: 1_000_000,
        systick_reference_divider: None,
        bit_band: false,
        vector_table: 0,
        mpu_regions: core.default_mpu_regions(),
        security_extension,
        halting_debug: false,
        devices: Vec::new(),
    })
}

fn read(state: &State, address: u32) -> u32 {
    state.peek_ppb(address, Width::Word, 0)
}

#[test]
fn every_core_identifies_its_blocks() {
    // Core, block, and the part and revision that PIDR0 to PIDR2 give.
    for (core, base, part, revision) in [
        (CoreKind::CortexM0, 0xe000_e000, 0x008, 0),
        (CoreKind::CortexM0Plus, 0xe00f_f000, 0x4c0, 0),
        (CoreKind::CortexM3, 0xe000_e000, 0x000, 2),
        (CoreKind::CortexM4F, 0xe000_e000, 0x00c, 0),
        (CoreKind::CortexM4F, 0xe000_1000, 0x002, 3),
        (CoreKind::CortexM4F, 0xe000_0000, 0x001, 3),
        (CoreKind::CortexM7F, 0xe000_2000, 0x00e, 0),
        (CoreKind::CortexM33F, 0xe000_e000, 0xd21, 0),
    ] {
        let state = state(core, false);
        let [zero, one, two, four] = [0xfe0, 0xfe4, 0xfe8, 0xfd0].map(|offset| read(&state, base + offset));
        assert_eq!((one & 0xf) << 8 | zero, part, "{core:?} {base:#x}");
        assert_eq!((two >> 4, (two & 7) << 4 | one >> 4, four), (revision, 0x3b, 4), "Arm, JEP106 0x43B");
        let component = [0xff0, 0xff8, 0xffc].map(|offset| read(&state, base + offset));
        assert_eq!(component, [0x0d, 0x05, 0xb1]);
    }
    assert_eq!(read(&state(CoreKind::CortexM33, true), 0xe000_efbc), 0x4770_2a04, "DEVARCH");
    assert_eq!(read(&state(CoreKind::CortexM0, false), 0xe000_0fe0), 0, "no ITM");
}

#[test]
fn the_rom_table_points_at_the_blocks() {
    let state = state(CoreKind::CortexM4, false);
    let found: Vec<u32> = (0..7).map(|index| read(&state, 0xe00f_f000 + 4 * index)).collect();
    let bases = found.iter().filter(|entry| *entry & 1 != 0);
    let bases: Vec<u32> = bases.map(|entry| 0xe00f_f000u32.wrapping_add(entry & !0xfff)).collect();
    assert_eq!(bases, [0xe000_e000, 0xe000_1000, 0xe000_2000, 0xe000_0000]);
    assert_eq!(found[6], 0, "the end");
}

#[test]
fn armv6_m_has_registers_of_words_only() {
    let mut state = state(CoreKind::CortexM0, false);
    let privileged = true;
    assert_eq!(state.load_ppb(0xe000_e400, Width::Byte, privileged, 0), Err(BusFault));
    assert!(state.store_ppb(0xe000_ed1c, Width::Half, 0, privileged, 0).is_err());
    state.store_ppb(0xe000_ed1c, Width::Word, 0xffff_ffff, privileged, 0).unwrap();
    assert_eq!(read(&state, 0xe000_ed1c), 0xc000_0000, "SHPR2 has SVCall alone, two bits");
    state.store_ppb(0xe000_ed18, Width::Word, 0xffff_ffff, privileged, 0).unwrap();
    assert_eq!(read(&state, 0xe000_ed18), 0, "no SHPR1");
}

#[test]
fn what_armv6_m_does_not_have_reads_as_zero_whatever_is_written() {
    let mut state = state(CoreKind::CortexM0, false);
    // ICTR, ACTLR, IABR, CFSR, HFSR, MMFAR, BFAR, CPACR, MPU, DEMCR, FPCCR, DWT_CTRL, DWT_CYCCNT.
    for address in [
        0xe000_e004,
        0xe000_e008,
        0xe000_e300,
        0xe000_ed28,
        0xe000_ed2c,
        0xe000_ed34,
        0xe000_ed38,
        0xe000_ed88,
        0xe000_ed90,
        0xe000_ed94,
        0xe000_edfc,
        0xe000_ef34,
        0xe000_1000,
        0xe000_1004,
    ] {
        let before = state.scb.clone();
        state.store_ppb(address, Width::Word, u32::MAX, true, 0).unwrap();
        assert_eq!(read(&state, address), 0, "{address:#x}");
        assert!(
            (state.scb.cpacr, state.scb.fpccr, state.scb.demcr) == (before.cpacr, before.fpccr, before.demcr)
        );
    }
}

#[test]
fn unprivileged_code_sees_stimulus_ports_and_perhaps_stir() {
    let mut state = state(CoreKind::CortexM4, false);
    assert!(state.load_ppb(0xe000_0000, Width::Word, false, 0).is_ok());
    assert!(state.load_ppb(0xe000_ed00, Width::Word, false, 0).is_err());
    assert!(state.store_ppb(0xe000_ef00, Width::Word, 3, false, 0).is_err());
    state.store_ppb(0xe000_ed14, Width::Word, 0x202, true, 0).unwrap();
    assert!(state.store_ppb(0xe000_ef00, Width::Word, 3, false, 0).is_ok());
    assert!(state.nvic.is_pending(19));
}

#[test]
fn dhcsr_tells_once_of_a_reset() {
    let mut state = state(CoreKind::CortexM4, false);
    assert_eq!(state.load_ppb(0xe000_edf0, Width::Word, true, 0), Ok(0x0301_0000));
    assert_eq!(state.load_ppb(0xe000_edf0, Width::Word, true, 0), Ok(0x0101_0000));
}

#[test]
fn dfsr_is_cleared_by_ones() {
    let mut state = state(CoreKind::CortexM4, false);
    state.scb.dfsr = 0x1f;
    state.store_ppb(0xe000_ed30, Width::Word, 0x12, true, 0).unwrap();
    assert_eq!(read(&state, 0xe000_ed30), 0x0d);
}

#[test]
fn aircr_shows_what_the_architecture_has() {
    for (core, security, expected) in [
        (CoreKind::CortexM0, false, 0xfa05_0000),
        (CoreKind::CortexM4, false, 0xfa05_0700),
        (CoreKind::CortexM33, false, 0xfa05_2700), // BFHFNMINS is one
        (CoreKind::CortexM33, true, 0xfa05_4708),  // PRIS, SYSRESETREQS
    ] {
        let mut state = state(core, security);
        state.store_ppb(0xe000_ed0c, Width::Word, 0x05fa_ff0b, true, 0).unwrap();
        assert_eq!(read(&state, 0xe000_ed0c), expected, "{core:?}");
        assert!(!state.reset_requested, "VECTRESET and VECTCLRACTIVE do nothing");
        state.store_ppb(0xe000_ed0c, Width::Word, 0x0bad_0004, true, 0).unwrap();
        assert!(!state.reset_requested, "without the key");
        state.store_ppb(0xe000_ed0c, Width::Word, 0x05fa_0004, true, 0).unwrap();
        assert!(state.reset_requested);
    }
}

#[test]
fn ccr_keeps_what_the_core_has_fixed() {
    for (core, zeros, ones) in [
        (CoreKind::CortexM0Plus, 0x208, 0x208),
        (CoreKind::CortexM4, 0, 0x31b),
        (CoreKind::CortexM7, 0x4_0200, 0x7_031b),
        (CoreKind::CortexM33, 0x201, 0x71b),
    ] {
        let mut state = state(core, false);
        state.store_ppb(0xe000_ed14, Width::Word, u32::MAX, true, 0).unwrap();
        assert_eq!(read(&state, 0xe000_ed14), ones, "{core:?}");
        state.store_ppb(0xe000_ed14, Width::Word, 0, true, 0).unwrap();
        assert_eq!(read(&state, 0xe000_ed14), zeros, "{core:?}");
    }
}

#[test]
fn the_non_secure_alias_exists_for_secure_code_only() {
    for (security, expected) in [(true, 0x0020_0000), (false, 0)] {
        let mut state = state(CoreKind::CortexM33, security);
        state.store_ppb(0xe002_ed08, Width::Word, 0x0020_0000, true, 0).unwrap();
        assert_eq!(read(&state, 0xe002_ed08), expected);
        assert_eq!(read(&state, 0xe000_ed08), 0, "VTOR_S");
        state.store_ppb(0xe000_edd0, Width::Word, 1, true, 0).unwrap();
        assert_eq!(read(&state, 0xe000_edd0), security.into(), "SAU_CTRL");
        assert_eq!(read(&state, 0xe000_ed44), if security { 0x210 } else { 0x200 }, "ID_PFR1");
    }
}

#[test]
fn special_registers_have_the_bits_of_the_core() {
    for (core, security, basepri, control) in [
        (CoreKind::CortexM0, false, 0, 0b0010),
        (CoreKind::CortexM0Plus, false, 0, 0b0011),
        (CoreKind::CortexM3, false, 0xc0, 0b0011),
        (CoreKind::CortexM4F, false, 0xc0, 0b0111),
        (CoreKind::CortexM33F, true, 0xc0, 0b1111),
    ] {
        let state = state(core, security);
        assert_eq!((state.basepri_bits(), state.control_bits()), (basepri, control), "{core:?}");
    }
}

#[test]
fn bus_errors_are_ignored_at_negative_priority_with_bfhfnmign() {
    let mut state = state(CoreKind::CortexM4, false);
    state.registers.faultmask = 1;
    assert!(!state.ignores_bus_errors());
    state.scb.ccr |= ccr::BFHFNMIGN;
    assert!(state.ignores_bus_errors());
    state.registers.faultmask = 0;
    assert!(!state.ignores_bus_errors());
}

/// A register is read in the middle of a run, when `icount` is still that of its start.
#[test]
fn sleepcnt_counts_sleep_and_not_the_instructions_of_the_run() {
    const SLEEPEVTENA: u32 = 1 << 19;
    let mut state = state(CoreKind::CortexM3, false);
    (state.icount, state.slept) = (10, 5);
    let now = 110 + 5;
    state.store_ppb(0xe000_edfc, Width::Word, 1 << 24, true, now).unwrap(); // DEMCR.TRCENA
    state.store_ppb(0xe000_1000, Width::Word, SLEEPEVTENA, true, now).unwrap();
    assert_eq!(state.peek_ppb(0xe000_1010, Width::Word, now), 5);
}
