//! A call stack as text, in the form and with the numbers that GDB gives its frames.

use super::{
    text::{WIDTH, shorten_end, shorten_start},
    unwind::{DEPTH_LIMIT, End, Frame, exception_name},
};
use crate::image::{Inlined, Line, Symbols};

/// A call stack, one or two lines a frame.
pub(super) fn lines(frames: &[Frame], end: End, symbols: &Symbols) -> Vec<String> {
    let mut lines = Vec::new();
    let mut number = 0;
    // A recursion is told by its first call and its length.
    for alike in
        frames.chunk_by(|one, next| one.calls_from().is_some() && one.calls_from() == next.calls_from())
    {
        let shown = if alike.len() > REPEATED { &alike[..1] } else { alike };
        let first = number;
        for frame in shown {
            number += push_frame(&mut lines, number, frame, symbols);
        }
        let left_out = alike.len() - shown.len();
        if left_out > 0 {
            number += left_out * (number - first);
            lines.push(format!("    (and {left_out} more calls from there)"));
        }
    }
    lines.extend(remark(frames, end));
    lines
}

/// More calls than this from the same place, one in the other, are not listed.
const REPEATED: usize = 3;

/// Adds one frame as number `number`; gives how many GDB counts it for.
fn push_frame(lines: &mut Vec<String>, number: usize, frame: &Frame, symbols: &Symbols) -> usize {
    match *frame {
        Frame::Exception { number: exception } => {
            let name = exception_name(u32::from(exception));
            lines.push(format!("#{number:<2} <exception {exception}: {name}>"));
            1
        }
        Frame::Call { pc, returns, .. } => {
            let parts = functions(pc, returns, symbols);
            for (depth, part) in parts.iter().enumerate() {
                // As GDB has it: a function into which the one above is inlined has no address of its own.
                let address = if depth == 0 { format!("{pc:#010x} in ") } else { String::new() };
                let name = part.function.as_deref().unwrap_or("??");
                push(lines, format!("#{:<2} {address}", number + depth), name, part.line.as_ref());
            }
            parts.len()
        }
    }
}

/// The functions that an instruction is in, innermost first; never none.
pub(super) fn functions(pc: u32, returns: bool, symbols: &Symbols) -> Vec<Inlined> {
    // The line of a call, not the one after it.
    let at = if returns { pc.wrapping_sub(2) } else { pc };
    let mut parts = symbols.inlined(at);
    let symbol = symbols.function(at).map(|function| function.name);
    match parts.last_mut() {
        Some(outermost) => outermost.function = outermost.function.take().or(symbol),
        None => parts.push(Inlined { function: symbol, line: None }),
    }
    parts
}

/// `main.c:12`.
pub(super) fn place(line: &Line, width: usize) -> String {
    let number = format!(":{}", line.line);
    shorten_start(&line.file, width.saturating_sub(number.len())) + &number
}

fn push(lines: &mut Vec<String>, start: String, name: &str, line: Option<&Line>) {
    let indent = 2;
    let name = shorten_end(name, WIDTH - indent - start.chars().count() - 3);
    let text = format!("{start}{name} ()");
    let Some(line) = line else { return lines.push(text) };
    let room = (WIDTH - indent).saturating_sub(text.chars().count() + 4);
    let full = place(line, usize::MAX);
    if full.chars().count() <= room {
        return lines.push(format!("{text} at {full}"));
    }
    lines.push(text);
    lines.push(format!("      at {}", place(line, WIDTH - indent - 9)));
}

fn remark(frames: &[Frame], end: End) -> Option<String> {
    let text = match end {
        End::Outermost => return None,
        End::NoRules if frames.len() > 1 => return None,
        End::NoRules => "nothing says who called this: no debug information for it".to_owned(),
        End::Unreadable(address) => format!("the stack cannot be read at {address:#010x}"),
        End::Corrupt => "the stack above here is overwritten".to_owned(),
        End::TooDeep => format!("more than {DEPTH_LIMIT} frames"),
    };
    Some(format!("({text})"))
}
