//! Streets, plans and issues put together to one state of the world.

use std::sync::Arc;

use jiff::civil::Date;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    Error, IssueFilter,
    covering::Covering,
    ground::Ground,
    lists::Lists,
    plan_index::{AreaStats, Hold, NONE, PlanIndex},
    points::CurvePoints,
    tree::PointTree,
};
use crate::{
    geometry::{
        measure::area_m2,
        ring::{Side, owns, side},
    },
    model::{Bounds, Code, Issue, IssueStatus, LonLat, NO_STREET, Plan, StreetData, World},
};

/// One state of the world, indexed.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Sorted by code, without [`NO_STREET`].
    pub streets: Vec<Arc<StreetIndex>>,
    /// Every issue of every street, in order of reporting.
    pub issues: Vec<PlacedIssue>,
    /// Issues along the curve, with what filters ask.
    pub issue_points: IssuePoints,
    /// The rows of [`NO_STREET`].
    elsewhere: Option<Arc<StreetIndex>>,
    pub(super) issue_tree: PointTree,
    pub(super) issues_of_street: Lists,
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
    /// What stands there, whatever the plan.
    pub ground: Arc<Ground>,
    /// The box around the street's boundary and every plan.
    pub bounds: Option<Bounds>,
    /// Whether a position lies within its boundary; `None` without one.
    pub(super) within: Option<Arc<Covering>>,
    /// The street without any plan: its own boundary, and all its households and buildings.
    pub stats: AreaStats,
}

/// An issue and where it lies.
#[derive(Clone, Debug)]
pub struct PlacedIssue {
    /// The issue.
    pub issue: Issue,
    /// Index into [`Snapshot::streets`] of the street whose boundary holds it.
    pub street: Option<u32>,
    /// For every plan of that street (same order) the cell that holds it, or [`NONE`].
    pub cells: Box<[u32]>,
}

/// Issues along the curve. Rows are places in [`Snapshot::issues`].
#[derive(Debug, Default)]
pub struct IssuePoints {
    /// Keys and rows.
    pub points: CurvePoints,
    /// Every category, sorted.
    pub categories: Vec<Box<str>>,
    /// For every row the place of its category in `categories`.
    pub category_of_issue: Vec<u32>,
}

/// A filter made ready for many issues of one snapshot.
#[derive(Debug)]
pub struct ReadyFilter<'a> {
    snapshot: &'a Snapshot,
    filter: &'a IssueFilter,
    category: Vec<bool>,
    status: [bool; IssueStatus::ALL.len()],
}

impl ReadyFilter<'_> {
    /// Whether the issue of this row counts; the same as [`IssueFilter::admits`].
    pub fn admits(&self, row: u32) -> bool {
        let issue = &self.snapshot.issues[row as usize].issue;
        self.category[self.snapshot.issue_points.category_of_issue[row as usize] as usize]
            && self.status[issue.status as usize]
            && self.filter.from.is_none_or(|from| issue.reported_at >= from)
            && self.filter.to.is_none_or(|to| issue.reported_at < to)
    }
}

