use super::*;
use crate::peripherals::testbed::{CLOCK_HZ, Testbed};

#[test]
fn thirty_two_bits_count_down_and_begin_again() {
    let mut timer = Testbed::new("lm3s-gptm");
    timer.write(TAMR, 2);
    timer.write(TAILR, 99);
    timer.write(IMR, TATO);
    timer.write(CTL, 1);
    timer.run_until(98);
    assert_eq!((timer.read(TAR), timer.irq_lines()), (1, 0));
    timer.run_until(99);
    assert_eq!((timer.read(TAR), timer.irq_lines(), timer.read(MIS)), (0, 1, TATO));
    timer.write(ICR, TATO);
    assert_eq!((timer.irq_lines(), timer.next_wake()), (0, Some(199)));
}

#[test]
fn one_shot_stops() {
    let mut timer = Testbed::new("lm3s-gptm");
    timer.write(TAMR, 1);
    timer.write(TAILR, 50);
    timer.write(CTL, 1);
    timer.run_until(1000);
    assert_eq!((timer.read(RIS), timer.read(CTL)), (TATO, 0));
    timer.write(ICR, TATO);
    timer.write(CTL, 1);
    timer.run_until(1050);
    assert_eq!(timer.read(RIS), TATO, "from the start again");
}

#[test]
fn the_halves_have_their_own_prescalers_and_interrupts() {
    let mut timer = Testbed::new("lm3s-gptm");
    timer.write(CFG, HALVES);
    timer.write(TAMR, 2);
    timer.write(TBMR, 2);
    timer.write(TAILR, 9);
    timer.write(TBILR, 19);
    timer.write(TBPR, 4);
    timer.write(IMR, TATO | TBTO);
    timer.write(CTL, 0x101);
    timer.run_until(94);
    assert_eq!((timer.irq_lines(), timer.read(TBR)), (1, 1));
    timer.run_until(95);
    assert_eq!(timer.irq_lines(), 3);
    assert_eq!((timer.read(TAILR), timer.read(TBILR)), (9, 19));
}

#[test]
fn seconds_are_counted_up_to_the_match() {
    let mut timer = Testbed::new("lm3s-gptm");
    timer.write(CFG, SECONDS);
    timer.write(TAMATCHR, 4);
    timer.write(IMR, RTC);
    timer.write(CTL, 1);
    let second = u64::from(CLOCK_HZ);
    assert_eq!(timer.next_wake(), Some(3 * second));
    timer.run_until(3 * second - 1);
    assert_eq!((timer.read(TAR), timer.irq_lines()), (3, 0));
    timer.run_until(3 * second);
    assert_eq!((timer.read(TAR), timer.irq_lines()), (4, 1));
}

#[test]
fn time_outs_trigger_the_converter() {
    let mut timer = Testbed::new("lm3s-gptm");
    timer.write(TAMR, 2);
    timer.write(TAILR, 9);
    timer.write(CTL, Ctl::new().with_taen(true).with_taote(true).into());
    timer.run_until(30);
    assert_eq!(timer.take_pulses().len(), 3);
}
