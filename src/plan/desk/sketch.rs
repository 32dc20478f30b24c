//! A change being made: blocks, cells and groups as they would be, checked as a whole before they are.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Desk, Refusal, homes, mesh};
use crate::{
    geometry::{Coverage, ring},
    model::{BlockSide, BlockSwap, Cell, Code, Community, Group, Household, Level, LonLat, MultiPolygon, Patch, Polygon, Swap},
    plan::{Error, Warning, groups, numbering},
};

/// What a command changes, and what the planner should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// From the draft as it is to the draft as it will be.
    pub patch: Patch,
    /// Worth knowing.
    pub warnings: Vec<Warning>,
    /// Households that change their cell.
    pub households_moved: usize,
    /// Groups that come, go or change.
    pub groups_changed: usize,
}

impl Outcome {
    /// What a patch makes of a draft.
    pub(super) fn of(desk: &Desk, patch: Patch, warnings: Vec<Warning>) -> Self {
        let cell_of = |group: &Group| group.code.as_str().get(..desk.ground.scheme.digits(Level::Cell)).map(str::to_owned);
        let mut before: BTreeMap<&str, Option<String>> = BTreeMap::new();
        for group in patch.groups.iter().filter_map(|s| s.before.as_ref()) {
            group.members.iter().for_each(|m| drop(before.insert(m, cell_of(group))));
        }
        let mut households_moved = 0;
        for group in patch.groups.iter().filter_map(|s| s.after.as_ref()) {
            let cell = cell_of(group);
            households_moved += group.members.iter().filter(|m| before.get(m.as_str()).is_some_and(|old| *old != cell)).count();
        }
        Self { groups_changed: patch.groups.len(), households_moved, patch, warnings }
    }
}

/// A block as it would be.
#[derive(Clone, Debug)]
struct Placed {
    /// `None`: as it is.
    outline: Option<Polygon>,
    cell: Code,
}

/// A draft with changes that are not made yet.
#[derive(Clone, Debug)]
pub struct Sketch<'d> {
    pub desk: &'d Desk,
    /// `None`: gone.
    blocks: BTreeMap<u32, Option<Placed>>,
    cells: BTreeMap<Code, Option<Cell>>,
    communities: BTreeMap<Code, Community>,
    groups: BTreeMap<Code, Option<Group>>,
    /// Cells whose groups are left to the caller.
    grouped: BTreeSet<Code>,
    next_block: u32,
    pub warnings: Vec<Warning>,
}

impl<'d> Sketch<'d> {
    pub fn new(desk: &'d Desk) -> Self {
        let next_block = desk.plan.blocks.iter().map(|b| b.id + 1).max().unwrap_or(0);
        Self {
            desk,
            blocks: BTreeMap::new(),
            cells: BTreeMap::new(),
            communities: BTreeMap::new(),
            groups: BTreeMap::new(),
            grouped: BTreeSet::new(),
            next_block,
            warnings: Vec::new(),
        }
    }

    /// Gives a block to a cell.
    pub fn give(&mut self, id: u32, cell: &Code) {
        let outline = self.blocks.get(&id).and_then(|b| b.as_ref()).and_then(|b| b.outline.clone());
        self.blocks.insert(id, Some(Placed { outline, cell: cell.clone() }));
    }

    /// Gives a block another outline.
    pub fn reshape(&mut self, id: u32, outline: Polygon) {
        if let Some(cell) = self.cell_of(id).cloned() {
            self.blocks.insert(id, Some(Placed { outline: Some(outline), cell }));
        }
    }

    /// A new block.
    pub fn add(&mut self, outline: Polygon, cell: &Code) -> u32 {
        let id = self.next_block;
        self.next_block += 1;
        self.blocks.insert(id, Some(Placed { outline: Some(outline), cell: cell.clone() }));
        id
    }

    pub fn put_cell(&mut self, cell: Cell) {
        self.cells.insert(cell.code.clone(), Some(cell));
    }

    pub fn drop_cell(&mut self, code: &Code) {
        self.cells.insert(code.clone(), None);
    }

    pub fn put_community(&mut self, community: Community) {
        self.communities.insert(community.code.clone(), community);
    }

