//! The host of a live machine: what devices send is shown or passed on, and what is typed or arrives reaches them.

mod endpoint;
mod file;
mod input;
mod keyboard;
mod outbox;
mod pty;
mod screen;
mod tcp;

use std::{collections::BTreeMap, time::Duration};

use untick::{
    machine::{
        Host, SemihostingCall, When,
        rtt::Channels,
        semihosting::{Semihosting, Stream, Streams},
    },
    peripherals::Dma,
    pins::HostResult,
};

pub use self::{
    endpoint::{Route, Where, Wire, connect},
    input::Input,
    screen::Screen,
};
use self::{
    input::{Arrival, wait},
    keyboard::Keyboard,
    screen::PATIENCE,
};
use super::interrupt::Interrupt;

/// A burst of output without line ends is shown in pieces of this size; input is taken in such pieces.
const PIECE: usize = 4096;

/// The channel of RTT that is for people.
const RTT_TEXT: &str = "rtt0";

/// Who gets what is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// This device, because the user wants it.
    For(String),
    /// The console of the board, if it has one; but RTT, if the firmware talks through that and not through the console.
    Default(Option<String>),
}

/// The host of `run`, `record` and `debug`.
pub struct Terminal {
    semihosting: Semihosting,
    streams: TerminalStreams,
    /// By the names of devices.
    routes: BTreeMap<String, Route>,
    /// The console, as long as it is not decided that RTT gets what is typed.
    console: Option<Undecided>,
}

/// What decides whether RTT gets what is typed.
struct Undecided {
    console: Option<String>,
    console_talks: bool,
    rtt_listens: bool,
    rtt_talks: bool,
}

impl Terminal {
    /// What devices that `routes` does not name send is shown.
    pub fn new(
        semihosting: Semihosting,
        screen: Screen,
        input: Input,
        typed: Typed,
        routes: BTreeMap<String, Route>,
        interrupt: Interrupt,
    ) -> Terminal {
        let (device, console) = match typed {
            Typed::For(device) => (Some(device), None),
            Typed::Default(console) => {
                let undecided = Undecided {
                    console: console.clone(),
                    console_talks: false,
                    rtt_listens: false,
                    rtt_talks: false,
                };
                (console, Some(undecided))
            }
        };
        let streams = TerminalStreams {
            screen,
            keyboard: Keyboard::new(input, device),
            when: When::default(),
            interrupt,
        };
        Terminal { semihosting, streams, routes, console }
    }

    /// Gives what is typed to RTT if that is where the firmware talks.
    fn decide(&mut self) {
        let Some(undecided) = &self.console else { return };
        if undecided.rtt_listens && undecided.rtt_talks && !undecided.console_talks {
            self.streams.keyboard.hand_over(Some(RTT_TEXT.to_owned()));
            self.console = None;
        }
    }
}

impl Host for Terminal {
    fn output(&mut self, device: &str, bytes: &[u8], when: When) {
        if let Some(undecided) = &mut self.console {
            undecided.console_talks |= undecided.console.as_deref() == Some(device);
            undecided.rtt_talks |= device == RTT_TEXT;
        }
        match self.routes.get_mut(device) {
            Some(Route::Line(line)) => line.send(bytes),
            Some(Route::Nowhere) => {}
            // Of the ITM's ports, text is on the first by convention; the others carry the data of an RTOS or a profiler.
            // Of RTT's channels, too.
            None if device != RTT_TEXT && device.starts_with("rtt") => {}
            None if device != "itm0" && device.starts_with("itm") => {}
            Some(Route::Screen) | None => self.streams.screen.write(Stream::Output, bytes, when),
        }
    }

    fn semihosting(&mut self, call: &SemihostingCall, memory: &mut dyn Dma) -> HostResult {
        self.streams.when = When { icount: call.at.icount, time: call.time };
        self.semihosting.call(call, memory, &mut self.streams)
    }

    fn rtt(&mut self, channels: Channels) {
        if let Some(undecided) = &mut self.console {
            undecided.rtt_listens |= channels.down > 0;
        }
    }

    fn input(&mut self) -> Option<(String, Vec<u8>)> {
        self.streams.screen.show_if_due();
        self.decide();
        if let Some(typed) = self.streams.keyboard.lend() {
            return Some(typed);
        }
        for (device, route) in &mut self.routes {
            let Route::Line(line) = route else { continue };
            line.refresh();
            let bytes = line.input().map(|input| input.take(PIECE)).unwrap_or_default();
            if !bytes.is_empty() {
                return Some((device.clone(), bytes));
            }
        }
        None
    }

