//! A stranger at the port: one clear line, and the next visitor is served.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::{
    harness::{Client, Served},
    scripted::Scripted,
};

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Sends bytes and hangs up when the server has answered all or closed.
fn throw(served: &Served, bytes: &[u8]) {
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    let _ = stream.write_all(bytes); // the server may close at the first bad byte
    let _ = stream.shutdown(std::net::Shutdown::Write);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = [0; 0x4000];
    loop {
        match stream.read(&mut rest) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the server hangs on {:?}: {error}", String::from_utf8_lossy(bytes)),
        }
    }
}

fn packet(body: &[u8]) -> Vec<u8> {
    let sum = body.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    [b"$", body, format!("#{sum:02x}").as_bytes()].concat()
}

#[test]
fn each_kind_of_garbage_is_one_line_and_the_server_goes_on() {
    let served = Served::with(Scripted::replay().at(40), true);
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"$g#00",
        &[b"$".as_slice(), &[b'a'; 0x5000]].concat(),
        &packet(b"vCont;x"),
        &packet(b"vAttach;zz"),
    ] {
        throw(&served, bytes);
    }
    let mut gdb = Client::connect(&served);
    assert_eq!(gdb.icount(), 40);
    drop(gdb);
    let (_, log) = served.join();
    let closed: Vec<&String> =
        log.iter().filter(|line| line.contains("does not speak gdb's protocol")).collect();
    assert_eq!(closed.len(), 5, "{log:#?}");
    assert!(log.iter().all(|line| !line.contains('\n')), "{log:#?}");
    for (line, text) in closed.iter().zip([
        "byte 0x47 where a packet should begin",
        "a packet with a wrong checksum",
        "a packet longer than 16384 bytes",
    ]) {
        assert!(line.ends_with(text), "{line}");
    }
}

#[test]
fn random_bytes_never_hurt() {
    let served = Served::new(Scripted::replay());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..200 {
        let mut bytes: Vec<u8> = (0..random.below(300)).map(|_| random.next() as u8).collect();
        if random.below(2) == 0 {
            bytes.insert(0, b'$');
        }
        throw(&served, &bytes);
    }
    assert_eq!(Client::connect(&served).icount(), 0);
    served.finish();
}

#[test]
fn mutated_packets_never_hurt() {
    const SEEDS: &[&str] = &[
        "qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;vfork-events+;exec-events+;vContSupported+",
        "vMustReplyEmpty",
        "QStartNoAckMode",
        "!",
        "Hgp0.0",
        "Hc-1",
        "qXfer:features:read:target.xml:0,ffb",
        "qXfer:memory-map:read::0,ffb",
        "qAttached:1",
        "qfThreadInfo",
        "qsThreadInfo",
        "?",
        "g",
        "G00000000",
        "p19",
        "P0f=00010000",
        "m20000000,4",
        "m0,ffffffffffffffff",
        "mffffffff,4000",
        "M20000000,4:00000000",
        "X20000000,4:\x01\x02}\x03",
        "Z0,100,2",
        "Z1,100,2;X1,0",
        "z1,100,2",
        "Z2,20000000,4",
        "z2,20000000,4",
        "vCont?",
        "vCont;s:p1.1;c:p1.-1",
        "vCont;r100,10c:p1.1;c:p1.-1",
        "vCont;C05:p1.1;c",
        "vCont;c",
        "c",
        "s",
        "bs",
        "bc",
        "qRcmd,68656c70",
        "qRcmd,7365656b20353025",
        "qRcmd,61726d2d7365656b20353030",
        "vRun;66;67",
        "vKill;1",
        "vAttach;1",
        "R00",
        "vFlashErase:0,400",
        "vFlashWrite:0:abc",
        "vFlashDone",
        "qC",
        "T1",
        "D;1",
        "k",
    ];
    let served = Served::new(Scripted::replay());
    let mut random = Random(42);
    for round in 0..1500 {
        let mut bytes = Vec::new();
        for _ in 0..=random.below(6) {
            let mut body = SEEDS[random.below(SEEDS.len())].as_bytes().to_vec();
            for _ in 0..random.below(4) {
                let at = random.below(body.len() + 1);
                match random.below(4) {
                    0 => body.insert(at, random.next() as u8),
                    1 => body.truncate(at),
                    2 => body.insert(at, b"0123456789abcdef,;:.-=#$*}"[random.below(26)]),
                    _ => {
                        if let Some(byte) = body.get_mut(at) {
                            *byte ^= 1 << random.below(8);
                        }
                    }
                }
            }
            // Half of the packets with what gdb would escape: the checksum covers it, the framing must cope.
            if round % 2 == 0 {
                body.retain(|byte| !b"#$".contains(byte));
            }
            bytes.extend(packet(&body));
            if random.below(20) == 0 {
                bytes.push(3);
            }
        }
        throw(&served, &bytes);
    }
    let mut gdb = Client::connect(&served);
    assert!(gdb.monitor("when").starts_with("icount "));
    served.finish();
}
