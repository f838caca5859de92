//! STM32 DMA controller with streams (RM0090, chapter 10).
//!
//! The FIFO packs and unpacks, but nothing waits in it for its threshold: it reads as empty, and there are no FIFO and
//! direct mode errors. The peripheral is never the flow controller. Memory-to-memory transfers are never circular.

mod stream;

use serde::{Deserialize, Serialize};

use self::stream::Stream;
use super::{
    Access, Context, Device, Level, Peripheral, Slot,
    kinds::{Kind, Layout, Port, Wiring},
    stm32_dma_pace::{BURST, Pace, Requests, Served},
};
use crate::words::{BusFault, Cycle};

const LISR: u32 = 0x00;
const HISR: u32 = 0x04;
const LIFCR: u32 = 0x08;
const HIFCR: u32 = 0x0c;
const S0CR: u32 = 0x10;
/// Bytes from the registers of a stream to those of the next one.
const STRIDE: u32 = 0x18;
const STREAMS: usize = 8;

pub(super) const KIND: Kind = Kind {
    name: "stm32-dma-stream",
    about: "STM32 DMA controller with streams (RM0090 10.5)",
    layouts: &[Layout::of(&[
        ("LISR", 0x00),
        ("HISR", 0x04),
        ("LIFCR", 0x08),
        ("HIFCR", 0x0c),
        ("S0CR", 0x10),
        ("S0NDTR", 0x14),
        ("S0PAR", 0x18),
        ("S0M0AR", 0x1c),
        ("S0M1AR", 0x20),
        ("S0FCR", 0x24),
    ])],
    irqs: &["STREAM0", "STREAM1", "STREAM2", "STREAM3", "STREAM4", "STREAM5", "STREAM6", "STREAM7"],
    // Of each stream, those that CHSEL selects.
    inputs: &[Port { name: "request", count: 64 }],
    build: |_: &Wiring| -> Box<dyn Device> { Box::new(Slot::new(Stm32DmaStream)) },
    ..Kind::PLAIN
};

struct Stm32DmaStream;

#[derive(Default, Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    streams: [Stream; STREAMS],
    requests: Requests,
    pace: Pace,
}

impl State {
    /// The request wire that a stream listens to.
    fn inputs(&self, stream: usize) -> u128 {
        1 << (8 * stream + self.streams[stream].cr.chsel() as usize)
    }

    /// Whether a stream would move an item now.
    fn ready(&self, index: usize) -> bool {
        let stream = &self.streams[index];
        stream.runs() && (stream.copies() || self.requests.any(self.inputs(index)))
    }

    /// The ready stream with the highest priority; of several, the first (RM0090 10.3.4).
    fn first(&self) -> Option<usize> {
        let ready = (0..STREAMS).filter(|&stream| self.ready(stream));
        ready.min_by_key(|&stream| (3 - self.streams[stream].cr.pl(), stream))
    }

    fn serve(&mut self, cx: &mut Context<'_>) -> Option<Served> {
        let index = self.first()?;
        let inputs = self.inputs(index);
        let stream = &mut self.streams[index];
        if !stream.copies() {
            stream.transfer(cx);
            self.requests.served(inputs);
            return Some(Served { items: 1, requested: true });
        }
        let items = stream.ndtr.min(BURST);
        for _ in 0..items {
            if stream.runs() {
                stream.transfer(cx);
            }
        }
        Some(Served { items, requested: false })
    }

    fn schedule(&mut self, now: Cycle) {
        let first = self.first();
        self.pace.schedule(now, first.is_some(), first.is_some_and(|index| !self.streams[index].copies()));
    }

    /// The wires that running streams listen to.
    fn listened(&self) -> u128 {
        let running = (0..STREAMS).filter(|&stream| self.streams[stream].runs());
        running.fold(0, |wires, stream| wires | self.inputs(stream))
    }

    /// LISR for the first stream 0, HISR for 4.
    fn status(&self, first: usize) -> u32 {
        (0..4).fold(0, |status, n| status | self.streams[first + n].flags << shift(n))
    }

    fn clear(&mut self, first: usize, bits: u32) {
        for n in 0..4 {
            self.streams[first + n].flags &= !(bits >> shift(n));
        }
    }
}

/// Where the flags of a stream are in LISR or HISR.
fn shift(stream: usize) -> u32 {
    [0, 6, 16, 22][stream % 4]
}

/// The stream of a register, and the offset in it.
fn stream_of(register: u32) -> Option<(usize, u32)> {
    let offset = register.checked_sub(S0CR)?;
    let stream = (offset / STRIDE) as usize;
    (stream < STREAMS).then_some((stream, offset % STRIDE))
}

impl Peripheral for Stm32DmaStream {
    type State = State;

    fn read(&self, s: &mut State, at: Access, _cx: &mut Context<'_>) -> Result<u32, BusFault> {
        let value = match at.register() {
            LISR => s.status(0),
            HISR => s.status(4),
            register => stream_of(register).map_or(0, |(stream, offset)| s.streams[stream].read(offset)),
        };
        Ok(at.take(value))
    }

