//! What differs between two states of a street, so that those who keep things made from it know what to make anew.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{NONE, ground::Ground, plan_index::PlanIndex, snapshot::StreetIndex};
use crate::model::{Bounds, Code, LonLat, MultiPolygon, PlanState, Polygon};

/// What kind of thing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Theme {
    /// Areas of the three levels: their borders, names or numbers.
    Areas,
    /// Ten-household groups.
    Groups,
    /// Households, or the groups they are in.
    Households,
    /// Buildings, lines, water.
    Ground,
    /// Issues.
    Issues,
}

impl Theme {
    /// Every theme.
    pub const ALL: [Self; 5] = [Self::Areas, Self::Groups, Self::Households, Self::Ground, Self::Issues];
}

/// Where things of a kind differ. A box with equal corners is a point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Touched {
    /// What is seen by whoever asks for a day.
    shown: Vec<(Theme, Bounds)>,
    /// What is seen by those only who ask for a draft, by its number.
    drafts: Vec<(u32, Theme, Bounds)>,
}

/// Boxes of one theme beyond which one around all of them stands for them.
const BOXES_PER_THEME: usize = 256;

impl Touched {
    /// Where things of a theme differ.
    pub fn of(&self, theme: Theme) -> impl Iterator<Item = Bounds> + '_ {
        self.shown.iter().filter(move |(t, _)| *t == theme).map(|(_, bounds)| *bounds)
    }

    /// Drafts that differ.
    pub fn drafts(&self) -> Vec<u32> {
        let mut drafts: Vec<u32> = self.drafts.iter().map(|(plan, ..)| *plan).collect();
        drafts.sort_unstable();
        drafts.dedup();
        drafts
    }

    /// Where things of a theme differ in a draft, beside what differs on every day.
    pub fn of_draft(&self, plan: u32, theme: Theme) -> impl Iterator<Item = Bounds> + '_ {
        self.drafts.iter().filter(move |(id, t, _)| (*id, *t) == (plan, theme)).map(|(.., bounds)| *bounds)
    }

    /// Everything about some streets.
    pub(super) fn whole<'a>(streets: impl Iterator<Item = &'a StreetIndex>) -> Self {
        let mut touched = Self::default();
        for street in streets {
            let buckets = street.issues.iter().flat_map(|bucket| bucket.positions());
            touched.shown.extend(Bounds::of(buckets).map(|bounds| (Theme::Issues, bounds)));
            let rows = street.ground.bounds().into_iter().chain(Bounds::of(street.households.positions()));
            let around = rows.chain(street.bounds).reduce(Bounds::union);
            touched.shown.extend(Theme::ALL.into_iter().filter(|t| *t != Theme::Issues).zip(around.into_iter().cycle()));
        }
        touched
    }

    /// Issues came, went or moved.
    pub(super) fn issues(&mut self, positions: impl Iterator<Item = LonLat>) {
        self.add(Theme::Issues, positions.map(point));
    }

    fn add(&mut self, theme: Theme, boxes: impl Iterator<Item = Bounds>) {
        let mut boxes: Vec<Bounds> = boxes.collect();
        boxes.sort_unstable_by_key(|b| (b.min, b.max));
        boxes.dedup();
        if boxes.len() > BOXES_PER_THEME {
            boxes = boxes.into_iter().reduce(Bounds::union).into_iter().collect();
        }
        self.shown.extend(boxes.into_iter().map(|bounds| (theme, bounds)));
    }

    /// Two states of a street, issues apart; `ids` are the households that were put or deleted.
    pub(super) fn compare<'a>(&mut self, old: &StreetIndex, new: &StreetIndex, ids: impl Iterator<Item = &'a str>) {
        // On a day without a plan in force the street shows its own numbers, in its own boundary.
        let own = |street: &StreetIndex| (street.stats.households, street.households.any_estimated(), street.bounds);
        if old.areas != new.areas || own(old) != own(new) {
            self.add(Theme::Areas, [old.bounds, new.bounds].into_iter().flatten());
        }
        if !std::ptr::eq(&*old.ground, &*new.ground) {
            self.add(Theme::Ground, differing_ground(&old.ground, &new.ground).into_iter());
        }
        let ids: Vec<&str> = ids.collect();
        let homes = |street: &StreetIndex| ids.iter().filter_map(|id| street.households.find(id)).collect::<Vec<u32>>();
        let (before, after) = (homes(old), homes(new));
        let at = |street: &StreetIndex, rows: &[u32]| {
            rows.iter().map(|row| point(street.households.positions()[*row as usize])).collect::<Vec<_>>()
        };
        self.add(Theme::Households, at(old, &before).into_iter().chain(at(new, &after)));
        if !ids.is_empty() {
            let (was, is) = (&old.households_of_building, &new.households_of_building);
            let counted = (0..is.len()).filter(|i| was.get(*i) != is.get(*i));
            self.add(Theme::Ground, counted.filter_map(|i| new.ground.buildings.bounds(i as u32)));
        }
        let is_draft = |plan: &PlanIndex| plan.plan.validity.state == PlanState::Draft;
        for plan in &new.plans {
            let other = old.plans.iter().find(|other| other.plan.id == plan.plan.id);
            if is_draft(plan) && other.is_none_or(|other| is_draft(other)) {
                let mut own = Self::default();
                own.compare_plan(old, new, plan, (&before, &after));
                self.draft(plan.plan.id.0, own);
            } else {
                self.compare_plan(old, new, plan, (&before, &after));
            }
        }
        for plan in old.plans.iter().filter(|plan| new.plans.iter().all(|other| other.plan.id != plan.plan.id)) {
            if is_draft(plan) {
                let mut own = Self::default();
                own.whole_plan(old, plan);
                self.draft(plan.plan.id.0, own);
            } else {
                self.whole_plan(old, plan);
            }
        }
    }

    fn draft(&mut self, plan: u32, own: Self) {
        self.drafts.extend(own.shown.into_iter().map(|(theme, bounds)| (plan, theme, bounds)));
    }

    /// One plan in two states of a street; the rows of households that changed, before and after.
    fn compare_plan(&mut self, old: &StreetIndex, new: &StreetIndex, plan: &Arc<PlanIndex>, (before, after): (&[u32], &[u32])) {
        match old.plans.iter().find(|other| other.plan.id == plan.plan.id) {
            Some(other) if std::ptr::eq(&**other, &**plan) => {}
            Some(other) => {
                let hulls = |street: &StreetIndex, plan: &PlanIndex, rows: &[u32]| {
                    let groups = rows.iter().map(|row| plan.group_of_household[*row as usize]).filter(|g| *g != NONE);
                    debug_assert_eq!(plan.group_of_household.len(), street.households.len());
                    groups.filter_map(|g| Bounds::of(plan.groups.hull(g))).collect::<Vec<_>>()
                };
                self.add(Theme::Groups, hulls(old, other, before).into_iter().chain(hulls(new, plan, after)));
                self.compare_plans((old, other), (new, plan));
            }
            None => self.whole_plan(new, plan),
        }
    }

    /// A plan that came or went, and with it perhaps the street's own boundary as what is shown.
    fn whole_plan(&mut self, street: &StreetIndex, plan: &PlanIndex) {
        for theme in [Theme::Areas, Theme::Groups, Theme::Households] {
            self.add(theme, street.bounds.into_iter().chain(plan.street_stats.bounds));
        }
    }

    fn compare_plans(&mut self, (old_street, old): (&StreetIndex, &PlanIndex), (new_street, new): (&StreetIndex, &PlanIndex)) {
        let mean = |plan: &PlanIndex| (plan.street_stats.households, plan.plan.cells.len());
        if mean(old) != mean(new) || old.plan.validity != new.plan.validity || old.plan.estimated != new.plan.estimated {
            // Every cell shows how far it is from the mean.
            self.add(Theme::Areas, [old, new].into_iter().filter_map(|plan| plan.street_stats.bounds));
            if old.plan.validity != new.plan.validity {
                self.whole_plan(new_street, new);
            }
        } else {
            self.add(Theme::Areas, differing_areas(old, new).chain(differing_areas(new, old)).collect::<Vec<_>>().into_iter());
        }
        if !new.has_shape_of(old) {
            self.add(Theme::Areas, reshaped_cells(old, new).chain(reshaped_cells(new, old)).collect::<Vec<_>>().into_iter());
            self.regrouped((old_street, old), (new_street, new));
        }
    }

    /// Households that changed their group or its head, by the box around those of a cell.
    fn regrouped(&mut self, (old_street, old): (&StreetIndex, &PlanIndex), (new_street, new): (&StreetIndex, &PlanIndex)) {
        let membership = |plan: &PlanIndex, row: u32| -> Option<(Code, bool)> {
            let group = plan.group_of_household[row as usize];
            (group != NONE).then(|| (plan.groups.codes()[group as usize].clone(), plan.groups.is_head(group, row)))
        };
        let mut boxes: FxHashMap<u32, Bounds> = FxHashMap::default();
        for row in 0..new_street.households.len() as u32 {
            let household = new_street.households.get(row);
            let before = old_street.households.find(household.id);
            if before.and_then(|before| membership(old, before)) != membership(new, row) {
                let hulls = [(new, Some(row)), (old, before)].into_iter().filter_map(|(plan, row)| {
                    let group = plan.group_of_household[row? as usize];
                    if group == NONE { None } else { Bounds::of(plan.groups.hull(group)) }
                });
                let around = hulls.fold(point(household.position), Bounds::union);
                let cell = new.cell_of_household[row as usize];
                boxes.entry(cell).and_modify(|b| *b = b.union(around)).or_insert(around);
            }
        }
        let boxes: Vec<Bounds> = boxes.into_values().collect();
        self.add(Theme::Groups, boxes.iter().copied());
        self.add(Theme::Households, boxes.into_iter());
    }
}

