//! What crossed the pins at a device: the last access to each of its registers, or the last accesses of all.
//!
//! Both are one pass over the log, from now backwards, chunk by chunk, that ends where nothing more is wanted. Only for who
//! did it are the answers visited.

use std::{collections::BTreeMap, ops::Range};

use super::{Answer, DeviceAccess, Finding};
use crate::{
    board::Wires,
    pins::{Event, Stamped},
    timeline::{Timeline, TimelineError},
    trace::Channel,
    words::{Icount, Width},
};

/// A value that crossed the pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The position of the instruction.
    pub icount: Icount,
    /// The address, without aliases.
    pub address: u32,
    /// The size of the access.
    pub width: Width,
    /// The value.
    pub value: u32,
    /// Whether the core wrote it; otherwise the core read it.
    pub written: bool,
}

/// What crossed the pins last at each of some places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crossings {
    /// For each place, in their order. Accesses that were bus faults do not count.
    pub last: Vec<Option<Crossing>>,
    /// The last reset of the chip before the present position. What crossed the pins before it does not count.
    pub reset: Option<Icount>,
    /// The caller asked to stop: before this position nobody has looked.
    pub interrupted: Option<Icount>,
}

/// The last accesses to some places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accesses {
    /// The oldest first.
    pub found: Vec<ListedAccess>,
    /// The caller asked to stop: there can be others, older than this position.
    pub interrupted: Option<Icount>,
}

/// An access, and what the same register was like at the access before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccess {
    /// When, by whom, and what; the finding is a [`Finding::Device`].
    pub answer: Answer,
    /// What crossed the pins at the same address before.
    pub before: Option<Crossing>,
}

/// Address and size of the accesses of a channel, and whether they are stores.
pub(super) fn access_of(channel: Channel) -> Option<(u32, Width, bool)> {
    match channel {
        Channel::Read { address, width } | Channel::ReadFault { address, width } => {
            Some((address, width, false))
        }
        Channel::Write { address, width } | Channel::WriteFault { address, width } => {
            Some((address, width, true))
        }
        _ => None,
    }
}

/// The access that an event is.
pub(super) fn finding(stamped: &Stamped) -> Option<Finding> {
    let (address, width, access) = match stamped.event {
        Event::Read { address, width, value } => (address, width, DeviceAccess::Read(value)),
        Event::Write { address, width, value, accepted } => {
            (address, width, DeviceAccess::Write { value, accepted })
        }
        _ => return None,
    };
    Some(Finding::Device { address, width, access })
}

/// Whether an access of some bytes touches a place.
fn touches(place: &Range<u32>, at: u32, width: Width) -> bool {
    at < place.end && place.start.wrapping_sub(at) < width.bytes() || place.contains(&at)
}

/// Places to look at, by their addresses without aliases.
struct Places<'a> {
    wires: &'a Wires,
    places: Vec<Range<u32>>,
    /// From the first to the last of them.
    span: Range<u32>,
}

impl Places<'_> {
    fn new<'a>(wires: &'a Wires, places: &[Range<u32>]) -> Places<'a> {
        let places = places.iter().map(|place| {
            let start = wires.canonical(place.start);
            start..start.saturating_add(place.end.saturating_sub(place.start))
        });
        let places: Vec<Range<u32>> = places.collect();
        let start = places.iter().map(|place| place.start).min().unwrap_or(0);
        let end = places.iter().map(|place| place.end).max().unwrap_or(0);
        Places { wires, places, span: start..end }
    }

    /// The address of an access that can touch one of them.
    fn near(&self, at: u32, width: Width) -> Option<u32> {
        Some(self.wires.canonical(at)).filter(|at| touches(&self.span, *at, width))
    }
}

/// A value that crossed the pins with an event, if one did.
fn crossing(stamped: &Stamped, wires: &Wires) -> Option<Crossing> {
    let (address, width, value, written) = match stamped.event {
        Event::Read { address, width, value } => (address, width, value?, false),
        Event::Write { address, width, value, accepted: true } => (address, width, value, true),
        _ => return None,
    };
    let address = wires.canonical(address);
    Some(Crossing { icount: stamped.icount, address, width, value, written })
}

