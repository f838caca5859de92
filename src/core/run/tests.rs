//! Runs that end at a virtual time, while the core clock changes.

use super::*;
use crate::{
    core::{Clock, CoreKind, Halt, Region, RegionKind, Travel},
    pins::{Asleep, Due, HostResult, Lines, Pins, Slept},
    words::{Cycle, Moment, Nanoseconds, Width},
};

/// A device to which the frequency of the core clock is written.
struct Oscillator {
    clock: Clock,
    lines: Lines,
    slept_until: Option<Cycle>,
}

impl Pins for Oscillator {
    fn read(&mut self, _: Moment, _: u32, _: Width, _: &mut Memory) -> Result<u32, BusFault> {
        Ok(0)
    }
    fn write(&mut self, at: Moment, _: u32, _: Width, hz: u32, _: &mut Memory) -> Result<(), BusFault> {
        self.clock = self.clock.changed(hz, at.cycle);
        Ok(())
    }
    fn due(&mut self) -> Due {
        Due::NEVER
    }
    fn poll(&mut self, _: Moment, _: &mut Memory) {}
    fn lines(&self) -> &Lines {
        &self.lines
    }
    fn clock(&self) -> Clock {
        self.clock
    }
    fn sleep(&mut self, _: Moment, asleep: Asleep, _: &mut Memory) -> Slept {
        self.slept_until = Some(asleep.limit);
        Slept::PastLimit
    }
    fn semihosting(&mut self, _: Moment, _: u32, _: u32, _: &mut Memory) -> HostResult {
        HostResult::default()
    }
    fn reset(&mut self, _: Moment, _: &mut Memory) {}
    fn take_reset(&mut self) -> bool {
        false
    }
    fn is_broken(&self) -> bool {
        false
    }
}

/// `ldr r0, =0x40000000; ldr r1, =hz; str r1, [r0]` and then `rest`, from power-up with a clock of `reset_hz`. Gives how
/// the run to a virtual time ends, with which cycle, and until when the core wanted to sleep.
fn run(reset_hz: u32, hz: u32, rest: u16, time: Nanoseconds) -> (Halt, Cycle, Option<Cycle>) {
    let region = |kind, base| Region { name: String::new(), kind, base, size: 0x400, aliases: Vec::new() };
    let config = Config {
        core: CoreKind::CortexM3,
        regions: vec![region(RegionKind::Flash, 0), region(RegionKind::Ram, 0x2000_0000)],
        devices: Vec::new(),
        interrupts: 8,
        priority_bits: 4,
        clock_hz: reset_hz,
        systick_reference_divider: None,
        bit_band: false,
        vector_table: 0,
        mpu_regions: 8,
        security_extension: false,
        halting_debug: false,
    };
    let mut core = Core::new(&config).unwrap();
    let [low, high] = [hz & 0xffff, hz >> 16].map(|half| half as u16);
    let code = [0x4802, 0x4903, 0x6001, rest, 0xe7fe, 0, 0, 0x4000, low, high];
    let code = code.into_iter().flat_map(u16::to_le_bytes);
    let vectors = [0x2000_0400u32, 9].into_iter().flat_map(u32::to_le_bytes);
    core.memory_mut().write(0, &vectors.chain(code).collect::<Vec<u8>>()).unwrap();
    core.reset();
    let mut pins = Oscillator { clock: Clock::new(reset_hz), lines: Lines::default(), slept_until: None };
    let nothing = Search::default();
    let travel = Travel { time_limit: Some(time), ..Travel::to(1_000_000, &nothing) };
    let halt = core.run(&mut pins, &travel);
    (halt, core.state().moment().cycle, pins.slept_until)
}

const NOP: u16 = 0xbf00;
const WFI: u16 = 0xbf30;

#[test]
fn a_run_goes_on_to_the_time_when_the_clock_gets_faster() {
    // Two milliseconds before the store, then 18 of a thousand cycles each.
    assert_eq!(run(1_000, 1_000_000, NOP, 20_000_000), (Halt::Time, 18_002, None));
}

#[test]
fn a_run_ends_at_the_time_when_the_clock_gets_slower() {
    // Two microseconds before the store; in the millisecond that follows nothing begins any more.
    assert_eq!(run(1_000_000, 1_000, NOP, 20_000_000), (Halt::Time, 21, None));
    assert_eq!(run(1_000_000, 1_000, WFI, 20_000_000), (Halt::Time, 4, Some(21)));
}

#[test]
fn a_clock_that_stays_changes_nothing() {
    assert_eq!(run(1_000, 1_000, NOP, 20_000_000), (Halt::Time, 20, None));
}
