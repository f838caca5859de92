//! Other programs: how long they keep a processor busy.

use std::{
    fs,
    io::ErrorKind,
    process::{Command, Stdio},
    time::Duration,
};

use super::clock::wall;

/// Linux counts the time of processes in hundredths of a second (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// Runs a program to its end, which must be a good one, with its output thrown away; gives the processor time of the
/// whole process. `None`: it is not installed.
pub fn processor_of(command: &mut Command) -> Option<Duration> {
    let start = children();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        status => {
            let status = status.expect("it can be started");
            assert!(status.success(), "{command:?}: {status}");
            Some(children() - start)
        }
    }
}

/// The time that all children of this process had that have ended: fields 16 and 17 of proc_pid_stat(5). Where the system
/// does not tell, that of the wall.
fn children() -> Duration {
    let told = fs::read_to_string("/proc/self/stat").ok().and_then(|text| {
        // The name in parentheses is field 2, and may hold anything.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
        Some(TICK * (ticks(16)? + ticks(17)?))
    });
    told.unwrap_or_else(wall)
}
