//! Comparing a re-execution with what was recorded, and finding out what differs.
//!
//! A recording has a digest for each interval. Where one differs, the interval before it is executed again in two ways:
//! as always, and by a second core that steps, fifteen instructions at a time at most, which the exact engine does. If
//! the two differ, the first position at which they do is found by bisection: there is a bug. If they agree, the recording is
//! something else. Then all that is recorded is compared: registers and hashes of memory in the digest, and everything at
//! the next keyframe.

mod compare;
#[cfg(test)]
mod tests;

use super::{Cause, Difference, Divergence, Options, Timeline, TimelineError, divergence::is_notable};
use crate::{
    pins::{Digest, Event},
    trace::{FORMAT, Mark, Section, SectionKind},
    words::Icount,
};

/// So few icounts at once are executed by the exact engine.
const STEPS: Icount = 15;
/// Positions that are compared at a time, at most.
const MOST_SAMPLES: Icount = 1 << 16;
/// A keyframe this many intervals behind a difference is looked at.
const NEAR: Icount = 256;

impl Timeline {
    /// Executes the recording from its start to its end and compares every digest and keyframe that it holds; gives how
    /// many digests there were. This timeline stays where it is.
    ///
    /// # Errors
    /// [`TimelineError::Diverged`] with what can be said about the first difference, or the trace cannot be read.
    pub fn verify(&mut self) -> Result<u64, TimelineError> {
        Verifier::new(Timeline::replay(self.log.reader()?, self.options)?).verify()
    }
}

/// A re-execution of a whole recording.
struct Verifier {
    run: Timeline,
    options: Options,
    /// The last position at which everything agreed.
    good: Icount,
    /// Another one, to enter keyframes.
    entering: Option<Timeline>,
    /// What a test does to the core whenever it runs past a position.
    #[cfg(test)]
    disturbance: Option<tests::Disturbance>,
}

/// How far an execution came.
#[derive(Clone, Debug, PartialEq)]
enum Reached {
    /// To the position, where the core has this digest.
    There(u64),
    /// Not so far, for this reason.
    Before(Vec<Difference>),
}

/// Two ways of execution that differ.
struct Parting {
    /// The last position at which they agree.
    after: Icount,
    /// The first at which they do not.
    at: Icount,
    /// The digest at the end of the stretch that stepping gives.
    stepped: Reached,
}

impl Verifier {
    fn new(run: Timeline) -> Verifier {
        let options = run.options;
        Verifier {
            run,
            options,
            good: 0,
            entering: None,
            #[cfg(test)]
            disturbance: None,
        }
    }

    fn verify(&mut self) -> Result<u64, TimelineError> {
        let mut keyframes: Vec<Section> = self.run.log.sections(SectionKind::Keyframe).collect();
        keyframes.retain(|_| self.run.log.format() == FORMAT);
        keyframes.sort_by_key(|section| section.icount);
        let mut keyframes = keyframes.into_iter().peekable();
        let end = self.run.end().icount;
        let mut mark = self.run.log.start();
        let mut compared = 0;
        while let Some((icount, digest)) = self.next_digest(&mut mark)? {
            while let Some(section) = keyframes.next_if(|section| section.icount < icount) {
                self.check_keyframe(section)?;
            }
            self.check(icount, &digest)?;
            compared += 1;
        }
        while let Some(section) = keyframes.next_if(|section| section.icount < end) {
            self.check_keyframe(section)?;
        }
        self.reach(end)?;
        if let Some(recorded) = self.run.log.end().cloned() {
            self.check(end, &Digest { all: recorded.digest, detail: None })?;
            compared += 1;
        }
        for section in keyframes.filter(|section| section.icount == end) {
            self.check_keyframe(section)?;
        }
        Ok(compared)
    }

    /// The next recorded digest.
    fn next_digest(&mut self, mark: &mut Mark) -> Result<Option<(Icount, Digest)>, TimelineError> {
        while let Some(stamped) = self.run.log.read(mark)? {
            if let Event::Digest(digest) = stamped.event {
                return Ok(Some((stamped.icount, digest)));
            }
        }
        Ok(None)
    }

    fn check(&mut self, icount: Icount, recorded: &Digest) -> Result<(), TimelineError> {
        self.reach(icount)?;
        if self.agrees_with(recorded) {
            self.good = icount;
            return Ok(());
        }
        Err(self.explain_digest(icount, recorded)?.into())
    }

    fn agrees_with(&mut self, recorded: &Digest) -> bool {
        if self.run.log.format() == FORMAT {
            return self.run.core.digest() == recorded.all;
        }
        // An older format has digests of another state. Registers and memory are what they were.
        recorded.detail.is_none() || recorded.detail == self.run.core.detailed_digest().detail
    }

