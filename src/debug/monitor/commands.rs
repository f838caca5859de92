//! The table of the commands. A new command is one row.

use super::{MonitorError, Poll, bookmarks, hints, peripherals, queries, reports, travel};
use crate::debug::stub::Stub;

/// A monitor command.
pub(super) struct Command {
    /// What is typed after `monitor`; may be two words.
    pub(super) name: &'static str,
    /// Its arguments.
    pub(super) arguments: &'static str,
    /// One line of help.
    pub(super) about: &'static str,
    /// What `help` with its name says besides.
    pub(super) more: &'static str,
    /// Runs it with the text of its arguments; gives what to print, without the last line end.
    pub(super) run: Run,
}

pub(super) enum Run {
    /// At once.
    Quick(fn(&mut Stub<'_>, &str) -> Result<String, MonitorError>),
    /// In a time that can be long.
    Long(fn(&mut Stub<'_>, &str, &mut Poll<'_>) -> Result<String, MonitorError>),
}

use Run::{Long, Quick};

/// All of them, in the order in which `help` lists them.
pub(super) const COMMANDS: &[Command] = &[
    Command { name: "help", arguments: "[COMMAND]", about: "this list", more: "", run: Quick(super::help) },
    Command {
        name: "hints",
        arguments: "",
        about: "what can be typed at this place of the run",
        more: "",
        run: Quick(hints::hints),
    },
    Command {
        name: "when",
        arguments: "",
        about: "where in the run the debugger is",
        more: "",
        run: Quick(reports::when),
    },
    Command {
        name: "seek",
        arguments: "POSITION",
        about: "go to a position; gdb does not notice it by itself",
        more: "",
        run: Quick(travel::seek),
    },
    Command {
        name: "arm-seek",
        arguments: "POSITION|off",
        about: "make the next step or continue of any kind go to a position instead",
        more: "",
        run: Quick(travel::arm_seek),
    },
    Command {
        name: "info replay",
        arguments: "",
        about: "the recorded range, checkpoints, index and settings",
        more: "",
        run: Quick(reports::info_replay),
    },
    Command {
        name: "last-write",
        arguments: "EXPR|ADDR [LEN]",
        about: "who changed a value last, from what to what",
        more: "EXPR is a symbol, a register of the board (UART0.CTRL) or an address, or one of these +OFFSET. Without LEN the\n\
            whole symbol is watched (at most 4096 bytes), or 4 bytes. A store of the value that is there already does not\n\
            count; to a device, every store does. gdb's own command last-write takes any C expression.",
        run: Long(queries::last_write),
    },
    Command {
        name: "last-read",
        arguments: "EXPR|ADDR [LEN]",
        about: "who read a value last",
        more: "As for last-write. What the core reads itself, vectors and the frames that it unstacks, does not count.",
        run: Long(queries::last_read),
    },
    Command {
        name: "last-exec",
        arguments: "ADDR|SYMBOL",
        about: "when an instruction was executed last",
        more: "A function means its first instruction. gdb's own command last-exec takes FILE:LINE too.",
        run: Long(queries::last_exec),
    },
    Command {
        name: "last-irq",
        arguments: "[N]",
        about: "when an exception was entered last",
        more: "N is the number of the exception (15), an interrupt (irq3), a name (SysTick, UART0_RX), or that of the handler.\n\
            The answer is the position in front of the entry; the handler begins at the next icount (seek @1+1).",
        run: Long(queries::last_irq),
    },
    Command {
        name: "last-mmio",
        arguments: "ADDR|REG|DEVICE [write|read]",
        about: "the last access to a register, or to any of a device",
        more: "From the recording, so it takes no execution. A DEVICE is named as on the board (uart0) or in its SVD file.",
        run: Long(queries::last_mmio),
    },
    Command {
        name: "last-output",
        arguments: "\"TEXT\"",
        about: "when the firmware had printed a text last",
        more: "The position at which the last byte left the chip: by a UART, port 0 of the ITM, or semihosting. Within quotes,\n\
            \\n, \\t and \\x41 are what they are in C.",
        run: Long(queries::last_output),
    },
    Command {
        name: "periph",
        arguments: "[NAME[.REG]]",
        about: "all peripherals; the registers of one, the fields of one register",
        more: "At the present of a live session from the model, without side effects. In the past, and in a recording, what last\n\
            crossed the pins at each register. Fields that are 0 are shown for a single register only.",
        run: Long(peripherals::periph),
    },
    Command {
        name: "mmio",
        arguments: "NAME[.REG] [last N]",
        about: "the last accesses to a peripheral or a register, and what they changed",
        more: "From the recording; 10 if nobody says how many. Each is an answer to go to. Fields are shown that differ from the\n\
            access before to the same register, or if there is none, those that are not 0.",
        run: Long(peripherals::mmio),
    },
    Command {
        name: "bookmark",
        arguments: "NAME [POSITION] | -d NAME",
        about: "name this position, or another one; -d removes a name",
        more: "Bookmarks are kept in the recording.",
        run: Quick(bookmarks::bookmark),
    },
    Command {
        name: "bookmarks",
        arguments: "",
        about: "all bookmarks, also those of faults, resets and panics",
        more: "By themselves come fault-1 (in front of the instruction that faults), reset-1 (in front of the reset), panic-1 and\n\
            assert-1 (where the firmware begins to print the message), and so on; 100 of each kind at most.",
        run: Long(bookmarks::list),
    },
    Command {
        name: "delete-bookmark",
        arguments: "NAME",
        about: "remove a bookmark",
        more: "",
        run: Quick(bookmarks::delete),
    },
    Command {
        name: "goto",
        arguments: "NAME",
        about: "the same as seek, for bookmarks",
        more: "",
        run: Quick(travel::seek),
    },
    Command {
        name: "replay_seek",
        arguments: "POSITION",
        about: "the same as seek",
        more: "",
        run: Quick(travel::seek),
    },
    Command {
        name: "replay_break",
        arguments: "POSITION",
        about: "stop at a position, travelling either way",
        more: "",
        run: Quick(travel::replay_break),
    },
    Command {
        name: "replay_delete_break",
        arguments: "[POSITION]",
        about: "remove one such stop, or all",
        more: "",
        run: Quick(travel::replay_delete_break),
    },
    Command {
        name: "reset",
        arguments: "[halt]",
        about: "go to icount 0",
        more: "",
        run: Quick(travel::reset),
    },
    Command {
        name: "halt",
        arguments: "",
        about: "nothing: whoever can type this has halted it",
        more: "",
        run: Quick(travel::halt),
    },
    Command {
        name: "fault",
        arguments: "",
        about: "explain the last fault before this position",
        more: "",
        run: Quick(reports::fault),
    },
    Command {
        name: "stepirq",
        arguments: "[skip|into]",
        about: "whether steps go over handlers of interrupts and of SVC (the default) or into them",
        more: "",
        run: Quick(travel::stepirq),
    },
];
