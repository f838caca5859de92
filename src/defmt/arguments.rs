//! The arguments in a frame, as the format string says that they are.

use defmt_parser::{Fragment, Parameter, ParserMode, Type};

use super::table::Table;

/// Formats in formats beyond this depth are taken for nonsense.
const DEEPEST: u32 = 64;

/// Lists that are longer than this are taken for nonsense: their elements may have no bytes at all.
const LONGEST_LIST: usize = 1 << 14;

/// Why a frame cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// It ends too early.
    Short,
    /// It cannot be a frame of this firmware.
    Nonsense,
}

/// A decoded argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    Bool(bool),
    Char(char),
    /// As the shortest text that gives it again.
    Float(String),
    Unsigned(u128),
    /// With the number of bits of its type.
    Signed(i128, u32),
    Text(String),
    Bytes(Vec<u8>),
    /// A value with a format of its own.
    Formatted(Formatted),
    /// Values in brackets.
    List(Vec<Formatted>),
    /// Values one behind the other.
    Sequence(Vec<Formatted>),
}

/// A format with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formatted {
    pub format: String,
    pub arguments: Vec<Argument>,
}

/// The parts of a format string.
pub(super) fn fragments(format: &str) -> Result<Vec<Fragment<'_>>, Bad> {
    defmt_parser::parse(format, ParserMode::ForwardsCompatible).map_err(|_| Bad::Nonsense)
}

/// What is left of a frame.
pub(super) struct Bytes<'a> {
    bytes: &'a [u8],
    depth: u32,
}

impl<'a> Bytes<'a> {
    pub fn new(bytes: &'a [u8]) -> Bytes<'a> {
        Bytes { bytes, depth: 0 }
    }

    pub fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn u16(&mut self) -> Result<u16, Bad> {
        Ok(self.unsigned(2)? as u16)
    }

    /// The arguments of a format string, by their index.
    pub fn arguments(&mut self, table: &Table, format: &str) -> Result<Vec<Argument>, Bad> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Bad::Nonsense);
        }
        let types = types(&fragments(format)?);
        let arguments = types.iter().map(|of| self.argument(table, of)).collect();
        self.depth -= 1;
        arguments
    }

    fn argument(&mut self, table: &Table, of: &Type) -> Result<Argument, Bad> {
        Ok(match of {
            Type::U8 => Argument::Unsigned(self.unsigned(1)?),
            Type::U16 => Argument::Unsigned(self.unsigned(2)?),
            Type::U32 | Type::Usize => Argument::Unsigned(self.unsigned(4)?),
            Type::U64 => Argument::Unsigned(self.unsigned(8)?),
            Type::U128 => Argument::Unsigned(self.unsigned(16)?),
            Type::I8 => self.signed(1)?,
            Type::I16 => self.signed(2)?,
            Type::I32 | Type::Isize => self.signed(4)?,
            Type::I64 => self.signed(8)?,
            Type::I128 => self.signed(16)?,
            Type::F32 => Argument::Float(format!("{:?}", f32::from_bits(self.unsigned(4)? as u32))),
            Type::F64 => Argument::Float(format!("{:?}", f64::from_bits(self.unsigned(8)? as u64))),
            Type::Bool => match self.unsigned(1)? {
                value @ (0 | 1) => Argument::Bool(value == 1),
                _ => return Err(Bad::Nonsense),
            },
            Type::Char => Argument::Char(char::from_u32(self.unsigned(4)? as u32).ok_or(Bad::Nonsense)?),
            Type::BitField(range) => {
                // Whole bytes are left out below and above.
                let (first, last) = (range.start / 8, (range.end - 1) / 8);
                let size = (last - first + 1).next_power_of_two();
                Argument::Unsigned(self.unsigned(size.into())? << (8 * first))
            }
            Type::Str => {
                let length = self.unsigned(4)? as usize;
                Argument::Text(text(self.take(length)?)?)
            }
            Type::IStr => Argument::Text(self.part(table)?.to_owned()),
            // Text that the firmware formats itself ends with 0xff, which is in no UTF-8.
            Type::Debug | Type::Display => {
                let length = self.bytes.iter().position(|byte| *byte == 0xff).ok_or(Bad::Short)?;
                let formatted = text(self.take(length)?)?;
                self.take(1)?;
                Argument::Text(formatted)
            }
            Type::U8Slice => {
                let length = self.unsigned(4)? as usize;
                Argument::Bytes(self.take(length)?.to_vec())
            }
            Type::U8Array(length) => Argument::Bytes(self.take(*length)?.to_vec()),
            Type::Format => {
                let format = self.part(table)?;
                Argument::Formatted(self.formatted(table, format)?)
            }
            Type::FormatSlice => {
                let length = self.unsigned(4)? as usize;
                self.list(table, length)?
            }
            Type::FormatArray(length) => self.list(table, *length)?,
            Type::FormatSequence => {
                let mut sequence = Vec::new();
                loop {
                    let number = self.u16()?;
                    if number == 0 {
                        break Argument::Sequence(sequence);
                    }
                    let format = table.part(number).ok_or(Bad::Nonsense)?;
                    let arguments = self.arguments(table, format)?;
                    sequence.push(Formatted { format: format.to_owned(), arguments });
                }
            }
        })
    }

    fn list(&mut self, table: &Table, length: usize) -> Result<Argument, Bad> {
        if length > LONGEST_LIST {
            return Err(Bad::Nonsense);
        }
        let format = self.part(table)?;
        let elements = (0..length).map(|_| self.formatted(table, format));
        elements.collect::<Result<_, _>>().map(Argument::List)
    }

    /// A value of a format. Of an enum all variants stand in the format, and which one it is comes first.
    fn formatted(&mut self, table: &Table, format: &str) -> Result<Formatted, Bad> {
        let mut format = format;
        let variants = format.matches('|').count();
        if variants > 0 {
            let size = match variants {
                0..=0xff => 1,
                0x100..=0xffff => 2,
                _ => 4,
            };
            let variant = self.unsigned(size)? as usize;
            format = format.split('|').nth(variant).ok_or(Bad::Nonsense)?;
        }
        Ok(Formatted { format: format.to_owned(), arguments: self.arguments(table, format)? })
    }

    fn part<'t>(&mut self, table: &'t Table) -> Result<&'t str, Bad> {
        table.part(self.u16()?).ok_or(Bad::Nonsense)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Bad> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(Bad::Short)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn unsigned(&mut self, size: usize) -> Result<u128, Bad> {
        let mut bytes = [0; 16];
        bytes[..size].copy_from_slice(self.take(size)?);
        Ok(u128::from_le_bytes(bytes))
    }

    fn signed(&mut self, size: usize) -> Result<Argument, Bad> {
        let unused = 128 - 8 * size as u32;
        let value = (self.unsigned(size)? << unused) as i128 >> unused;
        Ok(Argument::Signed(value, 8 * size as u32))
    }
}

