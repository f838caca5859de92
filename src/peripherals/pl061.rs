//! Arm PrimeCell GPIO, PL061 (DDI 0190B), with the pads of Stellaris parts (LM3S6965 data sheet, 8.5): eight pins.
//!
//! From the host, two bytes set one pin from outside: its number and its level. Nobody drives a pin before that: it has the
//! level of its pull resistor, inside or, by option, outside. Drive strength and slew rate are stored.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Port, Slot,
    kinds::{Described, Kind, KindOption, Layout, Wiring},
    pin_levels,
    primecell::{self, Identification},
};
use crate::words::BusFault;

/// Behind the address of all pins: bits 9 to 2 of the address of DATA say which pins are meant.
const DATA_END: u32 = 0x400;
const DIR: u32 = 0x400;
const IS: u32 = 0x404;
const IBE: u32 = 0x408;
const IEV: u32 = 0x40c;
const IM: u32 = 0x410;
const RIS: u32 = 0x414;
const MIS: u32 = 0x418;
const ICR: u32 = 0x41c;
const AFSEL: u32 = 0x420;
const DR2R: u32 = 0x500;
const DR4R: u32 = 0x504;
const DR8R: u32 = 0x508;
const ODR: u32 = 0x50c;
const PUR: u32 = 0x510;
const PDR: u32 = 0x514;
const SLR: u32 = 0x518;
const DEN: u32 = 0x51c;
const LOCK: u32 = 0x520;
const CR: u32 = 0x524;
const AMSEL: u32 = 0x528;
const PCTL: u32 = 0x52c;

/// DATA for every set of pins: it tells their levels.
const DATA: [u32; 256] = {
    let mut registers = [0; 256];
    let mut index = 0;
    while index < 256 {
        registers[index] = 4 * index as u32;
        index += 1;
    }
    registers
};

/// Written to LOCK, lets CR be written: of the LM3S and of later families.
const KEYS: [u32; 2] = [0x1acc_e551, 0x4c4f_434b];

pub(super) const KIND: Kind = Kind {
    name: "pl061",
    about: "Arm PrimeCell GPIO (DDI 0190B) with the pads of Stellaris parts",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("DATA", 0x3fc),
        ("DIR", DIR),
        ("IS", IS),
        ("IBE", IBE),
        ("IEV", IEV),
        ("IM", IM),
        ("RIS", RIS),
        ("MIS", MIS),
        ("ICR", ICR),
        ("AFSEL", AFSEL),
        ("DR2R", DR2R),
        ("DEN", DEN),
        ("LOCK", LOCK),
        ("CR", CR),
    ])],
    describe,
    irqs: &["gpio"],
    outputs: &[Port { name: "pin", count: 8 }],
    retained: &DATA,
    options: &[
        KindOption {
            name: "jtag",
            about: "mask of the pins that belong to the debugger at reset",
            default: 0,
        },
        KindOption { name: "pulled-up", about: "mask of the pins that the board pulls up", default: 0 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        const PL061: Identification = [0, 0, 0, 0, 0x61, 0x10, 0x04, 0, 0x0d, 0xf0, 0x05, 0xb1];
        Box::new(Slot::new(Pl061 {
            jtag: wiring.option("jtag") & 0xff,
            den: (wiring.reset_value(DEN).unwrap_or(0) | wiring.option("jtag")) & 0xff,
            pulled_up: wiring.option("pulled-up") & 0xff,
            identification: primecell::described(wiring, PL061),
        }))
    },
    ..Kind::PLAIN
};

/// The debugger is on pin 7 of port B and on pins 0 to 3 of port C.
fn describe(peripheral: &Described<'_>) -> Vec<(&'static str, u32)> {
    let jtag = match peripheral.name.chars().last() {
        Some('B') => 0x80,
        Some('C') => 0x0f,
        _ => 0,
    };
    vec![("jtag", jtag)]
}

struct Pl061 {
    jtag: u32,
    /// DEN at reset.
    den: u32,
    pulled_up: u32,
    identification: Identification,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    /// Pins that somebody outside drives, and to which level.
    driven: u32,
    outside: u32,
    data: u32,
    dir: u32,
    is: u32,
    ibe: u32,
    iev: u32,
    im: u32,
    /// Edges seen.
    edges: u32,
    /// What is different from the reset value, which depends on the port: AFSEL, PUR, DEN and CR.
    afsel: u32,
    pur: u32,
    den: u32,
    cr: u32,
    /// DR2R, DR4R, DR8R.
    drive: [u32; 3],
    odr: u32,
    pdr: u32,
    slr: u32,
    unlocked: bool,
    amsel: u32,
    pctl: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            driven: 0,
            outside: 0,
            data: 0,
            dir: 0,
            is: 0,
            ibe: 0,
            iev: 0,
            im: 0,
            edges: 0,
            afsel: 0,
            pur: 0,
            den: 0,
            cr: 0,
            drive: [0xff, 0, 0],
            odr: 0,
            pdr: 0,
            slr: 0,
            unlocked: false,
            amsel: 0,
            pctl: 0,
        }
    }
}

impl Pl061 {
    fn afsel(&self, s: &State) -> u32 {
        s.afsel ^ self.jtag
    }

