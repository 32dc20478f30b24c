//! What lies in an area, and issues counted by area.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AreaStats, IssueRow, NONE, PlanIndex, Snapshot, StreetIndex};
use crate::{
    geometry::measure::area_m2,
    model::{Bounds, Code, IssueStatus, Level, Polygon},
};

/// Which issues count. Empty lists and `None` let everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct IssueFilter {
    /// Categories.
    pub categories: Vec<String>,
    /// Statuses.
    pub statuses: Vec<IssueStatus>,
    /// Reported at or after.
    pub from: Option<Timestamp>,
    /// Reported before.
    pub to: Option<Timestamp>,
}

impl IssueFilter {
    /// Whether the issue counts.
    pub fn admits(&self, issue: &IssueRow<'_>) -> bool {
        (self.categories.is_empty() || self.categories.iter().any(|wanted| wanted == issue.category))
            && (self.statuses.is_empty() || self.statuses.contains(&issue.status))
            && self.from.is_none_or(|from| issue.reported_at >= from)
            && self.to.is_none_or(|to| issue.reported_at < to)
    }
}

/// An area of any level: what it is called and what lies in it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AreaSummary {
    /// The code.
    pub code: String,
    /// street, community, cell or group.
    pub level: String,
    /// Name for people.
    pub name: String,
    /// Codes and names of the areas around it, street first.
    pub parents: Vec<(String, String)>,
    /// Households.
    pub households: u32,
    /// Persons; `null` when no household says.
    pub persons: Option<u32>,
    /// Ten-household groups.
    pub groups: u32,
    /// Cells.
    pub cells: u32,
    /// Buildings.
    pub buildings: u32,
    /// Issues, all and still open.
    pub issues: IssueCount,
    /// Geodesic area in square metres.
    pub area_m2: f64,
    /// West, south, east, north in degrees.
    pub bbox: [f64; 4],
    /// A position inside, for a label: longitude, latitude.
    pub label: [f64; 2],
    /// Plan that answered; `null` for a street without one.
    pub plan: Option<u32>,
    /// Households were estimated from buildings.
    pub estimated: bool,
}

/// Issues in an area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct IssueCount {
    /// All that the filter lets through.
    pub total: u32,
    /// Of these, not closed.
    pub open: u32,
}

impl IssueCount {
    fn add(&mut self, status: IssueStatus) {
        self.total += 1;
        self.open += u32::from(status != IssueStatus::Closed);
    }
}

/// An area of a street on a day.
enum Found {
    Street,
    Community(u32),
    Cell(u32),
    Group(u32),
}

impl Snapshot {
    /// What is known of an area on the day; `None` when there is no such area in force.
    pub fn area(&self, code: &Code, as_of: Date) -> Option<AreaSummary> {
        let street_row = self.streets.iter().position(|s| code.is_within(&s.code))?;
        let street = &self.streets[street_row];
        let plan = street.plan_at(as_of).map(Arc::as_ref);
        let found = if *code == street.code {
            Found::Street
        } else {
            let plan = plan?;
            let community = || plan.community(code).map(Found::Community);
            let cell = || plan.cell(code).map(Found::Cell);
            community().or_else(cell).or_else(|| plan.groups.find(code).map(Found::Group))?
        };
        let (level, name, stats) = match (&found, plan) {
            (Found::Street, Some(plan)) => (Level::Street, street.name(), plan.street_stats),
            (Found::Street, None) => (Level::Street, street.name(), street.stats),
            (Found::Community(i), Some(plan)) => {
                (Level::Community, plan.plan.communities[*i as usize].name.as_str(), plan.community_stats[*i as usize])
            }
            (Found::Cell(i), Some(plan)) => (Level::Cell, plan.plan.cells[*i as usize].name.as_str(), plan.cell_stats[*i as usize]),
            (Found::Group(i), Some(plan)) => (Level::Group, code.as_str(), group_stats(street, plan, *i)),
            (_, None) => return None,
        };
        let bounds = stats.bounds.unwrap_or(Bounds { min: stats.label, max: stats.label });
        Some(AreaSummary {
            code: code.to_string(),
            level: level.to_string(),
            name: name.to_owned(),
            parents: parents(street, plan, &found),
            households: stats.households,
            persons: stats.persons,
            groups: stats.groups,
            cells: stats.cells,
            buildings: stats.buildings,
            issues: self.issues_in(street_row, plan, &found),
            area_m2: (stats.area_m2 * 10.0).round() / 10.0,
            bbox: [bounds.min.lon(), bounds.min.lat(), bounds.max.lon(), bounds.max.lat()],
            label: [stats.label.lon(), stats.label.lat()],
            plan: plan.map(|p| p.plan.id.0),
            estimated: street.is_estimated(plan),
        })
    }

