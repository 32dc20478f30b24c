//! Households of one cell into ten-household groups.
//!
//! Buildings are put in the order of a walk along a Hilbert curve (Hilbert 1891; Moon et al. 2001), households within a building
//! by unit and floor; dynamic programming then cuts the walk where groups are tightest.

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
/// O(n) groups considered, each O(target²).
pub fn circles(households: &[&Household], target: usize, metres: &LocalMetres) -> Vec<Circle> {
    let n = households.len();
    if n == 0 {
        return Vec::new();
    }
    let order = walk(households, metres);
    let at: Vec<[f64; 2]> = order.iter().map(|i| metres.xy(households[*i].position)).collect();
    let sizes = if is_divisible(n, target) {
        sizes(target)
    } else {
        let groups = (n as f64 / target as f64).round().max(1.0) as usize;
        n / groups..=n.div_ceil(groups)
    };
    // best[i]: the cheapest way to group the first i on the walk, and where its last group begins.
    let mut best: Vec<Option<(f64, usize)>> = vec![None; n + 1];
    best[0] = Some((0.0, 0));
    for end in 1..=n {
        for size in sizes.clone().filter(|size| *size <= end) {
            let Some((before, _)) = best[end - size] else { continue };
            let cost = before + medoid(&at[end - size..end]).1 + SIZE_PRICE_M * (size as f64 - target as f64).powi(2);
            if best[end].is_none_or(|(least, _)| cost < least) {
                best[end] = Some((cost, end - size));
            }
        }
    }
    let mut circles = Vec::new();
    let mut end = n;
    while let Some((_, begin)) = best[end].filter(|_| end > 0) {
        let head = order[begin + medoid(&at[begin..end]).0];
        circles.push(Circle { members: order[begin..end].to_vec(), head });
        end = begin;
    }
    circles.reverse();
    circles
}

/// The first position with the least sum of distances to the others, and that sum in metres.
fn medoid(at: &[[f64; 2]]) -> (usize, f64) {
    let sum = |a: &[f64; 2]| at.iter().map(|b| (a[0] - b[0]).hypot(a[1] - b[1])).sum::<f64>();
    at.iter().map(sum).enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

/// Households in walking order: building by building along the curve, then unit and floor.
fn walk(households: &[&Household], metres: &LocalMetres) -> Vec<usize> {
    let key = |h: &Household| -> (Option<String>, [f64; 2]) { (h.building_id.clone(), metres.xy(h.position)) };
    let (low, high) = households
        .iter()
        .map(|h| metres.xy(h.position))
        .fold(([f64::MAX; 2], [f64::MIN; 2]), |(l, h), [x, y]| ([l[0].min(x), l[1].min(y)], [h[0].max(x), h[1].max(y)]));
    let scale = f64::from(u16::MAX) / (high[0] - low[0]).max(high[1] - low[1]).max(1.0);
    let curve = |[x, y]: [f64; 2]| hilbert(((x - low[0]) * scale) as u32, ((y - low[1]) * scale) as u32);
    // A building stands on the curve where its first household (by id) does, so that it is never torn apart.
    let mut first_of: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (i, h) in households.iter().enumerate() {
        if let Some(building) = &h.building_id {
            let first = first_of.entry(building).or_insert(i);
            if h.id < households[*first].id {
                *first = i;
            }
        }
    }
    let mut order: Vec<usize> = (0..households.len()).collect();
    order.sort_by_cached_key(|&i| {
        let h = households[i];
        let stand = h.building_id.as_deref().and_then(|b| first_of.get(b)).map_or(i, |first| *first);
        let unit = h.unit.as_deref().map(natural).unwrap_or_default();
        (curve(key(households[stand]).1), h.building_id.clone(), unit, h.floor, h.id.clone())
    });
    order
}

/// Text that sorts "2" before "10".
fn natural(text: &str) -> (usize, String) {
    (text.len(), text.to_owned())
}

/// Position along a Hilbert curve of order 16.
fn hilbert(mut x: u32, mut y: u32) -> u64 {
    let mut d = 0_u64;
    let mut s = 1_u32 << 15;
    while s > 0 {
        let (rx, ry) = (u32::from(x & s > 0), u32::from(y & s > 0));
        d += u64::from(s) * u64::from(s) * u64::from((3 * rx) ^ ry);
        if ry == 0 {
            if rx == 1 {
                x = (u32::from(u16::MAX)).wrapping_sub(x) & 0xffff;
                y = (u32::from(u16::MAX)).wrapping_sub(y) & 0xffff;
            }
            std::mem::swap(&mut x, &mut y);
        }
        s >>= 1;
    }
    d
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
