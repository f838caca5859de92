//! The two documents that gdb asks for: which registers there are, and which memory.

use std::fmt::Write;

use super::arch::{Register, RegisterSet};
use crate::core::{Architecture, Config, CoreKind, RegionKind};

/// The erase unit of flash that gdb is told. No chip's own: a session's flash is written byte by byte.
const FLASH_BLOCK: u32 = 0x400;

/// The target description (gdb manual, "Target Description Format").
pub(super) fn target_xml(core: CoreKind) -> String {
    // A core never executes what gdb disassembles in excess.
    let architecture = match core.architecture() {
        Architecture::V6M => "armv6s-m",
        Architecture::V7M => "armv7e-m",
        Architecture::V8M => "armv8-m.main",
    };
    let mut xml = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n\
         <target version=\"1.0\"><architecture>{architecture}</architecture>\n",
    );
    for feature in ["org.gnu.gdb.arm.m-profile", "org.gnu.gdb.arm.m-system", "org.gnu.gdb.arm.vfp"] {
        let registers: Vec<_> =
            RegisterSet::of(core).registers().filter(|r| self::feature(*r) == feature).collect();
        if registers.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(xml, "<feature name=\"{feature}\">");
        for register in registers {
            let _ = writeln!(
                xml,
                "<reg name=\"{}\" bitsize=\"{}\" regnum=\"{}\" type=\"{}\"{}/>",
                name(register),
                register.size() * 8,
                register.number(),
                kind(register),
                if register == Register::Fpscr { " group=\"float\"" } else { "" },
            );
        }
        xml.push_str("</feature>\n");
    }
    xml.push_str("</target>\n");
    xml
}

/// The feature that a register belongs to.
fn feature(register: Register) -> &'static str {
    use Register::*;
    match register {
        General(_) | Sp | Lr | Pc | Xpsr => "org.gnu.gdb.arm.m-profile",
        Msp | Psp | Primask | Basepri | Faultmask | Control | Msplim | Psplim => "org.gnu.gdb.arm.m-system",
        Double(_) | Fpscr => "org.gnu.gdb.arm.vfp",
    }
}

/// The register's name: gdb insists on those of the core registers, `xpsr` included.
fn name(register: Register) -> String {
    use Register::*;
    match register {
        General(n) => format!("r{n}"),
        Double(n) => format!("d{n}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn kind(register: Register) -> &'static str {
    use Register::*;
    match register {
        Sp | Msp | Psp | Msplim | Psplim => "data_ptr",
        Pc => "code_ptr",
        Primask | Basepri | Faultmask | Control => "uint8",
        Double(_) => "ieee_double",
        Fpscr => "int",
        _ => "uint32",
    }
}

/// The memory map (gdb manual, "Memory Map Format"). Flash is `flash`, so that gdb sets hardware breakpoints there and
/// `load` works; everything else is `ram`: what the map leaves out gdb would not even ask for.
pub(super) fn memory_map_xml(config: &Config) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\"?><!DOCTYPE memory-map PUBLIC \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\" \
         \"http://sourceware.org/gdb/gdb-memory-map.dtd\">\n<memory-map>\n",
    );
    let mut next = 0;
    for (start, end) in flash_ranges(config) {
        let start = start.max(next);
        if start >= end {
            continue;
        }
        write_ram(&mut xml, next, start);
        let _ = writeln!(
            xml,
            "<memory type=\"flash\" start=\"{start:#x}\" length=\"{:#x}\">\
             <property name=\"blocksize\">{FLASH_BLOCK:#x}</property></memory>",
            end - start
        );
        next = end;
    }
    write_ram(&mut xml, next, 1 << 32);
    xml.push_str("</memory-map>\n");
    xml
}

fn write_ram(xml: &mut String, start: u64, end: u64) {
    if start < end {
        let _ = writeln!(xml, "<memory type=\"ram\" start=\"{start:#x}\" length=\"{:#x}\"/>", end - start);
    }
}