    /// Says what the groups of a cell are; they are not drawn anew then.
    pub fn put_groups(&mut self, cell: &Code, groups: Vec<Group>) {
        let old = self.desk.groups_of(cell).iter().map(|g| (g.code.clone(), None));
        self.groups.extend(old);
        self.groups.extend(groups.into_iter().map(|g| (g.code.clone(), Some(g))));
        self.grouped.insert(cell.clone());
    }

    pub fn cell_of(&self, id: u32) -> Option<&Code> {
        match self.blocks.get(&id) {
            Some(placed) => placed.as_ref().map(|b| &b.cell),
            None => self.desk.cell_of_block(id).map(|c| &c.code),
        }
    }

    pub fn outline_of(&self, id: u32) -> Option<&Polygon> {
        match self.blocks.get(&id) {
            Some(None) => None,
            Some(Some(Placed { outline: Some(outline), .. })) => Some(outline),
            _ => self.desk.block(id).map(|b| &b.outline),
        }
    }

    /// Blocks of a cell as they would be, sorted.
    pub fn blocks_of(&self, cell: &Code) -> Vec<u32> {
        let stay = self.desk.blocks_of(cell).iter().filter(|id| !self.blocks.contains_key(id)).copied();
        let come = self.blocks.iter().filter(|(_, b)| b.as_ref().is_some_and(|b| b.cell == *cell)).map(|(id, _)| *id);
        let mut ids: Vec<u32> = stay.chain(come).collect();
        ids.sort_unstable();
        ids
    }

    fn cell(&self, code: &Code) -> Option<&Cell> {
        match self.cells.get(code) {
            Some(cell) => cell.as_ref(),
            None => self.desk.cell(code).ok(),
        }
    }

    /// Blocks with another outline than before that have one of the corners.
    pub fn reshaped_at(&self, corners: &FxHashSet<LonLat>) -> impl Iterator<Item = u32> {
        let outlines = self.blocks.iter().filter_map(|(id, placed)| Some((*id, placed.as_ref()?.outline.as_ref()?)));
        outlines.filter(|(_, outline)| outline.rings().flatten().any(|p| corners.contains(p))).map(|(id, _)| id)
    }

    /// Households that would live in a block.
    pub fn households_in(&self, id: u32) -> usize {
        self.residents().get(&id).map_or_else(|| self.desk.households_in(id), Vec::len)
    }

    /// Cells whose ground changes.
    fn touched(&self) -> BTreeSet<Code> {
        let mut touched = BTreeSet::new();
        for (id, placed) in &self.blocks {
            let before = self.desk.cell_of_block(*id).map(|c| &c.code);
            let after = placed.as_ref().map(|b| &b.cell);
            if before != after || placed.as_ref().is_some_and(|b| b.outline.is_some()) {
                touched.extend(before.into_iter().chain(after).cloned());
            }
        }
        touched
    }

    /// Checks what would be and says what changes.
    pub fn finish(mut self) -> Result<Outcome, Refusal> {
        let touched = self.touched();
        let locked: Vec<&Code> = touched.iter().filter(|code| self.desk.cell(code).is_ok_and(|c| c.locked)).collect();
        if !locked.is_empty() {
            let detail = format!("{} is locked; unlock it first", list(&locked));
            return Err(Refusal::new("locked", detail).at(self.desk.centre_of(locked[0])).about(locked));
        }
        self.check_ground()?;
        self.check_buildings()?;
        let new = self.cells.iter().filter(|(_, cell)| cell.is_some()).map(|(code, _)| code);
        for code in new.chain(&touched) {
            self.check_cell(code)?;
        }
        let residents = self.residents();
        let mut moved_in: BTreeMap<Code, Vec<u32>> = BTreeMap::new();
        for code in &touched {
            let ids = self.blocks_of(code);
            let households = |id: &u32| residents.get(id).or_else(|| self.desk.residents.get(id)).map_or(&[][..], Vec::as_slice);
            moved_in.insert(code.clone(), ids.iter().flat_map(households).copied().collect());
        }
        let there: Vec<&Group> = touched.iter().flat_map(|code| self.desk.groups_of(code)).collect();
        for (code, mut households) in moved_in {
            households.sort_unstable();
            households.dedup();
            self.regroup(&code, &households, &there)?;
        }
        self.take_out_elsewhere()?;
        let patch = self.patch();
        if patch.is_empty() {
            return Err(Refusal::new("nothing_changes", "that is how it is already"));
        }
        Ok(Outcome::of(self.desk, patch, self.warnings))
    }

