//! Every operation against a toy memory, a toy console and a directory of its own.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{
    core::{CoreKind, Region},
    words::{BusFault, Moment},
};

const RAM: u32 = 0x2000_0000;
const SIZE: usize = 0x1000;
/// Where tests put parameter blocks, and where text and buffers.
const BLOCK: u32 = RAM;
const TEXT: u32 = RAM + 0x100;
const BUFFER: u32 = RAM + 0x800;
/// An address with nothing behind it.
const NOWHERE: u32 = 0x6000_0000;

struct Ram(Vec<u8>);

impl Dma for Ram {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), BusFault> {
        let start = address.checked_sub(RAM).ok_or(BusFault)? as usize;
        bytes.copy_from_slice(self.0.get(start..start + bytes.len()).ok_or(BusFault)?);
        Ok(())
    }

    fn write(&mut self, _address: u32, _bytes: &[u8]) -> Result<(), BusFault> {
        panic!("semihosting answers what to write, it does not write");
    }
}

#[derive(Default)]
struct Screen {
    output: Vec<u8>,
    error: Vec<u8>,
    input: Vec<u8>,
}

impl Streams for Screen {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Output => self.output.extend(bytes),
            Stream::Error => self.error.extend(bytes),
        }
    }

    fn read(&mut self, most: usize) -> Vec<u8> {
        self.input.drain(..most.min(self.input.len())).collect()
    }
}

struct Bench {
    ram: Ram,
    screen: Screen,
    host: Semihosting,
    directory: TempDir,
    time: u64,
}

impl Bench {
    fn new() -> Bench {
        let directory = TempDir::new().unwrap();
        let root = directory.path().join("below");
        fs::create_dir(&root).unwrap();
        let heap = HeapInfo { heap_base: 1, heap_limit: 2, stack_base: 3, stack_limit: 4 };
        Bench {
            ram: Ram(vec![0; SIZE]),
            screen: Screen::default(),
            host: Semihosting::new("blinky.elf --fast".into(), heap, root),
            directory,
            time: 0,
        }
    }

