//! The laws of a peripheral, for every row of [`KINDS`].

use proptest::{prelude::*, test_runner::TestCaseError};

use super::{Access, KINDS, Kind, Level, Port, Talk, testbed::Testbed};
use crate::words::{Cycle, Width};

/// Something that happens to a peripheral.
#[derive(Clone, Debug)]
enum Step {
    Read(Access),
    Write(Access, u32),
    /// A store to flash, some bytes from its start.
    Program(Access, u32),
    Input(Vec<u8>),
    Wait(Cycle),
    Talk(Talk),
    Wire(u32, Level),
}

fn access(size: u32) -> impl Strategy<Value = Access> {
    // Mostly the first registers, where most models have theirs; any alignment.
    let offset = prop_oneof![6 => 0..0x60u32, 1 => 0..size, 1 => (0..size / 4).prop_map(|word| word * 4)];
    let aligned = offset.prop_flat_map(|offset| prop_oneof![Just(offset), Just(offset & !3)]);
    let width = prop_oneof![2 => Just(Width::Word), 1 => Just(Width::Half), 1 => Just(Width::Byte)];
    (aligned, width).prop_map(|(offset, width)| Access { offset, width })
}

fn value() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        0..256u32,
        (0..32u32).prop_map(|bit| 1 << bit),
        Just(u32::MAX),
        Just(0x1acc_e551),
        Just(0xcccc),
        Just(0x5555),
    ]
}

fn talk() -> impl Strategy<Value = Talk> {
    let byte = || prop_oneof![any::<u8>(), 0..8u8, proptest::sample::select(&[3, 5, 6, 0x20, 0x9f][..])];
    prop_oneof![
        2 => (any::<bool>(), any::<bool>()).prop_map(|(memory, read)| Talk::I2cStart {
            address: if memory { 0x50 } else { 0x48 },
            read,
        }),
        4 => byte().prop_map(Talk::I2cWrite),
        2 => any::<bool>().prop_map(|acknowledge| Talk::I2cRead { acknowledge }),
        1 => Just(Talk::I2cStop),
        8 => (4..33u8, byte()).prop_map(|(bits, value)| Talk::Spi { bits, value: value.into() }),
        8 => byte().prop_map(|value| Talk::Spi { bits: 8, value: value.into() }),
    ]
}

/// What happens to a part that is attached to a controller.
fn part_step(inputs: u32) -> impl Strategy<Value = Step> {
    let level = prop_oneof![Just(Level::Low), Just(Level::High), Just(Level::Pulse)];
    prop_oneof![
        12 => talk().prop_map(Step::Talk),
        u32::from(inputs > 0) => (0..inputs.max(1), level).prop_map(|(input, level)| Step::Wire(input, level)),
        1 => proptest::collection::vec(any::<u8>(), 0..6).prop_map(Step::Input),
        2 => (0..400u64).prop_map(Step::Wait),
        1 => (0..1u64 << 40).prop_map(Step::Wait),
    ]
}

fn step(kind: &Kind) -> BoxedStrategy<Step> {
    match kind.size {
        0 => part_step(Port::total(kind.inputs)).boxed(),
        size => register_step(size).boxed(),
    }
}

fn register_step(size: u32) -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => access(size).prop_map(Step::Read),
        6 => (access(size), value()).prop_map(|(at, value)| Step::Write(at, value)),
        1 => (access(size), value()).prop_map(|(at, value)| Step::Program(at, value)),
        1 => proptest::collection::vec(any::<u8>(), 0..6).prop_map(Step::Input),
        3 => (0..400u64).prop_map(Step::Wait),
        1 => (0..1u64 << 40).prop_map(Step::Wait),
    ]
}

impl Testbed {
    fn apply(&mut self, step: &Step) -> Option<u32> {
        match step {
            Step::Read(at) => return Some(self.read_width(at.offset, at.width)),
            Step::Write(at, value) => self.write_width(at.offset, at.width, *value),
            Step::Program(at, value) => {
                let programmed = self.program(*at, *value);
                return programmed.map(|programmed| programmed.is_ok().into());
            }
            Step::Input(bytes) => self.input(bytes),
            Step::Wait(cycles) => self.run_bounded(self.now() + cycles),
            Step::Talk(talk) => return self.talk(*talk),
            Step::Wire(input, level) => self.wire(*input, *level),
        }
        None
    }

    /// Like `run_until`, but a long wait over many wakes is jumped over as a sleeping host would.
    fn run_bounded(&mut self, end: Cycle) {
        for _ in 0..200 {
            match self.next_wake() {
                Some(at) if at <= end => self.run_until(at.max(self.now())),
                _ => break,
            }
        }
        self.jump(end);
    }
}

