//! A street of two by two cells, 200 m each: ten households and one group a cell, five issues, three plans.
//!
//! ```text
//! 001001 │ 002001      community 520201011001 west, 520201011002 east
//! ───────┼───────      plan 1 (2025): one cell for all; plan 2: in force from 2026; plan 3: a draft like plan 2
//! 001002 │ 002002
//! ```
#![allow(dead_code, reason = "each test binary uses a part")]

use jiff::{Timestamp, civil::date};
use wangge::model::*;

/// South-west corner. The whole street lies in one tile of zoom 14.
pub const WEST: i32 = 1_048_330_000;
/// South-west corner.
pub const SOUTH: i32 = 265_900_000;
/// Width and height of a cell in grid steps.
pub const STEP: i32 = 20_000;

pub const STREET: &str = "520201011";
pub const NORTH_WEST: &str = "520201011001001";
pub const SOUTH_WEST: &str = "520201011001002";
pub const NORTH_EAST: &str = "520201011002001";
pub const SOUTH_EAST: &str = "520201011002002";

/// Cells with their column and row, by code.
const CELLS: [(&str, i32, i32); 4] = [(NORTH_WEST, 0, 1), (SOUTH_WEST, 0, 0), (NORTH_EAST, 1, 1), (SOUTH_EAST, 1, 0)];

pub fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

/// A position in thousandths of a cell from the south-west corner.
pub fn at(column: i32, row: i32) -> LonLat {
    LonLat::new(WEST + column * STEP / 1000, SOUTH + row * STEP / 1000)
}

fn square(column: i32, row: i32) -> Polygon {
    let corner = |c: i32, r: i32| at((column + c) * 1000, (row + r) * 1000);
    Polygon { exterior: vec![corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1), corner(0, 0)], interiors: vec![] }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn household_id(cell: usize, number: i32) -> String {
    format!("h{cell}{number:02}")
}

fn plan(id: u32, name: &str, state: PlanState, cells: &[(&str, &[usize])], communities: &[&str]) -> Plan {
    let blocks = (0..4).map(|square_number| {
        let (_, column, row) = CELLS[square_number];
        let cell = cells.iter().position(|(_, squares)| squares.contains(&square_number)).unwrap();
        (square(column, row), cell as u32)
    });
    let mut groups: Vec<Group> = Vec::new();
    for (cell, squares) in cells {
        for (number, square_number) in squares.iter().enumerate() {
            let members: Vec<String> = (0..10).map(|n| household_id(*square_number, n)).collect();
            groups.push(Group { code: code(&format!("{cell}{:03}", number + 1)), head: members[3].clone(), members });
        }
    }
    Plan {
        id: PlanId(id),
        name: name.into(),
        state,
        valid_from: None,
        valid_to: None,
        created_at: time("2025-12-01T00:00:00Z"),
        owner: None,
        base: None,
        revision: 0,
        parameters: serde_json::json!({}),
        estimated: false,
        communities: communities.iter().map(|c| Community { code: code(c), name: format!("社区{}", &c[11..]) }).collect(),
        cells: cells
            .iter()
            .map(|(c, _)| Cell { code: code(c), name: format!("网格{}", &c[9..]), kind: CellKind::Basic, locked: false })
            .collect(),
        blocks: Block::numbered(blocks),
        groups,
    }
}

fn issue(id: &str, position: LonLat, category: &str, status: IssueStatus, reported_at: &str) -> Issue {
    let closed_at = (status == IssueStatus::Closed).then(|| time("2026-10-02T00:00:00Z"));
    Issue { id: id.into(), position, category: category.into(), status, reported_at: time(reported_at), closed_at, description: None }
}

