//! Edits, re-planning and rules: what was asked for holds, nothing else changes, the way back is exact.

use std::collections::BTreeSet;

use wangge::{
    model::{CellKind, Patch, Rule, Rules},
    plan::{Selection, desk::Command, replan},
};

use super::*;

fn registration(id: u32) -> Registration {
    Registration { id: PlanId(id), name: format!("draft {id}"), owner: None, now: jiff::Timestamp::UNIX_EPOCH, publish_from: None }
}

fn bytes(plan: &Plan) -> String {
    serde_json::to_string(plan).unwrap()
}

/// What the difference between two plans makes of the first.
fn patched(from: &Plan, to: &Plan) -> String {
    let mut plan = Plan { id: to.id, name: to.name.clone(), base: to.base, ..from.clone() };
    Patch::between(from, to).apply(&mut plan).unwrap();
    bytes(&plan)
}

/// Blocks with their cell's code, and groups, of cells that are not among `but`.
fn outside(plan: &Plan, but: &[Code]) -> (Vec<(Polygon, Code)>, Vec<wangge::model::Group>) {
    let is_outside = |code: &Code| !but.iter().any(|c| code.is_within(c));
    let blocks = plan.blocks.iter().map(|b| (b.outline.clone(), plan.cells[b.cell as usize].code.clone()));
    (blocks.filter(|(_, code)| is_outside(code)).collect(), plan.groups.iter().filter(|g| is_outside(&g.code)).cloned().collect())
}

