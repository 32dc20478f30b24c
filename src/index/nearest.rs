//! What is nearest, by the geodesic.

use jiff::civil::Date;

use super::{HouseholdRow, IssueFilter, IssueRow, NONE, PlanIndex, Snapshot, StreetIndex, tree::Nearest};
use crate::{
    geometry::ring::{Side, owns, side},
    model::{Building, LonLat},
};

/// Something near a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near<T> {
    /// What.
    pub item: T,
    /// How far, along the geodesic.
    pub distance_m: f64,
}

impl Snapshot {
    /// The nearest households, nearest first.
    pub fn nearest_households(&self, at: LonLat, count: usize) -> Vec<Near<(&StreetIndex, HouseholdRow<'_>)>> {
        let mut nearest = Nearest::new(at, count);
        for street in self.streets_by_distance(at) {
            for (row, at_least_m) in street.households.points.by_distance(at) {
                if !nearest.wants(at_least_m) {
                    break;
                }
                nearest.offer(street.households.positions()[row as usize], (street, row), |_| false);
            }
        }
        sorted(nearest, |(street, row)| (street, street.households.get(row)))
    }

    /// The nearest issues that the filter lets through, nearest first.
    pub fn nearest_issues(&self, at: LonLat, count: usize, filter: &IssueFilter) -> Vec<Near<IssueRow<'_>>> {
        let mut nearest = Nearest::new(at, count);
        let buckets = self.issue_buckets().iter().map(|placed| &placed.bucket);
        let mut buckets: Vec<_> = buckets.filter_map(|b| Some((b.points.at_least_m(at), b.as_ref(), b.ready(filter)?))).collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (_, bucket, ready) in buckets {
            for (row, at_least_m) in bucket.points.by_distance(at) {
                if !nearest.wants(at_least_m) {
                    break;
                }
                if ready.admits(row) {
                    nearest.offer(bucket.positions()[row as usize], (bucket, row), |_| false);
                }
            }
        }
        sorted(nearest, |(bucket, row)| bucket.get(row))
    }

    /// The nearest groups (by their nearest member) with their street and plan, nearest first.
    pub fn nearest_groups(&self, at: LonLat, count: usize, as_of: Date) -> Vec<Near<(&StreetIndex, &PlanIndex, u32)>> {
        let mut nearest = Nearest::new(at, count);
        for street in self.streets_by_distance(at) {
            let Some(plan) = street.plan_at(as_of) else { continue };
            for (row, at_least_m) in street.households.points.by_distance(at) {
                if !nearest.wants(at_least_m) {
                    break;
                }
                let group = plan.group_of_household[row as usize];
                if group != NONE {
                    let same = |other: &(&StreetIndex, &PlanIndex, u32)| std::ptr::eq(other.1, plan.as_ref()) && other.2 == group;
                    nearest.offer(street.households.positions()[row as usize], (street, plan.as_ref(), group), same);
                }
            }
        }
        sorted(nearest, |item| item)
    }

    /// The building whose footprint holds the position; of several the one that owns it by the border rule, then the first by id.
    pub fn building_at(&self, at: LonLat) -> Option<(&StreetIndex, Building)> {
        let mut touched = None;
        for street in &self.streets {
            let mut rows: Vec<u32> = street.ground.building_tree.at(at).collect();
            rows.sort_unstable();
            for building in rows.into_iter().map(|row| street.ground.buildings.get(row)) {
                if building.footprint.0.iter().any(|part| owns(part, at)) {
                    return Some((street.as_ref(), building));
                }
                if touched.is_none() && building.footprint.0.iter().any(|part| side(part, at) == Side::Border) {
                    touched = Some((street.as_ref(), building));
                }
            }
        }
        touched
    }

    fn streets_by_distance(&self, at: LonLat) -> Vec<&StreetIndex> {
        let mut streets: Vec<(f64, &StreetIndex)> = self.streets.iter().map(|s| (s.households.points.at_least_m(at), s.as_ref())).collect();
        streets.sort_by(|a, b| a.0.total_cmp(&b.0));
        streets.into_iter().map(|(_, s)| s).collect()
    }
}

fn sorted<S, T>(nearest: Nearest<S>, item: impl Fn(S) -> T) -> Vec<Near<T>> {
    nearest.into_sorted().map(|(distance_m, found)| Near { item: item(found), distance_m }).collect()
}
