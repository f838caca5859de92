//! The instrumentation trace macrocell: what firmware writes to its stimulus ports leaves through the pins
//! (Armv7-M ARM C1.7).

use serde::{Deserialize, Serialize};

const BASE: u32 = 0xe000_0000;
const ITMENA: u32 = 1 << 0;
const LOCK_KEY: u32 = 0xc5ac_ce55;

/// The registers of the ITM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Itm {
    /// ITM_TER: which stimulus ports are enabled.
    ter: u32,
    /// ITM_TPR.
    tpr: u32,
    /// ITM_TCR.
    tcr: u32,
    unlocked: bool,
    /// DEMCR.TRCENA: without it nothing here works.
    enabled: bool,
}

impl Itm {
    /// Whether an address is one of the ITM's registers, and which.
    pub fn offset_of(address: u32) -> Option<u32> {
        (BASE..BASE + 0xfb8).contains(&address).then(|| address - BASE)
    }

    /// Takes over DEMCR.TRCENA.
    pub fn enable(&mut self, enabled: bool) {
        self.enabled = enabled;
    }

    /// Whether a store to a stimulus port is sent.
    pub fn sends(&self, address: u32) -> bool {
        let port = (address - BASE) / 4;
        port < 32 && self.enabled && self.tcr & ITMENA != 0 && self.ter >> port & 1 != 0
    }

    /// Reads a register. A stimulus port that is enabled always takes another word.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            0..=0x7c => u32::from(self.sends(BASE + offset)),
            0xe00 => self.ter,
            0xe40 => self.tpr,
            0xe80 => self.tcr,
            0xfb4 => 1 | u32::from(!self.unlocked) << 1, // LSR: implemented, locked
            _ => 0,
        }
    }

    /// Writes a register other than the stimulus ports.
    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0xfb0 => self.unlocked = value == LOCK_KEY,
            // The lock holds back whoever is not a debugger; few implementations lock, and firmware always unlocks.
            0xe00 => self.ter = value,
            0xe40 => self.tpr = value & 0xf,
            0xe80 => self.tcr = value & 0x007f_0f1f,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_sends_when_everything_in_front_of_it_is_enabled() {
        let mut itm = Itm::default();
        assert!(!itm.sends(BASE));
        itm.write(0xfb0, LOCK_KEY);
        itm.write(0xe00, 1 << 3);
        itm.write(0xe80, ITMENA);
        assert!(!itm.sends(BASE + 12), "TRCENA is clear");
        itm.enable(true);
        assert!(itm.sends(BASE + 12));
        assert!(itm.sends(BASE + 13), "a byte lane of the port");
        assert!(!itm.sends(BASE + 8));
        assert_eq!(itm.read(12), 1);
        assert_eq!(itm.read(8), 0);
    }
}
