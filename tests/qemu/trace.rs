//! The log that QEMU writes with `-singlestep -d exec,cpu,fpu,int,nochain`.

use std::io::BufRead;

/// The registers before an instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// R0 to R15.
    pub r: [u32; 16],
    pub xpsr: u32,
    /// S0 to S31 and FPSCR, when the processor has them.
    pub fp: Option<[u32; 33]>,
}

/// An instruction that QEMU executed, and what came of it before the next one.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub before: Sample,
    /// The instruction did not retire: it faulted.
    pub faulted: bool,
    /// It was the return of an exception.
    pub returned: bool,
    /// The chip was reset after it.
    pub reset: bool,
    /// The exceptions that were entered after it, or instead of it, by their numbers.
    pub entered: Vec<u16>,
}

/// QEMU's numbers for what is no fault: SVC, IRQ, FIQ, exception return, semihosting.
const NO_FAULT: [u32; 5] = [2, 5, 6, EXCEPTION_RETURN, 16];
const EXCEPTION_RETURN: u32 = 8;

/// The steps of a log, in order. The last one is missing: nothing tells what it did.
pub struct Steps<R> {
    log: R,
    line: String,
    /// The last step read, to which more may belong.
    last: Option<Step>,
    /// The step in front of it: a sample may turn out not to have been executed.
    previous: Option<Step>,
    /// What QEMU said besides.
    pub remarks: Vec<String>,
    done: bool,
}

impl<R: BufRead> Steps<R> {
    pub fn new(log: R) -> Steps<R> {
        Steps { log, line: String::new(), last: None, previous: None, remarks: Vec::new(), done: false }
    }

    /// Reads a line; false at the end.
    fn read(&mut self) -> bool {
        self.line.clear();
        self.log.read_line(&mut self.line).is_ok_and(|length| length > 0)
    }

    /// Takes in a line. A step that is complete now.
    fn take(&mut self) -> Option<Step> {
        let line = self.line.trim_end();
        if line.starts_with("R00=") {
            let complete = std::mem::replace(&mut self.previous, self.last.take());
            self.last = Some(Step::default());
            self.registers();
            return complete;
        }
        if line.starts_with('R') && line.as_bytes().get(3) == Some(&b'=') {
            self.registers();
        } else if let Some(value) = line.strip_prefix("XPSR=") {
            let value = hex(&value[..8]);
            self.sample(|sample| sample.xpsr = value);
        } else if line.starts_with('s') && line.as_bytes().get(3) == Some(&b'=') {
            let (first, a, b) = (number(&line[1..3]), hex(&line[4..12]), hex(&line[17..25]));
            let fp = |sample: &mut Sample| {
                sample.fp.get_or_insert([0; 33])[first..first + 2].copy_from_slice(&[a, b])
            };
            self.sample(fp);
        } else if let Some(value) = line.strip_prefix("FPSCR: ") {
            let value = hex(value);
            self.sample(|sample| sample.fp.get_or_insert([0; 33])[32] = value);
        } else if line.starts_with("Stopped execution of TB chain") || line.starts_with("cpu_io_recompile") {
            // The instruction that was announced last has not run; it will be announced again.
            self.last = self.previous.take();
        } else if let Some(kind) = between(line, "Taking exception ", " ") {
            let fault = !NO_FAULT.contains(&kind);
            // The faults of a return, and those of an entry, come behind an instruction that did retire.
            if let Some(step) = self.last.as_mut() {
                step.faulted |= fault && step.entered.is_empty() && !step.returned;
                step.returned |= kind == EXCEPTION_RETURN;
            }
        } else if let Some(number) = between(line, "...loading from element ", " ") {
            if let Some(step) = self.last.as_mut() {
                step.entered.push(number as u16);
            }
        } else if let Some(step) = self.last.as_mut().filter(|_| line.starts_with("Loaded reset SP")) {
            step.reset = true;
        } else if !line.starts_with("Trace ") && !line.starts_with("...") {
            self.remarks.push(line.to_owned());
        }
        None
    }