    fn write(&self, s: &mut State, at: Access, value: u32, cx: &mut Context<'_>) -> Result<(), BusFault> {
        match at.register() {
            LIFCR => s.clear(0, at.place(value)),
            HIFCR => s.clear(4, at.place(value)),
            register => {
                if let Some((stream, offset)) = stream_of(register) {
                    s.streams[stream].write(offset, at, value, cx);
                }
            }
        }
        let listened = s.listened();
        s.requests.forget(!listened);
        s.schedule(cx.now);
        Ok(())
    }

    fn wake(&self, s: &mut State, cx: &mut Context<'_>) {
        let mut pace = s.pace;
        pace.run(cx.now, || s.serve(cx));
        s.pace = pace;
        s.schedule(cx.now);
    }

    fn wire(&self, s: &mut State, input: u32, level: Level, cx: &mut Context<'_>) {
        let listened = s.listened();
        s.requests.wire(input, level, listened);
        s.schedule(cx.now);
    }

    fn irq_lines(&self, s: &State) -> u32 {
        (0..).zip(&s.streams).fold(0, |lines, (n, stream)| lines | u32::from(stream.interrupts()) << n)
    }

    fn next_wake(&self, s: &State) -> Option<Cycle> {
        s.pace.due()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        stream::{Cr, HTIF, TCIF, TEIF},
        *,
    };
    use crate::{
        peripherals::{
            Bus, Dma, Mount,
            testbed::{Testbed, World},
        },
        words::Width,
    };

    const RAM: u32 = World::RAM;
    const DR: u32 = World::PERIPHERALS + 4;

    fn start(dma: &mut Testbed, stream: u32, cr: Cr, count: u32) {
        let base = S0CR + STRIDE * stream;
        dma.write(base + 4, count);
        dma.write(base + 8, DR);
        dma.write(base + 12, RAM);
        dma.write(base + 16, RAM + 0x100);
        dma.write(base, cr.with_en(true).into());
    }

    fn cr() -> Cr {
        Cr::new().with_minc(true).with_tcie(true)
    }

    fn requests(dma: &mut Testbed, input: u32, count: usize) {
        for _ in 0..count {
            dma.wire(input, Level::Pulse);
            dma.run_until(dma.now() + 20);
        }
    }

