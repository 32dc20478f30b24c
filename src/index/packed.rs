//! A static tree over points that lie along the curve: sixteen children a node, boxes only, no pointers.
//!
//! Beside `rstar` (`cargo bench --bench index`, a million points): half a byte a point instead of some forty, built three times as
//! fast, and the ten nearest found at half the speed, still 180,000 positions a second. What counts here is memory, and
//! that a household that moves makes its street's tree anew. `rstar` stays for boxes, of which there are few.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::mercator::{WorldPixel, latitude_of};
use crate::model::LonLat;

/// Children of a node.
const FANOUT: usize = 16;

/// A box of world pixels, corners included.
#[derive(Clone, Copy, Debug)]
struct PixelBox {
    min: WorldPixel,
    max: WorldPixel,
}

impl PixelBox {
    fn union(self, other: Self) -> Self {
        Self {
            min: WorldPixel { x: self.min.x.min(other.min.x), y: self.min.y.min(other.min.y) },
            max: WorldPixel { x: self.max.x.max(other.max.x), y: self.max.y.max(other.max.y) },
        }
    }

    /// The square of the distance in steps; 0 inside.
    fn distance_2(&self, at: WorldPixel) -> f64 {
        let gap = |low: u32, high: u32, v: u32| f64::from(low.saturating_sub(v).max(v.saturating_sub(high)));
        let (x, y) = (gap(self.min.x, self.max.x, at.x), gap(self.min.y, self.max.y, at.y));
        x * x + y * y
    }
}

/// Boxes of runs of sixteen points, of runs of sixteen such runs, and so on to one.
#[derive(Clone, Debug, Default)]
pub struct PackedTree {
    levels: Vec<Vec<PixelBox>>,
}

/// What is still to be looked at; the nearest first, of equally near ones the lower level and the first row.
struct Waiting {
    distance_2: f64,
    /// 0: a point; else a node of `levels[level - 1]`.
    level: u32,
    place: u32,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance_2.total_cmp(&self.distance_2).then_with(|| (other.level, other.place).cmp(&(self.level, self.place)))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

impl PackedTree {
    /// Boxes over points in their order, which should follow a curve.
    pub fn build(points: &[WorldPixel]) -> Self {
        let mut levels: Vec<Vec<PixelBox>> = Vec::new();
        let around = |boxes: &mut dyn Iterator<Item = PixelBox>| boxes.reduce(PixelBox::union);
        let mut next: Vec<PixelBox> =
            points.chunks(FANOUT).filter_map(|run| around(&mut run.iter().map(|p| PixelBox { min: *p, max: *p }))).collect();
        while next.len() > 1 {
            let above = next.chunks(FANOUT).filter_map(|run| around(&mut run.iter().copied())).collect();
            levels.push(std::mem::replace(&mut next, above));
        }
        levels.push(next);
        Self { levels }
    }

    /// Every row of the points it was built over with a lower bound of its geodesic distance in metres, the bounds ascending.
    pub fn by_distance<'a>(&'a self, points: &'a [WorldPixel], at: LonLat) -> impl Iterator<Item = (u32, f64)> + 'a {
        let at = WorldPixel::of(at);
        let mut waiting = BinaryHeap::new();
        if let Some(root) = self.levels.last().and_then(|level| level.first()) {
            waiting.push(Waiting { distance_2: root.distance_2(at), level: self.levels.len() as u32, place: 0 });
        }
        std::iter::from_fn(move || {
            loop {
                let Waiting { distance_2, level, place } = waiting.pop()?;
                if level == 0 {
                    return Some((place, metres_at_least(at, distance_2.sqrt())));
                }
                let first = place as usize * FANOUT;
                let below = if level == 1 { points.len() } else { self.levels[level as usize - 2].len() };
                waiting.extend((first..below.min(first + FANOUT)).map(|child| {
                    let child_box = match level {
                        1 => PixelBox { min: points[child], max: points[child] },
                        _ => self.levels[level as usize - 2][child],
                    };
                    Waiting { distance_2: child_box.distance_2(at), level: level - 1, place: child as u32 }
                }));
            }
        })
    }

    /// No point lies nearer than this many metres.
    pub fn at_least_m(&self, at: LonLat) -> f64 {
        let at = WorldPixel::of(at);
        let root = self.levels.last().and_then(|level| level.first());
        root.map_or(f64::INFINITY, |root| metres_at_least(at, root.distance_2(at).sqrt()))
    }
}

/// A lower bound of the geodesic length between two positions whose Mercator distance is `steps`: on its way the geodesic crosses
/// a Mercator disc of that radius, in which no step is shorter than at the disc's pole-ward edge. The ellipsoid takes off at
/// most 0.7 %, rounding to whole steps 2 steps.
fn metres_at_least(at: WorldPixel, steps: f64) -> f64 {
    let steps = (steps - 2.0).max(0.0);
    let y = f64::from(at.y);
    let poleward = latitude_of(y - steps).abs().max(latitude_of(y + steps).abs());
    steps * (6_378_137.0 * std::f64::consts::TAU / 4_294_967_296.0) * poleward.to_radians().cos() * 0.993
}
