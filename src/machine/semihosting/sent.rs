//! What a call sends to the host, told from the call alone: live, and when a recording is asked what was printed.

use super::{MOST, memory};
use crate::peripherals::Dma;

/// Bytes that leave by semihosting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The handle of SYS_WRITE; `None` is the debug channel of SYS_WRITEC and SYS_WRITE0.
    pub handle: Option<u32>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Whether a call can send bytes at all.
pub fn sends(operation: u32) -> bool {
    matches!(operation, 0x03..=0x05)
}

/// What a call with this parameter has sent when the host answered `r0`. Memory is that at the call.
pub fn sent(operation: u32, parameter: u32, r0: u32, memory: &mut dyn Dma) -> Option<Sent> {
    let (handle, bytes) = match operation {
        0x03 => (None, memory::bytes(memory, parameter, 1).ok()?),
        0x04 => (None, memory::string(memory, parameter).ok()?),
        0x05 => {
            let [handle, buffer, length] = memory::words(memory, parameter).ok()?;
            // The answer is the number of bytes that were not written.
            let written = length.checked_sub(r0)?.min(MOST);
            (Some(handle), memory::bytes(memory, buffer, written).ok()?)
        }
        _ => return None,
    };
    Some(Sent { handle, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::BusFault;

    /// 256 bytes at address 0.
    struct Page([u8; 256]);

    impl Dma for Page {
        fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
            let start = address as usize;
            bytes.copy_from_slice(self.0.get(start..start + bytes.len()).ok_or(BusFault)?);
            Ok(())
        }

        fn write(&mut self, _: u32, _: &[u8]) -> Result<(), BusFault> {
            Err(BusFault)
        }
    }

    #[test]
    fn what_the_host_did_not_take_was_not_sent() {
        let mut page = Page([0; 256]);
        page.0[16..22].copy_from_slice(b"hello!");
        page.0[..12].copy_from_slice(&[2, 0, 0, 0, 16, 0, 0, 0, 6, 0, 0, 0]);
        let mut of = |operation, parameter, r0| sent(operation, parameter, r0, &mut page);
        let some = |handle, bytes: &[u8]| Some(Sent { handle, bytes: bytes.to_vec() });
        assert_eq!(of(0x03, 16, 0), some(None, b"h"));
        assert_eq!(of(0x04, 18, 0), some(None, b"llo!"));
        assert_eq!(of(0x05, 0, 0), some(Some(2), b"hello!"));
        assert_eq!(of(0x05, 0, 4), some(Some(2), b"he"));
        assert_eq!(of(0x05, 0, u32::MAX), None, "it failed");
        assert_eq!(of(0x05, 250, 0), None, "no memory is there");
        assert_eq!(of(0x10, 0, 0), None);
    }
}
