use super::*;
use crate::peripherals::testbed::Testbed;

/// Cycles of a conversion with the shortest sample time.
const CONVERSION: u64 = 14;

fn channels(adc: &mut Testbed) {
    for channel in 1..9 {
        adc.input(&[channel, channel, 1]);
    }
}

/// A converter of the F3, on and ready, at cycle 14.
fn f3(cfgr: Cfgr) -> Testbed {
    let mut adc = Testbed::new("stm32-adc-v2");
    channels(&mut adc);
    adc.write(CR, 0);
    adc.write(CR, ADVREGEN);
    adc.write(CR, ADVREGEN | ADEN);
    adc.run_until(STABILIZATION);
    adc.write(ISR, u32::MAX);
    adc.write(CFGR, cfgr.into());
    adc
}

fn f0(cfgr: Cfgr) -> Testbed {
    let mut adc = Testbed::with_options("stm32-adc-v2", &[("family", 1)]);
    channels(&mut adc);
    adc.write(CR, ADEN);
    adc.run_until(STABILIZATION);
    adc.write(ISR, u32::MAX);
    adc.write(CFGR, cfgr.into());
    adc
}

fn start(adc: &mut Testbed, bit: u32) {
    let cr = adc.read(CR);
    adc.write(CR, cr | bit);
}

/// Lets conversions pass, from now on.
fn pass(adc: &mut Testbed, conversions: u64) {
    adc.run_until(adc.now() + conversions * CONVERSION);
}

#[test]
fn it_needs_power_a_calibration_and_time() {
    let mut adc = Testbed::with_options("stm32-adc-v2", &[("family", 2)]);
    assert_eq!(adc.read(CR), DEEPPWD);
    adc.write(CR, DEEPPWD | ADEN | ADCAL);
    assert_eq!(adc.read(CR), DEEPPWD, "nothing without the regulator");
    adc.write(CR, ADVREGEN);
    start(&mut adc, ADCAL);
    assert_eq!(adc.read(CR), ADVREGEN | ADCAL);
    let calibration = Family::L4.calibration();
    adc.run_until(calibration);
    assert_eq!((adc.read(CR), adc.read(CALFACT)), (ADVREGEN, FACTOR));
    adc.write(IER, ADRDY);
    start(&mut adc, ADEN);
    adc.run_until(calibration + STABILIZATION - 1);
    assert_eq!(adc.irq_lines(), 0);
    adc.run_until(calibration + STABILIZATION);
    assert_eq!((adc.irq_lines(), adc.read(ISR)), (1, ADRDY));
    start(&mut adc, ADDIS);
    assert_eq!(adc.read(CR), ADVREGEN);
}

#[test]
fn a_calibration_takes_as_long_as_the_data_sheet_says() {
    for (family, power, clocks) in [(0, ADVREGEN, 112), (1, 0, 83), (2, ADVREGEN, 116)] {
        let mut adc = Testbed::with_options("stm32-adc-v2", &[("family", family)]);
        adc.write(CR, power);
        start(&mut adc, ADCAL);
        adc.run_until(clocks - 1);
        assert_eq!(adc.read(CR), power | ADCAL, "family {family}");
        adc.run_until(clocks);
        assert_eq!(adc.read(CR), power, "family {family}");
    }
}

#[test]
fn a_sequence_ends_with_eos() {
    let mut adc = f3(Cfgr::new());
    adc.write(SQR1, 4 | 1 << 6 | 2 << 12 | 3 << 18 | 4 << 24);
    adc.write(SQR1 + 4, 5);
    start(&mut adc, ADSTART);
    for channel in 1..=5 {
        assert_eq!(adc.read(CR) & ADSTART, ADSTART);
        pass(&mut adc, 1);
        let end = if channel == 5 { EOS } else { 0 };
        assert_eq!(adc.read(ISR) & (EOC | EOS), EOC | end);
        assert_eq!((adc.read(DR), adc.read(ISR) & EOC), (0x100 | channel, 0));
    }
    assert_eq!((adc.read(CR) & ADSTART, adc.next_wake()), (0, None));
}

#[test]
fn the_sample_is_taken_before_it_is_converted() {
    let mut adc = f3(Cfgr::new());
    adc.write(IER, EOSMP);
    start(&mut adc, ADSTART);
    adc.run_until(STABILIZATION + 1);
    assert_eq!(adc.irq_lines(), 0);
    adc.run_until(STABILIZATION + 2);
    assert_eq!((adc.irq_lines(), adc.read(ISR)), (1, EOSMP));
}

#[test]
fn channels_of_the_f0_go_up_or_down() {
    let mut adc = f0(Cfgr::new().with_scandir(true));
    adc.write(CHSELR, 1 << 2 | 1 << 5 | 1 << 17);
    start(&mut adc, ADSTART);
    for sample in [1526, 0x105, 0x102] {
        pass(&mut adc, 1);
        assert_eq!(adc.read(DR), sample);
    }
    assert_eq!(adc.read(ISR) & EOS, EOS);
}

#[test]
fn waiting_lets_nothing_overrun() {
    for (autdly, wanted) in [(true, EOC | EOSMP), (false, EOC | EOS | OVR | EOSMP)] {
        let mut adc = f3(Cfgr::new().with_autdly(autdly));
        adc.write(SQR1, 1 | 1 << 6 | 2 << 12);
        start(&mut adc, ADSTART);
        pass(&mut adc, 5);
        assert_eq!((adc.read(ISR), adc.read(DR)), (wanted, 0x101), "the old data stay");
        pass(&mut adc, 1);
        assert_eq!(adc.read(DR), if autdly { 0x102 } else { 0x101 });
    }
}

