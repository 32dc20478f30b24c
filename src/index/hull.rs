//! The hull of a group: what is drawn for ten households.

use crate::model::{LonLat, Polygon};

/// Side of the grid squares that stand for the households, in steps of 1e-7 degree: 16.7 m from south to north, 15 m from west to
/// east where Liupanshui lies.
const SQUARE: i32 = 1500;

/// The convex hull of the grid squares that hold the positions, counter-clockwise, so that even one household has an area.
/// `None` when there is no position.
///
/// Hulls are public where households are not: the squares, and not the positions, make it, so that it tells no position closer
/// than a square does.
pub fn hull_around(positions: &[LonLat]) -> Option<Polygon> {
    positions.first()?;
    let mut points: Vec<LonLat> = positions
        .iter()
        .flat_map(|p| {
            let [west, south] = [p.lon_e7, p.lat_e7].map(|e7| e7.div_euclid(SQUARE) * SQUARE);
            let [east, north] = [(west + SQUARE).min(1_800_000_000), (south + SQUARE).min(900_000_000)];
            [(west, south), (east, south), (east, north), (west, north)].map(|(lon, lat)| LonLat::new(lon, lat))
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
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::{
        measure::area_m2,
        ring::{Side, side, signed_area2},
    };

    #[test]
    fn one_household_is_a_square() {
        let hull = hull_around(&[LonLat::new(1_048_000_700, 265_900_100)]).unwrap();
        assert_eq!(hull.exterior.len(), 5);
        assert!(signed_area2(&hull.exterior) > 0);
        let area = area_m2(&hull.into());
        assert!((area - 248.0).abs() < 3.0, "{area}");
        assert_eq!(hull_around(&[]), None);
    }

    proptest! {
        #[test]
        fn a_hull_holds_its_households_and_tells_only_squares(
            places in proptest::collection::vec((-9000..9000i32, -9000..9000i32), 1..12),
            moves in proptest::collection::vec((0..SQUARE, 0..SQUARE), 12),
        ) {
            let members: Vec<LonLat> = places.iter().map(|(x, y)| LonLat::new(1_048_000_000 + x, 265_900_000 + y)).collect();
            let hull = hull_around(&members).unwrap();
            prop_assert!(hull.exterior.iter().all(|p| p.lon_e7 % SQUARE == 0 && p.lat_e7 % SQUARE == 0));
            prop_assert!(members.iter().all(|p| side(&hull, *p) != Side::Outside));
            let square = |e7: i32| e7.div_euclid(SQUARE) * SQUARE;
            let moved: Vec<LonLat> =
                members.iter().zip(moves).map(|(p, (x, y))| LonLat::new(square(p.lon_e7) + x, square(p.lat_e7) + y)).collect();
            prop_assert_eq!(hull_around(&moved).unwrap(), hull);
        }
    }
}
