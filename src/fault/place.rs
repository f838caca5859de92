//! What lives at an address, in words.

use crate::{
    core::{Config, Region, RegionKind},
    image::Symbols,
};

/// Nearer than this to RAM, an address is taken for one that ran out of it.
const NEAR: u64 = 16 << 10;

/// An address this close to 0 is a null pointer, or a member of what one was thought to point at.
const NULL_PAGE: u32 = 0x400;

/// Values that stand in memory nobody wrote to, and what puts them there.
const PATTERNS: [(u32, &str); 7] = [
    (0xffff_ffff, "erased flash, or an error code of -1"),
    (0xdead_beef, "a common filler of unused or freed memory"),
    (0xa5a5_a5a5, "what FreeRTOS fills stacks with"),
    (0xcccc_cccc, "a common filler of stacks"),
    (0xcdcd_cdcd, "a common filler of stacks"),
    (0xaaaa_aaaa, "a common filler of stacks"),
    (0x5555_5555, "a common test pattern"),
];

/// What lives at an address, and what an access there suggests. One line, without the address itself.
pub(super) fn describe(address: u32, config: &Config, symbols: &Symbols) -> String {
    let region = config.regions.iter().find_map(|region| inside(region, address).map(|at| (region, at)));
    if let Some((region, at)) = region {
        return in_memory(address, at, region, symbols);
    }
    if address < NULL_PAGE {
        return null(address);
    }
    let value = value_of(address).map(|why| format!("; {why}")).unwrap_or_default();
    if let Some(text) = near_ram(address, config) {
        return format!("{text}{value}");
    }
    let text = match address {
        0..0x2000_0000 => "no memory of this chip is there (code area)",
        0x2000_0000..0x4000_0000 => "no memory of this chip is there (RAM area)",
        0x4000_0000..0x6000_0000 => "no peripheral answers there",
        0x6000_0000..0xa000_0000 => "nothing is mapped there (external RAM area)",
        0xa000_0000..0xe000_0000 => "nothing is mapped there (external device area)",
        0xe000_0000..0xe010_0000 => "system control space: no such register, or privileged only",
        0xe010_0000.. => "nothing is mapped there (vendor area)",
    };
    format!("{text}{value}")
}

/// What is wrong with a stack pointer that is not in RAM.
pub(super) fn describe_sp(sp: u32, config: &Config, symbols: &Symbols) -> String {
    let ram = config.regions.iter().filter(|region| region.kind == RegionKind::Ram);
    let below =
        |region: &Region| region.base.checked_sub(sp).filter(|&below| below != 0 && u64::from(below) <= NEAR);
    match ram.into_iter().find_map(|region| Some((region, below(region)?))) {
        Some((region, below)) => format!("{below} bytes below {}: the stack has overflowed", region.name),
        None => describe(sp, config, symbols),
    }
}

/// Whether an address is in RAM or at its end, as a stack pointer may be.
pub(super) fn can_be_sp(address: u32, config: &Config) -> bool {
    let ram = config.regions.iter().filter(|region| region.kind == RegionKind::Ram);
    ram.into_iter()
        .any(|region| inside(region, address).is_some() || inside(region, address.wrapping_sub(1)).is_some())
}

/// The address of a byte in its region, without aliases.
fn inside(region: &Region, address: u32) -> Option<u32> {
    let bases = std::iter::once(region.base).chain(region.aliases.iter().copied());
    let offset =
        bases.into_iter().find_map(|base| address.checked_sub(base).filter(|&at| at < region.size))?;
    Some(region.base.wrapping_add(offset))
}

fn in_memory(address: u32, at: u32, region: &Region, symbols: &Symbols) -> String {
    let kind = match region.kind {
        RegionKind::Flash => "read-only memory",
        RegionKind::Ram => "RAM",
    };
    let function = || symbols.function(at).map(|function| (function.name, function.offset));
    let symbol = symbols.data_symbol(at).or_else(function);
    let memory = if region.name == kind { kind.to_owned() } else { format!("{kind} ({})", region.name) };
    let mut text = match symbol {
        Some((name, 0)) => format!("{name}, in {memory}"),
        Some((name, offset)) => format!("{name}+{offset:#x}, in {memory}"),
        None => memory,
    };
    if address < NULL_PAGE && region.kind == RegionKind::Flash {
        text = format!("{}; at that address: {text}", null(address));
    }
    text
}

