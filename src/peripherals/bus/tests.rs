use super::*;
use crate::{
    board::Board,
    peripherals::{Kind, Output, testbed::NoMemory},
};

const XML: &str = r#"<device><name>X</name><version>1</version><description>d</description>
    <addressUnitBits>8</addressUnitBits><width>32</width><size>32</size><resetValue>0</resetValue>
    <peripherals><peripheral><name>RCC</name><baseAddress>0x40023800</baseAddress>
      <addressBlock><offset>0</offset><size>0x400</size><usage>registers</usage></addressBlock>
      <registers><register><name>PLLCFGR</name><addressOffset>4</addressOffset>
        <resetValue>0x24003010</resetValue></register></registers></peripheral></peripherals></device>"#;

fn mount(name: &str, kind: &str, base: u32, targets: &[Target]) -> Mount {
    let kind = Kind::find(kind).unwrap();
    let device = (kind.build)(&kind.wiring(1_000_000));
    Mount {
        name: name.to_owned(),
        base,
        size: kind.size,
        targets: targets.to_vec(),
        transmits: kind.transmits,
        clock: None,
        device,
    }
}

/// Where nothing is and nothing faults.
const SPACE: Range<u32> = 0x4001_0000..0x4001_1000;

/// Two timers on one interrupt, a UART, a watchdog at NMI.
fn bus() -> Bus {
    let mounts = vec![
        mount("timer1", "cmsdk-timer", 0x4000_1000, &[Target::Irq(8)]),
        mount("timer0", "cmsdk-timer", 0x4000_0000, &[Target::Irq(8)]),
        mount("uart0", "cmsdk-uart", 0x4000_4000, &[Target::Irq(0), Target::Irq(1)]),
        mount("watchdog", "cmsdk-watchdog", 0x4000_8000, &[Target::Nmi]),
    ];
    let svd = Svd::parse(XML).unwrap();
    Bus::new(mounts, Some(Arc::new(svd)), [SPACE].to_vec()).unwrap()
}

fn write(bus: &mut Bus, address: u32, value: u32, now: Cycle) {
    bus.write(address, Width::Word, value, now, &mut NoMemory).unwrap();
}

#[test]
fn devices_are_woken_in_time_and_share_a_line() {
    let mut bus = bus();
    for (base, reload) in [(0x4000_0000, 100), (0x4000_1000, 50)] {
        write(&mut bus, base + 8, reload, 0);
        write(&mut bus, base, 9, 0);
    }
    assert_eq!(bus.next_wake(), Some(50));
    bus.wake(50, &mut NoMemory);
    assert!(bus.lines().level(8));
    assert_eq!(bus.next_wake(), Some(100));
    bus.wake(100, &mut NoMemory);
    write(&mut bus, 0x4000_100c, 1, 100);
    assert!(bus.lines().level(8), "timer 0 still asserts it");
    write(&mut bus, 0x4000_000c, 1, 100);
    assert_eq!(bus.lines(), Lines::default());
}

#[test]
fn output_has_the_device_name() {
    let mut bus = bus();
    write(&mut bus, 0x4000_4008, 1, 0);
    bus.write(0x4000_4000, Width::Byte, 0x68, 0, &mut NoMemory).unwrap();
    let sent = Output { bytes: b"h".to_vec(), ..Output::default() };
    assert_eq!(bus.take_output(), [("uart0".to_owned(), sent)]);
    assert_eq!(bus.take_output(), []);
}

#[test]
fn input_needs_a_device() {
    let mut bus = bus();
    let error = bus.input("uart7", b"x", 0, &mut NoMemory).unwrap_err();
    assert_eq!(error, NoSuchDevice("uart7".to_owned()));
    write(&mut bus, 0x4000_4008, 0b1010, 0);
    bus.input("uart0", b"x", 0, &mut NoMemory).unwrap();
    bus.wake(160, &mut NoMemory);
    assert!(bus.lines().level(0));
}

