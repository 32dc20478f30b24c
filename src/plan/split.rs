//! A block too big for one cell is cut half-way between its buildings: along the Voronoi edges of the footprints.
//!
//! The diagram is that of positions set densely along the footprints (Okabe et al. 2000, line Voronoi diagram by points);
//! only edges between different buildings are kept, clipped to the block.

use rustc_hash::FxHashMap;
use spade::{DelaunayTriangulation, Point2, Triangulation};

use super::network::Sets;
use crate::{
    geometry::{
        LocalMetres,
        ring::{self, Side},
    },
    model::{Bounds, LonLat, MultiPolygon, Polygon},
};

/// Distance between positions along a footprint, in metres.
const SPACING_M: f64 = 1.5;
/// Between buildings nearer to each other than this there is no cut, in metres.
const NARROW_M: f64 = 0.5;
/// A cut may leave the middle between two buildings by this share of the room to either, ...
const STRAIGHTEN: f64 = 0.6;
/// ... and by no more than this, in metres.
const STRAIGHTEN_M: f64 = 6.0;

/// Cuts between the footprints standing in the block.
pub fn cuts_between(block: &Polygon, footprints: &[&MultiPolygon], metres: &LocalMetres) -> Vec<[LonLat; 2]> {
    let mut sites: Vec<(Point2<f64>, usize)> = Vec::new();
    for (owner, footprint) in footprints.iter().enumerate() {
        for wall in footprint.0.iter().flat_map(|part| part.exterior.windows(2)) {
            let ([ax, ay], [bx, by]) = (metres.xy(wall[0]), metres.xy(wall[1]));
            let steps = ((bx - ax).hypot(by - ay) / SPACING_M).ceil().max(1.0);
            sites.extend((0..steps as usize).map(|i| {
                let t = i as f64 / steps;
                (Point2::new(ax + t * (bx - ax), ay + t * (by - ay)), owner)
            }));
        }
    }
    // Far positions that own nothing make every cell between buildings end beyond the block.
    let (low, high) = block
        .exterior
        .iter()
        .map(|p| metres.xy(*p))
        .fold(([f64::MAX; 2], [f64::MIN; 2]), |(low, high), [x, y]| ([low[0].min(x), low[1].min(y)], [high[0].max(x), high[1].max(y)]));
    let size = (high[0] - low[0]).max(high[1] - low[1]);
    let (cx, cy) = ((low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0);
    for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
        sites.push((Point2::new(cx + 20.0 * size * x, cy + 20.0 * size * y), usize::MAX));
    }
    let mut diagram = DelaunayTriangulation::<Point2<f64>>::new();
    let mut owner_of = Vec::new();
    for (position, owner) in sites {
        if diagram.insert(position).is_ok_and(|vertex| vertex.index() == owner_of.len()) {
            owner_of.push(owner);
        }
    }
    let joined = joined(footprints, &diagram, &owner_of);
    let mut corridors = Corridors::default();
    for edge in diagram.undirected_edges() {
        let owners = edge.vertices().map(|v| owner_of[v.index()]);
        if owners.contains(&usize::MAX) || joined[owners[0]] == joined[owners[1]] {
            continue;
        }
        let [left, right] = [edge.as_directed(), edge.as_directed().rev()].map(|e| e.face().as_inner());
        if let (Some(a), Some(b)) = (left, right) {
            let [from, to] = [a, b].map(|face| {
                let (centre, radius2) = face.circumcircle();
                corridors.corner(face.index(), [centre.x, centre.y], radius2.sqrt())
            });
            corridors.join(from, to);
        }
    }
    let mut cuts: Vec<[LonLat; 2]> = corridors.straightened().into_iter().flat_map(|[a, b]| clip(block, metres, a, b)).collect();
    cuts.sort_unstable();
    cuts
}

/// Buildings that touch, overlap, stand in one another or leave less than [`NARROW_M`] between them are one: nothing is cut there.
fn joined(footprints: &[&MultiPolygon], diagram: &DelaunayTriangulation<Point2<f64>>, owner_of: &[usize]) -> Vec<u32> {
    let mut sets = Sets::new(footprints.len() as u32);
    for edge in diagram.undirected_edges() {
        let owners = edge.vertices().map(|v| owner_of[v.index()]);
        let near = edge.length_2() < (SPACING_M + NARROW_M).powi(2);
        if near && !owners.contains(&usize::MAX) {
            sets.join(owners[0] as u32, owners[1] as u32);
        }
    }
    let bounds: Vec<Option<Bounds>> = footprints.iter().map(|f| Bounds::of(f.rings().flatten())).collect();
    for (outer, inner) in (0..footprints.len()).flat_map(|a| (0..footprints.len()).map(move |b| (a, b))).filter(|(a, b)| a != b) {
        let meet = bounds[outer].zip(bounds[inner]).is_some_and(|(a, b)| a.intersects(&b));
        let corner = footprints[inner].rings().flatten().next();
        let holds = |p: &LonLat| footprints[outer].0.iter().any(|part| ring::side(part, *p) != Side::Outside);
        if meet && corner.is_some_and(holds) {
            sets.join(outer as u32, inner as u32);
        }
    }
    (0..footprints.len() as u32).map(|f| sets.find(f)).collect()
}

