//! nRF RADIO (nRF51 Series Reference Manual 3.0, chapter 17; nRF52840 Product Specification 1.1, 6.20) in an empty room: it sends,
//! nobody hears, and nothing is ever received. Events come at the times of the chosen mode.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Registers, Short, Values, Written, microseconds},
};
use crate::words::{BusFault, Cycle};

const PACKETPTR: u32 = 0x504;
const FREQUENCY: u32 = 0x508;
const MODE: u32 = 0x510;
const PCNF0: u32 = 0x514;
const PCNF1: u32 = 0x518;
const CRCCNF: u32 = 0x534;
const RSSISAMPLE: u32 = 0x548;
const STATE: u32 = 0x550;
const MODECNF0: u32 = 0x650;
const BCC: u32 = 0x560;
const EDCNT: u32 = 0x664;

const TXEN: u32 = 0;
const RXEN: u32 = 1;
const START: u32 = 2;
const STOP: u32 = 3;
const DISABLE: u32 = 4;
const RSSISTART: u32 = 5;
const RSSISTOP: u32 = 6;
const BCSTART: u32 = 7;
const BCSTOP: u32 = 8;
const EDSTART: u32 = 9;
const EDSTOP: u32 = 10;
const CCASTART: u32 = 11;
const CCASTOP: u32 = 12;

const READY: u32 = 0;
const ADDRESS: u32 = 1;
const PAYLOAD: u32 = 2;
const END: u32 = 3;
const DISABLED: u32 = 4;
const RSSIEND: u32 = 7;
const BCMATCH: u32 = 10;
const FRAMESTART: u32 = 14;
const EDEND: u32 = 15;
const EDSTOPPED: u32 = 16;
const CCAIDLE: u32 = 17;
const CCABUSY: u32 = 18;
const CCASTOPPED: u32 = 19;
const TXREADY: u32 = 21;
const RXREADY: u32 = 22;
const PHYEND: u32 = 27;
const EXIST: u32 = 0x1cff_fcff | 1 << PHYEND;

const SHORTS: &[Short] = &[
    Short::new(0, READY, START),
    Short::new(1, END, DISABLE),
    Short::new(2, DISABLED, TXEN),
    Short::new(3, DISABLED, RXEN),
    Short::new(4, ADDRESS, RSSISTART),
    Short::new(5, END, START),
    Short::new(6, ADDRESS, BCSTART),
    Short::new(8, DISABLED, RSSISTOP),
    Short::new(11, RXREADY, CCASTART),
    Short::new(12, CCAIDLE, TXEN),
    Short::new(13, CCABUSY, DISABLE),
    Short::new(14, FRAMESTART, BCSTART),
    Short::new(15, READY, EDSTART),
    Short::new(16, EDEND, DISABLE),
    Short::new(17, CCAIDLE, STOP),
    Short::new(18, TXREADY, START),
    Short::new(19, RXREADY, START),
    Short::new(20, PHYEND, DISABLE),
    Short::new(21, PHYEND, START),
];

/// STATE.
const OFF: u32 = 0;
const RX_RAMP_UP: u32 = 1;
const RX_IDLE: u32 = 2;
const RX: u32 = 3;
const RX_DISABLE: u32 = 4;
const TX_RAMP_UP: u32 = 9;
const TX_IDLE: u32 = 10;
const TX: u32 = 11;
const TX_DISABLE: u32 = 12;

/// Microseconds (6.20.15): until it is ready, in the fast mode too; until it is off; of measurements.
const RAMP_UP: u64 = 140;
const FAST_RAMP_UP: u64 = 40;
const RAMP_DOWN: u64 = 6;
const RSSI: u64 = 1;
const MEASUREMENT: u64 = 128;
/// What the receiver measures where nobody sends, in -dBm.
const SILENCE: u32 = 100;

