//! Lines to faces: noding by snap rounding on the integer grid, then faces by walking half-edges.
//!
//! Snap rounding (Hobby 1999; Guibas & Marimont 1998): every end and every crossing makes its grid position "hot", and every
//! segment is bent through the hot positions whose unit square it passes. Afterwards segments meet only at their ends.

use std::collections::BTreeMap;

use rstar::{
    RTree,
    primitives::{GeomWithData, Rectangle},
};
use rustc_hash::FxHashMap;

use super::{
    coverage::{Edge, FaceId, by_angle},
    near,
    ring::{Side, cross, side, signed_area2},
};
use crate::model::{Bounds, LonLat, Polygon};

/// A segment and the line it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// Start.
    pub from: LonLat,
    /// End.
    pub to: LonLat,
    /// Whatever the caller wants to recognise it by.
    pub source: u32,
}

/// Side of a bucket in grid steps, some 90 m: a few segments of a town's street net each.
pub(super) const BUCKET: i32 = 8192;

/// Cuts segments at every crossing and touch, on the grid. Pieces keep the direction and source of their segment; pieces of
/// several sources may coincide.
///
/// O((n + k) log n) for segments with k crossings, unless many run side by side all the way.
pub fn node(segments: &[Piece]) -> Vec<Piece> {
    node_in(segments, &Window::ALL, usize::MAX).unwrap_or_default()
}

/// The pieces of [`node`] that begin or end within the bounds, without the work for what lies beyond. A piece with its other end
/// beyond may be longer than it would be there; those wholly within are the same. None when there are more pieces or crossings than
/// `most`.
pub fn node_within(segments: &[Piece], bounds: &Bounds, most: usize) -> Option<Vec<Piece>> {
    let mut pieces = node_in(segments, &Window::around(bounds), most)?;
    pieces.retain(|p| bounds.contains(p.from) || bounds.contains(p.to));
    Some(pieces)
}

fn node_in(segments: &[Piece], window: &Window, most: usize) -> Option<Vec<Piece>> {
    let mut hot: Vec<LonLat> = segments.iter().flat_map(|s| [s.from, s.to]).collect();
    let mut bound = most.saturating_add(hot.len()).saturating_mul(2);
    for (bucket, mut indices) in bucket_segments(segments, window) {
        near::crossings(&near::Square::of_bucket(bucket), segments, &mut indices, &mut hot);
        // The same crossing may be found in several places.
        if hot.len() > bound {
            hot.sort_unstable();
            hot.dedup();
            if hot.len() > most.saturating_add(2 * segments.len()) {
                return None;
            }
            bound = bound.max(2 * hot.len());
        }
    }
    hot.sort_unstable();
    hot.dedup();
    let mut hot_in: FxHashMap<(i32, i32), Vec<LonLat>> = FxHashMap::default();
    for p in hot {
        hot_in.entry(bucket_of(p)).or_default().push(p);
    }
    let hot_in: FxHashMap<(i32, i32), near::Places> =
        hot_in.into_iter().map(|(bucket, points)| (bucket, near::Places::of(near::Square::of_bucket(bucket), points))).collect();
    let mut pieces = Vec::with_capacity(segments.len());
    let mut on_way = Vec::new();
    for segment in segments {
        on_way.clear();
        // An end beyond the window is in none of its buckets.
        on_way.extend([segment.from, segment.to]);
        for_buckets(segment, window, |bucket| {
            if let Some(places) = hot_in.get(&bucket) {
                places.visit(segment, &mut |p| {
                    if passes_square(segment, p) {
                        on_way.push(p);
                    }
                });
            }
        });
        let (dx, dy) = delta(segment.from, segment.to);
        on_way.sort_unstable_by_key(|p| {
            let (x, y) = delta(segment.from, *p);
            (i128::from(x) * i128::from(dx) + i128::from(y) * i128::from(dy), *p)
        });
        on_way.dedup();
        pieces.extend(on_way.windows(2).map(|pair| Piece { from: pair[0], to: pair[1], source: segment.source }));
        if pieces.len() > most {
            return None;
        }
    }
    Some(pieces)
}

fn delta(a: LonLat, b: LonLat) -> (i64, i64) {
    (i64::from(b.lon_e7) - i64::from(a.lon_e7), i64::from(b.lat_e7) - i64::from(a.lat_e7))
}

fn bucket_of(p: LonLat) -> (i32, i32) {
    (p.lon_e7.div_euclid(BUCKET), p.lat_e7.div_euclid(BUCKET))
}

/// Buckets that are looked at: columns and rows.
struct Window {
    columns: [i32; 2],
    rows: [i32; 2],
}

