//! Standard output and standard error: what the firmware sends, shown soon and in order.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use untick::machine::{When, semihosting::Stream};

use super::PIECE;
use crate::cli::{interrupt::Interrupt, show};

/// Output that has waited this long is shown even though its line is not complete: short enough to look live.
pub const PATIENCE: Duration = Duration::from_millis(20);

/// The terminal to write on.
pub struct Screen {
    /// What is not shown yet.
    output: Vec<u8>,
    /// When output was last shown.
    shown: Instant,
    standard_output: Box<dyn Write>,
    standard_error: Box<dyn Write>,
    stamps: Option<Stamps>,
    /// Whether the last line of the firmware has not ended.
    in_line: bool,
    interrupt: Interrupt,
}

/// Icount and time in front of each line.
struct Stamps {
    /// Whether a line begins, on standard output and standard error.
    begins: [bool; 2],
}

impl Screen {
    /// The standard streams; with stamps, each line says when it was sent.
    pub fn new(stamps: bool, interrupt: Interrupt) -> Screen {
        Screen::on(Box::new(io::stdout()), Box::new(io::stderr()), stamps, interrupt)
    }

    pub(super) fn on(
        standard_output: Box<dyn Write>,
        standard_error: Box<dyn Write>,
        stamps: bool,
        interrupt: Interrupt,
    ) -> Screen {
        let stamps = stamps.then_some(Stamps { begins: [true; 2] });
        Screen {
            output: Vec::new(),
            shown: Instant::now(),
            standard_output,
            standard_error,
            stamps,
            in_line: false,
            interrupt,
        }
    }

    /// Takes what was sent at a moment.
    pub fn write(&mut self, stream: Stream, bytes: &[u8], when: When) {
        let stamped = self.stamps.as_mut().map(|stamps| stamps.stamp(stream, bytes, when));
        let bytes = stamped.as_deref().unwrap_or(bytes);
        self.in_line = bytes.last().map_or(self.in_line, |last| *last != b'\n');
        match stream {
            Stream::Output => {
                self.output.extend(bytes);
                if bytes.contains(&b'\n') || self.output.len() >= PIECE {
                    self.show();
                }
            }
            Stream::Error => {
                // In the order in which the firmware wrote them.
                self.show();
                // A closed stderr leaves nobody to tell.
                let _ = self.standard_error.write_all(bytes).and_then(|()| self.standard_error.flush());
            }
        }
    }

    /// Shows what waits.
    pub fn show(&mut self) {
        self.shown = Instant::now();
        if self.output.is_empty() {
            return;
        }
        let result = self.standard_output.write_all(&self.output).and_then(|()| self.standard_output.flush());
        self.output.clear();
        if result.is_err() {
            // Nobody reads any more (`untick run … | head`): end in good order, as with Ctrl-C.
            self.interrupt.request();
        }
    }

    /// Shows what has waited long enough.
    pub fn show_if_due(&mut self) {
        if !self.output.is_empty() && self.shown.elapsed() >= PATIENCE {
            self.show();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.show();
        if self.in_line {
            // What untick says next is a line of its own. What the firmware sent stays as it is.
            let _ = self.standard_error.write_all(b"\n");
        }
    }
}

impl Stamps {
    /// Puts the moment in front of each line that begins.
    fn stamp(&mut self, stream: Stream, bytes: &[u8], when: When) -> Vec<u8> {
        let begins = &mut self.begins[usize::from(stream == Stream::Error)];
        let mut stamped = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if *begins {
                stamped.extend(show::stamp(when).as_bytes());
            }
            stamped.extend(line);
            *begins = line.ends_with(b"\n");
        }
        stamped
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const NOW: When = When { icount: 0, time: 0 };

    /// A stream that tests can look at.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn on(paper: &Paper) -> String {
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    fn screen(output: impl Write + 'static, error: impl Write + 'static, stamps: bool) -> Screen {
        Screen::on(Box::new(output), Box::new(error), stamps, Interrupt::default())
    }

    #[test]
    fn a_line_is_shown_when_complete_and_a_prompt_when_due() {
        let paper = Paper::default();
        let mut screen = screen(paper.clone(), io::sink(), false);
        screen.write(Stream::Output, b"tick", NOW);
        screen.write(Stream::Output, b"\n", NOW);
        assert_eq!(on(&paper), "tick\n");
        screen.write(Stream::Output, b"> ", NOW);
        screen.shown -= PATIENCE;
        screen.show_if_due();
        assert_eq!(on(&paper), "tick\n> ");
        screen.write(Stream::Output, b"rest", NOW);
        drop(screen);
        assert_eq!(on(&paper), "tick\n> rest", "nothing is lost at the end");
    }

    #[test]
    fn what_follows_an_open_line_begins_a_new_one() {
        for (text, expected) in [(&b"> "[..], "\n"), (b"tick\n", ""), (b"", "")] {
            let paper = Paper::default();
            let mut screen = screen(io::sink(), paper.clone(), false);
            screen.write(Stream::Output, text, NOW);
            drop(screen);
            assert_eq!(on(&paper), expected, "after {text:?}");
        }
    }

    #[test]
    fn both_streams_keep_their_order() {
        let paper = Paper::default();
        let mut screen = screen(paper.clone(), paper.clone(), false);
        screen.write(Stream::Output, b"a", NOW);
        screen.write(Stream::Error, b"b", NOW);
        screen.write(Stream::Output, b"c\n", NOW);
        assert_eq!(on(&paper), "abc\n");
    }

    #[test]
    fn a_stamp_tells_when_a_line_began() {
        let paper = Paper::default();
        let mut screen = screen(paper.clone(), io::sink(), true);
        let at = |icount| When { icount, time: (icount + 500_000) * 1000 };
        screen.write(Stream::Output, b"one", at(7));
        screen.write(Stream::Output, b" line\n\ntwo", at(25_499_431));
        screen.write(Stream::Output, b"\n", at(30_000_000));
        let expected =
            "[          7  0.500007s] one line\n[   25499431 25.999431s] \n[   25499431 25.999431s] two\n";
        assert_eq!(on(&paper), expected);
    }

    #[test]
    fn a_reader_that_left_ends_the_run() {
        let mut screen = screen(Closed, io::sink(), false);
        screen.write(Stream::Output, b"line\n", NOW);
        assert!(screen.interrupt.is_wanted());
    }
}
