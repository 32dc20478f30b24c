//! Small worlds to be stored: one by hand, and any that proptest thinks of.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::date};
use proptest::{collection, option, prelude::*, sample::subsequence};
use wangge::model::*;

pub fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

/// Squares of 1e-5 degree: block `(column, row)`.
pub fn square(column: i32, row: i32) -> Polygon {
    let corner = |x: i32, y: i32| LonLat::new(1_048_300_000 + (column + x) * 100, 265_900_000 + (row + y) * 100);
    Polygon { exterior: vec![corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1), corner(0, 0)], interiors: Vec::new() }
}

pub fn household(id: &str, persons: u16) -> Household {
    Household {
        id: id.into(),
        building_id: Some("b1".into()),
        position: LonLat::new(1_048_300_010, 265_900_020),
        unit: Some("2单元".into()),
        floor: Some(-1),
        persons: Some(persons),
        address: Some("钟山大道1号".into()),
        estimated: false,
    }
}

pub fn issue(id: &str, category: &str) -> Issue {
    Issue {
        id: id.into(),
        position: LonLat::new(1_048_300_050, 265_900_050),
        category: category.into(),
        status: IssueStatus::Open,
        reported_at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
        closed_at: None,
        description: None,
    }
}

/// A plan of two communities, two cells each, one block a cell, and a group of the households in the first cell.
pub fn plan(street: &Code, id: u32, name: &str, members: &[&str]) -> Plan {
    let scheme = CodeScheme::default();
    let communities: Vec<Code> = (1..=2).map(|n| scheme.child(street, n).unwrap()).collect();
    let cells: Vec<Code> = communities.iter().flat_map(|c| (1..=2).map(|n| scheme.child(c, n).unwrap())).collect();
    let members: Vec<String> = members.iter().map(|id| (*id).to_owned()).collect();
    Plan {
        id: PlanId(id),
        name: name.into(),
        state: PlanState::Published,
        valid_from: Some(date(2026, 1, 1)),
        valid_to: None,
        created_at: "2025-12-31T16:00:00Z".parse().unwrap(),
        owner: None,
        base: None,
        revision: 0,
        parameters: serde_json::json!({"seed": 7, "cells": 4, "a": {"tolerance": 0.1}}),
        estimated: true,
        communities: communities.iter().map(|code| Community { code: code.clone(), name: "荷泉社区".into() }).collect(),
        cells: cells.iter().map(|code| Cell { code: code.clone(), name: String::new(), kind: CellKind::Basic, locked: false }).collect(),
        blocks: (0..4).map(|n| Block { id: n as u32, outline: square(n, 0), cell: n as u32 }).collect(),
        groups: members
            .first()
            .map(|head| Group { code: scheme.child(&cells[0], 1).unwrap(), head: head.clone(), members: members.clone() })
            .into_iter()
            .collect(),
    }
}

pub fn set(street: &Code, what: &str, changes: Vec<Change>) -> ChangeSet {
    ChangeSet { street: street.clone(), what: what.into(), changes }
}

/// The changes that make a street out of nothing.
pub fn everything(data: &StreetData) -> Vec<Change> {
    let mut changes = vec![
        Change::PutAreas(data.areas.clone()),
        Change::PutLines(data.lines.clone()),
        Change::PutWaters(data.waters.clone()),
        Change::PutBuildings(data.buildings.clone()),
        Change::PutHouseholds(data.households.clone()),
        Change::PutIssues(data.issues.clone()),
    ];
    changes.extend(data.plans.iter().map(|plan| Change::PutPlan(Box::new(plan.clone()))));
    changes
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9\"'\\\\;$%_ -]{0,6}", "[一-鿿🏠\u{301}]{1,4}"]
}

fn position() -> impl Strategy<Value = LonLat> {
    (-1_800_000_000..=1_800_000_000_i32, -900_000_000..=900_000_000_i32).prop_map(|(lon, lat)| LonLat::new(lon, lat))
}

fn ring() -> impl Strategy<Value = Ring> {
    collection::vec(position(), 3..6).prop_map(|mut ring| {
        ring.push(ring[0]);
        ring
    })
}