    /// Blocks that were reshaped cover together what they covered. Where the street's own border is met it may get corners more.
    fn check_ground(&self) -> Result<(), Refusal> {
        let reshaped =
            |id: &u32, placed: &Option<Placed>| self.desk.block(*id).is_none() || placed.as_ref().is_none_or(|b| b.outline.is_some());
        let ids: Vec<u32> = self.blocks.iter().filter(|(id, placed)| reshaped(id, placed)).map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let before = mesh::rim(ids.iter().filter_map(|id| self.desk.block(*id)).map(|b| &b.outline));
        let after = mesh::rim(ids.iter().filter_map(|id| self.outline_of(*id)));
        // Where a stretch of the street's own border is gone, a chain of shorter ones leads from its start to its end.
        let mut onward: FxHashMap<LonLat, LonLat> = FxHashMap::default();
        let mut come = 0;
        for (from, to) in after.difference(&before) {
            onward.insert(*from, *to);
            come += 1;
        }
        for (from, to) in before.difference(&after) {
            let is_outer = self.desk.mesh.left_of(*to, *from).is_none();
            let mut at = *from;
            while let Some(next) = onward.remove(&at).filter(|_| is_outer) {
                come -= 1;
                at = next;
                if at == *to {
                    break;
                }
            }
            if at != *to {
                return Err(Refusal::new("swallows", "neighbouring blocks would no longer meet here").at(*from));
            }
        }
        if come > 0 {
            return Err(Refusal::new("swallows", "the blocks would not cover what they covered").at(onward.keys().min().copied()));
        }
        Ok(())
    }

    /// No edge of a block that runs through a building becomes a border between cells. Edges that are new are seen to by who cuts.
    fn check_buildings(&self) -> Result<(), Refusal> {
        let desk = self.desk;
        let now = |id: Option<u32>| id.and_then(|id| self.cell_of(id));
        let was = |id: Option<u32>| id.and_then(|id| desk.cell_of_block(id)).map(|cell| &cell.code);
        for id in self.blocks.keys() {
            let outline = desk.block(*id).map(|b| &b.outline);
            for (from, to) in outline.into_iter().flat_map(mesh::edges) {
                let (here, there) = (Some(*id), desk.mesh.left_of(to, from));
                if there.is_none() || now(here) == now(there) || was(here) != was(there) {
                    continue;
                }
                if let Some(building) = desk.ground.footprints.crossed_by(std::iter::once((from, to))).first() {
                    let id = &desk.ground.street.buildings[*building as usize].id;
                    let detail = format!("building {id} would stand in two cells; give the blocks it stands on to one");
                    return Err(Refusal::new("cuts_building", detail).at(desk.ground.building_stand(*building)));
                }
            }
        }
        Ok(())
    }

    /// A cell is one piece with ground.
    fn check_cell(&self, code: &Code) -> Result<(), Refusal> {
        let ids = self.blocks_of(code);
        if self.cell(code).is_none() {
            let left = ids.first().and_then(|id| self.outline_of(*id)).and_then(ring::interior_position);
            return if ids.is_empty() { Ok(()) } else { Err(Refusal::new("no_such_cell", format!("there is no cell {code}")).at(left)) };
        }
        if ids.is_empty() {
            let detail = format!("nothing would be left of cell {code}; merge it with a neighbour instead");
            return Err(Refusal::new("cell_empty", detail).at(self.desk.centre_of(code)).about([code]));
        }
        let outlines: Vec<&Polygon> = ids.iter().filter_map(|id| self.outline_of(*id)).collect();
        // A cell that was in pieces may stay in as many: islands of a street; one with a passage of centimetres must keep that.
        let was: Vec<&Polygon> = self.desk.blocks_of(code).iter().filter_map(|id| self.desk.block(*id)).map(|b| &b.outline).collect();
        let pieces_of = |outlines: &[&Polygon], least_m: f64| mesh::pieces_across(outlines, &self.desk.ground.metres, least_m);
        for least_m in [mesh::PASSAGE_M, 0.0] {
            let pieces = pieces_of(&outlines, least_m);
            if pieces.len() <= pieces_of(&was, least_m).len().max(1) {
                continue;
            }
            let stray = pieces.last().and_then(|piece| ring::interior_position(outlines[piece[0]]));
            let detail = format!("cell {code} would be in {} pieces; a cell is one piece", pieces.len());
            return Err(Refusal::new("cell_in_pieces", detail).at(stray).about([code]));
        }
        Ok(())
    }

