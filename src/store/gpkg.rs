//! The embedded store: SQLite laid out as an OGC GeoPackage, in WAL mode, every commit on the disk before it is answered.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use sqlx::{
    ConnectOptions, Row as _, SqlitePool,
    error::BoxDynError,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use tokio::sync::{Mutex, Semaphore};

use super::{
    failure::migration_failed,
    file::{Opening, Readers},
    reading::{Logged, Logs},
    repository::repository,
    row::{Fields, damage, milliseconds},
    rtree,
    watch::Watch,
    wkb::Stored,
};

/// The steps. A new file in the folder is seen after this file is touched.
static STEPS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a writer of another process is waited for.
const BUSY: Duration = Duration::from_secs(30);

/// How many may read at a time; each has its own pages of the file in memory.
const READERS: usize = 4;

repository! {
    store: GeoPackage,
    database: sqlx::Sqlite,
    connection: SqliteConnection,
    begin_write: "BEGIN IMMEDIATE",
    lock_row: "",
    numbered_parameters: false,
    row_address: "rowid",
    one_by_one: false,
}

/// A GeoPackage file.
pub(super) struct GeoPackage {
    name: String,
    path: PathBuf,
    /// How the file is opened to be read.
    opening: Opening,
    /// Which file it was when it was opened.
    identity: Option<Identity>,
    readers: Shared<Readers>,
    reading: Semaphore,
    /// One connection: the writers of this process queue up for it in fair order instead of polling SQLite's lock.
    writer: SqlitePool,
    /// Who looks for changes, once somebody waits.
    watch: Mutex<Option<Watch>>,
}

impl GeoPackage {
    /// Opens the file, creating it when it does not exist.
    pub(super) async fn open(path: &Path) -> Result<Self, Error> {
        migrate(path, false).await?;
        Ok(Self::with(path, live_options(path), false))
    }

    /// Opens a file that is there, to read it: nothing in the file or its folder is changed by that where it is up to date.
    pub(super) async fn open_read(path: &Path) -> Result<Self, Error> {
        check_place(path)?;
        match inspect(path).await? {
            Found::Ours { schema, options, immutable, .. } if schema == newest() => Ok(Self::with(path, *options, immutable)),
            _ => Self::open(path).await,
        }
    }

