use super::*;
use crate::peripherals::testbed::Testbed;

const SMPR2: u32 = 0x10;
const JOFR1: u32 = 0x14;
const HTR: u32 = 0x24;
const SQR1: u32 = 0x2c;
const SQR3: u32 = 0x34;
const JSQR: u32 = 0x38;
const JDR1: u32 = 0x3c;

/// Cycles of a conversion with the shortest sample time and the smallest prescaler.
const F4_CONVERSION: u64 = 30;
const F1_CONVERSION: u64 = 14;

const SWSTART: u32 = 1 << 30;
const JSWSTART: u32 = 1 << 22;

fn f4(cr1: Cr1, cr2: Cr2) -> Testbed {
    let mut adc = Testbed::new("stm32-adc-v1");
    for channel in 0..8 {
        adc.input(&[channel, channel, 1]);
    }
    adc.write(CR1, cr1.into());
    adc.write(CR2, cr2.with_adon(true).into());
    adc
}

fn f1(cr1: Cr1) -> Testbed {
    let mut adc = Testbed::with_options("stm32-adc-v1", &[("family", 1)]);
    adc.input(&[3, 0x34, 0x02]);
    adc.write(CR1, cr1.into());
    adc.write(CR2, F1Cr2::new().with_adon(true).into());
    adc.write(SQR3, 3);
    adc
}

fn start(adc: &mut Testbed, bit: u32) {
    let cr2 = adc.read(CR2);
    adc.write(CR2, cr2 | bit);
}

#[test]
fn adon_written_once_more_starts_the_f1() {
    let mut adc = f1(Cr1::new().with_eocie(true));
    assert_eq!(adc.next_wake(), None, "the first one is power");
    start(&mut adc, 0);
    adc.run_until(F1_CONVERSION - 1);
    assert_eq!((adc.irq_lines(), adc.read(SR)), (0, STRT));
    adc.run_until(F1_CONVERSION);
    assert_eq!((adc.irq_lines(), adc.read(SR)), (1, STRT | EOC));
    assert_eq!((adc.read(DR), adc.irq_lines()), (0x234, 0), "EOC is cleared by a read of DR");
}

#[test]
fn software_starts_the_f1_if_it_is_the_trigger() {
    let mut adc = f1(Cr1::new());
    start(&mut adc, F1Cr2::new().with_swstart(true).into());
    assert_eq!(adc.read(SR), 0);
    let software = F1Cr2::new().with_extsel(SOFTWARE).with_exttrig(true);
    start(&mut adc, software.with_swstart(true).into());
    assert_eq!((adc.read(SR), adc.read(CR2)), (STRT, u32::from(software.with_adon(true))));
}

#[test]
fn the_calibration_of_the_f1_ends_by_itself() {
    let mut adc = f1(Cr1::new());
    let cal: u32 = F1Cr2::new().with_cal(true).into();
    start(&mut adc, cal | u32::from(F1Cr2::new().with_rstcal(true)));
    assert_eq!(adc.read(CR2), cal | 1);
    adc.run_until(CALIBRATION);
    assert_eq!(adc.read(CR2), 1);
}

#[test]
fn a_timer_starts_conversions_at_the_edges_that_are_chosen() {
    let mut adc = f4(Cr1::new(), Cr2::new().with_extsel(8).with_exten(2));
    adc.wire(8, Level::High);
    assert_eq!(adc.read(SR), 0);
    adc.wire(7, Level::Pulse);
    assert_eq!(adc.read(SR), 0);
    adc.wire(8, Level::Low);
    assert_eq!(adc.read(SR), STRT);
}

#[test]
fn a_scan_ends_with_eoc() {
    let mut adc = f4(Cr1::new().with_scan(true), Cr2::new());
    adc.write(SQR1, 2 << 20);
    adc.write(SQR3, 5 | 6 << 5 | 7 << 10);
    start(&mut adc, SWSTART);
    adc.run_until(3 * F4_CONVERSION - 1);
    assert_eq!((adc.read(SR), adc.read(DR)), (STRT, 0x106));
    adc.run_until(3 * F4_CONVERSION);
    assert_eq!((adc.read(SR), adc.read(DR)), (STRT | EOC, 0x107));
    assert_eq!(adc.next_wake(), None);
}

#[test]
fn each_conversion_of_a_scan_asks_for_dma() {
    let mut adc = f4(Cr1::new().with_scan(true), Cr2::new().with_dma(true).with_dds(true).with_cont(true));
    adc.write(SQR1, 1 << 20);
    adc.write(SQR3, 1 | 2 << 5);
    start(&mut adc, SWSTART);
    for (conversion, channel) in (1..).zip([1, 2, 1, 2, 1]) {
        assert_eq!(adc.outputs() & 1, 0);
        adc.run_until(conversion * F4_CONVERSION);
        assert_eq!((adc.outputs() & 1, adc.read(DR)), (1, 0x100 | channel));
    }
}

