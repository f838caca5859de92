//! `periph` and `mmio`: the registers of a peripheral, and who accessed them.

use super::{
    MonitorError, Poll,
    names::number,
    registers::{Named, Peripheral, addresses},
    values,
};
use crate::{
    debug::{Debuggee, stub::Stub},
    svd::Register,
    timeline::{Accesses, Crossing, Crossings, DeviceAccess, Finding, ListedAccess},
    words::Icount,
};

/// How many accesses are listed if nobody says.
const SOME: usize = 10;
/// How many are listed at most: each is visited.
const MOST: usize = 1000;

/// Private Peripheral Bus (Armv7-M ARM B3.1): the core's own registers.
const PPB: std::ops::Range<u32> = 0xe000_0000..0xe010_0000;

/// A register with what is known of it.
struct Shown<'a> {
    register: &'a Register,
    value: u32,
    /// Which bits of the value are known.
    known: u32,
    /// Where the value comes from, if not from the model.
    source: String,
}

pub(super) fn periph(
    stub: &mut Stub<'_>,
    arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    let names = stub.names;
    if arguments.is_empty() {
        let row = |peripheral: Peripheral| {
            // Most are called on the board as in the SVD file.
            let device = peripheral.device.filter(|device| !device.eq_ignore_ascii_case(&peripheral.name));
            let base = format!("{:#010x}", peripheral.base);
            vec![peripheral.name, base, peripheral.kind, device.unwrap_or_default()]
        };
        return Ok(aligned(&names.peripherals()?.into_iter().map(row).collect::<Vec<_>>(), ""));
    }
    let named = names.peripheral(arguments)?;
    if let Some(shown) = from_model(&*stub.debuggee, &named.registers) {
        return Ok(told(&named, "now", &shown));
    }
    let places: Vec<_> = named.registers.iter().map(|register| addresses(register)).collect();
    let now = stub.debuggee.now().icount;
    let crossings = stub.debuggee.last_crossings(&places, poll)?;
    let shown = named.registers.iter().zip(&crossings.last);
    let shown: Vec<Shown<'_>> = shown
        .map(|(register, last)| match last {
            Some(crossing) => crossed(register, names.canonical(register.address), crossing),
            None => not_crossed(register, &crossings),
        })
        .collect();
    let title = format!("what last crossed the pins before icount {now}");
    let rest = crossings.interrupted.map(looked).unwrap_or_default();
    Ok(told(&named, &title, &shown) + &rest)
}

fn looked(behind: Icount) -> String {
    format!("\ninterrupted: before icount {behind} nobody has looked, and the position is as it was")
}

/// The registers as the model has them. `None`: this is the past, of which no model knows.
fn from_model<'a>(debuggee: &dyn Debuggee, registers: &[&'a Register]) -> Option<Vec<Shown<'a>>> {
    let peek = |address: u32, length: u32| {
        let mut bytes = [0; 4];
        debuggee.peek(address, &mut bytes[..length as usize]).ok().map(|()| u32::from_le_bytes(bytes))
    };
    let shown = registers.iter().map(|register| {
        let address = register.address;
        // A device may answer to words alone.
        let word = || peek(address & !3, 4).map(|word| word >> (8 * (address % 4)));
        let value = peek(address, register.size).or_else(word);
        let (known, source) = match value {
            None => (0, "bus fault"),
            Some(_) if !register.readable => (0, "write-only"),
            Some(_) => (u32::MAX, ""),
        };
        (value, Shown { register, value: value.unwrap_or(0), known, source: source.to_owned() })
    });
    let (values, shown): (Vec<Option<u32>>, Vec<Shown<'_>>) = shown.unzip();
    values.iter().any(Option::is_some).then_some(shown)
}

/// A register at an address, of which a value has crossed the pins.
fn crossed<'a>(register: &'a Register, address: u32, crossing: &Crossing) -> Shown<'a> {
    let mask = crossing.width.mask();
    let place = |bits: u32| match crossing.address.checked_sub(address) {
        Some(behind) => bits.checked_shl(8 * behind).unwrap_or(0),
        None => bits.checked_shr(8 * (address - crossing.address)).unwrap_or(0),
    };
    let verb = if crossing.written { "written" } else { "read" };
    let source = format!("last {verb} at icount {}", crossing.icount);
    Shown { register, value: place(crossing.value & mask), known: place(mask), source }
}

