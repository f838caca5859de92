//! What the two translators must agree on, tried on bare instructions.

mod alignment;

use super::*;
use crate::{
    core::{Config, CoreKind, Region, RegionKind, thumb},
    words::Registers,
};

const CODE: u32 = 0x0000_1000;
pub const RAM: u32 = 0x2000_0000;
/// Where the RAM appears once more.
pub const ALIAS: u32 = 0x2100_0000;
const DEVICE: u32 = 0x4000_0000;
/// What is stored to this register of the device comes to stand at the start of the RAM.
const DMA: u32 = 0x20;

/// Memory, and a device whose registers read as their address.
struct Bench {
    memory: Memory,
    accesses: Vec<(Icount, u32, Option<u32>)>,
    pending: bool,
}

impl Port for Bench {
    fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }
    fn translate(&mut self, address: u32, _page_use: PageUse, _privileged: bool) -> Translation {
        match self.memory.page(address) {
            Some(page) => Translation::Memory {
                page_address: self.memory.page_address(page),
                write: self.memory.page_kind(page) == RegionKind::Ram,
                execute: true,
            },
            None if address >> 28 == 4 => Translation::Device,
            None => Translation::Unmapped,
        }
    }
    fn allows(&mut self, _: u32, _: u32, _: PageUse, _: bool) -> Result<(), AccessFault> {
        Ok(())
    }
    fn load(&mut self, icount: Icount, address: u32, _width: Width, _privileged: bool) -> Reply {
        self.accesses.push((icount, address, None));
        Reply::Done(address)
    }
    fn store(&mut self, icount: Icount, address: u32, width: Width, value: u32, _privileged: bool) -> Reply {
        self.accesses.push((icount, address, Some(value)));
        self.pending |= address == DEVICE + 0xc;
        if address == DEVICE + DMA {
            self.memory.write(RAM, &value.to_le_bytes()).unwrap();
        }
        if self.memory.is_flash(address) {
            self.memory.write(address, &value.to_le_bytes()[..width.bytes() as usize]).unwrap();
        }
        Reply::Done(0)
    }
    fn bit_band(&mut self, _address: u32) -> Option<(u32, u32)> {
        None
    }
    fn attention(&mut self) -> Attention {
        Attention { at: Icount::MAX, pending: self.pending }
    }
    fn traps(&mut self) -> Traps {
        Traps { coprocessors: 0x0c00, ..Traps::default() }
    }
    fn watch_units(&mut self) -> WatchUnits {
        WatchUnits::new()
    }

    fn watch_unit_matched(&mut self, _unit: usize) {}

    fn takeable(&mut self, masks: Masks) -> bool {
        self.pending && !masks.primask
    }
    fn interrupts_run(&mut self) -> bool {
        false
    }
}

/// Flash from address 0 and RAM, 16 KiB each.
pub fn config(core: CoreKind) -> Config {
    let region = |name: &str, kind, base| Region {
        name: name.to_owned(),
        kind,
        base,
        size: 0x4000,
        aliases: if base == RAM { vec![ALIAS] } else { Vec::new() },
    };
    Config {
        core,
        regions: vec![region("flash", RegionKind::Flash, 0), region("ram", RegionKind::Ram, RAM)],
        devices: Vec::new(),
        interrupts: 8,
        priority_bits: 4,
        clock_hz: 1,
        systick_reference_divider: None,
        bit_band: false,
        vector_table: 0,
        mpu_regions: 8,
        security_extension: false,
        halting_debug: false,
    }
}

/// Two translators over one memory; they are dropped before it.
struct Pair {
    fast: Translator,
    exact: Translator,
    bench: Bench,
}

impl Pair {
    fn new() -> Pair {
        Pair::of(CoreKind::CortexM4F)
    }

    fn of(core: CoreKind) -> Pair {
        let config = config(core);
        let memory = Memory::new(&config);
        Pair {
            fast: Translator::new(Kind::Fast, config.core, &memory).unwrap(),
            exact: Translator::new(Kind::Exact, config.core, &memory).unwrap(),
            bench: Bench { memory, accesses: Vec::new(), pending: false },
        }
    }