pub(super) const KIND: Kind = Kind {
    name: "nrf-radio",
    about: "nRF radio that nobody answers (nRF51 RM 17, nRF52840 PS 6.20)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("TASKS_TXEN", 0),
        ("TASKS_DISABLE", 16),
        ("EVENTS_READY", 0x100),
        ("EVENTS_DISABLED", 0x110),
        ("PACKETPTR", PACKETPTR),
        ("FREQUENCY", FREQUENCY),
        ("STATE", STATE),
    ])],
    irqs: &["radio"],
    outputs: &[EVENT_PORT],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfRadio {
            registers: Registers::new(wiring, EXIST, SHORTS),
            clock_hz: u64::from(wiring.clock_hz),
        }))
    },
    ..Kind::PLAIN
};

struct NrfRadio {
    registers: Registers,
    clock_hz: u64,
}

/// What comes next by itself.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
enum Next {
    Ready,
    Address,
    Payload,
    End,
    Disabled,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    state: u32,
    next: Option<(Next, Cycle)>,
    /// The event at the end of a measurement.
    measured: Option<(u32, Cycle)>,
    /// When the bit counter reaches BCC.
    bits: Option<Cycle>,
}

/// Steps that are made up for, one by one, when nobody looked for a long time.
const STEPS: u32 = 10_000;

impl NrfRadio {
    fn get(&self, s: &State, register: u32) -> u32 {
        self.registers.get(&s.values, register)
    }

    fn after(&self, s: &mut State, next: Next, time: u64, now: Cycle) {
        s.next = Some((next, now.saturating_add(microseconds(time, self.clock_hz))));
    }

    /// Microseconds for some bytes on the air.
    fn on_air(&self, s: &State, bytes: u32) -> u64 {
        let byte = match self.get(s, MODE) & 0xf {
            1 | 4 => 4,
            2 | 15 => 32,
            5 => 64,
            6 => 16,
            _ => 8,
        };
        u64::from(bytes) * byte
    }

    /// When as many bits as the bit counter waits for are on the air.
    fn bits_on_air(&self, s: &State, now: Cycle) -> Cycle {
        let eighths = u128::from(self.on_air(s, self.get(s, BCC))) * u128::from(self.clock_hz);
        now.saturating_add((eighths / 8_000_000).max(1) as u64)
    }

    /// Bytes of header and payload of the packet in memory.
    fn packet(&self, s: &State, cx: &mut Context<'_>) -> u32 {
        let (pcnf0, pcnf1) = (self.get(s, PCNF0), self.get(s, PCNF1));
        let (lflen, s0, s1) = (pcnf0 & 0xf, pcnf0 >> 8 & 1, pcnf0 >> 16 & 0xf);
        let mut length = [0];
        if lflen > 0 {
            // Where there is no memory, there is nothing to send.
            let _ = cx.dma.read(self.get(s, PACKETPTR).wrapping_add(s0), &mut length);
        }
        let length = u32::from(length[0]) & ((1 << lflen) - 1);
        (8 * s0 + lflen + s1).div_ceil(8) + (length + (pcnf1 >> 8 & 0xff)).min(pcnf1 & 0xff)
    }

    fn happen(&self, s: &mut State, event: u32, now: Cycle, cx: &mut Context<'_>) {
        for task in self.registers.happen(&mut s.values, event, cx) {
            self.trigger(s, task, now, cx);
        }
    }

