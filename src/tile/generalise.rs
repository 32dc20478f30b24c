//! Arcs simplified once per zoom on that zoom's integer grid, end nodes fixed, never across one another.

use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Rectangle},
};

use super::pyramid::Pixel;

/// From this zoom on lines are only rounded to the grid, which is finer than what the eye sees there.
pub const EXACT_ZOOM: u8 = 16;
/// How far a line may move, in pixels of the grid: half a screen pixel of a 512-pixel tile. What crosses something is done
/// again with the next smaller one.
const TOLERANCES: [f64; 4] = [4.0, 2.0, 1.0, 0.0];

/// How far a line may move at a zoom.
pub fn tolerance(z: u8) -> f64 {
    if z < EXACT_ZOOM { TOLERANCES[0] } else { 0.0 }
}

/// All paths of a coverage at a zoom below [`EXACT_ZOOM`], in order. A path may shrink to one pixel. Rounding to the grid may still
/// press two lines into a crossing of less than a pixel; simplification adds none.
pub fn simplify_all(exact: &[Vec<Pixel>]) -> Vec<Vec<Pixel>> {
    let mut step = vec![0usize; exact.len()];
    let mut arcs: Vec<Vec<Pixel>> = exact.iter().map(|path| simplify(path, TOLERANCES[0])).collect();
    for _ in 1..TOLERANCES.len() {
        let crossing = crossing_arcs(&arcs);
        if crossing.is_empty() {
            break;
        }
        for arc in crossing {
            if step[arc] + 1 < TOLERANCES.len() {
                step[arc] += 1;
                arcs[arc] = simplify(&exact[arc], TOLERANCES[step[arc]]);
            }
        }
    }
    arcs
}

/// Arcs that properly cross another, or themselves; sorted.
fn crossing_arcs(arcs: &[Vec<Pixel>]) -> Vec<usize> {
    let corner = |p: Pixel| [p.x as f64, p.y as f64];
    let segments: Vec<(usize, Pixel, Pixel)> =
        arcs.iter().enumerate().flat_map(|(i, path)| path.windows(2).map(move |s| (i, s[0], s[1]))).collect();
    let boxes = segments.iter().enumerate().map(|(i, s)| GeomWithData::new(Rectangle::from_corners(corner(s.1), corner(s.2)), i));
    let tree = RTree::bulk_load(boxes.collect());
    let mut crossing = Vec::new();
    for (i, &(arc, a, b)) in segments.iter().enumerate() {
        let near = tree.locate_in_envelope_intersecting(AABB::from_corners(corner(a), corner(b)));
        for &(other, c, d) in near.filter(|other| other.data > i).map(|other| &segments[other.data]) {
            if cross_properly(a, b, c, d) {
                crossing.extend([arc, other]);
            }
        }
    }
    crossing.sort_unstable();
    crossing.dedup();
    crossing
}

fn turn(a: Pixel, b: Pixel, c: Pixel) -> i128 {
    i128::from(b.x - a.x) * i128::from(c.y - a.y) - i128::from(b.y - a.y) * i128::from(c.x - a.x)
}

fn cross_properly(a: Pixel, b: Pixel, c: Pixel, d: Pixel) -> bool {
    let (abc, abd, cda, cdb) = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b));
    abc.signum() * abd.signum() < 0 && cda.signum() * cdb.signum() < 0
}

/// Simplifies a path (Douglas & Peucker 1973); the ends stay. A closed path keeps at least four points as long as it has them.
pub fn simplify(path: &[Pixel], tolerance: f64) -> Vec<Pixel> {
    let last = path.len().saturating_sub(1);
    if path.len() <= 2 || tolerance <= 0.0 {
        return path.to_vec();
    }
    let mut keep = vec![false; path.len()];
    (keep[0], keep[last]) = (true, true);
    if path[0] == path[last] {
        let far = farthest(path, 0, last).0;
        keep[far] = true;
        mark(path, 0, far, tolerance, &mut keep);
        mark(path, far, last, tolerance, &mut keep);
        if keep.iter().filter(|k| **k).count() < 4 && path.len() >= 4 {
            let (before, after) = (farthest(path, 0, far), farthest(path, far, last));
            keep[if before.1 >= after.1 { before.0 } else { after.0 }] = true;
        }
    } else {
        mark(path, 0, last, tolerance, &mut keep);
    }
    path.iter().zip(keep).filter(|(_, keep)| *keep).map(|(p, _)| *p).collect()
}

fn mark(path: &[Pixel], from: usize, to: usize, tolerance: f64, keep: &mut [bool]) {
    let mut open = vec![(from, to)];
    while let Some((from, to)) = open.pop() {
        if to <= from + 1 {
            continue;
        }
        let (far, distance_2) = farthest(path, from, to);
        if distance_2 > tolerance * tolerance {
            keep[far] = true;
            open.extend([(from, far), (far, to)]);
        }
    }
}

/// The point strictly between two of a path that lies farthest from their segment, and its squared distance; `from` when none does.
fn farthest(path: &[Pixel], from: usize, to: usize) -> (usize, f64) {
    let (a, b) = (path[from], path[to]);
    let (dx, dy) = ((b.x - a.x) as f64, (b.y - a.y) as f64);
    let length_2 = dx * dx + dy * dy;
    let mut best = (from, -1.0);
    for (i, p) in path.iter().enumerate().take(to).skip(from + 1) {
        let (px, py) = ((p.x - a.x) as f64, (p.y - a.y) as f64);
        let t = if length_2 > 0.0 { ((px * dx + py * dy) / length_2).clamp(0.0, 1.0) } else { 0.0 };
        let distance_2 = (px - t * dx).powi(2) + (py - t * dy).powi(2);
        if distance_2 > best.1 {
            best = (i, distance_2);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(points: &[(i64, i64)]) -> Vec<Pixel> {
        points.iter().map(|p| Pixel::new(p.0, p.1)).collect()
    }

    #[test]
    fn a_straight_line_keeps_its_ends() {
        assert_eq!(simplify(&path(&[(0, 0), (5, 1), (10, -1), (20, 0)]), 4.0), path(&[(0, 0), (20, 0)]));
        assert_eq!(simplify(&path(&[(0, 0), (10, 9), (20, 0)]), 4.0).len(), 3);
    }

    #[test]
    fn a_small_closed_path_stays_a_triangle() {
        let ring = path(&[(0, 0), (2, 0), (2, 2), (0, 2), (0, 0)]);
        assert_eq!(simplify(&ring, 4.0).len(), 4);
    }

    #[test]
    fn a_line_is_not_simplified_across_another() {
        // The second line ends in the bend of the first, above the first's chord.
        let bend = path(&[(0, 0), (50, 3), (100, 0)]);
        let spur = path(&[(50, 1), (50, -60)]);
        assert_eq!(simplify(&bend, 4.0).len(), 2);
        assert_eq!(simplify_all(&[bend.clone(), spur.clone()]), [bend, spur]);
    }

    #[test]
    fn crossing_arcs_are_found() {
        let arcs = [path(&[(0, 0), (10, 10)]), path(&[(0, 10), (10, 0)]), path(&[(0, 0), (0, 10)])];
        assert_eq!(crossing_arcs(&arcs), [0, 1]);
    }
}
