//! Junctions that fall short: a free end is led to the line it nearly meets.

use rstar::{AABB, RTree, RTreeObject};

use super::{
    measure::{LocalMetres, foot_on_segment},
    ring::on_segment,
};
use crate::model::LonLat;

struct Segment {
    from: LonLat,
    to: LonLat,
    line: usize,
}

impl RTreeObject for Segment {
    type Envelope = AABB<[i64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(corner(self.from), corner(self.to))
    }
}

fn corner(p: LonLat) -> [i64; 2] {
    [i64::from(p.lon_e7), i64::from(p.lat_e7)]
}

/// Short links from every free end (an end of a line that touches no other line) to the nearest line within reach, unless
/// `is_blocked` says that something stands between. A line does not heal to the segments within reach along itself.
///
/// # Units
/// `reach_m` in metres of the local plane.
pub fn links(
    lines: &[&[LonLat]],
    reach_m: f64,
    metres: &LocalMetres,
    is_blocked: impl Fn(LonLat, LonLat) -> bool,
) -> Vec<(LonLat, LonLat)> {
    let segments: Vec<Segment> =
        (0..).zip(lines).flat_map(|(line, path)| path.windows(2).map(move |p| Segment { from: p[0], to: p[1], line })).collect();
    let tree = RTree::bulk_load(segments);
    let [east, north] = metres.steps_per_metre().map(|steps| (steps * reach_m).ceil() as i64);
    let mut links = Vec::new();
    for (line, path) in lines.iter().enumerate() {
        let &[first, .., last] = *path else { continue };
        if first == last {
            continue;
        }
        for end in [first, last] {
            let at = corner(end);
            let window = AABB::from_corners([at[0] - east, at[1] - north], [at[0] + east, at[1] + north]);
            let near: Vec<&Segment> = tree.locate_in_envelope_intersecting(window).collect();
            if near.iter().any(|s| s.line != line && on_segment(s.from, s.to, end)) {
                continue;
            }
            let others = near.iter().filter(|s| s.line != line || along(path, end, s) > 2.0 * reach_steps(east, north));
            let nearest = others
                .map(|s| foot(metres, s, end))
                .map(|p| (metres.distance(end, p), p))
                .filter(|(d, _)| *d <= reach_m)
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            if let Some((_, p)) = nearest.filter(|(_, p)| *p != end && !is_blocked(end, *p)) {
                links.push((end, p));
            }
        }
    }
    links.sort_unstable();
    links.dedup();
    links
}

fn reach_steps(east: i64, north: i64) -> f64 {
    east.max(north) as f64
}

/// How far the segment is from the end along its own line, in grid steps.
fn along(path: &[LonLat], end: LonLat, segment: &Segment) -> f64 {
    let step = |a: LonLat, b: LonLat| (f64::from(a.lon_e7) - f64::from(b.lon_e7)).hypot(f64::from(a.lat_e7) - f64::from(b.lat_e7));
    let mut walked = 0.0;
    let mut walk = |pairs: &mut dyn Iterator<Item = (LonLat, LonLat)>| {
        for (a, b) in pairs {
            if (a, b) == (segment.from, segment.to) || (b, a) == (segment.from, segment.to) {
                return walked;
            }
            walked += step(a, b);
        }
        walked
    };
    if path[0] == end { walk(&mut path.windows(2).map(|p| (p[0], p[1]))) } else { walk(&mut path.windows(2).rev().map(|p| (p[1], p[0]))) }
}

/// The grid position nearest to the foot of the perpendicular from `p`.
fn foot(metres: &LocalMetres, s: &Segment, p: LonLat) -> LonLat {
    metres.position(foot_on_segment(metres.xy(p), metres.xy(s.from), metres.xy(s.to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[(i32, i32)]) -> Vec<LonLat> {
        points.iter().map(|&(x, y)| LonLat::new(x, y)).collect()
    }

    fn links_of(lines: &[Vec<LonLat>], blocked: bool) -> Vec<(LonLat, LonLat)> {
        let lines: Vec<&[LonLat]> = lines.iter().map(Vec::as_slice).collect();
        links(&lines, 0.5, &LocalMetres::at(LonLat::new(0, 0)), |_, _| blocked)
    }

    #[test]
    fn a_short_t_junction_is_led_to_the_line() {
        let lines = [line(&[(0, 0), (10_000, 0)]), line(&[(5_000, 30), (5_000, 9_000)])];
        assert_eq!(links_of(&lines, false), [(LonLat::new(5_000, 30), LonLat::new(5_000, 0))]);
        assert_eq!(links_of(&lines, true), []);
    }

    #[test]
    fn an_end_out_of_reach_or_already_touching_is_left_alone() {
        assert_eq!(links_of(&[line(&[(0, 0), (10_000, 0)]), line(&[(5_000, 60), (5_000, 9_000)])], false), []);
        assert_eq!(links_of(&[line(&[(0, 0), (10_000, 0)]), line(&[(5_000, 0), (5_000, 9_000)])], false), []);
    }

    #[test]
    fn a_loop_that_nearly_closes_heals_to_itself() {
        let lines = [line(&[(0, 0), (10_000, 0), (10_000, 10_000), (0, 10_000), (0, 30)])];
        assert_eq!(links_of(&lines, false).len(), 2);
    }
}
