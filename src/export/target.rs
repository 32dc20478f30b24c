//! Files that are there whole or not at all.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A file being written beside its place; it takes its place when it is whole, and leaves no trace when it is not.
///
/// A device or a pipe has no place to be taken: it is written to as it is. A link stays; the file it leads to is replaced.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    /// `None` for what is written to directly.
    beside: Option<PathBuf>,
    file: Option<BufWriter<File>>,
}

impl Target {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// When the folder is not there or not writable.
    pub fn create(path: &Path) -> io::Result<Self> {
        let buffered = |file| Some(BufWriter::with_capacity(1 << 20, file));
        if is_special(path) {
            // Appending: what a shell's redirection of /dev/stdout holds already stays.
            let file = OpenOptions::new().append(true).open(path).map_err(|error| naming(path, &error))?;
            return Ok(Self { path: path.to_owned(), beside: None, file: buffered(file) });
        }
        let is_link = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
        let place = if is_link { std::fs::canonicalize(path).map_err(|error| naming(path, &error))? } else { path.to_owned() };
        let beside = beside(&place)?;
        if let Some(folder) = place.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            let why = format!("{}: the folder {} does not exist; create it first", path.display(), folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        let file = File::create_new(&beside).map_err(|error| naming(path, &error))?;
        Ok(Self { path: place, beside: Some(beside), file: buffered(file) })
    }

    /// Puts the file in its place, durably.
    ///
    /// # Errors
    /// When the disk is full or the place cannot be taken; then nothing is left behind and what was there before stays.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let file = file.into_inner().map_err(|error| naming(&self.path, error.error()))?;
        let Some(beside) = &self.beside else { return Ok(()) };
        file.sync_all().map_err(|error| naming(&self.path, &error))?;
        std::fs::rename(beside, &self.path).map_err(|error| naming(&self.path, &error))
    }
}

/// Whether what is at `path` is no file of its own: a device, a pipe, a folder (which then refuses to be opened), or the system's
/// name for an open file, such as /dev/stdout.
fn is_special(path: &Path) -> bool {
    let is_system = || path.is_absolute() && ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder));
    std::fs::metadata(path)
        .is_ok_and(|meta| !meta.is_file() || std::fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink()) && is_system())
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
        if let Some(beside) = &self.beside {
            let _ = std::fs::remove_file(beside);
        }
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

    #[cfg(unix)]
    #[test]
    fn a_pipe_a_device_and_a_link_stay_what_they_are() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        let put = |path: &Path| {
            let mut target = Target::create(path).unwrap();
            target.write_all(b"whole").unwrap();
            target.finish().unwrap();
        };
        put(&pipe);
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(reader.join().unwrap(), b"whole");
        // Through a link in a folder of ours, so that a failure costs no real device.
        let (null, link, real) = (dir.path().join("null"), dir.path().join("link"), dir.path().join("real"));
        symlink("/dev/null", &null).unwrap();
        symlink(&real, &link).unwrap();
        std::fs::write(&real, "before").unwrap();
        put(&null);
        put(&link);
        assert!(std::fs::symlink_metadata(&null).unwrap().is_symlink() && std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&real).unwrap(), b"whole");
    }
}
