//! stand-in
use std::ops::Range;
/// What ran.
#[derive(Clone, Debug, Default)]
pub struct Executed {
    /// Code.
    pub code: Vec<Range<u32>>,
    /// Exceptions.
    pub exceptions: std::collections::BTreeSet<u16>,
}
