//! nRF NVMC (nRF51 Series Reference Manual 3.0, chapter 6; nRF52840 Product Specification 1.1, 4.3): erases the flash, and lets stores clear bits of it. Neither
//! takes time.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{
    Access, Context, Device, Dma, Peripheral, Slot,
    bank::{Bank, Contents, Policy},
    kinds::{Kind, KindOption, Layout, Wiring},
};
use crate::words::{BusFault, Width};

const READY: u32 = 0x400;
const READYNEXT: u32 = 0x408;
const CONFIG: u32 = 0x504;
const ERASEPAGE: u32 = 0x508;
const ERASEALL: u32 = 0x50c;
const ERASEPCR0: u32 = 0x510;
const ERASEUICR: u32 = 0x514;
const ERASEPAGEPARTIAL: u32 = 0x518;

/// CONFIG: writing is enabled.
const WEN: u32 = 1;
/// CONFIG: erasing is enabled, and erasing of pages bit by bit.
const EEN: u32 = 2;
const PEEN: u32 = 4;
const UICR: u32 = 0x1000_1000;

pub(super) const KIND: Kind = Kind {
    name: "nrf-nvmc",
    about: "nRF flash controller: erasing and programming (nRF51 RM 6, nRF52840 PS 4.3)",
    size: 0x1000,
    layouts: &[Layout::of(&[
        ("READY", READY),
        ("CONFIG", CONFIG),
        ("ERASEPAGE", ERASEPAGE),
        ("ERASEALL", ERASEALL),
        ("ERASEUICR", ERASEUICR),
    ])],
    options: &[
        KindOption { name: "page-size", about: "bytes that ERASEPAGE erases", default: 0x400 },
        KindOption { name: "flash-size", about: "bytes of flash from address 0", default: 0x4_0000 },
        KindOption { name: "uicr-size", about: "bytes of the UICR, which is one region", default: 0x400 },
    ],
    build: |wiring: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(NrfNvmc::new(wiring))) },
    ..Kind::PLAIN
};

struct NrfNvmc {
    page_size: u32,
    flash_size: u32,
    areas: [Range<u32>; 2],
    /// The registers of the instruction cache, which there is none of, and of access control.
    bank: Bank,
}

impl NrfNvmc {
    fn new(wiring: &Wiring) -> NrfNvmc {
        let flash_size = wiring.option("flash-size").min(0x40_0000);
        NrfNvmc {
            page_size: wiring.option("page-size").clamp(4, 0x1_0000),
            flash_size,
            areas: [0..flash_size, UICR..UICR + wiring.option("uicr-size").min(0x1_0000)],
            bank: Bank::new(wiring.registers.iter().cloned(), Policy::Reset),
        }
    }

    fn erase_uicr(&self, dma: &mut dyn Dma) {
        let [_, uicr] = &self.areas;
        erase(dma, uicr.start, uicr.end - uicr.start);
    }
}

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    config: u32,
    held: Contents,
}

/// Where there is no flash, nothing happens.
fn erase(dma: &mut dyn Dma, address: u32, size: u32) {
    let _ = dma.write(address, &vec![0xff; size as usize]);
}

