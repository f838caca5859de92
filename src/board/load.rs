//! Reading a board: its file, those that it names, and what must be true of them.

use std::{path::Path, sync::Arc};

use include_dir::Dir;

use super::{
    Board, BoardError, FILES, Sources, bind,
    chip::{self, value},
    extend,
    file::BoardFile,
    ranges,
};
use crate::{core::Architecture, peripherals::Policy, svd::Svd};

impl Board {
    pub(super) fn read(file_name: &str, text: &str, beside: Option<&Path>) -> Result<Board, BoardError> {
        Board::read_with(file_name, text, beside, None)
    }

    /// Reads a board file, with another SVD file than the one that it names.
    pub(super) fn read_with(
        file_name: &str,
        text: &str,
        beside: Option<&Path>,
        other_svd: Option<&Path>,
    ) -> Result<Board, BoardError> {
        let fetch = |name: &str, directory: &Dir<'_>| -> Result<(Option<String>, bool), BoardError> {
            if let Some(path) = beside.map(|beside| beside.join(name)).filter(|path| path.is_file()) {
                return Ok((Some(read(&path)?), false));
            }
            let built_in = directory.get_file(name).and_then(|file| file.contents_utf8());
            Ok((built_in.map(str::to_owned), true))
        };
        let base = |name: &str| {
            let file = format!("{name}.toml");
            let unknown = || BoardError::NoFile { board: file_name.to_owned(), file: file.clone() };
            fetch(&file, &FILES)?.0.ok_or_else(unknown)
        };
        let text = &extend::resolve(file_name, text, &base)?;
        let mut file = parse(file_name, text)?;
        let missing = |name: &str| BoardError::NoFile { board: file_name.to_owned(), file: name.to_owned() };
        let chip = fetch(&file.chip_file, &FILES)?.0.ok_or_else(|| missing(&file.chip_file))?;
        let svd = match (other_svd, &file.svd) {
            (Some(path), _) => {
                let text = read(path)?;
                file.family_svd = file.svd.take().filter(|name| Svd::files().contains(name));
                file.svd = Some(path.display().to_string());
                Some((text, false))
            }
            (None, Some(name)) => {
                let (text, built_in) = fetch(name, Svd::files())?;
                Some((text.ok_or_else(|| missing(name))?, built_in))
            }
            (None, None) => None,
        };
        let own = svd.as_ref().filter(|(_, built_in)| !built_in).map(|(text, _)| text.clone());
        let svd = svd.map(|(text, _)| Svd::parse(&text)).transpose();
        let svd = svd.map_err(|cause| BoardError::Svd { board: file.name.clone(), cause })?;
        Board::assemble(Sources { board: text.to_owned(), chip, svd: own }, file, svd)
    }

    pub(super) fn assemble(
        mut sources: Sources,
        mut file: BoardFile,
        svd: Option<Svd>,
    ) -> Result<Board, BoardError> {
        let chip = chip::find(&file, &sources.chip)?;
        chip::check_core(&file, &chip)?;
        let regions = chip::regions(&file, &chip)?;
        // One in a trace may be another version's; a replay has no models.
        let family = file.family_svd.as_deref().and_then(|name| Svd::built_in(name).ok());
        let mut bindings = Vec::new();
        if let (true, Some(svd)) = (file.bind, &svd) {
            let explicit = file.device.len();
            if let Some(family) = &family {
                bind::bind(&mut file, explicit, family, &regions);
            }
            bindings = bind::bind(&mut file, explicit, svd, &regions);
            // A trace has what came of it: another version may have other models.
            file.bind = false;
            sources.board = toml::to_string(&file).expect("a board file that was read can be written");
        }
        let devices = ranges::devices(&file, svd.as_ref(), &regions);
        let board = Board {
            sources,
            file,
            regions,
            devices,
            svd: svd.map(Arc::new),
            family,
            bindings,
            policy: Policy::default(),
            steps: Vec::new(),
            parts: Vec::new(),
        };
        board.check()?;
        board.build_bus()?;
        Ok(board)
    }

    fn check(&self) -> Result<(), BoardError> {
        let file = &self.file;
        let bad = |field, problem: &str| Err(value(file, field, problem.to_owned()));
        if file.clock_hz == 0 {
            return bad("clock-hz", "is 0; it must be at least 1");
        }
        if file.systick_reference_divider == Some(0) {
            return bad("systick-reference-divider", "is 0; leave it out if there is no reference clock");
        }
        let v6m = file.core.architecture() == Architecture::V6M;
        if v6m && file.interrupts > 32 {
            return bad("interrupts", "is more than 32, which no NVIC of Armv6-M has");
        }
        if file.interrupts > 240 {
            return bad("interrupts", "is more than 240, which no NVIC has");
        }
        if v6m && file.priority_bits != 2 {
            return bad("priority-bits", "must be 2 on Armv6-M");
        }
        if !v6m && !(3..=8).contains(&file.priority_bits) {
            return bad("priority-bits", "must be 3 to 8");
        }
        if file.mpu_regions.is_some_and(|regions| !matches!(regions, 0 | 8 | 12 | 16)) {
            return bad("mpu-regions", "must be 0, 8, 12 or 16");
        }
        let ends = |base: u32, size: u32| base.checked_add(size.max(1) - 1).is_some();
        if !file.peripheral_alias.iter().all(|row| ends(row.at, row.size) && ends(row.of, row.size)) {
            return bad("peripheral-alias", "must lie in 32 bits");
        }
        if let Some(console) = &file.console
            && !file.device.iter().any(|row| row.name == *console)
        {
            return bad("console", &format!("is {console:?}, which is no device of the board"));
        }
        Ok(())
    }
}

pub(super) fn built_in(file: &str) -> Option<&'static str> {
    FILES.get_file(file)?.contents_utf8()
}

pub(super) fn read(path: &Path) -> Result<String, BoardError> {
    std::fs::read_to_string(path).map_err(|cause| BoardError::Read { path: path.to_owned(), cause })
}

pub(super) fn parse(file: &str, text: &str) -> Result<BoardFile, BoardError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count() + 1;
        let message = error.message().replace('\n', "; ");
        BoardError::Toml { file: file.to_owned(), line, message }
    })
}
