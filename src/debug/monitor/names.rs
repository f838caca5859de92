//! Names: of memory, of registers, of exceptions; as a user types them and as an answer shows them.

use std::cell::OnceCell;

use thiserror::Error;

use super::registers::Named;
use crate::{
    board::{Board, hint, near},
    fault::exception_name,
    image::Symbols,
    timeline::Level,
};

/// The exceptions below 16 that exist (Armv7-M ARM B1.5.2), without Reset, which is none that is entered.
const OF_THE_CORE: [u16; 9] = [2, 3, 4, 5, 6, 11, 12, 14, 15];

/// What the firmware and the board call things. The board is read when it is first needed: its SVD file is large.
pub struct Names<'a> {
    symbols: &'a Symbols,
    board: OnceCell<Option<Board>>,
    read_board: Box<dyn Fn() -> Option<Board> + 'a>,
}

/// A range of addresses that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) address: u32,
    /// The bytes that the name stands for; `None` for an address alone, or a name without a size.
    pub(super) size: Option<u32>,
}

/// What was typed is nothing that is known.
/// The last text of each is a hint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// No place in memory has this name.
    #[error("{0:?} is neither an address nor a symbol nor a register of the board{1}")]
    Place(String, String),
    /// Several registers have this name; which ones.
    #[error("more than one peripheral has a register {0}: {1}")]
    Ambiguous(String, String),
    /// No code has this name.
    #[error("{0:?} is neither an address nor a function{1}")]
    Code(String, String),
    /// The recording does not tell its board, or another version's.
    #[error("the board of this run is not known, so nor are its peripherals")]
    NoBoard,
    /// No peripheral has this name.
    #[error("the board has no peripheral {0:?}{1}")]
    Peripheral(String, String),
    /// The peripheral has no register of this name.
    #[error("{0} has no register {1:?}{2}")]
    Register(String, String, String),
    /// No exception has this name.
    #[error(
        "{0:?} is no exception: write its number, irq3, SysTick, or the name of an interrupt or a handler{1}"
    )]
    Exception(String, String),
}

