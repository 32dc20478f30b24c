//! What becomes of cells, households and groups between two plans of a street.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use utoipa::ToSchema;
use xxhash_rust::xxh3::Xxh3;

use super::{Desk, Ground, mesh};
use crate::{
    geometry::ring,
    model::{Code, LonLat},
};

/// A cell's share that comes from a cell before.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Origin {
    /// The cell before.
    #[schema(value_type = String)]
    pub code: Code,
    /// Households that were in it and are in this one.
    pub households: usize,
    /// The same as a share of this cell's households; where nobody lives, as a share of its ground.
    pub share: f64,
}

/// What happened to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lineage {
    /// The same ground. Who lives there, and in which groups, is not compared.
    Same,
    /// Its border moved.
    Changed,
    /// It is part of what was one cell, under a new code.
    Split,
    /// It took in the better part of a cell that is no more.
    Merged,
    /// It comes from several cells that go on, or from none.
    New,
    /// It is no more.
    Ended,
}

/// A cell and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CellOrigin {
    /// The cell; one that ended by its old code.
    #[schema(value_type = String)]
    pub code: Code,
    /// What happened.
    pub kind: Lineage,
    /// Cells before, the largest share first; for a cell that ended those that have its households now, or its ground where nobody lives.
    pub from: Vec<Origin>,
}

/// Households that go from one cell to another.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Moved {
    /// Cell before.
    #[schema(value_type = String)]
    pub from: Code,
    /// Cell after.
    #[schema(value_type = String)]
    pub to: Code,
    /// Households.
    pub households: usize,
    /// Open issues that lie on ground that goes with them.
    pub issues_open: usize,
}

/// What differs between two plans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Every cell of the later plan, and those that ended.
    pub lineage: Vec<CellOrigin>,
    /// By pair of cells, most households first.
    pub moves: Vec<Moved>,
    /// Places of households that move, with their cells before and after and how many they are there.
    pub places: Vec<(LonLat, Code, Code, usize)>,
    /// Groups with the same members in both.
    pub groups_kept: usize,
    /// Groups whose members or cell changed under their code.
    pub groups_changed: usize,
    /// Groups that come.
    pub groups_new: usize,
    /// Groups that go.
    pub groups_ended: usize,
    /// Stretches of cell boundary that only the plan before has.
    pub only_before: Vec<[LonLat; 2]>,
    /// Stretches that only the plan after has.
    pub only_after: Vec<[LonLat; 2]>,
}

impl Difference {
    /// Compares two plans; `open_issues` are where issues wait that are not closed.
    pub fn between(before: &Desk, after: &Desk, open_issues: &[LonLat]) -> Self {
        let (old, new) = (cells_of(before), cells_of(after));
        let mut moves: BTreeMap<(&Code, &Code), (usize, usize)> = BTreeMap::new();
        let mut places: BTreeMap<(LonLat, &Code, &Code), usize> = BTreeMap::new();
        let mut shares: BTreeMap<&Code, BTreeMap<&Code, usize>> = BTreeMap::new();
        let mut goes: BTreeMap<&Code, BTreeMap<&Code, usize>> = BTreeMap::new();
        for (household, to) in &new {
            let Some(from) = old.get(household) else { continue };
            *shares.entry(to).or_default().entry(from).or_default() += 1;
            *goes.entry(from).or_default().entry(to).or_default() += 1;
            if from != to {
                moves.entry((from, to)).or_default().0 += 1;
                *places.entry((after.ground.stands[*household as usize], from, to)).or_default() += 1;
            }
        }
        for at in open_issues {
            let cell = |desk: &'_ Desk| desk.block_at(*at).map(|b| b.id).and_then(|id| desk.cell_of_block(id).map(|c| c.code.clone()));
            let (Some(from), Some(to)) = (cell(before), cell(after)) else { continue };
            if from != to {
                let known = |desk: &'_ Desk, code: &Code| desk.plan().cells.iter().position(|c| c.code == *code);
                if let (Some(f), Some(t)) = (known(before, &from), known(after, &to)) {
                    moves.entry((&before.plan().cells[f].code, &after.plan().cells[t].code)).or_default().1 += 1;
                }
            }
        }
        let mut moves: Vec<Moved> = moves
            .into_iter()
            .map(|((from, to), (households, issues_open))| Moved { from: from.clone(), to: to.clone(), households, issues_open })
            .collect();
        moves.sort_by(|a, b| {
            b.households.cmp(&a.households).then(b.issues_open.cmp(&a.issues_open)).then(a.from.cmp(&b.from)).then(a.to.cmp(&b.to))
        });
        let (old_edges, new_edges) = (boundaries(before), boundaries(after));
        let mut difference = Self {
            lineage: lineage(before, after, &shares, &goes),
            moves,
            places: places.into_iter().map(|((at, from, to), n)| (at, from.clone(), to.clone(), n)).collect(),
            only_before: sorted(old_edges.difference(&new_edges)),
            only_after: sorted(new_edges.difference(&old_edges)),
            ..Self::default()
        };
        difference.count_groups(before, after);
        difference
    }

    fn count_groups(&mut self, before: &Desk, after: &Desk) {
        let old: FxHashMap<&Code, BTreeSet<&String>> = before.plan().groups.iter().map(|g| (&g.code, g.members.iter().collect())).collect();
        for group in &after.plan().groups {
            match old.get(&group.code) {
                None => self.groups_new += 1,
                Some(members) if members.len() == group.members.len() && group.members.iter().all(|m| members.contains(m)) => {
                    self.groups_kept += 1
                }
                Some(_) => self.groups_changed += 1,
            }
        }
        self.groups_ended = old.len() - self.groups_kept - self.groups_changed;
    }

