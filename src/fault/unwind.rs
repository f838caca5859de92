//! The call stack, from call frame information, through exception frames.

use crate::{
    image::{Rule, Rules, Symbols},
    words::{BusFault, Registers},
};

/// Reads memory as it is at the fault, without side effects.
pub type ReadMemory<'a> = dyn Fn(u32, &mut [u8]) -> Result<(), BusFault> + 'a;

/// Frames beyond this are not shown: a stack this deep is a recursion without end.
pub const DEPTH_LIMIT: usize = 64;

const SP: usize = 13;
const LR: usize = 14;
const PC: usize = 15;

/// One frame of a call stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A function.
    Call {
        /// The instruction that it is at: the next one to execute, or where the called function returns to.
        pc: u32,
        /// The stack pointer in this frame.
        sp: u32,
        /// Whether `pc` is a return address: the call stands before it.
        returns: bool,
    },
    /// The core entered an exception here.
    Exception {
        /// The number of the exception: 3 HardFault, 15 SysTick, 16 and up external interrupts.
        number: u16,
    },
}

impl Frame {
    /// The address that a frame in the middle of a recursion has in common with its neighbours.
    pub(super) fn calls_from(&self) -> Option<u32> {
        match *self {
            Frame::Call { pc, returns: true, .. } => Some(pc),
            _ => None,
        }
    }
}

/// Why a call stack ends where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The outermost function: nothing called it.
    Outermost,
    /// No call frame information for the last function.
    NoRules,
    /// The stack cannot be read at this address.
    Unreadable(u32),
    /// The frames repeat, go the wrong way or contradict themselves: the stack is overwritten, or SP is wrong.
    Corrupt,
    /// [`DEPTH_LIMIT`] frames were found, and there are more.
    TooDeep,
}

/// The call stack of a core, innermost frame first.
pub fn unwind(registers: &Registers, symbols: &Symbols, memory: &ReadMemory<'_>) -> (Vec<Frame>, End) {
    walk(registers, &|pc| symbols.unwind_rules(pc), &|pc| symbols.function(pc).is_some(), memory)
}

/// The registers of one frame, as far as they are known.
struct Context {
    /// R0 to R15; R13 is the stack pointer in use.
    r: [u32; 16],
    msp: u32,
    psp: u32,
    xpsr: u32,
    /// Whether LR still holds what it did at the function's entry if nothing says otherwise: in frame 0, and in a
    /// function that an exception interrupted.
    lr_is_live: bool,
    /// Whether PC is a return address.
    returns: bool,
}

fn walk(
    registers: &Registers,
    rules: &dyn Fn(u32) -> Option<Rules>,
    is_function: &dyn Fn(u32) -> bool,
    memory: &ReadMemory<'_>,
) -> (Vec<Frame>, End) {
    let mut context = Context::new(registers);
    let mut frames = vec![context.frame()];
    while frames.len() < DEPTH_LIMIT {
        let (pc, sp, live) = (context.r[PC], context.r[SP], context.lr_is_live);
        let found = rules(context.rule_pc());
        let had_rules = found.is_some();
        let caller = match found {
            Some(rules) => context.caller(&rules, memory),
            // A leaf in assembly, or no code at all: a call through a wild pointer leaves its caller in LR.
            None if live => Ok(Some(context.r[LR])),
            None => return (frames, End::NoRules),
        };
        let target = match caller {
            Ok(Some(target)) => target,
            Ok(None) => return (frames, End::Outermost),
            Err(end) => return (frames, end),
        };
        if is_exception_return(target) && context.xpsr & 0x1ff != 0 {
            frames.push(Frame::Exception { number: (context.xpsr & 0x1ff) as u16 });
            if let Err(end) = context.leave_exception(target, memory) {
                return (frames, end);
            }
        } else {
            // Reset leaves LR all ones, a task usually starts with 0; and code is Thumb, so bit 0 is set.
            if target & 1 == 0 || target >= 0xe000_0000 {
                return (frames, End::Outermost);
            }
            context.r[PC] = target & !1;
            (context.lr_is_live, context.returns) = (false, true);
            // Only a leaf pushes nothing, and a leaf has not called anything.
            let moved = context.r[SP] > sp || context.r[SP] == sp && live && context.r[PC] != pc;
            if !moved {
                return (frames, End::Corrupt);
            }
            // What a guess at LR leads to must at least be code.
            if !had_rules && !is_function(context.rule_pc()) {
                return (frames, End::NoRules);
            }
        }
        frames.push(context.frame());
    }
    (frames, End::TooDeep)
}

impl Context {
    fn new(registers: &Registers) -> Context {
        let mut r = [0; 16];
        r[..13].copy_from_slice(&registers.r);
        (r[SP], r[LR], r[PC]) = (registers.sp(), registers.lr, registers.pc & !1);
        let &Registers { msp, psp, xpsr, .. } = registers;
        Context { r, msp, psp, xpsr, lr_is_live: true, returns: false }
    }

