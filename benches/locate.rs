//! Whose is this place: a million positions in no order over a city of 5,000 cells in 25 streets, on one core. Beside it, over the
//! same city in the same run, a packed R-tree over the blocks with a ring test (the way it was before), and brute force.
//!
//! `cargo bench --bench locate`. The three must agree on every position: those at random, and those on and right beside every border.
#![allow(clippy::print_stdout)] // figures are what a bench prints

use std::{hint::black_box, time::Instant};

use jiff::{Timestamp, civil::date};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use wangge::{
    city,
    geometry::ring::owns,
    index::{BoxTree, PlanFacts, Snapshot},
    model::{Area, Bounds, Code, Level, LonLat, MultiPolygon, PlanId, Polygon, StreetData, World},
    plan,
};

/// Streets along each side of the city.
const SIDE: i32 = 5;
const CELLS: usize = 200;
const POINTS: usize = 1_000_000;
/// Brute force takes a millisecond for each.
const BRUTE_POINTS: usize = 500;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test --benches` only builds it.
    }
    let one = street();
    let clock = Instant::now();
    let world = city(&one);
    println!("a city of {} streets made in {:.1} s", world.len(), clock.elapsed().as_secs_f64());
    let clock = Instant::now();
    let snapshot = Snapshot::build(world).expect("blocks fit");
    println!("indexed in {:.1} s", clock.elapsed().as_secs_f64());
    let day = date(2026, 11, 24);
    let by_tree = ByTree::over(&snapshot);
    let points = points(&snapshot, &mut Pcg64::seed_from_u64(1));

    let now = |p: LonLat| snapshot.find_cell(p, day).ok().map(|found| found.plan.plan.cells[found.cell as usize].code.as_str());
    let rate = rate(&points, |p| snapshot.find_cell(p, day).is_ok());
    let tree_rate = self::rate(&points, |p| by_tree.cell(p).is_some());
    let few = &points[..BRUTE_POINTS];
    let brute_rate = self::rate(few, |p| by_tree.brute(p).is_some());
    let whole = self::rate(&points[..POINTS / 10], |p| snapshot.locate(p, day).place.is_some());

    let near = border_points(&snapshot);
    let unlike = points.iter().chain(&near).filter(|p| by_tree.cell(**p).is_some_and(|cell| now(**p) != Some(cell))).count();
    let unlike_brute = few.iter().filter(|p| by_tree.brute(**p) != by_tree.cell(**p)).count();
    assert_eq!((unlike, unlike_brute), (0, 0), "all ways agree");
    println!("all agree on {} positions at random and {} on borders or a step or two beside", points.len(), near.len());
    println!(
        "R-tree and ring test {tree_rate:.0} 1/s, {:.1} times slower; brute force {brute_rate:.0} 1/s, {:.0} times",
        rate / tree_rate,
        rate / brute_rate
    );
    println!("the whole answer with group, distance to the border and the cell beyond it: {whole:.0} 1/s, {:.2} µs each", 1e6 / whole);
    println!("BENCH locate_cells {rate:.0} 1/s target >= 5000000 {}", if rate >= 5e6 { "ok" } else { "short" });
}

fn rate(points: &[LonLat], holds: impl Fn(LonLat) -> bool) -> f64 {
    let clock = Instant::now();
    black_box(points.iter().filter(|p| holds(**p)).count());
    points.len() as f64 / clock.elapsed().as_secs_f64()
}

/// A planned street of the invented city.
fn street() -> StreetData {
    let code = Code::new("520201014").expect("a code");
    let request = city::Request { households: 40_000, seed: 1, street: code.clone(), until: date(2026, 11, 1) };
    let made = city::generate(&request).expect("a city");
    let mut data = StreetData {
        areas: vec![Area { code, level: Level::Street, name: made.name, boundary: made.boundary.into() }],
        lines: made.lines,
        buildings: made.buildings,
        households: made.households,
        ..StreetData::default()
    };
    data.lines.sort_by(|a, b| a.id.cmp(&b.id));
    data.buildings.sort_by(|a, b| a.id.cmp(&b.id));
    data.households.sort_by(|a, b| a.id.cmp(&b.id));
    let registration = plan::Registration {
        id: PlanId(1),
        name: "bench".into(),
        now: Timestamp::UNIX_EPOCH,
        owner: None,
        publish_from: Some(date(2026, 1, 1)),
    };
    let request = plan::Request { cells: Some(CELLS), ..plan::Request::default() };
    let (drawn, _) = plan::plan(&data, &request, registration, &|_, _| true).expect("a plan");
    data.plans.push(drawn);
    data
}

/// The street many times, each beside the others. What has no part in locating stays away.
fn city(one: &StreetData) -> World {
    let bounds = Bounds::of(one.areas[0].boundary.rings().flatten()).expect("a boundary");
    let [width, height] = [bounds.max.lon_e7 - bounds.min.lon_e7, bounds.max.lat_e7 - bounds.min.lat_e7];
    let moved = |number: i32| {
        let (dx, dy) = (number % SIDE * width, number / SIDE * height);
        let shift = move |p: &mut LonLat| *p = LonLat::new(p.lon_e7 + dx, p.lat_e7 + dy);
        let code = Code::new(&format!("520201{:03}", number + 1)).expect("a code");
        let recode = |old: &mut Code| *old = Code::new(&format!("{code}{}", &old.as_str()[9..])).expect("a code");
        let ring = |polygon: &mut Polygon| std::iter::once(&mut polygon.exterior).chain(&mut polygon.interiors).flatten().for_each(shift);
        let mut data = StreetData { lines: vec![], buildings: vec![], ..one.clone() };
        let area = &mut data.areas[0];
        area.code = code.clone();
        area.boundary.0.iter_mut().for_each(ring);
        data.households.iter_mut().for_each(|h| shift(&mut h.position));
        for plan in &mut data.plans {
            plan.communities.iter_mut().for_each(|c| recode(&mut c.code));
            plan.cells.iter_mut().for_each(|c| recode(&mut c.code));
            plan.groups.iter_mut().for_each(|g| recode(&mut g.code));
            plan.blocks.iter_mut().for_each(|b| ring(&mut b.outline));
        }
        (code, data)
    };
    (0..SIDE * SIDE).map(moved).collect()
}

/// Half all over the streets' boxes, half where people live.
fn points(snapshot: &Snapshot, rng: &mut Pcg64) -> Vec<LonLat> {
    let boxes: Vec<Bounds> = snapshot.streets.iter().filter_map(|s| s.bounds).collect();
    let anywhere = |rng: &mut Pcg64| {
        let b = boxes[rng.random_range(0..boxes.len())];
        LonLat::new(rng.random_range(b.min.lon_e7..=b.max.lon_e7), rng.random_range(b.min.lat_e7..=b.max.lat_e7))
    };
    let at_home = |rng: &mut Pcg64| {
        let homes = snapshot.streets[rng.random_range(0..snapshot.streets.len())].households.positions();
        let home = homes[rng.random_range(0..homes.len())];
        LonLat::new(home.lon_e7 + rng.random_range(-300..300), home.lat_e7 + rng.random_range(-300..300))
    };
    (0..POINTS).map(|i| if i % 2 == 0 { anywhere(rng) } else { at_home(rng) }).collect()
}

/// Corners and middles of every cell's border in one street, and what is a step or two beside them.
fn border_points(snapshot: &Snapshot) -> Vec<LonLat> {
    let arcs = &snapshot.streets[12].plans[0].cells.arcs;
    let edges = arcs
        .iter()
        .flat_map(|arc| arc.path.windows(2))
        .flat_map(|pair| [pair[0], LonLat::new(pair[0].lon_e7.midpoint(pair[1].lon_e7), pair[0].lat_e7.midpoint(pair[1].lat_e7))]);
    let beside = |p: LonLat| (-2..=2).flat_map(move |dx| (-2..=2).map(move |dy| LonLat::new(p.lon_e7 + dx, p.lat_e7 + dy)));
    edges.flat_map(beside).collect()
}

/// The city's blocks in one R-tree.
struct ByTree<'a> {
    blocks: Vec<(&'a Polygon, &'a str)>,
    cells: Vec<(MultiPolygon, &'a str)>,
    tree: BoxTree,
}

impl<'a> ByTree<'a> {
    fn over(snapshot: &'a Snapshot) -> Self {
        let plans = || snapshot.streets.iter().flat_map(|s| &s.plans);
        let code = |plan: &'a PlanFacts, cell: u32| plan.cells[cell as usize].code.as_str();
        let blocks: Vec<_> = plans()
            .flat_map(|p| p.outlines.iter().zip(&p.cell_of_block).map(move |(outline, cell)| (outline, code(&p.plan, *cell))))
            .collect();
        let cells = plans().flat_map(|p| (0..).zip(p.cells.outlines()).map(|(i, shape)| (shape, code(&p.plan, i)))).collect();
        let tree = BoxTree::build((0..).zip(&blocks).filter_map(|(i, (outline, _))| Some((i, Bounds::of(&outline.exterior)?))));
        Self { blocks, cells, tree }
    }

    fn cell(&self, at: LonLat) -> Option<&'a str> {
        self.tree.at(at).map(|b| self.blocks[b as usize]).find(|(outline, _)| owns(outline, at)).map(|(_, cell)| cell)
    }

    fn brute(&self, at: LonLat) -> Option<&'a str> {
        self.cells.iter().find(|(shape, _)| shape.0.iter().any(|part| owns(part, at))).map(|(_, cell)| *cell)
    }
}