fn households_of(plan: &Plan) -> BTreeSet<&String> {
    plan.groups.iter().flat_map(|g| &g.members).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_edit_and_any_lock_leave_a_sound_plan_and_a_way_back(
        side in 4usize..8,
        wobble in prop::collection::vec((-12.0..12.0f64, -12.0..12.0f64), 9..30),
        houses in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64, 10.0..22.0f64, 1usize..40), 20..80),
        k in 3usize..9,
        steps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u16>(), 0u64..5, 0.0..20.0f64), 1..6),
    ) {
        let town = town(side, &wobble, &[0.1, 0.0], &houses);
        let (mut plan, _) = draw(&town, &cells(k));
        for (id, (block, cell, locks, seed, churn)) in (2..).zip(steps) {
            // By hand: a block and its neighbour-to-be; refused or sound.
            let to = plan.cells[cell.index(plan.cells.len())].code.clone();
            let mut desk = super::desk::desk(&town, &plan);
            let blocks = vec![block.get(&plan.blocks).id];
            match super::desk::go(&mut desk, &Command::Assign { blocks, at: vec![], to }) {
                Ok(_) => {
                    let edited = desk.plan().clone();
                    check(&town, &edited);
                    prop_assert_eq!(households_of(&edited), households_of(&plan));
                    prop_assert_eq!(patched(&edited, &plan), bytes(&plan));
                    prop_assert_eq!(patched(&plan, &edited), bytes(&edited));
                    plan = edited;
                }
                Err(refusal) => prop_assert!(["cell_empty", "cell_in_pieces", "nothing_changes"].contains(&refusal.reason), "{}", refusal),
            }
            // By the planner, some cells locked.
            let locked: Vec<Code> =
                plan.cells.iter().enumerate().filter(|(i, _)| locks >> (i % 16) & 1 == 1).map(|(_, c)| c.code.clone()).collect();
            let free: Vec<Code> = plan.cells.iter().map(|c| c.code.clone()).filter(|c| !locked.contains(c)).collect();
            let locked_codes = locked.clone();
            let selection = Selection { codes: vec![], locked, churn, ..Selection::default() };
            let request = Request { seed, ..Request::default() };
            match replan(&town, &plan, &selection, &request, registration(id), &|_, _| true) {
                Ok((again, _)) => {
                    check(&town, &again);
                    // Ground that shares nothing with any cell that was is a new cell with a new code.
                    let new = again.cells.iter().map(|c| c.code.clone()).filter(|code| !locked_codes.contains(code));
                    let free: Vec<Code> = free.iter().cloned().chain(new).collect();
                    prop_assert_eq!(outside(&again, &free), outside(&plan, &free), "locked cells stay as they are");
                    prop_assert_eq!(households_of(&again), households_of(&plan));
                    prop_assert_eq!(again.cells.len(), plan.cells.len());
                    prop_assert_eq!(patched(&again, &plan), bytes(&plan));
                    let same = replan(&town, &plan, &selection, &request, registration(id), &|_, _| true).unwrap().0;
                    prop_assert_eq!(bytes(&same), bytes(&again), "same input and seed, same plan");
                    plan = again;
                }
                Err(error) => prop_assert!(free.is_empty() && error == plan::Error::NothingSelected, "{}", error),
            }
        }
    }

    #[test]
    fn rules_hold_or_are_told(
        side in 4usize..8,
        wobble in prop::collection::vec((-12.0..12.0f64, -12.0..12.0f64), 9..30),
        houses in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64, 10.0..22.0f64, 1usize..40), 20..80),
        k in 3usize..9,
        park in (0.0..1.0f64, 0.0..1.0f64, 40.0..120.0f64),
        estate in (0.0..1.0f64, 0.0..1.0f64, 60.0..150.0f64),
        wall in ((0.0..1.0f64, 0.0..1.0f64), (0.0..1.0f64, 0.0..1.0f64)),
        posts in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64), 0..5),
    ) {
        let town = town(side, &wobble, &[0.1, 0.0], &houses);
        let size = side as f64 * 60.0;
        let place = |(x, y, edge): (f64, f64, f64)| square(x * (size - edge), y * (size - edge), edge);
        let point = |(x, y): (f64, f64)| at(x * size, y * size);
        let rule = |name: &str, place| Rule { name: name.to_owned(), place };
        let rules = Rules {
            dedicated: vec![rule("park", place(park).into())],
            max_dedicated: None,
            together: vec![rule("estate", place(estate).into())],
            barriers: vec![Rule { name: "wall".into(), place: vec![point(wall.0), point(wall.1)] }],
            seeds: posts.iter().enumerate().map(|(i, p)| Rule { name: format!("post {i}"), place: point(*p) }).collect(),
        };
        let (plan, warnings) = draw(&town, &Request { rules, ..cells(k) });
        check(&town, &plan);
        let told = |name: &str| warnings.iter().any(|w| w.code == "rule_unmet" && w.message.starts_with(name));
        let cell_at = |p: LonLat| plan.blocks.iter().find(|b| ring::owns(&b.outline, p)).map(|b| b.cell);
        // Wholly: where a house stands across an area's outline the boundary goes around the house.
        let inside =
            |area: &Polygon, b: &wangge::model::Block| b.outline.exterior.iter().all(|p| ring::side(area, *p) != ring::Side::Outside);
        let park_cells: BTreeSet<u32> = plan.blocks.iter().filter(|b| inside(&place(park), b)).map(|b| b.cell).collect();
        let dedicated = plan.cells.iter().filter(|c| c.kind == CellKind::Dedicated).count();
        let is_dedicated = |cell: &u32| plan.cells[*cell as usize].kind == CellKind::Dedicated;
        prop_assert!(told("park") || park_cells.iter().all(is_dedicated), "{:?}", park_cells);
        prop_assert!(told("park") || dedicated == 1 && park_cells.len() <= 1, "{:?}", park_cells);
        let estate_cells: BTreeSet<u32> = plan
            .blocks
            .iter()
            .filter(|b| inside(&place(estate), b) && plan.cells[b.cell as usize].kind == CellKind::Basic)
            .map(|b| b.cell)
            .collect();
        prop_assert!(told("estate") || estate_cells.len() <= 1, "{:?}", estate_cells);
        let held: Vec<u32> = posts.iter().enumerate().filter(|(i, _)| !told(&format!("post {i}"))).filter_map(|(_, p)| cell_at(point(*p))).collect();
        prop_assert_eq!(held.iter().collect::<BTreeSet<_>>().len(), held.len(), "posts lie in different cells");
    }
}

