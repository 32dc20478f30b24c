//! Plain plane geometry for drawing the city: points, convex polygons, oriented rectangles.

use std::ops::{Add, Mul, Sub};

/// A place in a plane, metres. In the plan it is the undistorted drawing; on the ground it is metres east and north of the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Xy {
    pub x: f64,
    pub y: f64,
}

impl Xy {
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// The unit vector at an angle, radians counter-clockwise from east.
    pub fn at_angle(angle: f64) -> Self {
        Self::new(angle.cos(), angle.sin())
    }

    pub fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }

    /// Positive when `other` lies to the left.
    pub fn cross(self, other: Self) -> f64 {
        self.x * other.y - self.y * other.x
    }

    pub fn norm(self) -> f64 {
        self.x.hypot(self.y)
    }

    pub fn distance(self, other: Self) -> f64 {
        (self - other).norm()
    }

    /// The vector of length 1; east for a zero vector.
    pub fn unit(self) -> Self {
        let norm = self.norm();
        if norm > 0.0 { self * (1.0 / norm) } else { Self::new(1.0, 0.0) }
    }

    /// A quarter turn to the left.
    pub fn left(self) -> Self {
        Self::new(-self.y, self.x)
    }

    pub fn angle(self) -> f64 {
        self.y.atan2(self.x)
    }

    /// The place at a share of the way to `other`.
    pub fn towards(self, other: Self, share: f64) -> Self {
        self + (other - self) * share
    }
}

impl Add for Xy {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Xy {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f64> for Xy {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}

/// The edges of an open list of corners, the last back to the first.
pub(super) fn edges(corners: &[Xy]) -> impl Iterator<Item = (Xy, Xy)> + '_ {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1)).take(corners.len())
}

/// Area, positive when the corners run counter-clockwise.
pub(super) fn area(corners: &[Xy]) -> f64 {
    edges(corners).map(|(a, b)| a.cross(b)).sum::<f64>() / 2.0
}

/// Centre of gravity of a polygon with an area.
pub(super) fn centroid(corners: &[Xy]) -> Xy {
    let twice: f64 = edges(corners).map(|(a, b)| a.cross(b)).sum();
    let sum = edges(corners).fold(Xy::default(), |sum, (a, b)| sum + (a + b) * a.cross(b));
    sum * (1.0 / (3.0 * twice))
}

/// Whether a polygon contains the place; places on an edge may count either way.
pub(super) fn contains(corners: &[Xy], p: Xy) -> bool {
    edges(corners).filter(|(a, b)| (a.y > p.y) != (b.y > p.y) && ((*b - *a).cross(p - *a) > 0.0) == (b.y > a.y)).count() % 2 == 1
}

/// Distance from a place to a segment.
pub(super) fn distance_to_segment(p: Xy, a: Xy, b: Xy) -> f64 {
    let along = b - a;
    let length2 = along.dot(along);
    let share = if length2 > 0.0 { ((p - a).dot(along) / length2).clamp(0.0, 1.0) } else { 0.0 };
    p.distance(a.towards(b, share))
}

/// A rectangle turned to any angle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect {
    pub centre: Xy,
    /// Unit vector along the length.
    pub axis: Xy,
    /// Half the length and half the depth, metres.
    pub half: Xy,
}

impl Rect {
    /// The place at a share of the half length and half depth, each −1 to 1.
    pub fn at(&self, along: f64, across: f64) -> Xy {
        self.centre + self.axis * (self.half.x * along) + self.axis.left() * (self.half.y * across)
    }

    /// Counter-clockwise.
    pub fn corners(&self) -> [Xy; 4] {
        [self.at(-1.0, -1.0), self.at(1.0, -1.0), self.at(1.0, 1.0), self.at(-1.0, 1.0)]
    }

    fn local(&self, p: Xy) -> Xy {
        Xy::new((p - self.centre).dot(self.axis), (p - self.centre).dot(self.axis.left()))
    }

    /// Distance to a segment, 0 when they touch.
    pub fn distance_to_segment(&self, a: Xy, b: Xy) -> f64 {
        let (p, q) = (self.local(a), self.local(b));
        if self.meets_local_segment(p, q) {
            return 0.0;
        }
        let outside = |p: Xy| Xy::new((p.x.abs() - self.half.x).max(0.0), (p.y.abs() - self.half.y).max(0.0)).norm();
        let h = self.half;
        [Xy::new(-h.x, -h.y), Xy::new(h.x, -h.y), Xy::new(h.x, h.y), Xy::new(-h.x, h.y)]
            .into_iter()
            .map(|corner| distance_to_segment(corner, p, q))
            .fold(outside(p).min(outside(q)), f64::min)
    }

    /// Liang and Barsky's clip of a segment against the rectangle, in the rectangle's own axes.
    fn meets_local_segment(&self, p: Xy, q: Xy) -> bool {
        let d = q - p;
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        for (start, step, half) in [(p.x, d.x, self.half.x), (p.y, d.y, self.half.y)] {
            if step == 0.0 {
                if start.abs() > half {
                    return false;
                }
                continue;
            }
            let (t0, t1) = ((-half - start) / step, (half - start) / step);
            enter = enter.max(t0.min(t1));
            leave = leave.min(t0.max(t1));
        }
        enter <= leave
    }

    /// Whether a line between the two leaves at least `gap` metres (separating axis test; corner to corner it asks for a little more).
    pub fn is_apart(&self, other: &Self, gap: f64) -> bool {
        let between = other.centre - self.centre;
        [self.axis, self.axis.left(), other.axis, other.axis.left()].into_iter().any(|direction| {
            let reach = |r: &Self| r.half.x * r.axis.dot(direction).abs() + r.half.y * r.axis.left().dot(direction).abs();
            between.dot(direction).abs() >= reach(self) + reach(other) + gap
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_knows_its_distances() {
        let rect = Rect { centre: Xy::new(0.0, 0.0), axis: Xy::at_angle(0.0), half: Xy::new(10.0, 5.0) };
        assert_eq!(rect.distance_to_segment(Xy::new(-20.0, 8.0), Xy::new(20.0, 8.0)), 3.0);
        assert_eq!(rect.distance_to_segment(Xy::new(-20.0, 0.0), Xy::new(20.0, 0.0)), 0.0);
        assert_eq!(rect.distance_to_segment(Xy::new(13.0, 9.0), Xy::new(20.0, 9.0)), 5.0);
        let other = |x| Rect { centre: Xy::new(x, 0.0), axis: Xy::at_angle(std::f64::consts::FRAC_PI_4), half: Xy::new(1.0, 1.0) };
        assert!(other(12.0).is_apart(&rect, 0.5) && !other(11.0).is_apart(&rect, 0.0));
    }

    #[test]
    fn a_polygon_knows_area_and_inside() {
        let triangle = [Xy::new(0.0, 0.0), Xy::new(6.0, 0.0), Xy::new(0.0, 6.0)];
        assert_eq!(area(&triangle), 18.0);
        assert_eq!(centroid(&triangle), Xy::new(2.0, 2.0));
        assert!(contains(&triangle, Xy::new(1.0, 1.0)) && !contains(&triangle, Xy::new(4.0, 4.0)));
    }
}
