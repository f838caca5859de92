use super::*;
use crate::peripherals::testbed::Testbed;

const ALL: u32 = 0x3fc;

/// A port whose pins are all digital.
fn port(options: &[(&'static str, u32)]) -> Testbed {
    let mut gpio = Testbed::with_options("pl061", options);
    gpio.write(DEN, 0xff);
    gpio
}

#[test]
fn the_address_says_which_pins_are_meant() {
    let mut gpio = port(&[]);
    gpio.write(DIR, 0xff);
    gpio.write(ALL, 0xf0);
    gpio.write(0x3c << 2, 0x0f);
    assert_eq!((gpio.read(ALL), gpio.outputs()), (0xcc, 0xcc));
    assert_eq!(gpio.read(0x81 << 2), 0x80);
}

#[test]
fn pins_keep_their_levels_over_a_reset() {
    let mut gpio = port(&[]);
    gpio.input(&[6, 1]);
    gpio.device.reset();
    gpio.write(DEN, 0xff);
    assert_eq!(gpio.read(ALL), 0x40);
}

#[test]
fn a_pin_that_is_not_digital_lets_nothing_in_or_out() {
    let mut gpio = Testbed::with_options("pl061", &[("pulled-up", 1)]);
    gpio.write(DIR, 2);
    gpio.write(ALL, 2);
    gpio.input(&[2, 1]);
    assert_eq!((gpio.read(ALL), gpio.outputs()), (2, 5), "an output is read as it was written");
    gpio.write(DEN, 7);
    assert_eq!((gpio.read(ALL), gpio.outputs()), (7, 7));
}

#[test]
fn edges_stay_until_they_are_cleared() {
    let mut gpio = port(&[]);
    gpio.write(IM, 0xff);
    gpio.write(IEV, 1);
    gpio.write(IBE, 4);
    gpio.input(&[0, 1, 1, 1, 2, 1]);
    assert_eq!((gpio.read(MIS), gpio.irq_lines()), (0b101, 1), "rising, falling, both");
    gpio.write(ICR, 0xff);
    gpio.input(&[0, 0, 1, 0, 2, 0]);
    assert_eq!(gpio.read(MIS), 0b110);
}

#[test]
fn levels_last_as_long_as_the_pin_has_them() {
    let mut gpio = port(&[("pulled-up", 2)]);
    gpio.write(IS, 2);
    gpio.write(IM, 2);
    assert_eq!(gpio.irq_lines(), 0);
    gpio.input(&[1, 0]);
    assert_eq!(gpio.irq_lines(), 1);
    gpio.write(ICR, 2);
    assert_eq!(gpio.irq_lines(), 1);
    gpio.input(&[1, 1]);
    assert_eq!(gpio.irq_lines(), 0);
}

#[test]
fn a_pin_is_pulled_one_way_and_has_one_strength() {
    let mut gpio = port(&[]);
    gpio.write(PUR, 3);
    assert_eq!(gpio.read(ALL), 3);
    gpio.write(PDR, 1);
    assert_eq!((gpio.read(PUR), gpio.read(ALL)), (2, 2));
    gpio.write(DR8R, 0x0f);
    assert_eq!((gpio.read(DR2R), gpio.read(DR8R)), (0xf0, 0x0f));
}

#[test]
fn the_debuggers_pins_need_a_key() {
    let mut gpio = Testbed::with_options("pl061", &[("jtag", 0x0f)]);
    assert_eq!([AFSEL, PUR, DEN, CR, LOCK].map(|register| gpio.read(register)), [15, 15, 15, 0xf0, 1]);
    gpio.write(AFSEL, 0x30);
    assert_eq!(gpio.read(AFSEL), 0x3f);
    gpio.write(CR, 0xff);
    assert_eq!(gpio.read(CR), 0xf0, "locked");
    gpio.write(LOCK, KEYS[0]);
    gpio.write(CR, 0xff);
    gpio.write(AFSEL, 0);
    assert_eq!((gpio.read(LOCK), gpio.read(AFSEL)), (0, 0));
}
