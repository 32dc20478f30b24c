//! How rows become the world: one text for both drivers, over a [`Reader`] that each of them supplies.

use std::collections::BTreeMap;

use super::{
    Error,
    edit_rows::EditRow,
    failure::failed,
    plan_rows::{Assembly, BlockRow, CellRow, CommunityRow, GroupRow, MembershipRow},
    row::{Fields, Key, Record, Select, damage},
};
use crate::model::{Area, Building, ChangeNote, Code, Household, Issue, Line, Plan, StreetData, Version, Water, World};

/// One state of a database: everything read through it belongs together.
pub(super) trait Reader: Send {
    /// A row.
    type Row<'r>: Fields;

    /// See [`Table::select_by`](super::row::Table::select_by).
    const ONE_BY_ONE: bool;

    /// Gives every row that the statement finds to `take`, which may end it with an error.
    fn each<F>(&mut self, select: Select<'_>, take: F) -> impl Future<Output = Result<(), Error>> + Send
    where
        F: for<'r> FnMut(&Self::Row<'r>) -> Result<(), Error> + Send;
}

/// Which rows of a table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    /// All.
    World,
    /// A street's.
    Street(&'a Code),
    /// A street's rows of these ids, at least one.
    Ids(&'a Code, &'a [String]),
    /// The rows of one plan of a street.
    Plan(&'a Code, i64),
    /// Those of them with one of these texts, at least one, in the column.
    PlanRows(&'a Code, i64, &'static str, &'a [String]),
}

/// The `SELECT` of a table's rows. Every scope but the world is the beginning of the table's key, or of an index.
fn select<R: Record>(scope: Scope<'_>, one_by_one: bool) -> Select<'_> {
    let table = &R::TABLE;
    let (start, mut keys) = match scope {
        Scope::World => ("", Vec::new()),
        Scope::Street(street) | Scope::Ids(street, _) => ("street_code = $1", vec![Key::Text(street.as_str())]),
        Scope::Plan(street, plan) | Scope::PlanRows(street, plan, ..) => {
            ("street_code = $1 AND plan_id = $2", vec![Key::Text(street.as_str()), Key::Integer(plan)])
        }
    };
    let sql = match scope {
        Scope::World => table.select(),
        Scope::Street(_) | Scope::Plan(..) => format!("{} WHERE {start}", table.select()),
        Scope::Ids(_, ids) | Scope::PlanRows(.., ids) => {
            let column = if let Scope::PlanRows(_, _, column, _) = scope { column } else { table.columns[1] };
            // Few lengths, so that the statements come again: the last id fills up.
            let (first, count) = (keys.len() + 1, ids.len().next_power_of_two());
            keys.extend(ids.iter().chain(std::iter::repeat_n(&ids[ids.len() - 1], count - ids.len())).map(|id| Key::Text(id)));
            table.select_by(None, start, column, first..first + count, one_by_one)
        }
    };
    Select { sql, keys, table: table.name }
}

/// The versions of one street or of all.
pub(super) async fn read_versions<S: Reader>(source: &mut S, street: Option<&Code>) -> Result<BTreeMap<Code, Version>, Error> {
    let mut sql = "SELECT street_code, version FROM revisions WHERE version > 0".to_owned();
    let mut keys = Vec::new();
    if let Some(street) = street {
        sql.push_str(" AND street_code = $1");
        keys.push(Key::Text(street.as_str()));
    }
    let mut versions = BTreeMap::new();
    source
        .each(Select { sql, keys, table: "revisions" }, |row| {
            let (street, version) = row.code(0).and_then(|code| Ok((code, row.integer(1)?))).map_err(failed(|| "revisions"))?;
            versions.insert(street, version);
            Ok(())
        })
        .await?;
    Ok(versions)
}

/// A line of the change log, and the rows it says it touched.
pub(super) struct Logged {
    pub(super) note: ChangeNote,
    pub(super) touched: Option<String>,
}

/// What a copy has beside the world.
pub(super) struct Logs {
    pub(super) changes: Vec<Logged>,
    /// By street.
    pub(super) edits: Vec<(Code, Vec<EditRow<'static>>)>,
}

/// The change log of a street after `since`, oldest first.
pub(super) async fn read_log<S: Reader>(source: &mut S, street: &Code, since: Version) -> Result<Vec<Logged>, Error> {
    let sql = "SELECT street_code, version, committed_at, what, rows_by_kind, touched FROM changes \
               WHERE street_code = $1 AND version > $2 ORDER BY version";
    let since = i64::try_from(since).unwrap_or(i64::MAX);
    let keys = vec![Key::Text(street.as_str()), Key::Integer(since)];
    let mut log = Vec::new();
    source
        .each(Select { sql: sql.to_owned(), keys, table: "changes" }, |row| {
            let logged = || {
                Ok(Logged {
                    note: ChangeNote {
                        street: row.code(0)?,
                        version: row.integer(1)?,
                        at: row.time(2)?,
                        what: row.text(3)?.to_owned(),
                        rows: serde_json::from_str(row.text(4)?).map_err(damage)?,
                    },
                    touched: row.owned_text(5)?,
                })
            };
            log.push(logged().map_err(failed(|| format!("changes of street {street}")))?);
            Ok(())
        })
        .await?;
    Ok(log)
}

/// One street or all of them.
pub(super) async fn read_world<S: Reader>(source: &mut S, street: Option<&Code>) -> Result<World, Error> {
    let versions = read_versions(source, street).await?;
    let mut world: World = versions.into_iter().map(|(code, version)| (code, StreetData { version, ..StreetData::default() })).collect();
    let scope = street.map_or(Scope::World, Scope::Street);
    read_rows(source, scope, &mut world, |data, row: Area| data.areas.push(row)).await?;
    read_rows(source, scope, &mut world, |data, row: Line| data.lines.push(row)).await?;
    read_rows(source, scope, &mut world, |data, row: Water| data.waters.push(row)).await?;
    read_rows(source, scope, &mut world, |data, row: Building| data.buildings.push(row)).await?;
    read_rows(source, scope, &mut world, |data, row: Household| data.households.push(row)).await?;
    read_rows(source, scope, &mut world, |data, row: Issue| data.issues.push(row)).await?;
    let plans = read_plans(source, scope, world.keys()).await?;
    for (data, plans) in world.values_mut().zip(plans.into_values()) {
        data.areas.sort_by(|a, b| a.code.cmp(&b.code));
        data.lines.sort_by(|a, b| a.id.cmp(&b.id));
        data.waters.sort_by(|a, b| a.id.cmp(&b.id));
        data.buildings.sort_by(|a, b| a.id.cmp(&b.id));
        data.households.sort_by(|a, b| a.id.cmp(&b.id));
        data.issues.sort_by(|a, b| a.id.cmp(&b.id));
        data.plans = plans;
    }
    Ok(world)
}

/// The plans in a scope, whole, for each of the streets.
pub(super) async fn read_plans<S: Reader>(
    source: &mut S,
    scope: Scope<'_>,
    streets: impl Iterator<Item = &Code>,
) -> Result<BTreeMap<Code, Vec<Plan>>, Error> {
    let mut plans: BTreeMap<Code, Assembly> = streets.map(|street| (street.clone(), Assembly::default())).collect();
    read_rows(source, scope, &mut plans, Assembly::add_plan).await?;
    // The parts come after their plans, members after their groups.
    each_row::<S, CommunityRow<'_>, _>(source, scope, &mut plans, |plans, row| plans.add_community(CommunityRow::read(row)?)).await?;
    each_row::<S, CellRow<'_>, _>(source, scope, &mut plans, |plans, row| plans.add_cell(CellRow::read(row)?)).await?;
    plans.values_mut().for_each(Assembly::sort_areas);
    each_row::<S, BlockRow<'_>, _>(source, scope, &mut plans, |plans, row| plans.add_block(BlockRow::read(row)?)).await?;
    each_row::<S, GroupRow<'_>, _>(source, scope, &mut plans, |plans, row| plans.add_group(GroupRow::read(row)?)).await?;
    plans.values_mut().for_each(Assembly::sort_groups);
    each_row::<S, MembershipRow<'_>, _>(source, scope, &mut plans, |plans, row| plans.add_member(row)).await?;
    Ok(plans.into_iter().map(|(street, plans)| (street, plans.finish())).collect())
}

/// Reads records and gives each to its street's place.
pub(super) async fn read_rows<S: Reader, R: Record, P: Send>(
    source: &mut S,
    scope: Scope<'_>,
    places: &mut BTreeMap<Code, P>,
    put: impl Fn(&mut P, R) + Send + Sync,
) -> Result<(), Error> {
    each_row::<S, R, P>(source, scope, places, |place, row| {
        put(place, R::read(row)?);
        Ok(())
    })
    .await
}

/// Gives each row of a record's table to its street's place.
pub(super) async fn each_row<S: Reader, R: Record, P: Send>(
    source: &mut S,
    scope: Scope<'_>,
    places: &mut BTreeMap<Code, P>,
    put: impl for<'r> Fn(&mut P, &S::Row<'r>) -> Result<(), sqlx::Error> + Send + Sync,
) -> Result<(), Error> {
    let table = R::TABLE.name;
    let mut current: Option<Code> = None;
    source
        .each(select::<R>(scope, S::ONE_BY_ONE), |row| {
            let what = || {
                let key = |column| row.optional_text(column).ok().flatten().unwrap_or("?");
                format!("{table} {} of street {}", if R::TABLE.key == 2 && table != "plans" { key(1) } else { "of a plan" }, key(0))
            };
            if current.as_ref().map(Code::as_str) != Some(row.text(0).map_err(failed(what))?) {
                current = Some(row.code(0).map_err(failed(what))?);
            }
            let Some(place) = current.as_ref().and_then(|code| places.get_mut(code)) else {
                return Err(Error::Damaged { what: what(), why: "the street has no revision".into() });
            };
            put(place, row).map_err(failed(what))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How SQLite finds the rows of a statement.
    fn way(connection: &rusqlite::Connection, select: &Select<'_>) -> String {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", select.sql)).unwrap();
        let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<Vec<_>, _>>();
        steps.unwrap().join("; ")
    }

    fn check<R: Record>(connection: &rusqlite::Connection) {
        let (street, ids) = (Code::new("520201001").unwrap(), ["a".to_owned(), "b".to_owned()]);
        let (table, id) = (R::TABLE.name, R::TABLE.columns[1]);
        let mut ways = vec![(Scope::Street(&street), "(street_code=?".to_owned())];
        if R::TABLE.columns[1] == "plan_id" {
            ways.push((Scope::Plan(&street, 1), "(street_code=? AND plan_id=?".to_owned()));
        } else {
            ways.push((Scope::Ids(&street, &ids), format!("(street_code=? AND {id}=?)")));
        }
        for (scope, by) in ways {
            let found = way(connection, &select::<R>(scope, false));
            assert!(found.starts_with(&format!("SEARCH {table} USING INDEX ")) && found.contains(&by), "{scope:?}: {found}");
        }
    }

    #[test]
    fn rows_are_found_by_their_key() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for step in [
            include_str!("../../migrations/sqlite/0001_grid.sql"),
            include_str!("../../migrations/sqlite/0002_touched.sql"),
            include_str!("../../migrations/sqlite/0003_drafts.sql"),
        ] {
            connection.execute_batch(step).unwrap();
        }
        check::<Area>(&connection);
        check::<Line>(&connection);
        check::<Water>(&connection);
        check::<Building>(&connection);
        check::<Household>(&connection);
        check::<Issue>(&connection);
        check::<Plan>(&connection);
        check::<CommunityRow<'_>>(&connection);
        check::<CellRow<'_>>(&connection);
        check::<BlockRow<'_>>(&connection);
        check::<GroupRow<'_>>(&connection);
        check::<MembershipRow<'_>>(&connection);
    }
}
