use super::*;
use crate::core::CoreKind;

fn config(core: CoreKind) -> Config {
    Config {
        core,
        regions: Vec::new(),
        interrupts: 64,
        priority_bits: 4,
        clock_hz: 1_000_000,
        systick_reference_divider: None,
        bit_band: false,
        vector_table: 0,
        mpu_regions: 0,
        security_extension: false,
        halting_debug: false,
        devices: Vec::new(),
    }
}

fn nvic() -> Nvic {
    let mut nvic = Nvic::new(&config(CoreKind::CortexM4));
    nvic.enabled = [u32::MAX; 8];
    nvic
}

#[test]
fn the_lowest_number_wins_among_equals() {
    let mut nvic = nvic();
    nvic.set_pending(EXTERNAL + 7);
    nvic.set_pending(EXTERNAL + 3);
    assert_eq!(nvic.takeable(Masks::default()), Some(EXTERNAL + 3));
    nvic.set_priority(3, 0x40);
    assert_eq!(nvic.takeable(Masks::default()), Some(EXTERNAL + 7));
}

#[test]
fn a_subpriority_orders_but_does_not_preempt() {
    let mut nvic = nvic();
    nvic.prigroup = 5; // bits 7:6 group, 5:4 subpriority
    nvic.set_priority(0, 0x70);
    nvic.set_priority(1, 0x40);
    nvic.activate(EXTERNAL);
    nvic.set_pending(EXTERNAL + 1);
    assert_eq!(nvic.takeable(Masks::default()), None, "same group (B1.5.4)");
    nvic.set_priority(1, 0x30);
    assert_eq!(nvic.takeable(Masks::default()), Some(EXTERNAL + 1));
}

#[test]
fn masks_hold_back_what_the_manual_says() {
    let mut nvic = nvic();
    nvic.set_priority(0, 0x80);
    nvic.set_pending(EXTERNAL);
    let table = [
        (Masks::default(), true),
        (Masks { primask: true, ..Masks::default() }, false),
        (Masks { faultmask: true, ..Masks::default() }, false),
        (Masks { basepri: 0x80, ..Masks::default() }, false),
        (Masks { basepri: 0x90, ..Masks::default() }, true),
        (Masks { basepri: 0x0f, ..Masks::default() }, true), // unimplemented bits: no masking
    ];
    for (masks, taken) in table {
        assert_eq!(nvic.takeable(masks).is_some(), taken, "{masks:?}");
    }
    nvic.set_pending(NMI);
    assert_eq!(nvic.takeable(Masks { faultmask: true, ..Masks::default() }), Some(NMI));
}

#[test]
fn a_line_that_stays_up_is_pending_again_after_return() {
    let mut nvic = nvic();
    let mut lines = Lines::default();
    lines.set(5, true);
    nvic.set_lines(&lines);
    nvic.activate(EXTERNAL + 5);
    assert!(!nvic.is_pending(EXTERNAL + 5));
    nvic.deactivate(EXTERNAL + 5);
    assert!(nvic.is_pending(EXTERNAL + 5));
    nvic.clear_pending(0, 1 << 5);
    assert!(nvic.is_pending(EXTERNAL + 5), "level still up");
    lines.set(5, false);
    nvic.set_lines(&lines);
    nvic.clear_pending(0, 1 << 5);
    assert!(!nvic.is_pending(EXTERNAL + 5));
}

#[test]
fn priorities_exist_for_the_exceptions_that_the_core_has() {
    for (core, security, expected) in [
        (CoreKind::CortexM0, false, vec![11, 14, 15]),
        (CoreKind::CortexM3, true, vec![4, 5, 6, 11, 12, 14, 15]),
        (CoreKind::CortexM33, false, vec![4, 5, 6, 11, 12, 14, 15]),
        (CoreKind::CortexM33, true, vec![4, 5, 6, 7, 11, 12, 14, 15]),
    ] {
        let mut nvic = Nvic::new(&Config { security_extension: security, ..config(core) });
        (4..16).for_each(|number| nvic.set_system_priority(number, 0xff));
        let settable: Vec<u16> = (4..16).filter(|&number| nvic.system_priority(number) == 0xf0).collect();
        assert_eq!(settable, expected, "{core:?}");
    }
}

#[test]
fn vectpending_is_hidden_by_basepri_and_faultmask_alone() {
    let mut nvic = nvic();
    nvic.set_priority(9, 0x80);
    nvic.set_pending(EXTERNAL + 9);
    nvic.activate(NMI);
    assert_eq!(nvic.vect_pending(Masks::default()), 25, "what is active does not hide it");
    assert_eq!(nvic.vect_pending(Masks { primask: true, ..Masks::default() }), 25);
    assert_eq!(nvic.vect_pending(Masks { basepri: 0x80, ..Masks::default() }), 0);
    assert_eq!(nvic.vect_pending(Masks { basepri: 0x90, ..Masks::default() }), 25);
    assert_eq!(nvic.vect_pending(Masks { faultmask: true, ..Masks::default() }), 0);
}
