//! A stretch of a run, gone through once, instruction by instruction and with no watchpoint: what searches and steps must
//! find in it.

use untick::{
    timeline::{Direction, Interrupts, Stop, Stops, Timeline, WatchKind},
    words::Icount,
};

use super::accesses::{self, Access};

/// The flow of execution: the active exception and the stack pointer.
type Context = (u32, u32);

/// What is seen at one position, and on the way to the next.
#[derive(Clone, Debug)]
pub struct Seen {
    pub digest: u64,
    pub pc: u32,
    context: Context,
    active: u32,
    /// The last instruction was an SVC whose handler comes next.
    calling: bool,
    /// The exception entered on the way to the next position.
    entered: Option<u32>,
    /// It is the fault of this very instruction.
    faulted: bool,
    /// The core was reset on the way to the next position.
    reset: bool,
    /// What the instruction accesses. Of one that faults, what it would have.
    pub accesses: Vec<Access>,
    /// Bytes that the way to the next position changes.
    pub changed: Vec<u32>,
    /// It is a semihosting call: what changes is written by the host.
    asks_host: bool,
    /// On the way the core saved the floating-point registers that an exception entry had left for later.
    saves_fp: bool,
}

/// Positions in a row.
pub struct Walk {
    pub start: Icount,
    pub seen: Vec<Seen>,
    /// Where memory appears a second time: that address, the size in bytes, and the address that it stands for.
    aliases: Vec<(u32, u32, u32)>,
}

/// What stops a search, with the positions at which travel forward and backward stands then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub forward: Icount,
    pub backward: Icount,
    pub stop: Stop,
    /// The instruction faulted: it may or may not have come to this access.
    pub doubtful: bool,
}

/// The exceptions that are active, as bits.
fn active(timeline: &Timeline) -> Vec<u32> {
    let nvic = &timeline.state().nvic;
    nvic.active.iter().copied().chain([nvic.system_active.into()]).collect()
}

/// Whether the next instruction is a semihosting call: BKPT 0xAB.
fn asks_host(timeline: &Timeline) -> bool {
    let mut opcode = [0; 2];
    timeline.peek(timeline.registers().pc, &mut opcode).is_ok() && opcode == [0xab, 0xbe]
}

/// Whether the next instruction is the first one after a reset.
fn is_at_reset(timeline: &Timeline) -> bool {
    let mut handler = [0; 4];
    let vector = timeline.config().vector_table + 4;
    let registers = timeline.registers();
    timeline.peek(vector, &mut handler).is_ok()
        && registers.pc == u32::from_le_bytes(handler) & !1
        && registers.lr == u32::MAX
}

/// All memory: the host may write anywhere.
fn memory(timeline: &Timeline) -> Vec<(u32, Vec<u8>)> {
    let read = |base, size| {
        let mut bytes = vec![0; size as usize];
        timeline.peek(base, &mut bytes).unwrap();
        (base, bytes)
    };
    timeline.config().regions.iter().map(|region| read(region.base, region.size)).collect()
}

/// Bytes that are not what they were.
fn differences(before: Vec<(u32, Vec<u8>)>, after: Vec<(u32, Vec<u8>)>) -> Vec<u32> {
    const CHUNK: usize = 4096;
    let mut changed = Vec::new();
    for ((base, before), (_, after)) in before.iter().zip(&after) {
        for (index, (old, new)) in before.chunks(CHUNK).zip(after.chunks(CHUNK)).enumerate() {
            if old != new {
                let first = base + (index * CHUNK) as u32;
                let differs = (first..).zip(old.iter().zip(new)).filter(|(_, (old, new))| old != new);
                changed.extend(differs.map(|(address, _)| address));
            }
        }
    }
    changed
}

/// Where the core still has to save floating-point registers, if it has to (Armv7-M ARM B3.2.21, B3.2.22).
fn lazy_frame(timeline: &Timeline) -> Option<u32> {
    const FPCCR: u32 = 0xe000_ef34;
    const LSPACT: u32 = 1;
    let word = |address| {
        let mut bytes = [0; 4];
        timeline.peek(address, &mut bytes).ok().map(|()| u32::from_le_bytes(bytes))
    };
    word(FPCCR).filter(|fpccr| fpccr & LSPACT != 0).and_then(|_| word(FPCCR + 4))
}

/// S0 to S31 and FPSCR, the most that is saved there.
const LAZY_FRAME: u32 = 136;