    /// Who lives in blocks that are reshaped.
    fn residents(&self) -> BTreeMap<u32, Vec<u32>> {
        let reshaped = |placed: &Option<Placed>| placed.as_ref().is_none_or(|b| b.outline.is_some());
        let ids: Vec<u32> = self.blocks.iter().filter(|(_, placed)| reshaped(placed)).map(|(id, _)| *id).collect();
        let pool: Vec<u32> = ids.iter().filter_map(|id| self.desk.residents.get(id)).flatten().copied().collect();
        let (stay, outlines): (Vec<u32>, Vec<&Polygon>) = ids.iter().filter_map(|id| Some((*id, self.outline_of(*id)?))).unzip();
        let mut residents: BTreeMap<u32, Vec<u32>> = ids.iter().map(|id| (*id, Vec::new())).collect();
        for (household, home) in homes(&self.desk.ground, &pool, &outlines) {
            residents.entry(stay[home]).or_default().push(household);
        }
        residents
    }

    /// Groups of a cell whose households are others than before; `households` by number, sorted. `there`: the groups of all cells
    /// that are touched.
    fn regroup(&mut self, cell: &Code, households: &[u32], there: &[&Group]) -> Result<(), Refusal> {
        let (desk, ground) = (self.desk, &self.desk.ground);
        if self.grouped.contains(cell) {
            return Ok(());
        }
        let former: Vec<&Group> = desk.groups_of(cell).iter().collect();
        let members: BTreeSet<&str> = former.iter().flat_map(|g| &g.members).map(String::as_str).collect();
        let now: Vec<&Household> = households.iter().map(|h| ground.household(*h)).collect();
        if members.len() == now.len() && now.iter().all(|h| members.contains(h.id.as_str())) {
            return Ok(());
        }
        let ids: FxHashSet<&str> = now.iter().map(|h| h.id.as_str()).collect();
        let is_here = |g: &&Group| !g.code.is_within(cell) && g.members.iter().any(|m| ids.contains(m.as_str()));
        let came: Vec<&Group> = there.iter().copied().filter(is_here).collect();
        let groups = groups::regrouped(&now, &former, &came, cell, &ground.scheme, ground.group_size, &ground.metres, &|| true)
            .map_err(|error| refused(&error))?;
        if !now.is_empty() && !groups::is_divisible(now.len(), ground.group_size) {
            let message = format!("{} households of cell {cell} cannot be made into groups of allowed sizes; they come near", now.len());
            self.warnings.push(super::warn("groups_of_odd_size", message));
        }
        self.put_groups(cell, groups);
        Ok(())
    }

    /// Who is put into a group here and is in one of another cell still, having moved house, leaves that one.
    fn take_out_elsewhere(&mut self) -> Result<(), Refusal> {
        let desk = self.desk;
        let group = |code: &Code| desk.plan.groups.binary_search_by(|g| g.code.cmp(code)).ok().map(|i| &desk.plan.groups[i]);
        let before: FxHashSet<&str> = self.groups.keys().filter_map(group).flat_map(|g| &g.members).map(String::as_str).collect();
        let now = self.groups.values().flatten().flat_map(|g| &g.members);
        let come: FxHashSet<String> = now.filter(|member| !before.contains(member.as_str())).cloned().collect();
        if come.is_empty() {
            return Ok(());
        }
        let strays = desk.plan.groups.iter().filter(|g| !self.groups.contains_key(&g.code) && g.members.iter().any(|m| come.contains(m)));
        let cells: BTreeSet<Code> = strays.filter_map(|g| desk.cell_of_group(&g.code)).cloned().collect();
        for cell in cells {
            self.regroup(&cell, &desk.residents_of(&cell), &[])?;
        }
        Ok(())
    }