    fn pur(&self, s: &State) -> u32 {
        s.pur ^ self.jtag
    }

    /// The pins that software may take from the debugger.
    fn cr(&self, s: &State) -> u32 {
        s.cr ^ self.jtag ^ 0xff
    }

    fn den(&self, s: &State) -> u32 {
        s.den ^ self.den
    }

    /// Pins whose level DATA says. An open drain lets go of the pin for a one.
    fn out(&self, s: &State) -> u32 {
        s.dir & !self.afsel(s) & !(s.odr & s.data)
    }

    /// What the pins are at; one that is not digital is not driven.
    fn pads(&self, s: &State) -> u32 {
        let out = self.out(s) & self.den(s);
        let pulled = (self.pulled_up | self.pur(s)) & !s.driven | s.outside & s.driven;
        s.data & out | pulled & !out
    }

    /// What is read. An input that is not digital lets nothing in (LM3S6965 data sheet, GPIODATA and GPIODEN).
    fn pins(&self, s: &State) -> u32 {
        let out = self.out(s);
        s.data & out | self.pads(s) & self.den(s) & !out
    }

    fn ris(&self, s: &State) -> u32 {
        let level = !(self.pins(s) ^ s.iev);
        (level & s.is | s.edges & !s.is) & 0xff
    }

    /// Does `change` and notes the edges that it makes.
    fn change(&self, s: &mut State, change: impl FnOnce(&mut State)) {
        let before = self.pins(s);
        change(s);
        let now = self.pins(s);
        let (rising, falling) = (now & !before, before & !now);
        s.edges |= (rising & (s.iev | s.ibe) | falling & (!s.iev | s.ibe)) & !s.is;
    }

    fn write_register(&self, s: &mut State, at: Access, value: u32) {
        let merge = |old: u32| at.merge(old, value) & 0xff;
        // Pins of the debugger keep their function while CR has a zero there.
        let committed = |old: u32, free: u32| old & !free | at.merge(old, value) & free;
        let free = self.cr(s);
        match at.register() {
            DIR => s.dir = merge(s.dir),
            IS => s.is = merge(s.is),
            IBE => s.ibe = merge(s.ibe),
            IEV => s.iev = merge(s.iev),
            IM => s.im = merge(s.im),
            ICR => s.edges &= !at.place(value),
            AFSEL => s.afsel = committed(self.afsel(s), free) ^ self.jtag,
            register @ (DR2R | DR4R | DR8R) => {
                // A pin has one of the three (LM3S6965 data sheet, GPIODR2R).
                let chosen = ((register - DR2R) / 4) as usize;
                let set = merge(s.drive[chosen]);
                s.drive.iter_mut().for_each(|drive| *drive &= !set);
                s.drive[chosen] = set;
            }
            ODR => s.odr = merge(s.odr),
            PUR => {
                let pur = committed(self.pur(s), free);
                s.pdr &= !pur;
                s.pur = pur ^ self.jtag;
            }
            PDR => {
                s.pdr = committed(s.pdr, free);
                s.pur = self.pur(s) & !s.pdr ^ self.jtag;
            }
            SLR => s.slr = merge(s.slr),
            DEN => s.den = committed(self.den(s), free) ^ self.den,
            LOCK => s.unlocked = KEYS.contains(&at.place(value)),
            CR if s.unlocked => s.cr = merge(self.cr(s)) ^ self.jtag ^ 0xff,
            AMSEL => s.amsel = merge(s.amsel),
            PCTL => s.pctl = at.merge(s.pctl, value),
            register if register < DATA_END => {
                let mask = register >> 2;
                s.data = s.data & !mask | at.merge(s.data, value) & mask;
            }
            _ => {}
        }
    }
}

impl Peripheral for Pl061 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            register if register < DATA_END => self.pins(s) & register >> 2,
            DIR => s.dir,
            IS => s.is,
            IBE => s.ibe,
            IEV => s.iev,
            IM => s.im,
            RIS => self.ris(s),
            MIS => self.ris(s) & s.im,
            AFSEL => self.afsel(s),
            register @ (DR2R | DR4R | DR8R) => s.drive[((register - DR2R) / 4) as usize],
            ODR => s.odr,
            PUR => self.pur(s),
            PDR => s.pdr,
            SLR => s.slr,
            DEN => self.den(s),
            LOCK => u32::from(!s.unlocked),
            CR => self.cr(s),
            AMSEL => s.amsel,
            PCTL => s.pctl,
            offset => primecell::register(&self.identification, offset).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.change(s, |s| self.write_register(s, at, value));
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], _cx: &mut Context<'_>) {
        for (pin, level) in pin_levels(bytes, 8) {
            self.change(s, |s| {
                s.driven |= 1 << pin;
                s.outside = s.outside & !(1 << pin) | u32::from(level) << pin;
            });
        }
    }

    /// What drives the pins is outside.
    fn after_reset(&self, s: &State) -> State {
        State { driven: s.driven, outside: s.outside, ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(self.ris(s) & s.im != 0)
    }

    fn outputs(&self, s: &State) -> u64 {
        u64::from(self.pads(s))
    }
}

#[cfg(test)]
mod tests;
