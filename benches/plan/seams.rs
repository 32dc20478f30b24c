//! Where the boundary between cells runs: along lines, between buildings, or neither.

use anyhow::anyhow;
use serde::Serialize;
use wangge::{
    geometry::{Coverage, LocalMetres},
    model::{Bounds, Cell, Group, LonLat, MultiPolygon, Plan, StreetData},
};

use super::strands::{Strands, samples};

/// A boundary runs along a line at most this far from it, in metres.
const ALONG_M: f64 = 0.5;
/// A boundary between buildings comes nearer than this to none of them, in metres.
const CLEAR_M: f64 = 0.25;
/// Sampling step, in metres.
const STEP_M: f64 = 1.0;

/// Lengths of boundary between two cells, in metres.
#[derive(Default, Serialize)]
pub struct Seams {
    inner_m: f64,
    /// Within 0.5 m of a road, river, railway or boundary line.
    along_m: f64,
    /// Not along a line, and nearer than 0.25 m to no wall. (Through a building it cannot run: that is counted as a cut building.)
    between_m: f64,
    /// Communities in more than one piece, or in none.
    broken_communities: usize,
}

/// Measures a plan's seams.
pub fn measure(street: &StreetData, plan: &Plan) -> anyhow::Result<Seams> {
    let metres = plane(plan.blocks.iter().flat_map(|block| &block.outline.exterior));
    let outlines: Vec<MultiPolygon> = plan.blocks.iter().map(|block| block.outline.clone().into()).collect();
    let cell_of_block: Vec<u32> = plan.blocks.iter().map(|block| block.cell).collect();
    let blocks = Coverage::from_polygons(&outlines).map_err(|error| anyhow!(error))?;
    let cells = blocks.dissolve(&cell_of_block, plan.cells.len() as u32);
    let lines = Strands::of_paths(street.lines.iter().map(|line| (&line.path, ())));
    let walls = Strands::of_paths(street.buildings.iter().flat_map(|building| building.footprint.rings()).map(|ring| (ring, ())));
    let community = |cell: &Cell| plan.communities.iter().position(|c| cell.code.is_within(&c.code)).unwrap_or(0) as u32;
    let community_of_cell: Vec<u32> = plan.cells.iter().map(community).collect();
    let communities = cells.outlines_by_label(&community_of_cell, plan.communities.len() as u32);
    let mut seams = Seams { broken_communities: communities.iter().filter(|shape| shape.0.len() != 1).count(), ..Seams::default() };
    for arc in cells.arcs.iter().filter(|arc| arc.left.is_some() && arc.right.is_some()) {
        for (at, length_m) in samples(&arc.path, STEP_M, &metres) {
            seams.inner_m += length_m;
            if lines.within(at, ALONG_M, &metres).next().is_some() {
                seams.along_m += length_m;
            } else if walls.within(at, CLEAR_M, &metres).next().is_none() {
                seams.between_m += length_m;
            }
        }
    }
    Ok(seams)
}

/// The greatest distance between two households of one group, in metres.
pub fn widest_group_m(street: &StreetData, plan: &Plan) -> f64 {
    let metres = plane(street.households.iter().map(|h| &h.position));
    let position = |id: &String| street.households.binary_search_by(|h| h.id.cmp(id)).ok().map(|i| street.households[i].position);
    let width = |group: &Group| {
        let at: Vec<LonLat> = group.members.iter().filter_map(position).collect();
        at.iter().flat_map(|a| at.iter().map(|b| metres.distance(*a, *b))).fold(0.0, f64::max)
    };
    plan.groups.iter().map(width).fold(0.0, f64::max)
}

/// A local plane in the middle of the positions.
pub fn plane<'a>(positions: impl IntoIterator<Item = &'a LonLat>) -> LocalMetres {
    let middle = |b: Bounds| LonLat::new(b.min.lon_e7 / 2 + b.max.lon_e7 / 2, b.min.lat_e7 / 2 + b.max.lat_e7 / 2);
    LocalMetres::at(Bounds::of(positions).map_or(LonLat::default(), middle))
}
