//! Accesses that must be aligned: the same fault at the same instruction, whoever runs it.

use super::*;
use crate::core::{Architecture, engine::alignment::Base};

const UNALIGNED: Exit = Exit::Fault(Fault::Access { address: RAM + 0x102, fault: AccessFault::Unaligned });

impl Pair {
    /// Runs as the core does: fast, and exactly where the fast engine cannot. Also how many blocks that were.
    fn go(&mut self, registers: &mut Registers, limit: Icount) -> (Icount, Exit, u32) {
        let (mut span, mut end, mut given_up) = (Span { start: 0, boundary: true, limit }, None, 0);
        loop {
            let (kind, until) = end.map_or((Kind::Fast, limit), |end| (Kind::Exact, limit.min(end)));
            let ran = self.go_on(kind, registers, Span { limit: until, ..span });
            span = Span { start: ran.icount, boundary: ran.boundary, limit };
            match ran.exit {
                Exit::Block(count) => {
                    given_up += 1;
                    end = Some(ran.icount + u64::from(count));
                }
                Exit::Limit if ran.icount < limit => end = if end.is_none() { Some(limit) } else { None },
                exit => return (ran.icount, exit, given_up),
            }
        }
    }

    /// Runs exactly, in slices of a few instructions.
    fn go_in_slices(&mut self, registers: &mut Registers, limit: Icount, slice: u64) -> (Icount, Exit) {
        let mut span = Span { start: 0, boundary: true, limit: 0 };
        loop {
            span.limit = limit.min(span.start + slice);
            let ran = self.go_on(Kind::Exact, registers, span);
            if ran.exit != Exit::Limit || ran.icount == limit {
                return (ran.icount, ran.exit);
            }
            span = Span { start: ran.icount, boundary: ran.boundary, limit };
        }
    }

    fn go_on(&mut self, kind: Kind, registers: &mut Registers, span: Span) -> Ran {
        let engine = if kind == Kind::Fast { &mut self.fast } else { &mut self.exact };
        engine.run(registers, &mut self.bench, span)
    }
}

/// Runs code in every way; all give the same registers, icount and exit. How many blocks the fast engine has given up.
fn run_in_every_way(code: &[u16], start: &Registers, limit: Icount) -> (Icount, Exit, u32) {
    let mut pair = Pair::new();
    pair.write_code(code);
    pair.bench.memory.take_changes();
    let mut registers = start.clone();
    let (icount, exit, given_up) = pair.go(&mut registers, limit);
    for slice in [1, 2, 7, limit] {
        let mut pair = Pair::new();
        pair.write_code(code);
        let mut sliced = start.clone();
        assert_eq!(pair.go_in_slices(&mut sliced, limit, slice), (icount, exit), "slices of {slice}");
        assert_eq!(sliced, registers, "slices of {slice}");
    }
    (icount, exit, given_up)
}

fn pointing(r4: u32, r5: u32) -> Registers {
    let mut registers = start();
    (registers.r[4], registers.r[5], registers.control) = (r4, r5, 4);
    registers
}

#[test]
fn an_unaligned_access_in_a_hot_loop_faults_at_its_instruction() {
    let table: &[(&[u16], &str)] = &[
        (&[0xe894, 0x0003], "ldm.w r4, {r0, r1}"),
        (&[0xe884, 0x0003], "stm.w r4, {r0, r1}"),
        (&[0xe9d4, 0x0102], "ldrd r0, r1, [r4, #8]"),
        (&[0xe9c4, 0x0102], "strd r0, r1, [r4, #8]"),
        (&[0xed94, 0x0a00], "vldr s0, [r4]"),
        (&[0xed84, 0x0b02], "vstr d0, [r4, #8]"),
        (&[0xec94, 0x0a04], "vldm r4, {s0-s3}"),
        (&[0xec84, 0x0b04], "vstm r4, {d0-d1}"),
    ];
    for &(access, text) in table {
        // adds r6, #1; the access; subs r5, #1; bne to the start; adds r4, #2; adds r5, #1; b to the start
        let length = access.len() as u16;
        let mut code = vec![0x3601];
        code.extend(access);
        code.extend([0x3d01, 0xd1fc - length, 0x3402, 0x3501, 0xe7f9 - length]);
        let (icount, exit, given_up) = run_in_every_way(&code, &pointing(RAM + 0x100, 300), 5000);
        assert_eq!((icount, exit), (300 * 4 + 3 + 1, UNALIGNED), "{text}");
        assert_eq!(given_up, 1, "{text}: only the last time");
    }
}

