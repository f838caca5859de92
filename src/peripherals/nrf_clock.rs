//! nRF CLOCK and POWER, which share one place (nRF51 Series Reference Manual 3.0, chapters 12 and 13). Oscillators start
//! and calibrations end at once; there is no brown-out. SYSTEMOFF only remembers that it was written.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Wiring},
    nrf_events::{Events, LFCLK_HZ, lfclk_cycle, task},
};
use crate::words::{BusFault, Cycle};

const RESETREAS: u32 = 0x400;
const HFCLKRUN: u32 = 0x408;
const HFCLKSTAT: u32 = 0x40c;
const LFCLKRUN: u32 = 0x414;
const LFCLKSTAT: u32 = 0x418;
const LFCLKSRCCOPY: u32 = 0x41c;
const RAMSTATUS: u32 = 0x428;
const SYSTEMOFF: u32 = 0x500;
const POFCON: u32 = 0x510;
const LFCLKSRC: u32 = 0x518;
const GPREGRET: u32 = 0x51c;
const RAMON: u32 = 0x524;
const CTIV: u32 = 0x538;
const RESET: u32 = 0x544;
const XTALFREQ: u32 = 0x550;
const RAMONB: u32 = 0x554;
const DCDCEN: u32 = 0x578;

const HFCLKSTARTED: u32 = 0;
const LFCLKSTARTED: u32 = 1;
const DONE: u32 = 3;
const CTTO: u32 = 4;
/// HFCLKSTARTED, LFCLKSTARTED, POFWARN, DONE, CTTO.
const EXIST: u32 = 0b1_1111;

const RUNS: u32 = 1 << 16;

pub(super) const KIND: Kind = Kind {
    name: "nrf-clock",
    about: "nRF CLOCK and POWER (nRF51 RM 12, 13)",
    size: 0x1000,
    irqs: &["power-clock"],
    options: &[KindOption { name: "ram-blocks", about: "RAM blocks that RAMSTATUS shows", default: 2 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfClock {
            clock_hz: u64::from(wiring.clock_hz.max(1)),
            ram_status: 1u32.checked_shl(wiring.option("ram-blocks")).map_or(u32::MAX, |bit| bit - 1),
        }))
    },
    ..Kind::PLAIN
};

struct NrfClock {
    clock_hz: u64,
    ram_status: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    events: Events,
    crystal: bool,
    lfclk: bool,
    /// LFCLKSRC as it was when the clock was started.
    lfclk_source: u32,
    /// When the calibration timer was started.
    timer: Option<Cycle>,
    resetreas: u32,
    systemoff: u32,
    pofcon: u32,
    lfclksrc: u32,
    gpregret: u32,
    ramon: u32,
    ramonb: u32,
    ctiv: u32,
    reset: u32,
    xtalfreq: u32,
    dcdcen: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            events: Events::default(),
            crystal: false,
            lfclk: false,
            lfclk_source: 0,
            timer: None,
            resetreas: 0,
            systemoff: 0,
            pofcon: 0,
            lfclksrc: 0,
            gpregret: 0,
            ramon: 3,
            ramonb: 3,
            ctiv: 0,
            reset: 0,
            xtalfreq: 0xff,
            dcdcen: 0,
        }
    }
}

impl NrfClock {
    fn timeout(&self, s: &State) -> Option<Cycle> {
        // CTIV counts quarters of a second.
        let ticks = u64::from(s.ctiv.max(1)) * LFCLK_HZ / 4;
        s.timer.map(|start| start.saturating_add(lfclk_cycle(ticks, self.clock_hz)))
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        if self.timeout(s).is_some_and(|at| at <= now) {
            s.timer = None;
            s.events.set(CTTO);
        }
    }
}

fn trigger(s: &mut State, task: u32, now: Cycle) {
    match task {
        0 => {
            s.crystal = true;
            s.events.set(HFCLKSTARTED);
        }
        1 => s.crystal = false,
        2 => {
            s.lfclk = true;
            s.lfclk_source = s.lfclksrc;
            s.events.set(LFCLKSTARTED);
        }
        3 => s.lfclk = false,
        4 => s.events.set(DONE),
        5 => s.timer = Some(now),
        6 => s.timer = None,
        _ => {} // CONSTLAT and LOWPWR choose a latency
    }
}

impl Peripheral for NrfClock {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            RESETREAS => s.resetreas,
            HFCLKRUN => u32::from(s.crystal),
            HFCLKSTAT if s.crystal => RUNS | 1,
            LFCLKRUN => u32::from(s.lfclk),
            LFCLKSTAT if s.lfclk => RUNS | s.lfclk_source,
            LFCLKSRCCOPY if s.lfclk => s.lfclk_source,
            RAMSTATUS => self.ram_status,
            POFCON => s.pofcon,
            LFCLKSRC => s.lfclksrc,
            GPREGRET => s.gpregret,
            RAMON => s.ramon,
            CTIV => s.ctiv,
            RESET => s.reset,
            XTALFREQ => s.xtalfreq,
            RAMONB => s.ramonb,
            DCDCEN => s.dcdcen,
            register => s.events.read(register).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        if let Some(task) = task(at, value) {
            trigger(s, task, cx.now);
        }
        match at.register() {
            RESETREAS => s.resetreas &= !at.place(value),
            SYSTEMOFF => s.systemoff = at.place(value) & 1,
            POFCON => s.pofcon = at.merge(s.pofcon, value) & 7,
            LFCLKSRC => s.lfclksrc = at.merge(s.lfclksrc, value) & 3,
            GPREGRET => s.gpregret = at.merge(s.gpregret, value) & 0xff,
            RAMON => s.ramon = at.merge(s.ramon, value) & 0x3_0003,
            CTIV => s.ctiv = at.merge(s.ctiv, value) & 0x7f,
            RESET => s.reset = at.merge(s.reset, value) & 1,
            XTALFREQ => s.xtalfreq = at.merge(s.xtalfreq, value) & 0xff,
            RAMONB => s.ramonb = at.merge(s.ramonb, value) & 0x3_0003,
            DCDCEN => s.dcdcen = at.merge(s.dcdcen, value) & 1,
            _ => {
                s.events.write(at, value, EXIST);
            }
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        self.timeout(s).filter(|_| s.events.awaited() >> CTTO & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::{CLOCK_HZ, Testbed};

    #[test]
    fn oscillators_tell_that_they_have_started() {
        let mut clock = Testbed::new("nrf-clock");
        assert_eq!((clock.read(HFCLKSTAT), clock.read(LFCLKSTAT)), (0, 0));
        clock.write(0x304, 2);
        clock.write(LFCLKSRC, 1);
        clock.write(0x008, 1);
        clock.write(0x000, 1);
        assert_eq!((clock.read(0x100), clock.read(0x104), clock.irq_lines()), (1, 1, 1));
        assert_eq!((clock.read(HFCLKSTAT), clock.read(LFCLKSTAT)), (RUNS | 1, RUNS | 1));
        clock.write(0x00c, 1);
        assert_eq!(clock.read(LFCLKSTAT), 0);
    }

    #[test]
    fn the_calibration_timer_counts_quarters_of_a_second() {
        let mut clock = Testbed::new("nrf-clock");
        clock.write(CTIV, 2);
        clock.write(0x304, 1 << CTTO);
        clock.write(0x014, 1);
        clock.run_until(u64::from(CLOCK_HZ) / 2 - 1);
        assert_eq!(clock.irq_lines(), 0);
        clock.run_until(u64::from(CLOCK_HZ) / 2);
        assert_eq!(clock.irq_lines(), 1);
    }
}
