use super::*;
use crate::{svd::Field, words::Width};

fn register(address: u32, reset_value: u32, behaviour: Behaviour, fields: &[(&str, u32, u32)]) -> Register {
    let fields = fields.iter().map(|&(name, lowest, width)| Field { name: name.to_owned(), lowest, width });
    Register {
        name: format!("PMC.R{address:x}"),
        address,
        size: 4,
        reset_value,
        reset_mask: u32::MAX,
        readable: true,
        writable: true,
        behaviour,
        fields: fields.collect(),
    }
}

const AT: Access = Access { offset: 0x40, width: Width::Word };

/// Reads until the value is another one; gives it, and how many reads that took.
fn wait(bank: &Bank, contents: &mut Contents, now: &mut Cycle, wanted: impl Fn(u32) -> bool) -> (u32, u32) {
    for reads in 1..2000 {
        *now += 10;
        let value = bank.read(contents, AT, *now).unwrap();
        if wanted(value) {
            return (value, reads);
        }
    }
    panic!("the loop never ended");
}

#[test]
fn a_loop_gets_the_flag_that_it_waits_for_and_the_flag_stays() {
    let fields = [("ERROR", 0, 1), ("XTALRDY", 4, 1), ("OTHER", 5, 1)];
    let bank = Bank::new([register(0x40, 0, Behaviour::default(), &fields)], Policy::Guess);
    let (mut contents, mut now) = (Contents::default(), 0);
    let (value, reads) = wait(&bank, &mut contents, &mut now, |value| value & 0x10 != 0);
    assert_eq!((value, reads), (0x10, PATIENCE), "the first one that is tried");
    assert_eq!(bank.read(&mut contents, AT, now + 100_000), Ok(0x10), "the oscillator is still ready");
    let guesses: Vec<String> = bank.guesses(&contents).iter().map(Guess::to_string).collect();
    assert_eq!(guesses, ["PMC.R40: XTALRDY=1"]);
}

#[test]
fn a_write_that_follows_at_once_ends_the_loop_as_well() {
    let bank = Bank::new([register(0x40, 0, Behaviour::default(), &[("RDY", 4, 1)])], Policy::Guess);
    let (mut contents, mut now) = (Contents::default(), 0);
    wait(&bank, &mut contents, &mut now, |value| value & 0x10 != 0);
    let other = Access { offset: 0x44, width: Width::Word };
    bank.write(&mut contents, other, 1, now + 1).unwrap();
    assert_eq!(bank.read(&mut contents, AT, now + 2), Ok(0x10));
    assert_eq!(bank.guesses(&contents).len(), 1);
}

#[test]
fn every_field_has_its_turn_and_what_was_learnt_comes_sooner() {
    let bank =
        Bank::new([register(0x40, 0, Behaviour::default(), &[("A", 0, 1), ("MODE", 4, 2)])], Policy::Guess);
    let (mut contents, mut now) = (Contents::default(), 0);
    let (value, _) = wait(&bank, &mut contents, &mut now, |value| value >> 4 == 2);
    assert_eq!(value, 0x20);
    now += 100_000;
    bank.write(&mut contents, AT, 0, now).unwrap();
    let (_, reads) = wait(&bank, &mut contents, &mut now, |value| value >> 4 == 2);
    assert_eq!(reads, PATIENCE_OF_THE_TAUGHT);
}

#[test]
fn without_an_svd_file_bits_are_tried_and_a_clear_bit_too() {
    let bank = Bank::new([], Policy::Guess);
    let (mut contents, mut now) = (Contents::default(), 0);
    wait(&bank, &mut contents, &mut now, |value| value >> 31 != 0);
    bank.write(&mut contents, AT, 0x80, now + 100_000).unwrap();
    now += 100_000;
    let (value, _) = wait(&bank, &mut contents, &mut now, |value| value & 0x80 == 0);
    assert_eq!(value & 0x80, 0);
}

#[test]
fn a_register_that_is_looked_at_now_and_then_is_no_loop() {
    let bank = Bank::new([], Policy::Guess);
    let mut contents = Contents::default();
    for turn in 1..1000 {
        assert_eq!(bank.read(&mut contents, AT, turn * 2 * TURN), Ok(0));
    }
    assert!(bank.guesses(&contents).is_empty());
}

#[test]
fn strict_faults_and_reset_never_guesses() {
    let strict = Bank::new([], Policy::Strict);
    assert_eq!(strict.read(&mut Contents::default(), AT, 0), Err(BusFault));
    assert_eq!(strict.write(&mut Contents::default(), AT, 0, 0), Err(BusFault));
    let reset = Bank::new([register(0x40, 7, Behaviour::default(), &[])], Policy::Reset);
    let mut contents = Contents::default();
    for now in 0..1000 {
        assert_eq!(reset.read(&mut contents, AT, now), Ok(7));
    }
}

#[test]
fn bits_do_what_the_file_says() {
    let behaviour =
        Behaviour { one_to_clear: 0x0f, read_only: 0xf0, read_clears: 0x100, ..Behaviour::default() };
    let bank = Bank::new([register(0x40, 0x1ff, behaviour, &[])], Policy::Reset);
    let mut contents = Contents::default();
    bank.write(&mut contents, AT, 0x103, 0).unwrap();
    assert_eq!(bank.look(&contents, AT), 0x1fc);
    assert_eq!(bank.read(&mut contents, AT, 0), Ok(0x1fc));
    assert_eq!(bank.read(&mut contents, AT, 0), Ok(0x0fc));
    let byte = Access { offset: 0x40, width: Width::Byte };
    bank.write(&mut contents, byte, 0x0c, 0).unwrap();
    assert_eq!(bank.look(&contents, AT), 0x0f0);
}
