//! CMSDK APB watchdog (DDI0479, 4.4) and its relative of Stellaris parts (LM3S6965 data sheet, 10.4): the first time-out
//! interrupts, the second one asks for a reset.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Port, Slot,
    countdown::Countdown,
    kinds::{Kind, Layout, Wiring},
    primecell::{self, Identification},
};
use crate::words::{BusFault, Cycle};

const WDOGLOAD: u32 = 0x00;
const WDOGVALUE: u32 = 0x04;
const WDOGCONTROL: u32 = 0x08;
const WDOGINTCLR: u32 = 0x0c;
const WDOGRIS: u32 = 0x10;
const WDOGMIS: u32 = 0x14;
/// Of the Stellaris parts: bit 8 stops the counter while a debugger halts the core.
const WDOGTEST: u32 = 0x418;
const WDOGLOCK: u32 = 0xc00;
const WDOGITCR: u32 = 0xf00;
const WDOGITOP: u32 = 0xf04;

/// Written to WDOGLOCK, lets the other registers be written.
const UNLOCK: u32 = 0x1acc_e551;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Control {
    int_enable: bool,
    reset_enable: bool,
    #[bits(30)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "cmsdk-watchdog",
    about: "CMSDK APB watchdog (DDI0479 4.4)",
    size: 0x1000,
    irqs: &["watchdog"],
    build: |_| -> Box<dyn Device> {
        const CMSDK: Identification = [0x04, 0, 0, 0, 0x24, 0xb8, 0x1b, 0, 0x0d, 0xf0, 0x05, 0xb1];
        Box::new(Slot::new(CmsdkWatchdog { stellaris: false, identification: CMSDK }))
    },
    ..Kind::PLAIN
};

pub(super) const STELLARIS: Kind = Kind {
    name: "lm3s-watchdog",
    about: "Stellaris LM3S watchdog (LM3S6965 data sheet, 10.4)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("LOAD", WDOGLOAD),
        ("VALUE", WDOGVALUE),
        ("CTL", WDOGCONTROL),
        ("ICR", WDOGINTCLR),
        ("RIS", WDOGRIS),
        ("MIS", WDOGMIS),
        ("TEST", WDOGTEST),
        ("LOCK", WDOGLOCK),
    ])],
    irqs: &["watchdog"],
    outputs: &[Port::one("expired")],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        const SP805: Identification = [0, 0, 0, 0, 0x05, 0x18, 0x18, 0x01, 0x0d, 0xf0, 0x05, 0xb1];
        let identification = primecell::described(wiring, SP805);
        Box::new(Slot::new(CmsdkWatchdog { stellaris: true, identification }))
    },
    ..Kind::PLAIN
};

struct CmsdkWatchdog {
    /// The one of Stellaris parts: once enabled it cannot be disabled, and it has no integration test.
    stellaris: bool,
    identification: Identification,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    load: u32,
    counter: Countdown,
    control: Control,
    interrupt: bool,
    expired: bool,
    locked: bool,
    test: u32,
    itcr: u32,
    itop: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            load: u32::MAX,
            counter: Countdown::new(u32::MAX),
            control: Control::new(),
            interrupt: false,
            expired: false,
            locked: false,
            test: 0,
            itcr: 0,
            itop: 0,
        }
    }
}

impl State {
    fn runs(&self) -> bool {
        self.control.int_enable() && !self.expired
    }

    fn settle(&mut self, now: Cycle) {
        if !self.runs() {
            return self.counter.hold(now);
        }
        let timeouts = self.counter.run(now, 1, self.load);
        let again = timeouts > 1 || timeouts == 1 && self.interrupt;
        self.interrupt |= timeouts > 0;
        if again && self.control.reset_enable() {
            self.expired = true;
            self.counter.set(0, now);
        }
    }

    fn write(&mut self, at: Access, value: u32, stellaris: bool, now: Cycle) {
        match at.register() {
            WDOGLOAD => {
                self.load = at.merge(self.load, value);
                self.counter.set(self.load, now);
                // A zero interrupts at once (LM3S6965 data sheet, WDTLOAD).
                self.interrupt |= stellaris && self.load == 0 && self.control.int_enable();
            }
            WDOGCONTROL => {
                let before = self.control;
                self.control = Control::from(at.merge(before.into(), value) & 3);
                // Only a reset disables it again (LM3S6965 data sheet, WDTCTL).
                if stellaris && before.int_enable() {
                    self.control.set_int_enable(true);
                }
                // Enabling the interrupt after it was disabled reloads the counter (DDI0479 4.4.3).
                if self.control.int_enable() && !before.int_enable() {
                    self.counter.set(self.load, now);
                }
            }
            WDOGINTCLR => {
                self.interrupt = false;
                self.counter.set(self.load, now);
            }
            WDOGTEST if stellaris => self.test = at.merge(self.test, value) & 0x100,
            _ if stellaris => {}
            WDOGITCR => self.itcr = at.merge(self.itcr, value) & 1,
            WDOGITOP => self.itop = at.place(value) & 3,
            _ => {}
        }
    }