#[test]
fn an_unaligned_access_in_an_it_block_faults_unless_it_is_skipped() {
    // cmp r5, #0; itt eq; addeq r6, #1; ldrdeq r0, r1, [r4]; subs r5, #1; bpl to the start; b .
    let code = [0x2d00, 0xbf04, 0x3601, 0xe9d4, 0x0100, 0x3d01, 0xd5f8, BRANCH_TO_ITSELF];
    let (icount, exit, _) = run_in_every_way(&code, &pointing(RAM + 0x102, 5), 100);
    assert_eq!((icount, exit), (5 * 6 + 3, UNALIGNED));
    // With NE, the first time.
    let code = [0x2d00, 0xbf1c, 0x3601, 0xe9d4, 0x0100, 0x3d01, 0xd5f8, BRANCH_TO_ITSELF];
    assert_eq!(run_in_every_way(&code, &pointing(RAM + 0x102, 0), 100).1, Exit::Limit);
}

#[test]
fn load_acquire_and_store_release_must_be_aligned() {
    // lda r0, [r4]; stlh r0, [r5]; b .
    let code = [0xe8d4, 0x0faf, 0xe8c5, 0x0f9f, BRANCH_TO_ITSELF];
    let mut pair = Pair::of(CoreKind::CortexM33);
    pair.write_code(&code);
    for (r4, r5, icount) in [(0x102, 0x100, Some(0)), (0x100, 0x101, Some(1)), (0x100, 0x102, None)] {
        let fault = Fault::Access { address: RAM + r4.max(r5), fault: AccessFault::Unaligned };
        let expected = icount.map_or((5, Exit::Limit), |icount| (icount, Exit::Fault(fault)));
        let registers = Registers { control: 0, ..pointing(RAM + r4, RAM + r5) };
        let (icount, exit, _) = pair.go(&mut registers.clone(), 5);
        assert_eq!((icount, exit), expected);
        assert_eq!(pair.go_in_slices(&mut registers.clone(), 5, 1), expected);
    }
}

#[test]
fn unaligned_loads_of_single_registers_do_not_fault() {
    // ldr r0, [r4]; strh r0, [r4, #2]; b .
    let code = [0x6820, 0x8060, BRANCH_TO_ITSELF];
    assert_eq!(run_in_every_way(&code, &pointing(RAM + 0x101, 0), 10), (10, Exit::Limit, 0));
}

#[test]
fn an_unaligned_access_faults_before_its_permissions_are_looked_at() {
    // ldrd r0, r1, [r4]; b .
    let code = [0xe9d4, 0x0100, BRANCH_TO_ITSELF];
    let fault = Fault::Access { address: 0x6000_0001, fault: AccessFault::Unaligned };
    assert_eq!(run_in_every_way(&code, &pointing(0x6000_0001, 0), 10).1, Exit::Fault(fault));
}

#[test]
fn a_base_that_a_device_changes_in_memory_is_seen() {
    // str r4, [r5, #32], which a device writes to memory; ldr r3, [r6]; ldrd r0, r1, [r3]; b .
    let code = [0x622c, 0x6833, 0xe9d3, 0x0100, BRANCH_TO_ITSELF];
    let mut registers = pointing(RAM + 0x102, DEVICE);
    registers.r[6] = RAM;
    let (icount, exit, given_up) = run_in_every_way(&code, &registers, 10);
    assert_eq!((icount, exit, given_up), (2, UNALIGNED, 1));
}

#[test]
fn a_page_that_ends_inside_an_it_block_does_not_make_its_instructions_certain() {
    // At the end of the page: cmp r5, #0; it eq. On the next page: moveq r4, #0; ldrd r0, r1, [r4]; b .
    let mut code = vec![NOP; 0x200 - 2];
    code.extend([0x2d00, 0xbf08, 0x2400, 0xe9d4, 0x0100, BRANCH_TO_ITSELF]);
    let (icount, exit, _) = run_in_every_way(&code, &pointing(RAM + 0x102, 1), 600);
    assert_eq!((icount, exit), (0x200 + 1, UNALIGNED));
    let (icount, exit, _) = run_in_every_way(&code, &pointing(RAM + 0x102, 0), 600);
    assert_eq!((icount, exit), (600, Exit::Limit));
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % u64::from(end)) as u32
    }

    fn half(&mut self) -> u16 {
        self.below(0x1_0000) as u16
    }

    /// A register that holds a pointer, if nobody has changed it.
    fn pointer(&mut self) -> u16 {
        4 + self.below(4) as u16
    }

    fn low(&mut self) -> u16 {
        self.below(8) as u16
    }
}