    fn with(path: &Path, options: SqliteConnectOptions, immutable: bool) -> Self {
        let waiting = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(120));
        let writer = waiting.connect_lazy_with(options);
        let opening = Opening { path: path.to_owned(), immutable, busy: BUSY };
        Self {
            name: name_of(path),
            path: path.to_owned(),
            identity: identity(path),
            readers: Shared::new(Readers::new(opening.clone())),
            reading: Semaphore::new(READERS),
            opening,
            writer,
            watch: Mutex::new(None),
        }
    }

    /// Runs the job, on a thread that may block, in a transaction that sees one state.
    async fn read<T, J>(&self, job: J) -> Result<T, Error>
    where
        T: Send + 'static,
        J: for<'c> FnOnce(&'c mut rusqlite::Connection) -> BoxFuture<'c, Result<T, Error>> + Send + 'static,
    {
        self.check_identity()?;
        let failing = |error| failed(|| format!("reading from {}", self.name))(error);
        let _place = self.reading.acquire().await.map_err(|_| failing(sqlx::Error::PoolClosed))?;
        let readers = Shared::clone(&self.readers);
        // The job never waits for anything but the file.
        let done = tokio::task::spawn_blocking(move || readers.run(|connection| futures::executor::block_on(job(connection)))).await;
        done.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(failing(sqlx::Error::WorkerCrashed)),
        })
    }

    /// Closes every connection, so that the file is whole without its WAL.
    async fn close_all(&self) {
        // A connection that is being waited on goes with the one who waits.
        drop(self.watch.try_lock().ok().and_then(|mut watch| watch.take()));
        self.readers.close();
        self.writer.close().await;
    }

    /// Fails when the file has been taken away or another is in its place: SQLite would go on with the old one, unseen.
    fn check_identity(&self) -> Result<(), Error> {
        if identity(&self.path) == self.identity {
            return Ok(());
        }
        let why = "the file was removed or replaced while it was in use; put it back, or start again with the new one".to_owned();
        Err(Error::File { path: self.name.clone(), why })
    }

    /// Writes the file, as of one moment, to a new one.
    pub(super) async fn vacuum_into(&self, copy: &Path) -> Result<(), Error> {
        let doing = || format!("copying {} to {}", self.name, copy.display());
        let Some(copy_name) = copy.to_str() else {
            return Err(Error::File { path: name_of(copy), why: "is not a name in UTF-8; choose another".into() });
        };
        sqlx::query("VACUUM INTO $1").bind(copy_name).execute(&self.writer).await.map(|_| ()).map_err(failed(doing))
    }

    /// Replaces the change log and the versions by those of the log, and adds the logs of drafts.
    pub(super) async fn put_logs(&self, logs: &Logs) -> Result<(), Error> {
        let doing = || format!("writing the logs of {}", self.name);
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed(doing))?;
        execute(&mut transaction, "DELETE FROM changes", Vec::new()).await.map_err(failed(doing))?;
        for Logged { note, touched } in &logs.changes {
            lock_revision(&mut transaction, &note.street).await.map_err(failed(doing))?;
            write_revision(&mut transaction, note, touched.clone()).await.map_err(failed(doing))?;
        }
        for (street, edits) in &logs.edits {
            put(&mut transaction, street, edits, How::Insert).await?;
        }
        transaction.commit().await.map_err(failed(doing))
    }

    async fn wait(&self, at_most: Duration) -> Result<(), Error> {
        let failing = |error| failed(|| format!("watching {}", self.name))(error);
        let looked = tokio::time::timeout(at_most, async {
            let mut watch = self.watch.lock().await;
            self.check_identity()?;
            if watch.is_none() {
                *watch = Some(Watch::open(&self.opening).map_err(failing)?);
            }
            let Some(watching) = watch.as_mut() else { return Ok(()) };
            watching.changed(|| self.check_identity(), failing).await
        });
        looked.await.unwrap_or(Ok(()))
    }
}

/// Device and number of a file; on other systems only that there is one.
type Identity = (u64, u64);

/// `None` when there is no file.
fn identity(path: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    return Some(std::os::unix::fs::MetadataExt::dev(&metadata)).zip(Some(std::os::unix::fs::MetadataExt::ino(&metadata)));
    #[cfg(not(unix))]
    return Some((0, u64::from(metadata.is_file())));
}

fn name_of(path: &Path) -> String {
    format!("gpkg:{}", path.display())
}

/// A connection that changes nothing in the file by being opened.
fn plain_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).row_buffer_size(2048).foreign_keys(false).disable_statement_logging()
}

/// A connection to the live file.
fn live_options(path: &Path) -> SqliteConnectOptions {
    plain_options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // 64 MiB of pages, and a WAL that shrinks again after a great import.
        .pragma("cache_size", "-65536")
        .pragma("journal_size_limit", "67108864")
}

/// Opens a copy for the one who writes it: no WAL, nothing on the disk before the end.
pub(super) fn copy_options(path: &Path) -> SqliteConnectOptions {
    plain_options(path).journal_mode(SqliteJournalMode::Off).synchronous(SqliteSynchronous::Off).pragma("cache_size", "-65536")
}

