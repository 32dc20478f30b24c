//! Buildings' footprints as obstacles: which of them a line runs through, and what lies inside them.

use rstar::{AABB, RTree, RTreeObject};

use super::kinds::{Kinds, Source};
use crate::{
    geometry::{
        LocalMetres,
        coverage::Edge,
        ring::{self, Side},
    },
    model::{Bounds, Building, LonLat, MultiPolygon},
};

/// How deep an edge must run inside a footprint to run through it, in metres: coordinates are rounded to about 1 cm.
const DEPTH_M: f64 = 0.015;
/// What an edge must cut off, roughly, in square metres (length inside × depth).
const CUT_M2: f64 = 0.03;

/// A building's footprint.
#[derive(Debug)]
pub struct Footprint {
    /// The shape.
    pub shape: MultiPolygon,
    /// A position well inside.
    pub inside: Option<LonLat>,
}

/// An index and its box.
#[derive(Clone, Debug)]
pub struct Boxed {
    /// Index of what is in the box.
    pub index: u32,
    bounds: Bounds,
}

impl Boxed {
    /// A box around positions; `None` when there are none.
    pub fn new(index: u32, positions: &[LonLat]) -> Option<Self> {
        Bounds::of(positions).map(|bounds| Self { index, bounds })
    }
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[i64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(corner(self.bounds.min), corner(self.bounds.max))
    }
}

impl rstar::PointDistance for Boxed {
    fn distance_2(&self, point: &[i64; 2]) -> i64 {
        self.envelope().distance_2(point)
    }
}

fn corner(p: LonLat) -> [i64; 2] {
    [i64::from(p.lon_e7), i64::from(p.lat_e7)]
}

/// A segment inside a footprint and what it cuts off there, roughly.
#[derive(Clone, Copy)]
struct Cut {
    footprint: u32,
    segment: usize,
    area_m2: f64,
}

/// All footprints of a street with their tree.
#[derive(Debug)]
pub struct Footprints {
    items: Vec<Footprint>,
    tree: RTree<Boxed>,
    metres: LocalMetres,
}

impl Footprints {
    /// Footprints in the order of the buildings.
    pub fn new(buildings: &[Building], metres: LocalMetres) -> Self {
        let items: Vec<Footprint> =
            buildings.iter().map(|b| Footprint { shape: b.footprint.clone(), inside: ring::standing_position(&b.footprint) }).collect();
        let boxes = (0..).zip(&items).flat_map(|(i, f)| f.shape.0.iter().filter_map(move |part| Boxed::new(i, &part.exterior)));
        let tree = RTree::bulk_load(boxes.collect());
        Self { items, tree, metres }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// One of them.
    pub fn get(&self, index: u32) -> &Footprint {
        &self.items[index as usize]
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &Footprint> {
        self.items.iter()
    }

    /// Footprints that hold the position strictly inside.
    pub fn holding(&self, p: LonLat) -> impl Iterator<Item = u32> + '_ {
        self.tree
            .locate_all_at_point(corner(p))
            .map(|b| b.index)
            .filter(move |&b| self.get(b).shape.0.iter().any(|part| ring::side(part, p) == Side::Inside))
    }

    /// Footprints whose box meets that of the positions, each once, in order.
    pub fn in_box(&self, positions: &[LonLat]) -> Vec<u32> {
        let Some(room) = Boxed::new(0, positions) else { return Vec::new() };
        let mut found: Vec<u32> = self.tree.locate_in_envelope_intersecting(room.envelope()).map(|b| b.index).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn near(&self, a: LonLat, b: LonLat) -> impl Iterator<Item = u32> + '_ {
        let min = [a.lon_e7.min(b.lon_e7), a.lat_e7.min(b.lat_e7)].map(i64::from);
        let max = [a.lon_e7.max(b.lon_e7), a.lat_e7.max(b.lat_e7)].map(i64::from);
        self.tree.locate_in_envelope_intersecting(AABB::from_corners(min, max)).map(|b| b.index)
    }

    /// Whether a footprint stands between two positions.
    pub fn between(&self, a: LonLat, b: LonLat) -> bool {
        self.near(a, b).any(|f| self.run_inside(f, a, b).0 > 0.0)
    }

    /// Footprints that edges run through, each once, in order.
    pub fn crossed_by(&self, segments: impl Iterator<Item = (LonLat, LonLat)>) -> Vec<u32> {
        let mut crossed: Vec<u32> = self.cuts(segments).iter().map(|cut| cut.footprint).collect();
        crossed.dedup();
        crossed
    }

    /// Edges that run through a footprint; those of given boundaries stay whatever they run through.
    pub fn cutting_edges<'e>(&self, edges: impl Iterator<Item = &'e (Edge, Kinds)>) -> Vec<Edge> {
        let edges: Vec<Edge> = edges.filter(|(_, kinds)| !kinds.has(Source::Given)).map(|(e, _)| *e).collect();
        let mut cutting: Vec<usize> = self.cuts(edges.iter().map(|e| (e.from, e.to))).iter().map(|cut| cut.segment).collect();
        cutting.sort_unstable();
        cutting.dedup();
        cutting.into_iter().map(|i| edges[i]).collect()
    }

