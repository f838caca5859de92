//! A chunk in memory: the open one that grows, or a decoded one.

use serde::{Deserialize, Serialize};

use crate::{
    core::Clock,
    pins::{Digest, Event, Stamped},
    words::{Cycle, Icount, Width},
};

/// Items in a chunk when it is closed.
pub(super) const FULL_ITEMS: usize = 32 * 1024;
/// Bytes of rare events in a chunk when it is closed.
pub(super) const FULL_BYTES: usize = 512 * 1024;

/// All that stays the same in a kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// Reads from an address that are answered with a value.
    Read {
        /// The bus address.
        address: u32,
        /// The size of the access.
        width: Width,
    },
    /// Reads from an address that are bus faults.
    ReadFault {
        /// The bus address.
        address: u32,
        /// The size of the access.
        width: Width,
    },
    /// Writes of a value to an address.
    Write {
        /// The bus address.
        address: u32,
        /// The size of the access.
        width: Width,
    },
    /// Writes of a value to an address that are bus faults.
    WriteFault {
        /// The bus address.
        address: u32,
        /// The size of the access.
        width: Width,
    },
    /// An interrupt line goes up.
    Raised {
        /// The external interrupt number.
        irq: u16,
    },
    /// An interrupt line goes down.
    Lowered {
        /// The external interrupt number.
        irq: u16,
    },
    /// A sleep ends after a number of cycles.
    Sleep,
    /// A digest without detail.
    BareDigest,
    /// A reset from outside.
    Reset,
    /// Any other event: stored whole.
    Rare,
    /// A digest with detail.
    Digest,
}

impl Channel {
    /// Whether its values have at most 32 bits.
    pub(super) fn is_narrow(self) -> bool {
        matches!(self, Channel::Read { .. } | Channel::Write { .. } | Channel::WriteFault { .. })
    }
}

/// An event, or a run of equal events at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// When the first event happened.
    pub icount: Icount,
    /// The value; of a rare event or a digest with detail its index.
    pub value: u64,
    /// What kind of event.
    pub channel: Channel,
    /// The number of events, at least 1.
    pub count: u32,
    /// Icounts from one event to the next; 0 when there is one.
    pub stride: u32,
}

impl Item {
    /// When the event with this index happened.
    #[inline]
    pub fn icount_at(&self, index: u32) -> Icount {
        self.icount.wrapping_add(u64::from(index) * u64::from(self.stride))
    }

    /// When the last event happened.
    #[inline]
    pub fn last_icount(&self) -> Icount {
        self.icount_at(self.count - 1)
    }

    /// Takes an event in, if it goes on as the run does, or makes a run of two.
    #[inline]
    fn extend(&mut self, icount: Icount, channel: Channel, value: u64) -> bool {
        if self.channel != channel || self.value != value {
            return false;
        }
        let Ok(stride) = u32::try_from(icount - self.last_icount()) else { return false };
        if (self.count > 1 && stride != self.stride) || self.count == u32::MAX {
            return false;
        }
        self.stride = stride;
        self.count += 1;
        true
    }
}

/// A piece of the event stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Chunk {
    items: Vec<Item>,
    rare: Vec<Event>,
    rare_bytes: usize,
    digests: Vec<Digest>,
    events: u64,
}

impl Chunk {
    /// The events as items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The events that are stored whole.
    pub fn rare_events(&self) -> &[Event] {
        &self.rare
    }

    /// The digests with detail.
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    /// The number of events.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What the core clock before it becomes in it, up to a cycle.
    pub fn clock_behind(&self, clock: Clock, end: Cycle) -> Clock {
        self.rare.iter().fold(clock, |clock, event| match *event {
            Event::Clock { hz, since } if since <= end => clock.changed(hz, since),
            _ => clock,
        })
    }

    /// Whether it is time to close it.
    pub fn is_full(&self) -> bool {
        self.items.len() >= FULL_ITEMS || self.rare_bytes >= FULL_BYTES
    }

    /// Forgets everything but the allocation.
    pub fn clear(&mut self) {
        self.items.clear();
        self.rare.clear();
        self.rare_bytes = 0;
        self.digests.clear();
        self.events = 0;
    }