impl<'a> Names<'a> {
    /// Of a firmware on a board.
    pub fn new(symbols: &'a Symbols, board: impl Fn() -> Option<Board> + 'a) -> Names<'a> {
        Names { symbols, board: OnceCell::new(), read_board: Box::new(board) }
    }

    pub(super) fn board(&self) -> Option<&Board> {
        self.board.get_or_init(&self.read_board).as_ref()
    }

    /// The place that an expression stands for: an address, a symbol, either of them with an offset, a register of the
    /// board, a whole device.
    pub(super) fn place(&self, text: &str) -> Result<Place, NameError> {
        if let Some(place) = self.simple(text) {
            return Ok(place);
        }
        if let Some((base, offset)) = text.rsplit_once('+')
            && let (Some(place), Some(offset)) = (self.simple(base.trim()), number(offset.trim()))
        {
            let rest = place.size.and_then(|size| size.checked_sub(offset)).filter(|rest| *rest > 0);
            return Ok(Place { address: place.address.wrapping_add(offset), size: rest });
        }
        self.registers(text)
    }

    fn simple(&self, text: &str) -> Option<Place> {
        let text = text.trim_start_matches('&');
        if let Some(address) = number(text) {
            return Some(Place { address, size: None });
        }
        let named = self.symbols.named(text)?;
        Some(Place { address: named.address, size: named.size.filter(|_| !named.is_code) })
    }

    fn registers(&self, text: &str) -> Result<Place, NameError> {
        let unknown = |near: Vec<String>| Err(NameError::Place(text.to_owned(), hint(&near)));
        let symbols: Vec<String> = self.symbols.names().collect();
        let Some(board) = self.board() else {
            return unknown(near(text, symbols.iter().map(String::as_str)));
        };
        let registers = || board.svd().into_iter().flat_map(|svd| svd.all_registers());
        let is_meant = |name: &str| {
            let register = name.split_once('.').map_or(name, |(_, register)| register);
            name.eq_ignore_ascii_case(text) || register.eq_ignore_ascii_case(text)
        };
        let found: Vec<_> = registers().filter(|register| is_meant(&register.name)).collect();
        match found[..] {
            [register] => return Ok(Place { address: register.address, size: Some(register.size) }),
            [] => {}
            _ => {
                let names: Vec<&str> = found.iter().take(8).map(|register| &*register.name).collect();
                return Err(NameError::Ambiguous(text.to_owned(), names.join(", ")));
            }
        }
        let device = board.device_ranges().find(|(name, _)| name.eq_ignore_ascii_case(text));
        let block = || {
            let mut blocks = board.svd()?.blocks().iter();
            blocks.find(|block| block.name.eq_ignore_ascii_case(text)).map(|block| block.addresses.clone())
        };
        if let Some(range) = device.map(|(_, range)| range).or_else(block) {
            return Ok(Place { address: range.start, size: Some(range.end - range.start) });
        }
        // Where peripherals share addresses, the file's first gives the names above.
        if let Ok(Named { places, is_register: true, .. }) = self.peripheral(text)
            && let [place] = &places[..]
        {
            return Ok(Place { address: place.start, size: Some(place.end - place.start) });
        }
        let names = symbols.iter().map(String::as_str).chain(registers().map(|register| &*register.name));
        unknown(near(text, names.chain(board.device_ranges().map(|(name, _)| name))))
    }

    /// The instruction that an address or the name of a function stands for.
    pub(super) fn code(&self, text: &str) -> Result<u32, NameError> {
        let place = self.simple(text).map(|place| place.address);
        let plus = || {
            let (base, offset) = text.rsplit_once('+')?;
            Some(self.simple(base.trim())?.address.wrapping_add(number(offset.trim())?))
        };
        place.or_else(plus).map(|address| address & !1).ok_or_else(|| {
            let names: Vec<String> = self.symbols.names().collect();
            NameError::Code(text.to_owned(), hint(&near(text, names.iter().map(String::as_str))))
        })
    }

    /// The number of an exception: its number, `irq3`, its name, the name of an interrupt on the board, or of the handler
    /// that the vector table has for it.
    pub(super) fn exception(&self, text: &str, vectors: &[u32]) -> Result<u16, NameError> {
        if let Some(number) = number(text).and_then(|number| u16::try_from(number).ok()) {
            return Ok(number);
        }
        let lower = text.to_ascii_lowercase();
        let irq = lower.strip_prefix("irq").map(str::trim).and_then(|irq| irq.parse::<u16>().ok());
        if let Some(number) = irq.and_then(|irq| irq.checked_add(16)) {
            return Ok(number);
        }
        let named = self.exceptions();
        let stem = lower.trim_end_matches("_irqn").trim_end_matches("_handler");
        let is_meant = |name: &str| {
            let name = name.to_ascii_lowercase();
            name == lower || name.trim_end_matches("_irq") == stem.trim_end_matches("_irq")
        };
        if let Some((number, _)) = named.iter().find(|(_, name)| is_meant(name)) {
            return Ok(*number);
        }
        let handler = self.symbols.named(text).filter(|named| named.is_code);
        let vector = handler.and_then(|handler| vectors.iter().position(|word| word & !1 == handler.address));
        if let Some(number) =
            vector.and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 1)
        {
            return Ok(number);
        }
        let near = near(text, named.iter().map(|(_, name)| name.as_str()));
        Err(NameError::Exception(text.to_owned(), hint(&near)))
    }

    /// All exceptions that have names.
    fn exceptions(&self) -> Vec<(u16, String)> {
        let core = OF_THE_CORE.iter().map(|number| (*number, exception_name((*number).into())));
        let svc = std::iter::once((11, "SVC".to_owned()));
        let board = self.board().into_iter().flat_map(Board::interrupts);
        core.chain(svc).chain(board.map(|(irq, name)| (irq + 16, name))).collect()
    }

    /// `SysTick (15)`, `irq 3 UART1_TX (19)`.
    pub(super) fn of_exception(&self, number: u16) -> String {
        let Some(irq) = number.checked_sub(16) else {
            return format!("{} ({number})", exception_name(number.into()));
        };
        let name = self.board().into_iter().flat_map(Board::interrupts).find(|(other, _)| *other == irq);
        let name = name.map(|(_, name)| format!(" {name}")).unwrap_or_default();
        format!("irq {irq}{name} ({number})")
    }

    /// `Thread mode`, `SysTick (15) over irq 3 UART1_TX (19) over Thread mode`.
    pub(super) fn of_level(&self, level: &Level) -> String {
        if level.exception == 0 {
            return "Thread mode".to_owned();
        }
        let all = std::iter::once(&level.exception).chain(&level.preempted);
        let all: String = all.map(|number| format!("{} over ", self.of_exception(*number))).collect();
        all + "Thread mode"
    }

    /// `log_sample at crash.c:70`, as far as is known.
    pub(super) fn of_code(&self, pc: u32) -> String {
        let function =
            self.symbols.function(pc).map(|function| match (function.offset, self.symbols.line(pc)) {
                (0, _) | (_, Some(_)) => function.name,
                (offset, None) => format!("{}+{offset:#x}", function.name),
            });
        let line = self.symbols.line(pc).map(|line| format!("{}:{}", line.file, line.line));
        match (function, line) {
            (Some(function), Some(line)) => format!("{function} at {line} ({pc:#010x})"),
            (Some(known), None) | (None, Some(known)) => format!("{known} ({pc:#010x})"),
            (None, None) => format!("{pc:#010x}"),
        }
    }

    /// `logger+0x4 (0x20000114)`, `UART0.DATA (0x40004000)`, or the address alone.
    pub(super) fn of_address(&self, address: u32) -> String {
        match self.name_at(address) {
            Some(name) => format!("{name} ({address:#010x})"),
            None => format!("{address:#010x}"),
        }
    }

    pub(super) fn name_at(&self, address: u32) -> Option<String> {
        let with_offset = |name: String, offset| match offset {
            0 => name,
            _ => format!("{name}+{offset:#x}"),
        };
        if let Some((name, offset)) = self.symbols.data_symbol(address) {
            return Some(with_offset(name, offset));
        }
        if address < 0x4000_0000 {
            return None; // no device, so no need for the board
        }
        let board = self.board()?;
        let canonical = board.wires().canonical(address);
        if let Some(name) = board.svd().and_then(|svd| svd.register_name(canonical)) {
            return Some(name.to_owned());
        }
        let device = board.device_ranges().find(|(_, range)| range.contains(&canonical));
        device.map(|(name, range)| with_offset(name.to_owned(), canonical - range.start))
    }

    /// `log_sample:70`, `Reset_Handler+0x4`, or the address: short, for lists.
    pub(super) fn of_code_briefly(&self, pc: u32) -> String {
        let Some(function) = self.symbols.function(pc) else { return format!("{pc:#010x}") };
        match (self.symbols.line(pc), function.offset) {
            (Some(line), _) => format!("{}:{}", function.name, line.line),
            (None, 0) => function.name,
            (None, offset) => format!("{}+{offset:#x}", function.name),
        }
    }

    /// `<name>` if a word is the address of a function or of a variable.
    pub(super) fn of_word(&self, word: u32) -> Option<String> {
        let function = self.symbols.function(word).filter(|function| function.offset == 0 && word & 1 == 1);
        let data = || self.symbols.data_symbol(word).filter(|(_, offset)| *offset == 0);
        let name = function.map(|function| function.name).or_else(|| data().map(|(name, _)| name))?;
        Some(format!("<{name}>"))
    }
}

