//! Points as an array along the Z-order curve: a tile, or a bin, is one run of it.

use std::ops::Range;

use super::mercator::WorldPixel;
use crate::model::LonLat;

/// Row numbers sorted along the curve.
#[derive(Debug, Default)]
pub struct CurvePoints {
    /// Curve keys, ascending.
    pub keys: Vec<u64>,
    /// The row of every key; equal keys are in row order.
    pub rows: Vec<u32>,
}

impl CurvePoints {
    /// Sorts positions; the row is their place in the iteration.
    pub fn build(positions: impl IntoIterator<Item = LonLat>) -> Self {
        let mut pairs: Vec<(u64, u32)> = positions.into_iter().map(|p| WorldPixel::of(p).curve_key()).zip(0..).collect();
        pairs.sort_unstable();
        let (keys, rows) = pairs.into_iter().unzip();
        Self { keys, rows }
    }

    /// The run of the points that lie in a tile. Every point lies in exactly one tile of a zoom.
    pub fn in_tile(&self, z: u8, x: u32, y: u32) -> Range<usize> {
        if z == 0 {
            return 0..self.keys.len();
        }
        let shift = 32 - u32::from(z);
        let first = WorldPixel { x: x << shift, y: y << shift }.curve_key();
        let last = first | (u64::MAX >> (2 * u32::from(z)));
        self.keys.partition_point(|k| *k < first)..self.keys.partition_point(|k| *k <= last)
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
            let curve = CurvePoints::build(positions.iter().copied());
            let mut seen = 0;
            for x in 0..1u32 << z {
                for y in 0..1u32 << z {
                    let mut rows: Vec<u32> = curve.rows[curve.in_tile(z, x, y)].to_vec();
                    rows.sort_unstable();
                    let expected: Vec<u32> = (0..).zip(&positions).filter(|(_, p)| {
                        let w = WorldPixel::of(**p);
                        u64::from(w.x) >> (32 - z) == u64::from(x) && u64::from(w.y) >> (32 - z) == u64::from(y)
                    }).map(|(i, _)| i).collect();
                    seen += rows.len();
                    prop_assert_eq!(rows, expected);
                }
            }
            prop_assert_eq!(seen, positions.len());
        }
    }
}
