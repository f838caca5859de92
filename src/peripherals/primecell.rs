//! The identification registers that Arm's own peripherals end with.

use super::kinds::Wiring;

/// PID4 to PID7, PID0 to PID3 and CID0 to CID3, from 0xfd0 on.
pub(super) type Identification = [u8; 12];

/// Those of the CMSDK, with part number 0 (DDI0479 chapters 3 and 4, "PID" and "CID").
const CMSDK: Identification = [0x04, 0, 0, 0, 0, 0xb8, 0x1b, 0, 0x0d, 0xf0, 0x05, 0xb1];

/// The identification register at an offset; `None` for other offsets.
pub(super) fn register(of: &Identification, offset: u32) -> Option<u32> {
    let index = offset.checked_sub(0xfd0)? / 4;
    of.get(index as usize).filter(|_| offset & 3 == 0).map(|value| u32::from(*value))
}

/// The identification registers of a CMSDK peripheral with this part number.
pub(super) fn identification(part: u8, offset: u32) -> Option<u32> {
    let mut of = CMSDK;
    of[4] = part;
    register(&of, offset)
}

/// What the SVD file says of the identification; what it says nothing of is as given.
pub(super) fn described(wiring: &Wiring, otherwise: Identification) -> Identification {
    let mut of = otherwise;
    for (value, offset) in of.iter_mut().zip((0xfd0..).step_by(4)) {
        *value = wiring.reset_value(offset).map_or(*value, |value| value as u8);
    }
    of
}
