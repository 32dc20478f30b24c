//! The coverage: arcs shared by the faces on their two sides. Polygons of every level are read off it, so neighbours
//! cannot part.

use std::{cmp::Ordering, ops::Range};

use super::ring::{Side, side, signed_area2};
use crate::model::{LonLat, MultiPolygon, Polygon};

/// An arc's number in its coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArcId(pub u32);

/// A face's number in its coverage: the index of the polygon (or label) it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaceId(pub u32);

/// A line between two nodes with one face on each side; `None` is outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arc {
    /// At least two positions. First equals last for a closed arc.
    pub path: Vec<LonLat>,
    /// The face to the left in the direction of `path`.
    pub left: Option<FaceId>,
    /// The face to the right.
    pub right: Option<FaceId>,
}

/// A ring as arcs end to end; `true` is forward. The face lies to the left.
pub type ArcRing = Vec<(ArcId, bool)>;

/// A straight piece of boundary and the faces on its two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Start.
    pub from: LonLat,
    /// End.
    pub to: LonLat,
    /// The face to the left.
    pub left: Option<FaceId>,
    /// The face to the right.
    pub right: Option<FaceId>,
}

impl Edge {
    fn reversed(self) -> Self {
        Self { from: self.to, to: self.from, left: self.right, right: self.left }
    }
}

/// Why polygons do not make a coverage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two polygons lie on the same side of an edge: they overlap.
    #[error("polygons {first} and {second} overlap at {at:?}")]
    Overlap {
        /// Index of one polygon.
        first: u32,
        /// Index of the other.
        second: u32,
        /// Where the shared edge starts.
        at: LonLat,
    },
}

/// Shared arcs and the faces between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Every arc once.
    pub arcs: Vec<Arc>,
    /// Number of faces; [`FaceId`]s are below it.
    pub face_count: u32,
}

impl Coverage {
    /// Reads shared arcs off polygons that already meet vertex for vertex. Arcs break where three faces meet.
    ///
    /// # Errors
    /// [`Error::Overlap`] when an edge has two polygons on one side.
    pub fn from_polygons(polygons: &[MultiPolygon]) -> Result<Self, Error> {
        let mut sides = Vec::new();
        for (face, polygon) in (0..).map(FaceId).zip(polygons) {
            for part in &polygon.0 {
                for (i, ring) in part.rings().enumerate() {
                    let outer_is_left = (signed_area2(ring) > 0) == (i == 0);
                    for pair in ring.windows(2).filter(|pair| pair[0] != pair[1]) {
                        let (from, to) = if outer_is_left { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
                        sides.push((from.min(to), from.max(to), from > to, face));
                    }
                }
            }
        }
        sides.sort_unstable();
        let mut edges = Vec::with_capacity(sides.len());
        for same in sides.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let mut edge = Edge { from: same[0].0, to: same[0].1, left: None, right: None };
            for &(_, _, is_right, face) in same {
                let slot = if is_right { &mut edge.right } else { &mut edge.left };
                if let Some(first) = slot.replace(face) {
                    return Err(Error::Overlap { first: first.0, second: face.0, at: edge.from });
                }
            }
            edges.push(edge);
        }
        Ok(Self::from_edges(edges, polygons.len() as u32))
    }

    /// Joins edges to arcs. Each boundary edge comes once, in either direction; edges with the same face on both sides are left out.
    pub fn from_edges(edges: impl IntoIterator<Item = Edge>, face_count: u32) -> Self {
        let mut halves: Vec<Edge> = edges.into_iter().filter(|e| e.left != e.right).flat_map(|e| [e, e.reversed()]).collect();
        halves.sort_unstable();
        let arcs = chain(&halves);
        Self { arcs, face_count }
    }

    /// The coverage of `label_count` coarser faces: arcs between equal labels vanish, chains are joined where no third label meets.
    pub fn dissolve(&self, label_of_face: &[u32], label_count: u32) -> Self {
        let label = |face: Option<FaceId>| face.map(|f| FaceId(label_of_face[f.0 as usize]));
        let edges = self.arcs.iter().flat_map(|arc| {
            let (left, right) = (label(arc.left), label(arc.right));
            arc.path.windows(2).map(move |pair| Edge { from: pair[0], to: pair[1], left, right })
        });
        Self::from_edges(edges, label_count)
    }

