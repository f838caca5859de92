//! Random instructions on every kind of core.

use untick::{
    board::Board,
    core::{Architecture, Config, Core, CoreKind, Halt, Region, RegionKind, Search, Travel},
    words::{Icount, Registers},
};

use super::{
    common::Random,
    elf::elf,
    follow::follow,
    generate::{Features, Layout, Program, generate},
    known::Known,
    machine::Qemu,
    pins::TracePins,
    report::Report,
    trace::{Sample, Step},
};

/// A core, and the machine of QEMU that has it.
struct Kind {
    core: CoreKind,
    machine: &'static str,
    features: Features,
    layout: Layout,
}

const V7M: Features = Features::V7M;
const V7EM: Features = V7M.and(Features::DSP);
const FPV4: Features = V7EM.and(Features::FP);
const FPV5: Features = FPV4.and(Features::FPV5);
const M7: Features = FPV5.and(Features::DOUBLE);
const M33: Features = FPV5.and(Features::V8M);

/// Where memory is: the vector table and code, RAM and how much of it is used.
const fn memory(code: u32, ram: u32, ram_size: u32) -> Layout {
    Layout { code, ram, ram_size }
}
const MICROBIT: Layout = memory(0, 0x2000_0000, 0x4000);
const MPS2: Layout = memory(0, 0x2000_0000, 0x1_0000);
/// The Secure aliases, where AN505 boots.
const AN505: Layout = memory(0x1000_0000, 0x3800_0000, 0x1_0000);

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    Kind { core: CoreKind::CortexM0, machine: "microbit", features: Features::V6M, layout: MICROBIT },
    Kind { core: CoreKind::CortexM3, machine: "mps2-an385", features: V7M, layout: MPS2 },
    Kind { core: CoreKind::CortexM4F, machine: "mps2-an386", features: FPV4, layout: MPS2 },
    Kind { core: CoreKind::CortexM7Dp, machine: "mps2-an500", features: M7, layout: MPS2 },
    Kind { core: CoreKind::CortexM33F, machine: "mps2-an505", features: M33, layout: AN505 },
];

/// Programs for each core.
const PROGRAMS: usize = 5;
/// Random instructions of a program.
const INSTRUCTIONS: usize = 24_000;
/// The fast engine is looked at this often, in icounts.
const STRIDE: Icount = 61;

impl Kind {
    fn config(&self) -> Config {
        let region = |name: &str, base, size| Region {
            name: name.into(),
            kind: RegionKind::Ram,
            base,
            size,
            aliases: Vec::new(),
        };
        let board = Board::find("mps2-an385").unwrap();
        let armv6 = self.core.architecture() == Architecture::V6M;
        Config {
            core: self.core,
            priority_bits: if armv6 { 2 } else { 3 },
            mpu_regions: self.core.default_mpu_regions(),
            security_extension: self.core.architecture() == Architecture::V8M,
            regions: vec![
                region("code", self.layout.code, 0x40_0000),
                region("ram", self.layout.ram, self.layout.ram_size),
            ],
            vector_table: self.layout.code,
            ..board.config().clone()
        }
    }

    fn core(&self, program: &Program) -> Core {
        let mut core = Core::new(&self.config()).unwrap();
        for (address, bytes) in &program.segments {
            core.memory_mut().write(*address, bytes).unwrap();
        }
        core.reset();
        core
    }
}

/// What the exact engine had at an icount, and what its registers were set to there because QEMU's were others.
struct Mark {
    icount: Icount,
    found: Registers,
    set: Option<Registers>,
}

fn compare(kind: &Kind, number: usize) -> Report {
    let mut random = Random::new(&format!("{} {number}", kind.core.name()));
    let program = generate(kind.features, kind.layout, INSTRUCTIONS, &mut random);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("program.elf");
    std::fs::write(&file, elf(program.entry, &program.segments)).unwrap();
    if let Some(kept) = std::env::var_os("KEEP") {
        std::fs::copy(&file, std::path::Path::new(&kept).join(format!("{}-{number}.elf", kind.core.name())))
            .unwrap();
    }
    let mut core = kind.core(&program);
    let mut marks = vec![];
    let mut qemu = Qemu::start(kind.machine, &file, "", 0, "");
    let report = follow(&mut core, qemu.by_ref(), usize::MAX, &Known::of(kind.core.name()), |core, found| {
        let state = core.state();
        if found.is_some() || state.icount.is_multiple_of(STRIDE) {
            let now = &state.registers;
            let set = found.is_some().then(|| now.clone());
            marks.push(Mark { icount: state.icount, found: found.unwrap_or(now.clone()), set });
        }
    });
    let least = program.instructions * 9 / 10; // some are skipped
    assert!(report.instructions > least, "{}: QEMU says {:?}", kind.core.name(), qemu.remarks());
    if report.is_good() {
        run_fast(kind, &program, &marks);
    }
    report
}

/// The same in one go: what follows the trace in single steps is the exact engine.
fn run_fast(kind: &Kind, program: &Program, marks: &[Mark]) {
    let mut core = kind.core(program);
    core.state_mut().registers.xpsr |= 1 << 30; // as QEMU's after a reset
    let nothing = Search::default();
    let (step, after) = (Step::default(), Sample::default());
    for mark in marks {
        let mut pins = TracePins::new(&step, &after, (0, 0));
        let halt = core.run(&mut pins, &Travel::to(mark.icount, &nothing));
        let pc = core.state().registers.pc;
        assert_eq!(
            (halt, core.state().icount),
            (Halt::Limit, mark.icount),
            "{}: at {pc:#x}",
            kind.core.name()
        );
        let registers = &core.state().registers;
        assert_eq!(*registers, mark.found, "{}: at icount {}, run in one go", kind.core.name(), mark.icount);
        if let Some(set) = &mark.set {
            core.state_mut().registers = set.clone();
        }
    }
}

fn all(core: CoreKind) {
    let kind = KINDS.iter().find(|kind| kind.core == core).expect("it is a row of the table");
    let mut sum = Report::default();
    for number in 0..PROGRAMS {
        sum.join(compare(kind, number));
    }
    let name = core.name();
    sum.print(name);
    assert!(sum.instructions >= 100_000, "{name}: only {} instructions", sum.instructions);
    assert!(sum.is_good(), "{name}: differences are listed above");
}

#[test]
#[ignore = "needs qemu-system-arm; ./dev compare-qemu runs it"]
fn random_instructions_agree_on_cortex_m0() {
    all(CoreKind::CortexM0);
}

#[test]
#[ignore = "needs qemu-system-arm; ./dev compare-qemu runs it"]
fn random_instructions_agree_on_cortex_m3() {
    all(CoreKind::CortexM3);
}

#[test]
#[ignore = "needs qemu-system-arm; ./dev compare-qemu runs it"]
fn random_instructions_agree_on_cortex_m4f() {
    all(CoreKind::CortexM4F);
}

#[test]
#[ignore = "needs qemu-system-arm; ./dev compare-qemu runs it"]
fn random_instructions_agree_on_cortex_m7() {
    all(CoreKind::CortexM7Dp);
}

#[test]
#[ignore = "needs qemu-system-arm; ./dev compare-qemu runs it"]
fn random_instructions_agree_on_cortex_m33() {
    all(CoreKind::CortexM33F);
}
