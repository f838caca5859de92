//! Registers, memory and flash on the wire.

use untick::core::CoreKind;

use crate::{
    harness::{Client, at},
    scripted::Scripted,
};

#[test]
fn the_past_refuses_writes_and_the_present_takes_them() {
    let (served, mut gdb) = at(Scripted::replay(), 100);
    assert_eq!(gdb.ask("M20000010,1:ff"), "E01");
    assert_eq!(gdb.ask("P1=01000000"), "E01");
    assert_eq!(gdb.ask("P0=64000000"), "OK", "the value that is there already");
    assert_eq!(gdb.ask("X20000010,0:"), "OK", "the question whether X is known");
    served.finish();

    let (served, mut gdb) = at(Scripted::live(500), 100);
    assert_eq!(gdb.ask("M20000010,2:1234"), "OK");
    assert_eq!(gdb.ask("m20000010,2"), "1234");
    assert_eq!(gdb.ask("P0d=f8ffff1f"), "OK");
    assert_eq!(gdb.ask("p1a"), "f8ffff1f", "sp is msp");
    assert_eq!(gdb.ask("P0=01"), "E16", "a value of another size");
    gdb.monitor("seek 50");
    assert_eq!(gdb.ask("M20000010,1:ff"), "E01");
    let (scripted, _) = served.finish();
    assert_eq!(scripted.edits, [(0x2000_0010, vec![0x12, 0x34])]);
}

#[test]
fn registers_come_in_the_order_of_the_description() {
    let (served, mut gdb) = at(Scripted::replay(), 7);
    let all = gdb.ask("g");
    assert_eq!(all.len(), 2 * 212);
    assert_eq!(&all[..8], "07000000");
    assert_eq!(&all[2 * 52..2 * 68], "00100020ffffffff0e01000000000001", "sp, lr, pc, xpsr");
    assert_eq!(
        &all[2 * 68..2 * 80],
        "001000200000000000400000",
        "msp, psp, primask, basepri, faultmask, control"
    );
    assert_eq!(gdb.ask("p20"), "000000000000f03f", "d0");
    assert_eq!(gdb.ask("p10"), "", "a number that does not exist");
    served.finish();

    let (served, mut gdb) = at(Scripted::replay().with_core(CoreKind::CortexM3), 7);
    assert_eq!(gdb.ask("g").len(), 2 * 80);
    assert_eq!(gdb.ask("p20"), "xxxxxxxxxxxxxxxx");
    assert!(!gdb.ask("qXfer:features:read:target.xml:0,2000").contains("vfp"));
    served.finish();
}

#[test]
fn reads_go_as_far_as_there_is_memory() {
    let (served, mut gdb) = at(Scripted::replay(), 0);
    assert_eq!(gdb.ask("m20000ffa,10"), "000000000000");
    assert_eq!(gdb.ask("m40000000,4"), "aaaaaaaa");
    assert_eq!(gdb.ask("m50000000,4"), "E0e");
    assert_eq!(gdb.ask("mfffffffe,40"), "E0e");
    assert_eq!(gdb.ask("m0,ffffffff").len(), 2 * 0x1000, "all of flash, and no more than a packet");
    served.finish();
}

#[test]
fn a_load_of_the_same_firmware_succeeds_in_the_past_and_another_one_only_at_the_present() {
    let load = |gdb: &mut Client, bytes: &str| {
        assert_eq!(gdb.ask("vFlashErase:08000000,00000400"), "OK");
        gdb.tell_bytes(&[b"vFlashWrite:8000010:", bytes.as_bytes()].concat());
        assert_eq!(gdb.answer(), "OK");
        gdb.ask("vFlashDone")
    };
    let (served, mut gdb) = at(Scripted::replay(), 40);
    gdb.tell_bytes(b"vFlashWrite:8000010:\x00\xbf\x00\xbf");
    assert_eq!((gdb.answer(), gdb.ask("vFlashDone")), ("OK".into(), "OK".into()));
    assert_eq!(load(&mut gdb, "new"), "E01");
    assert_eq!(gdb.ask("vFlashErase:20000000,00000400"), "E0e", "RAM is no flash");
    served.finish();

    let (served, mut gdb) = at(Scripted::live(500), 0);
    assert_eq!(load(&mut gdb, "new"), "OK");
    assert_eq!(served.finish().0.edits, [(0x0800_0010, b"new".to_vec())]);
}
