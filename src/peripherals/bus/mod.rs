//! The bus of a live machine: which peripheral answers at which address, and what all of them want.

mod controls;
mod effects;
mod error;
mod links;
mod master;
mod mount;
mod places;
mod saved;
mod wiring;

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    ops::Range,
    sync::Arc,
};

pub use controls::{ControlBit, Controls, Unclocked};
pub use error::{BusError, NoSuchDevice, RestoreError};
pub use mount::{Mount, Target};

use self::{
    controls::Controlled,
    links::{Link, Signal, Signals},
};
use super::{
    Access, Clocks, Dma, Guess, Level, Output,
    bank::{Bank, Contents, Policy},
    surroundings::Nothing,
};
use crate::{
    pins::Lines,
    svd::Svd,
    words::{BusFault, Cycle, Width},
};

/// Addresses at which the peripherals of other addresses appear too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusAlias {
    /// The first address.
    pub at: u32,
    /// Bytes.
    pub size: u32,
    /// The address that the first one stands for.
    pub of: u32,
}

/// What was tried at an address that no model answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmodelled {
    /// The register in the SVD, as in `RCC.PLLCFGR`.
    pub name: Option<String>,
    /// How often it was read.
    pub reads: u64,
    /// How often it was written.
    pub writes: u64,
}

/// All peripherals of a live machine.
#[derive(Debug)]
pub struct Bus {
    /// Sorted by base.
    slots: Vec<Mounted>,
    /// The slot of the last access: firmware tends to stay with one device.
    last: usize,
    svd: Option<Arc<Svd>>,
    spaces: Vec<Range<u32>>,
    aliases: Vec<BusAlias>,
    unmodelled: BTreeMap<u32, Unmodelled>,
    /// The registers that no device answers for.
    bank: Bank,
    contents: Contents,
    /// Registers among them that seem to send text, with the names of their peripherals.
    senders: BTreeMap<u32, String>,
    /// What was stored there.
    sent: Vec<(String, Output)>,
    signals: Signals,
    /// Inputs, by slot, that several wires lead to.
    shared: BTreeSet<(usize, u32)>,
    /// Devices that are busy with accesses of each other.
    depth: u32,
    /// The slot of the clock controller.
    controller: Option<usize>,
    // What follows from the states of the devices, kept up to date by `refresh`.
    lines: Lines,
    clocks: Option<Clocks>,
    /// When each slot wants to be woken; [`Cycle::MAX`]: never.
    wakes: Vec<Cycle>,
    next_wake: Cycle,
    /// The last time at which anything happened.
    reached: Cycle,
    reset_request: bool,
    has_output: bool,
}

/// A device with what it last said.
#[derive(Debug)]
struct Mounted {
    mount: Mount,
    /// The order on the board, which is the order of waking.
    order: usize,
    links: Vec<Link>,
    attached: Vec<usize>,
    controlled: Controlled,
    levels: u32,
    outputs: u64,
    reset_request: bool,
    output: Output,
}

/// Signals that may follow from one access. More go in a circle, and are lost.
const MOST_SIGNALS: u32 = 4096;

impl Bus {
    /// A bus with these devices, just after reset. Within `spaces` and the SVD's peripherals, addresses without a
    /// device read as their reset value; elsewhere they are bus faults.
    pub fn new(mounts: Vec<Mount>, svd: Option<Arc<Svd>>, spaces: Vec<Range<u32>>) -> Result<Bus, BusError> {
        let mut slots: Vec<Mounted> = mounts.into_iter().enumerate().map(Mounted::new).collect();
        wiring::check(&slots)?;
        slots.sort_by_key(|slot| (slot.mount.size > 0, slot.mount.base));
        let registers = svd.iter().flat_map(|svd| svd.all_registers()).cloned();
        let senders =
            svd.iter().flat_map(|svd| svd.all_registers()).filter(|register| register.seems_to_send());
        let senders =
            senders.map(|register| (register.address, register.peripheral_name().to_ascii_lowercase()));
        let mut bus = Bus {
            bank: Bank::new(registers, Policy::default()),
            contents: Contents::default(),
            senders: senders.collect(),
            sent: Vec::new(),
            signals: Signals::default(),
            shared: BTreeSet::new(),
            depth: 0,
            controller: slots.iter().position(|slot| slot.mount.device.clocks().is_some()),
            wakes: vec![Cycle::MAX; slots.len()],
            slots,
            last: 0,
            svd,
            spaces,
            aliases: Vec::new(),
            unmodelled: BTreeMap::new(),
            lines: Lines::default(),
            clocks: None,
            next_wake: Cycle::MAX,
            reached: 0,
            reset_request: false,
            has_output: false,
        };
        bus.refresh_all();
        bus.announce(0, &mut Nothing);
        Ok(bus)
    }

