use super::*;

const PRIVILEGED: Access = Access { privileged: true, negative_priority: false };
const UNPRIVILEGED: Access = Access { privileged: false, negative_priority: false };

fn v7(ctrl: u32) -> Mpu {
    Mpu { ctrl, ..Mpu::new(CoreKind::CortexM4, 8) }
}

/// A region of Armv7-M or Armv6-M: number, base, and MPU_RASR.
fn set(mpu: &mut Mpu, number: u32, base: u32, rasr: u32) {
    mpu.set_rbar(0, base | 0x10 | number);
    mpu.set_attributes(0, rasr);
}

/// A region of Armv8-M: number, MPU_RBAR and MPU_RLAR.
fn set_v8(mpu: &mut Mpu, number: u32, rbar: u32, rlar: u32) {
    mpu.set_rnr(number);
    mpu.set_rbar(0, rbar);
    mpu.set_attributes(0, rlar);
}

#[test]
fn without_the_mpu_the_default_map_holds() {
    let mpu = v7(0);
    assert!(mpu.permissions(0x2000_0000, UNPRIVILEGED).execute);
    assert!(!mpu.permissions(0x4000_0000, UNPRIVILEGED).execute);
    assert!(mpu.permissions(0x4000_0000, UNPRIVILEGED).write);
}

#[test]
fn a_guard_below_a_stack_wins_over_the_background() {
    let mut mpu = v7(5);
    set(&mut mpu, 7, 0x2000_0400, 4 << 1 | 1); // 32 bytes, no access
    assert!(!mpu.permissions(0x2000_0410, PRIVILEGED).read);
    assert!(mpu.permissions(0x2000_0420, PRIVILEGED).write);
    assert!(!mpu.permissions(0x2000_0420, UNPRIVILEGED).read, "no background for unprivileged code");
    assert!(!mpu.is_uniform(0x2000_0400, PRIVILEGED));
    assert!(mpu.is_uniform(0x2000_0800, PRIVILEGED));
}

#[test]
fn a_disabled_subregion_is_a_hole() {
    let mut mpu = v7(1);
    set(&mut mpu, 0, 0x2000_0000, 3 << 24 | 0x02 << 8 | 12 << 1 | 1); // 8 KiB, full access, subregion 1 off
    assert!(mpu.permissions(0x2000_0000, UNPRIVILEGED).write);
    assert!(!mpu.permissions(0x2000_0400, UNPRIVILEGED).write);
    assert!(mpu.permissions(0x2000_0800, UNPRIVILEGED).write);
    assert!(mpu.is_uniform(0x2000_0400, UNPRIVILEGED), "subregions of 1 KiB are pages");
}

#[test]
fn a_hole_shows_the_region_below() {
    let mut mpu = v7(1);
    set(&mut mpu, 0, 0x2000_0000, 6 << 24 | 12 << 1 | 1); // 8 KiB, read-only
    set(&mut mpu, 1, 0x2000_0000, 3 << 24 | 0x01 << 8 | 9 << 1 | 1); // 1 KiB on top, its first 128 bytes off
    assert!(!mpu.permissions(0x2000_0000, PRIVILEGED).write);
    assert!(mpu.permissions(0x2000_0080, PRIVILEGED).write);
    assert!(!mpu.is_uniform(0x2000_0000, PRIVILEGED));
}

#[test]
fn hard_fault_runs_without_the_mpu_unless_hfnmiena() {
    let mut mpu = v7(1);
    let hard_fault = Access { privileged: true, negative_priority: true };
    assert!(mpu.permissions(0x2000_0000, hard_fault).write);
    mpu.ctrl = 3;
    assert!(!mpu.permissions(0x2000_0000, hard_fault).write);
}

#[test]
fn a_region_that_is_too_small_does_not_count() {
    let mut mpu = v7(1);
    set(&mut mpu, 0, 0x2000_0000, 3 << 24 | 3 << 1 | 1); // 16 bytes
    assert!(!mpu.permissions(0x2000_0000, PRIVILEGED).read);
    let mut mpu = Mpu { ctrl: 1, ..Mpu::new(CoreKind::CortexM0Plus, 8) };
    set(&mut mpu, 0, 0x2000_0000, 3 << 24 | 6 << 1 | 1); // 128 bytes: Armv6-M starts at 256 (DDI 0419 B3.5.7)
    assert!(!mpu.permissions(0x2000_0000, PRIVILEGED).read);
    set(&mut mpu, 0, 0x2000_0000, 3 << 24 | 0x80 << 8 | 7 << 1 | 1); // 256 bytes, the last 32 off
    assert!(mpu.permissions(0x2000_00df, PRIVILEGED).write);
    assert!(!mpu.permissions(0x2000_00e0, PRIVILEGED).write);
}

#[test]
fn an_unaligned_base_counts_without_its_low_bits() {
    let mut mpu = v7(1);
    set(&mut mpu, 2, 0x2000_0460, 3 << 24 | 9 << 1 | 1); // 1 KiB
    assert!(mpu.permissions(0x2000_0400, UNPRIVILEGED).write);
    assert!(!mpu.permissions(0x2000_0800, UNPRIVILEGED).write);
    assert_eq!(mpu.rbar(0), 0x2000_0462, "read back with REGION, without VALID");
}

