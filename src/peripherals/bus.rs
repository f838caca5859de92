//! The bus of a live machine: which peripheral answers at which address, and what all of them want.

mod error;

use std::{collections::BTreeMap, ops::Range, sync::Arc};

pub use error::{BusError, NoSuchDevice, RestoreError};

use super::{Access, Context, Device, Dma};
use crate::{
    pins::Lines,
    svd::Svd,
    words::{BusFault, Cycle, Width},
};

/// Where an interrupt line of a peripheral goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To this external interrupt of the NVIC.
    Irq(u16),
    /// To the non-maskable interrupt.
    Nmi,
    /// Nowhere.
    Unconnected,
}

/// A peripheral and its place on the bus.
#[derive(Debug)]
pub struct Mount {
    /// The name on the board.
    pub name: String,
    /// The first address.
    pub base: u32,
    /// Bytes of address space.
    pub size: u32,
    /// Where each interrupt line goes; lines beyond the list go nowhere.
    pub targets: Vec<Target>,
    /// The peripheral.
    pub device: Box<dyn Device>,
}

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
    // What follows from the states of the devices, kept up to date by `refresh`.
    lines: Lines,
    next_wake: Option<Cycle>,
    reset_request: bool,
    has_output: bool,
}

/// A device with what it last said.
#[derive(Debug)]
struct Mounted {
    mount: Mount,
    /// The order on the board, which is the order of waking.
    order: usize,
    levels: u32,
    next_wake: Option<Cycle>,
    reset_request: bool,
    output: Vec<u8>,
}

