//! The private peripheral bus: which address is which register (Armv7-M ARM B3.2, B3.3, B3.4, B3.5).

use super::{
    mpu::Mpu,
    nvic::exception::*,
    scb::{ccr, scr},
    state::State,
};
use crate::words::{BusFault, Cycle, Width};

const VECTKEY: u32 = 0x05fa;
const VECTKEYSTAT: u32 = 0xfa05;

/// What a write did beyond the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Permissions or code changed: cached translations must be dropped before the next instruction.
    pub permissions: bool,
}

impl State {
    /// A load from the private peripheral bus, with its side effects.
    pub fn load_ppb(
        &mut self,
        address: u32,
        width: Width,
        privileged: bool,
        now: Cycle,
    ) -> Result<u32, BusFault> {
        self.check_privilege(address, privileged)?;
        self.sync_systick(now);
        let value = self.peek_ppb(address, width, now);
        if address & !3 == 0xe000_e010 {
            self.systick.clear_count_flag();
        }
        Ok(value)
    }

    /// Unprivileged code may not touch the system control space, but for STIR if CCR.USERSETMPEND allows it (B3.2.26).
    fn check_privilege(&self, address: u32, privileged: bool) -> Result<(), BusFault> {
        let stimulus = address < 0xe000_1000; // ITM stimulus ports are open to all
        if privileged || stimulus || address == 0xe000_ef00 && self.scb.ccr & 2 != 0 {
            return Ok(());
        }
        Err(BusFault)
    }

    /// Lets SysTick catch up with virtual time.
    pub fn sync_systick(&mut self, now: Cycle) {
        if self.systick.sync(now) {
            self.nvic.set_pending(SYS_TICK);
        }
    }

    /// What a load would give, without side effects.
    pub fn peek_ppb(&self, address: u32, width: Width, now: Cycle) -> u32 {
        let lane = 8 * (address & 3);
        self.ppb_word(address & !3, now) >> lane & width.mask()
    }

    fn ppb_word(&self, address: u32, now: Cycle) -> u32 {
        let (nvic, scb) = (&self.nvic, &self.scb);
        let index = (address as usize & 0x7f) / 4;
        match address {
            0xe000_0000..=0xe000_007c => 1, // ITM stimulus port: the FIFO takes another word
            0xe000_1000 => 0x4000_0000 | scb.dwt_ctrl,
            0xe000_1004 => scb.cyccnt(now),
            0xe000_e004 => u32::from(nvic.interrupts().div_ceil(32)).saturating_sub(1), // ICTR
            0xe000_e010 => self.systick.csr(),
            0xe000_e014 => self.systick.rvr(),
            0xe000_e018 => self.systick.cvr(now),
            0xe000_e01c => self.systick.calib(),
            0xe000_e100..=0xe000_e11c | 0xe000_e180..=0xe000_e19c => nvic.enabled[index % 32],
            0xe000_e200..=0xe000_e21c | 0xe000_e280..=0xe000_e29c => nvic.pending[index % 32],
            0xe000_e300..=0xe000_e31c => nvic.active[index],
            0xe000_e400..=0xe000_e4ec => {
                let irq = (address - 0xe000_e400) as usize;
                u32::from_le_bytes([0, 1, 2, 3].map(|byte| nvic.priority(irq + byte)))
            }
            0xe000_ed00 => scb.cpuid,
            0xe000_ed04 => self.icsr(),
            0xe000_ed08 => scb.vtor,
            0xe000_ed0c => VECTKEYSTAT << 16 | u32::from(nvic.prigroup) << 8,
            0xe000_ed10 => scb.scr,
            0xe000_ed14 => scb.ccr,
            0xe000_ed18..=0xe000_ed20 => {
                let first = 4 + (address - 0xe000_ed18) as u16;
                u32::from_le_bytes([0, 1, 2, 3].map(|byte| nvic.system_priority(first + byte)))
            }
            0xe000_ed24 => self.shcsr(),
            0xe000_ed28 => scb.cfsr,
            0xe000_ed2c => scb.hfsr,
            0xe000_ed30 => scb.dfsr,
            0xe000_ed34 => scb.mmfar,
            0xe000_ed38 => scb.bfar,
            0xe000_ed40 => 0x0000_0030, // ID_PFR0: Thumb-2
            0xe000_ed44 => 0x0000_0200, // ID_PFR1: the programmers' model of this profile
            0xe000_ed88 => scb.cpacr,
            0xe000_ed90 => Mpu::TYPE,
            0xe000_ed94 => self.mpu.ctrl,
            0xe000_ed98 => self.mpu.rnr,
            0xe000_ed9c | 0xe000_eda4 | 0xe000_edac | 0xe000_edb4 => self.mpu.rbar(),
            0xe000_eda0 | 0xe000_eda8 | 0xe000_edb0 | 0xe000_edb8 => self.mpu.rasr(),
            0xe000_edfc => scb.demcr,
            0xe000_ef34 => scb.fpccr,
            0xe000_ef38 => scb.fpcar,
            0xe000_ef3c => scb.fpdscr,
            0xe000_ef40 if scb.has_fpu() => 0x1011_0021, // MVFR0 of the Cortex-M4 (DDI 0439)
            0xe000_ef44 if scb.has_fpu() => 0x1100_0011, // MVFR1
            _ => 0,
        }
    }

