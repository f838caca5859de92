//! The fast path of the block hook, as code that can stand beside the translator's.
//!
//! The translator calls what is less than two gigabytes away directly, and everything else through memory. Our own code is
//! always farther away than that. At every block, of five instructions on average, a call through memory cost 10 % of
//! the time of a recording (Zen 4: 1.74 instead of 1.54 ms per million instructions, with a hook that does nothing).
//! So here is [`fast_block`](super::fast_block) once more, for x86-64, in instructions that may be copied anywhere.

use std::{arch::naked_asm, ffi::c_void, mem::offset_of, slice};

use memmap2::{Mmap, MmapMut};
use unicorn_engine_sys::uc_engine;

use super::{Blocks, Shared};

/// What the code below takes, in bytes.
const SIZE: usize = 96;
/// More than any gap between the libraries, but less than a huge page: so that this comes to stand where the translator's
/// buffer, which is a gigabyte, comes next.
const ROOM: usize = 1 << 20;

/// A place for the hook. It must be made before its engine is, and dropped after it.
pub struct Beside(Mmap);

impl Beside {
    /// `None` where the system does not want code to be made; the hook itself does as well then.
    pub fn new() -> Option<Beside> {
        let mut memory = MmapMut::map_anon(ROOM).ok()?;
        // SAFETY: the function is exactly this long.
        let code = unsafe { slice::from_raw_parts(block as *const u8, SIZE) };
        memory[..SIZE].copy_from_slice(code);
        memory.make_exec().ok().map(Beside)
    }

    /// The hook, for [`HookType::BLOCK`](unicorn_engine_sys::HookType) with a [`Shared`] as its data.
    pub fn hook(&self) -> *mut c_void {
        self.0.as_ptr().cast_mut().cast()
    }
}

/// Does what [`Blocks::enter`] and [`fast_block`](super::fast_block) do.
#[unsafe(naked)]
unsafe extern "C" fn block(_uc: *mut uc_engine, _address: u64, _size: u32, _data: *mut c_void) {
    naked_asm!(
        "1:",
        "shl rdx, 32",
        "or rdx, rsi", // the key of the block
        "mov r8, [rcx + {table}]",
        "and esi, {slots}", // its slot, twice
        "cmp [r8 + rsi * 8], rdx",
        "jne 2f",
        "mov rax, [rcx + {current}]",
        "mov [rcx + {previous}], rax",
        "mov [rcx + {current}], rsi",
        "mov eax, [r8 + rsi * 8 + {count}]",
        "sub [rcx + {left}], rax",
        "js 3f",
        "ret",
        "2:", // unknown(shared, address, size)
        "mov rdi, rcx",
        "mov esi, edx",
        "shr rdx, 32",
        "jmp [rcx + {unknown}]",
        "3:", // closer(shared)
        "mov rdi, rcx",
        "jmp [rcx + {closer}]",
        ".org 1b + {size}, 0xcc",
        table = const offset_of!(Shared, blocks) + Blocks::TABLE,
        current = const offset_of!(Shared, blocks) + Blocks::CURRENT,
        previous = const offset_of!(Shared, blocks) + Blocks::PREVIOUS,
        slots = const Blocks::SLOT_MASK,
        count = const Blocks::COUNT,
        left = const offset_of!(Shared, left),
        unknown = const offset_of!(Shared, unknown),
        closer = const offset_of!(Shared, closer),
        size = const SIZE,
    )
}
