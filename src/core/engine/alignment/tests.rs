//! What the scan finds in short blocks.

use super::*;
use crate::core::{
    CoreKind,
    engine::{
        Memory,
        tests::{ALIAS, RAM, config},
    },
};

const CODE: u32 = 0x100;

fn memory() -> Memory {
    Memory::new(&config(CoreKind::CortexM4F))
}

/// Scans a block, on a page from which code has run already.
fn scan_code(memory: &mut Memory, address: u32, code: &[u16]) -> Verdict {
    let bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    memory.write(address, &bytes).unwrap();
    memory.take_changes();
    memory.mark_code(address / 1024);
    scan(memory, address, bytes.len() as u32, Architecture::V7M)
}

fn plan(memory: &mut Memory, code: &[u16]) -> Plan {
    match scan_code(memory, CODE, code) {
        Verdict::Plan(plan) => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn bases_are_those_of_the_manuals_list() {
    let table: &[(&[u16], Option<usize>, &str)] = &[
        (&[0xe891, 0x000c], Some(1), "ldm.w r1, {r2, r3}"),
        (&[0xc10c], Some(1), "stm r1!, {r2, r3}"),
        (&[0xc90c], Some(1), "ldm r1!, {r2, r3}"),
        (&[0xe899, 0x000c], Some(9), "ldm.w r9, {r2, r3}"),
        (&[0xe929, 0x000c], Some(9), "stmdb r9!, {r2, r3}"),
        (&[0xb510], None, "push {r4, lr}"),
        (&[0xe92d, 0x4ff0], None, "push.w {r4-r11, lr}"),
        (&[0xbd10], None, "pop {r4, pc}"),
        (&[0xe9d1, 0x2302], Some(1), "ldrd r2, r3, [r1, #8]"),
        (&[0xe8e1, 0x2302], Some(1), "strd r2, r3, [r1], #8"),
        (&[0xe9dd, 0x2302], None, "ldrd r2, r3, [sp, #8]"),
        (&[0xe9df, 0x2302], None, "ldrd r2, r3, [pc, #8]"),
        (&[0xe851, 0x2f00], None, "ldrex r2, [r1]"),
        (&[0xe8c1, 0x2f40], None, "strexb r0, r2, [r1]"),
        (&[0xe8d1, 0x2f5f], None, "ldrexh r2, [r1]"),
        (&[0xe8d1, 0x2faf], None, "lda r2, [r1], undefined in Armv7-M"),
        (&[0xe8d1, 0xf002], None, "tbb [r1, r2]"),
        (&[0xed91, 0x0a01], Some(1), "vldr s0, [r1, #4]"),
        (&[0xed8a, 0x0b00], Some(10), "vstr d0, [r10]"),
        (&[0xec91, 0x0a04], Some(1), "vldm r1, {s0-s3}"),
        (&[0xed21, 0x0b04], Some(1), "vstmdb r1!, {d0-d1}"),
        (&[0xed2d, 0x8b02], None, "vpush {d8}"),
        (&[0xed9f, 0x0b02], None, "vldr d0, [pc, #8]"),
        (&[0xec51, 0x2b10], None, "vmov r2, r1, d0"),
        (&[0xee00, 0x1a10], None, "vmov s0, r1"),
        (&[0x6848], None, "ldr r0, [r1, #4]"),
        (&[0xf851, 0x0b04], None, "ldr.w r0, [r1], #4"),
        (&[0xfb01, 0x3002], None, "mla r0, r1, r2, r3"),
    ];
    for &(code, register, text) in table {
        let (first, second) = (code[0], code.get(1).copied().unwrap_or(0));
        let found = Base::find(Architecture::V7M, first, second);
        assert_eq!(found, register.map(|register| Base { register, mask: 3 }), "{text}");
        assert_eq!(Base::find(Architecture::V6M, first, second), None, "{text}");
    }
    let acquire =
        |second| Base::find(Architecture::V8M, 0xe8d1, second).map(|base| (base.register, base.mask));
    assert_eq!(acquire(0x2faf), Some((1, 3)), "lda r2, [r1]");
    assert_eq!(acquire(0x2f9f), Some((1, 1)), "ldah r2, [r1]");
    assert_eq!(acquire(0x2f8f), None, "ldab r2, [r1]");
    assert_eq!(acquire(0x2fef), None, "ldaex r2, [r1]");
}

#[test]
fn most_bases_are_known_or_registers() {
    /// What a block of bases that are registers needs: each register and its remainder.
    enum Found {
        Aligned,
        Unknown,
        When(&'static [(u32, usize)]),
    }
    use Found::*;
    let table: &[(&[u16], Found, &str)] = &[
        (&[0xe9d4, 0x0102], When(&[(4, 0)]), "ldrd r0, r1, [r4, #8]"),
        (&[0x3406, 0xe894, 0x0003], When(&[(4, 2)]), "adds r4, #6; ldm r4, {r0, r1}"),
        (&[0x3c01, 0xed94, 0x0a00], When(&[(4, 1)]), "subs r4, #1; vldr s0, [r4]"),
        (&[0xc90c, 0xc00c], When(&[(0, 0), (1, 0)]), "ldm r1!, {r2, r3}; stm r0!, {r2, r3}"),
        (&[0xab02, 0xe893, 0x0003], Aligned, "add r3, sp, #8; ldm r3, {r0, r1}"),
        (&[0x466f, 0xe9c7, 0x0102], Aligned, "mov r7, sp; strd r0, r1, [r7, #8]"),
        (&[0xf241, 0x2334, 0xf2c2, 0x0300, 0xe9d3, 0x0100], Aligned, "movw r3; movt r3; ldrd r0, r1, [r3]"),
        (&[0x2302, 0xe893, 0x0003], Unknown, "movs r3, #2; ldm r3, {r0, r1}"),
        (&[0xf023, 0x0303, 0xe893, 0x0003], Aligned, "bic r3, r3, #3; ldm r3, {r0, r1}"),
        (&[0x00d3, 0xe893, 0x0003], Aligned, "lsls r3, r2, #3; ldm r3, {r0, r1}"),
        (&[0xeb04, 0x03c5, 0xe9d3, 0x0100], When(&[(4, 0)]), "add r3, r4, r5, lsl #3; ldrd r0, r1, [r3]"),
        (
            &[0x230c, 0xfb05, 0x4303, 0xe9d3, 0x0100],
            When(&[(4, 0)]),
            "movs r3, #12; mla r3, r5, r3, r4; ldrd [r3]",
        ),
        (&[0xf36f, 0x0301, 0xe893, 0x0003], Aligned, "bfc r3, #0, #2; ldm r3, {r0, r1}"),
        (&[0xb2e3, 0xe9d3, 0x0100], When(&[(4, 0)]), "uxtb r3, r4; ldrd r0, r1, [r3]"),
        (&[0xa301, 0xe893, 0x0003], Aligned, "adr r3, .+8; ldm r3, {r0, r1}"),
        (&[0x4b00, 0xcb03, 0x0030, 0x2000], Aligned, "ldr r3, =0x20000030; ldm r3!, {r0, r1}"),
        (&[0x4b00, 0xcb03, 0x0031, 0x2000], Unknown, "ldr r3, =0x20000031; ldm r3!, {r0, r1}"),
        (&[0xe8f4, 0x0102, 0xe9d4, 0x0100], When(&[(4, 0)]), "ldrd r0, r1, [r4], #8; ldrd r0, r1, [r4]"),
        (&[0xf854, 0x0f04, 0xe894, 0x0003], When(&[(4, 0)]), "ldr r0, [r4, #4]!; ldm r4, {r0, r1}"),
        (&[0xbf08, 0x3408, 0xe894, 0x0003], When(&[(4, 0)]), "it eq; addeq r4, #8; ldm r4, {r0, r1}"),
        (&[0xbf08, 0xe894, 0x0003], When(&[(4, 0)]), "it eq; ldmeq r4, {r0, r1}"),
        (&[0x416c, 0xe894, 0x0003], Unknown, "adcs r4, r5; ldm r4, {r0, r1}"),
        (&[0x416c, 0x00a4, 0xe894, 0x0003], Aligned, "adcs r4, r5; lsls r4, #2; ldm r4, {r0, r1}"),
        (&[0xee00, 0x0000, 0xe894, 0x0003], Unknown, "cdp p0; ldm r4, {r0, r1}"),
        (&[0xf044, 0x0301, 0xe9c3, 0x0100], Unknown, "orr r3, r4, #1; strd r0, r1, [r3]"),
        (&[0xee10, 0x4a10, 0xe894, 0x0003], Unknown, "vmov r4, s0; ldm r4, {r0, r1}"),
        (&[0xee30, 0x0a81, 0xed94, 0x0a00], When(&[(4, 0)]), "vadd s0, s1, s2; vldr s0, [r4]"),
        (&[0xfb95, 0xf4f6, 0xe894, 0x0003], Unknown, "sdiv r4, r5, r6; ldm r4, {r0, r1}"),
    ];
    for (code, expected, text) in table {
        let verdict = scan_code(&mut memory(), CODE, code);
        match (expected, verdict) {
            (Aligned, Verdict::Aligned) | (Unknown, Verdict::Unknown) => {}
            (When(registers), Verdict::Plan(plan)) => {
                assert!(plan.needs_only(registers), "{text}: {plan:?}");
            }
            (_, verdict) => panic!("{text}: {verdict:?}"),
        }
    }
}

/// Registers that are zero but for some.
fn with(registers: &[(usize, u32)]) -> impl Fn(usize) -> u32 {
    |number| registers.iter().find(|(register, _)| *register == number).map_or(0, |(_, value)| *value)
}

#[test]
fn other_bases_are_computed() {
    type Row = (&'static [u16], &'static [(usize, u32)], bool, &'static str);
    let table: &[Row] = &[
        (&[0xfb05, 0xf306, 0xcb03], &[(5, 6), (6, 2)], true, "mul r3, r5, r6; ldm r3!, {r0, r1}"),
        (&[0xfb05, 0xf306, 0xcb03], &[(5, 6), (6, 3)], false, "mul r3, r5, r6; ldm r3!, {r0, r1}"),
        (&[0xf3c3, 0x0387, 0xcb03], &[(3, 0x30)], true, "ubfx r3, r3, #2, #8; ldm r3!, {r0, r1}"),
        (&[0xf3c3, 0x0387, 0xcb03], &[(3, 0x34)], false, "ubfx r3, r3, #2, #8; ldm r3!, {r0, r1}"),
        (&[0xbf08, 0x462c, 0xcc03], &[(4, 4), (5, 12)], true, "it eq; moveq r4, r5; ldm r4!, {r0, r1}"),
        (&[0xbf08, 0x462c, 0xcc03], &[(4, 4), (5, 13)], false, "it eq; moveq r4, r5; ldm r4!, {r0, r1}"),
        (&[0xfba5, 0x3406, 0xcb03], &[(5, 2), (6, 2)], true, "umull r3, r4, r5, r6; ldm r3!, {r0, r1}"),
        (&[0x43e3, 0x3301, 0xcb03], &[(4, 4)], true, "mvns r3, r4; adds r3, #1; ldm r3!, {r0, r1}"),
        (&[0x43e3, 0x3301, 0xcb03], &[(4, 3)], false, "mvns r3, r4; adds r3, #1; ldm r3!, {r0, r1}"),
        (&[0xf3ef, 0x8309, 0xcb03], &[(PSP, RAM)], true, "mrs r3, psp; ldm r3!, {r0, r1}"),
        (&[0xf3ef, 0x8309, 0xcb03], &[(PSP, RAM + 2)], false, "mrs r3, psp; ldm r3!, {r0, r1}"),
        (&[0xf1c4, 0x0308, 0xcb03], &[(4, 4)], true, "rsb r3, r4, #8; ldm r3!, {r0, r1}"),
        (&[0xf1c4, 0x0308, 0xcb03], &[(4, 5)], false, "rsb r3, r4, #8; ldm r3!, {r0, r1}"),
    ];
    const PSP: usize = 17;
    for &(code, registers, holds, text) in table {
        let mut memory = memory();
        let plan = plan(&mut memory, code);
        assert_eq!(plan.holds(|| &memory, with(registers)), holds, "{text} {registers:x?}");
    }
}

#[test]
fn a_base_that_is_loaded_is_looked_up() {
    let mut memory = memory();
    let plan = plan(&mut memory, &[0x6863, 0xe9d3, 0x0102]); // ldr r3, [r4, #4]; ldrd r0, r1, [r3, #8]
    for (value, holds) in [(RAM, true), (RAM + 2, false)] {
        memory.write(RAM + 0x24, &value.to_le_bytes()).unwrap();
        assert_eq!(plan.holds(|| &memory, with(&[(4, RAM + 0x20)])), holds);
    }
    assert!(!plan.holds(|| &memory, with(&[(4, 0x4000_0000)])), "nobody knows what a device gives");
}

#[test]
fn what_a_block_stores_and_loads_again_is_followed() {
    let mut memory = memory();
    // str r3, [r7, #4]; str r0, [r6]; ldr r2, [r7, #4]; ldm r2!, {r0, r1}
    let plan = plan(&mut memory, &[0x607b, 0x6030, 0x687a, 0xca03]);
    let holds = |r3, r6| plan.holds(|| &memory, with(&[(3, r3), (6, r6), (7, RAM + 0x10)]));
    assert!(holds(RAM, RAM));
    assert!(!holds(RAM + 2, RAM));
    for near in [RAM + 0x11, RAM + 0x14, RAM + 0x17, ALIAS + 0x14] {
        assert!(!holds(RAM, near), "the other store may have changed it: {near:#x}");
    }
    assert!(holds(RAM, RAM + 0x18));
    assert!(!holds(RAM, 0x4000_0000), "a device may have");
}

#[test]
fn a_block_that_stores_a_part_of_a_base_is_given_up() {
    let code = [0x713b, 0x687a, 0xca03]; // strb r3, [r7, #4]; ldr r2, [r7, #4]; ldm r2!, {r0, r1}
    assert_eq!(scan_code(&mut memory(), CODE, &code), Verdict::Unknown);
}

#[test]
fn unknown_addresses_are_not_the_same() {
    // adcs r7, r0; str r3, [r7]; adcs r7, r0; ldr r2, [r7]; ldm r2!, {r0, r1}
    let code = [0x4147, 0x603b, 0x4147, 0x683a, 0xca03];
    assert_eq!(scan_code(&mut memory(), CODE, &code), Verdict::Unknown);
}

#[test]
fn a_loop_that_keeps_its_bases_aligned_is_steady() {
    let mut memory = memory();
    // ldm r1!, {r2, r3}; stm r0!, {r2, r3}; subs r4, #1; bne
    assert!(plan(&mut memory, &[0xc90c, 0xc00c, 0x3c01, 0xd1fb]).is_steady());
    // ldm r1!, {r2, r3}; adds r1, #2; bne
    assert!(!plan(&mut memory, &[0xc90c, 0x3102, 0xd1fb]).is_steady());
    // ldm r1!, {r2, r3}; mov r1, r2; bne
    assert!(!plan(&mut memory, &[0xc90c, 0x4611, 0xd1fb]).is_steady());
}

#[test]
fn an_it_block_may_reach_across_the_end_of_a_page() {
    let code = [0x2300, 0xe893, 0x0003]; // movs r3, #0, or not; ldm r3, {r0, r1}
    assert_eq!(scan_code(&mut memory(), CODE, &code), Verdict::Aligned);
    let mut memory = memory();
    let Verdict::Plan(plan) = scan_code(&mut memory, 0x400, &code) else { panic!("r3 matters") };
    assert!(plan.holds(|| &memory, with(&[(3, 4)])));
    assert!(!plan.holds(|| &memory, with(&[(3, 1)])));
}
