use std::collections::BTreeMap;

use super::*;
use crate::image::{Symbols, testing::inlined};

/// Memory that holds words, and nothing else.
fn memory(words: &BTreeMap<u32, u32>) -> impl Fn(u32, &mut [u8]) -> Result<(), BusFault> + '_ {
    |address, bytes| {
        let word = words.get(&address).ok_or(BusFault)?;
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
        Ok(())
    }
}

fn words(at: u32, values: &[u32]) -> impl Iterator<Item = (u32, u32)> + '_ {
    values.iter().enumerate().map(move |(index, &value)| (at + 4 * index as u32, value))
}

/// A function that has pushed one register and LR.
fn pushed() -> Rules {
    let mut registers = [Rule::Same; 16];
    (registers[4], registers[14]) = (Rule::At(-8), Rule::At(-4));
    Rules { cfa: (13, 8), registers, return_address: 14 }
}

/// A function that has pushed nothing.
fn leaf() -> Rules {
    Rules { cfa: (13, 0), registers: [Rule::Same; 16], return_address: 14 }
}

fn call(pc: u32, sp: u32, returns: bool) -> Frame {
    Frame::Call { pc, sp, returns }
}

/// Walks a stack in which all code from 0x100 to 0x200 has pushed, all from 0x200 to 0x300 is a leaf.
fn stack(registers: &Registers, words: &BTreeMap<u32, u32>) -> (Vec<Frame>, End) {
    let rules = |pc| match pc {
        0x100..0x200 => Some(pushed()),
        0x200..0x300 => Some(leaf()),
        _ => None,
    };
    walk(registers, &rules, &|pc| (0x100..0x400).contains(&pc), &memory(words))
}

#[test]
fn callers_are_found_up_to_the_outermost() {
    let words: BTreeMap<_, _> = words(0x1000, &[4, 0x121, 5, 0x141, 6, 0]).collect();
    let registers = Registers { pc: 0x104, msp: 0x1000, lr: 0xbad, ..Registers::default() };
    let (frames, end) = stack(&registers, &words);
    let expected = [call(0x104, 0x1000, false), call(0x120, 0x1008, true), call(0x140, 0x1010, true)];
    assert_eq!((&frames[..], end), (&expected[..], End::Outermost));
}

#[test]
fn a_leaf_and_a_call_to_nowhere_have_their_caller_in_lr() {
    let words: BTreeMap<_, _> = words(0x1000, &[4, 0xffff_ffff]).collect();
    for pc in [0x210, 0x0, 0x6000_0000, 0x300] {
        let registers = Registers { pc, msp: 0x1000, lr: 0x121, ..Registers::default() };
        let (frames, end) = stack(&registers, &words);
        assert_eq!(frames, [call(pc, 0x1000, false), call(0x120, 0x1000, true)], "{pc:#x}");
        assert_eq!(end, End::Outermost);
    }
    let registers = Registers { pc: 0, msp: 0x1000, lr: 0x5001, ..Registers::default() };
    assert_eq!(stack(&registers, &words), (vec![call(0, 0x1000, false)], End::NoRules), "LR is no code");
}

/// In the handler at 0x104, on MSP 0x1000, having pushed R4 and `exc_return`.
fn handler(exc_return: u32) -> (Registers, BTreeMap<u32, u32>) {
    let registers =
        Registers { pc: 0x104, msp: 0x1000, psp: 0x2000, xpsr: 0x0100_000f, ..Registers::default() };
    (registers, words(0x1000, &[4, exc_return]).collect())
}

