//! Streets, plans and issues put together to one state of the world.

use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use rayon::prelude::*;

use super::{
    Error, NONE,
    covering::Covering,
    ground::Ground,
    households::{HouseholdRow, Households},
    issues::{IssueBucket, IssueRow, change_buckets, fill_buckets},
    plan_index::{AreaStats, PlanIndex, Rows},
    plan_shape::{Detail, Extent, Hold},
    touched::Touched,
};
use crate::{
    geometry::ring::{Side, owns, side},
    model::{Area, Bounds, Change, Code, Issue, Level, LonLat, NO_STREET, StreetData, World},
};

/// One state of the world, indexed.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Sorted by code, without [`NO_STREET`].
    pub streets: Vec<Arc<StreetIndex>>,
    /// The rows of [`NO_STREET`].
    elsewhere: Option<Arc<StreetIndex>>,
    /// Issues by street of filing and time, [`NO_STREET`]'s last, and where they lie.
    issues: Vec<PlacedBucket>,
    by_time: OnceLock<Vec<IssueAt>>,
}

/// A street and its plans. What a change leaves alone is shared with the state before.
#[derive(Debug)]
pub struct StreetIndex {
    /// The street's code.
    pub code: Code,
    /// Given boundaries: the street itself, communities and cells to be kept.
    pub areas: Vec<Area>,
    /// What stands there.
    pub ground: Arc<Ground>,
    /// Who lives there.
    pub households: Arc<Households>,
    /// For every building the households that name it.
    pub households_of_building: Arc<[u32]>,
    /// Issues filed under this street. Where an issue *lies* is another matter.
    pub issues: Vec<Arc<IssueBucket>>,
    /// By number.
    pub plans: Vec<Arc<PlanIndex>>,
    /// The box around the street's boundary and every plan.
    pub bounds: Option<Bounds>,
    /// Whether a position lies within its boundary; `None` without one.
    within: Option<Arc<Covering>>,
    /// Its boundary's.
    extent: Extent,
    /// The street without any plan: its own boundary, and all its households and buildings.
    pub stats: AreaStats,
}

/// A bucket of issues and where they lie.
#[derive(Clone, Debug)]
pub struct PlacedBucket {
    /// The issues.
    pub bucket: Arc<IssueBucket>,
    /// For every row the index into [`Snapshot::streets`] of the street whose boundary holds it, or [`NONE`].
    street: Arc<[u32]>,
    /// For every row its cell in that street's main plan ([`StreetIndex::main_plan`]), or [`NONE`].
    cell: Arc<[u32]>,
}

/// An issue's place in the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssueAt {
    bucket: u32,
    row: u32,
}

impl Snapshot {
    /// Indexes a world.
    ///
    /// # Errors
    /// [`Error::Coverage`] when stored blocks overlap.
    pub fn build(world: World) -> Result<Self, Error> {
        let streets: Result<Vec<_>, Error> =
            world.into_iter().collect::<Vec<_>>().into_par_iter().map(|(code, data)| StreetIndex::build(code, data)).collect();
        Ok(Self::of_streets(streets?))
    }

    /// Puts indexed streets together, [`NO_STREET`] among them if it is there.
    pub fn of_streets(streets: Vec<StreetIndex>) -> Self {
        let (elsewhere, mut streets) = streets.into_iter().map(Arc::new).partition::<Vec<_>, _>(|s| s.code.as_str() == NO_STREET);
        streets.sort_by(|a, b| a.code.cmp(&b.code));
        Self::assemble(streets, elsewhere.into_iter().next(), None)
    }

    /// The same snapshot with one street indexed anew (or removed when `data` is `None`); the others are shared. Beside it: what
    /// that touches, which is all of the street, as it was and as it is.
    ///
    /// # Errors
    /// See [`Snapshot::build`].
    pub fn with_street(&self, code: &Code, data: Option<StreetData>) -> Result<(Self, Touched), Error> {
        let new = data.map(|data| StreetIndex::build(code.clone(), data)).transpose()?;
        let old = self.street(code).map(Arc::as_ref);
        let touched = Touched::whole(old.into_iter().chain(&new));
        Ok((self.replaced(code, new.map(Arc::new)), touched))
    }