    fn wait_for_input(&mut self, milliseconds: u64) -> bool {
        self.streams.screen.show();
        self.decide();
        let keyboard = &mut self.streams.keyboard;
        let routes = &mut self.routes;
        wait(Duration::from_millis(milliseconds), || {
            // What comes through RTT is written to memory, which wakes nobody.
            let typed = keyboard.device().is_some_and(|device| !device.starts_with("rtt"));
            let mut arrival = if typed { keyboard.arrival() } else { Arrival::Over };
            for (_, route) in routes.iter_mut().filter(|(device, _)| !device.starts_with("rtt")) {
                let Route::Line(line) = route else { continue };
                arrival = match (arrival, line.input().map_or(Arrival::Over, Input::arrival)) {
                    (Arrival::Here, _) | (_, Arrival::Here) => Arrival::Here,
                    (Arrival::Over, other) | (other, Arrival::Over) => other,
                    _ => Arrival::Awaited,
                };
            }
            arrival
        })
    }
}

/// The terminal as semihosting sees it.
struct TerminalStreams {
    screen: Screen,
    keyboard: Keyboard,
    /// When the call happens that is answered.
    when: When,
    interrupt: Interrupt,
}

impl Streams for TerminalStreams {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.screen.write(stream, bytes, self.when);
    }

    fn read(&mut self, most: usize) -> Vec<u8> {
        self.screen.show();
        self.keyboard.hand_over(None);
        let input = &mut self.keyboard.input;
        while !self.interrupt.is_wanted() && input.wait(PATIENCE) {
            let bytes = input.take(most);
            if !bytes.is_empty() {
                return bytes;
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Read},
        path::PathBuf,
        sync::{Arc, Mutex},
        thread,
    };

    use untick::machine::semihosting::HeapInfo;

    use super::*;

    const NOW: When = When { icount: 0, time: 0 };

    fn terminal(input: Input, console: Option<&str>, routes: BTreeMap<String, Route>) -> Terminal {
        let semihosting = Semihosting::new(String::new(), HeapInfo::default(), PathBuf::new());
        let screen = Screen::on(Box::new(io::sink()), Box::new(io::sink()), false, Interrupt::default());
        let typed = Typed::Default(console.map(str::to_owned));
        Terminal::new(semihosting, screen, input, typed, routes, Interrupt::default())
    }

    /// Waits until all of a short input is there.
    fn typed(text: &'static [u8]) -> Input {
        let mut input = Input::from_reader(text);
        assert!(input.wait(Duration::from_secs(60)));
        input
    }

    #[test]
    fn input_arrives_in_order_and_ends() {
        let mut terminal = terminal(Input::from_reader(&b"abcdef"[..]), None, BTreeMap::new());
        let mut read = |most| terminal.streams.read(most);
        assert_eq!(read(4), b"abcd");
        assert_eq!(read(4), b"ef");
        assert_eq!(read(4), b"", "the end of input");
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
        let mut terminal = terminal(Input::from_reader(Silent), Some("uart0"), BTreeMap::new());
        assert!(terminal.wait_for_input(1), "input may still come");
        assert_eq!(terminal.input(), None);
        terminal.streams.interrupt.request();
        assert_eq!(terminal.streams.read(1), b"", "Ctrl-C ends a read that waits");
    }

    #[test]
    fn a_firmware_that_reads_by_semihosting_gets_what_its_uart_was_given() {
        let mut terminal = terminal(typed(b"abc"), Some("uart0"), BTreeMap::new());
        assert_eq!(terminal.input(), Some(("uart0".to_owned(), b"abc".to_vec())));
        assert_eq!(terminal.streams.read(8), b"abc");
        assert_eq!(terminal.input(), None);
    }

    #[test]
    fn rtt_gets_what_is_typed_if_the_firmware_talks_there() {
        let rtt = Channels { up: 1, down: 1 };
        for (console_talks, device) in [(false, "rtt0"), (true, "uart0")] {
            let mut terminal = terminal(typed(b"abc"), Some("uart0"), BTreeMap::new());
            terminal.rtt(rtt);
            if console_talks {
                terminal.output("uart0", b"> ", NOW);
            }
            terminal.output("rtt0", b"> ", NOW);
            assert_eq!(terminal.input(), Some((device.to_owned(), b"abc".to_vec())));
        }
    }

    /// An endpoint that tests can look at.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl endpoint::Endpoint for Paper {
        fn send(&mut self, bytes: &[u8]) {
            self.0.lock().unwrap().extend(bytes);
        }
    }

    #[test]
    fn a_line_gets_what_its_device_sends_and_no_other() {
        let paper = Paper::default();
        let route = Route::Line(Box::new(paper.clone()));
        let mut terminal = terminal(Input::none(), None, BTreeMap::from([("uart1".to_owned(), route)]));
        terminal.output("uart0", b"a", NOW);
        terminal.output("uart1", b"b", NOW);
        terminal.output("rtt1", b"c", NOW);
        assert_eq!(*paper.0.lock().unwrap(), b"b");
        assert!(!terminal.wait_for_input(1), "nothing will ever come");
    }
}
