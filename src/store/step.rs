//! A step of a draft, worked out before it is written: what it meets is read, checked and changed in memory, and the
//! difference told as rows. Read is what the step touches, not the plan.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Error,
    plan_rows::{Assembly, BlockRow, CellRow, CommunityRow, GroupRow, MembershipRow, PlanParts},
    reading::{Reader, Scope, each_row, read_rows},
    row::{Fields, Record, Table, Value},
};
use crate::{
    geometry::Coverage,
    model::{BlockSide, Code, Group, MultiPolygon, Patch, Plan, PlanEdit, PlanId, PlanState, Swap},
};

/// Texts in one `SELECT`.
const TEXTS_AT_ONCE: usize = 256;

/// A plan's own row.
///
/// # Errors
/// [`Error::Refused`] when there is no such plan, and those of reading.
pub(super) async fn find_plan<S: Reader>(source: &mut S, street: &Code, id: PlanId) -> Result<Plan, Error> {
    let mut places = [(street.clone(), Vec::<Plan>::new())].into();
    read_rows(source, Scope::Plan(street, i64::from(id.0)), &mut places, Vec::push).await?;
    places.into_values().flatten().next().ok_or_else(|| refused(street, id, "it does not exist"))
}

fn refused(street: &Code, id: PlanId, why: impl ToString) -> Error {
    Error::Refused { what: format!("a change of plan {} of street {street}", id.0), why: why.to_string() }
}

/// What a step meets: the draft's areas, the blocks of those whose outline may change, and the groups that change.
pub(super) struct Met {
    before: Plan,
    after: Plan,
    /// Cells that get an outline, by code.
    cells: BTreeSet<Code>,
    /// Communities that get one.
    communities: BTreeSet<Code>,
}

/// The rows that a step changes.
pub(super) struct Step<'a> {
    /// Rows to be written, areas with their new outlines. Blocks are new after those that go are gone.
    pub(super) parts: PlanParts<'a>,
    /// Areas whose ground stays.
    pub(super) relabelled_communities: Vec<CommunityRow<'a>>,
    pub(super) relabelled_cells: Vec<CellRow<'a>>,
    /// What goes.
    pub(super) gone: [Gone<'a>; 5],
}

/// Rows that go: of which table, by what tells them apart within the plan.
pub(super) struct Gone<'a> {
    pub(super) table: &'static Table,
    pub(super) ids: Vec<Value<'a>>,
}

impl<'a> Gone<'a> {
    fn of<R: Record>(ids: impl Iterator<Item = &'a str>) -> Self {
        Self { table: &R::TABLE, ids: ids.map(|id| Value::Text(Some(id))).collect() }
    }
}

