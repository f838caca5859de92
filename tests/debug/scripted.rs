//! A machine that follows a script: everything is a function of the icount, so every answer is known beforehand.
//!
//! A loop of ten 2-byte instructions at 0x100. Instruction 50 of every hundred stores a new value to the counter, 60
//! stores the value that is there already, 70 loads it. From 300 to 319 SysTick runs at 0x200; at 900 a HardFault is
//! entered, at 0x300. At the beginning of every hundred a device is read, and 80 later it is written.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use untick::{
    core::{Config, CoreKind, Region, RegionKind},
    debug::Debuggee,
    fault::Fault,
    timeline::{
        Accesses, Answer, BookmarkError, Bookmarks, Crossing, Crossings, DeviceAccess, Direction, Divergence,
        Finding, History, Interrupts, Kept, Last, Level, ListedAccess, Outcome, Query, Stop, Stops,
        TimelineError, WatchKind,
    },
    words::{BusFault, Icount, Moment, Nanoseconds, Registers, Width},
};

pub const COUNTER: u32 = 0x2000_0000;
pub const HANDLER: Range<Icount> = 300..320;
pub const FAULT: Icount = 900;
/// A register of a device: each hundred begins with a load of it, at 80 comes a store of the number of the hundred.
pub const DEVICE: u32 = 0x4000_4004;

pub struct Scripted {
    at: Icount,
    end: Icount,
    /// Where a live run ends; `None`: replay.
    live_until: Option<Icount>,
    outcome: Outcome,
    registers: Registers,
    /// Writes to the memory behind the counter, and to flash.
    pub edits: Vec<(u32, Vec<u8>)>,
    config: Config,
    bookmarks: Bookmarks,
    /// True while `resume` is under way.
    pub running: Arc<AtomicBool>,
    /// Makes every journey fail.
    pub broken: bool,
    /// Makes backward travel take for ever.
    pub endless_past: bool,
    /// Ends a search through an endless past.
    pub enough: Arc<AtomicBool>,
}

impl Scripted {
    /// A recording of 1000 icounts.
    pub fn replay() -> Scripted {
        Scripted::new(1000, None)
    }

    /// A live session at reset.
    pub fn live(until: Icount) -> Scripted {
        Scripted::new(0, Some(until))
    }

    fn new(end: Icount, live_until: Option<Icount>) -> Scripted {
        let region = |name: &str, kind, base, size, aliases: &[u32]| Region {
            name: name.into(),
            kind,
            base,
            size,
            aliases: aliases.to_vec(),
        };
        let mut scripted = Scripted {
            at: 0,
            end,
            live_until,
            outcome: Outcome::Exit(7),
            registers: Registers::default(),
            edits: Vec::new(),
            config: Config {
                core: CoreKind::CortexM4F,
                regions: vec![
                    region("flash", RegionKind::Flash, 0, 0x1000, &[0x0800_0000]),
                    region("ram", RegionKind::Ram, 0x2000_0000, 0x1000, &[]),
                ],
                devices: Vec::new(),
                interrupts: 32,
                priority_bits: 4,
                clock_hz: 1_000_000,
                systick_reference_divider: None,
                bit_band: false,
                vector_table: 0,
                mpu_regions: 8,
                security_extension: false,
                halting_debug: false,
            },
            bookmarks: Bookmarks::default(),
            running: Arc::default(),
            broken: false,
            endless_past: false,
            enough: Arc::default(),
        };
        scripted.go(0);
        scripted
    }

    pub fn at(mut self, icount: Icount) -> Scripted {
        self.go(icount);
        self
    }

    pub fn ending(mut self, outcome: Outcome) -> Scripted {
        self.outcome = outcome;
        self
    }

    pub fn with_core(mut self, core: CoreKind) -> Scripted {
        self.config.core = core;
        self
    }

    pub fn icount(&self) -> Icount {
        self.at
    }

    /// The address of the instruction at a position.
    pub fn pc(at: Icount) -> u32 {
        match at {
            at if HANDLER.contains(&at) => 0x200 + 2 * (at - HANDLER.start) as u32,
            at if (FAULT..1000).contains(&at) => 0x300 + 2 * ((at - FAULT) % 4) as u32,
            at => 0x100 + 2 * (at % 10) as u32,
        }
    }

    fn exception(at: Icount) -> u32 {
        match at {
            at if HANDLER.contains(&at) => 15,
            at if (FAULT..1000).contains(&at) => 3,
            _ => 0,
        }
    }

    fn go(&mut self, at: Icount) {
        self.at = at;
        self.end = self.end.max(at);
        self.registers = Registers {
            msp: 0x2000_1000,
            lr: if Scripted::exception(at) == 0 { 0xffff_ffff } else { 0xffff_fff9 },
            pc: Scripted::pc(at),
            xpsr: 1 << 24 | Scripted::exception(at),
            basepri: 0x40,
            ..Registers::default()
        };
        self.registers.r[0] = at as u32;
        self.registers.s[1] = 0x3ff0_0000; // D0 is 1.0
    }