    /// The same snapshot with some changes of one street; what they leave alone is shared. Beside it: what they touch.
    ///
    /// # Errors
    /// See [`Snapshot::build`].
    pub fn with_changes(&self, code: &Code, changes: Vec<Change>) -> Result<(Self, Touched), Error> {
        let Some(old) = self.street(code) else {
            let mut data = StreetData::default();
            changes.into_iter().for_each(|change| data.apply(change));
            return self.with_street(code, Some(data));
        };
        let (new, touched) = old.with_changes(changes)?;
        Ok((self.replaced(code, Some(Arc::new(new))), touched))
    }

    fn replaced(&self, code: &Code, street: Option<Arc<StreetIndex>>) -> Self {
        if code.as_str() == NO_STREET {
            return Self::assemble(self.streets.clone(), street, Some(self));
        }
        let mut streets = self.streets.clone();
        match (streets.binary_search_by(|s| s.code.cmp(code)), street) {
            (Ok(i), Some(street)) => streets[i] = street,
            (Ok(i), None) => drop(streets.remove(i)),
            (Err(i), Some(street)) => streets.insert(i, street),
            (Err(_), None) => {}
        }
        Self::assemble(streets, self.elsewhere.clone(), Some(self))
    }

    fn assemble(streets: Vec<Arc<StreetIndex>>, elsewhere: Option<Arc<StreetIndex>>, previous: Option<&Self>) -> Self {
        let moved = previous.and_then(|previous| moved_bounds(&previous.streets, &streets));
        let known = |bucket: &Arc<IssueBucket>| previous?.issues.iter().find(|old| Arc::ptr_eq(&old.bucket, bucket));
        let buckets: Vec<&Arc<IssueBucket>> = streets.iter().chain(&elsewhere).flat_map(|s| &s.issues).collect();
        let issues = buckets
            .par_iter()
            .map(|bucket| match (known(bucket), &moved) {
                (Some(old), Some(moved)) if moved.is_empty() => old.clone(),
                (old, moved) => PlacedBucket::place(bucket, &streets, old.zip(moved.as_deref())),
            })
            .collect();
        Self { streets, elsewhere, issues, by_time: OnceLock::new() }
    }

    /// A street by its code, [`NO_STREET`] included.
    pub fn street(&self, code: &Code) -> Option<&Arc<StreetIndex>> {
        let elsewhere = self.elsewhere.as_ref().filter(|s| s.code == *code);
        elsewhere.or_else(|| self.streets.binary_search_by(|s| s.code.cmp(code)).ok().map(|i| &self.streets[i]))
    }

    /// Issues in their buckets.
    pub fn issue_buckets(&self) -> &[PlacedBucket] {
        &self.issues
    }

    /// How many issues.
    pub fn issue_count(&self) -> usize {
        self.issues.iter().map(|placed| placed.bucket.len()).sum()
    }

    /// Every issue, in order of reporting, then by id. Sorted on the first call.
    pub fn issues_by_time(&self) -> &[IssueAt] {
        self.by_time.get_or_init(|| {
            let buckets = (0..).zip(&self.issues);
            let mut all: Vec<IssueAt> =
                buckets.flat_map(|(bucket, placed)| (0..placed.bucket.len() as u32).map(move |row| IssueAt { bucket, row })).collect();
            all.par_sort_unstable_by(|a, b| {
                let (a, b) = (self.issue(*a), self.issue(*b));
                (a.reported_at, a.id).cmp(&(b.reported_at, b.id))
            });
            all
        })
    }

    /// An issue.
    pub fn issue(&self, at: IssueAt) -> IssueRow<'_> {
        self.issues[at.bucket as usize].bucket.get(at.row)
    }

    /// An issue by its id.
    pub fn find_issue(&self, id: &str) -> Option<IssueAt> {
        (0..).zip(&self.issues).find_map(|(bucket, placed)| Some(IssueAt { bucket, row: placed.bucket.find(id)? }))
    }

    /// The street whose boundary holds the issue.
    pub fn street_of_issue(&self, at: IssueAt) -> Option<&Arc<StreetIndex>> {
        self.streets.get(self.issues[at.bucket as usize].street(at.row)? as usize)
    }
}

