//! `untick dump`: the registers of every instruction, and the events, as its help describes them.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

use std::{
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

/// A recording of a fixture, up to an icount.
fn recorded(name: &str, board: &str, until: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/firmware/{name}.elf"));
    let elf = elf.to_str().unwrap();
    let arguments = ["record", elf, "--board", board, "--until-icount", until, "-o", "a.untick"];
    let output = untick(directory.path(), &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    directory
}

/// The lines of a dump.
fn dump(directory: &TempDir, registers: &str) -> Vec<String> {
    let output = untick(directory.path(), &["dump", "a.untick", "--registers", registers]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The value in a column.
#[track_caller]
fn value<'a>(line: &'a str, name: &str) -> &'a str {
    let mut columns = line.split(' ').filter_map(|column| column.split_once('='));
    columns.find(|(column, _)| *column == name).expect("the column is there").1
}

#[track_caller]
fn refused(directory: &TempDir, arguments: &[&str], wanted: &str) {
    let output = untick(directory.path(), arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(error.contains(wanted), "{arguments:?}: no {wanted:?} in: {error}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
}

#[test]
fn a_range_is_a_part_of_the_whole() {
    let recorded = recorded("hello", "mps2-an385", "1e9");
    let all = dump(&recorded, "..");
    let last = all.len();
    assert!(last > 100, "{last} lines");
    for (icount, line) in all.iter().enumerate() {
        assert_eq!(value(line, "icount"), icount.to_string());
    }
    assert_eq!(value(&all[0], "sp"), "20002000", "as the vector table says");
    assert_eq!(value(&all[0], "lr"), "ffffffff", "as after every reset");
    assert_eq!(dump(&recorded, "17..42"), all[17..42]);
    assert_eq!(dump(&recorded, "100.."), all[100..]);
    assert_eq!(dump(&recorded, "..9"), all[..9]);
    assert_eq!(dump(&recorded, "9..9"), all[9..9]);
    assert_eq!(dump(&recorded, &format!("{last}..")), [""; 0]);
}

#[test]
fn an_exception_entry_has_a_line() {
    let recorded = recorded("tasks", "mps2-an385", "30_000");
    let lines = dump(&recorded, "..");
    assert_eq!(lines.len(), 30_000);
    let ipsr = |line: &str| u32::from_str_radix(value(line, "xpsr"), 16).unwrap() & 0x1ff;
    let entered = lines.windows(2).find(|lines| ipsr(&lines[0]) == 0 && ipsr(&lines[1]) == 15);
    let entered = entered.expect("SysTick interrupts the tasks");
    assert_eq!(value(&entered[1], "lr"), "fffffffd", "a task runs on PSP");
    // What was interrupted has not run: it is met again when the task goes on.
    let pc = value(&entered[0], "pc");
    let return_to = |line: &&String| ipsr(line) == 0 && value(line, "pc") == pc;
    let behind = lines.iter().position(|line| *line == entered[1]).unwrap();
    assert!(lines[behind..].iter().any(|line| return_to(&line)), "never back at {pc}");
}

#[test]
fn floating_point_registers_are_asked_for() {
    let recorded = recorded("float", "stm32f4discovery", "20_000");
    let plain = dump(&recorded, "19_000..");
    let output = untick(recorded.path(), &["dump", "a.untick", "--registers", "19_000..", "--fp"]);
    let with_fp = String::from_utf8(output.stdout).unwrap();
    for (line, plain) in with_fp.lines().zip(&plain) {
        let (front, fp) = line.split_once(" s0=").unwrap();
        assert_eq!(front, plain);
        assert_eq!(fp.split(' ').count(), 33, "{line}");
    }
    assert!(with_fp.lines().any(|line| value(line, "s0") != "00000000"));
    assert_eq!(with_fp.lines().count(), plain.len());
}

#[test]
fn what_cannot_be_dumped_is_refused() {
    let recorded = recorded("hello", "mps2-an385", "100");
    let with = |registers| ["dump", "a.untick", "--registers", registers];
    refused(&recorded, &with("90..101"), "there is no icount 101: the recording ends at 100");
    refused(&recorded, &with("101.."), "there is no icount 101");
    refused(&recorded, &with("20..10"), "ends before it begins");
    refused(&recorded, &with("20"), "is not a range");
    refused(&recorded, &["dump", "a.untick", "--registers", "..", "--fp"], "Cortex-M3 has no floating point");
    refused(&recorded, &["dump", "missing.untick", "--registers", ".."], "missing.untick");
}

#[test]
fn events_have_the_names_of_registers_and_fields() {
    let recorded = recorded("hello-stm32", "stm32f4discovery", "1e9");
    let dump = |arguments: &[&str]| {
        let output = untick(recorded.path(), &[&["dump", "a.untick", "--events"], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = dump(&[]);
    assert!(all.iter().any(|line| line.ends_with("write USART2.CR1 0x0000200c RE=1 TE=1 UE=1")), "{all:?}");
    let mut icounts = all.iter().map(|line| value(line, "icount").parse::<u64>().unwrap());
    assert!(icounts.clone().is_sorted() && icounts.next().is_some());
    let sent = dump(&["--of", "usart2.dr"]);
    let written = sent.iter().filter_map(|line| line.split_once(" write USART2.DR 0x"));
    let bytes: Vec<u8> = written
        .map(|(_, rest)| u32::from_str_radix(rest.split(' ').next().unwrap(), 16).unwrap() as u8)
        .collect();
    assert!(String::from_utf8_lossy(&bytes).starts_with("hello"), "{sent:?}");
    let first: u64 = value(&sent[0], "icount").parse().unwrap();
    let part = dump(&[&format!("{first}..{}", first + 1), "--of", "USART2.DR"]);
    assert_eq!(part, sent[..1]);
    refused(&recorded, &["dump", "a.untick", "--events", "--of", "USRT2"], "did you mean USART2");
    refused(&recorded, &["dump", "a.untick", "--registers", "..", "--events"], "cannot be used with");
    refused(&recorded, &["dump", "a.untick", "--registers", "..", "--of", "USART2"], "cannot be used with");
}
