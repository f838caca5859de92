use super::{
    testing::{Elf, INLINED, TABLE, chip, inlined},
    *,
};
use crate::core::Config;

fn parse(elf: &Elf) -> Result<Image, ImageError> {
    Image::parse(elf.build(), "app.elf")
}

fn message(elf: &Elf) -> String {
    match parse(elf).and_then(|mut image| image.fit(&mut chip(), None)) {
        Ok(()) => "fits".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn segments_are_where_a_flash_tool_puts_them() {
    let mut elf = Elf::default();
    elf.segments.push((0x0800_0080, vec![1, 2, 3], 3)); // .data at its load address
    elf.segments.push((0x2000_0000, vec![], 0x100)); // .bss: nothing to write
    elf.segments.push((0x2000_0200, vec![9; 4], 4)); // code for RAM
    let mut image = parse(&elf).unwrap();
    let places: Vec<_> = image.segments.iter().map(|s| (s.address, s.bytes.len())).collect();
    assert_eq!(places, [(0x0800_0000, 0x80), (0x0800_0080, 3), (0x2000_0200, 4)]);
    assert_eq!(image.word(0x0800_0000), Some(0x2000_4000));
    assert_eq!(image.read(0x0800_0081, 2), Some(&[2, 3][..]));
    assert_eq!(image.read(0x0800_0081, 3), None);
    assert_eq!(image.vector_table, 0x0800_0000);
    image.fit(&mut chip(), None).unwrap();
}

#[test]
fn the_headers_of_the_file_are_not_firmware() {
    // As ld lays out a first segment that it page-aligns: the segment begins at byte 0 of the file.
    let mut file = Elf::default().build();
    let content = 52 + 32;
    file[52 + 4..52 + 8].copy_from_slice(&0_u32.to_le_bytes()); // p_offset
    file[52 + 12..52 + 16].copy_from_slice(&(0x0800_0000 - content as u32).to_le_bytes()); // p_paddr
    file[52 + 16..52 + 20].copy_from_slice(&(content as u32 + 0x80).to_le_bytes()); // p_filesz
    let image = Image::parse(file, "app.elf").unwrap();
    assert_eq!((image.segments[0].address, image.segments[0].bytes.len()), (0x0800_0000, 0x80));
    assert_eq!(image.segments[0].bytes[..8], TABLE);
}

/// 0x200 bytes of flash with tables at these addresses.
fn tables_at(addresses: &[u32]) -> Elf {
    let mut bytes = vec![0; 0x200];
    for address in addresses {
        let at = (address - 0x0800_0000) as usize;
        bytes[at..at + 8].copy_from_slice(&TABLE);
    }
    Elf { segments: vec![(0x0800_0000, bytes, 0x200)], ..Elf::default() }
}

fn fitted(elf: &Elf, boot: u32, wanted: Option<u32>) -> Result<u32, String> {
    let mut config = Config { vector_table: boot, ..chip() };
    let mut image = parse(elf).unwrap();
    image.fit(&mut config, wanted).map_err(|error| error.to_string())?;
    assert_eq!(config.vector_table, image.vector_table);
    Ok(config.vector_table)
}

#[test]
fn the_vector_table_is_found_by_name_then_at_the_boot_address_then_by_place() {
    let mut elf = tables_at(&[0x0800_0000, 0x0800_0080, 0x0800_0100]);
    assert_eq!(fitted(&elf, 0x0800_0100, Some(0x0800_0080)), Ok(0x0800_0080), "the user's word");
    assert_eq!(fitted(&elf, 0x0800_0100, None), Ok(0x0800_0100), "the boot address");
    assert_eq!(fitted(&elf, 0, None), Ok(0x0800_0000), "the image has no bytes at the boot address");
    for (name, is_section) in [
        ("g_pfnVectors", false),
        ("__vector_table", false),
        (".isr_vector", true),
        ("cortex_vector_base", false),
    ] {
        elf.names = vec![(name, 0x0800_0080, is_section)];
        assert_eq!(fitted(&elf, 0x0800_0100, None), Ok(0x0800_0080), "{name}");
        assert_eq!(parse(&elf).unwrap().vector_table, 0x0800_0080, "{name}, guessed");
        elf.names = vec![(name, 0x0800_0180, is_section)];
        assert_eq!(fitted(&elf, 0x0800_0100, None), Ok(0x0800_0100), "{name} where no table is");
        elf.names = vec![(name, 0x2000_0000, is_section)];
        assert_eq!(fitted(&elf, 0x0800_0100, None), Ok(0x0800_0100), "{name} of a copy in RAM");
    }
    elf.names = vec![("__Vectors", 0x0800_0080, false), (".vectors", 0x0800_0100, true)];
    assert_eq!(fitted(&elf, 0, None), Ok(0x0800_0100), "a section before a symbol");
    elf.names = vec![("vectors_of_something", 0x0800_0080, false)];
    assert_eq!(fitted(&elf, 0, None), Ok(0x0800_0000));
    // A bootloader's area in front that is no table.
    let mut elf = tables_at(&[]);
    elf.segments.push((0x0800_4000, [&TABLE[..4], &[1, 0x40, 0, 8]].concat(), 8));
    assert_eq!(fitted(&elf, 0, None), Ok(0x0800_4000));
}

#[test]
fn the_users_vector_table_is_checked_too() {
    let elf = tables_at(&[0x0800_0080]);
    assert_eq!(fitted(&elf, 0, Some(0x80)), Ok(0x80), "through the alias of flash at 0");
    for (address, what) in [
        (
            0x0800_0084,
            "no vector table at 0x08000084: the address is not a multiple of 128, as VTOR wants it",
        ),
        (0x2000_0000, "no vector table at 0x20000000: the image has no bytes there"),
        (0x0800_0000, "no vector table at 0x08000000: the initial stack pointer would be 0x00000000"),
    ] {
        let error = fitted(&elf, 0, Some(address)).unwrap_err();
        assert!(error.starts_with(&format!("app.elf: {what}")), "{error}");
    }
}

#[test]
fn a_table_that_is_nowhere_is_told_with_all_places_looked_at() {
    let mut elf = tables_at(&[]);
    elf.segments.push((0x0800_4000, vec![0x00, 0x40, 0x00, 0x20, 0x40, 0, 0, 8], 8));
    elf.names = vec![("__Vectors", 0x0800_0044, false), (".vectors", 0x0800_0100, true)];
    let error = fitted(&elf, 0, None).unwrap_err();
    let memory = "the chip has FLASH 0x08000000-0x0800ffff, RAM 0x20000000-0x20003fff";
    let no_stack = format!("the initial stack pointer would be 0x00000000, which is not in RAM; {memory}");
    let expected = format!(
        "app.elf: no vector table found; give its address with --vector-table. \
         0x08000100 (section .vectors): {no_stack}; \
         0x08000044 (symbol __Vectors): the address is not a multiple of 128, as VTOR wants it; \
         0x08000000 (the start of a segment): {no_stack}; \
         0x08004000 (the start of a segment): the reset handler would be 0x08000040, without bit 0 no Thumb function"
    );
    assert_eq!(error, expected);
}

#[test]
fn an_image_may_be_all_in_ram() {
    let mut bytes = vec![0; 0x80];
    bytes[..8].copy_from_slice(&[0x00, 0x40, 0x00, 0x20, 0x41, 0x02, 0x00, 0x20]);
    let elf = Elf { segments: vec![(0x2000_0200, bytes, 0x80)], ..Elf::default() };
    assert_eq!(fitted(&elf, 0, None), Ok(0x2000_0200));
}

#[test]
fn a_raw_binary_wants_its_address() {
    let mut bytes = vec![0; 0x80];
    bytes[..8].copy_from_slice(&TABLE);
    let raw = |address: u32| Image::parse_at(bytes.clone(), "app.bin", Some(address));
    let mut image = raw(0x0800_0000).unwrap();
    image.fit(&mut chip(), None).unwrap();
    assert_eq!((image.segments[0].address, image.segments[0].bytes.len()), (0x0800_0000, 0x80));
    assert_eq!((image.vector_table, image.load_address), (0x0800_0000, Some(0x0800_0000)));
    let message = |result: Result<Image, ImageError>| {
        result.and_then(|mut image| image.fit(&mut chip(), None)).unwrap_err().to_string()
    };
    let error = message(raw(0x9000_0000));
    assert!(
        error.starts_with("app.bin: the image has bytes at 0x90000000-0x9000007f, where the chip"),
        "{error}"
    );
    let error = message(raw(0xffff_fff0));
    let expected =
        "app.bin: the file is damaged: its 128 bytes at 0xfffffff0 run past the end of the address space";
    assert_eq!(error, expected);
    let error = message(Image::parse_at(&b""[..], "app.bin", Some(0)));
    assert_eq!(error, "app.bin: nothing to load: no segment or record with content");
    for (file, kind) in [(Elf::default().build(), "an ELF"), (b":00000001FF\n".to_vec(), "an Intel HEX file")]
    {
        let error = message(Image::parse_at(file, "app", Some(0)));
        assert_eq!(error, format!("app: this is {kind}, which says itself where it goes; leave --load out"));
    }
    let colon = Image::parse_at(&b":\x01\x02\x03"[..], "app.bin", Some(0x0800_0000)).unwrap();
    assert_eq!(colon.segments[0].bytes, b":\x01\x02\x03", "a binary may begin like a HEX file");
}

#[test]
fn every_mistake_has_its_line() {
    let flash = |bytes: &[u8]| Elf { segments: vec![(0x0800_0000, bytes.to_vec(), 0x80)], ..Elf::default() };
    let table = |sp: u32, reset: u32| {
        let mut bytes = vec![0; 0x80];
        bytes[..4].copy_from_slice(&sp.to_le_bytes());
        bytes[4..8].copy_from_slice(&reset.to_le_bytes());
        flash(&bytes)
    };
    let at = |address: u32| Elf { segments: vec![(address, vec![0; 0x80], 0x80)], ..Elf::default() };
    let elf = Elf::default;
    for (elf, expected) in [
        (elf(), "fits"),
        (
            Elf { machine: 62, class: 2, ..elf() },
            "this ELF is for x86-64, not for Arm; build the firmware for a thumbv7m or thumbv7em target",
        ),
        (
            Elf { machine: 183, class: 2, ..elf() },
            "this ELF is for AArch64, not for Arm; build the firmware for a thumbv7m or thumbv7em target",
        ),
        (
            Elf { machine: 243, ..elf() },
            "this ELF is for RISC-V, not for Arm; build the firmware for a thumbv7m or thumbv7em target",
        ),
        (
            Elf { machine: 8, data: 2, ..elf() },
            "this ELF is for MIPS, not for Arm; build the firmware for a thumbv7m or thumbv7em target",
        ),
        (
            Elf { machine: 999, ..elf() },
            "this ELF is for machine 999 of the ELF registry, not for Arm; build the firmware for a thumbv7m or thumbv7em target",
        ),
        (Elf { class: 2, ..elf() }, "this ELF is 64-bit; Cortex-M firmware is 32-bit"),
        (
            Elf { data: 2, ..elf() },
            "this ELF is big-endian; only little-endian Cortex-M firmware is supported",
        ),
        (Elf { kind: 1, ..elf() }, "this ELF is an object file, not a linked program"),
        (Elf { segments: vec![], ..elf() }, "nothing to load: no segment or record with content"),
        (
            Elf { segments: vec![(0x2000_0000, vec![], 64)], ..elf() },
            "nothing to load: no segment or record with content",
        ),
        (
            Elf { segments: vec![(0x100, vec![0; 8], 8), (0x104, vec![0; 8], 8)], ..elf() },
            "two segments overlap at 0x00000104",
        ),
        (
            at(0xffff_fff0),
            "the file is damaged: a segment at 0xfffffff0 runs past the end of the address space",
        ),
        (
            at(0x0801_0000),
            "the image has bytes at 0x08010000-0x0801007f, where the chip has no memory; it has FLASH 0x08000000-0x0800ffff, RAM 0x20000000-0x20003fff",
        ),
        (
            at(0x0800_fff0),
            "the image has bytes at 0x0800fff0-0x0801006f, where the chip has no memory; it has FLASH 0x08000000-0x0800ffff, RAM 0x20000000-0x20003fff",
        ),
        (flash(&[0, 0, 0]), "no vector table at 0x08000000: the image has no bytes there"),
        (table(0x2000_4000, 0x41), "fits"), // reset through the alias of flash at 0
        (table(0x2000_0004, 0x0800_0041), "fits"),
        (
            table(0x2000_4002, 0x0800_0041),
            "no vector table at 0x08000000: the initial stack pointer would be 0x20004002, which is not word-aligned",
        ),
        (
            table(0x2000_0000, 0x0800_0041),
            "no vector table at 0x08000000: the initial stack pointer would be 0x20000000, which is not in RAM; the chip has FLASH 0x08000000-0x0800ffff, RAM 0x20000000-0x20003fff",
        ),
        (
            table(0x2000_4004, 0x0800_0041),
            "no vector table at 0x08000000: the initial stack pointer would be 0x20004004, which is not in RAM; the chip has FLASH 0x08000000-0x0800ffff, RAM 0x20000000-0x20003fff",
        ),
        (
            table(0x2000_4000, 0x0800_0040),
            "no vector table at 0x08000000: the reset handler would be 0x08000040, without bit 0 no Thumb function",
        ),
        (
            table(0x2000_4000, 0x0800_0081),
            "no vector table at 0x08000000: the reset handler would be 0x08000081, where the image has no code",
        ),
    ] {
        let expected = if expected == "fits" { expected.to_owned() } else { format!("app.elf: {expected}") };
        assert_eq!(message(&elf), expected);
    }
}

#[test]
fn an_image_at_an_alias_of_flash_fits() {
    let mut elf = Elf::default();
    elf.segments[0].0 = 0;
    assert_eq!(message(&elf), "fits");
}

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

#[test]
fn names_lines_and_inlined_functions_are_found() {
    let symbols = Symbols::from_image(&inlined());
    let function = |pc| symbols.function(pc).map(|function| (function.name, function.offset));
    assert_eq!(function(0x0800_0071), Some(("systick".into(), 0)), "bit 0 of a vector does not count");
    assert_eq!(function(0x0800_005a), Some(("worker".into(), 0x1a)));
    assert_eq!(function(0x0800_0000), None, "vectors are data");
    assert_eq!(symbols.symbol_address("worker"), Some(0x0800_0040));
    assert_eq!(symbols.symbol_address("table"), Some(0x2000_0000));
    assert_eq!(symbols.symbol_address("nothing"), None);
    assert_eq!(symbols.data_symbol(0x2000_000c), Some(("table".into(), 12)));
    assert_eq!(symbols.data_symbol(0x2000_0024), None);
    let line = |line| Some(Line { file: "inlined.c".into(), line });
    assert_eq!(symbols.line(0x0800_005a), line(25));
    let all = symbols.inlined(0x0800_005a);
    let names: Vec<_> = all.iter().map(|part| part.function.as_deref().unwrap()).collect();
    assert_eq!(names, ["plant", "worker"]);
    assert_eq!(all[1].line, line(31));
    assert_eq!(symbols.line(0x0800_0000), None);
}

#[test]
fn unwind_rules_follow_the_prologue() {
    let symbols = Symbols::from_image(&inlined());
    let entry = symbols.unwind_rules(0x0800_0070).unwrap();
    assert_eq!((entry.cfa, entry.registers[14]), ((13, 0), Rule::Same));
    let body = symbols.unwind_rules(0x0800_0078).unwrap();
    assert_eq!((body.cfa, body.registers[14], body.registers[4]), ((13, 8), Rule::At(-4), Rule::Same));
    assert_eq!(body.return_address, 14);
    assert_eq!(symbols.unwind_rules(0x0800_0000), None);
}

#[test]
fn a_file_without_symbols_says_nothing() {
    let image = Image::parse(&b":0100000055AA\n:00000001FF\n"[..], "app.hex").unwrap();
    let symbols = Symbols::from_image(&image);
    assert_eq!((symbols.function(0), symbols.line(0), symbols.unwind_rules(0)), (None, None, None));
}
