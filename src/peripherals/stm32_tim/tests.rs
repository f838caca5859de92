use super::*;
use crate::peripherals::testbed::Testbed;

const UIE: u32 = 1;
const UG: u32 = 1;
const CC1: u32 = 2;

fn cr1() -> Cr1 {
    Cr1::new()
}

fn timer(psc: u32, arr: u32) -> Testbed {
    let mut timer = Testbed::new("stm32-tim");
    timer.write(PSC, psc);
    timer.write(ARR, arr);
    timer.write(EGR, UG);
    timer.write(SR, 0);
    timer
}

#[test]
fn reset_values_depend_on_the_width() {
    assert_eq!(Testbed::new("stm32-tim").read(ARR), 0xffff);
    assert_eq!(Testbed::with_options("stm32-tim", &[("bits", 32)]).read(ARR), 0xffff_ffff);
}

#[test]
fn the_update_comes_every_arr_plus_one_ticks() {
    let mut timer = timer(3, 9);
    timer.write(DIER, UIE);
    timer.write(CR1, cr1().with_cen(true).into());
    assert_eq!(timer.next_wake(), Some(40));
    timer.run_until(39);
    assert_eq!((timer.read(CNT), timer.irq_lines()), (9, 0));
    timer.run_until(40);
    assert_eq!((timer.read(CNT), timer.irq_lines()), (0, 1));
    timer.write(SR, !UIF);
    assert_eq!((timer.irq_lines(), timer.next_wake()), (0, Some(80)));
}

#[test]
fn one_long_look_away_equals_many_short_ones() {
    for (mode, label) in [(cr1(), "up"), (cr1().with_dir(true), "down"), (cr1().with_cms(3), "centre")] {
        let make = || {
            let mut timer = timer(1, 6);
            timer.write(CCR1, 4);
            timer.write(CR1, mode.with_cen(true).into());
            timer
        };
        let (mut short, mut long) = (make(), make());
        for now in 1..=1001 {
            short.run_until(now);
            short.read(CNT);
        }
        long.run_until(1001);
        for register in [CNT, SR, CR1] {
            assert_eq!(long.read(register), short.read(register), "{label}, register {register:#x}");
        }
    }
}

#[test]
fn counting_down_starts_from_arr() {
    let mut timer = Testbed::new("stm32-tim");
    timer.write(ARR, 5);
    timer.write(CR1, cr1().with_dir(true).into());
    timer.write(EGR, UG);
    timer.write(CR1, cr1().with_dir(true).with_cen(true).into());
    let counts: Vec<u32> = (1..=7)
        .map(|now| {
            timer.run_until(now);
            timer.read(CNT)
        })
        .collect();
    assert_eq!(counts, [4, 3, 2, 1, 0, 5, 4]);
}

#[test]
fn centre_aligned_turns_at_arr_and_at_zero() {
    let mut timer = timer(0, 3);
    timer.write(CR1, cr1().with_cms(3).with_cen(true).into());
    let counts: Vec<u32> = (1..=8)
        .map(|now| {
            timer.run_until(now);
            timer.read(CNT)
        })
        .collect();
    assert_eq!(counts, [1, 2, 3, 2, 1, 0, 1, 2]);
}

#[test]
fn a_compare_match_interrupts() {
    let mut timer = timer(0, 999);
    timer.write(CCR1, 250);
    timer.write(DIER, CC1);
    timer.write(CR1, cr1().with_cen(true).into());
    assert_eq!(timer.next_wake(), Some(250));
    timer.run_until(250);
    assert_eq!((timer.irq_lines(), timer.read(SR) & CC1), (1, CC1));
    timer.write(SR, !CC1);
    timer.run_until(1249);
    assert_eq!(timer.irq_lines(), 0);
    timer.run_until(1250);
    assert_eq!(timer.irq_lines(), 1);
}

#[test]
fn one_pulse_mode_stops_at_the_update() {
    let mut timer = timer(0, 9);
    timer.write(DIER, UIE);
    timer.write(CR1, cr1().with_cen(true).with_opm(true).into());
    timer.run_until(500);
    assert_eq!((timer.read(CR1) & 1, timer.read(CNT), timer.irq_lines()), (0, 0, 1));
}

#[test]
fn a_preloaded_arr_waits_for_the_update() {
    let mut timer = timer(0, 9);
    timer.write(CR1, cr1().with_cen(true).with_arpe(true).into());
    timer.write(ARR, 19);
    timer.run_until(10);
    assert_eq!(timer.read(CNT), 0);
    timer.run_until(29);
    assert_eq!(timer.read(CNT), 19);
}

#[test]
fn the_prescaler_changes_at_the_next_update() {
    let mut timer = timer(0, 9);
    timer.write(CR1, cr1().with_cen(true).into());
    timer.write(PSC, 99);
    timer.run_until(9);
    assert_eq!(timer.read(CNT), 9);
    timer.run_until(10 + 250);
    assert_eq!(timer.read(CNT), 2);
}

#[test]
fn the_update_request_source_keeps_ug_from_setting_the_flag() {
    let mut timer = timer(0, 9);
    timer.write(CR1, cr1().with_urs(true).into());
    timer.write(EGR, UG);
    assert_eq!(timer.read(SR), 0);
    timer.write(CR1, 0);
    timer.write(EGR, UG);
    assert_eq!(timer.read(SR) & UIF, UIF);
}

#[test]
fn a_count_above_arr_goes_on_to_the_largest_count() {
    let mut timer = timer(0, 100);
    timer.write(CNT, 0xfff0);
    timer.write(CR1, cr1().with_cen(true).into());
    timer.run_until(15);
    assert_eq!(timer.read(CNT), 0xffff);
    timer.run_until(16);
    assert_eq!((timer.read(CNT), timer.read(SR) & UIF), (0, 0));
}