    fn write_code(&mut self, halfwords: &[u16]) {
        let bytes: Vec<u8> = halfwords.iter().flat_map(|half| half.to_le_bytes()).collect();
        self.bench.memory.write(CODE, &bytes).unwrap();
        self.fast.drop_code(CODE, bytes.len() as u32 + 2);
        self.exact.drop_code(CODE, bytes.len() as u32 + 2);
        self.bench.memory.take_stale_code();
    }

    fn run(&mut self, kind: Kind, registers: &mut Registers, limit: Icount) -> Ran {
        let engine = match kind {
            Kind::Fast | Kind::Watching => &mut self.fast,
            Kind::Exact => &mut self.exact,
        };
        engine.run(registers, &mut self.bench, Span { start: 0, boundary: true, limit })
    }
}

fn start() -> Registers {
    Registers { pc: CODE, xpsr: 1 << 24, msp: RAM + 0x1000, psp: RAM + 0x2000, ..Registers::default() }
}

const NOP: u16 = 0xbf00;
const BRANCH_TO_ITSELF: u16 = 0xe7fe;

/// The length in bytes of the block that the translator makes of this code; nothing is executed.
fn block_length(pair: &mut Pair, first: u16, second: u16) -> u32 {
    pair.write_code(&[first, second, NOP, NOP, NOP, BRANCH_TO_ITSELF]);
    let ran = pair.run(Kind::Fast, &mut start(), 0);
    assert_eq!(ran.exit, Exit::Limit, "{first:04x} {second:04x}");
    pair.fast.block_size()
}

#[test]
fn what_ends_a_block_for_us_ends_it_for_the_translator() {
    let mut pair = Pair::new();
    for first in (0..0xe800u16).filter(|first| thumb::ends_block(*first, NOP)) {
        assert_eq!(block_length(&mut pair, first, NOP), 2, "{first:04x}");
    }
    // Of the 32-bit instructions, a spread of second halfwords.
    let mut seed = 1u32;
    let mut tried = 0;
    while tried < 20_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (first, second) = (0xe800 | (seed >> 16) as u16, seed as u16 ^ (seed >> 20) as u16);
        if thumb::ends_block(first, second) {
            assert_eq!(block_length(&mut pair, first, second), 4, "{first:04x} {second:04x}");
            tried += 1;
        }
    }
}

#[test]
fn registers_survive_the_way_through_a_translator() {
    let mut pair = Pair::new();
    pair.write_code(&[BRANCH_TO_ITSELF]);
    for control in 0..8 {
        for ipsr in [0, 3, 15] {
            // In Handler mode SPSEL reads as zero (B1.4.4).
            let control = if ipsr == 0 { control } else { control & !2 };
            let registers = Registers {
                r: std::array::from_fn(|n| 0x1111_1111 * n as u32),
                lr: 0x1234_5678,
                xpsr: 0xf80f_0000 | 1 << 24 | ipsr,
                primask: 1,
                basepri: 0xa0,
                faultmask: 1,
                control,
                s: std::array::from_fn(|n| 0x3f80_0000 + n as u32),
                fpscr: 0x00c0_001f,
                exclusive: Some((RAM + 8, 77)),
                ..start()
            };
            for kind in [Kind::Fast, Kind::Exact] {
                let mut after = registers.clone();
                pair.run(kind, &mut after, 0);
                assert_eq!(after, registers, "{kind:?}");
            }
        }
    }
}

#[test]
fn an_access_in_an_it_block_does_not_leave_its_condition_behind() {
    // CMP R0, R0; IT EQ; LDREQ R1, [R2]; then ten ADDs that must all be executed, in blocks of their own.
    let mut code = vec![0x4280, 0xbf08, 0x6811];
    for _ in 0..10 {
        code.extend([0x3301, 0xe7ff]); // ADDS R3, #1; B to the next instruction
    }
    code.push(BRANCH_TO_ITSELF);
    for address in [RAM, DEVICE] {
        for kind in [Kind::Fast, Kind::Exact] {
            let mut pair = Pair::new();
            pair.write_code(&code);
            let mut registers = Registers { r: [0; 13], ..start() };
            registers.r[2] = address;
            let ran = pair.run(kind, &mut registers, 23);
            assert_eq!((ran.icount, ran.exit), (23, Exit::Limit), "{kind:?}");
            assert_eq!(registers.r[3], 10, "{kind:?} {address:#x}");
        }
    }
}