    /// Runs on to a position.
    fn reach(&mut self, icount: Icount) -> Result<(), TimelineError> {
        match self.execute_to(icount) {
            Err(TimelineError::Diverged(found)) => Err(self.explain_event(*found)?.into()),
            result => result,
        }
    }

    fn execute_to(&mut self, icount: Icount) -> Result<(), TimelineError> {
        #[cfg(test)]
        if let Some(disturbance) = self.disturbance
            && (self.run.now().icount..icount).contains(&disturbance.at)
        {
            self.run.go_on_to(disturbance.at)?;
            (disturbance.act)(&mut self.run.core);
        }
        self.run.go_on_to(icount)
    }

    /// Runs to a position once more, from where everything agreed, without a stop in between.
    fn run_to(&mut self, icount: Icount) -> Result<Reached, TimelineError> {
        let before = self.run.tape.find(self.good);
        self.run.go(before);
        let result = self.execute_to(icount);
        reached(&mut self.run, result)
    }

    /// A second core where the first one is now.
    fn second(&mut self) -> Result<Timeline, TimelineError> {
        let mut second = Timeline::replay(self.run.log.reader()?, self.options)?;
        let memory = self.run.core.memory();
        second.core.memory_mut().paste(&memory.copy((0..memory.pages()).collect()));
        second.core.set_state(self.run.core.state().clone());
        let mark = second.log.find(self.run.now().icount)?;
        second.jumped(mark);
        second.tape.keep(&mut second.core, mark, second.present.icount);
        Ok(second)
    }

    /// Whether stepping from where everything agreed gives something else at `to` than running does, and where that
    /// begins.
    fn part(&mut self, to: Icount) -> Result<Option<Parting>, TimelineError> {
        let (mut low, mut high) = (self.good, to);
        let mut stepped = None;
        loop {
            let stride = match high - low {
                0..=STEPS => 1,
                length => length.div_ceil(MOST_SAMPLES).next_multiple_of(STEPS),
            };
            self.run_to(low)?;
            let mut second = self.second()?;
            let mut samples = vec![(low, reached(&mut second, Ok(()))?)];
            while let Some(&(last, Reached::There(_))) = samples.last()
                && last < high
            {
                let next = (last + stride).min(high);
                let result = step_to(&mut second, next, stride.min(STEPS));
                samples.push((next, reached(&mut second, result)?));
            }
            let (end, last) = samples[samples.len() - 1].clone();
            if stepped.is_none() {
                // Who ends early on both ways has not been seen to differ.
                let run = self.run_to(end)?;
                stepped = Some(last.clone());
                if run == last {
                    return Ok(None);
                }
            }
            // In front of `first` they agree.
            let (mut first, mut differs) = (0, samples.len() - 1);
            while first + 1 < differs {
                let middle = (first + differs) / 2;
                let (icount, sample) = samples[middle].clone();
                if self.run_to(icount)? == sample { first = middle } else { differs = middle }
            }
            (low, high) = (samples[first].0, samples[differs].0);
            if high - low <= 1 || stride == 1 {
                let stepped = stepped.unwrap_or(last);
                return Ok(Some(Parting { after: low, at: high, stepped }));
            }
        }
    }

    /// The verdict where two ways of execution part.
    fn explain_parting(&mut self, parting: &Parting, as_recorded: bool) -> Result<Divergence, TimelineError> {
        self.run_to(parting.after)?;
        let pc = self.run.registers().pc;
        let mut second = self.second()?;
        let result = step_to(&mut second, parting.at, 1);
        let stepped = reached(&mut second, result)?;
        let run = self.run_to(parting.at)?;
        let differences = match (stepped, run) {
            (Reached::There(_), Reached::There(_)) => compare::cores(&second.core, &self.run.core),
            (Reached::Before(differences), _) | (_, Reached::Before(differences)) => differences,
        };
        let cause = Cause::Execution { as_recorded };
        self.divergence(parting.after, parting.at, Some(pc), differences, cause)
    }

    /// The verdict on what the core did at its pins, or on its stop.
    fn explain_event(&mut self, found: Divergence) -> Result<Divergence, TimelineError> {
        let at = found.at;
        if let Some(parting) = self.part((at + 1).min(self.run.end().icount))? {
            let as_recorded = matches!(parting.stepped, Reached::There(_));
            return self.explain_parting(&parting, as_recorded);
        }
        let there = self.run_to(at)?;
        let pc = matches!(there, Reached::There(_)).then(|| self.run.registers().pc);
        let cause = Cause::Recording { agrees_again: None };
        let mut verdict = self.divergence(self.good, at, pc, found.differences, cause)?;
        verdict.after = at; // all events before it agree
        Ok(verdict)
    }

