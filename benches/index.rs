//! Points in a packed tree along the curve beside `rstar`: building, nearest neighbours, and the bytes a point takes beside itself.
//!
//! `cargo bench --bench index`

#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::{hint::black_box, time::Instant};

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use rstar::{RTree, primitives::GeomWithData};
use wangge::{
    index::{CurvePoints, WorldPixel},
    model::LonLat,
};

const POINTS: usize = 1_000_000;
const QUERIES: usize = 200_000;
const NEAREST: usize = 10;

fn main() {
    let mut rng = Pcg64::seed_from_u64(7);
    let mut anywhere = |count: usize| -> Vec<LonLat> {
        (0..count)
            .map(|_| LonLat::new(rng.random_range(1_048_000_000..1_050_000_000), rng.random_range(265_700_000..267_500_000)))
            .collect()
    };
    let (points, queries) = (anywhere(POINTS), anywhere(QUERIES));

    let start = Instant::now();
    let (packed, _) = CurvePoints::build(points.iter().copied());
    let packed_build = start.elapsed().as_secs_f64();
    let start = Instant::now();
    for at in &queries {
        black_box(packed.by_distance(*at).take(NEAREST).last());
    }
    let packed_nearest = start.elapsed().as_secs_f64();

    let spot = |p: LonLat| {
        let pixel = WorldPixel::of(p);
        [f64::from(pixel.x), f64::from(pixel.y)]
    };
    let start = Instant::now();
    let tree = RTree::bulk_load((0u32..).zip(&points).map(|(row, p)| GeomWithData::new(spot(*p), row)).collect());
    let tree_build = start.elapsed().as_secs_f64();
    let start = Instant::now();
    for at in &queries {
        black_box(tree.nearest_neighbor_iter(spot(*at)).take(NEAREST).last());
    }
    let tree_nearest = start.elapsed().as_secs_f64();

    let rate = |count: usize, seconds: f64| count as f64 / seconds / 1e6;
    println!("{POINTS} points, the {NEAREST} nearest of {QUERIES} positions, one core");
    println!("                 packed tree      rstar");
    println!("build            {:>8.2} M/s {:>8.2} M/s", rate(POINTS, packed_build), rate(POINTS, tree_build));
    println!("nearest          {:>8.3} M/s {:>8.3} M/s", rate(QUERIES, packed_nearest), rate(QUERIES, tree_nearest));
    println!("BENCH index.packed.build_of_rstar {:.2} ratio", tree_build / packed_build);
    println!("BENCH index.packed.nearest_of_rstar {:.2} ratio", tree_nearest / packed_nearest);
}
