//! Every area of a level, and what lies in it.

use std::ops::Range;

use super::Scope;
use crate::{
    index::{AreaStats, PlanIndex, Snapshot, StreetIndex},
    model::{Code, Level},
};

/// An area and what lies in it. Children add up to their parent.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// The area.
    pub code: Code,
    /// Name for people.
    pub name: String,
    /// What lies in it.
    pub stats: AreaStats,
    /// Households were estimated from buildings.
    pub estimated: bool,
}

/// Areas of a level (street, community or cell; other levels have none) in scope, by code.
pub fn tally(snapshot: &Snapshot, scope: &Scope, level: Level) -> Vec<Tally> {
    let touched = snapshot.streets.iter().filter(|street| scope.touches(&street.code));
    touched
        .flat_map(|street| {
            let plan = street.plan_at(scope.as_of).map(|plan| &**plan);
            area_range(street, plan, level).map(move |index| tally_area(street, plan, level, index))
        })
        .filter(|tally| scope.admits(&tally.code))
        .collect()
}

/// The indexes of a street's areas of a level. A street without a plan in force has no communities and cells; one known by its
/// issues alone is no area.
pub(super) fn area_range(street: &StreetIndex, plan: Option<&PlanIndex>, level: Level) -> Range<u32> {
    let count = match (level, plan) {
        (Level::Street, None) => usize::from(street.area().is_some()),
        (Level::Street, Some(_)) => 1,
        (Level::Community, Some(plan)) => plan.plan.communities.len(),
        (Level::Cell, Some(plan)) => plan.plan.cells.len(),
        _ => 0,
    };
    0..count as u32
}

/// One area of a street by its index.
pub(super) fn tally_area(street: &StreetIndex, plan: Option<&PlanIndex>, level: Level, index: u32) -> Tally {
    let index = index as usize;
    let (code, name, stats) = match (level, plan) {
        (Level::Community, Some(plan)) => {
            let community = &plan.plan.communities[index];
            (&community.code, community.name.as_str(), plan.community_stats[index])
        }
        (Level::Cell, Some(plan)) => {
            let cell = &plan.plan.cells[index];
            (&cell.code, cell.name.as_str(), plan.cell_stats[index])
        }
        (_, Some(plan)) => (&street.code, street.name(), plan.street_stats),
        (_, None) => (&street.code, street.name(), street.stats),
    };
    let estimated = street.is_estimated(plan);
    Tally { code: code.clone(), name: name.to_owned(), stats, estimated }
}
