//! The covering against brute force.

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use super::*;
use crate::{
    geometry::ring::{owns, side},
    model::Polygon,
};

/// A polygon and its label.
type Face = (Polygon, u32);

fn closed(mut ring: Vec<LonLat>) -> Vec<LonLat> {
    ring.push(ring[0]);
    ring
}

/// A lattice with shaken corners, walls with or without a shared position between corners (which half the time stands straight),
/// blocks cut in two or with an island in them or left out, few labels: level and upright walls, junctions of every kind,
/// holes, labels in pieces, and parts that meet at a corner are all likely.
fn faces(rng: &mut Pcg64, count: i32, pitch: i32) -> Vec<Face> {
    let shake = |rng: &mut Pcg64| if rng.random_bool(0.5) { 0 } else { rng.random_range(-pitch / 5..=pitch / 5) };
    let mut corners = std::collections::BTreeMap::new();
    for key in (0..=count).flat_map(|x| (0..=count).map(move |y| (x, y))) {
        corners.insert(key, LonLat::new(key.0 * pitch + shake(rng), key.1 * pitch + shake(rng)));
    }
    let mut walls = std::collections::BTreeMap::new();
    for (&(x, y), &from) in &corners {
        for (next, is_level) in [((x + 1, y), true), ((x, y + 1), false)] {
            let Some(&to) = corners.get(&next) else { continue };
            let mut wall = vec![from];
            if rng.random_bool(0.6) {
                let away = shake(rng) / 3;
                let middle = LonLat::new(from.lon_e7.midpoint(to.lon_e7), from.lat_e7.midpoint(to.lat_e7));
                wall.push(LonLat::new(middle.lon_e7 + if is_level { 0 } else { away }, middle.lat_e7 + if is_level { away } else { 0 }));
            }
            wall.push(to);
            walls.insert(((x, y), next), wall);
        }
    }
    let mut faces = Vec::new();
    for (x, y) in (0..count).flat_map(|x| (0..count).map(move |y| (x, y))) {
        if rng.random_bool(0.12) {
            continue;
        }
        let wall = |a, b, forward: bool| {
            let wall: &Vec<LonLat> = &walls[&(a, b)];
            let mut wall = wall.clone();
            if !forward {
                wall.reverse();
            }
            wall
        };
        let (sw, se, ne, nw) = ((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1));
        let sides = [wall(sw, se, true), wall(se, ne, true), wall(nw, ne, false), wall(sw, nw, false)];
        let label = rng.random_range(0..4);
        let ring = |sides: &[Vec<LonLat>]| sides.iter().flat_map(|wall| wall[..wall.len() - 1].to_vec()).collect::<Vec<_>>();
        match rng.random_range(0..3) {
            0 => {
                let (mut south_east, mut north_west) = (ring(&sides[..2]), ring(&sides[2..]));
                south_east.push(corners[&ne]);
                north_west.push(corners[&sw]);
                for half in [south_east, north_west] {
                    faces.push((Polygon { exterior: closed(half), interiors: vec![] }, rng.random_range(0..4)));
                }
            }
            1 => {
                let (middle, r) = (LonLat::new(x * pitch + pitch / 2, y * pitch + pitch / 2), (pitch / 8).max(1));
                let ways = if rng.random_bool(0.5) { [(-r, -r), (r, -r), (r, r), (-r, r)] } else { [(0, -r), (r, 0), (0, r), (-r, 0)] };
                let island: Vec<LonLat> = closed(ways.map(|(dx, dy)| LonLat::new(middle.lon_e7 + dx, middle.lat_e7 + dy)).to_vec());
                let hole = island.iter().rev().copied().collect();
                faces.push((Polygon { exterior: closed(ring(&sides)), interiors: vec![hole] }, label));
                if rng.random_bool(0.6) {
                    faces.push((Polygon { exterior: island, interiors: vec![] }, rng.random_range(0..4)));
                }
            }
            _ => faces.push((Polygon { exterior: closed(ring(&sides)), interiors: vec![] }, label)),
        }
    }
    faces
}

fn coverage(faces: &[Face]) -> Coverage {
    let polygons: Vec<_> = faces.iter().map(|(polygon, _)| polygon.clone().into()).collect();
    let labels: Vec<u32> = faces.iter().map(|(_, label)| *label).collect();
    Coverage::from_polygons(&polygons).unwrap().dissolve(&labels, 4)
}

