//! Households gathered by building: a building is one site, and so is a place where households without a building stand.

use std::collections::BTreeMap;

use super::walk::indoors;
use crate::{geometry::LocalMetres, model::Household};

/// How many sites around a site its households may look for a group at, itself included.
const NEAR: usize = 12;
/// From this far on, a household's way to its head is dear: two such on either side would make a group too wide.
const WIDE_M: f64 = 75.0;
/// How many times each metre beyond [`WIDE_M`] counts again.
const WIDE_FACTOR: f64 = 1.0;

/// The sites of one cell.
pub(super) struct Sites {
    /// Households of each site, by unit and floor; indices into the households given.
    pub households: Vec<Vec<usize>>,
    /// Where each site is, in metres.
    pub at: Vec<[f64; 2]>,
    /// How many sites each looks at.
    reach: usize,
    /// The nearest sites of each, `reach` of them, itself first, and what the way there costs in metres.
    near: Vec<(u32, f64)>,
}

impl Sites {
    /// Gathers households. The sites and their order depend on who the households are, not on the order they are given in.
    pub fn of(households: &[&Household], metres: &LocalMetres) -> Self {
        let mut by_key: BTreeMap<(Option<&str>, (i32, i32)), Vec<usize>> = BTreeMap::new();
        for (i, h) in households.iter().enumerate() {
            let place = if h.building_id.is_some() { (0, 0) } else { (h.position.lon_e7, h.position.lat_e7) };
            by_key.entry((h.building_id.as_deref(), place)).or_default().push(i);
        }
        let mut sites: Vec<Vec<usize>> = by_key.into_values().collect();
        let mut at = Vec::with_capacity(sites.len());
        for site in &mut sites {
            site.sort_by(|a, b| indoors(households[*a]).cmp(&indoors(households[*b])));
            let sum = site.iter().map(|i| metres.xy(households[*i].position)).fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
            at.push(sum.map(|s| s / site.len() as f64));
        }
        let reach = NEAR.min(sites.len());
        let near = nearest(&at, reach);
        Self { households: sites, at, reach, near }
    }

    /// The nearest sites, the site itself first, and what the way there costs in metres.
    pub fn around(&self, site: u32) -> impl Iterator<Item = (u32, f64)> {
        self.near[site as usize * self.reach..(site as usize + 1) * self.reach].iter().copied()
    }

    /// What the way between two sites costs, in metres.
    pub fn way_m(&self, from: u32, to: u32) -> f64 {
        let (a, b) = (self.at[from as usize], self.at[to as usize]);
        if from == to { 0.0 } else { price_m((a[0] - b[0]).hypot(a[1] - b[1])) }
    }

    /// How many sites there are.
    pub fn len(&self) -> usize {
        self.at.len()
    }
}

/// For each place the `reach` nearest, itself first, and what the way there costs.
///
/// Places are looked at from west and east inwards, so that a cell of n sites takes about n·√n steps.
fn nearest(at: &[[f64; 2]], reach: usize) -> Vec<(u32, f64)> {
    let mut by_x: Vec<u32> = (0..at.len() as u32).collect();
    by_x.sort_by(|a, b| at[*a as usize][0].total_cmp(&at[*b as usize][0]));
    let mut near = vec![(0, 0.0); at.len() * reach];
    let mut found: Vec<(f64, u32)> = Vec::with_capacity(reach + 1);
    for (rank, &site) in by_x.iter().enumerate() {
        let here = at[site as usize];
        found.clear();
        // The site itself is first even where another stands on the same spot.
        found.push((-1.0, site));
        let (mut west, mut east) = (rank, rank + 1);
        loop {
            let worst = if found.len() < reach { f64::MAX } else { found[found.len() - 1].0 };
            let west_m = if west > 0 { here[0] - at[by_x[west - 1] as usize][0] } else { f64::MAX };
            let east_m = by_x.get(east).map_or(f64::MAX, |e| at[*e as usize][0] - here[0]);
            if west_m.min(east_m) >= worst {
                break;
            }
            let other = if west_m <= east_m {
                west -= 1;
                by_x[west]
            } else {
                east += 1;
                by_x[east - 1]
            };
            let there = at[other as usize];
            let candidate = ((here[0] - there[0]).hypot(here[1] - there[1]), other);
            let place = found.partition_point(|f| f.0.total_cmp(&candidate.0).then(f.1.cmp(&candidate.1)).is_lt());
            if place < reach {
                found.insert(place, candidate);
                found.truncate(reach);
            }
        }
        for (slot, (way, other)) in found.iter().enumerate() {
            near[site as usize * reach + slot] = (*other, price_m(way.max(0.0)));
        }
    }
    near
}

/// What a way costs.
fn price_m(way_m: f64) -> f64 {
    way_m + WIDE_FACTOR * (way_m - WIDE_M).max(0.0)
}
