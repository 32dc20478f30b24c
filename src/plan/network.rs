//! The noded lines with what runs along each edge, and the faces between them.

use super::{
    footprint::Footprints,
    kinds::{Kinds, Source},
};
use crate::{
    geometry::{
        Coverage, FaceId, LocalMetres,
        arrangement::{self, Piece},
        coverage::Edge,
        ring,
    },
    model::{LonLat, Polygon},
};

/// Edges and faces inside the street's boundary.
#[derive(Debug)]
pub struct Network {
    edges: Vec<(Edge, Kinds)>,
    face_count: u32,
}

impl Network {
    /// Nodes the pieces, drops what runs inside obstacles, walks the faces and keeps those inside the boundary.
    pub fn build(pieces: &[Piece], footprints: &Footprints, is_obstacle: &[bool]) -> Self {
        let kinds = merge_kinds(&arrangement::node(pieces));
        let kept = kinds
            .iter()
            .filter(|(from, to, kinds)| kinds.has(Source::Outer) || !footprints.hide(*from, *to, kinds.has(Source::Wall), is_obstacle));
        let (edges, face_count) = arrangement::faces(kept.map(|(from, to, _)| (*from, *to)));
        let kinds_of = |edge: &Edge| {
            let at = kinds.partition_point(|k| (k.0, k.1) < (edge.from, edge.to));
            kinds[at].2
        };
        let edges: Vec<(Edge, Kinds)> = edges.iter().map(|edge| (*edge, kinds_of(edge))).collect();
        Self { edges, face_count }.inside_only()
    }

    /// Edges with a face on both sides.
    pub fn inner_edges(&self) -> impl Iterator<Item = &(Edge, Kinds)> {
        self.edges.iter().filter(|(edge, _)| edge.left.is_some() && edge.right.is_some())
    }

    /// Drops the faces outside the boundary. Boundary edges say which of their sides is inside; other edges have both sides alike.
    fn inside_only(self) -> Self {
        let mut votes = vec![0i64; self.face_count as usize];
        let mut sets = Sets::new(self.face_count);
        for (edge, kinds) in &self.edges {
            if kinds.has(Source::Outer) {
                let right = kinds.0 & Kinds::INSIDE_RIGHT != 0;
                let (inner, outer) = if right { (edge.right, edge.left) } else { (edge.left, edge.right) };
                inner.into_iter().for_each(|f| votes[f.0 as usize] += 1);
                outer.into_iter().for_each(|f| votes[f.0 as usize] -= 1);
            } else if let (Some(left), Some(right)) = (edge.left, edge.right) {
                sets.join(left.0, right.0);
            }
        }
        let mut by_set = vec![0i64; votes.len()];
        for (face, vote) in votes.iter().enumerate() {
            by_set[sets.find(face as u32) as usize] += vote;
        }
        let labels: Vec<Option<u32>> = (0..self.face_count).map(|f| (by_set[sets.find(f) as usize] > 0).then_some(f)).collect();
        self.relabel(&labels)
    }

    /// Gives every face a new label (`None`: outside) and renumbers what is left from 0 in order.
    fn relabel(self, labels: &[Option<u32>]) -> Self {
        let mut used: Vec<u32> = labels.iter().flatten().copied().collect();
        used.sort_unstable();
        used.dedup();
        let number = |face: Option<FaceId>| {
            let label = labels[face?.0 as usize]?;
            used.binary_search(&label).ok().map(|i| FaceId(i as u32))
        };
        let edges = self
            .edges
            .into_iter()
            .map(|(edge, kinds)| (Edge { left: number(edge.left), right: number(edge.right), ..edge }, kinds))
            .filter(|(edge, _)| edge.left != edge.right)
            .collect();
        Self { edges, face_count: used.len() as u32 }
    }

    /// Outlines of the faces.
    pub fn outlines(&self) -> Vec<Polygon> {
        outlines(&self.edges, self.face_count)
    }

