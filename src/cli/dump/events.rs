//! The events of a recording, with the names of its board.

use std::{collections::BTreeMap, io::Write, ops::Range};

use anyhow::Context as _;
use untick::{
    board::{Board, Sources, Wires},
    debug::Names,
    image::Symbols,
    machine::semihosting,
    pins::{Event, Lines, Stamped},
    trace::Log,
    words::{Icount, Width},
};

/// So many bytes of a text or of memory are shown.
const MOST_BYTES: usize = 32;

/// How events look, and which.
pub(super) struct Events {
    /// `None`: the board cannot be read, it was another version's. Then there are addresses.
    board: Option<Board>,
    wires: Wires,
    irqs: BTreeMap<u16, String>,
    /// Only accesses to these addresses, if somebody has asked for any.
    of: Option<Vec<Range<u32>>>,
}

impl Events {
    /// Of a recording.
    pub fn of(log: &Log, of: &[String]) -> anyhow::Result<Events> {
        Events::on(Sources::recorded(log.header()).and_then(|sources| Board::from_sources(sources).ok()), of)
    }

    fn on(board: Option<Board>, of: &[String]) -> anyhow::Result<Events> {
        let mut irqs = BTreeMap::new();
        for (irq, name) in board.iter().flat_map(Board::interrupts) {
            irqs.entry(irq).or_insert(name);
        }
        let symbols = Symbols::default();
        let names = Names::new(&symbols, || board.clone());
        let places = of.iter().map(|name| names.addresses_of(name));
        let places: Vec<Vec<_>> = places.collect::<Result<_, _>>().context("--of")?;
        drop(names);
        let of = Some(places.concat()).filter(|places| !places.is_empty());
        let wires = board.as_ref().map(Board::wires).unwrap_or_default();
        Ok(Events { board, wires, irqs, of })
    }

    /// Writes a line for each event at the icounts of a range.
    pub fn write_lines(
        &self,
        log: &mut Log,
        range: Range<Icount>,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let mut mark = log.find(range.start)?;
        while let Some(stamped) = log.read(&mut mark)? {
            if stamped.icount >= range.end {
                break;
            }
            if let Some(line) = self.line(&stamped) {
                writeln!(out, "icount={} {line}", stamped.icount)?;
            }
        }
        Ok(())
    }

    /// What happened; `None` if it is not of what is wanted.
    fn line(&self, stamped: &Stamped) -> Option<String> {
        let access = match stamped.event {
            Event::Read { address, width, value } => Some(("read", address, width, value)),
            Event::Write { address, width, value, accepted: true } => {
                Some(("write", address, width, Some(value)))
            }
            Event::Write { address, width, .. } => Some(("write", address, width, None)),
            _ => None,
        };
        if let Some((verb, address, width, value)) = access {
            return self.access(verb, address, width, value);
        }
        self.of.is_none().then(|| self.other(&stamped.event))
    }

    fn access(&self, verb: &str, address: u32, width: Width, value: Option<u32>) -> Option<String> {
        let canonical = self.wires.canonical(address);
        let register = self.board.as_ref().and_then(|board| board.svd()?.register(canonical));
        if self.of.as_ref().is_some_and(|places| !places.iter().any(|place| place.contains(&canonical))) {
            return None;
        }
        let name = register.map(|register| register.name.clone()).or_else(|| self.of_device(canonical));
        let name = name.unwrap_or_else(|| format!("{address:#010x}"));
        let Some(value) = value else { return Some(format!("{verb} {name} bus fault")) };
        let digits = 2 + 2 * width.bytes() as usize;
        let line = format!("{verb} {name} {value:#0digits$x}");
        let fields =
            register.map(|register| register.fields_of(value << (8 * (canonical - register.address))));
        Some(match fields.filter(|fields| !fields.is_empty()) {
            Some(fields) => format!("{line} {fields}"),
            None => line,
        })
    }

    /// `usart2+0x4`: what is in no SVD file.
    fn of_device(&self, address: u32) -> Option<String> {
        let mut devices = self.board.as_ref()?.device_ranges();
        let (name, range) = devices.find(|(_, range)| range.contains(&address))?;
        Some(format!("{name}+{:#x}", address - range.start))
    }

