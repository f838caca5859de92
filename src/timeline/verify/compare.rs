//! What differs between two cores, or between a core and what is recorded of one.

use crate::{
    core::{Core, Memory, MemoryDigest, PageId, State},
    pins::{Detail, Digest},
    timeline::Difference,
    words::{CORE_REGISTERS, Registers, differing_words},
};

/// Words or pages that are listed at most.
const MOST: usize = 16;

/// What differs between two cores.
pub(super) fn cores(expected: &Core, found: &Core) -> Vec<Difference> {
    let mut all = registers(&expected.state().registers, &found.state().registers);
    all.extend(memories(expected.memory(), found.memory()));
    all.extend(states(expected.state(), found.state()));
    all
}

/// What differs between a core and its recorded digest. `written` is the memory that may differ.
pub(super) fn digest(expected: &Digest, core: &mut Core, written: &[PageId]) -> Vec<Difference> {
    let found = core.detailed_digest();
    let (Some(recorded), Some(present)) = (&expected.detail, &found.detail) else {
        return vec![Difference::Digest { expected: expected.all, found: found.all }];
    };
    let mut all = core_registers(&recorded.registers, &present.registers);
    all.extend(pages(&recorded.memory, &present.memory, core.memory(), written));
    if !explains(recorded, core.state(), expected.all) {
        all.push(Difference::State { part: "something else of the core" });
    }
    all
}

/// Whether a state with the recorded registers, and the recorded memory, is the recorded one.
fn explains(recorded: &Detail, state: &State, all: u64) -> bool {
    let mut state = state.clone();
    state.registers.set_core(&recorded.registers);
    state.digest(recorded.memory.sum) == all
}

fn core_registers(expected: &[u32; 18], found: &[u32; 18]) -> Vec<Difference> {
    let values = expected.iter().zip(found);
    let named = CORE_REGISTERS.iter().zip(values).filter(|(_, (expected, found))| expected != found);
    let difference = |(name, (expected, found)): (&&str, (&u32, &u32))| Difference::Register {
        name: (*name).to_owned(),
        expected: *expected,
        found: *found,
    };
    named.map(difference).collect()
}

fn registers(expected: &Registers, found: &Registers) -> Vec<Difference> {
    let mut all = core_registers(&expected.core(), &found.core());
    let names =
        OTHERS.iter().map(|name| (*name).to_owned()).chain((0..32).map(|number| format!("s{number}")));
    for ((name, expected), found) in names.zip(others(expected)).zip(others(found)) {
        if expected != found {
            all.push(Difference::Register { name, expected, found });
        }
    }
    if expected.exclusive != found.exclusive {
        all.push(Difference::State { part: "the exclusive monitor" });
    }
    all
}

/// The names of [`others`], but S0 to S31, which follow.
const OTHERS: [&str; 7] = ["primask", "basepri", "faultmask", "control", "msplim", "psplim", "fpscr"];

/// The registers that [`Registers::core`] leaves out.
fn others(registers: &Registers) -> impl Iterator<Item = u32> {
    // All fields, so that a new one is not forgotten here.
    let Registers {
        r: _,
        msp: _,
        psp: _,
        lr: _,
        pc: _,
        xpsr: _,
        primask,
        basepri,
        faultmask,
        control,
        msplim,
        psplim,
        s,
        fpscr,
        exclusive: _,
    } = *registers;
    [primask, basepri, faultmask, control, msplim, psplim, fpscr].into_iter().chain(s)
}

fn states(expected: &State, found: &State) -> Vec<Difference> {
    let State {
        icount: _,
        registers: _,
        slept,
        clock,
        boundary,
        activity,
        event,
        reset_requested,
        reset_arrived,
        nvic,
        systick,
        scb,
        mpu,
        dwt,
        itm,
        fault,
    } = expected;
    let sleeps = (activity, event) == (&found.activity, &found.event);
    let resets = (reset_requested, reset_arrived) == (&found.reset_requested, &found.reset_arrived);
    let parts = [
        ("the time slept", *slept == found.slept),
        ("the core clock", *clock == found.clock),
        ("whether exceptions may be taken here", *boundary == found.boundary),
        ("whether it sleeps", sleeps),
        ("whether it resets", resets),
        ("exceptions (NVIC)", *nvic == found.nvic),
        ("SysTick", *systick == found.systick),
        ("the system control block", *scb == found.scb),
        ("the MPU", *mpu == found.mpu),
        ("the DWT", *dwt == found.dwt),
        ("the ITM", *itm == found.itm),
        ("the last fault", *fault == found.fault),
    ];
    let differs = parts.into_iter().filter(|(_, same)| !same);
    differs.map(|(part, _)| Difference::State { part }).collect()
}

fn memories(expected: &Memory, found: &Memory) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut more = 0;
    for page in 0..expected.pages().min(found.pages()) {
        let (one, other) = (expected.page_bytes(page), found.page_bytes(page));
        for (offset, one, other) in differing_words(&one, &other) {
            if all.len() == MOST {
                more += 1;
                continue;
            }
            let address = expected.page_address(page) + offset;
            all.push(Difference::Memory { address, expected: one, found: other });
        }
    }
    if more > 0 {
        all.push(Difference::More { count: more });
    }
    all
}

/// The pages that differ, from the digests of two memories.
fn pages(
    expected: &MemoryDigest,
    found: &MemoryDigest,
    memory: &Memory,
    written: &[PageId],
) -> Vec<Difference> {
    if expected.sum == found.sum {
        return Vec::new();
    }
    let more = found.sum.wrapping_sub(expected.sum) as u32;
    let weighted = found.weighted.wrapping_sub(expected.weighted);
    let in_bucket = |page: &PageId| {
        let bucket = MemoryDigest::bucket(*page);
        expected.buckets[bucket] != found.buckets[bucket]
    };
    let alone = |page: &PageId| page.wrapping_mul(more) == weighted && in_bucket(page);
    let page = |page: PageId| Difference::Page { address: memory.page_address(page) };
    // One page that explains everything is the likeliest, if it is the only one of its kind.
    for pages in [written.to_vec(), (0..memory.pages()).collect()] {
        if let [single] = pages.into_iter().filter(alone).collect::<Vec<_>>()[..] {
            return vec![page(single)];
        }
    }
    let several: Vec<PageId> = written.iter().copied().filter(in_bucket).collect();
    let explained = |bucket| several.iter().any(|page| MemoryDigest::bucket(*page) == bucket);
    let buckets = (0..expected.buckets.len()).filter(|&at| expected.buckets[at] != found.buckets[at]);
    let elsewhere = several.is_empty() || !buckets.into_iter().all(explained);
    let left = several.len().saturating_sub(MOST);
    let more = (left > 0).then_some(Difference::More { count: left });
    let elsewhere = elsewhere.then_some(Difference::Elsewhere);
    several.into_iter().take(MOST).map(page).chain(more).chain(elsewhere).collect()
}
