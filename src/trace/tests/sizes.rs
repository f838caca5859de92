//! How large a trace is: at most 4 bytes per access or interrupt, 100 bytes per million instructions without any.

use super::*;

/// Numbers that do not compress.
fn noise(index: u64) -> u64 {
    let mixed = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 32
}

/// Chunk bytes per event of a stream, flushed every so many events.
fn bytes_per_event(events: impl Iterator<Item = Stamped>, flush_every: usize) -> f64 {
    let mut log = Log::in_memory(header());
    for (index, stamped) in events.enumerate() {
        log.append(&stamped).unwrap();
        if index % flush_every == flush_every - 1 {
            log.flush().unwrap();
        }
    }
    log.flush().unwrap();
    log.summary().bytes_per_event().unwrap()
}

/// A UART at 115200 baud at 25 MHz: wait for the flag, write a letter, interrupt up and down, at uneven distances.
fn uart(letters: u64) -> impl Iterator<Item = Stamped> {
    let text = b"[ 12.345678] sensor 3: temperature 21.50 C, humidity 47 %, pressure 1013.25 hPa\r\n";
    (0..letters).flat_map(move |index| {
        let at = 2170 * index + noise(index) % 50;
        let letter = text[index as usize % text.len()];
        let letter = if letter.is_ascii_digit() { b'0' + (noise(index) % 10) as u8 } else { letter };
        let line = |icount, asserted| Stamped { icount, event: Event::Line { irq: 1, asserted } };
        let poll = noise(index) % 3 + 1;
        (0..poll).map(move |again| read(at + 9 * again, 0x4000_4004, 1)).chain([
            read(at + 30, 0x4000_4004, 0),
            write(at + 33, 0x4000_4000, letter.into()),
            line(at + 600, true),
            read(at + 620, 0x4000_400c, 1),
            write(at + 624, 0x4000_400c, 1),
            line(at + 624, false),
        ])
    })
}

#[test]
fn an_access_or_interrupt_takes_at_most_4_bytes() {
    let found = bytes_per_event(uart(50_000), usize::MAX);
    assert!(found < 1.5, "UART: {found}");
    // With a chunk for every 1000 events: a recording that is slow, flushed once per second.
    let found = bytes_per_event(uart(50_000), 1000);
    assert!(found < 2.0, "UART, small chunks: {found}");
    // A timer that is read, a sensor's noise of 12 bits.
    let samples = (0..100_000).flat_map(|index| {
        let at = 800 * index + noise(index) % 40;
        [read(at, 0x4000_0024, at as u32), read(at + 12, 0x4001_204c, (noise(index) >> 20) as u32 & 0xfff)]
    });
    let found = bytes_per_event(samples, usize::MAX);
    assert!(found < 3.0, "samples: {found}");
}

#[test]
fn a_million_instructions_without_events_take_at_most_100_bytes() {
    // One digest per million icounts, never at the very icount, and a flush after each second at 100 M/s. All of the
    // registers change in between, and memory everywhere.
    let digests = |registers| {
        (0..2000u64)
            .map(move |index| detailed(1_000_000 * index + noise(!index) % 20, noise(index), registers))
    };
    let found = [6, 12, 18].map(|registers| bytes_per_event(digests(registers), 100));
    assert!(found[0] < 60.0 && found[2] < 125.0, "{found:?}");
}
