//! STM32 USART of the second generation and LPUART (RM0091 27.8, RM0316 29.8, RM0351 40.8): asynchronous mode. LIN, smart
//! card, mute mode, automatic baud rates and flow control pins only keep what is written.
//!
//! What is said of characters in `stm32_usart.rs` holds here too.

use bitfield_struct::bitfield;
use serde::{Deserialize, Serialize};

use super::{
    Access, Clocking, Context, Device, Frequency, KindOption, Layout, Peripheral, Port, Slot,
    kinds::{CLOCK_DIVIDER, HOLD, Kind, Wiring},
    stm32_usart_line::{Fixed, Flags, Line, Setup},
};
use crate::words::{BusFault, Cycle};

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const CR3: u32 = 0x08;
const BRR: u32 = 0x0c;
const GTPR: u32 = 0x10;
const RTOR: u32 = 0x14;
const RQR: u32 = 0x18;
const ISR: u32 = 0x1c;
const ICR: u32 = 0x20;
const RDR: u32 = 0x24;
const TDR: u32 = 0x28;

#[bitfield(u32)]
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Cr1 {
    ue: bool,
    uesm: bool,
    re: bool,
    te: bool,
    idleie: bool,
    rxneie: bool,
    tcie: bool,
    txeie: bool,
    peie: bool,
    ps: bool,
    pce: bool,
    wake: bool,
    m0: bool,
    mme: bool,
    cmie: bool,
    over8: bool,
    #[bits(5)]
    dedt: u32,
    #[bits(5)]
    deat: u32,
    rtoie: bool,
    eobie: bool,
    m1: bool,
    #[bits(3)]
    __: u32,
}

/// CR2.
const RTOEN: u32 = 1 << 23;

/// CR3.
const EIE: u32 = 1;
const DMAR: u32 = 1 << 6;
const DMAT: u32 = 1 << 7;
const OVRDIS: u32 = 1 << 12;

/// RQR.
const MMRQ: u32 = 1 << 2;
const RXFRQ: u32 = 1 << 3;
const TXFRQ: u32 = 1 << 4;

/// ISR.
const BUSY: u32 = 1 << 16;
const RWU: u32 = 1 << 19;
const TEACK: u32 = 1 << 21;
const REACK: u32 = 1 << 22;

/// The flags that a one in ICR clears, where they are the same bits in ISR.
const CLEARED: Flags = Flags::new()
    .with_pe(true)
    .with_fe(true)
    .with_nf(true)
    .with_ore(true)
    .with_idle(true)
    .with_tc(true)
    .with_rtof(true)
    .with_cmf(true);

const COMMON: &[(&str, u32)] = &[
    ("CR1", CR1),
    ("CR2", CR2),
    ("CR3", CR3),
    ("BRR", BRR),
    ("RQR", RQR),
    ("ISR", ISR),
    ("ICR", ICR),
    ("RDR", RDR),
    ("TDR", TDR),
];

pub(super) const KIND: Kind = Kind {
    name: "stm32-usart-v2",
    about: "STM32 F0, F3, L4 USART or LPUART, asynchronous mode (RM0351 40.8)",
    layouts: &[
        Layout { registers: COMMON, without: &["RTOR"], options: &[("hold", 1), ("low-power", 1)] },
        Layout {
            registers: &[
                ("CR1", CR1),
                ("CR2", CR2),
                ("CR3", CR3),
                ("BRR", BRR),
                ("RTOR", RTOR),
                ("RQR", RQR),
                ("ISR", ISR),
                ("ICR", ICR),
                ("RDR", RDR),
                ("TDR", TDR),
            ],
            options: &[("hold", 1)],
            ..Layout::of(&[])
        },
    ],
    irqs: &["usart"],
    outputs: &[Port::one("tx-request"), Port::one("rx-request")],
    clock: Clocking::Bus,
    options: &[
        CLOCK_DIVIDER,
        HOLD,
        KindOption { name: "low-power", about: "1: an LPUART, whose bit takes BRR/256 clocks", default: 0 },
    ],
    transmits: Some(TDR),
    build: |wiring: &Wiring| -> Box<dyn Device> {
        let low_power = wiring.option("low-power") != 0;
        Box::new(Slot::new(Stm32UsartV2 { fixed: Fixed::new(wiring), low_power }))
    },
    ..Kind::PLAIN
};

struct Stm32UsartV2 {
    fixed: Fixed,
    low_power: bool,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    line: Line,
    cr1: Cr1,
    cr2: u32,
    cr3: u32,
    brr: u32,
    gtpr: u32,
    rtor: u32,
    rwu: bool,
    tdr: u32,
}

impl Stm32UsartV2 {
    fn setup(&self, s: &State) -> Setup {
        // USARTDIV (RM0351 40.5.4), and LPUARTDIV (RM0351 41.4.4).
        let bit = match (self.low_power, s.cr1.over8()) {
            (true, _) => s.brr.max(1).into(),
            (false, false) => u64::from(s.brr.max(1)) * 256,
            (false, true) => u64::from((s.brr & !0xf | s.brr << 1 & 0xe).max(2)) * 128,
        };
        let data = match (s.cr1.m1(), s.cr1.m0()) {
            (true, _) => 7,
            (false, false) => 8,
            (false, true) => 9,
        };
        Setup {
            fixed: self.fixed,
            enabled: s.cr1.ue(),
            transmits: s.cr1.te(),
            receives: s.cr1.re(),
            bit,
            half_bits: Setup::half_bits(data, s.cr2),
            data_bits: data - u32::from(s.cr1.pce()),
            parity: s.cr1.pce().then_some(s.cr1.ps()),
            overwrites: s.cr3 & OVRDIS != 0,
            matches: Some((s.cr2 >> 24) as u8),
            timeout: (s.cr2 & RTOEN != 0).then_some(u64::from(s.rtor & 0xff_ffff)),
        }
    }

