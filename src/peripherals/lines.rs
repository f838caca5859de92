//! The levels of all interrupt lines, in one value.

/// External interrupt lines that a [`Lines`] can hold; the NVIC has at most 240.
pub const MAX_IRQS: u16 = 256;

/// The level of every external interrupt line, and of NMI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Bit n % 64 of word n / 64 is the level of interrupt n.
    words: [u64; 4],
    /// The level of the non-maskable interrupt.
    pub nmi: bool,
}

impl Lines {
    /// Whether interrupt `irq` is asserted; false for one that does not exist.
    pub fn level(&self, irq: u16) -> bool {
        self.words.get(usize::from(irq / 64)).is_some_and(|word| word >> (irq % 64) & 1 != 0)
    }

    /// Sets the level of interrupt `irq`, if it exists.
    pub fn set(&mut self, irq: u16, asserted: bool) {
        if let Some(word) = self.words.get_mut(usize::from(irq / 64)) {
            let bit = 1 << (irq % 64);
            *word = if asserted { *word | bit } else { *word & !bit };
        }
    }

    /// The words: bit n % 64 of word n / 64 is the level of interrupt n.
    pub fn words(&self) -> [u64; 4] {
        self.words
    }

    /// The asserted interrupts, in ascending order.
    pub fn asserted(&self) -> impl Iterator<Item = u16> + use<> {
        ones(self.words)
    }

    /// The interrupts whose level differs from `before`, in ascending order, with their level now. NMI is not among
    /// them.
    pub fn changes(&self, before: &Lines) -> impl Iterator<Item = (u16, bool)> + use<> {
        let now = *self;
        let differing = std::array::from_fn(|i| self.words[i] ^ before.words[i]);
        ones(differing).map(move |irq| (irq, now.level(irq)))
    }
}

fn ones(words: [u64; 4]) -> impl Iterator<Item = u16> {
    (0u16..4).zip(words).flat_map(|(index, mut word)| {
        std::iter::from_fn(move || {
            let bit = word.trailing_zeros();
            word &= word.wrapping_sub(1);
            (bit < 64).then_some(index * 64 + bit as u16)
        })
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
        assert_eq!(now.changes(&before).collect::<Vec<_>>(), [(3, false), (64, true)]);
        assert_eq!(now.asserted().collect::<Vec<_>>(), [64, 200]);
        now.set(300, true);
        assert!(!now.level(300), "there is no interrupt 300");
    }
}
