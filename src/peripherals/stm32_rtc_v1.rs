//! STM32F1 real-time clock (RM0008, 18): a 32-bit counter behind a 20-bit prescaler.
//!
//! What is written in configuration mode counts at once; RTOFF says only three RTC clocks later that it does. Without a clock
//! controller it has 32,768 Hz.

use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Port, Slot,
    kinds::{Kind, Layout, Wiring},
};
use crate::words::{BusFault, Cycle};

const CRH: u32 = 0x00;
const CRL: u32 = 0x04;
const PRLH: u32 = 0x08;
const PRLL: u32 = 0x0c;
const DIVH: u32 = 0x10;
const DIVL: u32 = 0x14;
const CNTH: u32 = 0x18;
const CNTL: u32 = 0x1c;
const ALRH: u32 = 0x20;
const ALRL: u32 = 0x24;

const SECF: u32 = 1 << 0;
const ALRF: u32 = 1 << 1;
const OWF: u32 = 1 << 2;
const RSF: u32 = 1 << 3;
const CNF: u32 = 1 << 4;
const RTOFF: u32 = 1 << 5;

/// RTC clocks that a write takes (RM0008 18.3.4).
const WRITE: u64 = 3;

pub(super) const KIND: Kind = Kind {
    name: "stm32-rtc-v1",
    about: "STM32F1 real-time clock, a 32-bit counter (RM0008 18)",
    size: 0x400,
    layouts: &[Layout::of(&[
        ("CRH", CRH),
        ("CRL", CRL),
        ("PRLH", PRLH),
        ("PRLL", PRLL),
        ("DIVH", DIVH),
        ("DIVL", DIVL),
        ("CNTH", CNTH),
        ("CNTL", CNTL),
        ("ALRH", ALRH),
        ("ALRL", ALRL),
    ])],
    irqs: &["RTC"],
    outputs: &[Port::one("alarm")],
    clock: Clocking::Named("rtc"),
    retained: &[CRL, PRLH, PRLL, DIVH, DIVL, CNTH, CNTL, ALRH, ALRL],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let frequency = Frequency { hz: 32_768, core_hz: wiring.clock_hz.max(1) };
        Box::new(Slot::new(Stm32RtcV1 { clock: Clock::new(frequency) }))
    },
    ..Kind::PLAIN
};

struct Stm32RtcV1 {
    /// The clock until a clock controller names another one.
    clock: Clock,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Option<Clock>,
    /// SECIE, ALRIE, OWIE.
    crh: u32,
    /// SECF, ALRF, OWF, RSF, CNF.
    crl: u32,
    /// RTC clocks until RTOFF.
    writing: u64,
    prl: u32,
    div: u32,
    cnt: u32,
    alr: u32,
    /// PRL or CNT were written in configuration mode: DIV starts again at its end.
    reload: bool,
    /// The chip was reset: CRL forgets what was up to then.
    reset: bool,
}

impl Default for State {
    fn default() -> Self {
        State {
            clock: None,
            crh: 0,
            crl: 0,
            writing: 0,
            prl: 0x8000,
            div: 0x8000,
            cnt: 0,
            alr: u32::MAX,
            reload: false,
            reset: false,
        }
    }
}

impl State {
    /// RTC clocks from one count to the next.
    fn period(&self) -> u64 {
        u64::from(self.prl) + 1
    }

    /// RTC clocks of the present period that have passed.
    fn passed(&self) -> u64 {
        u64::from(self.prl.saturating_sub(self.div))
    }

    /// Counts until the one that sets a flag, from 1 on.
    fn distance(&self, flag: u32) -> u64 {
        let to = match flag {
            SECF => return 1,
            ALRF => self.alr,
            _ => 0,
        };
        match to.wrapping_sub(self.cnt) {
            0 => 1 << 32,
            counts => u64::from(counts),
        }
    }

