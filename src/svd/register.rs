//! What an SVD file says about one register.

use svd_parser::svd::{Access, ModifiedWriteValues, ReadAction, RegisterInfo};

/// One register of the chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The peripheral's and the register's name, as in `USART2.SR`.
    pub name: String,
    /// The address.
    pub address: u32,
    /// The size in bytes, 1 to 4 (a larger register is cut to its low word).
    pub size: u32,
    /// The value after reset.
    pub reset_value: u32,
    /// Which bits of the reset value are defined.
    pub reset_mask: u32,
    /// Whether a read means something.
    pub readable: bool,
    /// Whether a write means something.
    pub writable: bool,
    /// What reads and writes do to the bits.
    pub behaviour: Behaviour,
    /// What its bits mean, the lowest first.
    pub fields: Vec<Field>,
}

/// What the registers that UARTs send from are called by those who make them.
const TRANSMITTERS: [&str; 19] = [
    "D", "DAT", "DATA", "DATAR", "DR", "DT", "TBR", "TDATA", "TDR", "THR", "TXBUF", "TXD", "TXDAT", "TXDATA",
    "TXDR", "TXREG", "UARTDR", "UARTTHR", "UTHR",
];

impl Register {
    /// The name of its peripheral.
    pub fn peripheral_name(&self) -> &str {
        self.name.split_once('.').map_or("", |(peripheral, _)| peripheral)
    }

    /// Whether it is what a UART sends from, as far as names tell.
    pub fn seems_to_send(&self) -> bool {
        let (peripheral, own) = (self.peripheral_name().to_ascii_uppercase(), self.short_name());
        let is_uart = ["UART", "USART", "SERIAL"].iter().any(|name| peripheral.contains(name));
        // Some files have the peripheral's name in front: UART_THR.
        let own = own.rsplit('_').next().unwrap_or(own).to_ascii_uppercase();
        (is_uart || peripheral.starts_with("SCI")) && self.writable && TRANSMITTERS.contains(&&*own)
    }

    /// The fields that are not zero in a value: `UE=1 TE=1`. A register that is one field says nothing.
    pub fn fields_of(&self, value: u32) -> String {
        let set = self.fields.iter().filter(|field| self.has_part(field) && field.of(value) != 0);
        set.map(|field| format!("{}={}", field.name, field.of(value))).collect::<Vec<_>>().join(" ")
    }

    /// Whether a field is not all of the register.
    pub fn has_part(&self, field: &Field) -> bool {
        field.width < 8 * self.size
    }
}

/// Some bits of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The number of the lowest bit.
    pub lowest: u32,
    /// The number of bits, at least 1.
    pub width: u32,
}

/// What an access does to each bit of a register (CMSIS-SVD `access`, `modifiedWriteValues`, `readAction`): a bit that is
/// in none of these masks is stored as it is written and read as it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// Bits that writes leave alone.
    pub read_only: u32,
    /// Bits that read as zero.
    pub write_only: u32,
    /// Bits that a written one clears.
    pub one_to_clear: u32,
    /// Bits that a written one sets.
    pub one_to_set: u32,
    /// Bits that a written one inverts.
    pub one_to_toggle: u32,
    /// Bits that a written zero clears.
    pub zero_to_clear: u32,
    /// Bits that a written zero sets.
    pub zero_to_set: u32,
    /// Bits that a written zero inverts.
    pub zero_to_toggle: u32,
    /// Bits that any write clears.
    pub clear: u32,
    /// Bits that any write sets.
    pub set: u32,
    /// Bits that a read clears.
    pub read_clears: u32,
    /// Bits that a read sets.
    pub read_sets: u32,
}