fn point(at: LonLat) -> Bounds {
    Bounds { min: at, max: at }
}

fn bounds_of(shape: &MultiPolygon) -> Option<Bounds> {
    Bounds::of(shape.rings().flatten())
}

/// Boxes of the cells and communities of one plan that the other does not have with the same name and numbers.
fn differing_areas<'a>(of: &'a PlanIndex, other: &'a PlanIndex) -> impl Iterator<Item = Bounds> + 'a {
    let cells = of.plan.cells.iter().zip(&of.cell_stats).filter(|(cell, stats)| {
        let same = other.cell(&cell.code).map(|i| i as usize);
        same.is_none_or(|i| other.plan.cells[i] != **cell || other.cell_stats[i] != **stats)
    });
    let communities = of.plan.communities.iter().zip(&of.community_stats).filter(|(community, stats)| {
        let same = other.community(&community.code).map(|i| i as usize);
        same.is_none_or(|i| other.plan.communities[i] != **community || other.community_stats[i] != **stats)
    });
    let street = (of.street_stats != other.street_stats).then_some(of.street_stats.bounds).flatten();
    cells.filter_map(|(_, stats)| stats.bounds).chain(communities.filter_map(|(_, stats)| stats.bounds)).chain(street)
}

/// Boxes of the cells of one plan with a block that the other does not have in a cell of the same code, and of the cells around
/// them: a border is simplified as a whole, and so that it crosses no other, so that it may move beyond the block.
fn reshaped_cells<'a>(of: &'a PlanIndex, other: &'a PlanIndex) -> impl Iterator<Item = Bounds> + 'a {
    let code = |plan: &PlanIndex, block: usize| plan.plan.cells.get(plan.cell_of_block[block] as usize).map(|cell| cell.code.clone());
    let known: FxHashMap<_, _> = other.outlines.iter().enumerate().map(|(i, outline)| (&outline.exterior, (i, outline))).collect();
    let is_same = |i: usize, outline: &Polygon| {
        known.get(&outline.exterior).is_some_and(|(j, same)| *same == outline && code(other, *j) == code(of, i))
    };
    let blocks = of.outlines.iter().enumerate().filter(|(i, outline)| !is_same(*i, outline));
    let reshaped: FxHashSet<u32> = blocks.map(|(i, _)| of.cell_of_block[i]).collect();
    let mut around = reshaped.clone();
    for arc in &of.cells.arcs {
        let sides = [arc.left, arc.right].map(|face| face.map(|face| face.0));
        if sides.iter().flatten().any(|cell| reshaped.contains(cell)) {
            around.extend(sides.into_iter().flatten());
        }
    }
    around.into_iter().filter_map(|cell| of.cell_stats.get(cell as usize)?.bounds)
}

