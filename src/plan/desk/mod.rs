//! The planner's desk: one draft laid open, and the commands that change it.
//!
//! In: a street and a draft of it, a [`Command`]. Out: a [`Patch`](crate::model::Patch) or a [`Refusal`].
//! **Invariant:** after every patch the blocks tile what they tiled, every cell is one piece, no building is cut that was
//! whole, every household that stands on the ground is in one group of its cell.

mod along;
mod assign;
mod command;
mod cut;
mod difference;
mod figures;
mod ground;
mod halve;
mod import;
mod journal;
mod kept;
mod mesh;
mod people;
mod refusal;
mod replan;
mod sketch;
mod split;
mod vertex;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rustc_hash::FxHashMap;

pub use command::{At, Command, Given, checked_words};
pub use difference::{CellOrigin, Difference, Lineage, Moved, Origin};
pub use figures::{Balance, CellFigures, Problem, ProblemKind, TOLERANCE};
pub use ground::Ground;
pub use journal::{Journal, now};
pub use refusal::Refusal;
pub use sketch::Outcome;
pub use words::checked_name;

use self::mesh::Mesh;
use crate::{
    geometry::ring,
    model::{Block, Cell, Code, Community, Group, LonLat, Mismatch, Patch, Plan, Polygon},
    plan::{Warning, Watch, blocks::BlockFinder},
};

/// A draft laid open.
#[derive(Clone, Debug)]
pub struct Desk {
    ground: Arc<Ground>,
    plan: Plan,
    /// Where each block is in the plan.
    place: FxHashMap<u32, usize>,
    mesh: Mesh,
    /// Households by block, sorted.
    residents: FxHashMap<u32, Vec<u32>>,
    /// Reports of a year by block.
    reports: FxHashMap<u32, usize>,
    blocks_of: BTreeMap<Code, Vec<u32>>,
    figures: BTreeMap<Code, CellFigures>,
    /// Households that stand in no block and are in no group.
    outside: Vec<u32>,
}

impl Desk {
    /// Lays a plan open.
    pub fn new(ground: Arc<Ground>, plan: Plan) -> Self {
        let mut mesh = Mesh::default();
        plan.blocks.iter().for_each(|b| mesh.add(b.id, &b.outline));
        let outlines: Vec<Polygon> = plan.blocks.iter().map(|b| b.outline.clone()).collect();
        let finder = BlockFinder::new(&outlines);
        let grouped: rustc_hash::FxHashSet<&str> = plan.groups.iter().flat_map(|g| &g.members).map(String::as_str).collect();
        let mut residents: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        let mut outside = Vec::new();
        // Neighbours by number mostly live in one building.
        let mut last: Option<(LonLat, Option<u32>)> = None;
        for (household, stand) in (0u32..).zip(&ground.stands) {
            let found = match last {
                Some((at, found)) if at == *stand => found,
                _ => finder.find(&outlines, *stand),
            };
            last = Some((*stand, found));
            let is_grouped = || grouped.contains(ground.household(household).id.as_str());
            match found.or_else(|| (is_grouped() && !outlines.is_empty()).then(|| finder.nearest(&outlines, *stand))) {
                Some(block) => residents.entry(plan.blocks[block as usize].id).or_default().push(household),
                None => outside.push(household),
            }
        }
        let mut reports: FxHashMap<u32, usize> = FxHashMap::default();
        for block in ground.reports.iter().filter_map(|at| finder.find(&outlines, *at)) {
            *reports.entry(plan.blocks[block as usize].id).or_default() += 1;
        }
        let mut desk = Self {
            ground,
            plan,
            place: FxHashMap::default(),
            mesh,
            residents,
            reports,
            blocks_of: BTreeMap::new(),
            figures: BTreeMap::new(),
            outside,
        };
        desk.index();
        let all: Vec<Code> = desk.plan.cells.iter().map(|c| c.code.clone()).collect();
        desk.measure(&all);
        desk
    }

    /// The plan as it is now.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What it stands on.
    pub fn ground(&self) -> &Arc<Ground> {
        &self.ground
    }

