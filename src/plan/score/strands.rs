//! Straight pieces of lines in the plane, with a tree over them, and what runs beside them.

use rstar::{AABB, PointDistance, RTree, RTreeObject};

use crate::geometry::measure::foot_on_segment;

/// A point of the plane, in metres.
pub type Point = [f64; 2];

/// A straight piece and whose it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strand {
    /// Start.
    pub a: Point,
    /// End.
    pub b: Point,
    /// What it belongs to.
    pub of: u32,
}

impl Strand {
    /// Metres from a point.
    pub fn distance(&self, p: Point) -> f64 {
        let foot = foot_on_segment(p, self.a, self.b);
        (p[0] - foot[0]).hypot(p[1] - foot[1])
    }

    /// Whether two strands run beside each other, at most `reach` apart, for more than `reach`.
    pub fn is_beside(&self, other: &Self, reach: f64) -> bool {
        let (Some([mut a, mut b]), Some([c, d])) = (self.shadow(other), other.shadow(self)) else { return false };
        let distance = |p: Point, q: Point| (p[0] - q[0]).hypot(p[1] - q[1]);
        if distance(a, d) < distance(a, c) {
            (a, b) = (b, a);
        }
        distance(a, b) > reach && distance(c, d) > reach && distance(a, c) <= reach && distance(b, d) <= reach
    }

    /// The part of this strand on which another one, looking at it squarely, throws its shadow.
    fn shadow(&self, other: &Self) -> Option<[Point; 2]> {
        let [dx, dy] = [self.b[0] - self.a[0], self.b[1] - self.a[1]];
        let place = |p: Point| ((p[0] - self.a[0]) * dx + (p[1] - self.a[1]) * dy) / (dx * dx + dy * dy);
        let (from, to) = (place(other.a).min(place(other.b)).max(0.0), place(other.a).max(place(other.b)).min(1.0));
        (from < to).then(|| [from, to].map(|t| [self.a[0] + t * dx, self.a[1] + t * dy]))
    }

    /// Where on the segment `p → q` (0 to 1) its points are at most `reach` from this strand: an interval, as a capsule is convex.
    fn alongside(&self, p: Point, q: Point, reach: f64) -> Option<[f64; 2]> {
        let d = [q[0] - p[0], q[1] - p[1]];
        let squared = d[0] * d[0] + d[1] * d[1];
        let disc = |centre: Point| -> Option<[f64; 2]> {
            let from = [p[0] - centre[0], p[1] - centre[1]];
            let half = from[0] * d[0] + from[1] * d[1];
            let root = (half * half - squared * (from[0] * from[0] + from[1] * from[1] - reach * reach)).sqrt();
            (root >= 0.0).then(|| [(-half - root) / squared, (-half + root) / squared])
        };
        // The rectangle between the discs: where the place along the strand and the one across it are both within bounds.
        let along = [self.b[0] - self.a[0], self.b[1] - self.a[1]];
        let length = along[0].hypot(along[1]);
        let rectangle = || -> Option<[f64; 2]> {
            let unit = [along[0] / length, along[1] / length];
            let from = [p[0] - self.a[0], p[1] - self.a[1]];
            let place = [from[0] * unit[0] + from[1] * unit[1], d[0] * unit[0] + d[1] * unit[1]];
            let offset = [from[1] * unit[0] - from[0] * unit[1], d[1] * unit[0] - d[0] * unit[1]];
            let [low, high] = between(place, 0.0, length)?;
            let [from, to] = between(offset, -reach, reach)?;
            (low.max(from) <= high.min(to)).then(|| [low.max(from), high.min(to)])
        };
        let parts = [disc(self.a), disc(self.b), if length > 0.0 { rectangle() } else { None }];
        let whole = parts.into_iter().flatten().reduce(|s, t| [s[0].min(t[0]), s[1].max(t[1])])?;
        (whole[0] < 1.0 && whole[1] > 0.0).then(|| [whole[0].max(0.0), whole[1].min(1.0)])
    }
}