#[test]
fn no_cell_crosses_a_barrier_that_can_be_kept() {
    let mut town = town(6, &[(0.0, 0.0)], &[0.0], &[(0.2, 0.2, 10.0, 60), (0.8, 0.3, 10.0, 90), (0.3, 0.8, 10.0, 50)]);
    town.lines.iter_mut().for_each(|l| l.class = LineClass::Local);
    // Askew, so that it cuts blocks, and open at one end.
    let wall = path(&[(130.0, -5.0), (230.0, 250.0)]);
    let rules = Rules { barriers: vec![Rule { name: "wall".into(), place: wall }], ..Rules::default() };
    let (plan, warnings) = draw(&town, &Request { rules, ..cells(4) });
    check(&town, &plan);
    assert!(!warnings.iter().any(|w| w.code == "rule_unmet"), "{warnings:?}");
    for t in 1..25 {
        let t = f64::from(t) / 25.0;
        let (x, y) = (130.0 + 100.0 * t, -5.0 + 255.0 * t);
        let cell_at = |p: LonLat| plan.blocks.iter().find(|b| ring::owns(&b.outline, p)).map(|b| b.cell);
        let (west, east) = (cell_at(at(x - 2.0, y)), cell_at(at(x + 2.0, y)));
        assert!(west != east || west.is_none(), "cell {west:?} lies on both sides at {x:.0}, {y:.0}");
    }
}

#[test]
fn what_cannot_be_edited_says_why() {
    let town = town(4, &[(0.0, 0.0)], &[0.0], &[(0.1, 0.1, 10.0, 30), (0.9, 0.9, 10.0, 30)]);
    let (plan, _) = draw(&town, &cells(3));
    let selection = Selection { locked: plan.cells.iter().map(|c| c.code.clone()).collect(), ..Selection::default() };
    let nothing = replan(&town, &plan, &selection, &Request::default(), registration(2), &|_, _| true);
    assert_eq!(nothing, Err(plan::Error::NothingSelected));
    let stopped = replan(&town, &plan, &Selection::default(), &Request::default(), registration(2), &|_, _| false);
    assert_eq!(stopped, Err(plan::Error::Cancelled));
}

#[test]
fn more_cells_in_a_selection_get_new_codes() {
    let houses: Vec<(f64, f64, f64, usize)> = (0..36).map(|i| ((i % 6) as f64 / 5.5, (i / 6) as f64 / 5.5, 12.0, 20)).collect();
    let town = town(6, &[(0.0, 0.0)], &[0.0], &houses);
    let (plan, _) = draw(&town, &cells(4));
    let first = plan.cells[0].code.clone();
    let selection = Selection { codes: vec![first.clone()], ..Selection::default() };
    let (again, _) = replan(&town, &plan, &selection, &cells(5), registration(2), &|_, _| true).unwrap();
    check(&town, &again);
    assert_eq!(again.cells.len(), 5);
    let before: BTreeSet<&Code> = plan.cells.iter().map(|c| &c.code).collect();
    let new: Vec<&Code> = again.cells.iter().map(|c| &c.code).filter(|c| !before.contains(c)).collect();
    assert_eq!(new.len(), 1, "all old codes are there still, and one is new");
    let free = [first, new[0].clone()];
    assert_eq!(outside(&again, &free), outside(&plan, &free));
}

