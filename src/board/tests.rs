use super::*;
use crate::{core::RegionKind, words::Width};

fn with(change: impl FnOnce(String) -> String) -> Result<Board, BoardError> {
    let mut sources = Board::find("mps2-an385").unwrap().sources().clone();
    sources.board = change(sources.board);
    Board::from_sources(sources)
}

fn replaced(from: &str, to: &str) -> String {
    let error = with(|text| {
        assert!(text.contains(from), "the board file has {from}");
        text.replace(from, to)
    });
    error.expect_err("the board is broken").to_string()
}

#[test]
fn every_built_in_board_can_be_read() {
    assert_eq!(Board::names(), ["mps2-an385", "stm32f4discovery"]);
    for name in Board::names() {
        let board = Board::find(name).unwrap();
        assert_eq!(board.name(), name);
        assert!(board.svd().is_some());
        assert!(board.devices().any(|(device, ..)| Some(device) == board.console()), "{name}");
    }
}

/// Law: reset equals the SVD's reset values, for everything on every board.
#[test]
fn devices_reset_to_what_the_svd_says() {
    for name in Board::names() {
        let board = Board::find(name).unwrap();
        let (svd, bus) = (board.svd().unwrap(), board.bus());
        let mut compared = 0;
        for row in &board.file.device {
            let size = row.size.unwrap_or(Kind::find(&row.kind).unwrap().size);
            for register in svd.registers(row.base..row.base + size).filter(|register| register.readable) {
                let width = Width::from_bytes(register.size).unwrap();
                let value = bus.peek(register.address, width, 0).unwrap();
                let mask = register.reset_mask;
                assert_eq!(
                    value & mask,
                    register.reset_value & mask,
                    "{name}: {} ({value:#x})",
                    register.name
                );
                compared += 1;
            }
        }
        assert!(compared > 100, "{name}: {compared} registers compared");
    }
}

#[test]
fn device_names_are_those_of_the_svd() {
    for name in Board::names() {
        let board = Board::find(name).unwrap();
        for (device, _, base) in board.devices() {
            let block = board.svd().unwrap().block(base).unwrap_or_else(|| panic!("{name}: {device}"));
            assert!(block.name.eq_ignore_ascii_case(device), "{name}: {device} is {} in the SVD", block.name);
            assert_eq!(block.addresses.start, base, "{name}: {device}");
        }
    }
}

#[test]
fn the_discovery_board_has_the_memory_of_the_chip() {
    let config = Board::find("stm32f4discovery").unwrap().config();
    assert_eq!(config.core, crate::core::CoreKind::CortexM4F);
    let flash = &config.regions[0];
    assert_eq!((flash.kind, flash.base, flash.size), (RegionKind::Flash, 0x0800_0000, 0x10_0000));
    assert_eq!(flash.aliases, [0]);
    assert_eq!((config.interrupts, config.priority_bits, config.bit_band), (82, 4, true));
    assert_eq!(config.systick_reference_divider, Some(8));
}

#[test]
fn a_board_comes_back_from_its_sources() {
    for name in Board::names() {
        let board = Board::find(name).unwrap();
        let again = Board::from_sources(board.sources().clone()).unwrap();
        assert_eq!(again.config(), board.config());
        assert_eq!(again.bus().save(), board.bus().save());
        assert_eq!(again.svd(), board.svd());
    }
}

#[test]
fn a_board_file_of_ones_own_may_name_built_in_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    let text = Board::find("mps2-an385").unwrap().sources().board.replace("\"mps2-an385\"", "\"mine\"");
    std::fs::write(&path, text).unwrap();
    assert_eq!(Board::load(&path).unwrap().name(), "mine");
    std::fs::write(directory.path().join("mps2.yaml"), "name: 5").unwrap();
    let error = Board::load(&path).unwrap_err();
    assert!(
        matches!(error, BoardError::Yaml { .. }),
        "the file beside it goes before the built-in one: {error}"
    );
    let error = Board::load(&directory.path().join("none.toml")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.contains("none.toml"), "{error}");
}

#[test]
fn an_unknown_board_gets_near_names() {
    let error = Board::find("mps2-an386").unwrap_err().to_string();
    let expected =
        "no board \"mps2-an386\", did you mean mps2-an385?; the boards are mps2-an385, stm32f4discovery";
    assert_eq!(error, expected);
    let error = Board::find("../mps2").unwrap_err();
    assert!(matches!(error, BoardError::Unknown { .. }));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let error = replaced("bit-band", "bitband");
    assert!(error.contains(":10: unknown field `bitband`"), "{error}");
    assert!(!error.contains('\n'), "{error}");
    let error = replaced("kind = \"cmsdk-watchdog\"", "kind = \"cmsdk-watchdoc\"");
    assert_eq!(
        error,
        "board mps2-an385, device watchdog: no kind \"cmsdk-watchdoc\", did you mean cmsdk-watchdog?"
    );
    let error = replaced("irqs = [18, 19], options = { hold = 1 }", "options = { hole = 1 }");
    assert_eq!(error, "board mps2-an385, device uart3: no option \"hole\", did you mean hold?");
    let error = replaced("irqs = [17]", "irqs = [32]");
    assert_eq!(error, "board mps2-an385: irqs of gpio3 names Irq(32); the board has 32 interrupts");
    let error = replaced("[\"nmi\"]", "[1, 2]");
    assert_eq!(error, "board mps2-an385: irqs of watchdog has 2 lines; cmsdk-watchdog has 1");
    let error = replaced("base = 0x4000_1000", "base = 0x4000_0ffc");
    assert_eq!(error, "board mps2-an385: devices timer0 and timer1 overlap at 0x40000ffc; move one of them");
    let error = replaced("chip = \"AN385\"", "chip = \"AN386\"");
    assert_eq!(error, "mps2.yaml has no chip \"AN386\", did you mean AN385?");
    let error = replaced("\"cortex-m3\"", "\"cortex-m4\"");
    assert_eq!(error, "board mps2-an385: core is Cortex-M4, but the first core of AN385 is Armv7m");
    let error = replaced("0x2040_0000", "0x2000_0400");
    assert_eq!(error, "board mps2-an385: ZBT_SSRAM23 and ZBT_SSRAM23 overlap at 0x20000400");
    let error = replaced("console = \"uart0\"", "console = \"uart9\"");
    assert_eq!(error, "board mps2-an385: console is \"uart9\", which is no device of the board");
}