    /// Adds an event; its icount is not below the last one's.
    #[inline]
    pub fn append(&mut self, stamped: &Stamped) {
        let (channel, value) = match stamped.event {
            Event::Read { address, width, value: Some(value) } => {
                (Channel::Read { address, width }, value.into())
            }
            Event::Read { address, width, value: None } => (Channel::ReadFault { address, width }, 0),
            Event::Write { address, width, value, accepted: true } => {
                (Channel::Write { address, width }, value.into())
            }
            Event::Write { address, width, value, accepted: false } => {
                (Channel::WriteFault { address, width }, value.into())
            }
            Event::Line { irq, asserted: true } => (Channel::Raised { irq }, 0),
            Event::Line { irq, asserted: false } => (Channel::Lowered { irq }, 0),
            Event::Sleep { cycles } => (Channel::Sleep, cycles),
            Event::Digest(Digest { all, detail: None }) => (Channel::BareDigest, all),
            Event::Digest(ref digest) => {
                let index = self.digests.len() as u64;
                self.digests.push(digest.clone());
                (Channel::Digest, index)
            }
            Event::Reset => (Channel::Reset, 0),
            Event::Memory { .. }
            | Event::Host { .. }
            | Event::Input { .. }
            | Event::Output { .. }
            | Event::Clock { .. } => {
                // Its index is new, so it never becomes part of a run.
                let index = self.rare.len() as u64;
                self.rare_bytes += rare_bytes(&stamped.event);
                self.rare.push(stamped.event.clone());
                (Channel::Rare, index)
            }
        };
        self.events += 1;
        if !self.items.last_mut().is_some_and(|last| last.extend(stamped.icount, channel, value)) {
            self.items.push(Item { icount: stamped.icount, value, channel, count: 1, stride: 0 });
        }
    }

    /// Adds a decoded item.
    pub fn push(&mut self, item: Item) {
        self.events += u64::from(item.count);
        self.items.push(item);
    }

    /// Adds a decoded rare event, for an item to refer to.
    pub fn push_rare(&mut self, event: Event) {
        self.rare_bytes += rare_bytes(&event);
        self.rare.push(event);
    }

    /// Adds decoded digests, for items to refer to.
    pub fn push_digests(&mut self, digests: Vec<Digest>) {
        self.digests = digests;
    }

    /// The event of an item that is stored whole.
    pub fn rare(&self, item: &Item) -> Option<&Event> {
        self.rare.get(usize::try_from(item.value).ok()?)
    }

    /// The event of an item with this index.
    #[inline]
    pub fn event(&self, item: &Item, index: u32) -> Stamped {
        let value = item.value as u32;
        let event = match item.channel {
            Channel::Read { address, width } => Event::Read { address, width, value: Some(value) },
            Channel::ReadFault { address, width } => Event::Read { address, width, value: None },
            Channel::Write { address, width } => Event::Write { address, width, value, accepted: true },
            Channel::WriteFault { address, width } => Event::Write { address, width, value, accepted: false },
            Channel::Raised { irq } => Event::Line { irq, asserted: true },
            Channel::Lowered { irq } => Event::Line { irq, asserted: false },
            Channel::Sleep => Event::Sleep { cycles: item.value },
            Channel::BareDigest => Event::Digest(Digest { all: item.value, detail: None }),
            Channel::Digest => Event::Digest(self.digests[item.value as usize].clone()),
            Channel::Reset => Event::Reset,
            Channel::Rare => self.rare(item).expect("append and decode give each such item an event").clone(),
        };
        Stamped { icount: item.icount_at(index), event }
    }
}

/// About the bytes that an event takes which is stored whole.
pub(super) fn rare_bytes(event: &Event) -> usize {
    16 + match event {
        Event::Memory { bytes, .. } => bytes.len(),
        Event::Host { result, .. } => result.memory.iter().map(|(_, bytes)| 16 + bytes.len()).sum(),
        Event::Input { device, bytes } | Event::Output { device, bytes } => device.len() + bytes.len(),
        _ => 0,
    }
}
