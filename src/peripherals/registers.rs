//! Registers that mostly store: which bits a write changes, and what they are after reset, as the SVD file says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Access, Wiring};

/// What a 32-bit register is like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Word {
    reset: u32,
    writable: u32,
}

/// The registers of a peripheral: what does not change.
#[derive(Clone, Debug, Default)]
pub(super) struct Registers {
    words: BTreeMap<u32, Word>,
    /// Without an SVD file, what is not told otherwise stores all bits.
    other: Word,
}

/// What is in them. After reset nothing is: only bits that differ from the reset value are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Values(BTreeMap<u32, u32>);

impl Registers {
    /// The registers of the SVD file, and those of `known` that it does not have: their offsets and reset values.
    pub fn new(wiring: &Wiring, known: &[(u32, u32)]) -> Registers {
        let mut words = BTreeMap::<u32, Word>::new();
        for register in &wiring.registers {
            let shift = 8 * (register.address & 3);
            let lanes = 1_u32.checked_shl(8 * register.size).map_or(u32::MAX, |above| above - 1) << shift;
            let fields = register.fields.iter().fold(0, |bits, field| bits | field.mask());
            let fields = if register.fields.is_empty() { u32::MAX } else { fields };
            // A bit that files call write-only, in a register that can be read, may well be one that is set for good.
            let stored = if register.readable { fields & !register.behaviour.read_only } else { 0 };
            let word = words.entry(register.address & !3).or_default();
            word.reset |= register.reset_value << shift & lanes;
            word.writable |= stored << shift & lanes;
        }
        for &(offset, reset) in known {
            words.entry(offset).or_insert(Word { reset, writable: u32::MAX });
        }
        let other = if wiring.registers.is_empty() { u32::MAX } else { 0 };
        Registers { words, other: Word { reset: 0, writable: other } }
    }

    /// Changes reset values, where the SVD file's cannot be true.
    pub fn assume(&mut self, known: &[(u32, u32)]) {
        for &(offset, reset) in known {
            self.words.entry(offset).or_default().reset = reset;
        }
    }

    fn word(&self, offset: u32) -> Word {
        self.words.get(&offset).copied().unwrap_or(self.other)
    }

    /// The bits of a register that a write changes.
    pub fn writable(&self, offset: u32) -> u32 {
        self.word(offset).writable
    }

    /// The value of the register at an offset, which is a multiple of 4.
    pub fn get(&self, values: &Values, offset: u32) -> u32 {
        self.word(offset).reset ^ values.0.get(&offset).copied().unwrap_or(0)
    }

    /// Changes the value of a register, whatever a write could do.
    pub fn set(&self, values: &mut Values, offset: u32, value: u32) {
        match value ^ self.word(offset).reset {
            0 => values.0.remove(&offset),
            changed => values.0.insert(offset, changed),
        };
    }

    /// Sets some bits of a register to those of `value`.
    pub fn put(&self, values: &mut Values, offset: u32, bits: u32, value: u32) {
        self.set(values, offset, self.get(values, offset) & !bits | value & bits);
    }

    /// A write: the bits that can be changed are. The value before and the value after.
    pub fn write(&self, values: &mut Values, at: Access, value: u32) -> (u32, u32) {
        let offset = at.register();
        let before = self.get(values, offset);
        self.put(values, offset, self.writable(offset), at.merge(before, value));
        (before, self.get(values, offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{svd::Svd, words::Width};

    const XML: &str = r#"<device><name>X</name><version>1</version><description>d</description>
        <addressUnitBits>8</addressUnitBits><width>32</width><size>32</size><peripherals>
        <peripheral><name>P</name><baseAddress>0</baseAddress><registers>
          <register><name>CR</name><addressOffset>0</addressOffset><resetValue>0x83</resetValue><fields>
            <field><name>ON</name><bitOffset>0</bitOffset><bitWidth>1</bitWidth></field>
            <field><name>RDY</name><bitOffset>1</bitOffset><bitWidth>1</bitWidth><access>read-only</access></field>
            <field><name>TRIM</name><bitOffset>4</bitOffset><bitWidth>4</bitWidth></field></fields></register>
          <register><name>KEYR</name><addressOffset>4</addressOffset><access>write-only</access></register>
        </registers></peripheral></peripherals></device>"#;

    fn word(offset: u32) -> Access {
        Access { offset, width: Width::Word }
    }

    #[test]
    fn a_write_changes_what_the_svd_file_lets_it() {
        let registers = Svd::parse(XML).unwrap().all_registers().cloned().collect();
        let registers = Registers::new(&Wiring { registers, ..Wiring::default() }, &[(0, 1), (0x10, 5)]);
        let mut values = Values::default();
        assert_eq!(registers.write(&mut values, word(0), 0xffff_ff50), (0x83, 0x52));
        assert_eq!(registers.write(&mut values, word(4), 7), (0, 0), "write-only");
        assert_eq!(registers.write(&mut values, word(8), 7), (0, 0), "no such register");
        assert_eq!(registers.write(&mut values, word(0x10), 7), (5, 7), "the model knows it");
        registers.set(&mut values, 0, 0x83);
        registers.set(&mut values, 0x10, 5);
        assert_eq!(values, Values::default());
    }

    #[test]
    fn without_a_file_all_bits_store() {
        let (registers, mut values) = (Registers::new(&Wiring::default(), &[]), Values::default());
        let half = Access { offset: 6, width: Width::Half };
        assert_eq!(registers.write(&mut values, half, 0x1234), (0, 0x1234_0000));
    }
}