    fn count(&mut self, ticks: u64) {
        self.writing = self.writing.saturating_sub(ticks);
        if ticks == 0 {
            return;
        }
        self.crl |= RSF;
        let passed = self.passed().saturating_add(ticks);
        let counts = passed / self.period();
        for flag in [SECF, ALRF, OWF] {
            if self.distance(flag) <= counts {
                self.crl |= flag;
            }
        }
        self.cnt = self.cnt.wrapping_add(counts as u32);
        self.div = self.prl - (passed % self.period()) as u32;
    }

    fn write_crl(&mut self, at: Access, value: u32) {
        let cleared = at.lanes() & !at.place(value) & (SECF | ALRF | OWF | RSF);
        let configured = self.crl & CNF != 0;
        let crl = at.merge(self.crl, value);
        self.crl = (self.crl & !cleared & !CNF) | (crl & CNF);
        if configured && crl & CNF == 0 {
            self.writing = WRITE;
            // DIV is loaded anew after a change of PRL or CNT (RM0008 18.4.4).
            if std::mem::take(&mut self.reload) {
                self.div = self.prl;
            }
        }
    }

    /// A register that configuration mode protects.
    fn configure(&mut self, at: Access, value: u32) {
        let set = |register: &mut u32, high: bool, mask: u32| {
            let half = if high { *register >> 16 } else { *register & 0xffff };
            let half = at.merge(half, value) & mask;
            *register = match high {
                true => (*register & 0xffff) | half << 16,
                false => (*register & !0xffff) | half,
            };
        };
        match at.register() {
            PRLH => set(&mut self.prl, true, 0xf),
            PRLL => set(&mut self.prl, false, 0xffff),
            CNTH => set(&mut self.cnt, true, 0xffff),
            CNTL => set(&mut self.cnt, false, 0xffff),
            ALRH => set(&mut self.alr, true, 0xffff),
            ALRL => set(&mut self.alr, false, 0xffff),
            _ => return,
        }
        self.div = self.div.min(self.prl);
        self.reload |= (PRLH..=CNTL).contains(&at.register());
    }
}

impl Stm32RtcV1 {
    fn settle(&self, s: &mut State, now: Cycle) {
        let ticks = s.clock.get_or_insert_with(|| self.clock.clone()).take(now);
        s.count(ticks);
        if std::mem::take(&mut s.reset) {
            (s.crl, s.writing) = (0, 0);
        }
    }
}

