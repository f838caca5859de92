//! The registers at every instruction, as text.

use std::{fmt::Write as _, io::Write};

use untick::{
    timeline::Timeline,
    words::{Icount, Registers},
};

/// Writes a line for each icount of a range.
pub(super) fn write_lines(
    timeline: &mut Timeline,
    range: std::ops::Range<Icount>,
    fp: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut text = String::new();
    for icount in range {
        timeline.seek(icount)?; // the next one is a step, no journey
        text.clear();
        line(&mut text, icount, timeline.registers(), fp);
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Writing to a string cannot fail.
fn line(text: &mut String, icount: Icount, registers: &Registers, fp: bool) {
    let _ = write!(text, "icount={icount} pc={:08x}", registers.pc);
    for (number, value) in registers.r.iter().enumerate() {
        let _ = write!(text, " r{number}={value:08x}");
    }
    let _ = write!(text, " sp={:08x} lr={:08x} xpsr={:08x}", registers.sp(), registers.lr, registers.xpsr);
    if fp {
        for (number, value) in registers.s.iter().enumerate() {
            let _ = write!(text, " s{number}={value:08x}");
        }
        let _ = write!(text, " fpscr={:08x}", registers.fpscr);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_documented() {
        let registers = Registers {
            msp: 0x2000_1ff0,
            lr: u32::MAX,
            pc: 0x1a4,
            xpsr: 0x6100_0000,
            ..Registers::default()
        };
        let mut text = String::new();
        line(&mut text, 42, &registers, false);
        let (first, last) = (text.split(" r1=").next(), text.rsplit("r12=").next());
        assert_eq!(first, Some("icount=42 pc=000001a4 r0=00000000"));
        assert_eq!(last, Some("00000000 sp=20001ff0 lr=ffffffff xpsr=61000000\n"));
        assert_eq!(text.split(' ').count(), 18);
        line(&mut text, 43, &registers, true);
        assert!(text.ends_with(" s31=00000000 fpscr=00000000\n"), "{text}");
    }
}
