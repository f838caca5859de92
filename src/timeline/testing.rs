//! What the unit tests of the timeline share.

use crate::{
    board::Board,
    image::Image,
    machine::{Host, SemihostingCall, When},
    peripherals::Dma,
    pins::HostResult,
    trace::Header,
};

/// A host that knows nothing.
pub(super) struct Nobody;

impl Host for Nobody {
    fn output(&mut self, _: &str, _: &[u8], _: When) {}

    fn semihosting(&mut self, _: &SemihostingCall, _: &mut dyn Dma) -> HostResult {
        HostResult::default()
    }

    fn input(&mut self) -> Option<(String, Vec<u8>)> {
        None
    }

    fn wait_for_input(&mut self, _: u64) -> bool {
        false
    }
}

/// The header of a recording of a firmware on a board.
pub(super) fn header(board: &Board, image: &Image, load_address: Option<u32>) -> Header {
    Header {
        untick: String::new(),
        unicorn: String::new(),
        board: board.name().to_owned(),
        board_sources: Vec::new(),
        config: crate::core::Config { vector_table: image.vector_table, ..board.config() },
        firmware_name: image.origin.clone(),
        firmware: image.file.to_vec(),
        load_address,
        arguments: Vec::new(),
    }
}
