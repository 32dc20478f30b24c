//! The score: on a town whose figures were worked out independently, and on shapes whose figures are known.
#![allow(clippy::unwrap_used, reason = "a test may unwrap")]

use serde_json::{Value, json};
use wangge::{
    geometry::{Crs, LocalMetres, crs::plane},
    model::{
        Area, Block, Building, Cell, Code, Community, Group, Household, Level, Line, LineClass, LonLat, MultiPolygon, Plan, PlanId,
        PlanState, Polygon, StreetData,
    },
    plan::{self, Score},
};

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

/// A plan of the cells that the blocks name.
fn plan_of(blocks: Vec<(String, Polygon)>, groups: Vec<Group>) -> Plan {
    let mut codes: Vec<String> = blocks.iter().map(|(cell, _)| cell.clone()).collect();
    codes.sort();
    codes.dedup();
    let mut communities: Vec<String> = codes.iter().map(|c| c[..12].to_owned()).collect();
    communities.dedup();
    let cell_of = |cell: &String| codes.binary_search(cell).unwrap() as u32;
    Plan {
        id: PlanId(1),
        name: "test".into(),
        state: PlanState::Draft,
        valid_from: None,
        valid_to: None,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        owner: None,
        base: None,
        revision: 0,
        parameters: json!({}),
        estimated: false,
        communities: communities.iter().map(|c| Community { code: code(c), name: String::new() }).collect(),
        blocks: Block::numbered(blocks.iter().map(|(cell, outline)| (outline.clone(), cell_of(cell)))),
        cells: codes.iter().map(|c| Cell { code: code(c), name: String::new(), kind: Default::default(), locked: false }).collect(),
        groups,
    }
}

fn street_of(boundary: Polygon) -> StreetData {
    let area = Area { code: code("520201014"), level: Level::Street, name: String::new(), boundary: boundary.into() };
    StreetData { areas: vec![area], ..StreetData::default() }
}

fn building(id: &str, footprint: MultiPolygon) -> Building {
    Building { id: id.into(), name: None, purpose: None, levels: None, declared_households: None, address: None, footprint }
}

fn household(id: &str, building: Option<&str>, position: LonLat) -> Household {
    let building_id = building.map(str::to_owned);
    Household { id: id.into(), building_id, position, unit: None, floor: None, persons: None, address: None, estimated: false }
}

/// The town in `score/town.json`: 30 blocks of 8 cells, one of them in two pieces and one in a hole of another; lines on, beside
/// and off the boundaries; buildings across and outside; groups with faults.
fn town() -> (StreetData, Plan, Value) {
    let town: Value = serde_json::from_str(include_str!("score/town.json")).unwrap();
    let position = |v: &Value| LonLat::new(v[0].as_i64().unwrap() as i32, v[1].as_i64().unwrap() as i32);
    let path = |v: &Value| v.as_array().unwrap().iter().map(position).collect::<Vec<_>>();
    let polygon = |v: &Value| Polygon { exterior: path(v), interiors: vec![] };
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let list = |name: &str| town[name].as_array().unwrap().clone();
    let mut street = street_of(polygon(&town["boundary"]));
    street.lines = (0..)
        .zip(list("lines"))
        .map(|(i, l)| Line {
            id: format!("L{i:03}"),
            class: LineClass::parse(l["cls"].as_str().unwrap()).unwrap(),
            name: None,
            path: path(&l["path"]),
        })
        .collect();
    street.buildings = list("buildings").iter().map(|b| building(&text(&b["id"]), polygon(&b["ring"]).into())).collect();
    street.households = list("households").iter().map(|h| household(&text(&h["id"]), h["building"].as_str(), position(&h["at"]))).collect();
    let member = |m: &Value| m.as_str().unwrap().to_owned();
    let group = |g: &Value| Group {
        code: code(g["code"].as_str().unwrap()),
        head: text(&g["head"]),
        members: g["members"].as_array().unwrap().iter().map(member).collect(),
    };
    let groups = list("groups").iter().map(group).collect();
    let blocks = list("blocks").iter().map(|b| (text(&b["cell"]), polygon(&b["ring"]))).collect();
    (street, plan_of(blocks, groups), town["expected"].clone())
}

