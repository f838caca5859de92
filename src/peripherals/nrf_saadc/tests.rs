use super::*;
use crate::peripherals::testbed::{Testbed, World};

/// An SAADC with AIN1 on channel 0 and AIN0 on channel 3, 12 bits, a buffer of this many samples.
fn saadc(count: u32) -> Testbed {
    let mut adc = Testbed::new("nrf-saadc");
    for channel in 0..CHANNELS {
        adc.write(CH + 16 * channel + 12, 0x7fff_8000);
    }
    adc.write(ENABLE, 1);
    adc.write(CH, 2);
    adc.write(CH + 16 * 3, 1);
    adc.write(RESOLUTION, 2);
    adc.write(RESULT_PTR, World::RAM);
    adc.write(RESULT_MAXCNT, count);
    adc.input(&[0, 0x34, 0x02, 1, 0xfe, 0xff]);
    adc
}

fn samples(adc: &mut Testbed, count: usize) -> Vec<i16> {
    let bytes = adc.world.bytes(World::RAM, 2 * count).unwrap();
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

#[test]
fn a_scan_takes_the_channels_in_order() {
    let mut adc = saadc(2);
    adc.write(4 * START, 1);
    adc.write(4 * SAMPLE, 1);
    assert_eq!((adc.take_pulses(), adc.read(STATUS)), (vec![STARTED], 1));
    adc.run_until(5);
    assert_eq!(adc.take_pulses(), [DONE, RESULTDONE]);
    adc.run_until(10);
    assert_eq!((adc.take_pulses(), adc.read(STATUS)), (vec![DONE, RESULTDONE, END], 0));
    assert_eq!((samples(&mut adc, 2), adc.read(RESULT_AMOUNT)), (vec![-2, 0x234], 2));
}

#[test]
fn a_stop_ends_the_buffer_early() {
    let mut adc = saadc(100);
    adc.write(4 * START, 1);
    adc.write(4 * SAMPLE, 1);
    adc.run_until(7);
    adc.take_pulses();
    adc.write(4 * STOP, 1);
    assert_eq!((adc.take_pulses(), adc.read(RESULT_AMOUNT)), (vec![END, STOPPED], 1));
}

#[test]
fn limits_are_watched() {
    let mut adc = saadc(2);
    adc.write(CH + 12, 5 << 16);
    adc.write(CH + 16 * 3 + 12, 0x233 << 16);
    adc.write(4 * START, 1);
    adc.write(4 * SAMPLE, 1);
    adc.run_until(20);
    let pulses = adc.take_pulses();
    assert!(pulses.contains(&LIMITL) && pulses.contains(&(LIMITH + 6)), "{pulses:?}");
}

#[test]
fn a_result_at_its_limit_has_reached_it() {
    let mut adc = saadc(2);
    adc.write(CH + 12, 0x7fff_fffe);
    adc.write(CH + 16 * 3 + 12, 0x234 << 16 | 0x233);
    adc.write(4 * START, 1);
    adc.write(4 * SAMPLE, 1);
    adc.run_until(20);
    let limits: Vec<u32> = adc.take_pulses().into_iter().filter(|event| *event >= LIMITH).collect();
    assert_eq!(limits, [LIMITL, LIMITH + 6]);
}

#[test]
fn a_sample_rate_fills_the_buffer_by_itself() {
    let mut adc = saadc(3);
    adc.write(CH + 16 * 3, 0);
    adc.write(SAMPLERATE, 1 << 12 | 100);
    adc.write(4 * START, 1);
    adc.write(4 * SAMPLE, 1);
    adc.run_until(1000);
    assert_eq!((adc.read(RESULT_AMOUNT), adc.next_wake()), (3, None));
    assert_eq!(adc.take_pulses().pop(), Some(END));
}

#[test]
fn oversampling_makes_one_result_of_several_samples() {
    let mut adc = saadc(1);
    adc.write(CH + 16 * 3, 0);
    adc.write(OVERSAMPLE, 1);
    adc.write(4 * START, 1);
    adc.write(4 * SAMPLE, 1);
    adc.run_until(50);
    assert_eq!(adc.take_pulses(), [STARTED, DONE]);
    adc.write(4 * SAMPLE, 1);
    adc.run_until(100);
    assert_eq!(adc.take_pulses(), [DONE, RESULTDONE, END]);
}