impl PlacedBucket {
    /// Finds where issues lie. With an older state of the same bucket, only those that lay or lie where streets moved.
    fn place(bucket: &Arc<IssueBucket>, streets: &[Arc<StreetIndex>], older: Option<(&Self, &[Bounds])>) -> Self {
        let (street, cell): (Vec<u32>, Vec<u32>) = (0..)
            .zip(bucket.positions())
            .map(|(row, at): (u32, &LonLat)| match older {
                Some((old, moved)) if !moved.iter().any(|bounds| bounds.contains(*at)) => {
                    (old.street[row as usize], old.cell[row as usize])
                }
                _ => place(streets, *at),
            })
            .unzip();
        Self { bucket: bucket.clone(), street: street.into(), cell: cell.into() }
    }

    /// The index into [`Snapshot::streets`] of the street whose boundary holds the issue.
    pub fn street(&self, row: u32) -> Option<u32> {
        Some(self.street[row as usize]).filter(|street| *street != NONE)
    }

    /// Rows of the issues that lie in a street.
    pub fn in_street(&self, street: u32) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(&*self.street).filter(move |(_, s)| **s == street).map(|(row, _)| row)
    }

    /// The issue's cell in one of the plans of the street that holds it (its place in the list), or [`NONE`].
    pub fn cell(&self, row: u32, street: &StreetIndex, plan: usize) -> u32 {
        match street.main_plan() == Some(plan) {
            true => self.cell[row as usize],
            false => street.plans[plan].nearest_cell(self.bucket.positions()[row as usize]),
        }
    }
}

impl StreetIndex {
    /// Indexes a street's rows.
    ///
    /// # Errors
    /// See [`Snapshot::build`].
    pub fn build(code: Code, data: StreetData) -> Result<Self, Error> {
        Self::build_to(code, data, Detail::Whole)
    }

    /// Indexes as much of a street as [`Snapshot::locate`] needs: areas, plans, and where households live. Sizes, labels and groups'
    /// hulls are missing: nothing may be drawn from it.
    ///
    /// # Errors
    /// See [`Snapshot::build`].
    pub fn for_locating(code: Code, data: StreetData) -> Result<Self, Error> {
        Self::build_to(code, data, Detail::Places)
    }

    fn build_to(code: Code, data: StreetData, detail: Detail) -> Result<Self, Error> {
        let StreetData { areas, lines, waters, buildings, households, issues, plans, .. } = data;
        // The rows go as soon as they are columns, so that what follows takes their memory.
        let issues = with_rows(issues, |issues| fill_buckets(issues.iter().map(IssueRow::from)));
        let households = with_rows(households, |rows| Households::build(&rows.iter().map(HouseholdRow::from).collect::<Vec<_>>()));
        let households = Arc::new(households);
        let ground = Arc::new(Ground::build(lines, waters, buildings));
        let rows = Rows { households: &households, ground: &ground };
        let plans: Result<Vec<_>, Error> =
            plans.into_par_iter().map(|plan| PlanIndex::build(&code, plan, rows, detail).map(Arc::new)).collect();
        let plans = plans?;
        Ok(Self {
            households_of_building: Arc::default(),
            bounds: None,
            within: within(&areas),
            extent: match detail {
                Detail::Whole => extent(&areas),
                Detail::Places => {
                    Extent { bounds: street_area(&areas).and_then(|area| Bounds::of(area.boundary.rings().flatten())), ..Extent::default() }
                }
            },
            stats: AreaStats::default(),
            code,
            areas,
            ground,
            households,
            issues,
            plans,
        }
        .counted())
    }

