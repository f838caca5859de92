//! GDB: served at an address, or started in front of the user.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use anyhow::Context;
use untick::{
    debug::{self, Names, Server, client},
    fault::Fault,
    image::{Image, Symbols},
};

use super::{interrupt::Interrupt, session, show};

/// Takes the port, so that an occupied one is found before anything else is done.
pub fn listen(address: Option<&str>) -> anyhow::Result<Server> {
    Ok(Server::bind(address.unwrap_or("127.0.0.1:0"))?)
}

/// Serves one GDB after the other until Ctrl-C.
pub fn serve(
    server: &Server,
    debuggee: &mut dyn debug::Debuggee,
    symbols: &Symbols,
    names: &Names<'_>,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let address = server.address();
    show::say(&format!("waiting for GDB; connect with: target extended-remote {address}"));
    let mut log = |event: &debug::Event| show::say(&event.to_string());
    with_options(symbols, names, interrupt, |options| Ok(server.serve(debuggee, options, &mut log)?))
}

/// Starts GDB in the foreground, connected and with the firmware's symbols, and ends with it.
pub fn debug(
    server: &Server,
    debuggee: &mut dyn debug::Debuggee,
    image: &Image,
    symbols: &Symbols,
    names: &Names<'_>,
    interrupt: &Interrupt,
    more_arguments: &[OsString],
) -> anyhow::Result<()> {
    let program = client::find(&std::env::var_os("PATH").unwrap_or_default())?;
    let scratch = Scratch::new()?;
    let script = scratch.file("untick.gdb", client::SCRIPT.as_bytes())?;
    let elf = match image.file.starts_with(b"\x7fELF") {
        true => Some(scratch.file(&elf_name(&image.origin), &image.file)?),
        false => None,
    };
    let mut arguments = client::arguments(server.address(), elf.as_deref(), Some(&script));
    if more_arguments.is_empty() {
        // Nobody has told GDB what to do: a person will.
        arguments.extend(["-ex".into(), "monitor hints".into()]);
    }
    let child = Command::new(&program)
        .args(arguments)
        .args(more_arguments)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let watcher = end_with(child, interrupt.clone());
    // Connections come and go in silence here: the terminal is GDB's.
    let served = with_options(symbols, names, interrupt, |options| {
        Ok(server.serve(debuggee, options, &mut |_| ())?)
    });
    // Without a server GDB goes on in front of the user, who ends it.
    let ended = watcher.join();
    served?;
    ended.ok().context("lost sight of GDB")?.with_context(|| format!("{} ended badly", program.display()))
}

/// Asks for the end of the server as soon as GDB has ended.
fn end_with(mut gdb: Child, interrupt: Interrupt) -> thread::JoinHandle<std::io::Result<()>> {
    thread::spawn(move || {
        let status = gdb.wait();
        interrupt.request();
        status.map(drop)
    })
}

fn with_options(
    symbols: &Symbols,
    names: &Names<'_>,
    interrupt: &Interrupt,
    serve: impl FnOnce(&debug::Options<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let report = |fault: &Fault, debuggee: &dyn debug::Debuggee| {
        session::fault_report(fault, debuggee, symbols).to_string()
    };
    serve(&debug::Options {
        once: false,
        shutdown: interrupt.flag(),
        pressed: interrupt.pressed(),
        names,
        fault_report: &report,
    })
}

/// The file name that GDB shows; nothing else of a name that came with somebody's trace.
fn elf_name(origin: &str) -> String {
    let name = Path::new(origin).file_name().map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| !name.starts_with('-') && name != "untick.gdb")
        .unwrap_or_else(|| "firmware.elf".into())
}

/// A directory of our own for what GDB reads from files. Gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Scratch> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("untick-{}-{number}", std::process::id()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // A directory that is there already is not ours: this fails.
        builder.create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Scratch(path))
    }

    fn file(&self, name: &str, content: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is a few files in the temporary directory.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_directory_is_gone_with_its_files() {
        let scratch = Scratch::new().unwrap();
        let file = scratch.file("a.elf", b"content").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"content");
        let directory = scratch.0.clone();
        drop(scratch);
        assert!(!directory.exists());
    }

    #[test]
    fn a_name_from_a_trace_stays_a_name() {
        assert_eq!(elf_name("target/app.elf"), "app.elf");
        assert_eq!(elf_name("../../etc/passwd"), "passwd");
        for name in ["", "..", "/", "-ex", "a/--args", "untick.gdb"] {
            assert_eq!(elf_name(name), "firmware.elf", "{name:?}");
        }
    }
}
