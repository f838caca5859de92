//! The same firmware in each of the formats that it may come in.

#![expect(clippy::unwrap_used, reason = "in helpers of tests, too, a panic is a failed test")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use untick::image::Image;

/// What a command prints, and whether it says that all is well.
fn untick(directory: &Path, arguments: &[&str]) -> (String, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_untick"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("the binary is built");
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

#[test]
fn a_raw_binary_records_and_replays_like_its_elf() {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/firmware/hello.elf");
    let image = Image::load(&elf).unwrap();
    let mut raw = Vec::new();
    for segment in &image.segments {
        raw.resize(segment.address as usize, 0);
        raw.extend(&segment.bytes);
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("hello.bin"), raw).unwrap();
    let (expected, ok) = untick(directory.path(), &["run", elf.to_str().unwrap(), "--board", "mps2-an385"]);
    assert!(ok && expected.contains("hello"), "{expected}");
    for more in [&[][..], &["--vector-table", "0"], &["--vector-table", "0x400000"]] {
        let record =
            ["record", "hello.bin", "--board", "mps2-an385", "--load", "0x0000_0000", "-o", "t.untick"];
        let recorded = untick(directory.path(), &[&record[..], more].concat());
        assert_eq!(recorded, (expected.clone(), true), "{more:?}");
        let (_, verified) = untick(directory.path(), &["replay", "t.untick", "--verify"]);
        assert!(verified, "{more:?}");
    }
}