    /// The same street after some changes, and what they touch.
    fn with_changes(&self, changes: Vec<Change>) -> Result<(Self, Touched), Error> {
        let mut touched = Touched::default();
        let mut new = self.shared();
        let mut people = HouseholdChanges::default();
        let mut ground: Option<StreetData> = None;
        let (mut put_issues, mut deleted_issues): (Vec<Issue>, Vec<String>) = Default::default();
        let mut plans: Vec<Change> = Vec::new();
        for change in changes {
            match change {
                Change::PutHouseholds(rows) => people.put.extend(rows),
                Change::DeleteHouseholds(ids) => people.deleted.extend(ids),
                Change::PutIssues(rows) => put_issues.extend(rows),
                Change::DeleteIssues(ids) => deleted_issues.extend(ids),
                Change::PutPlan(_) | Change::DeletePlan(_) => plans.push(change),
                _ => {
                    let rows = ground.get_or_insert_with(|| StreetData {
                        areas: self.areas.clone(),
                        lines: self.ground.lines.clone(),
                        waters: self.ground.waters.clone(),
                        buildings: self.ground.buildings.iter().collect(),
                        ..StreetData::default()
                    });
                    rows.apply(change);
                }
            }
        }
        if !put_issues.is_empty() || !deleted_issues.is_empty() {
            let deleted: Vec<&str> = deleted_issues.iter().map(String::as_str).collect();
            new.issues = change_buckets(&self.issues, &put_issues, &deleted);
            let ids = put_issues.iter().map(|issue| issue.id.as_str()).chain(deleted);
            let before = ids.filter_map(|id| self.issues.iter().find_map(|b| Some(b.positions()[b.find(id)? as usize])));
            touched.issues(before.chain(put_issues.iter().map(|issue| issue.position)));
        }
        if let Some(StreetData { areas, lines, waters, buildings, .. }) = ground {
            if areas != self.areas {
                new.within = within(&areas);
                new.extent = extent(&areas);
                new.areas = areas;
            }
            new.ground = Arc::new(Ground::build(lines, waters, buildings));
            let rows = Rows { households: &self.households, ground: &new.ground };
            new.plans = self.plans.iter().map(|plan| Arc::new(plan.with_ground(rows))).collect();
        }
        if !people.put.is_empty() || !people.deleted.is_empty() {
            let put: Vec<HouseholdRow<'_>> = people.put.iter().map(HouseholdRow::from).collect();
            let deleted: Vec<&str> = people.deleted.iter().map(String::as_str).collect();
            let (households, row_of_old) = self.households.with_changes(&put, &deleted);
            let rows = Rows { households: &households, ground: &new.ground };
            new.plans = new.plans.par_iter().map(|plan| Arc::new(plan.with_households(&self.households, &row_of_old, rows))).collect();
            new.households = Arc::new(households);
        }
        for change in plans {
            let id = match &change {
                Change::DeletePlan(id) => *id,
                Change::PutPlan(plan) => plan.id,
                _ => continue,
            };
            new.plans.retain(|plan| plan.plan.id != id);
            if let Change::PutPlan(plan) = change {
                let rows = Rows { households: &new.households, ground: &new.ground };
                let place = new.plans.partition_point(|other| other.plan.id < id);
                new.plans.insert(place, Arc::new(PlanIndex::build(&self.code, *plan, rows, Detail::Whole)?));
            }
        }
        let new = new.counted();
        touched.compare(self, &new, people.ids());
        Ok((new, touched))
    }

    fn shared(&self) -> Self {
        Self {
            code: self.code.clone(),
            areas: self.areas.clone(),
            ground: self.ground.clone(),
            households: self.households.clone(),
            households_of_building: self.households_of_building.clone(),
            issues: self.issues.clone(),
            plans: self.plans.clone(),
            bounds: self.bounds,
            within: self.within.clone(),
            extent: self.extent,
            stats: self.stats,
        }
    }

    /// With the sums over its rows.
    fn counted(mut self) -> Self {
        let mut of_building = vec![0; self.ground.buildings.len()];
        for (id, count) in self.households.counts_by_building() {
            if let Some(row) = self.ground.buildings.find(id) {
                of_building[row as usize] = count;
            }
        }
        self.households_of_building = of_building.into();
        let persons = self.households.persons();
        let known = persons.iter().any(Option::is_some);
        let extent = self.extent;
        self.stats = AreaStats {
            households: self.households.len() as u32,
            persons: known.then(|| persons.iter().flatten().map(|p| u32::from(*p)).sum()),
            buildings: self.ground.buildings.len() as u32,
            ..AreaStats::of_extent(extent)
        };
        self.bounds = self.stats.bounds.into_iter().chain(self.plans.iter().filter_map(|p| p.street_stats.bounds)).reduce(Bounds::union);
        self
    }

    /// The street's own area; `None` for [`NO_STREET`] and for a street known only by its issues.
    pub fn area(&self) -> Option<&Area> {
        street_area(&self.areas)
    }

    /// The plan in force on the day.
    pub fn plan_at(&self, day: Date) -> Option<&Arc<PlanIndex>> {
        self.plans.iter().find(|p| p.plan.validity.in_force(day))
    }

