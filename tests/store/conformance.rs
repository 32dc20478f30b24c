//! What every store must do. Each case runs against each of them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use proptest::{prelude::*, test_runner::TestRunner};
use wangge::{
    model::*,
    store::{self, Error, Store},
};

use super::{
    place::{Kind, Place, wait},
    sample::*,
};

async fn street_of(store: &Arc<dyn Store>, street: &Code) -> StreetData {
    store.load_street(street).await.unwrap().unwrap()
}

pub async fn an_empty_store_knows_nothing(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    assert_eq!(store.load().await.unwrap(), World::new());
    assert_eq!(store.load_street(&street).await.unwrap(), None);
    assert_eq!(store.versions().await.unwrap(), BTreeMap::new());
    assert_eq!(store.changes_since(&street, 0).await.unwrap(), []);
}

pub async fn everything_comes_back_as_it_was(place: Arc<Place>) {
    let store = place.open().await;
    let mut expected = World::new();
    let mut runner = TestRunner::new(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() });
    let count = std::cell::Cell::new(0);
    let worlds = std::cell::RefCell::new(&mut expected);
    let outcome = runner.run(&(street_data(&code("520201001")), street_data(&code("520201001"))), |(first, second)| {
        // Shrinking tries again: every try has a street of its own. Inner codes keep their prefix, which no store minds.
        count.set(count.get() + 1);
        let street = code(&format!("{:09}", 520_000_000 + count.get()));
        wait(async {
            prop_assert_eq!(
                store.commit(0, &set(&street, "first", everything(&first))).await.unwrap(),
                u64::from(first != StreetData::default())
            );
            let version = u64::from(first != StreetData::default());
            let found = store.load_street(&street).await.unwrap().unwrap_or_default();
            prop_assert_eq!(&found, &StreetData { version, ..first.clone() });

            let merged = merge(&first, &second);
            let version = store.commit(version, &set(&street, "second", everything(&second))).await.unwrap();
            let found = store.load_street(&street).await.unwrap().unwrap_or_default();
            prop_assert_eq!(&found, &StreetData { version, ..merged.clone() });
            let places = store.load_places(&street).await.unwrap().unwrap_or_default();
            prop_assert_eq!(places, places_of(found.clone()));
            if version > 0 {
                worlds.borrow_mut().insert(street.clone(), found);
            }
            Ok(())
        })
    });
    outcome.unwrap();
    assert!(expected.len() > 10);
    assert_eq!(store.load().await.unwrap(), expected);
    assert_eq!(store.versions().await.unwrap(), expected.iter().map(|(street, data)| (street.clone(), data.version)).collect());
}

/// What locating needs of a street.
fn places_of(StreetData { version, areas, households, plans, .. }: StreetData) -> StreetData {
    let bare = |Household { id, position, .. }| Household {
        id,
        building_id: None,
        position,
        unit: None,
        floor: None,
        persons: None,
        address: None,
        estimated: false,
    };
    let households = households.into_iter().map(bare).collect();
    StreetData { version, areas, households, plans, ..StreetData::default() }
}

/// What is known after `second` was put over `first`.
fn merge(first: &StreetData, second: &StreetData) -> StreetData {
    fn over<R: Clone, K: Ord>(first: &[R], second: &[R], key: impl Fn(&R) -> K) -> Vec<R> {
        let merged: BTreeMap<K, R> = first.iter().chain(second).map(|record| (key(record), record.clone())).collect();
        merged.into_values().collect()
    }
    StreetData {
        version: 0,
        areas: over(&first.areas, &second.areas, |r| r.code.clone()),
        lines: over(&first.lines, &second.lines, |r| r.id.clone()),
        waters: over(&first.waters, &second.waters, |r| r.id.clone()),
        buildings: over(&first.buildings, &second.buildings, |r| r.id.clone()),
        households: over(&first.households, &second.households, |r| r.id.clone()),
        issues: over(&first.issues, &second.issues, |r| r.id.clone()),
        plans: over(&first.plans, &second.plans, |r| r.id),
    }
}

