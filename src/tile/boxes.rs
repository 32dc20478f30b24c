//! Boxes in world steps: one comparison of integers says at every zoom what meets a tile.

use super::pyramid::{EXTENT_BITS, PixelBox, WORLD_BITS};
use crate::index::WorldPixel;

/// A box in [`WorldPixel`] steps, corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldBox {
    /// North-west corner.
    pub min: [u32; 2],
    /// South-east corner.
    pub max: [u32; 2],
}

impl WorldBox {
    /// Around nothing: meets no box.
    pub const NOTHING: Self = Self { min: [u32::MAX; 2], max: [0; 2] };

    /// The box around positions.
    pub fn around(positions: impl IntoIterator<Item = WorldPixel>) -> Self {
        positions.into_iter().fold(Self::NOTHING, |b, p| b.union(&Self { min: [p.x, p.y], max: [p.x, p.y] }))
    }

    /// The steps whose pixels at a zoom lie in a box of pixels: exactly they.
    pub fn of_pixels(pixels: PixelBox, z: u8) -> Self {
        let bits = u32::from(z) + EXTENT_BITS;
        let first = |v: i64| match bits.checked_sub(WORLD_BITS) {
            None | Some(0) => v << (WORLD_BITS - bits),
            Some(finer) => (v + (1 << finer) - 1) >> finer,
        };
        let last = |v: i64| match bits.checked_sub(WORLD_BITS) {
            None | Some(0) => ((v + 1) << (WORLD_BITS - bits)) - 1,
            Some(finer) => v >> finer,
        };
        let steps = |of: &dyn Fn(i64) -> i64, v: i64| of(v).clamp(0, i64::from(u32::MAX)) as u32;
        Self {
            min: [steps(&first, pixels.min.x), steps(&first, pixels.min.y)],
            max: [steps(&last, pixels.max.x), steps(&last, pixels.max.y)],
        }
    }

    /// The box around both.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            min: [self.min[0].min(other.min[0]), self.min[1].min(other.min[1])],
            max: [self.max[0].max(other.max[0]), self.max[1].max(other.max[1])],
        }
    }

    /// Whether the boxes share a step.
    pub fn meets(&self, other: &Self) -> bool {
        // Without short cuts: a mispredicted branch costs more than the four comparisons.
        (self.min[0] <= other.max[0]) & (other.min[0] <= self.max[0]) & (self.min[1] <= other.max[1]) & (other.min[1] <= self.max[1])
    }

    /// Whether the other lies wholly inside.
    pub fn holds(&self, other: &Self) -> bool {
        (self.min[0] <= other.min[0]) & (other.max[0] <= self.max[0]) & (self.min[1] <= other.min[1]) & (other.max[1] <= self.max[1])
    }

    /// Whether it is narrower and lower than `size` pixels of a zoom.
    pub fn is_smaller_than(&self, size: i64, z: u8) -> bool {
        let corner = |[x, y]: [u32; 2]| super::pyramid::at_zoom(WorldPixel { x, y }, z);
        PixelBox { min: corner(self.min), max: corner(self.max) }.is_smaller_than(size)
    }
}

/// How many boxes are looked at together.
const RUN: usize = 16;

/// Boxes whose neighbours in order are mostly neighbours on the ground.
#[derive(Debug)]
pub struct Boxes {
    boxes: Vec<WorldBox>,
    /// Around every [`RUN`] of them.
    runs: Vec<WorldBox>,
}

impl Boxes {
    /// Keeps boxes in their order.
    pub fn new(boxes: Vec<WorldBox>) -> Self {
        let around = |run: &[WorldBox]| run.iter().fold(WorldBox::NOTHING, |a, b| a.union(b));
        let runs = boxes.chunks(RUN).map(around).collect();
        Self { boxes, runs }
    }

    /// One of the boxes.
    pub fn get(&self, i: usize) -> &WorldBox {
        &self.boxes[i]
    }

    /// The numbers of the boxes that meet the window, ascending.
    pub fn meeting<'a>(&'a self, window: &'a WorldBox) -> impl Iterator<Item = usize> + 'a {
        let runs = self.runs.iter().zip(self.boxes.chunks(RUN)).enumerate().filter(|(_, (run, _))| run.meets(window));
        runs.flat_map(move |(n, (_, boxes))| (n * RUN..).zip(boxes).filter(|(_, b)| b.meets(window)).map(|(i, _)| i))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tile::pyramid::{Pixel, at_zoom};

    proptest! {
        #[test]
        fn a_step_lies_in_the_window_when_its_pixel_does(x in any::<u32>(), y in any::<u32>(), z in 0u8..=22, dx in -99i64..99, dy in -99i64..99, w in 0i64..99) {
            let at = at_zoom(WorldPixel { x, y }, z);
            let pixels = PixelBox { min: Pixel::new(at.x + dx, at.y + dy), max: Pixel::new(at.x + dx + w, at.y + dy + w) };
            let window = WorldBox::of_pixels(pixels, z);
            let point = WorldBox { min: [x, y], max: [x, y] };
            prop_assert_eq!(window.meets(&point), pixels.meets(&PixelBox { min: at, max: at }));
            prop_assert_eq!(window.holds(&point), window.meets(&point));
        }

        #[test]
        fn the_boxes_found_are_those_that_meet(corners in prop::collection::vec((0u32..99, 0u32..99, 0u32..9), 0..99), at in (0u32..99, 0u32..99)) {
            let list: Vec<WorldBox> = corners.iter().map(|(x, y, w)| WorldBox { min: [*x, *y], max: [x + w, y + w] }).collect();
            let window = WorldBox { min: [at.0, at.1], max: [at.0 + 20, at.1 + 20] };
            let expected: Vec<usize> = (0..list.len()).filter(|i| list[*i].meets(&window)).collect();
            prop_assert_eq!(Boxes::new(list).meeting(&window).collect::<Vec<_>>(), expected);
        }
    }
}