#[test]
fn the_watchdog_reaches_nmi_and_reset() {
    let mut bus = bus();
    write(&mut bus, 0x4000_8000, 10, 0);
    write(&mut bus, 0x4000_8008, 3, 0);
    bus.wake(10, &mut NoMemory);
    assert!(bus.lines().level(Lines::NMI) && !bus.reset_request());
    bus.wake(21, &mut NoMemory);
    assert!(bus.reset_request());
    bus.reset(60, &mut NoMemory);
    assert!(!bus.reset_request() && !bus.lines().level(Lines::NMI) && bus.next_wake().is_none());
}

#[test]
fn unmodelled_registers_are_noted_once_by_name() {
    let mut bus = bus();
    assert_eq!(bus.peek(0x4002_3804, Width::Word, 0), Ok(0x2400_3010));
    assert!(bus.unmodelled().is_empty(), "a look is not an access");
    assert_eq!(bus.read(0x4002_3806, Width::Half, 0, &mut NoMemory), Ok(0x2400));
    write(&mut bus, 0x4002_3804, 0, 0);
    assert_eq!(bus.read(0x4002_3804, Width::Word, 0, &mut NoMemory), Ok(0), "it keeps what is written");
    assert_eq!(bus.read(0x4001_0ffd, Width::Byte, 0, &mut NoMemory), Ok(0));
    let noted: Vec<_> =
        bus.unmodelled().iter().map(|(a, u)| (*a, u.name.as_deref(), u.reads, u.writes)).collect();
    assert_eq!(noted, [(0x4001_0ffc, None, 1, 0), (0x4002_3804, Some("RCC.PLLCFGR"), 2, 1)]);
}

#[test]
fn elsewhere_is_a_bus_fault() {
    let mut bus = bus();
    assert_eq!(bus.read(0x4001_1000, Width::Word, 0, &mut NoMemory), Err(BusFault));
    assert_eq!(bus.write(0x3fff_fffc, Width::Word, 0, 0, &mut NoMemory), Err(BusFault));
    assert_eq!(bus.read(0x4000_0002, Width::Word, 0, &mut NoMemory), Err(BusFault), "not aligned");
}

#[test]
fn stores_to_flash_reach_its_controller() {
    struct Flash(Vec<(u32, Vec<u8>)>);
    impl Dma for Flash {
        fn read(&mut self, _address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
            bytes.fill(0xff);
            Ok(())
        }
        fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
            self.0.push((address, bytes.to_vec()));
            Ok(())
        }
    }
    let mounts = vec![mount("nvmc", "nrf-nvmc", 0x4001_e000, &[]), mount("ficr", "generic", 0x100, &[])];
    let mut bus = Bus::new(mounts, None, Vec::new()).unwrap();
    let mut flash = Flash(Vec::new());
    assert_eq!(bus.write(0x2000, Width::Word, 5, 0, &mut flash), Err(BusFault), "not enabled");
    bus.write(0x4001_e504, Width::Word, 1, 0, &mut flash).unwrap();
    bus.write(0x2000, Width::Word, 5, 0, &mut flash).unwrap();
    assert_eq!(bus.write(0x4_0000, Width::Word, 5, 0, &mut flash), Err(BusFault), "behind the flash");
    bus.write(0x100, Width::Word, 5, 0, &mut flash).unwrap();
    assert_eq!(flash.0, [(0x2000, vec![5, 0, 0, 0])], "where a device is, it has the store");
}

#[test]
fn restore_brings_back_lines_and_wakes() {
    let mut before = bus();
    write(&mut before, 0x4000_0008, 100, 0);
    write(&mut before, 0x4000_0000, 9, 0);
    before.wake(100, &mut NoMemory);
    let mut after = bus();
    after.restore(&before.save()).unwrap();
    assert_eq!((after.lines(), after.next_wake()), (before.lines(), before.next_wake()));
    assert_eq!(after.save(), before.save());
}

