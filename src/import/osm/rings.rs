//! Multipolygon relations: rings from the ways that make them up.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    import::{
        Reason,
        shape::{self, Flaw},
    },
    model::{LonLat, MultiPolygon},
};

/// The area that ways enclose, whatever roles they claim: ways are joined at their nodes, stretches that occur twice cancel
/// out, and a ring within a ring is a hole.
pub fn assemble<'a>(ways: impl IntoIterator<Item = &'a [i64]>, positions: &FxHashMap<i64, LonLat>) -> Result<MultiPolygon, Flaw> {
    let mut segments: FxHashSet<(i64, i64)> = FxHashSet::default();
    for way in ways {
        for step in way.windows(2).filter(|step| step[0] != step[1]) {
            let segment = (step[0].min(step[1]), step[0].max(step[1]));
            if !segments.remove(&segment) {
                segments.insert(segment);
            }
        }
    }
    let mut neighbours: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (a, b) in segments {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    if let Some((node, _)) = neighbours.iter().find(|(_, ends)| !ends.len().is_multiple_of(2)) {
        return Err(Flaw::new(Reason::OpenRing, format!("a ring is not closed: it ends at node {node}")));
    }
    // The order of ways in the file must not show in the result.
    neighbours.values_mut().for_each(|ends| ends.sort_unstable());
    let rings = walk(neighbours)
        .into_iter()
        .map(|ring| {
            let missing = |node: &i64| Flaw::new(Reason::Incomplete, format!("node {node} is not in the file"));
            ring.iter().map(|node| positions.get(node).copied().ok_or_else(|| missing(node))).collect()
        })
        .collect::<Result<Vec<_>, Flaw>>()?;
    if rings.is_empty() {
        return Err(Flaw::new(Reason::NoGeometry, "the relation has no ring"));
    }
    shape::polygons_by_nesting(rings)
}

/// Takes a graph of even degrees apart into rings that pass no node twice.
fn walk(mut neighbours: BTreeMap<i64, Vec<i64>>) -> Vec<Vec<i64>> {
    let mut rings = vec![];
    let starts: Vec<i64> = neighbours.keys().copied().collect();
    for start in starts {
        let mut path = vec![start];
        let mut place: FxHashMap<i64, usize> = FxHashMap::from_iter([(start, 0)]);
        while let Some(&here) = path.last() {
            let Some(next) = neighbours.get_mut(&here).and_then(Vec::pop) else { break };
            if let Some(back) = neighbours.get_mut(&next) {
                back.retain(|node| *node != here);
            }
            match place.get(&next) {
                Some(&from) => {
                    let mut ring = path[from..].to_vec();
                    ring.push(next);
                    rings.push(ring);
                    for node in path.drain(from + 1..) {
                        place.remove(&node);
                    }
                }
                None => {
                    place.insert(next, path.len());
                    path.push(next);
                }
            }
        }
    }
    rings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grid of nodes a metre or so apart: id = 100 y + x.
    fn grid() -> FxHashMap<i64, LonLat> {
        (0..10).flat_map(|y| (0..10).map(move |x| (i64::from(100 * y + x), LonLat::new(100 * x, 100 * y)))).collect()
    }

    fn shape(ways: &[&[i64]]) -> Result<Vec<(usize, usize)>, Reason> {
        let parts = assemble(ways.iter().copied(), &grid()).map_err(|flaw| flaw.reason)?;
        Ok(parts.0.iter().map(|part| (part.exterior.len(), part.interiors.len())).collect())
    }

    #[test]
    fn ways_are_joined_in_any_order_and_direction() {
        assert_eq!(shape(&[&[0, 9, 909], &[0, 900, 909]]), Ok(vec![(5, 0)]));
        assert_eq!(shape(&[&[0, 9, 909], &[900, 909], &[900, 0], &[202, 205, 505, 202]]), Ok(vec![(5, 1)]));
    }

    #[test]
    fn parts_that_share_a_stretch_become_one() {
        assert_eq!(shape(&[&[0, 4, 904, 900, 0], &[4, 9, 909, 904, 4]]), Ok(vec![(7, 0)]));
    }

    #[test]
    fn parts_that_touch_at_a_node_stay_two() {
        assert_eq!(shape(&[&[0, 4, 404, 400, 0], &[404, 409, 909, 904, 404]]), Ok(vec![(5, 0), (5, 0)]));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        assert_eq!(shape(&[&[0, 9, 909]]), Err(Reason::OpenRing));
        assert_eq!(shape(&[&[0, 9, 12345, 0]]), Err(Reason::Incomplete));
        assert_eq!(shape(&[]), Err(Reason::NoGeometry));
    }
}
