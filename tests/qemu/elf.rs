//! The smallest ELF file that QEMU loads.

/// A program: pieces of memory, and where it begins.
pub fn elf(entry: u32, segments: &[(u32, Vec<u8>)]) -> Vec<u8> {
    const HEADER: u32 = 52;
    const PROGRAM_HEADER: u32 = 32;
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut halves = |halves: &[u16]| file.extend(halves.iter().flat_map(|half| half.to_le_bytes()));
    halves(&[2, 40, 1, 0]); // executable, Arm, version
    let words = [entry | 1, HEADER, 0, 0x0500_0000]; // program headers behind this one, no sections, EABI 5
    words.iter().for_each(|word: &u32| halves(&[*word as u16, (word >> 16) as u16]));
    halves(&[HEADER as u16, PROGRAM_HEADER as u16, segments.len() as u16, 40, 0, 0]);
    let mut offset = HEADER + PROGRAM_HEADER * segments.len() as u32;
    for (address, bytes) in segments {
        let size = bytes.len() as u32;
        let header = [1, offset, *address, *address, size, size, 7, 4]; // PT_LOAD, read, write, execute
        file.extend(header.iter().flat_map(|word: &u32| word.to_le_bytes()));
        offset += size;
    }
    segments.iter().for_each(|(_, bytes)| file.extend(bytes));
    file
}

#[test]
fn the_file_is_read_back() {
    let segments = [(0, vec![1, 2, 3, 4]), (0x2000_0000, vec![5, 6])];
    let image = untick::image::Image::parse(elf(0x100, &segments), "a.elf").unwrap();
    let read: Vec<_> =
        image.segments.iter().map(|segment| (segment.address, segment.bytes.to_vec())).collect();
    assert_eq!(read, segments);
}
