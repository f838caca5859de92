//! What Unicorn can do at best: the same firmware and the same kind of TLB, no hook that counts, nothing recorded.

use unicorn_engine::{Arch, ArmCpuModel, Mode, Prot, RegisterARM, TlbEntry, TlbType, Unicorn};
use untick::{core::PAGE, image::Image};

use super::fixture::Fixture;

/// The interrupt number of a BKPT, which the fixture ends with.
const BKPT: u32 = 7;

/// Unicorn with a firmware in its memory, ready to run to the firmware's end.
pub struct Raw {
    unicorn: Unicorn<'static, ()>,
    entry: u64,
}

impl Raw {
    pub fn new(fixture: &Fixture) -> Raw {
        let image = &fixture.image;
        let unicorn = Unicorn::new(Arch::ARM, Mode(Mode::THUMB.0 | Mode::MCLASS.0));
        let mut unicorn = unicorn.expect("the library is there");
        unicorn.ctl_set_cpu_model(ArmCpuModel::CORTEX_M3 as i32).expect("it is an Arm core");
        unicorn.ctl_set_tlb_type(TlbType::VIRTUAL).expect("nothing runs yet");
        for region in &fixture.config.regions {
            unicorn
                .mem_map(region.base.into(), region.size.into(), Prot::ALL)
                .expect("regions do not overlap");
        }
        // UARTs that are always ready.
        unicorn.mmio_map(0x4000_0000, 0x2000_0000, Some(zero), Some(nothing)).expect("no memory is there");
        for segment in &image.segments {
            unicorn.mem_write(segment.address.into(), &segment.bytes).expect("the image fits the board");
        }
        let code = code(image);
        unicorn
            .add_tlb_hook(1, 0, move |_, address, _| {
                let is_code = code.contains(&address);
                let other = if is_code { Prot::EXEC } else { Prot::WRITE };
                Some(TlbEntry { paddr: address, perms: Prot(Prot::READ.0 | other.0) })
            })
            .expect("a hook can be added");
        unicorn
            .add_intr_hook(|unicorn, number| {
                assert_eq!(number, BKPT);
                unicorn.emu_stop().expect("it runs");
            })
            .expect("a hook can be added");
        let word = |offset| image.word(image.vector_table + offset).expect("the image has a vector table");
        unicorn.reg_write(RegisterARM::SP, word(0).into()).expect("a register");
        Raw { unicorn, entry: word(4).into() }
    }

    pub fn run(&mut self) {
        self.unicorn.emu_start(self.entry, 0, 0, 0).expect("the fixture ends with a BKPT");
    }
}

fn zero(_: &mut Unicorn<'_, ()>, _: u64, _: usize) -> u64 {
    0
}

fn nothing(_: &mut Unicorn<'_, ()>, _: u64, _: usize, _: u64) {}

/// The pages that the fixture runs code from: those of its first segment.
fn code(image: &Image) -> std::ops::Range<u64> {
    let text = &image.segments[0];
    let end = u64::from(text.address) + text.bytes.len() as u64;
    text.address.into()..end.next_multiple_of(PAGE.into())
}
