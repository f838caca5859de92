//! Chips by name, by description and by SVD file; what is guessed; what happens outside.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use untick::{
    board::{At, Board, Step},
    peripherals::{Access, Context, Peripheral, Slot, Talk},
    words::{BusFault, Width},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn untick(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_untick"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("the binary is built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A directory with `tests` in it, to run commands as the README shows them.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (to, from) in [("hello.elf", "firmware/hello-stm32.elf"), ("echo.elf", "firmware/echo.elf")] {
        fs::copy(format!("{ROOT}/tests/{from}"), directory.path().join(to)).unwrap();
    }
    for file in ["Zeta_Series.yaml", "ZT1040.svd"] {
        fs::copy(format!("{ROOT}/tests/data/unheard/{file}"), directory.path().join(file)).unwrap();
    }
    directory
}

const UNHEARD: [&str; 6] =
    ["--chip-description", "Zeta_Series.yaml", "--chip", "ZT1040", "--svd", "ZT1040.svd"];

#[test]
fn a_chip_that_nobody_has_heard_of_says_hello() {
    let directory = directory();
    let output =
        untick(directory.path(), &[&["record", "hello.elf", "-o", "z.untick"], &UNHEARD[..]].concat());
    let (printed, told) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(printed.starts_with("hello from the UART\n"), "{printed}");
    for guess in ["guessed CLK.CTRL: LOOPRDY=1", "guessed CLK.CONF: RUNSON=2"] {
        assert!(told.contains(guess), "no {guess:?} in: {told}");
    }

    // The recording needs neither of the files, and guesses nothing.
    fs::remove_file(directory.path().join("ZT1040.svd")).unwrap();
    fs::remove_file(directory.path().join("Zeta_Series.yaml")).unwrap();
    let output = untick(directory.path(), &["replay", "z.untick", "--verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_uart_that_nobody_models_is_heard() {
    let directory = directory();
    let svd = directory.path().join("ZT1040.svd");
    let other = fs::read_to_string(&svd).unwrap().replace("SERIAL_BRR", "SERIAL_SPEED");
    fs::write(&svd, other).unwrap();
    let explained = untick(directory.path(), &["boards", "--explain", "ZT1040.svd"]);
    let line = "no model: 7 registers that store, and what is sent is shown";
    assert!(text(&explained.stdout).contains(line), "{}", text(&explained.stdout));
    let run = [&["run", "hello.elf", "--uart", "serial0=file:out.txt"], &UNHEARD[..]].concat();
    let output = untick(directory.path(), &run);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("not modelled: SERIAL0.SERIAL_DR"), "{told}");
    let sent = fs::read_to_string(directory.path().join("out.txt")).unwrap();
    assert!(sent.starts_with("hello from the UART\n"), "{sent}");
}

#[test]
fn the_models_of_a_known_chip_stay_whatever_svd_file_is_given() {
    let directory = directory();
    let record =
        ["record", "hello.elf", "--board", "stm32f4discovery", "--svd", "ZT1040.svd", "-o", "known.untick"];
    let output = untick(directory.path(), &record);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(text(&output.stdout).starts_with("hello from the UART\n"));
    assert!(!told.contains("not modelled"), "{told}");
    let output = untick(directory.path(), &["dump", "known.untick", "--events"]);
    let events = text(&output.stdout);
    for name in ["write CLK.CTRL ", "write SERIAL0.SERIAL_CR1 "] {
        assert!(events.contains(name), "no {name:?} in: {events}");
    }
    let output = untick(directory.path(), &["replay", "known.untick", "--verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn strict_is_a_bus_fault_where_there_is_no_model() {
    let directory = directory();
    let arguments = [&["run", "hello.elf", "--unmodelled", "strict"], &UNHEARD[..]].concat();
    let output = untick(directory.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("0x40023800"), "{}", text(&output.stderr));
}

#[test]
fn an_svd_file_is_explained() {
    let directory = directory();
    let output = untick(directory.path(), &["boards", "--explain", "ZT1040.svd"]);
    let expected = "ZT1040.svd: 2 peripherals, 1 with a model\n\
        SERIAL0              0x40004400  stm32-usart, as serial0\n\
        CLK                  0x40023800  no model: 2 registers that store\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
}

#[test]
fn a_part_goes_by_its_name() {
    let directory = directory();
    for part in ["STM32F407VG", "stm32f407vgt6"] {
        let output = untick(directory.path(), &["run", "hello.elf", "--chip", part]);
        assert_eq!(output.status.code(), Some(0), "{part}: {}", text(&output.stderr));
        assert!(text(&output.stdout).starts_with("hello from the UART\n"), "{part}");
    }
    let output = untick(directory.path(), &["run", "hello.elf", "--chip", "STM32F407XX"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("no chip \"STM32F407XX\", did you mean STM32F407"),
        "{}",
        text(&output.stderr)
    );
    assert!(Board::chips().len() > 500, "{} chips", Board::chips().len());
}

#[test]
fn what_a_scenario_sends_arrives_when_it_says_and_is_recorded() {
    let directory = directory();
    let scenario = "[[event]]\nat = \"1ms\"\nevery = \"1ms\"\ntimes = 2\nsend = \"uart0\"\ntext = \"again\\n\"\n\
        [[event]]\nat = 250_000\nsend = \"uart0\"\ntext = \"quit\\n\"\n";
    fs::write(directory.path().join("s.toml"), scenario).unwrap();
    let arguments = ["record", "echo.elf", "--board", "mps2-an385", "--scenario", "s.toml", "-o", "e.untick"];
    let output = untick(directory.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).matches("AGAIN").count(), 2, "{}", text(&output.stdout));
    let output = untick(directory.path(), &["replay", "e.untick", "--verify"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// A thermometer as somebody's test may have it: it answers address 0x48 with 25 °C.
struct Thermometer;

impl Peripheral for Thermometer {
    type State = u32;

    fn read(&self, _: &mut u32, _: Access, _: &mut Context<'_>) -> Result<u32, BusFault> {
        Err(BusFault)
    }

    fn write(&self, _: &mut u32, _: Access, _: u32, _: &mut Context<'_>) -> Result<(), BusFault> {
        Err(BusFault)
    }

    fn talk(&self, addressed: &mut u32, talk: Talk, _: &mut Context<'_>) -> Option<u32> {
        match talk {
            Talk::I2cStart { address, .. } => {
                *addressed = u32::from(address == 0x48);
                (*addressed != 0).then_some(1)
            }
            Talk::I2cRead { .. } if *addressed != 0 => Some(25),
            _ => None,
        }
    }
}

/// No memory.
struct Nothing;

impl untick::peripherals::Dma for Nothing {
    fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), BusFault> {
        Err(BusFault)
    }
}

#[test]
fn a_part_of_a_programs_own_is_talked_to() {
    let mut board = Board::find("stm32f4discovery").unwrap();
    board.attach("thermometer", "i2c1", || Box::new(Slot::new(Thermometer))).unwrap();
    assert!(board.attach("thermometer", "i2c9", || Box::new(Slot::new(Thermometer))).is_err());
    board.add_step(Step { at: At::Cycle(5), device: "usart2".to_owned(), bytes: b"x".to_vec() });

    // I2C1 of the STM32F4 (RM0090 27.3.3): START, address with R, one byte.
    let mut bus = board.bus();
    let mut now = 0;
    const I2C1: u32 = 0x4000_5400;
    let mut write = |bus: &mut untick::peripherals::Bus, offset, value| {
        bus.write(I2C1 + offset, Width::Word, value, now, &mut Nothing).unwrap();
        // As long as a byte takes at most.
        for _ in 0..100 {
            now += 100;
            bus.wake(now, &mut Nothing);
        }
    };
    for (offset, value) in
        [(0x04, 16), (0x1c, 80), (0x20, 17), (0x00, 1), (0x00, 0x101), (0x10, 0x48 << 1 | 1)]
    {
        write(&mut bus, offset, value);
    }
    let mut read = |offset| bus.read(I2C1 + offset, Width::Word, 1_000_000, &mut Nothing).unwrap();
    assert_eq!(read(0x14) & 2, 2, "ADDR: somebody has acknowledged");
    read(0x18);
    bus.wake(2_000_000, &mut Nothing);
    assert_eq!(bus.read(I2C1 + 0x10, Width::Word, 2_000_000, &mut Nothing), Ok(25));
}