#[test]
fn the_exact_engine_stops_anywhere_also_inside_it_blocks() {
    // MOVS R0, #1; CMP R0, #1; ITETE EQ; ADDEQ, ADDNE, ADDEQ, ADDNE; NOP; BX LR
    let code = [0x2001, 0x2801, 0xbf0b, 0x1c49, 0x1c92, 0x1c49, 0x1c92, NOP, 0x4770];
    let mut whole = Pair::new();
    whole.write_code(&code);
    let mut pair = Pair::new();
    pair.write_code(&code);
    let mut stepped = start();
    for icount in 1..=8u64 {
        let ran = pair.run(Kind::Exact, &mut stepped, 1);
        assert_eq!((ran.icount, ran.exit), (1, Exit::Limit), "step {icount}");
        let mut at_once = start();
        let ran = whole.run(Kind::Exact, &mut at_once, icount);
        assert_eq!(ran.icount, icount);
        assert_eq!(stepped, at_once, "after {icount} instructions");
    }
    assert_eq!((stepped.r[1], stepped.r[2]), (2, 0));
}

#[test]
fn instructions_that_an_it_block_skips_are_counted_by_both() {
    // CMP R0, #1 (NE); ITTT EQ; ADD, ADD, MOV PC: all skipped; NOP; B .
    let code = [0x2801, 0xbf02, 0x1c49, 0x1c92, 0x46f7, NOP, BRANCH_TO_ITSELF];
    for kind in [Kind::Fast, Kind::Exact] {
        let mut pair = Pair::new();
        pair.write_code(&code);
        let mut registers = start();
        let ran = pair.run(kind, &mut registers, 7);
        assert_eq!((ran.icount, ran.exit), (7, Exit::Limit), "{kind:?}");
        assert_eq!(registers.pc, CODE + 12, "{kind:?}");
    }
}

#[test]
fn a_breakpoint_inside_an_it_block_is_found_by_both_ways_of_searching() {
    let code = [0x2801, 0xbf18, 0x1c49, 0x1c92, BRANCH_TO_ITSELF]; // CMP R0, #1; IT NE; ADDNE R1; ADD R2
    for collect in [false, true] {
        let mut pair = Pair::new();
        pair.write_code(&code);
        let search = Search { breakpoints: [CODE + 4].into(), watchpoints: Vec::new(), collect };
        pair.exact.set_search(&search, &pair.bench.memory);
        let mut registers = start();
        let ran = pair.run(Kind::Exact, &mut registers, 5);
        if collect {
            let hit = Hit { icount: 2, found: Found::Breakpoint };
            assert_eq!(pair.exact.take_found(), Some(hit));
        } else {
            assert_eq!((ran.icount, ran.exit), (2, Exit::Found(Found::Breakpoint)));
            assert_eq!(registers.pc, CODE + 4);
        }
    }
}

#[test]
fn a_store_that_makes_an_exception_takeable_is_done_once_and_stopped_at() {
    // NOP; STR R1, [R2, #12]; STR R1, [R2, #16]
    let code = [NOP, 0x60d1, 0x6111, BRANCH_TO_ITSELF];
    for kind in [Kind::Fast, Kind::Exact] {
        let mut pair = Pair::new();
        pair.write_code(&code);
        let mut registers = start();
        registers.r[1] = 5;
        registers.r[2] = DEVICE;
        let ran = pair.run(kind, &mut registers, 100);
        assert_eq!((ran.icount, ran.exit), (1, Exit::Accessed), "{kind:?}");
        assert_eq!(registers.pc, CODE + 2, "not retired");
        match kind {
            Kind::Fast | Kind::Watching => pair.exact.take_accesses(&mut pair.fast),
            Kind::Exact => pair.exact.repeat_accesses(),
        }
        let span = Span { start: 1, boundary: false, limit: 2 };
        let ran = pair.exact.run(&mut registers, &mut pair.bench, span);
        assert_eq!((ran.icount, ran.exit), (2, Exit::Limit));
        assert_eq!(registers.pc, CODE + 4);
        assert_eq!(pair.bench.accesses, [(1, DEVICE + 0xc, Some(5))], "the device saw one store");
    }
}

