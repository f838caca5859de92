//! Last words: lines that firmware prints when it panics or an assertion of it fails.
//!
//! They are looked for while the machine runs live, in all that it sends to the host, and become bookmarks. A line counts
//! when all parts of a row of [`WORDS`] stand in it, in any order.

use std::collections::BTreeMap;

use crate::words::Icount;

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// The firmware has given up, or a fault handler reports.
    Panic,
    /// An assertion has failed.
    Assertion,
}

/// The lines that are known, and who prints them.
const WORDS: &[(Told, &[&str])] = &[
    (Told::Panic, &["panicked at"]),                   // Rust
    (Told::Assertion, &["assertion \"", "\" failed"]), // newlib, picolibc
    (Told::Assertion, &["ssertion failed"]),           // Arm's C library, musl, NuttX, pw_assert
    (Told::Assertion, &["assertation failed"]),        // Mbed OS
    (Told::Assertion, &["ASSERT"]),                    // Zephyr, FreeRTOS demos, nRF5 SDK, and home-made ones
    (Told::Panic, &["ZEPHYR FATAL ERROR"]),            // Zephyr
    (Told::Panic, &["++ MbedOS Fault Handler ++"]),    // Mbed OS
    (Told::Panic, &["++ MbedOS Error Info ++"]),       // Mbed OS
    (Told::Panic, &["RIOT kernel panic"]),             // RIOT
    (Told::Panic, &["panic: "]),                       // TinyGo
    (Told::Panic, &["PANIC"]),                         // the Pico SDK, and home-made ones
    (Told::Panic, &["tack overflow in task"]),         // vApplicationStackOverflowHook of FreeRTOS
    (Told::Panic, &["stack smashing detected"]),       // newlib, -fstack-protector
    (Told::Panic, &["terminate called"]),              // libstdc++
    (Told::Panic, &["HardFault"]),                     // the handlers of many boards
    (Told::Panic, &["Hard Fault"]),
    (Told::Panic, &["Hard fault"]),
    (Told::Panic, &["HARD FAULT"]),
    (Told::Panic, &["hard fault"]),
];

/// The longest line that is looked at, in bytes; a longer one is looked at in pieces.
const LONGEST: usize = 200;

/// A line that told something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// When its first byte was sent.
    pub icount: Icount,
    /// What it tells.
    pub told: Told,
    /// The line, without what is no text in it.
    pub line: String,
}

/// The row of [`WORDS`] that a line has.
fn row(line: &[u8]) -> Option<usize> {
    let has = |part: &&str| line.windows(part.len()).any(|window| window == part.as_bytes());
    WORDS.iter().position(|(_, parts)| parts.iter().all(has))
}

/// A line that is not complete yet.
#[derive(Clone, Debug, Default)]
struct Line {
    start: Icount,
    bytes: Vec<u8>,
    /// The row that the last line before had.
    last: Option<usize>,
}

impl Line {
    fn end(&mut self) -> Option<Message> {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        let row = row(&bytes);
        // "panicked at main.rs:7:" and "assertion failed: …" below it are one message, and become one bookmark.
        let continued = self.last.is_some_and(|last| row.is_some_and(|row| row != last));
        self.last = row;
        let (told, _) = WORDS[row.filter(|_| !continued)?];
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Some(Message { icount: self.start, told, line })
    }
}

/// Listens to all that a machine sends.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    /// By who sends it.
    lines: BTreeMap<String, Line>,
    heard: Vec<Message>,
}

impl Listener {
    /// Takes what a device sent at a position.
    pub fn hear(&mut self, sender: &str, bytes: &[u8], icount: Icount) {
        let Some(line) = self.lines.get_mut(sender) else {
            self.lines.insert(sender.to_owned(), Line::default());
            return self.hear(sender, bytes, icount);
        };
        for byte in bytes {
            if line.bytes.is_empty() {
                line.start = icount;
            }
            if *byte != b'\n' {
                line.bytes.push(*byte);
            }
            if *byte == b'\n' || line.bytes.len() == LONGEST {
                self.heard.extend(line.end());
            }
        }
    }

    /// Takes the lines that have not ended for what they are: nothing more is expected.
    pub fn finish(&mut self) {
        self.heard.extend(self.lines.values_mut().filter_map(Line::end));
    }

    /// What was heard since the last call, in the order in which the lines ended.
    pub fn take(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Vec<(Icount, Told, String)> {
        let mut listener = Listener::default();
        for (icount, byte) in (100..).zip(text.as_bytes()) {
            listener.hear("uart0", &[*byte], icount);
        }
        listener.finish();
        listener.take().into_iter().map(|message| (message.icount, message.told, message.line)).collect()
    }

    #[test]
    fn the_last_words_of_many_systems_are_known() {
        for (line, told) in [
            ("panicked at src/main.rs:7:5:", Told::Panic),
            ("assertion \"n < LIMIT\" failed: file \"a.c\", line 3, function: check", Told::Assertion),
            ("*** assertion failed: n < 3, file a.c, line 3", Told::Assertion),
            ("Assertion failed: n < 3 (a.c: check: 3)", Told::Assertion),
            ("ASSERTION FAIL [n < 3] @ a.c:3", Told::Assertion),
            ("ASSERT! Line 3, file a.c", Told::Assertion),
            ("E: >>> ZEPHYR FATAL ERROR 0: CPU exception on CPU 0", Told::Panic),
            ("++ MbedOS Error Info ++", Told::Panic),
            ("*** RIOT kernel panic:", Told::Panic),
            ("\x1b[31m[HardFault_Handler]", Told::Panic),
        ] {
            let found = heard(&format!("all is well\n{line}\r\nmore\n"));
            assert_eq!(found.len(), 1, "{line}");
            assert_eq!((found[0].0, found[0].1), (112, told), "{line}");
        }
        assert_eq!(heard("assertions are on\nno panic\nharder faults\n"), []);
    }

    #[test]
    fn a_message_of_two_lines_is_one_and_a_repeated_one_is_two() {
        let rust = "panicked at src/main.rs:7:5:\n\nassertion failed: n < 3\n";
        assert_eq!(heard(rust).len(), 1);
        assert_eq!(heard(&format!("{rust}life 2\n{rust}")).len(), 2);
        assert_eq!(heard("ASSERT a\nASSERT b\n").len(), 2);
    }

    #[test]
    fn a_line_without_an_end_counts_at_the_end() {
        assert_eq!(heard("x\nPANIC \x07now"), [(102, Told::Panic, "PANIC  now".to_owned())]);
    }

    #[test]
    fn senders_do_not_disturb_each_other() {
        let mut listener = Listener::default();
        for (sender, bytes, icount) in
            [("uart0", "ASS", 1), ("itm0", "x\n", 2), ("uart0", "ERT\n", 3), ("itm0", "ERT\n", 4)]
        {
            listener.hear(sender, bytes.as_bytes(), icount);
        }
        let found: Vec<_> = listener.take().into_iter().map(|message| message.icount).collect();
        assert_eq!(found, [1]);
    }
}
