//! One connection from its first packet to its end.

use std::{
    convert::Infallible,
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use gdbstub::{
    common::Signal,
    conn::Connection,
    stub::{
        DisconnectReason, GdbStub, GdbStubError, MultiThreadStopReason,
        state_machine::{GdbStubStateMachine, GdbStubStateMachineInner, state::Running},
    },
};
use thiserror::Error;

use super::{
    arch::{Register, RegisterSet},
    frame::{Frame, PACKET_SIZE},
    monitor,
    stub::{Halt, Report, Stub, THREAD},
    wire::Wire,
};

/// Why a session is over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Ended {
    /// gdb said good-bye.
    #[error("gdb detached")]
    Detached,
    /// The other end closed the connection without having sent anything: somebody tried whether the port is open.
    #[error("closed without a word")]
    Silent,
    /// The other end closed the connection.
    #[error("gdb closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Lost(String),
    /// The other end is not gdb, or sends what the protocol does not know.
    #[error("closed, because the other end does not speak gdb's protocol: {0}")]
    Garbage(String),
    /// The server was asked to end.
    #[error("the server ends")]
    Shutdown,
}

type Machine<'a, 'w, 's> = GdbStubStateMachine<'a, Stub<'s>, Wire<'w>>;
type StubError = GdbStubError<Infallible, io::Error>;

impl From<StubError> for Ended {
    fn from(error: StubError) -> Ended {
        if error.is_connection_error() {
            return Ended::Lost(error.to_string());
        }
        // Everything else is what gdbstub makes of a packet; the first sentence says it.
        let text = error.to_string();
        Ended::Garbage(text.split(['!', '\n']).next().unwrap_or_default().to_owned())
    }
}

/// Serves one connection until it ends.
pub(super) fn run(stub: &mut Stub<'_>, wire: Wire<'_>, pressed: &AtomicBool) -> Ended {
    stub.begin_session();
    match converse(stub, wire, pressed) {
        Ok(ended) | Err(ended) => ended,
    }
}

fn converse(stub: &mut Stub<'_>, wire: Wire<'_>, pressed: &AtomicBool) -> Result<Ended, Ended> {
    let gdb = GdbStub::builder(wire)
        .packet_buffer_size(PACKET_SIZE)
        .build()
        .expect("the packet buffer is gdbstub's own");
    let mut machine = gdb.run_state_machine(stub)?;
    let mut silent = true;
    let mut acknowledges = true;
    loop {
        machine = match machine {
            GdbStubStateMachine::Idle(mut idle) => {
                let frame = idle.borrow_conn().next().map_err(|ended| match ended {
                    Ended::Closed if silent => Ended::Silent,
                    ended => ended,
                })?;
                silent = false;
                acknowledges &= !frame.ends_acknowledgements();
                match frame.monitor_command() {
                    Some(line) => {
                        command(stub, idle.borrow_conn(), &line, acknowledges, pressed)?;
                        idle.into()
                    }
                    None => feed(idle.into(), stub, frame)?,
                }
            }
            GdbStubStateMachine::Running(running) => travel(running, stub)?,
            // Ctrl-C between two steps of a longer command of gdb's is kept for the next step.
            GdbStubStateMachine::CtrlCInterrupt(interrupt) => {
                let reason = MultiThreadStopReason::SignalWithThread { tid: THREAD, signal: Signal::SIGINT };
                interrupt.interrupt_handled(stub, Some(reason))?
            }
            GdbStubStateMachine::Disconnected(over) => {
                return Ok(match over.get_reason() {
                    DisconnectReason::Disconnect | DisconnectReason::Kill => Ended::Detached,
                    DisconnectReason::TargetExited(_) | DisconnectReason::TargetTerminated(_) => {
                        Ended::Closed
                    }
                });
            }
        };
    }
}

/// Runs a monitor command and answers it.
///
/// gdbstub could do so too, but could not end a command that takes long. gdb passes Ctrl-C on only while the debuggee runs.
/// During a monitor command it gives up by itself, after some seconds, and tells nobody. Another packet means that nobody
/// waits any more: then there must be no answer, or gdb takes it for the answer to that packet. For the same reason the
/// answer is one packet, not the usual series: gdb may give up in the middle of those.
fn command(
    stub: &mut Stub<'_>,
    wire: &mut Wire<'_>,
    line: &str,
    acknowledges: bool,
    pressed: &AtomicBool,
) -> Result<(), Ended> {
    if acknowledges {
        wire.acknowledge();
    }
    wire.begin_answer();
    pressed.store(false, Ordering::Relaxed);
    let mut left = false;
    let text = monitor::execute(stub, line, &mut || {
        left |= wire.is_left();
        left || pressed.load(Ordering::Relaxed)
    });
    if !wire.take_interrupt() && (left || !wire.is_waited_for()) {
        return Ok(()); // what has arrived is handled next
    }
    wire.answer(&text).map_err(|error| Ended::Lost(error.to_string()))
}

/// Lets the debuggee travel until it stops or gdb wants something.
fn travel<'a, 'w, 's>(
    mut running: GdbStubStateMachineInner<'a, Running, Stub<'s>, Wire<'w>>,
    stub: &mut Stub<'s>,
) -> Result<Machine<'a, 'w, 's>, Ended> {
    let wire = running.borrow_conn();
    // gdbstub acknowledges the packet, but flushes only what has an answer.
    wire.flush().map_err(|error| Ended::Lost(error.to_string()))?;
    let report = match stub.travel(&mut || wire.wants_attention()) {
        Halt::Stopped(report) => report,
        Halt::Interrupted => match wire.take()? {
            Some(frame) => return feed(running.into(), stub, frame),
            // Nobody asked. Better a stop that the user sees than a loop that nobody sees.
            None => Report::signal(Signal::SIGINT),
        },
    };
    if let Some(text) = &report.text {
        wire.print(text);
    }
    let registers = stub.debuggee.registers().clone();
    let values: Vec<(Register, [u8; 8])> = RegisterSet::of(stub.debuggee.config().core)
        .at_stop()
        .map(|register| (register, register.get(&registers).to_le_bytes()))
        .collect();
    let mut values = values.iter().map(|(register, bytes)| (*register, &bytes[..register.size()]));
    Ok(running.report_stop_with_regs(stub, report.reason, &mut values)?)
}

/// Gives gdbstub one frame.
fn feed<'a, 'w, 's>(
    mut machine: Machine<'a, 'w, 's>,
    stub: &mut Stub<'s>,
    frame: Frame,
) -> Result<Machine<'a, 'w, 's>, Ended> {
    let bytes = match frame {
        Frame::Interrupt => vec![0x03],
        Frame::Packet(bytes) => bytes,
    };
    for byte in bytes {
        machine = match machine {
            GdbStubStateMachine::Idle(idle) => idle.incoming_data(stub, byte)?,
            GdbStubStateMachine::Running(running) => running.incoming_data(stub, byte)?,
            other => return Ok(other),
        };
    }
    Ok(machine)
}
