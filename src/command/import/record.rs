//! `--report FILE`: written beside its place, and never over what is read.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail};
use wangge::{export::Target, import::Report, store};

/// A report file being written. It takes its place with [`Record::finish`].
pub struct Record {
    path: PathBuf,
    file: Arc<Mutex<Target>>,
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
        let target = Target::create(path).with_context(|| format!("cannot write the report to {}", path.display()))?;
        let file = Arc::new(Mutex::new(target));
        let report = Report::write_problems_to(Shared(file.clone()));
        Ok((Self { path: path.to_owned(), file }, report))
    }

    /// Completes the report and puts the file in its place.
    pub fn finish(self, report: &mut Report) -> anyhow::Result<()> {
        let written = report.finish();
        let put = || match Arc::into_inner(self.file).map(|file| file.into_inner().unwrap_or_else(PoisonError::into_inner)) {
            Some(target) => target.finish(),
            None => Ok(()),
        };
        written.and_then(|()| put()).with_context(|| format!("cannot write the report to {}", self.path.display()))
    }
}

struct Shared(Arc<Mutex<Target>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}
