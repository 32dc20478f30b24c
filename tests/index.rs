//! The index against brute force over the same town.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod town;

use std::collections::BTreeMap;

use jiff::civil::Date;
use proptest::prelude::*;
use town::{CHANGE_KINDS, CORNER, SIDE, TownSize, code, day, some_change, street_codes, town};
use wangge::{
    geometry::{
        LocalMetres,
        measure::distance_m,
        ring::{Side, owns, side},
    },
    index::{HitKind, IssueFilter, NoPlace, Snapshot, StreetIndex},
    model::{Code, Household, IssueStatus, Level, LonLat, MultiPolygon, NO_STREET, StreetData},
};

fn snapshot() -> Snapshot {
    Snapshot::build(town(TownSize::default())).unwrap()
}

/// Every cell in force with its outline.
fn cells(snapshot: &Snapshot, as_of: Date) -> Vec<(Code, MultiPolygon)> {
    let plans = snapshot.streets.iter().filter_map(|s| s.plan_at(as_of));
    plans.flat_map(|p| p.plan.cells.iter().map(|c| c.code.clone()).zip(p.cells.outlines())).collect()
}

/// The rule in its plainest form: the owner, else a street without a plan that owns, else the lowest code that touches.
fn brute_locate(snapshot: &Snapshot, cells: &[(Code, MultiPolygon)], at: LonLat, as_of: Date) -> Result<Code, NoPlace> {
    let owner = cells.iter().find(|(_, shape)| shape.0.iter().any(|part| owns(part, at)));
    if let Some((code, _)) = owner {
        return Ok(code.clone());
    }
    let unplanned = || snapshot.streets.iter().filter(|s| s.plan_at(as_of).is_none()).flat_map(|s| &s.area().unwrap().boundary.0);
    if unplanned().any(|part| owns(part, at)) {
        return Err(NoPlace::NoPlanInForce);
    }
    let touching = cells.iter().filter(|(_, shape)| shape.0.iter().any(|part| side(part, at) == Side::Border));
    match touching.map(|(code, _)| code).min() {
        Some(code) => Ok(code.clone()),
        None if unplanned().any(|part| side(part, at) == Side::Border) => Err(NoPlace::NoPlanInForce),
        None => Err(NoPlace::OutsideEveryStreet),
    }
}

