//! The street's ways: outline, river, arterials, railway, then ever smaller streets, walls, alleys and dead ends.

use rand::Rng;

use super::network::{Face, Network};
use super::shape::{Xy, centroid, edges};
use crate::model::LineClass;

/// What part of town a place lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// 老城: fine blocks of walk-ups.
    Old,
    /// 新区: gated compounds, wide streets.
    New,
    /// 城中村: houses along alleys and dead ends.
    Village,
    /// 山体: hills and fields at the edge, hardly built.
    Hill,
}

/// A sum of sine waves between −1 and 1: where the town is older, newer, greener.
struct Noise([(Xy, f64); 3]);

impl Noise {
    fn new(rng: &mut impl Rng, length_m: f64) -> Self {
        Self([1.0, 0.6, 0.37].map(|scale| {
            let k = Xy::at_angle(rng.random_range(0.0..std::f64::consts::TAU)) * (std::f64::consts::TAU / (length_m * scale));
            (k, rng.random_range(0.0..std::f64::consts::TAU))
        }))
    }

    fn at(&self, p: Xy) -> f64 {
        self.0.iter().map(|(k, phase)| (k.dot(p) + phase).sin()).sum::<f64>() / 3.0
    }
}

/// The finished drawing.
pub(super) struct Layout {
    pub network: Network,
    /// Half the town's extent, metres.
    pub radius_m: f64,
    age: Noise,
    green: Noise,
}

/// Half the width of the strip between the riverside roads, metres.
const RIVERSIDE_M: f64 = 46.0;
/// Distance between arterials, metres.
const ARTERIAL_M: f64 = 600.0;

impl Layout {
    /// Draws a street of about `area_m2`.
    pub fn draw(rng: &mut impl Rng, area_m2: f64) -> Self {
        let (outline, half) = outline(rng, area_m2);
        let network = Network::new(outline, |length| if length > 500.0 { LineClass::Arterial } else { LineClass::Boundary });
        let radius_m = half.x.max(half.y);
        let (age, green) = (Noise::new(rng, 1.4 * radius_m), Noise::new(rng, radius_m));
        let mut layout = Self { network, radius_m, age, green };
        layout.cut_main_ways(rng, half);
        layout.cut_streets(rng);
        layout.add_dead_ends(rng);
        layout
    }

    /// How far from the centre, 0 to about 1, roughened.
    pub fn remoteness(&self, p: Xy) -> f64 {
        p.norm() / self.radius_m + 0.22 * self.green.at(p)
    }

    /// The part of town.
    pub fn zone(&self, p: Xy) -> Zone {
        let (r, age) = (self.remoteness(p), self.age.at(p));
        match () {
            () if r > 0.98 => Zone::Hill,
            () if r > 0.74 => {
                if age > 0.05 {
                    Zone::Village
                } else {
                    Zone::Hill
                }
            }
            () if r < 0.22 || age > 0.12 => Zone::Old,
            () if age < -0.34 && r > 0.5 => Zone::Village,
            () => Zone::New,
        }
    }

