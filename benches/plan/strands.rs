//! Straight pieces of lines or walls with a tree over them.

use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Rectangle},
};
use wangge::{geometry::LocalMetres, model::LonLat};

type Strand<T> = GeomWithData<Rectangle<[i64; 2]>, (LonLat, LonLat, T)>;

/// Segments that carry something, to be found by distance.
pub struct Strands<T>(RTree<Strand<T>>);

impl<T: Copy> Strands<T> {
    /// The segments of some paths.
    pub fn of_paths<'a>(paths: impl Iterator<Item = (&'a Vec<LonLat>, T)>) -> Self {
        let corner = |p: LonLat| [i64::from(p.lon_e7), i64::from(p.lat_e7)];
        let strands = paths.flat_map(|(path, carried)| {
            path.windows(2)
                .map(move |pair| Strand::new(Rectangle::from_corners(corner(pair[0]), corner(pair[1])), (pair[0], pair[1], carried)))
        });
        Self(RTree::bulk_load(strands.collect()))
    }

    /// What the segments within `reach_m` metres of the position carry.
    pub fn within(&self, p: LonLat, reach_m: f64, metres: &LocalMetres) -> impl Iterator<Item = T> {
        let [east, north] = metres.steps_per_metre().map(|steps| (steps * reach_m).ceil() as i64);
        let [x, y] = [i64::from(p.lon_e7), i64::from(p.lat_e7)];
        let window = AABB::from_corners([x - east, y - north], [x + east, y + north]);
        self.0
            .locate_in_envelope_intersecting(window)
            .filter(move |strand| metres.distance_to_segment(p, strand.data.0, strand.data.1) <= reach_m)
            .map(|strand| strand.data.2)
    }
}

/// Mid-points of equal pieces of a path, each at most `step_m` long, with their lengths in metres.
pub fn samples(path: &[LonLat], step_m: f64, metres: &LocalMetres) -> Vec<(LonLat, f64)> {
    let mut found = Vec::new();
    for pair in path.windows(2) {
        let ([ax, ay], [bx, by]) = (metres.xy(pair[0]), metres.xy(pair[1]));
        let length = (bx - ax).hypot(by - ay);
        let pieces = (length / step_m).ceil().max(1.0);
        for i in 0..pieces as usize {
            let share = (i as f64 + 0.5) / pieces;
            found.push((metres.position([ax + share * (bx - ax), ay + share * (by - ay)]), length / pieces));
        }
    }
    found
}
