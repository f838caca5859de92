//! A short run of the fuzzer, without the fuzzer: the saved corpus, and bytes from a generator, on every board.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

mod common;
#[path = "../fuzz/drive.rs"]
mod drive;

use common::Random;
use untick::board::Board;

#[test]
fn the_saved_corpus_breaks_nothing() {
    let mut count = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/bus")).unwrap() {
        drive::drive(&std::fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 10, "{count} files in the corpus");
}

#[test]
fn random_accesses_break_no_board() {
    for name in Board::names() {
        let board = Board::find(name).unwrap();
        let mut random = Random::new(name);
        for _ in 0..4 {
            let bytes: Vec<u8> = (0..6000).map(|_| random.below(256) as u8).collect();
            drive::drive_board(&board, &bytes);
        }
    }
}