pub async fn many_rows_go_in_and_are_replaced(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let many = |range: std::ops::Range<u32>, persons| range.map(|n| household(&format!("{n:06}"), persons)).collect::<Vec<_>>();
    store.commit(0, &set(&street, "import", vec![Change::PutHouseholds(many(0..3000, 1))])).await.unwrap();
    assert_eq!(street_of(&store, &street).await.households, many(0..3000, 1));

    let mut rows = many(2000..4000, 2);
    // The same id twice in one set: the last one counts.
    rows.extend(many(2500..2501, 3));
    store.commit(1, &set(&street, "import", vec![Change::PutHouseholds(rows)])).await.unwrap();
    let mut expected = [many(0..2000, 1), many(2000..4000, 2)].concat();
    expected[2500].persons = Some(3);
    assert_eq!(street_of(&store, &street).await.households, expected);

    let gone: Vec<String> = (0..3500).map(|n| format!("{n:06}")).collect();
    store.commit(2, &set(&street, "delete", vec![Change::DeleteHouseholds(gone)])).await.unwrap();
    assert_eq!(street_of(&store, &street).await.households, many(3500..4000, 2));
}

pub async fn a_first_import_keeps_the_index_and_waits_for_nobody(place: Arc<Place>) {
    let store = place.open().await;
    let rows: Vec<Household> = (0..25_000).map(|n| household(&format!("{n:06}"), 1)).collect();
    let import = |street: &str| set(&code(street), "import", vec![Change::PutHouseholds(rows.clone())]);
    let delete = |street: &str| {
        set(&code(street), "delete", vec![Change::DeleteHouseholds(rows.iter().map(|household| household.id.clone()).collect())])
    };
    let index = "SELECT count(*) FROM pg_indexes WHERE indexname = 'households_geom' AND indexdef LIKE '%USING gist (geom)'";
    store.commit(0, &import("520201001")).await.unwrap();
    assert_eq!(street_of(&store, &code("520201001")).await.households, rows);
    store.commit(1, &delete("520201001")).await.unwrap();
    if place.kind == Kind::PostGis {
        assert_eq!(place.number(index).await, 1);
        // Somebody reads the empty table for long.
        let mut reader = place.hold("SELECT count(*) FROM households").await;
        let commit = tokio::time::timeout(Duration::from_secs(60), store.commit(0, &import("520201002"))).await;
        assert_eq!(commit.expect("the import does not wait for the reader").unwrap(), 1);
        sqlx::Executor::execute(&mut reader, "ROLLBACK").await.unwrap();
        assert_eq!(place.number(index).await, 1);
        assert_eq!(street_of(&store, &code("520201002")).await.households, rows);
    }
}

pub async fn changes_apply_in_their_order(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let put = |persons| Change::PutHouseholds(vec![household("h1", persons), household("h1", persons + 1)]);
    let changes = vec![put(1), Change::DeleteHouseholds(vec!["h1".into(), "nobody".into()]), put(5)];
    store.commit(0, &set(&street, "edit", changes)).await.unwrap();
    assert_eq!(street_of(&store, &street).await.households, [household("h1", 6)]);
}

