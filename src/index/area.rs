//! What lies in an area, and issues counted by area.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::Snapshot;
use crate::model::{Code, Issue, IssueStatus, Level};

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
    pub fn admits(&self, issue: &Issue) -> bool {
        (self.categories.is_empty() || self.categories.contains(&issue.category))
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

impl Snapshot {
    /// What is known of an area on the day; `None` when there is no such area in force.
    pub fn area(&self, code: &Code, as_of: Date) -> Option<AreaSummary> {
        let _ = (code, as_of);
        todo!()
    }

    /// Issues by area of a level (street, community or cell), areas without one included. By position, not by filing.
    pub fn count_issues(&self, level: Level, filter: &IssueFilter, as_of: Date) -> BTreeMap<Code, IssueCount> {
        let _ = (level, filter, as_of);
        todo!()
    }
}
