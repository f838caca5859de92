//! Names of peripherals and their registers: as a user types them and as an answer shows them.

use std::ops::Range;

use super::names::{NameError, Names};
use crate::{
    board::{Board, hint, near},
    svd::Register,
    timeline::Crossing,
    words::Width,
};

/// What answers where the board has no model.
const GENERIC: &str = "generic";

/// A peripheral of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peripheral {
    /// Its name in the SVD file; on the board, if the file has none.
    pub(super) name: String,
    /// The first address.
    pub(super) base: u32,
    /// The kind of the device that answers, or `generic`.
    pub(super) kind: String,
    /// The name on the board, if a device answers.
    pub(super) device: Option<String>,
    addresses: Vec<Range<u32>>,
}

/// What a user has named: a peripheral, or one register of it.
#[derive(Debug)]
pub(super) struct Named<'a> {
    /// As it is called.
    pub(super) name: String,
    /// The peripheral.
    pub(super) peripheral: Peripheral,
    /// Its registers, or the one.
    pub(super) registers: Vec<&'a Register>,
    /// Whether it is the one.
    pub(super) is_register: bool,
    /// All addresses that belong to what is named.
    pub(super) places: Vec<Range<u32>>,
}

impl Peripheral {
    /// The name of a register of its, without its own in front.
    pub(super) fn short<'a>(&self, register: &'a Register) -> &'a str {
        let own = register.name.strip_prefix(&*self.name).and_then(|rest| rest.strip_prefix('.'));
        own.unwrap_or(&register.name)
    }

    /// Its registers, as it describes them: at one place another peripheral may have others.
    fn registers<'a>(&self, board: &'a Board) -> Vec<&'a Register> {
        let Some(svd) = board.svd() else { return Vec::new() };
        let own = svd.peripherals().iter().filter(|peripheral| peripheral.name == self.name);
        let own: Vec<&Register> = own.flat_map(|peripheral| &peripheral.described).collect();
        if !own.is_empty() {
            return own;
        }
        self.addresses.iter().flat_map(|range| svd.registers(range.clone())).collect()
    }
}

/// The addresses that a register occupies.
pub(super) fn addresses(register: &Register) -> Range<u32> {
    register.address..register.address.saturating_add(register.size)
}

