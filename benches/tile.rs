//! Locating, searching what is near, and building tiles, uncached and uncompressed, over a made-up town of two planned streets.

#[path = "../tests/town/mod.rs"]
mod town;

use std::sync::LazyLock;

use divan::{Bencher, black_box, counter::ItemsCount};
use town::{CORNER, SIDE, TownSize, day, town};
use wangge::{
    index::{IssueFilter, Snapshot},
    model::LonLat,
    tile::{Layer, Query, TileCoord, encode},
};

/// 80,000 households in two streets of 400 blocks, 20,000 issues.
const SIZE: TownSize = TownSize { blocks: 20, households: 100, issues: 20_000, island: true, seed: 7 };

static TOWN: LazyLock<Snapshot> = LazyLock::new(|| Snapshot::build(town(SIZE)).unwrap_or_default());

fn main() {
    divan::main();
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
    let query = Query { as_of: day("2026-11-24"), plan: None, issues: IssueFilter::default() };
    bencher.bench_local(|| encode(&TOWN, black_box(&[layer]), tile, &query));
}
