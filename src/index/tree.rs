//! R-trees over row numbers by their box, and the best of what a search finds.

use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Rectangle},
};

use crate::{
    geometry::measure::distance_m,
    model::{Bounds, LonLat},
};

/// A box in 1e-7 degrees (exact in `f64`) and its row.
type BoxItem = GeomWithData<Rectangle<[f64; 2]>, u32>;

fn corner(p: LonLat) -> [f64; 2] {
    [f64::from(p.lon_e7), f64::from(p.lat_e7)]
}

/// Rows by their box.
#[derive(Debug, Default)]
pub struct BoxTree(RTree<BoxItem>);

impl BoxTree {
    /// Bulk-loads boxes. Pairs are (row, box).
    pub fn build(boxes: impl Iterator<Item = (u32, Bounds)>) -> Self {
        let items = boxes.map(|(row, b)| GeomWithData::new(Rectangle::from_corners(corner(b.min), corner(b.max)), row)).collect();
        Self(RTree::bulk_load(items))
    }

    /// Rows whose box holds the position, in no order.
    pub fn at(&self, p: LonLat) -> impl Iterator<Item = u32> + '_ {
        self.0.locate_in_envelope_intersecting(AABB::from_point(corner(p))).map(|item| item.data)
    }

    /// Rows whose box meets the box, ascending.
    pub fn meeting(&self, bounds: Bounds) -> Vec<u32> {
        let envelope = AABB::from_corners(corner(bounds.min), corner(bounds.max));
        let mut rows: Vec<u32> = self.0.locate_in_envelope_intersecting(envelope).map(|item| item.data).collect();
        rows.sort_unstable();
        rows
    }
}

/// The best so many by distance; equal distances keep the order they came in.
#[derive(Debug)]
pub struct Nearest<T> {
    at: LonLat,
    count: usize,
    best: Vec<(f64, T)>,
}

impl<T> Nearest<T> {
    /// Collects the `count` nearest to `at`.
    pub fn new(at: LonLat, count: usize) -> Self {
        Self { at, count, best: Vec::new() }
    }

    /// Whether something at least this far can still get in.
    pub fn wants(&self, at_least_m: f64) -> bool {
        self.count > 0 && (self.best.len() < self.count || self.best.last().is_some_and(|(worst, _)| at_least_m < *worst))
    }

    /// Offers something by its position. Something equal to what is in already only takes its place when nearer.
    pub fn offer(&mut self, position: LonLat, item: T, same: impl Fn(&T) -> bool) {
        let distance = distance_m(self.at, position);
        if let Some(i) = self.best.iter().position(|(_, other)| same(other)) {
            if self.best[i].0 <= distance {
                return;
            }
            self.best.remove(i);
        }
        let place = self.best.partition_point(|(d, _)| *d <= distance);
        self.best.insert(place, (distance, item));
        self.best.truncate(self.count);
    }

    /// The nearest first.
    pub fn into_sorted(self) -> impl Iterator<Item = (f64, T)> {
        self.best.into_iter()
    }
}