    /// River, riverside roads, arterials both ways, railway: each cuts through all it meets.
    fn cut_main_ways(&mut self, rng: &mut impl Rng, half: Xy) {
        let east = |rng: &mut dyn rand::RngCore, tilt: f64| Xy::at_angle(rng.random_range(-tilt..tilt));
        let cut = |network: &mut Network, class, through, direction, side: f64| {
            let here = |face: &Face| side == 0.0 || (side * centroid(&face.corners).y > 0.0 && !is_riverside(face));
            network.cut_across(class, through, direction, here);
        };
        let network = &mut self.network;
        cut(network, LineClass::River, Xy::new(0.0, 0.0), Xy::new(1.0, 0.0), 0.0);
        for side in [-1.0, 1.0] {
            network.cut_across(LineClass::Secondary, Xy::new(0.0, side * RIVERSIDE_M), Xy::new(1.0, 0.0), |_| true);
        }
        // Along the river: beginning a block away from it.
        for side in [-1.0, 1.0] {
            let mut y = rng.random_range(0.55..0.75) * ARTERIAL_M;
            while y < half.y - 0.35 * ARTERIAL_M {
                let direction = east(rng, 0.05);
                cut(network, LineClass::Arterial, Xy::new(0.0, side * y), direction, side);
                y += rng.random_range(0.85..1.15) * ARTERIAL_M;
            }
        }
        // Across the river: every other one has a bridge, the others end at the riverside road of one bank or of both, apart.
        let count = (2.0 * half.x / ARTERIAL_M).round().max(2.0);
        for i in 0..count as usize {
            let x = |rng: &mut dyn rand::RngCore| -half.x + (i as f64 + rng.random_range(0.38..0.62)) * 2.0 * half.x / count;
            if i % 2 == 0 || count < 4.0 {
                let at = x(rng);
                let direction = east(rng, 0.05).left();
                cut(network, LineClass::Arterial, Xy::new(at, 0.0), direction, 0.0);
                continue;
            }
            for side in [-1.0, 1.0] {
                let class = if rng.random_bool(0.7) { LineClass::Arterial } else { LineClass::Secondary };
                let at = x(rng);
                let direction = east(rng, 0.07).left();
                cut(network, class, Xy::new(at, 0.0), direction, side);
            }
        }
        // The railway runs on one bank, aslant, so that it cuts corners off blocks.
        let (side, slope) = (if rng.random_bool(0.5) { 1.0 } else { -1.0 }, rng.random_range(0.1..0.2));
        cut(network, LineClass::Railway, Xy::new(0.0, side * half.y * 0.62), Xy::new(1.0, slope), side);
    }

    /// Cuts superblocks down to blocks of a size that suits the part of town.
    fn cut_streets(&mut self, rng: &mut impl Rng) {
        let mut waiting: Vec<usize> = (0..self.network.faces.len()).collect();
        while let Some(index) = waiting.pop() {
            let face = &self.network.faces[index];
            let (centre, area, (width, side)) = (centroid(&face.corners), face.area(), face.width());
            let zone = self.zone(centre);
            let Some(class) = cut_class(rng, zone, area) else { continue };
            if width < 62.0 || is_riverside(face) {
                continue;
            }
            let length = face.extent(side);
            // Across the long side; either way when it is nearly as long as wide.
            let flip = length < 1.25 * width && rng.random_bool(0.5);
            let along = if flip { side.left() } else { side };
            let reach = if flip { width } else { length };
            let min_area = if class == LineClass::Alley { 2200.0 } else { 5000.0 };
            let second = self.network.faces.len();
            let done = (0..6).any(|attempt| {
                let through = centre + along * (reach * rng.random_range(-0.13..0.13));
                let tilt = rng.random_range(-0.1..0.1);
                let across = if attempt < 3 { along.left() } else { along };
                let direction = Xy::at_angle(across.angle() + tilt);
                self.network.cut_face(index, class, through, direction, 14.0, min_area)
            });
            // What a wall parts is not cut again: a street could begin at a wall, and lead nowhere.
            if done && class != LineClass::Boundary {
                waiting.extend([index, second]);
            }
        }
    }

    /// Dead ends: lanes into villages, drives into compounds.
    fn add_dead_ends(&mut self, rng: &mut impl Rng) {
        for index in 0..self.network.faces.len() {
            let face = &self.network.faces[index];
            let (area, (width, _)) = (face.area(), face.width());
            let chance = match self.zone(centroid(&face.corners)) {
                Zone::Village => 0.5,
                Zone::New => 0.45,
                Zone::Old => 0.12,
                Zone::Hill => 0.1,
            };
            if width < 70.0 || is_riverside(face) || !rng.random_bool(chance) {
                continue;
            }
            // From the longest edge along a street that one would drive in from.
            let Some((edge, (a, b))) = edges(&face.corners)
                .enumerate()
                .filter(|(edge, _)| {
                    let way = &self.network.ways[face.ways[*edge]];
                    way.is_road() && !way.outer && way.class != LineClass::Arterial
                })
                .max_by(|(_, (a, b)), (_, (c, d))| a.distance(*b).total_cmp(&c.distance(*d)))
            else {
                continue;
            };
            if a.distance(b) < 50.0 {
                continue;
            }
            let way = face.ways[edge];
            let from = a.towards(b, rng.random_range(0.35..0.65));
            let inward = Xy::at_angle((b - a).left().angle() + rng.random_range(-0.15..0.15));
            let depth = face.extent(inward);
            let reach = (depth * rng.random_range(0.45..0.7)).min(depth - 28.0).max(25.0);
            let corners = face.corners.clone();
            let inside = |p: Xy| corners_clear(&corners, p, 16.0);
            let end = from + inward * reach;
            if !inside(end) {
                continue;
            }
            let spur = self.network.add_spur(index, way, from, end);
            if area > 14_000.0 && rng.random_bool(0.5) {
                let turn = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
                let start = from.towards(end, rng.random_range(0.6..0.9));
                let tip = start + inward.left() * (turn * rng.random_range(28.0..60.0));
                if inside(tip) {
                    self.network.add_spur(index, spur, start, tip);
                }
            }
        }
    }
}

