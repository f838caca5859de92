//! nRF EGU (nRF52840 Product Specification 1.1, 6.8): software triggers events.

use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Registers, Values, Written},
};
use crate::words::BusFault;

/// As many events as tasks.
const CHANNELS: u32 = 16;

pub(super) const KIND: Kind = Kind {
    name: "nrf-egu",
    about: "nRF event generator (nRF52840 PS 6.8)",
    size: 0x1000,
    layouts: &[Layout::of(&[("TASKS_TRIGGER0", 0), ("EVENTS_TRIGGERED0", 0x100), ("INTENSET", 0x304)])],
    irqs: &["egu"],
    outputs: &[EVENT_PORT],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfEgu(Registers::new(wiring, (1 << CHANNELS) - 1, &[]))))
    },
    ..Kind::PLAIN
};

struct NrfEgu(Registers);

impl Peripheral for NrfEgu {
    type State = Values;

    fn read(&self, s: &mut Values, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(self.0.read(s, at))
    }

    fn write(&self, s: &mut Values, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        match self.0.write(s, at, value) {
            Written::Task(task) if task < CHANNELS => s.events.happen(task, cx),
            Written::PowerOff => *s = Values::default(),
            Written::Task(_) | Written::Register(_) => {}
        }
        Ok(())
    }

    fn irq_lines(&self, s: &Values) -> u32 {
        u32::from(s.events.irq())
    }
}

#[cfg(test)]
mod tests {
    use crate::peripherals::testbed::Testbed;

    #[test]
    fn a_task_is_an_event() {
        let mut egu = Testbed::new("nrf-egu");
        egu.write(0x300, 1 << 15);
        egu.write(4 * 15, 1);
        egu.write(4 * 3, 1);
        egu.write(4 * 2, 0);
        assert_eq!((egu.read(0x13c), egu.read(0x10c), egu.read(0x108)), (1, 1, 0));
        assert_eq!((egu.irq_lines(), egu.take_pulses()), (1, vec![15, 3]));
        egu.write(0x13c, 0);
        assert_eq!(egu.irq_lines(), 0);
    }
}
