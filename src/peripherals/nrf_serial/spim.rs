//! SPI with buffers in memory (nRF52840 PS 6.25). A whole transfer is done at its end.

use serde::{Deserialize, Serialize};

use super::{
    CONFIG, END, ENDRX, ENDTX, FREQUENCY, NrfSerial, ORC, RESUME, RXD_LIST, RXD_PTR, RXSTARTED, START, STOP,
    STOPPED, SUSPEND, State, TXD_LIST, TXD_PTR,
};
use crate::{
    peripherals::{Context, Talk, nrf_dma::Buffer},
    words::Cycle,
};

/// FREQUENCY of the fast ones, which is no fraction of the others': 16 and 32 MHz.
const M16: u32 = 0x0a00_0000;
const M32: u32 = 0x1400_0000;
/// FREQUENCY after reset: 4 MHz, as SPI has it.
const RESET: u32 = 0x0400_0000;

/// Core clock cycles that a character takes.
pub(super) fn character_time(frequency: u32, divider: u64) -> u64 {
    let cycles = match frequency {
        M16 => 8,
        M32 => 4,
        0 => (1 << 35) / u64::from(RESET),
        frequency => (1 << 35) / u64::from(frequency),
    };
    (cycles * divider).max(1)
}

/// A transfer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Spim {
    sent: Buffer,
    received: Buffer,
    start: Cycle,
    end: Cycle,
    suspended: Option<Cycle>,
}

impl Spim {
    pub fn due(&self) -> Option<Cycle> {
        self.suspended.is_none().then_some(self.end)
    }
}

impl NrfSerial {
    /// One character in each direction. A line that nobody drives is high.
    pub(super) fn exchange(&self, s: &State, byte: u8, cx: &mut Context<'_>) -> u8 {
        let lowest_first = self.get(s, CONFIG) & 1 != 0;
        let ordered = |byte: u8| if lowest_first { byte.reverse_bits() } else { byte };
        let answer = cx.talk(Talk::Spi { bits: 8, value: ordered(byte).into() });
        answer.map_or(0xff, |answer| ordered(answer as u8))
    }

    pub(super) fn trigger_spim(&self, s: &mut State, task: u32, cx: &mut Context<'_>) {
        match task {
            START => self.start_spim(s, cx.now, cx),
            STOP => {
                if let Some(mut transfer) = s.spim.take() {
                    let length = transfer.end - transfer.start;
                    let passed = transfer.suspended.unwrap_or(cx.now).saturating_sub(transfer.start);
                    let of =
                        |count: u32| count.min((u64::from(count) * passed).div_ceil(length.max(1)) as u32);
                    transfer.sent.count = of(transfer.sent.count);
                    transfer.received.count = of(transfer.received.count);
                    self.transfer(s, transfer, cx);
                    [ENDRX, ENDTX, END].into_iter().for_each(|event| s.values.events.happen(event, cx));
                }
                self.happen(s, STOPPED, cx);
            }
            SUSPEND => {
                if let Some(transfer) = &mut s.spim {
                    transfer.suspended.get_or_insert(cx.now);
                }
            }
            RESUME => {
                if let Some(transfer) = &mut s.spim
                    && let Some(since) = transfer.suspended.take()
                {
                    let pause = cx.now.saturating_sub(since);
                    transfer.start = transfer.start.saturating_add(pause);
                    transfer.end = transfer.end.saturating_add(pause);
                }
            }
            _ => {}
        }
    }

    fn start_spim(&self, s: &mut State, now: Cycle, cx: &mut Context<'_>) {
        let sent = Buffer::latch(&self.registers, &s.values, TXD_PTR);
        let received = Buffer::latch(&self.registers, &s.values, RXD_PTR);
        let characters = u64::from(sent.count.max(received.count));
        let length = characters * character_time(self.get(s, FREQUENCY), self.divider);
        let end = now.saturating_add(length.max(1));
        s.spim = Some(Spim { sent, received, start: now, end, suspended: None });
        self.happen(s, RXSTARTED, cx);
    }

    /// Moves the characters of a transfer.
    fn transfer(&self, s: &mut State, transfer: Spim, cx: &mut Context<'_>) {
        let Spim { mut sent, mut received, .. } = transfer;
        let idle = self.get(s, ORC) as u8;
        while !sent.is_full() || !received.is_full() {
            let byte = if sent.is_full() { idle } else { sent.read(cx) };
            let answer = self.exchange(s, byte, cx);
            sent.done += u32::from(!sent.is_full());
            if !received.is_full() {
                received.write(answer, cx);
            }
        }
        sent.finish_entry(&self.registers, &mut s.values, TXD_LIST);
        received.finish_entry(&self.registers, &mut s.values, RXD_LIST);
    }

    pub(super) fn settle_spim(&self, s: &mut State, cx: &mut Context<'_>) {
        while let Some(transfer) = s.spim.take_if(|transfer| transfer.due().is_some_and(|due| due <= cx.now))
        {
            let (mut end, length) = (transfer.end, transfer.end - transfer.start);
            self.transfer(s, transfer, cx);
            self.happen(s, ENDTX, cx);
            self.happen(s, ENDRX, cx);
            // What END_START begins, begins when this one ended.
            let tasks: Vec<u32> = self.registers.happen(&mut s.values, END, cx).collect();
            if tasks.contains(&START) {
                // All that can happen in a long time has happened in some rounds.
                let behind = cx.now.saturating_sub(end) / length.max(1);
                end += behind.saturating_sub(ROUNDS) * length;
                self.start_spim(s, end, cx);
            }
        }
    }
}

/// Transfers that are made up for, one by one, when nobody looked for a long time.
const ROUNDS: u64 = 64;