#[test]
fn a_state_that_does_not_fit_changes_nothing() {
    let mut target = bus();
    write(&mut target, 0x4000_0008, 7, 0);
    let saved = target.save();
    let other = Bus::new(vec![mount("x", "cmsdk-timer", 0, &[])], None, Vec::new()).unwrap();
    assert!(matches!(target.restore(&other.save()), Err(RestoreError::Devices { .. })));
    assert!(matches!(target.restore(&saved[..saved.len() - 1]), Err(RestoreError::Decode { .. })));
    assert_eq!(target.save(), saved);
}

#[test]
fn devices_that_collide_are_refused() {
    let new = |mounts| Bus::new(mounts, None, Vec::new()).map(|_| ());
    let pair = vec![mount("a", "cmsdk-timer", 0x1000, &[]), mount("b", "cmsdk-timer", 0x1ffc, &[])];
    let overlap = BusError::Overlap { first: "a".into(), second: "b".into(), address: 0x1ffc };
    assert_eq!(new(pair), Err(overlap));
    let pair = vec![mount("a", "cmsdk-timer", 0x1000, &[]), mount("a", "cmsdk-timer", 0x2000, &[])];
    assert_eq!(new(pair), Err(BusError::Name("a".into())));
    let far = vec![mount("a", "cmsdk-timer", 0xffff_f800, &[])];
    assert!(matches!(new(far), Err(BusError::Range { .. })));
    let wired = vec![mount("a", "cmsdk-timer", 0, &[Target::Irq(256)])];
    assert!(matches!(new(wired), Err(BusError::Irq { irq: 256, .. })));
}

#[test]
fn peripherals_appear_at_an_alias_unless_something_else_is_there() {
    let alias = BusAlias { at: 0x5000_0000, size: 0x1000_0000, of: 0x4000_0000 };
    let mut mounts = vec![mount("timer0", "cmsdk-timer", 0x4000_0000, &[Target::Irq(8)])];
    mounts.push(mount("timer1", "cmsdk-timer", 0x4000_1000, &[]));
    mounts.push(mount("secure", "cmsdk-timer", 0x5000_1000, &[]));
    let mut bus = Bus::new(mounts, None, vec![SPACE]).unwrap().with_aliases(vec![alias]);
    write(&mut bus, 0x5000_0008, 100, 0);
    write(&mut bus, 0x5000_1008, 50, 0);
    let reload = |address| bus.peek(address, Width::Word, 0);
    assert_eq!(reload(0x4000_0008), Ok(100));
    assert_eq!(reload(0x4000_1008), Ok(0));
    assert_eq!(reload(0x5000_1008), Ok(50));
    assert_eq!(reload(0x5001_0008), Ok(0), "the alias of a space");
    assert_eq!(reload(0x5002_0000), Err(BusFault));
    assert_eq!(bus.register_name(0x5000_0008).as_deref(), Some("timer0+0x8"));
}

#[test]
fn a_link_carries_its_outputs_and_no_others() {
    let mut signals = Signals::default();
    let link = Link { output: 2, count: 3, to: 0, input: 10 };
    signals.changed(&[link], 0b0_0000, 0b1_1101);
    let sent: Vec<_> = std::iter::from_fn(|| signals.take()).collect();
    let high = |input| Signal::Wire { slot: 0, input, level: Level::High };
    assert_eq!(sent, [high(10), high(11), high(12)]);
    signals.pulse(&[link], 4);
    signals.pulse(&[link], 5);
    assert_eq!(signals.take(), Some(Signal::Wire { slot: 0, input: 12, level: Level::Pulse }));
    assert_eq!(signals.take(), None);
}

/// RAM at 0x2000_0000.
struct Ram([u8; 64]);

impl Dma for Ram {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        let start = address.checked_sub(0x2000_0000).ok_or(BusFault)? as usize;
        bytes.copy_from_slice(self.0.get(start..start + bytes.len()).ok_or(BusFault)?);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
        let start = address.checked_sub(0x2000_0000).ok_or(BusFault)? as usize;
        self.0.get_mut(start..start + bytes.len()).ok_or(BusFault)?.copy_from_slice(bytes);
        Ok(())
    }
}