impl Met {
    /// Reads what the step meets and changes it.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plan is no draft or not as the step expects it, and those of reading.
    pub(super) async fn read<S: Reader>(source: &mut S, street: &Code, edit: &PlanEdit) -> Result<Self, Error> {
        let (id, patch) = (edit.plan, &edit.patch);
        let draft = find_plan(source, street, id).await?;
        if draft.state != PlanState::Draft {
            return Err(refused(street, id, format!("it is {}, no draft", draft.state.as_str())));
        }
        let plan = Scope::Plan(street, i64::from(id.0));
        // Beside the plan: a household that is in a group which does not change.
        let mut places = BTreeMap::from([(street.clone(), (Assembly::default(), None::<String>))]);
        places.values_mut().for_each(|(part, _)| part.add_plan(draft.clone()));
        each_row::<S, CommunityRow<'_>, _>(source, plan, &mut places, |(part, _), row| part.add_community(CommunityRow::read(row)?))
            .await?;
        each_row::<S, CellRow<'_>, _>(source, plan, &mut places, |(part, _), row| part.add_cell(CellRow::read(row)?)).await?;
        places.values_mut().for_each(|(part, _)| part.sort_areas());

        let areas = places.values().flat_map(|(part, _)| part.plans()).next().unwrap_or(&draft);
        let (cells, communities) = (cells_of(patch), communities_of(areas, patch));
        let is_read = |cell: &Code| cells.contains(cell) || communities.iter().any(|community| cell.is_within(community));
        let texts: Vec<String> = areas.cells.iter().map(|cell| &cell.code).filter(|code| is_read(code)).map(Code::to_string).collect();
        for texts in texts.chunks(TEXTS_AT_ONCE) {
            let scope = Scope::PlanRows(street, i64::from(id.0), "cell_code", texts);
            each_row::<S, BlockRow<'_>, _>(source, scope, &mut places, |(part, _), row| part.add_block(BlockRow::read(row)?)).await?;
        }

        let codes: BTreeSet<String> = patch.groups.iter().filter_map(either).map(|group| group.code.to_string()).collect();
        let codes: Vec<String> = codes.into_iter().collect();
        for texts in codes.chunks(TEXTS_AT_ONCE) {
            let scope = Scope::PlanRows(street, i64::from(id.0), "group_code", texts);
            each_row::<S, GroupRow<'_>, _>(source, scope, &mut places, |(part, _), row| part.add_group(GroupRow::read(row)?)).await?;
        }
        places.values_mut().for_each(|(part, _)| part.sort_groups());
        let sides = patch.groups.iter().flat_map(|swap| swap.before.iter().chain(&swap.after));
        let households: BTreeSet<&String> = sides.flat_map(|group| &group.members).collect();
        let households: Vec<String> = households.into_iter().cloned().collect();
        for texts in households.chunks(TEXTS_AT_ONCE) {
            let scope = Scope::PlanRows(street, i64::from(id.0), "household_id", texts);
            each_row::<S, MembershipRow<'_>, _>(source, scope, &mut places, |(part, stranger), row| {
                let group = row.text(3)?;
                if codes.binary_search_by(|code| code.as_str().cmp(group)).is_ok() {
                    return part.add_member(row);
                }
                *stranger = row.owned_text(2)?;
                Ok(())
            })
            .await?;
        }
        let (before, stranger) = places.into_values().map(|(part, stranger)| (part.finish().pop(), stranger)).next().unwrap_or_default();
        if let Some(stranger) = stranger {
            return Err(refused(street, id, format!("household {stranger} is in another group")));
        }
        let before = before.unwrap_or(draft);
        let mut after = before.clone();
        patch.apply(&mut after).map_err(|mismatch| refused(street, id, mismatch))?;
        Ok(Self { before, after, cells, communities })
    }

    /// How many steps have led to the plan with this one.
    pub(super) fn revision(&self) -> i64 {
        i64::from(self.before.revision) + 1
    }

    /// What the step changes.
    ///
    /// # Errors
    /// [`Error::Refused`] when blocks overlap or a household is in two groups.
    pub(super) fn step<'a>(&'a self, street: &Code, patch: &'a Patch) -> Result<Step<'a>, Error> {
        let mut parts = PlanParts::of(street, &self.after)?;
        let mut relabelled = PlanParts::default();
        std::mem::swap(&mut relabelled.communities, &mut parts.communities);
        std::mem::swap(&mut relabelled.cells, &mut parts.cells);
        parts.communities.extend(relabelled.communities.extract_if(.., |row| self.communities.contains(row.code())));
        parts.cells.extend(relabelled.cells.extract_if(.., |row| self.cells.contains(row.code())));
        relabelled.communities.retain(|row| is_swapped(&patch.communities, row.code(), |c| &c.code));
        relabelled.cells.retain(|row| is_swapped(&patch.cells, row.code(), |c| &c.code));
        parts.blocks.retain(|row| patch.blocks.binary_search_by_key(&row.number(), |swap| swap.id).is_ok());
        let seats = |plan: &'a Plan| {
            let seat = |group: &'a Group| group.members.iter().enumerate().map(move |(place, id)| (id.as_str(), (&group.code, place)));
            plan.groups.iter().flat_map(seat).collect::<HashMap<_, _>>()
        };
        let (old_seats, new_seats) = (seats(&self.before), seats(&self.after));
        if new_seats.len() != parts.memberships.len() {
            return Err(refused(street, self.after.id, "a household would be in two groups"));
        }
        parts.memberships.retain(|row| old_seats.get(row.household()) != new_seats.get(row.household()));
        let blocks_before = patch.blocks.iter().filter(|swap| swap.sides.before.is_some());
        Ok(Step {
            parts,
            relabelled_communities: relabelled.communities,
            relabelled_cells: relabelled.cells,
            gone: [
                Gone { table: &BlockRow::TABLE, ids: blocks_before.map(|swap| Value::Integer(Some(i64::from(swap.id)))).collect() },
                Gone::of::<CellRow<'_>>(gone(&patch.cells, |cell| &cell.code)),
                Gone::of::<CommunityRow<'_>>(gone(&patch.communities, |community| &community.code)),
                Gone::of::<GroupRow<'_>>(gone(&patch.groups, |group| &group.code)),
                Gone::of::<MembershipRow<'_>>(old_seats.into_keys().filter(|household| !new_seats.contains_key(household))),
            ],
        })
    }
}