    /// The same bus, where peripherals appear at other addresses too, unless something else is there.
    pub fn with_aliases(mut self, aliases: Vec<BusAlias>) -> Bus {
        self.aliases = aliases;
        self
    }

    /// Reads `width` at `address`, which must be aligned to it, for the core.
    pub fn read(
        &mut self,
        address: u32,
        width: Width,
        now: Cycle,
        dma: &mut dyn Dma,
    ) -> Result<u32, BusFault> {
        aligned(address, width)?;
        self.catch_up(now, dma);
        let address = self.canonical(address);
        let Some(index) = self.find(address) else {
            self.known(address)?;
            let value = self.bank.read(&mut self.contents, Access { offset: address, width }, now)?;
            self.note(address).reads += 1;
            return Ok(value);
        };
        self.note_unclocked(index);
        self.touch(index, now, dma, |device, base, cx| {
            device.read(Access { offset: address - base, width }, cx)
        })
    }

    /// Writes `width` at `address`, which must be aligned to it, for the core.
    pub fn write(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        now: Cycle,
        dma: &mut dyn Dma,
    ) -> Result<(), BusFault> {
        aligned(address, width)?;
        self.catch_up(now, dma);
        let address = self.canonical(address);
        let Some(index) = self.find(address) else {
            if let Some(index) = self.programmer(address) {
                return self
                    .touch(index, now, dma, |device, _, cx| device.program(address, width, value, cx));
            }
            self.known(address)?;
            self.bank.write(&mut self.contents, Access { offset: address, width }, value, now)?;
            self.note(address).writes += 1;
            self.send(address, value as u8);
            return Ok(());
        };
        self.note_unclocked(index);
        let result = self.touch(index, now, dma, |device, base, cx| {
            device.write(Access { offset: address - base, width }, value, cx)
        });
        if self.controller == Some(index) {
            self.follow_controls(address - self.slots[index].mount.base, now, dma);
        }
        result
    }

    /// What [`Bus::read`] would give, without side effects: a debugger's look.
    pub fn peek(&self, address: u32, width: Width, now: Cycle) -> Result<u32, BusFault> {
        aligned(address, width)?;
        let address = self.canonical(address);
        match self.search(address) {
            Some(index) => {
                let mount = &self.slots[index].mount;
                mount.device.peek(Access { offset: address - mount.base, width }, now)
            }
            None => {
                self.known(address)?;
                Ok(self.bank.look(&self.contents, Access { offset: address, width }))
            }
        }
    }

    /// When [`Bus::wake`] is next wanted.
    pub fn next_wake(&self) -> Option<Cycle> {
        Some(self.next_wake).filter(|at| *at != Cycle::MAX)
    }

    /// Gives bytes from the host to the device of that name.
    pub fn input(
        &mut self,
        device: &str,
        bytes: &[u8],
        now: Cycle,
        dma: &mut dyn Dma,
    ) -> Result<(), NoSuchDevice> {
        let index = self.slot_of(device)?;
        self.catch_up(now, dma);
        self.touch(index, now, dma, |device, _, cx| device.input(bytes, cx));
        Ok(())
    }

    /// The levels of all interrupt lines. Devices that share a line are ORed.
    pub fn lines(&self) -> Lines {
        self.lines
    }

