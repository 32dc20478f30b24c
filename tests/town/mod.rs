//! A small made-up town for tests: a grid of blocks whose corners and walls are shaken, so that nothing is straight and every
//! boundary is shared vertex for vertex. Two streets side by side, planned apart, and one to the north without a plan.
//!
//! All positions are multiples of ten grid steps, so that there are grid positions exactly on most edges.

#![allow(dead_code, reason = "every test binary uses a part of the town")]
#![allow(clippy::unwrap_used, reason = "a town that cannot be made is a failed test")]

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use wangge::{
    geometry::Coverage,
    model::{
        Area, Block, Building, Cell, CellKind, Change, Code, CodeScheme, Community, Group, Household, Issue, IssueStatus, Level, Line,
        LineClass, LonLat, MultiPolygon, NO_STREET, Plan, PlanId, PlanState, Polygon, StreetData, Water, World,
    },
};

/// The south-west corner of the town.
pub const CORNER: LonLat = LonLat::new(1_048_300_000, 265_900_000);
/// A block's side in grid steps, some 200 m.
pub const SIDE: i32 = 20_000;

/// How a town is made.
#[derive(Clone, Copy, Debug)]
pub struct TownSize {
    /// Blocks along a side of each of the two planned streets; even.
    pub blocks: usize,
    /// Households in a block; even.
    pub households: usize,
    /// Issues over the whole town and a little beyond.
    pub issues: usize,
    /// The first block holds an island: a dedicated cell whose boundary is one closed arc.
    pub island: bool,
    /// Same seed, same town.
    pub seed: u64,
}

impl Default for TownSize {
    fn default() -> Self {
        Self { blocks: 4, households: 20, issues: 300, island: true, seed: 1 }
    }
}

pub fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// The street in the west, the one in the east, the one without a plan in the north.
pub fn street_codes() -> [Code; 3] {
    ["520201011", "520201012", "520201013"].map(code)
}

/// The day the second plan of the western street takes over from the first. Before 2026-01-01 there is no plan at all.
pub const SECOND_PLAN_FROM: &str = "2026-07-01";

/// The town's world.
pub fn town(size: TownSize) -> World {
    let mut rng = Pcg64::seed_from_u64(size.seed);
    let n = size.blocks;
    let lattice = Lattice::new(2 * n, n + 1, &mut rng);
    let mut world = World::new();
    for (i, street) in street_codes().into_iter().enumerate() {
        let (columns, rows) = [(0..n, 0..n), (n..2 * n, 0..n), (0..2 * n, n..n + 1)][i].clone();
        let mut blocks: Vec<(usize, usize, Polygon)> = Vec::new();
        for row in rows {
            for column in columns.clone() {
                blocks.push((column - columns.start, row, lattice.block(column, row)));
            }
        }
        let data = street_data(&street, i, blocks, size, &mut rng);
        world.insert(street, data);
    }
    file_issues(&mut world, size, &mut rng);
    world
}

/// A corner's column and row.
type Corner = (usize, usize);

/// Shared corners and shared walls.
struct Lattice {
    walls: BTreeMap<(Corner, Corner), Vec<LonLat>>,
}

impl Lattice {
    fn new(columns: usize, rows: usize, rng: &mut Pcg64) -> Self {
        let mut shake = |most: i32| rng.random_range(-most / 10..=most / 10) * 10;
        let mut corners = BTreeMap::new();
        for x in 0..=columns {
            for y in 0..=rows {
                let (dx, dy) = (shake(SIDE / 6), shake(SIDE / 6));
                corners.insert((x, y), LonLat::new(CORNER.lon_e7 + x as i32 * SIDE + dx, CORNER.lat_e7 + y as i32 * SIDE + dy));
            }
        }
        let mut walls = BTreeMap::new();
        for (&(x, y), &from) in &corners {
            for to_key in [(x + 1, y), (x, y + 1)] {
                let Some(&to) = corners.get(&to_key) else { continue };
                let mut path = vec![from];
                for step in 1..6 {
                    let along = |a: i32, b: i32| (a + (b - a) / 6 * step) / 10 * 10;
                    path.push(LonLat::new(along(from.lon_e7, to.lon_e7) + shake(600), along(from.lat_e7, to.lat_e7) + shake(600)));
                }
                path.push(to);
                walls.insert(((x, y), to_key), path);
            }
        }
        Self { walls }
    }

