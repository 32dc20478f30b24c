//! Steps of drafts: what a commit of one changes in the store is what it changes in the model, and the log tells it.

use std::sync::Arc;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;
use wangge::{
    model::*,
    store::{self, Error, Store},
};

use super::{
    place::{Kind, Place, wait},
    sample::*,
};

fn edit(number: u32) -> Edit {
    Edit {
        number,
        at: "2026-11-24T08:00:00.123Z".parse().unwrap(),
        who: (number % 2 == 1).then(|| "王".into()),
        why: None,
        key: number.is_multiple_of(2).then(|| format!("key-{number}")),
        command: json!({ "op": "assign", "blocks": [number], "to": "520201001001001" }),
        answer: json!({ "number": number, "warnings": [] }),
        standing: Standing::Done,
    }
}

fn step(plan: u32, patch: &Patch, log: LogChange) -> Change {
    Change::EditPlan(Box::new(PlanEdit { plan: PlanId(plan), patch: patch.clone(), log }))
}

fn append(plan: u32, patch: &Patch, number: u32) -> Change {
    step(plan, patch, LogChange::Append(Box::new(edit(number))))
}

fn back(plan: u32, patch: &Patch, number: u32) -> Change {
    step(plan, &patch.clone().inverted(), LogChange::Undone(number))
}

fn again(plan: u32, patch: &Patch, number: u32) -> Change {
    step(plan, patch, LogChange::Redone(number))
}

/// A draft of four cells, a block each, with households in the first cell's group.
fn draft(street: &Code) -> Plan {
    Plan { state: PlanState::Draft, valid_from: None, ..plan(street, 3, "draft", &["h1", "h2", "h3"]) }
}

/// The patch of what is done to a draft.
fn patch(from: &Plan, change: impl FnOnce(&mut Plan)) -> Patch {
    let mut to = from.clone();
    change(&mut to);
    to.blocks.sort_by(Block::order);
    Patch::between(from, &to)
}

/// Everything that a street's plan is in the tables, outlines and all, as text.
async fn rows(place: &Place, street: &Code) -> String {
    let (shape, locked) = match place.kind {
        Kind::GeoPackage => ("hex(geom)", "locked"),
        Kind::PostGis => ("encode(ST_AsEWKB(geom), 'hex')", "locked::int"),
    };
    let tables = [
        ("communities", format!("community_code || name || {shape}")),
        ("cells", format!("cell_code || name || kind || {locked} || {shape}")),
        ("blocks", format!("block_index || ' ' || cell_code || {shape}")),
        ("groups", "group_code || ' ' || head_household_id".to_owned()),
        ("memberships", "household_id || ' ' || group_code || ' ' || member_index".to_owned()),
    ];
    let selects = tables.map(|(table, row)| format!("SELECT '{table} ' || {row} FROM {table} WHERE street_code = '{street}'"));
    place.texts(&(selects.join(" UNION ALL ") + " ORDER BY 1")).await
}

async fn state(store: &Arc<dyn Store>, street: &Code) -> StreetData {
    store.load_street(street).await.unwrap().unwrap()
}

async fn refusal(store: &Arc<dyn Store>, version: Version, street: &Code, changes: Vec<Change>) -> String {
    let before = store.load().await.unwrap();
    let error = store.commit(version, &set(street, "edit", changes)).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { .. }), "{error}");
    assert_eq!(store.load().await.unwrap(), before);
    error.to_string()
}

pub async fn a_step_changes_the_store_as_the_model(place: Arc<Place>) {
    let store = place.open().await;
    let mut runner = TestRunner::new(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() });
    let count = std::cell::Cell::new(0);
    let outcome = runner.run(&two_states(&code("520201001")), |(from, to)| {
        count.set(count.get() + 1);
        let street = code(&format!("{:09}", 520_000_000 + count.get()));
        let patch = Patch::between(&from, &to);
        wait(async {
            store.commit(0, &set(&street, "plan", vec![Change::PutPlan(Box::new(from.clone()))])).await.unwrap();
            let mut model = state(&store, &street).await;
            let mut plan_alone = model.clone();
            let steps = [append(from.id.0, &patch, 1), back(from.id.0, &patch, 1), again(from.id.0, &patch, 1)];
            for step in steps {
                model.version = store.commit(model.version, &set(&street, "edit", vec![step.clone()])).await.unwrap();
                model.apply(step.clone());
                plan_alone.apply(step);
                prop_assert_eq!(&state(&store, &street).await, &model);
                let stepped = rows(&place, &street).await;
                // The same plan put as a whole makes the same rows.
                let whole = Change::PutPlan(Box::new(model.plans[0].clone()));
                model.version = store.commit(model.version, &set(&street, "plan", vec![whole])).await.unwrap();
                prop_assert_eq!(&rows(&place, &street).await, &stepped);
            }
            let expected = Plan { revision: from.revision + 3, ..to };
            prop_assert_eq!(&model.plans[0], &expected);
            let log = store.load_edits(&street, from.id).await.unwrap();
            prop_assert_eq!(log, vec![LoggedEdit { edit: edit(1), patch }]);
            Ok(())
        })
    });
    outcome.unwrap();
}

