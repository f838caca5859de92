//! ELF files made by hand, for tests.

use super::Image;
use crate::core::{Config, CoreKind, Region, RegionKind};

/// An ELF file to be: what differs between tests is a field.
#[derive(Clone)]
pub(crate) struct Elf {
    pub class: u8,
    pub data: u8,
    pub kind: u16,
    pub machine: u16,
    /// Physical address, bytes in the file, size in memory.
    pub segments: Vec<(u32, Vec<u8>, u32)>,
    /// Name, address, and whether a section of that name is made instead of a symbol.
    pub names: Vec<(&'static str, u32, bool)>,
}

/// The vector table of all images here: SP at the end of 16 KiB of RAM, the reset handler at 0x08000040.
pub(crate) const TABLE: [u8; 8] = [0x00, 0x40, 0x00, 0x20, 0x41, 0x00, 0x00, 0x08];

impl Default for Elf {
    fn default() -> Elf {
        let mut flash = vec![0; 0x80];
        flash[..8].copy_from_slice(&TABLE);
        Elf {
            class: 1,
            data: 1,
            kind: 2,
            machine: 40,
            segments: vec![(0x0800_0000, flash, 0x80)],
            names: vec![],
        }
    }
}

impl Elf {
    pub fn build(&self) -> Vec<u8> {
        let mut sections: Vec<[u32; 10]> = vec![[0; 10]];
        let (mut strings, mut symbols) = (vec![0], vec![0; 16]);
        let code = self.names.len() as u32 + 3; // a section that the symbols are in, behind all others
        for &(name, address, is_section) in &self.names {
            let offset = strings.len() as u32;
            strings.extend(name.as_bytes());
            strings.push(0);
            if is_section {
                sections.push([offset, 1, 2, address, 0, 0, 0, 0, 4, 0]); // SHT_PROGBITS, SHF_ALLOC
            } else {
                sections.push([0; 10]);
                symbols.extend([offset, address, 8].iter().flat_map(|word| word.to_le_bytes()));
                symbols.extend([0x11, 0]); // STB_GLOBAL, STT_OBJECT
                symbols.extend((code as u16).to_le_bytes());
            }
        }
        let headers = 52 + 32 * self.segments.len();
        let mut content = Vec::new();
        let mut programs = Vec::new();
        for (address, bytes, memory) in &self.segments {
            let at = (headers + content.len()) as u32;
            programs.push([1, at, 0x5555_0000, *address, bytes.len() as u32, *memory, 5, 4]);
            content.extend(bytes);
        }
        while !content.len().is_multiple_of(4) {
            content.push(0);
        }
        let mut at = (headers + content.len()) as u32;
        let (strings_index, symbols_size) = (sections.len() as u32 + 1, symbols.len() as u32);
        sections.push([0, 2, 0, 0, at, symbols_size, strings_index, 1, 4, 16]); // SHT_SYMTAB
        at += symbols_size;
        sections.push([0, 3, 0, 0, at, strings.len() as u32, 0, 0, 1, 0]); // SHT_STRTAB
        sections.push([0, 1, 6, 0x0800_0000, headers as u32, 0x80, 0, 0, 4, 0]); // SHF_ALLOC | SHF_EXECINSTR
        while !strings.len().is_multiple_of(4) {
            strings.push(0);
        }
        at += strings.len() as u32;

        let mut file = vec![0x7f, b'E', b'L', b'F', self.class, self.data, 1];
        file.resize(16, 0);
        let half = |value: u16| if self.data == 2 { value.to_be_bytes() } else { value.to_le_bytes() };
        file.extend(half(self.kind));
        file.extend(half(self.machine));
        for word in [1, 0x0800_0041, 52, at, 0x0500_0200_u32] {
            file.extend(word.to_le_bytes());
        }
        let counts = [52, 32, self.segments.len() as u16, 40, sections.len() as u16, strings_index as u16];
        file.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        file.extend(programs.iter().flatten().flat_map(|word| word.to_le_bytes()));
        file.extend(content);
        file.extend(symbols);
        file.extend(strings);
        file.extend(sections.iter().flatten().flat_map(|word| word.to_le_bytes()));
        file
    }
}

/// The linked program of `tests/data/inlined.c`.
pub(crate) const INLINED: &[u8] = include_bytes!("../../tests/data/inlined.elf");

pub(crate) fn inlined() -> Image {
    Image::parse(INLINED, "inlined.elf").unwrap()
}

/// A chip that fits the images here: 64 KiB of flash at 0x08000000 and at 0, 16 KiB of RAM.
pub(crate) fn chip() -> Config {
    let region =
        |name: &str, kind, base, size, aliases| Region { name: name.into(), kind, base, size, aliases };
    Config {
        core: CoreKind::CortexM4F,
        regions: vec![
            region("FLASH", RegionKind::Flash, 0x0800_0000, 0x1_0000, vec![0]),
            region("RAM", RegionKind::Ram, 0x2000_0000, 0x4000, vec![]),
        ],
        devices: Vec::new(),
        interrupts: 82,
        priority_bits: 4,
        clock_hz: 16_000_000,
        systick_reference_divider: Some(8),
        bit_band: true,
        vector_table: 0x0800_0000,
        mpu_regions: 8,
        security_extension: false,
        halting_debug: false,
    }
}
