//! Sections of a log: added behind what is there, while the run is recorded and afterwards.

use super::{Closed, Log, State, read::split};
use crate::{
    trace::{
        FORMAT, Place, Problem, Refusal, Section, SectionKind, TraceError,
        block::{BlockHead, MOST_HEADER, Tag, pack},
        table::{Ending, Row},
    },
    words::Icount,
};

impl Log {
    /// Adds a section. During a recording the open chunk is written first, so that all events before it are in the file.
    /// To a finished file it is added together with a new end record, in one write.
    ///
    /// # Errors
    /// The body is larger than 512 MiB or cannot be written, or the trace is such that nothing can be added
    /// ([`Refusal`]); then nothing is changed.
    pub fn add_section(&mut self, kind: SectionKind, icount: Icount, body: &[u8]) -> Result<(), TraceError> {
        if body.len() > MOST_HEADER as usize {
            let (bytes, limit) = (body.len() as u64, MOST_HEADER.into());
            return Err(TraceError::TooLarge { what: "a section", bytes, limit });
        }
        self.flush()?;
        let packed = pack(body);
        let head = BlockHead { tag: Tag::Section(kind), first: icount, ..self.next_head() };
        let head = head.with_body(body.len(), &packed);
        match &self.state {
            State::Recording => self.append_block(head, &packed),
            State::Closed(_) => self.add_block(head, &packed),
        }
    }

    /// Adds a section to a log that takes no more events.
    fn add_block(&mut self, head: BlockHead, body: &[u8]) -> Result<(), TraceError> {
        let refused = |reason| Err(self.store.refused(reason));
        let Some(closed) = self.closed() else { return Ok(()) };
        let end = match closed {
            Closed { format, .. } if *format < FORMAT => return refused(Refusal::Old(*format)),
            Closed { end: Some(end), whole: true, .. } => end.clone(),
            _ => return refused(Refusal::Cut),
        };
        let offset = self.store.length() - closed.lost;
        let rows: Vec<Row> = Row::of(&head).into_iter().collect();
        let ending = Ending { end, counts: self.closed_counts, rows };
        let mut bytes = [&head.to_bytes()[..], body].concat();
        bytes.extend(ending.to_block(self.end_head(), offset + bytes.len() as u64));
        self.store.add(offset, &bytes)?;
        for row in ending.rows {
            self.blocks.push(offset, row).expect("a section can follow anything");
        }
        if let State::Closed(closed) = &mut self.state
            && closed.lost > 0
        {
            (closed.lost, closed.damage) = (0, None); // it was written over
        }
        Ok(())
    }

    /// The sections of a kind, in the order in which they were added. Of a file without its end, those that still have
    /// the run up to them.
    pub fn sections(&self, kind: SectionKind) -> impl Iterator<Item = Section> + '_ {
        self.blocks.sections.iter().filter(move |section| section.kind == kind).copied()
    }

    /// What was added as a section.
    ///
    /// # Errors
    /// It is damaged or cannot be read from the disk.
    pub fn read_section(&mut self, section: Section) -> Result<Vec<u8>, TraceError> {
        let Section { kind, icount, bytes, offset } = section;
        let row = Row::Section { kind, icount, stored: section.stored() };
        let block = self.store.read(offset, bytes)?;
        let body = split(block.as_deref(), row).and_then(|(head, body)| head.unpack(body));
        body.map_err(|problem: Problem| self.damaged(problem.at(Place::Section(kind), offset)))
    }
}
