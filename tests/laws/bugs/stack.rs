//! The stack pointer.

use super::run_to;
use crate::common::Program;

/// What linker scripts of some tools call the end of the stack: the last byte of RAM.
fn begins_with_an_odd_stack(set: &[u16]) -> Program {
    let mut code = vec![0x4804]; // ldr r0, =0x20001fff
    code.extend(set);
    code.extend([
        0xb401, // push {r0}
        0x4669, // mov r1, sp
        0x9a00, // ldr r2, [sp]
        0xe7fe, // b .
    ]);
    code.resize(10, 0xbf00);
    code.extend([0x1fff, 0x2000]);
    Program { code, handlers: Vec::new() }
}

#[test]
fn the_stack_pointer_has_no_low_bits() {
    let ways: [(&str, &[u16]); 3] = [
        ("mov sp, r0", &[0x4685]),
        ("msr msp, r0", &[0xf380, 0x8808]),
        ("ldr sp, [pc, #16]", &[0xf8df, 0xd010]),
    ];
    for (way, set) in ways {
        for slice in [1, 2, 100] {
            let mut timeline = begins_with_an_odd_stack(set).live();
            while timeline.now().icount < 10 {
                let to = timeline.now().icount + slice;
                run_to(&mut timeline, to);
            }
            let registers = timeline.registers();
            assert_eq!(registers.sp(), 0x2000_1ff8, "{way}, in slices of {slice}");
            assert_eq!((registers.r[1], registers.r[2]), (0x2000_1ff8, 0x2000_1fff), "{way}");
        }
    }
}
