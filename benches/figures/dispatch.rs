//! What an access to a device costs the bus, with few devices and with many.

use std::time::Duration;

use untick::{
    peripherals::{Bus, Dma, Kind, Mount},
    words::{BusFault, Width},
};

use super::{
    Bench,
    clock::{by_turns, processor},
    figure::Figure,
};

/// No memory.
struct Nothing;

impl Dma for Nothing {
    fn read(&mut self, _address: u32, _bytes: &mut [u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }

    fn write(&mut self, _address: u32, _bytes: &[u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }
}

const BASE: u32 = 0x4000_0000;
const STEP: u32 = 0x1000;
const ACCESSES: u32 = 2_000_000;

/// Timers that all run, so that each wants to be woken at another time.
fn bus(devices: u32) -> Bus {
    let kind = Kind::find("cmsdk-timer").expect("the kind is in the table");
    let mount = |number: u32| Mount {
        name: format!("timer{number}"),
        base: BASE + number * STEP,
        size: STEP,
        targets: Vec::new(),
        transmits: None,
        clock: None,
        device: (kind.build)(&kind.wiring(1_000_000)),
    };
    let mut bus = Bus::new((0..devices).map(mount).collect(), None, Vec::new()).expect("they do not overlap");
    for number in 0..devices {
        let base = BASE + number * STEP;
        for (register, value) in [(8, 1_000_000 + number), (0, 9)] {
            bus.write(base + register, Width::Word, value, 0, &mut Nothing).expect("a register");
        }
    }
    bus
}

/// Accesses to the first and the last device by turns; every second one moves its wake-up.
fn accesses(bus: &mut Bus, devices: u32) -> Duration {
    let ends = [BASE, BASE + (devices - 1) * STEP];
    let (time, ()) = processor(|| {
        for count in 0..ACCESSES / 2 {
            let base = ends[(count & 1) as usize];
            bus.write(base + 8, Width::Word, 1_000_000 + count, u64::from(count), &mut Nothing)
                .expect("a register");
            bus.read(base + 4, Width::Word, u64::from(count), &mut Nothing).expect("a register");
        }
    });
    time
}

/// The same accesses on a bus with 5 devices and with 80.
pub fn dispatch(_: &Bench) -> Vec<Figure> {
    let (mut few, mut many) = (bus(5), bus(80));
    let [five, eighty] = by_turns(7, [&mut || accesses(&mut few, 5), &mut || accesses(&mut many, 80)]);
    let nanoseconds = |time: Duration| time.as_nanos() as f64 / f64::from(ACCESSES);
    let (five, eighty) = (nanoseconds(five), nanoseconds(eighty));
    let value = format!("{five:.0} and {eighty:.0} ns: {:.2}", eighty / five);
    vec![
        Figure::new("an access on the bus, 5 devices and 80", value)
            .target("≈ 1")
            .how("running timers, two in turn, half of the accesses move a wake-up; processor time"),
    ]
}