pub async fn deleting_leaves_the_rest(place: Arc<Place>) {
    let store = place.open().await;
    let (street, other) = (code("520201001"), code("520201002"));
    let area = |c: &str| Area { code: code(c), level: Level::Community, name: String::new(), boundary: square(0, 0).into() };
    let line = |id: &str| Line { id: id.into(), class: LineClass::Alley, name: None, path: square(0, 0).exterior };
    let water = |id: &str| Water { id: id.into(), name: None, outline: square(1, 1).into() };
    let building = |id: &str| Building {
        id: id.into(),
        name: None,
        purpose: None,
        levels: None,
        declared_households: None,
        address: None,
        footprint: square(2, 2).into(),
    };
    let whole = StreetData {
        version: 0,
        areas: vec![area("520201001001"), area("520201001002")],
        lines: vec![line("1"), line("2")],
        waters: vec![water("1"), water("2")],
        buildings: vec![building("1"), building("2")],
        households: vec![household("1", 1), household("2", 2)],
        issues: vec![issue("1", "noise"), issue("2", "waste")],
        plans: vec![plan(&street, 1, "one", &["1"]), plan(&street, 2, "two", &["2", "1"])],
    };
    for street in [&street, &other] {
        store.commit(0, &set(street, "import", everything(&whole))).await.unwrap();
    }
    let first = || vec!["1".to_owned()];
    let changes = vec![
        Change::DeleteAreas(vec![code("520201001001")]),
        Change::DeleteLines(first()),
        Change::DeleteWaters(first()),
        Change::DeleteBuildings(first()),
        Change::DeleteHouseholds(first()),
        Change::DeleteIssues(first()),
        Change::DeletePlan(PlanId(1)),
    ];
    assert_eq!(store.commit(1, &set(&street, "delete", changes)).await.unwrap(), 2);
    let second = StreetData {
        version: 2,
        areas: vec![area("520201001002")],
        lines: vec![line("2")],
        waters: vec![water("2")],
        buildings: vec![building("2")],
        households: vec![household("2", 2)],
        issues: vec![issue("2", "waste")],
        plans: vec![plan(&street, 2, "two", &["2", "1"])],
    };
    let expected: World = [(street, second), (other, StreetData { version: 1, ..whole })].into();
    assert_eq!(store.load().await.unwrap(), expected);
    for table in ["communities", "cells", "blocks", "groups", "memberships"] {
        let left = format!("SELECT count(*) FROM {table} WHERE street_code = '520201001' AND plan_id = 1");
        assert_eq!(place.number(&left).await, 0, "{table}");
    }
}

pub async fn a_stale_commit_is_a_conflict(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let put = |persons| set(&street, "edit", vec![Change::PutHouseholds(vec![household("h", persons)])]);
    let conflict = store.commit(3, &put(9)).await.unwrap_err();
    assert!(matches!(&conflict, Error::Conflict { expected: 3, actual: 0, .. }), "{conflict}");
    assert_eq!(store.versions().await.unwrap(), BTreeMap::new());
    store.commit(0, &put(1)).await.unwrap();
    let conflict = store.commit(0, &put(2)).await.unwrap_err();
    assert!(matches!(&conflict, Error::Conflict { expected: 0, actual: 1, street: s } if *s == street), "{conflict}");
    assert_eq!(street_of(&store, &street).await.households, [household("h", 1)]);
    assert_eq!(store.changes_since(&street, 0).await.unwrap().len(), 1);
}

pub async fn nothing_to_do_is_no_commit(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let nothing = set(&street, "import", vec![Change::PutIssues(Vec::new()), Change::DeleteLines(Vec::new())]);
    assert_eq!(store.commit(0, &nothing).await.unwrap(), 0);
    assert_eq!(store.load().await.unwrap(), World::new());
    store.commit(0, &set(&street, "edit", vec![Change::PutIssues(vec![issue("1", "noise")])])).await.unwrap();
    assert_eq!(store.commit(1, &nothing).await.unwrap(), 1);
    assert_eq!(store.changes_since(&street, 0).await.unwrap().len(), 1);
}

