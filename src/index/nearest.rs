//! What is nearest, by the geodesic.

use jiff::civil::Date;

use super::{IssueFilter, PlacedIssue, PlanIndex, Snapshot, StreetIndex, plan_index::NONE, tree::Nearest};
use crate::{
    geometry::ring::{Side, owns, side},
    model::{Building, Group, Household, LonLat},
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
    pub fn nearest_households(&self, at: LonLat, count: usize) -> Vec<Near<(&StreetIndex, &Household)>> {
        let mut nearest = Nearest::new(at, count);
        for street in self.streets_by_distance(at) {
            for (row, at_least_m) in street.ground.household_tree.by_distance(at) {
                if !nearest.wants(at_least_m) {
                    break;
                }
                let household = &street.data.households[row as usize];
                nearest.offer(household.position, (street, household), |_| false);
            }
        }
        sorted(nearest)
    }

    /// The nearest issues that the filter lets through, nearest first.
    pub fn nearest_issues(&self, at: LonLat, count: usize, filter: &IssueFilter) -> Vec<Near<&PlacedIssue>> {
        let ready = self.ready(filter);
        let mut nearest = Nearest::new(at, count);
        for (row, at_least_m) in self.issue_tree.by_distance(at) {
            if !nearest.wants(at_least_m) {
                break;
            }
            if ready.admits(row) {
                let placed = &self.issues[row as usize];
                nearest.offer(placed.issue.position, placed, |_| false);
            }
        }
        sorted(nearest)
    }

    /// The nearest groups (by their nearest member), nearest first.
    pub fn nearest_groups(&self, at: LonLat, count: usize, as_of: Date) -> Vec<Near<(&PlanIndex, &Group)>> {
        let mut nearest = Nearest::new(at, count);
        for street in self.streets_by_distance(at) {
            let Some(plan) = street.plan_at(as_of) else { continue };
            for (row, at_least_m) in street.ground.household_tree.by_distance(at) {
                if !nearest.wants(at_least_m) {
                    break;
                }
                let group = plan.group_of_household[row as usize];
                if group != NONE {
                    let item = (plan.as_ref(), &plan.plan.groups[group as usize]);
                    nearest.offer(street.data.households[row as usize].position, item, |other| std::ptr::eq(other.1, item.1));
                }
            }
        }
        sorted(nearest)
    }

    /// The building whose footprint holds the position; of several the one that owns it by the border rule, then the first by id.
    pub fn building_at(&self, at: LonLat) -> Option<(&StreetIndex, &Building)> {
        let mut touched = None;
        for street in &self.streets {
            let mut rows: Vec<u32> = street.ground.building_tree.at(at).collect();
            rows.sort_unstable();
            for building in rows.into_iter().map(|row| &street.data.buildings[row as usize]) {
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
        let mut streets: Vec<(f64, &StreetIndex)> =
            self.streets.iter().map(|s| (s.ground.household_tree.at_least_m(at), s.as_ref())).collect();
        streets.sort_by(|a, b| a.0.total_cmp(&b.0));
        streets.into_iter().map(|(_, s)| s).collect()
    }
}

fn sorted<T>(nearest: Nearest<T>) -> Vec<Near<T>> {
    nearest.into_sorted().map(|(distance_m, item)| Near { item, distance_m }).collect()
}