pub async fn the_log_of_a_draft_outlives_the_process(place: Arc<Place>) {
    let store = place.open().await;
    let (street, other) = (code("520201001"), code("520201002"));
    let draft = draft(&street);
    store.commit(0, &set(&street, "plan", vec![Change::PutPlan(Box::new(draft.clone()))])).await.unwrap();
    let first = patch(&draft, |plan| plan.blocks[0].cell = 1);
    let second = patch(&draft, |plan| plan.cells[2].name = "北".into());
    let third = patch(&draft, |plan| plan.cells[3].locked = true);
    let changes = [
        append(3, &first, 1),
        append(3, &second, 2),
        append(3, &third, 3),
        back(3, &third, 3),
        back(3, &second, 2),
        again(3, &second, 2),
        back(3, &second, 2),
        append(3, &third, 4),
    ];
    for (version, change) in (1..).zip(changes) {
        store.commit(version, &set(&street, "edit", vec![change])).await.unwrap();
    }
    store.close().await;
    let store = place.open().await;
    let line = |number, standing, patch: &Patch| LoggedEdit { edit: Edit { standing, ..edit(number) }, patch: patch.clone() };
    let expected = [
        line(1, Standing::Done, &first),
        line(2, Standing::Dropped, &second),
        line(3, Standing::Dropped, &third),
        line(4, Standing::Done, &third),
    ];
    assert_eq!(store.load_edits(&street, PlanId(3)).await.unwrap(), expected);
    assert_eq!(store.load_edits(&street, PlanId(2)).await.unwrap(), []);
    assert_eq!(store.load_edits(&other, PlanId(3)).await.unwrap(), []);
    let plan = &state(&store, &street).await.plans[0];
    assert_eq!((plan.revision, plan.cells[3].locked, plan.cells[2].name.as_str()), (8, true, ""));

    // A copy has the log, too.
    let path = place.folder.path().join("copy.gpkg");
    store::export_copy(&place.url, &path).await.unwrap();
    let copy = store::open_read(&format!("gpkg:{}", path.display())).await.unwrap();
    assert_eq!(copy.load_edits(&street, PlanId(3)).await.unwrap(), expected);
    copy.close().await;

    // A plan that is put anew keeps its log, one that is deleted takes it along.
    store.commit(9, &set(&street, "plan", vec![Change::PutPlan(Box::new(draft))])).await.unwrap();
    assert_eq!(store.load_edits(&street, PlanId(3)).await.unwrap(), expected);
    store.commit(10, &set(&street, "plan", vec![Change::DeletePlan(PlanId(3))])).await.unwrap();
    assert_eq!(store.load_edits(&street, PlanId(3)).await.unwrap(), []);
}