impl Bus {
    /// A bus with these devices, just after reset. Within `spaces` and the SVD's peripherals, addresses without a
    /// device read as their reset value; elsewhere they are bus faults.
    pub fn new(mounts: Vec<Mount>, svd: Option<Arc<Svd>>, spaces: Vec<Range<u32>>) -> Result<Bus, BusError> {
        let mut slots: Vec<Mounted> = mounts.into_iter().enumerate().map(Mounted::new).collect();
        check(&slots)?;
        slots.sort_by_key(|slot| slot.mount.base);
        let mut bus = Bus {
            slots,
            last: 0,
            svd,
            spaces,
            aliases: Vec::new(),
            unmodelled: BTreeMap::new(),
            lines: Lines::default(),
            next_wake: None,
            reset_request: false,
            has_output: false,
        };
        bus.refresh_all();
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
        let address = self.canonical(address);
        let Some(index) = self.find(address) else {
            let value = self.outside(address, width)?;
            self.note(address).reads += 1;
            return Ok(value);
        };
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
        let address = self.canonical(address);
        let Some(index) = self.find(address) else {
            if let Some(index) = self.programmer(address) {
                return self
                    .touch(index, now, dma, |device, _, cx| device.program(address, width, value, cx));
            }
            self.outside(address, width)?;
            self.note(address).writes += 1;
            return Ok(());
        };
        self.touch(index, now, dma, |device, base, cx| {
            device.write(Access { offset: address - base, width }, value, cx)
        })
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
            None => self.outside(address, width),
        }
    }

    /// Wakes every device whose time has come, in the order of the board.
    pub fn wake(&mut self, now: Cycle, dma: &mut dyn Dma) {
        if self.next_wake.is_none_or(|at| at > now) {
            return;
        }
        let due = |slot: &Mounted| slot.next_wake.is_some_and(|at| at <= now);
        let mut indices: Vec<usize> =
            (0..self.slots.len()).filter(|&index| due(&self.slots[index])).collect();
        indices.sort_by_key(|&index| self.slots[index].order);
        for index in indices {
            self.touch(index, now, dma, |device, _, cx| device.wake(cx));
        }
    }

    /// When [`Bus::wake`] is next wanted.
    pub fn next_wake(&self) -> Option<Cycle> {
        self.next_wake
    }

    /// Gives bytes from the host to the device of that name.
    pub fn input(
        &mut self,
        device: &str,
        bytes: &[u8],
        now: Cycle,
        dma: &mut dyn Dma,
    ) -> Result<(), NoSuchDevice> {
        let index = self.slots.iter().position(|slot| slot.mount.name == device);
        let index = index.ok_or_else(|| NoSuchDevice(device.to_owned()))?;
        self.touch(index, now, dma, |device, _, cx| device.input(bytes, cx));
        Ok(())
    }

    /// The levels of all interrupt lines. Devices that share a line are ORed.
    pub fn lines(&self) -> Lines {
        self.lines
    }

    /// The frequency of the core clock as the devices have set it; `None` for the one that the core has at reset.
    pub fn core_hz(&self) -> Option<u32> {
        None
    }

    /// Whether a device asks for a reset of the chip.
    pub fn reset_request(&self) -> bool {
        self.reset_request
    }

    /// What devices sent to the host since the last call, with their names.
    pub fn take_output(&mut self) -> Vec<(String, Vec<u8>)> {
        if !std::mem::take(&mut self.has_output) {
            return Vec::new();
        }
        let sent = self.slots.iter_mut().filter(|slot| !slot.output.is_empty());
        sent.map(|slot| (slot.mount.name.clone(), std::mem::take(&mut slot.output))).collect()
    }

    /// Puts every device into its state after reset.
    pub fn reset(&mut self) {
        for slot in &mut self.slots {
            slot.mount.device.reset();
        }
        self.refresh_all();
    }

    /// The states of all devices, encoded.
    pub fn save(&self) -> Vec<u8> {
        let states: Vec<(&str, Vec<u8>)> =
            self.slots.iter().map(|slot| (slot.mount.name.as_str(), slot.mount.device.save())).collect();
        postcard::to_stdvec(&states).expect("names and bytes can always be encoded")
    }

    /// Takes back what [`Bus::save`] gave. After an error the bus is as it was.
    pub fn restore(&mut self, saved: &[u8]) -> Result<(), RestoreError> {
        let states: Vec<(String, Vec<u8>)> = postcard::from_bytes(saved)
            .map_err(|cause| RestoreError::Decode { device: "the bus".to_owned(), cause })?;
        if !states.iter().map(|(name, _)| name).eq(self.slots.iter().map(|slot| &slot.mount.name)) {
            let found = states.into_iter().map(|(name, _)| name).collect();
            let expected = self.slots.iter().map(|slot| slot.mount.name.clone()).collect();
            return Err(RestoreError::Devices { found, expected });
        }
        let before: Vec<Vec<u8>> = self.slots.iter().map(|slot| slot.mount.device.save()).collect();
        let mut result = Ok(());
        for (slot, (name, state)) in self.slots.iter_mut().zip(states) {
            if let Err(cause) = slot.mount.device.restore(&state) {
                result = Err(RestoreError::Decode { device: name, cause });
                break;
            }
        }
        if result.is_err() {
            for (slot, state) in self.slots.iter_mut().zip(&before) {
                slot.mount.device.restore(state).expect("a device takes back its own state");
            }
        }
        self.refresh_all();
        result
    }

    /// What firmware tried where no model answers, by address of the register (or of the word, without SVD).
    pub fn unmodelled(&self) -> &BTreeMap<u32, Unmodelled> {
        &self.unmodelled
    }

    /// The name of the register at `address`, as in `USART2.SR`, if the SVD has it; else the device and the offset, as
    /// in `usart2+0x4`.
    pub fn register_name(&self, address: u32) -> Option<String> {
        let address = self.canonical(address);
        if let Some(name) = self.svd.as_ref().and_then(|svd| svd.register_name(address)) {
            return Some(name.to_owned());
        }
        let mount = &self.slots[self.search(address)?].mount;
        Some(format!("{}+{:#x}", mount.name, address - mount.base))
    }

    /// The names of all devices with their first addresses, by address.
    pub fn devices(&self) -> impl Iterator<Item = (&str, u32)> {
        self.slots.iter().map(|slot| (slot.mount.name.as_str(), slot.mount.base))
    }

    /// The address without aliases.
    fn canonical(&self, address: u32) -> u32 {
        let alias = self.aliases.iter().find(|alias| address.wrapping_sub(alias.at) < alias.size);
        match alias {
            Some(alias) if self.search(address).is_none() && !self.is_known(address) => {
                address - alias.at + alias.of
            }
            _ => address,
        }
    }

    /// Whether the SVD file or a peripheral space has the address.
    fn is_known(&self, address: u32) -> bool {
        self.svd.as_ref().is_some_and(|svd| svd.block(address).is_some())
            || self.spaces.iter().any(|space| space.contains(&address))
    }

    fn find(&mut self, address: u32) -> Option<usize> {
        if self.slots.get(self.last).is_some_and(|slot| slot.contains(address)) {
            return Some(self.last);
        }
        self.last = self.search(address)?;
        Some(self.last)
    }

    fn search(&self, address: u32) -> Option<usize> {
        let index = self.slots.partition_point(|slot| slot.mount.base <= address).checked_sub(1)?;
        self.slots[index].contains(address).then_some(index)
    }

    /// The device that takes what the core stores to flash at an address.
    fn programmer(&self, address: u32) -> Option<usize> {
        let has =
            |slot: &Mounted| slot.mount.device.program_areas().iter().any(|area| area.contains(&address));
        self.slots.iter().position(has)
    }

    /// What an address without device reads as.
    fn outside(&self, address: u32, width: Width) -> Result<u32, BusFault> {
        if !self.is_known(address) {
            return Err(BusFault);
        }
        let value = self.svd.as_ref().and_then(|svd| svd.reset_value(address)).unwrap_or(0);
        Ok(value & width.mask())
    }

    fn note(&mut self, address: u32) -> &mut Unmodelled {
        let register = self.svd.as_deref().and_then(|svd| svd.register(address));
        let key = register.map_or(address & !3, |register| register.address);
        self.unmodelled
            .entry(key)
            .or_insert_with(|| Unmodelled { name: register.map(|r| r.name.clone()), ..Unmodelled::default() })
    }

    /// Does something with a device and takes in what follows from its new state.
    fn touch<R>(
        &mut self,
        index: usize,
        now: Cycle,
        dma: &mut dyn Dma,
        action: impl FnOnce(&mut dyn Device, u32, &mut Context<'_>) -> R,
    ) -> R {
        let slot = &mut self.slots[index];
        let mut cx = Context { now, dma, output: &mut slot.output };
        let result = action(slot.mount.device.as_mut(), slot.mount.base, &mut cx);
        self.has_output |= !slot.output.is_empty();
        let (levels, wake, reset) = (slot.levels, slot.next_wake, slot.reset_request);
        slot.refresh();
        let (rewire, rewake) = (slot.levels != levels, slot.next_wake != wake);
        let reset_changed = slot.reset_request != reset;
        if rewire {
            self.gather_lines();
        }
        if rewake {
            self.next_wake = self.slots.iter().filter_map(|slot| slot.next_wake).min();
        }
        if reset_changed {
            self.reset_request = self.slots.iter().any(|slot| slot.reset_request);
        }
        result
    }

    fn refresh_all(&mut self) {
        self.slots.iter_mut().for_each(Mounted::refresh);
        self.gather_lines();
        self.next_wake = self.slots.iter().filter_map(|slot| slot.next_wake).min();
        self.reset_request = self.slots.iter().any(|slot| slot.reset_request);
    }

    fn gather_lines(&mut self) {
        self.lines = Lines::default();
        for slot in self.slots.iter().filter(|slot| slot.levels != 0) {
            for (bit, target) in slot.mount.targets.iter().enumerate() {
                if slot.levels >> bit & 1 == 0 {
                    continue;
                }
                match *target {
                    Target::Irq(irq) => self.lines.set(irq, true),
                    Target::Nmi => self.lines.set(Lines::NMI, true),
                    Target::Unconnected => {}
                }
            }
        }
    }
}

