//! Locating, searching what is near, and building tiles, uncached and uncompressed, over a made-up town of two planned streets; and the
//! layers of areas over a city of 25 sample streets of 200 cells.
#![allow(clippy::print_stdout)] // figures are what a bench prints

mod city;
#[path = "../tests/town/mod.rs"]
mod town;

use std::{sync::LazyLock, time::Instant};

use divan::{Bencher, black_box, counter::ItemsCount};
use town::{CORNER, SIDE, TownSize, day, town};
use wangge::{
    index::{IssueFilter, Snapshot},
    model::LonLat,
    tile::{Layer, Query, TileCoord, encode, prepare},
};

/// 80,000 households in two streets of 400 blocks, 20,000 issues.
const SIZE: TownSize = TownSize { blocks: 20, households: 100, issues: 20_000, island: true, seed: 7 };

static TOWN: LazyLock<Snapshot> = LazyLock::new(|| Snapshot::build(town(SIZE)).unwrap_or_default());

static CITY: LazyLock<Snapshot> = LazyLock::new(city::city);

fn main() {
    divan::main();
    if std::env::args().any(|argument| argument == "--bench") {
        figures();
    }
}

/// Area layers of the city: microseconds of a core a tile, the mean over up to 200 tiles spread over the city.
fn figures() {
    shapes_figure();
    use Layer::{Blocks, Cells, Communities, Edges, Labels, Streets};
    let composite = [Streets, Communities, Cells, Edges, Labels];
    let cases: [(&str, &[Layer], u8, f64); 13] = [
        ("cells", &[Cells], 10, 5000.0),
        ("cells", &[Cells], 14, 25.0),
        ("cells", &[Cells], 15, 10.0),
        ("cells", &[Cells], 16, 10.0),
        ("edges", &[Edges], 12, 500.0),
        ("edges", &[Edges], 14, 50.0),
        ("edges", &[Edges], 16, 20.0),
        ("labels", &[Labels], 14, 20.0),
        ("labels", &[Labels], 16, 10.0),
        ("blocks", &[Blocks], 14, 250.0),
        ("areas", &composite, 10, 5000.0),
        ("areas", &composite, 14, 100.0),
        ("areas", &composite, 16, 50.0),
    ];
    for (name, layers, z, target_us) in cases {
        let tiles = city::tiles(&CITY, z, 200);
        let draw = |tile: &TileCoord| encode(&CITY, layers, *tile, &query()).map_or(0, |bytes| bytes.len());
        let clock = busy_us();
        let sizes: Vec<usize> = tiles.iter().map(draw).collect();
        let first = (busy_us() - clock) / 1e3;
        let rounds = (5000 / tiles.len()).clamp(1, 100);
        let clock = busy_us();
        for tile in (0..rounds).flat_map(|_| &tiles) {
            draw(black_box(tile));
        }
        let mean_us = (busy_us() - clock) / (rounds * tiles.len()) as f64;
        let (sum, heaviest) = (sizes.iter().sum::<usize>(), sizes.iter().max().copied().unwrap_or(0));
        println!(
            "{name} z{z}: {} tiles, {} bytes each, the heaviest {heaviest}; first round {first:.1} ms",
            tiles.len(),
            sum / tiles.len()
        );
        println!("BENCH tile_{name}_z{z} {mean_us:.1} us target <= {target_us} {}", if mean_us <= target_us { "ok" } else { "short" });
    }
}

/// Time this thread has had a core, in microseconds, so that what else runs on the machine counts less; the clock's where the
/// system does not say.
fn busy_us() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = said.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64() * 1e6, |ns| ns / 1e3)
}

/// What the shapes of all zooms weigh, by the growth of the process.
fn shapes_figure() {
    let resident = || {
        let said = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = said.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim_end_matches("kB").trim().parse::<f64>().unwrap_or(0.0)
    };
    let city = city::city();
    let before = resident();
    let clock = Instant::now();
    prepare(&city, None, 0..=17);
    let took = clock.elapsed().as_secs_f64();
    let kb = (resident() - before) / city.streets.len() as f64;
    println!("shapes of all streets and zooms made in {took:.2} s");
    println!("BENCH tile_shapes_per_street {kb:.0} kB target <= 1500 {}", if kb <= 1500.0 { "ok" } else { "short" });
}

fn query() -> Query {
    Query { as_of: day("2026-11-24"), plan: None, issues: IssueFilter::default() }
}

/// Positions all over the two streets in no order.
fn positions() -> Vec<LonLat> {
    (0..10_000i64)
        .map(|i| {
            let span = |blocks: usize| blocks as i64 * i64::from(SIDE);
            let at = |corner: i32, step: i64, span: i64| corner + (i * step % span) as i32;
            LonLat::new(at(CORNER.lon_e7, 7_919_333, span(2 * SIZE.blocks)), at(CORNER.lat_e7, 104_729_111, span(SIZE.blocks)))
        })
        .collect()
}

#[divan::bench]
fn find_cell(bencher: Bencher<'_, '_>) {
    let (positions, as_of) = (positions(), day("2026-11-24"));
    bencher
        .counter(ItemsCount::new(positions.len()))
        .bench_local(|| positions.iter().filter(|p| TOWN.find_cell(**p, as_of).is_ok()).count());
}

#[divan::bench]
fn locate(bencher: Bencher<'_, '_>) {
    let (positions, as_of) = (positions(), day("2026-11-24"));
    bencher
        .counter(ItemsCount::new(positions.len()))
        .bench_local(|| positions.iter().filter(|p| TOWN.locate(**p, as_of).place.is_some()).count());
}

#[divan::bench]
fn nearest_household(bencher: Bencher<'_, '_>) {
    let positions = positions();
    bencher
        .counter(ItemsCount::new(positions.len()))
        .bench_local(|| positions.iter().map(|p| TOWN.nearest_households(*p, 1).len()).sum::<usize>());
}

#[divan::bench(args = [(Layer::Cells, 14), (Layer::Households, 15), (Layer::Buildings, 14), (Layer::Issues, 10), (Layer::Heat, 14)])]
fn tile(bencher: Bencher<'_, '_>, (layer, z): (Layer, u8)) {
    let middle = LonLat::new(CORNER.lon_e7 + SIZE.blocks as i32 * SIDE / 2, CORNER.lat_e7 + SIZE.blocks as i32 * SIDE / 2);
    let tile = TileCoord::at(middle, z);
    bencher.bench_local(|| encode(&TOWN, black_box(&[layer]), tile, &query()));
}

#[divan::bench(args = [(Layer::Cells, 14), (Layer::Cells, 15), (Layer::Cells, 16), (Layer::Edges, 14), (Layer::Labels, 14)])]
fn city_tiles(bencher: Bencher<'_, '_>, (layer, z): (Layer, u8)) {
    let tiles = city::tiles(&CITY, z, 200);
    let draw = |tile: &TileCoord| encode(&CITY, black_box(&[layer]), *tile, &query()).map_or(0, |bytes| bytes.len());
    bencher.counter(ItemsCount::new(tiles.len())).bench_local(|| tiles.iter().map(draw).sum::<usize>());
}
