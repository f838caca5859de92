//! The server: one connection after the other, one debuggee for all of them.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener, ToSocketAddrs},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use thiserror::Error;

use super::{
    Debuggee, FaultReport,
    monitor::Names,
    session::{self, Ended},
    stub::Stub,
    wire::Wire,
};

/// How often the server looks for a connection, and at the shutdown flag.
const LOOK_UP: Duration = Duration::from_millis(5);

/// Why the server cannot serve.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The text is no address.
    #[error("{0:?} is no address to serve gdb at; write HOST:PORT, or :PORT for this machine only")]
    Address(String),
    /// Another program listens there.
    #[error("port {} is occupied: another program listens at {address}; choose another port, or end that program", .address.port())]
    Occupied {
        /// Where.
        address: SocketAddr,
    },
    /// The system refuses for another reason.
    #[error("cannot serve gdb at {address}: {source}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// No further connection can be accepted.
    #[error("cannot accept a connection from gdb: {0}")]
    Accept(io::Error),
}

/// How to serve.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// End with the first session, instead of waiting for the next one.
    pub once: bool,
    /// Ends the server, and a session or a journey of the debuggee that is under way, when it becomes true.
    pub shutdown: &'a AtomicBool,
    /// Set when Ctrl-C is pressed at a terminal that gdb shares with the server: gdb does not pass it on while a monitor
    /// command is under way, so that one ends then.
    pub pressed: &'a AtomicBool,
    /// What the firmware and the board call things.
    pub names: &'a Names<'a>,
    /// What `monitor fault` prints.
    pub fault_report: &'a FaultReport<'a>,
}

/// What happens on the server, for a log. Displays as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// gdb, or something else, connected from there.
    Connected(SocketAddr),
    /// The session with it is over; the position in the run is kept.
    Ended(SocketAddr, Ended),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Connected(peer) => write!(f, "gdb connection from {peer}"),
            Event::Ended(peer, ended) => write!(f, "gdb connection from {peer}: {ended}"),
        }
    }
}

/// A socket that listens for gdb.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens at `HOST:PORT`; without host on this machine only. Port 0 is any free one.
    pub fn bind(text: &str) -> Result<Server, ServerError> {
        let unknown = || ServerError::Address(text.to_owned());
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port: u16 = port.parse().map_err(|_| unknown())?;
        let host = if host.is_empty() { "127.0.0.1" } else { host.trim_matches(['[', ']']) };
        let address =
            (host, port).to_socket_addrs().ok().and_then(|mut all| all.next()).ok_or_else(unknown)?;
        let listener = TcpListener::bind(address).map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => ServerError::Occupied { address },
            _ => ServerError::Bind { address, source },
        })?;
        let refused = |source| ServerError::Bind { address, source };
        // Accepting without waiting, so that the shutdown flag is seen.
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Server { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves gdb until `options` end it. The debuggee stays where the last session left it.
    pub fn serve(
        &self,
        debuggee: &mut dyn Debuggee,
        options: &Options<'_>,
        log: &mut dyn FnMut(&Event),
    ) -> Result<(), ServerError> {
        let mut stub = Stub::new(debuggee, options.fault_report, options.names);
        while !options.shutdown.load(Ordering::Relaxed) {
            let (stream, peer) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => {
                        std::thread::sleep(LOOK_UP);
                        continue;
                    }
                    // The client was gone before it was accepted.
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted => {
                        continue;
                    }
                    _ => return Err(ServerError::Accept(error)),
                },
            };
            log(&Event::Connected(peer));
            let ended = match Wire::new(stream, options.shutdown) {
                Ok(wire) => session::run(&mut stub, wire, options.pressed),
                Err(error) => Ended::Lost(error.to_string()),
            };
            // A stranger at the port is not the session that was meant.
            let stranger = matches!(ended, Ended::Garbage(_) | Ended::Silent);
            log(&Event::Ended(peer, ended));
            if options.once && !stranger {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_occupied_port_is_named() {
        let first = Server::bind("127.0.0.1:0").unwrap();
        let port = first.address().port();
        let error = Server::bind(&format!(":{port}")).unwrap_err();
        assert!(matches!(error, ServerError::Occupied { .. }), "{error:?}");
        assert!(error.to_string().starts_with(&format!("port {port} is occupied")), "{error}");
    }

    #[test]
    fn a_port_alone_is_this_machine_only() {
        for text in [":0", "0", "127.0.0.1:0", "localhost:0"] {
            assert!(Server::bind(text).unwrap().address().ip().is_loopback(), "{text}");
        }
        for text in ["", "host:", ":70000", "127.0.0.1:gdb"] {
            assert!(matches!(Server::bind(text), Err(ServerError::Address(_))), "{text}");
        }
    }
}
