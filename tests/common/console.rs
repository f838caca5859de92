//! The host of a test: keeps what is printed, has all input at once.

use std::{cell::RefCell, path::PathBuf, rc::Rc};

use tempfile::TempDir;
use untick::{
    machine::{
        Host, SemihostingCall, When,
        semihosting::{HeapInfo, Semihosting, Stream, Streams},
    },
    peripherals::Dma,
    pins::HostResult,
    words::Moment,
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
    /// Where the firmware's files are; gone with the console.
    directory: Option<TempDir>,
    printed: Printed,
}

impl Console {
    /// `device` gets `input`.
    pub fn new(device: &str, input: &str, printed: Printed) -> Console {
        let input = (!input.is_empty()).then(|| (device.to_owned(), input.as_bytes().to_vec()));
        let nowhere = PathBuf::from("/nonexistent");
        let semihosting = Semihosting::new(String::new(), HeapInfo::default(), nowhere);
        Console { input, semihosting, directory: None, printed }
    }

    /// The same with a command line, a heap and a directory for files.
    pub fn with_files(self, command_line: &str, heap: HeapInfo) -> Console {
        let directory = TempDir::new().unwrap();
        let semihosting = Semihosting::new(command_line.to_owned(), heap, directory.path().to_owned());
        Console { semihosting, directory: Some(directory), ..self }
    }
}

impl Host for Console {
    fn output(&mut self, _device: &str, bytes: &[u8], _when: When) {
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
