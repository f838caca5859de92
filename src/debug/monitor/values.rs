//! Values as answers show them, and texts as a user types them.

use super::names::Names;
use crate::words::Width;

/// The most bytes that are shown of a larger value.
const SHOWN: usize = 16;

/// A value of a device's register; a byte that is a character also as that.
pub(super) fn word(value: u32, width: Width) -> String {
    let digits = 2 * width.bytes() as usize;
    let text = format!("{value:#0width$x}", width = digits + 2);
    match u8::try_from(value) {
        Ok(byte) if byte.is_ascii_graphic() => format!("{text} '{}'", char::from(byte)),
        _ => text,
    }
}

/// Bytes of memory: as a number where they can be one.
pub(super) fn bytes(bytes: &[u8], names: &Names<'_>) -> String {
    let mut padded = [0; 8];
    match bytes.len() {
        1 | 2 | 4 | 8 => padded[..bytes.len()].copy_from_slice(bytes),
        _ => return listed(bytes),
    }
    let value = u64::from_le_bytes(padded);
    let text = format!("{value:#0width$x}", width = 2 * bytes.len() + 2);
    let name = if bytes.len() == 4 && value != 0 { names.of_word(value as u32) } else { None };
    name.map_or(text.clone(), |name| format!("{text} {name}"))
}

fn listed(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > SHOWN { " …" } else { "" };
    shown.join(" ") + more
}

/// What memory was and became; of a larger piece, the bytes from the first to the last that changed.
pub(super) fn change(address: u32, old: &[u8], new: &[u8], names: &Names<'_>) -> String {
    let place = names.of_address(address);
    if matches!(old.len(), 1 | 2 | 4 | 8) || old == new {
        return format!("{place}: {} -> {}", bytes(old, names), bytes(new, names));
    }
    let differs = |index: &usize| old.get(*index) != new.get(*index);
    let first = (0..old.len()).find(differs).unwrap_or(0);
    let last = (0..old.len()).rfind(differs).unwrap_or(0);
    // A word that has changed in one byte is still a word.
    let misaligned = address as usize % 4;
    let word = ((first + misaligned) & !3).checked_sub(misaligned).map(|start| start..start + 4);
    let word = word.filter(|word| last < word.end && word.end <= old.len());
    let range = word.unwrap_or(first..last + 1);
    let changed = names.of_address(address.wrapping_add(range.start as u32));
    let (old_bytes, new_bytes) = (bytes(&old[range.clone()], names), bytes(&new[range.clone()], names));
    let count = match range.len() {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    };
    format!("{changed}, {count} of {}: {old_bytes} -> {new_bytes}", old.len())
}

/// A text without the quotes that may be around it; within quotes, `\n`, `\t`, `\r`, `\\`, `\"` and `\x41` stand for what
/// they do in C.
pub(super) fn unquoted(text: &str) -> Vec<u8> {
    let quoted = text.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
    let Some(quoted) = quoted else { return text.as_bytes().to_vec() };
    let mut out = Vec::new();
    let mut rest = quoted;
    while let Some(at) = rest.find('\\') {
        out.extend(rest[..at].bytes());
        let escaped = &rest[at + 1..];
        let hex = escaped.strip_prefix('x').and_then(|digits| u8::from_str_radix(digits.get(..2)?, 16).ok());
        let Some(character) = escaped.chars().next() else {
            out.push(b'\\');
            return out;
        };
        rest = &escaped[character.len_utf8()..];
        match (character, hex) {
            ('x', Some(byte)) => {
                out.push(byte);
                rest = &rest[2..];
            }
            ('n', _) => out.push(b'\n'),
            ('t', _) => out.push(b'\t'),
            ('r', _) => out.push(b'\r'),
            (other, _) => out.extend(other.to_string().bytes()),
        }
    }
    out.extend(rest.bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Symbols;

    #[test]
    fn quotes_are_c_s() {
        for (typed, meant) in [
            ("hello world", "hello world"),
            ("\"hello  world\"", "hello  world"),
            (r#""a\n\t\"\\\x41""#, "a\n\t\"\\A"),
            (r#""open"#, "open"),
            (r#""a\"#, "a\\"),
            (r#""\xzz""#, "xzz"),
            ("\"\"", ""),
        ] {
            assert_eq!(unquoted(typed), meant.as_bytes(), "{typed}");
        }
    }

    #[test]
    fn of_a_large_value_what_changed_is_shown() {
        let symbols = Symbols::default();
        let names = Names::new(&symbols, || None);
        let old = [0; 32];
        let mut new = old;
        new[9] = 5;
        let text = change(0x2000_0000, &old, &new, &names);
        assert_eq!(text, "0x20000008, 4 bytes of 32: 0x00000000 -> 0x00000500");
        new[20] = 1;
        let text = change(0x2000_0000, &old, &new, &names);
        let dots = "00 00 00 00 00 00 00 00 00 00 00 00 -> 05 00 00 00 00 00 00 00 00 00 00 01";
        assert_eq!(text, format!("0x20000009, 12 bytes of 32: {dots}"));
        assert_eq!(change(0x2000_0002, &[1, 2], &[3, 4], &names), "0x20000002: 0x0201 -> 0x0403");
        let text = change(0x2000_0001, &old[..3], &new[9..12], &names);
        assert_eq!(text, "0x20000001, 1 byte of 3: 0x00 -> 0x05");
    }

    #[test]
    fn characters_are_shown_beside_their_codes() {
        assert_eq!(word(0x41, Width::Word), "0x00000041 'A'");
        assert_eq!(word(10, Width::Byte), "0x0a");
    }
}