/// A register of which no value has.
fn not_crossed<'a>(register: &'a Register, crossings: &Crossings) -> Shown<'a> {
    if crossings.interrupted.is_some() {
        return Shown {
            register,
            value: 0,
            known: 0,
            source: "not accessed as far as was looked".to_owned(),
        };
    }
    let source = match crossings.reset {
        Some(icount) => format!("not accessed since the reset at icount {icount} (reset value)"),
        None => "not accessed (reset value)".to_owned(),
    };
    let Register { reset_value, reset_mask, .. } = *register;
    Shown { register, value: reset_value & reset_mask, known: reset_mask, source }
}

fn told(named: &Named<'_>, when: &str, shown: &[Shown<'_>]) -> String {
    let peripheral = &named.peripheral;
    if let ([only], true) = (shown, named.is_register) {
        let address = only.register.address;
        let (value, source) = (digits(only), if only.source.is_empty() { when } else { &only.source });
        return format!("{} ({address:#010x}): {value}, {source}\n{}", named.name, fields(only))
            .trim_end()
            .to_owned();
    }
    let title = format!("{} ({:#010x}, {}), {when}", named.name, peripheral.base, peripheral.kind);
    if shown.is_empty() {
        return format!("{title}: the SVD file names no registers");
    }
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|shown| {
            let name = peripheral.short(shown.register).to_owned();
            let fields = shown.register.fields_of(shown.value & shown.known);
            vec![name, digits(shown), shown.source.clone(), fields]
        })
        .collect();
    format!("{title}:\n{}", aligned(&rows, "  "))
}

/// All fields of a register, a line each.
fn fields(shown: &Shown<'_>) -> String {
    let rows = shown.register.fields.iter().map(|field| {
        let highest = field.lowest + field.width - 1;
        let bits = match field.width {
            1 => format!("[{highest}]"),
            _ => format!("[{highest}:{}]", field.lowest),
        };
        let value = match field.of(shown.value) {
            _ if field.of(shown.known) == 0 => "unknown".to_owned(),
            value @ 0..10 => value.to_string(),
            value => format!("{value} ({value:#x})"),
        };
        vec![bits, field.name.clone(), value]
    });
    aligned(&rows.collect::<Vec<_>>(), "  ")
}

/// A value in hexadecimal, with a dot for each digit of which not all bits are known.
fn digits(shown: &Shown<'_>) -> String {
    let digit = |index: u32| match shown.known >> (4 * index) & 0xf {
        0xf => char::from_digit(shown.value >> (4 * index) & 0xf, 16).unwrap_or('.'),
        _ => '.',
    };
    let digits: String = (0..2 * shown.register.size.min(4)).rev().map(digit).collect();
    format!("0x{digits}")
}

pub(super) fn mmio(
    stub: &mut Stub<'_>,
    arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    const USAGE: MonitorError = MonitorError::Usage("mmio NAME[.REG] [last N], where N is 1 to 1000");
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let (name, count) = match words[..] {
        [name] => (name, Some(SOME)),
        [name, "last", count] => (name, count.parse().ok()),
        _ => return Err(USAGE),
    };
    let count = count.filter(|count| (1..=MOST).contains(count)).ok_or(USAGE)?;
    let names = stub.names;
    let (subject, places, registers) = match number(name) {
        Some(address) => {
            let word = address..address.saturating_add(4);
            (names.of_address(address), vec![word], Vec::new())
        }
        None => {
            let Named { name, places, registers, .. } = names.peripheral(name)?;
            (name, places, registers)
        }
    };
    let now = stub.debuggee.now().icount;
    let Accesses { found, interrupted } = stub.debuggee.last_accesses(&places, count, poll)?;
    if found.is_empty() {
        let own = places.iter().all(|place| PPB.contains(&place.start));
        let why = if own { ": the core's own registers are not behind the pins" } else { "" };
        return Ok(match interrupted {
            Some(behind) => format!("nothing accessed {subject} before icount {now}{}", looked(behind)),
            None => format!("nothing accessed {subject} between reset and icount {now}{why}"),
        });
    }
    let rows: Vec<Vec<String>> = found.iter().map(|access| row(stub, &registers, access)).collect();
    Ok(aligned(&rows, "") + &interrupted.map(looked).unwrap_or_default())
}

