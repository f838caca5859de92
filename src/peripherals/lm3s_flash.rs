//! Stellaris LM3S flash controller (LM3S6965 data sheet, 7.4): erases pages and programs words.
//!
//! Memory changes when the command is written; the core is not held up meanwhile, it sees the command's bit until the time is
//! over. Protected blocks are not protected, and what is committed is kept anyway.

use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Slot,
    kinds::{Kind, KindOption, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

const FMA: u32 = 0x00;
const FMD: u32 = 0x04;
const FMC: u32 = 0x08;
const FCRIS: u32 = 0x0c;
const FCIM: u32 = 0x10;
const FCMISC: u32 = 0x14;

/// In the upper half of FMC: else the write is ignored.
const KEY: u32 = 0xa442;
const WRITE: u32 = 1 << 0;
const ERASE: u32 = 1 << 1;
const MERASE: u32 = 1 << 2;
const COMT: u32 = 1 << 3;

/// The access went wrong; the command is done.
const ARIS: u32 = 1 << 0;
const PRIS: u32 = 1 << 1;

/// Bytes of a page.
const PAGE: u32 = 0x400;
/// What commands take, in microseconds (LM3S6965 data sheet, table 22-16).
const PROGRAM_TIME: u64 = 20;
const ERASE_TIME: u64 = 20_000;
const MASS_ERASE_TIME: u64 = 250_000;

pub(super) const KIND: Kind = Kind {
    name: "lm3s-flash",
    about: "Stellaris LM3S flash controller (LM3S6965 data sheet, 7.4)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("FMA", FMA),
        ("FMD", FMD),
        ("FMC", FMC),
        ("FCRIS", FCRIS),
        ("FCIM", FCIM),
        ("FCMISC", FCMISC),
    ])],
    irqs: &["flash"],
    clock: Clocking::Bus,
    options: &[KindOption { name: "flash-size", about: "bytes of flash", default: 0x4_0000 }],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let frequency = Frequency { hz: 1_000_000, core_hz: wiring.clock_hz.max(1) };
        Box::new(Slot::new(Lm3sFlash {
            size: wiring.option("flash-size").min(0x100_0000),
            microseconds: Clock::new(frequency),
        }))
    },
    ..Kind::PLAIN
};

struct Lm3sFlash {
    size: u32,
    /// At the clock of the reset.
    microseconds: Clock,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    microseconds: Option<Clock>,
    fma: u32,
    fmd: u32,
    /// The command that goes on.
    fmc: u32,
    /// When it is done.
    done: Option<Cycle>,
    ris: u32,
    im: u32,
}

impl State {
    fn settle(&mut self, now: Cycle) {
        if self.done.is_some_and(|at| at <= now) {
            (self.done, self.fmc) = (None, 0);
            self.ris |= PRIS;
        }
    }
}

/// Bits of flash go from one to zero.
fn program(address: u32, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
    let mut word = [0; 4];
    cx.dma.read(address, &mut word)?;
    cx.dma.write(address, &(u32::from_le_bytes(word) & value).to_le_bytes())
}

impl Lm3sFlash {
    /// Does a command; gives the microseconds that it takes.
    fn execute(&self, s: &State, command: u32, cx: &mut Context<'_>) -> Result<u64, BusFault> {
        match command {
            // Whatever is to be committed has been so when it was written.
            COMT => Ok(PROGRAM_TIME),
            MERASE => {
                cx.dma.write(0, &vec![0xff; self.size as usize])?;
                Ok(MASS_ERASE_TIME)
            }
            _ if s.fma >= self.size => Err(BusFault),
            WRITE => program(s.fma & !3, s.fmd, cx).map(|()| PROGRAM_TIME),
            _ => cx.dma.write(s.fma & !(PAGE - 1), &[0xff; PAGE as usize]).map(|()| ERASE_TIME),
        }
    }

