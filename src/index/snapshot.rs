//! Streets, plans and issues with their trees.

use std::sync::Arc;

use jiff::civil::Date;

use super::Error;
use crate::{
    geometry::Coverage,
    model::{Building, Code, Group, Household, Issue, LonLat, Plan, StreetData, World},
};

/// One state of the world, indexed.
#[derive(Debug)]
pub struct Snapshot {
    /// Sorted by code.
    pub streets: Vec<Arc<StreetIndex>>,
    /// Every issue of every street, in order of reporting.
    pub issues: Vec<PlacedIssue>,
}

/// A street and its plans.
#[derive(Debug)]
pub struct StreetIndex {
    /// The street's code.
    pub code: Code,
    /// The rows.
    pub data: Arc<StreetData>,
    /// In the order of `data.plans`.
    pub plans: Vec<Arc<PlanIndex>>,
}

/// A plan's topology and what lies in its cells.
#[derive(Debug)]
pub struct PlanIndex {
    /// The plan.
    pub plan: Plan,
    /// Blocks as a coverage; face i is `plan.blocks[i]`.
    pub blocks: Coverage,
    /// Cells as a coverage; face i is `plan.cells[i]`.
    pub cells: Coverage,
    /// For every cell the index of its community.
    pub community_of_cell: Vec<u32>,
    /// For every household of the street (same order) the index of its group.
    pub group_of_household: Vec<u32>,
    /// For every group the index of its cell.
    pub cell_of_group: Vec<u32>,
}

/// An issue and where it lies.
#[derive(Debug)]
pub struct PlacedIssue {
    /// The issue.
    pub issue: Issue,
    /// Index into [`Snapshot::streets`] of the street whose boundary holds it.
    pub street: Option<u32>,
}

/// Something near a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near<T> {
    /// What.
    pub item: T,
    /// How far, along the geodesic.
    pub distance_m: f64,
}

impl Snapshot {
    /// Indexes a world.
    ///
    /// # Errors
    /// [`Error::Coverage`] when stored blocks overlap.
    pub fn build(world: World) -> Result<Self, Error> {
        let _ = world;
        todo!()
    }

    /// The same snapshot with one street replaced (or removed when `data` is `None`); the others are shared.
    ///
    /// # Errors
    /// See [`Snapshot::build`].
    pub fn with_street(&self, code: &Code, data: Option<StreetData>) -> Result<Self, Error> {
        let _ = (code, data);
        todo!()
    }

    /// A street by its code.
    pub fn street(&self, code: &Code) -> Option<&Arc<StreetIndex>> {
        self.streets.binary_search_by(|s| s.code.cmp(code)).ok().map(|i| &self.streets[i])
    }

    /// The nearest households, nearest first.
    pub fn nearest_households(&self, at: LonLat, count: usize) -> Vec<Near<(&StreetIndex, &Household)>> {
        let _ = (at, count);
        todo!()
    }

    /// The nearest issues that the filter lets through, nearest first.
    pub fn nearest_issues(&self, at: LonLat, count: usize, filter: &super::IssueFilter) -> Vec<Near<&PlacedIssue>> {
        let _ = (at, count, filter);
        todo!()
    }

    /// The nearest groups (by their nearest member), nearest first.
    pub fn nearest_groups(&self, at: LonLat, count: usize, as_of: Date) -> Vec<Near<(&PlanIndex, &Group)>> {
        let _ = (at, count, as_of);
        todo!()
    }

    /// The building whose footprint holds the position.
    pub fn building_at(&self, at: LonLat) -> Option<(&StreetIndex, &Building)> {
        let _ = at;
        todo!()
    }
}

impl StreetIndex {
    /// The plan in force on the day.
    pub fn plan_at(&self, day: Date) -> Option<&Arc<PlanIndex>> {
        self.plans.iter().find(|p| p.plan.in_force(day))
    }
}
