//! The planner's hard rules, on towns drawn at random and on awkward ones drawn by hand.
#![allow(clippy::unwrap_used, reason = "a test may unwrap")]

#[path = "plan/desk.rs"]
mod desk;
#[path = "plan/edits.rs"]
mod edits;
#[path = "plan/lasting.rs"]
mod lasting;

use proptest::prelude::*;
use wangge::{
    geometry::{Coverage, LocalMetres, ring},
    model::{Area, Building, Code, Household, Level, Line, LineClass, LonLat, MultiPolygon, Plan, PlanId, Polygon, StreetData},
    plan::{self, Registration, Request, Warning},
};

const ORIGIN: LonLat = LonLat::new(1_048_300_000, 265_900_000);

/// A position so many metres east and north of the origin.
fn at(x: f64, y: f64) -> LonLat {
    LocalMetres::at(ORIGIN).position([x, y])
}

fn path(points: &[(f64, f64)]) -> Vec<LonLat> {
    points.iter().map(|&(x, y)| at(x, y)).collect()
}

fn ring_of(points: &[(f64, f64)]) -> Vec<LonLat> {
    let mut ring = path(points);
    ring.push(ring[0]);
    ring
}

fn square(x: f64, y: f64, side: f64) -> Polygon {
    Polygon { exterior: ring_of(&[(x, y), (x + side, y), (x + side, y + side), (x, y + side)]), interiors: vec![] }
}

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn area(text: &str, level: Level, boundary: MultiPolygon) -> Area {
    Area { code: code(text), level, name: format!("area {text}"), boundary }
}

/// A street with a boundary and nothing in it.
fn street(boundary: MultiPolygon) -> StreetData {
    StreetData { areas: vec![area("520201014", Level::Street, boundary)], ..StreetData::default() }
}

fn add_line(street: &mut StreetData, class: LineClass, points: &[(f64, f64)]) {
    street.lines.push(Line { id: format!("L{:04}", street.lines.len()), class, name: None, path: path(points) });
}

fn add_building(street: &mut StreetData, footprint: Polygon, households: usize) {
    let id = format!("B{:05}", street.buildings.len());
    let position = ring::interior_position(&footprint).unwrap();
    for i in 0..households {
        street.households.push(Household {
            id: format!("{id}-{i:04}"),
            building_id: Some(id.clone()),
            position,
            unit: Some((i / 12 + 1).to_string()),
            floor: Some((i % 6 + 1) as i16),
            persons: None,
            address: None,
            estimated: false,
        });
    }
    street.buildings.push(Building {
        id,
        name: None,
        purpose: None,
        levels: None,
        declared_households: None,
        address: None,
        footprint: footprint.into(),
    });
}

fn draw(street: &StreetData, request: &Request) -> (Plan, Vec<Warning>) {
    let registration =
        Registration { id: PlanId(1), name: "test".into(), now: jiff::Timestamp::UNIX_EPOCH, owner: None, publish_from: None };
    plan::plan(street, request, registration, &|_, _| true).unwrap()
}

fn cells(count: usize) -> Request {
    Request { cells: Some(count), ..Request::default() }
}

/// Every hard rule, whatever the street.
fn check(street: &StreetData, plan: &Plan) {
    let outlines: Vec<MultiPolygon> = plan.blocks.iter().map(|b| b.outline.clone().into()).collect();
    let blocks = Coverage::from_polygons(&outlines).expect("no overlap");
    let labels: Vec<u32> = plan.blocks.iter().map(|b| b.cell).collect();
    let shapes = blocks.dissolve(&labels, plan.cells.len() as u32).outlines();
    for (shape, cell) in shapes.iter().zip(&plan.cells) {
        assert_eq!(shape.0.len(), 1, "cell {} is in pieces", cell.code);
    }
    let union = blocks.outlines_by_label(&vec![0; plan.blocks.len()], 1).remove(0);
    let given = &street.street().unwrap().boundary;
    assert_eq!(union.0.len(), given.0.len(), "parts of the street");
    let holes = |shape: &MultiPolygon| shape.0.iter().map(|p| p.interiors.len()).sum::<usize>();
    assert_eq!(holes(&union), holes(given), "a gap between cells is a hole in their union");
    let score = plan::score(street, plan, 10);
    let (coverage, pieces) = (&score.coverage, &score.contiguity);
    assert_eq!((score.buildings.cut_buildings, pieces.broken_cells, coverage.overlaps, score.groups.households_misplaced), (0, 0, 0, 0));
    assert!(coverage.seams_exact && coverage.gaps == 0, "{coverage:?}");
    assert!(coverage.fits_boundary, "{} m² of rim", coverage.rim_m2);
    for group in &plan.groups {
        assert!(group.members.contains(&group.head));
        let cell = plan.cells.iter().find(|c| group.code.is_within(&c.code)).expect("a group's cell");
        assert!(plan.communities.iter().any(|c| cell.code.is_within(&c.code)));
    }
    let households_of = |cell: &Code| plan.groups.iter().filter(|g| g.code.is_within(cell)).map(|g| g.members.len()).sum::<usize>();
    for cell in &plan.cells {
        let n = households_of(&cell.code);
        if n >= 16 || (8..=12).contains(&n) {
            let sizes: Vec<usize> = plan.groups.iter().filter(|g| g.code.is_within(&cell.code)).map(|g| g.members.len()).collect();
            assert!(sizes.iter().all(|s| (8..=12).contains(s)), "{sizes:?}");
        }
    }
    let codes: Vec<&Code> = plan.cells.iter().map(|c| &c.code).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "cells are sorted by code");
}

