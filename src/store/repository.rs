//! The repository's text, once for both drivers: sqlx's traits make code that is generic over the database unreadable, so
//! what writes is a macro that each driver's module expands with its own types. What reads is in `reading`.
//!
//! What a driver supplies beside the macro, in the same module:
//!
//! | item | what it does |
//! |---|---|
//! | `struct $store { name, writer, … }` | a name without credentials and a pool |
//! | `async fn read(&self, job) -> Result` | runs a job on a [`Reader`](super::reading::Reader) of one state |
//! | `impl Fields for …Row` | reads a column of the driver's rows |
//! | `fn add(&mut Arguments, Value)` | binds a value |
//! | `async fn put_in_bulk(connection, street, &[&R], How) -> Result<bool>` | a faster way for many rows; `false`: not taken |
//! | `async fn touched(connection, table, bounds)` | bookkeeping after a table changed |
//! | `async fn announce(connection, street)` | wakes those who wait, on commit |
//! | `async fn wait(&self, at_most)` | waits to be woken |
//! | `async fn close_all(&self)` | closes every connection |

use std::collections::HashSet;

use super::{
    Error,
    row::{Record, Value},
};
use crate::model::{Bounds, ChangeSet, Code};

/// How rows meet those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The row of the same key is replaced.
    Replace,
    /// The same; no two of the rows have one key.
    ReplaceEach,
    /// There is no row of the same key; one would be an error.
    Insert,
}

/// The records to write: of several with one id the last.
pub(super) fn last_of_each<R: Record>(records: &[R], how: How) -> Vec<&R> {
    if how != How::Replace || records.is_sorted_by(|a, b| a.id() < b.id()) {
        return records.iter().collect();
    }
    let mut seen = HashSet::with_capacity(records.len());
    let mut kept: Vec<&R> = records.iter().rev().filter(|record| seen.insert(record.id())).collect();
    kept.reverse();
    kept
}

/// PostgreSQL cannot keep a NUL character in a text, so neither store does.
pub(super) fn check_texts<R: Record>(street: &Code, record: &R) -> Result<Option<Bounds>, Error> {
    let mut row = Vec::with_capacity(R::TABLE.columns.len());
    record.values(street, &mut row);
    let mut bounds = None;
    for (value, column) in row.iter().zip(R::TABLE.columns) {
        match value {
            Value::Text(Some(text)) if text.contains('\0') => {
                let what = format!("{} {:?} of street {street}", R::TABLE.name, record.id());
                return Err(Error::Refused { what, why: format!("its {column} holds a NUL character") });
            }
            Value::Shape(shape) => bounds = shape.bounds(),
            _ => {}
        }
    }
    Ok(bounds)
}

/// The same of what the change log calls a commit.
pub(super) fn check_what(set: &ChangeSet) -> Result<(), Error> {
    if !set.what.contains('\0') {
        return Ok(());
    }
    let what = format!("the change {:?} of street {}", set.what, set.street);
    Err(Error::Refused { what, why: "what it is called holds a NUL character".to_owned() })
}

