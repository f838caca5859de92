use super::*;
use crate::peripherals::testbed::{Testbed, World};

const RAM: u32 = World::RAM;
const DR: u32 = World::PERIPHERALS + 4;

/// Enables a channel, numbered from 1.
fn start(dma: &mut Testbed, channel: u32, ccr: Ccr, count: u32, memory: u32) {
    let base = CCR1 + STRIDE * (channel - 1);
    dma.write(base + 4, count);
    dma.write(base + 8, DR);
    dma.write(base + 12, memory);
    dma.write(base, ccr.with_en(true).into());
}

fn ccr() -> Ccr {
    Ccr::new().with_minc(true)
}

#[test]
fn it_moves_an_item_per_request() {
    let mut dma = Testbed::new("stm32-dma");
    dma.world.bytes(RAM, 4).unwrap().copy_from_slice(b"abcd");
    start(&mut dma, 4, ccr().with_dir(true).with_tcie(true).with_htie(true), 4, RAM);
    assert_eq!(dma.next_wake(), None);
    dma.wire(24, Level::High);
    dma.run_until(dma.now() + 10);
    assert_eq!(dma.world.written, [(DR, u32::from(b'a')), (DR, u32::from(b'b'))]);
    assert_eq!((dma.read(CCR1 + 3 * STRIDE + 4), dma.irq_lines()), (2, 1 << 3));
    assert_eq!(dma.read(ISR), 0x5000, "half");
    dma.wire(24, Level::Low);
    dma.run_until(1000);
    dma.write(IFCR, 0x1000);
    assert_eq!((dma.world.written.len(), dma.irq_lines()), (2, 0));
    dma.wire(31, Level::Pulse); // another request of the same channel
    dma.wire(24, Level::Pulse);
    dma.run_until(2000);
    assert_eq!((dma.read(ISR), dma.irq_lines(), dma.read(CCR1 + 3 * STRIDE) & 1), (0x3000, 1 << 3, 1));
    dma.wire(24, Level::High);
    dma.run_until(3000);
    assert_eq!(dma.world.written.len(), 4, "nothing is left to move");
}

#[test]
fn a_circular_channel_begins_again() {
    let mut dma = Testbed::new("stm32-dma");
    dma.world.reads.extend([1, 2, 3, 4, 5]);
    let ccr = ccr().with_circ(true).with_psize(1).with_msize(1);
    start(&mut dma, 1, ccr, 4, RAM);
    for _ in 0..5 {
        dma.wire(0, Level::Pulse);
        dma.run_until(dma.now() + 100);
    }
    assert_eq!(dma.world.bytes(RAM, 8).unwrap(), [5, 0, 2, 0, 3, 0, 4, 0]);
    assert_eq!((dma.read(CCR1 + 4), dma.read(ISR)), (3, 7));
}

#[test]
fn memory_to_memory_needs_no_request_and_changes_sizes() {
    let mut dma = Testbed::new("stm32-dma");
    dma.world.bytes(RAM, 20).unwrap().copy_from_slice(&std::array::from_fn::<u8, 20, _>(|n| n as u8 + 1));
    let copy = Ccr::new().with_pinc(true).with_minc(true).with_mem2mem(true).with_msize(1);
    dma.write(CCR1 + 4, 20);
    dma.write(CCR1 + 8, RAM);
    dma.write(CCR1 + 12, RAM + 0x100);
    dma.write(CCR1, copy.with_en(true).into());
    dma.run_until(500);
    assert_eq!(dma.world.bytes(RAM + 0x100, 6).unwrap(), [1, 0, 2, 0, 3, 0]);
    assert_eq!(dma.world.bytes(RAM + 0x126, 4).unwrap(), [20, 0, 0, 0]);
    assert_eq!((dma.read(ISR), dma.next_wake()), (7, None));
}

#[test]
fn a_bus_error_stops_the_channel() {
    let mut dma = Testbed::new("stm32-dma");
    start(&mut dma, 2, ccr().with_teie(true), 4, 0x1000_0000);
    dma.wire(8, Level::High);
    dma.run_until(100);
    assert_eq!((dma.read(ISR), dma.irq_lines(), dma.read(CCR1 + STRIDE) & 1), (0x90, 2, 0));
    assert_eq!(dma.next_wake(), None);
}

#[test]
fn the_higher_priority_goes_first() {
    let mut dma = Testbed::new("stm32-dma");
    dma.world.reads.extend([1, 2, 3]);
    start(&mut dma, 1, ccr(), 1, RAM);
    start(&mut dma, 2, ccr(), 1, RAM + 1);
    start(&mut dma, 3, ccr().with_pl(2), 1, RAM + 2);
    for input in [8, 0, 16] {
        dma.wire(input, Level::Pulse);
    }
    dma.run_until(100);
    assert_eq!(dma.world.bytes(RAM, 3).unwrap(), [2, 3, 1]);
}

#[test]
fn cselr_selects_the_request() {
    let mut dma = Testbed::with_options("stm32-dma", &[("select", 1)]);
    dma.write(CSELR, 0x93);
    start(&mut dma, 1, ccr(), 2, RAM);
    start(&mut dma, 2, ccr(), 2, RAM);
    dma.wire(2, Level::High);
    assert_eq!(dma.next_wake(), None);
    dma.wire(3, Level::Pulse);
    dma.wire(64 + 8 + 1, Level::Pulse);
    dma.run_until(100);
    assert_eq!((dma.read(CCR1 + 4), dma.read(CCR1 + STRIDE + 4)), (1, 1));
}
