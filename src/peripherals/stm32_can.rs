//! STM32 bxCAN (RM0090, chapter 32).
//!
//! Frames take their time on a bus that is otherwise free; what was sent goes to the host as a line of text each, and lines
//! from the host arrive one after the other ([`frame`]). Timestamps are zero. Errors are only missing acknowledges.

mod filters;
mod frame;
mod registers;
mod traffic;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use self::{
    filters::{FMR, Filters},
    frame::Frame,
    registers::*,
    traffic::Activity,
};
use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Slot,
    kinds::{Described, Kind, KindOption, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

pub(super) const KIND: Kind = Kind {
    name: "stm32-can",
    about: "STM32 bxCAN (RM0090 32.9)",
    layouts: &[Layout::of(&[
        ("MCR", 0x00),
        ("MSR", 0x04),
        ("TSR", 0x08),
        ("RF0R", 0x0c),
        ("RF1R", 0x10),
        ("IER", 0x14),
        ("ESR", 0x18),
        ("BTR", 0x1c),
    ])],
    describe: |can: &Described<'_>| {
        if can.name.ends_with("CAN2") {
            return vec![("filters", 0), ("filters-at", can.base.wrapping_sub(0x400))];
        }
        let has = |bank: u32| can.register(FMR + 0x40 + 8 * bank).is_some();
        vec![("filters", if has(13) && !has(27) { 14 } else { 28 })]
    },
    irqs: &["TX", "RX0", "RX1", "SCE"],
    clock: Clocking::Bus,
    options: &[
        KindOption {
            name: "filters",
            about: "filter banks: 14, 28 or, with those of another one, 0",
            default: 28,
        },
        KindOption { name: "filters-at", about: "address of the CAN that has the filters", default: 0 },
        KindOption { name: "acknowledge", about: "1: somebody on the bus acknowledges", default: 1 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(Stm32Can {
            filters: wiring.option("filters").min(28) as usize,
            filters_at: wiring.option("filters-at"),
            acknowledged: wiring.option("acknowledge") != 0,
        }))
    },
    ..Kind::PLAIN
};

struct Stm32Can {
    filters: usize,
    filters_at: u32,
    acknowledged: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    mcr: u32,
    inak: bool,
    slak: bool,
    /// ERRI, WKUI and SLAKI of MSR.
    msr: u32,
    ier: u32,
    lec: u32,
    tec: u32,
    btr: u32,
    mailboxes: [Mailbox; 3],
    /// Requests so far, for their order.
    requests: u64,
    fifos: [Fifo; 2],
    filters: Filters,
    clock: Clock,
    /// What is on the bus, and until when.
    activity: Option<(Activity, Cycle)>,
    arriving: VecDeque<Frame>,
    /// The line from the host that is not complete.
    line: Vec<u8>,
}

impl Default for State {
    fn default() -> Self {
        State {
            mcr: DBF | SLEEP,
            inak: false,
            slak: true,
            msr: 0,
            ier: 0,
            lec: 0,
            tec: 0,
            btr: 0x0123_0000,
            mailboxes: [Mailbox::default(); 3],
            requests: 0,
            fifos: [Fifo::default(), Fifo::default()],
            filters: Filters::default(),
            clock: Clock::default(),
            activity: None,
            arriving: VecDeque::new(),
            line: Vec::new(),
        }
    }
}

#[derive(Default, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Mailbox {
    frame: Frame,
    /// TGT and TIME, which are only stored.
    time: u32,
    /// When transmission was requested, in order; `None`: the mailbox is empty.
    request: Option<u64>,
    aborts: bool,
    /// RQCP, TXOK, ALST and TERR.
    status: u32,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Fifo {
    /// Frames and the numbers of the filters that accepted them; at most three.
    frames: VecDeque<(Frame, u32)>,
    /// FULL and FOVR.
    status: u32,
}

