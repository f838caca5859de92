//! What a loop that polls a register may be waiting for.

use std::fmt;

use crate::svd::{Field, Register};

/// A change of a register's value: the bits of the mask become those of `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    mask: u32,
    value: u32,
}

impl Candidate {
    /// The register's value with the change.
    pub fn apply(self, value: u32) -> u32 {
        value & !self.mask | self.value
    }
}

/// Fields of up to this many bits are tried with every value; wider ones with all ones.
const WIDEST: u32 = 4;

/// What flags that end a wait are called.
const LIKELY: &[&str] = &[
    "RDY", "READY", "DONE", "LOCK", "STABLE", "TXE", "TDRE", "TC", "EMPTY", "COMPLETE", "CPLT", "END",
    "VALID", "OK", "SWS", "ACK", "IDLE", "STARTED", "RUN",
];
/// What flags of trouble are called, and those that say that somebody has sent something.
const UNLIKELY: &[&str] =
    &["ERR", "FAIL", "OVR", "OVERRUN", "FAULT", "NACK", "LOST", "RX", "RDRF", "BUSY", "BSY"];

fn rank(name: &str) -> u8 {
    let name = name.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match (has(UNLIKELY), has(LIKELY)) {
        (true, _) => 2,
        (false, true) => 0,
        (false, false) => 1,
    }
}

/// What to try for the word at an address that holds `value` at first, the likely first: fields by the SVD file, or single
/// bits; then everything set and everything clear.
pub(super) fn candidates(registers: &[Register], address: u32, value: u32) -> Vec<Candidate> {
    let mut fields: Vec<Field> = fields(registers, address).collect();
    if fields.is_empty() {
        let bit = |lowest| Field { name: String::new(), lowest, width: 1 };
        fields = (0..32).map(bit).collect();
    }
    fields.sort_by_key(|field| rank(&field.name));
    let mut all: Vec<Candidate> = Vec::new();
    for field in &fields {
        let mask = field.mask();
        let values: Vec<u32> = match field.width {
            width @ ..=WIDEST => (0..1 << width).collect(),
            _ => vec![u32::MAX],
        };
        let values = values.into_iter().map(|bits| bits << field.lowest & mask);
        all.extend(values.filter(|bits| *bits != value & mask).map(|value| Candidate { mask, value }));
        // What is no longer as it was after reset may be waited for to become so again.
        all.push(Candidate { mask, value: value & mask });
    }
    all.extend([Candidate { mask: u32::MAX, value: u32::MAX }, Candidate { mask: u32::MAX, value: 0 }]);
    all
}

/// The fields of all registers in a word.
fn fields(registers: &[Register], address: u32) -> impl Iterator<Item = Field> {
    let here = registers.iter().filter(move |register| register.address & !3 == address);
    here.flat_map(move |register| {
        let shift = 8 * (register.address & 3);
        register.fields.iter().map(move |field| Field { lowest: field.lowest + shift, ..field.clone() })
    })
    .filter(|field| field.lowest < 32)
}

/// A value that firmware waited for and got, though no model says that it would come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The address of the word.
    pub address: u32,
    /// The register, as in `PMC.SR`, if the SVD file has it.
    pub register: Option<String>,
    /// The field, as in `MOSCXTS=1`, or the bits.
    pub field: String,
}

impl Guess {
    pub(super) fn new(registers: &[Register], address: u32, candidate: Candidate) -> Guess {
        let register = registers.iter().find(|register| register.address & !3 == address);
        let lowest = candidate.mask.trailing_zeros();
        let named = fields(registers, address).find(|field| field.mask() == candidate.mask);
        let field = match named {
            _ if candidate.mask == u32::MAX => format!("{:#010x}", candidate.value),
            Some(field) => format!("{}={}", field.name, field.of(candidate.value)),
            None => format!("bit {lowest}={}", candidate.value >> lowest),
        };
        Guess { address, register: register.map(|register| register.name.clone()), field }
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.register {
            Some(register) => write!(f, "{register}: {}", self.field),
            None => write!(f, "{:#010x}: {}", self.address, self.field),
        }
    }
}
