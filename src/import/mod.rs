//! Files to records, with a report that counts every bad one.
//!
//! In: OSM PBF, a survey folder, GeoJSON, CSV. Out: [`Records`] and a [`Report`]; [`diff`] turns records into the changes
//! that lead from what is stored to what was read.
//! **Invariant:** a bad record is counted with file, line and reason and left out; only a broken file aborts, and nothing
//! here writes to a store.

pub mod boundaries;
pub mod diff;
pub mod estimate;
pub mod households;
pub mod issues;
pub mod osm;
pub mod report;
pub mod rules;
pub mod survey;

mod feature;
mod json;
mod place;
mod shape;
mod table;

use std::path::{Path, PathBuf};

pub use diff::{Records, Rows};
pub use report::{Problem, Reason, Report};
pub use shape::{Enclosure, shared_m2};
pub use table::{TableOptions, detect_delimiter};

use crate::geometry::crs;
use report::printable;

/// Why an import ends without records. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("{}", unreadable(file, source))]
    Io {
        /// Which file.
        file: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The file has no content.
    #[error("{} is empty; export it again", .0.display())]
    Empty(PathBuf),
    /// The file is cut off, damaged or of another kind.
    #[error("{}{}: {why}", file.display(), line.map_or(String::new(), |line| format!(", line {line}")), why = printable(why))]
    Broken {
        /// Which file.
        file: PathBuf,
        /// Line, from 1, where the file has lines.
        line: Option<u64>,
        /// What is wrong and what to do.
        why: String,
    },
    /// The file was read, but no record of it can be used.
    #[error("{}: {}{}", file.display(), unusable(*read, kind), first.as_ref().map_or(String::new(), |first| format!("; the first: {first}")))]
    NothingUsable {
        /// Which file.
        file: PathBuf,
        /// What was looked for.
        kind: &'static str,
        /// Records read.
        read: usize,
        /// The first problem.
        first: Option<String>,
    },
    /// The CRS is unknown, or none is named where one must be.
    #[error("{}: {}", file.display(), printable(why))]
    Crs {
        /// Which file.
        file: PathBuf,
        /// What is wrong and what to do.
        why: String,
    },
    /// The CSV has not the columns that are needed.
    #[error("{}: no column {missing}; the file has {}; name it with --map {example}=COLUMN", file.display(), printable(&have.join(", ")))]
    NoColumn {
        /// Which file.
        file: PathBuf,
        /// The column or the alternatives looked for.
        missing: String,
        /// A field for `--map`.
        example: &'static str,
        /// The header.
        have: Vec<String>,
    },
    /// `--map` names something that does not exist.
    #[error("--map {field}={column}: {}", printable(why))]
    Map {
        /// The field.
        field: String,
        /// The column.
        column: String,
        /// What is wrong.
        why: String,
    },
    /// The area asked for is not in the map.
    #[error("{}", printable(.0))]
    Area(String),
    /// The street must be in the store before this file can be read.
    #[error("{0}")]
    NoStreet(String),
}

/// The words for a file that cannot be read; the system's own follow as the source.
fn unreadable(file: &Path, source: &std::io::Error) -> String {
    match source.kind() {
        std::io::ErrorKind::NotFound => format!("{} is not there; check the path", file.display()),
        std::io::ErrorKind::PermissionDenied => format!("{} may not be read; check its permissions", file.display()),
        _ => format!("{} cannot be read", file.display()),
    }
}

fn unusable(read: usize, kind: &str) -> String {
    if read == 0 { format!("there are no {kind} in it, not one row or feature") } else { format!("none of {read} {kind} could be used") }
}

impl Error {
    fn io(file: &Path, source: std::io::Error) -> Self {
        Self::Io { file: file.to_owned(), source }
    }

    fn broken(file: &Path, line: Option<u64>, why: impl Into<String>) -> Self {
        Self::Broken { file: file.to_owned(), line, why: why.into() }
    }

    fn crs(file: &Path, error: &crs::Error) -> Self {
        Self::Crs { file: file.to_owned(), why: error.to_string() }
    }
}

/// How far a file has been read.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The file, and the pass where there are several.
    pub doing: &'a str,
    /// Bytes done.
    pub done: u64,
    /// Bytes of the whole.
    pub total: u64,
}

/// What a run of an import carries along: the report, and who is told how far it is.
pub struct Intake<'a> {
    /// The report.
    pub report: Report,
    progress: Box<dyn FnMut(Progress<'_>) + Send + 'a>,
}

impl<'a> Intake<'a> {
    /// A run with a report and a listener for progress.
    pub fn new(report: Report, progress: impl FnMut(Progress<'_>) + Send + 'a) -> Self {
        Self { report, progress: Box::new(progress) }
    }

    /// A run nobody watches.
    pub fn quiet() -> Self {
        Self::new(Report::default(), |_| ())
    }

    /// The report, when the run is over.
    pub fn into_report(self) -> Report {
        self.report
    }

    fn progress(&mut self, doing: &str, done: u64, total: u64) {
        (self.progress)(Progress { doing, done, total });
    }

    /// Fails when records of a kind were read and none was kept.
    fn require(&self, file: &Path, kind: &'static str) -> Result<(), Error> {
        let count = self.report.count(kind);
        if count.kept > 0 {
            return Ok(());
        }
        let first = self.report.problems().iter().find(|problem| problem.kind == kind).map(Problem::to_string);
        Err(Error::NothingUsable { file: file.to_owned(), kind, read: count.read, first })
    }
}