/// An instruction that touches registers and memory in one of the ways that the scan follows, or does not.
fn any_instruction(random: &mut Random, code: &mut Vec<u16>) {
    let (n, t, m, any) = (random.pointer(), random.low(), random.low(), random.half());
    let data = random.below(4) as u16;
    let immediate = any & 0x1f;
    match random.below(34) {
        0 => code.push((any & 0x1800).min(0x1000) | immediate << 6 | m << 3 | data),
        1 => code.push(0x1800 | (any & 0x0600) | m << 6 | n << 3 | data),
        2 => code.push(0x3000 | any & 0x0800 | data << 8 | any & 0xff),
        3 => code.push(0x3000 | any & 0x0800 | n << 8 | [1, 2, 4, 8][usize::from(any >> 4 & 3)]),
        4 => code.push(0x2000 | data << 8 | any & 0xff),
        5 => code.push(0x4000 | any & 0x03c0 | m << 3 | data),
        6 => code.push(0x4600 | n << 3 | t),    // MOV
        7 => code.push(0x4400 | data << 3 | t), // ADD
        8 => {
            code.push(0x6000 | any & 0x0800 | immediate << 6 | n << 3 | if any & 0x0800 == 0 { m } else { t })
        }
        9 => code
            .push(0x7000 | any & 0x0800 | immediate << 6 | n << 3 | if any & 0x0800 == 0 { m } else { data }),
        10 => code.push(0x8000 | any & 0x0800 | immediate << 6 | n << 3 | data),
        11 => code.push(0x9000 | any & 0x0800 | data << 8 | any & 0x1f),
        12 => code.push(0xa800 | t << 8 | any & 0x1f),
        13 => code.push(0xb200 | any & 0x00c0 | m << 3 | data),
        14 => code.push(0xb400 | (1 << t | 1 << m) | any & 0x100), // PUSH
        15 => code.push(0xbc00 | (1 << t | 1 << data)),            // POP
        16 => code.push(0xba00 | any & 0x0040 | m << 3 | data),
        17 | 18 => code.push(0xc000 | any & 0x0800 | n << 8 | (1 << data | 1 << (any & 3))),
        19 | 20 => {
            // LDRD, STRD in every form.
            let form = [0x0140, 0x01c0, 0x0160, 0x01e0, 0x0060, 0x00e0][usize::from(any % 6)];
            code.extend([0xe800 | form | any & 0x10 | n, data << 12 | ((data + 1) & 3) << 8 | immediate]);
        }
        21 => {
            code.extend([0xed10 & !(any & 0x10) | 0x80 | n, data << 12 | 0x0a00 | any & 0x0100 | immediate])
        }
        22 => code.extend([0xeca0 | any & 0x10 | n, data << 12 | 0x0a02]),
        23 => code.extend([0xf240 | any & 0x0400 | any & 0xf, (any & 0x7000) | data << 8 | m]), // MOVW
        24 => code.extend([0xf2c0, 0x1000 | t << 8]),                                           // MOVT #0x100
        25 => code.extend([
            0xea00 | [0, 1, 2, 3, 4, 8, 13, 14][usize::from(any & 7)] << 5 | n,
            any & 0x70f0 & !0x30 | data << 8 | m,
        ]),
        26 => code.extend([
            0xf000 | [0, 1, 2, 3, 4, 8, 13, 14][usize::from(any & 7)] << 5 | n,
            any & 0x30ff | t << 8,
        ]),
        27 => code.extend([0xf3c0 | m, (any & 0x70c0) | data << 8 | any & 7]), // UBFX
        28 => code.extend([0xf360 | m, (any & 0x00c0) | t << 8 | (4 + (any & 7))]), // BFI
        29 => code.extend([0xfb00 | m, data << 12 | t << 8 | any & 0x10 | m]), // MLA, MLS
        30 => code.extend([0xfa00 | [0, 0x10, 0x40, 0x50][usize::from(any & 3)] | n, 0xf080 | data << 8 | m]),
        31 => code.extend([0xf840 | any & 0x10 | n, t << 12 | 0x0900 | any & 0x0600 | immediate]), // writeback
        32 => code.extend([0xf850 | n, t << 12 | (any & 0x30) | data]),
        _ => code.extend([
            [0xe850, 0xfba0, 0xfb90, 0xee10][usize::from(any & 3)] | n,
            [
                0x0f00 | data << 12,
                data << 12 | ((data + 1) & 3) << 8 | m,
                0xf0f0 | data << 8 | m,
                data << 12 | 0x0a10,
            ][usize::from(any & 3)],
        ]),
    }
}

