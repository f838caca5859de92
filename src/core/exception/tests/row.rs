//! What a row of the tables is made of.

/// The cores that rows run on.
#[derive(Clone, Copy, Debug)]
pub enum On {
    M0,
    M0Plus,
    M3,
    M4F,
    M7,
    /// Without the Security Extension.
    M33,
    M33F,
    /// With it: all is Secure.
    M33Secure,
    M33FSecure,
}

/// What is given.
#[derive(Clone, Copy, Debug)]
pub enum Set {
    /// The core handles this exception: it is active, and IPSR says so.
    In(u16),
    Active(u16),
    Pending(u16),
    Disabled(u16),
    Priority(u16, u8),
    /// SHCSR bits 19:16.
    FaultEnables(u32),
    Prigroup(u8),
    Primask,
    Faultmask,
    Basepri(u32),
    Control(u32),
    Msp(u32),
    Psp(u32),
    Msplim(u32),
    Psplim(u32),
    Pc(u32),
    /// Bits of xPSR besides IPSR.
    Xpsr(u32),
    Vtor(u32),
    Ccr(u32),
    Scr(u32),
    Demcr(u32),
    Cpacr(u32),
    Fpccr(u32),
    Fpcar(u32),
    Fpdscr(u32),
    Fpscr(u32),
    /// MPU_CTRL.
    MpuCtrl(u32),
    /// MPU_RBAR (without VALID) and MPU_RASR or MPU_RLAR of region 0.
    MpuRegion(u32, u32),
    /// A frame: R0 to R3 and R12 are 0x200 to 0x204, LR 0x205; PC and xPSR.
    Stacked(u32, u32, u32),
    /// The floating-point part: S0 to S15 are 0x600 to 0x60f, and FPSCR.
    StackedFp(u32, u32),
    Word(u32, u32),
    /// An interrupt line is up.
    Line(u16),
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum Do {
    /// At a boundary, the pending exception that can preempt is taken, if there is one.
    Look,
    Svc,
    Bkpt,
    /// A debug event with this bit of DFSR.
    DebugEvent(u32),
    /// A UsageFault with this bit of CFSR.
    Usage(u32),
    /// A load or store that the bus refused at this address.
    BusError(u32),
    /// A load or store that the MPU refused.
    Refused(u32),
    /// A fetch that the bus refused.
    FetchBus,
    /// A fetch that the MPU refused.
    FetchRefused,
    Return(u32),
    /// A floating-point instruction is about to execute.
    Fp,
    /// A privileged store to a system register.
    Store(u32, u32),
    Pend(u16),
    /// An interrupt line goes up, or down.
    Raise(u16),
    Lower(u16),
}

/// What is so afterwards.
#[derive(Clone, Copy, Debug)]
pub enum Is {
    /// IPSR.
    In(u16),
    Lr(u32),
    Pc(u32),
    Msp(u32),
    Psp(u32),
    Control(u32),
    /// All of xPSR.
    Xpsr(u32),
    /// The basic frame of what was given: R0 to R3, R12, LR, PC, xPSR.
    Frame(u32),
    /// The same with this xPSR.
    FrameXpsr(u32, u32),
    /// S0 to S15 as given, and FPSCR.
    FpFrame(u32, u32),
    Word(u32, u32),
    /// R0 to R3, R12 and LR are those of [`Set::Stacked`].
    Unstacked,
    /// S0 to S15 are those of [`Set::StackedFp`].
    UnstackedFp,
    S0(u32),
    Fpscr(u32),
    Cfsr(u32),
    Hfsr(u32),
    Dfsr(u32),
    Mmfar(u32),
    Bfar(u32),
    Fpccr(u32),
    Fpcar(u32),
    Pending(u16),
    NotPending(u16),
    /// All that is active.
    Active(&'static [u16]),
    Faultmask(u32),
    Priority(i16),
    Lockup,
    LeavesLockup(bool),
    Asleep,
    Awake,
    Woken(bool),
    Event(bool),
    /// The exclusive monitor is open.
    Exclusive(bool),
    /// What a privileged load of a system register gives.
    Reads(u32, u32),
    /// What a report shows of CFSR, on a core that has none.
    Reported(u32),
}

/// A row: the core, where the manual says so, and in a few words what.
pub struct Row(
    pub On,
    pub &'static str,
    pub &'static str,
    pub &'static [Set],
    pub &'static [Do],
    pub &'static [Is],
);
