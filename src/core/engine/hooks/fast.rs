//! The block hook of the fast engine.

use super::*;

/// A block of the fast engine begins. This is where a recording spends its time: count, and be gone, in some fifteen
/// machine instructions that move eight bytes each. Whatever is rare is a call at the very end, so that nothing is saved
/// on the stack. Where it can, [`Beside`] does the same.
pub unsafe extern "C" fn fast_block(_uc: *mut uc_engine, address: u64, size: u32, data: *mut c_void) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    let Some(count) = s.blocks.enter(address as u32, size) else {
        return fast_block_unknown(s, address as u32, size);
    };
    s.left -= i64::from(count);
    if s.left < 0 {
        fast_block_closer(s);
    }
}

/// An instruction of the fast engine begins that compares values: what the one before has stored is seen now.
pub unsafe extern "C" fn compare_values(_uc: *mut uc_engine, address: u64, _size: u32, data: *mut c_void) {
    // SAFETY: registered with this engine's `Shared`.
    unsafe { shared(data) }.compare_values(address as u32);
}

#[cold]
pub(super) extern "C" fn fast_block_unknown(s: &mut Shared, address: u32, size: u32) {
    let known = s.blocks.recall(address, size);
    let block = known.unwrap_or_else(|| {
        let memory = port_of(s.port).memory();
        let guarded = s.is_guarded_code(address, size);
        s.blocks.find(memory, address, size, guarded, &s.search.breakpoints)
    });
    s.left -= i64::from(block.count);
    if s.left >= 0 && block.is_only_planned() {
        let holds_again = block.has(Block::STEADY) && s.blocks.previous() == block;
        if holds_again || s.plan_holds() {
            return;
        }
    }
    if s.left < 0 || block.is_special() {
        fast_block_closer(s);
    }
}

#[cold]
pub(super) extern "C" fn fast_block_closer(s: &mut Shared) {
    if s.abandoned.is_some() {
        return; // on its way out
    }
    let block = s.block();
    let unmasked = s.blocks.previous().has(Block::UNMASKS);
    let icount = s.icount();
    let stop = if s.is_boundary() && s.wants_attention(icount, unmasked) {
        Some(Exit::Attention)
    } else if s.icount_behind() > s.span.limit {
        Some(Exit::Limit)
    } else if block.has(Block::TRAPS)
        || block.has(Block::BREAKPOINT) && !s.search.collect
        || block.has(Block::PLANNED) && !s.plan_holds()
    {
        Some(Exit::Block(block.count))
    } else {
        None
    };
    if let Some(exit) = stop {
        s.set_behind(icount);
        s.blocks.leave_current();
        s.stop(exit);
        return;
    }
    s.event |= block.has(Block::SETS_EVENT);
    if block.has(Block::BREAKPOINT) {
        s.hits.settle(icount);
        let memory = port_of(s.port).memory();
        for &pc in s.search.breakpoints.range(block.address()..block.end()) {
            if let Some(index) = block.begins_at(memory, pc) {
                s.hits.expect(Hit { icount: icount + u64::from(index), found: Found::Breakpoint });
            }
        }
    }
}

impl Shared {
    /// In front of the instruction at an address: notes whether values have changed.
    #[inline(always)]
    pub(super) fn compare_values(&mut self, address: u32) {
        if self.values.as_ref().is_some_and(|values| values.differ()) {
            self.settle_values(address);
        }
    }

    #[cold]
    fn settle_values(&mut self, address: u32) {
        let icount = self.icount_at(address);
        if let Some(values) = &mut self.values {
            values.settle(icount);
        }
    }
}
