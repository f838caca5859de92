//! How a run ended: the fault report, the exit code, a line for the user.

use std::{path::Path, process::ExitCode};

use untick::{
    fault::Report,
    image::Symbols,
    timeline::{Outcome, Timeline},
    words::{Moment, Nanoseconds, seconds},
};

use super::{session, show};

/// Why [`session::run`] came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The machine ended, or reached a limit.
    Outcome(Outcome),
    /// The host's time for the run is over.
    Timeout,
}

/// All that is said at the end of `run` and `record`.
pub struct Ending {
    why: Why,
    at: Moment,
    time: Nanoseconds,
    /// The core is in a fault handler, or locked up.
    faulted: bool,
    /// The fault in words.
    report: Option<Report>,
    /// Lines about what the firmware used.
    remarks: Vec<String>,
}

impl Ending {
    /// Collects what there is to say about a run that has come to its end.
    pub fn of(timeline: &mut Timeline, symbols: &Symbols, why: Why) -> anyhow::Result<Ending> {
        let in_handler = (3..=6).contains(&timeline.registers().ipsr());
        let faulted = in_handler || matches!(why, Why::Outcome(Outcome::Lockup | Outcome::FaultLoop(_)));
        let at = timeline.now();
        let time = timeline.time();
        let remarks = session::remarks(timeline);
        // A fault that the firmware handled and left is its own affair.
        let report = if faulted { session::last_fault(timeline, symbols)? } else { None };
        Ok(Ending { why, at, time, faulted, report, remarks })
    }

    /// Adds to the fault report how to open the file that holds the run.
    pub fn in_trace(self, trace: &Path) -> Ending {
        Ending { report: self.report.map(|report| report.with_trace(trace)), ..self }
    }

    /// Whether there is a fault to tell about.
    pub fn has_report(&self) -> bool {
        self.report.is_some()
    }

    /// Prints what there is to say of what the firmware used, and the fault report.
    pub fn report(&self) {
        for remark in &self.remarks {
            show::say(remark);
        }
        if let Some(report) = &self.report {
            show::block(&report.to_string());
        }
    }

    /// Whether the firmware ended itself.
    pub fn is_exit(&self) -> bool {
        matches!(self.why, Why::Outcome(Outcome::Exit(_)))
    }

    /// What happened, when.
    pub fn summary(&self) -> String {
        let what = match &self.why {
            Why::Timeout => "stopped: the time for it is over".to_owned(),
            Why::Outcome(outcome) => outcome_in_words(outcome),
        };
        let handler = match self.why {
            // These say it themselves.
            Why::Outcome(Outcome::Lockup | Outcome::FaultLoop(_)) => "",
            _ if self.faulted => ", in a fault handler,",
            _ => "",
        };
        format!(
            "{what}{handler} after {} ({} of virtual time)",
            show::counted(self.at.icount, "instruction"),
            seconds(self.time),
        )
    }

    /// 0 ended as asked, the firmware's own code, 1 fault or lockup.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(code(&self.why, self.faulted))
    }
}

fn code(why: &Why, faulted: bool) -> u8 {
    match why {
        // An exit code has eight bits here; what does not fit is still no success.
        Why::Outcome(Outcome::Exit(code)) => u8::try_from(*code).unwrap_or(u8::MAX),
        Why::Outcome(Outcome::Lockup | Outcome::FaultLoop(_) | Outcome::Breakpoint(_)) => 1,
        Why::Outcome(Outcome::Asleep | Outcome::Limit | Outcome::Interrupted | Outcome::Cut)
        | Why::Timeout => faulted.into(),
    }
}

/// How a run ended, as a sentence without its subject.
pub fn outcome_in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Exit(code) => format!("ended by the firmware with exit code {code}"),
        Outcome::Lockup => "locked up".to_owned(),
        Outcome::FaultLoop(pc) => format!("looping in a fault handler at {pc:#010x}"),
        Outcome::Breakpoint(pc) => format!("stopped by a BKPT instruction at {pc:#010x}"),
        Outcome::Asleep => "asleep with nothing left that could wake the core".to_owned(),
        Outcome::Limit => "stopped at the limit".to_owned(),
        Outcome::Interrupted => "interrupted".to_owned(),
        Outcome::Cut => "cut off".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_the_promised_ones() {
        let of = |outcome, faulted| code(&Why::Outcome(outcome), faulted);
        assert_eq!(of(Outcome::Exit(0), false), 0);
        assert_eq!(of(Outcome::Exit(42), false), 42);
        assert_eq!(of(Outcome::Exit(256), false), 255, "no failure becomes a success");
        assert_eq!(of(Outcome::Exit(3), true), 3, "a handler's own code is the firmware's code");
        assert_eq!(of(Outcome::Lockup, true), 1);
        assert_eq!(of(Outcome::FaultLoop(0x100), true), 1);
        assert_eq!(of(Outcome::Breakpoint(0x100), false), 1);
        assert_eq!(of(Outcome::Limit, false), 0);
        assert_eq!(of(Outcome::Limit, true), 1, "a handler that loops in its own way");
        assert_eq!(of(Outcome::Asleep, false), 0);
        assert_eq!(of(Outcome::Interrupted, false), 0);
        assert_eq!(code(&Why::Timeout, false), 0);
    }

    #[test]
    fn a_summary_says_what_and_when() {
        let mut ending = Ending {
            why: Why::Outcome(Outcome::Limit),
            at: Moment { icount: 1_234_567, cycle: 2_500_000 },
            time: 100_000_000,
            faulted: false,
            report: None,
            remarks: Vec::new(),
        };
        let at = "after 1,234,567 instructions (0.100000 s of virtual time)";
        assert_eq!(ending.summary(), format!("stopped at the limit {at}"));
        ending.faulted = true;
        assert_eq!(ending.summary(), format!("stopped at the limit, in a fault handler, {at}"));
        ending.why = Why::Outcome(Outcome::Lockup);
        assert_eq!(ending.summary(), format!("locked up {at}"));
    }
}
