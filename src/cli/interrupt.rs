//! Ctrl-C, and other wishes of the host to end a run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;

/// Whether somebody wants the run to end. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    wanted: Arc<AtomicBool>,
    /// Ctrl-C was pressed, but for the debugger in front.
    pressed: Arc<AtomicBool>,
}

/// The exit code of a program that Ctrl-C has killed, as shells count.
const KILLED_BY_INTERRUPT: i32 = 128 + 2;

impl Interrupt {
    /// Makes the first Ctrl-C end the run in good order, and a second one at once.
    pub fn on_ctrl_c() -> anyhow::Result<Interrupt> {
        let interrupt = Interrupt::default();
        let wanted = Arc::clone(&interrupt.wanted);
        let handler = move || {
            if wanted.swap(true, Ordering::Relaxed) {
                std::process::exit(KILLED_BY_INTERRUPT);
            }
        };
        ctrlc::set_handler(handler).context("cannot listen for Ctrl-C")?;
        Ok(interrupt)
    }

    /// Leaves Ctrl-C to the debugger in front: it stops the firmware with it and must not lose the server.
    pub fn ignore_ctrl_c() -> anyhow::Result<Interrupt> {
        let interrupt = Interrupt::default();
        let pressed = Arc::clone(&interrupt.pressed);
        let handler = move || pressed.store(true, Ordering::Relaxed);
        ctrlc::set_handler(handler).context("cannot leave Ctrl-C to the debugger")?;
        Ok(interrupt)
    }

    /// Asks for the end.
    pub fn request(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// For those who look themselves.
    pub fn flag(&self) -> &AtomicBool {
        &self.wanted
    }

    /// Whether Ctrl-C was pressed for the debugger in front, for those who look themselves.
    pub fn pressed(&self) -> &AtomicBool {
        &self.pressed
    }

    /// Whether the end is asked for.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }
}

/// The time of the host that a run may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// From now on; a time that the clock cannot hold is no deadline.
    pub fn after(timeout: Option<Duration>) -> Deadline {
        Deadline(timeout.and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// Whether it is over.
    pub fn has_passed(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_wish() {
        let interrupt = Interrupt::default();
        let other = interrupt.clone();
        assert!(!other.is_wanted());
        interrupt.request();
        assert!(other.is_wanted());
    }

    #[test]
    fn deadlines() {
        assert!(!Deadline::after(None).has_passed());
        assert!(Deadline::after(Some(Duration::ZERO)).has_passed());
        assert!(!Deadline::after(Some(Duration::MAX)).has_passed());
    }
}
