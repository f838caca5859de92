//! The identification registers that Arm's own peripherals end with.

/// PID4 to PID7, PID0 to PID3 and CID0 to CID3 at 0xfd0 to 0xffc of a CMSDK peripheral with this part number
/// (DDI0479 chapters 3 and 4, "PID" and "CID"); `None` for other offsets.
pub(super) const fn identification(part: u8, offset: u32) -> Option<u32> {
    const PIDS: [u8; 12] = [0x04, 0, 0, 0, 0, 0xb8, 0x1b, 0, 0x0d, 0xf0, 0x05, 0xb1];
    match offset {
        0xfe0 => Some(part as u32),
        0xfd0..=0xffc if offset & 3 == 0 => Some(PIDS[((offset - 0xfd0) / 4) as usize] as u32),
        _ => None,
    }
}
