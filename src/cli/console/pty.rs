//! A pseudo terminal: the device's line looks like a serial port to other programs.

use std::path::PathBuf;

use super::{endpoint::Endpoint, input::Input, outbox::Outbox};

/// A pseudo terminal with our end of it.
pub struct Pty {
    outbox: Outbox,
    input: Input,
    /// Kept open: otherwise ours would break each time that a program closes it.
    #[cfg(unix)]
    _other_end: std::os::fd::OwnedFd,
}

impl Pty {
    /// Opens one; gives the path by which other programs know it.
    #[cfg(unix)]
    pub fn open() -> anyhow::Result<(Pty, PathBuf)> {
        use std::{fs::File, thread};

        use anyhow::Context;
        use nix::{pty, sys::termios, unistd};

        let ends = pty::openpty(None, None).context("cannot open a pseudo terminal")?;
        let path = unistd::ttyname(&ends.slave).context("cannot tell the name of a pseudo terminal")?;
        // A line carries bytes as they are, and echoes nothing.
        let mut attributes = termios::tcgetattr(&ends.slave).context("cannot set up a pseudo terminal")?;
        termios::cfmakeraw(&mut attributes);
        termios::tcsetattr(&ends.slave, termios::SetArg::TCSANOW, &attributes)
            .context("cannot set up a pseudo terminal")?;
        let reader = File::from(ends.master);
        let writer = reader.try_clone().context("cannot open a pseudo terminal")?;
        let outbox = Outbox::default();
        let other_end = outbox.clone();
        thread::spawn(move || other_end.write_to(writer));
        Ok((Pty { outbox, input: Input::from_reader(reader), _other_end: ends.slave }, path))
    }

    /// There are none.
    #[cfg(not(unix))]
    pub fn open() -> anyhow::Result<(Pty, PathBuf)> {
        anyhow::bail!("this system has no pseudo terminals; use tcp::4444")
    }
}

impl Endpoint for Pty {
    fn send(&mut self, bytes: &[u8]) {
        self.outbox.send(bytes);
    }

    fn input(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.outbox.close();
    }
}
