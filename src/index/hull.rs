//! The hull of a group: what is drawn for ten households.

use crate::{
    geometry::LocalMetres,
    model::{LonLat, Polygon},
};

/// How far the hull reaches beyond the households.
///
/// # Units
/// Metres.
const MARGIN_M: f64 = 5.0;

/// The convex hull of octagons of 5 m around the positions, counter-clockwise, so that even one household has an area.
/// `None` when there is no position.
pub fn hull_around(positions: &[LonLat]) -> Option<Polygon> {
    let plane = LocalMetres::at(*positions.first()?);
    let mut points: Vec<LonLat> = positions
        .iter()
        .flat_map(|p| {
            let [x, y] = plane.xy(*p);
            (0..8).map(move |i| {
                let (sin, cos) = (f64::from(i) * std::f64::consts::FRAC_PI_4).sin_cos();
                plane.position([x + MARGIN_M * cos, y + MARGIN_M * sin])
            })
        })
        .collect();
    points.sort_unstable();
    points.dedup();
    // Andrew's monotone chain.
    let half = |points: &mut dyn Iterator<Item = &LonLat>| {
        let mut chain: Vec<LonLat> = Vec::new();
        for &p in points {
            while chain.len() >= 2 && crate::geometry::ring::cross(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0 {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut exterior = half(&mut points.iter());
    exterior.extend(half(&mut points.iter().rev()));
    exterior.extend_from_within(..1);
    Some(Polygon { exterior, interiors: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{geometry::measure::area_m2, geometry::ring::signed_area2};

    #[test]
    fn one_household_is_an_octagon() {
        let hull = hull_around(&[LonLat::new(1_048_000_000, 265_900_000)]).unwrap();
        assert_eq!(hull.exterior.len(), 9);
        assert!(signed_area2(&hull.exterior) > 0);
        let area = area_m2(&hull.into());
        assert!((area - 70.7).abs() < 1.0, "{area}");
        assert_eq!(hull_around(&[]), None);
    }
}