    /// For every label the rings of the union of its faces, as arcs of *this* coverage (nothing is joined, so that arcs
    /// simplified once serve every level). Every ring is simple: faces touching only at a node make separate rings, and a hole
    /// touching its exterior is a ring of its own. Exteriors run counter-clockwise, holes clockwise.
    pub fn rings_by_label(&self, label_of_face: &[u32], label_count: u32) -> Vec<Vec<ArcRing>> {
        let label = |face: Option<FaceId>| face.map(|f| label_of_face[f.0 as usize]);
        let left_of = |(arc, forward): (ArcId, bool)| {
            let arc = &self.arcs[arc.0 as usize];
            label(if forward { arc.left } else { arc.right })
        };
        let is_border = |(arc, _): (ArcId, bool)| {
            let arc = &self.arcs[arc.0 as usize];
            label(arc.left) != label(arc.right)
        };
        let fans = Fans::new(&self.arcs);
        let mut used = vec![false; self.arcs.len() * 2];
        let mut rings = vec![Vec::new(); label_count as usize];
        for slot in 0..self.arcs.len() * 2 {
            let start = (ArcId((slot / 2) as u32), slot % 2 == 0);
            let Some(face) = left_of(start).filter(|_| !used[slot] && is_border(start)) else { continue };
            let mut ring = Vec::new();
            let mut at = start;
            loop {
                used[half_slot(at)] = true;
                ring.push(at);
                // Turn clockwise through the face from where we came: the first border of the face is the next.
                at = fans.clockwise_from_twin(at).find(|half| is_border(*half) && left_of(*half) == Some(face)).unwrap_or(start);
                // Of polygons that do fit together a ring comes back to its start; of others it may come back to its middle.
                if used[half_slot(at)] {
                    break;
                }
            }
            self.split_simple(ring, &mut rings[face as usize]);
        }
        rings
    }

    /// Cuts a ring at nodes that it passes more than once.
    fn split_simple(&self, ring: ArcRing, out: &mut Vec<ArcRing>) {
        let mut open: ArcRing = Vec::with_capacity(ring.len());
        for half in ring {
            open.push(half);
            let end = self.end(half);
            if let Some(from) = open.iter().position(|h| self.start(*h) == end) {
                out.push(open.split_off(from));
            }
        }
    }

    fn start(&self, (arc, forward): (ArcId, bool)) -> LonLat {
        let path = &self.arcs[arc.0 as usize].path;
        if forward { path[0] } else { path[path.len() - 1] }
    }

    fn end(&self, (arc, forward): (ArcId, bool)) -> LonLat {
        self.start((arc, !forward))
    }

    /// The positions of a ring, closed.
    pub fn ring_path(&self, ring: &ArcRing) -> Vec<LonLat> {
        let mut path = Vec::new();
        for &(arc, forward) in ring {
            path.pop();
            let arc = &self.arcs[arc.0 as usize].path;
            if forward { path.extend_from_slice(arc) } else { path.extend(arc.iter().rev()) }
        }
        path
    }

    /// The union of the faces of every label as polygons.
    pub fn outlines_by_label(&self, label_of_face: &[u32], label_count: u32) -> Vec<MultiPolygon> {
        self.rings_by_label(label_of_face, label_count)
            .iter()
            .map(|rings| assemble(rings.iter().map(|ring| self.ring_path(ring)).collect()))
            .collect()
    }

    /// Outlines of all faces in order; one part each unless a face is in pieces.
    pub fn outlines(&self) -> Vec<MultiPolygon> {
        let labels: Vec<u32> = (0..self.face_count).collect();
        self.outlines_by_label(&labels, self.face_count)
    }
}

fn half_slot((arc, forward): (ArcId, bool)) -> usize {
    arc.0 as usize * 2 + usize::from(!forward)
}

/// Joins sorted half-edges to arcs between nodes: positions where other than two edges meet, or the faces change.
fn chain(halves: &[Edge]) -> Vec<Arc> {
    let leaving = |p: LonLat| -> Range<usize> {
        let from = halves.partition_point(|h| h.from < p);
        from..from + halves[from..].partition_point(|h| h.from == p)
    };
    let find = |edge: Edge| halves.binary_search(&edge).ok();
    let is_node = |p: LonLat| leaving(p).len() != 2;
    let mut used = vec![false; halves.len()];
    let mut arcs = Vec::new();
    let mut walk = |first: usize, used: &mut Vec<bool>| {
        let edge = halves[first];
        let mut path = vec![edge.from];
        let mut at = first;
        loop {
            used[at] = true;
            if let Some(twin) = find(halves[at].reversed()) {
                used[twin] = true;
            }
            let end = halves[at].to;
            path.push(end);
            if end == edge.from || is_node(end) {
                break;
            }
            let Some(next) = leaving(end).find(|&i| halves[i].to != halves[at].from) else { break };
            at = next;
        }
        arcs.push(Arc { path, left: edge.left, right: edge.right });
    };
    for at_node in [true, false] {
        for first in 0..halves.len() {
            if !used[first] && (!at_node || is_node(halves[first].from)) {
                walk(first, &mut used);
            }
        }
    }
    arcs
}

