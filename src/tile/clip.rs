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
    let (over, under) = (i128::from(vb - va) * i128::from(at - a), i128::from(b - a));
    let (over, under) = if under < 0 { (-over, -under) } else { (over, under) };
    va + (2 * over + under).div_euclid(2 * under) as i64
}

/// Clips a closed ring (Sutherland & Hodgman 1974), given and returned without the repeated last point, in pixels from the
/// tile's corner. Consecutive equal points are dropped; fewer than three points come back as none.
pub fn clip_ring(ring: &[Pixel]) -> Vec<Pixel> {
    let mut ring = ring.to_vec();
    for side in SIDES {
        if ring.iter().all(|p| side.keeps(*p)) {
            continue;
        }
        let mut kept = Vec::with_capacity(ring.len() + 4);
        for (i, &b) in ring.iter().enumerate() {
            let a = ring[if i == 0 { ring.len() - 1 } else { i - 1 }];
            if side.keeps(a) != side.keeps(b) {
                kept.push(side.meet(a, b));
            }
            if side.keeps(b) {
                kept.push(b);
            }
        }
        ring = kept;
    }
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    if ring.len() < 3 { Vec::new() } else { ring }
}

/// Clips a line, in pixels from the tile's corner, to the pieces inside; each has at least two points.
pub fn clip_line(line: &[Pixel]) -> Vec<Vec<Pixel>> {
    let mut lines = vec![line.to_vec()];
    for side in SIDES {
        lines = lines.into_iter().flat_map(|line| clip_line_at(&line, side)).collect();
    }
    for line in &mut lines {
        line.dedup();
    }
    lines.retain(|line| line.len() > 1);
    lines
}

fn clip_line_at(line: &[Pixel], side: Side) -> Vec<Vec<Pixel>> {
    if line.iter().all(|p| side.keeps(*p)) {
        return vec![line.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    for (i, &b) in line.iter().enumerate() {
        if i > 0 && side.keeps(line[i - 1]) != side.keeps(b) {
            piece.push(side.meet(line[i - 1], b));
        }
        if side.keeps(b) {
            piece.push(b);
        } else if !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    pieces.push(piece);
    pieces.retain(|piece| piece.len() > 1);
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
