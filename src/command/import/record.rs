//! `--report FILE`: written beside its place, and never over what is read.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail};
use wangge::{export::Target, import::Report};

/// A report file being written. It takes its place with [`Record::finish`].
pub struct Record {
    path: PathBuf,
    file: Arc<Mutex<Target>>,
}

impl Record {
    /// Begins the file, and the report that fills it. `inputs` and the database must not be the file.
    pub fn create(path: &Path, inputs: &[PathBuf], database: &str) -> anyhow::Result<(Self, Report)> {
        let mut kept = inputs.to_vec();
        if let Some(database) = database.strip_prefix("gpkg:") {
            kept.extend(["", "-wal", "-shm", "-journal"].map(|end| PathBuf::from(format!("{database}{end}"))));
        }
        if let Some(same) = kept.iter().find(|kept| is_same(kept, path)) {
            bail!("--report {} would overwrite {}, which this import needs; name another file", path.display(), same.display());
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

/// Whether two paths name one file, also through links and `..`.
fn is_same(a: &Path, b: &Path) -> bool {
    let (Some(a), Some(b)) = (real(a), real(b)) else { return a == b };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let inode = |path: &Path| std::fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
        if inode(&a).is_some() && inode(&a) == inode(&b) {
            return true;
        }
    }
    a == b
}

/// The path without links; of a file that is to come, its folder's.
fn real(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(std::fs::canonicalize(folder).ok()?.join(path.file_name()?))
    })
}
