use super::*;
use crate::peripherals::testbed::Testbed;

#[test]
fn a_sequence_fills_its_fifo_and_interrupts() {
    let mut adc = Testbed::new("lm3s-adc");
    adc.input(&[0, 0x34, 0x01, 3, 0xff, 0x03]);
    adc.write(SSMUX0, 0x30);
    adc.write(SSCTL0, TS << 8 | (IE | END | TS) << 8);
    adc.write(ACTSS, 1);
    adc.write(IM, 1);
    adc.write(PSSI, 1);
    adc.run_until(47);
    assert_eq!(adc.irq_lines(), 0);
    adc.run_until(48);
    assert_eq!((adc.irq_lines(), adc.read(SSFSTAT0)), (1, 0x30));
    assert_eq!([SSFIFO0; 3].map(|fifo| adc.read(fifo)), [0x134, 0x3ff, u32::from(TEMPERATURE)]);
    assert_eq!((adc.read(SSFSTAT0), adc.read(USTAT)), (0x133, 0));
    adc.read(SSFIFO0);
    assert_eq!(adc.read(USTAT), 1);
    adc.write(ISC, 1);
    assert_eq!(adc.irq_lines(), 0);
}

#[test]
fn priorities_decide_who_is_first() {
    let mut adc = Testbed::new("lm3s-adc");
    adc.write(SSPRI, 0x0123);
    adc.write(SSCTL0, END | IE);
    adc.write(SSCTL0 + 0x60, END | IE);
    adc.write(ACTSS, 9);
    adc.write(IM, 9);
    adc.write(PSSI, 9);
    adc.run_until(16);
    assert_eq!(adc.irq_lines(), 8);
    adc.run_until(32);
    assert_eq!(adc.irq_lines(), 9);
}

#[test]
fn a_timer_triggers_and_a_full_fifo_overflows() {
    let mut adc = Testbed::new("lm3s-adc");
    adc.write(EMUX, 5 << 12);
    adc.write(ACTSS, 8);
    for time in [100, 200] {
        adc.wire(5, Level::Pulse);
        adc.run_until(time);
    }
    assert_eq!((adc.read(SSFSTAT0 + 0x60) >> 12, adc.read(OSTAT)), (1, 8));
}

#[test]
fn sampling_always_goes_on_for_ever() {
    let mut adc = Testbed::new("lm3s-adc");
    adc.write(EMUX, ALWAYS << 12);
    adc.write(SSCTL0 + 0x60, END | IE);
    adc.write(ACTSS, 8);
    adc.run_until(1 << 50);
    adc.write(ISC, 8);
    adc.write(IM, 8);
    let next = adc.next_wake().unwrap();
    assert!(next > 1 << 50 && next <= (1 << 50) + 16, "{next}");
}

#[test]
fn loopback_tells_what_was_sampled() {
    let mut adc = Testbed::new("lm3s-adc");
    adc.write(TMLB, 1);
    adc.write(SSMUX0, 0x30);
    adc.write(SSCTL0, (END | D) << 8 | TS << 4);
    adc.write(ACTSS, 1);
    for numbers in [[0, 1, 2], [3, 4, 5]] {
        adc.write(PSSI, 1);
        adc.run_until(adc.now() + 48);
        let [first, second, third] = numbers.map(|number| number << 6);
        assert_eq!([SSFIFO0; 3].map(|fifo| adc.read(fifo)), [first, second | 0x2b, third | 0x30]);
    }
}

#[test]
fn differences_are_around_the_middle() {
    let mut adc = Testbed::new("lm3s-adc");
    adc.input(&[0, 0x00, 0x03, 1, 0x00, 0x01]);
    adc.write(SSCTL0 + 0x60, D | END);
    adc.write(ACTSS, 8);
    adc.write(PSSI, 8);
    adc.run_until(16);
    assert_eq!(adc.read(SSFIFO0 + 0x60), 0x300);
}