/// Checks the file, creates it when it does not exist, and brings it up to date.
pub(super) async fn migrate(path: &Path, drop_rtree: bool) -> Result<(), Error> {
    let name = name_of(path);
    check_place(path)?;
    match inspect(path).await? {
        Found::Nothing => {}
        Found::Foreign => {
            let why = "it is an SQLite database, but not one that Wangge made; name another file".to_owned();
            return Err(Error::File { path: name, why });
        }
        Found::Ours { schema, rtree_triggers, .. } => {
            let known = newest();
            if schema > known {
                return Err(Error::Newer { database: name, found: schema, known });
            }
            if rtree_triggers && !drop_rtree {
                return Err(Error::RTreeTriggers(name));
            }
            if rtree_triggers {
                let mut connection = plain_options(path).connect().await.map_err(failed(|| format!("opening {name}")))?;
                rtree::drop_all(&mut connection).await.map_err(failed(|| format!("dropping the R-trees of {name}")))?;
                connection.close().await.map_err(failed(|| format!("closing {name}")))?;
            }
            if schema == known {
                return Ok(());
            }
        }
    }
    let creating = live_options(path).create_if_missing(true);
    let mut connection = creating.connect().await.map_err(failed(|| format!("opening {name}")))?;
    // Not `run`: its future is not `Send` ("`Acquire` is not general enough").
    let mut outcome = STEPS.run_direct(None, &mut connection, false).await;
    if outcome.is_err() {
        // SQLite has no lock around a migration: when another process made the same file at the same moment, it is done now.
        tokio::time::sleep(Duration::from_millis(200)).await;
        outcome = STEPS.run_direct(None, &mut connection, false).await;
    }
    outcome.map_err(migration_failed(&name))?;
    connection.close().await.map_err(failed(|| format!("closing {name}")))
}

/// The newest schema that this program knows.
fn newest() -> i64 {
    STEPS.iter().map(|step| step.version).max().unwrap_or_default()
}

/// Refuses a folder, and a file in a folder that does not exist.
pub(super) fn check_place(path: &Path) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::File { path: name_of(path), why });
    if path.is_dir() {
        return refuse("is a folder; name a file in it".into());
    }
    if path.exists() && !path.is_file() {
        return refuse("is no regular file; name another".into());
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            refuse(format!("the folder {} does not exist; create it first", folder.display()))
        }
        _ => Ok(()),
    }
}

/// What lies at a path.
enum Found {
    /// No file, an empty one, or one whose first step was never finished.
    Nothing,
    /// Another program's database.
    Foreign,
    /// One of ours.
    Ours { schema: i64, rtree_triggers: bool, options: Box<SqliteConnectOptions>, immutable: bool },
}

/// Looks into the file without changing it.
async fn inspect(path: &Path) -> Result<Found, Error> {
    let name = name_of(path);
    let doing = || format!("opening {name}");
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(failed(doing)(error.into())),
        Ok(metadata) if metadata.len() == 0 => return Ok(Found::Nothing),
        Ok(_) => {}
    }
    let mut looked = look_with(plain_options(path), false).await;
    if looked.as_ref().is_err_and(|error| matches!(primary_code(error), Some(READONLY | CANTOPEN))) && !has_wal(path) {
        // A file in WAL mode wants a -shm beside it, which a read-only disk does not give. Nothing waits in a WAL and nobody
        // can write there: the file alone is the truth.
        looked = look_with(plain_options(path).read_only(true).immutable(true), true).await;
    }
    looked.map_err(|error| {
        if primary_code(&error) == Some(NOTADB) {
            return Error::File { path: name.clone(), why: "is not a database; name another file".into() };
        }
        failed(doing)(error)
    })
}

/// SQLite's result codes.
const READONLY: u32 = 8;
const CANTOPEN: u32 = 14;
const NOTADB: u32 = 26;

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    Some(error.as_database_error()?.code()?.parse::<u32>().ok()? & 0xFF)
}

/// Whether commits wait in a WAL beside the file.
fn has_wal(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(PathBuf::from(name)).is_ok_and(|wal| wal.len() > 0)
}

async fn look_with(options: SqliteConnectOptions, immutable: bool) -> Result<Found, sqlx::Error> {
    let mut connection = options.connect().await?;
    let found = look(&mut connection, options, immutable).await;
    connection.close().await?;
    found
}

