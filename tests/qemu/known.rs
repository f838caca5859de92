//! Differences that are QEMU's, from `known.toml`.

use serde::Deserialize;

use super::follow::Differing;

/// The rows that are for one program.
pub struct Known(Vec<Row>);

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The core kinds or fixtures that it is for; all, if empty.
    #[serde(default)]
    programs: Vec<String>,
    /// Sixteen or thirty-two bits of the instruction, `.` for any.
    instruction: String,
    /// The registers that differ, without their numbers: `r`, `s`, `fpscr`.
    registers: Vec<String>,
    /// The bits that may differ; all by default.
    #[serde(default = "all_bits")]
    bits: u32,
    /// Why QEMU is wrong, or why both are right.
    reason: String,
    /// Where the manual says so.
    manual: String,
}

fn all_bits() -> u32 {
    u32::MAX
}

impl Known {
    /// The rows for a program: a fixture or the random instructions of a core.
    pub fn of(program: &str) -> Known {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            #[serde(default)]
            difference: Vec<Row>,
        }
        let table: Table = toml::from_str(include_str!("known.toml")).expect("known.toml is well formed");
        let is_for = |row: &Row| row.programs.is_empty() || row.programs.iter().any(|name| name == program);
        for row in &table.difference {
            assert!(!row.reason.is_empty() && !row.manual.is_empty(), "{}: say why", row.instruction);
        }
        Known(table.difference.into_iter().filter(is_for).collect())
    }

    /// Whether a row explains the difference.
    pub fn covers(&self, instruction: (u16, u16), (name, ours, theirs): &Differing) -> bool {
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
        self.0.iter().any(|row| {
            row.registers.iter().any(|register| register == name)
                && (ours ^ theirs) & !row.bits == 0
                && matches(&row.instruction, instruction)
        })
    }
}

fn matches(pattern: &str, (first, second): (u16, u16)) -> bool {
    let pattern: String = pattern.chars().filter(|c| !c.is_whitespace()).collect();
    let bits = format!("{first:016b}{second:016b}");
    assert!(pattern.len() == 16 || pattern.len() == 32, "{pattern}: 16 or 32 bits");
    pattern.chars().zip(bits.chars()).all(|(wanted, bit)| wanted == '.' || wanted == bit)
}

#[test]
fn rows_are_found_by_instruction_and_register() {
    let row = |instruction: &str, register: &str, bits| Row {
        programs: Vec::new(),
        instruction: instruction.into(),
        registers: vec![register.into()],
        bits,
        reason: "none".into(),
        manual: "none".into(),
    };
    let known =
        Known(vec![row("1110 1110 1... ....", "fpscr", 0x80), row("00100.........00", "r", u32::MAX)]);
    assert!(known.covers((0xee80, 0), &("fpscr".into(), 0x80, 0)));
    assert!(!known.covers((0xee80, 0), &("fpscr".into(), 0x81, 0)));
    assert!(!known.covers((0xee00, 0), &("fpscr".into(), 0x80, 0)));
    assert!(known.covers((0x2004, 0), &("r12".into(), 1, 2)));
    assert!(!known.covers((0x2005, 0), &("r12".into(), 1, 2)));
}
