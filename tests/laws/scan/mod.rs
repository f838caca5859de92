//! A look at each instruction of a stretch: what travel through it must find.
//!
//! It trusts no watchpoint: it compares memory and decodes accesses itself.

mod accesses;
mod expect;
pub mod stops;
mod walk;

pub use expect::{backward, check_backward, check_forward, forward, same_stop};
pub use walk::{Hit, Walk};