async fn look(connection: &mut SqliteConnection, options: SqliteConnectOptions, immutable: bool) -> Result<Found, sqlx::Error> {
    let tables: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE '\\_sqlx\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .fetch_one(&mut *connection)
    .await?;
    if tables == 0 {
        return Ok(Found::Nothing);
    }
    let steps: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name IN ('_sqlx_migrations', 'revisions')")
        .fetch_one(&mut *connection)
        .await?;
    if steps < 2 {
        return Ok(Found::Foreign);
    }
    let schema: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut *connection).await?;
    let (schema, rtree_triggers) = (schema.unwrap_or_default(), rtree::has_triggers(connection).await?);
    Ok(Found::Ours { schema, rtree_triggers, options: Box::new(options), immutable })
}

fn add(arguments: &mut SqliteArguments, value: Value<'_>) -> Result<(), BoxDynError> {
    use sqlx::Arguments as _;
    match value {
        Value::Text(text) => arguments.add(text),
        Value::Integer(number) => arguments.add(number),
        Value::Boolean(yes) => arguments.add(yes),
        Value::Time(time) => arguments.add(time.map(time_text).transpose()?),
        Value::Date(date) => arguments.add(date.map(|date| date.to_string())),
        Value::Json(text) => arguments.add(text),
        Value::Shape(shape) => {
            let mut blob = Vec::new();
            shape.write_gpkg(&mut blob)?;
            arguments.add(blob)
        }
    }
}

/// Rows that the writer looks at. SQLite gives what is in the row, so the bytes are read as what the column is known to be.
impl Fields for SqliteRow {
    fn optional_text(&self, column: usize) -> Result<Option<&str>, sqlx::Error> {
        self.try_get_unchecked(column)
    }

    fn optional_integer(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        self.try_get_unchecked(column)
    }

    fn boolean(&self, column: usize) -> Result<bool, sqlx::Error> {
        self.try_get_unchecked(column)
    }

    fn optional_time(&self, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
        self.optional_text(column)?.map(|text| text.parse().map_err(damage)).transpose()
    }

    fn optional_date(&self, column: usize) -> Result<Option<Date>, sqlx::Error> {
        self.optional_text(column)?.map(|text| text.parse().map_err(damage)).transpose()
    }

    fn stored_shape(&self, column: usize) -> Result<Stored<'_>, sqlx::Error> {
        self.try_get_unchecked(column).map(Stored::Gpkg)
    }
}

/// A GeoPackage DATETIME: UTC with three decimals, whatever they are.
fn time_text(time: Timestamp) -> Result<String, jiff::Error> {
    Ok(format!("{:.3}", Timestamp::from_millisecond(milliseconds(time))?))
}

/// A multi-row INSERT is as fast as SQLite gets.
async fn put_in_bulk<R: Record>(_: &mut SqliteConnection, _: &Code, _: &[&R], _: How) -> Result<bool, sqlx::Error> {
    Ok(false)
}

/// Keeps `gpkg_contents` true: when a layer changed, and a box that holds all of it.
async fn touched(connection: &mut SqliteConnection, table: &str, bounds: Option<Bounds>) -> Result<(), sqlx::Error> {
    let corners = bounds.map(|Bounds { min, max }| [min.lon(), min.lat(), max.lon(), max.lat()]);
    let [west, south, east, north] = corners.map_or([None; 4], |corners| corners.map(Some));
    let layers: &[&str] = if table == "areas" { &["areas", "streets"] } else { &[table] };
    for layer in layers {
        sqlx::query(
            "UPDATE gpkg_contents SET last_change = $2, \
             min_x = min(coalesce(min_x, $3), coalesce($3, min_x)), min_y = min(coalesce(min_y, $4), coalesce($4, min_y)), \
             max_x = max(coalesce(max_x, $5), coalesce($5, max_x)), max_y = max(coalesce(max_y, $6), coalesce($6, max_y)) \
             WHERE table_name = $1",
        )
        .bind(layer.to_owned())
        .bind(time_text(Timestamp::now()).map_err(|error| sqlx::Error::Encode(error.into()))?)
        .bind(west)
        .bind(south)
        .bind(east)
        .bind(north)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Others see the file's `data_version` move.
async fn announce(_: &mut SqliteConnection, _: &Code) -> Result<(), sqlx::Error> {
    Ok(())
}