    /// Households that change their cell.
    pub fn households_moved(&self) -> usize {
        self.moves.iter().map(|m| m.households).sum()
    }

    /// Open issues that change their cell.
    pub fn issues_moved(&self) -> usize {
        self.moves.iter().map(|m| m.issues_open).sum()
    }
}

/// The cell of every household, by the household's number.
fn cells_of(desk: &Desk) -> FxHashMap<u32, &Code> {
    let mut cells = FxHashMap::default();
    for (id, residents) in &desk.residents {
        if let Some(cell) = desk.cell_of_block(*id) {
            cells.extend(residents.iter().map(|h| (*h, &cell.code)));
        }
    }
    cells
}

impl Ground {
    /// Names what a comparison of plans takes from the street: which households there are, and where.
    pub fn settlement(&self) -> u64 {
        let mut hash = Xxh3::new();
        for (household, stand) in self.street.households.iter().zip(&self.stands) {
            hash.update(household.id.as_bytes());
            hash.update(&[0]);
            hash.update(&stand.lon_e7.to_le_bytes());
            hash.update(&stand.lat_e7.to_le_bytes());
        }
        hash.digest()
    }
}

/// What cells of another plan have of a cell: households, and what they weigh.
type Parts<'a> = BTreeMap<&'a Code, (usize, f64)>;

/// By where its households are in the other plan; where nobody lives, by the ground of its blocks, each counted whole where its middle
/// is.
fn parts<'a>(desk: &Desk, code: &Code, other: &'a Desk, households: Option<&BTreeMap<&'a Code, usize>>) -> Parts<'a> {
    if let Some(households) = households {
        return households.iter().map(|(code, n)| (*code, (*n, *n as f64))).collect();
    }
    let mut parts = Parts::new();
    for block in desk.blocks_of(code).iter().filter_map(|id| desk.block(*id)) {
        let same = other.block(block.id).filter(|there| there.outline == block.outline);
        let there = same.or_else(|| other.block_at(ring::interior_position(&block.outline)?));
        if let Some(cell) = there.and_then(|there| other.cell_of_block(there.id)) {
            let area2: i128 = block.outline.rings().map(|ring| ring::signed_area2(ring)).sum();
            parts.entry(&cell.code).or_default().1 += area2 as f64;
        }
    }
    parts
}

fn origins(parts: &Parts<'_>) -> Vec<Origin> {
    let total: f64 = parts.values().map(|(_, weight)| weight).sum();
    let origin = |(code, (households, weight)): (&&Code, &(usize, f64))| Origin {
        code: (*code).clone(),
        households: *households,
        share: weight / total,
    };
    let mut from: Vec<Origin> = parts.iter().map(origin).collect();
    from.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.code.cmp(&b.code)));
    from
}

fn lineage(
    before: &Desk,
    after: &Desk,
    shares: &BTreeMap<&Code, BTreeMap<&Code, usize>>,
    goes: &BTreeMap<&Code, BTreeMap<&Code, usize>>,
) -> Vec<CellOrigin> {
    let old: BTreeSet<&Code> = before.plan().cells.iter().map(|c| &c.code).collect();
    let new: BTreeSet<&Code> = after.plan().cells.iter().map(|c| &c.code).collect();
    let same_ground = |code: &Code| {
        let outline = |desk: &Desk| desk.figures(code).map(|f| f.outline.clone());
        outline(before) == outline(after)
    };
    let gone: BTreeMap<&Code, Parts<'_>> = old.difference(&new).map(|code| (*code, parts(before, code, after, goes.get(*code)))).collect();
    // Whose better part went where.
    let heirs: BTreeSet<&Code> = gone.values().filter_map(|to| Some(*to.iter().max_by(|a, b| a.1.1.total_cmp(&b.1.1))?.0)).collect();
    let mut all: Vec<CellOrigin> = Vec::new();
    for &code in &new {
        let from = origins(&parts(after, code, before, shares.get(code)));
        let merged = || heirs.contains(code);
        let kind = if old.contains(code) {
            match same_ground(code) {
                true => Lineage::Same,
                false if merged() => Lineage::Merged,
                false => Lineage::Changed,
            }
        } else if merged() {
            Lineage::Merged
        } else if from.first().is_some_and(|o| o.share > 0.5) {
            Lineage::Split
        } else {
            Lineage::New
        };
        all.push(CellOrigin { code: code.clone(), kind, from });
    }
    all.extend(gone.iter().map(|(code, to)| CellOrigin { code: (*code).clone(), kind: Lineage::Ended, from: origins(to) }));
    all
}

/// Edges between two cells, each once, `from < to`.
fn boundaries(desk: &Desk) -> FxHashSet<(LonLat, LonLat)> {
    let mut edges = FxHashSet::default();
    for block in &desk.plan().blocks {
        for (a, b) in mesh::edges(&block.outline).filter(|(a, b)| a < b) {
            let beyond = desk.mesh.left_of(b, a).and_then(|id| desk.block(id));
            if beyond.is_some_and(|other| other.cell != block.cell) {
                edges.insert((a, b));
            }
        }
    }
    edges
}

fn sorted<'a>(edges: impl Iterator<Item = &'a (LonLat, LonLat)>) -> Vec<[LonLat; 2]> {
    let mut edges: Vec<[LonLat; 2]> = edges.map(|(a, b)| [*a, *b]).collect();
    edges.sort_unstable();
    edges
}