/// Where flash can be seen, aliases included: first address and the one after the last, in ascending order.
pub(super) fn flash_ranges(config: &Config) -> Vec<(u64, u64)> {
    let flash = config.regions.iter().filter(|region| region.kind == RegionKind::Flash);
    let mut ranges: Vec<(u64, u64)> = flash
        .flat_map(|region| {
            let starts = std::iter::once(region.base).chain(region.aliases.iter().copied());
            starts.map(|start| (u64::from(start), (u64::from(start) + u64::from(region.size)).min(1 << 32)))
        })
        .collect();
    ranges.sort_unstable();
    ranges
}

/// Copies the part of a document that gdb asks for; 0 bytes mean that it is complete.
pub(super) fn excerpt(document: &str, offset: u64, length: usize, buffer: &mut [u8]) -> usize {
    let rest =
        usize::try_from(offset).ok().and_then(|offset| document.as_bytes().get(offset..)).unwrap_or(&[]);
    let count = rest.len().min(length).min(buffer.len());
    buffer[..count].copy_from_slice(&rest[..count]);
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Region;

    fn region(kind: RegionKind, base: u32, size: u32, aliases: &[u32]) -> Region {
        Region { name: String::new(), kind, base, size, aliases: aliases.to_vec() }
    }

    #[test]
    fn the_memory_map_covers_every_address_once() {
        let config = Config {
            core: CoreKind::CortexM4F,
            regions: vec![
                region(RegionKind::Ram, 0x2000_0000, 0x2_0000, &[]),
                region(RegionKind::Flash, 0x0800_0000, 0x10_0000, &[0]),
                region(RegionKind::Flash, 0x0808_0000, 0x10_0000, &[]),
                region(RegionKind::Flash, 0xffff_fc00, 0x800, &[]),
            ],
            devices: Vec::new(),
            interrupts: 82,
            priority_bits: 4,
            clock_hz: 16_000_000,
            systick_reference_divider: None,
            bit_band: true,
            vector_table: 0x0800_0000,
            mpu_regions: 8,
            security_extension: false,
            halting_debug: false,
        };
        let xml = memory_map_xml(&config);
        let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
        let mut next = 0;
        let mut flash = 0;
        for line in xml.lines().filter(|line| line.starts_with("<memory ")) {
            let field = |name: &str| {
                number(line.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap())
            };
            assert_eq!(field("start"), next, "{xml}");
            next += field("length");
            flash += if line.contains("type=\"flash\"") { field("length") } else { 0 };
        }
        assert_eq!(next, 1 << 32);
        assert_eq!(flash, 0x10_0000 + 0x18_0000 + 0x400);
    }

    #[test]
    fn a_core_without_fpu_has_no_floating_point_registers() {
        assert!(!target_xml(CoreKind::CortexM3).contains("vfp"));
        assert!(!target_xml(CoreKind::CortexM0).contains("basepri"));
        assert!(target_xml(CoreKind::CortexM33).contains("<reg name=\"psplim\""));
        let xml = target_xml(CoreKind::CortexM4F);
        assert!(xml.contains("<reg name=\"xpsr\" bitsize=\"32\" regnum=\"25\""), "{xml}");
        assert!(
            xml.contains("<reg name=\"d15\" bitsize=\"64\" regnum=\"47\" type=\"ieee_double\"/>"),
            "{xml}"
        );
    }

    #[test]
    fn an_excerpt_ends_with_the_document() {
        let mut buffer = [0; 4];
        assert_eq!(excerpt("abcdef", 4, 10, &mut buffer), 2);
        assert_eq!(excerpt("abcdef", 0, 10, &mut buffer), 4);
        assert_eq!(excerpt("abcdef", 6, 10, &mut buffer), 0);
        assert_eq!(excerpt("abcdef", u64::MAX, 10, &mut buffer), 0);
    }
}
