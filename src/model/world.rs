//! Everything a store holds, and the changes that lead from one state to the next.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Area, Building, Code, Household, Issue, Level, Line, Plan, PlanEdit, PlanId, Validity, Water};

/// A street's revision: gap-free, in commit order, 0 before the first commit.
pub type Version = u64;

/// The street code under which issues outside every known street are kept.
pub const NO_STREET: &str = "000000000";

/// What is known of one street. Every list is sorted by id (or code).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreetData {
    /// The revision these rows belong to.
    pub version: Version,
    /// Given boundaries: the street itself (level street), communities and cells to be kept.
    pub areas: Vec<Area>,
    /// Roads, rivers, railways, boundaries.
    pub lines: Vec<Line>,
    /// Water areas.
    pub waters: Vec<Water>,
    /// Buildings.
    pub buildings: Vec<Building>,
    /// Households.
    pub households: Vec<Household>,
    /// Issues filed under this street when they came in. Where an issue *lies* is the index's answer, not this list's.
    pub issues: Vec<Issue>,
    /// Plans by number.
    pub plans: Vec<Plan>,
}

impl StreetData {
    /// The street's own area; `None` for [`NO_STREET`] and for a street known only by its issues.
    pub fn street(&self) -> Option<&Area> {
        self.areas.iter().find(|area| area.level == Level::Street)
    }

    /// Applies one change; the version stays. Every list stays sorted.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::PutAreas(rows) => put(&mut self.areas, rows, |area| &area.code),
            Change::PutLines(rows) => put(&mut self.lines, rows, |line| &line.id),
            Change::PutWaters(rows) => put(&mut self.waters, rows, |water| &water.id),
            Change::PutBuildings(rows) => put(&mut self.buildings, rows, |building| &building.id),
            Change::PutHouseholds(rows) => put(&mut self.households, rows, |household| &household.id),
            Change::PutIssues(rows) => put(&mut self.issues, rows, |issue| &issue.id),
            Change::DeleteAreas(codes) => delete(&mut self.areas, codes, |area| &area.code),
            Change::DeleteLines(ids) => delete(&mut self.lines, ids, |line| &line.id),
            Change::DeleteWaters(ids) => delete(&mut self.waters, ids, |water| &water.id),
            Change::DeleteBuildings(ids) => delete(&mut self.buildings, ids, |building| &building.id),
            Change::DeleteHouseholds(ids) => delete(&mut self.households, ids, |household| &household.id),
            Change::DeleteIssues(ids) => delete(&mut self.issues, ids, |issue| &issue.id),
            Change::PutPlan(plan) => put(&mut self.plans, vec![*plan], |plan| &plan.id),
            Change::DeletePlan(id) => delete(&mut self.plans, vec![id], |plan| &plan.id),
            Change::EditPlan(edit) => {
                // The store's transaction has seen that it fits.
                if let Some(plan) = self.plans.iter_mut().find(|plan| plan.id == edit.plan)
                    && edit.patch.apply(plan).is_ok()
                {
                    plan.revision += 1;
                }
            }
            Change::SetValidity(id, validity) => {
                if let Some(plan) = self.plans.iter_mut().find(|plan| plan.id == id) {
                    (plan.state, plan.valid_from, plan.valid_to) = (validity.state, validity.from, validity.to);
                }
            }
        }
    }
}

/// Up to so many rows are put one by one; more are sorted in.
const FEW: usize = 16;

/// Puts rows into a list sorted by key; of several with one key the last counts.
fn put<R, K: Ord>(list: &mut Vec<R>, rows: Vec<R>, key: impl Fn(&R) -> &K) {
    if rows.len() <= FEW {
        for row in rows {
            match list.binary_search_by(|other| key(other).cmp(key(&row))) {
                Ok(place) => list[place] = row,
                Err(place) => list.insert(place, row),
            }
        }
        return;
    }
    list.extend(rows);
    list.sort_by(|a, b| key(a).cmp(key(b)));
    list.dedup_by(|later, kept| {
        let same = key(later) == key(kept);
        if same {
            std::mem::swap(later, kept);
        }
        same
    });
}

/// Takes rows out of a list, by key.
fn delete<R, K: Ord>(list: &mut Vec<R>, mut keys: Vec<K>, key: impl Fn(&R) -> &K) {
    keys.sort_unstable();
    list.retain(|row| keys.binary_search(key(row)).is_err());
}

/// Everything a store holds, by street code.
pub type World = BTreeMap<Code, StreetData>;

