//! A position inside a shape that is good enough for a label.

use std::{cmp::Ordering, collections::BinaryHeap};

use super::{
    LocalMetres,
    measure::foot_on_segment,
    ring::{signed_area2, standing_position},
};
use crate::model::{Bounds, LonLat, MultiPolygon};

/// The pole of inaccessibility of the largest part, to about 2 % of its size (Garcia-Castellanos & Lombardo 2007, by the
/// quadtree search of mapbox/polylabel). `None` for an empty shape.
pub fn label_position(shape: &MultiPolygon) -> Option<LonLat> {
    let part = shape.0.iter().max_by_key(|p| signed_area2(&p.exterior).abs())?;
    let bounds = Bounds::of(&part.exterior)?;
    let middle = LonLat::new(midpoint(bounds.min.lon_e7, bounds.max.lon_e7), midpoint(bounds.min.lat_e7, bounds.max.lat_e7));
    let plane = LocalMetres::at(middle);
    let edges: Vec<[[f64; 2]; 2]> = part.rings().flat_map(|r| r.windows(2)).map(|e| [plane.xy(e[0]), plane.xy(e[1])]).collect();
    let ([west, south], [east, north]) = (plane.xy(bounds.min), plane.xy(bounds.max));
    let (width, height) = (east - west, north - south);
    let size = width.min(height);
    if size <= 0.0 {
        return part.exterior.first().copied();
    }
    let precision = size * 0.02;
    let mut queue = BinaryHeap::new();
    let half = size / 2.0;
    let (columns, rows) = ((width / size).ceil() as usize, (height / size).ceil() as usize);
    for column in 0..columns.min(64) {
        for row in 0..rows.min(64) {
            queue.push(Square::new([west + half + size * column as f64, south + half + size * row as f64], half, &edges));
        }
    }
    let mut best = Square::new(plane.xy(standing_position(shape)?), 0.0, &edges);
    while let Some(square) = queue.pop() {
        if square.reach <= best.inside_m + precision {
            break;
        }
        let ([x, y], h) = (square.centre, square.half / 2.0);
        if square.inside_m > best.inside_m {
            best = square;
        }
        for [dx, dy] in [[-h, -h], [h, -h], [-h, h], [h, h]] {
            queue.push(Square::new([x + dx, y + dy], h, &edges));
        }
    }
    Some(plane.position(best.centre))
}

fn midpoint(a: i32, b: i32) -> i32 {
    ((i64::from(a) + i64::from(b)) / 2) as i32
}

/// A search square: how far inside its centre lies (negative outside), and how far inside any point of it can lie.
struct Square {
    centre: [f64; 2],
    half: f64,
    inside_m: f64,
    reach: f64,
}

impl Square {
    fn new(centre: [f64; 2], half: f64, edges: &[[[f64; 2]; 2]]) -> Self {
        let mut inside = false;
        let mut nearest = f64::INFINITY;
        for &[a, b] in edges {
            if (a[1] > centre[1]) != (b[1] > centre[1]) && centre[0] < (b[0] - a[0]) * (centre[1] - a[1]) / (b[1] - a[1]) + a[0] {
                inside = !inside;
            }
            let foot = foot_on_segment(centre, a, b);
            nearest = nearest.min((foot[0] - centre[0]).powi(2) + (foot[1] - centre[1]).powi(2));
        }
        let inside_m = if inside { nearest.sqrt() } else { -nearest.sqrt() };
        Self { centre, half, inside_m, reach: inside_m + half * std::f64::consts::SQRT_2 }
    }
}

impl PartialEq for Square {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Square {}
impl PartialOrd for Square {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Square {
    fn cmp(&self, other: &Self) -> Ordering {
        self.reach.total_cmp(&other.reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::ring::{Side, side};
    use crate::model::Polygon;

    fn polygon(points: &[(i32, i32)]) -> Polygon {
        Polygon { exterior: points.iter().chain(&points[..1]).map(|&(x, y)| LonLat::new(x, y)).collect(), interiors: vec![] }
    }

    #[test]
    fn the_label_of_an_l_lies_in_its_thick_arm() {
        let l = polygon(&[(0, 0), (10_000, 0), (10_000, 1000), (4000, 1000), (4000, 10_000), (0, 10_000)]);
        let label = label_position(&l.clone().into()).unwrap();
        assert_eq!(side(&l, label), Side::Inside);
        assert!((1500..2500).contains(&label.lon_e7), "{label:?}");
    }
}
