//! nRF PPI (nRF51 Series Reference Manual 3.0, chapter 16; nRF52840 Product Specification 1.1, 6.16): events of peripherals
//! trigger tasks of others. A task that is triggered so is a write to its register.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Port, Wiring},
    nrf_events::task,
};
use crate::words::BusFault;

const CHEN: u32 = 0x500;
const CHENSET: u32 = 0x504;
const CHENCLR: u32 = 0x508;
const CH: u32 = 0x510;
const CHG: u32 = 0x800;
const FORK: u32 = 0x910;

/// Channels that software connects, at most.
const FREE: usize = 20;
/// The first channel that is connected for ever.
const FIXED: usize = 20;
const CHANNELS: usize = 32;
const GROUPS: usize = 6;

/// The PPI itself, which also has tasks.
const PPI: u32 = 0x4001_f000;

/// Channels 20 to 31: EEP and TEP (6.16.1).
const FIXED_CHANNELS: [(u32, u32); CHANNELS - FIXED] = [
    (0x4000_8140, 0x4000_1000), // TIMER0 COMPARE[0], RADIO TXEN
    (0x4000_8140, 0x4000_1004), // TIMER0 COMPARE[0], RADIO RXEN
    (0x4000_8144, 0x4000_1010), // TIMER0 COMPARE[1], RADIO DISABLE
    (0x4000_1128, 0x4000_f000), // RADIO BCMATCH, AAR START
    (0x4000_1100, 0x4000_f000), // RADIO READY, CCM KSGEN
    (0x4000_1104, 0x4000_f004), // RADIO ADDRESS, CCM CRYPT
    (0x4000_1104, 0x4000_8044), // RADIO ADDRESS, TIMER0 CAPTURE[1]
    (0x4000_110c, 0x4000_8048), // RADIO END, TIMER0 CAPTURE[2]
    (0x4000_b140, 0x4000_1000), // RTC0 COMPARE[0], RADIO TXEN
    (0x4000_b140, 0x4000_1004), // RTC0 COMPARE[0], RADIO RXEN
    (0x4000_b140, 0x4000_800c), // RTC0 COMPARE[0], TIMER0 CLEAR
    (0x4000_b140, 0x4000_8000), // RTC0 COMPARE[0], TIMER0 START
];

