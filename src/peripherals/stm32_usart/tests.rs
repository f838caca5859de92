use super::*;
use crate::peripherals::testbed::Testbed;

/// A USART that is on, with 16 cycles per bit: a frame takes 160.
fn usart(cr1: Cr1) -> Testbed {
    let mut usart = Testbed::new("stm32-usart");
    usart.write(BRR, 16);
    usart.write(CR1, cr1.with_ue(true).with_te(true).with_re(true).into());
    usart
}

fn sr(usart: &Testbed) -> Flags {
    Flags::from(usart.peek(SR))
}

#[test]
fn a_sender_that_holds_makes_no_idle_line_between_characters() {
    let mut usart = Testbed::with_options("stm32-usart", &[("hold", 1)]);
    usart.write(BRR, 16);
    usart.write(CR1, Cr1::new().with_ue(true).with_re(true).with_idleie(true).into());
    usart.input(b"ab");
    usart.run_until(usart.now() + 170);
    assert!(sr(&usart).rxne());
    assert_eq!(usart.read(DR), u32::from(b'a'));
    usart.run_until(usart.now() + 155);
    assert!(!sr(&usart).idle(), "the second character is on its way");
    usart.run_until(usart.now() + 200);
    assert_eq!(usart.read(DR), u32::from(b'b'));
    usart.run_until(usart.now() + 200);
    assert!(sr(&usart).idle());
}

#[test]
fn after_reset_the_transmitter_is_empty() {
    assert_eq!(Testbed::new("stm32-usart").read(SR), 0xc0);
}

#[test]
fn txe_and_tc_follow_the_shift_register() {
    let mut usart = usart(Cr1::new());
    usart.read(SR);
    usart.write(DR, u32::from(b'o'));
    assert!(sr(&usart).txe() && !sr(&usart).tc(), "the first character is in the shift register");
    usart.write(DR, u32::from(b'k'));
    assert!(!sr(&usart).txe());
    usart.run_until(160);
    assert!(sr(&usart).txe() && !sr(&usart).tc());
    usart.run_until(320);
    assert!(sr(&usart).tc());
    assert_eq!(usart.output(), b"ok");
}

#[test]
fn the_transmit_interrupts_come_in_time() {
    let mut usart = usart(Cr1::new().with_txeie(true));
    assert_eq!(usart.irq_lines(), 1, "TXE is set");
    usart.write(DR, 1);
    usart.write(DR, 2);
    assert_eq!((usart.irq_lines(), usart.next_wake()), (0, Some(160)));
    usart.run_until(160);
    assert_eq!((usart.irq_lines(), usart.next_wake()), (1, None));
}

#[test]
fn reading_dr_clears_rxne() {
    let mut usart = usart(Cr1::new().with_rxneie(true));
    usart.input(b"A");
    assert_eq!((usart.irq_lines(), usart.next_wake()), (0, Some(160)));
    usart.run_until(160);
    assert_eq!(usart.irq_lines(), 1);
    assert_eq!(usart.read(DR), u32::from(b'A'));
    assert_eq!(usart.irq_lines(), 0, "RXNE is cleared by a read of DR (RM0090 30.6.1)");
}

#[test]
fn an_overrun_keeps_the_old_character_and_is_cleared_by_sr_then_dr() {
    let mut usart = usart(Cr1::new());
    usart.input(b"AB");
    usart.run_until(320);
    assert!(sr(&usart).ore());
    assert_eq!(usart.read(DR), u32::from(b'A'));
    assert!(sr(&usart).ore(), "SR was not read before");
    usart.read(SR);
    usart.read(DR);
    assert!(!sr(&usart).ore());
}

#[test]
fn silence_after_a_character_sets_idle() {
    let mut usart = usart(Cr1::new().with_idleie(true));
    usart.input(b"AB");
    usart.run_until(479);
    assert_eq!(usart.irq_lines(), 0);
    usart.run_until(480);
    assert_eq!((usart.irq_lines(), sr(&usart).idle()), (1, true));
}

