//! What ends a block by an exception: SVC, BKPT, exception returns, undefined instructions.

use super::*;

/// SVC, BKPT, EXC_RETURN and some faults.
pub unsafe extern "C" fn interrupt(_uc: *mut uc_engine, number: u32, data: *mut c_void) {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.abandoned.is_some() {
        return s.stop_again();
    }
    let exit = match number {
        2 => Exit::Svc,
        7 => Exit::Bkpt,
        8 => Exit::ExceptionReturn(s.register(RegisterARM::PC) | (s.register(RegisterARM::XPSR) >> 24 & 1)),
        17 => Exit::Fault(Fault::NoCoprocessor),
        18 => Exit::Fault(Fault::InvalidState),
        19 => Exit::Fault(Fault::StackOverflow),
        // 4: a data abort can only be an unaligned LDREX or STREX: what else is refused never gets that far.
        4 | 22 => Exit::Fault(Fault::Access { address: 0, fault: AccessFault::Unaligned }),
        _ => Exit::Fault(Fault::Undefined),
    };
    s.stop(exit);
}

/// UDF, WFE, YIELD, and instructions in ARM state.
pub unsafe extern "C" fn invalid(_uc: *mut uc_engine, data: *mut c_void) -> bool {
    // SAFETY: registered with this engine's `Shared`.
    let s = unsafe { shared(data) };
    if s.abandoned.is_some() {
        return false;
    }
    if s.register(RegisterARM::XPSR) & XPSR_T == 0 {
        s.exit = Some(Exit::Fault(Fault::InvalidState));
        return false;
    }
    let last = s.last_instruction();
    match (s.memory_half(last), s.memory_half(last.wrapping_add(2))) {
        (0xbf10, _) | (0xf3af, 0x8001) => true, // YIELD: nothing else to run
        (0xbf20, _) | (0xf3af, 0x8002) => {
            s.stop(Exit::Wfe);
            true
        }
        _ => {
            s.exit = Some(Exit::Fault(Fault::Undefined));
            false
        }
    }
}

impl Shared {
    /// The address of the last instruction of the block.
    pub fn last_instruction(&mut self) -> u32 {
        let block = self.block();
        let mut at = block.address();
        for _ in 1..block.count {
            at = at.wrapping_add(thumb::length(self.memory_half(at)));
        }
        at
    }
}