    fn block(&self, x: usize, y: usize) -> Polygon {
        let wall = |a, b| self.walls[&(a, b)].clone();
        let back = |mut path: Vec<LonLat>| {
            path.reverse();
            path
        };
        let (sw, se, ne, nw) = ((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1));
        let mut exterior = Vec::new();
        for path in [wall(sw, se), wall(se, ne), back(wall(nw, ne)), back(wall(sw, nw))] {
            exterior.pop();
            exterior.extend(path);
        }
        Polygon { exterior, interiors: vec![] }
    }
}

fn square(centre: LonLat, half: i32) -> Polygon {
    let at = |dx: i32, dy: i32| LonLat::new(centre.lon_e7 + dx * half, centre.lat_e7 + dy * half);
    Polygon { exterior: vec![at(-1, -1), at(1, -1), at(1, 1), at(-1, 1), at(-1, -1)], interiors: vec![] }
}

fn middle(column: usize, row: usize, street: usize, n: usize) -> LonLat {
    let column = column + if street == 1 { n } else { 0 };
    let at = |corner: i32, i: usize| corner + i as i32 * SIDE + SIDE / 2;
    LonLat::new(at(CORNER.lon_e7, column), at(CORNER.lat_e7, row))
}

fn street_data(street: &Code, number: usize, blocks: Vec<(usize, usize, Polygon)>, size: TownSize, rng: &mut Pcg64) -> StreetData {
    let shapes: Vec<MultiPolygon> = blocks.iter().map(|b| b.2.clone().into()).collect();
    let boundary = Coverage::from_polygons(&shapes).unwrap().outlines_by_label(&vec![0; shapes.len()], 1).swap_remove(0);
    let name = ["西街道", "东街道", "北街道"][number];
    let mut data = StreetData {
        version: 1,
        areas: vec![Area { code: street.clone(), level: Level::Street, name: name.to_owned(), boundary }],
        ..StreetData::default()
    };
    for (column, row, _) in &blocks {
        settle(&mut data, middle(*column, *row, number, size.blocks), &format!("{column:02}{row:02}"), size.households, rng);
    }
    data.buildings.sort_by(|a, b| a.id.cmp(&b.id));
    data.households.sort_by(|a, b| a.id.cmp(&b.id));
    data.lines = roads(number, size.blocks);
    if number == 0 {
        let pond = middle(1, 1, 0, size.blocks);
        data.waters = vec![Water { id: "pond".into(), name: Some("明湖".into()), outline: square(pond, 1500).into() }];
    }
    let first = |column: usize, _: usize| column / 2;
    let second = |_: usize, row: usize| row / 2;
    let planned = |id: u32, strip: &dyn Fn(usize, usize) -> usize| plan(street, number, id, &blocks, &data, size, strip);
    data.plans = match number {
        0 => {
            let (mut old, mut new, mut draft) = (planned(1, &first), planned(2, &second), planned(3, &first));
            (old.state, old.valid_from, old.valid_to) = (PlanState::Superseded, Some(day("2026-01-01")), Some(day(SECOND_PLAN_FROM)));
            (new.state, new.valid_from) = (PlanState::Published, Some(day(SECOND_PLAN_FROM)));
            draft.state = PlanState::Draft;
            vec![old, new, draft]
        }
        1 => {
            let mut only = planned(1, &second);
            (only.state, only.valid_from) = (PlanState::Published, Some(day("2026-01-01")));
            vec![only]
        }
        _ => vec![],
    };
    data
}

/// Two buildings in a block and the households in them.
fn settle(data: &mut StreetData, centre: LonLat, name: &str, households: usize, rng: &mut Pcg64) {
    for (side, dx) in [-4000, 4000].into_iter().enumerate() {
        let centre = LonLat::new(centre.lon_e7 + dx, centre.lat_e7);
        let building = format!("b{name}{side}");
        for i in 0..households / 2 {
            let (dx, dy) = (rng.random_range(-900..=900), rng.random_range(-900..=900));
            data.households.push(Household {
                id: format!("h{name}{side}{i:05}"),
                building_id: Some(building.clone()),
                position: LonLat::new(centre.lon_e7 + dx, centre.lat_e7 + dy),
                unit: None,
                floor: Some((i / 2 + 1) as i16),
                persons: (i % 3 != 0).then_some(3),
                address: Some(format!("秘密路{name}号{i}室")),
                estimated: false,
            });
        }
        data.buildings.push(Building {
            id: building,
            name: Some(format!("{name}花园{side}栋")),
            purpose: Some("residential".into()),
            levels: Some(6),
            declared_households: None,
            address: Some(format!("中山路{name}号")),
            footprint: square(centre, 1000).into(),
        });
    }
}

