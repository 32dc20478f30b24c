//! The production store: PostgreSQL with PostGIS.

use jiff::{ToSpan, Unit, civil::Date};
use sqlx::{
    ConnectOptions, PgPool, Postgres, Row,
    encode::{Encode, IsNull},
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgConnectOptions, PgConnection, PgListener, PgPoolOptions, PgRow, PgTypeInfo},
    types::Type,
};
use tokio::sync::Mutex;

use super::{
    edit_rows::read_all_edits,
    failure::migration_failed,
    reading::Logs,
    repository::repository,
    row::{Fields, damage, milliseconds},
    wkb::{Shape, Stored},
};

/// The steps. A new file in the folder is seen after this file is touched.
static STEPS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// The channel that wakes those who wait. What it says is a hint: the data is in `changes`.
const CHANNEL: &str = "wangge_change";

/// From so many rows on COPY is faster than INSERT.
const BULK_ROWS: usize = 400;

/// From so many rows on a first import makes the spatial index afterwards.
const INDEX_LATER_ROWS: usize = 20_000;

/// Bytes of COPY data sent at once.
const COPY_BUFFER: usize = 1 << 20;

/// PostgreSQL counts time from 2000-01-01: in milliseconds since 1970.
const EPOCH_MS: i64 = 946_684_800_000;

/// PostgreSQL counts days from here.
const EPOCH: Date = jiff::civil::date(2000, 1, 1);

repository! {
    store: PostGis,
    database: Postgres,
    connection: PgConnection,
    begin_write: "BEGIN ISOLATION LEVEL READ COMMITTED",
    lock_row: " FOR UPDATE",
    numbered_parameters: true,
    row_address: "ctid",
    one_by_one: true,
}

/// A PostgreSQL database.
pub(super) struct PostGis {
    name: String,
    reader: PgPool,
    writer: PgPool,
    /// The connection that listens, once somebody waits.
    listener: Mutex<Option<PgListener>>,
}

impl PostGis {
    /// Connects and checks the schema. `name` is for messages.
    pub(super) async fn open(options: PgConnectOptions, name: String) -> Result<Self, Error> {
        let options = options.application_name("wangge").disable_statement_logging();
        let doing = || format!("connecting to {name}");
        // One connection first: a pool would hide why it cannot connect behind half a minute of trying.
        let mut connection = options.connect().await.map_err(failed(doing))?;
        match schema(&mut connection).await.map_err(failed(doing))? {
            Some(found) if found > newest() => return Err(Error::Newer { database: name, found, known: newest() }),
            Some(found) if found == newest() => {}
            _ => return Err(Error::NotMigrated(name)),
        }
        connection.close().await.map_err(failed(doing))?;
        let pool = PgPoolOptions::new().max_connections(8).connect_lazy_with(options);
        Ok(Self { name, reader: pool.clone(), writer: pool, listener: Mutex::new(None) })
    }

    /// Everything and its logs, as of one moment: what a copy needs.
    pub(super) async fn snapshot_with_logs(&self) -> Result<(World, Logs), Error> {
        self.read(|source| {
            Box::pin(async move {
                let world = read_world(source, None).await?;
                let mut changes = Vec::new();
                for street in world.keys() {
                    changes.extend(read_log(source, street, 0).await?);
                }
                let edits = read_all_edits(source, world.keys()).await?;
                Ok((world, Logs { changes, edits }))
            })
        })
        .await
    }

    /// Runs the job in a transaction that sees one state.
    async fn read<T, J>(&self, job: J) -> Result<T, Error>
    where
        J: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Error>>,
    {
        let doing = || format!("reading from {}", self.name);
        let mut transaction = self.reader.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(failed(doing))?;
        let outcome = job(&mut transaction).await?;
        transaction.rollback().await.map_err(failed(doing))?;
        Ok(outcome)
    }

    async fn close_all(&self) {
        // A listener that is being waited on goes with the one who waits.
        drop(self.listener.try_lock().ok().and_then(|mut listener| listener.take()));
        self.reader.close().await;
    }

    async fn wait(&self, at_most: Duration) -> Result<(), Error> {
        let doing = || format!("listening to {}", self.name);
        let heard = tokio::time::timeout(at_most, async {
            let mut listener = self.listener.lock().await;
            let Some(listening) = listener.as_mut() else {
                // Nobody has listened before: something may have changed since the caller last read.
                let mut listening = PgListener::connect_with(&self.reader).await?;
                listening.listen(CHANNEL).await?;
                *listener = Some(listening);
                return Ok(());
            };
            // `None` says that the connection was lost and made anew; something may have been missed.
            listening.try_recv().await?;
            while listening.next_buffered().is_some() {}
            Ok(())
        });
        heard.await.unwrap_or(Ok(())).map_err(failed(doing))
    }
}