#[test]
fn dma_takes_every_conversion() {
    let mut adc = f3(Cfgr::new().with_dmaen(true).with_dmacfg(true).with_cont(true));
    adc.write(SQR1, 1 | 3 << 6 | 4 << 12);
    start(&mut adc, ADSTART);
    for channel in [3, 4, 3, 4, 3] {
        pass(&mut adc, 1);
        assert_eq!((adc.outputs() & 1, adc.read(DR), adc.outputs() & 1), (1, 0x100 | channel, 0));
    }
    start(&mut adc, ADSTP);
    assert_eq!((adc.read(CR) & (ADSTART | ADSTP), adc.next_wake()), (0, None));
}

#[test]
fn triggers_count_while_started() {
    let mut adc = f3(Cfgr::new().with_extsel(9).with_exten(1));
    adc.wire(9, Level::Pulse);
    assert_eq!(adc.next_wake(), None);
    start(&mut adc, ADSTART);
    assert_eq!(adc.next_wake(), None);
    for _ in 0..2 {
        adc.wire(9, Level::Pulse);
        pass(&mut adc, 1);
        assert_eq!((adc.read(ISR) & EOS, adc.read(CR) & ADSTART), (EOS, ADSTART));
        adc.write(ISR, EOS);
    }
}

#[test]
fn discontinuous_mode_takes_a_part_per_trigger() {
    let mut adc = f3(Cfgr::new().with_discen(true).with_discnum(1).with_extsel(0).with_exten(1));
    adc.write(SQR1, 2 | 1 << 6 | 2 << 12 | 3 << 18);
    start(&mut adc, ADSTART);
    let mut taken = Vec::new();
    for round in 1..=3 {
        adc.wire(0, Level::Pulse);
        while adc.next_wake().is_some() {
            pass(&mut adc, 1);
            taken.push((round, adc.read(DR)));
        }
    }
    assert_eq!(taken, [(1, 0x101), (1, 0x102), (2, 0x103), (3, 0x101), (3, 0x102)]);
}

#[test]
fn injected_channels_come_between_and_have_offsets() {
    let mut adc = f3(Cfgr::new());
    adc.write(IER, JEOS);
    adc.write(JSQR, 1 | 6 << 8 | 7 << 14);
    adc.write(OFR1, 1 << 31 | 7 << 26 | 0x200);
    adc.write(SQR1, 1 << 6);
    start(&mut adc, ADSTART);
    adc.run_until(adc.now() + 7);
    start(&mut adc, JADSTART);
    pass(&mut adc, 2);
    assert_eq!((adc.irq_lines(), adc.read(CR) & JADSTART), (1, 0));
    assert_eq!((adc.read(JDR1), adc.read(JDR1 + 4)), (0x106, 0xff07));
    assert_eq!(adc.read(ISR) & (JEOC | EOC), 0, "JEOC is cleared by a read");
    pass(&mut adc, 1);
    assert_eq!((adc.read(ISR) & EOC, adc.read(DR)), (EOC, 0x101));
}

#[test]
fn three_watchdogs_have_their_windows() {
    let mut adc = f3(Cfgr::new().with_awd1en(true));
    adc.write(TR1, 0x101 << 16);
    adc.write(TR2, 0x10 << 16);
    adc.write(TR3, 0x20 << 16 | 0x11);
    adc.write(AWD2CR, 1 << 2);
    adc.write(AWD3CR, 1 << 2);
    adc.write(SQR1, 2 << 6);
    start(&mut adc, ADSTART);
    pass(&mut adc, 1);
    assert_eq!(adc.read(ISR) >> 7, 0b101);
}

#[test]
fn the_l4_adds_samples_up() {
    let mut adc = Testbed::with_options("stm32-adc-v2", &[("family", 2)]);
    adc.write(CR, ADVREGEN);
    adc.write(CR, ADVREGEN | ADEN);
    adc.run_until(STABILIZATION);
    adc.input(&[1, 0x00, 0x08]);
    adc.write(SQR1, 1 << 6);
    adc.write(CFGR2, 1 | 3 << 2 | 1 << 5);
    start(&mut adc, ADSTART);
    adc.run_until(STABILIZATION + 16 * 15 - 1);
    assert_eq!(adc.read(ISR) & EOC, 0);
    adc.run_until(STABILIZATION + 16 * 15);
    assert_eq!(adc.read(DR), 0x4000);
}

#[test]
fn the_clock_is_its_own_or_the_bus() {
    let mut adc = f3(Cfgr::new());
    adc.clocked(1, 3);
    start(&mut adc, ADSTART);
    assert_eq!(adc.next_wake(), Some(STABILIZATION + 6), "the end of the sample");
    start(&mut adc, ADSTP);
    adc.wire(CCR + 17, Level::High);
    start(&mut adc, ADSTART);
    adc.write(ISR, 0);
    adc.run_until(STABILIZATION + 4);
    assert_eq!(adc.next_wake(), Some(STABILIZATION + 28));
}

#[test]
fn continuous_conversions_go_on_for_ever() {
    let mut adc = f3(Cfgr::new().with_cont(true));
    adc.write(SQR1, 2);
    start(&mut adc, ADSTART);
    adc.jump(1 << 50);
    adc.write(ISR, u32::MAX);
    let next = adc.next_wake().unwrap();
    assert!((1 << 50..=(1 << 50) + CONVERSION).contains(&next), "{next}");
}