    fn icsr(&self) -> u32 {
        let nvic = &self.nvic;
        let bit = |condition: bool, bit: u32| u32::from(condition) << bit;
        u32::from(self.registers.ipsr() as u16)
            | bit(nvic.active_count() <= 1, 11) // RETTOBASE
            | u32::from(nvic.vect_pending()) << 12
            | bit(nvic.interrupt_pending(), 22)
            | bit(nvic.is_pending(SYS_TICK), 26)
            | bit(nvic.is_pending(PEND_SV), 28)
            | bit(nvic.is_pending(NMI), 31)
    }

    fn shcsr(&self) -> u32 {
        let nvic = &self.nvic;
        let table = SHCSR.iter().fold(0, |word, &(bit, number, pending)| {
            let set = if pending { nvic.is_pending(number) } else { nvic.is_active(number) };
            word | u32::from(set) << bit
        });
        table | self.scb.fault_enables
    }

    /// A store to the private peripheral bus.
    pub fn store_ppb(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        privileged: bool,
        now: Cycle,
    ) -> Result<Effect, BusFault> {
        self.check_privilege(address, privileged)?;
        self.sync_systick(now);
        let word = address & !3;
        let lane = 8 * (address & 3);
        let by_bytes = matches!(word, 0xe000_e400..=0xe000_e4ec | 0xe000_ed18..=0xe000_ed20);
        let value = if by_bytes {
            self.ppb_word(word, now) & !(width.mask() << lane) | value << lane
        } else {
            value << lane // write-one-to-clear and the rest: what is not written is zero
        };
        Ok(self.store_ppb_word(word, value, now))
    }

