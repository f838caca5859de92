//! One peripheral on a bench: a test writes and reads its registers at times that it chooses.

use super::{
    Access, Clocks, Context, Device, Dma, Frequency, Level, Output, Surroundings, Talk,
    kinds::{Kind, Wiring},
};
use crate::{
    svd::Register,
    words::{BusFault, Cycle, Width},
};

/// The core clock of the bench.
pub(super) const CLOCK_HZ: u32 = 1_000_000;

/// Memory that is not there.
pub(crate) use super::surroundings::Nothing as NoMemory;

/// What is around the peripheral: some RAM, registers of other peripherals that read as they were written, and a part that
/// answers.
pub(super) struct World {
    /// Memory: first addresses and contents. RAM at [`World::RAM`] is there, a test may add flash.
    pub memory: Vec<(u32, Vec<u8>)>,
    /// Answers for the parts that would be attached.
    pub answer: Box<dyn FnMut(Talk) -> Option<u32>>,
    /// What the other peripherals at [`World::PERIPHERALS`] were written: address and value.
    pub written: Vec<(u32, u32)>,
    /// What the other peripherals read as, one after the other; 0 when there are no more.
    pub reads: std::collections::VecDeque<u32>,
}

impl World {
    pub const RAM: u32 = 0x2000_0000;
    pub const PERIPHERALS: u32 = 0x4000_0000;

    fn new() -> World {
        World {
            memory: vec![(World::RAM, vec![0; 0x1000])],
            answer: Box::new(|_| None),
            written: Vec::new(),
            reads: std::collections::VecDeque::new(),
        }
    }

    /// Some bytes of memory.
    pub fn bytes(&mut self, address: u32, length: usize) -> Result<&mut [u8], BusFault> {
        let region = self.memory.iter_mut().find_map(|(base, bytes)| {
            let start = address.checked_sub(*base)? as usize;
            bytes.get_mut(start..start.checked_add(length)?)
        });
        region.ok_or(BusFault)
    }
}

impl Dma for World {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        if address >= World::PERIPHERALS {
            let value = self.reads.pop_front().unwrap_or(0).to_le_bytes();
            bytes.iter_mut().zip(value).for_each(|(to, from)| *to = from);
            return Ok(());
        }
        let length = bytes.len();
        bytes.copy_from_slice(self.bytes(address, length)?);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
        if address >= World::PERIPHERALS {
            let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            self.written.push((address, value));
            return Ok(());
        }
        self.bytes(address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }
}

impl Surroundings for World {
    fn talk(&mut self, talk: Talk) -> Option<u32> {
        (self.answer)(talk)
    }
}

/// A peripheral, the time, and what it gave to the host.
pub(super) struct Testbed {
    pub device: Box<dyn Device>,
    pub world: World,
    now: Cycle,
    output: Output,
    pulses: Vec<u32>,
}

impl Testbed {
    pub fn new(kind: &str) -> Self {
        Testbed::with_options(kind, &[])
    }

    pub fn with_options(kind: &str, options: &[(&'static str, u32)]) -> Self {
        Testbed::with_options_and_registers(kind, options, Vec::new())
    }

    pub fn with_options_and_registers(
        kind: &str,
        options: &[(&'static str, u32)],
        registers: Vec<Register>,
    ) -> Self {
        let kind = Kind::find(kind).expect("the test names a kind that exists");
        let mut wiring = Wiring { registers, ..kind.wiring(CLOCK_HZ) };
        for (name, value) in options {
            let slot = wiring.options.iter_mut().find(|(option, _)| option == name);
            slot.expect("the kind has this option").1 = *value;
        }
        Testbed::wired(kind, &wiring)
    }

    pub fn with_registers(kind: &str, registers: Vec<Register>) -> Self {
        let kind = Kind::find(kind).expect("the test names a kind that exists");
        Testbed::wired(kind, &Wiring { registers, ..kind.wiring(CLOCK_HZ) })
    }

    fn wired(kind: &Kind, wiring: &Wiring) -> Self {
        Testbed {
            device: (kind.build)(wiring),
            world: World::new(),
            now: 0,
            output: Output::default(),
            pulses: Vec::new(),
        }
    }

    fn with<R>(&mut self, f: impl FnOnce(&mut dyn Device, &mut Context<'_>) -> R) -> R {
        let mut cx = Context {
            now: self.now,
            dma: &mut self.world,
            output: &mut self.output,
            pulses: &mut self.pulses,
        };
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

    /// Lets something arrive at an input.
    pub fn wire(&mut self, input: u32, level: Level) {
        self.with(|device, cx| device.wire(input, level, cx));
    }

    /// Changes the clock.
    pub fn clocked(&mut self, hz: u32, core_hz: u32) {
        self.with(|device, cx| device.clocked(Frequency { hz, core_hz }, cx));
    }

    /// Says something, as the controller that it is attached to.
    pub fn talk(&mut self, talk: Talk) -> Option<u32> {
        self.with(|device, cx| device.talk(talk, cx))
    }

    pub fn outputs(&self) -> u64 {
        self.device.outputs()
    }

    pub fn clocks(&self) -> Option<Clocks> {
        self.device.clocks()
    }

    /// The pulses since the last call.
    pub fn take_pulses(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.pulses)
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
        &self.output.bytes
    }
}
