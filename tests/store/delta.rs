//! Deltas: what leads from one version of a street to the next.

use std::{collections::BTreeSet, sync::Arc};

use proptest::{prelude::*, test_runner::TestRunner};
use wangge::{
    model::*,
    store::{self, Error, Store},
};

use super::{
    place::{Kind, Place, wait},
    sample::*,
};

/// Deletes what of the state the bits choose, by number, one bit a row, and also what is not there.
fn deletions(state: &StreetData, bits: u64) -> Vec<Change> {
    fn chosen<R, I>(rows: &[R], bits: u64, id: impl Fn(&R) -> I) -> Vec<I> {
        rows.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, row)| id(row)).collect()
    }
    let mut ids = chosen(&state.issues, bits >> 30, |r| r.id.clone());
    ids.push("nobody".into());
    let mut changes = vec![
        Change::DeleteAreas(chosen(&state.areas, bits, |r| r.code.clone())),
        Change::DeleteLines(chosen(&state.lines, bits >> 5, |r| r.id.clone())),
        Change::DeleteWaters(chosen(&state.waters, bits >> 10, |r| r.id.clone())),
        Change::DeleteBuildings(chosen(&state.buildings, bits >> 15, |r| r.id.clone())),
        Change::DeleteHouseholds(chosen(&state.households, bits >> 20, |r| r.id.clone())),
        Change::DeleteIssues(ids),
    ];
    changes.extend(chosen(&state.plans, bits >> 40, |plan| Change::DeletePlan(plan.id)));
    changes
}

/// What a delta names, each row by kind and id.
fn named(delta: &Delta) -> Vec<(ChangeKind, String)> {
    let mut names = Vec::new();
    for change in &delta.changes {
        let ids: Vec<String> = match change {
            Change::PutAreas(rows) => rows.iter().map(|r| r.code.to_string()).collect(),
            Change::PutLines(rows) => rows.iter().map(|r| r.id.clone()).collect(),
            Change::PutWaters(rows) => rows.iter().map(|r| r.id.clone()).collect(),
            Change::PutBuildings(rows) => rows.iter().map(|r| r.id.clone()).collect(),
            Change::PutHouseholds(rows) => rows.iter().map(|r| r.id.clone()).collect(),
            Change::PutIssues(rows) => rows.iter().map(|r| r.id.clone()).collect(),
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
        names.extend(ids.into_iter().map(|id| (change.kind().0, id)));
    }
    names
}

pub async fn a_delta_leads_from_every_version_to_the_newest(place: Arc<Place>) {
    let store = place.open().await;
    let mut runner = TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() });
    let count = std::cell::Cell::new(0);
    let steps = prop::collection::vec((street_data(&code("520201001")), any::<u64>(), any::<bool>()), 1..5);
    let outcome = runner.run(&steps, |steps| {
        count.set(count.get() + 1);
        let street = code(&format!("{:09}", 520_000_000 + count.get()));
        wait(async {
            let mut states = vec![StreetData::default()];
            for (data, bits, deleting_first) in steps {
                let before = states.last().unwrap();
                let mut changes = everything(&data);
                let gone = deletions(before, bits);
                let place = if deleting_first { 0 } else { changes.len() };
                changes.splice(place..place, gone);
                store.commit(before.version, &set(&street, "step", changes)).await.unwrap();
                states.push(store.load_street(&street).await.unwrap().unwrap());
            }
            let newest = states.pop().unwrap();
            for mut state in states {
                let since = state.version;
                let delta = store.load_delta(&street, since).await.unwrap().unwrap();
                prop_assert_eq!(&delta.notes, &store.changes_since(&street, since).await.unwrap());
                let names = named(&delta);
                prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "each row once");
                prop_assert!(delta.changes.iter().all(|change| change.kind().1 > 0));
                state.version = delta.version;
                delta.changes.into_iter().for_each(|change| state.apply(change));
                prop_assert_eq!(&state, &newest, "since {}", since);
            }
            Ok(())
        })
    });
    outcome.unwrap();
}

