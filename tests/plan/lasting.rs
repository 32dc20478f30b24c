//! Codes over several plans from scratch: the same code, mostly the same ground.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn published(street: &StreetData, id: u32, from: &str, request: &Request) -> Plan {
    let registration = Registration {
        id: PlanId(id),
        name: format!("plan {id}"),
        now: jiff::Timestamp::UNIX_EPOCH,
        owner: None,
        publish_from: Some(from.parse().unwrap()),
    };
    plan::plan(street, request, registration, &|_, _| true).unwrap().0
}

/// Enters a plan among those of the street.
fn enter(street: &mut StreetData, new: &Plan) {
    for plan in plan::enter(&street.plans, new.clone()) {
        street.plans.retain(|p| p.id != plan.id);
        street.plans.push(plan);
    }
}

/// Households by the codes that begin with so many digits.
fn households(plan: &Plan, digits: usize) -> BTreeMap<String, BTreeSet<&str>> {
    let mut households: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for group in &plan.groups {
        households.entry(group.code.as_str()[..digits].to_owned()).or_default().extend(group.members.iter().map(String::as_str));
    }
    households
}

/// Of what has the same code in both more than half is the same, seen from either; how many have.
fn lasting(old: &Plan, new: &Plan, digits: usize) -> usize {
    let (old, new) = (households(old, digits), households(new, digits));
    let both = old.iter().filter_map(|(code, members)| Some((code, members, new.get(code)?)));
    both.map(|(code, old, new)| {
        let common = old.intersection(new).count();
        assert!(2 * common > old.len() && 2 * common > new.len(), "{code}: {common} of {} and {}", old.len(), new.len());
    })
    .count()
}

#[test]
fn a_code_is_never_used_for_other_ground() {
    let mut street = super::desk::sample(3000);
    let request = |cells: usize, seed: u64| Request { cells: Some(cells), communities: Some(cells / 4), seed, ..Request::default() };
    let first = published(&street, 1, "2026-01-01", &request(8, 1));
    assert_eq!(first.cells[0].code.as_str(), "520201014001001", "the first begins with one");
    enter(&mut street, &first);
    let mut kept = 0;
    for (id, (cells, seed)) in (2..).zip([(13, 1), (9, 2), (5, 3), (12, 4)]) {
        let new = published(&street, id, &format!("2026-{id:02}-01"), &request(cells, seed));
        check(&street, &new);
        let before = street.plans.iter().find(|p| p.id.0 == id - 1).unwrap();
        kept += lasting(before, &new, 15);
        lasting(before, &new, 12);
        lasting(before, &new, 18);
        // Whatever is none of the plan before was never there.
        let gone = street.plans.iter().filter(|p| p.id != before.id).flat_map(|p| &p.cells).map(|c| &c.code);
        let gone: BTreeSet<&Code> = gone.filter(|code| !before.cells.iter().any(|c| c.code == **code)).collect();
        let back: Vec<&Code> = new.cells.iter().map(|c| &c.code).filter(|code| gone.contains(code)).collect();
        assert!(back.is_empty(), "{back:?} were other cells' codes");
        let names: BTreeSet<&str> = new.cells.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names.len(), new.cells.len());
        enter(&mut street, &new);
    }
    assert!(kept > 0, "some ground stays what it was");
}

#[test]
fn the_same_cells_have_the_same_codes_again() {
    let mut street = super::desk::sample(1500);
    let mut first = published(&street, 1, "2026-01-01", &cells(4));
    first.cells[1].name = "老街".into();
    enter(&mut street, &first);
    let second = published(&street, 2, "2026-02-01", &cells(4));
    assert_eq!(
        (&second.communities, &second.cells, &second.blocks, &second.groups),
        (&first.communities, &first.cells, &first.blocks, &first.groups)
    );
    // In another plane of codes, as after drafts that are gone.
    let used: BTreeSet<Code> = (1..20).map(|n| code(&format!("520201014001{n:03}"))).collect();
    let anew = plan::with_lasting_codes(&street, first.clone(), None, &used, &Request::default()).unwrap();
    assert_eq!(anew.communities[0].code.as_str(), "520201014002");
    assert_eq!(anew.cells.len(), first.cells.len());
    assert!(anew.groups.iter().all(|g| anew.cells.iter().any(|c| g.code.is_within(&c.code))));
    check(&street, &anew);
}
