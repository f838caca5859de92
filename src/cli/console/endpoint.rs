//! Where the lines of devices lead.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{file::FileEnd, input::Input, pty::Pty, tcp::Tcp};
use crate::cli::{interrupt::Interrupt, show};

/// The other end of a device's line.
pub trait Endpoint {
    /// Takes what the device sends.
    fn send(&mut self, bytes: &[u8]);

    /// Where bytes for the device arrive, if they can.
    fn input(&mut self) -> Option<&mut Input> {
        None
    }

    /// Does what should not wait longer.
    fn refresh(&mut self) {}
}

/// Where a line leads, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// To standard output.
    Stdout,
    /// There, and what is typed goes to the device.
    Stdio,
    /// Nowhere.
    Null,
    /// To a new file.
    File(PathBuf),
    /// To whoever connects to this address.
    Tcp(String),
    /// To a pseudo terminal.
    Pty,
}

/// A device's name and where its line leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// The name.
    pub device: String,
    /// Where to.
    pub to: Where,
}

/// What becomes of what a device sends.
pub enum Route {
    /// It is shown.
    Screen,
    /// It is lost.
    Nowhere,
    /// Somebody gets it.
    Line(Box<dyn Endpoint>),
}

/// Connects devices. Files are created last, when nothing else can go wrong, and none over a file in `precious`.
pub fn connect(
    wires: &[Wire],
    precious: &[&Path],
    interrupt: &Interrupt,
) -> anyhow::Result<BTreeMap<String, Route>> {
    check(wires, precious)?;
    let mut routes = BTreeMap::new();
    let (files, others): (Vec<_>, Vec<_>) = wires.iter().partition(|wire| matches!(wire.to, Where::File(_)));
    for Wire { device, to } in others.into_iter().chain(files) {
        let route = open(device, to, interrupt).with_context(|| device.clone())?;
        routes.insert(device.clone(), route);
    }
    Ok(routes)
}

fn open(device: &str, to: &Where, interrupt: &Interrupt) -> anyhow::Result<Route> {
    Ok(match to {
        Where::Stdout | Where::Stdio => Route::Screen,
        Where::Null => Route::Nowhere,
        Where::File(path) => Route::Line(Box::new(FileEnd::create(path, interrupt.clone())?)),
        Where::Tcp(address) => {
            let (tcp, address) = Tcp::listen(address)?;
            show::say(&format!("{device} listens at {address}"));
            Route::Line(Box::new(tcp))
        }
        Where::Pty => {
            let (pty, path) = Pty::open()?;
            show::say(&format!("{device} is the terminal {}", path.display()));
            Route::Line(Box::new(pty))
        }
    })
}

fn check(wires: &[Wire], precious: &[&Path]) -> anyhow::Result<()> {
    let typed = wires.iter().filter(|wire| wire.to == Where::Stdio).map(|wire| wire.device.as_str());
    let typed: Vec<&str> = typed.collect();
    if typed.len() > 1 {
        bail!("what is typed can go to one device, not to {}", typed.join(" and "));
    }
    for (index, Wire { device, to }) in wires.iter().enumerate() {
        if wires[..index].iter().any(|other| other.device == *device) {
            bail!("{device} is connected twice");
        }
        let Where::File(path) = to else { continue };
        if precious.iter().any(|other| is_same(path, other)) {
            bail!("{device}: {} is read or written by this very run; name another file", path.display());
        }
        if wires[..index].iter().any(|other| other.to == *to) {
            bail!("{device}: {} gets what another device sends; name another file", path.display());
        }
    }
    Ok(())
}

/// Whether two paths lead to the same file, which need not be there.
fn is_same(a: &Path, b: &Path) -> bool {
    let full = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    matches!((full(a), full(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(wires: &[(&str, Where)]) -> String {
        let wire = |(device, to): &(&str, Where)| Wire { device: (*device).to_owned(), to: to.clone() };
        let wires: Vec<Wire> = wires.iter().map(wire).collect();
        check(&wires, &[Path::new("a.elf")]).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let file = |path: &str| Where::File(path.into());
        assert_eq!(refused(&[("uart0", Where::Stdio), ("uart1", file("a.txt"))]), "");
        assert!(refused(&[("uart0", Where::Stdio), ("uart1", Where::Stdio)]).contains("uart0 and uart1"));
        assert!(refused(&[("uart0", Where::Null), ("uart0", Where::Pty)]).contains("twice"));
        assert!(refused(&[("uart0", file("./a.elf"))]).contains("this very run"));
        assert!(refused(&[("uart0", file("x")), ("uart1", file("x"))]).contains("another device"));
    }
}
