//! What becomes of cells, households and groups between two plans of a street.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Desk, mesh};
use crate::model::{Code, LonLat};

/// A cell's share that comes from a cell before.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Origin {
    /// The cell before.
    #[schema(value_type = String)]
    pub code: Code,
    /// Households that were in it and are in this one.
    pub households: usize,
    /// The same as a share of this cell's households.
    pub share: f64,
}

/// What happened to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lineage {
    /// The same ground and the same households.
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
    /// Cells before, the largest share first; for a cell that ended those that have its households now.
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

fn lineage(
    before: &Desk,
    after: &Desk,
    shares: &BTreeMap<&Code, BTreeMap<&Code, usize>>,
    goes: &BTreeMap<&Code, BTreeMap<&Code, usize>>,
) -> Vec<CellOrigin> {
    let old: BTreeSet<&Code> = before.plan().cells.iter().map(|c| &c.code).collect();
    let new: BTreeSet<&Code> = after.plan().cells.iter().map(|c| &c.code).collect();
    let origins = |shares: Option<&BTreeMap<&Code, usize>>| {
        let total = shares.map_or(0, |s| s.values().sum::<usize>()).max(1) as f64;
        let mut from: Vec<Origin> = shares
            .into_iter()
            .flatten()
            .map(|(code, n)| Origin { code: (*code).clone(), households: *n, share: *n as f64 / total })
            .collect();
        from.sort_by(|a, b| b.households.cmp(&a.households).then(a.code.cmp(&b.code)));
        from
    };
    let same_ground = |code: &Code| {
        let outline = |desk: &Desk| desk.figures(code).map(|f| f.outline.clone());
        outline(before) == outline(after)
    };
    // Whose better part went where.
    let heir = |code: &Code| goes.get(code).and_then(|to| to.iter().max_by_key(|(_, n)| **n)).map(|(to, _)| *to);
    let mut all: Vec<CellOrigin> = Vec::new();
    for &code in &new {
        let from = origins(shares.get(code).or(None));
        let merged = || old.iter().any(|o| !new.contains(o) && heir(o) == Some(code));
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
    let ended = old.iter().filter(|code| !new.contains(*code));
    all.extend(ended.map(|code| CellOrigin { code: (*code).clone(), kind: Lineage::Ended, from: origins(goes.get(*code)) }));
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
