//! What is near what within a square, found by dividing it where much is in it.

use super::{
    arrangement::{BUCKET, Piece, crossing},
    ring::cross,
};
use crate::model::LonLat;

/// So many in a square are looked at one by one.
const FEW: usize = 32;
/// A square is not divided further, in grid steps.
const LEAST_SIDE: i64 = 32;

/// A square of the grid: from its west and south sides up to, not including, those in the east and north.
#[derive(Clone, Copy, Debug)]
pub struct Square {
    west: i64,
    south: i64,
    side: i64,
}

impl Square {
    pub fn of_bucket((column, row): (i32, i32)) -> Self {
        let side = i64::from(BUCKET);
        Self { west: i64::from(column) * side, south: i64::from(row) * side, side }
    }

    fn quarters(self) -> [Self; 4] {
        let side = self.side / 2;
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| Self { west: self.west + x * side, south: self.south + y * side, side })
    }

    /// The quarter a position of the square is in.
    fn quarter_of(self, p: LonLat) -> usize {
        let side = self.side / 2;
        usize::from(i64::from(p.lon_e7) >= self.west + side) + 2 * usize::from(i64::from(p.lat_e7) >= self.south + side)
    }

    /// Whether a segment comes within a step of the square; it may say so of one that passes a little further off.
    fn is_reached_by(self, segment: &Piece) -> bool {
        let (west, south) = (self.west - 1, self.south - 1);
        let (east, north) = (self.west + self.side + 1, self.south + self.side + 1);
        let (a, b) = (segment.from, segment.to);
        if i64::from(a.lon_e7.max(b.lon_e7)) < west
            || i64::from(a.lon_e7.min(b.lon_e7)) > east
            || i64::from(a.lat_e7.max(b.lat_e7)) < south
            || i64::from(a.lat_e7.min(b.lat_e7)) > north
        {
            return false;
        }
        let corner = |x: i64, y: i64| cross(a, b, LonLat::new(x as i32, y as i32)).signum();
        let corners = [corner(west, south), corner(east, south), corner(east, north), corner(west, north)];
        !(corners.iter().all(|c| *c > 0) || corners.iter().all(|c| *c < 0))
    }
}

/// Adds the grid positions where segments cross within a square; some may come more than once.
pub fn crossings(square: &Square, segments: &[Piece], indices: &mut Vec<u32>, found: &mut Vec<LonLat>) {
    if indices.len() > FEW {
        // Of those that coincide one is enough.
        let ends = |i: &u32| {
            let s = &segments[*i as usize];
            (s.from.min(s.to), s.from.max(s.to))
        };
        indices.sort_by_key(ends);
        indices.dedup_by_key(|i| ends(i));
    }
    divided(*square, segments, indices, found);
}

fn divided(square: Square, segments: &[Piece], indices: &[u32], found: &mut Vec<LonLat>) {
    if indices.len() > FEW && square.side > LEAST_SIDE {
        let quarters = square.quarters();
        let parts = quarters.map(|q| indices.iter().copied().filter(|i| q.is_reached_by(&segments[*i as usize])).collect::<Vec<u32>>());
        // Where most run through most quarters, dividing finds the same pairs again and again.
        if 2 * parts.iter().map(|part| part.len() * part.len()).sum::<usize>() <= indices.len() * indices.len() {
            quarters.into_iter().zip(&parts).for_each(|(quarter, part)| divided(quarter, segments, part, found));
            return;
        }
    }
    for (i, a) in indices.iter().enumerate() {
        found.extend(indices[i + 1..].iter().filter_map(|b| crossing(&segments[*a as usize], &segments[*b as usize])));
    }
}

/// Positions within a square.
pub enum Places {
    Few(Vec<LonLat>),
    Quarters(Box<[(Square, Places); 4]>),
}

impl Places {
    pub fn of(square: Square, points: Vec<LonLat>) -> Self {
        if points.len() <= FEW || square.side <= LEAST_SIDE {
            return Self::Few(points);
        }
        let mut parts: [Vec<LonLat>; 4] = Default::default();
        points.into_iter().for_each(|p| parts[square.quarter_of(p)].push(p));
        let mut parts = parts.into_iter();
        Self::Quarters(Box::new(square.quarters().map(|quarter| (quarter, Self::of(quarter, parts.next().unwrap_or_default())))))
    }

    /// Calls `visit` for every position that the segment comes within a step of, and for others nearby.
    pub fn visit(&self, segment: &Piece, visit: &mut impl FnMut(LonLat)) {
        match self {
            Self::Few(points) => points.iter().copied().for_each(visit),
            Self::Quarters(parts) => {
                for (_, part) in parts.iter().filter(|(square, _)| square.is_reached_by(segment)) {
                    part.visit(segment, visit);
                }
            }
        }
    }
}