#[test]
fn exception_frames_are_passed_in_every_form() {
    for (exc_return, stacked_xpsr, frame, after, name) in [
        (0xffff_fff9, 0x0100_0000, 0x1008, 0x1028, "thread, MSP"),
        (0xffff_fff9, 0x0100_0200, 0x1008, 0x102c, "thread, MSP, aligned"),
        (0xffff_fffd, 0x0100_0000, 0x2000, 0x2020, "thread, PSP"),
        (0xffff_fffd, 0x0100_0200, 0x2000, 0x2024, "thread, PSP, aligned"),
        (0xffff_fff1, 0x0100_0010, 0x1008, 0x1028, "handler"),
        (0xffff_ffe9, 0x0100_0000, 0x1008, 0x1070, "thread, MSP, FP"),
        (0xffff_ffe9, 0x0100_0200, 0x1008, 0x1074, "thread, MSP, FP, aligned"),
        (0xffff_ffed, 0x0100_0000, 0x2000, 0x2068, "thread, PSP, FP"),
        (0xffff_ffed, 0x0100_0200, 0x2000, 0x206c, "thread, PSP, FP, aligned"),
        (0xffff_ffe1, 0x0100_0210, 0x1008, 0x1074, "handler, FP, aligned"),
        (0xffff_ffb8, 0x0100_0000, 0x1008, 0x1028, "Armv8-M, thread, MSP"),
        (0xffff_ffbc, 0x0100_0200, 0x2000, 0x2024, "Armv8-M, thread, PSP, aligned"),
        (0xffff_ffb0, 0x0100_0010, 0x1008, 0x1028, "Armv8-M, handler"),
        (0xffff_ffb4, 0x0100_0010, 0x1008, 0x1028, "Armv8-M, handler with CONTROL.SPSEL set"),
        (0xffff_ffac, 0x0100_0000, 0x2000, 0x2068, "Armv8-M, thread, PSP, FP"),
    ] {
        let (registers, mut memory) = handler(exc_return);
        // The interrupted function is a leaf: its caller is in the stacked LR, and has pushed.
        memory.extend(words(frame, &[0, 1, 2, 3, 12, 0x161, 0x210, stacked_xpsr]));
        memory.extend(words(after, &[7, 0]));
        let (frames, end) = stack(&registers, &memory);
        let exception = Frame::Exception { number: 15 };
        let expected =
            [call(0x104, 0x1000, false), exception, call(0x210, after, false), call(0x160, after, true)];
        assert_eq!((&frames[..], end), (&expected[..], End::Outermost), "{name}");
    }
}

#[test]
fn frames_with_all_fp_registers_are_passed() {
    let (registers, mut memory) = handler(0xffff_ffe9);
    memory.insert(0xe000_ef34, 0xc400_0004); // FPCCR.TS
    memory.extend(words(0x1008, &[0, 1, 2, 3, 12, 0x161, 0x210, 0x0100_0000]));
    memory.extend(words(0x10b0, &[7, 0]));
    let (frames, _) = stack(&registers, &memory);
    assert_eq!(frames[2], call(0x210, 0x10b0, false));
}

#[test]
fn nested_exceptions_end_in_the_thread() {
    let (registers, mut memory) = handler(0xffff_fff1);
    // SysTick (15) preempted IRQ 0 (16), which interrupted the thread on PSP.
    memory.extend(words(0x1008, &[0, 0, 0, 0, 0, 0xbad, 0x130, 0x0100_0010]));
    memory.extend(words(0x1028, &[0, 0xffff_fffd]));
    memory.extend(words(0x2000, &[0, 0, 0, 0, 0, 0xbad, 0x150, 0x0100_0000]));
    memory.extend(words(0x2020, &[0, 0]));
    let (frames, end) = stack(&registers, &memory);
    let expected = [
        call(0x104, 0x1000, false),
        Frame::Exception { number: 15 },
        call(0x130, 0x1028, false),
        Frame::Exception { number: 16 },
        call(0x150, 0x2020, false),
    ];
    assert_eq!((&frames[..], end), (&expected[..], End::Outermost));
}

#[test]
fn a_wrecked_stack_ends_the_walk_and_says_why() {
    let thread = Registers { pc: 0x104, msp: 0x1000, ..Registers::default() };
    let empty = BTreeMap::new();
    assert_eq!(stack(&thread, &empty), (vec![call(0x104, 0x1000, false)], End::Unreadable(0x1000)));

    // EXC_RETURN in Thread mode is only a number.
    let memory: BTreeMap<_, _> = words(0x1000, &[4, 0xffff_fff9]).collect();
    assert_eq!(stack(&thread, &memory).1, End::Outermost);

    // A frame that says Handler mode, unstacked for a return to Thread mode.
    let (registers, mut memory) = handler(0xffff_fff9);
    memory.extend(words(0x1008, &[0, 0, 0, 0, 0, 0, 0x130, 0x0100_0010]));
    assert_eq!(stack(&registers, &memory).1, End::Corrupt);
    let (registers, memory) = handler(0xffff_fff9);
    assert_eq!(stack(&registers, &memory).1, End::Unreadable(0x1008));

    // A function that claims to be called from itself without using stack.
    let lr = Registers { pc: 0x210, lr: 0x211, msp: 0x1000, ..Registers::default() };
    assert_eq!(stack(&lr, &empty), (vec![call(0x210, 0x1000, false)], End::Corrupt));

    // A leaf cannot have called anything.
    let memory: BTreeMap<_, _> = words(0x1000, &[4, 0x211]).collect();
    let (frames, end) = stack(&thread, &memory);
    assert_eq!((frames.len(), end), (2, End::Outermost));

    // Code without rules in the middle.
    let memory: BTreeMap<_, _> = words(0x1000, &[4, 0x311]).collect();
    assert_eq!(stack(&thread, &memory).1, End::NoRules);
}