impl Window {
    const ALL: Self = Self { columns: [i32::MIN, i32::MAX], rows: [i32::MIN, i32::MAX] };

    /// The bounds with a bucket around: what is within a step of them is looked at, too.
    fn around(bounds: &Bounds) -> Self {
        let (west, south) = bucket_of(bounds.min);
        let (east, north) = bucket_of(bounds.max);
        Self { columns: [west - 1, east + 1], rows: [south - 1, north + 1] }
    }
}

/// Calls `visit` for every bucket of the window that the segment comes within one step of.
fn for_buckets(segment: &Piece, window: &Window, mut visit: impl FnMut((i32, i32))) {
    let (south, north) = if segment.from.lat_e7 <= segment.to.lat_e7 { (segment.from, segment.to) } else { (segment.to, segment.from) };
    let (dx, dy) = delta(south, north);
    let (west, east) = (south.lon_e7.min(north.lon_e7) - 1, south.lon_e7.max(north.lon_e7) + 1);
    let (lowest, highest) = ((south.lat_e7 - 1).div_euclid(BUCKET), (north.lat_e7 + 1).div_euclid(BUCKET));
    for row in lowest.max(window.rows[0])..=highest.min(window.rows[1]) {
        let (low, high) = (i64::from(row) * i64::from(BUCKET) - 1, (i64::from(row) + 1) * i64::from(BUCKET) + 1);
        // Longitudes at which the segment enters and leaves the row, a step of slack on both sides.
        let at = |lat: i64| {
            let t = if dy == 0 { 0.0 } else { ((lat - i64::from(south.lat_e7)) as f64 / dy as f64).clamp(0.0, 1.0) };
            f64::from(south.lon_e7) + t * dx as f64
        };
        let (a, b) = if dy == 0 { (f64::from(west), f64::from(east)) } else { (at(low), at(high)) };
        let first = (a.min(b).floor() as i32 - 2).max(west);
        let last = (a.max(b).ceil() as i32 + 2).min(east);
        let (first, last) = (first.div_euclid(BUCKET), last.div_euclid(BUCKET));
        for column in first.max(window.columns[0])..=last.min(window.columns[1]) {
            visit((column, row));
        }
    }
}

fn bucket_segments(segments: &[Piece], window: &Window) -> BTreeMap<(i32, i32), Vec<u32>> {
    let mut buckets: BTreeMap<(i32, i32), Vec<u32>> = BTreeMap::new();
    for (index, segment) in (0..).zip(segments) {
        for_buckets(segment, window, |bucket| buckets.entry(bucket).or_default().push(index));
    }
    buckets
}

/// The grid position nearest to the proper crossing of two segments. Touches need none: their ends are hot already.
pub(super) fn crossing(s: &Piece, t: &Piece) -> Option<LonLat> {
    let apart = |a: i32, b: i32, c: i32, d: i32| a.max(b) < c.min(d) || c.max(d) < a.min(b);
    if apart(s.from.lon_e7, s.to.lon_e7, t.from.lon_e7, t.to.lon_e7) || apart(s.from.lat_e7, s.to.lat_e7, t.from.lat_e7, t.to.lat_e7) {
        return None;
    }
    let (a, b) = (cross(t.from, t.to, s.from), cross(t.from, t.to, s.to));
    let (c, d) = (cross(s.from, s.to, t.from), cross(s.from, s.to, t.to));
    if a.signum() * b.signum() >= 0 || c.signum() * d.signum() >= 0 {
        return None;
    }
    let (dx, dy) = delta(s.from, s.to);
    let share = |d: i64| {
        let (num, den) = (i128::from(d) * a, a - b);
        let (num, den) = if den < 0 { (-num, -den) } else { (num, den) };
        (2 * num + den).div_euclid(2 * den) as i32
    };
    Some(LonLat::new(s.from.lon_e7 + share(dx), s.from.lat_e7 + share(dy)))
}

/// Whether the segment meets the unit square around `p`, open to the north and east so that squares tile the plane. Exact, in
/// half steps.
fn passes_square(s: &Piece, p: LonLat) -> bool {
    let (ax, ay) = delta(p, s.from);
    let (bx, by) = delta(p, s.to);
    let (ax, ay, bx, by) = (2 * ax, 2 * ay, 2 * bx, 2 * by);
    if ax.min(bx) >= 1 || ax.max(bx) < -1 || ay.min(by) >= 1 || ay.max(by) < -1 {
        return false;
    }
    let corner = |x: i64, y: i64| (i128::from(bx - ax) * i128::from(y - ay) - i128::from(by - ay) * i128::from(x - ax)).signum();
    let corners = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
    let through_inside = corners.contains(&1) && corners.contains(&-1) && ax.max(bx) > -1 && ay.max(by) > -1;
    through_inside || meets_low_side(ax, ay, bx, by) || meets_low_side(ay, ax, by, bx)
}