/// The arcs leaving each node, counter-clockwise.
struct Fans {
    leaving: Vec<(ArcId, bool)>,
    /// For every half-arc: where its own leaving entry stands, and the range of its start node's fan.
    place: Vec<(usize, Range<usize>)>,
}

impl Fans {
    fn new(arcs: &[Arc]) -> Self {
        let step = |(arc, forward): (ArcId, bool)| {
            let path = &arcs[arc.0 as usize].path;
            if forward { (path[0], path[1]) } else { (path[path.len() - 1], path[path.len() - 2]) }
        };
        let mut leaving: Vec<(ArcId, bool)> = (0..arcs.len() as u32).flat_map(|arc| [(ArcId(arc), true), (ArcId(arc), false)]).collect();
        leaving.sort_by(|&a, &b| {
            let ((from_a, to_a), (from_b, to_b)) = (step(a), step(b));
            from_a.cmp(&from_b).then_with(|| by_angle(from_a, to_a, to_b)).then_with(|| a.cmp(&b))
        });
        let mut place = vec![(0, 0..0); leaving.len()];
        let mut first = 0;
        for fan in leaving.chunk_by(|a, b| step(*a).0 == step(*b).0) {
            let range = first..first + fan.len();
            for (i, half) in range.clone().zip(fan) {
                place[half_slot(*half)] = (i, range.clone());
            }
            first = range.end;
        }
        Self { leaving, place }
    }

    /// The half-arcs leaving the end of `half`, clockwise from the way back, which comes last.
    fn clockwise_from_twin(&self, (arc, forward): (ArcId, bool)) -> impl Iterator<Item = (ArcId, bool)> + '_ {
        let (at, range) = &self.place[half_slot((arc, !forward))];
        let (first, count, at) = (range.start, range.len(), at - range.start);
        (1..=count).map(move |turn| self.leaving[first + (at + count - turn) % count])
    }
}

/// Counter-clockwise order of directions from `o`, starting at east. Exact.
pub(super) fn by_angle(o: LonLat, a: LonLat, b: LonLat) -> Ordering {
    let lower = |p: LonLat| p.lat_e7 < o.lat_e7 || (p.lat_e7 == o.lat_e7 && p.lon_e7 < o.lon_e7);
    lower(a).cmp(&lower(b)).then_with(|| 0.cmp(&super::ring::cross(o, a, b)))
}

