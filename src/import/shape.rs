//! Rings and polygons from positions: closed, rewound, without crossings; and what lies inside a boundary.

use geo::BooleanOps;

use super::Reason;
use crate::{
    geometry::{
        measure,
        ring::{self, Side, cross, on_segment, signed_area2},
    },
    model::{Bounds, LonLat, MultiPolygon, Polygon, Ring},
};

/// Twice the least area of a ring, in squared grid steps; about 0.1 m². Positions in one line do not stay exactly in line when
/// they are projected and rounded to the grid, so a ring without area can show one.
const LEAST_AREA2: i128 = 2000;

/// What is wrong with a shape: a stable reason and the words for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    pub reason: Reason,
    pub message: String,
}

impl Flaw {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// A polygon from its rings, exterior first. Rewinds them; refuses open, collapsed and crossing ones. Rings may touch at points.
pub fn polygon(rings: Vec<Vec<LonLat>>) -> Result<Polygon, Flaw> {
    let mut rings = rings.into_iter().map(clean_ring).collect::<Result<Vec<_>, _>>()?.into_iter();
    let exterior = rings.next().ok_or_else(|| Flaw::new(Reason::NoGeometry, "the polygon has no ring"))?;
    let mut polygon = Polygon { exterior: wound(exterior, true), interiors: rings.map(|hole| wound(hole, false)).collect() };
    if let Some(at) = crossing(&polygon.rings().map(Vec::as_slice).collect::<Vec<_>>()) {
        return Err(Flaw::new(Reason::CrossingRing, format!("a ring crosses or overlaps itself or another ring at {}", show(at))));
    }
    let shell = Polygon { exterior: std::mem::take(&mut polygon.exterior), interiors: vec![] };
    if let Some(at) = polygon.interiors.iter().flatten().find(|p| ring::side(&shell, **p) == Side::Outside) {
        return Err(Flaw::new(Reason::HoleOutside, format!("a hole lies outside its polygon at {}", show(*at))));
    }
    Ok(Polygon { exterior: shell.exterior, interiors: polygon.interiors })
}

/// Fails when parts that are good each cross, overlap or share an edge.
pub fn check_parts(shape: &MultiPolygon) -> Result<(), Flaw> {
    let rings: Vec<&[LonLat]> = shape.rings().map(Vec::as_slice).collect();
    match crossing(&rings) {
        Some(at) if shape.0.len() > 1 => {
            Err(Flaw::new(Reason::CrossingRing, format!("two parts cross or share an edge at {}; dissolve them", show(at))))
        }
        _ => check_nesting(shape),
    }
}

/// Fails when one of several parts that do not cross lies in another, not counting its holes.
fn check_nesting(shape: &MultiPolygon) -> Result<(), Flaw> {
    let boxes: Vec<Option<Bounds>> = shape.0.iter().map(|part| Bounds::of(&part.exterior)).collect();
    for (outer, shell) in shape.0.iter().enumerate() {
        for (inner, part) in shape.0.iter().enumerate().filter(|(inner, _)| *inner != outer) {
            let near = boxes[outer].zip(boxes[inner]).is_some_and(|(a, b)| a.intersects(&b));
            if near && encloses(shell, &part.exterior) {
                let why = format!("part {} lies inside part {}; dissolve them", inner + 1, outer + 1);
                return Err(Flaw::new(Reason::CrossingRing, why));
            }
        }
    }
    Ok(())
}

/// Widest area that is taken for a street or part of one, degrees; some 300 km.
const WIDEST_E7: i64 = 30_000_000;

/// Fails when a shape is far too wide for a street.
pub fn check_extent(shape: &MultiPolygon) -> Result<(), Flaw> {
    let Some(Bounds { min, max }) = Bounds::of(shape.rings().flatten()) else { return Ok(()) };
    let width = (i64::from(max.lon_e7) - i64::from(min.lon_e7)).max(i64::from(max.lat_e7) - i64::from(min.lat_e7));
    if width <= WIDEST_E7 {
        return Ok(());
    }
    let why = format!("the area is {:.1} degrees across, far more than a street; check its positions and its CRS", width as f64 / 1e7);
    Err(Flaw::new(Reason::BadCoordinate, why))
}

/// The ground two shapes share.
///
/// # Units
/// Square metres.
pub fn shared_m2(a: &MultiPolygon, b: &MultiPolygon) -> f64 {
    let boxes = Bounds::of(a.rings().flatten()).zip(Bounds::of(b.rings().flatten()));
    let Some((_, other)) = boxes.filter(|(a, b)| a.intersects(b)) else { return 0.0 };
    // Offsets from a corner keep the digits that the difference of two borders needs.
    let origin = other.min;
    let offset = |p: &LonLat| (p.lon() - origin.lon(), p.lat() - origin.lat());
    let ring = |r: &Ring| geo::LineString::from_iter(r.iter().map(offset));
    let shape = |shape: &MultiPolygon| {
        geo::MultiPolygon::new(
            shape.0.iter().map(|part| geo::Polygon::new(ring(&part.exterior), part.interiors.iter().map(ring).collect())).collect(),
        )
    };
    let common = shape(a).intersection(&shape(b));
    let back =
        |r: &geo::LineString| -> Ring { r.0.iter().filter_map(|c| LonLat::from_degrees(c.x + origin.lon(), c.y + origin.lat())).collect() };
    let parts =
        common.0.iter().map(|part| Polygon { exterior: back(part.exterior()), interiors: part.interiors().iter().map(back).collect() });
    measure::area_m2(&MultiPolygon(parts.collect()))
}

/// Polygons from rings that come without roles: a ring inside an odd number of others is a hole of the smallest of them.
pub fn polygons_by_nesting(rings: Vec<Ring>) -> Result<MultiPolygon, Flaw> {
    let rings: Vec<Ring> = rings.into_iter().map(clean_ring).collect::<Result<_, _>>()?;
    if let Some(at) = crossing(&rings.iter().map(Vec::as_slice).collect::<Vec<_>>()) {
        return Err(Flaw::new(Reason::CrossingRing, format!("rings cross or overlap at {}", show(at))));
    }
    let shells: Vec<Polygon> = rings.into_iter().map(|exterior| Polygon { exterior: wound(exterior, true), interiors: vec![] }).collect();
    let around: Vec<Vec<usize>> = (0..shells.len())
        .map(|inner| (0..shells.len()).filter(|&outer| outer != inner && encloses(&shells[outer], &shells[inner].exterior)).collect())
        .collect();
    let mut parts: Vec<Option<Polygon>> =
        shells.iter().zip(&around).map(|(shell, around)| around.len().is_multiple_of(2).then(|| shell.clone())).collect();
    for (inner, around) in around.iter().enumerate().filter(|(_, around)| !around.len().is_multiple_of(2)) {
        let smallest = around.iter().filter(|&&outer| parts[outer].is_some()).min_by_key(|&&outer| signed_area2(&shells[outer].exterior));
        if let Some(shell) = smallest.and_then(|&outer| parts[outer].as_mut()) {
            shell.interiors.push(wound(shells[inner].exterior.clone(), false));
        }
    }
    Ok(MultiPolygon(parts.into_iter().flatten().collect()))
}

/// A line without repeated positions; at least two must remain.
pub fn line(mut path: Vec<LonLat>) -> Result<Vec<LonLat>, Flaw> {
    path.dedup();
    if path.len() < 2 {
        return Err(Flaw::new(Reason::TooFewPositions, "the line has fewer than two distinct positions"));
    }
    Ok(path)
}

fn clean_ring(mut ring: Vec<LonLat>) -> Result<Ring, Flaw> {
    let (Some(first), Some(last)) = (ring.first(), ring.last()) else {
        return Err(Flaw::new(Reason::TooFewPositions, "the ring has no positions"));
    };
    let positions = ring.len();
    if first != last {
        return Err(Flaw::new(
            Reason::OpenRing,
            format!("the ring is not closed: it starts at {} and ends at {}", show(*first), show(*last)),
        ));
    }
    ring.dedup();
    if ring.len() < 4 {
        return Err(Flaw::new(Reason::TooFewPositions, format!("a ring needs three distinct positions; this one has {positions} in all")));
    }
    if signed_area2(&ring).abs() < LEAST_AREA2 {
        return Err(Flaw::new(Reason::NoArea, "the ring encloses no area, or less than a tenth of a square metre"));
    }
    Ok(ring)
}

fn wound(mut ring: Ring, counter_clockwise: bool) -> Ring {
    if (signed_area2(&ring) > 0) != counter_clockwise {
        ring.reverse();
    }
    ring
}

/// Whether the ring lies in the shell; decided by the first of its positions and edge middles that is not on the shell.
fn encloses(shell: &Polygon, ring: &[LonLat]) -> bool {
    let middles = ring.windows(2).map(|edge| {
        let middle = |a: i32, b: i32| (i64::from(a) + i64::from(b)).div_euclid(2) as i32;
        LonLat::new(middle(edge[0].lon_e7, edge[1].lon_e7), middle(edge[0].lat_e7, edge[1].lat_e7))
    });
    let inside = ring.iter().copied().chain(middles).map(|p| ring::side(shell, p)).find(|side| *side != Side::Border);
    inside == Some(Side::Inside)
}

fn show(p: LonLat) -> String {
    format!("{}, {}", p.lon(), p.lat())
}

#[derive(Clone, Copy)]
struct Edge {
    ring: usize,
    index: usize,
    a: LonLat,
    b: LonLat,
}

impl Edge {
    fn west(&self) -> i32 {
        self.a.lon_e7.min(self.b.lon_e7)
    }
    fn east(&self) -> i32 {
        self.a.lon_e7.max(self.b.lon_e7)
    }
    fn lats(&self) -> (i32, i32) {
        (self.a.lat_e7.min(self.b.lat_e7), self.a.lat_e7.max(self.b.lat_e7))
    }
}

/// Where closed rings without repeated positions cross or run over each other or themselves; touching at a point is allowed.
/// A sweep from west to east, exact.
fn crossing(rings: &[&[LonLat]]) -> Option<LonLat> {
    let mut edges: Vec<Edge> = rings
        .iter()
        .enumerate()
        .flat_map(|(ring, path)| path.windows(2).enumerate().map(move |(index, e)| Edge { ring, index, a: e[0], b: e[1] }))
        .collect();
    edges.sort_by_key(Edge::west);
    let mut open: Vec<Edge> = vec![];
    let mut touched = std::collections::BTreeSet::new();
    for edge in edges {
        open.retain(|other| other.east() >= edge.west());
        let (south, north) = edge.lats();
        for other in &open {
            let (low, high) = other.lats();
            if low > north || high < south {
                continue;
            }
            match meet(&edge, other) {
                Meeting::None => {}
                Meeting::Cross => return Some(edge.a),
                Meeting::At(p) => {
                    let edge_count = rings[edge.ring].len() - 1;
                    let apart = edge.index.abs_diff(other.index);
                    let neighbours = edge.ring == other.ring && (apart == 1 || apart == edge_count - 1);
                    if !neighbours || edge_count == 2 {
                        touched.insert(p);
                    }
                }
            }
        }
        open.push(edge);
    }
    touched.into_iter().find(|p| crosses_at(rings, *p))
}

enum Meeting {
    None,
    At(LonLat),
    Cross,
}

fn meet(e: &Edge, f: &Edge) -> Meeting {
    let sides = [cross(e.a, e.b, f.a), cross(e.a, e.b, f.b), cross(f.a, f.b, e.a), cross(f.a, f.b, e.b)].map(i128::signum);
    if sides[0] * sides[1] < 0 && sides[2] * sides[3] < 0 {
        return Meeting::Cross;
    }
    let on = |edge: &Edge, p| on_segment(edge.a, edge.b, p);
    let mut shared: Vec<LonLat> =
        [(f, e.a), (f, e.b), (e, f.a), (e, f.b)].into_iter().filter(|(edge, p)| on(edge, *p)).map(|(_, p)| p).collect();
    shared.sort();
    shared.dedup();
    match shared.as_slice() {
        [] => Meeting::None,
        [p] => Meeting::At(*p),
        _ => Meeting::Cross,
    }
}

/// Whether two passes of the rings through `p` cross there rather than touch.
fn crosses_at(rings: &[&[LonLat]], p: LonLat) -> bool {
    let mut passes: Vec<(LonLat, LonLat)> = vec![];
    for ring in rings {
        let count = ring.len() - 1;
        for (i, edge) in ring.windows(2).enumerate() {
            if edge[0] == p {
                passes.push((ring[(i + count - 1) % count], edge[1]));
            } else if edge[1] != p && on_segment(edge[0], edge[1], p) {
                passes.push((edge[0], edge[1]));
            }
        }
    }
    let left = |(from, to): (LonLat, LonLat), q: LonLat| {
        let (before, after) = (cross(from, p, q) > 0, cross(p, to, q) > 0);
        match cross(from, p, to).signum() {
            1 => before && after,
            -1 => before || after,
            _ => before,
        }
    };
    passes.iter().enumerate().any(|(i, a)| passes[..i].iter().any(|b| left(*a, b.0) != left(*a, b.1)))
}

/// A boundary with the questions asked of it.
#[derive(Clone, Debug)]
pub struct Enclosure {
    boundary: MultiPolygon,
    bounds: Option<Bounds>,
}

impl Enclosure {
    /// The enclosure of a boundary.
    pub fn new(boundary: MultiPolygon) -> Self {
        let bounds = Bounds::of(boundary.rings().flatten());
        Self { boundary, bounds }
    }