    /// The verdict on a digest that is not the recorded one.
    fn explain_digest(&mut self, at: Icount, recorded: &Digest) -> Result<Divergence, TimelineError> {
        let good = self.good;
        let found = self.run.core.digest();
        let pc = Some(self.run.registers().pc);
        let written = self.run.tape.pages_written_since(good, self.run.core.memory());
        let mut differences = compare::digest(recorded, &mut self.run.core, &written);
        if self.run_to(at)? != Reached::There(found) {
            return self.divergence(good, at, pc, differences, Cause::Chance);
        }
        if let Some(parting) = self.part(at)? {
            let as_recorded = parting.stepped == Reached::There(recorded.all);
            return self.explain_parting(&parting, as_recorded);
        }
        self.run_to(at)?;
        let agrees_again = self.agrees_again(at)?;
        let mut at_keyframe = self.compare_next_keyframe(at)?;
        if let Some((_, all)) = at_keyframe.take_if(|(icount, _)| *icount == at) {
            differences = all;
        }
        let mut verdict = self.divergence(good, at, pc, differences, Cause::Recording { agrees_again })?;
        verdict.at_keyframe = at_keyframe;
        Ok(verdict)
    }

    fn divergence(
        &mut self,
        after: Icount,
        at: Icount,
        pc: Option<u32>,
        differences: Vec<Difference>,
        cause: Cause,
    ) -> Result<Divergence, TimelineError> {
        let (mut events, mut last_event) = (0, None);
        let mut mark = self.run.log.find(after)?;
        while let Some(stamped) = self.run.log.read(&mut mark)?.filter(|stamped| stamped.icount < at) {
            if is_notable(&stamped.event) {
                events += 1;
                last_event = Some(stamped);
            }
        }
        Ok(Divergence { after, at, pc, differences, at_keyframe: None, cause, events, last_event })
    }

    /// The position of the next recorded digest, if it is as it should be again. Runs there.
    fn agrees_again(&mut self, at: Icount) -> Result<Option<Icount>, TimelineError> {
        let mut mark = self.run.log.find(at + 1)?;
        let end = self.run.log.end().map(|end| (end.at.icount, Digest { all: end.digest, detail: None }));
        let next = self.next_digest(&mut mark)?.or(end);
        let Some((icount, digest)) = next.filter(|(icount, _)| *icount > at) else { return Ok(None) };
        let result = self.execute_to(icount);
        Ok((reached(&mut self.run, result)? == Reached::There(digest.all)).then_some(icount))
    }

    /// What differs at the first keyframe that is not before a position, if there is one near. Runs there.
    fn compare_next_keyframe(
        &mut self,
        at: Icount,
    ) -> Result<Option<(Icount, Vec<Difference>)>, TimelineError> {
        let near = at..=at.saturating_add(NEAR * self.options.interval);
        let keyframes = self.run.log.sections(SectionKind::Keyframe);
        let next =
            keyframes.filter(|section| near.contains(&section.icount)).min_by_key(|found| found.icount);
        let Some(section) = next else { return Ok(None) };
        let icount = section.icount;
        if !self.enter(section)? || !matches!(self.run_to(icount)?, Reached::There(_)) {
            return Ok(None);
        }
        let differences = self.entering.as_ref().map(|entered| compare::cores(&entered.core, &self.run.core));
        Ok(differences.filter(|differences| !differences.is_empty()).map(|differences| (icount, differences)))
    }

    /// Compares a keyframe with the run.
    fn check_keyframe(&mut self, section: Section) -> Result<(), TimelineError> {
        self.reach(section.icount)?;
        self.run.log.read_section(section)?; // damage is said as such
        let mut differences = vec![Difference::State { part: "all: it cannot be entered" }];
        if self.enter(section)?
            && let Some(entered) = &mut self.entering
        {
            if entered.core.digest() == self.run.core.digest() {
                return Ok(());
            }
            differences = compare::cores(&entered.core, &self.run.core);
        }
        let (at, pc) = (section.icount, Some(self.run.registers().pc));
        Err(self.divergence(at, at, pc, differences, Cause::Keyframe)?.into())
    }

    /// Takes another core to a keyframe; whether that is possible.
    fn enter(&mut self, section: Section) -> Result<bool, TimelineError> {
        if self.entering.is_none() {
            self.entering = Some(Timeline::replay(self.run.log.reader()?, self.options)?);
        }
        Ok(self.entering.as_mut().is_some_and(|entering| entering.restore(section)))
    }
}

/// Goes on in pieces.
fn step_to(timeline: &mut Timeline, icount: Icount, steps: Icount) -> Result<(), TimelineError> {
    while timeline.now().icount < icount {
        timeline.go_on_to((timeline.now().icount + steps).min(icount))?;
    }
    Ok(())
}

/// What has become of an attempt to go somewhere.
fn reached(timeline: &mut Timeline, result: Result<(), TimelineError>) -> Result<Reached, TimelineError> {
    match result {
        Ok(()) => Ok(Reached::There(timeline.core.digest())),
        Err(TimelineError::Diverged(found)) => Ok(Reached::Before(found.differences)),
        Err(error) => Err(error),
    }
}