/// An exception frame with floating point, and its padding (Armv7-M ARM B1.5.7).
const FRAME: u32 = 108;

/// Bytes that the next icount may change, with their values.
fn snapshot(timeline: &Timeline, accesses: &[Access]) -> Vec<(u32, u8)> {
    let stacks = [timeline.registers().msp, timeline.registers().psp];
    let frames = stacks.into_iter().flat_map(|top| (1..=FRAME).map(move |below| top.wrapping_sub(below)));
    let lazy = lazy_frame(timeline);
    let lazy = lazy.into_iter().flat_map(|first| (0..LAZY_FRAME).map(move |at| first.wrapping_add(at)));
    let frames = frames.chain(lazy);
    let stores = accesses.iter().filter(|access| access.store).flat_map(|access| access.bytes());
    let in_memory =
        |address: &u32| !matches!(address >> 28, 4 | 5 | 0xe) && !matches!(address >> 24, 0x22 | 0x23);
    let mut addresses: Vec<u32> = frames.chain(stores).filter(in_memory).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let value = |address: u32| {
        let mut byte = [0];
        timeline.peek(address, &mut byte).ok().map(|()| (address, byte[0]))
    };
    addresses.into_iter().filter_map(value).collect()
}

impl Walk {
    /// Walks from one position to another.
    pub fn of(timeline: &mut Timeline, start: Icount, end: Icount) -> Walk {
        timeline.seek(start).unwrap();
        let mut seen = Vec::new();
        let regions = &timeline.config().regions;
        let aliases = regions
            .iter()
            .flat_map(|region| region.aliases.iter().map(|alias| (*alias, region.size, region.base)))
            .collect();
        loop {
            let here = timeline.now().icount;
            let state = timeline.state();
            let (context, calling) = ((state.registers.ipsr(), state.registers.sp()), state.is_calling());
            let accesses = accesses::of_next(timeline);
            let before = active(timeline);
            let mut now = Seen {
                pc: timeline.registers().pc,
                digest: timeline.digest(),
                context,
                active: before.iter().map(|bits| bits.count_ones()).sum(),
                calling,
                entered: None,
                faulted: false,
                reset: false,
                accesses: Vec::new(),
                changed: Vec::new(),
                asks_host: asks_host(timeline),
                saves_fp: false,
            };
            if here == end {
                seen.push(now);
                return Walk { start, seen, aliases };
            }
            let bytes = snapshot(timeline, &accesses);
            let lazy = lazy_frame(timeline);
            let status = accesses::status_of_next(timeline);
            let all = now.asks_host.then(|| memory(timeline));
            let stop = timeline
                .step(Direction::Forward, &Stops::default(), Interrupts::Into, &mut || false)
                .unwrap();
            assert!(matches!(stop, Stop::Stepped | Stop::End(_)), "{stop:?} at {here}");
            assert_eq!(timeline.now().icount, here + 1, "a step");
            let entered = active(timeline).iter().zip(before).any(|(now, before)| now & !before != 0);
            now.entered = entered.then(|| timeline.registers().ipsr());
            now.faulted = timeline.fault().is_some_and(|fault| fault.at.icount == here);
            now.reset = is_at_reset(timeline);
            now.saves_fp = lazy.is_some() && lazy_frame(timeline).is_none();
            if (!entered || now.faulted) && !now.reset {
                let refused = status.is_some_and(|register| timeline.registers().r[register] != 0);
                now.accesses = if refused { Vec::new() } else { accesses };
            }
            now.changed = bytes
                .into_iter()
                .filter(|(address, old)| {
                    let mut byte = [0];
                    timeline.peek(*address, &mut byte).is_ok() && byte[0] != *old
                })
                .map(|(address, _)| address)
                .collect();
            if let Some(before) = all {
                now.changed = differences(before, memory(timeline));
            }
            seen.push(now);
        }
    }

    pub fn end(&self) -> Icount {
        self.start + self.seen.len() as Icount - 1
    }

    pub fn at(&self, icount: Icount) -> Option<&Seen> {
        self.seen.get(usize::try_from(icount.checked_sub(self.start)?).ok()?)
    }

    /// The address that memory has when it is not seen through an alias.
    fn place(&self, address: u32) -> u32 {
        let alias = self.aliases.iter().find(|(alias, size, _)| address.wrapping_sub(*alias) < *size);
        alias.map_or(address, |(alias, _, base)| address - alias + base)
    }

