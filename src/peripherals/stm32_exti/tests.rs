use super::{families::IRQS, *};
use crate::peripherals::testbed::Testbed;

fn irq(name: &str) -> u32 {
    1 << IRQS.iter().position(|irq| *irq == name).unwrap()
}

fn pin(port: u32, pin: u32) -> u32 {
    16 * port + pin
}

#[test]
fn a_software_interrupt_pends_until_written_with_one() {
    let mut exti = Testbed::new("stm32-exti");
    exti.write(IMR, 1 << 7);
    exti.write(SWIER, 1 << 7 | 1 << 8);
    assert_eq!(exti.read(PR), 1 << 7, "line 8 is masked");
    assert_eq!(exti.irq_lines(), 1 << 7);
    exti.write(PR, 1 << 7);
    assert_eq!((exti.read(PR), exti.read(SWIER), exti.irq_lines()), (0, 1 << 8, 0));
}

#[test]
fn only_selected_edges_pend() {
    let mut exti = Testbed::new("stm32-exti");
    exti.write(IMR, 1);
    exti.write(FTSR, 1);
    exti.input(&[0, 1]);
    assert_eq!(exti.irq_lines(), 0);
    exti.input(&[0, 0]);
    assert_eq!(exti.irq_lines(), 1);
}

#[test]
fn a_line_follows_the_pin_of_the_selected_port() {
    let mut exti = Testbed::new("stm32-exti");
    exti.write(IMR, 1 << 13);
    exti.write(RTSR, 1 << 13);
    exti.wire(pin(0, 13), Level::High);
    assert_eq!(exti.irq_lines(), 1 << 13, "port A is selected at reset");
    exti.write(PR, 1 << 13);
    exti.wire(SELECT + 4 * 13 + 1, Level::High);
    exti.wire(pin(0, 13), Level::Low);
    exti.wire(pin(0, 13), Level::High);
    assert_eq!(exti.irq_lines(), 0, "port C is selected");
    exti.wire(pin(2, 13), Level::High);
    assert_eq!(exti.irq_lines(), 1 << 13);
}

#[test]
fn selecting_a_port_makes_no_edge() {
    let mut exti = Testbed::new("stm32-exti");
    exti.write(RTSR, 1);
    exti.write(FTSR, 1);
    exti.wire(pin(1, 0), Level::High);
    exti.wire(SELECT, Level::High);
    assert_eq!(exti.read(PR), 0);
    exti.wire(pin(1, 0), Level::Low);
    assert_eq!(exti.read(PR), 1, "it was high before");
}

#[test]
fn edges_of_open_lines_are_told_to_other_peripherals() {
    let mut exti = Testbed::new("stm32-exti");
    exti.write(RTSR, 1 << 11);
    exti.wire(pin(0, 11), Level::Pulse);
    assert_eq!(exti.take_pulses(), [], "neither an interrupt nor an event");
    exti.write(EMR, 1 << 11);
    exti.wire(pin(0, 11), Level::Pulse);
    assert_eq!(exti.take_pulses(), [11, EVENT]);
    exti.write(SWIER, 1 << 11);
    assert_eq!(exti.take_pulses(), [11, EVENT]);
}

#[test]
fn internal_lines_have_the_interrupts_of_their_family() {
    for (family, line, name) in [
        (0, 17, "RTC_ALARM"),
        (1, 22, "RTC_WKUP"),
        (2, 20, "RTC"),
        (2, 31, "PVD"),
        (3, 20, "RTC_WKUP"),
        (3, 32, "COMP4_5_6"),
        (4, 19, "STAMP"),
        (5, 18, "RTC_ALARM"),
        (5, 36, "PVD"),
    ] {
        let mut exti = Testbed::with_options("stm32-exti", &[("family", family)]);
        let (bank, bit) = (line / 32 * SECOND, 1 << (line % 32));
        exti.write(IMR + bank, bit);
        exti.write(RTSR + bank, bit);
        exti.wire(LINE + line, Level::High);
        assert_eq!((exti.read(PR + bank), exti.irq_lines()), (bit, irq(name)), "family {family}: {name}");
        exti.write(PR + bank, bit);
        assert_eq!(exti.irq_lines(), 0);
    }
}
