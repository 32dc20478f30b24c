//! Exact predicates on segments and rings.

use std::cmp::Ordering;

use crate::model::{LonLat, MultiPolygon, Polygon};

/// Twice the signed area of triangle `a b c` in squared grid steps: positive when `c` lies to the left of `a → b`.
pub fn cross(a: LonLat, b: LonLat, c: LonLat) -> i128 {
    let (abx, aby) = (i128::from(b.lon_e7) - i128::from(a.lon_e7), i128::from(b.lat_e7) - i128::from(a.lat_e7));
    let (acx, acy) = (i128::from(c.lon_e7) - i128::from(a.lon_e7), i128::from(c.lat_e7) - i128::from(a.lat_e7));
    abx * acy - aby * acx
}

/// Twice the signed area of a closed ring in squared grid steps: positive when counter-clockwise.
pub fn signed_area2(ring: &[LonLat]) -> i128 {
    let Some(&origin) = ring.first() else { return 0 };
    ring.windows(2).map(|edge| cross(origin, edge[0], edge[1])).sum()
}

/// Where a position lies relative to a polygon's edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Strictly inside.
    Inside,
    /// Strictly outside.
    Outside,
    /// On an edge or vertex.
    Border,
}

/// Where `p` lies relative to the polygon. Exact; linear in the vertices.
pub fn side(polygon: &Polygon, p: LonLat) -> Side {
    let mut inside = false;
    for ring in polygon.rings() {
        for edge in ring.windows(2) {
            let (a, b) = (edge[0], edge[1]);
            if on_segment(a, b, p) {
                return Side::Border;
            }
            if (a.lat_e7 > p.lat_e7) != (b.lat_e7 > p.lat_e7) {
                let left = cross(a, b, p) > 0;
                if left == (b.lat_e7 > a.lat_e7) {
                    inside = !inside;
                }
            }
        }
    }
    if inside { Side::Inside } else { Side::Outside }
}

/// Whether `p` lies on the closed segment `a b`. Exact.
pub fn on_segment(a: LonLat, b: LonLat, p: LonLat) -> bool {
    (a.lon_e7.min(b.lon_e7)..=a.lon_e7.max(b.lon_e7)).contains(&p.lon_e7)
        && (a.lat_e7.min(b.lat_e7)..=a.lat_e7.max(b.lat_e7)).contains(&p.lat_e7)
        && cross(a, b, p) == 0
}

/// Whether the polygon owns `p` under the border rule: a position on a shared boundary belongs to the face to its west, then
/// to its south. It is decided as if `p` stood an infinitesimal step west, and a second-order step south, of where it is;
/// so of polygons that tile a neighbourhood of `p` exactly one owns it.
pub fn owns(polygon: &Polygon, p: LonLat) -> bool {
    // A ray from the shifted position to the south; edges are half-open in longitude: min < lon ≤ max meets lon − ε.
    let mut inside = false;
    for ring in polygon.rings() {
        for edge in ring.windows(2) {
            let (west, east) = if edge[0].lon_e7 <= edge[1].lon_e7 { (edge[0], edge[1]) } else { (edge[1], edge[0]) };
            if !(west.lon_e7 < p.lon_e7 && p.lon_e7 <= east.lon_e7) {
                continue;
            }
            let below = match cross(west, east, p).cmp(&0) {
                Ordering::Greater => true,
                Ordering::Less => false,
                // On the edge: a step west leaves a rising edge below and a falling edge above; a level edge is above after the step south.
                Ordering::Equal => east.lat_e7 > west.lat_e7,
            };
            inside ^= below;
        }
    }
    inside
}

/// Where a shape stands, the same for whoever asks: a position inside its largest part, or a corner of a part too thin to hold
/// a grid position. `None` for an empty shape.
pub fn standing_position(shape: &MultiPolygon) -> Option<LonLat> {
    let part = shape.0.iter().max_by_key(|part| signed_area2(&part.exterior).abs())?;
    interior_position(part).or_else(|| part.exterior.first().copied())
}