    fn sample(&mut self, change: impl FnOnce(&mut Sample)) {
        if let Some(step) = self.last.as_mut() {
            change(&mut step.before);
        }
    }

    /// A line of four registers: `R00=00000000 R01=…`.
    fn registers(&mut self) {
        let step = self.last.as_mut().expect("R00 began it");
        for word in self.line.split_ascii_whitespace() {
            step.before.r[number(&word[1..3])] = hex(&word[4..12]);
        }
    }
}

impl<R: BufRead> Iterator for Steps<R> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        while !self.done && self.read() {
            if let Some(step) = self.take() {
                return Some(step);
            }
        }
        self.done = true;
        self.previous.take()
    }
}

fn hex(text: &str) -> u32 {
    u32::from_str_radix(text, 16).expect("QEMU prints hexadecimal numbers")
}

fn number(text: &str) -> usize {
    text.parse().expect("QEMU numbers its registers")
}

/// The decimal number behind `prefix`, up to `end`.
fn between(line: &str, prefix: &str, end: &str) -> Option<u32> {
    line.strip_prefix(prefix)?.split(end).next()?.parse().ok()
}

#[test]
fn a_log_is_read_as_steps() {
    let sample = |pc: u32, r0: u32| {
        let zeros =
            |first: usize| (first..first + 4).map(|n| format!("R{n:02}=00000000 ")).collect::<String>();
        format!(
            "Trace 0: 0x7f [0/{pc:08x}/0/0] main\nR00={r0:08x} R01=00000001 R02=00000000 R03=00000000\n{}\n{}\n\
             R12=00000000 R13=20000000 R14=ffffffff R15={pc:08x}\nXPSR=41000000 -Z-- T priv-thread\n\
             s00=3f800000 s01=40000000 d00=400000003f800000\nFPSCR: 03000000\n",
            zeros(4),
            zeros(8)
        )
    };
    let log = [
        "Loaded reset SP 0x20000000 PC 0x101 from vector table\n".to_owned(),
        sample(0x100, 7),
        sample(0x102, 8),
        "Stopped execution of TB chain before 0x7f [00000102] main\n".to_owned(),
        "Taking exception 5 [IRQ] on CPU 0\n...taking pending nonsecure exception 15\n".to_owned(),
        "...loading from element 15 of non-secure vector table at 0x3c\n...loaded new PC 0x301\n".to_owned(),
        sample(0x300, 7),
        "Taking exception 4 [Data Abort] on CPU 0\n".to_owned(),
        "...loading from element 5 of non-secure vector table at 0x14\n".to_owned(),
        sample(0x400, 7),
        "Taking exception 8 [QEMU v7M exception exit] on CPU 0\n".to_owned(),
        "Taking exception 18 [v7M INVSTATE UsageFault] on CPU 0\n".to_owned(),
        "...loading from element 6 of non-secure vector table at 0x18\n".to_owned(),
        sample(0x600, 7),
        "Loaded reset SP 0x20000000 PC 0x101 from vector table\n".to_owned(),
        sample(0x100, 0),
    ]
    .concat();
    let mut steps = Steps::new(log.as_bytes());
    let read: Vec<Step> = steps.by_ref().collect();
    assert_eq!(read.len(), 4, "{read:#x?}");
    assert_eq!((read[0].before.r[15], read[0].before.r[0], read[0].before.r[14]), (0x100, 7, u32::MAX));
    assert_eq!((read[0].faulted, &read[0].entered[..]), (false, &[15][..]));
    assert_eq!((read[1].faulted, &read[1].entered[..]), (true, &[5][..]));
    assert_eq!((read[2].faulted, read[2].returned, &read[2].entered[..]), (false, true, &[6][..]));
    assert_eq!(read.iter().map(|step| step.reset).collect::<Vec<_>>(), [false, false, false, true]);
    let fp = read[0].before.fp.unwrap();
    assert_eq!((fp[0], fp[1], fp[32]), (0x3f80_0000, 0x4000_0000, 0x0300_0000));
    assert!(steps.remarks[0].starts_with("Loaded reset SP"));
}
