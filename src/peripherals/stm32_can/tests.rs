use super::*;
use crate::peripherals::testbed::{Testbed, World};

/// 500 kbit/s at 1 MHz is out of reach: a bit is 3 cycles here.
const BIT: u64 = 3;
/// A standard frame without data.
const SHORT: u64 = 47 * BIT;

/// A node in normal mode; `btr` has the test modes.
fn node(options: &[(&'static str, u32)], btr: u32, mcr: u32) -> Testbed {
    let mut can = Testbed::with_options("stm32-can", options);
    assert_eq!((can.read(MCR), can.read(MSR), can.read(TSR)), (0x1_0002, 0xc02, 0x1c00_0000));
    can.write(MCR, INRQ);
    assert_eq!(can.read(MSR), 0xc01);
    can.write(BTR, btr);
    can.write(FMR, 0x2a1c_0e01);
    can.write(FMR + 0x0c, 1); // 32 bits, mask of nothing: all
    can.write(FMR + 0x1c, 1);
    can.write(FMR, 0x2a1c_0e00);
    can.write(MCR, mcr);
    assert_eq!(can.read(MSR), 0xc00);
    can
}

fn send(can: &mut Testbed, mailbox: u32, text: &str) {
    let frame = Frame::parse(text).unwrap();
    let base = TI0R + 16 * mailbox;
    can.write(base + 4, frame.dlc);
    can.write(base + 8, frame.data[0]);
    can.write(base + 12, frame.data[1]);
    can.write(base, frame.identifier | TXRQ);
}

/// Takes a frame out of a FIFO.
fn receive(can: &mut Testbed, fifo: u32) -> Option<String> {
    if can.read(RF0R + 4 * fifo) & 3 == 0 {
        return None;
    }
    let word = |can: &mut Testbed, offset: u32| can.read(RI0R + 16 * fifo + offset);
    let frame =
        Frame { identifier: word(can, 0), dlc: word(can, 4) & 0xf, data: [word(can, 8), word(can, 12)] };
    can.write(RF0R + 4 * fifo, 1 << 5);
    Some(frame.to_string())
}

#[test]
fn a_message_takes_its_time_and_goes_out() {
    let mut can = node(&[], 0, 0);
    can.write(IER, 1);
    send(&mut can, 0, "123#1122");
    let end = (47 + 16) * BIT;
    assert_eq!((can.next_wake(), can.read(TSR) >> 24), (Some(end), 0x19));
    can.run_until(end - 1);
    assert_eq!(can.irq_lines(), 0);
    can.run_until(end);
    assert_eq!((can.irq_lines(), can.read(TSR)), (1, 0x1c00_0003));
    assert_eq!(can.output(), b"123#1122\n");
    can.write(TSR, 1);
    assert_eq!((can.irq_lines(), can.read(TSR)), (0, 0x1c00_0000));
}

#[test]
fn the_lowest_identifier_goes_first_or_the_first_request() {
    for (txfp, expected) in [(0, "700#\n100#\n200#\n"), (TXFP, "700#\n200#\n100#\n")] {
        let mut can = node(&[], 0, txfp);
        send(&mut can, 0, "700#"); // on the bus already
        send(&mut can, 1, "200#");
        send(&mut can, 2, "100#");
        assert_eq!(can.read(TSR) >> 26 & 7, 0, "none is empty");
        can.run_until(10_000);
        assert_eq!(String::from_utf8_lossy(can.output()), expected);
    }
}

#[test]
fn loopback_receives_what_it_sends() {
    let mut can = node(&[("acknowledge", 0)], LBKM | SILM, 0);
    can.write(IER, 2);
    send(&mut can, 1, "12345678#0102030405060708");
    can.run_until(10_000);
    assert_eq!((can.irq_lines(), can.output()), (2, &b""[..]));
    assert_eq!(receive(&mut can, 0).as_deref(), Some("12345678#0102030405060708"));
    assert_eq!((can.irq_lines(), receive(&mut can, 0)), (0, None));
}

#[test]
fn a_fifo_holds_three_and_overruns() {
    for (rflm, third) in [(0, "004#"), (RFLM, "003#")] {
        let mut can = node(&[], 0, rflm);
        can.write(IER, 1 << 3);
        can.input(b"001#\n002#\n003#");
        can.input(b"\nnonsense\n004#\n");
        can.run_until(3 * SHORT);
        assert_eq!((can.read(RF0R), can.irq_lines()), (3 | FULL, 0));
        can.run_until(4 * SHORT);
        assert_eq!((can.read(RF0R), can.irq_lines()), (3 | FULL | FOVR, 2));
        can.write(RF0R, FULL | FOVR);
        let frames: Vec<_> = std::iter::from_fn(|| receive(&mut can, 0)).collect();
        assert_eq!(
            (frames.as_slice(), can.irq_lines()),
            (["001#", "002#", third].map(str::to_owned).as_slice(), 0)
        );
    }
}

#[test]
fn without_acknowledge_it_tries_again_and_becomes_passive() {
    let mut can = node(&[("acknowledge", 0)], 0, 0);
    can.write(IER, 0x8100); // ERRIE, EWGIE
    send(&mut can, 0, "001#");
    can.run_until(SHORT);
    assert_eq!((can.read(ESR), can.read(TSR) >> 26 & 1, can.irq_lines()), (8 << 16 | 3 << 4, 0, 0));
    can.run_until(12 * SHORT);
    assert_eq!((can.read(ESR), can.irq_lines()), (96 << 16 | 3 << 4 | 1, 8));
    can.write(MSR, ERRI);
    assert_eq!(can.irq_lines(), 0);
    can.jump(1 << 40);
    assert_eq!((can.read(ESR), can.next_wake()), (128 << 16 | 3 << 4 | 3, None));
    can.write(TSR, 1 << 7);
    can.run_until(can.now() + SHORT);
    assert_eq!((can.read(TSR), can.output()), (0x1c00_0009, &b""[..]), "aborted");
}

#[test]
fn without_automatic_retransmission_it_tries_once() {
    let mut can = node(&[("acknowledge", 0)], 0, NART);
    send(&mut can, 2, "001#");
    can.run_until(SHORT);
    assert_eq!((can.read(TSR), can.next_wake()), (0x1c09_0000, None));
    let mut can = node(&[], 0, NART);
    can.input(b"001#\n");
    can.input(b"010#\n");
    send(&mut can, 0, "020#");
    can.run_until(10_000);
    assert_eq!((can.read(TSR), can.output()), (0x1c00_0005, &b""[..]), "arbitration lost");
}

#[test]
fn a_silent_node_only_listens() {
    let mut can = node(&[], SILM, 0);
    send(&mut can, 0, "001#");
    can.input(b"010#\n");
    can.run_until(10_000);
    assert_eq!(receive(&mut can, 0).as_deref(), Some("010#"));
    assert_eq!((can.read(TSR) >> 26 & 1, can.output()), (0, &b""[..]));
}

#[test]
fn initialization_and_sleep_wait_for_the_bus() {
    let mut can = node(&[], 0, 0);
    can.write(IER, WKUIE | SLKIE);
    send(&mut can, 0, "001#");
    can.write(MCR, INRQ);
    assert_eq!(can.read(MSR) & 1, 0);
    can.run_until(SHORT);
    assert_eq!(can.read(MSR) & 1, 1);
    can.write(MCR, SLEEP | AWUM);
    assert_eq!((can.read(MSR), can.irq_lines()), (0xc02 | SLAKI, 8));
    can.write(MSR, SLAKI);
    can.input(b"001#\n");
    assert_eq!((can.read(MSR), can.irq_lines()), (0xc00 | WKUI, 8));
    can.write(MCR, RESET);
    assert_eq!((can.read(MCR), can.read(MSR)), (0x1_0002, 0xc02));
}

#[test]
fn the_second_controller_uses_the_filters_of_the_first() {
    let mut can = Testbed::with_options("stm32-can", &[("filters", 0), ("filters-at", World::RAM)]);
    can.write(FMR, 0);
    assert_eq!(can.read(FMR), 0);
    let mut filters = |offset: u32, value: u32| {
        can.world.bytes(World::RAM + offset, 4).unwrap().copy_from_slice(&value.to_le_bytes());
    };
    filters(0x200, 20 << 8);
    filters(0x20c, 1 << 20);
    filters(0x214, 1 << 20);
    filters(0x21c, 1 << 20);
    can.write(MCR, INRQ);
    can.write(BTR, LBKM);
    can.write(MCR, 0);
    send(&mut can, 0, "005#");
    can.run_until(1000);
    assert_eq!(receive(&mut can, 1).as_deref(), Some("005#"));
}