/// A road, a river and a boundary across the street's middle.
fn roads(number: usize, n: usize) -> Vec<Line> {
    let (west, east) = (middle(0, 0, number, n), middle(n - 1, n - 1, number, n));
    let line = |id: &str, class, name: Option<&str>, lat: i32| Line {
        id: id.into(),
        class,
        name: name.map(Into::into),
        path: vec![LonLat::new(west.lon_e7, lat), LonLat::new(west.lon_e7 / 2 + east.lon_e7 / 2, lat + 700), LonLat::new(east.lon_e7, lat)],
    };
    vec![
        line("edge", LineClass::Boundary, Some("界"), west.lat_e7),
        line("river", LineClass::River, Some("水城河"), west.lat_e7 + 3000),
        line("road", LineClass::Arterial, Some("钟山大道"), west.lat_e7 + 6000),
        line("road-2", LineClass::Alley, Some("Lime Alley"), west.lat_e7 + 9000),
    ]
}

/// Cells of two by one blocks, communities by strips, groups of ten along the household ids.
fn plan(
    street: &Code,
    number: usize,
    id: u32,
    blocks: &[(usize, usize, Polygon)],
    data: &StreetData,
    size: TownSize,
    strip: &dyn Fn(usize, usize) -> usize,
) -> Plan {
    let scheme = CodeScheme::default();
    let key = |column: usize, row: usize| (strip(column, row), column + row * 100 - if id == 2 { row % 2 * 100 } else { column % 2 });
    let mut cells: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (i, (column, row, _)) in blocks.iter().enumerate() {
        cells.entry(key(*column, *row)).or_default().push(i);
    }
    let mut plan = Plan {
        id: PlanId(id),
        name: format!("plan {id}"),
        state: PlanState::Draft,
        valid_from: None,
        valid_to: None,
        created_at: Timestamp::UNIX_EPOCH,
        owner: None,
        base: None,
        revision: 0,
        parameters: serde_json::Value::Null,
        estimated: false,
        communities: vec![],
        cells: vec![],
        blocks: (0..).zip(blocks).map(|(id, b)| Block { id, outline: b.2.clone(), cell: 0 }).collect(),
        groups: vec![],
    };
    let mut in_community = 0;
    for ((strip, _), members) in &cells {
        if plan.communities.len() == *strip {
            let code = scheme.child(street, strip + 1).unwrap();
            plan.communities.push(Community { name: format!("第{}社区", strip + 1), code });
            in_community = 0;
        }
        in_community += 1;
        for &block in members {
            plan.blocks[block].cell = plan.cells.len() as u32;
        }
        let code = scheme.child(&plan.communities[*strip].code, in_community).unwrap();
        plan.cells.push(Cell { name: format!("网格{}", plan.cells.len() + 1), code, kind: CellKind::Basic, locked: false });
    }
    if size.island && number == 0 {
        let island = square(LonLat::new(middle(0, 0, 0, size.blocks).lon_e7, middle(0, 0, 0, size.blocks).lat_e7 + 4000), 1500);
        plan.blocks[0].outline.interiors.push(island.exterior.iter().rev().copied().collect());
        plan.blocks.push(Block { id: plan.blocks.len() as u32, outline: island, cell: plan.cells.len() as u32 });
        let code = scheme.child(&plan.communities[plan.communities.len() - 1].code, in_community + 1).unwrap();
        plan.cells.push(Cell { name: "专属网格".into(), code, kind: CellKind::Dedicated, locked: false });
    }
    group_households(&mut plan, blocks, data);
    plan
}

fn group_households(plan: &mut Plan, blocks: &[(usize, usize, Polygon)], data: &StreetData) {
    let scheme = CodeScheme::default();
    let mut by_cell: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (block, (column, row, _)) in plan.blocks.iter().zip(blocks) {
        let prefix = format!("h{column:02}{row:02}");
        let members = data.households.iter().map(|h| h.id.as_str()).filter(|id| id.starts_with(&prefix));
        by_cell.entry(block.cell).or_default().extend(members);
    }
    for (cell, mut members) in by_cell {
        members.sort_unstable();
        for (i, ten) in members.chunks(10).enumerate() {
            // A dense cell of the budget test has more groups than the code has numbers; the rest stays ungrouped.
            let Ok(code) = scheme.child(&plan.cells[cell as usize].code, i + 1) else { break };
            plan.groups.push(Group { code, head: ten[0].to_owned(), members: ten.iter().map(|id| (*id).to_owned()).collect() });
        }
    }
    plan.groups.sort_by(|a, b| a.code.cmp(&b.code));
}

