//! Standard output and standard error: a reader that has gone away is no failure, a full disk is one with a plain message.

use std::io::{self, Write};

use anyhow::Context;

/// Writes a command's result to standard output.
///
/// # Errors
/// When it cannot be written, unless the reader has seen enough (`… | head`).
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    seen_enough(out.write_all(text.as_bytes()).and_then(|()| out.flush())).context("cannot write to standard output")
}

/// A closed pipe as the success it is: the reader wanted no more.
///
/// # Errors
/// Any other failure.
pub fn seen_enough(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Tells the user something on standard error. Nobody listening is no failure.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