    fn frame(&self) -> Frame {
        Frame::Call { pc: self.r[PC], sp: self.r[SP], returns: self.returns }
    }

    /// Where to look for rules: a call may be the last instruction of its function, with the return address past it.
    fn rule_pc(&self) -> u32 {
        if self.returns { self.r[PC].wrapping_sub(2) } else { self.r[PC] }
    }

    /// Goes to the registers of the caller and gives the return address; `None` in the outermost function.
    fn caller(&mut self, rules: &Rules, memory: &ReadMemory<'_>) -> Result<Option<u32>, End> {
        let (base, offset) = rules.cfa;
        let cfa = self.r[usize::from(base & 15)].wrapping_add(offset as u32);
        let mut callers = self.r;
        for (number, rule) in rules.registers.iter().enumerate() {
            callers[number] = match *rule {
                Rule::Same | Rule::Lost if number == SP => cfa,
                Rule::Same | Rule::Lost => self.r[number],
                Rule::At(offset) => word(memory, cfa.wrapping_add(offset as u32))?,
                Rule::Value(offset) => cfa.wrapping_add(offset as u32),
                Rule::Register(register) => self.r[usize::from(register & 15)],
            };
        }
        self.r = callers;
        let link = usize::from(rules.return_address & 15);
        // Past a call, LR holds that call's return address: a function that never saved its own never returns.
        let lost = match rules.registers[link] {
            Rule::Lost => true,
            Rule::Same => self.returns,
            Rule::At(_) | Rule::Value(_) | Rule::Register(_) => false,
        };
        Ok((!lost).then_some(callers[link]))
    }

    /// Unstacks as an exception return does (Armv7-M ARM B1.5.8, Armv8-M ARM E2.1: PopStack).
    fn leave_exception(&mut self, exc_return: u32, memory: &ReadMemory<'_>) -> Result<(), End> {
        let to_thread = exc_return & 1 << 3 != 0;
        // A handler of Armv8-M can have CONTROL.SPSEL set, and runs on the main stack all the same.
        let uses_psp = to_thread && exc_return & 1 << 2 != 0;
        let extended = exc_return & 1 << 4 == 0;
        // A handler runs on the main stack.
        self.msp = self.r[SP];
        let frame = if uses_psp { self.psp } else { self.msp };
        let mut stacked = [0; 8];
        for (index, value) in stacked.iter_mut().enumerate() {
            *value = word(memory, frame.wrapping_add(4 * index as u32))?;
        }
        let [r0, r1, r2, r3, r12, lr, pc, xpsr] = stacked;
        self.r[..4].copy_from_slice(&[r0, r1, r2, r3]);
        (self.r[12], self.r[LR], self.r[PC], self.xpsr) = (r12, lr, pc & !1, xpsr);
        let size = match extended {
            false => 0x20,
            true if stacks_all_fp(memory) => 0xa8,
            true => 0x68,
        };
        let padding = if xpsr & 1 << 9 != 0 { 4 } else { 0 };
        let sp = frame.wrapping_add(size + padding);
        if uses_psp {
            self.psp = sp;
        } else {
            self.msp = sp;
        }
        self.r[SP] = sp;
        (self.lr_is_live, self.returns) = (true, false);
        // The frame and EXC_RETURN must agree on the mode (B1.5.8), or this is no exception frame.
        let thread_in_frame = xpsr & 0x1ff == 0;
        if thread_in_frame == to_thread { Ok(()) } else { Err(End::Corrupt) }
    }
}

/// Whether a return address is an EXC_RETURN value (Armv7-M ARM B1.5.8; Armv8-M clears more of the upper bits).
fn is_exception_return(target: u32) -> bool {
    target >= 0xffff_ff80 && target & 0b10 == 0
}

/// FPCCR.TS, of the Security Extension: frames hold S16 to S31 too (Armv8-M ARM B3.19).
fn stacks_all_fp(memory: &ReadMemory<'_>) -> bool {
    word(memory, 0xe000_ef34).is_ok_and(|fpccr| fpccr >> 26 & 1 != 0)
}

fn word(memory: &ReadMemory<'_>, address: u32) -> Result<u32, End> {
    let mut bytes = [0; 4];
    match memory(address, &mut bytes) {
        Ok(()) => Ok(u32::from_le_bytes(bytes)),
        Err(BusFault) => Err(End::Unreadable(address)),
    }
}

/// The name of an exception by its number (Armv7-M ARM B1.5.2), as the manuals write it.
pub fn exception_name(number: u32) -> String {
    let name = match number {
        0 => "Thread mode",
        1 => "Reset",
        2 => "NMI",
        3 => "HardFault",
        4 => "MemManage",
        5 => "BusFault",
        6 => "UsageFault",
        7 => "SecureFault",
        11 => "SVCall",
        12 => "DebugMonitor",
        14 => "PendSV",
        15 => "SysTick",
        16.. => return format!("IRQ {}", number - 16),
        _ => "reserved",
    };
    name.to_owned()
}

#[cfg(test)]
mod tests;
