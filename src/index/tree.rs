//! R-trees over row numbers: boxes in degrees, points in Web Mercator.

use rstar::{
    AABB, PointDistance, RTree, RTreeObject,
    primitives::{GeomWithData, Rectangle},
};

use super::mercator::{WorldPixel, latitude_of};
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

/// A point in Web Mercator and its row: 12 bytes a leaf.
#[derive(Clone, Copy, Debug)]
struct Spot {
    x: u32,
    y: u32,
    row: u32,
}

impl Spot {
    fn xy(self) -> [f64; 2] {
        [f64::from(self.x), f64::from(self.y)]
    }
}

impl RTreeObject for Spot {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.xy())
    }
}

impl PointDistance for Spot {
    fn distance_2(&self, point: &[f64; 2]) -> f64 {
        let [x, y] = self.xy();
        (x - point[0]).powi(2) + (y - point[1]).powi(2)
    }
}

/// Rows by their point, for nearest-neighbour search.
#[derive(Debug, Default)]
pub struct PointTree(RTree<Spot>);

impl PointTree {
    /// Bulk-loads positions; the row is their place in the iteration.
    pub fn build(positions: impl IntoIterator<Item = LonLat>) -> Self {
        let spots = positions.into_iter().zip(0..).map(|(p, row)| {
            let w = WorldPixel::of(p);
            Spot { x: w.x, y: w.y, row }
        });
        Self(RTree::bulk_load(spots.collect()))
    }

    /// No point lies nearer than this many metres.
    pub fn at_least_m(&self, at: LonLat) -> f64 {
        if self.0.size() == 0 {
            return f64::INFINITY;
        }
        let w = WorldPixel::of(at);
        let point = [f64::from(w.x), f64::from(w.y)];
        metres_at_least(point, self.0.root().envelope().distance_2(&point).sqrt())
    }

    /// Every row with a lower bound of its geodesic distance in metres, the bounds ascending.
    pub fn by_distance(&self, at: LonLat) -> impl Iterator<Item = (u32, f64)> + '_ {
        let w = WorldPixel::of(at);
        let point = [f64::from(w.x), f64::from(w.y)];
        self.0
            .nearest_neighbor_iter_with_distance_2(point)
            .map(move |(spot, distance_2)| (spot.row, metres_at_least(point, distance_2.sqrt())))
    }
}

/// A lower bound of the geodesic length between two positions whose Mercator distance is `steps`: on its way the geodesic crosses
/// a Mercator disc of that radius, in which no step is shorter than at the disc's pole-ward edge. The ellipsoid takes off at
/// most 0.7 %, rounding to whole steps 2 steps.
fn metres_at_least([_, y]: [f64; 2], steps: f64) -> f64 {
    let steps = (steps - 2.0).max(0.0);
    let poleward = latitude_of(y - steps).abs().max(latitude_of(y + steps).abs());
    steps * (6_378_137.0 * std::f64::consts::TAU / 4_294_967_296.0) * poleward.to_radians().cos() * 0.993
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