/// An address or a number: decimal, or hexadecimal behind `0x`.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = text.replace('_', "");
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (digits, radix) = hex.map_or((digits.as_str(), 10), |hex| (hex, 16));
    // `from_str_radix` would take a sign.
    let plain = digits.starts_with(|c: char| c.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Image;

    fn with_names(check: impl FnOnce(&Names<'_>)) {
        let image = Image::load("tests/firmware/crash-mps2.elf").unwrap();
        let symbols = Symbols::from_image(&image);
        check(&Names::new(&symbols, || Board::find("mps2-an385").ok()));
    }

    #[test]
    fn addresses_symbols_registers_and_devices_are_places() {
        with_names(|names| {
            let place = |text: &str| names.place(text).map(|place| (place.address, place.size));
            assert_eq!(place("0x2000_0000"), Ok((0x2000_0000, None)));
            assert_eq!(place("512"), Ok((512, None)));
            let (uptime, size) = place("uptime_ms").unwrap();
            assert_eq!((uptime >> 28, size), (2, Some(4)));
            let (logger, size) = place("logger").unwrap();
            assert_eq!(place("logger+0x100"), Ok((logger + 0x100, size.map(|size| size - 0x100))));
            assert_eq!(place("&logger"), Ok((logger, size)));
            assert_eq!(place("uart0.data"), Ok((0x4000_4000, Some(4))));
            assert_eq!(place("uart0"), Ok((0x4000_4000, Some(0x1000))));
            let error = |text: &str| names.place(text).unwrap_err().to_string();
            assert!(error("loger").contains("did you mean logger?"), "{}", error("loger"));
            assert!(error("logger.alarm").contains("did you mean logger"), "{}", error("logger.alarm"));
            assert!(error("UART0.DTA").contains("UART0.DATA"), "{}", error("UART0.DTA"));
            assert!(error("BAUDDIV").contains("UART0.BAUDDIV, UART1.BAUDDIV"), "{}", error("BAUDDIV"));
        });
    }

    #[test]
    fn exceptions_have_many_names() {
        with_names(|names| {
            let systick = names.code("SysTick_Handler").unwrap();
            let mut vectors = [0x201; 48];
            vectors[15] = systick | 1;
            let number = |text: &str| names.exception(text, &vectors).map_err(|error| error.to_string());
            for text in ["15", "0xf", "SysTick", "systick", "SysTick_Handler"] {
                assert_eq!(number(text), Ok(15), "{text}");
            }
            for (text, expected) in
                [("irq3", 19), ("IRQ 3", 19), ("svc", 11), ("uart0-rx", 16), ("timer0", 24)]
            {
                assert_eq!(number(text), Ok(expected), "{text}");
            }
            assert!(number("SysTik").unwrap_err().contains("did you mean SysTick"));
            assert!(number("main").is_err());
            assert_eq!(names.of_exception(15), "SysTick (15)");
            assert!(names.of_exception(24).starts_with("irq 8 "), "{}", names.of_exception(24));
        });
    }

    #[test]
    fn numbers_have_no_signs() {
        for (text, expected) in
            [("0x10", Some(16)), ("1_000", Some(1000)), ("+1", None), ("-1", None), ("0x", None), ("", None)]
        {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