    /// The difference, without what is the same after all.
    fn patch(&self) -> Patch {
        let (desk, plan) = (self.desk, &self.desk.plan);
        let cells: Vec<Swap<Cell>> = swaps(&self.cells, |code| desk.cell(code).ok());
        let mut communities: BTreeMap<Code, Option<Community>> =
            self.communities.iter().map(|(k, v)| (k.clone(), Some(v.clone()))).collect();
        // A community without cells is no more.
        let stays = |community: &Code| {
            let mut cells = plan.cells.iter().filter(|c| c.code.is_within(community));
            cells.any(|c| !matches!(self.cells.get(&c.code), Some(None)))
                || self.cells.iter().any(|(code, c)| c.is_some() && code.is_within(community))
        };
        for community in plan.communities.iter().filter(|c| !stays(&c.code)) {
            communities.insert(community.code.clone(), None);
        }
        let blocks = self.blocks.iter().filter_map(|(id, placed)| {
            let old = self.desk.block(*id);
            let outline = placed.as_ref().and_then(|b| b.outline.as_ref());
            let reshaped = old.is_none() || placed.is_none() || outline.is_some_and(|o| Some(o) != old.map(|b| &b.outline));
            let before =
                old.map(|b| BlockSide { cell: plan.cells[b.cell as usize].code.clone(), outline: reshaped.then(|| b.outline.clone()) });
            let after = placed.as_ref().map(|b| BlockSide { cell: b.cell.clone(), outline: outline.filter(|_| reshaped).cloned() });
            (before != after).then_some(BlockSwap { id: *id, sides: Swap { before, after } })
        });
        let group = |code: &Code| plan.groups.binary_search_by(|g| g.code.cmp(code)).ok().map(|i| &plan.groups[i]);
        let community = |code: &Code| plan.communities.iter().find(|c| c.code == *code);
        Patch { communities: swaps(&communities, community), cells, blocks: blocks.collect(), groups: swaps(&self.groups, group) }
    }

    /// A code within a community that no cell of any plan of the street has had, and a name to go with it.
    pub fn new_cell(&self, community: &Community, name: Option<&str>) -> Result<Cell, Refusal> {
        let ground = &self.desk.ground;
        let used = ground.used_codes();
        let known = used.iter().chain(self.desk.plan.cells.iter().map(|c| &c.code)).chain(self.cells.keys());
        let used: BTreeSet<&Code> = known.filter(|c| c.is_within(&community.code)).collect();
        let full =
            |_| Refusal::new("too_many", format!("community {} has no code left for a cell", community.code)).about([&community.code]);
        let (sequence, code) = numbering::next_cell_code(&ground.scheme, &community.code, &used).map_err(full)?;
        let name = name.map_or_else(|| numbering::cell_name(community, sequence), str::to_owned);
        Ok(Cell { code, name, kind: Default::default(), locked: false })
    }
}

impl Desk {
    /// A position in the middle of a cell.
    pub(super) fn centre_of(&self, cell: &Code) -> Option<LonLat> {
        self.figures.get(cell).and_then(|f| f.label)
    }
}

fn swaps<'p, T: Clone + PartialEq + 'p>(items: &BTreeMap<Code, Option<T>>, old: impl Fn(&Code) -> Option<&'p T>) -> Vec<Swap<T>> {
    let swap = |(code, after): (&Code, &Option<T>)| {
        let before = old(code);
        (before != after.as_ref()).then(|| Swap { before: before.cloned(), after: after.clone() })
    };
    items.iter().filter_map(swap).collect()
}

/// What outlines that fit together cover together.
pub fn union(outlines: &[&Polygon]) -> MultiPolygon {
    let shapes: Vec<MultiPolygon> = outlines.iter().map(|o| (*o).clone().into()).collect();
    let labels = vec![0; shapes.len()];
    let coverage = Coverage::from_polygons(&shapes).ok();
    coverage.and_then(|c| c.dissolve(&labels, 1).outlines().into_iter().next()).unwrap_or_default()
}

/// Where a name is written.
pub fn label_of(shape: &MultiPolygon) -> Option<LonLat> {
    ring::standing_position(shape)
}

/// Codes for people.
pub fn list(codes: &[&Code]) -> String {
    codes.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", ")
}

/// The planner's own error as a refusal.
pub fn refused(error: &Error) -> Refusal {
    let reason = match error {
        Error::TooManyGroups { .. } => "too_many_groups",
        Error::NothingSelected => "locked",
        Error::NoSuchCell { .. } => "no_such_cell",
        Error::TooManyCells { .. } => "too_many",
        Error::Code(_) => "bad_code",
        Error::Cancelled => "cancelled",
        _ => "cannot_replan",
    };
    Refusal::new(reason, error.to_string())
}
