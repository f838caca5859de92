//! The data watchpoint and trace unit: counters on virtual time, and comparators that firmware can use as watch units
//! (Armv7-M ARM C1.8, Armv8-M ARM D1.2 and B12.1).

use serde::{Deserialize, Serialize};

use super::{Architecture, Config, engine::WatchUnits};
use crate::{
    timeline::{WatchKind, Watchpoint},
    words::Cycle,
};

/// Comparators that the Cortex-M3, M4, M7 and M33 have.
pub const COMPARATORS: usize = 4;

const CYCCNTENA: u32 = 1 << 0;
const MATCHED: u32 = 1 << 24;

/// One comparator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Comparator {
    /// DWT_COMP.
    value: u32,
    /// DWT_MASK: how many low bits of an address are ignored. Armv7-M only.
    mask: u32,
    /// DWT_FUNCTION without MATCHED.
    function: u32,
    matched: bool,
}

impl Comparator {
    /// The memory that it watches, when its function is a data address and a debug event.
    fn watches(self, v8: bool) -> Option<Watchpoint> {
        let (kind, ignored_bits) = if v8 {
            let kind = match self.function & 0x3f {
                0x14 => WatchKind::Access,
                0x15 => WatchKind::Write,
                0x16 => WatchKind::Read,
                _ => return None,
            };
            (kind, self.function >> 10 & 3)
        } else {
            const CYCMATCH_DATAVMATCH: u32 = 1 << 7 | 1 << 8;
            if self.function & CYCMATCH_DATAVMATCH != 0 {
                return None;
            }
            let kind = match self.function & 0xf {
                5 => WatchKind::Read,
                6 => WatchKind::Write,
                7 => WatchKind::Access,
                _ => return None,
            };
            (kind, self.mask)
        };
        let length = 1u32 << ignored_bits;
        Some(Watchpoint { address: self.value & !(length - 1), length, kind })
    }
}

/// The registers of the DWT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dwt {
    /// Which registers there are. Software on Armv6-M cannot see the debug units (DDI 0419 C1.1).
    architecture: Architecture,
    /// DWT_CTRL, the writable bits.
    control: u32,
    /// DEMCR.TRCENA: without it nothing here works.
    enabled: bool,
    /// DWT_CYCCNT: its value when stopped, or its value at cycle 0 when counting.
    cyccnt_base: u32,
    comparators: [Comparator; COMPARATORS],
}

impl Dwt {
    /// The state after reset.
    pub fn new(config: &Config) -> Dwt {
        Dwt {
            architecture: config.core.architecture(),
            control: 0,
            enabled: false,
            cyccnt_base: 0,
            comparators: [Comparator::default(); COMPARATORS],
        }
    }

    /// Whether this is the DWT of the same core.
    pub fn fits(&self, other: &Dwt) -> bool {
        self.architecture == other.architecture
    }

    /// Reads a register: its offset from 0xE0001000. `slept` are the cycles slept so far.
    pub fn read(&self, offset: u32, now: Cycle, slept: Cycle) -> u32 {
        if self.architecture == Architecture::V6M {
            return 0;
        }
        match offset {
            0x00 => (COMPARATORS as u32) << 28 | self.control,
            0x04 => self.cyccnt(now),
            // Of the cycles that the other profiling counters count, only sleep exists here.
            0x10 if self.enabled && self.control >> 19 & 1 != 0 => slept as u32 & 0xff,
            0x20..=0x5c => {
                let Some(comparator) = self.comparators.get((offset as usize - 0x20) / 16) else { return 0 };
                match offset & 0xf {
                    0 => comparator.value,
                    4 if self.architecture == Architecture::V7M => comparator.mask,
                    8 => comparator.function | if comparator.matched { MATCHED } else { 0 },
                    _ => 0,
                }
            }
            _ => 0,
        }
    }

    /// What a load does besides: reading DWT_FUNCTION clears MATCHED.
    pub fn clear_matched(&mut self, offset: u32) {
        if let (0x20..=0x5c, 8) = (offset, offset & 0xf) {
            self.comparators[(offset as usize - 0x20) / 16].matched = false;
        }
    }

