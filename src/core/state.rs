//! The state of a core: plain data that, with memory, says everything.

use serde::{Deserialize, Serialize};

use super::{
    Clock, Config,
    dwt::Dwt,
    engine::Masks,
    itm::Itm,
    mpu::Mpu,
    nvic::{Nvic, exception::SV_CALL},
    scb::{Scb, scr},
    systick::SysTick,
};
use crate::{
    fault::Fault,
    words::{Cycle, Icount, Moment, Nanoseconds, Registers},
};

/// What a [`State`] keeps outside itself, in bytes: the priorities of the interrupts.
pub const STATE_HEAP_BYTES: usize = super::nvic::MAX_INTERRUPTS;

/// Whether the core runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// Instructions execute.
    Running,
    /// Sleeping since the last instruction, a WFI.
    WaitingForInterrupt,
    /// Sleeping since the last instruction, a WFE.
    WaitingForEvent,
    /// Locked up (B1.5.15): only a reset helps.
    LockedUp,
}

/// Everything that changes in a core, but memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The position.
    pub icount: Icount,
    /// Cycles slept so far: virtual time is the icount plus these.
    pub slept: Cycle,
    /// What virtual time is in seconds.
    pub clock: Clock,
    /// The registers.
    pub registers: Registers,
    /// The next instruction begins a basic block of the architecture: exceptions may be taken here.
    pub boundary: bool,
    /// Running, sleeping or locked up.
    pub activity: Activity,
    /// The event register (B1.5.18).
    pub event: bool,
    /// SYSRESETREQ was written: the chip resets at the next boundary.
    pub reset_requested: bool,
    /// The chip was reset from outside the core, which follows at this very boundary.
    pub reset_arrived: bool,
    /// Exceptions.
    pub nvic: Nvic,
    /// SysTick.
    pub systick: SysTick,
    /// The system control block.
    pub scb: Scb,
    /// The memory protection unit.
    pub mpu: Mpu,
    /// The data watchpoint and trace unit.
    pub dwt: Dwt,
    /// The instrumentation trace macrocell.
    pub itm: Itm,
    /// The last fault taken.
    pub fault: Option<Fault>,
}

impl State {
    /// The state at power-up, before the vector table is read.
    pub fn new(config: &Config) -> State {
        State {
            icount: 0,
            slept: 0,
            clock: Clock::new(config.clock_hz),
            registers: Registers { lr: u32::MAX, xpsr: 1 << 24, ..Registers::default() },
            boundary: true,
            activity: Activity::Running,
            event: false,
            reset_requested: false,
            reset_arrived: false,
            nvic: Nvic::new(config),
            systick: SysTick::new(config.systick_reference_divider),
            scb: Scb::new(config),
            mpu: Mpu::new(config.core, config.mpu_regions),
            dwt: Dwt::new(config),
            itm: Itm::default(),
            fault: None,
        }
    }

    /// A digest of this and of memory whose digest has the given sum.
    pub fn digest(&self, memory: u64) -> u64 {
        let state = postcard::to_stdvec(self).expect("the state is plain data");
        xxhash_rust::xxh3::xxh3_64_with_seed(&state, memory)
    }

    /// Whether this can be a state of a core that is built with `config`: what never changes is as it must be.
    pub fn fits(&self, config: &Config) -> bool {
        let new = State::new(config);
        self.nvic.fits(&new.nvic) && self.mpu.fits(&new.mpu) && self.dwt.fits(&new.dwt)
    }

    /// The position and the virtual time.
    pub fn moment(&self) -> Moment {
        Moment { icount: self.icount, cycle: self.icount + self.slept }
    }

    /// The virtual time in seconds.
    pub fn time(&self) -> Nanoseconds {
        self.clock.time_at(self.moment().cycle)
    }

    /// PRIMASK, FAULTMASK and BASEPRI.
    pub fn masks(&self) -> Masks {
        Masks {
            primask: self.registers.primask != 0,
            faultmask: self.registers.faultmask != 0,
            basepri: self.registers.basepri as u8,
        }
    }

    /// Whether code runs privileged: in Handler mode, or in Thread mode with CONTROL.nPRIV clear.
    pub fn is_privileged(&self) -> bool {
        self.registers.ipsr() != 0 || self.registers.control & 1 == 0
    }

    /// Whether the last instruction was an SVC whose exception is entered next, before anything else runs.
    pub fn is_calling(&self) -> bool {
        self.nvic.is_pending(SV_CALL) && self.nvic.takeable(self.masks()).is_some()
    }

    /// SCR.SEVONPEND: an interrupt that has become pending is an event (B3.2.7).
    pub fn send_event_on_pend(&mut self) {
        self.event |= self.nvic.take_pended() && self.scb.scr & scr::SEVONPEND != 0;
    }
}