impl Timeline {
    /// What crossed the pins last at each of some places, between the last reset of the chip and now. `interrupted` is
    /// polled every few milliseconds.
    ///
    /// # Errors
    /// The trace cannot be read.
    pub fn last_crossings(
        &mut self,
        places: &[Range<u32>],
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Crossings, TimelineError> {
        let wires = Wires::recorded(self.log.header());
        let places = Places::new(&wires, places);
        let now = self.now().icount;
        // A reset that the firmware asks for does not cross the pins, but has its bookmark.
        let reset = self.bookmarks.last_reset(now);
        let mut missing: Vec<usize> = (0..places.places.len()).collect();
        let mut found = Crossings { last: vec![None; missing.len()], reset, interrupted: None };
        let mut mark = self.log.find(now)?;
        while !missing.is_empty() && !mark.is_start() {
            let wanted = |channel: Channel| match channel {
                Channel::Reset => true,
                Channel::Read { address, width } | Channel::Write { address, width } => {
                    let at = places.near(address, width);
                    at.is_some_and(|at| {
                        missing.iter().any(|place| touches(&places.places[*place], at, width))
                    })
                }
                _ => false,
            };
            let Some(stamped) = self.log.look_back(&mut mark, wanted)? else {
                let next = self.icount_of(mark, now)?;
                if reset.is_some_and(|reset| next < reset) {
                    break;
                }
                if !mark.is_start() && interrupted() {
                    found.interrupted = Some(next);
                    break;
                }
                continue;
            };
            if reset.is_some_and(|reset| stamped.icount < reset) {
                break;
            }
            let Some(crossing) = crossing(&stamped, &wires) else {
                found.reset = Some(stamped.icount);
                break;
            };
            missing.retain(|place| {
                let touched = touches(&places.places[*place], crossing.address, crossing.width);
                if touched {
                    found.last[*place] = Some(crossing);
                }
                !touched
            });
        }
        Ok(found)
    }

    /// The last accesses to any of some places before now, at most `count`; the position stays. `interrupted` is polled
    /// every few milliseconds.
    ///
    /// # Errors
    /// The trace cannot be read, or does not replay.
    pub fn last_accesses(
        &mut self,
        places: &[Range<u32>],
        count: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Accesses, TimelineError> {
        let now = self.now().icount;
        let (logged, interrupted_at) = self.logged_accesses(places, count, interrupted)?;
        self.and_back(|timeline| {
            let mut found = Vec::new();
            // Forwards: the way to each begins at the one before.
            for Logged { stamped, finding, before } in logged.into_iter().rev() {
                if interrupted() {
                    return Ok(Accesses { found: Vec::new(), interrupted: Some(now) });
                }
                timeline.seek(stamped.icount)?;
                found.push(ListedAccess { answer: timeline.answer_here(finding), before });
            }
            let interrupted = interrupted_at.filter(|_| found.len() < count);
            Ok(Accesses { found, interrupted })
        })
    }

    /// What of [`Timeline::last_accesses`] the log knows, the newest first; and how far it was looked at, if not to the end.
    fn logged_accesses(
        &mut self,
        places: &[Range<u32>],
        count: usize,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<(Vec<Logged>, Option<Icount>), TimelineError> {
        let wires = Wires::recorded(self.log.header());
        let places = Places::new(&wires, places);
        let now = self.now().icount;
        let mut found: Vec<Logged> = Vec::new();
        // By address: the oldest access that was found, whose value before is not yet known.
        let mut open: BTreeMap<u32, usize> = BTreeMap::new();
        let mut mark = self.log.find(now)?;
        while (found.len() < count || !open.is_empty()) && !mark.is_start() {
            let wanted = |channel: Channel| {
                let Some((at, width, _)) = access_of(channel) else { return false };
                let Some(at) = places.near(at, width) else { return false };
                open.contains_key(&at)
                    || found.len() < count && places.places.iter().any(|place| touches(place, at, width))
            };
            let Some(stamped) = self.log.look_back(&mut mark, wanted)? else {
                if !mark.is_start() && interrupted() {
                    return Ok((found, Some(self.icount_of(mark, now)?)));
                }
                continue;
            };
            let crossing = crossing(&stamped, &wires);
            if let Some(crossing) = crossing
                && let Some(later) = open.remove(&crossing.address)
            {
                found[later].before = Some(crossing);
            }
            if found.len() < count
                && let Some(finding) = finding(&stamped)
            {
                if let Some(crossing) = crossing {
                    open.insert(crossing.address, found.len());
                }
                found.push(Logged { stamped, finding, before: None });
            }
        }
        Ok((found, None))
    }
}

/// An access in the log.
struct Logged {
    stamped: Stamped,
    finding: Finding,
    before: Option<Crossing>,
}