fn text(bytes: &[u8]) -> Result<String, Bad> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Bad::Nonsense)
}

/// The types of the arguments, by index. Bit fields of the same argument are sent as the one that holds them all.
fn types(fragments: &[Fragment<'_>]) -> Vec<Type> {
    let parameters = fragments.iter().filter_map(|fragment| match fragment {
        Fragment::Parameter(parameter) => Some(parameter),
        Fragment::Literal(_) => None,
    });
    let mut types: Vec<Option<Type>> = Vec::new();
    for Parameter { index, ty, .. } in parameters {
        types.resize(types.len().max(index + 1), None);
        types[*index] = match (types[*index].take(), ty) {
            (Some(Type::BitField(a)), Type::BitField(b)) => {
                Some(Type::BitField(a.start.min(b.start)..a.end.max(b.end)))
            }
            _ => Some(ty.clone()),
        };
    }
    // The parser refuses a format that leaves out an index.
    types.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defmt::table::Encoding;

    fn read(format: &str, bytes: &[u8]) -> Result<Vec<Argument>, Bad> {
        let mut table = Table::empty(Encoding::Raw);
        table.insert_message(1, None, "None|Some({=u8})");
        table.insert_message(2, None, "");
        table.insert_message(3, None, "{=?}");
        Bytes::new(bytes).arguments(&table, format)
    }

    #[test]
    fn values_come_in_the_order_of_their_index() {
        let found = read("{1=i16} {0=bool} {2=0..3} {2=14..20}", &[1, 0xfe, 0xff, 1, 2, 3, 4]);
        let expected = vec![Argument::Bool(true), Argument::Signed(-2, 16), Argument::Unsigned(0x0403_0201)];
        assert_eq!(found, Ok(expected));
        assert_eq!(read("{=12..20}", &[1, 2]), Ok(vec![Argument::Unsigned(0x20100)]));
    }

    #[test]
    fn an_enum_names_its_variant_first() {
        let of = |format: &str, arguments| Formatted { format: format.to_owned(), arguments };
        let some = of("Some({=u8})", vec![Argument::Unsigned(7)]);
        let list = vec![of("None", vec![]), some.clone()];
        assert_eq!(read("{}", &[1, 0, 1, 7]), Ok(vec![Argument::Formatted(some)]));
        assert_eq!(read("{=[?]}", &[2, 0, 0, 0, 1, 0, 0, 1, 7]), Ok(vec![Argument::List(list)]));
        assert_eq!(read("{}", &[1, 0, 2]), Err(Bad::Nonsense));
    }

    #[test]
    fn hostile_frames_end_in_time() {
        assert_eq!(read("{=[?]}", &[0xff, 0xff, 0xff, 0xff, 2, 0]), Err(Bad::Nonsense));
        assert_eq!(read("{=str}", &[0xff, 0xff, 0xff, 0xff, 2, 0]), Err(Bad::Short));
        assert_eq!(read("{}", &[3, 0].repeat(1000)), Err(Bad::Nonsense));
        assert_eq!(read("{=u8", &[3, 0]), Err(Bad::Nonsense));
        assert_eq!(read("{=bool}", &[2]), Err(Bad::Nonsense));
    }
}
