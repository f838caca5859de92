//! nRF ECB (nRF51 Series Reference Manual 3.0, chapter 22; nRF52840 Product Specification 1.1, 6.7): encrypts one block with
//! AES-128.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Peripheral, Slot,
    aes128::encrypt,
    kinds::{Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Registers, Values, Written, microseconds},
};
use crate::words::{BusFault, Cycle};

const ECBDATAPTR: u32 = 0x504;

const STARTECB: u32 = 0;
const STOPECB: u32 = 1;
const ENDECB: u32 = 0;
const ERRORECB: u32 = 1;

/// Microseconds for a block (6.7.4).
const TIME: u64 = 7;
/// The key, the clear text and the cipher text, 16 bytes each.
const LENGTH: usize = 32;

pub(super) const KIND: Kind = Kind {
    name: "nrf-ecb",
    about: "nRF AES encryption (nRF51 RM 22, nRF52840 PS 6.7)",
    size: 0x1000,
    layouts: &[Layout::of(&[("TASKS_STARTECB", 0), ("EVENTS_ENDECB", 0x100), ("ECBDATAPTR", ECBDATAPTR)])],
    irqs: &["ecb"],
    outputs: &[EVENT_PORT],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfEcb {
            registers: Registers::new(wiring, 1 << ENDECB | 1 << ERRORECB, &[]),
            duration: microseconds(TIME, u64::from(wiring.clock_hz)),
        }))
    },
    ..Kind::PLAIN
};

struct NrfEcb {
    registers: Registers,
    duration: u64,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    /// When the block is done.
    due: Option<Cycle>,
}

impl NrfEcb {
    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        if s.due.take_if(|due| *due <= cx.now).is_none() {
            return;
        }
        let address = self.registers.get(&s.values, ECBDATAPTR);
        let mut data = [0; LENGTH];
        let read = cx.dma.read(address, &mut data);
        let part = |first: usize| std::array::from_fn(|index| data[first + index]);
        let cipher = encrypt(part(0), part(16));
        let done = read.and_then(|()| cx.dma.write(address.wrapping_add(LENGTH as u32), &cipher));
        s.values.events.happen(if done.is_ok() { ENDECB } else { ERRORECB }, cx);
    }
}

impl Peripheral for NrfEcb {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(self.registers.read(&s.values, at))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        match self.registers.write(&mut s.values, at, value) {
            Written::Task(STARTECB) => s.due = Some(cx.now.saturating_add(self.duration)),
            Written::Task(STOPECB) => {
                if s.due.take().is_some() {
                    s.values.events.happen(ERRORECB, cx);
                }
            }
            Written::PowerOff => *s = State::default(),
            Written::Task(_) | Written::Register(_) => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.values.events.irq())
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::{Testbed, World};

    #[test]
    fn a_block_is_encrypted_behind_the_clear_text() {
        let mut ecb = Testbed::new("nrf-ecb");
        ecb.write(ECBDATAPTR, World::RAM + 4);
        ecb.write(0, 1);
        assert_eq!(ecb.next_wake(), Some(TIME));
        ecb.run_until(TIME);
        // All zero: the key, the clear text.
        let expected = 0x66e9_4bd4_ef8a_2c3b_884c_fa59_ca34_2b2e_u128.to_be_bytes();
        assert_eq!(ecb.world.bytes(World::RAM + 36, 16).unwrap(), expected);
        assert_eq!(ecb.take_pulses(), [ENDECB]);
    }

    #[test]
    fn stopped_or_without_memory_it_is_an_error() {
        let mut ecb = Testbed::new("nrf-ecb");
        ecb.write(0, 1);
        ecb.write(4, 1);
        assert_eq!((ecb.take_pulses(), ecb.next_wake()), (vec![ERRORECB], None));
        ecb.write(0, 1);
        ecb.run_until(100);
        assert_eq!(ecb.take_pulses(), [ERRORECB]);
    }
}