impl Names<'_> {
    /// All peripherals, by address: those of the SVD file, and the devices of the board that are in none of them.
    pub(super) fn peripherals(&self) -> Result<Vec<Peripheral>, NameError> {
        self.board().map(peripherals).ok_or(NameError::NoBoard)
    }

    /// The addresses of the peripheral or register that a user has named, as in `USART2` or `usart2.sr`.
    pub fn addresses_of(&self, text: &str) -> Result<Vec<Range<u32>>, NameError> {
        self.peripheral(text).map(|named| named.places)
    }

    /// The peripheral or the register that a user has named, by its name in the SVD file or on the board.
    pub(super) fn peripheral(&self, text: &str) -> Result<Named<'_>, NameError> {
        let board = self.board().ok_or(NameError::NoBoard)?;
        let all = peripherals(board);
        let (name, register) = match text.split_once('.') {
            Some((name, register)) => (name, Some(register)),
            None => (text, None),
        };
        // A device that answers for several peripherals can have the name of one of them.
        let named = all.iter().find(|peripheral| peripheral.name.eq_ignore_ascii_case(name));
        let is_device = |device: &String| device.eq_ignore_ascii_case(name);
        let device = || all.iter().find(|peripheral| peripheral.device.as_ref().is_some_and(is_device));
        let Some(peripheral) = named.or_else(device).cloned() else {
            let devices = all.iter().filter_map(|peripheral| peripheral.device.as_deref());
            let names = all.iter().map(|peripheral| peripheral.name.as_str()).chain(devices);
            return Err(NameError::Peripheral(name.to_owned(), hint(&near(name, names))));
        };
        let registers = peripheral.registers(board);
        let Some(register) = register else {
            let shares = |other: &Peripheral| other.name != peripheral.name && other.base == peripheral.base;
            let places = match all.iter().any(shares) && !registers.is_empty() {
                true => registers.iter().map(|register| addresses(register)).collect(),
                false => peripheral.addresses.clone(),
            };
            let name = peripheral.name.clone();
            return Ok(Named { name, peripheral, registers, is_register: false, places });
        };
        let is_meant = |candidate: &&Register| candidate.short_name().eq_ignore_ascii_case(register);
        let Some(found) = registers.iter().copied().find(is_meant) else {
            let names = registers.iter().map(|register| peripheral.short(register));
            let near = hint(&near(register, names));
            return Err(NameError::Register(peripheral.name, register.to_owned(), near));
        };
        let (name, places) = (found.name.clone(), vec![addresses(found)]);
        Ok(Named { name, peripheral, registers: vec![found], is_register: true, places })
    }

    /// The address that another one stands for.
    pub(super) fn canonical(&self, address: u32) -> u32 {
        self.board().map_or(address, |board| board.wires().canonical(address))
    }

    /// `USART2.SR`, or the device and the offset, or the address. The names of `among` go first.
    pub(super) fn of_register(&self, among: &[&Register], address: u32) -> String {
        match self.register_among(among, address) {
            Some((register, _)) => register.name.clone(),
            None => self.name_at(address).unwrap_or_else(|| format!("{address:#010x}")),
        }
    }

    /// The register that an address belongs to, one of `among` before others, and how many bits of it are in front.
    fn register_among<'r>(&'r self, among: &[&'r Register], address: u32) -> Option<(&'r Register, u32)> {
        let canonical = self.canonical(address);
        let own = among.iter().find(|register| addresses(register).contains(&canonical));
        own.map(|register| (*register, 8 * (canonical - register.address))).or_else(|| self.register(address))
    }

    /// The register that an address belongs to, and how many bits of it are in front of the address.
    fn register(&self, address: u32) -> Option<(&Register, u32)> {
        let board = self.board()?;
        let address = board.wires().canonical(address);
        let register = board.svd()?.register(address)?;
        Some((register, 8 * (address - register.address)))
    }

    /// The fields of the register at an address that are not zero in a value: `UE=1 TE=1`.
    pub(super) fn of_fields(&self, address: u32, value: u32) -> Option<String> {
        self.of_fields_among(&[], address, value)
    }

    /// The same, where the registers of `among` go first.
    pub(super) fn of_fields_among(&self, among: &[&Register], address: u32, value: u32) -> Option<String> {
        let (register, shift) = self.register_among(among, address)?;
        Some(register.fields_of(value << shift)).filter(|fields| !fields.is_empty())
    }

    /// What has changed in a register since the access before: `TC 0->1 TXE 0->1`. Of what has no fields, what it was.
    pub(super) fn of_change(
        &self,
        among: &[&Register],
        before: &Crossing,
        width: Width,
        value: u32,
    ) -> String {
        let changed = (before.value ^ value) & before.width.mask() & width.mask();
        if changed == 0 {
            return String::new();
        }
        let was = || format!("was {:#x}", before.value & before.width.mask());
        let Some((register, shift)) = self.register_among(among, before.address) else { return was() };
        let (old, new, changed) = (before.value << shift, value << shift, changed << shift);
        let fields =
            register.fields.iter().filter(|field| register.has_part(field) && field.of(changed) != 0);
        let shown = fields.map(|field| format!("{} {}->{}", field.name, field.of(old), field.of(new)));
        let shown = shown.collect::<Vec<_>>().join(" ");
        if shown.is_empty() { was() } else { shown }
    }
}