/// Runs a law for every kind, over sequences of steps.
fn for_each_kind(cases: u32, law: impl Fn(&Kind, Vec<Step>) -> Result<(), TestCaseError>) {
    for kind in KINDS {
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let steps = proptest::collection::vec(step(kind), 1..40);
        if let Err(error) = runner.run(&steps, |steps| law(kind, steps)) {
            panic!("{}: {error}", kind.name);
        }
    }
}

fn every_width() -> [Width; 3] {
    [Width::Byte, Width::Half, Width::Word]
}

#[test]
fn restore_of_save_is_the_same() {
    for_each_kind(64, |kind, steps| {
        let mut original = Testbed::new(kind.name);
        for step in &steps {
            original.apply(step);
        }
        let mut copy = Testbed::new(kind.name);
        copy.device.restore(&original.device.save()).expect("a device takes back its own state");
        copy.continue_from(original.now());
        prop_assert_eq!(copy.device.save(), original.device.save());
        prop_assert_eq!(copy.irq_lines(), original.irq_lines());
        prop_assert_eq!(copy.next_wake(), original.next_wake());
        prop_assert_eq!(copy.reset_request(), original.reset_request());
        for step in &steps {
            prop_assert_eq!(copy.apply(step), original.apply(step));
        }
        prop_assert_eq!(copy.device.save(), original.device.save());
        Ok(())
    });
}

#[test]
fn a_look_changes_nothing() {
    for_each_kind(32, |kind, steps| {
        let (mut watched, mut alone) = (Testbed::new(kind.name), Testbed::new(kind.name));
        for step in &steps {
            for offset in (0..kind.size.min(0x100)).chain(kind.size.saturating_sub(64)..kind.size) {
                for width in every_width() {
                    watched.device.peek(Access { offset, width }, watched.now()).expect("no bus fault");
                }
            }
            prop_assert_eq!(watched.apply(step), alone.apply(step));
            prop_assert_eq!(watched.device.save(), alone.device.save());
        }
        Ok(())
    });
}

#[test]
fn a_look_sees_what_a_read_gives() {
    for_each_kind(64, |kind, steps| {
        let mut device = Testbed::new(kind.name);
        for step in &steps {
            if let Step::Read(at) = step {
                let seen = device.device.peek(*at, device.now()).expect("no bus fault");
                prop_assert_eq!(seen, device.read_width(at.offset, at.width), "{:?}", at);
                prop_assert_eq!(seen & !at.width.mask(), 0, "{:?} is wider than the access", seen);
            } else {
                device.apply(step);
            }
        }
        Ok(())
    });
}

#[test]
fn reset_is_a_fresh_one() {
    for_each_kind(32, |kind, steps| {
        let mut used = Testbed::new(kind.name);
        for step in &steps {
            used.apply(step);
        }
        used.device.reset();
        // What is outside of the chip stays, but nothing of it shows yet.
        let mut fresh = Testbed::new(kind.name);
        fresh.continue_from(used.now());
        for offset in (0..kind.size).step_by(4).filter(|offset| !kind.retained.contains(offset)) {
            prop_assert_eq!(used.peek(offset), fresh.peek(offset), "{:#x}", offset);
        }
        prop_assert_eq!(used.irq_lines(), fresh.irq_lines());
        prop_assert_eq!(used.next_wake(), None, "nothing runs after reset");
        Ok(())
    });
}

/// Waking too often changes nothing that can be seen, and waking only when asked is not too late.
#[test]
fn wakes_are_neither_late_nor_needed_early() {
    for_each_kind(48, |kind, steps| {
        let (mut lazy, mut eager) = (Testbed::new(kind.name), Testbed::new(kind.name));
        for step in &steps {
            match step {
                Step::Wait(cycles) if *cycles < 1000 => {
                    for _ in 0..*cycles {
                        lazy.run_until(lazy.now() + 1);
                        eager.jump(eager.now() + 1);
                        prop_assert_eq!(lazy.irq_lines(), eager.irq_lines(), "at {}", lazy.now());
                        prop_assert_eq!(lazy.reset_request(), eager.reset_request(), "at {}", lazy.now());
                    }
                }
                // A long wait ends both at one state of affairs.
                Step::Wait(cycles) => {
                    lazy.run_bounded(lazy.now() + cycles);
                    eager.jump(eager.now() + cycles);
                }
                step => prop_assert_eq!(lazy.apply(step), eager.apply(step)),
            }
        }
        Ok(())
    });
}

#[test]
fn a_broken_state_is_an_error_or_harmless() {
    for_each_kind(32, |kind, steps| {
        let mut device = Testbed::new(kind.name);
        let bytes: Vec<u8> = steps
            .iter()
            .flat_map(|step| match step {
                Step::Write(_, value) => value.to_le_bytes().to_vec(),
                Step::Input(bytes) => bytes.clone(),
                _ => Vec::new(),
            })
            .collect();
        if device.device.restore(&bytes).is_ok() {
            for step in &steps {
                device.apply(step);
            }
        }
        Ok(())
    });
}
