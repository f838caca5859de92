//! What a walk tells of a search: where it must stop.

use untick::{
    timeline::{Stop, Stops, Timeline},
    words::Icount,
};

use super::walk::{Hit, Walk};

/// The first stop of travel forward from a position in the stretch: those that come first for certain, and before.
pub fn forward(walk: &Walk, from: Icount, stops: &Stops) -> (Vec<Hit>, Option<Icount>) {
    let mut hits = walk.hits(stops);
    // In front of an access counts where travel begins; behind what the core wrote, or a fault, does not.
    hits.retain(|hit| hit.forward > from || hit.forward == from && hit.backward == from + 1);
    hits.extend(
        walk.hits(stops).into_iter().filter(|hit| hit.forward == from && hit.stop == Stop::Breakpoint),
    );
    let certain = hits.iter().filter(|hit| !hit.doubtful).map(|hit| hit.forward).min();
    hits.retain(|hit| certain.is_none_or(|certain| hit.forward <= certain));
    (hits, certain)
}

pub fn same_stop(hit: &Hit, stop: &Stop) -> bool {
    std::mem::discriminant(&hit.stop) == std::mem::discriminant(stop)
}

pub fn check_forward(
    timeline: &Timeline,
    walk: &Walk,
    from: Icount,
    stops: &Stops,
    stop: &Stop,
) -> Result<(), String> {
    let here = timeline.now().icount;
    if here < from {
        return Err(format!("forward from {from} to {here}"));
    }
    if walk.at(from).is_none() {
        return Ok(());
    }
    if stops.breakpoints.contains(&walk.at(from).expect("it is inside").pc) {
        // A breakpoint under the cursor stops, whether the instruction is reached or an interrupt comes first.
        return if here == from { Ok(()) } else { Err(format!("left the breakpoint at {from} for {here}")) };
    }
    let (hits, certain) = forward(walk, from, stops);
    let found = hits.iter().any(|hit| hit.forward == here && same_stop(hit, stop));
    let ended = matches!(stop, Stop::End(_)) && here == timeline.end().icount;
    let beyond = here >= walk.end() || ended;
    if found || certain.is_none() && beyond || ended && certain.is_some_and(|certain| certain > here) {
        return Ok(());
    }
    Err(format!("forward from {from}: {stop:?} at {here}, expected {:?} of {hits:?}", certain))
}

/// The position at which travel backward must stop, unless it stops at one of the others; nothing is known outside the
/// stretch.
pub type Backward = (Option<Icount>, Vec<Hit>);

pub fn backward(walk: &Walk, from: Icount, stops: &Stops) -> Option<Backward> {
    walk.at(from)?;
    let mut hits = walk.hits(stops);
    // Behind an access counts where travel begins, a breakpoint there does not.
    hits.retain(|hit| hit.backward < from || hit.backward == from && hit.stop != Stop::Breakpoint);
    let certain = hits.iter().filter(|hit| !hit.doubtful).map(|hit| hit.backward).max();
    hits.retain(|hit| certain.is_none_or(|certain| hit.backward >= certain));
    Some((certain, hits))
}

pub fn check_backward(
    timeline: &Timeline,
    walk: &Walk,
    from: Icount,
    expected: Option<Backward>,
    stop: &Stop,
) -> Result<(), String> {
    let here = timeline.now().icount;
    if here > from {
        return Err(format!("backward from {from} to {here}"));
    }
    let Some((certain, hits)) = expected else { return Ok(()) };
    let found = hits.iter().any(|hit| hit.backward == here && same_stop(hit, stop));
    let gave_up = *stop == Stop::Interrupted && here == from;
    // An access of the instruction in front of the stretch stands at its first position.
    if found || certain.is_none() && (here <= walk.start || gave_up) {
        return Ok(());
    }
    Err(format!("backward from {from}: {stop:?} at {here}, expected {certain:?} of {hits:?}"))
}