fn differing_ground(old: &Ground, new: &Ground) -> Vec<Bounds> {
    let mut boxes = Vec::new();
    let [old_buildings, new_buildings] = [old, new].map(|ground| ground.buildings.iter().collect::<Vec<_>>());
    differing(&old_buildings, &new_buildings, |b| &b.id, |b| bounds_of(&b.footprint), &mut boxes);
    differing(&old.lines, &new.lines, |l| &l.id, |l| Bounds::of(&l.path), &mut boxes);
    differing(&old.waters, &new.waters, |w| &w.id, |w| bounds_of(&w.outline), &mut boxes);
    boxes
}

/// Boxes of the rows of two lists sorted by id that are not in both.
fn differing<T: PartialEq>(old: &[T], new: &[T], id: fn(&T) -> &String, bounds: fn(&T) -> Option<Bounds>, boxes: &mut Vec<Bounds>) {
    let missing = |of: &[T], other: &[T], boxes: &mut Vec<Bounds>| {
        let is_there = |row: &T| other.binary_search_by(|o| id(o).cmp(id(row))).is_ok_and(|i| other[i] == *row);
        boxes.extend(of.iter().filter(|row| !is_there(row)).filter_map(bounds));
    };
    missing(old, new, boxes);
    missing(new, old, boxes);
}
