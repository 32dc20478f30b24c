//! Rings and lines cut to a tile and its buffer, in integers. A segment is cut the same in both directions, so that two
//! neighbours' shared edges stay the same.

use super::pyramid::{BUFFER, EXTENT, Pixel};

/// One side of the box: pixels are kept where `sign * coordinate <= bound`.
#[derive(Clone, Copy)]
struct Side {
    vertical: bool,
    sign: i64,
    bound: i64,
}

const SIDES: [Side; 4] = [
    Side { vertical: true, sign: -1, bound: BUFFER },
    Side { vertical: true, sign: 1, bound: EXTENT + BUFFER },
    Side { vertical: false, sign: -1, bound: BUFFER },
    Side { vertical: false, sign: 1, bound: EXTENT + BUFFER },
];

impl Side {
    fn keeps(self, p: Pixel) -> bool {
        self.sign * if self.vertical { p.x } else { p.y } <= self.bound
    }

    /// Where the segment meets the side, rounded half up; the order of the ends does not matter, since what is rounded is the
    /// same number from either of them.
    fn meet(self, a: Pixel, b: Pixel) -> Pixel {
        let bound = self.sign * self.bound;
        if self.vertical {
            Pixel::new(bound, interpolate(a.x, a.y, b.x, b.y, bound))
        } else {
            Pixel::new(interpolate(a.y, a.x, b.y, b.x, bound), bound)
        }
    }
}

/// The second ordinate where the first is `at`, rounded half up.
fn interpolate(a: i64, va: i64, b: i64, vb: i64, at: i64) -> i64 {
    let (over, under) = if b < a { (a - at, a - b) } else { (at - a, b - a) };
    // Deep in the pyramid a ring may reach so far that a product needs more bits.
    match (vb - va).checked_mul(2 * over).and_then(|v| v.checked_add(under)) {
        Some(v) => va + v.div_euclid(2 * under),
        None => va + (2 * i128::from(vb - va) * i128::from(over) + i128::from(under)).div_euclid(2 * i128::from(under)) as i64,
    }
}

/// Clips one path after the other without allocating for each.
#[derive(Debug, Default)]
pub struct Clipper {
    points: Vec<Pixel>,
    spare: Vec<Pixel>,
    /// Where the pieces of a line end in `points`.
    ends: Vec<usize>,
    spare_ends: Vec<usize>,
}

impl Clipper {
    /// Clips a closed ring (Sutherland & Hodgman 1974), given and returned without the repeated last point, in pixels from the
    /// tile's corner. Consecutive equal points are dropped; fewer than three points come back as none.
    pub fn ring(&mut self, ring: impl Iterator<Item = Pixel>) -> &[Pixel] {
        let crossed = self.take(ring);
        for side in crossed {
            self.spare.clear();
            let Some(&last) = self.points.last() else { break };
            let (mut a, mut keeps_a) = (last, side.keeps(last));
            for &b in &self.points {
                let keeps_b = side.keeps(b);
                if keeps_a != keeps_b {
                    self.spare.push(side.meet(a, b));
                }
                if keeps_b {
                    self.spare.push(b);
                }
                (a, keeps_a) = (b, keeps_b);
            }
            std::mem::swap(&mut self.points, &mut self.spare);
        }
        self.points.dedup();
        while self.points.len() > 1 && self.points.first() == self.points.last() {
            self.points.pop();
        }
        if self.points.len() < 3 { &[] } else { &self.points }
    }

    /// Clips a line, in pixels from the tile's corner, and hands out the pieces inside; each has at least two points.
    pub fn line(&mut self, line: impl Iterator<Item = Pixel>, mut each: impl FnMut(&[Pixel])) {
        let crossed = self.take(line);
        self.ends.clear();
        self.ends.push(self.points.len());
        for side in crossed {
            self.cut_pieces(side);
        }
        let mut start = 0;
        for &end in &self.ends {
            self.spare.clear();
            self.spare.extend_from_slice(&self.points[start..end]);
            self.spare.dedup();
            if self.spare.len() > 1 {
                each(&self.spare);
            }
            start = end;
        }
    }