/// An access to one of some registers, in columns; it becomes an answer.
fn row(stub: &mut Stub<'_>, among: &[&Register], access: &ListedAccess) -> Vec<String> {
    let ListedAccess { answer, before } = access;
    let names = stub.names;
    stub.answers.push(answer.at.icount);
    let mut row = vec![
        format!("@{}", stub.answers.len()),
        format!("icount {}", answer.at.icount),
        names.of_code_briefly(answer.pc),
    ];
    let Finding::Device { address, width, access } = answer.finding else { return row };
    let (verb, value, fault) = match access {
        DeviceAccess::Read(value) => ("read", value, value.is_none()),
        DeviceAccess::Write { value, accepted } => ("write", Some(value), !accepted),
    };
    let change = match (value, before) {
        _ if fault => "bus fault".to_owned(),
        (Some(value), Some(before)) => names.of_change(among, before, width, value),
        (Some(value), None) => names.of_fields_among(among, address, value).unwrap_or_default(),
        (None, _) => String::new(),
    };
    let value = value.map_or("-".to_owned(), |value| values::word(value, width));
    row.extend([verb.to_owned(), names.of_register(among, address), value, change]);
    row
}

/// Rows with their columns below each other.
fn aligned(rows: &[Vec<String>], indent: &str) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        // A column that nobody needs takes no place.
        let cells = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let cells: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{indent}{}", cells.join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{svd::Field, words::Width};

    fn register(size: u32) -> Register {
        let field = |name: &str, lowest, width| Field { name: name.to_owned(), lowest, width };
        Register {
            name: "UART.DR".to_owned(),
            address: 0x4000_0000,
            size,
            reset_value: 0x12,
            reset_mask: 0xf0,
            readable: true,
            writable: true,
            behaviour: crate::svd::Behaviour::default(),
            fields: vec![field("DR", 0, 9), field("ID", 9, 4), field("FE", 13, 1)],
        }
    }

    #[test]
    fn of_a_part_of_a_register_no_more_is_told() {
        let register = register(4);
        let crossing = |address, width, value| Crossing { icount: 7, address, width, value, written: true };
        let shown = |crossing| crossed(&register, 0x4000_0000, &crossing);
        assert_eq!(digits(&shown(crossing(0x4000_0000, Width::Word, 0x41))), "0x00000041");
        let byte = shown(crossing(0x4000_0001, Width::Byte, 0x37));
        assert_eq!(
            (digits(&byte), byte.source.as_str()),
            ("0x....37..".to_owned(), "last written at icount 7")
        );
        assert_eq!(fields(&byte), "  [8:0]   DR  256 (0x100)\n  [12:9]  ID  11 (0xb)\n  [13]    FE  1");
        let low = shown(crossing(0x4000_0000, Width::Byte, 0x41));
        assert_eq!(fields(&low), "  [8:0]   DR  65 (0x41)\n  [12:9]  ID  unknown\n  [13]    FE  unknown");
        let behind = Register { address: 0x4000_0002, ..self::register(2) };
        let word = crossing(0x4000_0000, Width::Word, 0x1234_5678);
        assert_eq!(digits(&crossed(&behind, 0x4000_0002, &word)), "0x1234");
    }

    #[test]
    fn of_a_reset_value_what_is_defined_is_told() {
        let register = register(2);
        let mut crossings = Crossings::default();
        let shown = not_crossed(&register, &crossings);
        assert_eq!((digits(&shown), &*shown.source), ("0x..1.".to_owned(), "not accessed (reset value)"));
        crossings.reset = Some(9);
        let source = not_crossed(&register, &crossings).source;
        assert_eq!(source, "not accessed since the reset at icount 9 (reset value)");
        crossings.interrupted = Some(8);
        assert_eq!(digits(&not_crossed(&register, &crossings)), "0x....");
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let rows = [["a", "bcd", "", "x"], ["ab", "c", "", ""]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        assert_eq!(aligned(&rows, "  "), "  a   bcd  x\n  ab  c");
    }
}
