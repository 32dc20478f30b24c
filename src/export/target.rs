//! Files that are there whole or not at all.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A file being written beside its place; it takes its place when it is whole, and leaves no trace when it is not.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    beside: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Target {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// When the folder is not there or not writable.
    pub fn create(path: &Path) -> io::Result<Self> {
        let beside = beside(path)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            let why = format!("{}: the folder {} does not exist; create it first", path.display(), folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        let file = File::create_new(&beside).map_err(|error| naming(path, &error))?;
        Ok(Self { path: path.to_owned(), beside, file: Some(BufWriter::with_capacity(1 << 20, file)) })
    }

    /// Puts the file in its place, durably.
    ///
    /// # Errors
    /// When the disk is full or the place cannot be taken; then nothing is left behind and what was there before stays.
    pub fn finish(mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            let file = file.into_inner().map_err(|error| naming(&self.path, error.error()))?;
            file.sync_all().map_err(|error| naming(&self.path, &error))?;
        }
        std::fs::rename(&self.beside, &self.path).map_err(|error| naming(&self.path, &error))
    }
}

/// A name in the same folder, so that the renaming is atomic.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{} names no file", path.display())));
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(hidden))
}

fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // After `finish` the name is free already; after a failure the half-written file goes.
        drop(self.file.take());
        let _ = std::fs::remove_file(&self.beside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.csv");
        let names = || std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        let mut half = Target::create(&path).unwrap();
        half.write_all(b"half").unwrap();
        drop(half);
        assert!(names().is_empty());
        let mut whole = Target::create(&path).unwrap();
        whole.write_all(b"whole").unwrap();
        assert!(!path.exists());
        whole.finish().unwrap();
        assert_eq!((std::fs::read(&path).unwrap().as_slice(), names().len()), (&b"whole"[..], 1));
        let error = Target::create(&dir.path().join("no/such/folder.csv")).unwrap_err().to_string();
        assert!(error.contains("no/such does not exist") && !error.contains(".part"), "{error}");
        assert!(Target::create(Path::new("/")).is_err());
    }
}