    fn counter(&self) -> u32 {
        ((self.at + 49) / 100) as u32
    }

    /// Whether the instruction at a position touches what is watched.
    fn watched(stops: &Stops, at: Icount) -> Option<Stop> {
        let (store, load) = (at % 100 == 50, at % 100 == 70);
        let silent = at % 100 == 60;
        stops.watchpoints.iter().find_map(|watchpoint| {
            let inside = watchpoint.address < COUNTER + 4 && COUNTER < watchpoint.address + watchpoint.length;
            let counts = match watchpoint.kind {
                WatchKind::Write => store,
                WatchKind::Read => load,
                WatchKind::Access => store || silent || load,
            };
            let stop = Stop::Watchpoint { address: watchpoint.address, kind: watchpoint.kind };
            (inside && counts).then_some(stop)
        })
    }

    /// One icount; `None` when it was uneventful.
    fn single(&mut self, direction: Direction, stops: &Stops) -> Option<Stop> {
        let touched = match direction {
            Direction::Forward => Some(self.at),
            Direction::Backward => self.at.checked_sub(1),
        };
        let Some(touched) = touched else { return Some(Stop::Start) };
        if direction == Direction::Forward && self.at == self.live_until.unwrap_or(self.end) {
            return Some(Stop::End(self.outcome.clone()));
        }
        if let Some(stop) = Scripted::watched(stops, touched) {
            return Some(stop);
        }
        match direction {
            Direction::Forward => self.go(self.at + 1),
            Direction::Backward => self.go(self.at - 1),
        }
        (direction == Direction::Forward && stops.faults && self.at == FAULT).then_some(Stop::Fault)
    }

    /// The accesses to the device before now, the oldest first.
    fn accesses(&self) -> Vec<Crossing> {
        let access = |icount: Icount| match icount % 100 {
            0 => Some(((icount / 50 % 4) as u32, false)),
            80 => Some(((icount / 100) as u32, true)),
            _ => None,
        };
        let crossing = |icount| {
            let (value, written) = access(icount)?;
            Some(Crossing { icount, address: DEVICE, width: Width::Word, value, written })
        };
        (0..self.at).filter_map(crossing).collect()
    }

    /// Waits for the end of an endless past; whether whoever asked has had enough before that.
    fn waits(&self, interrupted: &mut dyn FnMut() -> bool) -> bool {
        self.running.store(true, Ordering::SeqCst);
        let mut given_up = false;
        while self.endless_past && !self.enough.load(Ordering::SeqCst) && !given_up {
            given_up = interrupted();
            std::thread::yield_now();
        }
        self.running.store(false, Ordering::SeqCst);
        given_up
    }

    fn check(&self) -> Result<(), TimelineError> {
        if !self.broken {
            return Ok(());
        }
        Err(Divergence::stop(self.at, None, self.at + 1))
    }
}

impl Debuggee for Scripted {
    fn now(&self) -> Moment {
        Moment { icount: self.at, cycle: self.at * 2 }
    }
    fn time(&self) -> Nanoseconds {
        self.now().cycle * 1_000
    }
    fn end(&self) -> Moment {
        Moment { icount: self.end, cycle: self.end * 2 }
    }
    fn is_live(&self) -> bool {
        self.live_until.is_some()
    }
    fn outcome(&self) -> Option<&Outcome> {
        self.live_until.is_none().then_some(&self.outcome)
    }
    fn config(&self) -> &Config {
        &self.config
    }
    fn seek(&mut self, icount: Icount) -> Result<(), TimelineError> {
        self.check()?;
        self.go(icount.min(self.end));
        Ok(())
    }

    fn step(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupts: Interrupts,
        _interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        self.check()?;
        let level = Scripted::exception(self.at);
        loop {
            if let Some(stop) = self.single(direction, stops) {
                return Ok(stop);
            }
            let skipping = interrupts == Interrupts::Skip && level == 0 && Scripted::exception(self.at) == 15;
            if !skipping {
                return Ok(Stop::Stepped);
            }
            if stops.breakpoints.contains(&self.registers.pc) {
                return Ok(Stop::Breakpoint);
            }
        }
    }