const FLASH: u32 = CODE + 0x400;

#[test]
fn stores_to_flash_go_to_its_controller_and_loads_do_not() {
    // STR R1, [R2]; LDR R3, [R2]; STRH R1, [R2, #4]; LDR R4, [R2, #4]; STM R2!, {R0, R1}; B .
    let code = [0x6011, 0x6813, 0x8091, 0x6854, 0xc203, BRANCH_TO_ITSELF];
    for kind in [Kind::Fast, Kind::Exact] {
        let mut pair = Pair::new();
        pair.write_code(&code);
        let mut registers = start();
        registers.r[1] = 0x1234_5678;
        registers.r[2] = FLASH;
        let ran = pair.run(kind, &mut registers, 7);
        assert_eq!((ran.icount, ran.exit), (7, Exit::Limit), "{kind:?}");
        assert_eq!((registers.r[3], registers.r[4]), (0x1234_5678, 0xffff_5678), "{kind:?}");
        let stored = [
            (0, FLASH, Some(0x1234_5678)),
            (2, FLASH + 4, Some(0x5678)),
            (4, FLASH, Some(0)),
            (4, FLASH + 4, Some(0x1234_5678)),
        ];
        assert_eq!(pair.bench.accesses, stored, "{kind:?}");
    }
}

#[test]
fn a_store_to_flash_that_is_not_aligned_comes_in_bytes() {
    // STR R1, [R2]; STRB R1, [R2, #8]; B .
    let code = [0x6011, 0x7211, BRANCH_TO_ITSELF];
    for kind in [Kind::Fast, Kind::Exact] {
        for at in [FLASH + 5, FLASH + 0x3fe] {
            let mut pair = Pair::new();
            pair.write_code(&code);
            let mut registers = start();
            registers.r[1] = 0x1234_5678;
            registers.r[2] = at;
            let ran = pair.run(kind, &mut registers, 3);
            assert_eq!((ran.icount, ran.exit), (3, Exit::Limit), "{kind:?}");
            let bytes = [0x78, 0x56, 0x34, 0x12].into_iter().zip(at..).map(|(byte, at)| (0, at, Some(byte)));
            let mut stored: Vec<_> = bytes.chain([(1, at + 8, Some(0x78))]).collect();
            stored.sort();
            pair.bench.accesses.sort();
            assert_eq!(pair.bench.accesses, stored, "{kind:?} {at:#x}");
        }
    }
}

#[test]
fn a_watchpoint_on_flash_stops_in_front_of_all_stores_of_its_instruction() {
    // NOP; STM R2!, {R0, R1}; B . And: NOP; STR R1, [R2, #3]; B .
    for code in [[NOP, 0xc203, NOP, BRANCH_TO_ITSELF], [NOP, 0xf8c2, 0x1003, BRANCH_TO_ITSELF]] {
        for kind in [Kind::Fast, Kind::Exact] {
            let mut pair = Pair::new();
            pair.write_code(&code);
            let watch = Watchpoint { address: FLASH + 4, length: 2, kind: WatchKind::Write };
            let search = Search { watchpoints: vec![watch], ..Search::default() };
            let engine = if kind == Kind::Fast { &mut pair.fast } else { &mut pair.exact };
            engine.set_search(&search, &pair.bench.memory);
            let mut registers = start();
            registers.r[2] = FLASH;
            let ran = pair.run(kind, &mut registers, 9);
            let found = Found::Watchpoint { address: watch.address, kind: watch.kind };
            assert_eq!((ran.icount, ran.exit), (1, Exit::Found(found)), "{kind:?}");
            assert_eq!(pair.bench.accesses, [], "{kind:?}");
        }
    }
}