    /// Writes a register.
    pub fn write(&mut self, offset: u32, value: u32, now: Cycle) {
        const CONTROL_BITS: u32 = 0x007f_1fff;
        match (self.architecture, offset) {
            (Architecture::V6M, _) => {}
            (_, 0x00) => {
                let count = self.cyccnt(now);
                self.control = value & CONTROL_BITS;
                self.set_cyccnt(count, now);
            }
            (_, 0x04) => self.set_cyccnt(value, now),
            (architecture, 0x20..=0x5c) => {
                let comparator = &mut self.comparators[(offset as usize - 0x20) / 16];
                match (architecture, offset & 0xf) {
                    (_, 0) => comparator.value = value,
                    (Architecture::V7M, 4) => comparator.mask = value & 0x1f,
                    (Architecture::V7M, 8) => comparator.function = value & 0x000f_ffbf,
                    (Architecture::V8M, 8) => comparator.function = value & 0x0000_0c3f,
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Takes over DEMCR.TRCENA.
    pub fn enable(&mut self, enabled: bool, now: Cycle) {
        let count = self.cyccnt(now);
        self.enabled = enabled;
        self.set_cyccnt(count, now);
    }

    fn counts(&self) -> bool {
        self.enabled && self.control & CYCCNTENA != 0
    }

    fn cyccnt(&self, now: Cycle) -> u32 {
        if self.counts() { self.cyccnt_base.wrapping_add(now as u32) } else { self.cyccnt_base }
    }

    fn set_cyccnt(&mut self, value: u32, now: Cycle) {
        self.cyccnt_base = if self.counts() { value.wrapping_sub(now as u32) } else { value };
    }

    /// The memory that the comparators watch, in their order; one that watches nothing has length 0.
    pub fn watch_units(&self) -> WatchUnits {
        let v8 = self.architecture == Architecture::V8M;
        let nothing = Watchpoint { address: 0, length: 0, kind: WatchKind::Access };
        let watches = self.comparators.iter().map(|comparator| comparator.watches(v8));
        if !self.enabled || watches.clone().all(|watch| watch.is_none()) {
            return WatchUnits::new();
        }
        watches.map(|watch| watch.unwrap_or(nothing)).collect()
    }

    /// A comparator has seen an access to what it watches.
    pub fn set_matched(&mut self, comparator: usize) {
        self.comparators[comparator].matched = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::CoreKind;

    fn dwt(core: CoreKind) -> Dwt {
        let mut dwt = Dwt::new(&Config { core, ..crate::image::testing::chip() });
        dwt.enable(true, 0);
        dwt
    }

    #[test]
    fn the_cycle_counter_runs_while_it_is_enabled() {
        let mut dwt = dwt(CoreKind::CortexM3);
        assert_eq!(dwt.read(4, 100, 0), 0);
        dwt.write(0, CYCCNTENA, 100);
        assert_eq!(dwt.read(4, 150, 0), 50);
        dwt.write(4, 0xffff_fff0, 150);
        assert_eq!(dwt.read(4, 170, 0), 4);
        dwt.enable(false, 170);
        assert_eq!(dwt.read(4, 1000, 0), 4, "TRCENA is clear");
        assert_eq!(dwt.read(0, 1000, 0), 0x4000_0001);
    }

    #[test]
    fn a_comparator_watches_what_its_function_says() {
        let mut m3 = dwt(CoreKind::CortexM3);
        assert!(m3.watch_units().is_empty());
        m3.write(0x30, 0x2000_0106, 0);
        m3.write(0x34, 2, 0);
        m3.write(0x38, 6, 0);
        let units = m3.watch_units();
        assert_eq!(units[0].length, 0);
        assert_eq!(units[1], Watchpoint { address: 0x2000_0104, length: 4, kind: WatchKind::Write });
        m3.set_matched(1);
        assert_eq!(m3.read(0x38, 0, 0), MATCHED | 6);
        m3.clear_matched(0x38);
        assert_eq!(m3.read(0x38, 0, 0), 6);

        let mut m33 = dwt(CoreKind::CortexM33);
        m33.write(0x20, 0x2000_0104, 0);
        m33.write(0x28, 2 << 10 | 1 << 4 | 6, 0); // a word, debug event, reads
        assert_eq!(
            m33.watch_units()[0],
            Watchpoint { address: 0x2000_0104, length: 4, kind: WatchKind::Read }
        );
    }

    #[test]
    fn the_debug_units_of_armv6m_are_not_for_software() {
        let mut dwt = dwt(CoreKind::CortexM0);
        dwt.write(0, CYCCNTENA, 0);
        assert_eq!([0, 4].map(|offset| dwt.read(offset, 50, 0)), [0, 0]);
    }
}