    fn settle(&self, s: &mut State, now: Cycle) {
        s.line.settle(&self.setup(s), now);
    }

    fn isr(&self, s: &State, now: Cycle) -> u32 {
        let bit = |on: bool, bit: u32| if on { bit } else { 0 };
        u32::from(s.line.flags())
            | bit(s.line.is_receiving(&self.setup(s), now), BUSY)
            | bit(s.rwu, RWU)
            | bit(s.cr1.ue() && s.cr1.te(), TEACK)
            | bit(s.cr1.ue() && s.cr1.re(), REACK)
    }

    fn request(&self, s: &mut State, bits: u32, now: Cycle) {
        s.rwu |= bits & MMRQ != 0 && s.cr1.mme();
        if bits & RXFRQ != 0 {
            s.line.discard(&self.setup(s), now);
        }
        if bits & TXFRQ != 0 {
            s.line.drop_waiting();
        }
    }

    fn write_cr1(&self, s: &mut State, value: u32) {
        let enabled = s.cr1.ue();
        s.cr1 = Cr1::from(value & 0x1fff_ffff);
        if enabled && !s.cr1.ue() {
            // Operations are discarded and flags are as after reset (RM0351 40.8.1).
            s.line.stop();
            s.rwu = false;
        }
    }
}

impl Peripheral for Stm32UsartV2 {
    type State = State;

    fn read(&self, s: &mut State, at: Access, cx: &mut Context<'_>) -> Result<u32, BusFault> {
        self.settle(s, cx.now);
        let value = match at.register() {
            CR1 => s.cr1.into(),
            CR2 => s.cr2,
            CR3 => s.cr3,
            BRR => s.brr,
            GTPR => s.gtpr,
            RTOR => s.rtor,
            ISR => self.isr(s, cx.now),
            RDR => s.line.read(&self.setup(s), cx.now),
            TDR => s.tdr,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        self.settle(s, cx.now);
        let old = self.setup(s);
        match at.register() {
            CR1 => self.write_cr1(s, at.merge(s.cr1.into(), value)),
            CR2 => s.cr2 = at.merge(s.cr2, value) & 0xffff_ff70,
            CR3 => s.cr3 = at.merge(s.cr3, value) & 0x01ff_ffff,
            BRR => s.brr = at.merge(s.brr, value) & if self.low_power { 0xf_ffff } else { 0xffff },
            GTPR => s.gtpr = at.merge(s.gtpr, value) & 0xffff,
            RTOR => s.rtor = at.merge(s.rtor, value),
            RQR => self.request(s, at.place(value), cx.now),
            ICR => s.line.clear(Flags::from(at.place(value) & u32::from(CLEARED))),
            TDR => {
                s.tdr = at.merge(s.tdr, value) & 0x1ff;
                // Writing data is what clears TC, without a read before (RM0351 40.8.8).
                if s.cr1.ue() && s.cr1.te() {
                    s.line.clear(Flags::new().with_tc(true));
                }
                s.line.write(&old, s.tdr, cx);
            }
            _ => {}
        }
        let new = self.setup(s);
        s.line.change(&old, &new, cx.now);
        Ok(())
    }

    fn input(&self, s: &mut State, bytes: &[u8], cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        let setup = self.setup(s);
        s.line.input(&setup, bytes, cx.now);
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
    }

    fn after_reset(&self, s: &State) -> State {
        State { line: s.line.after_reset(), ..State::default() }
    }

    fn irq_lines(&self, s: &State) -> u32 {
        let (isr, cr1) = (s.line.flags(), s.cr1);
        let asserted = isr.txe() && cr1.txeie()
            || isr.tc() && cr1.tcie()
            || (isr.rxne() || isr.ore()) && cr1.rxneie()
            || isr.idle() && cr1.idleie()
            || isr.pe() && cr1.peie()
            || isr.cmf() && cr1.cmie()
            || isr.rtof() && cr1.rtoie()
            || (isr.fe() || isr.ore() || isr.nf()) && s.cr3 & EIE != 0;
        u32::from(asserted && cr1.ue())
    }

    fn outputs(&self, s: &State) -> u64 {
        let flags = s.line.flags();
        let tx = s.cr1.ue() && s.cr1.te() && s.cr3 & DMAT != 0 && flags.txe();
        let rx = s.cr1.ue() && s.cr3 & DMAR != 0 && flags.rxne();
        u64::from(tx) | u64::from(rx) << 1
    }

    fn clocked(&self, s: &mut State, clock: Frequency, cx: &mut Context<'_>) {
        self.settle(s, cx.now);
        let setup = self.setup(s);
        s.line.clocked(&setup, clock, cx.now);
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        let watched = Flags::new()
            .with_txe(s.cr1.txeie() || s.cr3 & DMAT != 0)
            .with_tc(s.cr1.tcie())
            .with_rxne(s.cr1.rxneie() || s.cr3 & DMAR != 0)
            .with_ore(s.cr1.rxneie() || s.cr3 & EIE != 0)
            .with_idle(s.cr1.idleie())
            .with_cmf(s.cr1.cmie())
            .with_rtof(s.cr1.rtoie());
        s.line.next(&self.setup(s), watched)
    }
}

#[cfg(test)]
mod tests;