/// Every vertex, and every grid position on an edge that is there.
fn border_positions(cells: &[(Code, MultiPolygon)]) -> Vec<LonLat> {
    let mut positions = Vec::new();
    for edge in cells.iter().flat_map(|(_, shape)| shape.rings()).flat_map(|ring| ring.windows(2)) {
        let (dx, dy) = (edge[1].lon_e7 - edge[0].lon_e7, edge[1].lat_e7 - edge[0].lat_e7);
        let (mut a, mut b) = (dx.abs(), dy.abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        for step in [0, 1, a / 2] {
            positions.push(LonLat::new(edge[0].lon_e7 + dx / a * step, edge[0].lat_e7 + dy / a * step));
        }
    }
    positions
}

#[test]
fn locating_equals_brute_force_on_every_border() {
    let snapshot = snapshot();
    for as_of in ["2026-06-30", "2026-07-01"].map(day) {
        let cells = cells(&snapshot, as_of);
        let positions = border_positions(&cells);
        assert!(positions.len() > 1000);
        for at in positions {
            let found = snapshot.locate(at, as_of);
            let expected = brute_locate(&snapshot, &cells, at, as_of);
            assert_eq!(
                found.place.as_ref().map(|p| p.cell_code.clone()).ok_or(found.reason),
                expected.map(String::from).map_err(Some),
                "{at:?}"
            );
            if let Some(place) = found.place {
                assert_eq!(place.border_distance_m, 0.0);
            }
        }
    }
}

#[test]
fn every_position_of_a_planned_street_has_exactly_one_cell() {
    let snapshot = snapshot();
    let as_of = day("2026-11-24");
    let cells = cells(&snapshot, as_of);
    for i in 0..3000 {
        let at = LonLat::new(CORNER.lon_e7 + i * 7919 % (8 * SIDE), CORNER.lat_e7 + i * 104_729 % (4 * SIDE));
        let in_street = snapshot
            .streets
            .iter()
            .any(|s| s.plan_at(as_of).is_some() && s.area().is_some_and(|area| area.boundary.0.iter().any(|part| owns(part, at))));
        let owners = cells.iter().filter(|(_, shape)| shape.0.iter().any(|part| owns(part, at))).count();
        assert_eq!(owners, usize::from(in_street), "{at:?}");
        assert_eq!(snapshot.find_cell(at, as_of).is_ok(), in_street, "{at:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn locating_equals_brute_force(seed in 0u64..1000, points in prop::collection::vec((-SIDE..9 * SIDE, -SIDE..6 * SIDE), 60)) {
        let snapshot = Snapshot::build(town(TownSize { seed, ..TownSize::default() })).unwrap();
        let as_of = day("2026-11-24");
        let cells = cells(&snapshot, as_of);
        for (dx, dy) in points {
            let at = LonLat::new(CORNER.lon_e7 + dx, CORNER.lat_e7 + dy);
            let found = snapshot.locate(at, as_of);
            let expected = brute_locate(&snapshot, &cells, at, as_of);
            prop_assert_eq!(found.place.as_ref().map(|p| p.cell_code.clone()).ok_or(found.reason), expected.map(String::from).map_err(Some));
            let Some(place) = found.place else { continue };
            check_border(&cells, at, &place.cell_code, place.border_distance_m, place.beyond_cell_code.as_deref());
            check_group(&snapshot, at, as_of, &place.cell_code, place.group_code.as_deref());
        }
    }

    #[test]
    fn nearest_equals_brute_force(dx in -40 * SIDE..48 * SIDE, dy in -40 * SIDE..48 * SIDE, count in 1usize..12) {
        thread_local!(static SNAPSHOT: Snapshot = snapshot());
        let at = LonLat::new(CORNER.lon_e7 + dx, CORNER.lat_e7 + dy);
        SNAPSHOT.with(|snapshot| {
            let mut households: Vec<f64> = snapshot.streets.iter().flat_map(|s| s.households.positions()).map(|p| distance_m(at, *p)).collect();
            households.sort_by(f64::total_cmp);
            households.truncate(count);
            let found: Vec<f64> = snapshot.nearest_households(at, count).iter().map(|n| n.distance_m).collect();
            prop_assert_eq!(found, households);

            let filter = IssueFilter { categories: vec!["noise".into()], statuses: vec![IssueStatus::Open], ..IssueFilter::default() };
            let admitted = snapshot.issue_buckets().iter().flat_map(|p| p.bucket.iter()).filter(|issue| filter.admits(issue));
            let mut issues: Vec<f64> = admitted.map(|issue| distance_m(at, issue.position)).collect();
            issues.sort_by(f64::total_cmp);
            issues.truncate(count);
            let found: Vec<f64> = snapshot.nearest_issues(at, count, &filter).iter().map(|n| n.distance_m).collect();
            prop_assert_eq!(found, issues);

            let as_of = day("2026-11-24");
            let mut groups: BTreeMap<&Code, f64> = BTreeMap::new();
            for street in &snapshot.streets {
                let positions: BTreeMap<&str, LonLat> = street.households.iter().map(|h| (h.id, h.position)).collect();
                let plans = street.plan_at(as_of).into_iter();
                for plan in plans {
                    for (group, code) in (0..).zip(plan.groups.codes()) {
                        let members = plan.groups.member_ids(group, &street.households);
                        groups.insert(code, members.iter().map(|(id, _)| distance_m(at, positions[id])).min_by(f64::total_cmp).unwrap());
                    }
                }
            }
            let mut expected: Vec<f64> = groups.values().copied().collect();
            expected.sort_by(f64::total_cmp);
            expected.truncate(count);
            let found = snapshot.nearest_groups(at, count, as_of);
            prop_assert_eq!(found.iter().map(|n| n.distance_m).collect::<Vec<_>>(), expected);
            prop_assert!(found.iter().all(|n| groups[&n.item.1.groups.codes()[n.item.2 as usize]] == n.distance_m));
            Ok(())
        })?;
    }
}

/// The distance by every edge of the cell; and just beyond, in some direction, lies the cell said to be there.
fn check_border(cells: &[(Code, MultiPolygon)], at: LonLat, cell: &str, distance: f64, beyond: Option<&str>) {
    let shape = |wanted: &str| &cells.iter().find(|(code, _)| code.as_str() == wanted).unwrap().1;
    let plane = LocalMetres::at(at);
    let to_shape = |shape: &MultiPolygon| {
        let edges = shape.rings().flat_map(|ring| ring.windows(2));
        let distances = edges.map(|e| {
            let ([ax, ay], [bx, by]) = (plane.xy(e[0]), plane.xy(e[1]));
            let t = (-(ax * (bx - ax) + ay * (by - ay)) / ((bx - ax).powi(2) + (by - ay).powi(2))).clamp(0.0, 1.0);
            (ax + t * (bx - ax)).hypot(ay + t * (by - ay))
        });
        distances.min_by(f64::total_cmp).unwrap()
    };
    assert!((to_shape(shape(cell)) - distance).abs() < 0.001, "{at:?}: {distance}");
    match beyond {
        Some(beyond) => assert!((to_shape(shape(beyond)) - distance).abs() < 0.001, "{at:?}: {cell} {beyond}"),
        None => {
            let others = cells.iter().filter(|(code, _)| code.as_str() != cell);
            assert!(others.map(|(_, shape)| to_shape(shape)).all(|d| d > distance - 0.001));
        }
    }
}

fn check_group(snapshot: &Snapshot, at: LonLat, as_of: Date, cell: &str, group: Option<&str>) {
    let plane = LocalMetres::at(at);
    let street = snapshot.streets.iter().find(|s| cell.starts_with(s.code.as_str())).unwrap();
    let groups = &street.plan_at(as_of).unwrap().groups;
    let of_cell = (0..).zip(groups.codes()).filter(|(_, code)| code.as_str().starts_with(cell));
    let position = |id: &str| street.households.iter().find(|h| h.id == id).unwrap().position;
    let members = of_cell.flat_map(|(g, code)| groups.member_ids(g, &street.households).into_iter().map(move |(id, _)| (code, id)));
    let nearest = members.map(|(code, id)| (plane.distance(at, position(id)), code)).min_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(group, nearest.map(|(_, code)| code.as_str()));
}

#[test]
fn beyond_the_street_s_border_lies_the_neighbour() {
    let snapshot = snapshot();
    let [west, east, _] = street_codes();
    let border_lon = CORNER.lon_e7 + 4 * SIDE;
    let mut met = 0;
    for dy in (SIDE / 2..4 * SIDE).step_by(SIDE as usize / 3) {
        let at = LonLat::new(border_lon - SIDE / 4, CORNER.lat_e7 + dy);
        let Some(place) = snapshot.locate(at, day("2026-11-24")).place else { continue };
        if place.street_code == west.as_str() && place.beyond_cell_code.as_ref().is_some_and(|c| c.starts_with(east.as_str())) {
            met += 1;
        }
    }
    assert!(met > 3, "{met}");
}

#[test]
fn the_plan_of_the_day_answers() {
    let snapshot = snapshot();
    let at = LonLat::new(CORNER.lon_e7 + SIDE / 2, CORNER.lat_e7 + SIDE / 2);
    let plan = |d: &str| snapshot.locate(at, day(d)).place.map(|p| p.plan);
    assert_eq!((plan("2026-06-30"), plan("2026-07-01"), plan("2027-07-01")), (Some(1), Some(2), Some(2)));
    assert_eq!(snapshot.locate(at, day("2025-12-31")).reason, Some(NoPlace::NoPlanInForce));
    let north = LonLat::new(at.lon_e7, CORNER.lat_e7 + 4 * SIDE + SIDE / 2);
    assert_eq!(snapshot.locate(north, day("2026-07-01")).reason, Some(NoPlace::NoPlanInForce));
    assert_eq!(snapshot.locate(LonLat::new(0, 0), day("2026-07-01")).reason, Some(NoPlace::OutsideEveryStreet));
}

#[test]
fn counts_add_up_and_equal_locating_one_by_one() {
    let snapshot = snapshot();
    let as_of = day("2026-06-01");
    let filter = IssueFilter { categories: vec!["waste".into(), "noise".into()], ..IssueFilter::default() };
    let mut expected: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for issue in snapshot.issue_buckets().iter().flat_map(|p| p.bucket.iter()).filter(|issue| filter.admits(issue)) {
        if let Some(place) = snapshot.locate(issue.position, as_of).place {
            for area in [place.street_code, place.community_code, place.cell_code] {
                let count = expected.entry(area).or_default();
                *count = (count.0 + 1, count.1 + u32::from(issue.status != IssueStatus::Closed));
            }
        }
    }
    let mut areas = 0;
    for level in [Level::Street, Level::Community, Level::Cell] {
        for (code, count) in snapshot.count_issues(level, &filter, as_of) {
            if code == street_codes()[2] {
                assert!(count.total > 0, "a street without a plan counts as a street");
                continue;
            }
            areas += 1;
            assert_eq!((count.total, count.open), expected.get(code.as_str()).copied().unwrap_or_default(), "{code}");
        }
    }
    assert_eq!(areas, 2 + 4 + 17);
}

#[test]
fn an_area_is_what_its_cells_are() {
    let snapshot = snapshot();
    let as_of = day("2026-11-24");
    let street = snapshot.area(&street_codes()[0], as_of).unwrap();
    let plan = snapshot.streets[0].plan_at(as_of).unwrap();
    let cells: Vec<_> = plan.plan.cells.iter().map(|c| snapshot.area(&c.code, as_of).unwrap()).collect();
    assert_eq!(street.households, 320);
    assert_eq!(cells.iter().map(|c| c.households).sum::<u32>(), street.households);
    assert_eq!(cells.iter().map(|c| c.groups).sum::<u32>(), street.groups);
    assert_eq!(cells.iter().map(|c| c.buildings).sum::<u32>(), 32);
    assert_eq!(cells.iter().map(|c| c.issues.total).sum::<u32>(), street.issues.total);
    assert_eq!(cells.iter().filter_map(|c| c.persons).sum::<u32>(), street.persons.unwrap());
    assert!((cells.iter().map(|c| c.area_m2).sum::<f64>() - street.area_m2).abs() < 1.0);
    for cell in &cells {
        let at = LonLat::from_degrees(cell.label[0], cell.label[1]).unwrap();
        assert_eq!(snapshot.locate(at, as_of).place.unwrap().cell_code, cell.code);
        assert_eq!(cell.parents.len(), 2);
        assert_eq!(cell.parents[0], ("520201011".to_owned(), "西街道".to_owned()));
    }
    let group = snapshot.area(&plan.groups.codes()[3], as_of).unwrap();
    assert_eq!((group.level.as_str(), group.households, group.parents.len()), ("group", 10, 3));
    assert_eq!(snapshot.area(&code("520201011999"), as_of), None);
    assert_eq!(snapshot.area(&plan.plan.cells[0].code, day("2025-01-01")), None);
    let north = snapshot.area(&street_codes()[2], as_of).unwrap();
    assert_eq!((north.plan, north.households, north.cells), (None, 160, 0));
}

#[test]
fn groups_of_a_cell_share_its_issues() {
    let snapshot = snapshot();
    let as_of = day("2026-11-24");
    let plan = snapshot.streets[0].plan_at(as_of).unwrap();
    let cell = snapshot.area(&plan.plan.cells[1].code, as_of).unwrap();
    let groups = plan.groups.codes().iter().filter(|code| code.as_str().starts_with(&cell.code));
    assert_eq!(groups.map(|code| snapshot.area(code, as_of).unwrap().issues.total).sum::<u32>(), cell.issues.total);
}

/// Everything a snapshot answers from, by ids and codes.
fn describe(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for street in snapshot.streets.iter().chain(snapshot.street(&code(NO_STREET))) {
        lines.push(format!("{} {:?} {:?} {:?}", street.code, street.areas, street.bounds, street.stats));
        lines.push(format!("{:?} {:?} {:?}", street.ground.lines, street.ground.waters, street.ground.buildings));
        lines.push(format!("{:?}", street.households_of_building));
        lines.extend(street.households.by_id().iter().map(|row| format!("{:?}", street.households.get(*row))));
        for plan in &street.plans {
            lines.push(format!("{:?} {:?} {:?} {:?}", plan.plan, plan.street_stats, plan.community_stats, plan.cell_stats));
            lines.push(format!("{:?} {:?}", plan.cell_of_building, plan.outlines.iter().zip(&plan.cell_of_block).collect::<Vec<_>>()));
            for group in 0..plan.groups.len() as u32 {
                let members = plan.groups.member_ids(group, &street.households);
                lines.push(format!("{} {members:?} {:?}", plan.groups.codes()[group as usize], plan.groups.hull(group)));
            }
            let rows = || street.households.by_id().iter().map(|row| *row as usize);
            lines.push(format!("{:?}", rows().map(|row| (plan.group_of_household[row], plan.cell_of_household[row])).collect::<Vec<_>>()));
        }
    }
    for at in snapshot.issues_by_time() {
        let street = snapshot.street_of_issue(*at);
        lines.push(format!("{:?} {:?}", snapshot.issue(*at), street.map(|s| &s.code)));
    }
    for placed in snapshot.issue_buckets() {
        let cell = |row: u32| {
            placed.street(row).map(|s| {
                (0..snapshot.streets[s as usize].plans.len())
                    .map(|plan| placed.cell(row, &snapshot.streets[s as usize], plan))
                    .collect::<Vec<_>>()
            })
        };
        lines.push(format!("{:?}", (0..placed.bucket.len() as u32).map(|row| (placed.bucket.get(row).id, cell(row))).collect::<Vec<_>>()));
    }
    lines
}

#[test]
fn replacing_a_street_equals_building_anew_and_shares_the_rest() {
    let before = town(TownSize::default());
    let mut after = before.clone();
    let [west, east, _] = street_codes();
    after.get_mut(&west).unwrap().issues.truncate(100);
    after.get_mut(&west).unwrap().issues[5].position = LonLat::new(CORNER.lon_e7 + 5 * SIDE + 100, CORNER.lat_e7 + SIDE);
    let old = Snapshot::build(before).unwrap();
    let same = |a: &Snapshot, b: &Snapshot| assert_eq!(describe(a), describe(b));
    let new = old.with_street(&west, after.get(&west).cloned()).unwrap().0;
    same(&new, &Snapshot::build(after.clone()).unwrap());
    assert!(std::sync::Arc::ptr_eq(&old.streets[1], &new.streets[1]));

    // Without the eastern street its issues lie nowhere.
    after.remove(&east);
    let less = new.with_street(&east, None).unwrap().0;
    same(&less, &Snapshot::build(after.clone()).unwrap());

    let nowhere = code(NO_STREET);
    assert!(less.street(&nowhere).is_some_and(|s| !s.issues.is_empty()));
    assert!(less.streets.iter().all(|s| s.code != nowhere));
    after.remove(&nowhere);
    same(&less.with_street(&nowhere, None).unwrap().0, &Snapshot::build(after).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Changes row by row end where building anew does, and what they do not touch is shared.
    #[test]
    fn changing_a_street_equals_building_anew(seed in 0u64..1000, kinds in prop::collection::vec(0u32..CHANGE_KINDS, 1..5)) {
        let mut world = town(TownSize::default());
        let [west, ..] = street_codes();
        let mut snapshot = Snapshot::build(world.clone()).unwrap();
        for (i, kind) in (seed..).zip(kinds) {
            let changes = some_change(&world[&west], kind, i);
            let data = world.get_mut(&west).unwrap();
            changes.iter().cloned().for_each(|change| data.apply(change));
            let (next, _) = snapshot.with_changes(&west, changes).unwrap();
            prop_assert_eq!(describe(&next), describe(&Snapshot::build(world.clone()).unwrap()), "kind {}", kind);
            prop_assert!(std::sync::Arc::ptr_eq(&snapshot.streets[1], &next.streets[1]));
            if kind < 2 {
                prop_assert!(std::sync::Arc::ptr_eq(&snapshot.streets[0].households, &next.streets[0].households));
            }
            snapshot = next;
        }
    }
}

#[test]
fn a_search_ranks_codes_then_names() {
    let snapshot = snapshot();
    let as_of = day("2026-11-24");
    let hits = |text: &str, limit: usize| snapshot.search(text, limit, as_of);
    let by_code = hits("520201011", 5);
    assert_eq!((by_code[0].kind, by_code[0].code.as_deref()), (HitKind::Street, Some("520201011")));
    assert_eq!(by_code[1].kind, HitKind::Community);
    assert_eq!(by_code.len(), 5);
    let group = hits("520201011001001001", 5);
    assert_eq!((group.len(), group[0].kind), (1, HitKind::Group));

    let name = hits("东街道", 5);
    assert_eq!((name[0].kind, name[0].code.as_deref()), (HitKind::Street, Some("520201012")));
    assert_eq!(hits(" lime ALLEY ", 5).iter().map(|h| h.kind).collect::<Vec<_>>(), [HitKind::Road; 3]);
    assert_eq!(hits("界", 5).len(), 0, "boundary lines are no roads");

    let building = hits("0102花园1栋", 5);
    assert_eq!(building.len(), 2, "one in each planned street");
    assert_eq!((building[0].kind, building[0].code.as_deref()), (HitKind::Building, None));
    assert!(building[0].name.contains("中山路0102号") && building[0].context.contains("西街道"), "{:?}", building[0]);
    assert_eq!(hits("花园", 500).len(), 2 * 40, "each building once");
    assert_eq!(hits("秘密路", 5), [], "households' addresses are not searched");
    assert_eq!(hits("  ", 5), []);
}

#[test]
fn a_building_holds_its_inside_and_its_walls() {
    let snapshot = snapshot();
    let centre = LonLat::new(CORNER.lon_e7 + SIDE / 2 - 4000, CORNER.lat_e7 + SIDE / 2);
    let id = |p: LonLat| snapshot.building_at(p).map(|(_, b)| b.id);
    assert_eq!(id(centre).as_deref(), Some("b00000"));
    assert_eq!(id(LonLat::new(centre.lon_e7 - 1000, centre.lat_e7)).as_deref(), Some("b00000"));
    assert_eq!(id(LonLat::new(centre.lon_e7 - 1001, centre.lat_e7)), None);
}

/// Lines that end on the outer border bend it by a fraction of a grid step; a position inside the street has a cell all the same.
#[test]
fn every_position_inside_a_planned_street_has_a_cell() {
    use wangge::model::{Area, Line, LineClass, PlanId, Polygon, StreetData};
    let at = |x: i32, y: i32| LonLat::new(1_048_300_000 + x, 265_900_000 + y);
    let border = vec![at(0, 0), at(100_000, 1003), at(99_000, 90_011), at(-2003, 91_000), at(0, 0)];
    let boundary: MultiPolygon = Polygon { exterior: border.clone(), interiors: vec![] }.into();
    let street = code("520201014");
    let mut data = StreetData {
        areas: vec![Area { code: street.clone(), level: Level::Street, name: "slanted".into(), boundary: boundary.clone() }],
        ..StreetData::default()
    };
    for i in 0..40 {
        let path = vec![at(2000 + 2417 * i, -5000), at(1000 + 2399 * i, 99_000)];
        data.lines.push(Line { id: format!("{i:02}"), class: LineClass::Local, name: None, path });
    }
    let now = jiff::Timestamp::UNIX_EPOCH;
    let registration =
        wangge::plan::Registration { id: PlanId(1), name: "p".into(), now, owner: None, publish_from: Some(day("2026-01-01")) };
    let request = wangge::plan::Request { cells: Some(4), ..wangge::plan::Request::default() };
    let (plan, _) = wangge::plan::plan(&data, &request, registration, &|_, _| true).unwrap();
    data.plans.push(plan);
    let snapshot = Snapshot::build(BTreeMap::from([(street, data)])).unwrap();
    let mut bent = 0;
    for edge in border.windows(2) {
        for step in 0..4000 {
            let t = f64::from(step) / 4000.0;
            let along = |a: i32, b: i32| (f64::from(a) + t * (f64::from(b) - f64::from(a))).round() as i32;
            let foot = LonLat::new(along(edge[0].lon_e7, edge[1].lon_e7), along(edge[0].lat_e7, edge[1].lat_e7));
            for (dx, dy) in [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)] {
                let p = LonLat::new(foot.lon_e7 + dx, foot.lat_e7 + dy);
                if side(&boundary.0[0], p) == Side::Inside {
                    let plan = snapshot.streets[0].plan_at(day("2026-11-24")).unwrap();
                    bent += usize::from(plan.outlines.iter().all(|outline| side(outline, p) == Side::Outside));
                    assert!(snapshot.locate(p, day("2026-11-24")).place.is_some(), "{p:?}");
                }
            }
        }
    }
    assert!(bent > 0, "the border bends somewhere, or this tests nothing");
}

/// A plan drawn of the sample city is answered for by its raster, which agrees with its blocks all along its borders.
#[test]
fn the_plan_of_a_city_is_covered() {
    use wangge::{
        city,
        index::{Hold, PlanShape},
        model::{Area, PlanId, StreetData},
        plan,
    };
    let street = code("520201014");
    let request = city::Request { households: 2000, seed: 3, street: street.clone(), until: day("2026-11-01") };
    let made = city::generate(&request).unwrap();
    let area = Area { code: street.clone(), level: Level::Street, name: made.name, boundary: made.boundary.clone().into() };
    let mut data = StreetData { areas: vec![area], ..StreetData::default() };
    (data.lines, data.buildings, data.households) = (made.lines, made.buildings, made.households);
    data.lines.sort_by(|a, b| a.id.cmp(&b.id));
    data.buildings.sort_by(|a, b| a.id.cmp(&b.id));
    data.households.sort_by(|a, b| a.id.cmp(&b.id));
    let now = jiff::Timestamp::UNIX_EPOCH;
    let registration = plan::Registration { id: PlanId(1), name: "p".into(), now, owner: None, publish_from: Some(day("2026-01-01")) };
    let request = plan::Request { cells: Some(12), ..plan::Request::default() };
    let (drawn, _) = plan::plan(&data, &request, registration, &|_, _| true).unwrap();
    let shape = PlanShape::build(&street, drawn).unwrap();
    assert!(shape.is_covered());
    for edge in shape.cells.arcs.iter().flat_map(|arc| arc.path.windows(2)) {
        let middle = LonLat::new(edge[0].lon_e7.midpoint(edge[1].lon_e7), edge[0].lat_e7.midpoint(edge[1].lat_e7));
        for p in [edge[0], middle] {
            for (dx, dy) in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (2, -2), (-3, 3)] {
                let at = LonLat::new(p.lon_e7 + dx, p.lat_e7 + dy);
                let owner = shape.outlines.iter().zip(&shape.cell_of_block).find(|(outline, _)| owns(outline, at)).map(|(_, cell)| *cell);
                let found = match shape.cell_at(at) {
                    Some(Hold::Owned(cell)) => Some(cell),
                    _ => None,
                };
                assert_eq!(found, owner, "{at:?}");
            }
        }
    }
}

/// What `wangge locate` loads and indexes answers as the whole does.
#[test]
fn places_alone_locate_as_the_whole_city_does() {
    let whole = snapshot();
    for as_of in ["2025-12-31", "2026-07-01", "2026-11-24"].map(day) {
        let streets = town(TownSize::default()).into_iter().map(|(code, data)| {
            let mut plans = data.plans;
            plans.retain(|plan| plan.in_force(as_of));
            let bare = |household: Household| Household {
                building_id: None,
                unit: None,
                floor: None,
                persons: None,
                address: None,
                estimated: false,
                ..household
            };
            let households = data.households.into_iter().map(bare).collect();
            StreetIndex::for_locating(code, StreetData { areas: data.areas, households, plans, ..StreetData::default() }).unwrap()
        });
        let places = Snapshot::of_streets(streets.collect());
        let homes = whole.streets.iter().flat_map(|street| street.households.positions().iter().copied());
        let positions: Vec<LonLat> = border_positions(&cells(&whole, as_of)).into_iter().chain(homes).collect();
        assert!(positions.len() > 100);
        for at in positions {
            assert_eq!(places.locate(at, as_of), whole.locate(at, as_of), "{at:?} on {as_of}");
        }
    }
}