#[test]
fn endless_recursion_is_cut() {
    let values: Vec<u32> = std::iter::repeat_n([4, 0x121], 200).flatten().collect();
    let memory: BTreeMap<_, _> = words(0x1000, &values).collect();
    let registers = Registers { pc: 0x104, msp: 0x1000, ..Registers::default() };
    let (frames, end) = stack(&registers, &memory);
    assert_eq!((frames.len(), end), (DEPTH_LIMIT, End::TooDeep));
}

#[test]
fn rules_may_move_registers() {
    // CFA from R7, return address in R6, R5 computed.
    let mut registers = [Rule::Same; 16];
    (registers[14], registers[5], registers[13]) = (Rule::Register(6), Rule::Value(-16), Rule::Value(8));
    let odd = Rules { cfa: (7, 4), registers, return_address: 14 };
    let mut start = Registers { pc: 0x104, msp: 0x1000, ..Registers::default() };
    (start.r[7], start.r[6]) = (0x3000, 0x121);
    let rules = |pc| if pc == 0x104 { Some(odd.clone()) } else { None };
    let (frames, _) = walk(&start, &rules, &|_| true, &memory(&BTreeMap::new()));
    assert_eq!(frames, [call(0x104, 0x1000, false), call(0x120, 0x300c, true)]);
}

#[test]
fn real_call_frame_information_is_followed() {
    let symbols = Symbols::from_image(&inlined());
    // worker, called by systick, which interrupted leaf, called by reset.
    let memory: BTreeMap<u32, u32> = super::super::testing::stack().into_iter().collect();
    let memory = |address, bytes: &mut [u8]| {
        let word = memory.get(&address).ok_or(BusFault)?;
        bytes.copy_from_slice(&word.to_le_bytes());
        Ok(())
    };
    let (frames, end) = unwind(&super::super::testing::registers(), &symbols, &memory);
    let expected = [
        call(0x0800_005a, 0x2000_3fcc, false),
        call(0x0800_0078, 0x2000_3fd0, true),
        Frame::Exception { number: 15 },
        call(0x0800_008a, 0x2000_3ff8, false),
        call(0x0800_00a2, 0x2000_3ff8, true),
    ];
    assert_eq!((&frames[..], end), (&expected[..], End::Outermost));
}

#[test]
fn random_memory_never_panics() {
    let symbols = Symbols::from_image(&inlined());
    let mut state = 1_u32;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let interesting =
        [0, 0xffff_fff1, 0xffff_fff9, 0xffff_fffd, 0xffff_ffe1, 0xffff_ffed, u32::MAX, 0x8000_0000];
    for _ in 0..20_000 {
        let mut value = || {
            let pick = random();
            match pick % 4 {
                0 => interesting[(pick >> 8) as usize % interesting.len()],
                1 => 0x0800_0040 + (pick >> 8) % 0x70,
                2 => 0x2000_0000 + (pick >> 8) % 0x4000,
                _ => pick,
            }
        };
        let mut registers = Registers { msp: value(), psp: value(), lr: value(), ..Registers::default() };
        (registers.pc, registers.xpsr, registers.control) = (value(), value(), value());
        let cells: Vec<u32> = (0..64).map(|_| value()).collect();
        let memory = |address: u32, bytes: &mut [u8]| {
            bytes.copy_from_slice(&cells[(address / 4) as usize % cells.len()].to_le_bytes()[..bytes.len()]);
            Ok(())
        };
        let (frames, _) = unwind(&registers, &symbols, &memory);
        assert!((1..=DEPTH_LIMIT).contains(&frames.len()));
    }
}

#[test]
fn exceptions_have_the_names_of_the_manual() {
    let names = [
        (2, "NMI"),
        (3, "HardFault"),
        (11, "SVCall"),
        (14, "PendSV"),
        (15, "SysTick"),
        (16, "IRQ 0"),
        (255, "IRQ 239"),
    ];
    for (number, name) in names {
        assert_eq!(exception_name(number), name);
    }
}
