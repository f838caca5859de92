//! Accesses to devices: the log has them all, so it is read backwards and nothing is executed until one is found.

use super::{
    Last,
    accesses::{access_of, finding},
};
use crate::{
    board::Wires,
    timeline::{Timeline, TimelineError, WatchKind},
    trace::Channel,
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
            let Some((at, width, store)) = access_of(channel) else { return false };
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
            if let Some(stamped) = self.log.look_back(&mut mark, wanted)?
                && let Some(finding) = finding(&stamped)
            {
                self.seek(stamped.icount)?;
                return Ok(Last::Found(self.answer_here(finding)));
            }
            if !mark.is_start() && interrupted() {
                let next = self.log.peek(mark)?;
                return Ok(Last::Interrupted(next.map_or(now, |stamped| stamped.icount)));
            }
        }
        Ok(Last::Never)
    }
}
