//! Text that left the chip: found where the console got its last byte.

use std::collections::BTreeMap;

use untick::{
    machine::semihosting::{sends, sent},
    peripherals::Dma,
    pins::Event,
    timeline::{Finding, Query, Timeline},
    words::{BusFault, Icount},
};

use crate::common::{Fixture, Random, Recording, for_each_fixture};

struct Peek<'a>(&'a Timeline);

impl Dma for Peek<'_> {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        self.0.peek(address, bytes)
    }
    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }
}

/// All bytes that were sent, in order: who, when, what.
fn sent_bytes(fixture: &Fixture, recording: &Recording) -> Vec<(String, Icount, u8)> {
    let wires = fixture.board().wires();
    let mut timeline = recording.replay();
    let mut all = Vec::new();
    for stamped in recording.events() {
        let at = stamped.icount;
        match stamped.event {
            Event::Write { address: 0xe000_0000, width, value, .. } => {
                let bytes = value.to_le_bytes();
                all.extend(bytes[..width.bytes() as usize].iter().map(|byte| ("itm0".to_owned(), at, *byte)));
            }
            Event::Write { address, value, .. } => {
                let address = wires.canonical(address);
                let transmitter = wires.transmitters().iter().find(|wire| wire.address == address);
                all.extend(transmitter.map(|wire| (wire.device.clone(), at, value as u8)));
            }
            Event::Output { device, bytes } => {
                all.extend(bytes.into_iter().map(|byte| (device.clone(), at, byte)));
            }
            Event::Host { operation, result } if sends(operation) => {
                timeline.seek(at).unwrap();
                let parameter = timeline.registers().r[1];
                let sent = sent(operation, parameter, result.r0, &mut Peek(&timeline)).unwrap();
                let sender =
                    sent.handle.map_or("semihosting".into(), |handle| format!("semihosting {handle}"));
                all.extend(sent.bytes.into_iter().map(|byte| (sender.clone(), at, byte)));
            }
            _ => {}
        }
    }
    all
}

/// Fixtures that overrun a transmitter: what was stored is not all sent.
const LOSES: [&str; 2] = ["periph-mps2", "periph-an505"];

/// Whether a text is what remains of another one without some of its characters.
fn contains_in_order(text: &str, part: &str) -> bool {
    let mut rest = text.chars();
    part.chars().all(|wanted| rest.any(|c| c == wanted))
}

#[test]
fn what_was_printed_is_found_at_its_last_byte() {
    for_each_fixture(|fixture| {
        let recording = fixture.recording();
        let mut random = Random::new(&fixture.name);
        let all = sent_bytes(fixture, &recording);
        // What is written to files does not reach the console.
        if !["newlib", "hello"].iter().any(|name| fixture.name.starts_with(name)) {
            let text: Vec<u8> = all.iter().map(|(.., byte)| *byte).collect();
            let text = String::from_utf8_lossy(&text);
            if LOSES.iter().any(|name| fixture.name.starts_with(name)) {
                assert!(contains_in_order(&text, &recording.printed), "{}: {text}", fixture.name);
            } else {
                assert_eq!(text, recording.printed, "{}", fixture.name);
            }
        }
        let mut senders: BTreeMap<&str, Vec<(Icount, u8)>> = BTreeMap::new();
        for (sender, icount, byte) in &all {
            senders.entry(sender).or_default().push((*icount, *byte));
        }
        if senders.is_empty() {
            return;
        }
        let names: Vec<&str> = senders.keys().copied().collect();
        let mut timeline = recording.replay();
        for position in recording.positions(10, &mut random).into_iter().chain([recording.end]) {
            let stream = &senders[random.choose(&names)];
            let start = random.below(stream.len() as u64) as usize;
            let length = random.choose(&[1, 2, 4, 9]).min(stream.len() - start);
            let text: Vec<u8> = stream[start..start + length].iter().map(|(_, byte)| *byte).collect();
            let last_of = |stream: &Vec<(Icount, u8)>| {
                let earlier = &stream[..stream.partition_point(|(icount, _)| *icount < position)];
                let found = earlier
                    .windows(length)
                    .rfind(|window| window.iter().map(|(_, byte)| *byte).eq(text.iter().copied()))?;
                Some(found[length - 1].0)
            };
            let expected = senders.values().filter_map(last_of).max();
            timeline.seek(position).unwrap();
            let answer = timeline.last(&Query::Output { text: text.clone() }).unwrap();
            let what = format!("{}: {:?} before {position}", fixture.name, String::from_utf8_lossy(&text));
            assert_eq!(timeline.now().icount, position, "{what}");
            assert_eq!(answer.as_ref().map(|answer| answer.at.icount), expected, "{what}");
            let Some(answer) = answer else { continue };
            let Finding::Sent { sender } = answer.finding else { panic!("{answer:?}") };
            assert_eq!(last_of(&senders[&*sender]), expected, "{what}");
        }
    });
}
