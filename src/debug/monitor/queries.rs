//! `last-…`: questions about the past, answered without moving there.

use super::{
    MonitorError, Poll,
    names::{Names, number},
    values,
};
use crate::{
    debug::stub::Stub,
    timeline::{Answer, DeviceAccess, Finding, Last, Query, WatchKind, Writer},
    words::Width,
};

/// The most memory that one question watches, in bytes.
const MOST_BYTES: u32 = 4096;

/// VTOR (Armv7-M ARM B3.2.5).
const VTOR: u32 = 0xe000_ed08;

pub(super) fn last_write(
    stub: &mut Stub<'_>,
    arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    let (address, length, cut) = range(stub, arguments, "last-write EXPR|ADDR [LEN]")?;
    let subject = stub.names.of_address(address);
    Ok(ask(stub, &Query::Write { address, length }, &format!("changed {subject}"), poll)? + &cut)
}

pub(super) fn last_read(
    stub: &mut Stub<'_>,
    arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    let (address, length, cut) = range(stub, arguments, "last-read EXPR|ADDR [LEN]")?;
    let subject = stub.names.of_address(address);
    Ok(ask(stub, &Query::Read { address, length }, &format!("read {subject}"), poll)? + &cut)
}

pub(super) fn last_exec(
    stub: &mut Stub<'_>,
    arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    if arguments.is_empty() {
        return Err(MonitorError::Usage("last-exec ADDR|SYMBOL"));
    }
    let address = stub.names.code(arguments)?;
    let subject = stub.names.of_code(address);
    ask(stub, &Query::Execution { address }, &format!("executed {subject}"), poll)
}

pub(super) fn last_irq(
    stub: &mut Stub<'_>,
    arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    let exception = match arguments {
        "" => None,
        name => Some(stub.names.exception(name, &vectors(stub))?),
    };
    let subject = exception.map_or("any exception".to_owned(), |number| stub.names.of_exception(number));
    ask(stub, &Query::Entry { exception }, &format!("entered {subject}"), poll)
}

pub(super) fn last_mmio(
    stub: &mut Stub<'_>,
    arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    const USAGE: MonitorError = MonitorError::Usage("last-mmio ADDR|REGISTER|DEVICE [write|read]");
    let (name, kind) = match arguments.rsplit_once(' ') {
        Some((name, "write")) => (name, WatchKind::Write),
        Some((name, "read")) => (name, WatchKind::Read),
        _ => (arguments, WatchKind::Access),
    };
    if name.is_empty() {
        return Err(USAGE);
    }
    let place = stub.names.place(name.trim_end())?;
    let query = Query::Device { address: place.address, length: place.size.unwrap_or(4), kind };
    let verb = match kind {
        WatchKind::Write => "wrote",
        WatchKind::Read => "read",
        WatchKind::Access => "accessed",
    };
    let subject = stub.names.of_address(place.address);
    ask(stub, &query, &format!("{verb} {subject}"), poll)
}

pub(super) fn last_output(
    stub: &mut Stub<'_>,
    arguments: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    let text = values::unquoted(arguments);
    if text.is_empty() {
        return Err(MonitorError::Usage("last-output \"TEXT\""));
    }
    let subject = format!("printed \"{}\"", text.escape_ascii());
    ask(stub, &Query::Output { text }, &subject, poll)
}

/// The range of memory that is meant, and what to say if it is not all of it.
fn range(stub: &Stub<'_>, arguments: &str, usage: &'static str) -> Result<(u32, u32, String), MonitorError> {
    let (name, length) = match arguments.rsplit_once(' ') {
        // `sample + 4` is no length.
        Some((name, last)) if number(last).is_some() && !name.trim_end().ends_with('+') => {
            (name.trim_end(), number(last))
        }
        _ => (arguments, None),
    };
    if name.is_empty() || length == Some(0) {
        return Err(MonitorError::Usage(usage));
    }
    let place = stub.names.place(name)?;
    let whole = length.or(place.size).unwrap_or(4).max(1);
    let length = whole.min(MOST_BYTES);
    let cut = if length < whole {
        format!("\n    of {whole} bytes, the first {length} were watched")
    } else {
        String::new()
    };
    Ok((place.address, length, cut))
}

/// The vector table as it is now.
fn vectors(stub: &Stub<'_>) -> Vec<u32> {
    let word = |address: u32| {
        let mut bytes = [0; 4];
        stub.debuggee.peek(address, &mut bytes).ok().map(|()| u32::from_le_bytes(bytes))
    };
    let count = 16 + u32::from(stub.debuggee.config().interrupts);
    let table = word(VTOR).unwrap_or(stub.debuggee.config().vector_table);
    (0..count).map_while(|number| word(table.wrapping_add(4 * number))).collect()
}

/// Asks, numbers the answer and tells it.
fn ask(
    stub: &mut Stub<'_>,
    query: &Query,
    happened: &str,
    poll: &mut Poll<'_>,
) -> Result<String, MonitorError> {
    let now = stub.debuggee.now().icount;
    Ok(match stub.debuggee.search_last(query, poll)? {
        Last::Found(answer) => {
            stub.answers.push(answer.at.icount);
            format!("@{}  {}", stub.answers.len(), told(&answer, stub.names))
        }
        Last::Never => format!("nothing {happened} between reset and icount {now}"),
        Last::Interrupted(behind) => format!(
            "interrupted: from icount {behind} to {now} nothing {happened}; before that nobody has looked, \
             and the position is as it was"
        ),
    })
}

/// An answer in two lines: where, then what.
fn told(answer: &Answer, names: &Names<'_>) -> String {
    let place = names.of_code(answer.pc);
    let level = names.of_level(&answer.level);
    format!("icount {}, {place}, {level}\n    {}", answer.at.icount, found(answer, names))
}

fn found(answer: &Answer, names: &Names<'_>) -> String {
    match &answer.finding {
        Finding::Written { address, old, new, by } => {
            let by = match by {
                Writer::Instruction => String::new(),
                Writer::Entry(number) => {
                    format!(", stacked by the entry of {}", names.of_exception(*number))
                }
                Writer::Host => ", by the host's answer to a semihosting call".to_owned(),
                Writer::Device => ", by a device".to_owned(),
            };
            format!("{}{by}", values::change(*address, old, new, names))
        }
        Finding::Read { address, value } => {
            format!("{}: read as {}", names.of_address(*address), values::bytes(value, names))
        }
        Finding::Executed => "about to execute".to_owned(),
        Finding::Entered { exception, handler } => format!(
            "{} entered; its handler, {}, begins at the next icount",
            names.of_exception(*exception),
            names.of_code(*handler)
        ),
        Finding::Device { address, width, access } => device(*address, *width, *access, names),
        Finding::Sent { sender } => format!("sent by {sender}"),
    }
}

fn device(address: u32, width: Width, access: DeviceAccess, names: &Names<'_>) -> String {
    let register = names.of_address(address);
    let value = |value: u32| {
        let fields = names.of_fields(address, value).map(|fields| format!(": {fields}")).unwrap_or_default();
        format!("{}{fields}", values::word(value, width))
    };
    match access {
        DeviceAccess::Read(Some(answer)) => format!("{register}: read as {}", value(answer)),
        DeviceAccess::Read(None) => format!("{register}: read, a bus fault"),
        DeviceAccess::Write { value: stored, accepted: true } => {
            format!("{register}: written {}", value(stored))
        }
        DeviceAccess::Write { value: stored, accepted: false } => {
            format!("{register}: written {}, a bus fault", value(stored))
        }
    }
}