    fn issues_in(&self, street_row: usize, plan: Option<&PlanIndex>, found: &Found) -> IssueCount {
        let street = &self.streets[street_row];
        let slot = plan.and_then(|plan| street.plans.iter().position(|p| std::ptr::eq(p.as_ref(), plan)));
        let mut count = IssueCount::default();
        for placed in self.issue_buckets() {
            for row in placed.in_street(street_row as u32) {
                let cell = slot.map_or(NONE, |slot| placed.cell(row, street, slot));
                let near = |plan: &PlanIndex| plan.group_near(cell, placed.bucket.positions()[row as usize], &street.households);
                let counts = match (found, plan) {
                    (Found::Street, None) => true,
                    (Found::Street, Some(_)) => cell != NONE,
                    (Found::Community(i), Some(plan)) => plan.community_of_cell.get(cell as usize) == Some(i),
                    (Found::Cell(i), _) => cell == *i,
                    (Found::Group(i), Some(plan)) => cell != NONE && cell == plan.cell_of_group[*i as usize] && near(plan) == Some(*i),
                    (_, None) => false,
                };
                if counts {
                    count.add(placed.bucket.statuses()[row as usize]);
                }
            }
        }
        count
    }

    /// Issues by area of a level (street, community or cell), areas without one included. By position, not by filing. A street
    /// without a plan in force counts as a street, and has no communities and cells.
    pub fn count_issues(&self, level: Level, filter: &IssueFilter, as_of: Date) -> BTreeMap<Code, IssueCount> {
        let mut counts = BTreeMap::new();
        for (street_row, street) in (0..).zip(&self.streets) {
            let slot = street.plans.iter().position(|p| p.plan.validity.in_force(as_of));
            let plan = slot.map(|slot| street.plans[slot].as_ref());
            let areas: Vec<&Code> = match (level, plan) {
                (Level::Street, _) => vec![&street.code],
                (Level::Community, Some(plan)) => plan.plan.communities.iter().map(|c| &c.code).collect(),
                (Level::Cell, Some(plan)) => plan.plan.cells.iter().map(|c| &c.code).collect(),
                _ => continue,
            };
            let mut by_area = vec![IssueCount::default(); areas.len()];
            for (placed, ready) in self.issue_buckets().iter().filter_map(|placed| Some((placed, placed.bucket.ready(filter)?))) {
                for row in placed.in_street(street_row).filter(|row| ready.admits(*row)) {
                    let cell = slot.map_or(NONE, |slot| placed.cell(row, street, slot));
                    let area = match (level, plan) {
                        (Level::Street, None) => 0,
                        (Level::Street, Some(_)) if cell != NONE => 0,
                        (Level::Community, Some(plan)) => plan.community_of_cell.get(cell as usize).copied().unwrap_or(NONE),
                        _ => cell,
                    };
                    if let Some(count) = by_area.get_mut(area as usize) {
                        count.add(placed.bucket.statuses()[row as usize]);
                    }
                }
            }
            counts.extend(areas.into_iter().cloned().zip(by_area));
        }
        counts
    }
}

fn parents(street: &StreetIndex, plan: Option<&PlanIndex>, found: &Found) -> Vec<(String, String)> {
    let mut parents = Vec::new();
    let Some(plan) = plan else { return parents };
    let cell = match found {
        Found::Street => return parents,
        Found::Community(_) => None,
        Found::Cell(i) => Some(*i),
        Found::Group(i) => Some(plan.cell_of_group[*i as usize]),
    };
    parents.push((street.code.to_string(), street.name().to_owned()));
    let community = cell.and_then(|cell| plan.community_of_cell.get(cell as usize)).and_then(|c| plan.plan.communities.get(*c as usize));
    parents.extend(community.map(|c| (c.code.to_string(), c.name.clone())));
    if matches!(found, Found::Group(_)) {
        let cell = cell.and_then(|cell| plan.plan.cells.get(cell as usize));
        parents.extend(cell.map(|c| (c.code.to_string(), c.name.clone())));
    }
    parents
}

/// A group has no border of its own; its hull stands for it.
fn group_stats(street: &StreetIndex, plan: &PlanIndex, group: u32) -> AreaStats {
    let members: Vec<_> = plan.groups.members(group).iter().map(|row| street.households.get(*row)).collect();
    let persons: Vec<u32> = members.iter().filter_map(|h| h.persons.map(u32::from)).collect();
    let mut buildings: Vec<&str> = members.iter().filter_map(|h| h.building_id).collect();
    buildings.sort_unstable();
    buildings.dedup();
    let hull = Polygon { exterior: plan.groups.hull(group).to_vec(), interiors: Vec::new() };
    AreaStats {
        households: members.len() as u32,
        persons: (!persons.is_empty()).then(|| persons.iter().sum()),
        groups: 1,
        cells: 0,
        buildings: buildings.len() as u32,
        bounds: Bounds::of(&hull.exterior),
        label: crate::geometry::ring::interior_position(&hull).unwrap_or_default(),
        area_m2: area_m2(&hull.into()),
    }
}
