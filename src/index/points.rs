//! Points as an array along the Z-order curve: a tile, or a bin, is one run of it.

use std::ops::Range;

use super::{mercator::WorldPixel, packed::PackedTree};
use crate::model::LonLat;

/// Points in the order of the curve. Rows are places in it.
#[derive(Clone, Debug, Default)]
pub struct CurvePoints {
    pixels: Vec<WorldPixel>,
    tree: PackedTree,
}

impl CurvePoints {
    /// Sorts positions along the curve. Beside the points: for every row the place it had in the iteration. Equal points keep
    /// their order.
    pub fn build(positions: impl IntoIterator<Item = LonLat>) -> (Self, Vec<u32>) {
        let mut keyed: Vec<(u64, u32)> = positions.into_iter().map(|p| WorldPixel::of(p).curve_key()).zip(0..).collect();
        keyed.sort_unstable();
        let points = Self::of_sorted(keyed.iter().map(|(key, _)| WorldPixel::of_curve_key(*key)).collect());
        (points, keyed.into_iter().map(|(_, place)| place).collect())
    }

    /// Points that are along the curve already.
    pub(super) fn of_sorted(pixels: Vec<WorldPixel>) -> Self {
        let tree = PackedTree::build(&pixels);
        Self { pixels, tree }
    }

    /// The points, by row.
    pub fn pixels(&self) -> &[WorldPixel] {
        &self.pixels
    }

    /// The run of the points that lie in a tile. Every point lies in exactly one tile of a zoom.
    pub fn in_tile(&self, z: u8, x: u32, y: u32) -> Range<usize> {
        if z == 0 {
            return 0..self.pixels.len();
        }
        let shift = 32 - u32::from(z);
        let first = WorldPixel { x: x << shift, y: y << shift }.curve_key();
        let last = first | (u64::MAX >> (2 * u32::from(z)));
        let start = self.pixels.partition_point(|p| p.curve_key() < first);
        start..start + self.pixels[start..].partition_point(|p| p.curve_key() <= last)
    }

    /// Every row with a lower bound of its geodesic distance in metres, the bounds ascending.
    pub fn by_distance(&self, at: LonLat) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.tree.by_distance(&self.pixels, at)
    }

    /// No point lies nearer than this many metres.
    pub fn at_least_m(&self, at: LonLat) -> f64 {
        self.tree.at_least_m(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_tile_is_a_run(points in prop::collection::vec((-1_800_000_000..1_800_000_000i32, -850_000_000..850_000_000i32), 0..60), z in 0u8..6) {
            let positions: Vec<LonLat> = points.iter().map(|p| LonLat::new(p.0, p.1)).collect();
            let (points, order) = CurvePoints::build(positions.iter().copied());
            let side = 1u32 << z;
            let mut seen = Vec::new();
            for (x, y) in (0..side).flat_map(|x| (0..side).map(move |y| (x, y))) {
                for row in points.in_tile(z, x, y) {
                    let pixel = WorldPixel::of(positions[order[row] as usize]);
                    prop_assert_eq!(points.pixels()[row], pixel);
                    prop_assert_eq!((pixel.x.checked_shr(32 - u32::from(z)).unwrap_or(0), pixel.y.checked_shr(32 - u32::from(z)).unwrap_or(0)), (x, y));
                    seen.push(row);
                }
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..positions.len()).collect::<Vec<_>>());
        }

        #[test]
        fn distances_ascend_and_bound(points in prop::collection::vec((1_048_000_000..1_050_000_000i32, 265_000_000..267_000_000i32), 1..200), x in 1_047_000_000..1_051_000_000i32, y in 264_000_000..268_000_000i32) {
            let at = LonLat::new(x, y);
            let positions: Vec<LonLat> = points.iter().map(|p| LonLat::new(p.0, p.1)).collect();
            let (points, order) = CurvePoints::build(positions.iter().copied());
            let mut last = points.at_least_m(at);
            let mut rows = Vec::new();
            for (row, bound) in points.by_distance(at) {
                prop_assert!(bound >= last && bound <= crate::geometry::measure::distance_m(at, positions[order[row as usize] as usize]));
                last = bound;
                rows.push(row);
            }
            rows.sort_unstable();
            prop_assert_eq!(rows, (0..positions.len() as u32).collect::<Vec<_>>());
        }
    }
}
