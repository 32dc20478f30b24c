//! Positions inside a polygon: one good enough for a label, one cheap enough for every building.

use std::{cmp::Ordering, collections::BinaryHeap};

use crate::{
    geometry::{LocalMetres, measure::foot_on_segment},
    model::{Bounds, LonLat, MultiPolygon, Polygon},
};

/// The pole of inaccessibility of the largest part, to about 2 % of its size (Garcia-Castellanos & Lombardo 2007, by the
/// quadtree search of mapbox/polylabel). `None` for an empty shape.
pub fn label_position(shape: &MultiPolygon) -> Option<LonLat> {
    let part = shape.0.iter().max_by_key(|p| crate::geometry::ring::signed_area2(&p.exterior).abs())?;
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
    let mut best = Square::new(plane.xy(interior_position(part)?), 0.0, &edges);
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

/// The middle of the longest stretch inside the polygon along the parallel half-way up. `None` for an empty or flat ring.
pub fn interior_position(polygon: &Polygon) -> Option<LonLat> {
    let bounds = Bounds::of(&polygon.exterior)?;
    // Half a step off the grid, so that no vertex lies on it.
    let lat = f64::from(midpoint(bounds.min.lat_e7, bounds.max.lat_e7)) + if bounds.min.lat_e7 < bounds.max.lat_e7 { 0.5 } else { 0.0 };
    let mut crossings: Vec<f64> = polygon
        .rings()
        .flat_map(|r| r.windows(2))
        .filter_map(|edge| {
            let ([ax, ay], [bx, by]) = ([edge[0].lon_e7, edge[0].lat_e7].map(f64::from), [edge[1].lon_e7, edge[1].lat_e7].map(f64::from));
            ((ay > lat) != (by > lat)).then(|| ax + (lat - ay) / (by - ay) * (bx - ax))
        })
        .collect();
    crossings.sort_by(f64::total_cmp);
    let widest = crossings.chunks_exact(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])));
    match widest {
        Some(span) => Some(LonLat::new(((span[0] + span[1]) / 2.0).round() as i32, lat.floor() as i32)),
        None => polygon.exterior.first().copied(),
    }
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

    #[test]
    fn an_interior_position_avoids_holes() {
        let mut ring = polygon(&[(0, 0), (1000, 0), (1000, 1000), (0, 1000)]);
        ring.interiors.push(polygon(&[(100, 100), (100, 900), (900, 900), (900, 100)]).exterior);
        assert_eq!(side(&ring, interior_position(&ring).unwrap()), Side::Inside);
    }
}
