//! Committing what was read, and saying what it means for what is there.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use anyhow::bail;
use jiff::Timestamp;
use serde::Serialize;
use wangge::{
    import::{Intake, Records, Report, Rows, boundaries::NOTICED_M2, diff, households, osm, shared_m2, survey},
    model::{Change, ChangeKind, ChangeSet, Code, Level, MultiPolygon, PlanState, StreetData, Version, World},
    store::{self, Store},
};

use crate::command::today;

/// How often a commit is tried when somebody else is committing too.
const TRIES: usize = 3;

/// Unusable records in a hundred from which on an input is not trusted to say what is gone.
const UNTRUSTED_PERCENT: usize = 10;

/// What became of one street.
#[derive(Serialize)]
pub struct Outcome {
    pub street: Code,
    /// The street's revision after the import.
    pub version: Version,
    /// Rows put by kind.
    pub changed: BTreeMap<ChangeKind, usize>,
    /// Rows removed by kind.
    pub removed: BTreeMap<ChangeKind, usize>,
}

/// Commits street by street; each is all or nothing. Without `force` an input that would remove stored rows while more than a
/// tenth of its own are unusable is refused before anything is committed.
pub async fn commit_all(
    store: &Arc<dyn Store>,
    what: &str,
    records: BTreeMap<Code, Records>,
    force: bool,
    intake: &mut Intake<'_>,
) -> anyhow::Result<Vec<Outcome>> {
    let outcomes = commit_each(store, what, records, force, intake).await;
    // So that the file holds everything without its WAL.
    store.close().await;
    outcomes
}

async fn commit_each(
    store: &Arc<dyn Store>,
    what: &str,
    records: BTreeMap<Code, Records>,
    force: bool,
    intake: &mut Intake<'_>,
) -> anyhow::Result<Vec<Outcome>> {
    let has_street = |records: &Records| records.areas.rows().iter().any(|area| area.level == Level::Street);
    if records.values().any(has_street) {
        let world = store.load().await?;
        note_overlaps(&world, &records, &mut intake.report);
    }
    if !force {
        for (street, records) in &records {
            let stored = store.load_street(street).await?.unwrap_or_default();
            check_trust(&diff::change_set(street.clone(), what, &stored, records), records, &intake.report)?;
        }
    }
    let mut outcomes = vec![];
    for (street, records) in records {
        match commit(store, what, street, &records, &mut intake.report).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) if outcomes.is_empty() => return Err(error),
            Err(error) => return Err(error.context("of several streets some are committed, this one is not; run it again")),
        }
    }
    Ok(outcomes)
}

