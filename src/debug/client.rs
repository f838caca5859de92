//! How to start gdb so that it is connected and behaves.

use std::{
    ffi::{OsStr, OsString},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// The programs that know Cortex-M, the better one first.
pub const PROGRAMS: [&str; 2] = ["arm-none-eabi-gdb", "gdb-multiarch"];

/// Commands for gdb's own command line: `seek` and `when`. To be written to a file that gdb can source.
pub const SCRIPT: &str = include_str!("untick.gdb");

/// There is no gdb.
#[derive(Debug, Error)]
#[error(
    "neither arm-none-eabi-gdb nor gdb-multiarch is in PATH; install one of them, or serve with --gdb :3333 and connect \
     your own debugger"
)]
pub struct NoGdb;

/// Finds a gdb in `path`, a list of directories like the variable PATH.
pub fn find(path: &OsStr) -> Result<PathBuf, NoGdb> {
    let directories: Vec<PathBuf> = std::env::split_paths(path).collect();
    let candidates = PROGRAMS.iter().flat_map(|program| directories.iter().map(move |dir| dir.join(program)));
    candidates.into_iter().find(|candidate| is_program(candidate)).ok_or(NoGdb)
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file() || path.with_extension("exe").is_file()
}

/// The arguments that connect gdb to a server at `server`, with the symbols of `elf`, after reading `script`.
pub fn arguments(server: SocketAddr, elf: Option<&Path>, script: Option<&Path>) -> Vec<OsString> {
    // A server on every interface is reached on this one.
    let host = match server.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    };
    let mut arguments: Vec<OsString> = vec![
        "-q".into(),
        // Code does not change: gdb reads it from the file, which makes a step ten times faster.
        "-ex".into(),
        "set trust-readonly-sections on".into(),
    ];
    if let Some(script) = script {
        arguments.extend(["-x".into(), script.into()]);
    }
    let connect = format!("target extended-remote {}", SocketAddr::new(host, server.port()));
    arguments.extend(["-ex".into(), connect.into()]);
    arguments.extend(elf.map(OsString::from));
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gdb_is_connected_where_the_server_listens() {
        let arguments = arguments("0.0.0.0:3333".parse().unwrap(), Some(Path::new("a b.elf")), None);
        let expected = [
            "-q",
            "-ex",
            "set trust-readonly-sections on",
            "-ex",
            "target extended-remote 127.0.0.1:3333",
            "a b.elf",
        ];
        assert_eq!(arguments, expected);
    }

    #[cfg(unix)]
    #[test]
    fn the_better_gdb_is_found_in_any_directory() {
        use std::os::unix::fs::PermissionsExt;
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = std::env::join_paths([first.path(), second.path()]).unwrap();
        assert!(find(&path).is_err());
        for (file, mode) in [
            (first.path().join("gdb-multiarch"), 0o755),
            (first.path().join("arm-none-eabi-gdb"), 0o644),
            (second.path().join("arm-none-eabi-gdb"), 0o755),
        ] {
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        assert_eq!(find(&path).unwrap(), second.path().join("arm-none-eabi-gdb"));
    }
}