/// The rule in its plainest form.
fn brute(faces: &[Face], at: LonLat) -> Option<Hold> {
    let owner = |p: LonLat| faces.iter().find(|(polygon, _)| owns(polygon, p)).map(|(_, label)| *label);
    if let Some(label) = owner(at) {
        return Some(Hold::Owned(label));
    }
    if let Some(label) = faces.iter().filter(|(polygon, _)| side(polygon, at) == Side::Border).map(|(_, label)| *label).min() {
        return Some(Hold::Touched(label));
    }
    let ways = |d: i32| [(-d, 0), (0, -d), (d, 0), (0, d), (-d, -d), (-d, d), (d, -d), (d, d)];
    let moved = |(east, north): (i32, i32)| owner(LonLat::new(at.lon_e7 + east, at.lat_e7 + north));
    [1, 2].into_iter().flat_map(ways).find_map(moved).map(Hold::Beside)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Squares from smaller than an edge to larger than the coverage; every position there is, and some beyond.
    #[test]
    fn a_covering_equals_brute_force(seed in 0u64.., count in 1i32..5, pitch in 8i32..28, shift in SMALLEST..8) {
        let mut rng = Pcg64::seed_from_u64(seed);
        let faces = faces(&mut rng, count, pitch);
        let coverage = coverage(&faces);
        let segments = segments(&coverage);
        let Some(bounds) = Bounds::of(segments.iter().flat_map(|s| [&s.west, &s.east])) else {
            prop_assert!(faces.is_empty() && Covering::build(&coverage).is_none());
            return Ok(());
        };
        let covering = Covering::with_side(&segments, bounds, shift);
        let covering = covering.expect("these faces fit together");
        for lon in bounds.min.lon_e7 - 12..bounds.max.lon_e7 + 12 {
            for lat in bounds.min.lat_e7 - 12..bounds.max.lat_e7 + 12 {
                let at = LonLat::new(lon, lat);
                prop_assert_eq!(covering.hold(at), brute(&faces, at), "{:?}", at);
            }
        }
    }

    /// The same far apart and far out, where products are large: corners, middles of edges, and what is beside them.
    #[test]
    fn large_coordinates_do_not_overflow(seed in 0u64.., scale in 1i32..20_000_000) {
        let mut rng = Pcg64::seed_from_u64(seed);
        let far = |ordinate: i32, scale: i32, low: i64| (i64::from(ordinate) * i64::from(scale) + low) as i32;
        let blown = |p: &LonLat| LonLat::new(far(p.lon_e7, scale * 2, -1_500_000_000), far(p.lat_e7, scale, -750_000_000));
        let faces: Vec<Face> = faces(&mut rng, 3, 20)
            .iter()
            .map(|(polygon, label)| {
                let ring = |ring: &Vec<LonLat>| ring.iter().map(blown).collect();
                (Polygon { exterior: ring(&polygon.exterior), interiors: polygon.interiors.iter().map(ring).collect() }, *label)
            })
            .collect();
        let covering = Covering::build(&coverage(&faces));
        prop_assume!(!faces.is_empty());
        let covering = covering.expect("these faces fit together");
        for edge in faces.iter().flat_map(|(polygon, _)| polygon.rings()).flat_map(|ring| ring.windows(2)) {
            let middle = LonLat::new(edge[0].lon_e7.midpoint(edge[1].lon_e7), edge[0].lat_e7.midpoint(edge[1].lat_e7));
            for p in [edge[0], middle] {
                for (dx, dy) in (-3..=3).flat_map(|dx| (-3..=3).map(move |dy| (dx, dy))) {
                    let at = LonLat::new(p.lon_e7 + dx, p.lat_e7 + dy);
                    prop_assert_eq!(covering.hold(at), brute(&faces, at), "{:?}", at);
                }
            }
        }
    }
}

#[test]
fn a_long_edge_on_shorter_ones_hides_neither_side() {
    let p = LonLat::new;
    let face = |ring: Vec<LonLat>, label| (Polygon { exterior: closed(ring), interiors: vec![] }, label);
    let faces = [face(vec![p(0, 0), p(9, 3), p(18, 6), p(18, -9), p(0, -9)], 0), face(vec![p(0, 0), p(18, 6), p(18, 20), p(0, 20)], 1)];
    let covering = Covering::build(&coverage(&faces)).unwrap();
    for at in (-4..24).flat_map(|x| (-14..26).map(move |y| p(x, y))) {
        assert_eq!(covering.hold(at), brute(&faces, at), "{at:?}");
    }
}

#[test]
fn faces_that_overlap_are_not_covered() {
    let p = LonLat::new;
    let face = |ring: Vec<LonLat>, label| (Polygon { exterior: closed(ring), interiors: vec![] }, label);
    // The shared border bends on one side only, by one step.
    let south = face(vec![p(0, 0), p(100, 0), p(100, 100), p(50, 101), p(0, 100)], 0);
    let north = face(vec![p(0, 100), p(100, 100), p(100, 200), p(0, 200)], 1);
    assert!(Covering::build(&coverage(&[south, north.clone()])).is_none());
    // They cross.
    let across = face(vec![p(40, 50), p(60, 50), p(60, 150), p(40, 150)], 2);
    assert!(Covering::build(&coverage(&[north.clone(), across])).is_none());
    // A crack is no overlap.
    let south = face(vec![p(0, 0), p(100, 0), p(100, 100), p(50, 99), p(0, 100)], 0);
    assert!(Covering::build(&coverage(&[south, north])).is_some());
}