/// A position strictly inside the polygon: the middle of the longest run inside along the level line half-way up, or along
/// another when that one fails. `None` when the polygon is too thin to hold a grid position.
pub fn interior_position(polygon: &Polygon) -> Option<LonLat> {
    let (south, north) = polygon.exterior.iter().fold((i32::MAX, i32::MIN), |(low, high), p| (low.min(p.lat_e7), high.max(p.lat_e7)));
    [0.5, 0.4, 0.6, 0.25, 0.75, 0.1, 0.9]
        .into_iter()
        .map(|share| (f64::from(south) + share * (f64::from(north) - f64::from(south))).round() as i32)
        .find_map(|lat| middle_of_longest_run(polygon, lat))
}

fn middle_of_longest_run(polygon: &Polygon, lat: i32) -> Option<LonLat> {
    let mut lons: Vec<f64> = Vec::new();
    for edge in polygon.rings().flat_map(|ring| ring.windows(2)) {
        let (a, b) = (edge[0], edge[1]);
        if (a.lat_e7 > lat) != (b.lat_e7 > lat) {
            let t = (f64::from(lat) - f64::from(a.lat_e7)) / (f64::from(b.lat_e7) - f64::from(a.lat_e7));
            lons.push(f64::from(a.lon_e7) + t * (f64::from(b.lon_e7) - f64::from(a.lon_e7)));
        }
    }
    lons.sort_by(f64::total_cmp);
    let longest = lons.chunks_exact(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])))?;
    let middle = LonLat::new(((longest[0] + longest[1]) / 2.0).round() as i32, lat);
    (side(polygon, middle) == Side::Inside).then_some(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(w: i32, s: i32, e: i32, n: i32) -> Polygon {
        let p = LonLat::new;
        Polygon { exterior: vec![p(w, s), p(e, s), p(e, n), p(w, n), p(w, s)], interiors: vec![] }
    }

    #[test]
    fn a_border_position_belongs_to_the_west_then_to_the_south() {
        let (sw, se, nw, ne) = (square(0, 0, 10, 10), square(10, 0, 20, 10), square(0, 10, 10, 20), square(10, 10, 20, 20));
        let owner = |p| [&sw, &se, &nw, &ne].map(|q| owns(q, p));
        assert_eq!(owner(LonLat::new(10, 5)), [true, false, false, false]);
        assert_eq!(owner(LonLat::new(5, 10)), [true, false, false, false]);
        assert_eq!(owner(LonLat::new(15, 10)), [false, true, false, false]);
        assert_eq!(owner(LonLat::new(10, 15)), [false, false, true, false]);
        assert_eq!(owner(LonLat::new(10, 10)), [true, false, false, false]);
    }

    #[test]
    fn sides_are_exact() {
        let polygon = square(0, 0, 10, 10);
        assert_eq!(side(&polygon, LonLat::new(5, 5)), Side::Inside);
        assert_eq!(side(&polygon, LonLat::new(10, 10)), Side::Border);
        assert_eq!(side(&polygon, LonLat::new(11, 10)), Side::Outside);
    }

    #[test]
    fn a_shape_stands_inside_itself_even_with_a_hole_in_the_middle() {
        let p = LonLat::new;
        let mut ring = square(0, 0, 1000, 1000);
        ring.interiors.push(vec![p(100, 100), p(100, 900), p(900, 900), p(900, 100), p(100, 100)]);
        let l = Polygon { exterior: vec![p(0, 0), p(100, 0), p(100, 10), p(10, 10), p(10, 100), p(0, 100), p(0, 0)], interiors: vec![] };
        for shape in [ring, l] {
            assert_eq!(side(&shape, standing_position(&shape.clone().into()).unwrap()), Side::Inside);
        }
        let thin = Polygon { exterior: vec![p(0, 0), p(5, 1), p(9, 2), p(0, 0)], interiors: vec![] };
        assert_eq!(standing_position(&thin.into()), Some(p(0, 0)));
    }
}