    fn poke(&mut self, address: u32, bytes: &[u8]) {
        let start = (address - RAM) as usize;
        self.ram.0[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// A call with R1 itself as the parameter.
    fn raw(&mut self, operation: u32, parameter: u32) -> HostResult {
        let at = Moment { icount: 0, cycle: 0 };
        let call = SemihostingCall { operation, parameter, at, time: self.time };
        self.host.call(&call, &mut self.ram, &mut self.screen)
    }

    /// A call with a parameter block.
    fn call(&mut self, operation: u32, block: &[u32]) -> HostResult {
        let bytes: Vec<u8> = block.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.poke(BLOCK, &bytes);
        self.raw(operation, BLOCK)
    }

    fn open(&mut self, name: &str, mode: u32) -> u32 {
        self.poke(TEXT, name.as_bytes());
        self.call(0x01, &[TEXT, mode, name.len() as u32]).r0
    }

    fn write(&mut self, handle: u32, bytes: &[u8]) -> u32 {
        self.poke(BUFFER, bytes);
        self.call(0x05, &[handle, BUFFER, bytes.len() as u32]).r0
    }

    /// R0 and the bytes that would land in the buffer.
    fn read(&mut self, handle: u32, length: u32) -> (u32, Vec<u8>) {
        let result = self.call(0x06, &[handle, BUFFER, length]);
        match result.memory.as_slice() {
            [] => (result.r0, Vec::new()),
            [(BUFFER, bytes)] => (result.r0, bytes.clone()),
            other => panic!("wrote elsewhere: {other:x?}"),
        }
    }

    fn errno(&mut self) -> u32 {
        self.raw(0x13, 0).r0
    }
}

#[test]
fn tt_is_input_output_or_error_by_its_mode() {
    let mut bench = Bench::new();
    bench.screen.input = b"hello".to_vec();
    let (input, output, error) = (bench.open(":tt", 0), bench.open(":tt", 4), bench.open(":tt", 8));
    assert_eq!((input, output, error), (1, 2, 3), "handles are not 0 and differ");
    assert_eq!(bench.write(output, b"out"), 0);
    assert_eq!(bench.write(error, b"err"), 0);
    assert_eq!((&bench.screen.output[..], &bench.screen.error[..]), (&b"out"[..], &b"err"[..]));
    assert_eq!(bench.read(input, 4), (0, b"hell".to_vec()));
    assert_eq!(bench.read(input, 4), (3, b"o".to_vec()), "three bytes were not filled");
    assert_eq!(bench.read(input, 4), (4, Vec::new()), "the end of input fills nothing");
    assert_eq!(bench.call(0x09, &[output]).r0, 1, "SYS_ISTTY");
    assert_eq!(bench.write(input, b"x"), 1, "the input stream takes nothing");
    assert_eq!(bench.errno(), 9);
}

#[test]
fn features_announce_both_extensions() {
    let mut bench = Bench::new();
    let handle = bench.open(":semihosting-features", 0);
    assert_eq!(bench.call(0x0c, &[handle]).r0, 5, "SYS_FLEN");
    assert_eq!(bench.read(handle, 4), (0, b"SHFB".to_vec()));
    assert_eq!(bench.read(handle, 4), (3, vec![0b11]));
    assert_eq!(bench.call(0x0a, &[handle, 4]).r0, 0, "SYS_SEEK");
    assert_eq!(bench.read(handle, 1), (0, vec![0b11]));
    assert_eq!(bench.call(0x0a, &[handle, u32::MAX]).r0, 0);
    assert_eq!(bench.read(handle, 1), (1, Vec::new()));
    assert_eq!(bench.open(":semihosting-features", 4), FAILED, "it is read-only");
}

#[test]
fn a_file_is_written_read_back_and_measured() {
    let mut bench = Bench::new();
    let handle = bench.open("log.txt", 6);
    assert_eq!(bench.write(handle, b"0123456789"), 0);
    assert_eq!(bench.call(0x0c, &[handle]).r0, 10, "SYS_FLEN");
    assert_eq!(bench.call(0x09, &[handle]).r0, 0, "SYS_ISTTY");
    assert_eq!(bench.call(0x0a, &[handle, 7]).r0, 0, "SYS_SEEK");
    assert_eq!(bench.read(handle, 8), (5, b"789".to_vec()));
    assert_eq!(bench.call(0x02, &[handle]).r0, 0, "SYS_CLOSE");
    assert_eq!(bench.call(0x02, &[handle]).r0, FAILED, "closed twice");
    let again = bench.open("log.txt", 8);
    assert_eq!(again, handle, "a handle is free again after its close");
    assert_eq!(bench.write(again, b"A"), 0);
    let path = bench.directory.path().join("below/log.txt");
    assert_eq!(fs::read(path).unwrap(), b"0123456789A", "mode a appends");
}

#[test]
fn remove_and_rename() {
    let mut bench = Bench::new();
    let handle = bench.open("a", 4);
    bench.call(0x02, &[handle]);
    bench.poke(TEXT, b"ab");
    assert_eq!(bench.call(0x0f, &[TEXT, 1, TEXT + 1, 1]).r0, 0, "SYS_RENAME");
    assert_eq!(bench.open("a", 0), FAILED);
    assert_eq!(bench.errno(), 2, "ENOENT");
    bench.poke(TEXT, b"b");
    assert_eq!(bench.call(0x0e, &[TEXT, 1]).r0, 0, "SYS_REMOVE");
    assert_ne!(bench.call(0x0e, &[TEXT, 1]).r0, 0);
}

#[test]
fn files_elsewhere_are_refused() {
    let mut bench = Bench::new();
    let outside = bench.directory.path().join("secret");
    fs::write(&outside, "secret").unwrap();
    let absolute = outside.to_str().unwrap().to_owned();
    for name in ["../secret", "./../secret", absolute.as_str(), "", ".", "/", "a/../../secret"] {
        assert_eq!(bench.open(name, 0), FAILED, "{name:?}");
        assert_eq!(bench.open(name, 4), FAILED, "{name:?} for writing");
    }
    assert_eq!(fs::read(&outside).unwrap(), b"secret");
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    let mut bench = Bench::new();
    let (top, below) = (bench.directory.path().to_owned(), bench.directory.path().join("below"));
    fs::write(top.join("secret"), "secret").unwrap();
    std::os::unix::fs::symlink("../secret", below.join("link")).unwrap();
    std::os::unix::fs::symlink("../new", below.join("dangling")).unwrap();
    std::os::unix::fs::symlink("..", below.join("up")).unwrap();
    for name in ["link", "dangling", "up/secret", "up"] {
        assert_eq!(bench.open(name, 4), FAILED, "{name}");
    }
    assert_eq!(fs::read(top.join("secret")).unwrap(), b"secret");
    assert!(!top.join("new").exists());
}

#[test]
fn single_characters_and_strings() {
    let mut bench = Bench::new();
    bench.screen.input = b"k".to_vec();
    bench.poke(TEXT, b"xyz\0no");
    bench.raw(0x03, TEXT + 2);
    bench.raw(0x04, TEXT);
    assert_eq!(bench.screen.output, b"zxyz");
    assert_eq!(bench.raw(0x07, 0).r0, u32::from(b'k'));
    assert_eq!(bench.raw(0x07, 0).r0, FAILED, "the end of input");
}

#[test]
fn is_error_looks_at_the_sign() {
    let mut bench = Bench::new();
    assert_eq!(bench.call(0x08, &[0xffff_fff0]).r0, 1);
    assert_eq!(bench.call(0x08, &[7]).r0, 0);
}

#[test]
fn temporary_names_fit_their_buffer_and_can_be_opened() {
    let mut bench = Bench::new();
    let result = bench.call(0x0d, &[BUFFER, 7, 64]);
    let [(BUFFER, name)] = result.memory.as_slice() else { panic!("{result:?}") };
    let name = std::str::from_utf8(name.strip_suffix(b"\0").unwrap()).unwrap();
    assert_ne!(bench.open(name, 4), FAILED, "{name}");
    assert_eq!(bench.call(0x0d, &[BUFFER, 7, name.len() as u32]).r0, FAILED, "no room for the NUL");
    assert_eq!(bench.call(0x0d, &[BUFFER, 256, 64]).r0, FAILED, "identifiers end at 255");
}

#[test]
fn clocks_tell_virtual_time_but_sys_time() {
    let mut bench = Bench::new();
    bench.time = 3_010_000_000;
    assert_eq!(bench.raw(0x10, 0).r0, 301, "SYS_CLOCK in hundredths");
    assert_eq!(bench.raw(0x31, 0).r0, 1_000_000_000, "SYS_TICKFREQ");
    bench.time = 0x1_2345_6789;
    let elapsed = bench.raw(0x30, BLOCK);
    assert_eq!(elapsed.memory, [(BLOCK, vec![0x89, 0x67, 0x45, 0x23, 1, 0, 0, 0])], "SYS_ELAPSED");
    bench.time = u64::MAX;
    bench.raw(0x10, 0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as u32;
    assert!(bench.raw(0x11, 0).r0.wrapping_sub(now) < 60, "SYS_TIME");
}

#[test]
fn the_command_line_is_given_with_its_length() {
    let mut bench = Bench::new();
    let result = bench.call(0x15, &[BUFFER, 18]);
    assert_eq!(result.r0, 0);
    let written = [(BUFFER, b"blinky.elf --fast\0".to_vec()), (BLOCK + 4, vec![17, 0, 0, 0])];
    assert_eq!(result.memory, written);
    assert_eq!(bench.call(0x15, &[BUFFER, 17]).r0, FAILED, "no room for the NUL");
}

#[test]
fn heap_info_fills_the_block_that_the_block_names() {
    let mut bench = Bench::new();
    let result = bench.call(0x16, &[BUFFER]);
    let words = vec![1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0];
    assert_eq!(result.memory, [(BUFFER, words)]);
}

#[test]
fn heap_info_comes_from_the_ram_of_the_stack() {
    let region =
        |name: &str, kind, base| Region { name: name.into(), kind, base, size: 0x8000, aliases: vec![] };
    let config = Config {
        core: CoreKind::CortexM3,
        regions: vec![region("flash", RegionKind::Flash, 0), region("ram", RegionKind::Ram, RAM)],
        devices: Vec::new(),
        interrupts: 32,
        priority_bits: 3,
        clock_hz: 25_000_000,
        systick_reference_divider: None,
        bit_band: false,
        vector_table: 0,
        mpu_regions: 8,
        security_extension: false,
        halting_debug: false,
    };
    let top = RAM + 0x8000;
    let expected = HeapInfo { heap_base: RAM + 0x400, heap_limit: top, stack_base: top, stack_limit: 0 };
    assert_eq!(HeapInfo::new(&config, top, Some(RAM + 0x400)), expected);
    assert_eq!(HeapInfo::new(&config, top, Some(0x100)).heap_base, 0, "an end outside that RAM is none");
    assert_eq!(HeapInfo::new(&config, 0x8000, None), HeapInfo::default(), "no RAM there");
}

#[test]
fn exits_succeed_only_as_application_exit() {
    let mut bench = Bench::new();
    assert_eq!(bench.raw(0x18, 0x20026).exit, Some(0));
    assert_eq!(bench.raw(0x18, 0x20023).exit, Some(1), "ADP_Stopped_RunTimeErrorUnknown");
    assert_eq!(bench.call(0x20, &[0x20026, 42]).exit, Some(42));
    assert_eq!(bench.call(0x20, &[0x20023, 42]).exit, Some(1));
}

#[test]
fn refused_and_unknown_calls_fail_and_go_on() {
    let mut bench = Bench::new();
    assert_eq!(bench.call(0x12, &[TEXT, 0]), r0(FAILED), "SYS_SYSTEM");
    assert_eq!(bench.errno(), 1);
    assert_eq!(bench.raw(0x1234, 0), r0(FAILED));
    assert_eq!(bench.errno(), 38);
}

#[test]
fn no_parameter_can_hurt() {
    let mut bench = Bench::new();
    let output = bench.open(":tt", 4);
    let input = bench.open(":tt", 0);
    for operation in 0..0x40 {
        for parameter in [0, NOWHERE, RAM + SIZE as u32 - 2, u32::MAX, u32::MAX - 3] {
            bench.raw(operation, parameter);
        }
        for block in
            [[u32::MAX; 4], [NOWHERE; 4], [0; 4], [output, BUFFER, u32::MAX, 0], [input, BUFFER, 0, 0]]
        {
            bench.call(operation, &block);
        }
    }
}

#[test]
fn input_is_not_taken_for_a_buffer_that_is_not_there() {
    let mut bench = Bench::new();
    bench.screen.input = b"keep".to_vec();
    let handle = bench.open(":tt", 0);
    assert_eq!(bench.call(0x06, &[handle, NOWHERE, 4]), r0(4));
    assert_eq!(bench.errno(), 14);
    assert_eq!(bench.read(handle, 4), (0, b"keep".to_vec()));
}

#[test]
fn a_firmware_cannot_open_files_without_end() {
    let mut bench = Bench::new();
    for _ in 0..256 {
        assert_ne!(bench.open(":tt", 4), FAILED);
    }
    assert_eq!(bench.open(":tt", 4), FAILED);
    assert_eq!(bench.errno(), 24);
}