fn either<T>(swap: &Swap<T>) -> Option<&T> {
    swap.before.as_ref().or(swap.after.as_ref())
}

fn is_swapped<T>(swaps: &[Swap<T>], wanted: &Code, code: impl Fn(&T) -> &Code) -> bool {
    swaps.iter().filter_map(either).any(|row| code(row) == wanted)
}

fn gone<T>(swaps: &[Swap<T>], code: impl Fn(&T) -> &Code) -> impl Iterator<Item = &str> {
    swaps.iter().filter(|swap| swap.after.is_none()).filter_map(|swap| swap.before.as_ref()).map(move |row| code(row).as_str())
}

/// Cells whose outline may change: those that come or go, and those of blocks that change.
fn cells_of(patch: &Patch) -> BTreeSet<Code> {
    let come_or_go = patch.cells.iter().filter(|swap| swap.before.is_none() || swap.after.is_none()).filter_map(either);
    let sides = patch.blocks.iter().flat_map(|swap| swap.sides.before.iter().chain(&swap.sides.after));
    come_or_go.map(|cell| &cell.code).chain(sides.map(|side| &side.cell)).cloned().collect()
}

/// Communities whose outline may change: those that come, and those whose blocks, those that change, make another shape.
fn communities_of(areas: &Plan, patch: &Patch) -> BTreeSet<Code> {
    let come = || patch.communities.iter().filter(|swap| swap.before.is_none()).filter_map(|swap| swap.after.as_ref());
    let known: Vec<&Code> = areas.communities.iter().chain(come()).map(|community| &community.code).collect();
    let home = |side: &BlockSide| known.iter().find(|code| side.cell.is_within(code)).copied();
    let mut changed: BTreeSet<Code> = come().map(|community| community.code.clone()).collect();
    let mut shapes: BTreeMap<&Code, [Vec<MultiPolygon>; 2]> = BTreeMap::new();
    for swap in &patch.blocks {
        let sides = [swap.sides.before.as_ref(), swap.sides.after.as_ref()];
        let homes = sides.map(|side| side.and_then(home));
        let stays = homes[0] == homes[1];
        for (place, (side, home)) in sides.into_iter().zip(homes).enumerate() {
            let Some((side, home)) = side.zip(home) else { continue };
            match &side.outline {
                Some(outline) => shapes.entry(home).or_default()[place].push(outline.clone().into()),
                None if stays => {}
                None => drop(changed.insert(home.clone())),
            }
        }
    }
    changed.extend(shapes.into_iter().filter(|(_, [before, after])| union(before) != union(after)).map(|(home, _)| home.clone()));
    changed
}

/// `None` for what makes no coverage.
fn union(shapes: &[MultiPolygon]) -> Option<Vec<MultiPolygon>> {
    Some(Coverage::from_polygons(shapes).ok()?.outlines_by_label(&vec![0; shapes.len()], 1))
}