    /// Whether a device asks for a reset of the chip.
    pub fn reset_request(&self) -> bool {
        self.reset_request
    }

    /// What devices sent to the host since the last call, with their names.
    pub fn take_output(&mut self) -> Vec<(String, Output)> {
        if !mem::take(&mut self.has_output) {
            return Vec::new();
        }
        let sent = self.slots.iter_mut().filter(|slot| slot.output != Output::default());
        let sent = sent.map(|slot| (slot.mount.name.clone(), mem::take(&mut slot.output)));
        sent.chain(mem::take(&mut self.sent)).collect()
    }

    /// A register without a model was written.
    fn send(&mut self, address: u32, byte: u8) {
        if let Some(name) = self.senders.get(&address) {
            let mut output = Output::default();
            output.fetch(&[byte]);
            self.sent.push((name.clone(), output));
            self.has_output = true;
        }
    }

    /// Something else than the core has written a register.
    fn note_fetched(&mut self, address: u32, byte: u8) {
        let address = self.canonical(address);
        let Some(index) = self.search(address) else { return };
        let slot = &mut self.slots[index];
        if slot.mount.transmits == Some(address - slot.mount.base) {
            slot.output.fetched.push(byte);
            self.has_output = true;
        }
    }

    /// Puts every device into its state after reset; `now` goes on.
    pub fn reset(&mut self, now: Cycle, dma: &mut dyn Dma) {
        for slot in &mut self.slots {
            slot.mount.device.reset();
            slot.outputs = 0;
        }
        self.contents = Contents::default();
        self.clocks = None;
        self.refresh_all();
        self.remember_controls();
        self.announce(now, dma);
    }

    /// How fast the core runs, in Hz, if a clock controller says so.
    pub fn core_hz(&self) -> Option<u32> {
        self.clocks.as_ref().map(|clocks| clocks.core).filter(|hz| *hz > 0)
    }

    /// What happens at registers without a model.
    pub fn set_policy(&mut self, policy: Policy) {
        self.bank.set_policy(policy);
    }

    /// What firmware waited for at registers without a model, and got.
    pub fn guesses(&self) -> Vec<Guess> {
        self.bank.guesses(&self.contents)
    }

    /// What firmware tried where no model answers, by address of the register (or of the word, without SVD).
    pub fn unmodelled(&self) -> &BTreeMap<u32, Unmodelled> {
        &self.unmodelled
    }

    fn note_unclocked(&mut self, slot: usize) {
        let controlled = &mut self.slots[slot].controlled;
        controlled.unclocked += u64::from(controlled.is_off);
    }

    fn note(&mut self, address: u32) -> &mut Unmodelled {
        let register = self.svd.as_deref().and_then(|svd| svd.register(address));
        let key = register.map_or(address & !3, |register| register.address);
        self.unmodelled
            .entry(key)
            .or_insert_with(|| Unmodelled { name: register.map(|r| r.name.clone()), ..Unmodelled::default() })
    }
}

impl Mounted {
    fn new((order, mut mount): (usize, Mount)) -> Mounted {
        mount.targets.truncate(32);
        Mounted {
            mount,
            order,
            links: Vec::new(),
            attached: Vec::new(),
            controlled: Controlled::default(),
            levels: 0,
            outputs: 0,
            reset_request: false,
            output: Output::default(),
        }
    }

    fn contains(&self, address: u32) -> bool {
        address.wrapping_sub(self.mount.base) < self.mount.size
    }

    /// Looks at the device again; gives when it wants to be woken.
    fn refresh(&mut self) -> Cycle {
        let device = &self.mount.device;
        self.levels = device.irq_lines();
        self.outputs = device.outputs();
        self.reset_request = device.reset_request();
        device.next_wake().unwrap_or(Cycle::MAX)
    }
}

fn aligned(address: u32, width: Width) -> Result<(), BusFault> {
    if address.is_multiple_of(width.bytes()) { Ok(()) } else { Err(BusFault) }
}

#[cfg(test)]
mod tests;