/// The newest applied step; `None` in a database without our schema.
async fn schema(connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    let present: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *connection).await?;
    if !present {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await
}

/// The newest schema that this program knows.
fn newest() -> i64 {
    STEPS.iter().map(|step| step.version).max().unwrap_or_default()
}

/// Brings the schema up to date.
pub(super) async fn migrate(options: PgConnectOptions, name: &str) -> Result<(), Error> {
    let mut connection = options
        .application_name("wangge")
        .disable_statement_logging()
        .connect()
        .await
        .map_err(failed(|| format!("connecting to {name}")))?;
    let found = schema(&mut connection).await.map_err(failed(|| format!("reading the schema of {name}")))?;
    if let Some(found) = found.filter(|found| *found > newest()) {
        return Err(Error::Newer { database: name.to_owned(), found, known: newest() });
    }
    connection
        .execute("CREATE EXTENSION IF NOT EXISTS postgis")
        .await
        .map_err(failed(|| format!("creating the extension postgis in {name}; if you may not, let a superuser do it")))?;
    // Not `run`: its future is not `Send` ("`Acquire` is not general enough").
    STEPS.run_direct(None, &mut connection, false).await.map_err(migration_failed(name))?;
    connection.close().await.map_err(failed(|| format!("closing {name}")))
}

/// A shape on the wire.
struct Ewkb<'a>(Shape<'a>);

/// Milliseconds since 1970 on the wire.
struct Time(i64);

/// JSON text on the wire, kept as it is.
struct Json(String);

macro_rules! wire_type {
    ($type:ty, $name:literal, |$value:ident, $buffer:ident| $encode:expr) => {
        impl Type<Postgres> for $type {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($name)
            }
        }

        impl Encode<'_, Postgres> for $type {
            fn encode_by_ref(&self, $buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let $value = self;
                $encode;
                Ok(IsNull::No)
            }
        }
    };
}

wire_type!(Ewkb<'_>, "geometry", |shape, buffer| {
    let mut bytes = Vec::new();
    shape.0.write_ewkb(&mut bytes)?;
    buffer.extend(bytes)
});
wire_type!(Time, "timestamptz", |time, buffer| buffer.extend(time_microseconds(time.0).to_be_bytes()));
wire_type!(Day, "date", |day, buffer| buffer.extend(day.0.to_be_bytes()));
wire_type!(Json, "json", |json, buffer| buffer.extend(json.0.bytes()));

/// Days since [`EPOCH`] on the wire.
struct Day(i32);

fn time_microseconds(since_1970_ms: i64) -> i64 {
    (since_1970_ms - EPOCH_MS) * 1000
}

fn day_number(date: Date) -> Result<i32, jiff::Error> {
    Ok(EPOCH.until((Unit::Day, date))?.get_days())
}

fn add(arguments: &mut PgArguments, value: Value<'_>) -> Result<(), BoxDynError> {
    use sqlx::Arguments as _;
    match value {
        Value::Text(text) => arguments.add(text),
        Value::Integer(number) => arguments.add(number),
        Value::Boolean(yes) => arguments.add(yes),
        Value::Time(time) => arguments.add(time.map(|time| Time(milliseconds(time)))),
        Value::Date(date) => arguments.add(date.map(day_number).transpose()?.map(Day)),
        Value::Json(text) => arguments.add(text.map(Json)),
        Value::Shape(shape) => arguments.add(Ewkb(shape)),
    }
}

/// Rows come in PostgreSQL's binary format, so the bytes are read as what the column is known to be.
impl Fields for PgRow {
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
        let microseconds: Option<i64> = self.try_get_unchecked(column)?;
        microseconds.map(|time| Timestamp::from_millisecond(time.div_euclid(1000) + EPOCH_MS).map_err(damage)).transpose()
    }

    fn optional_date(&self, column: usize) -> Result<Option<Date>, sqlx::Error> {
        let days: Option<i32> = self.try_get_unchecked(column)?;
        days.map(|days| EPOCH.checked_add(i64::from(days).days()).map_err(damage)).transpose()
    }

    fn stored_shape(&self, column: usize) -> Result<Stored<'_>, sqlx::Error> {
        self.try_get_unchecked(column).map(Stored::Ewkb)
    }
}

