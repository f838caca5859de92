use super::*;
use crate::peripherals::testbed::Testbed;

const UIE: u32 = 1;
const UG: u32 = 1;
const CC1: u32 = 2;

// Interrupt lines.
const UP: u32 = 2;
const CC: u32 = 8;

fn cr1() -> Cr1 {
    Cr1::new()
}

fn timer(psc: u32, arr: u32) -> Testbed {
    let mut timer = Testbed::new("stm32-tim");
    timer.write(PSC, psc);
    timer.write(ARR, arr);
    timer.write(EGR, UG);
    timer.write(SR, 0);
    timer.take_pulses();
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
    assert_eq!((timer.read(CNT), timer.irq_lines()), (0, UP));
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
    assert_eq!((timer.irq_lines(), timer.read(SR) & CC1), (CC, CC1));
    timer.write(SR, !CC1);
    timer.run_until(1249);
    assert_eq!(timer.irq_lines(), 0);
    timer.run_until(1250);
    assert_eq!(timer.irq_lines(), CC);
}

#[test]
fn one_pulse_mode_stops_at_the_update() {
    let mut timer = timer(0, 9);
    timer.write(DIER, UIE);
    timer.write(CR1, cr1().with_cen(true).with_opm(true).into());
    timer.run_until(500);
    assert_eq!((timer.read(CR1) & 1, timer.read(CNT), timer.irq_lines()), (0, 0, UP));
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

// Outputs and inputs by their names.
fn out(name: &str) -> u32 {
    crate::peripherals::Port::find(OUTPUTS, name).unwrap()
}

fn input(name: &str) -> u32 {
    crate::peripherals::Port::find(INPUTS, name).unwrap()
}

fn high(timer: &Testbed, name: &str) -> bool {
    timer.outputs() >> out(name) & 1 != 0
}

#[test]
fn an_advanced_timer_repeats_before_the_update() {
    let mut timer = Testbed::with_options("stm32-tim", &[("break", 1)]);
    timer.write(ARR, 9);
    timer.write(RCR, 2);
    timer.write(EGR, UG);
    timer.write(SR, 0);
    timer.write(DIER, UIE);
    timer.write(CR1, cr1().with_cen(true).into());
    assert_eq!(timer.next_wake(), Some(30));
    timer.run_until(29);
    assert_eq!(timer.read(SR) & UIF, 0);
    timer.run_until(30);
    assert_eq!(timer.irq_lines(), UP);
    timer.write(SR, 0);
    timer.jump(30 + 30 * 1000 - 1);
    assert_eq!((timer.read(CNT), timer.irq_lines()), (9, UP));
    timer.write(SR, 0);
    timer.jump(30 + 30 * 1000);
    assert_eq!((timer.read(CNT), timer.irq_lines()), (0, UP), "the count of repetitions went on");
}

#[test]
fn one_long_look_away_equals_many_short_ones_with_repetitions_and_toggling() {
    for mode in [cr1(), cr1().with_dir(true), cr1().with_cms(1)] {
        for rcr in [0, 1, 40] {
            let make = || {
                let mut timer = Testbed::with_options("stm32-tim", &[("break", 1), ("pins", 1)]);
                timer.write(ARR, 6);
                timer.write(RCR, rcr);
                timer.write(CCR1, 4);
                timer.write(CCMR1, 0x30);
                timer.write(CCER, 1);
                timer.write(BDTR, 0x8000);
                timer.write(EGR, UG);
                timer.write(CR1, mode.with_cen(true).into());
                timer
            };
            let (mut short, mut long) = (make(), make());
            for now in (1..=5003).step_by(3) {
                short.run_until(now);
                short.read(CNT);
            }
            long.jump(short.now());
            for register in [CNT, SR, CR1] {
                assert_eq!(long.read(register), short.read(register), "{mode:?} {rcr} {register:#x}");
            }
            assert_eq!(long.outputs(), short.outputs(), "{mode:?} {rcr}");
        }
    }
}

#[test]
fn every_update_asks_for_dma() {
    let mut timer = timer(0, 9);
    timer.write(DIER, UIE << 8);
    timer.write(CR1, cr1().with_cen(true).into());
    assert_eq!(timer.next_wake(), Some(10));
    timer.run_until(25);
    assert_eq!(timer.take_pulses(), [out("update-request"); 2], "although UIF stays set");
    assert_eq!(timer.irq_lines(), 0);
}

#[test]
fn a_burst_asks_for_every_register() {
    let mut timer = timer(0, 9);
    timer.write(DCR, (2 << 8) | (CCR1 / 4)); // three registers from CCR1 on
    timer.write(DIER, UIE << 8);
    timer.write(CR1, cr1().with_cen(true).into());
    timer.run_until(10);
    for value in [5, 6, 7] {
        assert_eq!(timer.take_pulses(), [out("update-request")]);
        timer.write(DMAR, value);
    }
    assert_eq!(timer.take_pulses(), []);
    assert_eq!([0, 4, 8].map(|offset| timer.read(CCR1 + offset)), [5, 6, 7]);
}

#[test]
fn trgo_follows_the_master_mode() {
    let mut timer = timer(0, 9);
    timer.write(CR2, 2 << 4);
    timer.write(CR1, cr1().with_cen(true).into());
    timer.run_until(20);
    assert_eq!(timer.take_pulses(), [out("trgo"); 2], "update");
    timer.write(CR2, 1 << 4);
    assert!(high(&timer, "trgo"), "enable");
    timer.write(CR1, 0);
    assert!(!high(&timer, "trgo"));
    timer.write(CR2, 0);
    timer.write(EGR, UG);
    assert_eq!(timer.take_pulses(), [out("trgo")], "reset");
    timer.write(CR2, 4 << 4);
    timer.write(CCMR1, 0x60);
    timer.write(CCR1, 3);
    timer.write(CR1, cr1().with_cen(true).into());
    assert!(high(&timer, "trgo"), "OC1REF");
    assert_eq!(timer.next_wake(), Some(timer.now() + 3));
    timer.run_until(timer.now() + 3);
    assert!(!high(&timer, "trgo"));
    timer.run_until(timer.now() + 7);
    assert!(high(&timer, "trgo"));
}

#[test]
fn pwm_is_on_the_pins_in_time_if_somebody_looks() {
    for pins in [0, 1] {
        let mut timer = Testbed::with_options("stm32-tim", &[("pins", pins)]);
        timer.write(ARR, 9);
        timer.write(CCR1, 4);
        timer.write(CCMR1, 0x6068); // channel 1 PWM mode 1, preloaded; channel 2 mode 1
        timer.write(CCER, 0x21); // OC2 off
        timer.write(EGR, UG);
        timer.write(CR1, cr1().with_cen(true).into());
        assert_eq!(timer.next_wake(), (pins == 1).then_some(4));
        let levels: Vec<bool> = (1..=12)
            .map(|now| {
                timer.run_until(now);
                if pins == 0 {
                    timer.read(CNT);
                }
                high(&timer, "ch1")
            })
            .collect();
        assert_eq!(levels.iter().filter(|level| **level).count(), 6, "{levels:?}");
        assert!(levels[2] && !levels[3] && !levels[8] && levels[9]);
        timer.write(CCER, 3);
        assert!(!high(&timer, "ch1"), "the polarity is inverted");
    }
}

#[test]
fn matches_switch_on_off_and_over() {
    let mut timer = Testbed::with_options("stm32-tim", &[("pins", 1)]);
    timer.write(ARR, 9);
    timer.write(CCR1, 2);
    timer.write(CCR1 + 4, 3);
    timer.write(CCMR1, 0x3010);
    timer.write(CCER, 0x11);
    timer.write(EGR, UG);
    timer.write(CR1, cr1().with_cen(true).into());
    timer.run_until(3);
    assert!(high(&timer, "ch1") && high(&timer, "ch2"));
    timer.write(CCMR1, 0x3020);
    timer.run_until(13);
    assert!(!high(&timer, "ch1") && !high(&timer, "ch2"));
    timer.write(CCMR1, 0x0050);
    assert!(high(&timer, "ch1") && !high(&timer, "ch2"));
    timer.write(CCMR1, 0x0000);
    assert!(high(&timer, "ch1"), "frozen");
}

#[test]
fn a_break_takes_the_outputs_away() {
    let mut timer = Testbed::with_options("stm32-tim", &[("break", 1)]);
    timer.write(CCMR1, 0x50);
    timer.write(CCER, 5);
    assert!(!high(&timer, "ch1"), "MOE is not set");
    timer.write(BDTR, 0xb000); // MOE, BKE, BKP
    assert!(high(&timer, "ch1") && !high(&timer, "ch1n"));
    timer.write(DIER, BIF);
    timer.wire(input("brk"), Level::High);
    assert_eq!((timer.irq_lines(), timer.read(BDTR)), (1, 0x3000));
    assert!(!high(&timer, "ch1"));
    timer.write(BDTR, 0xb000);
    assert_eq!(timer.read(BDTR), 0x3000, "not while it is active");
    timer.wire(input("brk"), Level::Low);
    timer.write(SR, 0);
    timer.write(BDTR, 0x7000); // AOE
    timer.write(EGR, UG);
    assert_eq!((timer.irq_lines(), timer.read(BDTR)), (0, 0xf000));
    timer.write(EGR, BIF);
    assert_eq!((timer.irq_lines(), timer.read(BDTR)), (1, 0x7000));
}

#[test]
fn lock_protects_until_reset() {
    let mut timer = Testbed::with_options("stm32-tim", &[("break", 1)]);
    timer.write(BDTR, 0x0112);
    timer.write(BDTR, 0xfff0);
    assert_eq!(timer.read(BDTR), 0x8d12 & !0x0100 | 0x0100);
}

#[test]
fn an_edge_captures_the_count() {
    let mut timer = timer(0, 999);
    timer.write(CCMR1, 0x01);
    timer.write(CCER, 1);
    timer.write(DIER, CC1 | CC1 << 8);
    timer.write(CR1, cr1().with_cen(true).into());
    timer.run_until(123);
    timer.wire(input("ti1"), Level::High);
    assert_eq!((timer.irq_lines(), timer.take_pulses()), (CC, vec![out("cc1-request")]));
    assert_eq!(timer.read(CCR1), 123);
    assert_eq!(timer.read(SR), 0, "the read clears CC1IF");
    timer.wire(input("ti1"), Level::Low);
    assert_eq!(timer.read(SR), 0);
    timer.run_until(200);
    timer.wire(input("ti1"), Level::Pulse);
    timer.wire(input("ti1"), Level::Pulse);
    assert_eq!(timer.read(SR), 0x202, "overcapture");
}

#[test]
fn pwm_input_captures_before_it_starts_over() {
    let mut timer = timer(0, 999);
    timer.write(CCMR1, 0x0201); // IC1 on TI1 rising, IC2 on TI1 falling
    timer.write(CCER, 0x31);
    timer.write(SMCR, 5 << 4 | 4);
    timer.write(CR1, cr1().with_cen(true).into());
    timer.wire(input("ti1"), Level::High);
    timer.run_until(30);
    timer.wire(input("ti1"), Level::Low);
    timer.run_until(100);
    timer.wire(input("ti1"), Level::High);
    assert_eq!((timer.read(CCR1), timer.read(CCR1 + 4), timer.read(CNT)), (100, 30, 0));
    assert_eq!(timer.read(SR) & TIF, TIF);
}

#[test]
fn slave_modes_gate_trigger_and_clock() {
    let mut timer = timer(0, 999);
    timer.write(SMCR, 2 << 4 | 5); // gated by ITR2
    timer.write(CR1, cr1().with_cen(true).into());
    timer.run_until(10);
    assert_eq!(timer.read(CNT), 0);
    timer.wire(2, Level::High);
    timer.run_until(17);
    timer.wire(2, Level::Low);
    timer.run_until(30);
    assert_eq!(timer.read(CNT), 7);
    timer.write(CR1, 0);
    timer.write(SMCR, 1 << 4 | 6); // started by ITR1
    timer.run_until(40);
    timer.wire(1, Level::Pulse);
    timer.run_until(45);
    assert_eq!(timer.read(CNT), 12);
    timer.write(SMCR, 7); // clocked by ITR0
    timer.wire(0, Level::Pulse);
    timer.wire(0, Level::Pulse);
    timer.wire(1, Level::Pulse);
    timer.run_until(60);
    assert_eq!(timer.read(CNT), 14);
    timer.write(SMCR, 0x4000); // clocked by ETR
    timer.wire(input("etr"), Level::Pulse);
    assert_eq!(timer.read(CNT), 15);
}

#[test]
fn an_encoder_counts_both_ways() {
    let mut timer = timer(0, 999);
    timer.write(SMCR, 3);
    timer.write(CR1, cr1().with_cen(true).into());
    let turn = |timer: &mut Testbed, first: &str, second: &str| {
        for (name, level) in
            [(first, Level::High), (second, Level::High), (first, Level::Low), (second, Level::Low)]
        {
            timer.wire(input(name), level);
        }
    };
    turn(&mut timer, "ti1", "ti2");
    turn(&mut timer, "ti1", "ti2");
    assert_eq!((timer.read(CNT), timer.read(CR1) & 0x10), (8, 0));
    turn(&mut timer, "ti2", "ti1");
    assert_eq!((timer.read(CNT), timer.read(CR1) & 0x10), (4, 0x10));
}

#[test]
fn the_clock_may_be_slower_than_the_core() {
    let mut timer = timer(0, 9);
    timer.clocked(84_000_000, 168_000_000);
    timer.write(DIER, UIE);
    timer.write(CR1, cr1().with_cen(true).into());
    assert_eq!(timer.next_wake(), Some(20));
    timer.clocked(0, 168_000_000);
    assert_eq!(timer.next_wake(), None);
}

#[test]
fn every_timer_of_the_files_is_found() {
    let described = |file: &str, name: &str| {
        let text = std::fs::read_to_string(format!("{}/svd/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let svd = crate::svd::Svd::parse(&text).unwrap();
        let registers: Vec<_> =
            svd.all_registers().filter(|r| r.name.starts_with(&format!("{name}."))).collect();
        let has = |name: &str| registers.iter().any(|register| register.short_name() == name);
        let fits = |layout: &&crate::peripherals::Layout| {
            layout.registers.iter().all(|(name, _)| has(name)) && !layout.without.iter().any(|name| has(name))
        };
        let mut layouts = layouts::LAYOUTS.iter().filter(fits);
        let options = layouts.next().expect("a layout fits").options.to_vec();
        assert!(layouts.next().is_none(), "{file} {name}: two layouts");
        let base = registers.iter().map(|register| register.address).min().unwrap();
        let more = layouts::describe(&crate::peripherals::Described { name, base, registers: &registers });
        [options, more].concat()
    };
    assert_eq!(described("stm32f4.svd", "TIM2"), [("channels", 4), ("bits", 32)]);
    assert_eq!(described("stm32f4.svd", "TIM14"), [("channels", 1)]);
    assert_eq!(described("stm32f1.svd", "TIM2"), [("channels", 4), ("bits", 16)]);
    assert_eq!(described("stm32f1.svd", "TIM6"), [("channels", 0)]);
    assert_eq!(described("stm32f0.svd", "TIM15"), [("channels", 2), ("break", 1)]);
    assert_eq!(described("stm32f3.svd", "TIM2"), [("channels", 4), ("bits", 32), ("extended", 1)]);
    let advanced = [("channels", 6), ("break", 1), ("extended", 1), ("extended", 1)];
    assert_eq!(described("stm32f3.svd", "TIM1"), advanced);
}