/// Issues all over the town and a little beyond, most filed under the first street, some under none.
fn file_issues(world: &mut World, size: TownSize, rng: &mut Pcg64) {
    let span = |blocks: usize| -SIDE / 2..blocks as i32 * SIDE + SIDE / 2;
    let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    for i in 0..size.issues {
        let (dx, dy) = (rng.random_range(span(2 * size.blocks)), rng.random_range(span(size.blocks + 1)));
        let issue = Issue {
            id: format!("i{i:06}"),
            position: LonLat::new(CORNER.lon_e7 + dx, CORNER.lat_e7 + dy),
            category: ["waste", "noise", "parking"][rng.random_range(0..3)].to_owned(),
            status: IssueStatus::ALL[rng.random_range(0..3)],
            reported_at: start + jiff::SignedDuration::from_hours(rng.random_range(0..5000)),
            closed_at: None,
            description: None,
        };
        let street = if i % 10 == 0 { code(NO_STREET) } else { street_codes()[0].clone() };
        world.entry(street).or_default().issues.push(issue);
    }
}

/// How many kinds of change [`some_change`] knows; the first two change issues only.
pub const CHANGE_KINDS: u32 = 12;

/// A change of a street, by a kind and a number that makes it differ from others of the kind.
pub fn some_change(data: &StreetData, kind: u32, number: u64) -> Vec<Change> {
    let pick = |count: usize| (number as usize).wrapping_mul(7919) % count.max(1);
    let shake = |p: LonLat| LonLat::new(p.lon_e7 + (number as i32 * 37) % 4000 - 2000, p.lat_e7 + (number as i32 * 53) % 4000 - 2000);
    let household = || data.households[pick(data.households.len())].clone();
    let change_plan = |alter: &dyn Fn(&mut Plan)| {
        let mut plan = data.plans[pick(data.plans.len())].clone();
        alter(&mut plan);
        vec![Change::PutPlan(Box::new(plan))]
    };
    match kind {
        0 => {
            let mut issue = data.issues[pick(data.issues.len())].clone();
            issue.id = format!("new{number}");
            issue.position = shake(issue.position);
            vec![Change::PutIssues(vec![issue])]
        }
        1 => {
            let mut moved = data.issues[pick(data.issues.len())].clone();
            let gone = data.issues[pick(data.issues.len() / 2)].id.clone();
            moved.position = shake(moved.position);
            moved.status = IssueStatus::Closed;
            let gone = if gone == moved.id { vec![] } else { vec![gone] };
            vec![Change::PutIssues(vec![moved]), Change::DeleteIssues(gone)]
        }
        2 => vec![Change::PutHouseholds(vec![Household { position: shake(household().position), ..household() }])],
        3 => vec![Change::DeleteHouseholds(vec![household().id])],
        4 => vec![Change::PutHouseholds(vec![Household { id: format!("new{number}"), persons: Some(9), ..household() }])],
        5 => {
            let building = data.buildings[pick(data.buildings.len())].clone();
            let centre = building.footprint.0[0].exterior[0];
            vec![Change::PutBuildings(vec![Building { footprint: square(shake(centre), 700).into(), ..building }])]
        }
        6 => {
            let line = data.lines[pick(data.lines.len())].clone();
            vec![Change::PutLines(vec![Line { path: line.path.iter().map(|p| shake(*p)).collect(), ..line }])]
        }
        7 => change_plan(&|plan| {
            let block = pick(plan.blocks.len());
            plan.blocks[block].cell = (plan.blocks[block].cell + 1) % plan.cells.len() as u32;
        }),
        8 => change_plan(&|plan| {
            let cell = pick(plan.cells.len());
            plan.cells[cell].name = format!("名{number}");
        }),
        9 => vec![Change::DeletePlan(data.plans[pick(data.plans.len())].id)],
        10 => vec![Change::PutAreas(vec![Area { name: format!("街道{number}"), ..data.areas[0].clone() }])],
        _ => change_plan(&|plan| {
            let (a, b) = (pick(plan.groups.len()), pick(plan.groups.len() / 2));
            if a != b && plan.groups[a].code.as_str()[..15] == plan.groups[b].code.as_str()[..15] {
                let moved = plan.groups[a].members.pop().unwrap();
                plan.groups[a].head = plan.groups[a].members[0].clone();
                plan.groups[b].members.push(moved);
            }
            plan.groups[a].head = plan.groups[a].members[pick(plan.groups[a].members.len())].clone();
        }),
    }
}
