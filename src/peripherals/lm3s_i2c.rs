//! Stellaris LM3S I2C (LM3S6965 data sheet, 14.5): the master. Nobody addresses the slave, whose registers are stored.
//!
//! What the other end says is known when a command is written; the controller tells it when the bits are through.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clock, Clocking, Context, Device, Frequency, Peripheral, Slot, Talk,
    kinds::{Kind, Layout},
};
use crate::words::{BusFault, Cycle};

const MSA: u32 = 0x000;
const MCS: u32 = 0x004;
const MDR: u32 = 0x008;
const MTPR: u32 = 0x00c;
const MIMR: u32 = 0x010;
const MRIS: u32 = 0x014;
const MMIS: u32 = 0x018;
const MICR: u32 = 0x01c;
const MCR: u32 = 0x020;
const SOAR: u32 = 0x800;
const SDR: u32 = 0x808;
const SIMR: u32 = 0x80c;

/// MCR: the master is on.
const MFE: u32 = 1 << 4;

/// MCS as it is written.
#[bitfield(u32)]
struct Command {
    run: bool,
    start: bool,
    stop: bool,
    ack: bool,
    #[bits(28)]
    __: u32,
}

/// MCS as it is read.
#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Status {
    busy: bool,
    error: bool,
    adrack: bool,
    datack: bool,
    arblst: bool,
    idle: bool,
    busbsy: bool,
    #[bits(25)]
    __: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "lm3s-i2c",
    about: "Stellaris LM3S I2C master (LM3S6965 data sheet, 14.5)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("MSA", MSA),
        ("MCS", MCS),
        ("MDR", MDR),
        ("MTPR", MTPR),
        ("MIMR", MIMR),
        ("MRIS", MRIS),
        ("MMIS", MMIS),
        ("MICR", MICR),
        ("MCR", MCR),
    ])],
    irqs: &["i2c"],
    clock: Clocking::Bus,
    build: |_| -> Box<dyn Device> { Box::new(Slot::new(Lm3sI2c)) },
    ..Kind::PLAIN
};

struct Lm3sI2c;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    clock: Clock,
    msa: u32,
    /// What MCS says when the command is done.
    status: Status,
    /// When that is.
    done: Option<Cycle>,
    mdr: u32,
    /// The byte that will be in MDR by then.
    incoming: Option<u8>,
    /// The last START asked for a read.
    reads: bool,
    mtpr: u32,
    mimr: u32,
    mris: bool,
    mcr: u32,
    soar: u32,
    sdr: u32,
    simr: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            clock: Clock::default(),
            msa: 0,
            status: Status::new().with_idle(true),
            done: None,
            mdr: 0,
            incoming: None,
            reads: false,
            mtpr: 1,
            mimr: 0,
            mris: false,
            mcr: 0,
            soar: 0,
            sdr: 0,
            simr: 0,
        }
    }
}

impl State {
    fn settle(&mut self, now: Cycle) {
        if self.done.is_none_or(|at| at > now) {
            return;
        }
        self.done = None;
        self.mris = true;
        if let Some(byte) = self.incoming.take() {
            self.mdr = u32::from(byte);
        }
    }

    fn mcs(&self) -> u32 {
        match self.done {
            // The other bits mean nothing meanwhile.
            Some(_) => Status::new().with_busy(true).with_busbsy(true).into(),
            None => self.status.into(),
        }
    }

    /// Does what MCS was written to do; gives the bits that it takes.
    fn execute(&mut self, command: Command, cx: &mut Context<'_>) -> u64 {
        let mut bits = 0;
        let mut status = Status::new().with_busbsy(self.status.busbsy());
        if command.run() && command.start() {
            bits += 10;
            self.reads = self.msa & 1 != 0;
            let address = (self.msa >> 1 & 0x7f) as u16;
            status.set_busbsy(true);
            status.set_adrack(cx.talk(Talk::I2cStart { address, read: self.reads }).is_none());
        }
        if command.run() && status.busbsy() && !status.adrack() {
            bits += 9;
            if self.reads {
                let byte = cx.talk(Talk::I2cRead { acknowledge: command.ack() });
                self.incoming = Some(byte.map_or(0xff, |byte| byte as u8));
            } else {
                status.set_datack(cx.talk(Talk::I2cWrite(self.mdr as u8)).is_none());
            }
        }
        status.set_error(status.adrack() || status.datack());
        if command.stop() && status.busbsy() {
            bits += 1;
            cx.talk(Talk::I2cStop);
            status.set_busbsy(false);
        }
        self.status = status.with_idle(!status.busbsy());
        bits
    }

    fn command(&mut self, command: Command, cx: &mut Context<'_>) {
        if self.mcr & MFE == 0 || self.done.is_some() {
            return;
        }
        let bits = self.execute(command, cx);
        if bits > 0 {
            // Ten phases of SCL, each 2 (1 + TPR) clocks (LM3S6965 data sheet, 14.2.2).
            let clocks = bits * 20 * (u64::from(self.mtpr) + 1);
            self.done = Some(cx.now.saturating_add(self.clock.cycles(clocks)));
        }
    }
}

