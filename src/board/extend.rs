//! A board file that says only how it differs from another one.

use std::mem;

use toml::{Table, Value};

use super::BoardError;

/// Boards that extend boards that extend boards …
const DEEPEST: u32 = 8;

/// The text of a board file with everything that it extends. One that extends nothing stays as it is. `fetch` finds the
/// text of another board file.
pub(super) fn resolve(
    file: &str,
    text: &str,
    fetch: &dyn Fn(&str) -> Result<String, BoardError>,
) -> Result<String, BoardError> {
    // A text that is no TOML is told about by whoever reads the fields.
    match text.parse::<Table>() {
        Ok(own) if own.contains_key("extends") => {
            let whole = whole(file, own, fetch, DEEPEST)?;
            Ok(toml::to_string(&whole).expect("a table that was read can be written"))
        }
        _ => Ok(text.to_owned()),
    }
}

fn whole(
    file: &str,
    mut own: Table,
    fetch: &dyn Fn(&str) -> Result<String, BoardError>,
    depth: u32,
) -> Result<Table, BoardError> {
    let Some(base) = own.remove("extends") else { return Ok(own) };
    let bad = |message: String| BoardError::Toml { file: file.to_owned(), line: 1, message };
    let Value::String(base) = base else {
        return Err(bad("extends must be the name of a board".to_owned()));
    };
    if depth == 0 {
        return Err(bad(format!("extends {base:?}, which in the end extends itself")));
    }
    let table = fetch(&base)?.parse::<Table>();
    let table = table.map_err(|error| bad(format!("extends {base:?}: {}", error.message())))?;
    Ok(merge(whole(&base, table, fetch, depth - 1)?, own))
}

/// Values of `own` replace those of `base`; of devices, those of the same name. Wires and parts are added, and of options
/// those that are named replace others.
fn merge(mut base: Table, own: Table) -> Table {
    for (key, value) in own {
        match (base.get_mut(&key), value) {
            (Some(Value::Array(rows)), Value::Array(new))
                if matches!(&*key, "wire" | "family-wire" | "part") =>
            {
                rows.extend(new);
            }
            (Some(Value::Table(old)), Value::Table(new)) => *old = merge(mem::take(old), new),
            (Some(Value::Array(rows)), Value::Array(new)) if key == "device" => {
                for row in new {
                    match rows.iter_mut().find(|old| old.get("name") == row.get("name")) {
                        Some(old) => *old = row,
                        None => rows.push(row),
                    }
                }
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
    base
}
