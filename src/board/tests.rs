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
    let names = Board::names();
    assert!(names.is_sorted() && names.contains(&"mps2-an385") && names.contains(&"microbit"), "{names:?}");
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
        assert!(compared > 10, "{name}: {compared} registers compared");
    }
}

#[test]
fn device_names_are_those_of_the_svd() {
    for name in Board::names() {
        let board = Board::find(name).unwrap();
        // Several peripherals may be at one place.
        for (device, _, base) in board.devices() {
            let mut peripherals = board.svd().unwrap().peripherals().iter();
            let found =
                peripherals.any(|other| other.base == base && other.name.eq_ignore_ascii_case(device));
            assert!(found, "{name}: {device}");
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
    let error = Board::find("mps2-an384").unwrap_err().to_string();
    let start = "no board \"mps2-an384\", did you mean mps2-an382 or mps2-an383";
    assert!(error.starts_with(start), "{error}");
    assert!(error.contains("; the boards are ") && error.contains("stm32f4discovery"), "{error}");
    let error = Board::find("../mps2").unwrap_err();
    assert!(matches!(error, BoardError::Unknown { .. }));
}

#[test]
fn a_board_that_extends_another_one_differs_where_it_says_so() {
    let (m3, m7) = (Board::find("mps2-an385").unwrap(), Board::find("mps2-an399").unwrap());
    assert_eq!(m7.config().core, crate::core::CoreKind::CortexM7F);
    assert_eq!(m7.config().clock_hz, m3.config().clock_hz);
    assert!(!m7.config().bit_band, "from the board between");
    assert!(m7.devices().eq(m3.devices()), "the same devices in the same order");
    assert!(!m7.sources().board.contains("extends"), "a trace needs no other board");
    let id = |board: &Board| board.bus().peek(0x4002_fffc, Width::Word, 0);
    assert_eq!((id(&m3), id(&m7)), (Ok(0x4104_3850), Ok(0x4104_3990)));
}

#[test]
fn a_board_cannot_extend_itself_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    for (text, expected) in [
        ("extends = \"mine\"", "in the end extends itself"),
        ("extends = \"none\"", "\"none.toml\", which is neither beside it nor built in"),
        ("extends = 5", "extends must be the name of a board"),
        ("extends = \"mps2-an385\"\ncolour = 1", "unknown field `colour`"),
        ("extends = \"mps2-an385\"\n[", "mine.toml:2: "),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Board::load(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn the_secure_view_shows_the_same_peripherals_and_memory() {
    let board = Board::find("mps2-an505").unwrap();
    let config = board.config();
    assert!(config.security_extension);
    assert_eq!((config.vector_table, config.interrupts, config.mpu_regions), (0x1000_0000, 124, 8));
    let mut bus = board.bus();
    bus.write(0x5020_0010, Width::Word, 173, 0, &mut crate::peripherals::testbed::NoMemory).unwrap();
    assert_eq!(bus.peek(0x4020_0010, Width::Word, 0), Ok(173), "UART0.BAUDDIV");
}

#[test]
fn the_microbit_has_its_identity_below_the_peripherals() {
    let board = Board::find("microbit").unwrap();
    let config = board.config();
    let ficr = DeviceRange { base: 0x1000_0000, size: 0x1000 };
    let revision = DeviceRange { base: 0xf000_0000, size: 0x1000 };
    assert_eq!(config.devices, [ficr, revision]);
    assert_eq!(board.bus().peek(0x1000_0014, Width::Word, 0), Ok(256), "FICR.CODESIZE");
    assert_eq!((config.interrupts, config.priority_bits, config.mpu_regions), (32, 2, 0));
    assert!(config.regions.iter().any(|region| region.name == "UICR" && region.kind == RegionKind::Flash));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let error = replaced("bit-band", "bitband");
    assert!(error.contains(":10: unknown field `bitband`"), "{error}");
    assert!(!error.contains('\n'), "{error}");
    let error = replaced("kind = \"cmsdk-watchdog\"", "kind = \"cmsdk-watchdoc\"");
    assert_eq!(
        error,
        "board mps2-an385, device watchdog: no kind \"cmsdk-watchdoc\", did you mean cmsdk-watchdog or lm3s-watchdog?"
    );
    let error = replaced("irqs = [18, 19], options = { hold = 1 }", "options = { hole = 1 }");
    assert_eq!(error, "board mps2-an385, device uart3: no option \"hole\", did you mean hold?");
    let error = replaced("irqs = [17]", "irqs = [32]");
    assert_eq!(error, "board mps2-an385: irqs of gpio3 names Irq(32); the board has 32 interrupts");
    let error = replaced("[\"nmi\"]", "[1, 2]");
    assert_eq!(error, "board mps2-an385: irqs of watchdog has 2 lines; cmsdk-watchdog has 1");
    let error = replaced("base = 0x4000_1000", "base = 0x4000_0ffc");
    assert_eq!(error, "board mps2-an385: devices timer0 and timer1 overlap at 0x40000ffc; move one of them");
    let error = replaced("chip = \"AN385\"", "chip = \"AN395\"");
    assert!(error.starts_with("mps2.yaml has no chip \"AN395\", did you mean AN385"), "{error}");
    let error = replaced("\"cortex-m3\"", "\"cortex-m4\"");
    assert_eq!(error, "board mps2-an385: core is Cortex-M4, but the first core of AN385 is Armv7m");
    let error = replaced("0x2040_0000", "0x2000_0400");
    assert_eq!(error, "board mps2-an385: ZBT_SSRAM23 and ZBT_SSRAM23 overlap at 0x20000400");
    let error = replaced("console = \"uart0\"", "console = \"uart9\"");
    assert_eq!(error, "board mps2-an385: console is \"uart9\", which is no device of the board");
}

#[test]
fn ram_beside_the_chip_is_whole_and_overlaps_nothing() {
    let beside = |row: &str| with(|text| format!("external-ram = [{{ name = \"SDRAM\", {row} }}]\n{text}"));
    let regions = beside("base = 0xd000_0000, size = 0x80_0000").unwrap().config().regions;
    assert!(regions.iter().any(|region| (region.base, region.size) == (0xd000_0000, 8 << 20)));
    for (row, problem) in [
        ("base = 0xd000_0000, size = 1000", "whole KiB"),
        ("base = 0xd000_0000, size = 0", "whole KiB"),
        ("base = 0x2000_0000, size = 1024", "overlap"),
        ("base = 0xffff_fc00, size = 2048", "32 bits"),
    ] {
        let error = beside(row).unwrap_err().to_string();
        assert!(error.contains(problem), "{row}: {error}");
    }
}