    fn trigger(&self, s: &mut State, task: u32, now: Cycle, cx: &mut Context<'_>) {
        let ramp_up = if self.get(s, MODECNF0) & 1 != 0 { FAST_RAMP_UP } else { RAMP_UP };
        let measure = |time| now.saturating_add(microseconds(time, self.clock_hz));
        match (task, s.state) {
            (TXEN, OFF | RX | RX_IDLE) => {
                s.state = TX_RAMP_UP;
                self.after(s, Next::Ready, ramp_up, now);
            }
            (RXEN, OFF | TX | TX_IDLE) => {
                s.state = RX_RAMP_UP;
                self.after(s, Next::Ready, ramp_up, now);
            }
            (START, TX_IDLE) => {
                s.state = TX;
                // Preamble, base address and prefix.
                let bytes = 2 + (self.get(s, PCNF1) >> 16 & 7);
                let time = self.on_air(s, bytes);
                self.after(s, Next::Address, time, now);
            }
            (START, RX_IDLE) => s.state = RX,
            (STOP, TX) => (s.state, s.next, s.bits) = (TX_IDLE, None, None),
            (STOP, RX) => s.state = RX_IDLE,
            (DISABLE, TX_DISABLE | RX_DISABLE) => {}
            (DISABLE, state) => {
                s.bits = None;
                s.state = if state >= TX_RAMP_UP { TX_DISABLE } else { RX_DISABLE };
                self.after(s, Next::Disabled, RAMP_DOWN, now);
            }
            // It counts what is on the air, which in an empty room is what is sent.
            (BCSTART, TX) => s.bits = Some(self.bits_on_air(s, now)),
            (BCSTOP, _) => s.bits = None,
            (RSSISTART, _) => s.measured = Some((RSSIEND, measure(RSSI))),
            (RSSISTOP, _) => s.measured = None,
            (EDSTART, _) => {
                let times = u64::from(self.get(s, EDCNT) & 0x1f_ffff) + 1;
                s.measured = Some((EDEND, measure(MEASUREMENT * times)));
            }
            (CCASTART, _) => s.measured = Some((CCAIDLE, measure(MEASUREMENT))),
            (EDSTOP, _) => {
                s.measured = None;
                self.happen(s, EDSTOPPED, now, cx);
            }
            (CCASTOP, _) => {
                s.measured = None;
                self.happen(s, CCASTOPPED, now, cx);
            }
            _ => {}
        }
    }

    fn step(&self, s: &mut State, next: Next, now: Cycle, cx: &mut Context<'_>) {
        match next {
            Next::Ready => {
                let (idle, ready) =
                    if s.state == TX_RAMP_UP { (TX_IDLE, TXREADY) } else { (RX_IDLE, RXREADY) };
                s.state = idle;
                self.happen(s, READY, now, cx);
                self.happen(s, ready, now, cx);
            }
            Next::Address => {
                let bytes = self.packet(s, cx);
                self.after(s, Next::Payload, self.on_air(s, bytes), now);
                self.happen(s, ADDRESS, now, cx);
                self.happen(s, FRAMESTART, now, cx);
            }
            Next::Payload => {
                let time = self.on_air(s, self.get(s, CRCCNF) & 3);
                self.after(s, Next::End, time, now);
                self.happen(s, PAYLOAD, now, cx);
            }
            Next::End => {
                s.state = TX_IDLE;
                s.bits = None;
                self.happen(s, END, now, cx);
                self.happen(s, PHYEND, now, cx);
            }
            Next::Disabled => {
                s.state = OFF;
                self.happen(s, DISABLED, now, cx);
            }
        }
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        for step in 0.. {
            let Some(due) = Self::due(s).filter(|due| *due <= cx.now) else { break };
            // Shortcuts may keep it busy for ever: after a long time, from now on.
            let at = if step < STEPS { due } else { cx.now };
            if let Some((event, _)) = s.measured.take_if(|(_, at)| *at == due) {
                if event == RSSIEND {
                    self.registers.put(&mut s.values, RSSISAMPLE, SILENCE);
                }
                self.happen(s, event, at, cx);
            } else if s.bits.take_if(|at| *at == due).is_some() {
                self.happen(s, BCMATCH, at, cx);
            } else if let Some((next, _)) = s.next.take() {
                self.step(s, next, at, cx);
            }
        }
    }

    fn due(s: &State) -> Option<Cycle> {
        [s.next.map(|(_, due)| due), s.measured.map(|(_, due)| due), s.bits].into_iter().flatten().min()
    }
}

impl Peripheral for NrfRadio {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(match at.register() {
            STATE => at.take(s.state),
            _ => self.registers.read(&s.values, at),
        })
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        match self.registers.write(&mut s.values, at, value) {
            Written::Task(task) => self.trigger(s, task, cx.now, cx),
            Written::PowerOff => *s = State::default(),
            Written::Register(_) => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.values.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        Self::due(s)
    }
}

#[cfg(test)]
mod tests;
