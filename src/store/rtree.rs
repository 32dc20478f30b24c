//! The GeoPackage R-tree extension (`gpkg_rtree_index`): put into copies, refused in the live file.
//!
//! Its triggers call ST_IsEmpty, ST_MinX, …, which GIS programs bring along and a plain SQLite does not have.

use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqliteConnection};

use super::{
    row::damage,
    wkb::{Stored, read_bounds},
};

/// Rows in one INSERT.
const ROWS_AT_ONCE: usize = 500;

/// Whether any R-tree trigger is in the file.
pub(super) async fn has_triggers(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    Ok(!names(connection, "trigger").await?.is_empty())
}

/// R-tree triggers, or the R-trees themselves (virtual tables), by name.
async fn names(connection: &mut SqliteConnection, kind: &'static str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = $1 AND name LIKE 'rtree\\_%' ESCAPE '\\' \
         AND (type = 'trigger' OR sql LIKE 'CREATE VIRTUAL TABLE%') ORDER BY name",
    )
    .bind(kind)
    .fetch_all(connection)
    .await
}

/// Takes every R-tree out, with its triggers and its entries in `gpkg_extensions`. The features stay.
pub(super) async fn drop_all(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for name in names(&mut transaction, "trigger").await? {
        transaction.execute(AssertSqlSafe(format!("DROP TRIGGER {}", quoted(&name)))).await?;
    }
    for name in names(&mut transaction, "table").await? {
        transaction.execute(AssertSqlSafe(format!("DROP TABLE {}", quoted(&name)))).await?;
    }
    let registered: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = 'gpkg_extensions'").fetch_one(&mut *transaction).await?;
    if registered > 0 {
        transaction.execute("DELETE FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'").await?;
    }
    transaction.commit().await
}

/// Gives every feature table its R-tree, filled, with the extension's triggers. Views stay without.
pub(super) async fn add_all(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    transaction
        .execute(
            "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, \
             definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))",
        )
        .await?;
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT g.table_name, g.column_name FROM gpkg_geometry_columns g \
         JOIN sqlite_master m ON m.name = g.table_name AND m.type = 'table' ORDER BY g.table_name",
    )
    .fetch_all(&mut *transaction)
    .await?;
    for (table, column) in tables {
        let rtree = quoted(&format!("rtree_{table}_{column}"));
        transaction.execute(AssertSqlSafe(format!("CREATE VIRTUAL TABLE {rtree} USING rtree (id, minx, maxx, miny, maxy)"))).await?;
        fill(&mut transaction, &table, &column, &rtree).await?;
        for trigger in triggers(&table, &column, "fid") {
            transaction.execute(AssertSqlSafe(trigger)).await?;
        }
        sqlx::query("INSERT INTO gpkg_extensions VALUES ($1, $2, 'gpkg_rtree_index', 'http://www.geopackage.org/spec121/#extension_rtree', 'write-only')")
            .bind(table)
            .bind(column)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

/// Fills an R-tree with boxes that are computed here, since SQLite cannot.
async fn fill(connection: &mut SqliteConnection, table: &str, column: &str, rtree: &str) -> Result<(), sqlx::Error> {
    let (table, column) = (quoted(table), quoted(column));
    let select = format!("SELECT fid, {column} FROM {table} WHERE fid > $1 AND {column} IS NOT NULL ORDER BY fid LIMIT {ROWS_AT_ONCE}");
    let mut last = i64::MIN;
    loop {
        let rows = sqlx::query(AssertSqlSafe(select.as_str())).bind(last).fetch_all(&mut *connection).await?;
        let Some(final_row) = rows.last() else { return Ok(()) };
        last = final_row.try_get_unchecked(0)?;
        let mut boxes = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(bounds) = read_bounds(Stored::Gpkg(row.try_get_unchecked(1)?)).map_err(damage)? {
                boxes.push((row.try_get_unchecked::<i64, _>(0)?, bounds));
            }
        }
        if boxes.is_empty() {
            continue;
        }
        let places: Vec<String> = (0..boxes.len())
            .map(|row| format!("(${}, ${}, ${}, ${}, ${})", row * 5 + 1, row * 5 + 2, row * 5 + 3, row * 5 + 4, row * 5 + 5))
            .collect();
        let mut insert = sqlx::query(AssertSqlSafe(format!("INSERT INTO {rtree} VALUES {}", places.join(", "))));
        for (fid, bounds) in &boxes {
            insert = insert.bind(fid).bind(bounds.min.lon()).bind(bounds.max.lon()).bind(bounds.min.lat()).bind(bounds.max.lat());
        }
        insert.persistent(boxes.len() == ROWS_AT_ONCE).execute(&mut *connection).await?;
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The triggers of GeoPackage 1.4, annex F.3, for a table, its geometry column and its integer key.
fn triggers(table: &str, column: &str, key: &str) -> Vec<String> {
    let rtree = quoted(&format!("rtree_{table}_{column}"));
    let name = |suffix: &str| quoted(&format!("rtree_{table}_{column}_{suffix}"));
    let (t, c, i) = (quoted(table), quoted(column), quoted(key));
    let full = |row: &str| format!("({row}.{c} NOT NULL AND NOT ST_IsEmpty({row}.{c}))");
    let empty = |row: &str| format!("({row}.{c} ISNULL OR ST_IsEmpty({row}.{c}))");
    let put =
        format!("INSERT OR REPLACE INTO {rtree} VALUES (NEW.{i}, ST_MinX(NEW.{c}), ST_MaxX(NEW.{c}), ST_MinY(NEW.{c}), ST_MaxY(NEW.{c}));");
    let trigger = |suffix: &str, event: &str, when: String, action: &str| {
        format!("CREATE TRIGGER {} AFTER {event} ON {t} WHEN {when} BEGIN {action} END", name(suffix))
    };
    let of_geometry = format!("UPDATE OF {c}");
    let (same, moved) = (format!("OLD.{i} = NEW.{i}"), format!("OLD.{i} != NEW.{i}"));
    vec![
        trigger("insert", "INSERT", full("NEW"), &put),
        trigger("update2", &of_geometry, format!("{same} AND {}", empty("NEW")), &format!("DELETE FROM {rtree} WHERE id = OLD.{i};")),
        trigger(
            "update4",
            "UPDATE",
            format!("{moved} AND {}", empty("NEW")),
            &format!("DELETE FROM {rtree} WHERE id IN (OLD.{i}, NEW.{i});"),
        ),
        trigger("update5", "UPDATE", format!("{moved} AND {}", full("NEW")), &format!("DELETE FROM {rtree} WHERE id = OLD.{i}; {put}")),
        trigger(
            "update6",
            &of_geometry,
            format!("{same} AND {} AND {}", full("NEW"), full("OLD")),
            &format!(
                "UPDATE {rtree} SET minx = ST_MinX(NEW.{c}), maxx = ST_MaxX(NEW.{c}), miny = ST_MinY(NEW.{c}), maxy = ST_MaxY(NEW.{c}) \
                 WHERE id = NEW.{i};"
            ),
        ),
        trigger("update7", &of_geometry, format!("{same} AND {} AND {}", full("NEW"), empty("OLD")), &put),
        trigger("delete", "DELETE", format!("OLD.{c} NOT NULL"), &format!("DELETE FROM {rtree} WHERE id = OLD.{i};")),
    ]
}
