//! How a draft stands: figures of every cell, their balance, and what is wrong with it.

use rustc_hash::FxHashSet;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Desk, Ground, mesh,
    sketch::{label_of, union},
};
use crate::{
    geometry::measure,
    model::{CellKind, Code, LonLat, MultiPolygon, Polygon},
    plan::groups,
};

/// Allowed deviation from the mean, as a share.
pub const TOLERANCE: f64 = 0.1;
/// A cell less compact than this (Polsby & Popper 1991) is thin.
const THIN: f64 = 0.2;

/// Figures of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellFigures {
    /// Households that stand in it.
    pub households: usize,
    /// Persons, where any household says how many it has.
    pub persons: Option<u32>,
    /// Area on the ellipsoid in square metres.
    pub area_m2: f64,
    /// 4π × area / perimeter² (Polsby & Popper 1991).
    pub compactness: f64,
    /// Ten-household groups.
    pub groups: usize,
    /// Groups of fewer or more households than allowed.
    pub odd_groups: usize,
    /// Households that live in it and are in none of its groups, and those in its groups that live elsewhere.
    pub misplaced: usize,
    /// Reports in 30 days, the mean of the last year.
    pub issues_month: f64,
    /// Pieces it is in.
    pub pieces: usize,
    /// Neighbours by code.
    pub neighbours: Vec<Code>,
    /// Where its label stands.
    pub label: Option<LonLat>,
    /// Its outline.
    pub outline: MultiPolygon,
}

/// How even basic cells are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Balance {
    /// Households of a basic cell, on average.
    pub mean: f64,
    /// Largest deviation from it, as a share of it.
    pub largest: f64,
    /// Mean deviation, as a share.
    pub average: f64,
    /// Cells beyond the tolerance.
    pub beyond: usize,
}

/// Something to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A cell is in several pieces.
    InPieces,
    /// A basic cell without households.
    Empty,
    /// A basic cell deviates beyond the tolerance.
    Unbalanced,
    /// A cell is long and thin.
    Thin,
    /// A cell has groups of fewer or more households than allowed.
    OddGroups,
    /// Households have come or moved house since the groups were drawn.
    Misplaced,
    /// Households stand outside the street and are in no cell.
    OutsideHouseholds,
}

/// Something to look at, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// What.
    pub kind: ProblemKind,
    /// In which cell.
    pub cell: Option<Code>,
    /// How much: deviation, pieces, compactness, groups or households.
    pub value: f64,
    /// Where.
    pub at: Option<LonLat>,
}

impl Balance {
    /// Of cells with so many households each.
    pub fn of(households: impl Iterator<Item = usize>) -> Self {
        let sizes: Vec<f64> = households.map(|n| n as f64).collect();
        let count = sizes.len().max(1) as f64;
        let mean = sizes.iter().sum::<f64>() / count;
        let deviations: Vec<f64> = sizes.iter().map(|n| deviation(*n, mean).abs()).collect();
        Self {
            mean,
            largest: deviations.iter().copied().fold(0.0, f64::max),
            average: deviations.iter().sum::<f64>() / count,
            beyond: deviations.iter().filter(|d| **d > TOLERANCE).count(),
        }
    }
}

impl Desk {
    /// Works the figures of some cells out anew.
    pub(super) fn measure(&mut self, cells: &[Code]) {
        for code in cells {
            match self.cell(code) {
                Ok(_) => {
                    let figures = self.measured(code);
                    self.figures.insert(code.clone(), figures);
                }
                Err(_) => drop(self.figures.remove(code)),
            }
        }
    }