    #[test]
    fn it_receives_what_is_requested_and_ends() {
        let mut dma = Testbed::new("stm32-dma-stream");
        dma.world.reads.extend([1, 2, 3, 4]);
        start(&mut dma, 5, cr().with_chsel(4).with_psize(2), 4); // MSIZE follows PSIZE in direct mode
        requests(&mut dma, 40, 1);
        assert_eq!(dma.read(S0CR + 5 * STRIDE + 4), 4, "another channel");
        requests(&mut dma, 44, 2);
        assert_eq!((dma.read(HISR), dma.irq_lines()), (HTIF << 6, 0));
        requests(&mut dma, 44, 2);
        assert_eq!((dma.read(HISR), dma.irq_lines()), ((HTIF | TCIF) << 6, 1 << 5));
        assert_eq!(dma.world.bytes(RAM, 16).unwrap(), [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
        assert_eq!(dma.read(S0CR + 5 * STRIDE) & 1, 0, "EN is cleared at the end");
        dma.write(HIFCR, (HTIF | TCIF) << 6);
        assert_eq!((dma.read(HISR), dma.irq_lines()), (0, 0));
    }

    #[test]
    fn two_buffers_take_turns() {
        let mut dma = Testbed::new("stm32-dma-stream");
        dma.world.reads.extend([1, 2, 3, 4, 5]);
        start(&mut dma, 0, cr().with_dbm(true), 2);
        requests(&mut dma, 0, 2);
        assert_eq!((dma.read(S0CR) >> 19 & 1, dma.read(LISR) & TCIF), (1, TCIF));
        dma.write(S0CR + 12, RAM + 0x200); // the buffer that is not in use
        requests(&mut dma, 0, 3);
        assert_eq!(dma.read(S0CR) >> 19 & 1, 0);
        assert_eq!(dma.world.bytes(RAM, 2).unwrap(), [1, 2]);
        assert_eq!(dma.world.bytes(RAM + 0x100, 2).unwrap(), [3, 4]);
        assert_eq!(dma.world.bytes(RAM + 0x200, 1).unwrap(), [5]);
    }

    #[test]
    fn the_fifo_packs_and_unpacks() {
        let mut dma = Testbed::new("stm32-dma-stream");
        dma.world.bytes(RAM, 4).unwrap().copy_from_slice(&[1, 2, 3, 4]);
        dma.write(S0CR + 0x14, 7); // FIFO mode
        start(&mut dma, 0, cr().with_dir(1).with_msize(2), 4);
        requests(&mut dma, 0, 4);
        let bytes: Vec<u32> = dma.world.written.iter().map(|(_, value)| *value).collect();
        assert_eq!(bytes, [1, 2, 3, 4]);
        dma.write(LIFCR, u32::MAX);
        dma.world.reads.extend([5, 6, 7]);
        start(&mut dma, 0, cr().with_msize(1), 3);
        requests(&mut dma, 0, 3);
        assert_eq!(dma.world.bytes(RAM, 4).unwrap(), [5, 6, 7, 4], "the last byte is flushed");
        assert_eq!(dma.read(S0CR + 0x14), 0x27);
    }

    #[test]
    fn memory_to_memory_copies() {
        let mut dma = Testbed::new("stm32-dma-stream");
        dma.world.bytes(RAM + 0x200, 40).unwrap().fill(7);
        dma.write(S0CR + 4, 40);
        dma.write(S0CR + 8, RAM + 0x200);
        dma.write(S0CR + 12, RAM);
        dma.write(S0CR + 0x14, 7);
        dma.write(S0CR, cr().with_dir(2).with_pinc(true).with_msize(2).with_en(true).into());
        dma.run_until(300);
        assert_eq!(dma.world.bytes(RAM, 41).unwrap(), [[7; 40].as_slice(), &[0]].concat());
        assert_eq!((dma.read(LISR), dma.irq_lines(), dma.read(S0CR) & 1), (HTIF | TCIF, 1, 0));
    }

    #[test]
    fn errors_and_software_stop_a_stream() {
        let mut dma = Testbed::new("stm32-dma-stream");
        start(&mut dma, 1, cr().with_teie(true), 4);
        dma.write(S0CR + STRIDE, cr().with_teie(true).into());
        assert_eq!((dma.read(LISR), dma.irq_lines()), (TCIF << 6, 2), "disabled before its end");
        dma.write(LIFCR, u32::MAX);
        dma.write(S0CR + STRIDE + 12, 0x1000_0000);
        dma.write(S0CR + STRIDE, cr().with_teie(true).with_en(true).into());
        requests(&mut dma, 8, 1);
        assert_eq!((dma.read(LISR), dma.irq_lines(), dma.read(S0CR + STRIDE) & 1), (TEIF << 6, 2, 0));
    }

    /// Sixteen bytes at [`RAM`], and nothing else.
    struct Memory([u8; 16]);

    impl Memory {
        fn at(&mut self, address: u32, length: usize) -> Result<&mut [u8], BusFault> {
            let start = address.checked_sub(RAM).ok_or(BusFault)? as usize;
            self.0.get_mut(start..start.saturating_add(length)).ok_or(BusFault)
        }
    }

    impl Dma for Memory {
        fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
            bytes.copy_from_slice(self.at(address, bytes.len())?);
            Ok(())
        }

        fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
            self.at(address, bytes.len())?.copy_from_slice(bytes);
            Ok(())
        }
    }

    #[test]
    fn a_timer_fills_its_registers_by_bursts() {
        const TIM: u32 = 0x4000_0400;
        const DMA: u32 = 0x4002_6000;
        let mount = |name: &str, kind: &str, base| {
            let kind = Kind::find(kind).unwrap();
            let device = (kind.build)(&kind.wiring(1_000_000));
            Mount {
                name: name.to_owned(),
                base,
                size: 0x400,
                targets: Vec::new(),
                transmits: kind.transmits,
                clock: None,
                device,
            }
        };
        let mounts = vec![mount("tim3", "stm32-tim", TIM), mount("dma1", "stm32-dma-stream", DMA)];
        let mut bus = Bus::new(mounts, None, Vec::new()).unwrap();
        bus.connect(("tim3", 0), 1, ("dma1", 2 * 8 + 5)).unwrap(); // TIM3_UP
        let mut memory = Memory(std::array::from_fn(|n| n as u8 + 1));
        let stream = DMA + S0CR + 2 * STRIDE;
        let enable = cr().with_dir(1).with_psize(1).with_chsel(5).with_circ(true).with_en(true);
        let writes = [
            (stream + 4, 4),
            (stream + 8, TIM + 0x4c), // DMAR
            (stream + 12, RAM),
            (stream, enable.into()),
            (TIM + 0x48, (1 << 8) | (0x34 / 4)), // DCR: CCR1 and CCR2
            (TIM + 0x2c, 99),
            (TIM + 0x0c, 1 << 8), // UDE
            (TIM, 1),
        ];
        for (address, value) in writes {
            bus.write(address, Width::Word, value, 0, &mut memory).unwrap();
        }
        let mut values = Vec::new();
        for end in [150, 250, 350] {
            while let Some(now) = bus.next_wake().filter(|now| *now <= end) {
                bus.wake(now, &mut memory);
            }
            let mut read = |offset| bus.read(TIM + offset, Width::Word, end, &mut memory).unwrap();
            values.push([read(0x34), read(0x38)]);
        }
        assert_eq!(values, [[0x0201, 0x0403], [0x0605, 0x0807], [0x0201, 0x0403]]);
    }
}