pub async fn the_log_says_what_happened(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let before = jiff::Timestamp::now();
    let import = vec![
        Change::PutIssues(vec![issue("1", "noise"), issue("2", "waste")]),
        Change::PutHouseholds(vec![household("h", 1)]),
        Change::DeleteIssues(vec!["1".into()]),
    ];
    store.commit(0, &set(&street, "import survey", import)).await.unwrap();
    store.commit(1, &set(&street, "计划", vec![Change::PutPlan(Box::new(plan(&street, 1, "p", &["h"])))])).await.unwrap();
    store.commit(0, &set(&code("520201002"), "other", vec![Change::DeletePlan(PlanId(1))])).await.unwrap();
    let notes = store.changes_since(&street, 0).await.unwrap();
    let summary: Vec<_> = notes.iter().map(|note| (note.version, note.what.as_str(), note.rows.clone())).collect();
    let imported = BTreeMap::from([(ChangeKind::Households, 1), (ChangeKind::Issues, 3)]);
    assert_eq!(summary, [(1, "import survey", imported), (2, "计划", BTreeMap::from([(ChangeKind::Plans, 1)]))]);
    assert!(notes.iter().all(|note| note.street == street));
    let tolerance = jiff::SignedDuration::from_secs(1);
    assert!(notes[0].at >= before - tolerance && notes[0].at <= notes[1].at, "{notes:?}");
    assert_eq!(store.changes_since(&street, 1).await.unwrap(), notes[1..]);
    assert_eq!(store.changes_since(&street, 2).await.unwrap(), []);
}

pub async fn versions_have_no_gap_under_competition(place: Arc<Place>) {
    let stores = [place.open().await, place.open().await];
    let street = code("520201001");
    let committers = (0..6).map(|n| {
        let (store, street) = (stores[n % 2].clone(), street.clone());
        tokio::spawn(async move {
            let mut versions = Vec::new();
            while versions.len() < 8 {
                let expected = store.versions().await.unwrap().get(&street).copied().unwrap_or(0);
                let rows = Change::PutIssues(vec![issue(&format!("{n}-{}", versions.len()), "noise")]);
                match store.commit(expected, &set(&street, "edit", vec![rows])).await {
                    Ok(version) => versions.push(version),
                    Err(Error::Conflict { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            versions
        })
    });
    let mut versions = futures::future::try_join_all(committers).await.unwrap().concat();
    versions.sort_unstable();
    assert_eq!(versions, (1..=48).collect::<Vec<_>>());
    let logged: Vec<_> = stores[0].changes_since(&street, 0).await.unwrap().iter().map(|note| note.version).collect();
    assert_eq!(logged, versions);
    assert_eq!(street_of(&stores[1], &street).await.issues.len(), 48);
}

pub async fn a_failing_commit_leaves_nothing(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let first = vec![Change::PutHouseholds(vec![household("h", 1)]), Change::PutPlan(Box::new(plan(&street, 1, "one", &["h"])))];
    store.commit(0, &set(&street, "import", first)).await.unwrap();
    let before = store.load().await.unwrap();

    let attempt = |plan: Plan| set(&street, "plan", vec![Change::PutHouseholds(vec![household("h", 7)]), Change::PutPlan(Box::new(plan))]);
    // In two groups at once: the database itself refuses it, in the last of the tables.
    let mut twice = plan(&street, 1, "twice", &["h"]);
    let again = Group { code: code("520201001001001002"), head: "h".into(), members: vec!["h".into()] };
    twice.groups.push(again);
    let error = store.commit(1, &attempt(twice)).await.unwrap_err();
    assert!(matches!(&error, Error::Driver { doing, .. } if doing.contains("memberships")), "{error}");
    assert_eq!(store.load().await.unwrap(), before);

    let mut overlap = plan(&street, 1, "overlap", &["h"]);
    overlap.blocks.push(Block { id: 9, outline: square(0, 0), cell: 3 });
    let error = store.commit(1, &attempt(overlap)).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { why, .. } if why.contains("overlap")), "{error}");
    let mut lost = plan(&street, 1, "lost", &["h"]);
    lost.blocks[0].cell = 9;
    assert!(matches!(store.commit(1, &attempt(lost)).await, Err(Error::Refused { .. })));
    let nul = set(&street, "edit", vec![Change::PutIssues(vec![issue("1", "no\0ise")])]);
    let error = store.commit(1, &nul).await.unwrap_err();
    assert!(error.to_string().contains("category holds a NUL"), "{error}");
    // Nor in what the log would call it, whoever made that up.
    let nul = set(&street, "publish by \0", vec![Change::PutIssues(vec![issue("1", "noise")])]);
    let error = store.commit(1, &nul).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { why, .. } if why.contains("holds a NUL")), "{error}");
    assert_eq!(store.load().await.unwrap(), before);
    assert_eq!(store.changes_since(&street, 1).await.unwrap(), []);
    // And the store goes on.
    assert_eq!(store.commit(1, &attempt(plan(&street, 1, "fine", &["h"]))).await.unwrap(), 2);
}

