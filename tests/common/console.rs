//! The host of a test: keeps what is printed, has all input at once.

use std::{cell::RefCell, path::PathBuf, rc::Rc};

use untick::{
    machine::{
        Host, SemihostingCall,
        semihosting::{HeapInfo, Semihosting, Stream, Streams},
    },
    peripherals::Dma,
    pins::HostResult,
};

/// What devices and semihosting have printed, in order.
#[derive(Clone, Default)]
pub struct Printed(Rc<RefCell<Vec<u8>>>);

impl Printed {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

impl Streams for Printed {
    fn write(&mut self, _stream: Stream, bytes: &[u8]) {
        self.0.borrow_mut().extend(bytes);
    }

    fn read(&mut self, _most: usize) -> Vec<u8> {
        Vec::new()
    }
}

/// A host without a terminal.
pub struct Console {
    input: Option<(String, Vec<u8>)>,
    semihosting: Semihosting,
    printed: Printed,
}

impl Console {
    /// `device` gets `input`.
    pub fn new(device: &str, input: &str, printed: Printed) -> Console {
        let input = (!input.is_empty()).then(|| (device.to_owned(), input.as_bytes().to_vec()));
        let nowhere = PathBuf::from("/nonexistent");
        Console { input, semihosting: Semihosting::new(String::new(), HeapInfo::default(), nowhere), printed }
    }

    /// The same with the command line that semihosting gives.
    pub fn with_command_line(self, text: &str) -> Console {
        let nowhere = PathBuf::from("/nonexistent");
        Console { semihosting: Semihosting::new(text.to_owned(), HeapInfo::default(), nowhere), ..self }
    }
}

impl Host for Console {
    fn output(&mut self, _device: &str, bytes: &[u8]) {
        self.printed.write(Stream::Output, bytes);
    }

    fn semihosting(&mut self, call: &SemihostingCall, memory: &mut dyn Dma) -> HostResult {
        self.semihosting.call(call, memory, &mut self.printed)
    }

    fn input(&mut self) -> Option<(String, Vec<u8>)> {
        self.input.take()
    }

    fn wait_for_input(&mut self, _milliseconds: u64) -> bool {
        self.input.is_some()
    }
}
