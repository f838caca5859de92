//! The registers of the MPU (Armv6-M ARM B3.5, Armv7-M ARM B3.5.4, Armv8-M ARM D1.2).

use super::*;

/// The alias of MPU_RBAR and MPU_RASR or MPU_RLAR that an offset from 0xD9C on stands for: 0 for the registers themselves.
/// Armv6-M has no others.
fn alias(state: &State, offset: u32) -> Option<u32> {
    let alias = (offset - 0xd9c) / 8;
    (alias == 0 || state.scb.architecture() != Architecture::V6M).then_some(alias)
}

impl State {
    pub(super) fn mpu_word(&self, offset: u32) -> u32 {
        let mpu = &self.mpu;
        match offset {
            0xd90 => mpu.mpu_type(),
            0xd94 => mpu.ctrl,
            0xd98 => mpu.rnr(),
            0xd9c | 0xda4 | 0xdac | 0xdb4 => alias(self, offset).map_or(0, |alias| mpu.rbar(alias)),
            0xda0 | 0xda8 | 0xdb0 | 0xdb8 => alias(self, offset).map_or(0, |alias| mpu.attributes(alias)),
            0xdc0 => mpu.mair(0),
            0xdc4 => mpu.mair(1),
            _ => 0,
        }
    }

    pub(super) fn store_mpu(&mut self, offset: u32, value: u32) -> Effect {
        let alias = if (0xd9c..=0xdb8).contains(&offset) { alias(self, offset) } else { None };
        let v8 = self.scb.architecture() == Architecture::V8M;
        let mpu = &mut self.mpu;
        match (offset, alias) {
            (0xd94, _) => mpu.set_ctrl(value),
            (0xd98, _) => mpu.set_rnr(value),
            (0xd9c | 0xda4 | 0xdac | 0xdb4, Some(alias)) => mpu.set_rbar(alias, value),
            (0xda0 | 0xda8 | 0xdb0 | 0xdb8, Some(alias)) => mpu.set_attributes(alias, value),
            (0xdc0 | 0xdc4, _) if v8 => mpu.set_mair((offset as usize - 0xdc0) / 4, value),
            _ => return Effect::default(),
        }
        Effect::PERMISSIONS
    }
}
