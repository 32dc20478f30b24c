//! Areas, groups, households and issues as files.
//!
//! In: a snapshot and an area code. Out: GeoJSON (RFC 7946), CSV, an indexed GeoPackage, streamed.
//! **Invariant:** the same snapshot, scope and format give the same bytes, from whichever store the snapshot was loaded.
//!
//! [`Records::select`] lists what is in scope without building it; a format walks the list and writes one record at a time, so
//! memory holds the list (a few bytes a record), never the file.

mod csv;
mod geojson;
mod records;
mod report;
mod tally;
mod target;

pub use csv::write_csv;
pub use geojson::{Json, write_feature, write_geojson, write_geojson_seq, write_position};
pub use records::{Geometry, Record, Records, Set};
pub use report::{write_report_csv, write_report_json};
pub use tally::{Tally, tally};
pub use target::Target;

use jiff::civil::Date;

use crate::model::Code;

/// What is asked for: an area (everything whose code begins with it; `None` is all) on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The area; a county, street, community, cell or group code.
    pub area: Option<Code>,
    /// The day whose plans in force count.
    pub as_of: Date,
}

impl Scope {
    /// Whether a code is in scope.
    pub fn admits(&self, code: &Code) -> bool {
        self.area.as_ref().is_none_or(|area| code.is_within(area))
    }

    /// Whether an area of this code may hold something in scope: it is in scope itself, or the scope lies within it.
    pub fn touches(&self, code: &Code) -> bool {
        self.area.as_ref().is_none_or(|area| code.is_within(area) || area.is_within(code))
    }
}

/// Why nothing, or not all, was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No area of that code on that day.
    #[error("no area {0} is in force on that day; the codes there are: `wangge export streets --format csv`")]
    NoSuchArea(Code),
    /// The target cannot be written: disk full, pipe closed, …
    #[error("cannot write")]
    Write(#[from] std::io::Error),
    /// The set has no such format.
    #[error("{set} cannot be written as {format}")]
    Format {
        /// The set's name.
        set: &'static str,
        /// The format's name.
        format: &'static str,
    },
}

impl From<::csv::Error> for Error {
    fn from(error: ::csv::Error) -> Self {
        match error.into_kind() {
            // Not `error.into()`: that would hide what kind of failure it was.
            ::csv::ErrorKind::Io(error) => Self::Write(error),
            other => Self::Write(std::io::Error::other(format!("{other:?}"))),
        }
    }
}
