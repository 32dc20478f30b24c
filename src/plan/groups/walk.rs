//! The order of a walk along a Hilbert curve (Hilbert 1891; Moon et al. 2001), and the cheapest cuts of it.
//!
//! Groups are numbered along the walk. Where nothing better is found it is also where they come from.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{SIZE_PRICE_M, medoid};
use crate::{geometry::LocalMetres, model::Household};

/// Households in walking order: building by building along the curve, then unit and floor.
pub(super) fn walk(households: &[&Household], metres: &LocalMetres) -> Vec<usize> {
    let at: Vec<[f64; 2]> = households.iter().map(|h| metres.xy(h.position)).collect();
    let (low, high) =
        at.iter().fold(([f64::MAX; 2], [f64::MIN; 2]), |(l, h), [x, y]| ([l[0].min(*x), l[1].min(*y)], [h[0].max(*x), h[1].max(*y)]));
    let scale = f64::from(u16::MAX) / (high[0] - low[0]).max(high[1] - low[1]).max(1.0);
    let curve = |[x, y]: [f64; 2]| hilbert(((x - low[0]) * scale) as u32, ((y - low[1]) * scale) as u32);
    // A building stands on the curve where its first household (by id) does, so that it is never torn apart.
    let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
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
        (curve(at[stand]), h.building_id.as_deref(), indoors(h))
    });
    order
}

/// A walk in parts of about the same length, none much longer than `most`, cut between two buildings where one ends nearby.
pub(super) fn parts<'o>(households: &[&Household], order: &'o [usize], most: usize) -> Vec<&'o [usize]> {
    let count = order.len().div_ceil(most).max(1);
    let reach = order.len() / count / 4;
    let ends_building = |end: usize| {
        let [before, after] = [order[end - 1], order[end]].map(|i| households[i].building_id.as_deref());
        before.is_none() || before != after
    };
    let mut parts = Vec::with_capacity(count);
    let mut begin = 0;
    for part in 1..count {
        let even = part * order.len() / count;
        let near = (0..reach).flat_map(|away| [even - away, even + away]).find(|end| ends_building(*end));
        let end = near.unwrap_or(even);
        parts.push(&order[begin..end]);
        begin = end;
    }
    parts.push(&order[begin..]);
    parts
}

/// Where a household is within its building: unit ("2" before "10"), floor, then its id.
pub(super) fn indoors(h: &Household) -> (usize, &str, Option<i16>, &str) {
    let unit = h.unit.as_deref().unwrap_or_default();
    (unit.len(), unit, h.floor, &h.id)
}

/// Cuts a walk into groups of the sizes given where they are tightest: the length of each, in order.
///
/// By dynamic programming: O(n) groups considered, each O(target²).
pub(super) fn cut(at: &[[f64; 2]], sizes: RangeInclusive<usize>, target: usize) -> Vec<usize> {
    // best[i]: the cheapest way to group the first i on the walk, and where its last group begins.
    let mut best: Vec<Option<(f64, usize)>> = vec![None; at.len() + 1];
    best[0] = Some((0.0, 0));
    for end in 1..=at.len() {
        for size in sizes.clone().filter(|size| *size <= end) {
            let Some((before, _)) = best[end - size] else { continue };
            let cost = before + medoid(&at[end - size..end]).1 + SIZE_PRICE_M * (size as f64 - target as f64).powi(2);
            if best[end].is_none_or(|(least, _)| cost < least) {
                best[end] = Some((cost, end - size));
            }
        }
    }
    let mut lengths = Vec::new();
    let mut end = at.len();
    while let Some((_, begin)) = best[end].filter(|_| end > 0) {
        lengths.push(end - begin);
        end = begin;
    }
    lengths.reverse();
    lengths
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