impl Snapshot {
    /// Indexes a world.
    ///
    /// # Errors
    /// [`Error::Coverage`] when stored blocks overlap.
    pub fn build(world: World) -> Result<Self, Error> {
        let streets: Result<Vec<_>, Error> = world
            .into_iter()
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(code, data)| StreetIndex::build(code, data, None).map(Arc::new))
            .collect();
        let (elsewhere, streets) = streets?.into_iter().partition::<Vec<_>, _>(|s| s.code.as_str() == NO_STREET);
        Ok(Self::assemble(streets, elsewhere.into_iter().next(), None))
    }

    /// The same snapshot with one street replaced (or removed when `data` is `None`); the others are shared, and so is what did not
    /// change of that street.
    ///
    /// # Errors
    /// See [`Snapshot::build`].
    pub fn with_street(&self, code: &Code, data: Option<StreetData>) -> Result<Self, Error> {
        let street =
            data.map(|data| StreetIndex::build(code.clone(), data, self.street(code).map(Arc::as_ref)).map(Arc::new)).transpose()?;
        if code.as_str() == NO_STREET {
            return Ok(Self::assemble(self.streets.clone(), street, Some(self)));
        }
        let mut streets = self.streets.clone();
        match (streets.binary_search_by(|s| s.code.cmp(code)), street) {
            (Ok(i), Some(street)) => streets[i] = street,
            (Ok(i), None) => drop(streets.remove(i)),
            (Err(i), Some(street)) => streets.insert(i, street),
            (Err(_), None) => {}
        }
        Ok(Self::assemble(streets, self.elsewhere.clone(), Some(self)))
    }

    fn assemble(streets: Vec<Arc<StreetIndex>>, elsewhere: Option<Arc<StreetIndex>>, previous: Option<&Self>) -> Self {
        let rows: Vec<&Issue> = streets.iter().chain(&elsewhere).flat_map(|s| &s.data.issues).collect();
        // Where an issue lies depends on the streets' shapes only; most changes leave them alone.
        let previous = previous.filter(|p| same_shapes(&p.streets, &streets));
        let known: FxHashMap<&str, &PlacedIssue> =
            previous.map(|p| p.issues.iter().map(|placed| (placed.issue.id.as_str(), placed)).collect()).unwrap_or_default();
        let mut issues: Vec<PlacedIssue> = rows
            .par_iter()
            .map(|issue| match known.get(issue.id.as_str()).filter(|old| old.issue.position == issue.position) {
                Some(old) => PlacedIssue { issue: (*issue).clone(), street: old.street, cells: old.cells.clone() },
                None => place(&streets, (*issue).clone()),
            })
            .collect();
        issues.sort_by(|a, b| (a.issue.reported_at, &a.issue.id).cmp(&(b.issue.reported_at, &b.issue.id)));
        let placed = (0..).zip(&issues).filter_map(|(i, placed)| placed.street.map(|s| (s, i)));
        let issues_of_street = Lists::build(streets.len(), placed);
        let issue_tree = PointTree::build(issues.iter().map(|p| p.issue.position));
        let issue_points = IssuePoints::build(&issues);
        Self { streets, issues, issue_points, elsewhere, issue_tree, issues_of_street }
    }

    /// A street by its code, [`NO_STREET`] included.
    pub fn street(&self, code: &Code) -> Option<&Arc<StreetIndex>> {
        let elsewhere = self.elsewhere.as_ref().filter(|s| s.code == *code);
        elsewhere.or_else(|| self.streets.binary_search_by(|s| s.code.cmp(code)).ok().map(|i| &self.streets[i]))
    }

    /// Makes a filter ready for many issues.
    pub fn ready<'a>(&'a self, filter: &'a IssueFilter) -> ReadyFilter<'a> {
        let listed = |c: &str| filter.categories.is_empty() || filter.categories.iter().any(|wanted| wanted == c);
        ReadyFilter {
            snapshot: self,
            filter,
            category: self.issue_points.categories.iter().map(|c| listed(c)).collect(),
            status: IssueStatus::ALL.map(|s| filter.statuses.is_empty() || filter.statuses.contains(&s)),
        }
    }

    /// Rows of the issues that lie in a street, in order of reporting.
    pub fn issues_in_street(&self, street: usize) -> &[u32] {
        self.issues_of_street.list(street)
    }
}

impl StreetIndex {
    fn build(code: Code, data: StreetData, previous: Option<&Self>) -> Result<Self, Error> {
        let ground = match previous {
            Some(old) if Ground::is_same(&old.data, &data) => Arc::clone(&old.ground),
            _ => Arc::new(Ground::build(&data)),
        };
        let unchanged = |plan: &Plan| previous.filter(|old| Arc::ptr_eq(&old.ground, &ground))?.plans.iter().find(|old| old.plan == *plan);
        let plans: Result<Vec<Arc<PlanIndex>>, Error> = data
            .plans
            .par_iter()
            .map(|plan| match unchanged(plan) {
                Some(old) => Ok(Arc::clone(old)),
                None => PlanIndex::build(&code, plan, &data, &ground).map(Arc::new),
            })
            .collect();
        let plans = plans?;
        let stats = match previous {
            Some(old) if Arc::ptr_eq(&old.ground, &ground) && old.data.street() == data.street() => old.stats,
            _ => own_stats(&data),
        };
        let bounds = stats.bounds.into_iter().chain(plans.iter().filter_map(|p| p.street_stats.bounds)).reduce(Bounds::union);
        let within = match previous {
            Some(old) if old.data.areas == data.areas => old.within.clone(),
            _ => data.street().and_then(|area| Covering::of_shape(&area.boundary)).map(Arc::new),
        };
        Ok(Self { code, data: Arc::new(data), plans, ground, bounds, within, stats })
    }

