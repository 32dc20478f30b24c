//! A plan's ten-household groups as arrays.

use std::{borrow::Cow, sync::Arc};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{NONE, households::Households, hull::hull_around, lists::Lists, plan_shape::Detail};
use crate::model::{Code, Group, LonLat};

/// Groups by code. A member is a row of the street's households; one that the household list no longer has keeps its id.
#[derive(Debug, Default)]
pub struct Groups {
    codes: Arc<[Code]>,
    members: Lists,
    lost: Vec<LostMember>,
    /// For every group its head's row, or [`NONE`].
    heads: Vec<u32>,
    hull_ends: Vec<u32>,
    hull_positions: Vec<LonLat>,
}

/// A member that the household list no longer has.
#[derive(Clone, Debug)]
struct LostMember {
    group: u32,
    id: Box<str>,
    is_head: bool,
}

fn hull_of(members: &[u32], households: &Households) -> Vec<LonLat> {
    let positions: Vec<LonLat> = members.iter().map(|row| households.positions()[*row as usize]).collect();
    hull_around(&positions).map(|hull| hull.exterior).unwrap_or_default()
}

impl Groups {
    /// Finds the members' rows.
    pub(super) fn build(groups: Vec<Group>, households: &Households, detail: Detail) -> Self {
        let rows: FxHashMap<&str, u32> = households.by_id().iter().map(|row| (households.ids().get(*row), *row)).collect();
        let mut members = Vec::with_capacity(households.len());
        let (mut lost, mut heads) = (Vec::new(), vec![NONE; groups.len()]);
        for (i, group) in (0..).zip(&groups) {
            for id in &group.members {
                let is_head = *id == group.head;
                match rows.get(id.as_str()) {
                    Some(&row) => {
                        members.push((i, row));
                        if is_head {
                            heads[i as usize] = row;
                        }
                    }
                    None => lost.push(LostMember { group: i, id: id.as_str().into(), is_head }),
                }
            }
        }
        Self::of_members(groups.into_iter().map(|group| group.code).collect(), &members, lost, heads, |members, count| match detail {
            Detail::Whole => (0..count).into_par_iter().map(|group| hull_of(members.list(group), households).into()).collect(),
            Detail::Places => vec![Cow::default(); count],
        })
    }

    /// The same groups over changed households: the new row of every old one, [`NONE`] for those gone or put anew.
    pub fn moved(&self, old: &Households, new: &Households, row_of_old: &[u32]) -> Self {
        let mut members = Vec::with_capacity(new.len());
        let (mut lost, mut heads) = (Vec::new(), vec![NONE; self.len()]);
        let mut is_touched = vec![false; self.len()];
        let mut place = |group: u32, row: Option<u32>, id: &str, is_head: bool| match row {
            Some(row) => {
                members.push((group, row));
                if is_head {
                    heads[group as usize] = row;
                }
            }
            None => lost.push(LostMember { group, id: id.into(), is_head }),
        };
        for group in 0..self.len() as u32 {
            for &row in self.members(group) {
                let id = old.ids().get(row);
                let kept = Some(row_of_old[row as usize]).filter(|row| *row != NONE);
                is_touched[group as usize] |= kept.is_none();
                let now = kept.or_else(|| new.find(id));
                place(group, now, id, self.heads[group as usize] == row);
            }
            for lost in self.lost_of(group) {
                is_touched[group as usize] = true;
                place(group, new.find(&lost.id), &lost.id, lost.is_head);
            }
        }
        // Few are touched: on one core, so that those who read keep the others.
        Self::of_members(self.codes.clone(), &members, lost, heads, |members, count| {
            let hull = |group: usize| match is_touched[group] {
                true => hull_of(members.list(group), new).into(),
                false => self.hull(group as u32).into(),
            };
            (0..count).map(hull).collect()
        })
    }

    fn of_members<'h>(
        codes: Arc<[Code]>,
        members: &[(u32, u32)],
        lost: Vec<LostMember>,
        heads: Vec<u32>,
        hulls: impl FnOnce(&Lists, usize) -> Vec<Cow<'h, [LonLat]>>,
    ) -> Self {
        let members = Lists::build(codes.len(), members.iter().copied());
        let hulls = hulls(&members, codes.len());
        let mut hull_ends = Vec::with_capacity(hulls.len());
        let mut hull_positions = Vec::with_capacity(hulls.iter().map(|hull| hull.len()).sum());
        for hull in hulls {
            hull_positions.extend_from_slice(&hull);
            hull_ends.push(hull_positions.len() as u32);
        }
        Self { codes, members, lost, heads, hull_ends, hull_positions }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Codes, ascending.
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The index of a group by its code.
    pub fn find(&self, code: &Code) -> Option<u32> {
        self.codes.binary_search(code).ok().map(|i| i as u32)
    }

    /// Rows of the members that the household list has.
    pub fn members(&self, group: u32) -> &[u32] {
        self.members.list(group as usize)
    }

    /// How many households the plan put into the group.
    pub fn size(&self, group: u32) -> usize {
        self.members(group).len() + self.lost_of(group).len()
    }

    /// Ids of all members, ascending, and whether each is the head.
    pub fn member_ids<'a>(&'a self, group: u32, households: &'a Households) -> Vec<(&'a str, bool)> {
        let here = self.members(group).iter().map(|row| (households.ids().get(*row), self.is_head(group, *row)));
        let mut ids: Vec<_> = here.chain(self.lost_of(group).iter().map(|lost| (&*lost.id, lost.is_head))).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether the household of this row is the group's head.
    pub fn is_head(&self, group: u32, row: u32) -> bool {
        self.heads[group as usize] == row
    }

    /// The hull around the members, closed and counter-clockwise; empty without members.
    pub fn hull(&self, group: u32) -> &[LonLat] {
        let start = if group == 0 { 0 } else { self.hull_ends[group as usize - 1] };
        &self.hull_positions[start as usize..self.hull_ends[group as usize] as usize]
    }

    /// For every household its group, or [`NONE`].
    pub fn of_households(&self, count: usize) -> Vec<u32> {
        let mut groups = vec![NONE; count];
        for group in 0..self.len() as u32 {
            for &row in self.members(group) {
                groups[row as usize] = group;
            }
        }
        groups
    }

    fn lost_of(&self, group: u32) -> &[LostMember] {
        let start = self.lost.partition_point(|lost| lost.group < group);
        let end = start + self.lost[start..].partition_point(|lost| lost.group == group);
        &self.lost[start..end]
    }
}
