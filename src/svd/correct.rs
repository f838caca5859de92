//! Small mistakes of vendors' files that the parser does not forgive.

/// The text with values of `access` and `usage` as the schema has them (CMSIS-SVD 1.3.10). What cannot be guessed stays.
pub(super) fn corrected(xml: &str) -> String {
    let accesses = element(xml, "access", |value| {
        Some(match value.to_ascii_lowercase().as_str() {
            "read" | "read-only" => "read-only",
            "write" | "write-only" => "write-only",
            "read-write" => "read-write",
            "writeonce" => "writeOnce",
            "read-writeonce" => "read-writeOnce",
            _ => return None,
        })
    });
    // Whatever somebody writes there, it is a block of addresses.
    element(&accesses, "usage", |value| {
        Some(value)
            .filter(|value| matches!(*value, "registers" | "buffer" | "reserved"))
            .or(Some("registers"))
    })
}

/// The text with other values in all elements of a name.
fn element<'a>(xml: &'a str, name: &str, value: impl Fn(&'a str) -> Option<&'a str>) -> String {
    let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
    let mut corrected = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some((before, behind)) = rest.split_once(&begin) {
        corrected.push_str(before);
        corrected.push_str(&begin);
        let Some((old, after)) = behind.split_once(&end) else {
            rest = behind;
            break;
        };
        corrected.push_str(value(old.trim()).unwrap_or(old));
        corrected.push_str(&end);
        rest = after;
    }
    corrected.push_str(rest);
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_meant_are_those_of_the_schema() {
        for (found, meant) in [
            ("<access>read-writeonce</access>", "<access>read-writeOnce</access>"),
            ("<a/><access> write </access><b/>", "<a/><access>write-only</access><b/>"),
            (
                "<access>read-only</access><access>writeonce</access>",
                "<access>read-only</access><access>writeOnce</access>",
            ),
            ("<access>nonsense</access>", "<access>nonsense</access>"),
            ("<usage>UART registers</usage>", "<usage>registers</usage>"),
            ("<usage>buffer</usage>", "<usage>buffer</usage>"),
            ("<access>read", "<access>read"),
            ("no element", "no element"),
        ] {
            assert_eq!(corrected(found), meant);
        }
    }
}
