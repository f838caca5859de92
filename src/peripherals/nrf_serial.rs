//! The serial interfaces of the nRF families that share one place, of which ENABLE chooses one: SPI and TWI with a register
//! for each direction (nRF51 Series Reference Manual 3.0, chapters 27 and 28), SPIM and TWIM with buffers in memory, and
//! SPIS and TWIS (nRF52840 Product Specification 1.1, 6.25, 6.26, 6.31 and 6.32), to which no controller ever speaks.

mod spi;
mod spim;
mod twi;

use serde::{Deserialize, Serialize};

use self::{spi::Spi, spim::Spim, twi::Twi};
use super::{
    Access, Context, Device, Peripheral, Slot,
    kinds::{CLOCK_DIVIDER, Kind, Layout, Wiring},
    nrf_events::{EVENT_PORT, Registers, Short, Values, Written, cycles_of_16_mhz},
};
use crate::words::{BusFault, Cycle};

const SEMSTAT: u32 = 0x400;
const STATUS: u32 = 0x440;
const TWI_ERRORSRC: u32 = 0x4c4;
const TWIS_ERRORSRC: u32 = 0x4d0;
const ENABLE: u32 = 0x500;
const RXD: u32 = 0x518;
const TXD: u32 = 0x51c;
const FREQUENCY: u32 = 0x524;
const RXD_PTR: u32 = 0x534;
const RXD_LIST: u32 = 0x540;
const TXD_PTR: u32 = 0x544;
const TXD_LIST: u32 = 0x550;
const CONFIG: u32 = 0x554;
const ADDRESS: u32 = 0x588;
const ORC: u32 = 0x5c0;

const STARTRX: u32 = 0;
const STARTTX: u32 = 2;
const START: u32 = 4;
const STOP: u32 = 5;
const SUSPEND: u32 = 7;
const RESUME: u32 = 8;
const ACQUIRE: u32 = 9;
const RELEASE: u32 = 10;

/// The events of all of them, a bit each.
const EXIST: u32 = 0x079c_47d6;
const STOPPED: u32 = 1;
const READY: u32 = 2;
const ENDRX: u32 = 4;
const END: u32 = 6;
const TXDSENT: u32 = 7;
const ENDTX: u32 = 8;
const ERROR: u32 = 9;
const ACQUIRED: u32 = 10;
const BB: u32 = 14;
const SUSPENDED: u32 = 18;
/// STARTED of the SPIM.
const RXSTARTED: u32 = 19;
const TXSTARTED: u32 = 20;
const LASTRX: u32 = 23;
const LASTTX: u32 = 24;

const SHORTS: &[Short] = &[
    Short::new(0, BB, SUSPEND),
    Short::new(1, BB, STOP),
    Short::new(2, STOPPED, ACQUIRE), // END of the SPIS has the place of STOPPED
    Short::new(7, LASTTX, STARTRX),
    Short::new(8, LASTTX, SUSPEND),
    Short::new(9, LASTTX, STOP),
    Short::new(10, LASTRX, STARTTX),
    Short::new(11, LASTRX, SUSPEND),
    Short::new(12, LASTRX, STOP),
    Short::new(13, 25, SUSPEND),
    Short::new(14, 26, SUSPEND),
    Short::new(17, END, START),
];

/// What ENABLE chooses.
const SPI: u32 = 1;
const SPIS: u32 = 2;
const TWI: u32 = 5;
const TWIM: u32 = 6;
const SPIM: u32 = 7;
const TWIS: u32 = 9;

/// SEMSTAT: nobody has the buffers, or the core. The SPIS takes free ones when a controller speaks to it.
const FREE: u32 = 0;
const CPU: u32 = 1;