    /// Whether bytes that follow each other for the program do so in memory.
    pub fn is_in_one_piece(&self, address: u32, length: u32) -> bool {
        let last = address.wrapping_add(length - 1);
        self.place(last).wrapping_sub(self.place(address)) == length - 1
    }

    /// All that these stops would stop at.
    pub fn hits(&self, stops: &Stops) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (here, seen) in (self.start..self.end()).zip(&self.seen) {
            let executes = (seen.entered.is_none() || seen.faulted) && !seen.reset;
            if stops.breakpoints.contains(&seen.pc) && executes {
                let stop = Stop::Breakpoint;
                hits.push(Hit { forward: here, backward: here, stop, doubtful: false });
            }
            for watch in &stops.watchpoints {
                let stop = Stop::Watchpoint { address: watch.address, kind: watch.kind };
                let watched =
                    |address| self.place(address).wrapping_sub(self.place(watch.address)) < watch.length;
                if seen.touches(watch.kind, watched) {
                    let doubtful = seen.faulted;
                    hits.push(Hit { forward: here, backward: here + 1, stop, doubtful });
                } else if seen.is_written_by_others() && seen.writes(watch.kind, watched) {
                    hits.push(Hit { forward: here + 1, backward: here + 1, stop, doubtful: seen.faulted });
                }
            }
            if stops.faults && matches!(seen.entered, Some(3..=6)) {
                let next = here + 1;
                hits.push(Hit { forward: next, backward: Icount::MAX, stop: Stop::Fault, doubtful: false });
            }
        }
        hits
    }

    /// Where a step over interrupts ends, if that is in here.
    pub fn step_over(&self, from: Icount) -> Option<Icount> {
        let mut here = from;
        let mut called = false;
        loop {
            let (seen, next) = (self.at(here)?, self.at(here + 1)?);
            if !seen.entered.is_some_and(is_stepped_over) {
                here += 1;
                if !next.calling {
                    return Some(here);
                }
                called = true;
                continue;
            }
            here = (here + 2..=self.end())
                .find(|back| self.at(*back).is_some_and(|at| at.context == seen.context))?;
            if called && !self.at(here)?.calling {
                return Some(here);
            }
        }
    }

    /// Where a step back over interrupts ends, if that is in here.
    pub fn step_back_over(&self, from: Icount) -> Option<Icount> {
        let mut here = from;
        loop {
            let now = self.at(here)?;
            here = here.checked_sub(1)?;
            let before = self.at(here)?;
            if !(is_stepped_over(before.context.0) && before.active > now.active) {
                return Some(here);
            }
            let entry = |at: &Icount| {
                self.at(*at).is_some_and(|seen| {
                    seen.entered.is_some_and(is_stepped_over) && seen.context == now.context
                })
            };
            here = (self.start..here).rev().find(entry)?;
        }
    }
}

fn is_stepped_over(exception: u32) -> bool {
    exception >= 16 || matches!(exception, 2 | 11 | 14 | 15)
}

impl Seen {
    /// Whether an exception is active.
    pub fn is_in_handler(&self) -> bool {
        self.context.0 != 0
    }

    /// Whether the instruction touches watched memory.
    fn touches(&self, kind: WatchKind, watched: impl Fn(u32) -> bool) -> bool {
        // The value of a register of a device cannot be looked at: each store counts.
        let counts = |access: &&Access| match kind {
            WatchKind::Read => !access.store,
            WatchKind::Access => true,
            WatchKind::Write => access.store,
        };
        let changes = |address: u32| {
            let place = accesses::bit_behind(address).unwrap_or(address);
            kind != WatchKind::Write || place >= 0x4000_0000 || self.changed.contains(&place)
        };
        let bytes = self.accesses.iter().filter(counts).flat_map(|access| access.bytes());
        bytes.into_iter().any(|at| watched(at) && changes(at))
    }

    /// Whether the core itself, or the host, may write memory.
    fn is_written_by_others(&self) -> bool {
        self.entered.is_some() || self.asks_host || self.saves_fp
    }

    /// Whether the core itself, or the host, changes watched memory.
    fn writes(&self, kind: WatchKind, watched: impl Fn(u32) -> bool) -> bool {
        kind != WatchKind::Read && self.changed.iter().any(|address| watched(*address))
    }
}