pub async fn a_delta_is_given_where_every_commit_says_its_rows(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let issues = |range: std::ops::Range<u32>| Change::PutIssues(range.map(|n| issue(&format!("{n:04}"), "noise")).collect());
    assert_eq!(store.load_delta(&street, 0).await.unwrap(), None, "an unknown street");
    store.commit(0, &set(&street, "as many as are said", vec![issues(0..500)])).await.unwrap();
    store.commit(1, &set(&street, "edit", vec![issues(7..8)])).await.unwrap();
    let delta = store.load_delta(&street, 0).await.unwrap().unwrap();
    assert_eq!((delta.version, delta.notes.len(), delta.changes), (2, 2, vec![issues(0..500)]));
    assert_eq!(store.load_delta(&street, 1).await.unwrap().unwrap().changes, [issues(7..8)]);
    let nothing = Delta { version: 2, notes: Vec::new(), changes: Vec::new() };
    assert_eq!(store.load_delta(&street, 2).await.unwrap(), Some(nothing));
    assert_eq!(store.load_delta(&street, 3).await.unwrap(), None, "a version that is not there yet");
    assert_eq!(store.load_delta(&code("520201002"), 0).await.unwrap(), None, "another street");

    store.commit(2, &set(&street, "import", vec![issues(0..501)])).await.unwrap();
    store.commit(3, &set(&street, "edit", vec![Change::DeleteIssues(vec!["0009".into()])])).await.unwrap();
    assert_eq!(store.load_delta(&street, 2).await.unwrap(), None, "too many to say");
    assert_eq!(store.load_delta(&street, 3).await.unwrap().unwrap().changes, [Change::DeleteIssues(vec!["0009".into()])]);
    place.execute("DELETE FROM changes WHERE version = 4").await;
    assert_eq!(store.load_delta(&street, 3).await.unwrap(), None, "the log has a hole");
}

pub async fn a_database_of_the_first_schema_is_brought_up_to_date(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let draft = Plan { state: PlanState::Draft, ..plan(&street, 1, "draft", &["h"]) };
    let changes = vec![Change::PutIssues(vec![issue("1", "noise")]), Change::PutPlan(Box::new(draft.clone()))];
    store.commit(0, &set(&street, "edit", changes)).await.unwrap();
    store.close().await;
    for undo in [
        "ALTER TABLE changes DROP COLUMN touched",
        "ALTER TABLE cells DROP COLUMN locked",
        "ALTER TABLE plans DROP COLUMN owner",
        "ALTER TABLE plans DROP COLUMN base_plan",
        "ALTER TABLE plans DROP COLUMN revision",
        "DROP INDEX blocks_of_cell",
        "DROP TABLE edits",
    ] {
        place.execute(undo).await;
    }
    if place.kind == Kind::GeoPackage {
        place.execute("DELETE FROM gpkg_contents WHERE table_name = 'edits'").await;
    }
    place.execute("DELETE FROM _sqlx_migrations WHERE version > 1").await;
    if place.kind == Kind::PostGis {
        assert!(matches!(store::open(&place.url).await.err(), Some(Error::NotMigrated(_))));
        store::migrate(&place.url, false).await.unwrap();
    }
    let store: Arc<dyn Store> = store::open(&place.url).await.unwrap();
    let data = store.load_street(&street).await.unwrap().unwrap();
    assert_eq!((data.issues, data.plans), (vec![issue("1", "noise")], vec![draft]));
    assert_eq!(store.load_edits(&street, PlanId(1)).await.unwrap(), []);
    assert_eq!(store.changes_since(&street, 0).await.unwrap().len(), 1);
    assert_eq!(store.load_delta(&street, 0).await.unwrap(), None, "the first schema did not say which rows");
    store.commit(1, &set(&street, "edit", vec![Change::DeleteIssues(vec!["1".into()])])).await.unwrap();
    assert_eq!(store.load_delta(&street, 1).await.unwrap().unwrap().changes, [Change::DeleteIssues(vec!["1".into()])]);
}
