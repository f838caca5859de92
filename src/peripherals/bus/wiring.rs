//! Putting a bus together: what may stand where, and what leads to what.

use super::{Bus, BusError, Link, Mount, Mounted, NoSuchDevice, Nothing, Target};
use crate::pins::Lines;

impl Bus {
    /// Connects `count` outputs of one device, from `output` on, to inputs of another one, from `input` on.
    pub fn connect(
        &mut self,
        (from, output): (&str, u32),
        count: u32,
        (to, input): (&str, u32),
    ) -> Result<(), NoSuchDevice> {
        let (from, to) = (self.slot_of(from)?, self.slot_of(to)?);
        let link = Link { output, count, to, input };
        let others = self.slots.iter().flat_map(|slot| &slot.links).filter(|other| other.to == to);
        let taken: Vec<u32> = others.flat_map(|other| other.input..other.input + other.count).collect();
        self.shared
            .extend((input..input + count).filter(|input| taken.contains(input)).map(|input| (to, input)));
        let outputs = self.slots[from].outputs;
        self.slots[from].links.push(link);
        self.signals.changed(&[link], 0, outputs);
        self.deliver(0, &mut Nothing);
        Ok(())
    }

    /// Attaches a part to a controller, which then talks to it.
    pub fn attach(&mut self, part: &str, controller: &str) -> Result<(), NoSuchDevice> {
        let (part, controller) = (self.slot_of(part)?, self.slot_of(controller)?);
        self.slots[controller].attached.push(part);
        Ok(())
    }

    pub(super) fn slot_of(&self, device: &str) -> Result<usize, NoSuchDevice> {
        let index = self.slots.iter().position(|slot| slot.mount.name == device);
        index.ok_or_else(|| NoSuchDevice(device.to_owned()))
    }
}

pub(super) fn check(slots: &[Mounted]) -> Result<(), BusError> {
    let mut mounts: Vec<&Mount> = slots.iter().map(|slot| &slot.mount).collect();
    for mount in &mounts {
        let (name, base, size) = (mount.name.clone(), mount.base, mount.size);
        if base.checked_add(size.max(1) - 1).is_none() {
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
