//! Live pins: the bus with its peripherals and the host; everything that crosses is logged.

use std::collections::VecDeque;

use super::{
    Host, Listener, Message, SemihostingCall, When,
    master::Master,
    probe::{self, Probe, Text},
    semihosting,
};
use crate::{
    board::Agenda,
    core::{Clock, Config, Memory},
    image::Image,
    peripherals::Bus,
    pins::{Asleep, Due, Event, HostResult, Lines, Pins, Slept, Stamped},
    trace::{Log, TraceError},
    words::{BusFault, Cycle, Icount, Moment, Nanoseconds, Width},
};

/// How long a machine that only input can wake waits for it at a time, in milliseconds of host time.
const PATIENCE: u64 = 20;

/// What the pins of a live machine are connected to.
pub struct Live {
    bus: Bus,
    host: Box<dyn Host>,
    probe: Probe,
    reset_hz: u32,
    clock: Clock,
    lines: Lines,
    inbox: VecDeque<(String, Vec<u8>)>,
    agenda: Agenda,
    /// When the agenda has something next.
    appointed: Cycle,
    reset: bool,
    listener: Listener,
    resets: Vec<Icount>,
}

impl Live {
    /// A bus and a host, just after reset.
    pub fn new(bus: Bus, host: Box<dyn Host>, config: &Config, image: &Image) -> Live {
        Live {
            bus,
            host,
            probe: Probe::new(config, image),
            reset_hz: config.clock_hz,
            clock: Clock::new(config.clock_hz),
            lines: Lines::default(),
            inbox: VecDeque::new(),
            agenda: Agenda::default(),
            appointed: Cycle::MAX,
            reset: false,
            listener: Listener::default(),
            resets: Vec::new(),
        }
    }

    /// The same, in a world where something will happen.
    pub fn with_agenda(mut self, agenda: Agenda) -> Live {
        self.agenda = agenda;
        self.appoint();
        self
    }

    fn appoint(&mut self) {
        self.appointed = self.agenda.next(&self.clock).unwrap_or(Cycle::MAX);
    }

    /// The peripherals.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The virtual time in seconds, at a moment that is not in the past.
    pub fn time(&self, at: Moment) -> Nanoseconds {
        self.clock.time_at(at.cycle)
    }

    fn when(&self, at: Moment) -> When {
        When { icount: at.icount, time: self.time(at) }
    }

    /// Takes what the host has for the devices; it reaches them at the next boundary.
    pub fn take_input(&mut self) {
        while let Some(input) = self.host.input() {
            self.inbox.push_back(input);
        }
    }

    /// The messages of a firmware in distress since the last call.
    pub fn take_messages(&mut self) -> Vec<Message> {
        self.listener.take()
    }

    /// Shows what the firmware has left in its rings so far. The machine does not notice.
    pub fn show_rest(&mut self, at: Moment, memory: &mut Memory) {
        for text in self.probe.show(&mut Master::new(memory)) {
            self.show(&text, at);
        }
    }

    fn show(&mut self, text: &Text, at: Moment) {
        if !text.unseen().is_empty() {
            let when = self.when(at);
            self.host.output(&text.sender(), text.unseen(), when);
        }
    }

    /// Takes a line that has not ended for what it is: the run is over. Gives what was left in the rings of RTT.
    pub fn end_lines(&mut self, at: Moment, memory: &mut Memory) -> Vec<Event> {
        let mut left = Vec::new();
        for text in self.probe.show(&mut Master::new(memory)) {
            self.show(&text, at);
            self.listener.hear(&text.sender(), &text.bytes, at.icount);
            left.push(Event::Output { device: text.sender(), bytes: text.bytes });
        }
        self.listener.finish();
        left
    }

    /// The positions at which the chip was reset since the last call.
    pub fn take_resets(&mut self) -> Vec<Icount> {
        std::mem::take(&mut self.resets)
    }

    /// The pins, logging into `log`. What goes wrong there is left in `error`.
    pub fn pins<'a>(&'a mut self, log: &'a mut Log, error: &'a mut Option<TraceError>) -> LivePins<'a> {
        LivePins { live: self, log, error }
    }
}