    fn masked_interrupt(&self) -> bool {
        self.interrupt && self.control.int_enable()
    }
}

impl Peripheral for CmsdkWatchdog {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        s.settle(cx.now);
        let value = match at.register() {
            WDOGLOAD => s.load,
            WDOGVALUE => s.counter.value,
            WDOGCONTROL => s.control.into(),
            WDOGRIS => u32::from(s.interrupt),
            WDOGMIS => u32::from(s.masked_interrupt()),
            WDOGLOCK => u32::from(s.locked),
            WDOGTEST => s.test,
            WDOGITCR => s.itcr,
            offset => primecell::register(&self.identification, offset).unwrap_or(0),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx.now);
        if at.register() == WDOGLOCK {
            s.locked = at.place(value) != UNLOCK;
        } else if !s.locked {
            s.write(at, value, self.stellaris, cx.now);
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        match s.itcr & 1 {
            0 => u32::from(s.masked_interrupt()),
            _ => s.itop >> 1 & 1,
        }
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let wanted = s.runs() && (!s.interrupt || s.control.reset_enable());
        s.counter.zero_at(1, s.load).filter(|_| wanted)
    }

    fn outputs(&self, s: &State) -> u64 {
        u64::from(s.expired)
    }

    fn reset_request(&self, s: &State) -> bool {
        match s.itcr & 1 {
            0 => s.expired,
            _ => s.itop & 1 != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn the_first_timeout_interrupts_and_the_second_one_resets() {
        let mut watchdog = Testbed::new("cmsdk-watchdog");
        watchdog.write(WDOGLOAD, 1000);
        watchdog.write(WDOGCONTROL, 3);
        watchdog.run_until(1000);
        assert_eq!((watchdog.irq_lines(), watchdog.reset_request()), (1, false));
        watchdog.run_until(2001);
        assert!(watchdog.reset_request());
        assert_eq!(watchdog.next_wake(), None);
    }

    #[test]
    fn clearing_the_interrupt_starts_over() {
        let mut watchdog = Testbed::new("cmsdk-watchdog");
        watchdog.write(WDOGLOAD, 1000);
        watchdog.write(WDOGCONTROL, 3);
        watchdog.run_until(1500);
        watchdog.write(WDOGINTCLR, 1);
        assert_eq!((watchdog.irq_lines(), watchdog.read(WDOGVALUE)), (0, 1000));
        watchdog.run_until(2600);
        assert!(!watchdog.reset_request());
        assert_eq!(watchdog.read(WDOGRIS), 1);
    }

    #[test]
    fn the_one_of_stellaris_parts_cannot_be_disabled() {
        let mut watchdog = Testbed::new("lm3s-watchdog");
        watchdog.write(WDOGLOAD, 1000);
        watchdog.write(WDOGCONTROL, 1);
        watchdog.write(WDOGCONTROL, 2);
        assert_eq!(watchdog.read(WDOGCONTROL), 3);
        watchdog.run_until(2001);
        assert!(watchdog.reset_request());
        assert_eq!((watchdog.read(0xfe0), watchdog.read(0xfe4)), (0x05, 0x18));
    }

    #[test]
    fn a_load_of_zero_interrupts_at_once() {
        let mut watchdog = Testbed::new("lm3s-watchdog");
        watchdog.write(WDOGCONTROL, 1);
        watchdog.write(WDOGLOAD, 0);
        assert_eq!((watchdog.irq_lines(), watchdog.reset_request()), (1, false));
        watchdog.write(WDOGLOAD, 1000);
        watchdog.write(WDOGINTCLR, 0);
        assert_eq!((watchdog.irq_lines(), watchdog.read(WDOGVALUE)), (0, 1000));
    }

    #[test]
    fn a_locked_watchdog_ignores_writes() {
        let mut watchdog = Testbed::new("cmsdk-watchdog");
        watchdog.write(WDOGLOCK, 0);
        watchdog.write(WDOGCONTROL, 3);
        assert_eq!((watchdog.read(WDOGLOCK), watchdog.read(WDOGCONTROL)), (1, 0));
        watchdog.write(WDOGLOCK, UNLOCK);
        watchdog.write(WDOGCONTROL, 3);
        assert_eq!((watchdog.read(WDOGLOCK), watchdog.read(WDOGCONTROL)), (0, 3));
    }
}