impl Peripheral for Stm32RtcV1 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            CRH => s.crh,
            CRL => s.crl | if s.writing == 0 { RTOFF } else { 0 },
            DIVH => s.div >> 16,
            DIVL => s.div & 0xffff,
            CNTH => s.cnt >> 16,
            CNTL => s.cnt & 0xffff,
            // PRL and ALR can only be written; the reset values are all that is told of reading them.
            PRLH => s.prl >> 16,
            PRLL => s.prl & 0xffff,
            ALRH => s.alr >> 16,
            ALRL => s.alr & 0xffff,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        match at.register() {
            CRH => s.crh = at.merge(s.crh, value) & (SECF | ALRF | OWF),
            CRL => s.write_crl(at, value),
            _ if s.crl & CNF != 0 => s.configure(at, value),
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    /// CRH and CRL belong to the bus, the rest to the backup domain (RM0008 18.3.2).
    fn after_reset(&self, s: &State) -> State {
        State { crh: 0, reload: false, reset: true, ..s.clone() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.crl & s.crh != 0)
    }

    fn outputs(&self, s: &State) -> u64 {
        u64::from(s.crl & s.crh & ALRF != 0)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let wanted = s.crh & !s.crl;
        let flags = [SECF, ALRF, OWF].into_iter().filter(|flag| wanted & flag != 0);
        let counts = flags.map(|flag| s.distance(flag)).min()?;
        let ticks = counts.saturating_mul(s.period()) - s.passed();
        s.clock.as_ref().unwrap_or(&self.clock).after(ticks)
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        // Up to the first word about the clock it had none.
        if s.clock.is_some() {
            self.settle(s, cx.now);
        }
        s.clock.get_or_insert_with(|| self.clock.clone()).change(frequency, cx.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    /// Counts every ten cycles.
    fn rtc() -> Testbed {
        let mut rtc = Testbed::new("stm32-rtc-v1");
        rtc.clocked(1, 1);
        rtc.write(CRL, CNF);
        rtc.write(PRLH, 0);
        rtc.write(PRLL, 9);
        rtc.write(CRL, 0);
        rtc
    }

    #[test]
    fn it_counts_prescaled_clocks() {
        let mut rtc = rtc();
        rtc.run_until(35);
        assert_eq!((rtc.read(CNTL), rtc.read(DIVL)), (3, 4));
        assert_eq!(rtc.read(CRL) & SECF, SECF);
    }

    #[test]
    fn a_write_takes_three_clocks_and_needs_configuration_mode() {
        let mut rtc = rtc();
        assert_eq!(rtc.read(CRL) & RTOFF, 0);
        rtc.run_until(3);
        assert_eq!(rtc.read(CRL) & RTOFF, RTOFF);
        rtc.write(CNTH, 5);
        assert_eq!(rtc.read(CNTH), 0, "not in configuration mode");
        rtc.write(CRL, CNF);
        rtc.write(CNTH, 5);
        rtc.write(CRL, 0);
        assert_eq!((rtc.read(CNTH), rtc.read(DIVL)), (5, 9));
    }

    #[test]
    fn the_alarm_interrupts_when_the_counter_gets_there() {
        let mut rtc = rtc();
        rtc.write(CRL, CNF);
        rtc.write(ALRH, 0);
        rtc.write(ALRL, 7);
        rtc.write(CRL, 0);
        rtc.write(CRH, ALRF);
        assert_eq!(rtc.next_wake(), Some(70));
        rtc.run_until(69);
        assert_eq!((rtc.irq_lines(), rtc.outputs()), (0, 0));
        rtc.run_until(70);
        assert_eq!((rtc.irq_lines(), rtc.outputs(), rtc.read(CNTL)), (1, 1, 7));
        rtc.write(CRL, !ALRF);
        assert_eq!((rtc.irq_lines(), rtc.outputs()), (0, 0));
    }

    #[test]
    fn the_second_interrupt_comes_every_count() {
        let mut rtc = rtc();
        rtc.write(CRH, SECF);
        for second in 1..5 {
            rtc.run_until(second * 10 - 1);
            assert_eq!(rtc.irq_lines(), 0);
            rtc.run_until(second * 10);
            assert_eq!(rtc.irq_lines(), 1);
            rtc.write(CRL, 0);
        }
    }

    #[test]
    fn registers_are_in_step_one_clock_after_rsf_was_cleared() {
        let mut rtc = rtc();
        rtc.run_until(5);
        rtc.write(CRL, 0);
        assert_eq!(rtc.read(CRL) & RSF, 0);
        rtc.run_until(6);
        assert_eq!(rtc.read(CRL) & RSF, RSF);
    }

    #[test]
    fn a_reset_of_the_chip_does_not_stop_it() {
        let mut rtc = rtc();
        rtc.write(CRH, SECF);
        rtc.run_until(25);
        rtc.device.reset();
        assert_eq!((rtc.irq_lines(), rtc.read(CRH), rtc.read(CRL)), (0, 0, RTOFF));
        rtc.run_until(35);
        assert_eq!(rtc.read(CNTL), 3);
    }

    #[test]
    fn without_its_clock_it_stands_still() {
        let mut rtc = rtc();
        rtc.write(CRH, SECF);
        rtc.clocked(0, 8_000_000);
        assert_eq!(rtc.next_wake(), None);
        rtc.run_until(1 << 40);
        assert_eq!((rtc.read(CNTL), rtc.read(CRL) & RTOFF), (0, 0));
    }
}