fn shape() -> impl Strategy<Value = MultiPolygon> {
    let polygon = (ring(), collection::vec(ring(), 0..2)).prop_map(|(exterior, interiors)| Polygon { exterior, interiors });
    collection::vec(polygon, 0..3).prop_map(MultiPolygon)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (-2_000_000_000_000_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

/// Up to four records with different ids, sorted.
fn by_id<R: std::fmt::Debug, S: Strategy<Value = R>>(record: S, name: impl Fn(&mut R, String) + Clone) -> impl Strategy<Value = Vec<R>> {
    collection::btree_map(text(), record, 0..4).prop_map(move |records: BTreeMap<String, R>| {
        let named = records.into_iter().map(|(id, mut record)| {
            name(&mut record, id);
            record
        });
        named.collect()
    })
}

fn areas(street: Code) -> impl Strategy<Value = Vec<Area>> {
    let levels = subsequence(vec![Level::Street, Level::Community, Level::Cell], 0..=3);
    (levels, text(), shape()).prop_map(move |(levels, name, boundary)| {
        let area = |level: Level| {
            let code = code(&format!("{street}{}", "001".repeat(level as usize - 1)));
            Area { code, level, name: name.clone(), boundary: boundary.clone() }
        };
        levels.into_iter().map(area).collect()
    })
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let record = (any::<prop::sample::Index>(), option::of(text()), collection::vec(position(), 2..6))
        .prop_map(|(class, name, path)| Line { id: String::new(), class: *class.get(&LineClass::ALL), name, path });
    by_id(record, |line, id| line.id = id)
}

fn waters() -> impl Strategy<Value = Vec<Water>> {
    let record = (option::of(text()), shape()).prop_map(|(name, outline)| Water { id: String::new(), name, outline });
    by_id(record, |water, id| water.id = id)
}

fn buildings() -> impl Strategy<Value = Vec<Building>> {
    let record = (option::of(text()), option::of(text()), any::<Option<u16>>(), any::<Option<u32>>(), option::of(text()), shape())
        .prop_map(|(name, purpose, levels, declared_households, address, footprint)| Building {
            id: String::new(),
            name,
            purpose,
            levels,
            declared_households,
            address,
            footprint,
        });
    by_id(record, |building, id| building.id = id)
}

fn households() -> impl Strategy<Value = Vec<Household>> {
    let texts = (option::of(text()), option::of(text()), option::of(text()));
    let record = (texts, position(), any::<Option<i16>>(), any::<Option<u16>>(), any::<bool>()).prop_map(
        |((building_id, unit, address), position, floor, persons, estimated)| Household {
            id: String::new(),
            building_id,
            position,
            unit,
            floor,
            persons,
            address,
            estimated,
        },
    );
    by_id(record, |household, id| household.id = id)
}

fn issues() -> impl Strategy<Value = Vec<Issue>> {
    let record = (position(), text(), any::<prop::sample::Index>(), time(), option::of(time()), option::of(text())).prop_map(
        |(position, category, status, reported_at, closed_at, description)| Issue {
            id: String::new(),
            position,
            category,
            status: *status.get(&IssueStatus::ALL),
            reported_at,
            closed_at,
            description,
        },
    );
    by_id(record, |issue, id| issue.id = id)
}

/// A plan whose blocks are a row of squares in any cells, with households in any groups, in any order.
fn any_plan(street: Code, id: u32) -> impl Strategy<Value = Plan> {
    let texts = (text(), text(), option::of(0..20_000_i32), option::of(0..20_000_i32), time(), any::<bool>());
    let labels = (collection::vec(0..4_u32, 0..9), collection::btree_map(text(), 0..3_usize, 0..8), any::<bool>());
    (texts, labels).prop_map(move |((name, parameter, from, to, created_at, estimated), (cells, members, draft))| {
        let day = |days: i32| date(1990, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        let mut plan = plan(&street, id, &name, &[]);
        plan.state = if draft { PlanState::Draft } else { PlanState::Superseded };
        plan.valid_from = from.map(day);
        plan.valid_to = to.map(day);
        plan.created_at = created_at;
        plan.parameters = serde_json::json!({ "z": parameter, "a": [1, null, true] });
        plan.estimated = estimated;
        plan.owner = draft.then(|| name.clone());
        plan.base = estimated.then_some(PlanId(7));
        plan.revision = from.unwrap_or(0) as u32;
        plan.cells[1].kind = CellKind::Dedicated;
        plan.cells[2].locked = draft;
        plan.blocks = Block::numbered(cells.iter().enumerate().map(|(n, cell)| (square(n as i32, id as i32), *cell)));
        for group in 0..3 {
            let members: Vec<String> = members.iter().rev().filter(|(_, g)| **g == group).map(|(id, _)| id.clone()).collect();
            if let Some(head) = members.last() {
                let code = CodeScheme::default().child(&plan.cells[group].code, group + 1).unwrap();
                plan.groups.push(Group { code, head: head.clone(), members });
            }
        }
        plan
    })
}

/// Anything that can be known of a street.
pub fn street_data(street: &Code) -> impl Strategy<Value = StreetData> + use<> {
    let plans = (option::of(any_plan(street.clone(), 1)), option::of(any_plan(street.clone(), 40)))
        .prop_map(|(first, second)| first.into_iter().chain(second).collect::<Vec<_>>());
    (areas(street.clone()), lines(), waters(), buildings(), households(), issues(), plans).prop_map(
        |(areas, lines, waters, buildings, households, issues, plans)| StreetData {
            version: 0,
            areas,
            lines,
            waters,
            buildings,
            households,
            issues,
            plans,
        },
    )
}

/// Two states of one draft: the second has other blocks, groups and names, and not the cells that nothing is in.
pub fn two_states(street: &Code) -> impl Strategy<Value = (Plan, Plan)> + use<> {
    let names = collection::vec(option::of(text()), 6);
    (any_plan(street.clone(), 5), any_plan(street.clone(), 5), names, any::<bool>()).prop_map(|(from, other, names, fewer)| {
        let from = Plan { state: PlanState::Draft, ..from };
        let Plan { mut communities, mut cells, mut blocks, groups, .. } = other;
        let areas = communities.iter_mut().map(|community| &mut community.name).chain(cells.iter_mut().map(|cell| &mut cell.name));
        areas.zip(names).for_each(|(name, new)| *name = new.unwrap_or_default());
        if fewer {
            let all = std::mem::take(&mut cells);
            let used = |n: usize, cell: &Cell| {
                blocks.iter().any(|block| block.cell as usize == n) || groups.iter().any(|group| group.code.is_within(&cell.code))
            };
            cells = all.iter().enumerate().filter(|(n, cell)| used(*n, cell)).map(|(_, cell)| cell.clone()).collect();
            for block in &mut blocks {
                block.cell = cells.iter().position(|cell| cell.code == all[block.cell as usize].code).unwrap() as u32;
            }
            communities.retain(|community| cells.iter().any(|cell| cell.code.is_within(&community.code)));
        }
        let to = Plan { communities, cells, blocks, groups, ..from.clone() };
        (from, to)
    })
}