impl Mounted {
    fn new((order, mut mount): (usize, Mount)) -> Mounted {
        mount.targets.truncate(32);
        Mounted { mount, order, levels: 0, next_wake: None, reset_request: false, output: Vec::new() }
    }

    fn contains(&self, address: u32) -> bool {
        address.wrapping_sub(self.mount.base) < self.mount.size
    }

    fn refresh(&mut self) {
        let device = &self.mount.device;
        self.levels = device.irq_lines();
        self.next_wake = device.next_wake();
        self.reset_request = device.reset_request();
    }
}

fn aligned(address: u32, width: Width) -> Result<(), BusFault> {
    if address.is_multiple_of(width.bytes()) { Ok(()) } else { Err(BusFault) }
}

fn check(slots: &[Mounted]) -> Result<(), BusError> {
    let mut mounts: Vec<&Mount> = slots.iter().map(|slot| &slot.mount).collect();
    for mount in &mounts {
        let (name, base, size) = (mount.name.clone(), mount.base, mount.size);
        if size == 0 || base.checked_add(size - 1).is_none() {
            return Err(BusError::Range { name, base, size });
        }
        let irqs = mount.targets.iter().filter_map(|target| match target {
            Target::Irq(irq) => Some(*irq),
            _ => None,
        });
        if let Some(irq) = irqs.filter(|irq| *irq >= Lines::MAX).max() {
            return Err(BusError::Irq { name, irq });
        }
    }
    mounts.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = mounts.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(BusError::Name(pair[0].name.clone()));
    }
    mounts.sort_by_key(|mount| mount.base);
    match mounts.windows(2).find(|pair| pair[1].base - pair[0].base < pair[0].size) {
        Some(pair) => Err(BusError::Overlap {
            first: pair[0].name.clone(),
            second: pair[1].name.clone(),
            address: pair[1].base,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
