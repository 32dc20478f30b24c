//! Waiting for another's commit to a GeoPackage: its `data_version` says that there was one, the system's word that the file
//! or its WAL was written says when to look.

use std::{
    ffi::OsString,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::Notify;

use super::{
    Error,
    file::{Opening, sqlite},
};

/// Pause between two looks when nothing is heard, for file systems that do not tell. A look costs some microseconds.
const QUIET: Duration = Duration::from_millis(50);

/// Pause between two looks after something was written: the commit is whole only when the disk has it.
const ALERT: Duration = Duration::from_millis(1);

/// How long after the last write.
const ALERT_FOR: Duration = Duration::from_millis(100);

/// A connection that looks for changes.
pub(super) struct Watch {
    connection: Connection,
    /// The `data_version` seen last; `None` at first: something may have changed since the caller last read.
    seen: Option<i64>,
    written: Arc<Notify>,
    /// Where the system cannot tell there is none, and looking must do.
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    pub(super) fn open(opening: &Opening) -> Result<Self, sqlx::Error> {
        // It never waits: a file that is locked has not changed yet.
        let connection = Opening { busy: Duration::ZERO, ..opening.clone() }.connect()?;
        let written = Arc::new(Notify::new());
        let watcher = listen(&opening.path, Arc::clone(&written))
            .inspect_err(|error| tracing::warn!(%error, "changes of the database are found only by looking every {QUIET:?}"))
            .ok();
        Ok(Self { connection, seen: None, written, _watcher: watcher })
    }

    /// Returns after the next commit; `check` is asked at every look, and `failing` says what was being done.
    pub(super) async fn changed(
        &mut self,
        check: impl Fn() -> Result<(), Error>,
        failing: impl Fn(sqlx::Error) -> Error,
    ) -> Result<(), Error> {
        let mut alert_until = Instant::now();
        loop {
            check()?;
            if self.has_changed().map_err(&failing)? {
                return Ok(());
            }
            if Instant::now() < alert_until {
                tokio::time::sleep(ALERT).await;
                if self.written.notified().now_or_never().is_some() {
                    alert_until = Instant::now() + ALERT_FOR;
                }
            } else if tokio::time::timeout(QUIET, self.written.notified()).await.is_ok() {
                alert_until = Instant::now() + ALERT_FOR;
            }
        }
    }

    fn has_changed(&mut self) -> Result<bool, sqlx::Error> {
        let version = self.connection.prepare_cached("PRAGMA data_version").and_then(|mut look| look.query_row([], |row| row.get(0)));
        match version {
            Ok(now) => Ok(self.seen.replace(now) != Some(now)),
            Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::DatabaseBusy => Ok(false),
            Err(error) => Err(sqlite(error)),
        }
    }
}

/// Lets the system tell of writes to the file or its WAL. The folder is watched, because the WAL comes and goes.
fn listen(path: &Path, written: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let name = path.file_name().unwrap_or_default().to_owned();
    let mut wal: OsString = name.clone();
    wal.push("-wal");
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let about_us = |event: notify::Event| {
            let ours = |path: &std::path::PathBuf| path.file_name().is_some_and(|file| file == name || file == wal);
            !event.kind.is_access() && (event.need_rescan() || event.paths.iter().any(ours))
        };
        // An error may have cost an event.
        if event.map_or(true, about_us) {
            written.notify_one();
        }
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