fn peripherals(board: &Board) -> Vec<Peripheral> {
    let mut all: Vec<Peripheral> = Vec::new();
    for block in board.svd().into_iter().flat_map(|svd| svd.blocks()) {
        match all.iter_mut().find(|peripheral| peripheral.name == block.name) {
            Some(known) => known.addresses.push(block.addresses.clone()),
            None => all.push(Peripheral {
                name: block.name.clone(),
                base: block.addresses.start,
                kind: GENERIC.to_owned(),
                device: None,
                addresses: vec![block.addresses.clone()],
            }),
        }
    }
    for (name, range) in board.device_ranges() {
        let kind = board.devices().find(|(other, ..)| *other == name).map_or(GENERIC, |(_, kind, _)| kind);
        let answers = |peripheral: &Peripheral| {
            range.contains(&peripheral.base)
                || peripheral.addresses.iter().any(|addresses| addresses.contains(&range.start))
        };
        let mut is_known = false;
        for peripheral in all.iter_mut().filter(|peripheral| answers(peripheral)) {
            is_known = true;
            if peripheral.device.is_none() {
                peripheral.device = Some(name.to_owned());
                peripheral.kind = kind.to_owned();
            }
        }
        if !is_known {
            all.push(Peripheral {
                name: name.to_owned(),
                base: range.start,
                kind: kind.to_owned(),
                device: Some(name.to_owned()),
                addresses: vec![range],
            });
        }
    }
    all.sort_by_key(|peripheral| peripheral.base);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Symbols;

    fn on(board: &str, check: impl FnOnce(&Names<'_>)) {
        let symbols = Symbols::default();
        check(&Names::new(&symbols, || Board::find(board).ok()));
    }

    #[test]
    fn peripherals_have_the_names_of_the_svd_file_and_of_the_board() {
        on("stm32f4discovery", |names| {
            let all = names.peripherals().unwrap();
            let usart = all.iter().find(|peripheral| peripheral.name == "USART2").unwrap();
            assert_eq!((usart.base, &*usart.kind), (0x4000_4400, "stm32-usart"));
            assert!(all.iter().any(|peripheral| peripheral.kind == GENERIC), "{all:?}");
            assert!(all.windows(2).all(|pair| pair[0].base <= pair[1].base));
            for text in ["USART2", "usart2", "Usart2"] {
                let named = names.peripheral(text).unwrap();
                assert_eq!((&*named.name, named.is_register), ("USART2", false), "{text}");
                assert!(named.registers.iter().all(|register| register.name.starts_with("USART2.")));
            }
            let named = names.peripheral("usart2.cr1").unwrap();
            assert_eq!((&*named.name, named.places.len()), ("USART2.CR1", 1));
            assert_eq!(named.places[0], 0x4000_440c..0x4000_4410);
            let error = |text: &str| names.peripheral(text).unwrap_err().to_string();
            assert!(error("USRT2").contains("did you mean USART2"), "{}", error("USRT2"));
            assert!(error("USART2.CR9").contains("USART2 has no register \"CR9\", did you mean CR"));
        });
    }

    #[test]
    fn peripherals_at_one_place_have_their_own_registers() {
        on("microbit", |names| {
            for name in ["POWER", "CLOCK"] {
                let named = names.peripheral(name).unwrap();
                assert_eq!((&*named.peripheral.kind, named.peripheral.base), ("nrf-clock", 0x4000_0000));
                assert!(named.registers.iter().all(|register| register.name.starts_with(name)), "{named:?}");
                assert_eq!(named.places.len(), named.registers.len());
            }
        });
    }

    #[test]
    fn what_two_peripherals_have_at_one_place_each_has_in_its_own_way() {
        on("microbit", |names| {
            for (text, field) in [("SPI0.INTENSET", "READY"), ("TWI0.INTENSET", "STOPPED")] {
                let named = names.peripheral(text).unwrap();
                assert_eq!((&*named.name, named.places[0].start), (text, 0x4000_3304));
                assert_eq!(named.registers[0].fields[0].name, field, "{text}");
                let place = names.place(text).unwrap();
                assert_eq!((place.address, place.size), (0x4000_3304, Some(4)), "{text}");
                let before =
                    Crossing { icount: 1, address: 0x4000_3304, width: Width::Word, value: 0, written: true };
                let registers = names.peripheral(text).unwrap().registers;
                let changed = names.of_change(&registers, &before, Width::Word, u32::MAX);
                assert!(changed.starts_with(&format!("{field} 0->1")), "{changed}");
            }
        });
    }

    #[test]
    fn of_a_change_the_fields_are_told() {
        on("stm32f4discovery", |names| {
            let before = |address, width, value| Crossing { icount: 1, address, width, value, written: true };
            let cr1 = before(0x4000_440c, Width::Word, 0x2000);
            assert_eq!(names.of_change(&[], &cr1, Width::Word, 0x200c), "RE 0->1 TE 0->1");
            assert_eq!(names.of_change(&[], &cr1, Width::Half, 0x2000), "");
            assert_eq!(
                names.of_change(&[], &before(0x4000_440d, Width::Byte, 0x20), Width::Byte, 0),
                "UE 1->0"
            );
            assert_eq!(names.of_change(&[], &before(0x5fff_0000, Width::Word, 5), Width::Word, 6), "was 0x5");
        });
    }

    #[test]
    fn without_a_board_there_are_none() {
        let symbols = Symbols::default();
        let names = Names::new(&symbols, || None);
        assert_eq!(names.peripherals(), Err(NameError::NoBoard));
        assert!(matches!(names.peripheral("uart0"), Err(NameError::NoBoard)));
    }
}