pub async fn a_load_is_one_state_while_others_commit(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let writer = {
        let (store, street) = (place.open().await, street.clone());
        tokio::spawn(async move {
            for n in 1..=30_u16 {
                let changes = vec![
                    Change::PutHouseholds((0..500).map(|h| household(&h.to_string(), n)).collect()),
                    Change::PutIssues(vec![issue("1", &n.to_string())]),
                    Change::PutPlan(Box::new(plan(&street, 1, &n.to_string(), &["1", "2"]))),
                ];
                store.commit(u64::from(n) - 1, &set(&street, "edit", changes)).await.unwrap();
            }
        })
    };
    let mut seen = std::collections::BTreeSet::new();
    while !writer.is_finished() {
        let world = store.load().await.unwrap();
        let Some(data) = world.get(&street) else { continue };
        let version = data.version as u16;
        assert!(data.households.len() == 500 && data.households.iter().all(|h| h.persons == Some(version)), "version {version}");
        assert_eq!((data.issues[0].category.as_str(), data.plans[0].name.as_str()), (&*version.to_string(), &*version.to_string()));
        seen.insert(version);
    }
    writer.await.unwrap();
    assert!(seen.len() > 1, "the reader saw only {seen:?}");
}

pub async fn a_change_wakes_who_waits(place: Arc<Place>) {
    let (here, elsewhere) = (place.open().await, place.open().await);
    let street = code("520201001");
    let put = |n: u32| set(&street, "edit", vec![Change::PutIssues(vec![issue(&n.to_string(), "noise")])]);
    // The first call may return at once; after it nothing has changed.
    here.wait_for_change(Duration::from_secs(5)).await.unwrap();
    let quiet = std::time::Instant::now();
    here.wait_for_change(Duration::from_millis(300)).await.unwrap();
    assert!(quiet.elapsed() >= Duration::from_millis(290), "woken by nothing after {:?}", quiet.elapsed());

    // A commit between two calls is not missed, one during a call ends it.
    elsewhere.commit(0, &put(1)).await.unwrap();
    let clock = std::time::Instant::now();
    here.wait_for_change(Duration::from_secs(20)).await.unwrap();
    let (waited, committed) = tokio::join!(here.wait_for_change(Duration::from_secs(20)), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        elsewhere.commit(1, &put(2)).await
    });
    waited.unwrap();
    committed.unwrap();
    assert!(clock.elapsed() < Duration::from_secs(10), "woken only after {:?}", clock.elapsed());
}

