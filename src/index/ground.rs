//! What stands on a street's ground, whatever the plan and whoever lives there: buildings, lines, water.

use rayon::prelude::*;

use super::{buildings::Buildings, search::Names, tree::BoxTree};
use crate::{
    geometry::ring::standing_position,
    model::{Bounds, Building, Line, LonLat, MultiPolygon, Water},
};

/// A street's rows and trees over them. Row numbers are places in the lists; every list is sorted by id.
#[derive(Debug, Default)]
pub struct Ground {
    /// Roads, rivers, railways, boundaries.
    pub lines: Vec<Line>,
    /// Water areas.
    pub waters: Vec<Water>,
    /// Buildings.
    pub buildings: Buildings,
    /// Buildings by their box.
    pub building_tree: BoxTree,
    /// For every building a position inside its largest part.
    pub building_positions: Vec<LonLat>,
    /// Lines by their box.
    pub line_tree: BoxTree,
    /// Water areas by their box.
    pub water_tree: BoxTree,
    /// Names of buildings and roads.
    pub names: Names,
}

impl Ground {
    /// Indexes the rows.
    pub fn build(lines: Vec<Line>, waters: Vec<Water>, buildings: Vec<Building>) -> Self {
        Self {
            building_tree: boxes(buildings.iter().map(|b| &b.footprint)),
            building_positions: buildings.par_iter().map(|b| standing_position(&b.footprint).unwrap_or_default()).collect(),
            line_tree: BoxTree::build((0..).zip(&lines).filter_map(|(i, line)| Some((i, Bounds::of(&line.path)?)))),
            water_tree: boxes(waters.iter().map(|w| &w.outline)),
            names: Names::build(&lines, &buildings),
            lines,
            waters,
            buildings: Buildings::build(&buildings),
        }
    }

    /// The box around everything.
    pub fn bounds(&self) -> Option<Bounds> {
        let shapes = self.waters.iter().flat_map(|w| w.outline.rings().flatten()).chain(self.lines.iter().flat_map(|l| &l.path));
        let buildings = (0..self.buildings.len() as u32).filter_map(|row| self.buildings.bounds(row));
        Bounds::of(shapes).into_iter().chain(buildings).reduce(Bounds::union)
    }
}

fn boxes<'a>(shapes: impl Iterator<Item = &'a MultiPolygon>) -> BoxTree {
    BoxTree::build((0..).zip(shapes).filter_map(|(i, shape)| Some((i, Bounds::of(shape.rings().flatten())?))))
}