    /// The plan in force on the day.
    pub fn plan_at(&self, day: Date) -> Option<&Arc<PlanIndex>> {
        self.plans.iter().find(|p| p.plan.in_force(day))
    }

    /// The street's name; its code when it has none.
    pub fn name(&self) -> &str {
        self.data.street().map(|area| area.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(self.code.as_str())
    }

    /// How the street's own boundary holds a position; `None` when it does not.
    pub(super) fn holds(&self, at: LonLat) -> Option<Side> {
        if !self.bounds.is_some_and(|b| b.contains(at)) {
            return None;
        }
        if let Some(within) = &self.within {
            return within.side(at);
        }
        let parts = &self.data.street()?.boundary.0;
        if parts.iter().any(|part| owns(part, at)) {
            return Some(Side::Inside);
        }
        parts.iter().any(|part| side(part, at) == Side::Border).then_some(Side::Border)
    }
}

impl IssuePoints {
    fn build(issues: &[PlacedIssue]) -> Self {
        let mut categories: Vec<Box<str>> =
            issues.iter().map(|p| p.issue.category.as_str()).collect::<rustc_hash::FxHashSet<_>>().into_iter().map(Box::from).collect();
        categories.sort_unstable();
        let place = |c: &str| categories.binary_search_by(|other| (**other).cmp(c)).unwrap_or_default() as u32;
        let category_of_issue = issues.iter().map(|p| place(&p.issue.category)).collect();
        Self { points: CurvePoints::build(issues.iter().map(|p| p.issue.position)), categories, category_of_issue }
    }
}

fn own_stats(data: &StreetData) -> AreaStats {
    let persons: Vec<u32> = data.households.iter().filter_map(|h| h.persons.map(u32::from)).collect();
    let shape = data.street().map(|area| &area.boundary);
    AreaStats {
        households: data.households.len() as u32,
        persons: (!persons.is_empty()).then(|| persons.iter().sum()),
        groups: 0,
        cells: 0,
        buildings: data.buildings.len() as u32,
        area_m2: shape.map_or(0.0, area_m2),
        bounds: shape.and_then(|shape| Bounds::of(shape.rings().flatten())),
        label: shape.and_then(crate::geometry::label::label_position).unwrap_or_default(),
    }
}

fn same_shapes(old: &[Arc<StreetIndex>], new: &[Arc<StreetIndex>]) -> bool {
    let same_street = |(a, b): (&Arc<StreetIndex>, &Arc<StreetIndex>)| {
        Arc::ptr_eq(a, b)
            || a.code == b.code
                && a.data.areas == b.data.areas
                && a.plans.len() == b.plans.len()
                && a.plans.iter().zip(&b.plans).all(|(p, q)| Arc::ptr_eq(p, q))
    };
    old.len() == new.len() && old.iter().zip(new).all(same_street)
}

fn place(streets: &[Arc<StreetIndex>], issue: Issue) -> PlacedIssue {
    let at = issue.position;
    let near = || (0..).zip(streets).filter(|(_, s)| s.bounds.is_some_and(|b| b.contains(at)));
    // A plan's blocks answer faster than a street's long boundary, and they tile it.
    let planned = || near().find(|(_, s)| s.plans.iter().any(|p| matches!(p.cell_at(at), Some(Hold::Owned(_)))));
    let bounded = |wanted: Side| near().find(move |(_, s)| s.holds(at) == Some(wanted));
    let touched = || near().find(|(_, s)| s.plans.iter().any(|p| matches!(p.cell_at(at), Some(Hold::Touched(_)))));
    let street = planned().or_else(|| bounded(Side::Inside)).or_else(touched).or_else(|| bounded(Side::Border));
    let cells = street.iter().flat_map(|(_, s)| &s.plans).map(|p| match p.cell_at(at) {
        Some(Hold::Owned(cell) | Hold::Touched(cell) | Hold::Beside(cell)) => cell,
        None => NONE,
    });
    PlacedIssue { cells: cells.collect(), street: street.map(|(i, _)| i), issue }
}