    /// Takes the points in and says which sides some of them lie beyond.
    fn take<I: Iterator<Item = Pixel>>(&mut self, points: I) -> impl Iterator<Item = Side> + use<I> {
        self.points.clear();
        let (mut min, mut max) = (Pixel::new(i64::MAX, i64::MAX), Pixel::new(i64::MIN, i64::MIN));
        self.points.extend(points.inspect(|p| {
            min = Pixel::new(min.x.min(p.x), min.y.min(p.y));
            max = Pixel::new(max.x.max(p.x), max.y.max(p.y));
        }));
        SIDES.into_iter().filter(move |side| min <= max && !(side.keeps(min) && side.keeps(max)))
    }

    fn cut_pieces(&mut self, side: Side) {
        self.spare.clear();
        self.spare_ends.clear();
        let (mut start, mut begun) = (0, 0);
        for &end in &self.ends {
            let mut previous: Option<(Pixel, bool)> = None;
            for &b in &self.points[start..end] {
                let keeps_b = side.keeps(b);
                if let Some((a, _)) = previous.filter(|(_, keeps_a)| *keeps_a != keeps_b) {
                    self.spare.push(side.meet(a, b));
                }
                if keeps_b {
                    self.spare.push(b);
                } else {
                    begun = close_piece(&mut self.spare, &mut self.spare_ends, begun);
                }
                previous = Some((b, keeps_b));
            }
            begun = close_piece(&mut self.spare, &mut self.spare_ends, begun);
            start = end;
        }
        std::mem::swap(&mut self.points, &mut self.spare);
        std::mem::swap(&mut self.ends, &mut self.spare_ends);
    }
}

/// Ends the piece that began at `begun`, or forgets it when it is no line; says where the next begins.
fn close_piece(points: &mut Vec<Pixel>, ends: &mut Vec<usize>, begun: usize) -> usize {
    if points.len() > begun + 1 {
        ends.push(points.len());
    } else {
        points.truncate(begun);
    }
    points.len()
}

/// [`Clipper::ring`] for one ring.
pub fn clip_ring(ring: &[Pixel]) -> Vec<Pixel> {
    Clipper::default().ring(ring.iter().copied()).to_vec()
}

/// [`Clipper::line`] for one line.
pub fn clip_line(line: &[Pixel]) -> Vec<Vec<Pixel>> {
    let mut pieces = Vec::new();
    Clipper::default().line(line.iter().copied(), |piece| pieces.push(piece.to_vec()));
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn p(x: i64, y: i64) -> Pixel {
        Pixel::new(x, y)
    }

    #[test]
    fn a_ring_around_the_tile_becomes_the_box() {
        let mut ring = clip_ring(&[p(-9000, -9000), p(9000, -9000), p(9000, 9000), p(-9000, 9000)]);
        ring.sort_unstable();
        assert_eq!(ring, [p(-64, -64), p(-64, 4160), p(4160, -64), p(4160, 4160)]);
    }

    #[test]
    fn a_line_that_leaves_and_comes_back_is_two() {
        let lines = clip_line(&[p(0, 0), p(0, -100), p(100, -100), p(100, 0)]);
        assert_eq!(lines, [vec![p(0, 0), p(0, -64)], vec![p(100, -64), p(100, 0)]]);
    }

    proptest! {
        #[test]
        fn a_segment_is_cut_the_same_both_ways(ax in -9000..9000i64, ay in -9000..9000i64, bx in -9000..9000i64, by in -9000..9000i64) {
            let mut back = clip_line(&[p(bx, by), p(ax, ay)]);
            for line in &mut back {
                line.reverse();
            }
            prop_assert_eq!(clip_line(&[p(ax, ay), p(bx, by)]), back);
        }
    }
}
