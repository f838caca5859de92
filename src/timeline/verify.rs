//! Comparing a replay with what was recorded.

use super::{Timeline, TimelineError};
use crate::{pins::Event, words::Icount};

impl Timeline {
    /// Replays from start to end and compares every digest on the way; gives how many there were.
    pub fn verify(&mut self) -> Result<u64, TimelineError> {
        let mut mark = self.log.start();
        let mut compared = 0;
        self.seek(0)?;
        while let Some(stamped) = self.log.read(&mut mark)? {
            if let Event::Digest(digest) = stamped.event {
                self.compare(stamped.icount, digest, compared)?;
                compared += 1;
            }
        }
        self.seek(self.present.icount)?;
        if let Some(end) = self.log.end().cloned() {
            self.compare(end.at.icount, end.digest, compared)?;
            compared += 1;
        }
        Ok(compared)
    }

    fn compare(&mut self, icount: Icount, digest: u64, compared: u64) -> Result<(), TimelineError> {
        self.seek(icount)?;
        let found = self.core.digest();
        if found == digest {
            return Ok(());
        }
        let what =
            format!("the digest is {found:016x}, recorded is {digest:016x}; {compared} before it agree");
        Err(TimelineError::Diverged { icount, what })
    }
}
