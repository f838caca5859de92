use super::*;
use crate::board::Board;

const BUDGET: usize = 64 << 20;

fn state(icount: Icount) -> State {
    State { icount, ..State::new(&Board::find("mps2-an385").unwrap().config()) }
}

/// Records of positions in a row, whose icounts change one word each. All share what they can.
fn row(positions: RangeInclusive<Icount>) -> Vec<Record> {
    let rest = Rc::new(state(0));
    let end = *positions.end();
    let record = |icount| Record {
        icount,
        mark: Mark::default(),
        registers: Registers::default(),
        boundary: false,
        rest: rest.clone(),
        words: if icount == end { Box::default() } else { Box::new([(0x2000_0000, icount as u32)]) },
    };
    positions.map(record).collect()
}

/// Every position that is recorded, and whether what its icount does is.
fn recorded(near: &Near) -> Vec<(Icount, bool)> {
    let Some(range) = near.range() else { return Vec::new() };
    let all = |icount| {
        let record = near.get(icount).unwrap();
        assert_eq!(record.icount, icount);
        (icount, !record.words.is_empty())
    };
    range.map(all).collect()
}

fn complete(positions: RangeInclusive<Icount>) -> Vec<(Icount, bool)> {
    let end = *positions.end();
    positions.map(|icount| (icount, icount != end)).collect()
}

#[test]
fn records_of_what_is_before_and_behind_are_added() {
    let mut near = Near::new(BUDGET);
    assert_eq!(near.range(), None);
    near.join(row(100..=120));
    near.join(row(80..=100));
    near.join(row(120..=121));
    assert_eq!(recorded(&near), complete(80..=121));
    near.join(row(10..=20));
    assert_eq!(recorded(&near), complete(10..=20), "a gap: what was there is of no use");
    assert!(near.has(10) && near.has(20) && !near.has(9) && !near.has(21));
    assert!(near.get(9).is_none() && near.get(21).is_none());
}

#[test]
fn what_is_far_from_the_work_goes_first() {
    let mut near = Near::new(0);
    let room = 2 * FIRST;
    near.join(row(10_000..=10_000 + room - 1));
    near.join(row(9_990..=10_000));
    assert_eq!(near.range(), Some(9_990..=9_990 + room - 1), "going back");
    assert!(recorded(&near).iter().all(|(_, known)| *known), "the last one, too, is not the end of a row");
    near.join(row(9_000..=9_000 + room - 1));
    near.join(row(9_000 + room - 1..=9_000 + room + 9));
    assert_eq!(recorded(&near), complete(9_010..=9_000 + room + 9), "going forward");
}

#[test]
fn only_what_changes_nothing_but_registers_is_plain() {
    let mut near = Near::new(BUDGET);
    let mut row = row(0..=4);
    row[2].rest = Rc::new(state(0));
    row[3].rest = row[2].rest.clone();
    near.join(row);
    let plain: Vec<bool> = (0..=5).map(|icount| near.is_plain(icount)).collect();
    assert_eq!(plain, [true, false, true, false, false, false]);
}

#[test]
fn what_is_shared_is_counted_once() {
    let mut near = Near::new(BUDGET);
    near.join(row(0..=99));
    let each = size_of::<Record>() + size_of::<(u32, u32)>();
    let rest = size_of::<State>() + STATE_HEAP_BYTES;
    assert_eq!(near.bytes(), 100 * each - size_of::<(u32, u32)>() + rest);
}