/// [`Live`] as the core sees it during a run.
pub struct LivePins<'a> {
    live: &'a mut Live,
    log: &'a mut Log,
    error: &'a mut Option<TraceError>,
}

impl LivePins<'_> {
    fn append(&mut self, icount: Icount, event: Event) {
        if let Err(error) = self.log.append(&Stamped { icount, event }) {
            self.error.get_or_insert(error);
        }
    }

    /// Logs what an access, input or wake-up did besides: memory written, lines that moved, another core clock; and passes
    /// on output.
    fn settle(&mut self, at: Moment, written: Vec<(u32, Vec<u8>)>) {
        let icount = at.icount;
        for (address, bytes) in written {
            self.append(icount, Event::Memory { address, bytes });
        }
        let lines = self.live.bus.lines();
        if lines != self.live.lines {
            for (irq, asserted) in lines.changes(&self.live.lines).collect::<Vec<_>>() {
                self.append(icount, Event::Line { irq, asserted });
            }
            self.live.lines = lines;
        }
        let hz = self.live.bus.core_hz().unwrap_or(self.live.reset_hz).max(1);
        if hz != self.live.clock.hz() {
            self.append(icount, Event::Clock { hz, since: at.cycle });
            self.live.clock = self.live.clock.changed(hz, at.cycle);
            self.live.appoint();
        }
        for (device, output) in self.live.bus.take_output() {
            self.live.listener.hear(&device, &output.bytes, icount);
            let when = self.live.when(at);
            self.live.host.output(&device, &output.bytes, when);
            self.log_output(icount, device, output.fetched);
        }
    }

    fn log_output(&mut self, icount: Icount, device: String, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.append(icount, Event::Output { device, bytes });
        }
    }

    /// Passes on what came through RTT, and tells the host when that begins.
    fn pass_on(&mut self, at: Moment, texts: Vec<Text>) {
        if let Some(channels) = self.live.probe.take_found() {
            self.live.host.rtt(channels);
        }
        for text in texts {
            self.live.listener.hear(&text.sender(), &text.bytes, at.icount);
            self.live.show(&text, at);
            self.log_output(at.icount, text.sender(), text.bytes);
        }
    }
}

/// The stimulus port that carries text, by convention. The others carry the data of an RTOS or a profiler.
const TEXT_PORT: u32 = 0;

/// The stimulus port of the ITM behind an address (Armv7-M ARM C1.7.2). They send to a debugger, not to the bus.
fn stimulus_port(address: u32) -> Option<u32> {
    (0xe000_0000..0xe000_0080).contains(&address).then_some((address & 0x7f) / 4)
}