impl Behaviour {
    /// The register's value after a write of `value` to the bits in `lanes`.
    pub fn written(&self, old: u32, value: u32, lanes: u32) -> u32 {
        let special = self.one_to_clear
            | self.one_to_set
            | self.one_to_toggle
            | self.zero_to_clear
            | self.zero_to_set
            | self.zero_to_toggle
            | self.clear
            | self.set;
        let plain = lanes & !special & !self.read_only;
        let (ones, zeros) = (value & lanes, !value & lanes);
        let mut new = old & !plain | value & plain;
        new |= ones & self.one_to_set | zeros & self.zero_to_set | lanes & self.set;
        new &= !(ones & self.one_to_clear | zeros & self.zero_to_clear | lanes & self.clear);
        new ^ (ones & self.one_to_toggle | zeros & self.zero_to_toggle)
    }

    /// What a read of the bits in `lanes` gives, and the register's value after it.
    pub fn read(&self, value: u32, lanes: u32) -> (u32, u32) {
        let after = value & !(self.read_clears & lanes) | self.read_sets & lanes;
        (value & !self.write_only, after)
    }

    /// Takes in what a register says of the bits in `lanes`, to which its own are shifted.
    pub fn take_in(&mut self, other: &Behaviour, shift: u32, lanes: u32) {
        for (mask, from) in self.masks().into_iter().zip(other.clone().masks()) {
            *mask |= *from << shift & lanes;
        }
    }

    fn masks(&mut self) -> [&mut u32; 12] {
        [
            &mut self.read_only,
            &mut self.write_only,
            &mut self.one_to_clear,
            &mut self.one_to_set,
            &mut self.one_to_toggle,
            &mut self.zero_to_clear,
            &mut self.zero_to_set,
            &mut self.zero_to_toggle,
            &mut self.clear,
            &mut self.set,
            &mut self.read_clears,
            &mut self.read_sets,
        ]
    }

    fn access(&mut self, access: Option<Access>, mask: u32) {
        match access {
            Some(Access::ReadOnly) => self.read_only |= mask,
            Some(Access::WriteOnly | Access::WriteOnce) => self.write_only |= mask,
            _ => {}
        }
    }

    fn writes(&mut self, how: Option<ModifiedWriteValues>, mask: u32) {
        use ModifiedWriteValues as M;
        let bits = match how {
            Some(M::OneToClear) => &mut self.one_to_clear,
            Some(M::OneToSet) => &mut self.one_to_set,
            Some(M::OneToToggle) => &mut self.one_to_toggle,
            Some(M::ZeroToClear) => &mut self.zero_to_clear,
            Some(M::ZeroToSet) => &mut self.zero_to_set,
            Some(M::ZeroToToggle) => &mut self.zero_to_toggle,
            Some(M::Clear) => &mut self.clear,
            Some(M::Set) => &mut self.set,
            Some(M::Modify) | None => return,
        };
        *bits |= mask;
    }

    fn reads(&mut self, action: Option<ReadAction>, mask: u32) {
        match action {
            Some(ReadAction::Clear) => self.read_clears |= mask,
            Some(ReadAction::Set) => self.read_sets |= mask,
            // Neither says what becomes of the bits.
            Some(ReadAction::Modify | ReadAction::ModifyExternal) | None => {}
        }
    }

    fn of(register: &RegisterInfo) -> Behaviour {
        let mut behaviour = Behaviour::default();
        let mut rest = u32::MAX;
        for field in register.fields() {
            let mask = mask(field.bit_range.offset, field.bit_range.width);
            rest &= !mask;
            behaviour.access(field.access.or(register.properties.access), mask);
            behaviour.writes(field.modified_write_values.or(register.modified_write_values), mask);
            behaviour.reads(field.read_action.or(register.read_action), mask);
        }
        behaviour.access(register.properties.access, rest);
        behaviour.writes(register.modified_write_values, rest);
        behaviour.reads(register.read_action, rest);
        behaviour
    }
}

impl Field {
    /// What a value of the register has in this field.
    pub fn of(&self, value: u32) -> u32 {
        value.checked_shr(self.lowest).unwrap_or(0) & mask(0, self.width)
    }

    /// The bits of the register that are this field's.
    pub fn mask(&self) -> u32 {
        mask(self.lowest, self.width)
    }
}

