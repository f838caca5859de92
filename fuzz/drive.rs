//! Drives the whole bus of a board as bytes say, and holds what must hold whatever they say. Shared by `cargo fuzz run bus` and
//! `tests/fuzz.rs`.

use untick::{
    board::Board,
    peripherals::{Bus, Dma},
    words::{BusFault, Cycle, Width},
};

/// RAM for bus masters, at the place where every board has some.
struct Ram(Vec<u8>);

const RAM: u32 = 0x2000_0000;

impl Ram {
    fn at(&mut self, address: u32, length: usize) -> Result<&mut [u8], BusFault> {
        let start = address.checked_sub(RAM).ok_or(BusFault)? as usize;
        self.0.get_mut(start..start.saturating_add(length)).ok_or(BusFault)
    }
}

impl Dma for Ram {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        let length = bytes.len();
        bytes.copy_from_slice(self.at(address, length)?);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
        self.at(address, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }
}

/// Bytes, one after the other; zeros when there are no more.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn number(&mut self, bytes: u32) -> u32 {
        (0..bytes).fold(0, |number, _| number << 8 | u32::from(self.byte()))
    }
}

/// What the first byte chooses: a board.
pub fn drive(bytes: &[u8]) {
    let names = Board::names();
    let mut script = Script(bytes);
    let name = names[usize::from(script.byte()) % names.len()];
    let board = Board::find(name).expect("every built-in board can be read");
    drive_board(&board, script.0);
}

/// The same on one board.
pub fn drive_board(board: &Board, bytes: &[u8]) {
    let mut script = Script(bytes);
    let devices: Vec<(String, u32)> =
        board.devices().map(|(name, _, base)| (name.to_owned(), base)).collect();
    let mut bus = board.bus();
    let mut ram = Ram(vec![0; 0x1000]);
    let mut now: Cycle = 0;
    while !script.0.is_empty() {
        let choice = script.byte();
        let (name, base) = &devices[usize::from(script.byte()) % devices.len()];
        let width = [Width::Byte, Width::Half, Width::Word, Width::Word][usize::from(choice >> 6)];
        match choice & 0xf {
            0..=3 => {
                let address = base.wrapping_add(script.number(2) % 0x1000);
                looks_change_nothing(&bus, address, width, now);
                let seen = bus.read(address, width, now, &mut ram);
                assert!(seen.is_ok_and(|value| value & !width.mask() == 0) || seen.is_err(), "{address:#x}");
            }
            4..=10 => {
                let address = base.wrapping_add(u32::from(script.byte()) * 4 + u32::from(choice >> 4 & 3));
                let value = script.number(4) & width.mask();
                // A bus fault is an answer.
                let _ = bus.write(address, width, value, now, &mut ram);
            }
            11 => {
                let length = usize::from(script.byte() % 8);
                let bytes: Vec<u8> = (0..length).map(|_| script.byte()).collect();
                bus.input(name, &bytes, now, &mut ram).expect("the board has the device");
            }
            12 => {
                let saved = bus.save();
                let mut other = board.bus();
                other.restore(&saved).expect("a bus takes back what it gave");
                assert_eq!(other.save(), saved);
                assert_eq!((other.lines(), other.next_wake()), (bus.lines(), bus.next_wake()));
            }
            _ => {
                now = wait(&mut bus, &mut ram, now, u64::from(script.number(2)));
            }
        }
        if bus.reset_request() {
            bus.reset(now, &mut ram);
            assert!(!bus.reset_request(), "{name}: a reset ends");
        }
        bus.take_output();
    }
}

fn looks_change_nothing(bus: &Bus, address: u32, width: Width, now: Cycle) {
    let seen = bus.peek(address, width, now);
    assert_eq!(bus.peek(address, width, now), seen, "{address:#x}");
}

/// Lets time pass; a device that wants to be woken for ever without an end to it would hang a machine.
fn wait(bus: &mut Bus, ram: &mut Ram, now: Cycle, cycles: u64) -> Cycle {
    let end = now.saturating_add(cycles);
    let mut now = now;
    for _ in 0..500 {
        let Some(at) = bus.next_wake().filter(|at| *at <= end) else { break };
        now = now.max(at);
        bus.wake(now, ram);
        assert!(
            bus.next_wake().is_none_or(|next| next > now),
            "woken at {now}, wants to be woken again at once"
        );
    }
    let now = now.max(end);
    bus.wake(now, ram);
    now
}