pub(super) const KIND: Kind = Kind {
    name: "nrf-ppi",
    about: "nRF programmable peripheral interconnect (nRF51 RM 16, nRF52840 PS 6.16)",
    size: 0x1000,
    layouts: &[Layout::of(&[("CHEN", CHEN), ("CHENSET", CHENSET), ("CHENCLR", CHENCLR)])],
    describe: |described| {
        let there = |n: &u32| described.register(CH + 8 * n).is_some();
        vec![("channels", (0..FREE as u32).take_while(there).count() as u32)]
    },
    inputs: &[Port { name: "event", count: 64 * 32 }],
    options: &[KindOption { name: "channels", about: "channels to connect: 16 or 20", default: 20 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let free = (wiring.option("channels") as usize).min(FREE);
        Box::new(Slot::new(NrfPpi { channels: ((1 << free) - 1) | u32::MAX << FIXED }))
    },
    ..Kind::PLAIN
};

struct NrfPpi {
    /// The channels that there are, a bit each.
    channels: u32,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    chen: u32,
    eep: [u32; FREE],
    tep: [u32; FREE],
    chg: [u32; GROUPS],
    fork: [u32; CHANNELS],
}

/// The input that the event of an address arrives at: 32 events for each peripheral.
fn input_of(eep: u32) -> Option<u32> {
    let event = (eep & 0xfff).checked_sub(0x100).filter(|offset| *offset < 0x80)?;
    (eep >> 18 == 0x4000_0000 >> 18).then_some((eep >> 12 & 0x3f) * 32 + event / 4)
}

impl State {
    /// A register that holds what is written.
    fn register(&mut self, register: u32) -> Option<&mut u32> {
        let index = |from: u32, size: u32| (register.wrapping_sub(from) / size) as usize;
        match register {
            CH..CHG if register & 4 == 0 => self.eep.get_mut(index(CH, 8)),
            CH..CHG => self.tep.get_mut(index(CH, 8)),
            CHG..FORK => self.chg.get_mut(index(CHG, 4)),
            FORK.. => self.fork.get_mut(index(FORK, 4)),
            _ => None,
        }
    }

    /// The tasks EN and DIS of the groups.
    fn trigger(&mut self, task: u32) {
        let Some(group) = self.chg.get((task / 2) as usize) else { return };
        match task % 2 {
            0 => self.chen |= group,
            _ => self.chen &= !group,
        }
    }

    /// The event and the tasks of a channel.
    fn channel(&self, channel: usize) -> (u32, [u32; 2]) {
        let (eep, tep) = match channel.checked_sub(FIXED) {
            Some(fixed) => FIXED_CHANNELS[fixed],
            None => (self.eep[channel], self.tep[channel]),
        };
        (eep, [tep, self.fork[channel]])
    }
}

impl Peripheral for NrfPpi {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CHEN | CHENSET | CHENCLR => s.chen,
            register => s.register(register).map_or(0, |value| *value),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        if let Some(task) = task(at, value) {
            s.trigger(task);
        }
        match at.register() {
            CHEN => s.chen = at.merge(s.chen, value) & self.channels,
            CHENSET => s.chen |= at.place(value) & self.channels,
            CHENCLR => s.chen &= !at.place(value),
            register => {
                let mask = if (CHG..FORK).contains(&register) { self.channels } else { u32::MAX };
                if let Some(held) = s.register(register) {
                    *held = at.merge(*held, value) & mask;
                }
            }
        }
        Ok(())
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        if !level.is_high() {
            return;
        }
        // What the tasks of groups change holds from the next event on.
        let enabled = s.chen;
        let channels = (0..CHANNELS).filter(|channel| enabled >> channel & 1 != 0);
        let channels: Vec<[u32; 2]> = channels
            .map(|channel| s.channel(channel))
            .filter(|(eep, _)| input_of(*eep) == Some(input))
            .map(|(_, tasks)| tasks)
            .collect();
        for task in channels.into_iter().flatten().filter(|task| *task != 0) {
            if task & !0xfff == PPI {
                s.trigger((task & 0xfff) / 4);
            } else {
                // Where there is no task, nothing happens.
                let _ = cx.dma.write(task & !3, &1u32.to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    /// Channel 3 from TIMER1 COMPARE[1] to GPIOTE OUT[2].
    fn ppi() -> Testbed {
        let mut ppi = Testbed::new("nrf-ppi");
        ppi.write(CH + 8 * 3, 0x4000_9144);
        ppi.write(CH + 8 * 3 + 4, 0x4000_6008);
        ppi.write(CHENSET, 1 << 3);
        ppi
    }

    const EVENT: u32 = 9 * 32 + 17;

    #[test]
    fn an_event_triggers_the_task_of_its_channel() {
        let mut ppi = ppi();
        ppi.wire(EVENT + 1, Level::Pulse);
        assert_eq!(ppi.world.written, []);
        ppi.wire(EVENT, Level::Pulse);
        assert_eq!(ppi.world.written, [(0x4000_6008, 1)]);
        ppi.write(FORK + 4 * 3, 0x4000_800c);
        ppi.wire(EVENT, Level::Pulse);
        assert_eq!(ppi.world.written[1..], [(0x4000_6008, 1), (0x4000_800c, 1)]);
        ppi.write(CHENCLR, 1 << 3);
        ppi.wire(EVENT, Level::Pulse);
        assert_eq!((ppi.read(CHEN), ppi.world.written.len()), (0, 3));
    }

    #[test]
    fn a_group_switches_channels_also_by_itself() {
        let mut ppi = ppi();
        ppi.write(CHG + 4, 1 << 3 | 1 << 20);
        ppi.write(CH, 0x4000_9144);
        ppi.write(CH + 4, PPI + 12);
        ppi.write(CHENSET, 1);
        ppi.wire(EVENT, Level::Pulse);
        assert_eq!((ppi.read(CHEN), ppi.world.written.len()), (1, 1), "it was enabled when the event came");
        ppi.write(8, 1);
        assert_eq!(ppi.read(CHENSET), 1 << 20 | 1 << 3 | 1);
    }

    #[test]
    fn fixed_channels_are_connected_from_the_start() {
        let mut ppi = Testbed::with_options("nrf-ppi", &[("channels", 16)]);
        ppi.write(CHEN, u32::MAX);
        assert_eq!(ppi.read(CHEN), 0xfff0_ffff);
        ppi.wire(0xb * 32 + 16, Level::Pulse);
        let tasks: Vec<u32> = ppi.world.written.iter().map(|(address, _)| *address).collect();
        assert_eq!(tasks, [0x4000_1000, 0x4000_1004, 0x4000_800c, 0x4000_8000]);
    }
}