pub async fn who_waits_is_woken_in_milliseconds(place: Arc<Place>) {
    let (here, elsewhere) = (place.open().await, place.open().await);
    let street = code("520201001");
    here.wait_for_change(Duration::from_secs(5)).await.unwrap();
    let mut delays = Vec::new();
    for version in 0..20 {
        let change = Change::PutIssues(vec![issue(&version.to_string(), "noise")]);
        // Who commits to the store that is waited on, or to another, is all one.
        let committer = if version % 2 == 0 { &here } else { &elsewhere };
        let set = set(&street, "edit", vec![change]);
        let woken = async {
            here.wait_for_change(Duration::from_secs(20)).await.unwrap();
            std::time::Instant::now()
        };
        let committed = async {
            tokio::time::sleep(Duration::from_millis(7)).await;
            committer.commit(version, &set).await.unwrap();
            std::time::Instant::now()
        };
        let (woken, committed) = tokio::join!(woken, committed);
        delays.push(woken.saturating_duration_since(committed));
        // What the commit still writes after it is answered wakes nobody a second time.
        here.wait_for_change(Duration::from_millis(5)).await.unwrap();
    }
    delays.sort_unstable();
    assert!(delays[10] < Duration::from_millis(15), "{delays:?}");
}

pub async fn time_is_kept_to_the_millisecond(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let mut fine = issue("1", "noise");
    fine.reported_at = "2026-01-02T03:04:05.678999999Z".parse().unwrap();
    fine.closed_at = Some("1969-12-31T23:59:59.999999Z".parse().unwrap());
    store.commit(0, &set(&street, "import", vec![Change::PutIssues(vec![fine])])).await.unwrap();
    let found = &street_of(&store, &street).await.issues[0];
    assert_eq!(found.reported_at.to_string(), "2026-01-02T03:04:05.678Z");
    assert_eq!(found.closed_at.unwrap().to_string(), "1969-12-31T23:59:59.999Z");
}

pub async fn a_newer_schema_is_refused(place: Arc<Place>) {
    drop(place.open().await);
    place
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             SELECT 9999, 'from the future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
    let refusals = [store::open(&place.url).await.err(), store::migrate(&place.url, false).await.err()];
    for error in refusals.map(Option::unwrap) {
        assert!(matches!(&error, Error::Newer { found: 9999, known: 3, .. }), "{error}");
        assert!(error.to_string().contains("install that version or newer"));
    }
}

pub async fn a_changed_schema_is_damage(place: Arc<Place>) {
    drop(place.open().await);
    place.execute("DELETE FROM _sqlx_migrations").await;
    place
        .execute("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (0, '', true, '', 0)")
        .await;
    let error = store::migrate(&place.url, false).await.unwrap_err();
    assert!(matches!(&error, Error::Damaged { .. }), "{error}");
}

pub async fn a_damaged_row_is_named(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let line = Line { id: "L7".into(), class: LineClass::Local, name: None, path: square(0, 0).exterior };
    let changes = vec![Change::PutLines(vec![line]), Change::PutPlan(Box::new(plan(&street, 1, "p", &["h"])))];
    store.commit(0, &set(&street, "import", changes)).await.unwrap();
    let damage = async |break_it: &str, mend_it: &str, expected: &[&str]| {
        place.execute(break_it).await;
        let error = store.load().await.unwrap_err();
        assert!(matches!(&error, Error::Damaged { .. }), "{error}");
        for word in expected {
            assert!(error.to_string().contains(word), "{error} should name {word}");
        }
        place.execute(mend_it).await;
        store.load().await.unwrap();
    };
    damage("UPDATE lines SET class = 'canal'", "UPDATE lines SET class = 'local'", &["lines L7", "520201001", "canal"]).await;
    damage(
        "UPDATE memberships SET group_code = '520201001001001777'",
        "UPDATE memberships SET group_code = '520201001001001001'",
        &["memberships", "520201001", "520201001001001777"],
    )
    .await;
    damage("UPDATE revisions SET version = 0", "UPDATE revisions SET version = 1", &["lines L7", "no revision"]).await;
    let (broken, whole) = match place.kind {
        Kind::GeoPackage => ("X'4750'", "geom"),
        Kind::PostGis => ("ST_GeomFromText('LINESTRING EMPTY', 4326)", "geom"),
    };
    if place.kind == Kind::GeoPackage {
        place.execute("CREATE TABLE kept AS SELECT geom FROM lines").await;
        let mend = format!("UPDATE lines SET geom = (SELECT {whole} FROM kept)");
        damage(&format!("UPDATE lines SET geom = {broken}"), &mend, &["lines L7", "not a GeoPackage blob"]).await;
    }
}