/// Whether the segment meets the side u = −1, −1 ≤ v < 1.
fn meets_low_side(au: i64, av: i64, bu: i64, bv: i64) -> bool {
    if au == bu {
        return au == -1 && av.min(bv) < 1 && av.max(bv) >= -1;
    }
    if au.min(bu) > -1 || au.max(bu) < -1 {
        return false;
    }
    let run = i128::from(bu - au);
    let v_times_run = i128::from(av) * run + i128::from(bv - av) * i128::from(-1 - au);
    if run > 0 { -run <= v_times_run && v_times_run < run } else { -run >= v_times_run && v_times_run > run }
}

/// Faces between noded edges: every returned edge has two different sides. Edges that bound nothing (dangling ends, bridges
/// between rings) are left out; coinciding edges come once, `from < to`.
pub fn faces(edges: impl IntoIterator<Item = (LonLat, LonLat)>) -> (Vec<Edge>, u32) {
    let mut edges: Vec<(LonLat, LonLat)> = edges.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
    edges.sort_unstable();
    edges.dedup();
    loop {
        let (walked, count) = walk_faces(&edges);
        let before = edges.len();
        if walked.iter().all(|e| e.left != e.right) {
            return (walked, count);
        }
        edges = walked.iter().filter(|e| e.left != e.right).map(|e| (e.from, e.to)).collect();
        debug_assert!(edges.len() < before);
    }
}

fn walk_faces(edges: &[(LonLat, LonLat)]) -> (Vec<Edge>, u32) {
    // Half-edge 2i runs forward along edge i, 2i+1 back.
    let ends = |half: usize| {
        let (a, b) = edges[half / 2];
        if half.is_multiple_of(2) { (a, b) } else { (b, a) }
    };
    let mut leaving: Vec<usize> = (0..edges.len() * 2).collect();
    leaving.sort_unstable_by(|&g, &h| {
        let ((from_g, to_g), (from_h, to_h)) = (ends(g), ends(h));
        from_g.cmp(&from_h).then_with(|| by_angle(from_g, to_g, to_h))
    });
    // next[h]: from the end of h, the first half-edge clockwise from the way back; so a walk keeps its face to the left.
    let mut next = vec![0; leaving.len()];
    for fan in leaving.chunk_by(|g, h| ends(*g).0 == ends(*h).0) {
        for (i, half) in fan.iter().enumerate() {
            next[half ^ 1] = fan[(i + fan.len() - 1) % fan.len()];
        }
    }
    let mut cycle_of = vec![usize::MAX; next.len()];
    let mut cycles: Vec<Vec<LonLat>> = Vec::new();
    for start in 0..next.len() {
        if cycle_of[start] != usize::MAX {
            continue;
        }
        let mut ring = Vec::new();
        let mut at = start;
        while cycle_of[at] == usize::MAX {
            cycle_of[at] = cycles.len();
            ring.push(ends(at).0);
            at = next[at];
        }
        ring.extend_from_within(..1);
        cycles.push(ring);
    }
    let face_of_cycle = assign_faces(&cycles);
    let count = face_of_cycle.iter().flatten().max().map_or(0, |f| f.0 + 1);
    let sided = (0..edges.len())
        .map(|i| Edge { from: edges[i].0, to: edges[i].1, left: face_of_cycle[cycle_of[2 * i]], right: face_of_cycle[cycle_of[2 * i + 1]] })
        .collect();
    (sided, count)
}