/// One kind of row put or removed. Putting replaces the row of the same id.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Areas by code.
    PutAreas(Vec<Area>),
    /// Areas by code.
    DeleteAreas(Vec<Code>),
    /// Lines by id.
    PutLines(Vec<Line>),
    /// Lines by id.
    DeleteLines(Vec<String>),
    /// Water areas by id.
    PutWaters(Vec<Water>),
    /// Water areas by id.
    DeleteWaters(Vec<String>),
    /// Buildings by id.
    PutBuildings(Vec<Building>),
    /// Buildings by id.
    DeleteBuildings(Vec<String>),
    /// Households by id.
    PutHouseholds(Vec<Household>),
    /// Households by id.
    DeleteHouseholds(Vec<String>),
    /// Issues by id.
    PutIssues(Vec<Issue>),
    /// Issues by id.
    DeleteIssues(Vec<String>),
    /// A whole plan, replacing the one of the same number.
    PutPlan(Box<Plan>),
    /// A plan and all that belongs to it.
    DeletePlan(PlanId),
    /// A step of a draft.
    EditPlan(Box<PlanEdit>),
    /// A plan's state and days.
    SetValidity(PlanId, Validity),
}

impl Change {
    /// The plan it changes; `None` when it changes something else.
    pub fn plan(&self) -> Option<PlanId> {
        match self {
            Self::PutPlan(plan) => Some(plan.id),
            Self::DeletePlan(id) | Self::SetValidity(id, _) => Some(*id),
            Self::EditPlan(edit) => Some(edit.plan),
            _ => None,
        }
    }

    /// What kind of thing it changes, and how many.
    pub fn kind(&self) -> (ChangeKind, usize) {
        match self {
            Self::PutAreas(v) => (ChangeKind::Areas, v.len()),
            Self::DeleteAreas(v) => (ChangeKind::Areas, v.len()),
            Self::PutLines(v) => (ChangeKind::Lines, v.len()),
            Self::DeleteLines(v) => (ChangeKind::Lines, v.len()),
            Self::PutWaters(v) => (ChangeKind::Waters, v.len()),
            Self::DeleteWaters(v) => (ChangeKind::Waters, v.len()),
            Self::PutBuildings(v) => (ChangeKind::Buildings, v.len()),
            Self::DeleteBuildings(v) => (ChangeKind::Buildings, v.len()),
            Self::PutHouseholds(v) => (ChangeKind::Households, v.len()),
            Self::DeleteHouseholds(v) => (ChangeKind::Households, v.len()),
            Self::PutIssues(v) => (ChangeKind::Issues, v.len()),
            Self::DeleteIssues(v) => (ChangeKind::Issues, v.len()),
            Self::PutPlan(_) | Self::DeletePlan(_) | Self::EditPlan(_) | Self::SetValidity(..) => (ChangeKind::Plans, 1),
        }
    }
}

/// A kind of row; the word in the change log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Given boundaries.
    Areas,
    /// Roads, rivers, railways.
    Lines,
    /// Water areas.
    Waters,
    /// Buildings.
    Buildings,
    /// Households.
    Households,
    /// Issues.
    Issues,
    /// Plans.
    Plans,
}

/// Changes of one street that become visible together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSet {
    /// The street they belong to ([`NO_STREET`] for issues outside every street).
    pub street: Code,
    /// What was done, for the log: "import survey", "plan", …
    pub what: String,
    /// In the order to apply.
    pub changes: Vec<Change>,
}

impl ChangeSet {
    /// Whether there is nothing to do; such a set is never committed, so that importing the same file twice changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| change.kind().1 == 0)
    }
}

/// What leads from a street's state at one version to that at a later one.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    /// The version it leads to.
    pub version: Version,
    /// The commits in between, oldest first.
    pub notes: Vec<ChangeNote>,
    /// What they changed in the end: each row once, as it is now or deleted; a plan that was touched as a whole.
    pub changes: Vec<Change>,
}

/// One line of the change log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeNote {
    /// The street that changed.
    pub street: Code,
    /// The revision this change made.
    pub version: Version,
    /// When it was committed.
    pub at: Timestamp,
    /// What was done.
    pub what: String,
    /// Rows touched by kind.
    pub rows: BTreeMap<ChangeKind, usize>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn water(id: u8, name: u8) -> Water {
        Water { id: format!("{id:02}"), name: Some(name.to_string()), outline: Default::default() }
    }

    proptest! {
        #[test]
        fn putting_and_deleting_is_what_a_map_does(
            steps in prop::collection::vec((any::<bool>(), prop::collection::vec((0..30_u8, any::<u8>()), 0..40)), 1..6)
        ) {
            let (mut data, mut map) = (StreetData::default(), BTreeMap::new());
            for (putting, rows) in steps {
                if putting {
                    data.apply(Change::PutWaters(rows.iter().map(|(id, name)| water(*id, *name)).collect()));
                    map.extend(rows.iter().map(|(id, name)| (*id, water(*id, *name))));
                } else {
                    data.apply(Change::DeleteWaters(rows.iter().map(|(id, _)| water(*id, 0).id).collect()));
                    rows.iter().for_each(|(id, _)| drop(map.remove(id)));
                }
                prop_assert_eq!(&data.waters, &map.values().cloned().collect::<Vec<_>>());
            }
        }
    }
}
