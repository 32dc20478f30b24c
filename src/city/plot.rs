//! One block on the ground, and where buildings fit into it.

use rand::Rng;

use super::ground::Ground;
use super::network::Network;
use super::shape::{Rect, Xy, area, centroid, contains, edges};
use crate::model::LineClass;

/// Metres between the middle of a way and the wall of a building beside it.
fn setback_m(class: LineClass) -> f64 {
    match class {
        LineClass::Arterial => 29.0,
        LineClass::Secondary => 19.0,
        LineClass::Local => 12.5,
        LineClass::Alley => 5.0,
        LineClass::DeadEnd => 5.0,
        LineClass::River => 38.0,
        LineClass::Railway => 24.0,
        LineClass::Boundary => 7.0,
    }
}

/// A side of the block: a piece of a way, and how far buildings stay from it.
struct Side {
    a: Xy,
    b: Xy,
    setback_m: f64,
}

/// How to fill a plot with rows of buildings.
pub(super) struct Rows<'a> {
    /// Lengths to try, the preferred first, metres.
    pub lengths_m: &'a [f64],
    pub depth_m: f64,
    /// Between neighbours in a row.
    pub gap_m: f64,
    /// Between rows.
    pub row_gap_m: f64,
    /// Share of places left free.
    pub skip: f64,
    /// Radians by which a building may stand askew.
    pub askew: f64,
    /// At most so many buildings.
    pub limit: usize,
}

/// A block being built on.
pub(super) struct Plot {
    pub face: usize,
    /// Counter-clockwise, on the ground.
    pub corners: Vec<Xy>,
    /// Where the rows run: along a street, and rather east to west, so that windows look south.
    pub axis: Xy,
    sides: Vec<Side>,
    taken: Vec<Rect>,
}

impl Plot {
    /// The ground of a face.
    pub fn of(ground: &Ground, network: &Network, face: usize) -> Self {
        let drawn = &network.faces[face];
        let (mut corners, mut sides) = (Vec::new(), Vec::new());
        let mut longest = (0.0, Xy::new(1.0, 0.0));
        for ((a, b), way) in edges(&drawn.corners).zip(&drawn.ways) {
            let way = &network.ways[*way];
            let pieces = (a.distance(b) / 18.0).ceil().max(1.0) as usize;
            let places: Vec<Xy> = (0..=pieces).map(|i| ground.xy(a.towards(b, i as f64 / pieces as f64))).collect();
            sides.extend(places.windows(2).map(|pair| Side { a: pair[0], b: pair[1], setback_m: setback_m(way.class) }));
            corners.extend(&places[..pieces]);
            let along = places[pieces] - places[0];
            if along.norm() > longest.0 {
                longest = (along.norm(), along.unit());
            }
        }
        for spur in &drawn.spurs {
            let places: Vec<Xy> = network.ways[*spur].samples(18.0).into_iter().map(|p| ground.xy(p)).collect();
            sides.extend(places.windows(2).map(|pair| Side { a: pair[0], b: pair[1], setback_m: setback_m(LineClass::DeadEnd) }));
        }
        let axis = if longest.1.x.abs() >= longest.1.y.abs() { longest.1 } else { longest.1.left() };
        Self { face, corners, axis: if axis.x < 0.0 { axis * -1.0 } else { axis }, sides, taken: Vec::new() }
    }

    pub fn area_m2(&self) -> f64 {
        area(&self.corners)
    }

    /// Whether a building fits: inside the block, back from its ways, apart from the others.
    fn fits(&self, rect: &Rect, gap_m: f64) -> bool {
        contains(&self.corners, rect.centre)
            && self.taken.iter().all(|other| rect.is_apart(other, gap_m))
            && self.sides.iter().all(|side| rect.distance_to_segment(side.a, side.b) >= side.setback_m)
    }

    /// Fills the plot with rows, from south to north; every building that fits is kept and returned.
    pub fn fill(&mut self, rng: &mut impl Rng, rows: &Rows<'_>) -> Vec<Rect> {
        let middle = centroid(&self.corners);
        let place = |x: f64, y: f64| middle + self.axis * x + self.axis.left() * y;
        let reach = |direction: Xy| {
            self.corners
                .iter()
                .map(|c| (*c - middle).dot(direction))
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        };
        let ((west, east), (south, north)) = (reach(self.axis), reach(self.axis.left()));
        let mut built = Vec::new();
        let mut y = south + rows.depth_m / 2.0;
        while y < north {
            let before = built.len();
            let mut x = west + rng.random_range(0.0..4.0);
            while x < east && built.len() < rows.limit {
                let found = rows.lengths_m.iter().find_map(|length| {
                    let centre = place(x + length / 2.0, y + rows.askew * rng.random_range(-8.0..8.0));
                    let turn = if rows.askew > 0.0 { rng.random_range(-rows.askew..rows.askew) } else { 0.0 };
                    let rect =
                        Rect { centre, axis: Xy::at_angle(self.axis.angle() + turn), half: Xy::new(length / 2.0, rows.depth_m / 2.0) };
                    self.fits(&rect, rows.gap_m * 0.6).then_some((*length, rect))
                });
                let Some((length, rect)) = found else {
                    x += 3.0;
                    continue;
                };
                x += length + rows.gap_m * rng.random_range(0.7..1.5);
                if !rng.random_bool(rows.skip) {
                    self.taken.push(rect);
                    built.push(rect);
                }
            }
            y += if built.len() > before { rows.depth_m + rows.row_gap_m * rng.random_range(0.95..1.2) } else { 3.0 };
        }
        built
    }
}
