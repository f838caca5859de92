//! The few chunks that were decoded last.

use super::chunk::Chunk;

/// Decoded chunks that are kept. One is about 1 MiB.
const KEPT: usize = 4;

/// The chunks that were used last, the latest first.
#[derive(Debug, Default)]
pub(super) struct Cache {
    chunks: Vec<(u32, Chunk)>,
}

impl Cache {
    /// Brings a chunk to the front, if it is there.
    #[inline]
    pub fn bring(&mut self, number: u32) -> bool {
        if self.chunks.first().is_some_and(|(first, _)| *first == number) {
            return true;
        }
        let Some(index) = self.chunks.iter().position(|(other, _)| *other == number) else { return false };
        self.chunks[..=index].rotate_right(1);
        true
    }

    /// The chunk in front.
    #[inline]
    pub fn front(&self) -> Option<&Chunk> {
        self.chunks.first().map(|(_, chunk)| chunk)
    }

    /// Puts a chunk in front.
    pub fn put(&mut self, number: u32, chunk: Chunk) {
        self.chunks.insert(0, (number, chunk));
        self.chunks.truncate(KEPT);
    }

    /// An empty chunk, with the allocation of one that is no longer kept if all places are taken.
    pub fn spare(&mut self) -> Chunk {
        if self.chunks.len() < KEPT {
            return Chunk::default();
        }
        let (_, mut chunk) = self.chunks.pop().unwrap_or_default();
        chunk.clear();
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_used_last() {
        let mut cache = Cache::default();
        for number in 0..KEPT as u32 {
            cache.put(number, Chunk::default());
        }
        assert!(cache.bring(0));
        cache.put(100, Chunk::default());
        assert!(cache.bring(0), "used lately");
        assert!(!cache.bring(1), "the oldest");
        assert!(cache.bring(2) && cache.bring(3) && cache.bring(100));
    }
}
