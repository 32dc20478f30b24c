//! Which cell every building, and so every household, belongs to: the one with the most of its footprint.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{
    flat::{self, Flat, Ground},
    strands::Strands,
};
use crate::model::StreetData;

/// A building is cut when more than this of it, in square metres…
const CUT_M2: f64 = 0.05;
/// …and more than this share of it, lies in a second cell.
const CUT_SHARE: f64 = 0.001;
/// A building lies in the cells when this share of it does.
const COVERED_SHARE: f64 = 0.5;

/// Where buildings and households belong.
#[derive(Debug, Default)]
pub struct Tenants {
    /// Buildings that a cell boundary cuts.
    pub cut: usize,
    /// Buildings that lie in no cell.
    pub uncovered: usize,
    /// Cell of every household, in the street's order; `None` only where there are no cells.
    pub cell_of_household: Vec<Option<u32>>,
}

/// How a building lies in the cells.
struct Lie {
    cell: Option<u32>,
    is_cut: bool,
    is_uncovered: bool,
}

impl Tenants {
    /// Finds everybody's cell. `net` holds the cells' boundaries.
    pub fn find(street: &StreetData, ground: &Ground, net: &Strands) -> Self {
        let lies: Vec<Lie> = ground.buildings.par_iter().map(|building| lie(building, ground, net)).collect();
        let cells: HashMap<&str, Option<u32>> = street.buildings.iter().map(|b| b.id.as_str()).zip(lies.iter().map(|l| l.cell)).collect();
        let cell_of = |i: usize| {
            let by_building = street.households[i].building_id.as_deref().and_then(|id| cells.get(id).copied());
            by_building.unwrap_or_else(|| ground.cell_at(ground.homes[i]).or_else(|| nearest(net, ground.homes[i])))
        };
        Self {
            cut: lies.iter().filter(|l| l.is_cut).count(),
            uncovered: lies.iter().filter(|l| l.is_uncovered).count(),
            cell_of_household: (0..street.households.len()).into_par_iter().map(cell_of).collect(),
        }
    }
}

fn nearest(net: &Strands, p: [f64; 2]) -> Option<u32> {
    net.nearest(p).map(|strand| strand.of)
}

fn lie(building: &Flat, ground: &Ground, net: &Strands) -> Lie {
    let nowhere = || Lie { cell: flat::middle(building).and_then(|p| nearest(net, p)), is_cut: false, is_uncovered: true };
    let Some((low, high)) = flat::corners(building) else { return nowhere() };
    if net.around(low, high, 0.0).next().is_none() {
        // No boundary near: all of it lies where one corner does.
        return match ground.cell_at(low) {
            Some(cell) => Lie { cell: Some(cell), is_cut: false, is_uncovered: false },
            None => nowhere(),
        };
    }
    let mut shares: Vec<(f64, u32)> = ground
        .cells_around(low, high)
        .into_iter()
        .map(|cell| (flat::shared_area(building, &ground.cells[cell as usize]), cell))
        .filter(|(share, _)| *share > 0.0)
        .collect();
    shares.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    let whole = flat::area(building);
    match shares.first() {
        Some(&(most, cell)) if most > 0.0 && shares.iter().map(|s| s.0).sum::<f64>() >= COVERED_SHARE * whole => {
            let second = shares.get(1).map_or(0.0, |s| s.0);
            Lie { cell: Some(cell), is_cut: second > CUT_M2 && second > CUT_SHARE * whole, is_uncovered: false }
        }
        _ => nowhere(),
    }
}
