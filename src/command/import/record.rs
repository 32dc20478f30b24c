//! `--report FILE`: written beside its place, and never over what is read.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail};
use wangge::{export::Target, import::Report, store};

/// A report file being written. It takes its place with [`Record::finish`].
pub struct Record {
    path: PathBuf,
    file: Arc<Mutex<Place>>,
}

enum Place {
    File(Target),
    Special(File),
}

impl Record {
    /// Begins the file, and the report that fills it. `inputs` and the database must not be the file.
    pub fn create(path: &Path, inputs: &[PathBuf], database: &str) -> anyhow::Result<(Self, Report)> {
        if let Some(same) = inputs.iter().find(|input| store::is_same_file(input, path)) {
            bail!("--report {} would overwrite {}, which this import needs; name another file", path.display(), same.display());
        }
        if store::owns_file(database, path) {
            bail!("--report {} would overwrite the database; name another file", path.display());
        }
        // A device or a pipe has no place to be taken: it is written to as it is.
        let is_special = std::fs::metadata(path).is_ok_and(|meta| !meta.is_file());
        let place =
            if is_special { OpenOptions::new().write(true).open(path).map(Place::Special) } else { Target::create(path).map(Place::File) };
        let file = Arc::new(Mutex::new(place.with_context(|| format!("cannot write the report to {}", path.display()))?));
        let report = Report::write_problems_to(Shared(file.clone()));
        Ok((Self { path: path.to_owned(), file }, report))
    }

    /// Completes the report and puts the file in its place.
    pub fn finish(self, report: &mut Report) -> anyhow::Result<()> {
        let written = report.finish();
        let put = || match Arc::into_inner(self.file).map(|file| file.into_inner().unwrap_or_else(PoisonError::into_inner)) {
            Some(Place::File(target)) => target.finish(),
            Some(Place::Special(_)) | None => Ok(()),
        };
        written.and_then(|()| put()).with_context(|| format!("cannot write the report to {}", self.path.display()))
    }
}

struct Shared(Arc<Mutex<Place>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Place::File(target) => target.write(bytes),
            Place::Special(file) => file.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Place::File(target) => target.flush(),
            Place::Special(file) => file.flush(),
        }
    }
}