    fn command(&self, s: &mut State, value: u32, cx: &mut Context<'_>) {
        let command = value & (WRITE | ERASE | MERASE | COMT);
        // One at a time.
        if value >> 16 != KEY || s.done.is_some() || !command.is_power_of_two() {
            return;
        }
        match self.execute(s, command, cx) {
            Ok(time) => {
                let cycles = s.microseconds.as_ref().unwrap_or(&self.microseconds).cycles(time);
                (s.fmc, s.done) = (command, Some(cx.now.saturating_add(cycles)));
            }
            Err(BusFault) => s.ris |= ARIS,
        }
    }
}

impl Peripheral for Lm3sFlash {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        s.settle(cx.now);
        let value = match at.register() {
            FMA => s.fma,
            FMD => s.fmd,
            FMC => s.fmc,
            FCRIS => s.ris,
            FCIM => s.im,
            FCMISC => s.ris & s.im,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx.now);
        match at.register() {
            FMA => s.fma = at.merge(s.fma, value),
            FMD => s.fmd = at.merge(s.fmd, value),
            FMC => self.command(s, at.place(value), cx),
            FCIM => s.im = at.merge(s.im, value) & (ARIS | PRIS),
            FCMISC => s.ris &= !at.place(value),
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.ris & s.im != 0)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.done.filter(|_| s.im & !s.ris & PRIS != 0)
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        s.settle(cx.now);
        let microseconds = Frequency { hz: 1_000_000, ..frequency };
        s.microseconds.get_or_insert_with(|| self.microseconds.clone()).change(microseconds, cx.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    fn flash() -> Testbed {
        let mut flash = Testbed::new("lm3s-flash");
        flash.world.memory.push((0, vec![0x5a; 0x4_0000]));
        flash
    }

    fn word(flash: &mut Testbed, address: u32) -> u32 {
        let bytes = flash.world.bytes(address, 4).unwrap();
        u32::from_le_bytes(bytes.try_into().unwrap())
    }

    #[test]
    fn a_page_is_erased_and_a_word_programmed() {
        let mut flash = flash();
        flash.write(FMA, 0x1234);
        flash.write(FMC, KEY << 16 | ERASE);
        assert_eq!(flash.read(FMC), ERASE);
        flash.run_until(ERASE_TIME);
        assert_eq!((flash.read(FMC), flash.read(FCRIS)), (0, PRIS));
        assert_eq!([0xffc, 0x1000, 0x13fc, 0x1400].map(|at| word(&mut flash, at)), {
            [0x5a5a_5a5a, u32::MAX, u32::MAX, 0x5a5a_5a5a]
        });
        flash.write(FMD, 0x1234_5678);
        flash.write(FMC, KEY << 16 | WRITE);
        flash.run_until(ERASE_TIME + PROGRAM_TIME);
        flash.write(FMD, 0xffff_0000);
        flash.write(FMC, KEY << 16 | WRITE);
        assert_eq!(word(&mut flash, 0x1234), 0x1234_0000, "bits go from one to zero only");
    }

    #[test]
    fn without_the_key_nothing_happens() {
        let mut flash = flash();
        flash.write(FMC, MERASE);
        assert_eq!((flash.read(FMC), word(&mut flash, 0)), (0, 0x5a5a_5a5a));
        flash.write(FMC, KEY << 16 | MERASE);
        assert_eq!((flash.read(FMC), word(&mut flash, 0x3_fffc)), (MERASE, u32::MAX));
    }

    #[test]
    fn the_end_and_an_error_interrupt() {
        let mut flash = flash();
        flash.write(FCIM, ARIS | PRIS);
        flash.write(FMC, KEY << 16 | ERASE);
        assert_eq!((flash.irq_lines(), flash.next_wake()), (0, Some(ERASE_TIME)));
        flash.run_until(ERASE_TIME);
        assert_eq!((flash.irq_lines(), flash.read(FCMISC)), (1, PRIS));
        flash.write(FCMISC, PRIS);
        assert_eq!(flash.irq_lines(), 0);
        flash.write(FMA, 0x4_0000);
        flash.write(FMC, KEY << 16 | ERASE);
        assert_eq!((flash.irq_lines(), flash.read(FCMISC), flash.read(FMC)), (1, ARIS, 0));
    }
}
