//! Scenarios: what the world outside of the chip does, and when. A TOML file that `--scenario` names.
//!
//! ```toml
//! part = [{ name = "eeprom", kind = "24lc256", on = "i2c1" }]
//! wire = [{ from = "gpioa.pin4", to = "flash.select" }]
//!
//! [[event]]
//! at = "250ms"        # or a cycle: at = 4_000_000
//! pin = "gpioa.0"     # a button
//! level = 1
//!
//! [[event]]
//! at = "1s"
//! every = "100ms"     # again and again
//! times = 5
//! sample = "adc1.3"   # a channel of a converter
//! value = 2048
//!
//! [[event]]
//! at = "2s"
//! send = "usart2"     # any device that takes input
//! text = "hello\n"    # or bytes = [0x1b, 0x41]
//! ```

use serde::Deserialize;
use thiserror::Error;

use super::{
    Board, BoardError,
    file::{PartRow, WireRow},
    near::{hint, near},
};
use crate::{
    core::Clock,
    quantity,
    words::{Cycle, Nanoseconds},
};

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At this cycle.
    Cycle(Cycle),
    /// At this virtual time, however fast the core clock is.
    Time(Nanoseconds),
}

/// Something that the world outside does once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: At,
    /// The device that it reaches.
    pub device: String,
    /// What reaches the device, in the way in which its kind takes input.
    pub bytes: Vec<u8>,
}

/// What is still to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agenda {
    steps: Vec<Step>,
}