pub async fn a_step_that_does_not_fit_is_refused(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let draft = draft(&street);
    let mut others = draft.clone();
    others.groups[0].members.truncate(2);
    let group = Group { code: code("520201001002002001"), head: "h3".into(), members: vec!["h3".into()] };
    others.groups.push(group.clone());
    let published = plan(&street, 1, "published", &["h1"]);
    let plans = vec![Change::PutPlan(Box::new(others.clone())), Change::PutPlan(Box::new(published.clone()))];
    store.commit(0, &set(&street, "plan", plans)).await.unwrap();
    let fine = patch(&others, |plan| plan.blocks[0].cell = 1);

    let told = refusal(&store, 1, &street, vec![append(2, &fine, 1)]).await;
    assert!(told.contains("plan 2 of street 520201001") && told.contains("does not exist"), "{told}");
    let told = refusal(&store, 1, &street, vec![append(1, &fine, 1)]).await;
    assert!(told.contains("it is published, no draft"), "{told}");
    let told = refusal(&store, 1, &street, vec![append(3, &fine, 2)]).await;
    assert!(told.contains("edit 2") && told.contains("the log ends with 0"), "{told}");
    assert!(refusal(&store, 1, &street, vec![back(3, &fine.clone().inverted(), 1)]).await.contains("it is not in the log"));
    // What came before it in the set goes, too.
    let told = refusal(&store, 1, &street, vec![append(3, &fine, 1), append(3, &fine, 2)]).await;
    assert!(told.contains("block 0 is not as it was"), "{told}");

    let unfit = [
        // A block of another cell, another outline, none at all, or left in a cell that goes.
        patch(&Plan { blocks: Block::numbered([(square(0, 0), 2)]), ..others.clone() }, |plan| plan.blocks[0].cell = 1),
        patch(&Plan { blocks: Block::numbered([(square(0, 9), 0)]), ..others.clone() }, |plan| plan.blocks[0].outline = square(9, 9)),
        patch(&Plan { blocks: vec![Block { id: 7, outline: square(7, 7), cell: 0 }], ..others.clone() }, |plan| plan.blocks.clear()),
        patch(&Plan { blocks: Vec::new(), ..others.clone() }, |plan| drop(plan.cells.pop())),
        // Areas and groups with another name, head, member, or place.
        patch(&others, |plan| plan.cells[0].name = "x".into()).inverted(),
        patch(&others, |plan| plan.communities[0].name = "x".into()).inverted(),
        patch(&others, |plan| plan.groups[0].head = "h2".into()).inverted(),
        patch(&others, |plan| drop(plan.groups[0].members.pop())).inverted(),
        patch(&others, |plan| plan.groups[0].members.reverse()).inverted(),
        // A household that another group has, which does not let it go.
        patch(&others, |plan| plan.groups[0].members.push("h3".into())),
        // In two groups, or twice in one.
        patch(&others, |plan| {
            plan.groups[0].members.push("new".into());
            plan.groups[1].members.push("new".into());
        }),
        patch(&others, |plan| plan.groups[0].members.push("h1".into())),
        // Blocks that overlap.
        patch(&others, |plan| plan.blocks.push(Block { id: 9, outline: square(1, 0), cell: 1 })),
    ];
    for (case, patch) in unfit.iter().enumerate() {
        assert!(!patch.is_empty());
        let told = refusal(&store, 1, &street, vec![append(3, patch, 1)]).await;
        assert!(told.contains("plan 3 of street 520201001"), "{case}: {told}");
    }
    // A new block by the number of one in a cell that the step does not touch.
    let before = store.load().await.unwrap();
    let taken = patch(&others, |plan| plan.blocks.push(Block { id: 3, outline: square(0, 9), cell: 0 }));
    let mut taken = taken;
    taken.blocks.iter_mut().for_each(|swap| swap.sides.before = None);
    assert!(store.commit(1, &set(&street, "edit", vec![append(3, &taken, 1)])).await.is_err());
    assert_eq!(store.load().await.unwrap(), before);

    store.commit(1, &set(&street, "edit", vec![append(3, &fine, 1)])).await.unwrap();
    let told = refusal(&store, 2, &street, vec![again(3, &Patch::default(), 1)]).await;
    assert!(told.contains("edit 1") && told.contains("it is done"), "{told}");
    // A household may go from one changed group to another.
    let moved = patch(&Plan { blocks: state(&store, &street).await.plans[1].blocks.clone(), ..others }, |plan| {
        plan.groups[1].members.pop();
        plan.groups[0].members.insert(0, "h3".into());
        plan.groups.pop();
    });
    store.commit(2, &set(&street, "edit", vec![append(3, &moved, 2)])).await.unwrap();
    let [group] = &state(&store, &street).await.plans[1].groups[..] else { panic!("one group is left") };
    assert_eq!(group.members, ["h3", "h1", "h2"]);
}

pub async fn plans_change_their_life_together(place: Arc<Place>) {
    let store = place.open().await;
    let street = code("520201001");
    let (old, new) = (plan(&street, 1, "old", &["h1"]), draft(&street));
    let plans = vec![Change::PutPlan(Box::new(old)), Change::PutPlan(Box::new(new))];
    store.commit(0, &set(&street, "plan", plans)).await.unwrap();
    let mut model = state(&store, &street).await;
    let day = |text: &str| Some(text.parse().unwrap());
    let publish = vec![
        Change::SetValidity(PlanId(1), Validity { state: PlanState::Published, from: day("2026-01-01"), to: day("2026-12-01") }),
        Change::SetValidity(PlanId(3), Validity { state: PlanState::Published, from: day("2026-12-01"), to: None }),
    ];
    let nobody = Change::SetValidity(PlanId(9), Validity { state: PlanState::Published, from: None, to: None });
    let told = refusal(&store, 1, &street, vec![publish[0].clone(), publish[1].clone(), nobody]).await;
    assert!(told.contains("plan 9"), "{told}");
    model.version = store.commit(1, &set(&street, "publish", publish.clone())).await.unwrap();
    publish.into_iter().for_each(|change| model.apply(change));
    assert_eq!(state(&store, &street).await, model);
    let back = [
        Change::SetValidity(PlanId(3), Validity { state: PlanState::Draft, from: None, to: None }),
        Change::SetValidity(PlanId(1), Validity { state: PlanState::Published, from: day("2026-01-01"), to: None }),
    ];
    model.version = store.commit(2, &set(&street, "roll back", back.to_vec())).await.unwrap();
    back.into_iter().for_each(|change| model.apply(change));
    assert_eq!(state(&store, &street).await, model);
}