impl Peripheral for NrfNvmc {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            READY | READYNEXT => 1,
            CONFIG => s.config,
            ERASEPAGE..=ERASEPAGEPARTIAL => 0,
            _ => return Ok(self.bank.look(&s.held, at)),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        let placed = at.place(value);
        let erases = matches!(s.config, EEN | PEEN);
        match at.register() {
            CONFIG => s.config = at.merge(s.config, value) & 7,
            ERASEPAGE | ERASEPCR0 | ERASEPAGEPARTIAL if erases && placed < self.flash_size => {
                erase(cx.dma, placed / self.page_size * self.page_size, self.page_size);
            }
            ERASEALL if erases && placed & 1 != 0 => {
                erase(cx.dma, 0, self.flash_size);
                self.erase_uicr(cx.dma);
            }
            ERASEUICR if erases && placed & 1 != 0 => self.erase_uicr(cx.dma),
            READY..=ERASEPAGEPARTIAL => {}
            register => {
                let old = self.bank.raw(&s.held, register);
                let new = self.bank.written(old, at, value);
                self.bank.put(&mut s.held, register, new);
            }
        }
        Ok(())
    }

    fn program_areas(&self) -> &[Range<u32>] {
        &self.areas
    }

    fn program(
        &self,
        s: &mut State,
        address: u32,
        width: Width,
        value: u32,
        cx: &mut Context<'_>,
    ) -> Result<(), BusFault> {
        // Of anything but whole words the core hears by a fault (6.1.1).
        if s.config != WEN || width != Width::Word {
            return Err(BusFault);
        }
        let mut old = [0; 4];
        cx.dma.read(address, &mut old)?;
        cx.dma.write(address, &(u32::from_le_bytes(old) & value).to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peripherals::Output;
    use crate::peripherals::{Surroundings, Talk};

    /// Flash in which all words are the same, and what was written to it.
    struct Flash(u32, Vec<(u32, Vec<u8>)>);

    impl Dma for Flash {
        fn read(&mut self, _address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
            bytes.copy_from_slice(&self.0.to_le_bytes());
            Ok(())
        }
        fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
            self.1.push((address, bytes.to_vec()));
            Ok(())
        }
    }

    impl Surroundings for Flash {
        fn talk(&mut self, _talk: Talk) -> Option<u32> {
            None
        }
    }

    struct Bench(Slot<NrfNvmc>, Flash);

    impl Bench {
        fn new(word: u32) -> Bench {
            Bench(Slot::new(NrfNvmc::new(&KIND.wiring(1))), Flash(word, Vec::new()))
        }

        fn with<R>(&mut self, act: impl FnOnce(&mut Slot<NrfNvmc>, &mut Context<'_>) -> R) -> R {
            let (mut output, mut pulses) = (Output::default(), Vec::new());
            let mut cx = Context { now: 0, dma: &mut self.1, output: &mut output, pulses: &mut pulses };
            act(&mut self.0, &mut cx)
        }

        fn write(&mut self, register: u32, value: u32) {
            let at = Access { offset: register, width: Width::Word };
            self.with(|nvmc, cx| nvmc.write(at, value, cx)).unwrap();
        }

        fn program(&mut self, address: u32, width: Width, value: u32) -> Result<(), BusFault> {
            self.with(|nvmc, cx| nvmc.program(address, width, value, cx))
        }
    }

    #[test]
    fn a_page_is_erased_only_while_erasing_is_enabled() {
        let mut bench = Bench::new(0);
        bench.write(ERASEPAGE, 0x3_fc04);
        bench.write(CONFIG, EEN);
        bench.write(ERASEPAGE, 0x3_fc04);
        bench.write(ERASEPAGE, 0x4_0000);
        assert_eq!(bench.1.1, [(0x3_fc00, vec![0xff; 0x400])]);
    }

    #[test]
    fn a_store_clears_bits_while_writing_is_enabled() {
        let mut bench = Bench::new(0xff00_ff0f);
        assert_eq!(bench.program(0x100, Width::Word, 0), Err(BusFault));
        bench.write(CONFIG, EEN);
        assert_eq!(bench.program(0x100, Width::Word, 0), Err(BusFault));
        bench.write(CONFIG, WEN);
        assert_eq!(bench.program(0x100, Width::Half, 0), Err(BusFault));
        assert_eq!(bench.program(0x102, Width::Byte, 0), Err(BusFault));
        assert_eq!(bench.1.1, []);
        assert_eq!(bench.program(0x100, Width::Word, 0x1234_5678), Ok(()));
        assert_eq!(bench.1.1, [(0x100, vec![0x08, 0x56, 0x00, 0x12])]);
        assert_eq!(bench.0.program_areas(), [0..0x4_0000, UICR..UICR + 0x400]);
    }
}