/// A counter-clockwise cycle bounds a face of its own; any other is the outer rim of a component and belongs to the smallest
/// face around it, or to the outside.
fn assign_faces(cycles: &[Vec<LonLat>]) -> Vec<Option<FaceId>> {
    let areas: Vec<i128> = cycles.iter().map(|ring| signed_area2(ring)).collect();
    let mut next = 0..;
    let mut face_of_cycle: Vec<Option<FaceId>> = areas.iter().map(|area| if *area > 0 { next.next().map(FaceId) } else { None }).collect();
    let mut by_area: Vec<(usize, Bounds)> =
        (0..cycles.len()).filter(|&c| areas[c] > 0).filter_map(|c| Some((c, Bounds::of(&cycles[c])?))).collect();
    by_area.sort_by_key(|(c, _)| areas[*c]);
    let corner = |p: LonLat| [i64::from(p.lon_e7), i64::from(p.lat_e7)];
    let boxes = (0..).zip(&by_area).map(|(rank, (_, b))| GeomWithData::new(Rectangle::from_corners(corner(b.min), corner(b.max)), rank));
    let tree: RTree<GeomWithData<Rectangle<[i64; 2]>, usize>> = RTree::bulk_load(boxes.collect());
    for rim in (0..cycles.len()).filter(|&c| areas[c] <= 0) {
        // The component's westernmost position lies on none of its own inner cycles' insides.
        let Some(&west) = cycles[rim].iter().min() else { continue };
        let mut ranks: Vec<usize> = tree.locate_all_at_point(corner(west)).map(|item| item.data).collect();
        ranks.sort_unstable();
        let around = ranks.into_iter().map(|rank| by_area[rank].0).find(|c| {
            let shell = Polygon { exterior: cycles[*c].clone(), interiors: Vec::new() };
            side(&shell, west) == Side::Inside
        });
        face_of_cycle[rim] = around.and_then(|c| face_of_cycle[c]);
    }
    face_of_cycle
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::Coverage;

    fn piece(ax: i32, ay: i32, bx: i32, by: i32, source: u32) -> Piece {
        Piece { from: LonLat::new(ax, ay), to: LonLat::new(bx, by), source }
    }

    fn faces_of(pieces: &[Piece]) -> (Vec<Edge>, u32) {
        faces(node(pieces).iter().map(|p| (p.from, p.to)))
    }

    fn square(x: i32, y: i32, side: i32) -> Vec<Piece> {
        vec![
            piece(x, y, x + side, y, 0),
            piece(x + side, y, x + side, y + side, 0),
            piece(x + side, y + side, x, y + side, 0),
            piece(x, y + side, x, y, 0),
        ]
    }

    #[test]
    fn a_cross_in_a_square_makes_four_faces() {
        let mut lines = square(0, 0, 100);
        lines.extend([piece(-5, 51, 105, 49, 1), piece(50, -5, 50, 105, 2)]);
        let (edges, count) = faces_of(&lines);
        assert_eq!((count, edges.len()), (4, 12));
    }

    #[test]
    fn dangling_ends_and_bridges_bound_nothing() {
        let mut lines = square(0, 0, 100);
        lines.extend(square(40, 40, 20));
        lines.extend([piece(0, 50, 40, 50, 1), piece(100, 100, 80, 80, 2)]);
        let (edges, count) = faces_of(&lines);
        assert_eq!(count, 2);
        // The square in the middle is a hole of the other; the bridge and the dangling end are gone.
        let coverage = Coverage::from_edges(edges, count);
        let holes: Vec<usize> = coverage.outlines().iter().map(|m| m.0[0].interiors.len()).collect();
        assert_eq!(holes, [1, 0]);
    }

    #[test]
    fn what_lies_beyond_the_bounds_costs_nothing() {
        let mut lines = square(0, 0, 100);
        let ends = [(-1_800_000_000, -900_000_000), (1_800_000_000, 900_000_000), (1_800_000_000, 899_999_999)];
        for (a, b) in (0..2000).map(|i| (ends[i % 2], ends[1 + i % 2])) {
            lines.push(piece(a.0, a.1, b.0, b.1, 1));
        }
        let within = node_within(&lines, &Bounds { min: LonLat::new(0, 0), max: LonLat::new(100, 100) }, 1_000_000).unwrap();
        assert_eq!(within.iter().filter(|p| p.source == 0).count(), 5, "one side is cut");
    }

    #[test]
    fn what_is_dense_in_one_place_is_noded_as_fast() {
        // Side by side, all the same, and long ones over all of them.
        let mut lines: Vec<Piece> = (0..20_000).flat_map(|i| square(i % 141 * 50, i / 141 * 50, 30)).collect();
        lines.extend((0..5_000).flat_map(|_| square(0, 0, 30)));
        lines.extend((0..20).map(|i| piece(-100, i * 300 + 7, 8000, i * 300 + 41, 1)));
        let pieces = node(&lines);
        let (edges, count) = faces(pieces.iter().map(|p| (p.from, p.to)));
        assert!(count >= 20_000 && edges.len() > 80_000, "{count}");
        // So many over each other that nobody can hold them.
        let heap: Vec<Piece> = (0..3_000).flat_map(|i| square(i % 60 * 2, i / 60 * 3, 5_000 - i)).collect();
        let bounds = Bounds { min: LonLat::new(0, 0), max: LonLat::new(8000, 8000) };
        assert_eq!(node_within(&heap, &bounds, 100_000), None);
    }

    #[test]
    fn collinear_overlaps_come_once() {
        let mut lines = square(0, 0, 100);
        lines.push(piece(-20, 0, 60, 0, 1));
        lines.push(piece(60, 0, 60, 100, 1));
        assert_eq!(faces_of(&lines).1, 2);
    }

    /// As it was before squares were divided: every segment with every other, every segment with every hot position.
    fn node_slowly(segments: &[Piece]) -> Vec<Piece> {
        let mut hot: Vec<LonLat> = segments.iter().flat_map(|s| [s.from, s.to]).collect();
        for (i, a) in segments.iter().enumerate() {
            hot.extend(segments[i + 1..].iter().filter_map(|b| crossing(a, b)));
        }
        hot.sort_unstable();
        hot.dedup();
        let cut = |segment: &Piece| {
            let mut on_way: Vec<LonLat> = hot.iter().copied().filter(|p| passes_square(segment, *p)).collect();
            let (dx, dy) = delta(segment.from, segment.to);
            on_way.sort_by_key(|p| {
                let (x, y) = delta(segment.from, *p);
                (i128::from(x) * i128::from(dx) + i128::from(y) * i128::from(dy), *p)
            });
            on_way.windows(2).map(|pair| Piece { from: pair[0], to: pair[1], source: segment.source }).collect::<Vec<_>>()
        };
        segments.iter().flat_map(cut).collect()
    }

    proptest! {
        /// Divided or not, it is the same to the last piece.
        #[test]
        fn dense_segments_are_noded_the_same(
            spread in 200..20_000i32,
            ends in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64, -1.0..1.0f64, -1.0..1.0f64, any::<bool>()), 60..250),
        ) {
            let at = |share: f64| (share * f64::from(spread)) as i32 - spread / 2;
            let segments: Vec<Piece> = ends
                .iter()
                .map(|&(x, y, dx, dy, long)| {
                    let reach = if long { f64::from(spread) } else { f64::from(spread) / 20.0 };
                    piece(at(x), at(y), at(x) + (dx * reach) as i32, at(y) + (dy * reach) as i32, 0)
                })
                .filter(|p| p.from != p.to)
                .collect();
            prop_assert_eq!(node(&segments), node_slowly(&segments));
        }

        /// Within the bounds it is the same as if all were noded; beyond nothing costs.
        #[test]
        fn pieces_within_bounds_are_the_same(
            ends in prop::collection::vec((-90_000..90_000i32, -90_000..90_000i32, -90_000..90_000i32, -90_000..90_000i32), 2..40),
            corner in (-40_000..40_000i32, -40_000..40_000i32),
            side in (0..50_000i32, 0..50_000i32),
        ) {
            let segments: Vec<Piece> = ends.iter().map(|&(a, b, c, d)| piece(a, b, c, d, 0)).collect();
            let bounds = Bounds { min: LonLat::new(corner.0, corner.1), max: LonLat::new(corner.0 + side.0, corner.1 + side.1) };
            let is_within = |p: &&Piece| bounds.contains(p.from) && bounds.contains(p.to);
            let (all, within) = (node(&segments), node_within(&segments, &bounds, 1_000_000).unwrap());
            prop_assert_eq!(within.iter().filter(is_within).collect::<Vec<_>>(), all.iter().filter(is_within).collect::<Vec<_>>());
            let starts = |pieces: &[Piece]| pieces.iter().map(|p| p.from).filter(|p| bounds.contains(*p)).collect::<Vec<_>>();
            prop_assert_eq!(starts(&within), starts(&all));
        }

        /// After noding no two pieces cross or touch but at their ends, and faces tile what they enclose.
        #[test]
        fn noded_pieces_meet_at_their_ends(ends in prop::collection::vec((0..60i32, 0..60i32, 0..60i32, 0..60i32), 2..25)) {
            let pieces = node(&ends.iter().map(|&(a, b, c, d)| piece(a, b, c, d, 0)).collect::<Vec<_>>());
            for (i, s) in pieces.iter().enumerate() {
                for t in &pieces[i + 1..] {
                    prop_assert_eq!(crossing(s, t), None);
                    for p in [t.from, t.to] {
                        prop_assert!(p == s.from || p == s.to || !super::super::ring::on_segment(s.from, s.to, p));
                    }
                }
            }
            let (edges, count) = faces(pieces.iter().map(|p| (p.from, p.to)));
            let outlines = Coverage::from_edges(edges, count).outlines();
            for outline in &outlines {
                prop_assert_eq!(outline.0.len(), 1);
            }
            let again = Coverage::from_polygons(&outlines);
            prop_assert!(again.is_ok());
        }
    }
}
