//! Text that left the chip.
//!
//! What the core stores to UARTs and the ITM, and what DMA and a debug probe fetch, is in the log. What semihosting sends is
//! in memory at the call, so the intervals with such calls are re-executed, newest first, each in one pass.

use std::collections::BTreeMap;

use super::{Finding, Last, text::Backwards};
use crate::{
    board::Wires,
    core::Core,
    machine::semihosting::{Sent, sends, sent},
    peripherals::Dma,
    pins::Event,
    timeline::{Timeline, TimelineError},
    trace::{Channel, Mark},
    words::{BusFault, Icount},
};

/// The first stimulus port of the ITM, which carries text by convention.
const ITM_TEXT: u32 = 0xe000_0000;

/// Where a text ended, and who sent it.
type Ended = (Icount, String);

/// What one way of looking has come to.
enum Looked {
    Through(Option<Ended>),
    Interrupted(Icount),
}

impl Timeline {
    pub(super) fn last_output(
        &mut self,
        text: &[u8],
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        if text.is_empty() {
            return Ok(Last::Never);
        }
        let now = self.now().icount;
        let stored = match self.last_logged(text, now, interrupted)? {
            Looked::Through(ended) => ended,
            Looked::Interrupted(behind) => return Ok(Last::Interrupted(behind)),
        };
        let after = stored.as_ref().map_or(0, |(icount, _)| icount + 1);
        let called = match self.last_called(text, after..now, interrupted)? {
            Looked::Through(ended) => ended,
            Looked::Interrupted(behind) => return Ok(Last::Interrupted(behind)),
        };
        let Some((icount, sender)) = called.or(stored) else { return Ok(Last::Never) };
        self.seek(icount)?;
        Ok(Last::Found(self.answer_here(Finding::Sent { sender })))
    }

    /// The last one that went through UARTs, the ITM and RTT.
    fn last_logged(
        &mut self,
        text: &[u8],
        now: Icount,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Looked, TimelineError> {
        let wires = Wires::recorded(self.log.header());
        let sender = |address: u32| {
            if address == ITM_TEXT {
                return Some("itm0");
            }
            let address = wires.canonical(address);
            let found = wires.transmitters().iter().find(|transmitter| transmitter.address == address);
            found.map(|transmitter| transmitter.device.as_str())
        };
        let wanted = |channel| match channel {
            Channel::Write { address, .. } => sender(address).is_some(),
            Channel::Rare => true,
            _ => false,
        };
        let mut senders = Senders::new(text);
        let mut mark = self.log.find(now)?;
        while !mark.is_start() {
            let stamped = self.log.look_back(&mut mark, wanted)?;
            let Some(stamped) = stamped else {
                if !mark.is_start() && interrupted() {
                    return Ok(Looked::Interrupted(self.icount_of(mark, now)?));
                }
                continue;
            };
            match stamped.event {
                Event::Write { address, width, value, .. } => {
                    let Some(name) = sender(address) else { continue };
                    // A UART sends the low byte of a store, the ITM all of it.
                    let count = if address == ITM_TEXT { width.bytes() as usize } else { 1 };
                    senders.take(name.to_owned(), &value.to_le_bytes()[..count], stamped.icount);
                }
                Event::Output { device, bytes } => senders.take(device, &bytes, stamped.icount),
                _ => continue,
            }
            if senders.is_decided() {
                break;
            }
        }
        Ok(Looked::Through(senders.last))
    }

    /// The last one that semihosting calls between two positions made.
    fn last_called(
        &mut self,
        text: &[u8],
        range: std::ops::Range<Icount>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Looked, TimelineError> {
        let mut senders = Senders::new(text);
        let named = |handle: Option<u32>| {
            handle.map_or("semihosting".into(), |handle| format!("semihosting {handle}"))
        };
        let mut mark = self.log.find(range.end)?;
        loop {
            let calls = match self.calls_of_an_interval(&mut mark, range.start, interrupted)? {
                Calls::Made(calls) => calls,
                Calls::None => break,
                Calls::Interrupted => return Ok(Looked::Interrupted(self.icount_of(mark, range.end)?)),
            };
            let mut made = Vec::new();
            for call in calls.iter().rev() {
                self.seek(call.icount)?;
                let parameter = self.registers().r[1];
                made.push(sent(call.operation, parameter, call.r0, &mut Seen(&self.core)));
            }
            for (call, sent) in calls.iter().zip(made.into_iter().rev()) {
                let Some(Sent { handle, bytes }) = sent else { continue };
                senders.take(handle, &bytes, call.icount);
            }
            if senders.is_decided() {
                break;
            }
            if interrupted() {
                return Ok(Looked::Interrupted(calls.last().map_or(range.end, |call| call.icount)));
            }
        }
        Ok(Looked::Through(senders.last.map(|(icount, handle)| (icount, named(handle)))))
    }

    /// The calls before `mark` that send and lie between the same two checkpoints, the last one first.
    fn calls_of_an_interval(
        &mut self,
        mark: &mut Mark,
        after: Icount,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Calls, TimelineError> {
        let mut calls: Vec<Call> = Vec::new();
        while !mark.is_start() {
            let here = *mark;
            let Some(stamped) = self.log.look_back(mark, |channel| channel == Channel::Rare)? else {
                if calls.is_empty() && !mark.is_start() && interrupted() {
                    return Ok(Calls::Interrupted);
                }
                continue;
            };
            if stamped.icount < after {
                break;
            }
            let Event::Host { operation, result } = stamped.event else { continue };
            let other = |call: &Call| self.tape.find(call.icount) != self.tape.find(stamped.icount);
            if calls.last().is_some_and(other) {
                *mark = here;
                break;
            }
            if sends(operation) {
                calls.push(Call { icount: stamped.icount, operation, r0: result.r0 });
            }
        }
        Ok(if calls.is_empty() { Calls::None } else { Calls::Made(calls) })
    }
}

/// What each sender has sent, taken from its end, and which of them ended the text last.
struct Senders<'a, S> {
    text: &'a [u8],
    streams: BTreeMap<S, Backwards>,
    last: Option<(Icount, S)>,
}

impl<S: Clone + Ord> Senders<'_, S> {
    /// Nothing has been taken yet.
    fn new(text: &[u8]) -> Senders<'_, S> {
        Senders { text, streams: BTreeMap::new(), last: None }
    }

    /// Takes what was sent at a position, which is in front of all that was taken from this sender before.
    fn take(&mut self, sender: S, bytes: &[u8], icount: Icount) {
        let stream = self.streams.entry(sender.clone()).or_insert_with(|| Backwards::new(self.text));
        for byte in bytes.iter().rev() {
            if let Some(ended) = stream.take(*byte, icount)
                && self.last.as_ref().is_none_or(|(last, _)| ended > *last)
            {
                self.last = Some((ended, sender.clone()));
            }
        }
    }

    /// Whether one has ended the text, and no other can have begun it earlier and ended it later.
    fn is_decided(&self) -> bool {
        let later = |last| self.streams.values().any(|stream| stream.at_best().is_some_and(|end| end > last));
        self.last.as_ref().is_some_and(|(last, _)| !later(*last))
    }
}

/// A semihosting call that sends.
struct Call {
    icount: Icount,
    operation: u32,
    r0: u32,
}

enum Calls {
    /// At least one.
    Made(Vec<Call>),
    None,
    Interrupted,
}

/// Memory to look at.
struct Seen<'a>(&'a Core);

impl Dma for Seen<'_> {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        self.0.memory().read(address, bytes)
    }

    fn write(&mut self, _address: u32, _bytes: &[u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }
}