macro_rules! repository {
    (
        store: $store:ident,
        database: $database:ty,
        connection: $connection:ty,
        begin_write: $begin_write:literal,
        lock_row: $lock_row:literal,
        numbered_parameters: $numbered:literal,
        row_address: $row_address:literal,
        one_by_one: $one_by_one:literal $(,)?
    ) => {
        use std::{collections::BTreeMap, sync::Arc as Shared, time::Duration};

        use futures::{TryStreamExt as _, future::BoxFuture};
        use jiff::Timestamp;
        use sqlx::{AssertSqlSafe, Connection as _, Database, Executor as _};

        use crate::{
            model::{
                Area, Bounds, Building, Change, ChangeKind, ChangeNote, ChangeSet, Code, Delta, Household, Issue, Line, LogChange,
                LoggedEdit, Plan, PlanEdit, PlanId, Standing, StreetData, Validity, Version, Water, World,
            },
            store::{
                Error, Store,
                delta::{read_delta, touched_rows},
                edit_rows::{EditRow, check_log, read_edits},
                failure::failed,
                places::read_places,
                plan_rows::{PART_TABLES, PlanParts},
                reading::{Reader, read_log, read_versions, read_world},
                repository::{How, check_texts, check_what, last_of_each},
                row::{Key, Record, Select, Table, Value},
                step::{Gone, Met, find_plan},
            },
        };

        /// Rows in one INSERT; enough that the statement, not the round trip, takes the time.
        const ROWS_AT_ONCE: usize = 200;

        impl Store for $store {
            fn load(&self) -> BoxFuture<'_, Result<World, Error>> {
                Box::pin(self.read(|source| Box::pin(read_world(source, None))))
            }

            fn load_street<'a>(&'a self, street: &'a Code) -> BoxFuture<'a, Result<Option<StreetData>, Error>> {
                let street = street.clone();
                Box::pin(self.read(move |source| Box::pin(async move { Ok(read_world(source, Some(&street)).await?.remove(&street)) })))
            }

            fn load_places<'a>(&'a self, street: &'a Code) -> BoxFuture<'a, Result<Option<StreetData>, Error>> {
                let street = street.clone();
                Box::pin(self.read(move |source| Box::pin(async move { read_places(source, &street).await })))
            }

            fn load_delta<'a>(&'a self, street: &'a Code, since: Version) -> BoxFuture<'a, Result<Option<Delta>, Error>> {
                let street = street.clone();
                Box::pin(self.read(move |source| Box::pin(async move { read_delta(source, &street, since).await })))
            }

            fn load_edits<'a>(&'a self, street: &'a Code, plan: PlanId) -> BoxFuture<'a, Result<Vec<LoggedEdit>, Error>> {
                let street = street.clone();
                Box::pin(self.read(move |source| Box::pin(async move { read_edits(source, &street, plan).await })))
            }

            fn versions(&self) -> BoxFuture<'_, Result<BTreeMap<Code, Version>, Error>> {
                Box::pin(self.read(|source| Box::pin(read_versions(source, None))))
            }

            fn commit<'a>(&'a self, expected: Version, set: &'a ChangeSet) -> BoxFuture<'a, Result<Version, Error>> {
                Box::pin(async move {
                    let street = &set.street;
                    let doing = || format!("committing {:?} of street {street} to {}", set.what, self.name);
                    let mut transaction = self.writer.begin_with($begin_write).await.map_err(failed(doing))?;
                    let outcome = commit_in(&mut transaction, expected, set).await;
                    match outcome {
                        Ok(version) if version > expected => transaction.commit().await.map(|()| version).map_err(failed(doing)),
                        unchanged => {
                            // What went wrong is worth more than that undoing it went wrong, too: the server undoes it anyway.
                            let _ = transaction.rollback().await;
                            unchanged
                        }
                    }
                })
            }

            fn changes_since<'a>(&'a self, street: &'a Code, since: Version) -> BoxFuture<'a, Result<Vec<ChangeNote>, Error>> {
                let street = street.clone();
                Box::pin(self.read(move |source| {
                    Box::pin(async move {
                        let log = read_log(source, &street, since).await?;
                        Ok(log.into_iter().map(|logged| logged.note).collect())
                    })
                }))
            }

            fn wait_for_change(&self, at_most: Duration) -> BoxFuture<'_, Result<(), Error>> {
                Box::pin(self.wait(at_most))
            }

            fn close(&self) -> BoxFuture<'_, ()> {
                Box::pin(self.close_all())
            }
        }

        /// Binds the values and runs the statement.
        async fn execute(connection: &mut $connection, sql: impl Into<Shared<str>>, values: Vec<Value<'_>>) -> Result<(), sqlx::Error> {
            connection.execute(bound(sql.into(), values, true)?).await.map(|_| ())
        }

        /// Binds the values and reads every row; for small answers.
        async fn fetch(
            connection: &mut $connection,
            sql: impl Into<Shared<str>>,
            values: Vec<Value<'_>>,
        ) -> Result<Vec<<$database as Database>::Row>, sqlx::Error> {
            connection.fetch_all(bound(sql.into(), values, true)?).await
        }

        type Bound = sqlx::query::Query<'static, $database, <$database as Database>::Arguments>;

        /// SQL here is made of table and column names in the program's text; what comes from outside is bound.
        fn bound(sql: Shared<str>, values: Vec<Value<'_>>, keep_prepared: bool) -> Result<Bound, sqlx::Error> {
            let mut arguments = <$database as Database>::Arguments::default();
            for value in values {
                add(&mut arguments, value).map_err(sqlx::Error::Encode)?;
            }
            Ok(sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(keep_prepared))
        }

        /// The commit inside its transaction; returns `expected` when there is nothing to do.
        async fn commit_in(connection: &mut $connection, expected: Version, set: &ChangeSet) -> Result<Version, Error> {
            let street = &set.street;
            let actual = lock_revision(connection, street).await.map_err(failed(|| format!("locking the revision of street {street}")))?;
            if actual != expected {
                return Err(Error::Conflict { street: street.clone(), expected, actual });
            }
            if set.is_empty() {
                return Ok(expected);
            }
            check_what(set)?;
            let mut rows: BTreeMap<ChangeKind, usize> = BTreeMap::new();
            for change in &set.changes {
                apply(connection, street, change).await?;
                let (kind, count) = change.kind();
                *rows.entry(kind).or_default() += count;
            }
            let touched = touched_rows(set);
            let note = ChangeNote { street: street.clone(), version: expected + 1, at: Timestamp::now(), what: set.what.clone(), rows };
            write_revision(connection, &note, touched).await.map_err(failed(|| format!("writing the revision of street {street}")))?;
            announce(connection, street).await.map_err(failed(|| format!("announcing the change of street {street}")))?;
            Ok(note.version)
        }

        /// The street's version, with its row locked until the transaction ends. A street's first committer makes the row;
        /// a second one waits for it here.
        async fn lock_revision(connection: &mut $connection, street: &Code) -> Result<Version, sqlx::Error> {
            let values = vec![Value::Text(Some(street.as_str())), Value::Time(Some(Timestamp::now()))];
            execute(
                connection,
                "INSERT INTO revisions (street_code, version, changed_at) VALUES ($1, 0, $2) ON CONFLICT (street_code) DO NOTHING",
                values,
            )
            .await?;
            let sql = concat!("SELECT version FROM revisions WHERE street_code = $1", $lock_row);
            let rows = fetch(connection, sql, vec![Value::Text(Some(street.as_str()))]).await?;
            let version: i64 = sqlx::Row::try_get(rows.first().ok_or(sqlx::Error::RowNotFound)?, 0)?;
            Version::try_from(version).map_err(crate::store::row::damage)
        }

        /// Moves the street to the note's version and writes the note into the log.
        pub(in crate::store) async fn write_revision(
            connection: &mut $connection,
            note: &ChangeNote,
            touched: Option<String>,
        ) -> Result<(), sqlx::Error> {
            let head =
                || vec![Value::Text(Some(note.street.as_str())), Value::Integer(Some(note.version as i64)), Value::Time(Some(note.at))];
            execute(connection, "UPDATE revisions SET version = $2, changed_at = $3 WHERE street_code = $1", head()).await?;
            let rows = serde_json::to_string(&note.rows).map_err(|error| sqlx::Error::Encode(error.into()))?;
            let mut values = head();
            values.extend([Value::Text(Some(&note.what)), Value::Json(Some(rows)), Value::Json(touched)]);
            let sql = "INSERT INTO changes (street_code, version, committed_at, what, rows_by_kind, touched) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
            execute(connection, sql, values).await
        }

        async fn apply(connection: &mut $connection, street: &Code, change: &Change) -> Result<(), Error> {
            match change {
                Change::PutAreas(rows) => put(connection, street, rows, How::Replace).await,
                Change::PutLines(rows) => put(connection, street, rows, How::Replace).await,
                Change::PutWaters(rows) => put(connection, street, rows, How::Replace).await,
                Change::PutBuildings(rows) => put(connection, street, rows, How::Replace).await,
                Change::PutHouseholds(rows) => put(connection, street, rows, How::Replace).await,
                Change::PutIssues(rows) => put(connection, street, rows, How::Replace).await,
                Change::DeleteAreas(codes) => {
                    let ids: Vec<String> = codes.iter().map(ToString::to_string).collect();
                    delete::<Area>(connection, street, &ids).await
                }
                Change::DeleteLines(ids) => delete::<Line>(connection, street, ids).await,
                Change::DeleteWaters(ids) => delete::<Water>(connection, street, ids).await,
                Change::DeleteBuildings(ids) => delete::<Building>(connection, street, ids).await,
                Change::DeleteHouseholds(ids) => delete::<Household>(connection, street, ids).await,
                Change::DeleteIssues(ids) => delete::<Issue>(connection, street, ids).await,
                Change::PutPlan(plan) => put_plan(connection, street, plan).await,
                Change::DeletePlan(id) => {
                    let tables = [EditRow::TABLE.name, <Plan as Record>::TABLE.name];
                    delete_plan_rows(connection, street, *id, PART_TABLES.into_iter().chain(tables)).await
                }
                Change::EditPlan(edit) => edit_plan(connection, street, edit).await,
                Change::SetValidity(id, Validity { state, from, to }) => {
                    find_plan(connection, street, *id).await?;
                    let set = "state = $3, valid_from = $4, valid_to = $5";
                    update_plan(connection, street, *id, set, [Value::Text(Some(state.as_str())), Value::Date(*from), Value::Date(*to)])
                        .await
                }
            }
        }

        /// A step of a draft, seen against the rows that are there before anything is written.
        async fn edit_plan(connection: &mut $connection, street: &Code, edit: &PlanEdit) -> Result<(), Error> {
            let met = Met::read(connection, street, edit).await?;
            let step = met.step(street, &edit.patch)?;
            check_log(connection, street, edit.plan, &edit.log).await?;
            update_plan(connection, street, edit.plan, "revision = $3", [Value::Integer(Some(met.revision()))]).await?;
            for Gone { table, ids } in &step.gone {
                delete_of_plan(connection, street, edit.plan, table, ids).await?;
            }
            put(connection, street, &step.parts.communities, How::ReplaceEach).await?;
            put(connection, street, &step.parts.cells, How::ReplaceEach).await?;
            put(connection, street, &step.parts.blocks, How::Insert).await?;
            put(connection, street, &step.parts.groups, How::ReplaceEach).await?;
            put(connection, street, &step.parts.memberships, How::ReplaceEach).await?;
            update(connection, street, &step.relabelled_communities).await?;
            update(connection, street, &step.relabelled_cells).await?;
            let plan = || vec![Value::Text(Some(street.as_str())), Value::Integer(Some(i64::from(edit.plan.0)))];
            let doing = || format!("writing edits of street {street}");
            let (standing, number) = match &edit.log {
                LogChange::Append(new) => {
                    let sql = "UPDATE edits SET standing = 'dropped' WHERE street_code = $1 AND plan_id = $2 AND standing = 'undone'";
                    execute(connection, sql, plan()).await.map_err(failed(doing))?;
                    return put(connection, street, &[EditRow::new(edit.plan, new, &edit.patch)?], How::Insert).await;
                }
                LogChange::Undone(number) => (Standing::Undone, *number),
                LogChange::Redone(number) => (Standing::Done, *number),
            };
            let mut values = plan();
            values.extend([Value::Integer(Some(i64::from(number))), Value::Text(Some(standing.as_str()))]);
            let sql = "UPDATE edits SET standing = $4 WHERE street_code = $1 AND plan_id = $2 AND edit_number = $3";
            execute(connection, sql, values).await.map_err(failed(doing))?;
            touched(connection, EditRow::TABLE.name, None).await.map_err(failed(doing))
        }

        /// Writes rows that are there already, but for their derived shapes.
        async fn update<R: Record>(connection: &mut $connection, street: &Code, records: &[R]) -> Result<(), Error> {
            if records.is_empty() {
                return Ok(());
            }
            let doing = || format!("writing {} of street {street}", R::TABLE.name);
            let sql: Shared<str> = R::TABLE.update().into();
            for record in records {
                check_texts(street, record)?;
                let mut values = Vec::with_capacity(R::TABLE.columns.len());
                record.values(street, &mut values);
                values.truncate(R::TABLE.columns.len() - usize::from(R::TABLE.derived));
                execute(connection, sql.clone(), values).await.map_err(failed(doing))?;
            }
            touched(connection, R::TABLE.name, None).await.map_err(failed(doing))
        }

        /// Sets columns of a plan's own row, from the third parameter on.
        async fn update_plan<const N: usize>(
            connection: &mut $connection,
            street: &Code,
            id: PlanId,
            set: &str,
            columns: [Value<'_>; N],
        ) -> Result<(), Error> {
            let doing = || format!("writing plans of street {street}");
            let mut values = vec![Value::Text(Some(street.as_str())), Value::Integer(Some(i64::from(id.0)))];
            values.extend(columns);
            let sql = format!("UPDATE plans SET {set} WHERE street_code = $1 AND plan_id = $2");
            execute(connection, sql, values).await.map_err(failed(doing))?;
            touched(connection, <Plan as Record>::TABLE.name, None).await.map_err(failed(doing))
        }

        /// Deletes rows of a plan by what tells them apart within it.
        async fn delete_of_plan(
            connection: &mut $connection,
            street: &Code,
            plan: PlanId,
            table: &Table,
            ids: &[Value<'_>],
        ) -> Result<(), Error> {
            let doing = || format!("deleting {} of plan {} of street {street}", table.name, plan.0);
            let start = [Value::Text(Some(street.as_str())), Value::Integer(Some(i64::from(plan.0)))];
            delete_by(connection, table, "street_code = $1 AND plan_id = $2", &start, table.columns[2], ids).await.map_err(failed(doing))
        }

        /// Deletes rows where `start` holds and the column has one of the values.
        async fn delete_by(
            connection: &mut $connection,
            table: &Table,
            start: &str,
            start_values: &[Value<'_>],
            column: &str,
            ids: &[Value<'_>],
        ) -> Result<(), sqlx::Error> {
            let first = start_values.len() + 1;
            for chunk in ids.chunks(ROWS_AT_ONCE) {
                let rows = table.select_by(Some($row_address), start, column, first..first + chunk.len(), $one_by_one);
                let sql = if $one_by_one {
                    format!("DELETE FROM {} WHERE {} = ANY (ARRAY ({rows}))", table.name, $row_address)
                } else {
                    format!("DELETE FROM {} WHERE {} IN ({rows})", table.name, $row_address)
                };
                let values = start_values.iter().chain(chunk).cloned().collect();
                connection.execute(bound(sql.into(), values, false)?).await?;
            }
            if ids.is_empty() { Ok(()) } else { touched(connection, table.name, None).await }
        }

        impl Reader for $connection {
            type Row<'r> = <$database as Database>::Row;

            const ONE_BY_ONE: bool = $one_by_one;

            async fn each<F>(&mut self, select: Select<'_>, mut take: F) -> Result<(), Error>
            where
                F: for<'r> FnMut(&Self::Row<'r>) -> Result<(), Error> + Send,
            {
                let doing = || format!("reading {}", select.table);
                let values = select.keys.iter().map(|key| match key {
                    Key::Text(text) => Value::Text(Some(text)),
                    Key::Integer(number) => Value::Integer(Some(*number)),
                });
                // Kept prepared also because sqlx loses an unnamed statement when it must ask the server for a type on its way.
                let query = bound(select.sql.as_str().into(), values.collect(), true).map_err(failed(doing))?;
                let mut rows = self.fetch(query);
                while let Some(row) = rows.try_next().await.map_err(failed(doing))? {
                    take(&row)?;
                }
                Ok(())
            }
        }

        async fn put_plan(connection: &mut $connection, street: &Code, plan: &Plan) -> Result<(), Error> {
            let parts = PlanParts::of(street, plan)?;
            delete_plan_rows(connection, street, plan.id, PART_TABLES.iter().copied()).await?;
            put(connection, street, std::slice::from_ref(plan), How::Replace).await?;
            put(connection, street, &parts.communities, How::Insert).await?;
            put(connection, street, &parts.cells, How::Insert).await?;
            put(connection, street, &parts.blocks, How::Insert).await?;
            put(connection, street, &parts.groups, How::Insert).await?;
            put(connection, street, &parts.memberships, How::Insert).await
        }

        async fn delete_plan_rows(
            connection: &mut $connection,
            street: &Code,
            id: PlanId,
            tables: impl Iterator<Item = &'static str> + Send,
        ) -> Result<(), Error> {
            for table in tables {
                let doing = || format!("deleting {table} of plan {} of street {street}", id.0);
                let sql = format!("DELETE FROM {table} WHERE street_code = $1 AND plan_id = $2");
                let values = vec![Value::Text(Some(street.as_str())), Value::Integer(Some(i64::from(id.0)))];
                execute(connection, sql, values).await.map_err(failed(doing))?;
                touched(connection, table, None).await.map_err(failed(doing))?;
            }
            Ok(())
        }

        async fn put<R: Record>(connection: &mut $connection, street: &Code, records: &[R], how: How) -> Result<(), Error> {
            if records.is_empty() {
                return Ok(());
            }
            let table = R::TABLE.name;
            let doing = || format!("writing {table} of street {street}");
            let records = last_of_each(records, how);
            let mut bounds: Option<Bounds> = None;
            for record in &records {
                if let Some(around) = check_texts(street, *record)? {
                    bounds = Some(bounds.map_or(around, |bounds| bounds.union(around)));
                }
            }
            if !put_in_bulk(connection, street, &records, how).await.map_err(failed(doing))? {
                insert(connection, street, &records, how).await.map_err(failed(doing))?;
            }
            touched(connection, table, bounds).await.map_err(failed(doing))
        }

        async fn insert<R: Record>(connection: &mut $connection, street: &Code, records: &[&R], how: How) -> Result<(), sqlx::Error> {
            let whole: Shared<str> = R::TABLE.insert(ROWS_AT_ONCE, how != How::Insert, $numbered).into();
            for chunk in records.chunks(ROWS_AT_ONCE) {
                let mut values = Vec::with_capacity(chunk.len() * R::TABLE.columns.len());
                for record in chunk {
                    record.values(street, &mut values);
                }
                let usual = chunk.len() == ROWS_AT_ONCE || chunk.len() == 1;
                let sql = if chunk.len() == ROWS_AT_ONCE {
                    whole.clone()
                } else {
                    R::TABLE.insert(chunk.len(), how != How::Insert, $numbered).into()
                };
                connection.execute(bound(sql, values, usual)?).await?;
            }
            Ok(())
        }

        async fn delete<R: Record>(connection: &mut $connection, street: &Code, ids: &[String]) -> Result<(), Error> {
            let doing = || format!("deleting {} of street {street}", R::TABLE.name);
            let ids: Vec<Value<'_>> = ids.iter().map(|id| Value::Text(Some(id))).collect();
            let start = [Value::Text(Some(street.as_str()))];
            delete_by(connection, &R::TABLE, "street_code = $1", &start, R::TABLE.columns[1], &ids).await.map_err(failed(doing))
        }
    };
}

pub(super) use repository;