/// The figures in `town.json` were measured by another program from the same positions: projected to EPSG:4544 by pyproj 3.7
/// (PROJ 9.5), overlaid, buffered and sampled by shapely 2.2 (GEOS 3.14), and rounded to the digits that the score shows.
#[test]
fn every_figure_is_what_shapely_measures() {
    let (street, plan, expected) = town();
    let score = serde_json::to_value(plan::score(&street, &plan, 10)).unwrap();
    assert_eq!(score["plane"], "EPSG:4544");
    let expected = expected.as_object().unwrap();
    assert!(expected.len() > 80);
    let differing: Vec<String> = expected
        .iter()
        .filter(|(name, value)| score.pointer(name) != Some(value))
        .map(|(name, value)| format!("{name}: {:?}, not {value}", score.pointer(name)))
        .collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn the_plane_can_be_named_and_must_fit() {
    let (street, plan, _) = town();
    let by_zone = plan::score(&street, &plan, 10);
    assert_eq!(plan::score_in(Crs::Epsg(4544), &street, &plan, 10), Ok(by_zone.clone()));
    // UTM is 0.9996 as long.
    let utm = plan::score_in(Crs::Epsg(32648), &street, &plan, 10).unwrap();
    let ratio = utm.shape.inner_boundary_m.0 / by_zone.shape.inner_boundary_m.0;
    assert!((ratio - 0.9996).abs() < 1e-5, "{ratio}");
    let refusal = |code| plan::score_in(Crs::Epsg(code), &street, &plan, 10).unwrap_err();
    assert_eq!(refusal(4554), plane::Error::Elsewhere(Crs::Epsg(4554)));
    assert_eq!(refusal(3857), plane::Error::NotMetres(Crs::Epsg(3857)));
}

const ORIGIN: LonLat = LonLat::new(1_048_300_000, 265_900_000);

fn ring(points: &[(f64, f64)]) -> Vec<LonLat> {
    let metres = LocalMetres::at(ORIGIN);
    let mut ring: Vec<LonLat> = points.iter().map(|&(x, y)| metres.position([x, y])).collect();
    ring.push(ring[0]);
    ring
}

fn polygon(points: &[(f64, f64)]) -> Polygon {
    Polygon { exterior: ring(points), interiors: vec![] }
}

fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Polygon {
    polygon(&[(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
}

fn cell(number: usize, outline: Polygon) -> (String, Polygon) {
    (format!("520201014001{number:03}"), outline)
}

fn measure(street: &StreetData, cells: Vec<(String, Polygon)>) -> Score {
    plan::score(street, &plan_of(cells, vec![]), 10)
}

/// Two squares of 100 m side by side.
fn squares() -> (StreetData, Vec<(String, Polygon)>) {
    let half = |x: f64| rectangle(x, 0.0, 100.0, 100.0);
    let whole = polygon(&[(0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (200.0, 100.0), (100.0, 100.0), (0.0, 100.0)]);
    (street_of(whole), vec![cell(1, half(0.0)), cell(2, half(100.0))])
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
}

#[test]
fn two_squares() {
    let (street, cells) = squares();
    let score = measure(&street, cells);
    let pp = score.shape.polsby_popper.unwrap();
    near(pp.mean.0, std::f64::consts::FRAC_PI_4, 1e-4);
    near(score.shape.reock.unwrap().max.0, 2.0 / std::f64::consts::PI, 1e-4);
    near(score.shape.hull_ratio.unwrap().min.0, 1.0, 1e-6);
    // Half a metre at either end lies along the outer line.
    near(score.shape.inner_boundary_m.0, 99.0, 0.05);
    near(score.lines.off_lines_m.0, 99.0, 0.05);
    near(score.by_cell[0].area_m2.0, 10_000.0, 3.0);
    assert_eq!((score.coverage.gap_m2.0, score.coverage.spill_m2.0, score.coverage.overlap_m2.0), (0.0, 0.0, 0.0));
    assert!(score.coverage.seams_exact && score.coverage.fits_boundary);
    assert_eq!((score.shape.vertices, score.contiguity.broken_cells, score.contiguity.necks), (10, 0, 0));
}

#[test]
fn a_gap_an_overlap_and_a_seam_that_is_a_hand_apart() {
    let (street, mut cells) = squares();
    cells[1].1 = rectangle(110.0, 10.0, 90.0, 90.0);
    let gap = measure(&street, cells.clone()).coverage;
    // An L of 10 m × 100 m and 90 m × 10 m, less the 5 cm along the outer line.
    near(gap.gap_m2.0, 1_900.0 - 0.05 * 130.0, 2.0);
    assert_eq!((gap.gaps, gap.overlaps, gap.seams_exact, gap.fits_boundary), (1, 0, true, false));

    cells[1].1 = rectangle(95.0, 0.0, 105.0, 100.0);
    let overlap = measure(&street, cells.clone()).coverage;
    near(overlap.overlap_m2.0, 500.0, 2.0);
    near(overlap.largest_overlap_m2.0, 500.0, 2.0);
    assert_eq!((overlap.overlaps, overlap.gaps, overlap.seams_exact), (1, 0, false));

    cells[1].1 = rectangle(100.07, 0.0, 99.93, 100.0);
    let seam = measure(&street, cells).coverage;
    near(seam.bad_seams_m.0, 200.0, 0.5);
    near(seam.gap_m2.0, 7.0, 1.5);
    assert!(!seam.seams_exact && seam.overlaps == 0);
}

#[test]
fn pieces_holes_and_necks() {
    let island = rectangle(40.0, 40.0, 20.0, 20.0);
    let mut around = rectangle(0.0, 0.0, 100.0, 100.0);
    let mut hole = island.exterior.clone();
    hole.reverse();
    around.interiors.push(hole);
    // Two rooms of 40 m joined by a corridor, 0.8 m or 1.2 m wide.
    let rooms = |width: f64| {
        let (low, high) = (20.0 - width / 2.0, 20.0 + width / 2.0);
        polygon(&[
            (200.0, 0.0),
            (240.0, 0.0),
            (240.0, low),
            (260.0, low),
            (260.0, 0.0),
            (300.0, 0.0),
            (300.0, 40.0),
            (260.0, 40.0),
            (260.0, high),
            (240.0, high),
            (240.0, 40.0),
            (200.0, 40.0),
        ])
    };
    let score = |width: f64| {
        let apart = [rectangle(400.0, 0.0, 30.0, 30.0), rectangle(440.0, 0.0, 10.0, 10.0), rectangle(460.0, 0.0, 0.8, 0.8)];
        let mut cells = vec![cell(1, around.clone()), cell(2, island.clone()), cell(3, rooms(width))];
        cells.extend(apart.map(|piece| cell(4, piece)));
        measure(&street_of(rectangle(0.0, 0.0, 500.0, 100.0)), cells)
    };
    let narrow = score(0.8);
    assert_eq!(narrow.by_cell.iter().map(|c| (c.pieces, c.has_neck)).collect::<Vec<_>>(), [(1, false), (1, false), (1, true), (2, false)]);
    let counts = &narrow.contiguity;
    assert_eq!((counts.broken_cells, counts.slivers, counts.holes, counts.necks), (1, 1, 1, 1));
    near(counts.detached_m2.0, 100.0, 0.5);
    near(narrow.by_cell[0].polsby_popper.0, 4.0 * std::f64::consts::PI * 9_600.0 / (480.0 * 480.0), 1e-3);
    assert_eq!(score(1.2).contiguity.necks, 0);
}

#[test]
fn what_runs_along_lines_and_what_is_left_inside() {
    let (mut street, cells) = squares();
    let metres = LocalMetres::at(ORIGIN);
    let mut add = |class: LineClass, points: &[(f64, f64)]| {
        let path = points.iter().map(|&(x, y)| metres.position([x, y])).collect();
        street.lines.push(Line { id: format!("L{}", street.lines.len()), class, name: None, path });
    };
    // A road beside the lower 60 m of the boundary, 0.4 m off; a river that comes to it from the west and follows it to the north;
    // a railway on the outer line, which is no inside, and one right across.
    add(LineClass::Local, &[(100.4, -20.0), (100.4, 59.5)]);
    add(LineClass::River, &[(-50.0, 75.0), (100.0, 75.0), (100.0, 130.0)]);
    add(LineClass::Railway, &[(0.0, 100.0), (200.0, 100.0)]);
    add(LineClass::Railway, &[(-10.0, 20.3), (210.0, 20.3)]);
    let score = measure(&street, cells);
    let l = &score.lines;
    near(l.along_lines_share.0 * score.shape.inner_boundary_m.0, 59.5 + 25.0, 1.5);
    // The river, and where the railway crosses.
    near(l.along_trunk_share.0 * score.shape.inner_boundary_m.0, 25.0 + 1.0, 2.5);
    near(l.off_lines_m.0, 99.0 - 59.5 - 25.0, 1.5);
    near(l.river_inside_m.0, 99.0, 1.5);
    near(l.railway_inside_m.0, 198.0, 2.5);
}

#[test]
fn households_belong_where_most_of_their_building_lies() {
    let (mut street, cells) = squares();
    let at = |x: f64, y: f64| LocalMetres::at(ORIGIN).position([x, y]);
    street.buildings = vec![
        // 40 % in the second cell; a sliver of 0.03 m² in it; outside altogether; 70 % outside.
        building("B1", rectangle(94.0, 10.0, 10.0, 10.0).into()),
        building("B2", rectangle(85.0, 30.0, 15.003, 10.0).into()),
        building("B3", rectangle(190.0, 150.0, 10.0, 10.0).into()),
        building("B4", rectangle(193.0, 50.0, 10.0, 10.0).into()),
        building("B5", rectangle(197.0, 70.0, 10.0, 10.0).into()),
    ];
    street.households = vec![
        household("H1", Some("B1"), at(103.0, 15.0)),
        household("H2", Some("B3"), at(195.0, 155.0)),
        household("H3", None, at(20.0, 20.0)),
        household("H4", None, at(-30.0, 20.0)),
        household("H5", Some("B4"), at(198.0, 55.0)),
        household("H6", Some("B5"), at(198.0, 75.0)),
    ];
    let score = measure(&street, cells);
    assert_eq!((score.buildings.buildings, score.buildings.cut_buildings, score.buildings.uncovered_buildings), (5, 1, 2));
    assert_eq!(score.by_cell.iter().map(|c| c.households).collect::<Vec<_>>(), [3, 3]);
    assert_eq!((score.balance.within_1pct, score.balance.max_deviation_pct.0), (2, 0.0));
}

#[test]
fn a_plan_that_does_not_fit_together_is_measured_all_the_same() {
    let (street, mut cells) = squares();
    // One cell of two blocks that lie over each other edge to edge, one whose corner is pulled across its neighbour.
    cells.push(cell(1, rectangle(0.0, 0.0, 100.0, 50.0)));
    cells[1].1 = polygon(&[(100.0, 0.0), (200.0, 0.0), (200.0, 100.0), (40.0, 60.0)]);
    let score = measure(&street, cells);
    near(score.by_cell[0].area_m2.0, 10_000.0, 3.0);
    assert!(score.coverage.overlap_m2.0 > 1_000.0 && !score.coverage.seams_exact);
    // Nothing at all.
    let nothing = plan::score(&StreetData::default(), &plan_of(vec![], vec![]), 10);
    assert_eq!((nothing.cells, nothing.shape.polsby_popper, nothing.by_cell.len()), (0, None, 0));
}
