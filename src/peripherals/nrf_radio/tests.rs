use super::*;
use crate::peripherals::testbed::{Testbed, World};

#[test]
fn a_packet_is_sent_and_the_radio_is_off_again() {
    let mut radio = Testbed::new("nrf-radio");
    radio.world.bytes(World::RAM, 3).unwrap().copy_from_slice(&[0x42, 5, 1]);
    radio.write(PACKETPTR, World::RAM);
    radio.write(MODE, 3);
    radio.write(PCNF0, 8 | 1 << 8);
    radio.write(PCNF1, 37 | 3 << 16);
    radio.write(CRCCNF, 3);
    radio.write(0x200, 0b11);
    radio.write(0x304, 1 << DISABLED);
    radio.write(4 * TXEN, 1);
    assert_eq!(radio.read(STATE), TX_RAMP_UP);
    radio.run_until(RAMP_UP);
    assert_eq!((radio.read(STATE), radio.take_pulses()), (TX, vec![READY, TXREADY]));
    radio.run_until(RAMP_UP + 5 * 8);
    assert_eq!(radio.take_pulses(), [ADDRESS, FRAMESTART]);
    radio.run_until(RAMP_UP + (5 + 7) * 8);
    assert_eq!(radio.take_pulses(), [PAYLOAD]);
    radio.run_until(RAMP_UP + (5 + 7 + 3) * 8);
    assert_eq!((radio.take_pulses(), radio.read(STATE)), (vec![END, PHYEND], TX_DISABLE));
    radio.run_until(1000);
    assert_eq!((radio.take_pulses(), radio.read(STATE), radio.irq_lines()), (vec![DISABLED], OFF, 1));
}

#[test]
fn the_bit_counter_matches_what_is_sent() {
    let mut radio = Testbed::new("nrf-radio");
    radio.write(PCNF1, 10 | 10 << 8); // a payload of ten bytes
    radio.write(MODE, 1); // 2 Mbit
    radio.write(BCC, 30);
    radio.write(0x200, 1 | 1 << 1 | 1 << 6);
    radio.write(4 * TXEN, 1);
    radio.run_until(RAMP_UP + 2 * 4 + 15 - 1);
    assert_eq!(radio.take_pulses(), [READY, TXREADY, ADDRESS, FRAMESTART]);
    radio.run_until(RAMP_UP + 2 * 4 + 15);
    assert_eq!(radio.take_pulses(), [BCMATCH]);
    radio.write(BCC, 1000);
    radio.run_until(1000);
    radio.write(4 * TXEN, 1);
    radio.run_until(2000);
    assert_eq!((radio.read(STATE), radio.next_wake()), (OFF, None));
    assert!(!radio.take_pulses().contains(&BCMATCH), "there were not so many");
}

#[test]
fn nothing_is_ever_received() {
    let mut radio = Testbed::new("nrf-radio");
    radio.write(0x200, 1);
    radio.write(4 * RXEN, 1);
    radio.run_until(1_000_000);
    assert_eq!((radio.take_pulses(), radio.read(STATE)), (vec![READY, RXREADY], RX));
    radio.write(4 * RSSISTART, 1);
    radio.run_until(1_000_100);
    assert_eq!((radio.take_pulses(), radio.read(RSSISAMPLE)), (vec![RSSIEND], SILENCE));
    radio.write(4 * DISABLE, 1);
    radio.run_until(1_000_200);
    assert_eq!(radio.take_pulses(), [DISABLED]);
}

#[test]
fn shortcuts_that_never_end_do_not_hang() {
    let mut radio = Testbed::new("nrf-radio");
    radio.write(0x200, 1 | 1 << 5);
    radio.write(4 * TXEN, 1);
    radio.jump(1 << 40);
    assert!(radio.next_wake().is_some_and(|wake| wake > radio.now()));
}
