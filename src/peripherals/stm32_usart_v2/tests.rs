use super::*;
use crate::peripherals::testbed::Testbed;

/// A USART that is on, with 16 cycles per bit: a frame takes 160.
fn usart(cr1: Cr1) -> Testbed {
    let mut usart = Testbed::new("stm32-usart-v2");
    usart.write(BRR, 16);
    usart.write(CR1, cr1.with_ue(true).with_te(true).with_re(true).into());
    usart
}

fn isr(usart: &Testbed) -> Flags {
    Flags::from(usart.peek(ISR))
}

#[test]
fn enables_are_acknowledged() {
    let mut usart = Testbed::new("stm32-usart-v2");
    assert_eq!(usart.read(ISR), 0xc0);
    usart.write(CR1, Cr1::new().with_ue(true).with_te(true).into());
    assert_eq!(usart.read(ISR), 0xc0 | TEACK);
    usart.write(CR1, Cr1::new().with_ue(true).with_re(true).into());
    assert_eq!(usart.read(ISR), 0xc0 | REACK);
}

#[test]
fn writing_data_clears_tc() {
    let mut usart = usart(Cr1::new().with_tcie(true));
    usart.write(ICR, 1 << 6);
    usart.write(TDR, u32::from(b'x'));
    assert!(isr(&usart).txe() && !isr(&usart).tc());
    assert_eq!((usart.irq_lines(), usart.next_wake()), (0, Some(160)));
    usart.run_until(160);
    assert_eq!((usart.irq_lines(), usart.output()), (1, &b"x"[..]));
}

#[test]
fn an_overrun_asserts_until_icr_clears_it() {
    let mut usart = usart(Cr1::new().with_rxneie(true));
    usart.input(b"AB");
    usart.run_until(320);
    assert!(isr(&usart).ore());
    assert_eq!((usart.read(RDR), usart.irq_lines()), (u32::from(b'A'), 1));
    usart.write(ICR, 1 << 3);
    assert_eq!((isr(&usart).ore(), usart.irq_lines()), (false, 0));
}

#[test]
fn without_overruns_the_newest_character_stays() {
    let mut usart = usart(Cr1::new());
    usart.write(CR3, OVRDIS);
    usart.input(b"AB");
    usart.run_until(320);
    assert_eq!((isr(&usart).ore(), usart.read(RDR)), (false, u32::from(b'B')));
}

#[test]
fn busy_is_a_character_on_its_way() {
    let mut usart = usart(Cr1::new());
    usart.input(b"A");
    usart.run_until(80);
    assert_eq!(usart.peek(ISR) & BUSY, BUSY);
    usart.run_until(160);
    assert_eq!(usart.peek(ISR) & BUSY, 0);
}

#[test]
fn a_flush_request_drops_what_was_received() {
    let mut usart = usart(Cr1::new());
    usart.input(b"A");
    usart.run_until(160);
    usart.write(RQR, RXFRQ);
    assert!(!isr(&usart).rxne());
}

#[test]
fn a_character_matches_and_silence_times_out() {
    let mut usart = usart(Cr1::new().with_cmie(true).with_rtoie(true));
    usart.write(RTOR, 20);
    usart.write(CR2, RTOEN | u32::from(b'\n') << 24);
    usart.input(b"a\n");
    usart.run_until(319);
    assert_eq!(usart.irq_lines(), 0);
    usart.run_until(320);
    assert_eq!((usart.irq_lines(), isr(&usart).cmf()), (1, true));
    usart.write(ICR, 1 << 17);
    assert_eq!((usart.irq_lines(), usart.next_wake()), (0, Some(640)));
    usart.run_until(640);
    assert_eq!((usart.irq_lines(), isr(&usart).rtof()), (1, true));
}

#[test]
fn switching_off_discards() {
    let mut usart = usart(Cr1::new());
    usart.write(TDR, 1);
    usart.write(TDR, 2);
    assert!(!isr(&usart).txe());
    usart.write(CR1, 0);
    assert_eq!(usart.read(ISR), 0xc0);
}

#[test]
fn an_lpuart_counts_256ths() {
    let mut usart = Testbed::with_options("stm32-usart-v2", &[("low-power", 1)]);
    usart.write(BRR, 256 * 4 + 128);
    usart.write(CR1, Cr1::new().with_ue(true).with_te(true).with_tcie(true).into());
    usart.write(TDR, 0);
    assert_eq!(usart.next_wake(), Some(45));
}

#[test]
fn dma_requests_follow_txe_and_rxne() {
    let mut usart = usart(Cr1::new());
    usart.write(CR3, DMAT | DMAR);
    assert_eq!(usart.outputs(), 1);
    usart.input(b"A");
    usart.write(TDR, 1);
    usart.write(TDR, 2);
    assert_eq!(usart.outputs(), 0);
    usart.run_until(160);
    assert_eq!(usart.outputs(), 3);
}
