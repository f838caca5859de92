//! The interrupt lines that come in from the pins.

use serde::{Deserialize, Serialize};

/// The levels of all external interrupt lines and of NMI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    words: [u32; 8],
    nmi: bool,
}

impl Lines {
    /// The number that stands for NMI among the external interrupts, in [`Lines::set`] and in a trace.
    pub const NMI: u16 = u16::MAX;

    /// The external lines, 32 to a word.
    pub fn words(&self) -> &[u32; 8] {
        &self.words
    }

    /// The NMI line.
    pub fn nmi(&self) -> bool {
        self.nmi
    }

    /// Sets a line; numbers without a line do nothing.
    pub fn set(&mut self, irq: u16, asserted: bool) {
        if irq == Lines::NMI {
            self.nmi = asserted;
        } else if let Some(word) = self.words.get_mut(usize::from(irq / 32)) {
            let bit = 1 << (irq % 32);
            *word = if asserted { *word | bit } else { *word & !bit };
        }
    }

    /// The lines that differ from `before`, with their level now.
    pub fn changes(&self, before: &Lines) -> impl Iterator<Item = (u16, bool)> {
        let (now, before) = (*self, *before);
        let external = (0..8u16).flat_map(move |index| {
            let changed = now.words[usize::from(index)] ^ before.words[usize::from(index)];
            (0..32)
                .filter(move |bit| changed >> bit & 1 != 0)
                .map(move |bit| (32 * index + bit, now.words[usize::from(index)] >> bit & 1 != 0))
        });
        external.chain((now.nmi != before.nmi).then_some((Lines::NMI, now.nmi)))
    }
}
