//! nRF NVMC (nRF51 Series Reference Manual 3.0, chapter 6): erases the flash. Erasing takes no time. Flash is written by
//! plain stores to it, which this controller does not see.

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Dma, Peripheral, Slot,
    kinds::{Kind, KindOption, Wiring},
};
use crate::words::BusFault;

const READY: u32 = 0x400;
const CONFIG: u32 = 0x504;
const ERASEPAGE: u32 = 0x508;
const ERASEALL: u32 = 0x50c;
const ERASEPCR0: u32 = 0x510;
const ERASEUICR: u32 = 0x514;

/// CONFIG: erasing is enabled.
const EEN: u32 = 2;
const UICR: u32 = 0x1000_1000;
/// The UICR is one region of this size.
const UICR_SIZE: u32 = 0x400;

pub(super) const KIND: Kind = Kind {
    name: "nrf-nvmc",
    about: "nRF flash controller: erasing (nRF51 RM 6)",
    size: 0x1000,
    options: &[
        KindOption { name: "page-size", about: "bytes that ERASEPAGE erases", default: 0x400 },
        KindOption { name: "flash-size", about: "bytes that ERASEALL erases", default: 0x4_0000 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> {
        Box::new(Slot::new(NrfNvmc {
            page_size: wiring.option("page-size").clamp(4, 0x1_0000),
            flash_size: wiring.option("flash-size").min(0x40_0000),
        }))
    },
    ..Kind::PLAIN
};

struct NrfNvmc {
    page_size: u32,
    flash_size: u32,
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    config: u32,
}

/// Where there is no flash, nothing happens.
fn erase(dma: &mut dyn Dma, address: u32, size: u32) {
    let _ = dma.write(address, &vec![0xff; size as usize]);
}

impl Peripheral for NrfNvmc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            READY => 1,
            CONFIG => s.config,
            _ => 0,
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        let value = at.place(value);
        match at.register() {
            CONFIG => s.config = at.merge(s.config, value) & 3,
            ERASEPAGE | ERASEPCR0 if s.config == EEN && value < self.flash_size => {
                erase(cx.dma, value / self.page_size * self.page_size, self.page_size);
            }
            ERASEALL if s.config == EEN && value & 1 != 0 => {
                erase(cx.dma, 0, self.flash_size);
                erase(cx.dma, UICR, UICR_SIZE);
            }
            ERASEUICR if s.config == EEN && value & 1 != 0 => erase(cx.dma, UICR, UICR_SIZE),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        peripherals::{Slot, Surroundings, Talk},
        words::Width,
    };

    #[derive(Default)]
    struct Flash(Vec<(u32, usize)>);

    impl Dma for Flash {
        fn read(&mut self, _address: u32, _bytes: &mut [u8]) -> Result<(), BusFault> {
            Err(BusFault)
        }
        fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
            assert!(bytes.iter().all(|byte| *byte == 0xff));
            self.0.push((address, bytes.len()));
            Ok(())
        }
    }

    impl Surroundings for Flash {
        fn talk(&mut self, _talk: Talk) -> Option<u32> {
            None
        }
    }

    #[test]
    fn a_page_is_erased_only_while_erasing_is_enabled() {
        let mut nvmc = Slot::new(NrfNvmc { page_size: 0x400, flash_size: 0x4_0000 });
        let (mut flash, mut output) = (Flash::default(), Vec::new());
        let mut write = |register, value| {
            let mut cx = Context { now: 0, dma: &mut flash, output: &mut output, pulses: &mut Vec::new() };
            nvmc.write(Access { offset: register, width: Width::Word }, value, &mut cx).unwrap();
        };
        write(ERASEPAGE, 0x3_fc04);
        write(CONFIG, EEN);
        write(ERASEPAGE, 0x3_fc04);
        write(ERASEPAGE, 0x4_0000);
        assert_eq!(flash.0, [(0x3_fc00, 0x400)]);
    }
}
