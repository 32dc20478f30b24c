//! The convex hull of a group's households.

use crate::{
    geometry::ring::cross,
    model::{LonLat, Polygon},
};

/// Grid steps (about 0.5 m) by which positions that span no area are widened, so that every group has an area to show.
const WIDEN: i32 = 50;

/// The convex hull, counter-clockwise, without needless vertices. Positions that span no area (a tower's households stand in
/// one place) give the hull of squares of about a metre around them. `None` when there are none. Exact, O(n log n): Andrew's
/// monotone chain (1979).
pub fn hull(mut positions: Vec<LonLat>) -> Option<Polygon> {
    if positions.is_empty() {
        return None;
    }
    let ring = chain(&mut positions);
    if ring.len() >= 4 {
        return Some(Polygon { exterior: ring, interiors: Vec::new() });
    }
    let mut corners: Vec<LonLat> = positions
        .iter()
        .flat_map(|p| [(-WIDEN, -WIDEN), (WIDEN, -WIDEN), (WIDEN, WIDEN), (-WIDEN, WIDEN)].map(|(x, y)| moved(*p, x, y)))
        .collect();
    Some(Polygon { exterior: chain(&mut corners), interiors: Vec::new() })
}

fn moved(p: LonLat, east: i32, north: i32) -> LonLat {
    LonLat::new(
        p.lon_e7.saturating_add(east).clamp(-1_800_000_000, 1_800_000_000),
        p.lat_e7.saturating_add(north).clamp(-900_000_000, 900_000_000),
    )
}

/// The closed hull ring; fewer than four positions when they span no area.
fn chain(positions: &mut Vec<LonLat>) -> Vec<LonLat> {
    positions.sort_unstable();
    positions.dedup();
    let mut ring: Vec<LonLat> = Vec::with_capacity(positions.len() + 1);
    let push = |ring: &mut Vec<LonLat>, floor: usize, p: LonLat| {
        while ring.len() >= floor + 2 && cross(ring[ring.len() - 2], ring[ring.len() - 1], p) <= 0 {
            ring.pop();
        }
        ring.push(p);
    };
    for p in positions.iter() {
        push(&mut ring, 0, *p);
    }
    let floor = ring.len().saturating_sub(1);
    for p in positions.iter().rev().skip(1) {
        push(&mut ring, floor, *p);
    }
    ring
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::ring::{Side, side, signed_area2};

    #[test]
    fn one_place_still_has_an_area() {
        let p = LonLat::new(1_048_300_000, 265_900_000);
        for positions in [vec![p], vec![p, p], vec![p, moved(p, 10, 10), moved(p, 20, 20)]] {
            let polygon = hull(positions).unwrap();
            assert!(signed_area2(&polygon.exterior) > 0);
            assert_eq!(side(&polygon, p), Side::Inside);
        }
        assert_eq!(hull(vec![]), None);
    }

    #[test]
    fn a_square_has_five_positions() {
        let p = LonLat::new;
        let polygon = hull(vec![p(0, 0), p(10, 10), p(0, 10), p(10, 0), p(5, 0), p(5, 5)]).unwrap();
        assert_eq!(polygon.exterior, [p(0, 0), p(10, 0), p(10, 10), p(0, 10), p(0, 0)]);
    }

    proptest! {
        #[test]
        fn a_hull_is_convex_and_holds_every_position(raw in prop::collection::vec((-40i32..40, -40i32..40), 1..30)) {
            let positions: Vec<LonLat> = raw.iter().map(|&(x, y)| LonLat::new(x, y)).collect();
            let polygon = hull(positions.clone()).unwrap();
            let ring = &polygon.exterior;
            prop_assert_eq!(ring.first(), ring.last());
            prop_assert!(ring.len() >= 4);
            for i in 0..ring.len() - 1 {
                let next = ring[(i + 2 - (i + 2) / ring.len()) % ring.len()];
                let next = if i + 2 == ring.len() { ring[1] } else { next };
                prop_assert!(cross(ring[i], ring[i + 1], next) > 0);
            }
            for p in positions {
                prop_assert_ne!(side(&polygon, p), Side::Outside);
            }
        }
    }
}