pub async fn cells_and_communities_have_shapes_for_a_gis(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let area = Area { code: street.clone(), level: Level::Street, name: "凤凰街道".into(), boundary: square(0, 0).into() };
    let mut plan = plan(&street, 1, "p", &["h"]);
    plan.blocks.push(Block { id: 9, outline: square(0, 1), cell: 0 });
    store.commit(0, &set(&street, "plan", vec![Change::PutAreas(vec![area]), Change::PutPlan(Box::new(plan))])).await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM streets WHERE name = '凤凰街道'").await, 1);
    if place.kind == Kind::PostGis {
        // The first cell is two blocks without the edge between them; a community is its cells.
        let points = "SELECT ST_NPoints(geom)::bigint FROM cells WHERE cell_code = '520201001001001'";
        assert_eq!(place.number(points).await, 7);
        let valid = "SELECT count(*) FROM (SELECT geom FROM cells UNION ALL SELECT geom FROM communities) g WHERE ST_IsValid(geom) AND ST_NumGeometries(geom) = 1";
        assert_eq!(place.number(valid).await, 6);
        let same = "SELECT count(*) FROM communities c WHERE ST_Equals(c.geom, (SELECT ST_Union(l.geom) FROM cells l WHERE l.cell_code LIKE c.community_code || '%'))";
        assert_eq!(place.number(same).await, 2);
    }
}

pub async fn a_copy_is_indexed_and_the_same(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let line = Line { id: "L".into(), class: LineClass::Local, name: None, path: square(0, 0).exterior };
    let changes = vec![
        Change::PutLines(vec![line]),
        Change::PutHouseholds((0..1200).map(|n| household(&format!("{n:04}"), 2)).collect()),
        Change::PutPlan(Box::new(plan(&street, 1, "p", &["0001"]))),
    ];
    store.commit(0, &set(&street, "import", changes)).await.unwrap();
    store.commit(1, &set(&street, "edit", vec![Change::DeleteHouseholds(vec!["0000".into()])])).await.unwrap();

    let path = place.folder.path().join("copy.gpkg");
    store::export_copy(&place.url, &path).await.unwrap();
    let url = format!("gpkg:{}", path.display());
    let names: Vec<String> =
        std::fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains("partial")), "{names:?}");
    let near = super::gis::ogrinfo(&["-so", "-spat", "104.83", "26.59", "104.831", "26.591", path.to_str().unwrap(), "households"]);
    assert!(near.contains("Feature Count: 1199"), "{near}");
    let far = super::gis::ogrinfo(&["-so", "-spat", "1", "1", "2", "2", path.to_str().unwrap(), "households"]);
    assert!(far.contains("Feature Count: 0"), "{far}");

    // What the copy has the live file must not have.
    let error = store::open(&url).await.err().unwrap();
    assert!(matches!(&error, Error::RTreeTriggers(_)), "{error}");
    assert!(error.to_string().contains("--drop-rtree"), "{error}");
    assert!(matches!(store::migrate(&url, false).await, Err(Error::RTreeTriggers(_))));
    store::migrate(&url, true).await.unwrap();
    let copy = store::open(&url).await.unwrap();
    assert_eq!(copy.load().await.unwrap(), store.load().await.unwrap());
    assert_eq!(copy.changes_since(&street, 0).await.unwrap(), store.changes_since(&street, 0).await.unwrap());
    assert_eq!(copy.commit(2, &set(&street, "edit", vec![Change::PutHouseholds(vec![household("new", 1)])])).await.unwrap(), 3);
    drop(copy);
    store::export_copy(&place.url, &path).await.unwrap();
}
