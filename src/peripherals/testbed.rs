//! One peripheral on a bench: a test writes and reads its registers at times that it chooses.

use super::{
    Access, Context, Device, Dma,
    kinds::{Kind, ResetValue, Wiring},
};
use crate::words::{BusFault, Cycle, Width};

/// The core clock of the bench.
pub(super) const CLOCK_HZ: u32 = 1_000_000;

/// Memory that is not there.
pub(crate) struct NoMemory;

impl Dma for NoMemory {
    fn read(&mut self, _address: u32, _bytes: &mut [u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }
    fn write(&mut self, _address: u32, _bytes: &[u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }
}

/// A peripheral, the time, and what it gave to the host.
pub(super) struct Testbed {
    pub device: Box<dyn Device>,
    now: Cycle,
    output: Vec<u8>,
}

impl Testbed {
    pub fn new(kind: &str) -> Self {
        Testbed::with_options(kind, &[])
    }

    pub fn with_options(kind: &str, options: &[(&'static str, u32)]) -> Self {
        let kind = Kind::find(kind).expect("the test names a kind that exists");
        let mut wiring = kind.wiring(CLOCK_HZ);
        for (name, value) in options {
            let slot = wiring.options.iter_mut().find(|(option, _)| option == name);
            slot.expect("the kind has this option").1 = *value;
        }
        Testbed::wired(kind, &wiring)
    }

    pub fn with_registers(kind: &str, registers: Vec<ResetValue>) -> Self {
        let kind = Kind::find(kind).expect("the test names a kind that exists");
        Testbed::wired(kind, &Wiring { registers, ..kind.wiring(CLOCK_HZ) })
    }

    fn wired(kind: &Kind, wiring: &Wiring) -> Self {
        Testbed { device: (kind.build)(wiring), now: 0, output: Vec::new() }
    }

    fn with<R>(&mut self, f: impl FnOnce(&mut dyn Device, &mut Context<'_>) -> R) -> R {
        let mut cx = Context { now: self.now, dma: &mut NoMemory, output: &mut self.output };
        f(self.device.as_mut(), &mut cx)
    }

    pub fn read_width(&mut self, offset: u32, width: Width) -> u32 {
        self.with(|device, cx| device.read(Access { offset, width }, cx)).expect("no bus fault")
    }

    pub fn write_width(&mut self, offset: u32, width: Width, value: u32) {
        self.with(|device, cx| device.write(Access { offset, width }, value, cx)).expect("no bus fault");
    }

    /// A store to the first flash that is programmed through the peripheral, if there is any.
    pub fn program(&mut self, at: Access, value: u32) -> Option<Result<(), BusFault>> {
        let address = self.device.program_areas().first()?.start + at.offset / 4 * 4;
        Some(self.with(|device, cx| device.program(address, at.width, value, cx)))
    }

    pub fn read(&mut self, offset: u32) -> u32 {
        self.read_width(offset, Width::Word)
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        self.write_width(offset, Width::Word, value);
    }

    pub fn peek(&self, offset: u32) -> u32 {
        self.device.peek(Access { offset, width: Width::Word }, self.now).expect("no bus fault")
    }

    pub fn input(&mut self, bytes: &[u8]) {
        self.with(|device, cx| device.input(bytes, cx));
    }

    pub fn wake(&mut self) {
        self.with(|device, cx| device.wake(cx));
    }

    /// Lets time pass as a bus does: the peripheral is woken when it wants to be.
    pub fn run_until(&mut self, end: Cycle) {
        while let Some(at) = self.device.next_wake().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.wake();
            let next = self.device.next_wake();
            assert!(next.is_none_or(|next| next > self.now), "{next:?} is not after {}", self.now);
        }
        self.now = self.now.max(end);
    }

    /// Goes to `end` and wakes the peripheral there, whether it wants to be or not.
    pub fn jump(&mut self, end: Cycle) {
        self.now = self.now.max(end);
        self.wake();
    }

    /// Goes to `end` without a wake: for a state that was saved there.
    pub fn continue_from(&mut self, end: Cycle) {
        self.now = end;
    }

    pub fn now(&self) -> Cycle {
        self.now
    }

    pub fn irq_lines(&self) -> u32 {
        self.device.irq_lines()
    }

    pub fn next_wake(&self) -> Option<Cycle> {
        self.device.next_wake()
    }

    pub fn reset_request(&self) -> bool {
        self.device.reset_request()
    }

    pub fn output(&self) -> &[u8] {
        &self.output
    }
}
