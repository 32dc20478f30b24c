//! What stands on a street's ground, whatever the plan: households, buildings, lines, water.

use rayon::prelude::*;

use super::{
    points::CurvePoints,
    search::Names,
    tree::{BoxTree, PointTree},
};
use crate::{
    geometry::ring::standing_position,
    model::{Bounds, LonLat, MultiPolygon, StreetData},
};

/// Trees and curves over a street's rows. Row numbers are places in the lists of [`StreetData`].
#[derive(Debug)]
pub struct Ground {
    /// Households along the curve.
    pub household_points: CurvePoints,
    /// Households for nearest-neighbour search.
    pub household_tree: PointTree,
    /// Buildings by their box.
    pub building_tree: BoxTree,
    /// For every building a position inside its largest part.
    pub building_positions: Vec<LonLat>,
    /// For every building the households that name it.
    pub households_of_building: Vec<u32>,
    /// Lines by their box.
    pub line_tree: BoxTree,
    /// Water areas by their box.
    pub water_tree: BoxTree,
    /// Names of buildings and roads.
    pub names: Names,
}

impl Ground {
    /// Indexes the rows.
    pub fn build(data: &StreetData) -> Self {
        let positions = || data.households.iter().map(|h| h.position);
        let mut households_of_building = vec![0; data.buildings.len()];
        for id in data.households.iter().filter_map(|h| h.building_id.as_ref()) {
            if let Ok(i) = data.buildings.binary_search_by(|b| b.id.cmp(id)) {
                households_of_building[i] += 1;
            }
        }
        let footprints = data.buildings.iter().map(|b| &b.footprint);
        Self {
            household_points: CurvePoints::build(positions()),
            household_tree: PointTree::build(positions()),
            building_tree: boxes(footprints),
            building_positions: data.buildings.par_iter().map(|b| standing_position(&b.footprint).unwrap_or_default()).collect(),
            households_of_building,
            line_tree: BoxTree::build((0..).zip(&data.lines).filter_map(|(i, line)| Some((i, Bounds::of(&line.path)?)))),
            water_tree: boxes(data.waters.iter().map(|w| &w.outline)),
            names: Names::build(data),
        }
    }

    /// Whether both have the same ground, so that what was built for one serves the other.
    pub fn is_same(old: &StreetData, new: &StreetData) -> bool {
        old.households == new.households && old.buildings == new.buildings && old.lines == new.lines && old.waters == new.waters
    }
}

fn boxes<'a>(shapes: impl Iterator<Item = &'a MultiPolygon>) -> BoxTree {
    BoxTree::build((0..).zip(shapes).filter_map(|(i, shape)| Some((i, Bounds::of(shape.rings().flatten())?))))
}