    /// Works out what a command changes. `watch` is asked whether to go on with long work.
    ///
    /// # Errors
    /// [`Refusal`] when it cannot be done; a command that changes nothing is refused, too.
    pub fn run(&self, command: &Command, watch: &Watch<'_>) -> Result<Outcome, Refusal> {
        match command {
            Command::Assign { blocks, at, to } => assign::blocks(self, blocks, at, to),
            Command::AssignBuildings { buildings, to } => assign::buildings(self, buildings, to),
            Command::Split { cell, line, cut_blocks, name } => split::split(self, cell, line, *cut_blocks, name.as_deref()),
            Command::Halve { cell, name } => halve::halve(self, cell, name.as_deref()),
            Command::Merge { cells, into } => assign::merge(self, cells, into),
            Command::MoveVertex { from, to } => vertex::slide(self, from.0, to.0),
            Command::InsertVertex { edge: [a, b], at } => vertex::insert(self, [a.0, b.0], at.0),
            Command::DeleteVertex { at } => vertex::delete(self, at.0),
            Command::Pull { cells, reach_m } => along::pull(self, cells, *reach_m),
            Command::Rename { code, name } => words::rename(self, code, name),
            Command::Recode { cell, to } => words::recode(self, cell, to),
            Command::SetKind { cell, kind } => words::set_kind(self, cell, *kind),
            Command::Lock { codes } => words::lock(self, codes, true),
            Command::Unlock { codes } => words::lock(self, codes, false),
            Command::Replan { codes, cells, churn, balance, seed } => {
                replan::again(self, &replan::Wish { codes, cells: *cells, churn: *churn, balance: *balance, seed: *seed }, watch)
            }
            Command::Regroup { cell } => people::regroup(self, cell, watch),
            Command::MoveHousehold { household, group } => people::move_household(self, household, group),
            Command::SetHead { group, household } => people::set_head(self, group, household),
            Command::Import { plan, crs } => import::take_over(self, plan, crs.as_deref(), watch),
        }
    }

    /// What a patch amounts to.
    pub fn outcome_of(&self, patch: Patch) -> Outcome {
        Outcome::of(self, patch, Vec::new())
    }

    /// Changes the draft; its revision stays. Tells which cells have other figures now.
    ///
    /// # Errors
    /// [`Mismatch`] when the patch does not start from this state; nothing is changed then.
    pub fn apply(&mut self, patch: &Patch) -> Result<Vec<Code>, Mismatch> {
        let mut before: Vec<(u32, Polygon)> = Vec::new();
        for swap in &patch.blocks {
            let reshaped = [&swap.sides.before, &swap.sides.after].into_iter().flatten().any(|side| side.outline.is_some());
            if let Some(place) = self.place.get(&swap.id).filter(|_| reshaped) {
                before.push((swap.id, self.plan.blocks[*place].outline.clone()));
            }
        }
        let near_before = self.cells_near(patch);
        patch.apply(&mut self.plan)?;
        let mut pool = Vec::new();
        for (id, outline) in &before {
            self.mesh.remove(*id, outline);
            pool.extend(self.residents.remove(id).unwrap_or_default());
        }
        self.index();
        let mut reshaped: Vec<u32> = Vec::new();
        for swap in &patch.blocks {
            if let Some(outline) = swap.sides.after.as_ref().and_then(|side| side.outline.as_ref()) {
                self.mesh.add(swap.id, outline);
                reshaped.push(swap.id);
            }
        }
        self.settle(pool, &reshaped);
        self.count_reports(&before, &reshaped);
        let mut cells = near_before;
        cells.extend(self.cells_near(patch));
        cells.sort_unstable();
        cells.dedup();
        self.measure(&cells);
        Ok(cells)
    }

    /// The plan, its revision grown by one.
    pub fn step(&mut self) -> u32 {
        self.plan.revision += 1;
        self.plan.revision
    }

    /// Cells a patch is about, and their neighbours as things are.
    fn cells_near(&self, patch: &Patch) -> Vec<Code> {
        let touched = self.cells_of(patch);
        let near: Vec<Code> = touched.iter().flat_map(|code| self.neighbours(code)).cloned().collect();
        touched.into_iter().chain(near).collect()
    }

    /// Sorts blocks by number and cell.
    fn index(&mut self) {
        self.place = self.plan.blocks.iter().enumerate().map(|(i, b)| (b.id, i)).collect();
        self.blocks_of.clear();
        for block in &self.plan.blocks {
            self.blocks_of.entry(self.plan.cells[block.cell as usize].code.clone()).or_default().push(block.id);
        }
        self.blocks_of.values_mut().for_each(|ids| ids.sort_unstable());
    }

    /// Puts households into the blocks they stand in.
    fn settle(&mut self, pool: Vec<u32>, among: &[u32]) {
        let outlines: Vec<&Polygon> = among.iter().filter_map(|id| self.block(*id)).map(|b| &b.outline).collect();
        let homes: Vec<(u32, u32)> = homes(&self.ground, &pool, &outlines).map(|(household, i)| (household, among[i])).collect();
        for (household, block) in homes {
            self.residents.entry(block).or_default().push(household);
        }
        for id in among {
            if let Some(residents) = self.residents.get_mut(id) {
                residents.sort_unstable();
            }
        }
    }

    fn count_reports(&mut self, before: &[(u32, Polygon)], after: &[u32]) {
        if before.iter().all(|(id, _)| !self.reports.contains_key(id)) {
            return;
        }
        for (id, _) in before {
            self.reports.remove(id);
        }
        for id in after {
            let Some(outline) = self.block(*id).map(|b| b.outline.clone()) else { continue };
            let count = self.ground.reports.iter().filter(|at| ring::owns(&outline, **at)).count();
            if count > 0 {
                self.reports.insert(*id, count);
            }
        }
    }

    /// A block by its number.
    pub fn block(&self, id: u32) -> Option<&Block> {
        self.place.get(&id).map(|i| &self.plan.blocks[*i])
    }