    /// The place in the list of the plan that was published last and is not superseded: today's, most days.
    pub fn main_plan(&self) -> Option<usize> {
        self.plans.iter().rposition(|p| p.plan.validity.from.is_some() && p.plan.validity.to.is_none())
    }

    /// The street's name; its code when it has none.
    pub fn name(&self) -> &str {
        self.area().map(|area| area.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(self.code.as_str())
    }

    /// Whether households of the street were estimated: by the plan, without one by the rows.
    pub fn is_estimated(&self, plan: Option<&PlanIndex>) -> bool {
        plan.map_or_else(|| self.households.any_estimated(), |plan| plan.plan.estimated)
    }

    /// How the street's own boundary holds a position; `None` when it does not.
    pub(super) fn holds(&self, at: LonLat) -> Option<Side> {
        if !self.bounds.is_some_and(|b| b.contains(at)) {
            return None;
        }
        if let Some(within) = &self.within {
            return within.side(at);
        }
        let parts = &self.area()?.boundary.0;
        if parts.iter().any(|part| owns(part, at)) {
            return Some(Side::Inside);
        }
        parts.iter().any(|part| side(part, at) == Side::Border).then_some(Side::Border)
    }
}

fn with_rows<R, T>(rows: Vec<R>, build: impl FnOnce(&[R]) -> T) -> T {
    build(&rows)
}

fn street_area(areas: &[Area]) -> Option<&Area> {
    areas.iter().find(|area| area.level == Level::Street)
}

fn extent(areas: &[Area]) -> Extent {
    street_area(areas).map(|area| Extent::of(&area.boundary)).unwrap_or_default()
}

fn within(areas: &[Area]) -> Option<Arc<Covering>> {
    street_area(areas).and_then(|area| Covering::of_shape(&area.boundary)).map(Arc::new)
}

/// Boxes around the streets whose shapes differ, as they were and as they are; `None` when streets came or went, so that their
/// places in the list changed.
fn moved_bounds(old: &[Arc<StreetIndex>], new: &[Arc<StreetIndex>]) -> Option<Vec<Bounds>> {
    let same_streets = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.code == b.code);
    let same_shape = |a: &StreetIndex, b: &StreetIndex| {
        a.areas == b.areas && a.plans.len() == b.plans.len() && a.plans.iter().zip(&b.plans).all(|(p, q)| p.has_shape_of(q))
    };
    let moved = || old.iter().zip(new).filter(|(a, b)| !Arc::ptr_eq(a, b) && !same_shape(a, b));
    same_streets.then(|| moved().flat_map(|(a, b)| [a.bounds, b.bounds]).flatten().collect())
}

/// The street that holds a position, and its cell in that street's main plan.
fn place(streets: &[Arc<StreetIndex>], at: LonLat) -> (u32, u32) {
    let near = || (0..).zip(streets).filter(|(_, s)| s.bounds.is_some_and(|b| b.contains(at)));
    // A plan's cells answer faster than a street's long boundary, and they tile it.
    let planned = || near().find(|(_, s)| s.plans.iter().any(|p| matches!(p.cell_at(at), Some(Hold::Owned(_)))));
    let bounded = |wanted: Side| near().find(move |(_, s)| s.holds(at) == Some(wanted));
    let touched = || near().find(|(_, s)| s.plans.iter().any(|p| matches!(p.cell_at(at), Some(Hold::Touched(_)))));
    let found: Option<(u32, &Arc<StreetIndex>)> =
        planned().or_else(|| bounded(Side::Inside)).or_else(touched).or_else(|| bounded(Side::Border));
    let cell = found.and_then(|(_, street)| Some(street.plans[street.main_plan()?].nearest_cell(at)));
    (found.map_or(NONE, |(i, _)| i), cell.unwrap_or(NONE))
}

/// Households put and deleted.
#[derive(Default)]
struct HouseholdChanges {
    put: Vec<crate::model::Household>,
    deleted: Vec<String>,
}

impl HouseholdChanges {
    fn ids(&self) -> impl Iterator<Item = &str> {
        self.put.iter().map(|h| h.id.as_str()).chain(self.deleted.iter().map(String::as_str))
    }
}
