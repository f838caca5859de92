//! What is at the inputs of an analog-to-digital converter, as the host says.

use serde::{Deserialize, Serialize};

/// Channels that can be named.
const CHANNELS: usize = 32;

/// The sample of each channel: its bits at full resolution, to the right; `None` until the host has said one.
#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Samples([Option<u16>; CHANNELS]);

impl Samples {
    /// Takes triples of bytes: a channel, and its sample from now on, low byte first. Other channels, bits above
    /// `most` and what is not whole at the end are left out.
    pub fn input(&mut self, bytes: &[u8], most: u16) {
        for triple in bytes.chunks_exact(3) {
            if let Some(sample) = self.0.get_mut(usize::from(triple[0])) {
                *sample = Some(u16::from_le_bytes([triple[1], triple[2]]) & most);
            }
        }
    }

    /// The sample of a channel, if the host has said one.
    pub fn of(&self, channel: u32) -> Option<u16> {
        self.0.get(channel as usize).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_bytes_are_a_sample() {
        let mut samples = Samples::default();
        samples.input(&[2, 0x34, 0xf2, 32, 1, 1, 3, 7], 0xfff);
        assert_eq!(
            [1, 2, 3, 32, 99].map(|channel| samples.of(channel)),
            [None, Some(0x234), None, None, None]
        );
    }
}
