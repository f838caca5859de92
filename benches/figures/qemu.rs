//! The same work done by QEMU, which records too (`rr=record`): whole processes, without what their start takes.

use std::process::Command;

use super::{
    Bench,
    clock::by_turns,
    figure::{Figure, ratio, speed},
    fixture::{BOARD, Fixture, Recorded, run},
    process::processor_of,
};

const ROUNDS: usize = 3;

/// Firmware that does a given amount of work.
struct Work {
    fixture: &'static str,
    /// Its word for the amount.
    amount: &'static str,
    long: u32,
    short: u32,
    /// What QEMU takes for the duration of an instruction.
    shift: &'static str,
}

/// Instructions and nothing else, a billion of them.
const CPU: Work = Work { fixture: "cpu", amount: "cpu_iterations", long: 3600, short: 36, shift: "auto" };
/// A tick each 25,000 instructions in untick. QEMU has it about as often when an instruction takes 2⁵ ns, and thus no less to
/// do; with `auto` it would be each half million.
const BUSY: Work =
    Work { fixture: "busy", amount: "busy_rounds", long: 4_000_000, short: 40_000, shift: "5" };

/// Recording beside QEMU's.
pub fn beside_qemu(_: &Bench) -> Vec<Figure> {
    let row = |name, work: &Work| Figure::new(name, compare(work));
    vec![
        row("recording, CPU-bound / QEMU 7.2 `rr=record`", &CPU)
            .target("goal: ≥ 1")
            .how("`cpu`, 1 G instructions, `-icount shift=auto`; whole processes"),
        row("recording, interrupts and devices / QEMU 7.2 `rr=record`", &BUSY)
            .target("≥ 1.5")
            .how("`busy`, 67 M instructions, `-icount shift=5`; whole processes"),
    ]
}

fn compare(work: &Work) -> String {
    let [long, short] = [work.long, work.short].map(|amount| Side::new(work, amount));
    if processor_of(Command::new("qemu-system-arm").arg("--version")).is_none() {
        return "not measured: there is no qemu-system-arm".to_owned();
    }
    let qemu = |side: &Side| processor_of(&mut side.qemu(work.shift)).expect("it is installed");
    let untick = |side: &Side| processor_of(&mut side.untick()).expect("it was built");
    let [qemu_long, qemu_short, untick_long, untick_short] = by_turns(
        ROUNDS,
        [&mut || qemu(&long), &mut || qemu(&short), &mut || untick(&long), &mut || untick(&short)],
    );
    let instructions = long.instructions - short.instructions;
    let (theirs, ours) = (qemu_long - qemu_short, untick_long - untick_short);
    format!("{}: {} to {}", ratio(theirs, ours), speed(instructions, ours), speed(instructions, theirs))
}

/// The long or the short run.
struct Side {
    elf: Recorded,
    instructions: u64,
}

impl Side {
    fn new(work: &Work, amount: u32) -> Side {
        let fixture = Fixture::load(work.fixture).with(work.amount, amount);
        let mut timeline = fixture.live(Default::default());
        run(&mut timeline, None);
        Side { elf: fixture.file(), instructions: timeline.end().icount }
    }

    fn qemu(&self, shift: &str) -> Command {
        let mut command = Command::new("qemu-system-arm");
        let record =
            format!("shift={shift},rr=record,rrfile={}", self.elf.path.with_extension("rr").display());
        command
            .args(["-M", BOARD, "-display", "none", "-monitor", "none", "-serial", "null", "-net", "none"]);
        command.args(["-semihosting-config", "enable=on,target=native", "-icount", &record, "-kernel"]);
        command.arg(&self.elf.path);
        command
    }

    fn untick(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_untick"));
        command.arg("record").arg(&self.elf.path).args(["--board", BOARD, "-o"]);
        command.arg(self.elf.path.with_extension("untick"));
        command
    }
}
