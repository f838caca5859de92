//! STM32 reset and clock control: the clock tree of each family, as a table of oscillators and one of clocks.
//!
//! An oscillator is ready as soon as it is on and has something to run from. Clock enables and peripheral resets store:
//! every peripheral has its clock always. CSR tells what has reset the chip.

mod f0;
mod f1;
mod f3;
mod f4;
mod l1;
mod l4;
#[cfg(test)]
mod tests;
mod tree;

use serde::{Deserialize, Serialize};

use self::tree::{Oscillator, Source, View};
pub(super) use self::{
    f0::KIND as F0, f1::KIND as F1, f3::KIND as F3, f4::KIND as F4, l1::KIND as L1, l4::KIND as L4,
};
use super::{
    Access, Clocks, Context, Device, Level, Peripheral, Port, Slot,
    kinds::{KindOption, Wiring},
    registers::{Registers, Values},
};
use crate::words::BusFault;

/// The crystals of the board.
const HSE: KindOption =
    KindOption { name: "hse", about: "frequency of the HSE oscillator in Hz; 0: none", default: 8_000_000 };
const LSE: KindOption =
    KindOption { name: "lse", about: "frequency of the LSE oscillator in Hz; 0: none", default: 32_768 };
const CRYSTALS: &[KindOption] = &[HSE, LSE];

/// What resets the chip, and the flag in CSR that tells so, the same one in all families.
const RESETS: &[Port] = &[Port::one("iwdg-reset"), Port::one("wwdg-reset"), Port::one("obl-reset")];
const RESET_FLAGS: [u32; 3] = [1 << 29, 1 << 30, 1 << 25];
/// The flag of a reset that software ordered, and that of the pin, which every reset pulls low.
const SFTRSTF: u32 = 1 << 28;
const PINRSTF: u32 = 1 << 26;

/// A clock that a family has, by the name that peripherals know.
type Domain = (&'static str, fn(&View<'_>) -> u32);

