//! Runs a session that is written down as a dialogue.

use std::{
    collections::BTreeSet,
    io::Read,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// The `untick` that was built with these tests.
pub fn untick() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_untick"));
    // GDB finds the fixtures' sources by names relative to the root of the repository.
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// The ELF file of a fixture and the board it runs on.
pub fn fixture(name: &str) -> (String, &'static str) {
    let board = match name {
        "crash" | "float" | "hello-stm32" | "bitband" => "stm32f4discovery",
        _ => "mps2-an385",
    };
    (format!("tests/firmware/{name}.elf"), board)
}

/// A recording of a fixture, made once.
pub fn recording(name: &str) -> PathBuf {
    static MADE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut made = MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("gdb-{name}.untick"));
    if !made.contains(name) {
        let (elf, board) = fixture(name);
        let mut record = untick();
        record.args(["record", &elf, "--board", board, "-o"]).arg(&file);
        let output = record.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
        made.insert(name.to_owned());
    }
    file
}

/// A session with the recording of a fixture, beginning at a position.
pub fn replay(name: &str, at: &str, dialogue: &str) {
    let mut command = untick();
    command.arg("replay").arg(recording(name)).args(["--at", at]);
    talk(command, dialogue);
}

/// A session with a live fixture.
pub fn debug(name: &str, dialogue: &str) {
    let (elf, board) = fixture(name);
    let mut command = untick();
    command.args(["debug", &elf, "--board", board]);
    talk(command, dialogue);
}

/// Holds a dialogue: lines that begin with `(gdb) ` are typed; each other line is part of a line of the answer, in the
/// order of the answer, or with `! ` in front of it of none.
pub fn talk(mut command: Command, dialogue: &str) {
    let turns = turns(dialogue);
    command.args(["--", "-nx", "-batch"]);
    type_in(&mut command, &turns);
    check(&turns, &output(command));
}

/// What gdb is to execute, each command behind a mark of its own.
pub fn type_in(gdb: &mut Command, turns: &[Turn<'_>]) {
    for (index, (typed, _)) in turns.iter().enumerate() {
        gdb.args(["-ex", &format!("echo \\n@@{index}\\n"), "-ex", typed]);
    }
}

/// A command, and what its answer must hold.
pub type Turn<'a> = (&'a str, Vec<&'a str>);

/// The commands of a dialogue. What is expected in front of the first belongs to one that does nothing.
pub fn turns(dialogue: &str) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = vec![("echo ", Vec::new())];
    for line in dialogue.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("(gdb) ") {
            Some(typed) => turns.push((typed, Vec::new())),
            None => turns.last_mut().unwrap().1.push(line),
        }
    }
    turns
}

/// Compares what was said with what was expected.
pub fn check(turns: &[Turn<'_>], output: &str) {
    for (index, (typed, expected)) in turns.iter().enumerate() {
        let answer = answer(output, index);
        let answer = answer.unwrap_or_else(|| panic!("({typed}) was not reached:\n{output}"));
        let mut lines = answer.lines();
        for line in expected {
            match line.strip_prefix("! ") {
                Some(unwanted) => assert!(!answer.contains(unwanted), "({typed}) {unwanted:?} in:\n{output}"),
                None => {
                    let found = lines.any(|said| said.contains(line));
                    assert!(found, "({typed}) has no {line:?} there, in:\n{output}");
                }
            }
        }
    }
}

/// What was printed between two commands. What comes before the first belongs to it.
fn answer(output: &str, index: usize) -> Option<&str> {
    let begin = if index == 0 { 0 } else { output.find(&format!("@@{index}\n"))? };
    let rest = &output[begin..];
    Some(rest.find(&format!("@@{}\n", index + 1)).map_or(rest, |end| &rest[..end]))
}

/// Runs a command to its end; returns all that it printed.
pub fn output(command: Command) -> String {
    Started::new(command).output()
}

/// A command under way.
pub struct Started {
    child: Child,
    reading: JoinHandle<String>,
}

impl Started {
    /// Starts it. Standard output and error are read together, in their order.
    pub fn new(mut command: Command) -> Started {
        let (mut reader, writer) = std::io::pipe().unwrap();
        command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
        // The command goes, and with it the ends of the pipe that would keep it open.
        let child = command.spawn().unwrap();
        let reading = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Started { child, reading }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub fn output(mut self) -> String {
        let start = Instant::now();
        let mut hangs = false;
        while self.child.try_wait().unwrap().is_none() {
            if start.elapsed() > Duration::from_secs(90) && !hangs {
                hangs = true;
                self.child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let text = self.reading.join().unwrap();
        assert!(!hangs, "it hangs: {text}");
        text
    }
}