/// The Voronoi edges between buildings as a graph of corners.
#[derive(Default)]
struct Corridors {
    number: FxHashMap<usize, usize>,
    /// Position in metres and how far the nearest wall is.
    corners: Vec<([f64; 2], f64)>,
    next: Vec<Vec<usize>>,
}

impl Corridors {
    fn corner(&mut self, face: usize, at: [f64; 2], room_m: f64) -> usize {
        let count = self.corners.len();
        let number = *self.number.entry(face).or_insert(count);
        if number == count {
            self.corners.push((at, room_m));
            self.next.push(Vec::new());
        }
        number
    }

    fn join(&mut self, a: usize, b: usize) {
        self.next[a].push(b);
        self.next[b].push(a);
    }

    /// The graph with the paths between its junctions drawn as straight as the walls on both sides allow.
    fn straightened(&self) -> Vec<[[f64; 2]; 2]> {
        let mut segments = Vec::new();
        let mut used = vec![false; self.corners.len()];
        let junction = |c: usize| self.next[c].len() != 2;
        let mut paths = Vec::new();
        // Paths begin at junctions; what is left are rings.
        for begin in (0..self.corners.len()).filter(|c| junction(*c)).chain(0..self.corners.len()) {
            for &second in &self.next[begin] {
                let (mut before, mut at) = (begin, second);
                if !junction(begin) && used[begin] || !junction(at) && used[at] || junction(begin) && junction(at) && begin > at {
                    continue;
                }
                let mut path = vec![begin];
                if !junction(begin) {
                    used[begin] = true;
                }
                while !junction(at) && at != begin {
                    used[at] = true;
                    path.push(at);
                    let onward = if self.next[at][0] == before { self.next[at][1] } else { self.next[at][0] };
                    (before, at) = (at, onward);
                }
                path.push(at);
                paths.push(path);
            }
        }
        for path in paths {
            self.straighten(&path, &mut segments);
        }
        segments
    }

    /// Douglas & Peucker (1973) with a tolerance at every corner: a share of the room there.
    fn straighten(&self, path: &[usize], segments: &mut Vec<[[f64; 2]; 2]>) {
        let (Some(&first), Some(&last)) = (path.first(), path.last()) else { return };
        let (a, b) = (self.corners[first].0, self.corners[last].0);
        let strain = |c: usize| {
            let (p, room) = self.corners[c];
            distance_to_segment(p, a, b) / (STRAIGHTEN * room).clamp(1e-6, STRAIGHTEN_M)
        };
        let worst = (1..path.len() - 1).map(|i| (strain(path[i]), i)).max_by(|x, y| x.0.total_cmp(&y.0));
        match worst {
            Some((strain, at)) if strain > 1.0 => {
                self.straighten(&path[..=at], segments);
                self.straighten(&path[at..], segments);
            }
            _ => segments.push([a, b]),
        }
    }
}

fn distance_to_segment([px, py]: [f64; 2], [ax, ay]: [f64; 2], [bx, by]: [f64; 2]) -> f64 {
    let (dx, dy) = (bx - ax, by - ay);
    let t = (((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
    (px - ax - t * dx).hypot(py - ay - t * dy)
}

/// The runs of a segment inside the block.
fn clip(block: &Polygon, metres: &LocalMetres, [ax, ay]: [f64; 2], [bx, by]: [f64; 2]) -> Vec<[LonLat; 2]> {
    let (dx, dy) = (bx - ax, by - ay);
    let mut stops = vec![0.0, 1.0];
    for wall in block.rings().flat_map(|r| r.windows(2)) {
        let ([cx, cy], [ex, ey]) = (metres.xy(wall[0]), metres.xy(wall[1]));
        let (wx, wy) = (ex - cx, ey - cy);
        let turn = dx * wy - dy * wx;
        let t = ((cx - ax) * wy - (cy - ay) * wx) / turn;
        let u = ((cx - ax) * dy - (cy - ay) * dx) / turn;
        if (0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u) {
            stops.push(t);
        }
    }
    stops.sort_by(f64::total_cmp);
    let at = |t: f64| metres.position([ax + t * dx, ay + t * dy]);
    stops
        .windows(2)
        .filter(|pair| ring::side(block, at((pair[0] + pair[1]) / 2.0)) == Side::Inside)
        .map(|pair| [at(pair[0]), at(pair[1])])
        .filter(|[a, b]| a != b)
        .collect()
}