    /// The box around it; `None` when it is empty.
    pub fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    /// Whether it owns the position under the border rule.
    pub fn owns(&self, p: LonLat) -> bool {
        self.bounds.is_some_and(|bounds| bounds.contains(p)) && self.boundary.0.iter().any(|part| ring::owns(part, p))
    }

    /// Whether a path has a point inside or on the border.
    pub fn touches(&self, path: &[LonLat]) -> bool {
        let Some(bounds) = self.bounds else { return false };
        if !Bounds::of(path).is_some_and(|b| b.intersects(&bounds)) {
            return false;
        }
        path.first().is_some_and(|p| self.boundary.0.iter().any(|part| ring::side(part, *p) != Side::Outside))
            || path.windows(2).any(|step| self.meets(step[0], step[1], &bounds))
    }

    /// The runs of a path that come within about ten kilometres of the box around it.
    pub fn near_runs(&self, path: &[LonLat]) -> Vec<Vec<LonLat>> {
        const REACH_E7: i32 = 1_000_000;
        let Some(Bounds { min, max }) = self.bounds else { return vec![] };
        let moved = |p: LonLat, by: i32| LonLat::new(p.lon_e7.saturating_add(by), p.lat_e7.saturating_add(by));
        let near = Bounds { min: moved(min, -REACH_E7), max: moved(max, REACH_E7) };
        let mut runs: Vec<Vec<LonLat>> = vec![];
        for step in path.windows(2).filter(|step| Bounds::of(*step).is_some_and(|bounds| bounds.intersects(&near))) {
            match runs.last_mut() {
                Some(run) if run.last() == Some(&step[0]) => run.push(step[1]),
                _ => runs.push(step.to_vec()),
            }
        }
        runs
    }

