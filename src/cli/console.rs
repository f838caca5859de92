//! The terminal as the host of a live machine: what devices send is shown, what is typed reaches the console device.

use std::{
    io::{self, Read, Write},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use ringbuf::{
    HeapCons, HeapProd, HeapRb,
    traits::{Consumer, Observer, Producer, Split},
};
use untick::{
    machine::{
        Host, SemihostingCall,
        semihosting::{Semihosting, Stream, Streams},
    },
    peripherals::Dma,
    pins::HostResult,
};

use super::interrupt::Interrupt;

/// Output that has waited this long is shown even though its line is not complete: short enough to look live.
const PATIENCE: Duration = Duration::from_millis(20);

/// A burst of output without line ends is shown in pieces of this size.
const PIECE: usize = 4096;

/// This much is read ahead of the firmware: a large pipe is read as the firmware takes it, not at once.
const AHEAD: usize = 4 * PIECE;

/// A device that has been given more than this surely reads it.
const MOST_LENT: usize = 1 << 16;

/// The host of `run`, `record` and `debug`.
pub struct Terminal {
    semihosting: Semihosting,
    /// The device that typed bytes go to.
    console: Option<String>,
    screen: Screen,
}

impl Terminal {
    /// `console` names the device that gets what arrives on standard input.
    pub fn new(
        semihosting: Semihosting,
        console: Option<String>,
        input: Input,
        interrupt: Interrupt,
    ) -> Terminal {
        let screen = Screen {
            output: Vec::new(),
            shown: Instant::now(),
            standard_output: Box::new(io::stdout()),
            standard_error: Box::new(io::stderr()),
            input,
            lent: Some(Vec::new()),
            interrupt,
        };
        Terminal { semihosting, console, screen }
    }
}

impl Host for Terminal {
    fn output(&mut self, device: &str, bytes: &[u8]) {
        // Of the ITM's ports, text is on the first by convention; the others carry the data of an RTOS or a profiler.
        if device.starts_with("itm") && device != "itm0" {
            return;
        }
        self.screen.write(Stream::Output, bytes);
    }

    fn semihosting(&mut self, call: &SemihostingCall, memory: &mut dyn Dma) -> HostResult {
        self.semihosting.call(call, memory, &mut self.screen)
    }

    fn input(&mut self) -> Option<(String, Vec<u8>)> {
        self.screen.show_if_due();
        let console = self.console.as_ref()?;
        let bytes = self.screen.lend();
        (!bytes.is_empty()).then(|| (console.clone(), bytes))
    }

    fn wait_for_input(&mut self, milliseconds: u64) -> bool {
        self.screen.show();
        let listens = self.console.is_some() && self.screen.lent.is_some();
        listens && self.screen.input.wait(Duration::from_millis(milliseconds))
    }
}

/// Both directions of the terminal.
struct Screen {
    /// What is not shown yet.
    output: Vec<u8>,
    /// When output was last shown.
    shown: Instant,
    standard_output: Box<dyn Write>,
    standard_error: Box<dyn Write>,
    input: Input,
    /// Standard input belongs to the console device until the firmware reads it by semihosting, which then gets what
    /// the device, surely unread, has been given so far. `None` from then on.
    lent: Option<Vec<u8>>,
    interrupt: Interrupt,
}

impl Screen {
    /// Input for the console device.
    fn lend(&mut self) -> Vec<u8> {
        let Some(lent) = &mut self.lent else { return Vec::new() };
        let bytes = self.input.take(PIECE);
        if lent.len() < MOST_LENT {
            lent.extend(&bytes);
        }
        bytes
    }

    fn show(&mut self) {
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

    fn show_if_due(&mut self) {
        if !self.output.is_empty() && self.shown.elapsed() >= PATIENCE {
            self.show();
        }
    }
}

impl Streams for Screen {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
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

    fn read(&mut self, most: usize) -> Vec<u8> {
        self.show();
        if let Some(lent) = self.lent.take() {
            self.input.put_back(lent);
        }
        while !self.interrupt.is_wanted() && self.input.wait(PATIENCE) {
            let bytes = self.input.take(most);
            if !bytes.is_empty() {
                return bytes;
            }
        }
        Vec::new()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.show();
    }
}

/// Bytes from standard input, read by a thread of its own so that the machine never waits for them.
pub struct Input {
    /// What was taken and given back: it comes first.
    returned: Vec<u8>,
    /// `None`: nothing will arrive any more.
    arriving: Option<Arriving>,
}

/// The machine's end of the ring through which bytes arrive. An end that has to wait for the other one parks.
struct Arriving {
    bytes: HeapCons<u8>,
    reader: Thread,
}

impl Input {
    /// No input at all: the terminal belongs to somebody else.
    pub fn none() -> Input {
        Input { returned: Vec::new(), arriving: None }
    }

    /// Standard input, from now on, for the calling thread.
    pub fn standard() -> Input {
        Input::from_reader(io::stdin())
    }

    fn from_reader(reader: impl Read + Send + 'static) -> Input {
        let (ring, bytes) = HeapRb::new(AHEAD).split();
        let machine = thread::current();
        let reader = thread::spawn(move || forward(reader, ring, &machine)).thread().clone();
        Input { returned: Vec::new(), arriving: Some(Arriving { bytes, reader }) }
    }

    /// Puts bytes in front of what is there.
    fn put_back(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.returned);
        self.returned = bytes;
    }

    /// At most `most` bytes that are there.
    fn take(&mut self, most: usize) -> Vec<u8> {
        if !self.returned.is_empty() {
            return self.returned.drain(..most.min(self.returned.len())).collect();
        }
        let Some(arriving) = &mut self.arriving else { return Vec::new() };
        let taken: Vec<u8> = arriving.bytes.pop_iter().take(most).collect();
        if !taken.is_empty() {
            arriving.reader.unpark(); // there is room again
        }
        taken
    }

    /// Waits until there is input, for at most this time. False when there will never be any.
    fn wait(&mut self, time: Duration) -> bool {
        let start = Instant::now();
        while self.returned.is_empty() {
            let Some(arriving) = &self.arriving else { return false };
            // In this order: the last bytes may arrive between the two questions.
            let ended = !arriving.bytes.write_is_held();
            if !arriving.bytes.is_empty() {
                break;
            }
            if ended {
                self.arriving = None;
                return false;
            }
            let Some(rest) = time.checked_sub(start.elapsed()) else { break };
            thread::park_timeout(rest);
        }
        true
    }
}

/// Passes bytes on until the input ends.
fn forward(mut reader: impl Read, mut ring: HeapProd<u8>, machine: &Thread) {
    loop {
        match ring.read_from(&mut reader, None) {
            None => thread::park(), // full
            Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Some(Ok(0) | Err(_)) => break,
            Some(Ok(_)) => machine.unpark(),
        }
    }
    drop(ring);
    machine.unpark();
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

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

    fn screen(output: impl Write + 'static, error: impl Write + 'static, input: Input) -> Screen {
        Screen {
            output: Vec::new(),
            shown: Instant::now(),
            standard_output: Box::new(output),
            standard_error: Box::new(error),
            input,
            lent: Some(Vec::new()),
            interrupt: Interrupt::default(),
        }
    }

    fn on(paper: &Paper) -> String {
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_is_shown_when_complete_and_a_prompt_when_due() {
        let paper = Paper::default();
        let mut screen = screen(paper.clone(), io::sink(), Input::none());
        screen.write(Stream::Output, b"tick");
        screen.write(Stream::Output, b"\n");
        assert_eq!(on(&paper), "tick\n");
        screen.write(Stream::Output, b"> ");
        screen.shown -= PATIENCE;
        screen.show_if_due();
        assert_eq!(on(&paper), "tick\n> ");
        screen.write(Stream::Output, b"rest");
        drop(screen);
        assert_eq!(on(&paper), "tick\n> rest", "nothing is lost at the end");
    }

    #[test]
    fn both_streams_keep_their_order() {
        let paper = Paper::default();
        let mut screen = screen(paper.clone(), paper.clone(), Input::none());
        screen.write(Stream::Output, b"a");
        screen.write(Stream::Error, b"b");
        screen.write(Stream::Output, b"c\n");
        assert_eq!(on(&paper), "abc\n");
    }

    #[test]
    fn a_reader_that_left_ends_the_run() {
        let mut screen = screen(Closed, io::sink(), Input::none());
        screen.write(Stream::Output, b"line\n");
        assert!(screen.interrupt.is_wanted());
    }

    #[test]
    fn input_arrives_in_order_and_ends() {
        let mut screen = screen(io::sink(), io::sink(), Input::from_reader(&b"abcdef"[..]));
        assert_eq!(screen.read(4), b"abcd");
        assert_eq!(screen.read(4), b"ef");
        assert_eq!(screen.read(4), b"", "the end of input");
        assert!(!screen.input.wait(Duration::ZERO), "there will never be any");
    }

    #[test]
    fn more_input_than_is_read_ahead_arrives_whole() {
        let sent: Vec<u8> = (0..3 * AHEAD as u32 + 7).map(|n| (n / 5) as u8).collect();
        let mut input = Input::from_reader(io::Cursor::new(sent.clone()));
        let mut arrived = Vec::new();
        while input.wait(Duration::from_secs(60)) {
            arrived.extend(input.take(1000));
        }
        assert!(arrived == sent, "{} bytes of {}", arrived.len(), sent.len());
    }

    #[test]
    fn a_firmware_that_reads_by_semihosting_gets_what_its_uart_was_given() {
        let mut screen = screen(io::sink(), io::sink(), Input::from_reader(&b"abc"[..]));
        assert!(screen.input.wait(Duration::from_secs(60)));
        assert_eq!(screen.lend(), b"abc");
        assert_eq!(screen.read(8), b"abc");
        assert_eq!(screen.read(8), b"");
        assert_eq!(screen.lend(), b"", "the device gets nothing any more");
    }

    #[test]
    fn waiting_for_a_silent_user_is_not_the_end() {
        struct Silent;
        impl Read for Silent {
            fn read(&mut self, _bytes: &mut [u8]) -> io::Result<usize> {
                loop {
                    thread::park();
                }
            }
        }
        let mut screen = screen(io::sink(), io::sink(), Input::from_reader(Silent));
        assert!(screen.input.wait(Duration::from_millis(1)), "input may still come");
        assert!(screen.input.take(1).is_empty());
        screen.interrupt.request();
        assert_eq!(screen.read(1), b"", "Ctrl-C ends a read that waits");
    }
}