#[test]
fn code_in_flash_that_is_programmed_stops_the_run_behind_its_store() {
    // BLX R3; STR R4, [R5]; BLX R3; B .
    for kind in [Kind::Fast, Kind::Exact] {
        let mut pair = Pair::new();
        pair.bench.memory.write(FLASH, &[0x01, 0x20, 0x70, 0x47]).unwrap(); // MOVS R0, #1; BX LR
        pair.write_code(&[0x4798, 0x602c, 0x4798, BRANCH_TO_ITSELF]);
        let mut registers = start();
        registers.r[3] = FLASH | 1;
        registers.r[4] = 0x4770_2002; // MOVS R0, #2; BX LR
        registers.r[5] = FLASH;
        let ran = pair.run(kind, &mut registers, 9);
        assert_eq!((ran.icount, ran.exit, registers.r[0]), (3, Exit::Changed, 1), "{kind:?}");
        assert_eq!(pair.bench.accesses, [(3, FLASH, Some(0x4770_2002))], "{kind:?}");
        assert!(pair.bench.memory.has_stale_code(), "{kind:?}");
    }
}

#[test]
fn faults_name_the_instruction_and_the_address() {
    // NOP; LDR R0, [R1, #4]
    for kind in [Kind::Fast, Kind::Exact] {
        let mut pair = Pair::new();
        pair.write_code(&[NOP, 0x6848, BRANCH_TO_ITSELF]);
        let mut registers = start();
        registers.r[1] = 0x6000_0100;
        let ran = pair.run(kind, &mut registers, 100);
        let fault = Fault::Access { address: 0x6000_0104, fault: AccessFault::Bus };
        assert_eq!((ran.icount, ran.exit), (1, Exit::Fault(fault)), "{kind:?}");
        assert_eq!(registers.pc, CODE + 2);
    }
}

#[test]
fn a_fetch_from_nowhere_is_a_fault_behind_the_branch() {
    for kind in [Kind::Fast, Kind::Exact] {
        let mut pair = Pair::new();
        pair.write_code(&[NOP, 0x4708]); // BX R1
        let mut registers = start();
        registers.r[1] = 0x6000_0101;
        let ran = pair.run(kind, &mut registers, 100);
        assert_eq!((ran.icount, ran.exit), (2, Exit::Fault(Fault::Fetch(AccessFault::Bus))), "{kind:?}");
        assert_eq!(registers.pc, 0x6000_0100);
    }
}

#[test]
fn a_double_word_load_reads_both_words_of_a_device() {
    let mut pair = Pair::new();
    pair.write_code(&[0xed91, 0x0b00, BRANCH_TO_ITSELF]); // VLDR D0, [R1]
    let mut registers = start();
    registers.control = 4;
    registers.r[1] = DEVICE + 8;
    pair.run(Kind::Exact, &mut registers, 1);
    assert_eq!(registers.s[..2], [DEVICE + 8, DEVICE + 12]);
}

#[test]
fn a_store_through_an_alias_changes_code_that_began_to_run_after_the_page_was_written() {
    let mut pair = Pair::new();
    let function = RAM + 0x400;
    pair.bench.memory.write(function, &[0x01, 0x20, 0x70, 0x47]).unwrap(); // MOVS R0, #1; BX LR
    pair.bench.memory.take_changes();
    // STR R2, [R1]; BLX R3; STR R4, [R5]; BLX R3; B .
    pair.write_code(&[0x600a, 0x4798, 0x602c, 0x4798, BRANCH_TO_ITSELF]);
    for kind in [Kind::Fast, Kind::Exact] {
        let mut registers = start();
        registers.r[1] = ALIAS + 0x7f0;
        registers.r[3] = function | 1;
        registers.r[4] = 0x4770_2002; // MOVS R0, #2; BX LR
        registers.r[5] = ALIAS + 0x400;
        assert_eq!(pair.run(kind, &mut registers, 8).exit, Exit::Limit);
        assert_eq!((registers.r[0], registers.pc), (2, CODE + 8), "{kind:?}");
    }
}

