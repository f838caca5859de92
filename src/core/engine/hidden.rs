//! Registers that Unicorn keeps but has no name for: they are found in a saved context.

use std::{ptr, sync::OnceLock};

use unicorn_engine::{Arch, ArmCpuModel, Mode, Unicorn};
use unicorn_engine_sys::{
    Prot, RegisterARM, uc_context, uc_context_alloc, uc_context_free, uc_context_restore, uc_context_save,
    uc_context_size, uc_engine, uc_error,
};

/// What is in there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HiddenRegisters {
    /// The local exclusive monitor: the address and value of the last LDREX, if it is still open.
    pub exclusive: Option<(u32, u32)>,
    /// MSPLIM.
    pub msplim: u32,
    /// PSPLIM.
    pub psplim: u32,
}

/// Where in a context they are, in bytes.
#[derive(Clone, Copy)]
struct Offsets {
    /// The address (64 bits) and, behind it, the value (64 bits) of the last LDREX.
    exclusive: usize,
    msplim: usize,
    psplim: usize,
}

/// The way to these registers in one engine.
pub struct Hidden {
    context: *mut uc_context,
    offsets: Offsets,
}

impl Hidden {
    pub fn new(uc: *mut uc_engine) -> Result<Hidden, uc_error> {
        // The same in every engine: one version of Unicorn, one layout for all Arm cores.
        static OFFSETS: OnceLock<Option<Offsets>> = OnceLock::new();
        let offsets = OFFSETS.get_or_init(|| Offsets::find().ok().flatten()).ok_or(uc_error::VERSION)?;
        let mut context = ptr::null_mut();
        // SAFETY: allocates a context for a live engine.
        unsafe { Result::from(uc_context_alloc(uc, &mut context))? };
        Ok(Hidden { context, offsets })
    }

    pub fn get(&mut self, uc: *mut uc_engine) -> HiddenRegisters {
        // SAFETY: the context was allocated for this engine.
        unsafe { uc_context_save(uc, self.context) };
        let address = self.read(self.offsets.exclusive);
        let value = self.read(self.offsets.exclusive + 8);
        HiddenRegisters {
            exclusive: u32::try_from(address).ok().map(|address| (address, value as u32)),
            msplim: self.read(self.offsets.msplim) as u32,
            psplim: self.read(self.offsets.psplim) as u32,
        }
    }

    pub fn set(&mut self, uc: *mut uc_engine, wanted: &HiddenRegisters) {
        if self.get(uc) == *wanted {
            return;
        }
        let [address, value] =
            wanted.exclusive.map_or([u64::MAX, 0], |(address, value)| [address.into(), value.into()]);
        self.write(self.offsets.exclusive, &address.to_ne_bytes());
        self.write(self.offsets.exclusive + 8, &value.to_ne_bytes());
        self.write(self.offsets.msplim, &wanted.msplim.to_ne_bytes());
        self.write(self.offsets.psplim, &wanted.psplim.to_ne_bytes());
        // SAFETY: restoring a context that `get` has just saved changes nothing else.
        unsafe { uc_context_restore(uc, self.context) };
    }

    fn read(&self, offset: usize) -> u64 {
        // SAFETY: `Offsets::find` saw 16 bytes at each offset inside the context; it may be less aligned than its fields.
        unsafe { self.context.cast::<u8>().add(offset).cast::<u64>().read_unaligned() }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        // SAFETY: as in `read`; nothing here is longer than 16 bytes.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), self.context.cast::<u8>().add(offset), bytes.len());
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // SAFETY: allocated in `new`, freed once.
        unsafe { uc_context_free(self.context) };
    }
}

impl Offsets {
    /// Finds the registers by executing instructions that write telltale values, and looking where those went.
    fn find() -> Result<Option<Offsets>, uc_error> {
        const ADDRESS: u32 = 0xabc;
        const VALUE: u32 = 0x5eed_1e55;
        const MSPLIM: u32 = 0x5eed_2e58;
        const PSPLIM: u32 = 0x5eed_3e58;
        let code = [
            [0x51, 0xe8, 0x00, 0x0f], // LDREX R0, [R1]
            [0x82, 0xf3, 0x0a, 0x88], // MSR MSPLIM, R2
            [0x83, 0xf3, 0x0b, 0x88], // MSR PSPLIM, R3
        ];
        let mut engine = Unicorn::new(Arch::ARM, Mode(Mode::THUMB.0 | Mode::MCLASS.0))?;
        engine.ctl_set_cpu_model(ArmCpuModel::CORTEX_M33 as i32)?;
        engine.mem_map(0, 0x1000, Prot::ALL)?;
        engine.mem_write(0x100, code.as_flattened())?;
        engine.mem_write(ADDRESS.into(), &VALUE.to_le_bytes())?;
        for (register, value) in
            [(RegisterARM::R1, ADDRESS), (RegisterARM::R2, MSPLIM), (RegisterARM::R3, PSPLIM)]
        {
            engine.reg_write(register, value.into())?;
        }
        engine.emu_start(0x101, 0x100 + size_of_val(&code) as u64, 0, 0)?;
        // The registers that the values came from hold them too.
        engine.reg_write(RegisterARM::R2, 0)?;
        engine.reg_write(RegisterARM::R3, 0)?;
        let probe = engine.get_handle();
        let mut context = ptr::null_mut();
        // SAFETY: allocates a context for a live engine and saves into it.
        unsafe {
            Result::from(uc_context_alloc(probe, &mut context))?;
            Result::from(uc_context_save(probe, context))?;
        }
        // SAFETY: Unicorn allocated `uc_context_size` bytes for the context, and has initialised what it saved.
        let bytes = unsafe { std::slice::from_raw_parts(context.cast::<u8>(), uc_context_size(probe)) };
        // Every value has 16 bytes behind its beginning.
        let bytes = &bytes[..bytes.len() - 16];
        let position = |wanted: &[u8]| bytes.windows(wanted.len()).position(|window| window == wanted);
        let exclusive = [u64::from(ADDRESS).to_ne_bytes(), u64::from(VALUE).to_ne_bytes()];
        let found = position(exclusive.as_flattened())
            .zip(position(&MSPLIM.to_ne_bytes()))
            .zip(position(&PSPLIM.to_ne_bytes()))
            .map(|((exclusive, msplim), psplim)| Offsets { exclusive, msplim, psplim });
        // SAFETY: allocated above, not used any more.
        unsafe { uc_context_free(context) };
        Ok(found)
    }
}