/// Whether a place lies inside a convex polygon, at least `clear` metres from every edge.
fn corners_clear(corners: &[Xy], p: Xy, clear: f64) -> bool {
    edges(corners).all(|(a, b)| (b - a).unit().cross(p - a) >= clear)
}

/// Whether a face lies between the river and its road.
pub(super) fn is_riverside(face: &Face) -> bool {
    face.corners.iter().all(|c| c.y.abs() <= RIVERSIDE_M + 1.0)
}

/// The class of the next cut through a face of this size; `None` when it is small enough.
fn cut_class(rng: &mut impl Rng, zone: Zone, area_m2: f64) -> Option<LineClass> {
    if area_m2 > 130_000.0 {
        return (zone != Zone::Hill || area_m2 > 240_000.0).then_some(LineClass::Secondary);
    }
    // Some blocks stay whole: a campus, a big compound, a hill.
    let (street, alley, whole) = match zone {
        Zone::Old => (22_000.0, 9_500.0, 0.07),
        Zone::New => (32_000.0, f64::INFINITY, 0.14),
        Zone::Village => (26_000.0, 9_000.0, 0.06),
        Zone::Hill => (110_000.0, f64::INFINITY, 0.2),
    };
    if area_m2 < 90_000.0 && rng.random_bool(whole) {
        return None;
    }
    if area_m2 > street * rng.random_range(0.8..1.25) {
        // Two compounds may share a wall instead of a street.
        let wall = zone == Zone::New && area_m2 < 75_000.0 && rng.random_bool(0.4);
        return Some(if wall { LineClass::Boundary } else { LineClass::Local });
    }
    (area_m2 > alley * rng.random_range(0.8..1.3)).then_some(LineClass::Alley)
}

/// A rounded, uneven, convex outline around the origin, and half its extent.
fn outline(rng: &mut impl Rng, area_m2: f64) -> (Vec<Xy>, Xy) {
    let corners: Vec<Xy> = (0..12)
        .map(|i| {
            let angle = (f64::from(i) + rng.random_range(0.2..0.8)) * std::f64::consts::TAU / 12.0;
            // A superellipse: squarer than an ellipse, as streets are.
            let (c, s) = (angle.cos(), angle.sin());
            let radius = (c.abs().powf(3.0) + s.abs().powf(3.0)).powf(-1.0 / 3.0) * rng.random_range(0.97..1.03);
            Xy::new(1.2 * radius * c, radius * s)
        })
        .collect();
    let corners = hull(&corners);
    let scale = (area_m2 / super::shape::area(&corners)).sqrt();
    let corners: Vec<Xy> = corners.into_iter().map(|c| c * scale).collect();
    let half = corners.iter().fold(Xy::default(), |h, c| Xy::new(h.x.max(c.x.abs()), h.y.max(c.y.abs())));
    (corners, half)
}

/// Drops the corners that dent the outline, until it is convex.
fn hull(corners: &[Xy]) -> Vec<Xy> {
    let mut kept = corners.to_vec();
    loop {
        let n = kept.len();
        let dent = (0..n).find(|&i| {
            let (before, here, after) = (kept[(i + n - 1) % n], kept[i], kept[(i + 1) % n]);
            (here - before).cross(after - here) <= 0.0
        });
        match dent {
            Some(i) => kept.remove(i),
            None => return kept,
        };
    }
}
