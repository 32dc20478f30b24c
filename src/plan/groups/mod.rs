//! Households of one cell into ten-household groups.
//!
//! Same unit and floor first, then same building, then nearest. Households are gathered by building ([`sites`]); a search decides at
//! which buildings groups meet ([`search`]) and a flow how many of each building meet where ([`flow`]); then each building is cut
//! into groups by unit and floor ([`compose`]). Groups are numbered along a walk through the cell ([`walk`]), which is also cut into groups where a cell's
//! households do not divide.
//!
//! **Invariant:** every household is in exactly one group; sizes are allowed ones if the number of households lets them.

mod compose;
mod flow;
mod search;
mod sites;
mod walk;

use std::ops::RangeInclusive;

use crate::{geometry::LocalMetres, model::Household};

/// What a household away from the target size costs, in metres of walking.
const SIZE_PRICE_M: f64 = 1.0;

/// A group: indices into the households given, and which of them is the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// Members in walking order.
    pub members: Vec<usize>,
    /// The medoid: the member nearest to all others.
    pub head: usize,
}

/// Sizes a group may have.
#[derive(Clone, Copy)]
struct Sizes {
    least: usize,
    target: usize,
    most: usize,
}

impl Sizes {
    fn around(target: usize) -> Self {
        let sizes = sizes(target);
        Self { least: *sizes.start(), target, most: *sizes.end() }
    }
}

/// Sizes a group may have around the target: two less to two more.
pub fn sizes(target: usize) -> RangeInclusive<usize> {
    target.saturating_sub(2).max(1)..=target + 2
}

/// Whether so many households can be cut into groups of allowed sizes.
pub fn is_divisible(households: usize, target: usize) -> bool {
    let sizes = sizes(target);
    households.div_ceil(*sizes.end()) * sizes.start() <= households
}

/// Groups of the households of one cell. When their number cannot be divided into groups of allowed sizes the groups are the
/// nearest to them in size.
///
/// O(buildings) moves tried, each O(1). The same households give the same groups in whatever order they come.
pub fn circles(households: &[&Household], target: usize, metres: &LocalMetres) -> Vec<Circle> {
    let order = walk::walk(households, metres);
    let mut groups = cut_walk(households, &order, target, metres);
    if is_divisible(households.len(), target) {
        let sizes = Sizes::around(target);
        let sites = sites::Sites::of(households, metres);
        let streams = search::streams(&sites, &groups, &sizes);
        groups = compose::compose(households, &sites, &streams, &sizes);
    }
    along(households, &order, groups, metres)
}

/// Groups cut out of the walk.
fn cut_walk(households: &[&Household], order: &[usize], target: usize, metres: &LocalMetres) -> Vec<Vec<usize>> {
    let n = order.len();
    let at: Vec<[f64; 2]> = order.iter().map(|i| metres.xy(households[*i].position)).collect();
    let sizes = if is_divisible(n, target) {
        sizes(target)
    } else {
        let groups = (n as f64 / target as f64).round().max(1.0) as usize;
        n / groups..=n.div_ceil(groups)
    };
    let mut begin = 0;
    let lengths = walk::cut(&at, sizes, target).into_iter();
    lengths
        .map(|length| {
            begin += length;
            order[begin - length..begin].to_vec()
        })
        .collect()
}

/// Groups in the order of a walk, their members too, with their heads.
fn along(households: &[&Household], order: &[usize], groups: Vec<Vec<usize>>, metres: &LocalMetres) -> Vec<Circle> {
    let mut rank = vec![0; order.len()];
    for (place, household) in order.iter().enumerate() {
        rank[*household] = place;
    }
    let mut circles: Vec<Circle> = groups
        .into_iter()
        .map(|mut members| {
            members.sort_by_key(|m| rank[*m]);
            let at: Vec<[f64; 2]> = members.iter().map(|m| metres.xy(households[*m].position)).collect();
            Circle { head: members[medoid(&at).0], members }
        })
        .collect();
    circles.sort_by_key(|c| rank[c.members[0]]);
    circles
}

/// The first position with the least sum of distances to the others, and that sum in metres.
fn medoid(at: &[[f64; 2]]) -> (usize, f64) {
    let sum = |a: &[f64; 2]| at.iter().map(|b| (a[0] - b[0]).hypot(a[1] - b[1])).sum::<f64>();
    at.iter().map(sum).enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::LonLat;

    fn household(i: usize, building: usize, x: i32, y: i32) -> Household {
        Household {
            id: format!("H{i:04}"),
            building_id: Some(format!("B{building}")),
            position: LonLat::new(x, y),
            unit: Some((i % 3).to_string()),
            floor: Some((i % 6) as i16),
            persons: None,
            address: None,
            estimated: false,
        }
    }

    #[test]
    fn sizes_that_cannot_be() {
        let impossible: Vec<usize> = (1..60).filter(|n| !is_divisible(*n, 10)).collect();
        assert_eq!(impossible, [1, 2, 3, 4, 5, 6, 7, 13, 14, 15]);
    }

    proptest! {
        #[test]
        fn everybody_is_in_one_group_of_an_allowed_size(places in prop::collection::vec((0..20usize, 0..5000i32, 0..5000i32), 1..200)) {
            let all: Vec<Household> = places.iter().enumerate().map(|(i, (b, x, y))| household(i, *b, *x, *y)).collect();
            let refs: Vec<&Household> = all.iter().collect();
            let circles = circles(&refs, 10, &LocalMetres::at(LonLat::new(0, 0)));
            let mut seen: Vec<usize> = circles.iter().flat_map(|c| c.members.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..all.len()).collect::<Vec<_>>());
            for circle in &circles {
                prop_assert!(circle.members.contains(&circle.head));
                prop_assert!(!is_divisible(all.len(), 10) || (8..=12).contains(&circle.members.len()));
            }
        }
    }
}
