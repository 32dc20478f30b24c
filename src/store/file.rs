//! Reading a GeoPackage. SQLite answers in place, so rows are read without the copies and the channel between threads that
//! sqlx needs: a city of a million households loads in a fraction of the time. What writes is sqlx, as in PostGIS; both
//! share one SQLite in the process.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OpenFlags, types::ValueRef};

use super::{
    Error,
    failure::failed,
    reading::Reader,
    row::{Fields, Key, Select, damage},
    wkb::Stored,
};

/// How a file is opened to be read.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) path: PathBuf,
    /// Nobody can write it, not even a lock beside it.
    pub(super) immutable: bool,
    /// How long a writer of another process is waited for.
    pub(super) busy: Duration,
}

impl Opening {
    /// A connection that changes nothing.
    pub(super) fn connect(&self) -> Result<Connection, sqlx::Error> {
        let connection = if self.immutable {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            Connection::open_with_flags(format!("file:{}?immutable=1", in_uri(&self.path)), flags)
        } else {
            // To write, because a reader keeps its place in the -shm file; SQLite itself falls back to reading.
            Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        }
        .map_err(sqlite)?;
        connection.busy_timeout(self.busy).map_err(sqlite)?;
        // 8 MiB of pages: a street is read once, front to back.
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192").map_err(sqlite)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}

/// A path as SQLite wants it in a URI.
fn in_uri(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// Connections that wait for the next to read.
#[derive(Debug)]
pub(super) struct Readers {
    opening: Opening,
    /// `None` when closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(opening: Opening) -> Self {
        Self { opening, idle: Mutex::new(Some(Vec::new())) }
    }

    /// Runs a job on one state of the file. It blocks.
    pub(super) fn run<T>(&self, job: impl FnOnce(&mut Connection) -> Result<T, Error>) -> Result<T, Error> {
        let doing = || format!("reading from gpkg:{}", self.opening.path.display());
        let idle = match self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(idle) => idle.pop(),
            None => return Err(failed(doing)(sqlx::Error::PoolClosed)),
        };
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.opening.connect().map_err(failed(doing))?,
        };
        connection.execute_batch("BEGIN").map_err(|error| failed(doing)(sqlite(error)))?;
        let outcome = job(&mut connection)?;
        connection.execute_batch("ROLLBACK").map_err(|error| failed(doing)(sqlite(error)))?;
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            idle.push(connection);
        }
        Ok(outcome)
    }

    /// Closes the connections; one that is in use is closed when its job is done.
    pub(super) fn close(&self) {
        drop(self.idle.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Reader for Connection {
    type Row<'r> = rusqlite::Row<'r>;

    const ONE_BY_ONE: bool = false;

    async fn each<F>(&mut self, select: Select<'_>, mut take: F) -> Result<(), Error>
    where
        F: for<'r> FnMut(&rusqlite::Row<'r>) -> Result<(), Error> + Send,
    {
        let failing = |error| failed(|| format!("reading {}", select.table))(sqlite(error));
        let mut statement = self.prepare_cached(&select.sql).map_err(failing)?;
        for (place, key) in (1_usize..).zip(&select.keys) {
            match key {
                Key::Text(text) => statement.raw_bind_parameter(place, text),
                Key::Integer(number) => statement.raw_bind_parameter(place, number),
            }
            .map_err(failing)?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failing)? {
            take(row)?;
        }
        Ok(())
    }
}

impl Fields for rusqlite::Row<'_> {
    fn optional_text(&self, column: usize) -> Result<Option<&str>, sqlx::Error> {
        match self.get_ref(column).map_err(sqlite)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => std::str::from_utf8(text).map(Some).map_err(damage),
            other => Err(unexpected("text", column, other)),
        }
    }

    fn optional_integer(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        match self.get_ref(column).map_err(sqlite)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number)),
            other => Err(unexpected("an integer", column, other)),
        }
    }

    fn boolean(&self, column: usize) -> Result<bool, sqlx::Error> {
        Ok(self.integer::<i64>(column)? != 0)
    }

    fn optional_time(&self, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
        self.optional_text(column)?.map(|text| text.parse().map_err(damage)).transpose()
    }

    fn optional_date(&self, column: usize) -> Result<Option<Date>, sqlx::Error> {
        self.optional_text(column)?.map(|text| text.parse().map_err(damage)).transpose()
    }

    fn stored_shape(&self, column: usize) -> Result<Stored<'_>, sqlx::Error> {
        match self.get_ref(column).map_err(sqlite)? {
            ValueRef::Blob(blob) => Ok(Stored::Gpkg(blob)),
            other => Err(unexpected("a geometry", column, other)),
        }
    }
}

fn unexpected(wanted: &str, column: usize, found: ValueRef<'_>) -> sqlx::Error {
    damage(format!("column {column} holds {} instead of {wanted}", found.data_type()))
}

/// SQLite's error as sqlx would give it, so that it is told in the same way.
pub(super) fn sqlite(error: rusqlite::Error) -> sqlx::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => {
            let message = message.unwrap_or_else(|| code.to_string());
            sqlx::Error::Database(Box::new(Failure { code: code.extended_code, message }))
        }
        other => sqlx::Error::Protocol(other.to_string()),
    }
}

/// SQLite's message and extended result code.
#[derive(Debug, thiserror::Error)]
#[error("(code: {code}) {message}")]
struct Failure {
    code: i32,
    message: String,
}

impl sqlx::error::DatabaseError for Failure {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> sqlx::error::ErrorKind {
        sqlx::error::ErrorKind::Other
    }
}