/// A town of `side`² lots with lines between them that wobble, fall short and run through houses.
fn town(side: usize, wobble: &[(f64, f64)], short: &[f64], houses: &[(f64, f64, f64, usize)]) -> StreetData {
    const LOT: f64 = 60.0;
    let size = side as f64 * LOT;
    let mut town = street(square(0.0, 0.0, size).into());
    let node = |i: usize, j: usize| {
        let (dx, dy) = wobble[(i * (side + 1) + j) % wobble.len()];
        let inner = |k: usize| k > 0 && k < side;
        (i as f64 * LOT + if inner(i) { dx } else { 0.0 }, j as f64 * LOT + if inner(j) { dy } else { 0.0 })
    };
    let classes = [LineClass::Local, LineClass::Arterial, LineClass::River, LineClass::Alley, LineClass::Railway];
    for i in 0..=side {
        for j in 0..side {
            let (ax, ay) = node(i, j);
            let (bx, by) = node(i, j + 1);
            // Some pieces stop up to 0.4 m before the junction.
            let cut = short[(i * side + j) % short.len()];
            let length = (bx - ax).hypot(by - ay);
            let t = 1.0 - cut / length;
            if i > 0 && i < side {
                add_line(&mut town, classes[i % 5], &[(ax, ay), (ax + t * (bx - ax), ay + t * (by - ay))]);
            }
            if i < side && j > 0 {
                add_line(&mut town, classes[(j + 1) % 5], &[node(i, j), node(i + 1, j)]);
            }
        }
    }
    for &(x, y, edge, households) in houses {
        let room = size - edge - 2.0;
        add_building(&mut town, square(1.0 + x * room, 1.0 + y * room, edge), households);
    }
    town
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn the_hard_rules_hold_in_any_town(
        side in 3usize..8,
        wobble in prop::collection::vec((-12.0..12.0f64, -12.0..12.0f64), 9..30),
        short in prop::collection::vec(0.0..0.4f64, 5..12),
        houses in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64, 10.0..22.0f64, 0usize..40), 10..80),
        k in 1usize..9,
        seed in 0u64..5,
    ) {
        let town = town(side, &wobble, &short, &houses);
        let request = Request { seed, ..cells(k) };
        let (plan, _) = draw(&town, &request);
        check(&town, &plan);
        prop_assert_eq!(plan.cells.len(), k);
        prop_assert_eq!(draw(&town, &request).0, plan, "same input and seed, same plan");
    }
}

#[test]
fn junctions_that_fall_short_are_healed() {
    let exact = town(6, &[(0.0, 0.0)], &[0.0], &[]);
    let frayed = town(6, &[(0.0, 0.0)], &[0.35, 0.1], &[]);
    let blocks = |street: &StreetData| draw(street, &cells(2)).0.blocks.len();
    assert_eq!((blocks(&exact), blocks(&frayed)), (36, 36));
}

#[test]
fn dangling_ends_and_self_crossings_are_no_trouble() {
    let mut town = town(4, &[(0.0, 0.0)], &[0.0], &[]);
    add_line(&mut town, LineClass::DeadEnd, &[(10.0, 10.0), (30.0, 30.0)]);
    add_line(&mut town, LineClass::Local, &[(70.0, 70.0), (110.0, 110.0), (110.0, 70.0), (70.0, 110.0)]);
    let (plan, _) = draw(&town, &cells(3));
    check(&town, &plan);
    assert_eq!(plan.blocks.len(), 16 + 1, "the bow's loop is a block, its tails are not");
}

