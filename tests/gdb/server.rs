//! The server itself: ports, strangers, one gdb after the other, Ctrl-C, and input for a live machine.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    time::{Duration, Instant},
};

use crate::harness::{Started, check, fixture, output, recording, turns, type_in, untick};

/// An `untick` that serves gdb.
struct Served {
    child: Child,
    port: u16,
    log: BufReader<ChildStderr>,
}

impl Served {
    fn new(mut command: Command) -> Served {
        command.args(["--gdb", ":0"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        Served { child, port: port.unwrap_or_else(|| panic!("no port in {line:?}")), log }
    }

    fn live(name: &str) -> Served {
        let (elf, board) = fixture(name);
        let mut command = untick();
        command.args(["debug", &elf, "--board", board]);
        Served::new(command)
    }

    fn gdb(&self, elf: &str) -> Command {
        let mut gdb = Command::new("gdb-multiarch");
        gdb.current_dir(env!("CARGO_MANIFEST_DIR"));
        gdb.args(["-nx", "-batch", "-x", "src/debug/untick.gdb", elf]);
        gdb.args(["-ex", &format!("target extended-remote :{}", self.port)]);
        gdb
    }

    fn talk(&self, elf: &str, dialogue: &str) {
        let turns = turns(dialogue);
        let mut gdb = self.gdb(elf);
        type_in(&mut gdb, &turns);
        check(&turns, &output(gdb));
    }

    /// Ends it with Ctrl-C; returns its standard output and its log.
    fn end(mut self) -> (String, String) {
        interrupt(self.child.id());
        let (mut printed, mut log) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        self.log.read_to_string(&mut log).unwrap();
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(start.elapsed() < Duration::from_secs(30), "it does not end: {log}"),
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        assert!(status.success(), "{status}: {log}");
        (printed, log)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // After a failed check it would serve for ever.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn interrupt(process: u32) {
    let status = Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn the_position_outlives_a_session() {
    let mut command = untick();
    command.arg("replay").arg(recording("crash"));
    let served = Served::new(command);
    let elf = "tests/firmware/crash.elf";
    served.talk(elf, "(gdb) watch -l logger.alarm\n (gdb) reverse-continue\n crash.c:70\n (gdb) detach");
    served.talk(elf, "log_sample\n (gdb) reverse-stepi\n (gdb) when\n icount 14962\n (gdb) disconnect");
    served.talk(elf, "crash.c:70\n (gdb) seek end\n HardFault_Handler");
    served.talk(elf, "HardFault_Handler\n (gdb) info breakpoints\n No breakpoints");
    let (_, log) = served.end();
    let ended = |how: &str| log.matches(how).count();
    assert_eq!((ended("gdb detached"), ended("gdb closed the connection")), (3, 1), "{log}");
}

#[test]
fn strangers_are_sent_away_and_gdb_is_served_after_them() {
    let served = Served::live("hello");
    let noise: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for words in
        [b"GET / HTTP/1.1\r\nHost: untick\r\n\r\n".as_slice(), &noise, b"$g#00$g#67+-+-\x03\x03$bc#ff", b""]
    {
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may close before all is written.
        let _ = stream.write_all(words);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    served.talk("tests/firmware/hello.elf", "Reset_Handler\n (gdb) continue\n exit code 0");
    let (printed, log) = served.end();
    assert_eq!(printed, "hello from the UART\nhello from semihosting\nhello from a file\n", "{log}");
    assert!(log.contains("does not speak gdb's protocol"), "{log}");
}

#[test]
fn an_occupied_port_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (elf, board) = fixture("hello");
    let mut debug = untick();
    debug.args(["debug", &elf, "--board", board]);
    let mut replay = untick();
    replay.arg("replay").arg(recording("crash"));
    for mut command in [debug, replay] {
        let output = command.args(["--gdb", &format!(":{port}")]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(&format!("port {port} is occupied")), "{text}");
        assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{text}");
    }
}

/// Waits until gdb has come to a `shell touch FILE` and has gone on from there.
pub fn wait_for(mark: &Path) {
    let start = Instant::now();
    while !mark.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "{} is never reached", mark.display());
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(500));
}

#[test]
fn ctrl_c_stops_a_live_run_and_a_long_way_back() {
    let served = Served::live("cpu-endless");
    let scratch = tempfile::tempdir().unwrap();
    let marks = [scratch.path().join("forwards"), scratch.path().join("backwards")];
    let touch = |mark: &Path| format!("shell touch {}", mark.display());
    // Nothing is ever read at that address, but much beside it: the search takes seconds.
    let dialogue = format!(
        "
        (gdb) {}
        (gdb) continue
        Program received signal SIGINT
        (gdb) reverse-stepi
        (gdb) set $before = $pc
        (gdb) rwatch *(int *)0x20005720
        (gdb) {}
        (gdb) reverse-continue
        Program received signal SIGINT
        (gdb) p $pc == $before
        = 1
        (gdb) when
        the past of a live session
        ",
        touch(&marks[0]),
        touch(&marks[1])
    );
    let turns = turns(&dialogue);
    let mut gdb = served.gdb("tests/firmware/cpu-endless.elf");
    type_in(&mut gdb, &turns);
    let gdb = Started::new(gdb);
    // Far enough ahead that the way back is still going on half a second after its mark.
    for (mark, ahead) in marks.iter().zip([Duration::from_millis(2500), Duration::ZERO]) {
        wait_for(mark);
        std::thread::sleep(ahead);
        interrupt(gdb.id());
    }
    check(&turns, &gdb.output());
    served.end();
}

#[test]
fn ctrl_c_at_the_terminal_is_for_gdb() {
    let scratch = tempfile::tempdir().unwrap();
    let mark = scratch.path().join("running");
    let dialogue = format!(
        "
        (gdb) shell touch {}
        (gdb) continue
        Program received signal SIGINT
        (gdb) when
        the present: execution goes on live
        ",
        mark.display()
    );
    let turns = turns(&dialogue);
    let (elf, board) = fixture("cpu-endless");
    let mut debug = untick();
    debug.args(["debug", &elf, "--board", board, "--", "-nx", "-batch"]);
    type_in(&mut debug, &turns);
    // A terminal sends the signal to all processes of the foreground group.
    debug.process_group(0);
    let debug = Started::new(debug);
    wait_for(&mark);
    let group = format!("-{}", debug.id());
    assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
    check(&turns, &debug.output());
}

#[test]
fn what_is_typed_reaches_a_live_machine_once() {
    let mut served = Served::live("echo");
    let mut input = served.child.stdin.take().unwrap();
    input.write_all(b"hello\nquit\n").unwrap();
    served.talk(
        "tests/firmware/echo.elf",
        "
        (gdb) break console_text
        (gdb) continue
        Breakpoint 1, console_text (text=text@entry=
        (gdb) continue
        Breakpoint 1, console_text (text=text@entry=0x20001f8c \"HELLO\")
        (gdb) reverse-continue
        Breakpoint 1, console_text (text=text@entry=0x380 \"type lines, quit ends\\n\")
        (gdb) continue
        \"HELLO\"
        (gdb) delete
        (gdb) continue
        the firmware ended itself with exit code 0
        (gdb) break UART0_RX_Handler
        (gdb) reverse-continue
        Breakpoint 2, UART0_RX_Handler
        (gdb) bt
        #0  UART0_RX_Handler ()
        #1  <signal handler called>
        ",
    );
    drop(input);
    let (printed, _) = served.end();
    assert_eq!(printed, "type lines, quit ends\nHELLO\nbye\n");
}