    /// Joins every face that `wants` it (by number and area in m²) to the neighbour with which it shares the longest edge, one
    /// that does not want it before one that does.
    pub fn glue_each(&mut self, metres: &LocalMetres, wants: impl Fn(usize, f64) -> bool) {
        let [east, north] = metres.steps_per_metre();
        let outlines = self.outlines();
        let area_m2 = |o: &Polygon| o.rings().map(|r| ring::signed_area2(r) as f64).sum::<f64>() / 2.0 / east / north;
        let wanting: Vec<bool> = outlines.iter().enumerate().map(|(i, o)| wants(i, area_m2(o))).collect();
        if !wanting.contains(&true) {
            return;
        }
        let mut shared: Vec<(u32, u32, f64)> = Vec::new();
        for (edge, _) in self.inner_edges() {
            let (Some(left), Some(right)) = (edge.left, edge.right) else { continue };
            let length = metres.distance(edge.from, edge.to);
            for (face, other) in [(left.0, right.0), (right.0, left.0)] {
                if wanting[face as usize] {
                    shared.push((face, other, length));
                }
            }
        }
        shared.sort_by_key(|s| (s.0, s.1));
        let mut sets = Sets::new(self.face_count);
        for with_face in shared.chunk_by(|a, b| a.0 == b.0) {
            let best =
                with_face.chunk_by(|a, b| a.1 == b.1).map(|same| (same[0].1, same.iter().map(|s| s.2).sum::<f64>())).max_by(|a, b| {
                    (!wanting[a.0 as usize], a.1).partial_cmp(&(!wanting[b.0 as usize], b.1)).unwrap_or(std::cmp::Ordering::Equal)
                });
            if let Some((other, _)) = best {
                sets.join(with_face[0].0, other);
            }
        }
        self.apply(&mut sets);
    }

    /// Joins the two faces of each edge.
    pub fn join_sides(&mut self, edges: &[Edge]) {
        let mut sets = Sets::new(self.face_count);
        for edge in edges {
            if let (Some(left), Some(right)) = (edge.left, edge.right) {
                sets.join(left.0, right.0);
            }
        }
        self.apply(&mut sets);
    }

    fn apply(&mut self, sets: &mut Sets) {
        let labels: Vec<Option<u32>> = (0..self.face_count).map(|f| Some(sets.find(f))).collect();
        let network = Self { edges: std::mem::take(&mut self.edges), face_count: self.face_count };
        *self = network.relabel(&labels);
    }

    /// Edges and outlines.
    pub fn into_parts(self) -> (Vec<(Edge, Kinds)>, Vec<Polygon>) {
        let outlines = self.outlines();
        (self.edges, outlines)
    }
}

/// Outlines of faces. A face has one part, since faces are walked, and glued ones share an edge.
pub fn outlines(edges: &[(Edge, Kinds)], face_count: u32) -> Vec<Polygon> {
    Coverage::from_edges(edges.iter().map(|e| e.0), face_count)
        .outlines()
        .into_iter()
        .map(|outline| outline.0.into_iter().next().unwrap_or_default())
        .collect()
}

/// Coinciding pieces to one edge, `from < to`, sorted.
fn merge_kinds(pieces: &[Piece]) -> Vec<(LonLat, LonLat, Kinds)> {
    let mut edges: Vec<(LonLat, LonLat, Kinds)> = pieces
        .iter()
        .map(|p| {
            let right = if p.source == Source::Outer.to_u32() && p.from > p.to { Kinds::INSIDE_RIGHT } else { 0 };
            (p.from.min(p.to), p.from.max(p.to), Kinds(1 << p.source | right))
        })
        .collect();
    edges.sort_unstable();
    edges.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2.0 |= next.2.0;
        }
        same
    });
    edges
}

/// Disjoint sets; the representative is the smallest member, so that numbering does not depend on the order of joining.
pub struct Sets {
    parent: Vec<u32>,
}

impl Sets {
    pub fn new(count: u32) -> Self {
        Self { parent: (0..count).collect() }
    }

    pub fn find(&mut self, mut item: u32) -> u32 {
        while self.parent[item as usize] != item {
            let grand = self.parent[self.parent[item as usize] as usize];
            self.parent[item as usize] = grand;
            item = grand;
        }
        item
    }

    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }
}
