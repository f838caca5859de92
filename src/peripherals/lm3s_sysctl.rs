//! Stellaris LM3S system control (LM3S6965 data sheet, 5.4): the clock tree, the identification and what protects the
//! flash.
//!
//! Clock gates and software resets are stored: every peripheral always has its clock. A reset that the watchdog did not
//! ask for is software's.

use serde::{Deserialize, Serialize};

use super::{
    Access, Clocks, Context, Device, Level, Peripheral, Port, Slot,
    kinds::{Kind, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

const DID0: u32 = 0x000;
const DID1: u32 = 0x004;
const DC0: u32 = 0x008;
const DC1: u32 = 0x010;
const DC7: u32 = 0x028;
const PBORCTL: u32 = 0x030;
const LDOPCTL: u32 = 0x034;
const SRCR0: u32 = 0x040;
const SRCR2: u32 = 0x048;
const RIS: u32 = 0x050;
const IMC: u32 = 0x054;
const MISC: u32 = 0x058;
const RESC: u32 = 0x05c;
const RCC: u32 = 0x060;
const PLLCFG: u32 = 0x064;
const RCC2: u32 = 0x070;
const RCGC0: u32 = 0x100;
const SCGC0: u32 = 0x110;
const DCGC0: u32 = 0x120;
const DCGC2: u32 = 0x128;
const FMPRE: u32 = 0x130;
const FMPPE: u32 = 0x134;
const USECRL: u32 = 0x140;
const DSLPCLKCFG: u32 = 0x144;
const CLKVCLR: u32 = 0x150;
const LDOARST: u32 = 0x160;
const USER_DBG: u32 = 0x1d0;
const USER_REG0: u32 = 0x1e0;
const USER_REG1: u32 = 0x1e4;
const FMPRE0: u32 = 0x200;
const FMPRE3: u32 = 0x20c;
const FMPPE0: u32 = 0x400;
const FMPPE3: u32 = 0x40c;

/// BORRIS, PLLLRIS.
const INTERRUPTS: u32 = 1 << 1 | PLLLRIS;
const PLLLRIS: u32 = 1 << 6;

/// RESC: the causes of resets add up until software clears them.
const POR: u32 = 1 << 1;
const WDT: u32 = 1 << 3;
const SW: u32 = 1 << 4;

const USESYSDIV: u32 = 1 << 22;
const USERCC2: u32 = 1 << 31;
/// In RCC as well as in RCC2.
const PWRDN: u32 = 1 << 13;
const BYPASS: u32 = 1 << 11;

/// The internal oscillators.
const IOSC_HZ: u32 = 12_000_000;
const SLOW_HZ: u32 = 30_000;
const HIBERNATION_HZ: u32 = 32_768;
/// The PLL, halved before the divider.
const PLL_HZ: u32 = 200_000_000;
/// What the PLL gives to the ADC.
const ADC_HZ: u32 = 16_000_000;
/// The PLL locks after half a millisecond: 1 / 2000 s (LM3S6965 data sheet, table 22-9).
const LOCKS_PER_SECOND: u32 = 2000;

/// Crystals by RCC.XTAL, in Hz, with the PLL's configuration (LM3S6965 data sheet, table 5-4; the latter as read from parts).
const CRYSTALS: [(u32, u32); 16] = [
    (1_000_000, 0x3200),
    (1_843_200, 0x1b20),
    (2_000_000, 0x1900),
    (2_457_600, 0xf42b),
    (3_579_545, 0x37e3),
    (3_686_400, 0x1b21),
    (4_000_000, 0x0c80),
    (4_096_000, 0x98ee),
    (4_915_200, 0xd5b4),
    (5_000_000, 0x0a00),
    (5_120_000, 0x4e27),
    (6_000_000, 0x1902),
    (6_144_000, 0xec1c),
    (7_372_800, 0x1b23),
    (8_000_000, 0x0640),
    (8_192_000, 0xb11c),
];

pub(super) const KIND: Kind = Kind {
    name: "lm3s-sysctl",
    about: "Stellaris LM3S system control (LM3S6965 data sheet, 5.4)",
    size: 0x1000,
    layouts: &[Layout {
        registers: &[
            ("DID0", DID0),
            ("DID1", DID1),
            ("DC0", DC0),
            ("RIS", RIS),
            ("IMC", IMC),
            ("MISC", MISC),
            ("RESC", RESC),
            ("RCC", RCC),
            ("RCGC0", RCGC0),
        ],
        // Later families have another PLL.
        without: &["PLLFREQ0"],
        options: &[],
    }],
    irqs: &["sysctl"],
    inputs: &[Port::one("watchdog")],
    clocks: &["ahb", "adc"],
    retained: &[RESC],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let constant = |index: u32| wiring.reset_value(4 * index).unwrap_or(0);
        Box::new(Slot::new(Lm3sSysctl { constants: std::array::from_fn(|index| constant(index as u32)) }))
    },
    ..Kind::PLAIN
};

/// DID0 to DC7, as the SVD file says what the part is.
struct Lm3sSysctl {
    constants: [u32; 11],
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    rcc: u32,
    rcc2: u32,
    ris: u32,
    imc: u32,
    resc: u32,
    /// The watchdog has run out: it is what resets next.
    watchdog: bool,
    /// When the PLL will have locked.
    locks_at: Option<Cycle>,
    pborctl: u32,
    ldopctl: u32,
    /// Software resets.
    srcr: [u32; 3],
    /// Clock gates: RCGC, SCGC, DCGC, four words apart.
    gates: [u32; 11],
    usecrl: u32,
    dslpclkcfg: u32,
    clkvclr: u32,
    ldoarst: u32,
    user: [u32; 3],
    read_enable: [u32; 4],
    program_enable: [u32; 4],
}

impl Default for State {
    fn default() -> Self {
        let mut gates = [0; 11];
        for register in [RCGC0, SCGC0, DCGC0] {
            gates[index(RCGC0, register)] = 0x40;
        }
        State {
            rcc: 0x078e_3ad1,
            rcc2: 0x0780_2810,
            ris: 0,
            imc: 0,
            resc: POR,
            watchdog: false,
            locks_at: None,
            pborctl: 0x7ffd,
            ldopctl: 0,
            srcr: [0; 3],
            gates,
            usecrl: 0x31,
            dslpclkcfg: 0x0780_0000,
            clkvclr: 0,
            ldoarst: 0,
            user: [0xffff_fffe, u32::MAX, u32::MAX],
            read_enable: [u32::MAX; 4],
            program_enable: [u32::MAX; 4],
        }
    }
}

/// Which of the registers from `first` on.
const fn index(first: u32, register: u32) -> usize {
    ((register - first) / 4) as usize
}

impl State {
    /// The register whose fields count where both have them (LM3S6965 data sheet, RCC2).
    fn rcc_of(&self) -> u32 {
        if self.rcc2 & USERCC2 != 0 { self.rcc2 } else { self.rcc }
    }

    fn pll_is_on(&self) -> bool {
        self.rcc_of() & PWRDN == 0
    }

    /// Until the PLL has locked, the oscillator goes on being the clock (LM3S6965 data sheet, 5.2.4).
    fn uses_pll(&self) -> bool {
        self.rcc_of() & BYPASS == 0 && self.pll_is_on() && self.locks_at.is_none()
    }

    fn crystal(&self) -> (u32, u32) {
        CRYSTALS[(self.rcc >> 6 & 0xf) as usize]
    }

    fn oscillator_hz(&self) -> u32 {
        let source = if self.rcc2 & USERCC2 != 0 { self.rcc2 >> 4 & 7 } else { self.rcc >> 4 & 3 };
        match source {
            0 => self.crystal().0,
            1 => IOSC_HZ,
            2 => IOSC_HZ / 4,
            7 => HIBERNATION_HZ,
            _ => SLOW_HZ,
        }
    }

    fn settle(&mut self, now: Cycle) {
        if self.locks_at.is_some_and(|at| at <= now) {
            self.locks_at = None;
            self.ris |= PLLLRIS;
        }
    }

    /// A register that is stored.
    fn stored(&mut self, register: u32) -> Option<&mut u32> {
        let gates = self.gates.len();
        Some(match register {
            PBORCTL => &mut self.pborctl,
            LDOPCTL => &mut self.ldopctl,
            SRCR0..=SRCR2 => self.srcr.get_mut(index(SRCR0, register))?,
            IMC => &mut self.imc,
            RESC => &mut self.resc,
            RCGC0..=DCGC2 if index(RCGC0, register) < gates => &mut self.gates[index(RCGC0, register)],
            USECRL => &mut self.usecrl,
            DSLPCLKCFG => &mut self.dslpclkcfg,
            CLKVCLR => &mut self.clkvclr,
            LDOARST => &mut self.ldoarst,
            _ => return None,
        })
    }

    /// A register of which bits can be cleared and never set.
    fn fused(&mut self, register: u32) -> Option<&mut u32> {
        Some(match register {
            FMPRE => &mut self.read_enable[0],
            FMPPE => &mut self.program_enable[0],
            USER_DBG => &mut self.user[0],
            USER_REG0 => &mut self.user[1],
            USER_REG1 => &mut self.user[2],
            FMPRE0..=FMPRE3 => &mut self.read_enable[index(FMPRE0, register)],
            FMPPE0..=FMPPE3 => &mut self.program_enable[index(FMPPE0, register)],
            _ => return None,
        })
    }
}

/// Bits of the stored registers that exist.
const fn writable(register: u32) -> u32 {
    match register {
        PBORCTL => 0xffff,
        LDOPCTL => 0x3f,
        IMC => INTERRUPTS,
        RESC => 0x3f,
        USECRL => 0xff,
        DSLPCLKCFG => 0x1f80_0070,
        CLKVCLR | LDOARST => 1,
        0x10c | 0x11c => 0,
        _ => u32::MAX,
    }
}

impl Lm3sSysctl {
    fn core_hz(&self, s: &State) -> u32 {
        let sysdiv = if s.rcc2 & USERCC2 != 0 { s.rcc2 >> 23 & 0x3f } else { s.rcc >> 23 & 0xf };
        if s.uses_pll() {
            // DC1.MINSYSDIV is the smallest divider of the PLL.
            let least = self.constants[index(DID0, DC1)] >> 12 & 0xf;
            return PLL_HZ / (sysdiv.max(least) + 1);
        }
        match s.rcc & USESYSDIV {
            0 => s.oscillator_hz(),
            _ => s.oscillator_hz() / (sysdiv + 1),
        }
    }

    /// Writes RCC or RCC2.
    fn write_rcc(&self, s: &mut State, at: Access, value: u32, now: Cycle) {
        let (was_on, crystal, hz) = (s.pll_is_on(), s.crystal(), self.core_hz(s));
        if at.register() == RCC {
            // Bit 12 was the output enable of older parts.
            s.rcc = at.merge(s.rcc, value) & 0x0fde_3bf3 | s.rcc & 0x1000;
        } else {
            s.rcc2 = at.merge(s.rcc2, value) & 0x9f80_2870;
        }
        if !s.pll_is_on() {
            s.locks_at = None;
        } else if !was_on || s.crystal() != crystal {
            s.locks_at = Some(now);
            s.locks_at = Some(now.saturating_add(u64::from(self.core_hz(s) / LOCKS_PER_SECOND).max(1)));
        } else if let Some(at) = s.locks_at {
            // The time that is left, in cycles of the new clock.
            let left = at.saturating_sub(now) * u64::from(self.core_hz(s)) / u64::from(hz.max(1));
            s.locks_at = Some(now.saturating_add(left.max(1)));
        }
    }
}

impl Peripheral for Lm3sSysctl {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        s.settle(cx.now);
        let value = match at.register() {
            register @ DID0..=DC7 => self.constants[index(DID0, register)],
            RIS => s.ris,
            MISC => s.ris & s.imc,
            RCC => s.rcc,
            PLLCFG => s.crystal().1,
            RCC2 => s.rcc2,
            register => match s.stored(register) {
                Some(stored) => *stored,
                None => s.fused(register).map_or(0, |fused| *fused),
            },
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx.now);
        match at.register() {
            RCC | RCC2 => self.write_rcc(s, at, value, cx.now),
            MISC => s.ris &= !at.place(value),
            register => {
                if let Some(stored) = s.stored(register) {
                    *stored = at.merge(*stored, value) & writable(register);
                } else if let Some(fused) = s.fused(register) {
                    *fused &= at.merge(*fused, value);
                }
            }
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx.now);
    }

    fn wire(&self, s: &mut State, _input: u32, level: Level, _cx: &mut Context<'_>) {
        s.watchdog |= level.is_high();
    }

    fn after_reset(&self, s: &State) -> State {
        State { resc: s.resc | if s.watchdog { WDT } else { SW }, ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.ris & s.imc != 0)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let wanted = s.imc & !s.ris & PLLLRIS != 0 || s.rcc_of() & BYPASS == 0;
        s.locks_at.filter(|_| wanted)
    }

    fn clocks(&self, s: &State) -> Option<Clocks> {
        let core = self.core_hz(s);
        let adc = if s.pll_is_on() { ADC_HZ } else { s.oscillator_hz() };
        Some(Clocks { core, domains: heapless::Vec::from_iter([core, adc]) })
    }
}

#[cfg(test)]
mod tests;