#[test]
fn the_access_permissions_of_armv7_m() {
    // AP: privileged and unprivileged, read and write (DDI 0403 table B3-15).
    let table = [
        (0, "--", "--"),
        (1, "rw", "--"),
        (2, "rw", "r-"),
        (3, "rw", "rw"),
        (5, "r-", "--"),
        (6, "r-", "r-"),
        (7, "r-", "r-"),
    ];
    for (ap, privileged, unprivileged) in table {
        let mut mpu = v7(1);
        set(&mut mpu, 0, 0x2000_0000, ap << 24 | 12 << 1 | 1);
        for (access, expected) in [(PRIVILEGED, privileged), (UNPRIVILEGED, unprivileged)] {
            let Permissions { read, write, execute } = mpu.permissions(0x2000_0000, access);
            let text = format!("{}{}", if read { "r" } else { "-" }, if write { "w" } else { "-" });
            assert_eq!(text, expected, "AP {ap}");
            assert_eq!(execute, read, "a fetch needs read permission");
        }
        mpu.set_attributes(0, 1 << 28 | ap << 24 | 12 << 1 | 1);
        assert!(!mpu.permissions(0x2000_0000, PRIVILEGED).execute, "XN");
    }
}

#[test]
fn as_many_regions_as_the_chip_has() {
    assert_eq!(Mpu::new(CoreKind::CortexM7, 16).mpu_type(), 0x1000);
    let mut none = Mpu::new(CoreKind::CortexM0, 0);
    none.set_ctrl(7);
    set(&mut none, 3, 0x2000_0000, u32::MAX);
    assert_eq!((none.mpu_type(), none.ctrl, none.rbar(0), none.attributes(0)), (0, 0, 0, 0));
}

#[test]
fn regions_of_armv8_m_are_given_by_base_and_limit() {
    let mut mpu = Mpu { ctrl: 1, ..Mpu::new(CoreKind::CortexM33, 8) };
    set_v8(&mut mpu, 3, 0x2000_0020 | 0b01 << 1, 0x2000_003f | 1); // 32 bytes, read-write for all, executable
    assert_eq!(mpu.permissions(0x2000_001f, UNPRIVILEGED), Permissions::NONE);
    assert_eq!(
        mpu.permissions(0x2000_0020, UNPRIVILEGED),
        Permissions { read: true, write: true, execute: true }
    );
    assert_eq!(mpu.permissions(0x2000_0040, UNPRIVILEGED), Permissions::NONE);
    assert!(!mpu.is_uniform(0x2000_0000, UNPRIVILEGED));
    // AP (DDI 0553 D1.2) and XN.
    for (rbar, privileged, unprivileged) in
        [(0b000, (true, true), (false, false)), (0b010, (true, true), (true, true))]
            .into_iter()
            .chain([(0b100, (true, false), (false, false)), (0b110, (true, false), (true, false))])
    {
        set_v8(&mut mpu, 3, 0x2000_0020 | rbar, 0x2000_003f);
        let both = [PRIVILEGED, UNPRIVILEGED].map(|access| {
            let permissions = mpu.permissions(0x2000_0030, access);
            (permissions.read, permissions.write)
        });
        assert_eq!(both, [privileged, unprivileged], "{rbar:#b}");
    }
    set_v8(&mut mpu, 3, 0x2000_0021, 0x2000_003f);
    assert!(!mpu.permissions(0x2000_0020, PRIVILEGED).execute);
}

#[test]
fn overlapping_regions_of_armv8_m_fault() {
    let mut mpu = Mpu { ctrl: 5, ..Mpu::new(CoreKind::CortexM33, 16) };
    set_v8(&mut mpu, 0, 0x2000_0002, 0x2000_07ff);
    set_v8(&mut mpu, 15, 0x2000_0402, 0x2000_0bff);
    assert!(mpu.permissions(0x2000_0000, PRIVILEGED).write);
    assert_eq!(mpu.permissions(0x2000_0400, PRIVILEGED), Permissions::NONE, "in both");
    assert!(mpu.permissions(0x2000_0800, PRIVILEGED).write);
    assert!(mpu.permissions(0x2000_0c00, PRIVILEGED).write, "the background");
    assert!(mpu.is_uniform(0x2000_0400, PRIVILEGED));
}

#[test]
fn the_aliases_of_armv8_m_are_the_neighbours() {
    let mut mpu = Mpu::new(CoreKind::CortexM33, 8);
    mpu.set_rnr(4);
    for alias in 0..4 {
        mpu.set_rbar(alias, 0x2000_0000 + 0x100 * alias);
        mpu.set_attributes(alias, 0x2000_00ff + 0x100 * alias);
    }
    for region in 4..8 {
        mpu.set_rnr(region);
        assert_eq!(mpu.rbar(0), 0x2000_0000 + 0x100 * (region - 4));
        assert_eq!(mpu.attributes(0), 0x2000_00ef + 0x100 * (region - 4), "bit 4 is reserved");
    }
    mpu.set_rnr(7);
    assert_eq!(mpu.rbar(1), 0x2000_0100, "counted from the first of four");
}
