//! All registers of an engine, as they are in the middle of a block.

use std::ptr;

use unicorn_engine_sys::{
    uc_context, uc_context_alloc, uc_context_free, uc_context_restore, uc_context_save, uc_engine, uc_error,
};

/// The registers of an engine, once.
pub struct Snapshot {
    uc: *mut uc_engine,
    context: *mut uc_context,
}

impl Snapshot {
    /// Room for the registers of a live engine.
    pub fn new(uc: *mut uc_engine) -> Result<Snapshot, uc_error> {
        let mut context = ptr::null_mut();
        // SAFETY: allocates a context for a live engine.
        unsafe { Result::from(uc_context_alloc(uc, &mut context))? };
        Ok(Snapshot { uc, context })
    }

    /// Keeps the registers as they are now.
    pub fn take(&mut self) {
        // SAFETY: the context was allocated for this engine, which is alive: it owns what owns this.
        let error = unsafe { uc_context_save(self.uc, self.context) };
        debug_assert_eq!(error, uc_error::OK);
    }

    /// Makes the registers what they were at [`Snapshot::take`]. The engine does not run.
    pub fn restore(&self) {
        // SAFETY: as in `take`; the context holds what that has saved.
        let error = unsafe { uc_context_restore(self.uc, self.context) };
        debug_assert_eq!(error, uc_error::OK);
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        // SAFETY: allocated in `new`, freed once.
        unsafe { uc_context_free(self.context) };
    }
}
