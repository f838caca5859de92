//! A server around a scripted machine, and a client that speaks single packets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use untick::{
    board::Board,
    debug::{Debuggee, Names, Options, Server},
    image::Symbols,
};

use super::scripted::Scripted;

/// A stop without a reason of its own.
pub const TRAP: &str = "T05thread:p01.01;";
/// What gdb sends for `stepi`.
pub const STEP: &str = "vCont;s:p1.1;c:p1.-1";
/// What gdb sends for `continue`.
pub const CONTINUE: &str = "vCont;c:p1.-1";

/// A machine at a position, served, and a client to it.
pub fn at(scripted: Scripted, icount: u64) -> (Served, Client) {
    let served = Served::new(scripted.at(icount));
    let client = Client::connect(&served);
    (served, client)
}

/// A server in a thread of its own.
pub struct Served {
    pub address: SocketAddr,
    pub running: Arc<AtomicBool>,
    shutdown: Arc<AtomicBool>,
    thread: JoinHandle<(Scripted, Vec<String>)>,
}

impl Served {
    pub fn new(scripted: Scripted) -> Served {
        Served::with(scripted, false)
    }

    pub fn with(scripted: Scripted, once: bool) -> Served {
        Served::start(scripted, once, None)
    }

    /// With the names of a board.
    pub fn on_board(scripted: Scripted, board: &'static str) -> Served {
        Served::start(scripted, false, Some(board))
    }

    fn start(mut scripted: Scripted, once: bool, board: Option<&'static str>) -> Served {
        let server = Server::bind(":0").unwrap();
        let address = server.address();
        let running = scripted.running.clone();
        let shutdown = Arc::new(AtomicBool::new(false));
        let flag = shutdown.clone();
        let thread = std::thread::spawn(move || {
            let report = |fault: &untick::fault::Fault, debuggee: &dyn Debuggee| {
                format!("BFAR {:#010x}, seen from icount {}\n", fault.bfar, debuggee.now().icount)
            };
            let symbols = Symbols::default();
            let names = Names::new(&symbols, || Board::find(board?).ok());
            let pressed = AtomicBool::new(false);
            let options =
                Options { once, shutdown: &flag, pressed: &pressed, names: &names, fault_report: &report };
            let mut log = Vec::new();
            server.serve(&mut scripted, &options, &mut |event| log.push(event.to_string())).unwrap();
            (scripted, log)
        });
        Served { address, running, shutdown, thread }
    }

    /// Waits until the machine runs.
    pub fn wait_until_running(&self) {
        let start = Instant::now();
        while !self.running.load(Ordering::SeqCst) {
            assert!(start.elapsed() < Duration::from_secs(20), "the machine was never resumed");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends the server; returns the machine and the log.
    pub fn finish(self) -> (Scripted, Vec<String>) {
        self.shutdown.store(true, Ordering::SeqCst);
        self.join()
    }

    /// Waits for the server to end by itself.
    pub fn join(self) -> (Scripted, Vec<String>) {
        self.thread.join().expect("the server does not panic")
    }
}

/// A gdb that says what it is told to.
pub struct Client {
    stream: TcpStream,
    /// The console texts that came before the last answer.
    pub console: String,
}

impl Client {
    pub fn connect(served: &Served) -> Client {
        let stream = TcpStream::connect(served.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Client { stream, console: String::new() };
        let supported = client.ask("qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+");
        assert!(
            supported.contains("ReverseStep+;ReverseContinue+")
                || supported.contains("ReverseContinue+;ReverseStep+")
        );
        assert!(supported.contains("PacketSize=4000"), "{supported}");
        assert_eq!(client.ask("QStartNoAckMode"), "OK");
        client
    }

    /// Sends a packet without waiting for its answer.
    pub fn tell(&mut self, body: &str) {
        self.tell_bytes(body.as_bytes());
    }

    pub fn tell_bytes(&mut self, body: &[u8]) {
        let sum = body.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        let packet = [b"$", body, format!("#{sum:02x}").as_bytes()].concat();
        self.stream.write_all(&packet).unwrap();
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends a packet and returns the answer.
    pub fn ask(&mut self, body: &str) -> String {
        self.tell(body);
        self.answer()
    }

    /// Asks for a resumption; leaves out the registers that come with the stop.
    pub fn resume(&mut self, body: &str) -> String {
        self.tell(body);
        self.stop()
    }

    pub fn stop(&mut self) -> String {
        let answer = self.answer();
        let is_register = |part: &&str| {
            part.split(':').next().is_some_and(|n| n.len() == 2 && u8::from_str_radix(n, 16).is_ok())
        };
        answer.split(';').filter(|part| !is_register(part)).collect::<Vec<_>>().join(";")
    }

    /// Runs a monitor command; returns what it prints.
    pub fn monitor(&mut self, line: &str) -> String {
        self.tell_monitor(line);
        self.told_by_monitor()
    }

    /// Sends a monitor command without waiting for its answer.
    pub fn tell_monitor(&mut self, line: &str) {
        let hex: String = line.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.tell(&format!("qRcmd,{hex}"));
    }

    /// The text that answers a monitor command: one packet.
    pub fn told_by_monitor(&mut self) -> String {
        let answer = self.answer();
        assert_eq!(self.console, "", "nothing comes before the answer");
        self.console = if answer == "OK" { String::new() } else { unhex(&answer) };
        self.console.clone()
    }

    /// The next answer, run-length encoding expanded; console texts are set aside.
    pub fn answer(&mut self) -> String {
        self.console.clear();
        loop {
            let packet = self.packet();
            match packet.strip_prefix('O').filter(|hex| *hex != "K") {
                Some(hex) => self.console.push_str(&unhex(hex)),
                None => return packet,
            }
        }
    }

    fn packet(&mut self) -> String {
        while self.byte() != b'$' {}
        let mut text = Vec::new();
        loop {
            match self.byte() {
                b'#' => break,
                b'*' => {
                    let count = self.byte() - 29;
                    let last = *text.last().unwrap();
                    text.extend(std::iter::repeat_n(last, usize::from(count)));
                }
                b'}' => {
                    let byte = self.byte() ^ 0x20;
                    text.push(byte);
                }
                byte => text.push(byte),
            }
        }
        self.byte();
        self.byte();
        String::from_utf8(text).unwrap()
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).expect("an answer");
        byte[0]
    }

    /// Whether the server has closed the connection.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    /// R0, which is the icount of the script.
    pub fn icount(&mut self) -> u64 {
        let hex = self.ask("p0");
        u64::from(u32::from_str_radix(&hex, 16).unwrap().swap_bytes())
    }
}

fn unhex(hex: &str) -> String {
    let bytes = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap());
    String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
}
