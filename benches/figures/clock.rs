//! Time: of the processor where the system tells it, else of the wall.

use std::{
    fs,
    sync::OnceLock,
    time::{Duration, Instant},
};

/// The time that this thread has had a processor for. Linux tells it, a few milliseconds coarse.
fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    let told = fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = told.ok().and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The processor time that something takes.
pub fn processor<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = now();
    let result = work();
    (now().saturating_sub(start), result)
}

/// Each of several measurements taken by turns, `rounds` times: the best of each.
pub fn by_turns<const N: usize>(
    rounds: usize,
    mut measure: [&mut dyn FnMut() -> Duration; N],
) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..rounds {
        for (best, measure) in best.iter_mut().zip(&mut measure) {
            *best = measure().min(*best);
        }
    }
    best
}

/// How long each of many things takes on the wall, from the fastest to the slowest.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Measures something `count` times.
    pub fn measure(count: usize, mut work: impl FnMut()) -> Latencies {
        Latencies::measure_behind(count, &mut (), |()| (), |()| work())
    }

    /// Measures something `count` times, but not what gets it ready.
    pub fn measure_behind<T>(
        count: usize,
        subject: &mut T,
        mut ready: impl FnMut(&mut T),
        mut work: impl FnMut(&mut T),
    ) -> Latencies {
        let mut once = |_| {
            ready(subject);
            let start = Instant::now();
            work(subject);
            start.elapsed()
        };
        let mut times: Vec<Duration> = (0..count).map(&mut once).collect();
        times.sort();
        Latencies(times)
    }

    /// The time that `percent` of them stay below.
    fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }

    /// What stands in the table.
    pub fn text(&self) -> String {
        format!("p50 {}, p99 {}", text(self.percentile(50)), text(self.percentile(99)))
    }
}

/// A duration with three digits.
pub fn text(duration: Duration) -> String {
    let (value, unit) = match duration.as_nanos() as f64 {
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}