#[test]
fn a_line_through_a_house_goes_around_it() {
    let mut town = street(square(0.0, 0.0, 200.0).into());
    add_line(&mut town, LineClass::Arterial, &[(100.0, -5.0), (100.0, 205.0)]);
    add_building(&mut town, square(92.0, 90.0, 20.0), 0);
    let (plan, _) = draw(&town, &cells(2));
    check(&town, &plan);
    assert_eq!(plan.blocks.len(), 2);
    let corners = plan.blocks[0].outline.exterior.len().max(plan.blocks[1].outline.exterior.len());
    assert!(corners > 7, "the boundary follows the road, the wall, the road: {corners} corners");
}

#[test]
fn a_compound_too_big_for_one_cell_is_cut_between_its_houses() {
    let mut town = street(square(0.0, 0.0, 300.0).into());
    for i in 0..16 {
        add_building(&mut town, square(20.0 + 70.0 * f64::from(i % 4), 20.0 + 70.0 * f64::from(i / 4), 25.0), 50);
    }
    let (plan, warnings) = draw(&town, &cells(4));
    check(&town, &plan);
    assert_eq!(warnings, []);
    let score = plan::score(&town, &plan, 10);
    assert_eq!(score.by_cell.iter().map(|c| c.households).collect::<Vec<_>>(), [200; 4]);
}

#[test]
fn a_street_with_a_hole_and_several_parts_is_covered() {
    let mut first = square(0.0, 0.0, 300.0);
    let mut hole = ring_of(&[(120.0, 120.0), (180.0, 120.0), (180.0, 180.0), (120.0, 180.0)]);
    hole.reverse();
    first.interiors.push(hole);
    let mut town = street(MultiPolygon(vec![first, square(400.0, 0.0, 100.0)]));
    add_line(&mut town, LineClass::Local, &[(-10.0, 150.0), (510.0, 150.0)]);
    add_line(&mut town, LineClass::Local, &[(150.0, -10.0), (150.0, 310.0)]);
    for (x, y) in [(20.0, 20.0), (220.0, 20.0), (20.0, 220.0), (220.0, 220.0), (420.0, 20.0)] {
        add_building(&mut town, square(x, y, 20.0), 20);
    }
    let (plan, _) = draw(&town, &cells(3));
    check(&town, &plan);
    let (plan, warnings) = draw(&town, &cells(1));
    check(&town, &plan);
    assert_eq!(plan.cells.len(), 2);
    assert!(warnings.iter().any(|w| w.code == "more_cells_than_asked"));
}

#[test]
fn given_communities_are_kept_as_they_are() {
    let mut town = town(6, &[(3.0, -2.0), (-4.0, 1.0)], &[0.0], &[(0.2, 0.2, 10.0, 60), (0.8, 0.3, 10.0, 90), (0.3, 0.8, 10.0, 50)]);
    // A line that no road follows.
    let west = Polygon { exterior: ring_of(&[(0.0, 0.0), (170.0, 0.0), (200.0, 360.0), (0.0, 360.0)]), interiors: vec![] };
    let east = Polygon { exterior: ring_of(&[(170.0, 0.0), (360.0, 0.0), (360.0, 360.0), (200.0, 360.0)]), interiors: vec![] };
    town.areas.push(area("520201014007", Level::Community, west.clone().into()));
    town.areas.push(area("520201014003", Level::Community, east.into()));
    town.areas.sort_by(|a, b| a.code.cmp(&b.code));
    let (plan, _) = draw(&town, &cells(5));
    check(&town, &plan);
    assert_eq!(plan.communities.iter().map(|c| c.code.as_str()).collect::<Vec<_>>(), ["520201014003", "520201014007"]);
    for block in &plan.blocks {
        let inside = ring::interior_position(&block.outline).unwrap();
        let is_west = ring::side(&west, inside) == ring::Side::Inside;
        assert_eq!(plan.cells[block.cell as usize].code.is_within(&code("520201014007")), is_west);
    }
}

#[test]
fn given_cells_are_kept_as_they_are() {
    let mut town = town(4, &[(0.0, 0.0)], &[0.0], &[(0.1, 0.1, 10.0, 30), (0.9, 0.9, 10.0, 30)]);
    let half = |x: f64| Polygon { exterior: ring_of(&[(x, 0.0), (x + 120.0, 0.0), (x + 120.0, 240.0), (x, 240.0)]), interiors: vec![] };
    town.areas.push(area("520201014001001", Level::Cell, half(0.0).into()));
    town.areas.push(area("520201014002001", Level::Cell, half(120.0).into()));
    let (plan, _) = draw(&town, &Request::default());
    check(&town, &plan);
    assert_eq!(plan.cells.iter().map(|c| c.code.as_str()).collect::<Vec<_>>(), ["520201014001001", "520201014002001"]);
    assert_eq!(plan.communities.len(), 2);
}

