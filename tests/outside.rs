//! The outside world from the command line: UARTs and channels of RTT on TCP ports, pseudo terminals and files, and that a
//! recording of it needs none of them again.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

const ECHO: &str = "type lines, quit ends\nHELLO\nbye\n";
const RTT: &str = "this line is longer than the ring that it has to go through\nHELLO, PROBE\n";

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/firmware").join(name).to_str().unwrap().to_owned()
}

/// A recording of a fixture under way.
struct Run {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    directory: TempDir,
}

impl Run {
    fn of(firmware: &str, arguments: &[&str]) -> Run {
        let directory = TempDir::new().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_untick"))
            .args(["record", &fixture(firmware), "--board", "mps2-an385", "-o", "run.untick"])
            .args(["--timeout", "60s"])
            .args(arguments)
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Run { child, stderr, directory }
    }

    /// What follows this text in the first line on stderr.
    fn told(&mut self, what: &str) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        let told = line.strip_prefix("untick: ").and_then(|line| line.strip_prefix(what));
        told.unwrap_or_else(|| panic!("{line}")).trim_end().to_owned()
    }

    fn type_in(&mut self, text: &str) {
        self.child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// What it printed, after it has ended well and its recording has been verified.
    fn end(mut self) -> (String, TempDir) {
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        let mut replay = Command::new(env!("CARGO_BIN_EXE_untick"));
        let replay = replay.args(["replay", "run.untick", "--verify"]).current_dir(self.directory.path());
        let verified = replay.output().unwrap();
        let said = String::from_utf8_lossy(&verified.stderr);
        assert!(verified.status.success(), "{said}");
        (printed, self.directory)
    }
}

#[test]
fn a_uart_on_a_tcp_port() {
    let mut run = Run::of("echo.elf", &["--uart", "uart0=tcp::0"]);
    let mut peer = TcpStream::connect(run.told("uart0 listens at ")).unwrap();
    peer.write_all(b"hello\nquit\n").unwrap();
    let mut heard = String::new();
    peer.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, ECHO);
    assert_eq!(run.end().0, "");
}

#[test]
fn another_peer_goes_on_where_the_first_one_left() {
    let mut run = Run::of("echo.elf", &["--uart", "uart0=tcp:localhost:0"]);
    let address = run.told("uart0 listens at ");
    let mut peer = TcpStream::connect(&address).unwrap();
    let mut greeting = [0; 22];
    peer.read_exact(&mut greeting).unwrap();
    peer.write_all(b"hel").unwrap();
    drop(peer);
    let mut peer = TcpStream::connect(&address).unwrap();
    peer.write_all(b"lo\nquit\n").unwrap();
    let mut heard = String::new();
    peer.read_to_string(&mut heard).unwrap();
    assert_eq!(format!("{}{heard}", String::from_utf8_lossy(&greeting)), ECHO);
    run.end();
}

#[cfg(unix)]
#[test]
fn a_uart_on_a_pseudo_terminal() {
    let mut run = Run::of("echo.elf", &["--uart", "uart0=pty"]);
    let path = run.told("uart0 is the terminal ");
    let mut terminal = fs::File::options().read(true).write(true).open(path).unwrap();
    terminal.write_all(b"hello\n").unwrap();
    // The end of what it prints may go down with our end of the terminal.
    let mut heard = vec![0; ECHO.len() - "bye\n".len()];
    terminal.read_exact(&mut heard).unwrap();
    assert_eq!(String::from_utf8(heard).unwrap() + "bye\n", ECHO);
    terminal.write_all(b"quit\n").unwrap();
    assert_eq!(run.end().0, "");
}

#[test]
fn a_uart_in_a_file_or_nowhere() {
    let run = Run::of("hello.elf", &["--uart", "uart0=file:out.txt"]);
    let (printed, directory) = run.end();
    let written = fs::read_to_string(directory.path().join("out.txt")).unwrap();
    let all = fs::read_to_string(fixture("hello.txt")).unwrap();
    assert!(!written.is_empty() && !printed.is_empty(), "{written:?} {printed:?}");
    assert_eq!(written.len() + printed.len(), all.len(), "the UART's in the file, semihosting's shown");
    let (nothing, _) = Run::of("hello.elf", &["--uart", "uart0=null"]).end();
    assert_eq!(nothing, printed);
}

#[test]
fn what_is_typed_goes_where_it_is_wanted() {
    let mut run = Run::of("echo.elf", &["--uart", "uart0=stdio", "--uart", "uart1=null"]);
    run.type_in("hello\nquit\n");
    assert_eq!(run.end().0, ECHO);
    // Nobody gets it, and so the firmware sleeps for ever.
    let mut run = Run::of("echo.elf", &["--uart", "uart1=stdio"]);
    run.type_in("quit\n");
    assert_eq!(run.end().0, ECHO.lines().next().unwrap().to_owned() + "\n");
}

#[test]
fn rtt_talks_to_the_terminal_and_a_second_channel_to_a_file() {
    let mut run = Run::of("rtt.elf", &["--rtt", "1=file:numbers"]);
    run.type_in("hello, probe\nquit\n");
    let (printed, directory) = run.end();
    assert_eq!(printed, format!("{RTT}\nbye\n"));
    assert_eq!(fs::read_to_string(directory.path().join("numbers")).unwrap(), "01234");
}

#[test]
fn rtt_on_a_tcp_port() {
    let mut run = Run::of("rtt.elf", &["--rtt", "0=tcp::0", "--rtt", "1=stdout"]);
    let mut peer = TcpStream::connect(run.told("rtt0 listens at ")).unwrap();
    peer.write_all(b"hello, probe\nquit\n").unwrap();
    let mut heard = String::new();
    peer.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, format!("{RTT}\nbye\n"));
    assert_eq!(run.end().0, "01234");
}

#[test]
fn stamps_stand_in_front_of_lines() {
    let (printed, _) = Run::of("hello.elf", &["--timestamps"]).end();
    let all = fs::read_to_string(fixture("hello.txt")).unwrap();
    assert_eq!(printed.lines().count(), all.lines().count());
    for (stamped, line) in printed.lines().zip(all.lines()) {
        let (stamp, rest) = stamped.split_at(25);
        assert_eq!(rest, line);
        assert!(stamp.starts_with('[') && stamp.ends_with("s] ") && stamp.contains("  0.0"), "{stamp:?}");
    }
}