#[test]
fn what_the_other_end_sends_outlives_a_reset() {
    let mut usart = Testbed::with_options("stm32-usart", &[("hold", 1)]);
    usart.input(b"A");
    usart.device.reset();
    usart.write(BRR, 16);
    usart.write(CR1, Cr1::new().with_ue(true).with_re(true).into());
    usart.run_until(1_000);
    assert_eq!((sr(&usart).rxne(), usart.read(DR)), (true, u32::from(b'A')));
}

#[test]
fn characters_wait_for_the_receiver() {
    let mut usart = Testbed::with_options("stm32-usart", &[("hold", 1)]);
    usart.input(b"AB");
    usart.run_until(10_000);
    usart.write(BRR, 16);
    usart.write(CR1, Cr1::new().with_ue(true).with_re(true).into());
    usart.run_until(20_000);
    let status = sr(&usart);
    assert!(status.rxne() && !status.ore(), "the other end waits");
    assert!(!status.idle(), "and has more to say, which is no silence");
    assert_eq!(usart.read(DR), u32::from(b'A'));
    usart.run_until(20_159);
    assert!(!sr(&usart).rxne());
    usart.run_until(20_160);
    assert_eq!((sr(&usart).rxne(), usart.read(DR)), (true, u32::from(b'B')));
}

#[test]
fn oversampling_by_eight_and_two_stop_bits_change_the_frame() {
    let mut usart = Testbed::with_options("stm32-usart", &[("clock-divider", 2)]);
    usart.write(BRR, 0x24); // 2 + 4/8: 20 clocks per bit
    usart.write(CR2, 2 << 12);
    usart.write(CR1, Cr1::new().with_ue(true).with_te(true).with_over8(true).with_tcie(true).into());
    usart.read(SR);
    usart.write(DR, 0);
    assert_eq!(usart.next_wake(), Some(11 * 20 * 2));
}

#[test]
fn dma_requests_follow_txe_and_rxne() {
    let mut usart = usart(Cr1::new());
    assert_eq!(usart.outputs(), 0);
    usart.write(CR3, DMAT | DMAR);
    assert_eq!(usart.outputs(), 1, "TXE");
    usart.write(DR, 1);
    usart.write(DR, 2);
    assert_eq!((usart.outputs(), usart.next_wake()), (0, Some(160)));
    usart.input(b"A");
    usart.run_until(160);
    assert_eq!(usart.outputs(), 3);
    usart.read(DR);
    assert_eq!(usart.outputs(), 1);
}

#[test]
fn an_overrun_under_dma_has_the_error_interrupt() {
    let mut usart = usart(Cr1::new());
    usart.write(CR3, DMAR | EIE);
    usart.input(b"AB");
    usart.run_until(319);
    assert_eq!(usart.irq_lines(), 0);
    usart.run_until(320);
    assert_eq!(usart.irq_lines(), 1);
}

#[test]
fn the_parity_bit_takes_the_place_of_the_highest_bit() {
    let mut usart = usart(Cr1::new().with_pce(true));
    usart.input(b"C"); // three ones: even parity sets the bit
    usart.run_until(160);
    assert_eq!(usart.read(DR), 0x80 | u32::from(b'C'));
    usart.write(CR1, u32::from(Cr1::from(usart.peek(CR1)).with_m(true).with_ps(true)));
    usart.input(b"C");
    usart.run_until(500);
    assert_eq!(usart.read(DR), u32::from(b'C'), "odd parity of nine bits is bit 8, here zero");
}

#[test]
fn the_clock_may_be_slower_than_the_core_and_may_stand_still() {
    let mut usart = usart(Cr1::new().with_tcie(true));
    usart.read(SR);
    usart.clocked(1, 4);
    usart.write(DR, 0);
    assert_eq!(usart.next_wake(), Some(640));
    usart.run_until(640);
    usart.clocked(0, 4);
    usart.read(SR);
    usart.write(DR, 0);
    usart.run_until(10_000);
    assert!(!sr(&usart).tc());
    usart.clocked(4, 4);
    assert_eq!(usart.next_wake(), Some(10_160));
}
