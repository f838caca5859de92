//! Bad input: one clear line, exit code 2, nothing written.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

fn untick(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_untick"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("the binary is built")
}

/// Runs a command that must be refused with one line that contains all of `wanted`.
#[track_caller]
fn refused(directory: &TempDir, arguments: &[&str], wanted: &[&str]) {
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let output = untick(directory.path(), arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(error.starts_with("untick: ") && error.lines().count() == 1, "{arguments:?}: {error}");
    for wanted in wanted {
        assert!(error.contains(wanted), "{arguments:?}: no {wanted:?} in: {error}");
    }
    assert_eq!(output.stdout, b"", "{arguments:?}");
    assert_eq!(names(), before, "{arguments:?} left something behind");
}

fn directory() -> TempDir {
    TempDir::new().unwrap()
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/firmware").join(name).to_str().unwrap().to_owned()
}

/// The header of an ELF file for another processor.
fn elf_for(machine: u16) -> Vec<u8> {
    let mut elf = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let halves = [2, machine, 1, 0];
    elf.extend(halves.iter().flat_map(|half: &u16| half.to_le_bytes()));
    elf.extend([0; 16]); // entry, program headers, section headers, flags
    let halves: [u16; 6] = [52, 32, 0, 40, 0, 0];
    elf.extend(halves.iter().flat_map(|half| half.to_le_bytes()));
    elf
}

#[test]
fn a_firmware_that_is_not_there() {
    for command in ["run", "record", "debug"] {
        let wanted = ["missing.elf", "No such file"];
        refused(&directory(), &[command, "missing.elf", "--board", "mps2-an385"], &wanted);
    }
}

#[test]
fn a_line_that_cannot_be_connected() {
    let directory = directory();
    fs::copy(fixture("hello.elf"), directory.path().join("hello.elf")).unwrap();
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let occupied = format!("uart0=tcp:{}", occupied.local_addr().unwrap());
    for (wires, wanted) in [
        (&["--uart", "uart9=null"][..], &["mps2-an385 has no uart9, did you mean uart0"][..]),
        (&["--uart", "usart2=file:x.txt"], &["mps2-an385 has no usart2"]),
        (&["--uart", "uart0=file:hello.elf"], &["hello.elf", "this very run"]),
        (&["--uart", "uart0=file:no/such/x.txt"], &["uart0: cannot write no/such/x.txt", "No such file"]),
        (&["--uart", "uart0=pty", "--uart", "uart0=null"], &["uart0 is connected twice"]),
        (&["--uart", "uart0=stdio", "--rtt", "0=stdio"], &["uart0 and rtt0"]),
        (&["--uart", &occupied, "--uart", "uart1=file:x.txt"], &["uart0: cannot listen", "another program"]),
    ] {
        for command in ["run", "record", "debug"] {
            let arguments = [&[command, "hello.elf", "--board", "mps2-an385"], wires].concat();
            refused(&directory, &arguments, wanted);
        }
    }
    let trace =
        ["record", "hello.elf", "--board", "mps2-an385", "-o", "a.untick", "--uart", "uart0=file:a.untick"];
    refused(&directory, &trace, &["a.untick", "this very run"]);
}

#[test]
fn a_firmware_that_is_no_elf() {
    let directory = directory();
    fs::write(directory.path().join("notes.txt"), "not firmware").unwrap();
    fs::write(directory.path().join("empty.elf"), "").unwrap();
    fs::write(directory.path().join("cut.elf"), &elf_for(40)[..20]).unwrap();
    for name in ["notes.txt", "empty.elf", "cut.elf"] {
        refused(&directory, &["record", name, "--board", "mps2-an385"], &[name]);
    }
}

#[test]
fn a_firmware_for_another_machine() {
    const RISCV: u16 = 243;
    let directory = directory();
    fs::write(directory.path().join("other.elf"), elf_for(RISCV)).unwrap();
    refused(&directory, &["record", "other.elf", "--board", "mps2-an385"], &["other.elf", "not for Arm"]);
}

#[test]
fn a_firmware_for_another_chip() {
    let elf = fixture("crash.elf");
    refused(&directory(), &["record", &elf, "--board", "mps2-an385"], &["0x08000000", "no memory"]);
}

#[test]
fn a_raw_binary_without_an_address_or_with_a_bad_one() {
    let directory = directory();
    fs::write(directory.path().join("fw.bin"), [0, 0x40, 0, 0x20, 0x41, 0, 0, 8]).unwrap();
    let run = ["run", "fw.bin", "--board", "mps2-an385"];
    refused(&directory, &run, &["fw.bin", "raw binary", "--load"]);
    refused(&directory, &[&run[..], &["--load", "0x90000000"]].concat(), &["0x90000000", "no memory"]);
    let elf = fixture("hello.elf");
    refused(&directory, &["run", &elf, "--board", "mps2-an385", "--load", "0"], &["leave --load out"]);
}

#[test]
fn a_vector_table_where_none_is() {
    let elf = fixture("hello.elf");
    for (address, wanted) in [("0x40", "multiple of 128"), ("0x20000000", "no bytes there")] {
        let arguments = ["run", &elf, "--board", "mps2-an385", "--vector-table", address];
        refused(&directory(), &arguments, &[wanted]);
    }
}

#[test]
fn a_board_that_nobody_knows_with_the_near_ones() {
    let elf = fixture("hello.elf");
    for (board, near) in [("mps2-an358", "mps2-an385"), ("stm32f4-discovery", "stm32f4discovery")] {
        refused(&directory(), &["run", &elf, "--board", board], &[board, near]);
    }
}

#[test]
fn a_board_file_that_is_not_there() {
    let elf = fixture("hello.elf");
    refused(&directory(), &["run", &elf, "--board", "missing.toml"], &["missing.toml"]);
}

#[test]
fn a_trace_over_the_firmware() {
    let directory = directory();
    fs::copy(fixture("hello.elf"), directory.path().join("hello.elf")).unwrap();
    let arguments = ["record", "hello.elf", "--board", "mps2-an385", "-o", "./hello.elf"];
    refused(&directory, &arguments, &["is the firmware itself"]);
    let copy = fs::read(directory.path().join("hello.elf")).unwrap();
    assert!(copy == fs::read(fixture("hello.elf")).unwrap(), "the firmware was changed");
}

#[test]
fn a_trace_that_is_none() {
    let directory = directory();
    fs::write(directory.path().join("a.untick"), "something else").unwrap();
    refused(&directory, &["info", "a.untick"], &["a.untick", "not an untick trace"]);
    refused(&directory, &["replay", "a.untick", "--verify"], &["a.untick", "not an untick trace"]);
    refused(&directory, &["replay", "missing.untick"], &["missing.untick"]);
}

#[test]
fn an_occupied_port() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!(":{}", other.local_addr().unwrap().port());
    // The port is looked at first: the trace need not be there to be told.
    refused(&directory(), &["replay", "any.untick", "--gdb", &address], &["is occupied"]);
    refused(&directory(), &["replay", "any.untick", "--gdb", "nonsense"], &["nonsense"]);
}

#[test]
fn wrong_words_on_the_command_line() {
    for arguments in [&["frobnicate"][..], &["run"], &["run", "a.elf", "--board", "b", "--for", "250"], &[]] {
        let output = untick(directory().path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
}
