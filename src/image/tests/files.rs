//! Files that are no ELF, or not whole.

use super::*;

#[test]
fn what_is_no_firmware_is_named() {
    for (file, what) in [
        (&b""[..], "the file is empty"),
        (b"UF2\n\x57\x51", "this is a UF2 file; give the ELF that it was made from"),
        (b"S00600004844521B", "this looks like Motorola S-records; give the ELF"),
        (b"#!/bin/sh\n", "this is a script"),
        (b"MZ\x90", "this is a Windows program"),
        (b"!<arch>\n", "this is a library archive"),
        (b"[package]\n", "this is a text file"),
        (
            &TABLE,
            "a raw binary says nothing about addresses; give its own with --load ADDRESS, or the ELF that it was made from",
        ),
    ] {
        let error = Image::parse(file, "app").unwrap_err().to_string();
        assert_eq!(error, format!("app: neither an ELF nor an Intel HEX file: {what}"));
    }
    let error = Image::load("/no/such/file.elf").unwrap_err();
    assert!(error.to_string().starts_with("/no/such/file.elf: "), "{error}");
}

#[test]
fn intel_hex_is_read() {
    let hex = ":020000040800F2\r\n:080000000040002041000008 4F\r\n".replace(' ', "")
        + ":0400080001020304EA\n\n:02000004200 0DA\n:01001000AA45\n:00000001FF\n".replace(' ', "").as_str();
    let image = Image::parse(hex.into_bytes(), "app.hex").unwrap();
    assert_eq!(image.segments.len(), 2);
    assert_eq!(image.segments[0].bytes, [&TABLE[..], &[1, 2, 3, 4]].concat());
    assert_eq!((image.segments[1].address, &image.segments[1].bytes[..]), (0x2000_0010, &[0xaa][..]));
    assert_eq!(image.vector_table, 0x0800_0000);
}

#[test]
fn a_bad_hex_file_names_the_line() {
    for (file, expected) in [
        (
            ":0100000055AA\n:00000001FE\n",
            ":2: not an Intel HEX record: invalid checksum 'FF', expecting 'FE'",
        ),
        (":0100000055AA\nhello\n", ":2: not an Intel HEX record: missing start code ':'"),
        (":0100000055AA\n", ":2: not an Intel HEX record: the file is cut short: no end-of-file record"),
        (
            ":02000004FFFFFC\n:02FFFF000000 00\n",
            ":2: not an Intel HEX record: its data runs past the end of the address space",
        ),
        (":0100000055AA\n:0100000055AA\n", ": two segments overlap at 0x00000000"),
        (":0200000055AAFF\n:0100010055A9\n:00000001FF\n", ": two segments overlap at 0x00000001"),
        (":00000001FF\n", ": nothing to load: no segment or record with content"),
    ] {
        let error = Image::parse(file.replace(' ', "").into_bytes(), "app.hex").unwrap_err().to_string();
        assert_eq!(error, format!("app.hex{expected}"));
    }
}

#[test]
fn a_cut_file_says_how_much_is_missing() {
    let file = Elf::default().build();
    let error = |length: usize| Image::parse(&file[..length], "app.elf").unwrap_err().to_string();
    assert_eq!(
        error(10),
        "app.elf: the file is cut short: the ELF headers end at byte 52, the file at byte 10"
    );
    assert_eq!(
        error(60),
        "app.elf: the file is cut short: the program headers end at byte 84, the file at byte 60"
    );
    let (all, cut) = (file.len(), file.len() - 1);
    let expected = format!(
        "app.elf: the file is cut short: the section headers end at byte {all}, the file at byte {cut}"
    );
    assert_eq!(error(cut), expected);
    // Without section headers only the segments can tell.
    let mut bare = file.clone();
    bare[32..36].fill(0);
    bare[46..52].fill(0);
    let error = Image::parse(&bare[..100], "app.elf").unwrap_err().to_string();
    assert_eq!(error, "app.elf: the file is cut short: its segments end at byte 212, the file at byte 100");
}

/// Everything that reads an image, so that it meets damaged input too.
fn exercise(file: Vec<u8>) {
    let Ok(mut image) = Image::parse(file, "damaged") else { return };
    let _ = image.fit(&mut chip(), None);
    let symbols = Symbols::from_image(&image);
    for pc in (0x0800_0040..0x0800_00b0).step_by(6) {
        let _ = (symbols.function(pc), symbols.inlined(pc), symbols.unwind_rules(pc));
    }
    let _ = (symbols.symbol_address("table"), symbols.data_symbol(0x2000_0004));
}

#[test]
fn damaged_files_never_panic() {
    for file in [Elf::default().build(), INLINED.to_vec()] {
        for length in 0..file.len() {
            exercise(file[..length].to_vec());
        }
        for at in 0..file.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut file = file.clone();
                file[at] ^= change;
                exercise(file);
            }
        }
    }
}