    fn resume(
        &mut self,
        direction: Direction,
        stops: &Stops,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Stop, TimelineError> {
        self.check()?;
        let start = self.at;
        self.running.store(true, Ordering::SeqCst);
        let mut steps = 0_u64;
        let stop = loop {
            let at_breakpoint = stops.breakpoints.contains(&self.registers.pc);
            if at_breakpoint && (direction == Direction::Forward || self.at != start) {
                break Stop::Breakpoint;
            }
            steps += 1;
            if steps.is_multiple_of(1000) && interrupted() {
                if direction == Direction::Backward {
                    self.go(start);
                }
                break Stop::Interrupted;
            }
            if self.endless_past && direction == Direction::Backward {
                continue;
            }
            if let Some(stop) = self.single(direction, stops) {
                break stop;
            }
        };
        self.running.store(false, Ordering::SeqCst);
        Ok(stop)
    }

    fn registers(&self) -> &Registers {
        &self.registers
    }

    fn set_registers(&mut self, registers: &Registers) -> Result<(), TimelineError> {
        if !self.is_live() || self.at != self.end {
            return Err(TimelineError::Past);
        }
        self.registers = registers.clone();
        Ok(())
    }

    fn peek(&self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        for (address, byte) in (address..).zip(bytes) {
            let edited = self.edits.iter().rev().find_map(|(start, data)| {
                address.checked_sub(*start).and_then(|index| data.get(index as usize))
            });
            *byte = match address {
                _ if edited.is_some() => *edited.unwrap(),
                // NOP, in flash and at its alias
                0..0x1000 | 0x0800_0000..0x0800_1000 => [0x00, 0xbf][address as usize % 2],
                COUNTER..=0x2000_0003 => self.counter().to_le_bytes()[address as usize % 4],
                0x2000_0004..0x2000_1000 => 0,
                0x4000_0000..0x4000_0010 => 0xaa,
                _ => return Err(BusFault),
            };
        }
        Ok(())
    }

    fn poke(&mut self, address: u32, bytes: &[u8]) -> Result<(), TimelineError> {
        if !self.is_live() || self.at != self.end {
            return Err(TimelineError::Past);
        }
        self.edits.push((address, bytes.to_vec()));
        Ok(())
    }

    fn fault(&self) -> Option<Fault> {
        (self.at >= FAULT).then(|| Fault {
            at: Moment { icount: FAULT - 1, cycle: 0 },
            time: 0,
            exception: 3,
            registers: Registers { pc: Scripted::pc(FAULT - 1), ..Registers::default() },
            cfsr: 0x8200,
            hfsr: 1 << 30,
            mmfar: 0,
            bfar: 0xdead_beec,
            lockup: false,
        })
    }

    fn history(&self) -> History {
        History {
            checkpoints: 3,
            bytes: 4096,
            budget: 64 << 20,
            indexed: 0,
            index_bytes: 0,
            keyframes: 0,
            longest_interval: 400,
        }
    }

    /// Only instructions are looked for.
    fn search_last(
        &mut self,
        query: &Query,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        self.check()?;
        if self.waits(interrupted) {
            return Ok(Last::Interrupted(self.at / 2));
        }
        let Query::Execution { address } = *query else { return Ok(Last::Never) };
        let found = (0..self.at).rev().find(|at| Scripted::pc(*at) == address);
        Ok(found.map_or(Last::Never, |icount| {
            Last::Found(Answer {
                at: Moment { icount, cycle: icount * 2 },
                pc: address,
                level: Level { exception: Scripted::exception(icount) as u16, preempted: Vec::new() },
                finding: Finding::Executed,
            })
        }))
    }

    fn last_crossings(
        &mut self,
        places: &[Range<u32>],
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Crossings, TimelineError> {
        let interrupted = self.waits(interrupted).then_some(self.at / 2);
        let all = if interrupted.is_some() { Vec::new() } else { self.accesses() };
        let last = places.iter().map(|place| all.last().copied().filter(|_| place.contains(&DEVICE)));
        Ok(Crossings { last: last.collect(), reset: None, interrupted })
    }

    fn last_accesses(
        &mut self,
        places: &[Range<u32>],
        count: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Accesses, TimelineError> {
        let interrupted = self.waits(interrupted).then_some(self.at / 2);
        let all = self.accesses();
        if interrupted.is_some() || !places.iter().any(|place| place.contains(&DEVICE)) {
            return Ok(Accesses { found: Vec::new(), interrupted });
        }
        let listed = |index: usize| {
            let Crossing { icount, address, width, value, written } = all[index];
            let access = match written {
                true => DeviceAccess::Write { value, accepted: true },
                false => DeviceAccess::Read(Some(value)),
            };
            let answer = Answer {
                at: Moment { icount, cycle: icount * 2 },
                pc: Scripted::pc(icount),
                level: Level::default(),
                finding: Finding::Device { address, width, access },
            };
            ListedAccess { answer, before: index.checked_sub(1).map(|before| all[before]) }
        };
        let found = (all.len().saturating_sub(count)..all.len()).map(listed).collect();
        Ok(Accesses { found, interrupted: None })
    }

    fn bookmarks(&self) -> &Bookmarks {
        &self.bookmarks
    }

    fn set_bookmark(&mut self, name: &str, icount: Icount) -> Result<Kept, BookmarkError> {
        self.bookmarks.set(name, icount, self.end)?;
        Ok(Kept::ForNow("the script is read-only".to_owned()))
    }

    fn delete_bookmark(&mut self, name: &str) -> Result<Kept, BookmarkError> {
        self.bookmarks.delete(name)?;
        Ok(Kept::InTrace)
    }
}