/// Many rows go in by binary COPY: straight into the table where nothing can be in the way, else through a temporary one.
async fn put_in_bulk<R: Record>(connection: &mut PgConnection, street: &Code, records: &[&R], how: How) -> Result<bool, sqlx::Error> {
    if records.len() < BULK_ROWS {
        return Ok(false);
    }
    let table = R::TABLE.name;
    let straight = how == How::Insert || {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE street_code = $1)");
        !fetch(connection, sql, vec![Value::Text(Some(street.as_str()))]).await?.first().ok_or(sqlx::Error::RowNotFound)?.boolean(0)?
    };
    if straight {
        let index = if records.len() < INDEX_LATER_ROWS { None } else { take_index_off(connection, table).await? };
        copy(connection, table, street, records).await?;
        if let Some(definition) = index {
            connection.execute(AssertSqlSafe(definition)).await?;
        }
        return Ok(true);
    }
    let columns = R::TABLE.columns.join(", ");
    execute(connection, format!("CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0"), Vec::new())
        .await?;
    copy(connection, "incoming", street, records).await?;
    let sql = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming{}", R::TABLE.on_conflict());
    connection.execute(bound(sql.into(), Vec::new(), false)?).await?;
    connection.execute("DROP TABLE incoming").await?;
    Ok(true)
}

/// Takes the spatial index off an empty table and returns its definition, to make it again when the rows are in: that takes
/// a seventh of the time that filling it row by row does. It needs the table for itself until the commit, so it is only done
/// when nobody else reads or writes the table at this moment; otherwise, and for a user who does not own it, the index stays.
async fn take_index_off(connection: &mut PgConnection, table: &str) -> Result<Option<String>, sqlx::Error> {
    let mut attempt = connection.begin().await?;
    let outcome: Result<Option<String>, sqlx::Error> = async {
        attempt.execute(AssertSqlSafe(format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE NOWAIT"))).await?;
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table})");
        if sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *attempt).await? {
            return Ok(None);
        }
        let index = format!("{table}_geom");
        let definition: Option<String> =
            sqlx::query_scalar("SELECT pg_get_indexdef(to_regclass($1))").bind(&index).fetch_one(&mut *attempt).await?;
        if definition.is_some() {
            attempt.execute(AssertSqlSafe(format!("DROP INDEX {index}"))).await?;
        }
        Ok(definition)
    }
    .await;
    match outcome {
        Ok(Some(definition)) => attempt.commit().await.map(|()| Some(definition)),
        // Undone to the savepoint, which also gives the lock back.
        Ok(None) | Err(sqlx::Error::Database(_)) => attempt.rollback().await.map(|()| None),
        Err(lost) => Err(lost),
    }
}

async fn copy<R: Record>(connection: &mut PgConnection, table: &str, street: &Code, records: &[&R]) -> Result<(), sqlx::Error> {
    let sql = format!("COPY {table} ({}) FROM STDIN (FORMAT binary)", R::TABLE.columns.join(", "));
    let mut sink = connection.copy_in_raw(&sql).await?;
    let mut buffer = Vec::with_capacity(COPY_BUFFER + 4096);
    buffer.extend_from_slice(b"PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0");
    let mut row = Vec::with_capacity(R::TABLE.columns.len());
    for record in records {
        record.values(street, &mut row);
        buffer.extend_from_slice(&(row.len() as i16).to_be_bytes());
        for value in row.drain(..) {
            write_field(&mut buffer, value).map_err(sqlx::Error::Encode)?;
        }
        if buffer.len() >= COPY_BUFFER {
            sink.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&(-1_i16).to_be_bytes());
    sink.send(buffer).await?;
    sink.finish().await.map(|_| ())
}

/// One field of a binary COPY: its length (−1: NULL) and its bytes.
fn write_field(buffer: &mut Vec<u8>, value: Value<'_>) -> Result<(), BoxDynError> {
    let start = buffer.len();
    buffer.extend_from_slice(&(-1_i32).to_be_bytes());
    match value {
        Value::Text(None) | Value::Json(None) | Value::Integer(None) | Value::Time(None) | Value::Date(None) => return Ok(()),
        Value::Text(Some(text)) => buffer.extend_from_slice(text.as_bytes()),
        Value::Integer(Some(number)) => buffer.extend_from_slice(&number.to_be_bytes()),
        Value::Boolean(yes) => buffer.push(u8::from(yes)),
        Value::Time(Some(time)) => buffer.extend_from_slice(&time_microseconds(milliseconds(time)).to_be_bytes()),
        Value::Date(Some(date)) => buffer.extend_from_slice(&day_number(date)?.to_be_bytes()),
        Value::Json(Some(text)) => buffer.extend_from_slice(text.as_bytes()),
        Value::Shape(shape) => shape.write_ewkb(buffer)?,
    }
    let length = i32::try_from(buffer.len() - start - 4)?;
    buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// PostGIS keeps its own books.
async fn touched(_: &mut PgConnection, _: &str, _: Option<Bounds>) -> Result<(), sqlx::Error> {
    Ok(())
}

async fn announce(connection: &mut PgConnection, street: &Code) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(street.as_str().to_owned()).execute(connection).await.map(|_| ())
}
