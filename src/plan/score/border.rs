//! The cells' boundaries as a net of edges: seams, lengths, what runs along them, and what they leave inside.

use rayon::prelude::*;

use super::{
    flat::{self, Flat, Ground},
    strands::{Point, Strand, Strands, samples},
};
use crate::model::LineClass;

/// A boundary runs along a line, or along the street's outer line, when it is at most this far from it, in metres.
pub const ALONG_M: f64 = 0.5;
/// Boundaries and lines are sampled in pieces of at most this length, in metres.
const STEP_M: f64 = 1.0;
/// Edges of two cells at most so far apart that are not the same edge are a bad seam, in metres.
const SEAM_M: f64 = 0.1;
/// Along the outer line this width in metres is left to the rounding of coordinates.
pub const RIM_M: f64 = 0.05;

/// The cells' boundaries, every edge once.
#[derive(Debug)]
pub struct Net {
    edges: Vec<NetEdge>,
    /// Its edges, with the first of their cells, in a tree.
    pub strands: Strands,
}

#[derive(Clone, Copy, Debug)]
struct NetEdge {
    a: Point,
    b: Point,
    cell: u32,
    is_shared: bool,
}

/// What runs along the boundaries between cells, in metres.
#[derive(Clone, Copy, Debug, Default)]
pub struct Along {
    /// Length of the boundaries farther than [`ALONG_M`] from the street's outer line.
    pub inner_m: f64,
    /// How much of it runs along any line.
    pub lines_m: f64,
    /// How much of it runs along an arterial road, a river or a railway.
    pub trunk_m: f64,
}

impl std::ops::Add for Along {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { inner_m: self.inner_m + other.inner_m, lines_m: self.lines_m + other.lines_m, trunk_m: self.trunk_m + other.trunk_m }
    }
}

impl Net {
    /// The boundaries of cells.
    pub fn of(cells: &[Flat]) -> Self {
        let order = |a: &Point, b: &Point| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]));
        let mut sides: Vec<(Point, Point, u32)> = Vec::new();
        for (cell, shape) in (0..).zip(cells) {
            sides.extend(flat::edges(shape).map(|[a, b]| if order(&a, &b).is_le() { (a, b, cell) } else { (b, a, cell) }));
        }
        sides.sort_by(|s, t| order(&s.0, &t.0).then_with(|| order(&s.1, &t.1)).then(s.2.cmp(&t.2)));
        let edges: Vec<NetEdge> = sides
            .chunk_by(|s, t| (s.0, s.1) == (t.0, t.1))
            .map(|same| NetEdge { a: same[0].0, b: same[0].1, cell: same[0].2, is_shared: same.len() > 1 })
            .collect();
        let strands = edges.iter().map(|e| Strand { a: e.a, b: e.b, of: e.cell }).collect();
        Self { edges, strands }
    }

    /// Length of the edges, away from the outer line, that run beside an edge of another cell without being the same, in metres.
    pub fn bad_seams_m(&self, rim: &Strands) -> f64 {
        let loose: Vec<Strand> = self.edges.iter().filter(|e| !e.is_shared).map(|e| Strand { a: e.a, b: e.b, of: e.cell }).collect();
        let tree: Strands = loose.iter().copied().collect();
        let is_bad = |e: &Strand| tree.around(e.a, e.b, SEAM_M).any(|s| s.of != e.of && e.is_beside(s, SEAM_M));
        let length = |e: &Strand| rim.away(e.a, e.b, RIM_M).iter().map(|[a, b]| (a[0] - b[0]).hypot(a[1] - b[1])).sum::<f64>();
        let by_edge: Vec<f64> = loose.par_iter().map(|e| if is_bad(e) { length(e) } else { 0.0 }).collect();
        by_edge.into_iter().sum()
    }

    /// What runs along the boundaries between cells.
    pub fn along(&self, ground: &Ground) -> Along {
        let is_trunk = |class: LineClass| matches!(class, LineClass::Arterial | LineClass::River | LineClass::Railway);
        let lines: Strands = ground
            .lines
            .iter()
            .flat_map(|(class, path)| path.windows(2).map(|w| Strand { a: w[0], b: w[1], of: u32::from(is_trunk(*class)) }))
            .collect();
        let measure = |e: &NetEdge| {
            let candidates: Vec<&Strand> = lines.around(e.a, e.b, ALONG_M).collect();
            let mut along = Along::default();
            for (p, length) in ground.rim.away(e.a, e.b, ALONG_M).into_iter().flat_map(|piece| samples(piece, STEP_M)) {
                along.inner_m += length;
                let near = candidates.iter().filter(|s| s.distance(p) <= ALONG_M).map(|s| s.of).max();
                along.lines_m += if near.is_some() { length } else { 0.0 };
                along.trunk_m += if near == Some(1) { length } else { 0.0 };
            }
            along
        };
        // Summed in the order of the edges, so that the same plan gives the same figure on any number of threads.
        let by_edge: Vec<Along> = self.edges.par_iter().map(measure).collect();
        by_edge.into_iter().fold(Along::default(), std::ops::Add::add)
    }

    /// How many metres of the lines of a class run within the street and beside no boundary.
    pub fn left_inside_m(&self, ground: &Ground, class: LineClass) -> f64 {
        let pieces = |w: &[Point]| {
            let mut cuts = vec![0.0];
            cuts.extend(ground.rim.crossings(w[0], w[1]));
            cuts.push(1.0);
            let at = |t: f64| [w[0][0] + t * (w[1][0] - w[0][0]), w[0][1] + t * (w[1][1] - w[0][1])];
            let parts = cuts.windows(2).filter(|c| c[1] > c[0]).map(|c| ([at(c[0]), at(c[1])], at((c[0] + c[1]) / 2.0)));
            let within = parts.filter(|(_, middle)| flat::holds(&ground.boundary, *middle) || ground.rim.is_near(*middle, 1e-6));
            within.map(|(piece, _)| piece).collect::<Vec<_>>()
        };
        let inside = |path: &Vec<Point>| {
            let samples = path.windows(2).filter(|w| w[0] != w[1]).flat_map(pieces).flat_map(|piece| samples(piece, STEP_M));
            samples.filter(|(p, _)| !self.strands.is_near(*p, ALONG_M)).map(|(_, length)| length).sum::<f64>()
        };
        let by_line: Vec<f64> = ground.lines.par_iter().filter(|(c, _)| *c == class).map(|(_, path)| inside(path)).collect();
        by_line.into_iter().sum()
    }
}
