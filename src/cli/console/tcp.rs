//! A TCP port: whoever connects is at the other end of a device's line.

use std::{
    io::ErrorKind,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    thread,
};

use anyhow::{Context, bail};

use super::{
    endpoint::Endpoint,
    input::{Feeder, Input},
    outbox::Outbox,
    screen::PATIENCE,
};

/// Where a device listens. One peer after the other; what the device sends before the first one comes waits for it.
pub struct Tcp {
    outbox: Outbox,
    input: Input,
}

impl Tcp {
    /// Listens at `HOST:PORT`, or with `:PORT` for this machine only. The address as well: port 0 is any free one.
    pub fn listen(address: &str) -> anyhow::Result<(Tcp, SocketAddr)> {
        let full = if address.starts_with(':') { format!("127.0.0.1{address}") } else { address.to_owned() };
        let listener = match TcpListener::bind(&full) {
            Ok(listener) => listener,
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                bail!(
                    "cannot listen at {full}: another program does; choose another port, or end that program"
                )
            }
            Err(error) => return Err(error).with_context(|| format!("cannot listen at {full}")),
        };
        let address = listener.local_addr().with_context(|| format!("cannot listen at {full}"))?;
        let outbox = Outbox::default();
        let other_end = outbox.clone();
        let input = Input::fed_by(move |feeder| serve(&listener, feeder, &other_end));
        Ok((Tcp { outbox, input }, address))
    }
}

impl Endpoint for Tcp {
    fn send(&mut self, bytes: &[u8]) {
        self.outbox.send(bytes);
    }

    fn input(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }
}

impl Drop for Tcp {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

fn serve(listener: &TcpListener, mut feeder: Feeder, outbox: &Outbox) {
    let mut last: Option<TcpStream> = None;
    loop {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(PATIENCE); // out of descriptors, perhaps not for long
            continue;
        };
        // A peer that has sent all may still read; the next one takes its place.
        if let Some(last) = last.take() {
            outbox.stop_writer();
            // It may have left long ago.
            let _ = last.shutdown(Shutdown::Both);
        }
        // Without it, single characters only come later.
        let _ = stream.set_nodelay(true);
        let (Ok(writer), outbox) = (stream.try_clone(), outbox.clone()) else { continue };
        thread::spawn(move || outbox.write_to(writer));
        feeder.forward(&stream);
        last = Some(stream);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        time::Duration,
    };

    use super::*;

    fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_was_sent_waits_for_the_peer_and_its_input_arrives() {
        let (mut tcp, address) = Tcp::listen(":0").unwrap();
        assert!(address.ip().is_loopback());
        tcp.send(b"early ");
        let mut peer = TcpStream::connect(address).unwrap();
        assert_eq!(read(&mut peer, 6), b"early ");
        tcp.send(b"late");
        assert_eq!(read(&mut peer, 4), b"late");
        peer.write_all(b"input").unwrap();
        let mut arrived = Vec::new();
        while arrived.len() < 5 {
            assert!(tcp.input.wait(Duration::from_secs(60)));
            arrived.extend(tcp.input.take(10));
        }
        assert_eq!(arrived, b"input");
    }

    #[test]
    fn a_second_peer_takes_over() {
        let (mut tcp, address) = Tcp::listen("localhost:0").unwrap();
        let mut first = TcpStream::connect(address).unwrap();
        tcp.send(b"one");
        assert_eq!(read(&mut first, 3), b"one");
        drop(first);
        let mut second = TcpStream::connect(address).unwrap();
        second.write_all(b"x").unwrap();
        assert!(tcp.input.wait(Duration::from_secs(60)));
        tcp.send(b"two");
        assert_eq!(read(&mut second, 3), b"two");
        let error = Tcp::listen(&address.to_string()).err().unwrap().to_string();
        assert!(error.contains("another program"), "{error}");
    }
}
