//! What is told of blocks that ran, and of those that run now.

use super::{super::tests, *};
use crate::core::CoreKind;

const CODE: u32 = tests::RAM;
const FLOATING: Traps = Traps {
    coprocessors: 0,
    divide_by_zero: false,
    floating_point: true,
    single_precision: false,
    control: false,
    faultmask: false,
};

/// Runs a block of NOPs at an address, as the block hook does.
fn run(blocks: &mut Blocks, memory: &Memory, address: u32, size: u32) {
    if blocks.enter(address, size).is_none() && blocks.recall(address, size).is_none() {
        blocks.find(memory, address, size, false, &BTreeSet::from([CODE + 8]));
    }
    assert_eq!((blocks.current().address(), blocks.current().count), (address, size / 2));
}

fn takes(blocks: &mut Blocks, expected: &[u32]) {
    let mut starts: Vec<u32> = blocks.take_visited().into_iter().map(|range| range.start).collect();
    starts.sort_unstable();
    assert_eq!(starts, expected);
}

#[test]
fn a_block_is_told_once_each_time_that_somebody_asked_whatever_was_forgotten_meanwhile() {
    let memory = Memory::new(&tests::config(CoreKind::CortexM4F));
    let mut blocks = Blocks::new(Architecture::V7M);
    // The second one has a breakpoint; the third has the place of the first.
    let all = [CODE, CODE + 8, tests::ALIAS];
    for round in 0..5 {
        for address in all {
            (0..3).for_each(|_| run(&mut blocks, &memory, address, 4));
            match round {
                1 => blocks.clear(),
                2 => blocks.set_traps(FLOATING),
                3 => blocks.set_traps(Traps { control: true, ..Traps::default() }),
                _ => blocks.set_traps(Traps::default()),
            }
        }
        takes(&mut blocks, &all);
        takes(&mut blocks, &[]);
    }
}

#[test]
fn a_block_known_under_traps_set_before_is_told_when_they_are_set_again() {
    let memory = Memory::new(&tests::config(CoreKind::CortexM4F));
    let mut blocks = Blocks::new(Architecture::V7M);
    run(&mut blocks, &memory, CODE, 4);
    blocks.set_traps(FLOATING);
    takes(&mut blocks, &[CODE]);
    blocks.set_traps(Traps::default());
    assert!(blocks.enter(CODE, 4).is_none() && blocks.recall(CODE, 4).is_some(), "known, but not noted");
    takes(&mut blocks, &[CODE]);
}

#[test]
fn code_on_a_page_that_is_being_written_is_told() {
    let mut memory = Memory::new(&tests::config(CoreKind::CortexM4F));
    memory.write(CODE, &[0; 4]).unwrap();
    let mut blocks = Blocks::new(Architecture::V7M);
    for _ in 0..3 {
        (0..3).for_each(|_| run(&mut blocks, &memory, CODE, 4));
        takes(&mut blocks, &[CODE]);
    }
}