impl Pins for LivePins<'_> {
    fn read(&mut self, at: Moment, address: u32, width: Width, memory: &mut Memory) -> Result<u32, BusFault> {
        let mut master = Master::new(memory);
        let result = self.live.bus.read(address, width, at.cycle, &mut master);
        let written = master.into_written();
        self.append(at.icount, Event::Read { address, width, value: result.ok() });
        self.settle(at, written);
        result
    }

    fn write(
        &mut self,
        at: Moment,
        address: u32,
        width: Width,
        value: u32,
        memory: &mut Memory,
    ) -> Result<(), BusFault> {
        if let Some(port) = stimulus_port(address) {
            self.append(at.icount, Event::Write { address, width, value, accepted: true });
            let (device, bytes) = (format!("itm{port}"), &value.to_le_bytes()[..width.bytes() as usize]);
            if port == TEXT_PORT {
                self.live.listener.hear(&device, bytes, at.icount);
            }
            let when = self.live.when(at);
            self.live.host.output(&device, bytes, when);
            return Ok(());
        }
        let mut master = Master::new(memory);
        let result = self.live.bus.write(address, width, value, at.cycle, &mut master);
        let written = master.into_written();
        self.append(at.icount, Event::Write { address, width, value, accepted: result.is_ok() });
        self.settle(at, written);
        result
    }

    fn due(&mut self) -> Due {
        let now = !self.live.inbox.is_empty() || self.live.bus.reset_request();
        let wake = self.live.bus.next_wake().unwrap_or(Cycle::MAX);
        Due {
            icount: if now { 0 } else { Icount::MAX },
            cycle: wake.min(self.live.probe.due()).min(self.live.appointed),
        }
    }

    fn poll(&mut self, at: Moment, memory: &mut Memory) {
        let mut master = Master::new(memory);
        self.live.bus.wake(at.cycle, &mut master);
        let inbox = std::mem::take(&mut self.live.inbox);
        for (device, bytes) in inbox {
            let taken = match probe::channel(&device) {
                Some(channel) => {
                    self.live.probe.send(channel, &bytes);
                    true
                }
                None => self.live.bus.input(&device, &bytes, at.cycle, &mut master).is_ok(),
            };
            if taken {
                self.append(at.icount, Event::Input { device, bytes });
            }
        }
        if self.live.appointed <= at.cycle {
            for step in self.live.agenda.take(at.cycle, &self.live.clock) {
                if self.live.bus.input(&step.device, &step.bytes, at.cycle, &mut master).is_ok() {
                    self.append(at.icount, Event::Input { device: step.device, bytes: step.bytes });
                }
            }
            self.live.appoint();
        }
        let mut texts = self.live.probe.poll(at.cycle, &mut master);
        if self.live.bus.reset_request() {
            // Soon the rings are as the firmware's start leaves them.
            texts.extend(self.live.probe.take(&mut master));
            self.live.probe.reset();
            self.live.bus.reset(at.cycle, &mut master);
            self.live.reset = true;
            self.live.resets.push(at.icount);
            self.append(at.icount, Event::Reset);
        }
        let written = master.into_written();
        self.settle(at, written);
        self.pass_on(at, texts);
    }

    fn lines(&self) -> &Lines {
        &self.live.lines
    }

    fn clock(&self) -> Clock {
        self.live.clock
    }

    fn sleep(&mut self, at: Moment, asleep: Asleep, memory: &mut Memory) -> Slept {
        self.live.take_input();
        let wake = self.live.bus.next_wake().unwrap_or(Cycle::MAX).min(self.live.appointed);
        let wake = Some(wake).filter(|wake| *wake != Cycle::MAX);
        // What was sent before the sleep should not seem to have been sent behind it. It is taken behind it.
        if self.live.probe.has_rings() || asleep.core_wake.is_none() && wake.is_none() {
            self.live.show_rest(at, memory);
        }
        let wake = if self.live.inbox.is_empty() { wake } else { Some(at.cycle) };
        match (asleep.core_wake, wake) {
            (Some(core), wake) if wake.is_none_or(|wake| core <= wake) => {
                if core > asleep.limit {
                    Slept::PastLimit
                } else {
                    Slept::Until(core)
                }
            }
            (_, Some(wake)) if wake > asleep.limit => Slept::PastLimit,
            (_, Some(wake)) => {
                let wake = wake.max(at.cycle);
                self.append(at.icount, Event::Sleep { cycles: wake - asleep.since });
                Slept::Until(wake)
            }
            (_, None) if self.live.host.wait_for_input(PATIENCE) => Slept::Interrupted,
            (_, None) => Slept::Forever,
        }
    }

    fn semihosting(&mut self, at: Moment, operation: u32, parameter: u32, memory: &mut Memory) -> HostResult {
        let call = SemihostingCall { operation, parameter, at, time: self.live.time(at) };
        let result = self.live.host.semihosting(&call, &mut Master::new(memory));
        if let Some(sent) = semihosting::sent(operation, parameter, result.r0, &mut Master::new(memory)) {
            let sender =
                sent.handle.map_or("semihosting".to_owned(), |handle| format!("semihosting {handle}"));
            self.live.listener.hear(&sender, &sent.bytes, at.icount);
        }
        self.append(at.icount, Event::Host { operation, result: result.clone() });
        result
    }

    fn reset(&mut self, at: Moment, memory: &mut Memory) {
        self.live.resets.push(at.icount);
        let mut master = Master::new(memory);
        let texts = self.live.probe.take(&mut master);
        self.live.probe.reset();
        self.live.bus.reset(at.cycle, &mut master);
        let written = master.into_written();
        self.settle(at, written);
        self.pass_on(at, texts);
    }

    fn take_reset(&mut self) -> bool {
        std::mem::take(&mut self.live.reset)
    }

    fn is_broken(&self) -> bool {
        self.error.is_some()
    }
}
