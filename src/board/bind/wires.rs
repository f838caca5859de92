//! The wires between peripherals that every chip of a kind has, and those that the family's file names.

use crate::{
    board::file::{BoardFile, WireRow},
    peripherals::{Kind, Port},
};

/// Connects the devices.
pub(super) fn connect(file: &mut BoardFile) {
    let mut wires = ports_to_interrupts(file);
    wires.extend(selections(file));
    wires.extend(events(file));
    wires.extend(common_registers(file));
    wires.extend(causes_of_resets(file));
    // What the family has and this chip has not is left out.
    wires.extend(
        std::mem::take(&mut file.family_wire).into_iter().filter(|wire| wire.resolve(file).is_some()),
    );
    wires.retain(|wire| !file.wire.contains(wire));
    file.wire.extend(wires);
}

/// Devices whose kind fits.
fn devices<'a>(
    file: &'a BoardFile,
    fits: impl Fn(&Kind) -> bool + 'a,
) -> impl Iterator<Item = (&'a str, u32, &'static Kind)> + 'a {
    let rows =
        file.device.iter().filter_map(|row| Some((row.name.as_str(), row.base, Kind::find(&row.kind)?)));
    rows.filter(move |(_, _, kind)| fits(kind))
}

fn has(ports: &[Port], name: &str) -> bool {
    ports.iter().any(|port| port.name == name)
}

/// Pins of GPIO ports to the peripheral that makes interrupts of them.
fn ports_to_interrupts(file: &BoardFile) -> Vec<WireRow> {
    let Some((to, _, kind)) = devices(file, |kind| has(kind.inputs, "pin")).next() else { return Vec::new() };
    let inputs = kind.inputs.iter().find(|port| port.name == "pin").map_or(0, |port| port.count);
    let ports = devices(file, |kind| has(kind.outputs, "pin"));
    let wires = ports.filter_map(|(from, _, kind)| {
        let pins = kind.outputs.iter().find(|port| port.name == "pin")?.count;
        let first = number_of(from)? * pins;
        let fits = first + pins <= inputs;
        fits.then(|| WireRow::new(format!("{from}.pin0"), format!("{to}.pin{first}"), pins))
    });
    wires.collect()
}

/// The number of a port by its name: `gpioc` is 2, `p1` is 1, `gpio` is 0.
fn number_of(port: &str) -> Option<u32> {
    let rest = port.strip_prefix("gpio").or_else(|| port.strip_prefix('p'))?;
    match rest.as_bytes() {
        [] => Some(0),
        [letter @ b'a'..=b'z'] => Some(u32::from(letter - b'a')),
        _ => rest.parse().ok(),
    }
}

/// Which port a pin's interrupt is of, as another peripheral says.
fn selections(file: &BoardFile) -> Vec<WireRow> {
    let from = devices(file, |kind| has(kind.outputs, "select")).next();
    let to = devices(file, |kind| has(kind.inputs, "select") && has(kind.inputs, "pin")).next();
    let (Some((from, _, kind)), Some((to, ..))) = (from, to) else { return Vec::new() };
    let count = kind.outputs.iter().find(|port| port.name == "select").map_or(0, |port| port.count);
    vec![WireRow::new(format!("{from}.select0"), format!("{to}.select0"), count)]
}

/// Events of nRF peripherals to the PPI.
fn events(file: &BoardFile) -> Vec<WireRow> {
    let Some((to, ..)) = devices(file, |kind| has(kind.inputs, "event")).next() else { return Vec::new() };
    let senders = devices(file, |kind| has(kind.outputs, "event"));
    let wires = senders.filter_map(|(from, base, kind)| {
        let count = kind.outputs.iter().find(|port| port.name == "event")?.count;
        let first = (base >> 12 & 0x3f) * 32;
        Some(WireRow::new(format!("{from}.event0"), format!("{to}.event{first}"), count))
    });
    wires.collect()
}

/// Registers that several converters have in common: what they say goes to all within the same KiB, whose flags come back.
fn common_registers(file: &BoardFile) -> Vec<WireRow> {
    let count =
        |ports: &[Port], name: &str| ports.iter().find(|port| port.name == name).map(|port| port.count);
    let mut wires = Vec::new();
    for (common, at, kind) in devices(file, |kind| has(kind.outputs, "ccr")) {
        for (converter, base, of) in devices(file, |kind| has(kind.inputs, "ccr")) {
            if base & !0x3ff != at & !0x3ff {
                continue;
            }
            if let Some(count) = count(kind.outputs, "ccr") {
                wires.push(WireRow::new(format!("{common}.ccr0"), format!("{converter}.ccr0"), count));
            }
            // Each has its bits, a byte or a half-word, in the order of the addresses.
            let (Some(flags), Some(room)) = (count(of.outputs, "status"), count(kind.inputs, "status"))
            else {
                continue;
            };
            let first = (base & 0x3ff) / 0x100 * flags.next_power_of_two();
            if first + flags <= room {
                wires.push(WireRow::new(
                    format!("{converter}.status0"),
                    format!("{common}.status{first}"),
                    flags,
                ));
            }
        }
    }
    wires
}

/// What resets the chip, to the controller that tells why it was reset: it has an input of that name.
fn causes_of_resets(file: &BoardFile) -> Vec<WireRow> {
    let Some((controller, kind)) = file.clock_controller() else { return Vec::new() };
    let to = &controller.name;
    let causes = kind.inputs.iter().filter(|port| port.name.ends_with("-reset"));
    let wires = causes.flat_map(|cause| {
        let senders = devices(file, move |kind| has(kind.outputs, cause.name));
        senders.map(move |(from, ..)| {
            WireRow::new(format!("{from}.{}", cause.name), format!("{to}.{}", cause.name), 1)
        })
    });
    wires.collect()
}

/// A device and the number of one of its outputs or inputs.
type End<'a> = (&'a str, u32);

impl WireRow {
    pub(in crate::board) fn new(from: String, to: String, count: u32) -> WireRow {
        WireRow { from, to, count }
    }

    /// The two devices with the numbers of the first output and input, if they are all there.
    pub(in crate::board) fn resolve<'a>(&'a self, file: &BoardFile) -> Option<(End<'a>, End<'a>)> {
        let end = |text: &'a str, ports: fn(&Kind) -> &'static [Port]| {
            let (device, port) = text.split_once('.')?;
            let of_device = file.device.iter().find(|row| row.name == device).map(|row| &row.kind);
            let of_part = || file.part.iter().find(|row| row.name == device).map(|row| &row.kind);
            let ports = ports(Kind::find(of_device.or_else(of_part)?)?);
            let first = Port::find(ports, port)?;
            (first + self.count <= Port::total(ports)).then_some((device, first))
        };
        Some((end(&self.from, |kind| kind.outputs)?, end(&self.to, |kind| kind.inputs)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_numbers() {
        let numbers = ["gpioa", "gpiok", "p1", "gpio", "p", "usart1", "gpioab"].map(number_of);
        assert_eq!(numbers, [Some(0), Some(10), Some(1), Some(0), Some(0), None, None]);
    }
}