fn null(address: u32) -> String {
    if address == 0 {
        "a null pointer".into()
    } else {
        format!("a null pointer, {address:#x} bytes into what it is taken for")
    }
}

fn near_ram(address: u32, config: &Config) -> Option<String> {
    let address = u64::from(address);
    for region in config.regions.iter().filter(|region| region.kind == RegionKind::Ram) {
        let (start, end) = (u64::from(region.base), u64::from(region.base) + u64::from(region.size));
        if address < start && start - address <= NEAR {
            let below = start - address;
            return Some(format!(
                "{below} bytes below {}: a stack overflow, or an index below 0",
                region.name
            ));
        }
        if address >= end && address - end < NEAR {
            let past = match address - end {
                0 => "just past".to_owned(),
                distance => format!("{distance} bytes past"),
            };
            return Some(format!("{past} the end of {} ({:#010x})", region.name, end - 1));
        }
    }
    None
}

/// What the value of an address gives away about where it came from.
fn value_of(address: u32) -> Option<String> {
    let near = |&&(pattern, _): &&(u32, &str)| address.abs_diff(pattern) < 0x100;
    if let Some((pattern, why)) = PATTERNS.iter().find(near) {
        return Some(format!("{pattern:#010x} is {why}"));
    }
    let bytes = address.to_le_bytes();
    let text = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ');
    let text = text.then(|| bytes.iter().copied().map(char::from).collect::<String>())?;
    Some(format!("its bytes are the text \"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::CoreKind;

    fn config() -> Config {
        let region =
            |name: &str, kind, base, size| Region { name: name.into(), kind, base, size, aliases: vec![] };
        Config {
            core: CoreKind::CortexM4F,
            regions: vec![
                region("FLASH", RegionKind::Flash, 0x0800_0000, 0x10_0000),
                region("RAM", RegionKind::Ram, 0x2000_0000, 0x2_0000),
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

    #[test]
    fn every_address_has_a_description() {
        for (address, expected) in [
            (0x0000_0000, "a null pointer"),
            (0x0000_000c, "a null pointer, 0xc bytes into what it is taken for"),
            (0x0001_0000, "no memory of this chip is there (code area)"),
            (0x0800_1234, "read-only memory (FLASH)"),
            (0x2000_0000, "RAM"),
            (0x1fff_fff8, "8 bytes below RAM: a stack overflow, or an index below 0"),
            (0x2002_0000, "just past the end of RAM (0x2001ffff)"),
            (0x2002_0010, "16 bytes past the end of RAM (0x2001ffff)"),
            (0x2200_0000, "no memory of this chip is there (RAM area)"),
            (0x4002_0000, "no peripheral answers there"),
            (0x6000_0000, "nothing is mapped there (external RAM area)"),
            (0x6c6c_6548, "nothing is mapped there (external RAM area); its bytes are the text \"Hell\""),
            (
                0xa5a5_a5b1,
                "nothing is mapped there (external device area); 0xa5a5a5a5 is what FreeRTOS fills stacks with",
            ),
            (
                0xdead_beef,
                "nothing is mapped there (external device area); 0xdeadbeef is a common filler of unused or freed memory",
            ),
            (0xe000_f000, "system control space: no such register, or privileged only"),
            (
                0xffff_fffc,
                "nothing is mapped there (vendor area); 0xffffffff is erased flash, or an error code of -1",
            ),
        ] {
            assert_eq!(describe(address, &config(), &Symbols::default()), expected, "{address:#010x}");
        }
    }

    #[test]
    fn flash_at_zero_still_means_a_null_pointer() {
        let mut config = config();
        config.regions[0].aliases = vec![0];
        let text = describe(4, &config, &Symbols::default());
        assert_eq!(
            text,
            "a null pointer, 0x4 bytes into what it is taken for; at that address: read-only memory (FLASH)"
        );
    }

    #[test]
    fn a_stack_pointer_may_be_at_the_end_of_ram() {
        for (sp, expected) in
            [(0x2000_0000, true), (0x2002_0000, true), (0x2002_0004, false), (0x1fff_fffc, false)]
        {
            assert_eq!(can_be_sp(sp, &config()), expected, "{sp:#010x}");
        }
    }
}