/// Where `low ≤ start + t·step ≤ high`.
fn between([start, step]: [f64; 2], low: f64, high: f64) -> Option<[f64; 2]> {
    if step == 0.0 {
        return (low..=high).contains(&start).then_some([f64::NEG_INFINITY, f64::INFINITY]);
    }
    let (s, t) = ((low - start) / step, (high - start) / step);
    Some([s.min(t), s.max(t)])
}

impl RTreeObject for Strand {
    type Envelope = AABB<Point>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.a, self.b)
    }
}

impl PointDistance for Strand {
    fn distance_2(&self, point: &Point) -> f64 {
        self.distance(*point).powi(2)
    }
}

/// Strands with their tree.
#[derive(Debug)]
pub struct Strands(RTree<Strand>);

impl FromIterator<Strand> for Strands {
    fn from_iter<I: IntoIterator<Item = Strand>>(strands: I) -> Self {
        Self(RTree::bulk_load(strands.into_iter().collect()))
    }
}

impl Strands {
    /// Strands whose boxes come within `reach` of the box around two points.
    pub fn around(&self, a: Point, b: Point, reach: f64) -> impl Iterator<Item = &Strand> {
        let low = [a[0].min(b[0]) - reach, a[1].min(b[1]) - reach];
        let high = [a[0].max(b[0]) + reach, a[1].max(b[1]) + reach];
        self.0.locate_in_envelope_intersecting(AABB::from_corners(low, high))
    }

    /// Whether a point is at most `reach` from a strand.
    pub fn is_near(&self, p: Point, reach: f64) -> bool {
        self.around(p, p, reach).any(|s| s.distance(p) <= reach)
    }

    /// The strand nearest to a point.
    pub fn nearest(&self, p: Point) -> Option<&Strand> {
        self.0.nearest_neighbor(p)
    }