#[test]
fn who_comes_or_goes_between_two_plans_is_in_a_group_or_in_none() {
    let houses: Vec<(f64, f64, f64, usize)> = (0..16).map(|i| ((i % 4) as f64 / 3.5, (i / 4) as f64 / 3.5, 12.0, 20)).collect();
    let mut town = town(4, &[(0.0, 0.0)], &[0.0], &houses);
    let (plan, _) = draw(&town, &cells(4));
    let gone = town.households.remove(5);
    let mut come = town.households[40].clone();
    come.id = "new".into();
    town.households.push(come);
    town.households.sort_by(|a, b| a.id.cmp(&b.id));
    let (again, _) =
        replan(&town, &plan, &Selection { churn: 1e6, ..Selection::default() }, &Request::default(), registration(2), &|_, _| true)
            .unwrap();
    check(&town, &again);
    let members = households_of(&again);
    assert!(members.contains(&"new".to_owned()) && !members.contains(&gone.id));
    let kept = plan.groups.iter().filter(|g| again.groups.contains(g)).count();
    assert!(kept + 4 >= plan.groups.len(), "{kept} of {} groups are as they were", plan.groups.len());
}

#[test]
fn cells_drawn_together_take_their_groups_along_and_can_be_stopped_meanwhile() {
    let town = super::desk::sample(3000);
    let (plan, _) = draw(&town, &cells(8));
    let all = Selection::default();
    let (one, _) = replan(&town, &plan, &all, &cells(1), registration(2), &|_, _| true).unwrap();
    check(&town, &one);
    assert_eq!(one.cells.len(), 1);
    let now: BTreeSet<&[String]> = one.groups.iter().map(|g| g.members.as_slice()).collect();
    let whole = plan.groups.iter().filter(|g| now.contains(g.members.as_slice())).count();
    assert_eq!(whole, plan.groups.len(), "all groups move whole");
    // What it is asked while groups are drawn counts: the first time they are begun, later they are being drawn.
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let stop = |stage: &str, _: f64| stage != "groups" || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2;
    assert_eq!(replan(&town, &plan, &all, &cells(5), registration(2), &stop), Err(plan::Error::Cancelled));
    let anew = std::sync::atomic::AtomicUsize::new(0);
    let stop = |stage: &str, _: f64| stage != "groups" || anew.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2;
    assert_eq!(plan::plan(&town, &cells(5), registration(2), &stop), Err(plan::Error::Cancelled));
}

#[test]
fn more_cells_than_numbers_go_are_too_many() {
    let town = town(4, &[(0.0, 0.0)], &[0.0], &[(0.1, 0.1, 10.0, 30), (0.9, 0.9, 10.0, 30)]);
    let (plan, _) = draw(&town, &cells(3));
    let selection = Selection { codes: vec![plan.cells[0].code.clone()], ..Selection::default() };
    for wish in [usize::MAX, usize::MAX - 1, 1000] {
        for selection in [&selection, &Selection::default()] {
            let refused = replan(&town, &plan, selection, &cells(wish), registration(2), &|_, _| true);
            assert!(matches!(refused, Err(plan::Error::TooManyCells { .. })), "{wish}: {refused:?}");
        }
        let refused = plan::plan(&town, &cells(wish), registration(2), &|_, _| true);
        assert!(matches!(refused, Err(plan::Error::TooManyCells { .. })), "{wish}: {refused:?}");
    }
}

#[test]
fn planning_asks_often_whether_to_go_on() {
    use std::{
        sync::Mutex,
        time::{Duration, Instant},
    };
    let town = super::desk::sample(6000);
    let longest = Mutex::new((Duration::ZERO, String::new(), Instant::now()));
    let watch = |stage: &str, _: f64| {
        let mut known = longest.lock().unwrap();
        if known.2.elapsed() > known.0 {
            (known.0, known.1) = (known.2.elapsed(), format!("before or in {stage}"));
        }
        known.2 = Instant::now();
        true
    };
    let (plan, _) = plan::plan(&town, &cells(12), registration(1), &watch).unwrap();
    longest.lock().unwrap().2 = Instant::now();
    replan(&town, &plan, &Selection::default(), &cells(5), registration(2), &watch).unwrap();
    let (longest, place, _) = longest.into_inner().unwrap();
    // On a machine that does much else meanwhile, and not optimised.
    assert!(longest < Duration::from_millis(1500), "{longest:?} {place}");
}
