//! The interrupt lines that come in from the pins.

use serde::{Deserialize, Serialize};

/// The level of every external interrupt line, and of NMI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// Bit n % 32 of word n / 32 is the level of interrupt n.
    words: [u32; 8],
    nmi: bool,
}

impl Lines {
    /// External interrupt lines that there is room for; the NVIC has at most 240.
    pub const MAX: u16 = 256;
    /// The number that stands for NMI among the external interrupts, here and in a trace.
    pub const NMI: u16 = u16::MAX;

    /// The words: bit n % 32 of word n / 32 is the level of interrupt n.
    pub fn words(&self) -> &[u32; 8] {
        &self.words
    }

    /// Whether interrupt `irq` is asserted; false for one that does not exist.
    pub fn level(&self, irq: u16) -> bool {
        match irq {
            Lines::NMI => self.nmi,
            _ => self.words.get(usize::from(irq / 32)).is_some_and(|word| word >> (irq % 32) & 1 != 0),
        }
    }

    /// Sets the level of interrupt `irq`, if it exists.
    pub fn set(&mut self, irq: u16, asserted: bool) {
        if irq == Lines::NMI {
            self.nmi = asserted;
        } else if let Some(word) = self.words.get_mut(usize::from(irq / 32)) {
            let bit = 1 << (irq % 32);
            *word = if asserted { *word | bit } else { *word & !bit };
        }
    }

    /// The asserted lines, in ascending order, NMI last.
    pub fn asserted(&self) -> impl Iterator<Item = u16> + use<> {
        self.changes(&Lines::default()).map(|(irq, _)| irq)
    }

    /// The lines whose level differs from `before`, in ascending order, NMI last, with their level now.
    pub fn changes(&self, before: &Lines) -> impl Iterator<Item = (u16, bool)> + use<> {
        let now = *self;
        let differing: [u32; 8] = std::array::from_fn(|index| self.words[index] ^ before.words[index]);
        let nmi = (self.nmi != before.nmi).then_some(Lines::NMI);
        (0u16..8)
            .zip(differing)
            .flat_map(|(index, word)| ones(word).map(move |bit| 32 * index + bit))
            .chain(nmi)
            .map(move |irq| (irq, now.level(irq)))
    }
}

/// The numbers of the bits that are set, in ascending order.
pub fn ones(mut word: u32) -> impl Iterator<Item = u16> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < 32).then_some(bit as u16)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_tell_ups_and_downs_in_order() {
        let mut before = Lines::default();
        before.set(3, true);
        before.set(200, true);
        let mut now = before;
        now.set(3, false);
        now.set(64, true);
        now.set(Lines::NMI, true);
        assert_eq!(now.changes(&before).collect::<Vec<_>>(), [(3, false), (64, true), (Lines::NMI, true)]);
        assert_eq!(now.asserted().collect::<Vec<_>>(), [64, 200, Lines::NMI]);
        now.set(300, true);
        assert!(!now.level(300), "there is no interrupt 300");
    }
}
