//! Where the data rests: one small trait, one repository text, two drivers (GeoPackage on SQLite, PostGIS).
//!
//! In: change sets against an expected version. Out: the world, a street, the change log.
//! **Invariant:** only this room names sqlx. A commit is one transaction: all of it is visible, with the next version, or none.

mod copy;
mod delta;
mod edit_rows;
mod failure;
mod file;
mod gpkg;
mod places;
mod plan_rows;
mod postgis;
mod reading;
mod records;
mod repository;
mod row;
mod rtree;
mod step;
mod url;
mod watch;
mod wkb;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use futures::future::BoxFuture;

use self::url::Target;
use crate::model::{ChangeNote, ChangeSet, Code, Delta, LoggedEdit, PlanId, StreetData, Version, World};

/// What can go wrong in a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database URL is not understood.
    #[error("database URL {0} is not understood; use gpkg:PATH or postgres://…")]
    Url(String),
    /// Somebody else committed first.
    #[error(
        "street {street} is at version {actual}, not {expected}: it was changed by somebody else in the meantime; load it again and repeat"
    )]
    Conflict {
        /// The street.
        street: Code,
        /// What the caller thought.
        expected: Version,
        /// What the store has.
        actual: Version,
    },
    /// The database was made by a newer Wangge.
    #[error("{database} was made by a newer version of Wangge (schema {found}, this program knows {known}); install that version or newer")]
    Newer {
        /// Which database.
        database: String,
        /// Its schema number.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A file that cannot be used as a database, or not where it is.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: String,
        /// Why, and what to do.
        why: String,
    },
    /// A record that no store can keep.
    #[error("{what} cannot be stored: {why}")]
    Refused {
        /// Which record.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The schema is older than this program wants or missing.
    #[error("{0} has no up-to-date Wangge schema; run `wangge migrate --db …` first")]
    NotMigrated(String),
    /// The GeoPackage carries R-tree triggers that a plain SQLite cannot run.
    #[error(
        "{0} carries spatial R-tree triggers (rtree_*), which need ST_IsEmpty and make every write fail in a plain SQLite; run `wangge migrate --db … --drop-rtree` to drop them (the features stay)"
    )]
    RTreeTriggers(String),
    /// The driver failed: disk full, connection lost, …
    #[error("{doing}: {cause}")]
    Driver {
        /// What was being done.
        doing: String,
        /// The driver's error. Not a `source`: the driver repeats its own causes, and a chain would print them twice.
        cause: sqlx::Error,
    },
    /// A stored row does not make sense.
    #[error("stored {what} is damaged: {why}")]
    Damaged {
        /// Table and key.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Durable storage of streets. Reads are consistent: one state, never a mixture.
pub trait Store: Send + Sync {
    /// Everything, in one consistent read.
    fn load(&self) -> BoxFuture<'_, Result<World, Error>>;

    /// One street; `Ok(None)` when nothing is known of it.
    fn load_street<'a>(&'a self, street: &'a Code) -> BoxFuture<'a, Result<Option<StreetData>, Error>>;

    /// One street, of which the areas, the plans, and households' ids and positions alone are read; what else they have is left out.
    fn load_places<'a>(&'a self, street: &'a Code) -> BoxFuture<'a, Result<Option<StreetData>, Error>>;

    /// What changed in a street since a version; `Ok(None)` when some commit in between does not say which rows it touched
    /// (an import), when too much has changed, or when the street is not known or not yet at `since`: then load the street.
    ///
    /// # Complexity
    /// By the rows that changed, not by the street's size; but a plan that was touched is read whole.
    fn load_delta<'a>(&'a self, street: &'a Code, since: Version) -> BoxFuture<'a, Result<Option<Delta>, Error>>;

    /// The log of a plan's steps, by number; empty for a plan that never was a draft or is not known.
    fn load_edits<'a>(&'a self, street: &'a Code, plan: PlanId) -> BoxFuture<'a, Result<Vec<LoggedEdit>, Error>>;

    /// Versions of all streets.
    fn versions(&self) -> BoxFuture<'_, Result<BTreeMap<Code, Version>, Error>>;

    /// Applies the set in one transaction if the street is still at `expected` (0: unknown so far), and returns the new version.
    fn commit<'a>(&'a self, expected: Version, set: &'a ChangeSet) -> BoxFuture<'a, Result<Version, Error>>;

    /// The change log of a street after `since`, oldest first.
    fn changes_since<'a>(&'a self, street: &'a Code, since: Version) -> BoxFuture<'a, Result<Vec<ChangeNote>, Error>>;

    /// Waits until some street has changed, by any process, or `at_most` has passed. A hint only: read the versions afterwards.
    fn wait_for_change(&self, at_most: std::time::Duration) -> BoxFuture<'_, Result<(), Error>>;

    /// Closes every connection; nothing can be asked afterwards. A GeoPackage is whole in its one file then, unless another
    /// process has it open, too.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Opens a database, checking its schema. A GeoPackage that does not exist is created and an older one brought up to date;
/// PostGIS wants [`migrate`] first.
///
/// # Errors
/// Every variant of [`Error`] but `Conflict` and `Refused`.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, Error> {
    Ok(match Target::parse(url)? {
        Target::GeoPackage(path) => Arc::new(gpkg::GeoPackage::open(&path).await?),
        Target::PostGis(options, name) => Arc::new(postgis::PostGis::open(*options, name).await?),
    })
}

/// Opens a database that is there already, to read it only: no folder or file needs to be writable, and a GeoPackage with
/// spatial R-trees will do. One of an older version is brought up to date, as by [`open`].
///
/// # Errors
/// As [`open`], but not for R-trees. A commit fails.
pub async fn open_read(url: &str) -> Result<Arc<dyn Store>, Error> {
    match Target::parse(url)? {
        Target::GeoPackage(path) => Ok(Arc::new(gpkg::GeoPackage::open_read(&path).await?)),
        Target::PostGis(..) => open(url).await,
    }
}

/// Whether `path` is one of the files that the database at `url` lives in (the GeoPackage or what SQLite keeps beside it), by
/// whatever name: nothing else may be written there.
pub fn owns_file(url: &str, path: &Path) -> bool {
    url::owns_file(url, path)
}

/// Whether two paths name one file, by whatever name, whether or not it is there yet.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    url::is_same_file(a, b)
}

/// Brings the schema up to date; with `drop_rtree` also takes the spatial R-trees out of a GeoPackage.
///
/// # Errors
/// [`Error::Newer`], [`Error::RTreeTriggers`] unless `drop_rtree`, [`Error::File`], [`Error::Damaged`], [`Error::Driver`].
pub async fn migrate(url: &str, drop_rtree: bool) -> Result<(), Error> {
    match Target::parse(url)? {
        Target::GeoPackage(path) => gpkg::migrate(&path, drop_rtree).await,
        Target::PostGis(options, name) => postgis::migrate(*options, &name).await,
    }
}

/// Writes a copy of the whole database to `path`, replacing what is there: a GeoPackage with the spatial R-trees that the live
/// file leaves out. It holds every household's address: it is a backup, not for everyone's hands.
///
/// # Errors
/// As [`open`], and [`Error::File`] or [`Error::Driver`] when `path` cannot be written; then nothing is left there.
pub async fn export_copy(url: &str, path: &Path) -> Result<(), Error> {
    if owns_file(url, path) {
        let why = "is the database itself; name another file for the copy".to_owned();
        return Err(Error::File { path: path.display().to_string(), why });
    }
    copy::export_copy(Target::parse(url)?, path).await
}