    /// The pieces of `a → b` farther than `reach` from every strand.
    pub fn away(&self, a: Point, b: Point, reach: f64) -> Vec<[Point; 2]> {
        let mut near: Vec<[f64; 2]> = self.around(a, b, reach).filter_map(|s| s.alongside(a, b, reach)).collect();
        near.sort_by(|s, t| s[0].total_cmp(&t[0]));
        near.push([1.0, 1.0]);
        let at = |t: f64| [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
        let (mut pieces, mut from) = (Vec::new(), 0.0);
        for [begin, end] in near {
            if begin > from {
                // Ends keep their place to the bit.
                pieces.push([if from == 0.0 { a } else { at(from) }, if begin == 1.0 { b } else { at(begin) }]);
            }
            from = f64::max(from, end);
        }
        pieces
    }

    /// The parameters (0 to 1) at which `a → b` crosses strands, in order.
    pub fn crossings(&self, a: Point, b: Point) -> Vec<f64> {
        let d = [b[0] - a[0], b[1] - a[1]];
        let crossing = |s: &Strand| {
            let e = [s.b[0] - s.a[0], s.b[1] - s.a[1]];
            let turn = d[0] * e[1] - d[1] * e[0];
            let from = [s.a[0] - a[0], s.a[1] - a[1]];
            let (t, u) = ((from[0] * e[1] - from[1] * e[0]) / turn, (from[0] * d[1] - from[1] * d[0]) / turn);
            ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then_some(t)
        };
        let mut at: Vec<f64> = self.around(a, b, 0.0).filter_map(crossing).collect();
        at.sort_by(f64::total_cmp);
        at
    }
}

/// Cuts a piece into equal samples of at most `step` metres: the middle of each, and the length of each.
pub fn samples([a, b]: [Point; 2], step: f64) -> impl Iterator<Item = (Point, f64)> {
    let length = (b[0] - a[0]).hypot(b[1] - a[1]);
    let count = (length / step).ceil().max(1.0);
    (0..count as usize).map(move |i| {
        let t = (i as f64 + 0.5) / count;
        ([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])], length / count)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strands(pieces: &[[Point; 2]]) -> Strands {
        pieces.iter().map(|&[a, b]| Strand { a, b, of: 0 }).collect()
    }

    #[test]
    fn what_is_away_is_what_is_left_of_the_capsule() {
        let wall = strands(&[[[0.0, 0.0], [10.0, 0.0]]]);
        // Across the middle, across the round end, beside it within reach, beside it out of reach.
        assert_eq!(wall.away([5.0, -2.0], [5.0, 2.0], 0.5), [[[5.0, -2.0], [5.0, -0.5]], [[5.0, 0.5], [5.0, 2.0]]]);
        let around_the_end = wall.away([10.3, -2.0], [10.3, 2.0], 0.5);
        assert!((around_the_end[0][1][1] + 0.4).abs() < 1e-12 && (around_the_end[1][0][1] - 0.4).abs() < 1e-12, "{around_the_end:?}");
        assert_eq!(wall.away([1.0, 0.2], [9.0, 0.3], 0.5), Vec::<[Point; 2]>::new());
        assert_eq!(wall.away([1.0, 0.6], [9.0, 0.6], 0.5), [[[1.0, 0.6], [9.0, 0.6]]]);
    }

    #[test]
    fn beside_is_not_meeting_at_a_corner() {
        let strand = |a: Point, b: Point| Strand { a, b, of: 0 };
        let wall = strand([0.0, 0.0], [10.0, 0.0]);
        let beside = |a: Point, b: Point| (wall.is_beside(&strand(a, b), 0.1), strand(b, a).is_beside(&wall, 0.1));
        assert_eq!(beside([2.0, 0.05], [12.0, 0.06]), (true, true));
        assert_eq!(beside([2.0, 0.05], [2.05, 0.05]), (false, false), "too short");
        assert_eq!(beside([0.0, 0.0], [5.0, 3.0]), (false, false), "a corner");
        assert_eq!(beside([10.0, 0.0], [20.0, 0.0]), (false, false), "end to end");
        assert_eq!(beside([0.0, 0.2], [10.0, 0.2]), (false, false), "too far");
    }

    #[test]
    fn samples_are_the_middles_of_equal_pieces() {
        let all: Vec<(Point, f64)> = samples([[0.0, 0.0], [2.5, 0.0]], 1.0).collect();
        assert_eq!(all.len(), 3);
        assert!(
            all.iter().zip([2.5 / 6.0, 1.25, 2.5 * 5.0 / 6.0]).all(|((p, l), x)| (p[0] - x).abs() < 1e-12 && (l - 2.5 / 3.0).abs() < 1e-12)
        );
    }

    proptest! {
        #[test]
        fn away_and_near_agree_at_every_point(
            walls in prop::collection::vec((0.0..9.0f64, 0.0..9.0f64, 0.0..9.0f64, 0.0..9.0f64), 1..6),
            (ax, ay, bx, by) in (0.0..9.0f64, 0.0..9.0f64, 0.0..9.0f64, 0.0..9.0f64),
            t in 0.0..1.0f64,
        ) {
            let walls: Vec<[Point; 2]> = walls.iter().map(|&(a, b, c, d)| [[a, b], [c, d]]).collect();
            let tree = strands(&walls);
            let p = [ax + t * (bx - ax), ay + t * (by - ay)];
            let least = walls.iter().map(|&[a, b]| Strand { a, b, of: 0 }.distance(p)).fold(f64::INFINITY, f64::min);
            prop_assume!((least - 1.0).abs() > 1e-6);
            let length = |[a, b]: &[Point; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
            let on = |piece: &&[Point; 2]| (length(&[piece[0], p]) + length(&[p, piece[1]]) - length(piece)).abs() < 1e-9;
            let pieces = tree.away([ax, ay], [bx, by], 1.0);
            prop_assert_eq!(pieces.iter().filter(on).count() > 0, least > 1.0);
            prop_assert_eq!(tree.is_near(p, 1.0), least <= 1.0);
        }
    }
}
