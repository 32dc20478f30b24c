//! What is in scope, listed first and built one by one.

use std::{borrow::Cow, cell::OnceCell};

use serde_json::{Value, json};

use super::{
    Error, Scope,
    tally::{area_range, tally_area},
};
use crate::{
    index::{HouseholdRow, IssueAt, IssueRow, NONE, Place, PlanIndex, Snapshot, StreetIndex},
    model::{Bounds, Code, CodeScheme, Level, LonLat, MultiPolygon, Polygon},
};

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Set {
    /// Level 1.
    Streets,
    /// Level 2.
    Communities,
    /// Level 3.
    Cells,
    /// Ten-household groups, as hulls.
    Groups,
    /// Households, as points.
    Households,
    /// Issues, as points.
    Issues,
}

impl Set {
    /// The word on the command line and in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streets => "streets",
            Self::Communities => "communities",
            Self::Cells => "cells",
            Self::Groups => "groups",
            Self::Households => "households",
            Self::Issues => "issues",
        }
    }

    /// The level of a set of areas.
    pub(super) fn level(self) -> Option<Level> {
        match self {
            Self::Streets => Some(Level::Street),
            Self::Communities => Some(Level::Community),
            Self::Cells => Some(Level::Cell),
            Self::Groups | Self::Households | Self::Issues => None,
        }
    }

    /// The names of a record's properties, in their order.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Streets => {
                &["street_code", "name", "households", "persons", "groups", "area_m2", "communities", "cells", "plan", "estimated"]
            }
            Self::Communities => {
                &["community_code", "street_code", "name", "households", "persons", "groups", "area_m2", "cells", "estimated"]
            }
            Self::Cells => {
                &["cell_code", "community_code", "street_code", "name", "households", "persons", "groups", "area_m2", "kind", "estimated"]
            }
            Self::Groups => &["group_code", "cell_code", "community_code", "street_code", "households", "persons", "estimated"],
            Self::Households => {
                &["household_id", "building_id", "unit", "floor", "persons", "address", "group_code", "cell_code", "is_head", "estimated"]
            }
            Self::Issues => &[
                "issue_id",
                "category",
                "status",
                "reported_at",
                "closed_at",
                "description",
                "street_code",
                "community_code",
                "cell_code",
                "group_code",
            ],
        }
    }
}

/// A record's place.
#[derive(Clone, Debug, PartialEq)]
pub enum Geometry {
    /// A position.
    Point(LonLat),
    /// An area.
    Area(MultiPolygon),
}

impl Geometry {
    /// The box around it.
    pub fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Point(at) => Bounds::of([at]),
            Self::Area(shape) => Bounds::of(shape.rings().flatten()),
        }
    }
}

/// One thing to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Code or id, unique in its set.
    pub id: String,
    /// Where it is.
    pub geometry: Geometry,
    /// Values in the order of [`Set::columns`].
    pub values: Vec<Value>,
}

/// What is in scope, listed and not yet built.
pub struct Records<'a> {
    set: Set,
    snapshot: &'a Snapshot,
    scope: Scope,
    streets: Vec<Prepared<'a>>,
    items: Vec<Item>,
}

/// A street and what its records share.
struct Prepared<'a> {
    street: &'a StreetIndex,
    plan: Option<&'a PlanIndex>,
    outlines: OnceCell<Vec<MultiPolygon>>,
}

/// The place of one record: a street by its place in the list, and what in it.
#[derive(Clone, Copy)]
enum Item {
    Area { street: u32, index: u32 },
    Group { street: u32, index: u32 },
    Household { street: u32, index: u32 },
    Issue(IssueAt),
}

impl<'a> Records<'a> {
    /// Lists a set's records in scope, by code or id (issues by time of report, then id).
    ///
    /// # Errors
    /// [`Error::NoSuchArea`] when the scope names an area that is not there.
    pub fn select(snapshot: &'a Snapshot, set: Set, scope: &Scope) -> Result<Self, Error> {
        let touched = snapshot.streets.iter().filter(|street| scope.touches(&street.code));
        let streets: Vec<Prepared<'a>> = touched
            .map(|street| Prepared { street, plan: street.plan_at(scope.as_of).map(|plan| &**plan), outlines: OnceCell::new() })
            .collect();
        let mut records = Self { set, snapshot, scope: scope.clone(), streets, items: Vec::new() };
        if let Some(area) = &scope.area
            && !records.holds(area)
        {
            return Err(Error::NoSuchArea(area.clone()));
        }
        records.items = records.list();
        Ok(records)
    }

