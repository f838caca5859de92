//! MPS2 serial configuration controller (MPS2 TRM 100112, "SCC register descriptions") as the images for the MPS2 have it.
//!
//! Configuration transfers end at once; of the functions only the oscillators (function 1, devices 0 to 2) exist, and
//! setting them changes no clock.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, KindOption, Wiring},
};
use crate::words::BusFault;

const CFG_REG0: u32 = 0x000;
const CFG_REG1: u32 = 0x004;
const CFG_REG4: u32 = 0x010;
const CFGDATA_RTN: u32 = 0x0a0;
const CFGDATA_OUT: u32 = 0x0a4;
const CFGCTRL: u32 = 0x0a8;
const CFGSTAT: u32 = 0x0ac;
const DLL: u32 = 0x100;
const AID: u32 = 0xff8;
const ID: u32 = 0xffc;

const START: u32 = 1 << 31;
const WRITE: u32 = 1 << 30;
const DONE: u32 = 1;
const ERROR: u32 = 2;

pub(super) const KIND: Kind = Kind {
    name: "mps2-scc",
    about: "MPS2 serial configuration controller (MPS2 TRM, AN385)",
    size: 0x1000,
    options: &[KindOption { name: "id", about: "SCC_ID: the number of the image", default: 0x4104_3850 }],
    build: |wiring: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(Mps2Scc { id: wiring.option("id") })) },
    ..Kind::PLAIN
};

struct Mps2Scc {
    id: u32,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    cfg_reg0: u32,
    cfg_reg1: u32,
    cfgdata_rtn: u32,
    cfgdata_out: u32,
    cfgctrl: u32,
    cfgstat: u32,
    dll: u32,
    oscillators: [u32; 3],
}

impl Default for State {
    fn default() -> Self {
        State {
            cfg_reg0: 0,
            cfg_reg1: 0,
            cfgdata_rtn: 0,
            cfgdata_out: 0,
            cfgctrl: 0x10_0000,
            cfgstat: 0,
            dll: 0xffff_0001,
            oscillators: [50_000_000, 24_576_000, 25_000_000],
        }
    }
}

impl State {
    fn transfer(&mut self) {
        self.cfgstat = DONE;
        let (function, device) = (self.cfgctrl >> 20 & 0x3f, (self.cfgctrl & 0xfff) as usize);
        let Some(oscillator) = self.oscillators.get_mut(device).filter(|_| function == 1) else {
            self.cfgstat |= ERROR;
            return;
        };
        if self.cfgctrl & WRITE != 0 {
            *oscillator = self.cfgdata_out;
        } else {
            self.cfgdata_rtn = *oscillator;
        }
    }
}

impl Peripheral for Mps2Scc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            CFG_REG0 => s.cfg_reg0,
            CFG_REG1 => s.cfg_reg1,
            CFG_REG4 => 2,
            CFGDATA_RTN => s.cfgdata_rtn,
            CFGDATA_OUT => s.cfgdata_out,
            CFGCTRL => s.cfgctrl,
            CFGSTAT => s.cfgstat,
            DLL => s.dll,
            AID => 0x0020_0008,
            ID => self.id,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, _cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            CFG_REG0 => s.cfg_reg0 = at.merge(s.cfg_reg0, value),
            CFG_REG1 => s.cfg_reg1 = at.merge(s.cfg_reg1, value) & 0xff,
            CFGDATA_OUT => s.cfgdata_out = at.merge(s.cfgdata_out, value),
            CFGCTRL => {
                let value = at.merge(s.cfgctrl, value);
                s.cfgstat = 0;
                s.cfgctrl = value & 0x43f0_0fff;
                if value & START != 0 {
                    s.transfer();
                }
            }
            // Only the lock mask is writable; the loops themselves are always locked.
            DLL => s.dll = (s.dll & 0x00ff_ffff) | (at.merge(s.dll, value) & 0xff00_0000),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn oscillators_read_back_what_was_set() {
        let mut scc = Testbed::new("mps2-scc");
        scc.write(CFGDATA_OUT, 12_000_000);
        scc.write(CFGCTRL, START | WRITE | 1 << 20 | 2);
        assert_eq!(scc.read(CFGSTAT), DONE);
        scc.write(CFGCTRL, START | 1 << 20 | 2);
        assert_eq!(scc.read(CFGDATA_RTN), 12_000_000);
        scc.write(CFGCTRL, START | 1 << 20 | 3);
        assert_eq!(scc.read(CFGSTAT), DONE | ERROR, "there is no oscillator 3");
        assert_eq!(scc.read(ID), 0x4104_3850);
    }
}