/// What the system clock may be: an oscillator, and how fast it is then.
type System = Option<(Source, fn(&View<'_>) -> u32)>;

/// What is different between families.
struct Family {
    /// The reset values that an SVD file may not have.
    known: &'static [(u32, u32)],
    /// Every oscillator, those that others run from before them.
    oscillators: &'static [Oscillator],
    /// CFGR, with SW and SWS at the bottom.
    cfgr: u32,
    /// A register and its bits that can only be set.
    sticky: (u32, u32),
    /// What each value of SW means.
    system: [System; 4],
    interrupts: Interrupts,
    /// The register and the bit that reset the backup domain, and what of the register that resets.
    backup: (u32, u32, u32),
    /// CSR, RMVF and the flags that it clears.
    flags: (u32, u32, u32),
    ahb: fn(&View<'_>) -> u32,
    domains: &'static [Domain],
}

/// Where the interrupt flags are.
#[derive(Clone, Copy)]
enum Interrupts {
    /// CIR: flags, eight bits above them the enables, and eight above those the clears.
    Cir(u32),
    /// CIER, CIFR and CICR.
    Cier(u32),
}

impl Interrupts {
    /// The register of the flags and their bits in it.
    fn flags(self) -> (u32, u32) {
        match self {
            Interrupts::Cir(cir) => (cir, 0xff),
            Interrupts::Cier(cier) => (cier + 4, u32::MAX),
        }
    }

    /// The enables, where the flags are in their register.
    fn enables(self, view: &View<'_>) -> u32 {
        match self {
            Interrupts::Cir(cir) => view.get(cir) >> 8 & 0x7f,
            Interrupts::Cier(cier) => view.get(cier),
        }
    }
}

/// The names in a table of clocks.
const fn names<const N: usize>(domains: &[Domain; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = domains[at].0;
        at += 1;
    }
    names
}

fn build(family: &'static Family, wiring: &Wiring) -> Box<dyn Device> {
    let mut rcc = Stm32Rcc {
        registers: Registers::new(wiring, family.known),
        family,
        hse: wiring.option("hse"),
        lse: wiring.option("lse"),
        variant: wiring.option("variant"),
    };
    // Some SVD files have reset values with which nothing would run.
    if rcc.view(&Values::default()).system() == 0 {
        rcc.registers.assume(family.known);
    }
    Box::new(Slot::new(rcc))
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    values: Values,
    /// Flags of what resets the chip now.
    causes: u32,
}

struct Stm32Rcc {
    registers: Registers,
    family: &'static Family,
    hse: u32,
    lse: u32,
    /// What the family's option of this name says.
    variant: u32,
}

impl Stm32Rcc {
    fn view<'a>(&'a self, values: &'a Values) -> View<'a> {
        View { rcc: self, values }
    }

    /// The bits of a register that only the hardware changes, or that cannot be changed now.
    fn kept(&self, s: &Values, offset: u32) -> u32 {
        let mut kept = if offset == self.family.cfgr { 0b1100 } else { 0 };
        let (flags, bits) = self.family.interrupts.flags();
        if offset == flags {
            kept |= bits;
        }
        if offset == self.family.flags.0 {
            kept |= self.family.flags.2;
        }
        let (register, bits) = self.family.sticky;
        if offset == register {
            kept |= bits & self.registers.get(s, register);
        }
        for oscillator in self.family.oscillators {
            if offset == oscillator.register {
                kept |= oscillator.ready;
            }
            if self.registers.get(s, oscillator.register) & oscillator.on != 0 {
                let settings = oscillator.settings.iter().filter(|(register, _)| *register == offset);
                kept |= settings.fold(0, |kept, (_, bits)| kept | bits);
            }
        }
        kept
    }

    /// What writing has done beside storing: bits that clear others.
    fn act(&self, s: &mut Values, offset: u32, written: u32) {
        let registers = &self.registers;
        match self.family.interrupts {
            Interrupts::Cir(cir) if cir == offset => {
                registers.put(s, cir, written >> 16 & 0xff | 0xffff_0000, 0);
            }
            Interrupts::Cier(cier) if cier + 8 == offset => {
                registers.put(s, cier + 4, written, 0);
                registers.set(s, offset, 0);
            }
            _ => {}
        }
        let (backup, reset, all) = self.family.backup;
        if offset == backup && registers.get(s, backup) & reset != 0 {
            registers.put(s, backup, all, 0);
        }
        let (csr, remove, flags) = self.family.flags;
        if offset == csr && written & remove != 0 {
            registers.put(s, csr, remove | flags, 0);
        }
    }

    /// Lets status bits follow what was written.
    fn follow(&self, s: &mut Values) {
        let (registers, family) = (&self.registers, self.family);
        // What drives the system clock, directly or through a PLL, cannot be turned off (RM0090 7.3.1).
        let mut in_use =
            family.system[(registers.get(s, family.cfgr) >> 2 & 3) as usize].map(|(source, _)| source);
        while let Some(oscillator) = in_use.and_then(|source| self.oscillator(source)) {
            registers.put(s, oscillator.register, oscillator.on, oscillator.on);
            in_use = (oscillator.from)(&self.view(s));
        }
        for oscillator in family.oscillators {
            let (value, view) = (registers.get(s, oscillator.register), self.view(s));
            let ready = value & oscillator.on != 0 && (oscillator.hz)(&view) > 0;
            let was_ready = value & oscillator.ready != 0;
            let told = family.interrupts.enables(&view) & oscillator.flag;
            registers.put(s, oscillator.register, oscillator.ready, if ready { u32::MAX } else { 0 });
            if ready && !was_ready {
                registers.put(s, family.interrupts.flags().0, told, told);
            }
        }
        let switch = registers.get(s, family.cfgr) & 3;
        if let Some((_, hz)) = family.system[switch as usize]
            && hz(&self.view(s)) > 0
        {
            registers.put(s, family.cfgr, 0b1100, switch << 2);
        }
    }

    fn oscillator(&self, source: Source) -> Option<&'static Oscillator> {
        self.family.oscillators.iter().find(|oscillator| oscillator.source == source)
    }
}

impl Peripheral for Stm32Rcc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(at.take(self.registers.get(&s.values, at.register())))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        let s = &mut s.values;
        let (offset, kept) = (at.register(), self.kept(s, at.register()));
        let (before, _) = self.registers.write(s, at, value);
        self.registers.put(s, offset, kept, before);
        self.act(s, offset, at.place(value));
        self.follow(s);
        Ok(())
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, _cx: &mut Context<'_>) {
        if level.is_high() {
            s.causes |= RESET_FLAGS.get(input as usize).copied().unwrap_or(0);
        }
    }

    /// The backup domain stays as it is, and flags add up until software clears them (RM0090 7.1, 7.3.21).
    fn after_reset(&self, s: &State) -> State {
        let mut after = State::default();
        let (backup, _, bits) = self.family.backup;
        let kept = self.registers.get(&s.values, backup);
        self.registers.put(&mut after.values, backup, bits, kept);
        let (csr, _, flags) = self.family.flags;
        let causes = if s.causes == 0 { SFTRSTF } else { s.causes };
        let told = self.registers.get(&s.values, csr) | causes | PINRSTF;
        self.registers.put(&mut after.values, csr, flags, told);
        self.follow(&mut after.values);
        after
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let s = &s.values;
        let (flags, bits) = self.family.interrupts.flags();
        let pending = self.registers.get(s, flags) & bits & self.family.interrupts.enables(&self.view(s));
        u32::from(pending != 0)
    }

    fn clocks(&self, s: &State) -> Option<Clocks> {
        let view = self.view(&s.values);
        let domains = self.family.domains.iter().map(|(_, hz)| hz(&view)).collect();
        Some(Clocks { core: (self.family.ahb)(&view).max(1), domains })
    }
}