pub(super) const KIND: Kind = Kind {
    name: "nrf-serial",
    about: "nRF SPI, SPIM, SPIS, TWI, TWIM and TWIS (nRF51 RM 27, 28, nRF52840 PS 6.25, 6.26, 6.31, 6.32)",
    size: 0x1000,
    layouts: &[
        Layout {
            registers: &[
                ("EVENTS_READY", 0x108),
                ("ENABLE", ENABLE),
                ("RXD", RXD),
                ("TXD", TXD),
                ("FREQUENCY", FREQUENCY),
                ("CONFIG", CONFIG),
            ],
            without: &["TASKS_START"],
            options: &[],
        },
        Layout::of(&[
            ("TASKS_START", 4 * START),
            ("EVENTS_END", 0x118),
            ("EVENTS_STARTED", 0x14c),
            ("ENABLE", ENABLE),
            ("FREQUENCY", FREQUENCY),
            ("ORC", ORC),
        ]),
        Layout::of(&[
            ("TASKS_ACQUIRE", 4 * ACQUIRE),
            ("TASKS_RELEASE", 4 * RELEASE),
            ("EVENTS_ACQUIRED", 0x128),
            ("SEMSTAT", SEMSTAT),
            ("ENABLE", ENABLE),
        ]),
        Layout::of(&[
            ("TASKS_STARTRX", 0),
            ("TASKS_STARTTX", 8),
            ("EVENTS_ERROR", 0x124),
            ("ENABLE", ENABLE),
            ("FREQUENCY", FREQUENCY),
            ("ADDRESS", ADDRESS),
        ]),
        Layout::of(&[
            ("TASKS_PREPARERX", 0x30),
            ("TASKS_PREPARETX", 0x34),
            ("EVENTS_WRITE", 0x164),
            ("EVENTS_READ", 0x168),
            ("ENABLE", ENABLE),
        ]),
    ],
    irqs: &["serial"],
    outputs: &[EVENT_PORT],
    options: &[CLOCK_DIVIDER],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfSerial {
            registers: Registers::new(wiring, EXIST, SHORTS),
            divider: cycles_of_16_mhz(wiring),
        }))
    },
    ..Kind::PLAIN
};

struct NrfSerial {
    registers: Registers,
    /// Core clock cycles per cycle of the 16 MHz clock.
    divider: u64,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    values: Values,
    spi: Spi,
    spim: Option<Spim>,
    twi: Twi,
}

impl NrfSerial {
    fn get(&self, s: &State, register: u32) -> u32 {
        self.registers.get(&s.values, register)
    }

    fn put(&self, s: &mut State, register: u32, value: u32) {
        self.registers.put(&mut s.values, register, value);
    }

    fn enabled(&self, s: &State) -> u32 {
        self.get(s, ENABLE) & 0xf
    }

    fn happen(&self, s: &mut State, event: u32, cx: &mut Context<'_>) {
        for task in self.registers.happen(&mut s.values, event, cx) {
            self.trigger(s, task, cx);
        }
    }

    fn trigger(&self, s: &mut State, task: u32, cx: &mut Context<'_>) {
        match self.enabled(s) {
            SPIM => self.trigger_spim(s, task, cx),
            TWI | TWIM => self.trigger_twi(s, task, cx),
            SPIS => match task {
                ACQUIRE => {
                    self.put(s, SEMSTAT, CPU);
                    s.values.events.happen(ACQUIRED, cx);
                }
                RELEASE => self.put(s, SEMSTAT, FREE),
                _ => {}
            },
            TWIS if task == STOP => self.happen(s, STOPPED, cx),
            _ => {}
        }
    }

    fn settle(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle_spi(s, cx);
        self.settle_spim(s, cx);
        self.settle_twi(s, cx);
    }
}

impl Peripheral for NrfSerial {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        Ok(match (at.register(), self.enabled(s)) {
            (RXD, SPI) => at.take(Spi::read(s, cx)),
            (RXD, _) => at.take(self.read_twi(s, cx)),
            _ => self.registers.read(&s.values, at),
        })
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx);
        match (at.register(), self.enabled(s)) {
            (TXD, SPI) => self.write_spi(s, at.place(value) as u8, cx),
            (TXD, TWI) => self.write_twi(s, at.place(value) as u8, cx),
            (RXD | TXD, _) => {}
            (register @ (STATUS | TWI_ERRORSRC | TWIS_ERRORSRC), _) => {
                let left = self.get(s, register) & !at.place(value);
                self.put(s, register, left);
            }
            (_, enabled) => match self.registers.write(&mut s.values, at, value) {
                Written::Task(task) => self.trigger(s, task, cx),
                Written::PowerOff => *s = State::default(),
                Written::Register(_) if self.enabled(s) != enabled => {
                    *s = State { values: std::mem::take(&mut s.values), ..State::default() };
                    // The semaphore is the core's whenever it was enabled (6.26); others have STALLSTAT there.
                    let semaphore = if self.enabled(s) == SPIS { CPU } else { FREE };
                    self.put(s, SEMSTAT, semaphore);
                }
                Written::Register(_) => {}
            },
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
        [s.spi.due(), s.spim.as_ref().and_then(Spim::due), s.twi.due()].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
