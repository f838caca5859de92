//! The log as a whole: whatever was appended is read, everywhere and always; whatever is damaged is found.

mod damage;
mod format;
mod sections;
mod sizes;
mod streams;

use std::path::Path;

use super::*;
use crate::{
    core::{Config, CoreKind, MemoryDigest, Region, RegionKind},
    pins::{Detail, Digest, Event, Stamped},
    timeline::Outcome,
    words::{Moment, Width},
};

fn header() -> Header {
    let ram =
        Region { name: "RAM".into(), kind: RegionKind::Ram, base: 0x2000_0000, size: 1024, aliases: vec![] };
    Header {
        untick: "0.1.0".into(),
        unicorn: "2.1.5".into(),
        board: "a-board".into(),
        board_sources: vec![
            ("a-board.toml".into(), "chip = \"x\"\n".into()),
            ("x.yaml".into(), "name: x".into()),
        ],
        config: Config {
            core: CoreKind::CortexM4F,
            regions: vec![ram],
            devices: Vec::new(),
            interrupts: 82,
            priority_bits: 4,
            clock_hz: 16_000_000,
            systick_reference_divider: Some(8),
            bit_band: true,
            vector_table: 0x0800_0000,
            mpu_regions: 8,
            security_extension: false,
            halting_debug: false,
        },
        firmware_name: "firmware.elf".into(),
        firmware: b"\x7fELF and so on".to_vec(),
        load_address: None,
        arguments: vec!["firmware".into(), "--fast".into()],
    }
}

fn moment(icount: u64) -> Moment {
    Moment { icount, cycle: icount + 5 }
}

fn end(icount: u64) -> End {
    End {
        at: moment(icount),
        time: 2_000 * icount,
        outcome: Outcome::FaultLoop(0x0800_0123),
        digest: 0x1234_5678_9abc_def0,
    }
}

fn read(icount: u64, address: u32, value: u32) -> Stamped {
    Stamped { icount, event: Event::Read { address, width: Width::Word, value: Some(value) } }
}

fn write(icount: u64, address: u32, value: u32) -> Stamped {
    Stamped { icount, event: Event::Write { address, width: Width::Word, value, accepted: true } }
}

fn digest(icount: u64, value: u64) -> Stamped {
    Stamped { icount, event: Event::Digest(Digest { all: value, detail: None }) }
}

/// A digest as a recording has it, with the first of so many registers changed.
fn detailed(icount: u64, value: u64, registers: usize) -> Stamped {
    let mut detail = Detail { registers: [0x2000_0000; 18], memory: MemoryDigest::default() };
    let noise = |index: u64| value.rotate_left(7 * index as u32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    for (register, index) in detail.registers[..registers].iter_mut().zip(0..) {
        *register = noise(index) as u32;
    }
    detail.memory.sum = noise(20);
    detail.memory.weighted = noise(21) as u32;
    for (bucket, index) in detail.memory.buckets[..registers.min(8)].iter_mut().zip(30..) {
        *bucket = noise(index) as u8;
    }
    Stamped { icount, event: Event::Digest(Digest { all: value, detail: Some(Box::new(detail)) }) }
}

/// Everything from the start to the end or to an error.
fn read_all(log: &mut Log) -> (Vec<Stamped>, Option<TraceError>) {
    let (mut events, mut mark) = (Vec::new(), log.start());
    loop {
        match log.read(&mut mark) {
            Ok(Some(stamped)) => events.push(stamped),
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

/// A file with three chunks and an end record, and its events.
fn three_chunks(path: &Path) -> Vec<Stamped> {
    let mut log = Log::create(path, header()).unwrap();
    let mut events = Vec::new();
    for chunk in 0..3 {
        for index in 0..100 {
            let icount = 1000 * chunk + 7 * index;
            events.push(read(icount, 0x4000_0000, (index / 10) as u32));
            events.push(write(icount + 2, 0x4000_0004 + 4 * (index as u32 % 4), 77 * index as u32));
        }
        for stamped in &events[200 * chunk as usize..] {
            log.append(stamped).unwrap();
        }
        log.reached(moment(1000 * chunk + 900));
        log.flush().unwrap();
    }
    log.finish(end(3000)).unwrap();
    events
}