    fn measured(&self, code: &Code) -> CellFigures {
        let ids = self.blocks_of(code);
        let outlines: Vec<&Polygon> = ids.iter().filter_map(|id| self.block(*id)).map(|b| &b.outline).collect();
        let outline = union(&outlines);
        let area_m2 = measure::area_m2(&outline);
        let edges = outline.rings().flat_map(|ring| ring.windows(2));
        let perimeter_m: f64 = edges.map(|pair| measure::distance_m(pair[0], pair[1])).sum();
        let residents = || ids.iter().filter_map(|id| self.residents.get(id)).flatten();
        let persons: Vec<u32> = residents().filter_map(|h| self.ground.household(*h).persons).map(|n| n as u32).collect();
        let sizes = groups::sizes(self.ground.group_size);
        let groups = self.groups_of(code);
        let mut members: FxHashSet<&str> = groups.iter().flat_map(|g| &g.members).map(String::as_str).collect();
        let ungrouped = residents().filter(|h| !members.remove(self.ground.household(**h).id.as_str())).count();
        CellFigures {
            households: residents().count(),
            persons: (!persons.is_empty()).then(|| persons.iter().sum()),
            area_m2,
            compactness: 4.0 * std::f64::consts::PI * area_m2 / (perimeter_m * perimeter_m).max(f64::MIN_POSITIVE),
            groups: groups.len(),
            odd_groups: groups.iter().filter(|g| !sizes.contains(&g.members.len())).count(),
            misplaced: ungrouped + members.len(),
            issues_month: Ground::per_month(ids.iter().filter_map(|id| self.reports.get(id)).sum()),
            pieces: mesh::pieces(&outlines, &self.ground.metres).len(),
            neighbours: self.neighbours(code).cloned().collect(),
            label: label_of(&outline),
            outline,
        }
    }

    /// A cell's figures.
    pub fn figures(&self, cell: &Code) -> Option<&CellFigures> {
        self.figures.get(cell)
    }

    fn basic(&self) -> impl Iterator<Item = (&Code, &CellFigures)> {
        let basic = self.plan.cells.iter().filter(|c| c.kind == CellKind::Basic);
        basic.filter_map(|c| Some((&c.code, self.figures.get(&c.code)?)))
    }

    /// How even the basic cells are.
    pub fn balance(&self) -> Balance {
        Balance::of(self.basic().map(|(_, f)| f.households))
    }

    /// Every basic cell's deviation from the mean, as a signed share of it.
    pub fn deviations(&self) -> impl Iterator<Item = (&Code, f64)> {
        let mean = self.balance().mean;
        self.basic().map(move |(code, f)| (code, deviation(f.households as f64, mean)))
    }

    /// What is wrong, the worst first.
    pub fn problems(&self) -> Vec<Problem> {
        let mean = self.balance().mean;
        let mut problems = Vec::new();
        for cell in &self.plan.cells {
            let Some(f) = self.figures.get(&cell.code) else { continue };
            let mut add = |kind, value| problems.push(Problem { kind, cell: Some(cell.code.clone()), value, at: f.label });
            let basic = cell.kind == CellKind::Basic;
            if f.pieces > 1 {
                add(ProblemKind::InPieces, f.pieces as f64);
            }
            if basic && f.households == 0 {
                add(ProblemKind::Empty, 0.0);
            } else if basic && deviation(f.households as f64, mean).abs() > TOLERANCE {
                add(ProblemKind::Unbalanced, deviation(f.households as f64, mean));
            }
            if f.compactness < THIN {
                add(ProblemKind::Thin, f.compactness);
            }
            if f.odd_groups > 0 && groups::is_divisible(f.households, self.ground.group_size) {
                add(ProblemKind::OddGroups, f.odd_groups as f64);
            }
            if f.misplaced > 0 {
                add(ProblemKind::Misplaced, f.misplaced as f64);
            }
        }
        if let Some(first) = self.outside.first() {
            let at = Some(self.ground.stands[*first as usize]);
            problems.push(Problem { kind: ProblemKind::OutsideHouseholds, cell: None, value: self.outside.len() as f64, at });
        }
        let weight = |p: &Problem| (p.kind as u8, -(if p.kind == ProblemKind::Thin { -p.value } else { p.value.abs() }));
        problems.sort_by(|a, b| weight(a).0.cmp(&weight(b).0).then(weight(a).1.total_cmp(&weight(b).1)));
        problems
    }
}

fn deviation(households: f64, mean: f64) -> f64 {
    if mean > 0.0 { households / mean - 1.0 } else { 0.0 }
}