fn any_block(random: &mut Random) -> Vec<u16> {
    let mut code = Vec::new();
    for _ in 0..4 + random.below(10) {
        if random.below(6) == 0 {
            // One to four instructions under a condition; they must not set flags in a way that depends on it.
            let count = 1 + random.below(4) as u16;
            let condition = random.below(14) as u16;
            code.push(
                0xbf00 | condition << 4 | (random.half() & 0xf & (0xf << (5 - count))) | 1 << (4 - count),
            );
            (0..count).for_each(|_| any_instruction(random, &mut code));
        } else {
            any_instruction(random, &mut code);
        }
    }
    code.push(BRANCH_TO_ITSELF);
    code
}

#[test]
fn a_block_that_the_fast_engine_runs_does_in_the_exact_one_what_it_did() {
    let mut random = Random(1);
    let mut pair = Pair::new();
    let (mut in_vain, mut faults, mut fast) = (0, 0, 0);
    for case in 0..1200 {
        let mut code = any_block(&mut random);
        let across_pages = random.below(4) == 0;
        if across_pages {
            let nops = 0x200 - random.below(code.len() as u32) as usize;
            code.splice(0..0, std::iter::repeat_n(NOP, nops));
        }
        pair.write_code(&code);
        let mut registers =
            Registers { r: std::array::from_fn(|_| random.below(0x200)), control: 4, ..start() };
        registers.xpsr |= random.below(16) << 28;
        for pointer in &mut registers.r[4..8] {
            let unaligned = random.below(12) == 0;
            *pointer = RAM + 0x1800 + random.below(0x40) * 4 + if unaligned { random.below(4) } else { 0 };
        }
        if random.below(10) == 0 {
            registers.r[5] = DEVICE + 0x100;
        }
        // Words that may become bases, most of them aligned.
        let ram: Vec<u8> = (0..0x1000)
            .map(|_| RAM + 0x1800 + random.below(0x40) * 4 + if random.below(8) == 0 { 2 } else { 0 })
            .flat_map(u32::to_le_bytes)
            .collect();
        let limit = code.len() as u64;
        let has_it = code.iter().any(|half| half & 0xff00 == 0xbf00 && half & 0xf != 0);
        let results = [true, false].map(|exactly| {
            pair.bench.memory.write(RAM, &ram).unwrap();
            pair.bench.memory.take_changes();
            pair.bench.accesses.clear();
            let mut registers = registers.clone();
            let (icount, exit, given_up) = if exactly {
                let (icount, exit) = pair.go_in_slices(&mut registers, limit, limit);
                (icount, exit, 0)
            } else {
                pair.go(&mut registers, limit)
            };
            let mut ram = vec![0; 0x4000];
            pair.bench.memory.read(RAM, &mut ram).unwrap();
            let accesses: Vec<(Icount, u32, Option<u32>)> = pair.bench.accesses.clone();
            (given_up, (icount, exit, registers, ram, accesses))
        });
        let [(_, exact), (given_up, fastly)] = results;
        let at = |address| pair.bench.memory.read_half(address).unwrap_or(0);
        let pc = exact.2.pc;
        let is_base = Base::find(Architecture::V7M, at(pc), at(pc.wrapping_add(2))).is_some();
        let refused = match exact.1 {
            Exit::Fault(Fault::Access { fault, .. }) => !is_base || fault != AccessFault::Unaligned,
            _ => false,
        };
        if refused && has_it {
            continue; // in an IT block the translator runs on behind an access that is refused
        }
        let outcome = |(icount, exit, registers, ..): &(Icount, Exit, Registers, Vec<u8>, Vec<_>)| {
            format!("{icount:?} {exit:?} {registers:x?}")
        };
        assert!(exact == fastly, "case {case}: {code:04x?}\n{}\n{}", outcome(&exact), outcome(&fastly));
        let unaligned = matches!(exact.1, Exit::Fault(Fault::Access { .. })) && !refused;
        (faults, fast) = (faults + u32::from(unaligned), fast + u32::from(given_up == 0));
        in_vain += u32::from(given_up > 0 && !unaligned);
    }
    assert!(faults > 80 && fast > 240, "{faults} faults, {fast} fast, {in_vain} given up in vain");
}