async fn commit(store: &Arc<dyn Store>, what: &str, street: Code, records: &Records, report: &mut Report) -> anyhow::Result<Outcome> {
    let mut tries = 0;
    loop {
        tries += 1;
        let stored = store.load_street(&street).await?.unwrap_or_else(StreetData::default);
        let set = diff::change_set(street.clone(), what, &stored, records);
        let (mut changed, mut removed) = (BTreeMap::new(), BTreeMap::new());
        for change in &set.changes {
            let (kind, count) = change.kind();
            *if is_removal(change) { &mut removed } else { &mut changed }.entry(kind).or_default() += count;
        }
        if set.is_empty() {
            return Ok(Outcome { street, version: stored.version, changed, removed });
        }
        match store.commit(stored.version, &set).await {
            Ok(version) => {
                note_plans(&stored, &set, report);
                return Ok(Outcome { street, version, changed, removed });
            }
            Err(store::Error::Conflict { .. }) if tries < TRIES => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_removal(change: &Change) -> bool {
    matches!(
        change,
        Change::DeleteAreas(_)
            | Change::DeleteLines(_)
            | Change::DeleteWaters(_)
            | Change::DeleteBuildings(_)
            | Change::DeleteHouseholds(_)
            | Change::DeleteIssues(_)
            | Change::DeletePlan(_)
    )
}

fn check_trust(set: &ChangeSet, records: &Records, report: &Report) -> anyhow::Result<()> {
    for change in set.changes.iter().filter(|change| is_removal(change)) {
        let (replaces, kind) = match change {
            Change::DeleteLines(_) => (matches!(records.lines, Rows::Replace(_)), survey::LINES),
            Change::DeleteWaters(_) => (matches!(records.waters, Rows::Replace(_)), osm::WATERS),
            Change::DeleteBuildings(_) => (matches!(records.buildings, Rows::Replace(_)), survey::BUILDINGS),
            Change::DeleteHouseholds(_) => (matches!(records.households, Rows::Replace(_)), households::KIND),
            Change::DeleteAreas(_) => (matches!(records.areas, Rows::Replace(_)), wangge::import::boundaries::KIND),
            _ => continue,
        };
        let count = report.count(kind);
        // What was read may be far more: a map counts its whole file, and looks only at what is near the street.
        let looked_at = count.kept + count.rejected;
        if replaces && count.rejected * 100 > looked_at * UNTRUSTED_PERCENT {
            bail!(
                "{} of {} {kind} cannot be used, and {} stored {kind} of street {} would be removed; nothing was changed: mend the input, \
                 or take it as it is with --force",
                count.rejected,
                looked_at,
                change.kind().1,
                set.street
            );
        }
    }
    Ok(())
}

fn note_overlaps(world: &World, records: &BTreeMap<Code, Records>, report: &mut Report) {
    let fresh =
        records.iter().flat_map(|(code, records)| Some((code, &records.areas.rows().iter().find(|a| a.level == Level::Street)?.boundary)));
    let fresh: BTreeMap<&Code, &MultiPolygon> = fresh.collect();
    let mut streets: BTreeMap<&Code, &MultiPolygon> =
        world.iter().filter_map(|(code, data)| Some((code, &data.street()?.boundary))).collect();
    streets.extend(fresh.iter().map(|(code, boundary)| (*code, *boundary)));
    for (code, boundary) in &fresh {
        let is_known = world.get(*code).and_then(StreetData::street).is_some_and(|street| street.boundary == **boundary);
        // Of two new streets the second tells of both.
        let others = streets.iter().filter(|(other, _)| *other != code && !(fresh.contains_key(*other) && *other > code));
        for (other, theirs) in others.filter(|_| !is_known) {
            let shared = shared_m2(boundary, theirs);
            if shared > NOTICED_M2 {
                report.note(format!("street {code} overlaps street {other} by {shared:.0} m²; what lies there belongs to one of the two"));
            }
        }
    }
}

/// What the change means for the plans that are in use.
fn note_plans(stored: &StreetData, set: &ChangeSet, report: &mut Report) {
    let day = today(Timestamp::now());
    let mut gone: HashSet<&str> = HashSet::new();
    for change in &set.changes {
        match change {
            Change::DeleteHouseholds(ids) => gone.extend(ids.iter().map(String::as_str)),
            Change::PutAreas(areas) => {
                let is_moved = areas
                    .iter()
                    .any(|area| area.level == Level::Street && stored.street().is_some_and(|known| known.boundary != area.boundary));
                for plan in stored.plans.iter().filter(|plan| is_moved && plan.state_on(day) == PlanState::Published) {
                    let street = &set.street;
                    report.note(format!("street {street} has a new boundary; plan {} was drawn in the old one: plan again", plan.id.0));
                }
            }
            _ => {}
        }
    }
    for plan in stored.plans.iter().filter(|plan| plan.state_on(day) != PlanState::Superseded) {
        let lost = plan.groups.iter().flat_map(|group| &group.members).filter(|member| gone.contains(member.as_str())).count();
        if lost > 0 {
            report.note(format!("plan {} of street {} names {lost} households that no longer exist; plan again", plan.id.0, set.street));
        }
    }
}

#[cfg(test)]
mod tests {
    use wangge::import::{Reason, report::Place};

    use super::*;

    #[test]
    fn a_map_is_not_trusted_for_what_lies_far_away() {
        let street = Code::new("520201901").unwrap();
        let ids = || vec!["w1".to_owned()];
        for (kind, change) in [
            (survey::LINES, Change::DeleteLines(ids())),
            (osm::WATERS, Change::DeleteWaters(ids())),
            (survey::BUILDINGS, Change::DeleteBuildings(ids())),
        ] {
            let set = ChangeSet { street: street.clone(), what: "import osm".into(), changes: vec![change] };
            let records = Records {
                lines: Rows::Replace(vec![]),
                waters: Rows::Replace(vec![]),
                buildings: Rows::Replace(vec![]),
                ..Records::default()
            };
            let mut report = Report::default();
            report.read_many(kind, 1_000_000);
            report.keep_many(kind, 9);
            report.reject(Place { file: "map", line: None, record: "way 1", kind }, Reason::Incomplete, "");
            check_trust(&set, &records, &report).unwrap();
            report.reject(Place { file: "map", line: None, record: "way 2", kind }, Reason::Incomplete, "");
            let message = check_trust(&set, &records, &report).unwrap_err().to_string();
            assert!(message.starts_with(&format!("2 of 11 {kind} cannot be used, and 1 stored {kind} of street 520201901")), "{message}");
        }
    }
}