    fn store_ppb_word(&mut self, address: u32, value: u32, now: Cycle) -> Effect {
        let mut effect = Effect::default();
        let index = (address as usize & 0x1f) / 4;
        let existing = self.nvic.existing(index);
        let (nvic, scb) = (&mut self.nvic, &mut self.scb);
        match address {
            0xe000_1000 => scb.set_trace_control(scb.demcr, value & 0x007f_1fff, now),
            0xe000_1004 => scb.set_cyccnt(value, now),
            0xe000_e010 => self.systick.write_csr(value, now),
            0xe000_e014 => self.systick.write_rvr(value, now),
            0xe000_e018 => self.systick.write_cvr(now),
            0xe000_e100..=0xe000_e11c => nvic.enabled[index] |= value & existing,
            0xe000_e180..=0xe000_e19c => nvic.enabled[index] &= !value,
            0xe000_e200..=0xe000_e21c => nvic.set_pending_word(index, value),
            0xe000_e280..=0xe000_e29c => nvic.clear_pending(index, value),
            0xe000_e400..=0xe000_e4ec => {
                let irq = (address - 0xe000_e400) as usize;
                value
                    .to_le_bytes()
                    .into_iter()
                    .enumerate()
                    .for_each(|(n, byte)| nvic.set_priority(irq + n, byte));
            }
            0xe000_ed04 => self.store_icsr(value),
            0xe000_ed08 => scb.vtor = value & 0xffff_ff80,
            0xe000_ed0c => self.store_aircr(value),
            0xe000_ed10 => scb.scr = value & 0x16,
            0xe000_ed14 => {
                let writable = ccr::NONBASETHRDENA
                    | 2
                    | ccr::UNALIGN_TRP
                    | ccr::DIV_0_TRP
                    | ccr::BFHFNMIGN
                    | ccr::STKALIGN;
                scb.ccr = value & writable;
                effect.permissions = true; // UNALIGN_TRP and DIV_0_TRP count for the next instruction
            }
            0xe000_ed18..=0xe000_ed20 => {
                let first = 4 + (address - 0xe000_ed18) as u16;
                for (number, byte) in (first..).zip(value.to_le_bytes()) {
                    nvic.set_system_priority(number, byte);
                }
            }
            0xe000_ed24 => self.store_shcsr(value),
            0xe000_ed28 => scb.cfsr &= !value,
            0xe000_ed2c => scb.hfsr &= !value,
            0xe000_ed30 => scb.dfsr &= !value,
            0xe000_ed34 => scb.mmfar = value,
            0xe000_ed38 => scb.bfar = value,
            0xe000_ed88 if scb.has_fpu() => {
                scb.cpacr = value & 0x00f0_0000;
                effect.permissions = true;
            }
            0xe000_ed94..=0xe000_edb8 => {
                self.store_mpu(address, value);
                effect.permissions = true;
            }
            0xe000_edfc => scb.set_trace_control(value & 0x010f_07f1, scb.dwt_ctrl, now),
            0xe000_ef00 => nvic.set_pending(EXTERNAL + (value & 0x1ff) as u16),
            0xe000_ef34 if scb.has_fpu() => scb.fpccr = value & 0xc000_0000,
            0xe000_ef38 if scb.has_fpu() => scb.fpcar = value & !7,
            0xe000_ef3c if scb.has_fpu() => scb.fpdscr = value & 0x07c0_0000,
            _ => {}
        }
        effect
    }

    fn store_icsr(&mut self, value: u32) {
        let nvic = &mut self.nvic;
        for (bit, number) in [(31, NMI), (28, PEND_SV), (26, SYS_TICK)] {
            if value >> bit & 1 != 0 {
                nvic.set_pending(number);
            }
        }
        for (bit, number) in [(27, PEND_SV), (25, SYS_TICK)] {
            if value >> bit & 1 != 0 {
                nvic.system_pending &= !(1 << number);
            }
        }
    }

    fn store_aircr(&mut self, value: u32) {
        if value >> 16 != VECTKEY {
            return; // B3.2.6: a write without the key is ignored
        }
        self.nvic.prigroup = (value >> 8 & 7) as u8;
        if value & 4 != 0 {
            self.reset_requested = true;
        }
    }

    fn store_shcsr(&mut self, value: u32) {
        for &(bit, number, pending) in SHCSR {
            let set = if pending { &mut self.nvic.system_pending } else { &mut self.nvic.system_active };
            let mask = 1 << number;
            *set = if value >> bit & 1 != 0 { *set | mask } else { *set & !mask };
        }
        self.scb.fault_enables = value & 0x0007_0000;
    }

    fn store_mpu(&mut self, address: u32, value: u32) {
        match address {
            0xe000_ed94 => self.mpu.ctrl = value & 7,
            0xe000_ed98 => self.mpu.set_rnr(value),
            0xe000_ed9c | 0xe000_eda4 | 0xe000_edac | 0xe000_edb4 => self.mpu.set_rbar(value),
            _ => self.mpu.set_rasr(value),
        }
    }

    /// Whether WFI and exception return have to consider SLEEPONEXIT.
    pub fn sleeps_on_exit(&self) -> bool {
        self.scb.scr & scr::SLEEPONEXIT != 0
    }
}

/// SHCSR: bit, exception, and whether the bit is its pending or its active state (B3.2.13).
const SHCSR: &[(u32, u16, bool)] = &[
    (0, MEM_MANAGE, false),
    (1, BUS_FAULT, false),
    (3, USAGE_FAULT, false),
    (7, SV_CALL, false),
    (8, DEBUG_MONITOR, false),
    (10, PEND_SV, false),
    (11, SYS_TICK, false),
    (12, USAGE_FAULT, true),
    (13, MEM_MANAGE, true),
    (14, BUS_FAULT, true),
    (15, SV_CALL, true),
];