    /// Where segments run through footprints, by footprint. What counts is how much all segments in a footprint cut off together:
    /// a boundary that wavers along a wall is made of many short ones.
    fn cuts(&self, segments: impl Iterator<Item = (LonLat, LonLat)>) -> Vec<Cut> {
        let mut cuts: Vec<Cut> = segments
            .enumerate()
            .flat_map(|(segment, (a, b))| {
                self.near(a, b).filter_map(move |footprint| {
                    let (length_m, depth_m) = self.run_inside(footprint, a, b);
                    (depth_m > DEPTH_M).then_some(Cut { footprint, segment, area_m2: length_m * depth_m })
                })
            })
            .collect();
        cuts.sort_by_key(|cut| (cut.footprint, cut.segment));
        let through = cuts.chunk_by(|a, b| a.footprint == b.footprint).filter(|same| same.iter().map(|c| c.area_m2).sum::<f64>() > CUT_M2);
        through.flatten().copied().collect()
    }

    /// Whether an edge is hidden by an obstacle: it runs inside one (for a wall: well inside, so that an outline does not hide itself).
    pub fn hide(&self, a: LonLat, b: LonLat, is_wall: bool, is_obstacle: &[bool]) -> bool {
        let middle = self.metres.position({
            let ([ax, ay], [bx, by]) = (self.metres.xy(a), self.metres.xy(b));
            [(ax + bx) / 2.0, (ay + by) / 2.0]
        });
        let is_deep = |f: u32| !is_wall || self.depth(f, middle) > 2.0 * DEPTH_M;
        self.holding(middle).any(|f| is_obstacle[f as usize] && is_deep(f))
    }

    /// Metres from a position to the footprint's walls.
    fn depth(&self, footprint: u32, p: LonLat) -> f64 {
        let walls = self.get(footprint).shape.rings().flat_map(|r| r.windows(2));
        walls.map(|w| self.metres.distance_to_segment(p, w[0], w[1])).fold(f64::INFINITY, f64::min)
    }

    /// How long a segment runs inside a footprint, and how deep its middle there is, in metres.
    fn run_inside(&self, footprint: u32, a: LonLat, b: LonLat) -> (f64, f64) {
        let ([ax, ay], [bx, by]) = (self.metres.xy(a), self.metres.xy(b));
        let (dx, dy) = (bx - ax, by - ay);
        let mut total = (0.0, 0.0_f64);
        for part in &self.get(footprint).shape.0 {
            let mut cuts = vec![0.0, 1.0];
            for wall in part.rings().flat_map(|r| r.windows(2)) {
                let ([cx, cy], [ex, ey]) = (self.metres.xy(wall[0]), self.metres.xy(wall[1]));
                let (wx, wy) = (ex - cx, ey - cy);
                let turn = dx * wy - dy * wx;
                if turn.abs() < 1e-12 {
                    continue;
                }
                let t = ((cx - ax) * wy - (cy - ay) * wx) / turn;
                let u = ((cx - ax) * dy - (cy - ay) * dx) / turn;
                if (0.0..=1.0).contains(&t) && (-1e-9..=1.0 + 1e-9).contains(&u) {
                    cuts.push(t);
                }
            }
            cuts.sort_by(f64::total_cmp);
            for pair in cuts.windows(2).filter(|pair| pair[1] - pair[0] > 1e-9) {
                let t = (pair[0] + pair[1]) / 2.0;
                let middle = self.metres.position([ax + t * dx, ay + t * dy]);
                if ring::side(part, middle) == Side::Inside {
                    total.0 += (pair[1] - pair[0]) * dx.hypot(dy);
                    total.1 = total.1.max(self.depth(footprint, middle));
                }
            }
        }
        total
    }
}