#[test]
fn a_core_executes_what_its_architecture_has_and_nothing_more() {
    use CoreKind::*;
    let movs = (0x2001, 0);
    let mov_w = (0xf04f, 0x0001); // mov.w r0, #1
    let udiv = (0xfbb1, 0xf0f2); // udiv r0, r1, r2
    let qadd = (0xfa81, 0xf082); // qadd r0, r2, r1
    let lda = (0xe8dd, 0x0faf); // lda r0, [sp]
    let vrint = (0xeeb6, 0x0ac0); // vrintz.f32 s0, s0
    let vadd_double = (0xee30, 0x0b00); // vadd.f64 d0, d0, d0
    let table = [
        (movs, "MOVS", &CoreKind::ALL[..]),
        (mov_w, "MOV.W", &CoreKind::ALL[3..]),
        (udiv, "UDIV", &CoreKind::ALL[3..]),
        (qadd, "QADD", &CoreKind::ALL[4..]),
        (lda, "LDA", &[CortexM33, CortexM33F]),
        (vrint, "VRINTZ", &[CortexM7F, CortexM7Dp, CortexM33F]),
        (vadd_double, "VADD.F64", &[CortexM7F, CortexM7Dp]), // that the M7F's FPU has none of it is a trap
    ];
    for core in CoreKind::ALL {
        let mut pair = Pair::of(core);
        for ((first, second), name, executed_by) in table {
            if !core.has_fpu() && first >> 8 == 0xee {
                continue; // a trap as well: NOCP
            }
            pair.write_code(&[first, second, NOP, BRANCH_TO_ITSELF]);
            for kind in [Kind::Fast, Kind::Exact] {
                let ran = pair.run(kind, &mut start(), 2);
                let expected = executed_by.contains(&core);
                let wanted = if expected { Exit::Limit } else { Exit::Fault(Fault::Undefined) };
                assert_eq!(ran.exit, wanted, "{name} on {core:?}, {kind:?}");
                assert!(expected || ran.icount == 0, "{name} on {core:?}, {kind:?}: {}", ran.icount);
            }
        }
    }
}

#[test]
fn a_trap_at_the_first_instruction_of_a_run_inside_an_it_block_does_not_move_the_pc() {
    let mut pair = Pair::new();
    pair.write_code(&[0xeebb, 0x0ac7, NOP, BRANCH_TO_ITSELF]); // vcvt.f32.u32 s0, s0, #18
    let last_of_it_eq = thumb::ItState(0x08).to_xpsr();
    let zero = 1 << 30;
    let towards_zero = 3 << 22;
    let mut registers =
        Registers { xpsr: 1 << 24 | zero | last_of_it_eq, fpscr: towards_zero, control: 4, ..start() };
    let ran = pair.run(Kind::Exact, &mut registers, 1);
    assert_eq!((ran.exit, ran.icount), (Exit::FixedPoint, 0));
    assert_eq!(registers.pc, CODE);
}

#[test]
fn an_isb_does_not_end_the_it_block_that_it_is_in() {
    let mut pair = Pair::new();
    let isb = [0xf3bf, 0x8f6f];
    pair.write_code(&[0xbf0c, isb[0], isb[1], 0x2001, BRANCH_TO_ITSELF]); // ite eq; isbeq; movne r0, #1
    let zero = 1 << 30;
    let mut registers = Registers { xpsr: 1 << 24 | zero, ..start() };
    assert_eq!(pair.run(Kind::Fast, &mut registers, 9).exit, Exit::Block(2));
    let ran = pair.run(Kind::Exact, &mut registers, 9);
    assert_eq!((ran.exit, ran.icount, registers.pc), (Exit::Barrier, 1, CODE + 2));
    // Skipped, or the last of its block, it is the translator's.
    let mut registers = start();
    assert_eq!(pair.run(Kind::Exact, &mut registers, 9).exit, Exit::Limit);
    assert_eq!((registers.r[0], registers.pc), (1, CODE + 8));
    pair.write_code(&[0xbf08, isb[0], isb[1], 0x2001, BRANCH_TO_ITSELF]); // it eq; isbeq; movs r0, #1
    let mut registers = Registers { xpsr: 1 << 24 | zero, ..start() };
    assert_eq!(pair.run(Kind::Exact, &mut registers, 9).exit, Exit::Limit);
    assert_eq!((registers.r[0], registers.pc), (1, CODE + 8));
}
