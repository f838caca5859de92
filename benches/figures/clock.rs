//! Time: of the processor where the system tells it, else of the wall.

use std::{
    fs,
    sync::OnceLock,
    time::{Duration, Instant},
};

use super::figure::time;

/// The time that this thread has had a processor for. Linux tells it, a few milliseconds coarse.
fn now() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = told.ok().and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(wall, Duration::from_nanos)
}

/// The time since somebody asked first.
pub fn wall() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
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

/// Nobody waits longer than this for one row, unless a single measurement takes so long.
const PATIENCE: Duration = Duration::from_secs(6);

/// Of fewer measurements than this, one in a hundred says nothing.
const MANY: usize = 40;

/// How long each of many things takes on the wall, from the fastest to the slowest.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Measures something up to `count` times.
    pub fn measure(count: usize, mut work: impl FnMut()) -> Latencies {
        Latencies::measure_behind(count, &mut (), |()| (), |()| work())
    }

    /// Measures something up to `count` times, but not what gets it ready.
    pub fn measure_behind<T>(
        count: usize,
        subject: &mut T,
        mut ready: impl FnMut(&mut T),
        mut work: impl FnMut(&mut T),
    ) -> Latencies {
        let begin = Instant::now();
        let mut times = Vec::new();
        while times.len() < count && (times.is_empty() || begin.elapsed() < PATIENCE) {
            ready(subject);
            let start = Instant::now();
            work(subject);
            times.push(start.elapsed());
        }
        Latencies::of(times)
    }

    /// Those that somebody else has measured; at least one.
    pub fn of(mut times: Vec<Duration>) -> Latencies {
        times.sort();
        Latencies(times)
    }

    /// The time that `percent` of them stay below.
    pub fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }

    /// What stands in the table.
    pub fn text(&self) -> String {
        let count = self.0.len();
        if count < MANY {
            return format!(
                "p50 {}, worst {} of {count}",
                time(self.percentile(50)),
                time(self.0[count - 1])
            );
        }
        let [half, most, nearly_all] = [50, 95, 99].map(|percent| time(self.percentile(percent)));
        format!("p50 {half}, p95 {most}, p99 {nearly_all}")
    }
}
