//! Building the bus of a board.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Board, BoardError,
    chip::value,
    controls::controls_of,
    file::{DeviceRow, PartRow, WireRow},
    near,
};
use crate::{
    peripherals::{Bus, BusAlias, Controls, KINDS, Kind, Mount, Target, Wiring},
    svd::{Register, Svd},
};

impl Board {
    pub(super) fn build_bus(&self) -> Result<Bus, BoardError> {
        let mut mounts = self.file.device.iter().map(|row| self.mount(row)).collect::<Result<Vec<_>, _>>()?;
        for part in &self.file.part {
            mounts.push(self.part(part)?);
        }
        for part in &self.parts {
            mounts.push(Mount::part(part.name.clone(), (part.make)()));
        }
        let spaces = self.file.peripheral_space.iter();
        let spaces = spaces.map(|space| space.base..space.base.saturating_add(space.size)).collect();
        let aliases = self.file.peripheral_alias.iter();
        let aliases = aliases.map(|row| BusAlias { at: row.at, size: row.size, of: row.of }).collect();
        let bus = Bus::new(mounts, self.svd.clone(), spaces)
            .map_err(|cause| BoardError::Bus { board: self.file.name.clone(), cause })?;
        let mut bus = bus.with_aliases(aliases);
        bus.set_policy(self.policy);
        for wire in &self.file.wire {
            let WireRow { from, to, count } = wire;
            let problem =
                || format!("from {from} to {to}, {count} in number: there are no such outputs and inputs");
            let (from, to) = wire.resolve(&self.file).ok_or_else(|| value(&self.file, "wire", problem()))?;
            bus.connect(from, *count, to).expect("both devices are rows of the board");
        }
        for (device, controls) in self.controls() {
            bus.control(device, controls).expect("the device is a row of the board");
        }
        let rows = self.file.part.iter().map(|part| (&part.name, &part.on));
        for (name, on) in rows.chain(self.parts.iter().map(|part| (&part.name, &part.on))) {
            let attached = bus.attach(name, on);
            attached.map_err(|cause| value(&self.file, &format!("part {name}"), cause.to_string()))?;
        }
        Ok(bus)
    }

    /// The devices whose clocks and resets are bits of the clock controller, with those.
    pub(super) fn controls(&self) -> impl Iterator<Item = (&str, Controls)> {
        let found = self.described().zip(self.file.clock_controller());
        found.into_iter().flat_map(|(svd, (controller, _))| {
            let registers = controller.base..controller.base.saturating_add(controller.size());
            self.file.device.iter().map(move |row| {
                let peripheral = svd.peripherals().iter().find(|peripheral| peripheral.base == row.base);
                let name =
                    peripheral.map_or(row.name.to_ascii_uppercase(), |described| described.name.clone());
                (row.name.as_str(), controls_of(svd, registers.clone(), &name))
            })
        })
    }

    fn part(&self, row: &PartRow) -> Result<Mount, BoardError> {
        let (kind, wiring) = self.wiring(&row.name, &row.kind, &row.options)?;
        if kind.size != 0 {
            let problem = format!("is of kind {}, which is a peripheral with an address", kind.name);
            return Err(value(&self.file, &format!("part {}", row.name), problem));
        }
        Ok(Mount::part(row.name.clone(), (kind.build)(&wiring)))
    }

    /// The kind of that name, and a wiring with the row's options.
    fn wiring(
        &self,
        device: &str,
        kind: &str,
        options: &BTreeMap<String, u32>,
    ) -> Result<(&'static Kind, Wiring), BoardError> {
        let no_such = |what, name: &str, known: Vec<&str>| BoardError::NoSuch {
            board: self.file.name.clone(),
            device: device.to_owned(),
            what,
            name: name.to_owned(),
            near: near(name, known),
        };
        let kind = Kind::find(kind)
            .ok_or_else(|| no_such("kind", kind, KINDS.iter().map(|kind| kind.name).collect()))?;
        let mut wiring = kind.wiring(self.file.clock_hz);
        for (name, value) in options {
            let slot = wiring.options.iter_mut().find(|(option, _)| option == name);
            let known = || kind.options.iter().map(|option| option.name).collect();
            slot.ok_or_else(|| no_such("option", name, known()))?.1 = *value;
        }
        Ok((kind, wiring))
    }

    fn mount(&self, row: &DeviceRow) -> Result<Mount, BoardError> {
        let (kind, mut wiring) = self.wiring(&row.name, &row.kind, &row.options)?;
        let size = row.size.unwrap_or(kind.size);
        wiring.registers = self.registers(row.base..row.base.saturating_add(size));
        Ok(Mount {
            name: row.name.clone(),
            base: row.base,
            size,
            targets: self.targets(row, kind)?,
            transmits: kind.transmits,
            clock: self.clock(row)?,
            device: (kind.build)(&wiring),
        })
    }

    /// The number of a device's clock among those that the clock controller makes.
    fn clock(&self, row: &DeviceRow) -> Result<Option<usize>, BoardError> {
        let Some(name) = &row.clock else { return Ok(None) };
        let clocks = self.file.clock_controller().map(|(_, kind)| kind.clocks).unwrap_or_default();
        let number = clocks.iter().position(|clock| clock == name);
        let problem = || format!("is {name:?}; the chip's clocks are {}", clocks.join(", "));
        number.map(Some).ok_or_else(|| value(&self.file, &format!("clock of {}", row.name), problem()))
    }

    fn targets(&self, row: &DeviceRow, kind: &Kind) -> Result<Vec<Target>, BoardError> {
        let field = format!("irqs of {}", row.name);
        if row.irqs.len() > kind.irqs.len() {
            let problem = format!("has {} lines; {} has {}", row.irqs.len(), kind.name, kind.irqs.len());
            return Err(value(&self.file, &field, problem));
        }
        let targets: Vec<Target> = row.irqs.iter().map(|irq| irq.target()).collect();
        let beyond = |target: &&Target| matches!(target, Target::Irq(irq) if *irq >= self.file.interrupts);
        match targets.iter().find(beyond) {
            Some(target) => {
                let problem = format!("names {target:?}; the board has {} interrupts", self.file.interrupts);
                Err(value(&self.file, &field, problem))
            }
            None => Ok(targets),
        }
    }

    /// The SVD file that the models go by.
    fn described(&self) -> Option<&Svd> {
        self.family.as_ref().or(self.svd.as_deref())
    }

    /// What the SVD file says of the registers at some addresses, as offsets from the first.
    fn registers(&self, addresses: Range<u32>) -> Vec<Register> {
        let of = |svd: &'_ Svd| svd.registers(addresses.clone()).cloned().collect::<Vec<_>>();
        let known = self.family.as_ref().map(of).filter(|registers| !registers.is_empty());
        let registers = known.or_else(|| self.svd.as_deref().map(of)).unwrap_or_default();
        let relative =
            |register: Register| Register { address: register.address - addresses.start, ..register };
        registers.into_iter().map(relative).collect()
    }
}