    /// Whether a shape has a point inside or on the border.
    pub fn touches_shape(&self, shape: &MultiPolygon) -> bool {
        shape.rings().any(|ring| self.touches(ring))
            || self
                .boundary
                .rings()
                .filter_map(|ring| ring.first())
                .any(|p| shape.0.iter().any(|part| ring::side(part, *p) != Side::Outside))
    }

    fn meets(&self, a: LonLat, b: LonLat, bounds: &Bounds) -> bool {
        let edge = Edge { ring: 0, index: 0, a, b };
        if !(Bounds { min: a, max: a }).with(b).intersects(bounds) {
            return false;
        }
        self.boundary.rings().flat_map(|ring| ring.windows(2)).any(|side| {
            let side = Edge { ring: 1, index: 0, a: side[0], b: side[1] };
            side.west() <= edge.east()
                && edge.west() <= side.east()
                && side.lats().0 <= edge.lats().1
                && edge.lats().0 <= side.lats().1
                && !matches!(meet(&edge, &side), Meeting::None)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(points: &[(i32, i32)]) -> Vec<LonLat> {
        points.iter().map(|&(x, y)| LonLat::new(100 * x, 100 * y)).collect()
    }

    fn reason(rings: &[&[(i32, i32)]]) -> Option<Reason> {
        polygon(rings.iter().map(|r| ring(r)).collect()).err().map(|flaw| flaw.reason)
    }

    const SQUARE: &[(i32, i32)] = &[(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)];

    #[test]
    fn broken_rings_are_refused_by_name() {
        assert_eq!(reason(&[SQUARE]), None);
        assert_eq!(reason(&[]), Some(Reason::NoGeometry));
        assert_eq!(reason(&[&[(0, 0), (10, 0), (10, 10), (0, 10)]]), Some(Reason::OpenRing));
        assert_eq!(reason(&[&[(0, 0), (10, 0), (0, 0)]]), Some(Reason::TooFewPositions));
        assert_eq!(reason(&[&[(0, 0), (10, 0), (10, 0), (0, 0)]]), Some(Reason::TooFewPositions));
        assert_eq!(reason(&[&[(0, 0), (5, 5), (10, 10), (0, 0)]]), Some(Reason::NoArea));
        // A bow-tie, one that crosses at a vertex, and a spike.
        assert_eq!(reason(&[&[(0, 0), (10, 10), (10, 0), (0, 8), (0, 0)]]), Some(Reason::CrossingRing));
        assert_eq!(reason(&[&[(0, 0), (5, 5), (10, 10), (10, 0), (5, 5), (0, 12), (0, 0)]]), Some(Reason::CrossingRing));
        assert_eq!(reason(&[&[(0, 0), (10, 0), (10, 10), (20, 10), (10, 10), (0, 10), (0, 0)]]), Some(Reason::CrossingRing));
    }

    #[test]
    fn a_ring_may_touch_itself() {
        assert_eq!(reason(&[&[(0, 0), (10, 0), (10, 10), (5, 0), (0, 10), (0, 0)]]), None);
    }

    #[test]
    fn clockwise_rings_are_rewound() {
        let clockwise: Vec<_> = SQUARE.iter().rev().copied().collect();
        let hole = [(2, 2), (4, 2), (4, 4), (2, 4), (2, 2)];
        let shape = polygon(vec![ring(&clockwise), ring(&hole)]).unwrap();
        assert!(signed_area2(&shape.exterior) > 0 && signed_area2(&shape.interiors[0]) < 0);
        assert_eq!(reason(&[SQUARE, &[(20, 20), (24, 20), (24, 24), (20, 20)]]), Some(Reason::HoleOutside));
        assert_eq!(reason(&[SQUARE, &[(8, 8), (14, 8), (14, 9), (8, 9), (8, 8)]]), Some(Reason::CrossingRing));
    }

    #[test]
    fn nesting_decides_what_is_a_hole() {
        let square = |from: i32, to: i32| ring(&[(from, from), (to, from), (to, to), (from, to), (from, from)]);
        let shape = polygons_by_nesting(vec![square(2, 8), square(0, 10), square(4, 6), square(20, 30)]).unwrap();
        let holes: Vec<usize> = shape.0.iter().map(|part| part.interiors.len()).collect();
        assert_eq!((shape.0.len(), holes.iter().sum::<usize>()), (3, 1));
    }

    #[test]
    fn shared_ground_is_measured() {
        let square = |west: i32, size: i32| -> MultiPolygon {
            polygon(vec![
                [(west, 0), (west + size, 0), (west + size, size), (west, size), (west, 0)].map(|(x, y)| LonLat::new(x, y)).to_vec(),
            ])
            .unwrap()
            .into()
        };
        // 1e5 steps are 0.01 degree: 1113.2 m along the equator, 1105.7 m along the meridian.
        let (a, b) = (square(0, 100_000), square(75_000, 100_000));
        let quarter = 1_113.195 * 1_105.743 / 4.0;
        assert!((shared_m2(&a, &b) / quarter - 1.0).abs() < 1e-4, "{} {quarter}", shared_m2(&a, &b));
        assert!(shared_m2(&a, &square(100_000, 100_000)) < 0.01);
        assert_eq!(shared_m2(&a, &square(300_000, 100_000)), 0.0);
    }

    #[test]
    fn what_touches_a_boundary() {
        let area = Enclosure::new(polygon(vec![ring(SQUARE)]).unwrap().into());
        assert!(area.touches(&ring(&[(-5, 5), (15, 5)])), "passes through");
        assert!(area.touches(&ring(&[(4, 4), (5, 5)])), "lies inside");
        assert!(area.touches(&ring(&[(-5, 10), (0, 10)])), "ends on the corner");
        assert!(!area.touches(&ring(&[(-5, 11), (15, 11)])));
        assert!(area.touches_shape(&polygon(vec![ring(&[(-5, -5), (15, -5), (15, 15), (-5, 15), (-5, -5)])]).unwrap().into()));
    }
}
