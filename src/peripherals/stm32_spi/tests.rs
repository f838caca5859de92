use super::*;
use crate::{
    peripherals::{Talk, testbed::Testbed},
    words::Width,
};

/// A master that is on, two clocks a bit.
fn master() -> Cr1 {
    Cr1::new().with_mstr(true).with_spe(true).with_ssm(true).with_ssi(true)
}

/// The other end answers with the complement.
fn spi(fifo: u32, cr1: Cr1) -> Testbed {
    let mut spi = Testbed::with_options("stm32-spi", &[("fifo", fifo)]);
    spi.world.answer = Box::new(|talk| match talk {
        Talk::Spi { bits, value } => Some(!value & ((1 << bits) - 1)),
        _ => None,
    });
    spi.write(CR1, cr1.into());
    spi
}

fn sr(spi: &Testbed) -> Sr {
    Sr::from(spi.peek(SR))
}

#[test]
fn a_frame_takes_its_bits() {
    let mut spi = spi(0, master().with_br(2));
    spi.write(DR, 0x12);
    assert_eq!(sr(&spi), Sr::new().with_txe(true).with_bsy(true), "DR is free at once");
    spi.write(DR, 0x34);
    assert_eq!(sr(&spi), Sr::new().with_bsy(true));
    spi.run_until(63);
    assert!(!sr(&spi).rxne());
    spi.run_until(64);
    assert_eq!(sr(&spi), Sr::new().with_txe(true).with_bsy(true).with_rxne(true));
    assert_eq!(spi.read(DR), 0xed);
    spi.run_until(128);
    assert_eq!((spi.read(DR), sr(&spi)), (0xcb, Sr::new().with_txe(true)));
    assert_eq!(spi.next_wake(), None);
}

#[test]
fn nothing_attached_reads_as_ones() {
    let mut spi = Testbed::new("stm32-spi");
    spi.write(CR1, master().with_dff(true).into());
    spi.write(DR, 0);
    spi.run_until(32);
    assert_eq!(spi.read(DR), 0xffff);
}

#[test]
fn an_overrun_keeps_the_old_frame_and_is_cleared_by_dr_then_sr() {
    let mut spi = spi(0, master());
    spi.write(CR2, Cr2::new().with_errie(true).into());
    spi.write(DR, 1);
    spi.write(DR, 2);
    spi.run_until(32);
    assert_eq!((sr(&spi).ovr(), spi.irq_lines()), (true, 1));
    spi.read(SR);
    assert!(sr(&spi).ovr());
    assert_eq!(spi.read(DR), 0xfe);
    spi.read(SR);
    assert_eq!((sr(&spi).ovr(), spi.irq_lines()), (false, 0));
}

#[test]
fn a_master_that_is_selected_is_none_any_more() {
    let mut spi = spi(0, master().with_ssi(false));
    assert!(sr(&spi).modf());
    assert_eq!(spi.read(CR1), u32::from(Cr1::new().with_ssm(true)));
    spi.read(SR);
    spi.write(CR1, master().into());
    assert!(!sr(&spi).modf());
    spi.write(DR, 1);
    assert!(sr(&spi).bsy());
}

#[test]
fn interrupts_and_dma_requests_follow_the_flags() {
    let mut spi = spi(0, master());
    assert_eq!(spi.outputs(), 4);
    spi.write(CR2, Cr2::new().with_txeie(true).with_txdmaen(true).with_rxdmaen(true).into());
    assert_eq!((spi.irq_lines(), spi.outputs()), (1, 5));
    spi.write(DR, 1);
    spi.write(DR, 2);
    assert_eq!((spi.irq_lines(), spi.outputs()), (0, 4));
    spi.run_until(16);
    assert_eq!((spi.irq_lines(), spi.outputs()), (1, 7));
    spi.read(DR);
    assert_eq!(spi.outputs(), 5);
}

#[test]
fn nss_is_low_while_a_master_drives_it() {
    let mut spi = spi(0, master().with_ssm(false));
    spi.write(CR2, Cr2::new().with_ssoe(true).into());
    assert_eq!(spi.outputs(), 0);
    spi.write(CR1, 0);
    assert_eq!(spi.outputs(), 4);
}

#[test]
fn the_lowest_bit_may_go_first() {
    let mut spi = spi(0, master().with_lsbfirst(true));
    let heard = std::rc::Rc::new(std::cell::Cell::new(None));
    let hears = heard.clone();
    spi.world.answer = Box::new(move |talk| {
        hears.set(Some(talk));
        Some(0x80)
    });
    spi.write(DR, 0x03);
    spi.run_until(16);
    assert_eq!(heard.get(), Some(Talk::Spi { bits: 8, value: 0xc0 }));
    assert_eq!(spi.read(DR), 1);
}