#[test]
fn numbering_runs_west_to_east_and_north_to_south() {
    let mut town = street(square(0.0, 0.0, 200.0).into());
    add_line(&mut town, LineClass::Arterial, &[(100.0, -5.0), (100.0, 205.0)]);
    add_line(&mut town, LineClass::Arterial, &[(-5.0, 100.0), (205.0, 100.0)]);
    for (x, y) in [(40.0, 40.0), (140.0, 40.0), (40.0, 140.0), (140.0, 140.0)] {
        add_building(&mut town, square(x, y, 20.0), 20);
    }
    let (plan, _) = draw(&town, &Request { communities: Some(1), ..cells(4) });
    let corner = |i: u32| plan.blocks.iter().find(|b| b.cell == i).and_then(|b| ring::interior_position(&b.outline)).unwrap();
    let north = |i: u32| corner(i).lat_e7 > at(0.0, 100.0).lat_e7;
    let west = |i: u32| corner(i).lon_e7 < at(100.0, 0.0).lon_e7;
    assert_eq!([0, 1, 2, 3].map(|i| (north(i), west(i))), [(true, true), (true, false), (false, true), (false, false)]);
}

#[test]
fn what_cannot_be_planned_says_why() {
    let registration =
        || Registration { id: PlanId(1), name: "test".into(), now: jiff::Timestamp::UNIX_EPOCH, owner: None, publish_from: None };
    let nothing = plan::plan(&StreetData::default(), &cells(2), registration(), &|_, _| true);
    assert_eq!(nothing, Err(plan::Error::NoBoundary));
    let empty = street(square(0.0, 0.0, 100.0).into());
    let too_many = plan::plan(&empty, &cells(2), registration(), &|_, _| true);
    assert_eq!(too_many, Err(plan::Error::TooManyCells { asked: 2, blocks: 1 }));
    let (plan, _) = draw(&empty, &Request::default());
    assert_eq!((plan.cells.len(), plan.groups.len()), (1, 0));
}

fn refusal(street: &StreetData) -> plan::Error {
    let registration =
        Registration { id: PlanId(1), name: "test".into(), now: jiff::Timestamp::UNIX_EPOCH, owner: None, publish_from: None };
    plan::plan(street, &Request::default(), registration, &|_, _| true).unwrap_err()
}

#[test]
fn given_cells_must_be_whole_and_cover_the_street() {
    let mut town = town(4, &[(0.0, 0.0)], &[0.0], &[(0.1, 0.1, 10.0, 30), (0.9, 0.9, 10.0, 30)]);
    let given = town.areas.len();
    town.areas.push(area("520201014001001", Level::Cell, square(0.0, 0.0, 120.0).into()));
    assert_eq!(refusal(&town), plan::Error::GivenIncomplete { what: "cell", blocks: 12, households: 30 });
    // The rest as one cell is in one piece, but not when a strip through the middle belongs to the first.
    let strip = |y: f64, height: f64| Polygon {
        exterior: ring_of(&[(0.0, y), (240.0, y), (240.0, y + height), (0.0, y + height)]),
        interiors: vec![],
    };
    town.areas[given].boundary = strip(60.0, 60.0).into();
    town.areas.push(area("520201014001002", Level::Cell, MultiPolygon(vec![strip(0.0, 60.0), strip(120.0, 120.0)])));
    assert_eq!(refusal(&town), plan::Error::GivenCellBroken { cell: code("520201014001002"), pieces: 2 });
}

#[test]
fn a_cell_with_more_groups_than_codes_says_so() {
    let mut town = street(square(0.0, 0.0, 200.0).into());
    add_building(&mut town, square(20.0, 20.0, 50.0), 12_500);
    let registration =
        Registration { id: PlanId(1), name: "test".into(), now: jiff::Timestamp::UNIX_EPOCH, owner: None, publish_from: None };
    let error = plan::plan(&town, &cells(1), registration, &|_, _| true).unwrap_err();
    assert!(matches!(error, plan::Error::TooManyGroups { groups, room: 999, .. } if groups > 1000), "{error}");
}

#[test]
fn a_river_that_leaves_the_street_counts_where_it_is_inside() {
    let mut town = street(square(0.0, 0.0, 200.0).into());
    add_line(&mut town, LineClass::River, &[(-300.0, 60.0), (500.0, 60.0)]);
    let (plan, _) = draw(&town, &cells(1));
    let inside = plan::score(&town, &plan, 10).lines.river_inside_m.0;
    assert!((198.0..202.0).contains(&inside), "{inside} m");
}