    fn other(&self, event: &Event) -> String {
        match event {
            Event::Line { irq, asserted } => {
                let name = match (*irq, self.irqs.get(irq)) {
                    (Lines::NMI, _) => "NMI".to_owned(),
                    (irq, Some(name)) => format!("{name} ({irq})"),
                    (irq, None) => format!("({irq})"),
                };
                format!("irq {name} {}", if *asserted { "up" } else { "down" })
            }
            Event::Sleep { cycles } => format!("sleep {cycles} cycles"),
            Event::Memory { address, bytes } => {
                format!("memory {address:#010x} {} bytes: {}", bytes.len(), hex(bytes))
            }
            Event::Host { operation, result } => {
                let name = semihosting::operation_name(*operation).unwrap_or("unknown");
                format!("host {name} ({operation:#04x}) r0={:#010x}", result.r0)
            }
            Event::Input { device, bytes } => format!("input {device} {}", text(bytes)),
            Event::Output { device, bytes } => format!("output {device} {}", text(bytes)),
            Event::Reset => "reset".to_owned(),
            Event::Digest(digest) => format!("digest {:016x}", digest.all),
            Event::Clock { hz, .. } => format!("clock {hz} Hz"),
            access @ (Event::Read { .. } | Event::Write { .. }) => access.to_string(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(MOST_BYTES).map(|byte| format!("{byte:02x}")).collect();
    shown.join(" ") + if bytes.len() > MOST_BYTES { " …" } else { "" }
}

fn text(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(MOST_BYTES)];
    let more = if bytes.len() > MOST_BYTES { "…" } else { "" };
    format!("\"{}\"{more}", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(of: &[&str]) -> anyhow::Result<Events> {
        let of: Vec<String> = of.iter().map(|name| (*name).to_owned()).collect();
        Events::on(Board::find("stm32f4discovery").ok(), &of)
    }

    fn line(events: &Events, event: Event) -> Option<String> {
        events.line(&Stamped { icount: 1, event })
    }

    fn write(address: u32, value: u32) -> Event {
        Event::Write { address, width: Width::Word, value, accepted: true }
    }

    #[test]
    fn events_have_the_names_of_the_board() {
        let all = events(&[]).unwrap();
        let shown = |event| line(&all, event).unwrap();
        assert_eq!(shown(write(0x4000_440c, 0x200c)), "write USART2.CR1 0x0000200c RE=1 TE=1 UE=1");
        let high = Event::Read { address: 0x4000_440d, width: Width::Byte, value: Some(0x20) };
        assert_eq!(shown(high), "read USART2.CR1 0x20 UE=1");
        let fault = Event::Read { address: 0x7000_0000, width: Width::Half, value: None };
        assert_eq!(shown(fault), "read 0x70000000 bus fault");
        assert_eq!(shown(Event::Line { irq: 38, asserted: true }), "irq USART2 (38) up");
        assert_eq!(shown(Event::Line { irq: Lines::NMI, asserted: false }), "irq NMI down");
        let memory = Event::Memory { address: 0x2000_0000, bytes: vec![1, 0xff] };
        assert_eq!(shown(memory), "memory 0x20000000 2 bytes: 01 ff");
        let input = Event::Input { device: "usart2".into(), bytes: b"a\n".to_vec() };
        assert_eq!(shown(input), "input usart2 \"a\\n\"");
    }

    #[test]
    fn only_what_is_wanted_is_shown() {
        let some = events(&["usart2", "RCC.CR"]).unwrap();
        assert!(line(&some, write(0x4000_440c, 1)).is_some());
        assert!(line(&some, write(0x4002_3800, 1)).is_some());
        assert!(line(&some, write(0x4002_3804, 1)).is_none());
        assert!(line(&some, Event::Reset).is_none());
        let error = events(&["USRT2"]).err().map(|error| format!("{error:#}")).unwrap();
        assert!(error.starts_with("--of: ") && error.contains("did you mean USART2"), "{error}");
    }
}
