//! The error numbers that SYS_ERRNO answers: those of Linux, which newlib and picolibc share below 35.

use std::io;

use crate::words::BusFault;

/// Why a call failed, as a C library's `errno`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Errno(pub u32);

impl Errno {
    pub const NOT_PERMITTED: Errno = Errno(1);
    pub const INPUT_OUTPUT: Errno = Errno(5);
    pub const BAD_HANDLE: Errno = Errno(9);
    pub const ACCESS: Errno = Errno(13);
    pub const BAD_ADDRESS: Errno = Errno(14);
    pub const INVALID: Errno = Errno(22);
    pub const TOO_MANY_FILES: Errno = Errno(24);
    pub const TOO_LARGE: Errno = Errno(27);
    pub const NOT_SEEKABLE: Errno = Errno(29);
    pub const NAME_TOO_LONG: Errno = Errno(36);
    pub const NO_SUCH_CALL: Errno = Errno(38);
}

impl From<BusFault> for Errno {
    fn from(_: BusFault) -> Errno {
        Errno::BAD_ADDRESS
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Errno {
        let number = error.raw_os_error().and_then(|number| u32::try_from(number).ok());
        number.map_or(Errno::INPUT_OUTPUT, Errno)
    }
}