    /// What set this is.
    pub fn set(&self) -> Set {
        self.set
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The record's code or id, without building it.
    pub fn id(&self, number: usize) -> Cow<'_, str> {
        match self.items[number] {
            Item::Area { street, index } => self.area_code(street, index).as_str().into(),
            Item::Group { street, index } => self.group_code(street, index).map_or("", Code::as_str).into(),
            Item::Household { street, index } => self.household(street, index).id.into(),
            Item::Issue(at) => self.snapshot.issue(at).id.into(),
        }
    }

    /// The box around the record, without building the rest of it.
    pub fn bounds(&self, number: usize) -> Option<Bounds> {
        self.geometry(self.items[number]).bounds()
    }

    /// The issue at this place of the list; `None` in other sets.
    pub fn issue(&self, number: usize) -> Option<IssueRow<'a>> {
        match self.items[number] {
            Item::Issue(at) => Some(self.snapshot.issue(at)),
            _ => None,
        }
    }

    /// Builds a record.
    pub fn get(&self, number: usize) -> Record {
        let item = self.items[number];
        let geometry = self.geometry(item);
        let values = match item {
            Item::Area { street, index } => self.area_values(street, index),
            Item::Group { street, index } => self.group_values(street, index),
            Item::Household { street, index } => self.household_values(street, index),
            Item::Issue(at) => self.issue_values(at),
        };
        Record { id: self.id(number).into_owned(), geometry, values }
    }

    /// Group members in scope as `household_id, group_code, cell_code, is_head`, by group, then by household.
    pub fn memberships(&self) -> impl Iterator<Item = (&'a str, &'a Code, &'a Code, bool)> {
        self.items.iter().flat_map(move |item| {
            let found = match *item {
                Item::Group { street, index } => {
                    let prepared = &self.streets[street as usize];
                    prepared.plan.and_then(|plan| {
                        let cell = *plan.cell_of_group.get(index as usize)?;
                        let members = plan.groups.member_ids(index, &prepared.street.households);
                        Some((&plan.groups.codes()[index as usize], &plan.plan.cells[cell as usize].code, members))
                    })
                }
                _ => None,
            };
            found.into_iter().flat_map(|(group, cell, members)| members.into_iter().map(move |(id, is_head)| (id, group, cell, is_head)))
        })
    }

    /// Whether the area is there on that day.
    fn holds(&self, area: &Code) -> bool {
        self.streets.iter().any(|prepared| prepared.street.code.is_within(area) || prepared.plan.is_some_and(|index| plan_has(index, area)))
    }

    fn list(&self) -> Vec<Item> {
        let mut items = Vec::new();
        for (street, prepared) in (0..).zip(&self.streets) {
            match (self.set.level(), self.set) {
                (Some(level), _) => {
                    let range = area_range(prepared.street, prepared.plan, level);
                    let found = range.filter(|index| self.scope.admits(self.area_code(street, *index)));
                    items.extend(found.map(|index| Item::Area { street, index }));
                }
                (None, Set::Groups) => {
                    let groups = prepared.plan.map_or(&[][..], |plan| plan.groups.codes());
                    let found = (0..).zip(groups).filter(|(_, code)| self.scope.admits(code));
                    items.extend(found.map(|(index, _)| Item::Group { street, index }));
                }
                (None, Set::Households) => {
                    let found = prepared.street.households.by_id().iter().copied().filter(|row| self.admits_household(prepared, *row));
                    items.extend(found.map(|index| Item::Household { street, index }));
                }
                (None, _) => {}
            }
        }
        if self.set == Set::Issues {
            items.extend(self.snapshot.issues_by_time().iter().copied().filter(|at| self.admits_issue(*at)).map(Item::Issue));
        }
        items
    }

    fn admits_household(&self, prepared: &Prepared<'_>, index: u32) -> bool {
        self.scope.admits(&prepared.street.code) || household_group(prepared.plan, index).is_some_and(|(_, code)| self.scope.admits(code))
    }

    /// An issue counts where it lies; one outside every street only when no area is asked for.
    fn admits_issue(&self, at: IssueAt) -> bool {
        let Some(area) = &self.scope.area else { return true };
        let Some(street) = self.snapshot.street_of_issue(at) else { return false };
        if street.code.is_within(area) {
            return true;
        }
        if !area.is_within(&street.code) {
            return false;
        }
        let place = self.snapshot.locate(self.snapshot.issue(at).position, self.scope.as_of).place;
        place.is_some_and(|place| {
            let group = place.group_code.unwrap_or_default();
            place.cell_code.starts_with(area.as_str()) || group.starts_with(area.as_str())
        })
    }

    fn geometry(&self, item: Item) -> Geometry {
        match item {
            Item::Area { street, index } => {
                let outlines = self.streets[street as usize].outlines(self.set);
                Geometry::Area(outlines.get(index as usize).cloned().unwrap_or_default())
            }
            Item::Group { street, index } => {
                let hull = self.streets[street as usize].plan.map(|plan| plan.groups.hull(index)).filter(|hull| !hull.is_empty());
                let polygon = |hull: &[LonLat]| Polygon { exterior: hull.to_vec(), interiors: Vec::new() };
                Geometry::Area(hull.map(|hull| polygon(hull).into()).unwrap_or_default())
            }
            Item::Household { street, index } => Geometry::Point(self.household(street, index).position),
            Item::Issue(at) => Geometry::Point(self.snapshot.issue(at).position),
        }
    }

    fn area_code(&self, street: u32, index: u32) -> &'a Code {
        let prepared = &self.streets[street as usize];
        match (self.set, prepared.plan) {
            (Set::Communities, Some(index_of)) => &index_of.plan.communities[index as usize].code,
            (Set::Cells, Some(index_of)) => &index_of.plan.cells[index as usize].code,
            _ => &prepared.street.code,
        }
    }

    fn group_code(&self, street: u32, index: u32) -> Option<&'a Code> {
        self.streets[street as usize].plan.and_then(|plan| plan.groups.codes().get(index as usize))
    }

    fn household(&self, street: u32, row: u32) -> HouseholdRow<'a> {
        self.streets[street as usize].street.households.get(row)
    }

    fn area_values(&self, street: u32, index: u32) -> Vec<Value> {
        let prepared = &self.streets[street as usize];
        let level = self.set.level().unwrap_or(Level::Street);
        let tally = tally_area(prepared.street, prepared.plan, level, index);
        let stats = tally.stats;
        let (code, street_code) = (json!(tally.code.as_str()), json!(prepared.street.code.as_str()));
        let (name, estimated) = (json!(tally.name), json!(tally.estimated));
        let (households, persons, groups) = (json!(stats.households), json!(stats.persons), json!(stats.groups));
        let (area, cells) = (square_metres(stats.area_m2), json!(stats.cells));
        match level {
            Level::Community => vec![code, street_code, name, households, persons, groups, area, cells, estimated],
            Level::Cell => {
                let community = CodeScheme::default().ancestor(&tally.code, Level::Community);
                let kind = prepared.plan.map(|plan| plan.plan.cells[index as usize].kind.as_str());
                let community = json!(community.as_ref().map(Code::as_str));
                vec![code, community, street_code, name, households, persons, groups, area, json!(kind), estimated]
            }
            _ => {
                let plan = prepared.plan.map(|index| &index.plan);
                let communities = json!(plan.map_or(0, |plan| plan.communities.len()));
                let number = json!(plan.map(|plan| plan.id.0));
                vec![code, name, households, persons, groups, area, communities, cells, number, estimated]
            }
        }
    }

    fn group_values(&self, street: u32, index: u32) -> Vec<Value> {
        let prepared = &self.streets[street as usize];
        let (Some(plan), Some(code)) = (prepared.plan, self.group_code(street, index)) else { return Vec::new() };
        let scheme = CodeScheme::default();
        let ancestor = |level| json!(scheme.ancestor(code, level).as_ref().map(Code::as_str));
        let (mut persons, mut estimated) = (None, false);
        for household in plan.groups.members(index).iter().map(|row| prepared.street.households.get(*row)) {
            estimated |= household.estimated;
            if let Some(more) = household.persons {
                persons = Some(persons.unwrap_or(0) + u32::from(more));
            }
        }
        vec![
            json!(code.as_str()),
            ancestor(Level::Cell),
            ancestor(Level::Community),
            ancestor(Level::Street),
            json!(plan.groups.size(index)),
            json!(persons),
            json!(estimated),
        ]
    }

    fn household_values(&self, street: u32, index: u32) -> Vec<Value> {
        let prepared = &self.streets[street as usize];
        let household = self.household(street, index);
        let group = household_group(prepared.plan, index);
        let cell = household_cell(prepared.plan, index);
        let head = group.map(|(is_head, _)| is_head);
        vec![
            json!(household.id),
            json!(household.building_id),
            json!(household.unit),
            json!(household.floor),
            json!(household.persons),
            json!(household.address.map(|address| address.to_string())),
            json!(group.map(|(_, code)| code.as_str())),
            json!(cell.map(Code::as_str)),
            json!(head),
            json!(household.estimated),
        ]
    }

    fn issue_values(&self, at: IssueAt) -> Vec<Value> {
        let issue = self.snapshot.issue(at);
        let place = self.snapshot.locate(issue.position, self.scope.as_of).place;
        let street = self.snapshot.street_of_issue(at).map(|street| street.code.as_str());
        let of_place = |code: fn(&Place) -> Option<&str>| json!(place.as_ref().and_then(code));
        vec![
            json!(issue.id),
            json!(issue.category),
            json!(issue.status.as_str()),
            json!(issue.reported_at.to_string()),
            json!(issue.closed_at.map(|at| at.to_string())),
            json!(issue.description),
            json!(street),
            of_place(|place| Some(&place.community_code)),
            of_place(|place| Some(&place.cell_code)),
            of_place(|place| place.group_code.as_deref()),
        ]
    }
}

