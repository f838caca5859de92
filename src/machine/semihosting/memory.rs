//! Reading what a call points to. Addresses and lengths are the firmware's: none of them is trusted.

use super::{MOST, errno::Errno};
use crate::{peripherals::Dma, words::BusFault};

/// The longest file name, as Linux has it.
const LONGEST_NAME: u32 = 4096;

/// The words of a parameter block.
pub fn words<const N: usize>(memory: &mut dyn Dma, address: u32) -> Result<[u32; N], BusFault> {
    let mut words = [0; N];
    let mut at = address;
    for word in &mut words {
        let mut bytes = [0; 4];
        memory.read(at, &mut bytes)?;
        *word = u32::from_le_bytes(bytes);
        at = at.wrapping_add(4);
    }
    Ok(words)
}

/// `length` bytes; the caller has limited the length to [`MOST`].
pub fn bytes(memory: &mut dyn Dma, address: u32, length: u32) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; length as usize];
    if !bytes.is_empty() {
        memory.read(address, &mut bytes)?;
    }
    Ok(bytes)
}

/// Fails if there is no memory at the first or the last of `length` bytes, or if they wrap around.
pub fn probe(memory: &mut dyn Dma, address: u32, length: u32) -> Result<(), Errno> {
    if length == 0 {
        return Ok(());
    }
    let last = address.checked_add(length - 1).ok_or(Errno::BAD_ADDRESS)?;
    memory.read(address, &mut [0])?;
    memory.read(last, &mut [0])?;
    Ok(())
}

/// Everything up to a NUL, at most [`MOST`] bytes: a string without an end is shown as far as that.
pub fn string(memory: &mut dyn Dma, address: u32) -> Result<Vec<u8>, Errno> {
    let mut text = Vec::new();
    for offset in 0..MOST {
        let mut byte = [0];
        memory.read(address.wrapping_add(offset), &mut byte)?;
        if byte == [0] {
            break;
        }
        text.push(byte[0]);
    }
    Ok(text)
}

/// A file name of `length` bytes.
pub fn name(memory: &mut dyn Dma, address: u32, length: u32) -> Result<String, Errno> {
    if length > LONGEST_NAME {
        return Err(Errno::NAME_TOO_LONG);
    }
    String::from_utf8(bytes(memory, address, length)?).map_err(|_| Errno::INVALID)
}
