//! The smallest circle around points in a plane (Welzl 1991, as the incremental algorithm of de Berg et al., *Computational
//! Geometry*, 4.7).

/// A circle in a plane.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Circle {
    /// Centre.
    pub centre: [f64; 2],
    /// Radius, in the unit of the centre.
    pub radius: f64,
}

impl Circle {
    /// With the two points on opposite ends.
    fn between(a: [f64; 2], b: [f64; 2]) -> Self {
        let centre = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
        Self { centre, radius: distance(centre, a).max(distance(centre, b)) }
    }

    /// Through three points; of three on a line, between the outermost two.
    fn through(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> Self {
        let ([bx, by], [cx, cy]) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
        let (bb, cc, turn) = (bx * bx + by * by, cx * cx + cy * cy, 2.0 * (bx * cy - by * cx));
        let centre = [a[0] + (cy * bb - by * cc) / turn, a[1] + (bx * cc - cx * bb) / turn];
        if turn == 0.0 || !centre[0].is_finite() || !centre[1].is_finite() {
            let pairs = [Self::between(a, b), Self::between(b, c), Self::between(a, c)];
            return pairs.into_iter().max_by(|x, y| x.radius.total_cmp(&y.radius)).unwrap_or_default();
        }
        Self { centre, radius: [a, b, c].map(|p| distance(centre, p)).into_iter().fold(0.0, f64::max) }
    }

    /// Whether the point lies inside or, up to rounding, on the circle.
    pub fn contains(&self, p: [f64; 2]) -> bool {
        distance(self.centre, p) <= self.radius * (1.0 + 1e-12)
    }
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The smallest circle that holds all points; of no points, a circle of nothing.
///
/// O(n) expected for points in no particular order, O(n³) at worst: give it the hull's corners.
pub fn smallest_around(points: &[[f64; 2]]) -> Circle {
    let Some(&first) = points.first() else { return Circle::default() };
    let mut circle = Circle { centre: first, radius: 0.0 };
    for (i, &p) in points.iter().enumerate() {
        if circle.contains(p) {
            continue;
        }
        circle = Circle { centre: p, radius: 0.0 };
        for (j, &q) in points[..i].iter().enumerate() {
            if circle.contains(q) {
                continue;
            }
            circle = Circle::between(p, q);
            for &r in &points[..j] {
                if !circle.contains(r) {
                    circle = Circle::through(p, q, r);
                }
            }
        }
    }
    circle
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_circles() {
        assert_eq!(smallest_around(&[]), Circle::default());
        assert_eq!(smallest_around(&[[3.0, 4.0]]), Circle { centre: [3.0, 4.0], radius: 0.0 });
        assert_eq!(smallest_around(&[[0.0, 0.0], [6.0, 8.0], [3.0, 4.0]]), Circle { centre: [3.0, 4.0], radius: 5.0 });
        let square = smallest_around(&[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]);
        assert!((square.radius - 2f64.sqrt()).abs() < 1e-12);
        // An obtuse triangle's is the one over its longest side, not the one through its corners.
        assert_eq!(smallest_around(&[[0.0, 0.0], [10.0, 0.0], [5.0, 1.0]]), Circle { centre: [5.0, 0.0], radius: 5.0 });
    }

    proptest! {
        #[test]
        fn it_holds_all_points_and_no_smaller_one_does(points in prop::collection::vec((-100i32..100, -100i32..100), 1..25)) {
            let points: Vec<[f64; 2]> = points.iter().map(|&(x, y)| [f64::from(x), f64::from(y)]).collect();
            let circle = smallest_around(&points);
            for p in &points {
                prop_assert!(distance(circle.centre, *p) <= circle.radius + 1e-9);
            }
            // Brute force: the smallest of all circles over two points and through three that hold everything.
            let mut least = if points.iter().all(|p| *p == points[0]) { 0.0 } else { f64::INFINITY };
            let mut offer = |c: Circle| if points.iter().all(|p| distance(c.centre, *p) <= c.radius + 1e-9) { least = f64::min(least, c.radius) };
            for (i, a) in points.iter().enumerate() {
                for (j, b) in points[..i].iter().enumerate() {
                    offer(Circle::between(*a, *b));
                    points[..j].iter().for_each(|c| offer(Circle::through(*a, *b, *c)));
                }
            }
            prop_assert!((circle.radius - least).abs() < 1e-6, "{} is not {}", circle.radius, least);
        }
    }
}
