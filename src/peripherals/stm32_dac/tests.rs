use super::*;
use crate::{
    peripherals::testbed::Testbed,
    svd::{Register, Svd},
};

#[test]
fn alignments_are_twelve_bits_or_a_byte() {
    let mut dac = Testbed::new("stm32-dac");
    dac.write(CR, EN | EN << 16);
    dac.write(DHR12R1, 0x1234);
    assert_eq!(dac.read(DOR1), 0x234);
    dac.write(DHR12R1 + 4, 0x5678);
    assert_eq!(dac.read(DOR1), 0x567);
    dac.write(DHR12R1 + 8, 0x9a);
    assert_eq!((dac.read(DOR1), dac.read(DHR12R1)), (0x9a0, 0x9a0));
    dac.write(DHR12LD, 0x1230_4560);
    assert_eq!((dac.read(DOR1), dac.read(DOR2), dac.read(DHR12RD)), (0x456, 0x123, 0x0123_0456));
    dac.write(DHR8RD, 0x1122);
    assert_eq!((dac.read(DOR1), dac.read(DOR2), dac.read(0x1c)), (0x220, 0x110, 0x11));
}

#[test]
fn a_trigger_converts_and_asks_for_the_next_value() {
    let mut dac = Testbed::new("stm32-dac");
    dac.write(CR, EN | TEN | 4 << 3 | DMAEN);
    dac.write(DHR12R1, 0x123);
    assert_eq!((dac.read(DOR1), dac.outputs()), (0, 0));
    dac.wire(3, Level::Pulse);
    assert_eq!(dac.read(DOR1), 0);
    dac.wire(4, Level::Pulse);
    assert_eq!((dac.read(DOR1), dac.outputs()), (0x123, 1));
    dac.write(DHR12R1, 0x124);
    assert_eq!(dac.outputs(), 0);
}

#[test]
fn an_unanswered_request_is_an_underrun() {
    let mut dac = Testbed::new("stm32-dac");
    dac.write(CR, EN | TEN | DMAEN | DMAUDRIE);
    for underruns in [0, 1] {
        dac.wire(0, Level::High);
        dac.wire(0, Level::Low);
        assert_eq!(dac.irq_lines(), underruns);
    }
    dac.write(SR, DMAUDR);
    assert_eq!(dac.irq_lines(), 0);
}

#[test]
fn an_f1_goes_on_after_a_request_that_came_too_late() {
    let svd = Svd::built_in("stm32f1.svd").unwrap();
    let registers = svd.registers(0x4000_7400..0x4000_7800);
    let registers = registers.map(|r| Register { address: r.address - 0x4000_7400, ..r.clone() });
    let mut dac = Testbed::with_registers("stm32-dac", registers.collect());
    dac.write(CR, EN | TEN | DMAEN);
    for _ in 0..2 {
        dac.wire(0, Level::Pulse);
        dac.wire(0, Level::Pulse);
        assert_eq!((dac.outputs(), dac.read(SR)), (1, 0));
        dac.write(DHR12R1, 1);
        assert_eq!(dac.outputs(), 0);
    }
}

#[test]
fn a_trigger_by_software_asks_for_nothing() {
    let mut dac = Testbed::new("stm32-dac");
    dac.write(CR, EN | TEN | SOFTWARE << 3 | DMAEN);
    dac.write(DHR12R1, 0x123);
    dac.write(SWTRIGR, 1);
    dac.write(SWTRIGR, 1);
    assert_eq!((dac.read(DOR1), dac.outputs(), dac.read(SR)), (0x123, 0, 0));
}

#[test]
fn software_triggers_both_channels() {
    let mut dac = Testbed::new("stm32-dac");
    let channel = EN | TEN | SOFTWARE << 3;
    dac.write(CR, channel | channel << 16);
    dac.write(DHR12RD, 0x0022_0011);
    dac.write(SWTRIGR, 2);
    assert_eq!((dac.read(DOR1), dac.read(DOR2), dac.read(SWTRIGR)), (0, 0x22, 0));
    dac.write(SWTRIGR, 1);
    assert_eq!(dac.read(DOR1), 0x11);
}

#[test]
fn a_triangle_goes_up_and_down() {
    let mut dac = Testbed::new("stm32-dac");
    dac.write(CR, EN | TEN | SOFTWARE << 3 | 2 << 6 | 1 << 8);
    dac.write(DHR12R1, 100);
    let values: Vec<u32> = (0..8)
        .map(|_| {
            dac.write(SWTRIGR, 1);
            dac.read(DOR1)
        })
        .collect();
    assert_eq!(values, [100, 101, 102, 103, 102, 101, 100, 101]);
}

#[test]
fn noise_is_the_same_every_time_and_never_stands_still() {
    let mut dac = Testbed::new("stm32-dac");
    dac.write(CR, EN | TEN | SOFTWARE << 3 | 1 << 6 | 11 << 8);
    let values: Vec<u32> = (0..4)
        .map(|_| {
            dac.write(SWTRIGR, 1);
            dac.read(DOR1)
        })
        .collect();
    assert_eq!(values, [0xaaa, 0xd55, 0xeaa, 0xf55]);
}
