//! The registers but the filters' (RM0090 32.9.2 to 32.9.4).

use super::{Fifo, Mailbox, State, traffic::Activity};

pub(super) const MCR: u32 = 0x00;
pub(super) const MSR: u32 = 0x04;
pub(super) const TSR: u32 = 0x08;
pub(super) const RF0R: u32 = 0x0c;
pub(super) const RF1R: u32 = 0x10;
pub(super) const IER: u32 = 0x14;
pub(super) const ESR: u32 = 0x18;
pub(super) const BTR: u32 = 0x1c;
pub(super) const TI0R: u32 = 0x180;
pub(super) const RI0R: u32 = 0x1b0;
/// The first offset behind the FIFOs.
pub(super) const RX_END: u32 = 0x1d0;

// MCR.
pub(super) const INRQ: u32 = 1;
pub(super) const SLEEP: u32 = 1 << 1;
pub(super) const TXFP: u32 = 1 << 2;
pub(super) const RFLM: u32 = 1 << 3;
pub(super) const NART: u32 = 1 << 4;
pub(super) const AWUM: u32 = 1 << 5;
pub(super) const RESET: u32 = 1 << 15;
pub(super) const DBF: u32 = 1 << 16;

// MSR.
pub(super) const ERRI: u32 = 1 << 2;
pub(super) const WKUI: u32 = 1 << 3;
pub(super) const SLAKI: u32 = 1 << 4;

// TSR, of a mailbox.
pub(super) const RQCP: u32 = 1;
pub(super) const TXOK: u32 = 1 << 1;
pub(super) const ALST: u32 = 1 << 2;
pub(super) const TERR: u32 = 1 << 3;
const ABRQ: u32 = 1 << 7;
/// TIxR.
pub(super) const TXRQ: u32 = 1;

// RFxR.
pub(super) const FULL: u32 = 1 << 3;
pub(super) const FOVR: u32 = 1 << 4;
const RFOM: u32 = 1 << 5;

// IER; in ESR, EWGF and EPVF are 8 bits lower.
const EWGIE: u32 = 1 << 8;
const EPVIE: u32 = 1 << 9;
pub(super) const LECIE: u32 = 1 << 11;
pub(super) const ERRIE: u32 = 1 << 15;
pub(super) const WKUIE: u32 = 1 << 16;
pub(super) const SLKIE: u32 = 1 << 17;

// BTR.
pub(super) const LBKM: u32 = 1 << 30;
pub(super) const SILM: u32 = 1 << 31;

/// LEC: nobody acknowledged.
pub(super) const ACKNOWLEDGMENT_ERROR: u32 = 3;

impl State {
    /// The mailboxes that wait for transmission, the one with the highest priority first (RM0090 32.7.1).
    pub fn waiting(&self) -> Vec<usize> {
        let mut waiting: Vec<usize> = (0..3).filter(|&n| self.mailboxes[n].request.is_some()).collect();
        let in_order = self.mcr & TXFP != 0;
        waiting.sort_by_key(|&n| {
            let mailbox = &self.mailboxes[n];
            (if in_order { mailbox.request } else { Some(mailbox.frame.arbitration().into()) }, n)
        });
        waiting
    }

    pub fn msr_value(&self) -> u32 {
        let (sends, receives) = match self.activity {
            Some((Activity::Transmission(_), _)) => (1, 0),
            Some((Activity::Reception(_), _)) => (0, 1),
            None => (0, 0),
        };
        // RX and SAMP: the bus is recessive.
        u32::from(self.inak) | u32::from(self.slak) << 1 | self.msr | sends << 8 | receives << 9 | 0xc00
    }

    pub fn tsr_value(&self) -> u32 {
        let waiting = self.waiting();
        let mut tsr = 0;
        for (n, mailbox) in self.mailboxes.iter().enumerate() {
            tsr |= mailbox.status << (8 * n);
            tsr |= if mailbox.aborts { ABRQ << (8 * n) } else { 0 };
            tsr |= u32::from(mailbox.request.is_none()) << (26 + n);
        }
        let empty = (0..3).find(|&n| self.mailboxes[n].request.is_none());
        let lowest = waiting.last().copied().unwrap_or(0);
        if waiting.len() > 1 {
            tsr |= 1 << (29 + lowest);
        }
        tsr | (empty.unwrap_or(lowest) as u32) << 24
    }

    pub fn write_tsr(&mut self, bits: u32) {
        let sending = match self.activity {
            Some((Activity::Transmission(mailbox), _)) => Some(mailbox),
            _ => None,
        };
        for (n, mailbox) in self.mailboxes.iter_mut().enumerate() {
            let bits = bits >> (8 * n) & 0xff;
            mailbox.status &= !if bits & RQCP != 0 { 0xf } else { bits & 0xe };
            if bits & ABRQ == 0 || mailbox.request.is_none() {
                continue;
            }
            if sending == Some(n) {
                mailbox.aborts = true; // unless this attempt succeeds
            } else {
                mailbox.complete(0);
            }
        }
    }

    /// EWGF and EPVF.
    fn warnings(&self) -> u32 {
        u32::from(self.tec >= 96) | u32::from(self.tec > 127) << 1
    }

    pub fn esr_value(&self) -> u32 {
        self.warnings() | self.lec << 4 | self.tec.min(255) << 16
    }

    /// Nobody acknowledged: counted until the node is error passive (RM0090 32.7.6).
    pub fn acknowledgment_error(&mut self) {
        let before = self.warnings();
        if self.tec < 128 {
            self.tec += 8;
        }
        self.lec = ACKNOWLEDGMENT_ERROR;
        let new = (self.warnings() & !before) << 8;
        if self.ier & (new & (EWGIE | EPVIE) | LECIE) != 0 {
            self.msr |= ERRI;
        }
    }
}

impl Mailbox {
    /// The mailbox becomes empty.
    pub fn complete(&mut self, status: u32) {
        self.request = None;
        self.aborts = false;
        self.status = RQCP | status;
    }
}

impl Fifo {
    pub fn write(&mut self, bits: u32) {
        self.status &= !(bits & (FULL | FOVR));
        if bits & RFOM != 0 {
            self.frames.pop_front();
        }
    }
}
