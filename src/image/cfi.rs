//! Call frame information: how a function has stored the registers of its caller (DWARF 5, section 6.4).

use gimli::{
    BaseAddresses, CfaRule, CieOrFde, DebugFrame, EhFrame, Register, RegisterRule, UnwindContext,
    UnwindSection,
};

use super::symbols::Reader;

/// Where the caller's value of a register is. Offsets are from the canonical frame address, the caller's SP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// In the register itself.
    Same,
    /// Nowhere; for the return address: there is no caller.
    Lost,
    /// In memory.
    At(i64),
    /// It is the address itself.
    Value(i64),
    /// In another core register.
    Register(u8),
}

/// How to get from a frame to that of its caller, at one instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The core register that the canonical frame address is relative to, and the distance in bytes.
    pub cfa: (u8, i64),
    /// R0 to R15, as DWARF for Arm numbers them.
    pub registers: [Rule; 16],
    /// The register whose value in the caller is the return address: LR.
    pub return_address: u8,
}

/// The functions that call frame information is there for.
#[derive(Default)]
pub(super) struct Cfi {
    /// By ascending start.
    functions: Vec<Covered>,
    sections: Option<(DebugFrame<Reader>, EhFrame<Reader>)>,
    bases: BaseAddresses,
}

#[derive(Clone, Copy)]
struct Covered {
    start: u32,
    end: u32,
    entry: Entry,
}

#[derive(Clone, Copy)]
enum Entry {
    DebugFrame(usize),
    EhFrame(usize),
}

impl Cfi {
    /// Indexes both sections. `at_zero` says that a function really is at address 0; else an entry there is what the
    /// linker left of a function that it dropped.
    pub fn new(debug_frame: Reader, eh_frame: Reader, eh_frame_address: u64, at_zero: bool) -> Cfi {
        let bases = BaseAddresses::default().set_eh_frame(eh_frame_address);
        let mut debug_frame = DebugFrame::from(debug_frame);
        let mut eh_frame = EhFrame::from(eh_frame);
        debug_frame.set_address_size(4);
        eh_frame.set_address_size(4);
        let mut functions = Vec::new();
        index(
            &debug_frame,
            &bases,
            |offset: gimli::DebugFrameOffset| Entry::DebugFrame(offset.0),
            &mut functions,
        );
        index(&eh_frame, &bases, |offset: gimli::EhFrameOffset| Entry::EhFrame(offset.0), &mut functions);
        functions.retain(|function| function.start != 0 || at_zero);
        functions.sort_by_key(|function| function.start);
        Cfi { functions, sections: Some((debug_frame, eh_frame)), bases }
    }

    /// The rules at an instruction; `None` without an entry for it, or with one that needs an expression evaluated.
    pub fn rules(&self, pc: u32) -> Option<Rules> {
        let (debug_frame, eh_frame) = self.sections.as_ref()?;
        let before = &self.functions[..self.functions.partition_point(|function| function.start <= pc)];
        let mut covering = before.iter().rev().take(16).filter(|function| pc < function.end);
        covering.find_map(|function| match function.entry {
            Entry::DebugFrame(offset) => evaluate(debug_frame, &self.bases, offset.into(), pc),
            Entry::EhFrame(offset) => evaluate(eh_frame, &self.bases, offset.into(), pc),
        })
    }
}

fn index<S: UnwindSection<Reader>>(
    section: &S,
    bases: &BaseAddresses,
    entry: impl Fn(S::Offset) -> Entry,
    functions: &mut Vec<Covered>,
) {
    let mut entries = section.entries(bases);
    // What is behind a damaged entry cannot be found; what was before it serves.
    while let Ok(Some(found)) = entries.next() {
        let CieOrFde::Fde(partial) = found else { continue };
        let Ok(fde) = partial.parse(S::cie_from_offset) else { continue };
        let start = fde.initial_address() as u32 & !1;
        let end = u32::try_from(u64::from(start) + fde.len().min(1 << 32)).unwrap_or(u32::MAX);
        functions.push(Covered { start, end, entry: entry(S::Offset::from(fde.offset())) });
    }
}

fn evaluate<S: UnwindSection<Reader>>(
    section: &S,
    bases: &BaseAddresses,
    offset: S::Offset,
    pc: u32,
) -> Option<Rules> {
    let fde = section.fde_from_offset(bases, offset, S::cie_from_offset).ok()?;
    let mut context = UnwindContext::new();
    // An initial address with the Thumb bit set moves all rows by one.
    let pc = u64::from(pc) | (fde.initial_address() & 1);
    let row = fde.unwind_info_for_address(section, bases, &mut context, pc).ok()?;
    let &CfaRule::RegisterAndOffset { register, offset } = row.cfa() else { return None };
    let mut rules = Rules {
        cfa: (core_register(register)?, offset),
        registers: [Rule::Same; 16],
        return_address: core_register(fde.cie().return_address_register())?,
    };
    for (number, rule) in rules.registers.iter_mut().enumerate() {
        *rule = match row.register(Register(number as u16)) {
            None | Some(RegisterRule::SameValue) => Rule::Same,
            Some(RegisterRule::Undefined) => Rule::Lost,
            Some(RegisterRule::Offset(offset)) => Rule::At(offset),
            Some(RegisterRule::ValOffset(offset)) => Rule::Value(offset),
            Some(RegisterRule::Register(register)) => Rule::Register(core_register(register)?),
            Some(_) => return None,
        };
    }
    Some(rules)
}

fn core_register(register: Register) -> Option<u8> {
    u8::try_from(register.0).ok().filter(|&number| number < 16)
}
