//! Time stamps, and what tamper pins do.

use super::{
    Reading, State,
    registers::{TAMP1F, TSF, TSOVF},
};

impl State {
    pub(super) fn take_timestamp(&mut self) {
        if self.isr & TSF != 0 {
            self.isr |= TSOVF;
            return;
        }
        let now = self.reading();
        self.timestamp = Reading { dr: now.dr & 0xff3f, ..now };
        self.isr |= TSF;
    }

    /// A tamper pin changes (RM0090 26.3.13): its enable bit and the one behind it say how it is to be.
    pub(super) fn tamper(&mut self, pin: u32, high: bool, edge: bool) {
        let (enabled, low) = match pin {
            0 => (self.tafcr & 1 != 0, self.tafcr & 2 != 0),
            pin => (self.tafcr >> (2 * pin + 1) & 1 != 0, self.tafcr >> (2 * pin + 2) & 1 != 0),
        };
        // With a filter TAMPxTRG is the active level reversed, 0 low; without one, the edge, 0 rising.
        let filtered = self.tafcr >> 11 & 3 != 0;
        let active = if filtered { high == low } else { edge && high != low };
        if !enabled || !active {
            return;
        }
        self.isr |= TAMP1F << pin;
        // TAMPxNOERASE, on the L4.
        if self.tafcr >> (17 + 3 * pin) & 1 == 0 {
            self.backup = [0; 32];
        }
        if self.tafcr & 1 << 7 != 0 {
            self.take_timestamp();
        }
    }
}