impl<'a> Prepared<'a> {
    /// Outlines of the set's areas, in the plan's order. A planned street's outline is what its cells make together, so that
    /// it shares every vertex with them; an unplanned one's is the boundary that was given.
    fn outlines(&self, set: Set) -> &[MultiPolygon] {
        self.outlines.get_or_init(|| match (set, self.plan) {
            (Set::Cells, Some(index)) => index.cells.outlines(),
            (Set::Communities, Some(index)) => {
                index.cells.outlines_by_label(&index.community_labels(), index.plan.communities.len() as u32 + 1)
            }
            (_, Some(index)) => index.cells.outlines_by_label(&vec![0; index.plan.cells.len()], 1),
            (_, None) => self.street.area().map(|area| area.boundary.clone()).into_iter().collect(),
        })
    }
}

/// The household's group: whether it is its head, and the code.
fn household_group(plan: Option<&PlanIndex>, row: u32) -> Option<(bool, &Code)> {
    let plan = plan?;
    let group = plan.group_of_household[row as usize];
    (group != NONE).then(|| (plan.groups.is_head(group, row), &plan.groups.codes()[group as usize]))
}

fn plan_has(index: &PlanIndex, area: &Code) -> bool {
    let plan = &index.plan;
    let has = |found: Result<usize, usize>| found.is_ok();
    has(plan.communities.binary_search_by(|c| c.code.cmp(area)))
        || has(plan.cells.binary_search_by(|c| c.code.cmp(area)))
        || index.groups.find(area).is_some()
}

fn household_cell(plan: Option<&PlanIndex>, household: u32) -> Option<&Code> {
    let plan = plan?;
    let cell = plan.plan.cells.get(*plan.cell_of_household.get(household as usize)? as usize)?;
    Some(&cell.code)
}

/// Square metres with one decimal, as everywhere an area is shown.
fn square_metres(area_m2: f64) -> Value {
    json!((area_m2 * 10.0).round() / 10.0)
}
