//! QEMU as a process.

use std::{
    io::{BufReader, Write},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    time::Duration,
};

use super::trace::{Step, Steps};

/// A running QEMU and the log that comes from it.
pub struct Qemu {
    child: Child,
    steps: Steps<BufReader<ChildStderr>>,
}

impl Qemu {
    /// Starts a program with the command line `args`. `input` is typed at the serial port that is the `console`th one.
    pub fn start(machine: &str, image: &Path, args: &str, console: usize, input: &str) -> Qemu {
        let mut command = Command::new("qemu-system-arm");
        command.args(["-M", machine, "-display", "none", "-monitor", "none"]);
        command.args(["-chardev", "stdio,id=console,mux=on,signal=off"]);
        (0..console).for_each(|_| {
            command.args(["-serial", "null"]);
        });
        command.args(["-serial", "chardev:console"]);
        let args: String = args.split_whitespace().map(|arg| format!(",arg={arg}")).collect();
        command.arg("-semihosting-config").arg(format!("enable=on,target=native,chardev=console{args}"));
        // Virtual time by instructions, so that interrupts come at the same place in every run.
        command.args(["-icount", "shift=5,align=off", "-seed", "1"]);
        command.args(["-singlestep", "-d", "exec,cpu,fpu,int,nochain", "-D", "/dev/stderr"]);
        command.arg("-kernel").arg(image);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("qemu-system-arm is installed; ./dev compare-qemu sees to it");
        let stderr = child.stderr.take().expect("it is piped");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = input.to_owned();
        std::thread::spawn(move || {
            // What arrives before the firmware has enabled its receiver gets stuck: type a little later.
            if !input.is_empty() {
                std::thread::sleep(Duration::from_secs(1));
            }
            // QEMU may have ended.
            let _ = stdin.write_all(input.as_bytes());
        });
        Qemu { child, steps: Steps::new(BufReader::with_capacity(1 << 20, stderr)) }
    }

    /// What QEMU complained about.
    pub fn remarks(&self) -> &[String] {
        &self.steps.remarks
    }
}

impl Iterator for Qemu {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.steps.next()
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
