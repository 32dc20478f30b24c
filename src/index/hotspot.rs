//! Hot and cold spots: areas whose issues, with their neighbours', are more or fewer than chance would have it.
//!
//! Getis & Ord (1992), Ord & Getis (1995): the statistic Gi* with binary weights, the area itself among its neighbours, as a z-score.
//! Areas are neighbours when they share a border or a corner (queen contiguity).

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{IssueFilter, PlanIndex, Snapshot};
use crate::model::{Code, Level, LonLat};

/// What is measured in an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Issues for each household; areas without a household take no part.
    Rate,
    /// Issues.
    Count,
}

/// An area and how it stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Hotspot {
    /// The area.
    pub code: Code,
    /// Issues that the filter lets through.
    pub total: u32,
    /// Households.
    pub households: u32,
    /// What was measured; `None` for an area that takes no part.
    pub value: Option<f64>,
    /// Gi* as a z-score; `None` for an area that takes no part, and where all areas measure the same.
    pub z: Option<f64>,
}

impl Snapshot {
    /// The areas of a level (community or cell; other levels have none) in force on the day, by code, with their Gi*.
    pub fn hotspots(&self, level: Level, measure: Measure, filter: &IssueFilter, as_of: Date) -> Vec<Hotspot> {
        let plans: Vec<&PlanIndex> = self.streets.iter().filter_map(|street| street.plan_at(as_of)).map(AsRef::as_ref).collect();
        let counts = self.count_issues(level, filter, as_of);
        let mut areas: Vec<Hotspot> = Vec::new();
        for plan in &plans {
            let (codes, stats): (Vec<&Code>, _) = match level {
                Level::Cell => (plan.plan.cells.iter().map(|cell| &cell.code).collect(), &plan.cell_stats),
                Level::Community => (plan.plan.communities.iter().map(|community| &community.code).collect(), &plan.community_stats),
                _ => return Vec::new(),
            };
            areas.extend(codes.into_iter().zip(stats).map(|(code, stats)| {
                let total = counts.get(code).map_or(0, |count| count.total);
                let value = match measure {
                    Measure::Rate => (stats.households > 0).then(|| f64::from(total) / f64::from(stats.households)),
                    Measure::Count => Some(f64::from(total)),
                };
                Hotspot { code: code.clone(), total, households: stats.households, value, z: None }
            }));
        }
        let neighbours = neighbours(&plans, level);
        let values: Vec<Option<f64>> = areas.iter().map(|area| area.value).collect();
        for (area, z) in areas.iter_mut().zip(gi_star(&values, &neighbours)) {
            area.z = z;
        }
        areas.sort_by(|a, b| a.code.cmp(&b.code));
        areas
    }
}

/// Gi* of every value as a z-score: with the x̄ and s of all n values and W neighbours, itself included,
/// (Σx − W·x̄) / (s·√((n·W − W²)/(n − 1))). `None` takes no part. Neighbours are places in the list, without the area itself.
pub fn gi_star(values: &[Option<f64>], neighbours: &[Vec<u32>]) -> Vec<Option<f64>> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let n = known.len() as f64;
    let mean = known.iter().sum::<f64>() / n;
    let deviation = (known.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    let z = |i: usize| {
        let near = neighbours[i].iter().filter_map(|j| values[*j as usize]);
        let (sum, weight) = near.fold((values[i]?, 1.0), |(sum, weight), x| (sum + x, weight + 1.0));
        let scale = deviation * ((n * weight - weight * weight) / (n - 1.0)).sqrt();
        (scale > 0.0).then(|| (sum - weight * mean) / scale)
    };
    (0..values.len()).map(z).collect()
}

/// For every area of the plans, one plan after the other, the places of those that share a border or a corner with it. Streets
/// planned apart are neighbours where their outer borders share a position.
fn neighbours(plans: &[&PlanIndex], level: Level) -> Vec<Vec<u32>> {
    let mut first = 0;
    let mut met: FxHashMap<LonLat, Vec<u32>> = FxHashMap::default();
    for plan in plans {
        let place = |cell: crate::geometry::FaceId| match level {
            Level::Cell => Some(first + cell.0),
            _ => plan.community_of_cell.get(cell.0 as usize).filter(|c| **c != super::NONE).map(|c| first + c),
        };
        for arc in &plan.cells.arcs {
            let sides = [arc.left, arc.right].map(|side| side.and_then(place));
            let ends = [arc.path.first(), arc.path.last()];
            let is_outer = arc.left.is_none() || arc.right.is_none();
            let corners = if is_outer { &arc.path[..] } else { &[] };
            for at in ends.into_iter().flatten().chain(corners) {
                met.entry(*at).or_default().extend(sides.iter().flatten());
            }
        }
        first += match level {
            Level::Cell => plan.plan.cells.len(),
            _ => plan.plan.communities.len(),
        } as u32;
    }
    let mut neighbours: Vec<FxHashSet<u32>> = vec![FxHashSet::default(); first as usize];
    for areas in met.into_values() {
        for &a in &areas {
            neighbours[a as usize].extend(areas.iter().filter(|b| **b != a));
        }
    }
    let sorted = |set: FxHashSet<u32>| {
        let mut list: Vec<u32> = set.into_iter().collect();
        list.sort_unstable();
        list
    };
    neighbours.into_iter().map(sorted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 squares of 6 × 10 with queen contiguity; the z-scores are those of `esda.G_Local(y, w, transform="B", star=True,
    /// permutations=0)`, made by `docs/hotspots/case.py` with esda 2 and libpysal 4.
    #[test]
    fn gi_star_agrees_with_esda() {
        let case: serde_json::Value = serde_json::from_str(include_str!("../../docs/hotspots/case.json")).unwrap();
        let numbers = |key: &str| case[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<f64>>();
        let neighbours: Vec<Vec<u32>> = serde_json::from_value(case["neighbours"].clone()).unwrap();
        let values: Vec<Option<f64>> = numbers("y").into_iter().map(Some).collect();
        let expected = numbers("z");
        assert!(expected.iter().any(|z| *z > 2.58) && expected.iter().any(|z| *z < -1.65), "the case has hot and cold spots");
        for (z, expected) in gi_star(&values, &neighbours).into_iter().zip(expected) {
            assert!((z.unwrap() - expected).abs() < 1e-6, "{z:?} {expected}");
        }
    }

    #[test]
    fn areas_that_take_no_part_change_nothing() {
        let values = [Some(1.0), Some(2.0), Some(4.0)];
        let all = gi_star(&values, &[vec![1], vec![0, 2], vec![1]]);
        let with_hole = gi_star(&[Some(1.0), Some(2.0), Some(4.0), None], &[vec![1, 3], vec![0, 2], vec![1, 3], vec![0, 2]]);
        assert_eq!(with_hole[..3], all[..]);
        assert_eq!(with_hole[3], None);
        assert_eq!(gi_star(&[Some(1.0), Some(1.0)], &[vec![1], vec![0]]), [None, None]);
    }
}
