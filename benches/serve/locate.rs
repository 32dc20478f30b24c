//! Point location in the library: its speed on one core, and whether it is right.

use std::{collections::BTreeSet, hint::black_box, io::Write, path::Path, time::Instant};

use anyhow::Context;
use jiff::civil::Date;
use rand::{Rng, SeedableRng, rngs::StdRng};
use wangge::{
    geometry::ring::{Side, side},
    index::Snapshot,
    model::{Bounds, LonLat, MultiPolygon, World},
    store,
};

/// Prints a JSON object of figures.
pub fn run(db: &str, points: usize, checked: usize, csv: &Path) -> anyhow::Result<()> {
    let world = load(db)?;
    let blocks = Blocks::of(&world);
    let start = Instant::now();
    let snapshot = Snapshot::build(world)?;
    let build_s = start.elapsed().as_secs_f64();
    let day = wangge::serve::today(jiff::Timestamp::now());
    let mut rng = StdRng::seed_from_u64(4);
    let bounds = blocks.bounds.context("the city has no plan")?;
    let mut anywhere =
        || LonLat::new(rng.random_range(bounds.min.lon_e7..=bounds.max.lon_e7), rng.random_range(bounds.min.lat_e7..=bounds.max.lat_e7));

    let mut inside: Vec<LonLat> = Vec::with_capacity(points);
    while inside.len() < points {
        inside.extend(Some(anywhere()).filter(|p| snapshot.find_cell(*p, day).is_ok()));
    }
    let mut rates: Vec<f64> = (0..3)
        .map(|_| {
            let start = Instant::now();
            for p in &inside {
                let _ = black_box(snapshot.find_cell(*p, day));
            }
            points as f64 / start.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);

    let on_borders = blocks.some_borders(&mut StdRng::seed_from_u64(5), checked);
    let random = std::iter::repeat_with(anywhere).take(checked);
    let (mut wrong, mut asked) = (0, 0);
    for p in random.chain(on_borders) {
        asked += 1;
        let answer = found(&snapshot, p, day);
        let right = blocks.right(p);
        let agree = answer.as_deref().map_or(right.is_empty(), |cell| right.contains(cell) || (right.is_empty() && blocks.in_a_street(p)));
        if !agree {
            wrong += 1;
            eprintln!("{}, {}: {answer:?} is not one of {right:?}", p.lon(), p.lat());
        }
    }
    write_csv(csv, &inside[..points.min(1_000_000)]).with_context(|| format!("cannot write {}", csv.display()))?;
    println!(r#"{{"points_per_s": {:.0}, "checked": {asked}, "wrong": {wrong}, "build_s": {build_s:.3}}}"#, rates[1]);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn load(db: &str) -> anyhow::Result<World> {
    Ok(store::open_read(db).await?.load().await?)
}

fn found(snapshot: &Snapshot, p: LonLat, day: Date) -> Option<String> {
    snapshot.locate(p, day).place.map(|place| place.cell_code)
}

fn write_csv(path: &Path, points: &[LonLat]) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(out, "id,lon,lat")?;
    for (id, p) in points.iter().enumerate() {
        writeln!(out, "{id},{},{}", p.lon(), p.lat())?;
    }
    out.flush()
}

/// Every block of every plan, and the cell it is in: what is asked when there is no index.
struct Blocks {
    all: Vec<(Bounds, wangge::model::Polygon, String)>,
    /// Given boundaries.
    streets: Vec<MultiPolygon>,
    bounds: Option<Bounds>,
}

impl Blocks {
    fn of(world: &World) -> Self {
        let mut all = Vec::new();
        for plan in world.values().flat_map(|street| &street.plans) {
            for block in &plan.blocks {
                let cell = plan.cells[block.cell as usize].code.to_string();
                all.extend(Bounds::of(block.outline.rings().flatten()).map(|bounds| (bounds, block.outline.clone(), cell)));
            }
        }
        let bounds = all.iter().map(|block| block.0).reduce(Bounds::union);
        let streets = world.values().filter_map(|street| Some(street.street()?.boundary.clone())).collect();
        Self { all, streets, bounds }
    }

    /// Corners of blocks and places on their edges.
    fn some_borders(&self, rng: &mut StdRng, count: usize) -> Vec<LonLat> {
        (0..count)
            .map(|i| {
                let ring = &self.all[rng.random_range(0..self.all.len())].1.exterior;
                let at = rng.random_range(0..ring.len() - 1);
                let (a, b) = (ring[at], ring[at + 1]);
                // Every other one near the middle of an edge: on it only where the grid has a position there.
                if i % 2 == 0 { a } else { LonLat::new(i32::midpoint(a.lon_e7, b.lon_e7), i32::midpoint(a.lat_e7, b.lat_e7)) }
            })
            .collect()
    }

    /// The cells that may be answered: the one that holds the position inside a block, or on a border all that touch it.
    fn right(&self, p: LonLat) -> BTreeSet<&str> {
        let mut touching = BTreeSet::new();
        for (_, outline, cell) in self.all.iter().filter(|block| block.0.contains(p)) {
            match side(outline, p) {
                Side::Inside => return BTreeSet::from([cell.as_str()]),
                Side::Border => {
                    touching.insert(cell.as_str());
                }
                Side::Outside => {}
            }
        }
        touching
    }

    /// Whether a position lies in a street's given boundary: blocks meet it to the grid's step, so it may hold positions that none of them
    /// does, and those are the nearest cell's.
    fn in_a_street(&self, p: LonLat) -> bool {
        self.streets.iter().any(|boundary| boundary.0.iter().any(|part| side(part, p) != Side::Outside))
    }
}
