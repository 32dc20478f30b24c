//! Households, persons, groups and cells by area: one pass over each street.

use std::collections::BTreeMap;

use super::Scope;
use crate::{
    index::{PlanIndex, Snapshot, StreetIndex},
    model::{Code, Level},
};

/// What lies in an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The area.
    pub code: Code,
    /// Name for people.
    pub name: String,
    /// Households.
    pub households: u32,
    /// Persons of the households that say; `None` when none does.
    pub persons: Option<u32>,
    /// Ten-household groups.
    pub groups: u32,
    /// Cells; 1 for a cell.
    pub cells: u32,
    /// Households were estimated from buildings.
    pub estimated: bool,
}

impl Tally {
    fn empty(code: Code, name: String, estimated: bool) -> Self {
        Self { code, name, households: 0, persons: None, groups: 0, cells: 0, estimated }
    }

    fn add_household(&mut self, persons: Option<u16>) {
        self.households += 1;
        if let Some(persons) = persons {
            self.persons = Some(self.persons.unwrap_or(0) + u32::from(persons));
        }
    }

    fn add(&mut self, part: &Self) {
        self.households += part.households;
        self.groups += part.groups;
        self.cells += part.cells;
        self.persons = match (self.persons, part.persons) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0) + b.unwrap_or(0)),
        };
    }
}

/// Areas of a level (street, community or cell; other levels have none) in scope, by code. Children add up to their parent.
pub fn tally(snapshot: &Snapshot, scope: &Scope, level: Level) -> Vec<Tally> {
    let mut tallies = Vec::new();
    for street in snapshot.streets.iter().filter(|street| scope.touches(&street.code)) {
        match street.plan_at(scope.as_of) {
            Some(plan) => tallies.extend(tally_plan(street, plan, level)),
            None if level == Level::Street => tallies.extend(tally_unplanned(street)),
            None => {}
        }
    }
    tallies.retain(|tally| scope.admits(&tally.code));
    tallies
}

/// Areas of a level in one street under one plan, in the plan's order.
pub(super) fn tally_plan(street: &StreetIndex, index: &PlanIndex, level: Level) -> Vec<Tally> {
    let plan = &index.plan;
    let mut cells: Vec<Tally> =
        plan.cells.iter().map(|cell| Tally { cells: 1, ..Tally::empty(cell.code.clone(), cell.name.clone(), plan.estimated) }).collect();
    for (household, group) in street.data.households.iter().zip(&index.group_of_household) {
        if let Some(cell) = index.cell_of_group.get(*group as usize).and_then(|cell| cells.get_mut(*cell as usize)) {
            cell.add_household(household.persons);
        }
    }
    for cell in &index.cell_of_group {
        if let Some(cell) = cells.get_mut(*cell as usize) {
            cell.groups += 1;
        }
    }
    match level {
        Level::Cell => cells,
        Level::Community => {
            let mut communities: Vec<Tally> =
                plan.communities.iter().map(|c| Tally::empty(c.code.clone(), c.name.clone(), plan.estimated)).collect();
            for (cell, community) in cells.iter().zip(&index.community_of_cell) {
                if let Some(community) = communities.get_mut(*community as usize) {
                    community.add(cell);
                }
            }
            communities
        }
        Level::Street => {
            let mut sum = Tally::empty(street.code.clone(), street_name(street), plan.estimated);
            cells.iter().for_each(|cell| sum.add(cell));
            vec![sum]
        }
        Level::County | Level::Group => Vec::new(),
    }
}

/// A street without a plan in force: its households are known, its cells are not. `None` for a street without a boundary.
pub(super) fn tally_unplanned(street: &StreetIndex) -> Option<Tally> {
    street.data.street()?;
    let estimated = street.data.households.iter().any(|household| household.estimated);
    let mut sum = Tally::empty(street.code.clone(), street_name(street), estimated);
    street.data.households.iter().for_each(|household| sum.add_household(household.persons));
    Some(sum)
}

/// How many plans' tallies hold each code, for lookups by code.
pub(super) fn by_code(tallies: Vec<Tally>) -> BTreeMap<Code, Tally> {
    tallies.into_iter().map(|tally| (tally.code.clone(), tally)).collect()
}

fn street_name(street: &StreetIndex) -> String {
    street.data.street().map(|area| area.name.clone()).unwrap_or_default()
}