impl Peripheral for Lm3sI2c {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        s.settle(cx.now);
        let value = match at.register() {
            MSA => s.msa,
            MCS => s.mcs(),
            MDR => s.mdr,
            MTPR => s.mtpr,
            MIMR => s.mimr,
            MRIS => u32::from(s.mris),
            MMIS => u32::from(s.mris) & s.mimr,
            MCR => s.mcr,
            SOAR => s.soar,
            SDR => s.sdr,
            SIMR => s.simr,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        s.settle(cx.now);
        match at.register() {
            MSA => s.msa = at.merge(s.msa, value) & 0xff,
            MCS => s.command(Command::from(at.place(value)), cx),
            MDR => s.mdr = at.merge(s.mdr, value) & 0xff,
            MTPR => s.mtpr = at.merge(s.mtpr, value) & 0x7f,
            MIMR => s.mimr = at.merge(s.mimr, value) & 1,
            MICR => s.mris &= at.place(value) & 1 == 0,
            MCR => s.mcr = at.merge(s.mcr, value) & 0x31,
            SOAR => s.soar = at.merge(s.soar, value) & 0x7f,
            SDR => s.sdr = at.merge(s.sdr, value) & 0xff,
            SIMR => s.simr = at.merge(s.simr, value) & 1,
            _ => {}
        }
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        s.settle(cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        u32::from(s.mris && s.mimr != 0)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.done.filter(|_| s.mimr != 0 && !s.mris)
    }

    fn clocked(&self, s: &mut State, frequency: Frequency, cx: &mut Context<'_>) {
        s.settle(cx.now);
        s.clock.change(frequency, cx.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::testbed::Testbed;

    const RUN: u32 = 1;
    const START: u32 = 2;
    const STOP: u32 = 4;
    const ACK: u32 = 8;
    /// Cycles of a START with its address and one byte, at 40 cycles per bit.
    const ONE_BYTE: u64 = 19 * 40;

    /// A part at address 0x21 that counts up when it is read and refuses the byte 0xee.
    fn bus() -> Testbed {
        let mut i2c = Testbed::new("lm3s-i2c");
        let mut next = 0x10;
        i2c.world.answer = Box::new(move |talk| match talk {
            Talk::I2cStart { address: 0x21, .. } => Some(0),
            Talk::I2cWrite(byte) => (byte != 0xee).then_some(0),
            Talk::I2cRead { .. } => {
                next += 1;
                Some(next)
            }
            _ => None,
        });
        i2c.write(MCR, MFE);
        i2c
    }

    #[test]
    fn a_byte_is_sent_and_interrupts() {
        let mut i2c = bus();
        i2c.write(MIMR, 1);
        i2c.write(MSA, 0x42);
        i2c.write(MDR, 0x55);
        i2c.write(MCS, RUN | START | STOP);
        assert_eq!(i2c.read(MCS) & 1, 1);
        i2c.run_until(ONE_BYTE + 39);
        assert_eq!(i2c.irq_lines(), 0);
        i2c.run_until(ONE_BYTE + 40);
        assert_eq!((i2c.irq_lines(), i2c.read(MCS)), (1, 0x20));
        i2c.write(MICR, 1);
        assert_eq!(i2c.irq_lines(), 0);
    }

    #[test]
    fn nobody_acknowledges_an_address() {
        let mut i2c = bus();
        i2c.write(MSA, 0x44);
        i2c.write(MCS, RUN | START);
        i2c.run_until(1000);
        assert_eq!(i2c.read(MCS), 0x46, "error, address not acknowledged, bus busy");
        i2c.write(MCS, STOP);
        i2c.run_until(2000);
        assert_eq!(i2c.read(MCS), 0x20);
    }

    #[test]
    fn a_refused_byte_is_an_error() {
        let mut i2c = bus();
        i2c.write(MSA, 0x42);
        i2c.write(MDR, 0xee);
        i2c.write(MCS, RUN | START);
        i2c.run_until(ONE_BYTE);
        assert_eq!(i2c.read(MCS), 0x4a);
    }

    #[test]
    fn bytes_are_received_in_a_burst() {
        let mut i2c = bus();
        i2c.write(MSA, 0x43);
        i2c.write(MCS, RUN | START | ACK);
        assert_eq!(i2c.read(MDR), 0);
        i2c.run_until(ONE_BYTE);
        assert_eq!((i2c.read(MDR), i2c.read(MCS)), (0x11, 0x40));
        i2c.write(MCS, RUN | STOP);
        i2c.run_until(2 * ONE_BYTE);
        assert_eq!((i2c.read(MDR), i2c.read(MCS)), (0x12, 0x20));
    }
}
