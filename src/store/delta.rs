//! What leads from one version of a street to the next: which rows a commit touched, and those rows as they are now.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Error,
    failure::failed,
    reading::{Reader, Scope, read_log, read_plans, read_rows, read_versions},
    row::{Record, damage},
};
use crate::model::{Area, Building, Change, ChangeKind, ChangeSet, Code, Delta, Household, Issue, Line, PlanId, Version, Water};

/// A commit of more rows does not say which they were: loading the street is as fast then.
const ROWS_SAID: usize = 500;

/// Changes of more rows are no delta.
const ROWS_IN_DELTA: usize = 2000;

/// Ids in one `SELECT`.
const IDS_AT_ONCE: usize = 256;

/// Ids by kind: those of areas are codes, those of plans numbers.
type Touched = BTreeMap<ChangeKind, BTreeSet<String>>;

/// The rows that a set touches, for the change log; `None` when they are too many.
pub(super) fn touched_rows(set: &ChangeSet) -> Option<String> {
    if set.changes.iter().map(|change| change.kind().1).sum::<usize>() > ROWS_SAID {
        return None;
    }
    let mut touched = Touched::new();
    for change in &set.changes {
        let ids: Vec<String> = match change {
            Change::PutAreas(rows) => rows.iter().map(|area| area.code.to_string()).collect(),
            Change::PutLines(rows) => ids_of(rows),
            Change::PutWaters(rows) => ids_of(rows),
            Change::PutBuildings(rows) => ids_of(rows),
            Change::PutHouseholds(rows) => ids_of(rows),
            Change::PutIssues(rows) => ids_of(rows),
            Change::DeleteAreas(codes) => codes.iter().map(ToString::to_string).collect(),
            Change::DeleteLines(ids)
            | Change::DeleteWaters(ids)
            | Change::DeleteBuildings(ids)
            | Change::DeleteHouseholds(ids)
            | Change::DeleteIssues(ids) => ids.clone(),
            Change::PutPlan(plan) => vec![plan.id.0.to_string()],
            Change::DeletePlan(id) | Change::SetValidity(id, _) => vec![id.0.to_string()],
            Change::EditPlan(edit) => vec![edit.plan.0.to_string()],
        };
        if !ids.is_empty() {
            touched.entry(change.kind().0).or_default().extend(ids);
        }
    }
    // Texts by words: nothing that JSON could not say.
    serde_json::to_string(&touched).ok()
}

fn ids_of<R: Record>(rows: &[R]) -> Vec<String> {
    rows.iter().map(|row| row.id().to_owned()).collect()
}

/// What changed in a street since a version.
pub(super) async fn read_delta<S: Reader>(source: &mut S, street: &Code, since: Version) -> Result<Option<Delta>, Error> {
    let Some(version) = read_versions(source, Some(street)).await?.remove(street) else { return Ok(None) };
    let log = read_log(source, street, since).await?;
    // A log with a hole, or one of another street's past: the file was put back from a copy.
    if since > version || log.len() as u64 != version - since {
        return Ok(None);
    }
    let (mut notes, mut touched) = (Vec::with_capacity(log.len()), Touched::new());
    for logged in log {
        let Some(ids) = logged.touched else { return Ok(None) };
        let ids: Touched = serde_json::from_str(&ids)
            .map_err(|error| failed(|| format!("change {} of street {street}", logged.note.version))(damage(error)))?;
        for (kind, ids) in ids {
            touched.entry(kind).or_default().extend(ids);
        }
        notes.push(logged.note);
    }
    if touched.values().map(BTreeSet::len).sum::<usize>() > ROWS_IN_DELTA {
        return Ok(None);
    }
    let mut changes = Vec::new();
    for (kind, ids) in touched {
        let ids: Vec<String> = ids.into_iter().collect();
        match kind {
            ChangeKind::Areas => {
                let (rows, gone) = read_ids::<S, Area>(source, street, ids).await?;
                let gone = gone.iter().map(|code| Code::new(code)).collect::<Result<_, _>>();
                push(&mut changes, rows, Change::PutAreas);
                push(
                    &mut changes,
                    gone.map_err(|error| failed(|| format!("changes of street {street}"))(damage(error)))?,
                    Change::DeleteAreas,
                );
            }
            ChangeKind::Lines => {
                let (rows, gone) = read_ids::<S, Line>(source, street, ids).await?;
                push(&mut changes, rows, Change::PutLines);
                push(&mut changes, gone, Change::DeleteLines);
            }
            ChangeKind::Waters => {
                let (rows, gone) = read_ids::<S, Water>(source, street, ids).await?;
                push(&mut changes, rows, Change::PutWaters);
                push(&mut changes, gone, Change::DeleteWaters);
            }
            ChangeKind::Buildings => {
                let (rows, gone) = read_ids::<S, Building>(source, street, ids).await?;
                push(&mut changes, rows, Change::PutBuildings);
                push(&mut changes, gone, Change::DeleteBuildings);
            }
            ChangeKind::Households => {
                let (rows, gone) = read_ids::<S, Household>(source, street, ids).await?;
                push(&mut changes, rows, Change::PutHouseholds);
                push(&mut changes, gone, Change::DeleteHouseholds);
            }
            ChangeKind::Issues => {
                let (rows, gone) = read_ids::<S, Issue>(source, street, ids).await?;
                push(&mut changes, rows, Change::PutIssues);
                push(&mut changes, gone, Change::DeleteIssues);
            }
            ChangeKind::Plans => {
                for id in ids {
                    let id: u32 = id.parse().map_err(|error| failed(|| format!("changes of street {street}"))(damage(error)))?;
                    let scope = Scope::Plan(street, i64::from(id));
                    let plans = read_plans(source, scope, std::iter::once(street)).await?;
                    let plan = plans.into_values().flatten().next();
                    changes.push(plan.map_or(Change::DeletePlan(PlanId(id)), |plan| Change::PutPlan(Box::new(plan))));
                }
            }
        }
    }
    Ok(Some(Delta { version, notes, changes }))
}

fn push<T>(changes: &mut Vec<Change>, rows: Vec<T>, change: impl FnOnce(Vec<T>) -> Change) {
    if !rows.is_empty() {
        changes.push(change(rows));
    }
}

/// The rows of these ids, which are sorted, and the ids of those that are not there.
async fn read_ids<S: Reader, R: Record>(source: &mut S, street: &Code, ids: Vec<String>) -> Result<(Vec<R>, Vec<String>), Error> {
    let mut places = BTreeMap::from([(street.clone(), Vec::<R>::new())]);
    for ids in ids.chunks(IDS_AT_ONCE) {
        read_rows(source, Scope::Ids(street, ids), &mut places, Vec::push).await?;
    }
    let mut rows: Vec<R> = places.into_values().flatten().collect();
    rows.sort_by(|a, b| a.id().cmp(b.id()));
    let gone = ids.into_iter().filter(|id| rows.binary_search_by(|row| row.id().cmp(id)).is_err()).collect();
    Ok((rows, gone))
}
