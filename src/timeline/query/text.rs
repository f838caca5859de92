//! A text in a stream of bytes that is read from its end.

use std::collections::VecDeque;

use crate::words::Icount;

/// Finds the last occurrence of a text, fed byte by byte backwards (Knuth, Morris, Pratt).
#[derive(Clone, Debug)]
pub(super) struct Backwards {
    /// The text from its end.
    text: Vec<u8>,
    /// For each length of a part that fits, how much of it still fits when the next byte does not.
    shorter: Vec<usize>,
    /// The positions of the bytes that fit, the last byte of the text first.
    fits: VecDeque<Icount>,
}

impl Backwards {
    /// For a text that is not empty.
    pub fn new(text: &[u8]) -> Backwards {
        let text: Vec<u8> = text.iter().rev().copied().collect();
        let mut shorter = vec![0; text.len() + 1];
        let mut length = 0;
        for end in 1..text.len() {
            while length > 0 && text[end] != text[length] {
                length = shorter[length];
            }
            length += usize::from(text[end] == text[length]);
            shorter[end + 1] = length;
        }
        Backwards { text, shorter, fits: VecDeque::new() }
    }

    /// Takes the byte before those it has taken; once the text is complete, gives the position of its last byte.
    pub fn take(&mut self, byte: u8, icount: Icount) -> Option<Icount> {
        let mut length = self.fits.len();
        if length == self.text.len() {
            return None; // found already
        }
        while length > 0 && self.text[length] != byte {
            length = self.shorter[length];
        }
        self.fits.drain(..self.fits.len() - length);
        if self.text[length] == byte {
            self.fits.push_back(icount);
        }
        (self.fits.len() == self.text.len()).then(|| self.fits[0])
    }

    /// The latest position at which an occurrence that is not complete yet would end.
    pub fn at_best(&self) -> Option<Icount> {
        self.fits.front().copied().filter(|_| self.fits.len() < self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn last(text: &[u8], stream: &[u8]) -> Option<Icount> {
        let mut search = Backwards::new(text);
        (0..stream.len()).rev().find_map(|at| search.take(stream[at], at as Icount))
    }

    #[test]
    fn the_position_is_that_of_the_last_byte() {
        assert_eq!(last(b"abab", b"abababac"), Some(5));
        assert_eq!(last(b"a", b"bab"), Some(1));
        assert_eq!(last(b"abc", b"ab"), None);
    }

    proptest! {
        #[test]
        fn it_finds_what_windows_find(text in "[ab]{1,6}", stream in "[ab]{0,60}") {
            let (text, stream) = (text.as_bytes(), stream.as_bytes());
            let expected = stream.windows(text.len()).rposition(|window| window == text);
            prop_assert_eq!(last(text, stream), expected.map(|at| (at + text.len() - 1) as Icount));
        }
    }
}
