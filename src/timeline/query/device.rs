//! Accesses to devices: the log has them all, so it is read backwards and nothing is executed until one is found.

use super::{DeviceAccess, Finding, Last};
use crate::{
    board::Wires,
    pins::{Event, Stamped},
    timeline::{Timeline, TimelineError, WatchKind},
    trace::Channel,
    words::Width,
};

impl Timeline {
    pub(super) fn last_device_access(
        &mut self,
        address: u32,
        length: u32,
        kind: WatchKind,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Last, TimelineError> {
        let wires = Wires::recorded(self.log.header());
        let wanted = |channel: Channel| {
            let (at, width, store) = match channel {
                Channel::Read { address, width } | Channel::ReadFault { address, width } => {
                    (address, width, false)
                }
                Channel::Write { address, width } | Channel::WriteFault { address, width } => {
                    (address, width, true)
                }
                _ => return false,
            };
            let counts = match kind {
                WatchKind::Access => true,
                WatchKind::Write => store,
                WatchKind::Read => !store,
            };
            let touches = |at: u32, address: u32| {
                at.wrapping_sub(address) < length.max(1) || address.wrapping_sub(at) < width.bytes()
            };
            counts && (touches(at, address) || touches(wires.canonical(at), wires.canonical(address)))
        };
        let now = self.now().icount;
        let mut mark = self.log.find(now)?;
        while !mark.is_start() {
            if let Some(stamped) = self.log.look_back(&mut mark, wanted)? {
                self.seek(stamped.icount)?;
                return Ok(Last::Found(self.answer_here(finding(&stamped))));
            }
            if !mark.is_start() && interrupted() {
                let next = self.log.peek(mark)?;
                return Ok(Last::Interrupted(next.map_or(now, |stamped| stamped.icount)));
            }
        }
        Ok(Last::Never)
    }
}

fn finding(stamped: &Stamped) -> Finding {
    let (address, width, access) = match stamped.event {
        Event::Read { address, width, value } => (address, width, DeviceAccess::Read(value)),
        Event::Write { address, width, value, accepted } => {
            (address, width, DeviceAccess::Write { value, accepted })
        }
        // No other channel is asked for.
        _ => (0, Width::Word, DeviceAccess::Read(None)),
    };
    Finding::Device { address, width, access }
}