    /// The cell a block belongs to.
    pub fn cell_of_block(&self, id: u32) -> Option<&Cell> {
        self.block(id).map(|b| &self.plan.cells[b.cell as usize])
    }

    /// How many households live in a block.
    pub fn households_in(&self, id: u32) -> usize {
        self.residents.get(&id).map_or(0, Vec::len)
    }

    /// The block that holds a position.
    pub fn block_at(&self, at: LonLat) -> Option<&Block> {
        self.plan.blocks.iter().find(|b| ring::owns(&b.outline, at))
    }

    /// Blocks of a cell by number, sorted.
    pub fn blocks_of(&self, cell: &Code) -> &[u32] {
        self.blocks_of.get(cell).map_or(&[], Vec::as_slice)
    }

    /// Cells that share an edge with a cell, sorted.
    pub fn neighbours(&self, cell: &Code) -> impl Iterator<Item = &Code> {
        let across = self.blocks_of(cell).iter().filter_map(|id| self.block(*id)).flat_map(|b| self.mesh.across(&b.outline));
        let mut cells: Vec<&Code> = across.filter_map(|id| self.cell_of_block(id)).map(|c| &c.code).filter(|code| *code != cell).collect();
        cells.sort_unstable();
        cells.dedup();
        cells.into_iter()
    }

    fn cell(&self, code: &Code) -> Result<&Cell, Refusal> {
        let found = self.plan.cells.binary_search_by(|c| c.code.cmp(code)).ok().map(|i| &self.plan.cells[i]);
        found.ok_or_else(|| Refusal::new("no_such_cell", format!("the draft has no cell {code}")).about([code]))
    }

    /// A cell that may be changed.
    fn unlocked(&self, cell: &Code) -> Result<&Cell, Refusal> {
        let found = self.cell(cell)?;
        if found.locked {
            return Err(Refusal::new("locked", format!("{cell} is locked; unlock it first")).at(self.centre_of(cell)).about([cell]));
        }
        Ok(found)
    }

    /// Who lives in a cell, sorted.
    fn residents_of(&self, cell: &Code) -> Vec<u32> {
        let mut households: Vec<u32> = self.blocks_of(cell).iter().filter_map(|id| self.residents.get(id)).flatten().copied().collect();
        households.sort_unstable();
        households
    }

    fn community_of(&self, cell: &Code) -> Option<&Community> {
        self.plan.communities.iter().find(|c| cell.is_within(&c.code))
    }

    fn cell_of_group(&self, group: &Code) -> Option<&Code> {
        let place = self.plan.cells.partition_point(|c| c.code <= *group).checked_sub(1)?;
        Some(&self.plan.cells[place].code).filter(|code| group.is_within(code))
    }

    /// Cells whose ground or groups a patch changes, sorted.
    pub fn cells_of(&self, patch: &Patch) -> Vec<Code> {
        let swapped = patch.cells.iter().flat_map(|s| [&s.before, &s.after]).flatten().map(|c| &c.code);
        let of_groups = patch.groups.iter().flat_map(|s| [&s.before, &s.after]).flatten().filter_map(|g| self.cell_of_group(&g.code));
        let of_blocks = patch.blocks.iter().flat_map(|b| [&b.sides.before, &b.sides.after]).flatten().map(|side| &side.cell);
        let mut cells: Vec<Code> = swapped.chain(of_groups).chain(of_blocks).cloned().collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// What a patch is about, for telling whether two of them touch: those cells, and communities it changes.
    pub fn touched_by(&self, patch: &Patch) -> BTreeSet<Code> {
        let communities = patch.communities.iter().flat_map(|s| [&s.before, &s.after]).flatten().map(|c| c.code.clone());
        self.cells_of(patch).into_iter().chain(communities).collect()
    }

    /// The groups of a cell, sorted.
    pub fn groups_of(&self, cell: &Code) -> &[Group] {
        let from = self.plan.groups.partition_point(|g| g.code < *cell);
        let count = self.plan.groups[from..].iter().take_while(|g| g.code.is_within(cell)).count();
        &self.plan.groups[from..from + count]
    }
}

/// For each household the outline it stands in, or else the nearest, by its place among the outlines.
fn homes<'a>(ground: &'a Ground, pool: &'a [u32], outlines: &'a [&Polygon]) -> impl Iterator<Item = (u32, usize)> + 'a {
    pool.iter().filter_map(move |&household| {
        let stand = ground.stands[household as usize];
        let holds = outlines.iter().position(|o| ring::owns(o, stand));
        let near = || {
            let away =
                |o: &Polygon| mesh::edges(o).map(|(a, b)| ground.metres.distance_to_segment(stand, a, b)).fold(f64::INFINITY, f64::min);
            outlines.iter().enumerate().map(|(i, o)| (away(o), i)).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, i)| i)
        };
        holds.or_else(near).map(|i| (household, i))
    })
}

/// A warning with a stable code.
fn warn(code: &'static str, message: impl Into<String>) -> Warning {
    Warning { code, message: message.into() }
}