#[test]
fn one_line_receives_until_it_overruns() {
    let mut spi = spi(0, master().with_bidimode(true));
    spi.run_until(16);
    assert_eq!(spi.read(DR), 0);
    spi.run_until(1000);
    assert!(sr(&spi).ovr() && !sr(&spi).bsy());
    spi.read(DR);
    spi.read(SR);
    assert!(sr(&spi).bsy());
    spi.write(CR1, master().with_bidimode(true).with_bidioe(true).into());
    spi.run_until(2000);
    spi.read(DR);
    spi.write(DR, 1);
    spi.run_until(3000);
    assert!(!sr(&spi).rxne(), "nothing is received while it sends");
}

#[test]
fn a_crc_follows_and_is_checked() {
    let mut spi = spi(0, master().with_crcen(true));
    spi.write(DR, 0x31);
    spi.write(CR1, master().with_crcen(true).with_crcnext(true).into());
    spi.run_until(16);
    assert_eq!(spi.read(DR), 0xce);
    let sent = crc::next(0, 7, 0x31, 8, 8);
    assert_eq!(spi.read(TXCRCR), u32::from(sent));
    assert_eq!(spi.read(RXCRCR), u32::from(crc::next(0, 7, 0xce, 8, 8)));
    spi.run_until(32);
    assert_eq!(spi.read(DR), u32::from(!sent & 0xff));
    assert!(sr(&spi).crcerr(), "the complement has another CRC");
    spi.write(SR, 0);
    assert!(!sr(&spi).crcerr() && !sr(&spi).bsy());
}

#[test]
fn fifos_pack_bytes_and_show_their_levels() {
    let mut spi = spi(1, master());
    assert_eq!((spi.read(CR2), spi.read(SR)), (0x700, 2));
    spi.write_width(DR, Width::Half, 0x0201);
    assert_eq!(sr(&spi).ftlvl(), 1, "one of the two is in the shift register");
    spi.write_width(DR, Width::Half, 0x0403);
    assert_eq!((sr(&spi).ftlvl(), sr(&spi).txe()), (3, false));
    spi.write_width(DR, Width::Byte, 5);
    spi.run_until(16);
    assert_eq!((sr(&spi).frlvl(), sr(&spi).rxne()), (1, false), "RXNE is for two bytes");
    spi.write(CR2, 0x700 | 1 << 12);
    assert!(sr(&spi).rxne());
    assert_eq!(spi.read_width(DR, Width::Byte), 0xfe);
    spi.run_until(80);
    assert_eq!((sr(&spi).frlvl(), sr(&spi).ovr()), (3, false));
    assert_eq!(spi.read_width(DR, Width::Half), 0xfcfd);
    assert_eq!(spi.read_width(DR, Width::Half), 0xfafb);
    assert_eq!(spi.read(SR), 2);
}

#[test]
fn a_full_fifo_overruns() {
    let mut spi = spi(1, master());
    for byte in 0..5 {
        spi.write_width(DR, Width::Byte, byte);
        spi.run_until(spi.now() + 16);
    }
    assert!(sr(&spi).ovr());
    assert_eq!(spi.read_width(DR, Width::Half), 0xfeff);
}

#[test]
fn frames_have_the_size_that_ds_says() {
    let mut spi = spi(1, Cr1::new());
    spi.write(CR2, 0x100);
    assert_eq!(spi.read(CR2), 0x700, "less than four bits is eight");
    spi.write(CR2, 0xb00);
    spi.write(CR1, master().into());
    spi.write_width(DR, Width::Half, 0x0abc);
    assert_eq!(spi.next_wake(), Some(24));
    spi.run_until(24);
    assert_eq!((sr(&spi).frlvl(), spi.read_width(DR, Width::Half)), (2, 0x543));
}

#[test]
fn a_long_crc_takes_two_short_frames() {
    let mut spi = spi(1, master().with_dff(true).with_crcen(true));
    spi.write(CRCPR, 0x1021);
    spi.write(CR2, 0x700 | 1 << 12);
    spi.world.answer = Box::new(|talk| match talk {
        Talk::Spi { value, .. } => Some(value),
        _ => None,
    });
    spi.write_width(DR, Width::Byte, 0x31);
    spi.write(CR1, master().with_dff(true).with_crcen(true).with_crcnext(true).into());
    spi.run_until(48);
    assert_eq!(sr(&spi).frlvl(), 2, "the data and two bytes of CRC");
    let crc = crc::next(0, 0x1021, 0x31, 8, 16);
    let bytes = [(); 3].map(|()| spi.read_width(DR, Width::Byte) as u16);
    assert_eq!(bytes, [0x31, crc >> 8, crc & 0xff]);
    assert!(!sr(&spi).crcerr() && !sr(&spi).bsy());
}

#[test]
fn an_slave_is_never_clocked() {
    let mut spi = spi(0, master().with_mstr(false));
    spi.write(DR, 1);
    assert_eq!((spi.next_wake(), sr(&spi).txe()), (None, false));
}
