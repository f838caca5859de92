//! Digests with detail, in columns: what stays the same from one to the next compresses to nothing, and registers that hold
//! one of a few values to little. As they are, they compress better than their differences.

use super::varint::Cursor;
use crate::{
    core::MemoryDigest,
    pins::{Detail, Digest},
};

/// Appends digests, all of which have detail.
pub(super) fn encode(digests: &[Digest], out: &mut Vec<u8>) {
    let all = || digests.iter().filter_map(|digest| Some((digest.all, digest.detail.as_deref()?)));
    out.extend(all().flat_map(|(all, _)| all.to_le_bytes()));
    out.extend(all().flat_map(|(_, detail)| detail.memory.sum.to_le_bytes()));
    out.extend(all().flat_map(|(_, detail)| detail.memory.weighted.to_le_bytes()));
    for bucket in 0..8 {
        let mut before = 0u8;
        for (_, detail) in all() {
            let now = detail.memory.buckets[bucket];
            out.push(now.wrapping_sub(before));
            before = now;
        }
    }
    for register in 0..18 {
        out.extend(all().flat_map(|(_, detail)| detail.registers[register].to_le_bytes()));
    }
}

/// Reads so many digests; `None` if the bytes end.
pub(super) fn decode(input: &mut Cursor<'_>, count: usize) -> Option<Vec<Digest>> {
    // The first column is there before anything is reserved.
    let all: Vec<u64> = (0..count).map(|_| input.fixed()).collect::<Option<_>>()?;
    let mut details = vec![Detail { registers: [0; 18], memory: MemoryDigest::default() }; count];
    for detail in &mut details {
        detail.memory.sum = input.fixed()?;
    }
    for detail in &mut details {
        detail.memory.weighted = input.array().map(u32::from_le_bytes)?;
    }
    for bucket in 0..8 {
        let mut before = 0u8;
        for detail in &mut details {
            before = before.wrapping_add(input.array::<1>()?[0]);
            detail.memory.buckets[bucket] = before;
        }
    }
    for register in 0..18 {
        for detail in &mut details {
            detail.registers[register] = input.array().map(u32::from_le_bytes)?;
        }
    }
    let with_detail = |(all, detail)| Digest { all, detail: Some(Box::new(detail)) };
    Some(all.into_iter().zip(details).map(with_detail).collect())
}
