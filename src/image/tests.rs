mod files;
mod symbols;

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
        (table(0x2000_3fff, 0x0800_0041), "fits"), // the core ignores the lowest bits
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