impl Register {
    pub(super) fn of(peripheral: &str, base: u32, register: &RegisterInfo) -> Register {
        let properties = &register.properties;
        let access = properties.access;
        let reset_mask = properties.reset_mask.map_or(u32::MAX, |mask| mask as u32);
        let mut fields: Vec<Field> = register
            .fields()
            .filter(|field| field.bit_range.width > 0)
            .map(|field| Field {
                name: field.name.clone(),
                lowest: field.bit_range.offset,
                width: field.bit_range.width,
            })
            .collect();
        fields.sort_by_key(|field| field.lowest);
        Register {
            name: format!("{peripheral}.{}", register.name),
            address: base.wrapping_add(register.address_offset),
            size: properties.size.unwrap_or(32).div_ceil(8).clamp(1, 4),
            reset_value: properties.reset_value.map_or(0, |value| value as u32),
            reset_mask,
            readable: access.is_none_or(|access| access.can_read()),
            writable: access.is_none_or(|access| access.can_write()),
            behaviour: Behaviour::of(register),
            fields,
        }
    }

    /// The name without the peripheral's.
    pub fn short_name(&self) -> &str {
        self.name.split_once('.').map_or(&self.name, |(_, name)| name)
    }
}

fn mask(lowest: u32, width: u32) -> u32 {
    let ones = 1_u32.checked_shl(width).map_or(u32::MAX, |above| above - 1);
    ones.checked_shl(lowest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transmitters_are_known_by_their_names() {
        let sends = |name: &str, writable| {
            let behaviour = Behaviour::default();
            let name = name.to_owned();
            let register = Register {
                name,
                address: 0,
                size: 4,
                reset_value: 0,
                reset_mask: 0,
                readable: true,
                writable,
                behaviour,
                fields: Vec::new(),
            };
            register.seems_to_send()
        };
        for name in ["UART.THR", "UART0.D", "LEUART1.TXDATA", "USART2.USART_TDR", "SCI0.TDR", "Serial1.data"]
        {
            assert!(sends(name, true) && !sends(name, false), "{name}");
        }
        for name in ["UART.SR", "UART.BRGR", "SPI0.DR", "UART0.BDH", "THR"] {
            assert!(!sends(name, true), "{name}");
        }
    }

    #[test]
    fn writes_do_what_the_file_says() {
        let all = u32::MAX;
        let written = |behaviour: Behaviour| behaviour.written(0b1100, 0b1010, 0b1111);
        assert_eq!(written(Behaviour::default()), 0b1010);
        assert_eq!(written(Behaviour { read_only: all, ..Behaviour::default() }), 0b1100);
        assert_eq!(written(Behaviour { one_to_clear: all, ..Behaviour::default() }), 0b0100);
        assert_eq!(written(Behaviour { one_to_set: all, ..Behaviour::default() }), 0b1110);
        assert_eq!(written(Behaviour { one_to_toggle: all, ..Behaviour::default() }), 0b0110);
        assert_eq!(written(Behaviour { zero_to_clear: all, ..Behaviour::default() }), 0b1000);
        assert_eq!(written(Behaviour { zero_to_set: all, ..Behaviour::default() }), 0b1101);
        assert_eq!(written(Behaviour { zero_to_toggle: all, ..Behaviour::default() }), 0b1001);
        assert_eq!(written(Behaviour { clear: all, ..Behaviour::default() }), 0);
        assert_eq!(written(Behaviour { set: all, ..Behaviour::default() }), 0b1111);
        let narrow = Behaviour { zero_to_clear: all, ..Behaviour::default() };
        assert_eq!(narrow.written(0xffff, 0, 0xff), 0xff00, "other lanes keep their bits");
    }

    #[test]
    fn reads_do_what_the_file_says() {
        let behaviour = Behaviour { write_only: 1, read_clears: 2, read_sets: 4, ..Behaviour::default() };
        assert_eq!(behaviour.read(0b1011, u32::MAX), (0b1010, 0b1101));
    }
}