/// Rings (closed position lists, face to the left) to polygons: counter-clockwise rings are exteriors, clockwise ones are
/// holes of the smallest exterior around them. Rings start at their smallest position and parts and holes are sorted, so that
/// the same shape has the same bytes wherever it was put together.
pub fn assemble(mut rings: Vec<Vec<LonLat>>) -> MultiPolygon {
    for ring in &mut rings {
        ring.pop();
        let first = (0..ring.len()).min_by_key(|&i| ring[i]).unwrap_or(0);
        ring.rotate_left(first);
        ring.extend_from_within(..1);
    }
    rings.sort_unstable();
    let (exteriors, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| signed_area2(ring) > 0);
    let mut parts: Vec<Polygon> = exteriors.into_iter().map(|exterior| Polygon { exterior, interiors: Vec::new() }).collect();
    parts.sort_by_key(|part| signed_area2(&part.exterior));
    let shells: Vec<Polygon> = parts.clone();
    for hole in holes {
        let around = |shell: &Polygon| hole.iter().map(|p| side(shell, *p)).find(|s| *s != Side::Border).is_some_and(|s| s == Side::Inside);
        let home = if shells.len() == 1 { Some(0) } else { shells.iter().position(around) };
        if let Some(home) = home {
            parts[home].interiors.push(hole);
        }
    }
    // Largest part first: the one a label or a summary wants.
    parts.reverse();
    MultiPolygon(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(points: &[(i32, i32)]) -> Vec<LonLat> {
        points.iter().chain(&points[..1]).map(|&(x, y)| LonLat::new(x, y)).collect()
    }

    fn polygon(points: &[(i32, i32)]) -> MultiPolygon {
        Polygon { exterior: ring(points), interiors: vec![] }.into()
    }

    fn square(x: i32, y: i32) -> MultiPolygon {
        polygon(&[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)])
    }

    #[test]
    fn neighbours_share_one_arc() {
        let coverage = Coverage::from_polygons(&[square(0, 0), square(1, 0)]).unwrap();
        assert_eq!(coverage.arcs.len(), 3);
        assert_eq!(coverage.arcs.iter().filter(|a| a.left.is_some() && a.right.is_some()).count(), 1);
        assert_eq!(coverage.outlines().iter().map(|m| signed_area2(&m.0[0].exterior)).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn overlapping_polygons_are_refused() {
        let two = [square(0, 0), polygon(&[(0, 0), (1, 0), (1, 2), (0, 2)])];
        assert!(matches!(Coverage::from_polygons(&two), Err(Error::Overlap { first: 0, second: 1, .. })));
    }

    #[test]
    fn an_island_is_a_hole_around_it() {
        let sea = Polygon { exterior: ring(&[(0, 0), (9, 0), (9, 9), (0, 9)]), interiors: vec![ring(&[(3, 3), (3, 6), (6, 6), (6, 3)])] };
        let coverage = Coverage::from_polygons(&[sea.into(), polygon(&[(3, 3), (6, 3), (6, 6), (3, 6)])]).unwrap();
        let outlines = coverage.outlines();
        assert_eq!((outlines[0].0.len(), outlines[0].0[0].interiors.len()), (1, 1));
        assert!(signed_area2(&outlines[0].0[0].interiors[0]) < 0);
        assert_eq!(outlines[1].0[0].interiors.len(), 0);
        let all = coverage.dissolve(&[0, 0], 1);
        assert_eq!(all.outlines()[0].0[0].interiors.len(), 0);
    }

    #[test]
    fn faces_touching_at_a_node_are_separate_rings() {
        // Squares at (0,0) and (1,1) carry label 0, the others label 1: a chess board.
        let board = [square(0, 0), square(1, 0), square(0, 1), square(1, 1)];
        let coverage = Coverage::from_polygons(&board).unwrap();
        let outlines = coverage.outlines_by_label(&[0, 1, 1, 0], 2);
        assert_eq!(outlines[0].0.len(), 2);
        assert_eq!(outlines[1].0.len(), 2);
    }

    #[test]
    fn a_hole_touching_its_exterior_is_a_ring_of_its_own() {
        // A 3×3 board whose label 1 is the middle and a corner: they touch at (1,1) and the corner opens the exterior.
        let board: Vec<_> = (0..3).flat_map(|y| (0..3).map(move |x| square(x, y))).collect();
        let labels = [1, 0, 0, 0, 1, 0, 0, 0, 0];
        let outlines = Coverage::from_polygons(&board).unwrap().outlines_by_label(&labels, 2);
        assert_eq!((outlines[0].0.len(), outlines[0].0[0].interiors.len()), (1, 1));
        assert_eq!(outlines[1].0.len(), 2);
    }

    #[test]
    fn polygons_that_cross_have_an_end_too() {
        // A 3×3 board of squares of side 2, with one corner of one square pulled elsewhere. What comes out has no meaning; it comes.
        let big = |x: i32, y: i32| [(2 * x, 2 * y), (2 * x + 2, 2 * y), (2 * x + 2, 2 * y + 2), (2 * x, 2 * y + 2)];
        for (square, corner, to) in (0..9).flat_map(|s| (0..4).flat_map(move |c| (0..49).map(move |t| (s, c, (t % 7, t / 7))))) {
            let mut board: Vec<[(i32, i32); 4]> = (0..9).map(|i| big(i % 3, i / 3)).collect();
            board[square][corner] = to;
            if let Ok(coverage) = Coverage::from_polygons(&board.iter().map(|b| polygon(b)).collect::<Vec<_>>()) {
                assert_eq!(coverage.outlines_by_label(&[0, 1, 0, 1, 0, 1, 0, 1, 0], 2).len(), 2);
            }
        }
    }

    #[test]
    fn dissolving_keeps_every_position_and_joins_chains() {
        let board: Vec<_> = (0..3).flat_map(|y| (0..3).map(move |x| square(x, y))).collect();
        let coverage = Coverage::from_polygons(&board).unwrap();
        let rows = coverage.dissolve(&[0, 0, 0, 1, 1, 1, 2, 2, 2], 3);
        let mut inner: Vec<(u32, u32)> =
            rows.arcs.iter().filter_map(|a| a.left.zip(a.right)).map(|(l, r)| (l.0.min(r.0), l.0.max(r.0))).collect();
        inner.sort_unstable();
        assert_eq!(inner, [(0, 1), (1, 2)]);
        assert_eq!(rows.outlines()[1].0[0].exterior.len(), 9);
        assert_eq!(rows.outlines(), coverage.outlines_by_label(&[0, 0, 0, 1, 1, 1, 2, 2, 2], 3));
    }
}