#[test]
fn data_that_dma_does_not_take_overrun() {
    let cr2 = Cr2::new().with_dma(true).with_dds(true).with_cont(true);
    let mut adc = f4(Cr1::new().with_ovrie(true), cr2);
    start(&mut adc, SWSTART);
    adc.run_until(2 * F4_CONVERSION);
    assert_eq!((adc.read(SR) & OVR, adc.irq_lines(), adc.next_wake()), (OVR, 1, None));
    start(&mut adc, SWSTART);
    assert_eq!(adc.next_wake(), None);
    adc.write(SR, !OVR);
    start(&mut adc, SWSTART);
    assert_eq!(adc.next_wake(), Some(3 * F4_CONVERSION));
}

#[test]
fn without_dds_a_request_that_nobody_takes_is_the_last_one() {
    let mut adc = f4(Cr1::new(), Cr2::new().with_dma(true).with_cont(true));
    start(&mut adc, SWSTART);
    adc.run_until(10 * F4_CONVERSION);
    assert_eq!(adc.read(SR) & OVR, 0);
}

#[test]
fn discontinuous_mode_takes_a_part_per_trigger() {
    let mut adc =
        f4(Cr1::new().with_scan(true).with_discen(true).with_discnum(1), Cr2::new().with_eocs(true));
    adc.write(SQR1, 2 << 20);
    adc.write(SQR3, 1 | 2 << 5 | 3 << 10);
    let mut taken = Vec::new();
    for round in 1..=3 {
        start(&mut adc, SWSTART);
        while let Some(at) = adc.next_wake() {
            adc.run_until(at);
            taken.push((round, adc.read(DR)));
        }
    }
    assert_eq!(taken, [(1, 0x101), (1, 0x102), (2, 0x103), (3, 0x101), (3, 0x102)]);
}

#[test]
fn an_injected_group_breaks_into_the_regular_one() {
    let mut adc = f4(Cr1::new().with_jeocie(true), Cr2::new());
    adc.write(SQR3, 1);
    adc.write(JSQR, 2 << 15);
    adc.write(JOFR1, 0x200);
    start(&mut adc, SWSTART);
    adc.run_until(20);
    start(&mut adc, JSWSTART);
    adc.run_until(20 + F4_CONVERSION);
    assert_eq!((adc.irq_lines(), adc.read(SR)), (1, STRT | JSTRT | JEOC));
    assert_eq!(adc.read(JDR1), 0xff02, "0x102 - 0x200");
    adc.run_until(20 + 2 * F4_CONVERSION);
    assert_eq!((adc.read(SR) & EOC, adc.read(DR)), (EOC, 0x101));
}

#[test]
fn injected_channels_follow_automatically() {
    let mut adc = f4(Cr1::new().with_scan(true).with_jauto(true), Cr2::new().with_align(true));
    adc.write(JSQR, 1 << 20 | 2 << 10 | 3 << 15);
    start(&mut adc, SWSTART);
    adc.run_until(3 * F4_CONVERSION);
    assert_eq!(adc.read(SR) & JEOC, JEOC);
    assert_eq!((adc.read(JDR1), adc.read(JDR1 + 4), adc.read(DR)), (0x102 << 3, 0x103 << 3, 0x1000));
}

#[test]
fn the_watchdog_looks_for_samples_out_of_its_window() {
    let mut adc =
        f4(Cr1::new().with_awden(true).with_awdsgl(true).with_awdch(2).with_awdie(true), Cr2::new());
    adc.write(HTR, 0x101);
    for (channel, seen) in [(3, 0), (2, 1)] {
        adc.write(SQR3, channel);
        start(&mut adc, SWSTART);
        adc.run_until(adc.now() + F4_CONVERSION);
        assert_eq!(adc.irq_lines(), seen);
    }
}

#[test]
fn time_depends_on_samples_resolution_and_prescaler() {
    let mut adc = f4(Cr1::new().with_res(2), Cr2::new());
    adc.write(SMPR2, 2);
    adc.wire(CCR + 16, Level::High);
    start(&mut adc, SWSTART);
    assert_eq!(adc.next_wake(), Some((28 + 8) * 4));
    adc.run_until(1000);
    assert_eq!(adc.read(DR), 0x10);
}

#[test]
fn continuous_conversions_go_on_for_ever() {
    let mut adc = f4(Cr1::new().with_scan(true), Cr2::new().with_cont(true));
    adc.write(SQR1, 2 << 20);
    start(&mut adc, SWSTART);
    adc.jump(1 << 50);
    adc.write(SR, 0);
    let next = adc.next_wake().unwrap();
    assert!((1 << 50..=(1 << 50) + F4_CONVERSION).contains(&next), "{next}");
}

#[test]
fn the_l1_waits_until_it_is_on_and_until_it_is_read() {
    let mut adc = Testbed::with_options("stm32-adc-v1", &[("family", 2)]);
    let cr2 = Cr2::new().with_adon(true).with_cont(true).with_dels(1);
    adc.write(CR2, cr2.into());
    adc.write(CR2, cr2.with_swstart(true).into());
    assert_eq!(adc.read(SR), 0);
    adc.run_until(POWER_UP);
    assert_eq!(adc.read(SR), ADONS);
    adc.write(0x40, 16);
    adc.write(CR2, cr2.with_swstart(true).into());
    adc.run_until(1000);
    assert_eq!((adc.read(SR), adc.next_wake()), (ADONS | STRT | EOC, None));
    assert_eq!((adc.read(L1_DR), adc.next_wake()), (620, Some(1016)));
}
