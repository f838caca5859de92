//! What a recording says about its board without a chip or an SVD file: who sends bytes, what appears twice.

use super::{Sources, file::BoardFile};
use crate::{
    peripherals::{BusAlias, Kind},
    trace::Header,
};

/// A register whose low byte goes to the host when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmitter {
    /// The address of the register.
    pub address: u32,
    /// The device's name on the board.
    pub device: String,
}

/// How to read the events of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wires {
    transmitters: Vec<Transmitter>,
    aliases: Vec<BusAlias>,
}

impl Wires {
    /// Of the board in a trace. One that cannot be read has no wires: it was another version's.
    pub fn recorded(header: &Header) -> Wires {
        let file = Sources::recorded(header).and_then(|sources| toml::from_str(&sources.board).ok());
        file.map_or(Wires::default(), |file| Wires::of(&file))
    }

    pub(super) fn of(file: &BoardFile) -> Wires {
        let transmitters = file.device.iter().filter_map(|row| {
            let address = row.base.checked_add(Kind::find(&row.kind)?.transmits?)?;
            Some(Transmitter { address, device: row.name.clone() })
        });
        let aliases = file.peripheral_alias.iter();
        let aliases = aliases.map(|row| BusAlias { at: row.at, size: row.size, of: row.of });
        Wires { transmitters: transmitters.collect(), aliases: aliases.collect() }
    }

    /// The registers that send bytes.
    pub fn transmitters(&self) -> &[Transmitter] {
        &self.transmitters
    }

    /// The address that another one stands for.
    pub fn canonical(&self, address: u32) -> u32 {
        let alias = self.aliases.iter().find(|alias| address.wrapping_sub(alias.at) < alias.size);
        alias.map_or(address, |alias| address - alias.at + alias.of)
    }
}

impl Sources {
    /// The texts in a trace, if it has a board file.
    pub fn recorded(header: &Header) -> Option<Sources> {
        let source = |name: &str| {
            let found = header.board_sources.iter().find(|(file, _)| file == name);
            found.map(|(_, text)| text.clone())
        };
        Some(Sources {
            board: source("board.toml")?,
            chip: source("chip.yaml").unwrap_or_default(),
            svd: source("chip.svd"),
        })
    }

    /// The texts as a trace keeps them: each with its name.
    pub fn to_record(&self) -> Vec<(String, String)> {
        let svd = self.svd.as_ref().map(|svd| ("chip.svd", svd));
        let texts = [("board.toml", &self.board), ("chip.yaml", &self.chip)].into_iter().chain(svd);
        texts.map(|(name, text)| (name.to_owned(), text.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::board::Board;

    #[test]
    fn consoles_send_and_aliases_are_resolved() {
        for name in Board::names() {
            let board = Board::find(name).unwrap();
            let wires = board.wires();
            let console = wires.transmitters().iter().find(|sender| Some(&*sender.device) == board.console());
            assert!(console.is_some(), "{name}");
        }
        let wires = Board::find("mps2-an505").unwrap().wires();
        assert_eq!(wires.canonical(0x5020_0004), 0x4020_0004);
        assert_eq!(wires.canonical(0x4020_0004), 0x4020_0004);
    }
}
