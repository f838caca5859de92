//! Firmware of a few instructions, made by hand: vector table at 0, code behind it, on the MPS2 board or one like it.

use std::fmt::Write;

use untick::{
    board::Board,
    core::Config,
    image::Image,
    timeline::{Options, Timeline},
    trace::{Header, Log},
};

use super::{Console, Printed};

/// Where the code begins.
pub const CODE: u32 = 0x100;
/// The stack pointer at reset.
pub const STACK: u32 = 0x2000_2000;

/// Code, and which exceptions it handles.
#[derive(Default)]
pub struct Program {
    /// Halfwords from [`CODE`] on; reset begins there.
    pub code: Vec<u16>,
    /// Exception number, and the halfword in `code` at which its handler begins.
    pub handlers: Vec<(usize, u32)>,
}

impl Program {
    /// A live machine with a Cortex-M3 at its reset.
    pub fn live(&self) -> Timeline {
        self.live_on("mps2-an385")
    }

    /// The same on another board with flash and RAM at these addresses.
    pub fn live_on(&self, board: &str) -> Timeline {
        let board = Board::find(board).unwrap();
        let image = Image::parse(self.hex(), "program").unwrap();
        let config = Config { vector_table: image.vector_table, ..board.config() };
        let header = Header {
            untick: env!("CARGO_PKG_VERSION").to_owned(),
            unicorn: untick::core::unicorn_version(),
            board: board.name().to_owned(),
            board_sources: Vec::new(),
            config,
            firmware_name: "program".to_owned(),
            firmware: image.file.to_vec(),
            load_address: None,
            arguments: Vec::new(),
        };
        let console = Console::new("uart0", "", Printed::default());
        Timeline::live(&board, &image, Box::new(console), Log::in_memory(header), Options::default()).unwrap()
    }

    /// The program as an Intel HEX file.
    fn hex(&self) -> Vec<u8> {
        let mut bytes = vec![0; CODE as usize];
        let mut vector = |number: usize, value: u32| {
            bytes[4 * number..4 * number + 4].copy_from_slice(&value.to_le_bytes());
        };
        vector(0, STACK);
        vector(1, CODE + 1);
        for &(number, halfword) in &self.handlers {
            vector(number, CODE + 2 * halfword + 1);
        }
        bytes.extend(self.code.iter().flat_map(|half| half.to_le_bytes()));
        let mut text = String::new();
        for (line, data) in bytes.chunks(16).enumerate() {
            let address = (16 * line) as u16;
            let mut record = vec![data.len() as u8, (address >> 8) as u8, address as u8, 0];
            record.extend(data);
            let sum = record.iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte));
            record.push(sum);
            text.push(':');
            record.iter().for_each(|byte| write!(text, "{byte:02X}").unwrap());
            text.push('\n');
        }
        text.push_str(":00000001FF\n");
        text.into_bytes()
    }
}