pub fn issues() -> Vec<Issue> {
    vec![
        issue("i1", at(300, 1600), "waste", IssueStatus::Open, "2026-03-01T01:00:00Z"),
        issue("i2", at(400, 1600), "waste", IssueStatus::Closed, "2026-04-01T01:00:00Z"),
        issue("i3", at(1500, 500), "noise", IssueStatus::InProgress, "2026-05-01T16:30:00Z"),
        issue("i4", at(9000, 9000), "noise", IssueStatus::Open, "2026-06-01T01:00:00Z"),
        // On the border between west and east: the west's.
        issue("i5", at(1000, 300), "light, street", IssueStatus::Open, "2026-07-01T01:00:00Z"),
    ]
}

/// The changes that make the street, from nothing.
pub fn change_set() -> ChangeSet {
    let outer = [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0)];
    let boundary = Polygon { exterior: outer.iter().map(|(c, r)| at(c * 1000, r * 1000)).collect(), interiors: vec![] };
    let area = Area { code: code(STREET), level: Level::Street, name: "荷城街道".into(), boundary: boundary.into() };
    let (mut buildings, mut households) = (Vec::new(), Vec::new());
    for (number, (_, column, row)) in CELLS.iter().enumerate() {
        let place = |x: i32, y: i32| at(column * 1000 + x, row * 1000 + y);
        let footprint = Polygon {
            exterior: vec![place(200, 200), place(500, 200), place(500, 400), place(200, 400), place(200, 200)],
            interiors: vec![],
        };
        buildings.push(Building {
            id: format!("b{number}"),
            name: Some(format!("水钢{number}栋")),
            purpose: Some("residential".into()),
            levels: Some(6),
            declared_households: Some(10),
            address: Some(format!("钟山大道{}号", 10 + number)),
            footprint: footprint.into(),
        });
        households.extend((0..10).map(|n| Household {
            id: household_id(number, n),
            building_id: Some(format!("b{number}")),
            position: place(220 + n * 25, 300),
            unit: Some("1".into()),
            floor: Some(1 + n as i16 / 2),
            persons: (number != 0).then_some(3),
            address: Some(format!("钟山大道{}号1单元{n}室", 10 + number)),
            estimated: false,
        }));
    }
    let line = Line {
        id: "l1".into(),
        class: LineClass::Arterial,
        name: Some("钟山大道".into()),
        path: vec![at(1000, 0), at(1000, 1000), at(1000, 2000)],
    };
    let four: Vec<(&str, &[usize])> = vec![(NORTH_WEST, &[0]), (SOUTH_WEST, &[1]), (NORTH_EAST, &[2]), (SOUTH_EAST, &[3])];
    let two = ["520201011001", "520201011002"];
    let first = Plan {
        valid_from: Some(date(2025, 1, 1)),
        valid_to: Some(date(2026, 1, 1)),
        ..plan(1, "first", PlanState::Superseded, &[(NORTH_WEST, &[0, 1, 2, 3])], &["520201011001"])
    };
    let second = Plan { valid_from: Some(date(2026, 1, 1)), ..plan(2, "second", PlanState::Published, &four, &two) };
    let third = plan(3, "third", PlanState::Draft, &four, &two);
    ChangeSet {
        street: code(STREET),
        what: "import survey".into(),
        changes: vec![
            Change::PutAreas(vec![area]),
            Change::PutLines(vec![line]),
            Change::PutBuildings(buildings),
            Change::PutHouseholds(households),
            Change::PutIssues(issues()),
            Change::PutPlan(Box::new(first)),
            Change::PutPlan(Box::new(second)),
            Change::PutPlan(Box::new(third)),
        ],
    }
}

/// The same as rows.
pub fn world() -> World {
    let mut data = StreetData { version: 1, ..StreetData::default() };
    for change in change_set().changes {
        match change {
            Change::PutAreas(rows) => data.areas = rows,
            Change::PutLines(rows) => data.lines = rows,
            Change::PutBuildings(rows) => data.buildings = rows,
            Change::PutHouseholds(rows) => data.households = rows,
            Change::PutIssues(rows) => data.issues = rows,
            Change::PutPlan(plan) => data.plans.push(*plan),
            other => unreachable!("{other:?}"),
        }
    }
    World::from([(code(STREET), data)])
}