impl Stm32Can {
    fn read_register(&self, s: &mut State, offset: u32) -> u32 {
        match offset {
            MCR => s.mcr,
            MSR => s.msr_value(),
            TSR => s.tsr_value(),
            RF0R | RF1R => {
                let fifo = &s.fifos[((offset - RF0R) / 4) as usize];
                fifo.frames.len().min(3) as u32 | fifo.status
            }
            IER => s.ier,
            ESR => s.esr_value(),
            BTR => s.btr,
            TI0R..RI0R => {
                let mailbox = &s.mailboxes[((offset - TI0R) / 16) as usize];
                match offset & 0xc {
                    0x0 => mailbox.frame.identifier | u32::from(mailbox.request.is_some()),
                    0x4 => mailbox.frame.dlc | mailbox.time,
                    0x8 => mailbox.frame.data[0],
                    _ => mailbox.frame.data[1],
                }
            }
            RI0R..RX_END => {
                let fifo = &s.fifos[((offset - RI0R) / 16) as usize];
                let (frame, index) = fifo.frames.front().copied().unwrap_or_default();
                match offset & 0xc {
                    0x0 => frame.identifier,
                    0x4 => frame.dlc | index << 8,
                    0x8 => frame.data[0],
                    _ => frame.data[1],
                }
            }
            FMR..filters::END if self.filters > 0 => s.filters.read(offset),
            _ => 0,
        }
    }

    fn write_register(&self, s: &mut State, at: Access, value: u32) {
        let bits = at.place(value);
        match at.register() {
            MCR if bits & RESET != 0 => {
                // All but the filters and the world outside.
                let filters = std::mem::take(&mut s.filters);
                *s = State { filters, clock: s.clock.clone(), ..State::default() };
            }
            MCR => s.mcr = at.merge(s.mcr, value) & 0x1_00ff,
            MSR => s.msr &= !bits,
            TSR => s.write_tsr(bits),
            RF0R | RF1R => s.fifos[((at.register() - RF0R) / 4) as usize].write(bits),
            IER => s.ier = at.merge(s.ier, value) & 0x3_8f7f,
            ESR => s.lec = at.merge(s.lec << 4, value) >> 4 & 7,
            BTR if s.inak => s.btr = at.merge(s.btr, value) & 0xc37f_03ff,
            TI0R..RI0R => self.write_mailbox(s, at, value),
            FMR..filters::END if self.filters > 0 => s.filters.write(at, value, self.filters),
            _ => {}
        }
    }

    /// A write to a mailbox, which is closed while it is not empty.
    fn write_mailbox(&self, s: &mut State, at: Access, value: u32) {
        let requests = s.requests;
        let mailbox = &mut s.mailboxes[((at.register() - TI0R) / 16) as usize];
        if mailbox.request.is_some() {
            return;
        }
        let frame = &mut mailbox.frame;
        match at.register() & 0xc {
            0x0 => {
                let value = at.merge(frame.identifier, value);
                frame.identifier = value & !TXRQ;
                if value & TXRQ != 0 {
                    mailbox.request = Some(requests);
                    mailbox.status = 0;
                    mailbox.aborts = false;
                    s.requests = requests.wrapping_add(1);
                }
            }
            0x4 => {
                let value = at.merge(frame.dlc | mailbox.time, value);
                (frame.dlc, mailbox.time) = (value & 0xf, value & 0xffff_0100);
            }
            0x8 => frame.data[0] = at.merge(frame.data[0], value),
            _ => frame.data[1] = at.merge(frame.data[1], value),
        }
    }
}

impl Peripheral for Stm32Can {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(at.take(self.read_register(s, at.register())))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        self.write_register(s, at, value);
        self.begin(s, cx.now);
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx);
        for &byte in bytes {
            if byte != b'\n' {
                s.line.push(byte);
                continue;
            }
            let line = std::mem::take(&mut s.line);
            s.arriving.extend(std::str::from_utf8(&line).ok().and_then(Frame::parse));
        }
        self.begin(s, cx.now);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx);
        s.clock.change(clock, cx.now);
        // The frame on the bus begins once more.
        s.activity = None;
        self.begin(s, cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let enabled = |bit: u32| s.ier >> bit & 1 != 0;
        let transmitted = s.mailboxes.iter().any(|mailbox| mailbox.status & RQCP != 0);
        let received = |fifo: &Fifo, first: u32| {
            !fifo.frames.is_empty() && enabled(first)
                || fifo.status & FULL != 0 && enabled(first + 1)
                || fifo.status & FOVR != 0 && enabled(first + 2)
        };
        let changed = s.msr & ERRI != 0 && s.ier & ERRIE != 0
            || s.msr & WKUI != 0 && s.ier & WKUIE != 0
            || s.msr & SLAKI != 0 && s.ier & SLKIE != 0;
        u32::from(transmitted && enabled(0))
            | u32::from(received(&s.fifos[0], 1)) << 1
            | u32::from(received(&s.fifos[1], 4)) << 2
            | u32::from(changed) << 3
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let (_, until) = s.activity?;
        Some(until).filter(|until| *until != Cycle::MAX && !self.is_stuck(s))
    }
}

#[cfg(test)]
mod tests;