#[test]
fn dma_is_in_time_though_the_core_looks_late() {
    const SPI: u32 = 0x4001_3000;
    const DMA: u32 = 0x4002_0000;
    let mut bus = Board::find("bluepill").unwrap().bus();
    let mut ram = Ram([0; 64]);
    let receive = [(DMA + 0x1c + 4, 16), (DMA + 0x1c + 8, SPI + 0xc), (DMA + 0x1c + 12, 0x2000_0000)];
    let send = [(DMA + 0x30 + 4, 16), (DMA + 0x30 + 8, SPI + 0xc), (DMA + 0x30 + 12, 0x2000_0020)];
    let start = [(DMA + 0x1c, 0x81), (DMA + 0x30, 0x91), (SPI + 4, 3), (SPI, 0x344)];
    for (address, value) in receive.into_iter().chain(send).chain(start) {
        bus.write(address, Width::Word, value, 0, &mut ram).unwrap();
    }
    // A frame takes 16 cycles.
    for now in (0..400).step_by(50) {
        bus.wake(now, &mut ram);
    }
    assert_eq!(ram.0[..17], [&[0xff; 16][..], &[0]].concat());
    assert_eq!(bus.read(SPI + 8, Width::Word, 400, &mut ram), Ok(2), "no overrun");
}

#[test]
fn an_access_comes_behind_what_was_due_before_it() {
    let mut bus = bus();
    write(&mut bus, 0x4000_8000, 10, 0);
    write(&mut bus, 0x4000_8008, 3, 0);
    assert!(!bus.lines().level(Lines::NMI));
    bus.read(0x4000_4000, Width::Word, 15, &mut NoMemory).unwrap();
    assert!(bus.lines().level(Lines::NMI), "of another device");
}

#[test]
fn the_clock_controller_resets_a_peripheral_and_turns_its_clock_off() {
    const ENR: u32 = 0x4002_101c;
    const RSTR: u32 = 0x4002_1010;
    const ARR: u32 = 0x4000_002c;
    let mut bus = Board::find("bluepill").unwrap().bus();
    let unclocked = |bus: &Bus| -> Vec<_> {
        bus.unclocked().map(|used| (used.device, used.bit, used.accesses)).collect()
    };
    write(&mut bus, ENR, 1, 0);
    write(&mut bus, ARR, 5, 0);
    assert_eq!(unclocked(&bus), []);
    write(&mut bus, RSTR, 1, 0);
    assert_eq!(bus.peek(ARR, Width::Word, 0), Ok(0xffff));
    write(&mut bus, ARR, 7, 0);
    write(&mut bus, RSTR, 1, 0);
    assert_eq!(bus.peek(ARR, Width::Word, 0), Ok(7), "it was one already");
    write(&mut bus, ENR, 0, 0);
    write(&mut bus, ARR, 9, 0);
    assert_eq!(unclocked(&bus), [("tim2".to_owned(), "RCC.APB1ENR.TIM2EN".to_owned(), 1)]);
    assert_eq!(bus.peek(ARR, Width::Word, 0), Ok(9), "told, but done all the same");
    let saved = bus.save();
    let mut again = Board::find("bluepill").unwrap().bus();
    again.restore(&saved).unwrap();
    assert_eq!(again.peek(ARR, Width::Word, 0), Ok(9), "what the bits do has been done");
}

#[test]
fn system_control_resets_a_timer_and_knows_that_its_clock_is_off() {
    const TAILR: u32 = 0x4003_0028;
    let mut bus = Board::find("lm3s6965evb").unwrap().bus();
    write(&mut bus, TAILR, 5, 0);
    assert_eq!(bus.unclocked().map(|used| used.bit).collect::<Vec<_>>(), ["SYSCTL.RCGC1.TIMER0"]);
    assert_eq!(bus.peek(TAILR, Width::Word, 0), Ok(5));
    write(&mut bus, 0x400f_e044, 1 << 16, 0);
    assert_eq!(bus.peek(TAILR, Width::Word, 0), Ok(u32::MAX));
}