/// Why a scenario cannot be used.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The file is not what it should be.
    #[error("{file}:{line}: {message}")]
    Toml {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// An event makes no sense.
    #[error("{file}: event {number}: {problem}")]
    Event {
        /// The file.
        file: String,
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A device that the board does not have.
    #[error("{file}: event {number}: the board has no device {device:?}{}", hint(.near))]
    Device {
        /// The file.
        file: String,
        /// Which event, counted from 1.
        number: usize,
        /// The name.
        device: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// Its parts or wires do not fit the board.
    #[error("{file}: {cause}")]
    Board {
        /// The file.
        file: String,
        /// Why.
        cause: Box<BoardError>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    part: Vec<PartRow>,
    #[serde(default)]
    wire: Vec<WireRow>,
    #[serde(default)]
    event: Vec<EventRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventRow {
    at: Time,
    every: Option<Time>,
    times: Option<u32>,
    pin: Option<String>,
    level: Option<u8>,
    sample: Option<String>,
    value: Option<u16>,
    send: Option<String>,
    text: Option<String>,
    bytes: Option<Vec<u8>>,
}

/// A cycle, or a virtual time with its unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a cycle, or a time such as \"250ms\"")]
enum Time {
    Cycle(u64),
    Text(String),
}

/// The most events that a repetition may stand for.
const MOST: u32 = 1_000_000;

impl Time {
    fn read(&self) -> Result<At, String> {
        match self {
            Time::Cycle(cycle) => Ok(At::Cycle(*cycle)),
            Time::Text(text) => quantity::duration(text).map(At::Time),
        }
    }
}

impl At {
    fn later(self, by: At, times: u64) -> Option<At> {
        match (self, by) {
            (At::Cycle(at), At::Cycle(by)) => Some(At::Cycle(at.checked_add(by.checked_mul(times)?)?)),
            (At::Time(at), At::Time(by)) => Some(At::Time(at.checked_add(by.checked_mul(times)?)?)),
            _ => None,
        }
    }

    /// The first cycle that is not before it, as fast as the clock is now.
    fn cycle(self, clock: &Clock) -> Cycle {
        match self {
            At::Cycle(cycle) => cycle,
            At::Time(time) => {
                let cycle = clock.cycles_until(time);
                if clock.time_at(cycle) < time { cycle.saturating_add(1) } else { cycle }
            }
        }
    }
}

impl EventRow {
    /// The device and what reaches it.
    fn action(&self) -> Result<(String, Vec<u8>), String> {
        let numbered = |name: &str| {
            let (device, number) = name
                .rsplit_once('.')
                .ok_or_else(|| format!("{name:?} has no number behind a dot, as in gpioa.0"))?;
            let number = number.trim_start_matches("pin").parse::<u8>();
            let number =
                number.map_err(|_| format!("{name:?} has no number behind its dot, as in gpioa.0"))?;
            Ok::<_, String>((device.to_owned(), number))
        };
        match (&self.pin, &self.sample, &self.send) {
            (Some(pin), None, None) => {
                let level =
                    self.level.filter(|level| *level < 2).ok_or("a pin needs level = 0 or level = 1")?;
                let (device, number) = numbered(pin)?;
                Ok((device, vec![number, level]))
            }
            (None, Some(sample), None) => {
                let value = self.value.ok_or("a sample needs a value")?;
                let (device, number) = numbered(sample)?;
                let [low, high] = value.to_le_bytes();
                Ok((device, vec![number, low, high]))
            }
            (None, None, Some(device)) => match (&self.text, &self.bytes) {
                (Some(text), None) => Ok((device.clone(), text.clone().into_bytes())),
                (None, Some(bytes)) => Ok((device.clone(), bytes.clone())),
                _ => Err("what is sent is either text or bytes".to_owned()),
            },
            _ => Err("an event has one of pin, sample and send".to_owned()),
        }
    }

    fn steps(&self) -> Result<Vec<Step>, String> {
        let (device, bytes) = self.action()?;
        let at = self.at.read()?;
        let times = self.times.unwrap_or(1);
        if times == 0 || times > MOST {
            return Err(format!("times must be 1 to {MOST}"));
        }
        let every = match &self.every {
            Some(every) => every.read()?,
            None if times == 1 => at,
            None => return Err("times needs every, the time between two".to_owned()),
        };
        let step = |number: u32| {
            let at = if number == 0 { Some(at) } else { at.later(every, number.into()) };
            let at = at.ok_or("at and every must both be cycles or both be times, and end some day")?;
            Ok(Step { at, device: device.clone(), bytes: bytes.clone() })
        };
        (0..times).map(step).collect()
    }
}

impl Agenda {
    /// What is to happen, in any order.
    pub fn new(steps: Vec<Step>) -> Agenda {
        Agenda { steps }
    }

    /// When something is next to happen, as fast as the clock is now.
    pub fn next(&self, clock: &Clock) -> Option<Cycle> {
        self.steps.iter().map(|step| step.at.cycle(clock)).min()
    }

    /// Takes what is to happen up to now, the earlier first, else in the order of the file.
    pub fn take(&mut self, now: Cycle, clock: &Clock) -> Vec<Step> {
        let (mut due, rest): (Vec<Step>, Vec<Step>) =
            std::mem::take(&mut self.steps).into_iter().partition(|step| step.at.cycle(clock) <= now);
        self.steps = rest;
        due.sort_by_key(|step| step.at.cycle(clock));
        due
    }
}

impl Board {
    /// Adds the parts and wires of a scenario, and what happens in it.
    pub fn add_scenario(&mut self, file: &str, text: &str) -> Result<(), ScenarioError> {
        let name = || file.to_owned();
        let rows: File = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count() + 1;
            ScenarioError::Toml { file: name(), line, message: error.message().replace('\n', "; ") }
        })?;
        let mut board = self.clone();
        board.file.part.extend(rows.part);
        board.file.wire.extend(rows.wire);
        board.build_bus().map_err(|cause| ScenarioError::Board { file: name(), cause: Box::new(cause) })?;
        board.sources.board =
            toml::to_string(&board.file).expect("a board file that was read can be written");
        for (index, row) in rows.event.iter().enumerate() {
            let number = index + 1;
            let steps =
                row.steps().map_err(|problem| ScenarioError::Event { file: name(), number, problem })?;
            let known = || {
                let parts = board.file.part.iter().map(|part| part.name.as_str());
                board.file.device.iter().map(|device| device.name.as_str()).chain(parts)
            };
            if let Some(step) = steps.first().filter(|step| !known().any(|device| device == step.device)) {
                let (device, near) = (step.device.clone(), near(&step.device, known()));
                return Err(ScenarioError::Device { file: name(), number, device, near });
            }
            board.steps.extend(steps);
        }
        *self = board;
        Ok(())
    }

    /// Adds something that the world outside does.
    pub fn add_step(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// What the world outside is to do.
    pub fn agenda(&self) -> Agenda {
        Agenda::new(self.steps.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Board, String> {
        let mut board = Board::find("stm32f4discovery").unwrap();
        board.add_scenario("s.toml", text).map_err(|error| error.to_string())?;
        Ok(board)
    }

    #[test]
    fn events_come_in_their_order_and_times_follow_the_clock() {
        let text = "
            [[event]]
            at = \"1ms\"
            pin = \"gpioa.0\"
            level = 1
            [[event]]
            at = 5
            every = 10
            times = 2
            sample = \"adc1.3\"
            value = 0x123
            [[event]]
            at = 15
            send = \"usart2\"
            text = \"hi\"
        ";
        let mut agenda = with(text).unwrap().agenda();
        let slow = Clock::new(1_000_000);
        assert_eq!(agenda.next(&slow), Some(5));
        let taken = |agenda: &mut Agenda, now, clock: &Clock| {
            let steps = agenda.take(now, clock);
            steps.into_iter().map(|step| (step.device, step.bytes)).collect::<Vec<_>>()
        };
        assert_eq!(taken(&mut agenda, 5, &slow), [("adc1".to_owned(), vec![3, 0x23, 1])]);
        let both = [("adc1".to_owned(), vec![3, 0x23, 1]), ("usart2".to_owned(), b"hi".to_vec())];
        assert_eq!(taken(&mut agenda, 20, &slow), both);
        assert_eq!(agenda.next(&slow), Some(1000));
        let fast = slow.changed(8_000_000, 500);
        assert_eq!(agenda.next(&fast), Some(500 + 4000));
        assert_eq!(taken(&mut agenda, 4500, &fast), [("gpioa".to_owned(), vec![0, 1])]);
        assert_eq!(agenda.next(&fast), None);
    }

    #[test]
    fn parts_are_attached_and_recorded() {
        let board = with("part = [{ name = \"eeprom\", kind = \"24lc256\", on = \"i2c1\" }]").unwrap();
        let again = Board::from_sources(board.sources().clone()).unwrap();
        assert_eq!(again.bus().save(), board.bus().save());
        assert!(
            with("part = [{ name = \"x\", kind = \"24lc256\", on = \"i2c9\" }]")
                .unwrap_err()
                .contains("i2c9")
        );
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, wanted) in [
            ("[[event]]\nat = 1\npin = \"gpioz.0\"\nlevel = 1", "event 1: the board has no device \"gpioz\""),
            ("[[event]]\nat = 1\npin = \"gpioa\"\nlevel = 1", "as in gpioa.0"),
            ("[[event]]\nat = 1\npin = \"gpioa.0\"", "level = 0 or level = 1"),
            ("[[event]]\nat = 1\nsend = \"usart2\"", "either text or bytes"),
            ("[[event]]\nat = 1", "one of pin, sample and send"),
            ("[[event]]\nat = \"soon\"\nsend = \"usart2\"\ntext = \"x\"", "such as 250ms"),
            (
                "[[event]]\nat = 1\nevery = \"1s\"\ntimes = 2\nsend = \"usart2\"\ntext = \"x\"",
                "both be cycles",
            ),
            ("[[event]]\nat = 1\nsned = 2", "s.toml:3"),
        ] {
            let error = with(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
