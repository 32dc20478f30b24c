//! Steps of a draft of 40,000 households: a block goes to the cell beside it and both cells are grouped anew.

use std::time::{Duration, Instant};

use jiff::{Timestamp, civil::date};
use wangge::{
    city::{self, Request},
    model::*,
    plan::{self, Registration},
    store::Store,
};

/// Households and cells of the street.
const HOUSEHOLDS: usize = 40_000;
const CELLS: usize = 200;
const STEPS: u32 = 100;

/// Makes the street and its draft, and times steps.
pub async fn measure(name: &str, store: &dyn Store) {
    let mut street = drawn_street();
    let code = street.areas[0].code.clone();
    let put = vec![Change::PutHouseholds(std::mem::take(&mut street.households)), Change::PutPlan(Box::new(street.plans[0].clone()))];
    let set = |what: &str, changes| ChangeSet { street: code.clone(), what: what.to_owned(), changes };
    let clock = Instant::now();
    let mut version = store.commit(0, &set("plan", put)).await.expect("committed");
    println!("a street with its plan: {:.2} s", clock.elapsed().as_secs_f64());
    let draft = street.plans.pop().expect("a plan");
    println!(
        "{} blocks, {} cells, {} communities, {} groups",
        draft.blocks.len(),
        draft.cells.len(),
        draft.communities.len(),
        draft.groups.len()
    );
    let (mut times, mut deltas) = (Vec::new(), Vec::new());
    let mut now = draft.clone();
    for number in 1..=STEPS {
        let next = moved(&now, number as usize * 7);
        let edit = Edit {
            number,
            at: Timestamp::UNIX_EPOCH,
            who: Some("bench".into()),
            why: None,
            key: None,
            command: serde_json::json!({ "op": "assign" }),
            answer: serde_json::json!({ "number": number }),
            standing: Standing::Done,
        };
        let patch = Patch::between(&now, &next);
        let edit = PlanEdit { plan: draft.id, patch, log: LogChange::Append(Box::new(edit)) };
        let set = set("edit", vec![Change::EditPlan(Box::new(edit))]);
        let clock = Instant::now();
        version = store.commit(version, &set).await.expect("committed");
        times.push(clock.elapsed());
        let clock = Instant::now();
        store.load_delta(&code, version - 1).await.expect("read").expect("a delta");
        deltas.push(clock.elapsed());
        now = next;
    }
    let clock = Instant::now();
    let log = store.load_edits(&code, draft.id).await.expect("read");
    println!("a log of {} steps: {:?}", log.len(), clock.elapsed());
    let stored = store.load_street(&code).await.expect("read").expect("known").plans;
    now.revision = STEPS;
    assert!(stored == [now]);
    figure(&format!("store_{name}_step"), times, 8.0);
    figure(&format!("store_{name}_step_delta"), deltas, 60.0);
}

/// The plan with a block of one cell in the next one, both grouped anew.
fn moved(plan: &Plan, choice: usize) -> Plan {
    let mut next = plan.clone();
    let (from, to) = (choice % (plan.cells.len() - 1), choice % (plan.cells.len() - 1) + 1);
    let block = next.blocks.iter_mut().find(|block| block.cell as usize == from).expect("a block in every cell");
    block.cell = to as u32;
    next.blocks.sort_by(Block::order);
    let is_of = |group: &Group, cell: usize| group.code.is_within(&plan.cells[cell].code);
    let members = |cell: usize| plan.groups.iter().filter(move |group| is_of(group, cell)).flat_map(|group| &group.members).cloned();
    let mut of_both = [members(from).collect::<Vec<_>>(), members(to).collect()];
    let moving = of_both[0].split_off(of_both[0].len() - 20.min(of_both[0].len()));
    of_both[1].extend(moving);
    next.groups.retain(|group| !is_of(group, from) && !is_of(group, to));
    for (cell, members) in [from, to].into_iter().zip(of_both) {
        for (n, members) in (1..).zip(members.chunks(10)) {
            let code = CodeScheme::default().child(&plan.cells[cell].code, n).expect("a code");
            next.groups.push(Group { code, head: members[0].clone(), members: members.to_vec() });
        }
    }
    next.groups.sort_by(|a, b| a.code.cmp(&b.code));
    next
}

fn drawn_street() -> StreetData {
    let code = Code::new("520201014").expect("a code");
    let request = Request { households: HOUSEHOLDS, seed: 1, street: code.clone(), until: date(2026, 11, 24) };
    let city = city::generate(&request).expect("a city");
    let mut street = StreetData {
        areas: vec![Area { code, level: Level::Street, name: city.name, boundary: city.boundary.into() }],
        lines: city.lines,
        buildings: city.buildings,
        households: city.households,
        ..StreetData::default()
    };
    street.households.sort_by(|a, b| a.id.cmp(&b.id));
    let request = plan::Request { cells: Some(CELLS), ..plan::Request::default() };
    let registration = Registration { id: PlanId(1), name: "bench".into(), now: Timestamp::UNIX_EPOCH, owner: None, publish_from: None };
    let (plan, _) = plan::plan(&street, &request, registration, &|_, _| true).expect("a plan");
    street.plans = vec![plan];
    street
}

fn figure(name: &str, mut times: Vec<Duration>, target_ms: f64) {
    times.sort_unstable();
    let [median, most] = [times[times.len() / 2], times[times.len() - 1]].map(|time| time.as_secs_f64() * 1e3);
    println!("BENCH {name} {median:.1} ms target <= {target_ms} {} (most {most:.1} ms)", if median <= target_ms { "ok" } else { "short" });
}
