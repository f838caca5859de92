//! Code beside the translator's, where there is none.

use std::{convert::Infallible, ffi::c_void};

/// A place for the hook, which does not exist here.
pub struct Beside(Infallible);

impl Beside {
    /// There is none.
    pub fn new() -> Option<Beside> {
        None
    }

    /// The hook.
    pub fn hook(&self) -> *mut c_void {
        match self.0 {}
    }
}
