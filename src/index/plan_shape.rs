//! A plan's topology: blocks and cells as coverages, and which cell holds a position. Nobody lives here: see [`super::PlanIndex`].

use rayon::prelude::*;

use super::{
    Error, NONE,
    covering::{BESIDE_STEPS, Covering},
    derived::Derived,
    lists::Lists,
    tree::BoxTree,
};
use crate::{
    geometry::{
        Coverage, FaceId, LocalMetres,
        label::label_position,
        measure::{self, area_m2},
        ring::{Side, owns, side},
    },
    model::{Block, Bounds, Cell, Code, Community, LonLat, MultiPolygon, Plan, PlanId, Polygon, Validity},
};

/// A plan's own facts; its blocks and groups are kept as arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFacts {
    /// Number within the street.
    pub id: PlanId,
    /// Name for people.
    pub name: String,
    /// Its life.
    pub validity: Validity,
    /// Its households were estimated from buildings.
    pub estimated: bool,
    /// Level 2, by code.
    pub communities: Vec<Community>,
    /// Level 3, by code.
    pub cells: Vec<Cell>,
}

/// A plan's topology.
#[derive(Debug)]
pub struct PlanShape {
    /// The plan.
    pub plan: PlanFacts,
    /// Blocks as a coverage; face i is `outlines[i]`.
    pub blocks: Coverage,
    /// Blocks' outlines.
    pub outlines: Vec<Polygon>,
    /// For every block its cell.
    pub cell_of_block: Vec<u32>,
    /// Cells as a coverage; face i is `plan.cells[i]`.
    pub cells: Coverage,
    /// For every cell the index of its community; [`NONE`] when no community's code is a prefix of its code.
    pub community_of_cell: Vec<u32>,
    /// What the tile room keeps of the shapes alone.
    pub shapes: Derived,
    /// The street's extent.
    pub(super) street_extent: Extent,
    /// Communities' extents.
    pub(super) community_extents: Vec<Extent>,
    /// Cells' extents.
    pub(super) cell_extents: Vec<Extent>,
    block_tree: BoxTree,
    /// `None` when the blocks do not fit together.
    covering: Option<Covering>,
    arcs_of_cell: Lists,
    /// For every arc of the cells the box around it.
    arc_boxes: Vec<Bounds>,
}

/// How much of a street is made ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// All.
    Whole,
    /// What [`super::Snapshot::locate`] reads: no sizes, no labels, no groups' hulls.
    Places,
}

/// How large an area is and where.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Extent {
    /// Geodesic area.
    pub area_m2: f64,
    /// The box around it.
    pub bounds: Option<Bounds>,
    /// A position well inside.
    pub label: LonLat,
}

impl Extent {
    /// Measures a shape.
    pub fn of(shape: &MultiPolygon) -> Self {
        Self { area_m2: area_m2(shape), bounds: Bounds::of(shape.rings().flatten()), label: label_position(shape).unwrap_or_default() }
    }
}

/// How a plan holds a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// By the border rule; of the cells of one plan at most one owns a position.
    Owned(u32),
    /// On the plan's outer border, of which the rule gives it to the outside; the cell with the lowest code that it touches.
    Touched(u32),
    /// Outside, but within the rounding of the plan's outer border: lines that end there bend it by up to half a grid step.
    Beside(u32),
}

/// The nearest place of a cell's border.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Border {
    /// How far it is.
    pub distance_m: f64,
    /// The cell on the other side; `None` at the street's border.
    pub beyond: Option<u32>,
    /// The segment, the cell to its left.
    pub segment: [LonLat; 2],
    /// The nearest position of the segment.
    pub foot: LonLat,
}

impl PlanShape {
    /// Indexes a plan's blocks.
    ///
    /// # Errors
    /// [`Error::Coverage`] when blocks overlap.
    pub fn build(street: &Code, plan: Plan) -> Result<Self, Error> {
        Self::build_to(street, plan, Detail::Whole)
    }

    pub(super) fn build_to(street: &Code, plan: Plan, detail: Detail) -> Result<Self, Error> {
        let Plan { id, name, state, valid_from: from, valid_to: to, estimated, communities, cells, blocks, .. } = plan;
        let (outlines, cell_of_block): (Vec<Polygon>, Vec<u32>) =
            blocks.into_iter().map(|Block { outline, cell, .. }| (outline, cell)).unzip();
        let plan = PlanFacts { id, name, validity: Validity { state, from, to }, estimated, communities, cells };
        let coverage_error = |source| Error::Coverage { street: street.clone(), plan: plan.id.0, source };
        let blocks = {
            let outlines: Vec<MultiPolygon> = outlines.iter().cloned().map(Into::into).collect();
            Coverage::from_polygons(&outlines).map_err(coverage_error)?
        };
        let cells = blocks.dissolve(&cell_of_block, plan.cells.len() as u32);
        let community_codes: Vec<&Code> = plan.communities.iter().map(|c| &c.code).collect();
        let community_of_cell: Vec<u32> = plan.cells.iter().map(|cell| parent_of(&cell.code, &community_codes)).collect();
        let sides = (0..).zip(&cells.arcs).flat_map(|(i, arc)| [arc.left, arc.right].map(|f| f.map(|f| (f.0, i))));
        let mut shape = Self {
            block_tree: BoxTree::build((0..).zip(&outlines).filter_map(|(i, outline)| Some((i, Bounds::of(&outline.exterior)?)))),
            covering: Covering::build(&cells),
            arcs_of_cell: Lists::build(plan.cells.len(), sides.flatten()),
            arc_boxes: cells.arcs.iter().filter_map(|arc| Bounds::of(&arc.path)).collect(),
            cell_extents: vec![Extent::default(); plan.cells.len()],
            street_extent: Extent::default(),
            community_extents: vec![Extent::default(); plan.communities.len()],
            shapes: Derived::default(),
            plan,
            blocks,
            outlines,
            cell_of_block,
            cells,
            community_of_cell,
        };
        match detail {
            Detail::Whole => {
                shape.cell_extents = shape.cells.outlines().par_iter().map(Extent::of).collect();
                shape.measure_unions();
            }
            Detail::Places => shape.street_extent.bounds = shape.arc_boxes.iter().copied().reduce(Bounds::union),
        }
        Ok(shape)
    }

    /// Extents of communities and of the street; their areas are the sums of their cells'.
    fn measure_unions(&mut self) {
        let extents = |labels: &[u32], count: u32| -> Vec<Extent> {
            let shapes = self.cells.outlines_by_label(labels, count);
            shapes.par_iter().map(|shape| Extent { area_m2: 0.0, ..Extent::of(shape) }).collect()
        };
        let mut street = extents(&vec![0; self.plan.cells.len()], 1).swap_remove(0);
        let mut communities = extents(&self.community_labels(), self.plan.communities.len() as u32 + 1);
        communities.truncate(self.plan.communities.len());
        for (cell, community) in self.cell_extents.iter().zip(&self.community_of_cell) {
            street.area_m2 += cell.area_m2;
            if let Some(extent) = communities.get_mut(*community as usize) {
                extent.area_m2 += cell.area_m2;
            }
        }
        (self.street_extent, self.community_extents) = (street, communities);
    }

    /// A label per cell for reading communities off the cells: the community, or one past the last for none.
    pub fn community_labels(&self) -> Vec<u32> {
        self.community_of_cell.iter().map(|c| (*c).min(self.plan.communities.len() as u32)).collect()
    }

    /// The cell that holds a position; `None` outside the plan. Exact.
    pub fn cell_at(&self, at: LonLat) -> Option<Hold> {
        match &self.covering {
            Some(covering) => covering.hold(at),
            None => self.cell_by_blocks(at),
        }
    }

    /// Whether a raster answers for positions, as it does unless blocks overlap, and not the blocks one by one.
    pub fn is_covered(&self) -> bool {
        self.covering.is_some()
    }

    /// The same, block by block: also for blocks that overlap.
    fn cell_by_blocks(&self, at: LonLat) -> Option<Hold> {
        let blocks = &self.outlines;
        if let Some(block) = self.block_tree.at(at).find(|b| owns(&blocks[*b as usize], at)) {
            return Some(Hold::Owned(self.cell_of_block[block as usize]));
        }
        let touching = self.block_tree.at(at).filter(|b| side(&blocks[*b as usize], at) == Side::Border);
        touching.map(|b| self.cell_of_block[b as usize]).min().map(Hold::Touched).or_else(|| self.cell_beside(at).map(Hold::Beside))
    }

    /// The cell that holds a position in whatever way, or [`NONE`].
    pub fn nearest_cell(&self, at: LonLat) -> u32 {
        match self.cell_at(at) {
            Some(Hold::Owned(cell) | Hold::Touched(cell) | Hold::Beside(cell)) => cell,
            None => NONE,
        }
    }

    /// [`PlanShape::nearest_cell`] of many.
    pub fn cells_of(&self, positions: &[LonLat]) -> Vec<u32> {
        positions.par_iter().map(|at| self.nearest_cell(*at)).collect()
    }

    /// The cell a step or two beside the position, to the west and south first.
    fn cell_beside(&self, at: LonLat) -> Option<u32> {
        let moved = |east: i32, north: i32| LonLat::new(at.lon_e7.saturating_add(east), at.lat_e7.saturating_add(north));
        let near = self.block_tree.meeting(Bounds { min: moved(-BESIDE_STEPS, -BESIDE_STEPS), max: moved(BESIDE_STEPS, BESIDE_STEPS) });
        let blocks = &self.outlines;
        let owner = |p: LonLat| near.iter().find(|b| owns(&blocks[**b as usize], p)).map(|b| self.cell_of_block[*b as usize]);
        (1..=BESIDE_STEPS).filter(|_| !near.is_empty()).find_map(|d| {
            let ways = [(-d, 0), (0, -d), (d, 0), (0, d), (-d, -d), (-d, d), (d, -d), (d, d)];
            ways.into_iter().find_map(|(east, north)| owner(moved(east, north)))
        })
    }

    /// The nearest place of the cell's border to a position in it, in a plane touching there; `None` for a cell without blocks.
    /// Of equally near arcs the first in the coverage.
    pub fn border(&self, cell: u32, at: LonLat) -> Option<Border> {
        let plane = LocalMetres::at(at);
        let arcs = self.arcs_of_cell.list(cell as usize);
        // The arc whose box is nearest first: most of the others then need no look.
        let at_least = |arc: u32| squared_at_least(plane, self.arc_boxes[arc as usize]);
        let mut nearest_box = (f64::INFINITY, *arcs.first()?);
        for &arc in arcs {
            let squared_m2 = at_least(arc);
            if squared_m2 < nearest_box.0 {
                nearest_box = (squared_m2, arc);
            }
        }
        let first = nearest_box.1;
        let mut best = (first, self.nearest_on_arc(first, plane)?);
        for arc in arcs.iter().copied().filter(|arc| *arc != first) {
            // Rounding may put a corner of a box a hair beyond the arc in it.
            if at_least(arc) > best.1.squared_m2 * (1.0 + 1e-9) {
                continue;
            }
            let Some(near) = self.nearest_on_arc(arc, plane) else { continue };
            if near.squared_m2 < best.1.squared_m2 || (near.squared_m2 == best.1.squared_m2 && arc < best.0) {
                best = (arc, near);
            }
        }
        let (arc, NearOnArc { squared_m2, foot, edge }) = best;
        let arc = &self.cells.arcs[arc as usize];
        let [from, to] = [arc.path[edge], arc.path[edge + 1]];
        let is_left = arc.left == Some(FaceId(cell));
        let beyond = if is_left { arc.right } else { arc.left }.map(|face| face.0);
        let segment = if is_left { [from, to] } else { [to, from] };
        Some(Border { distance_m: squared_m2.sqrt(), beyond, segment, foot: plane.position(foot) })
    }

    /// The place of an arc nearest to the origin of the plane, of equally near ones the first.
    fn nearest_on_arc(&self, arc: u32, plane: LocalMetres) -> Option<NearOnArc> {
        let (start, rest) = self.cells.arcs[arc as usize].path.split_first()?;
        let mut from = plane.xy(*start);
        let mut best: Option<NearOnArc> = None;
        for (edge, to) in rest.iter().enumerate() {
            let to = plane.xy(*to);
            let foot = measure::foot_on_segment([0.0, 0.0], from, to);
            let squared_m2 = foot[0] * foot[0] + foot[1] * foot[1];
            if best.as_ref().is_none_or(|best| squared_m2 < best.squared_m2) {
                best = Some(NearOnArc { squared_m2, foot, edge });
            }
            from = to;
        }
        best
    }

    /// The index of a cell by its code.
    pub fn cell(&self, code: &Code) -> Option<u32> {
        self.plan.cells.binary_search_by(|c| c.code.cmp(code)).ok().map(|i| i as u32)
    }

    /// The index of a community by its code.
    pub fn community(&self, code: &Code) -> Option<u32> {
        self.plan.communities.binary_search_by(|c| c.code.cmp(code)).ok().map(|i| i as u32)
    }
}

/// The place of an arc nearest to the origin of a plane.
struct NearOnArc {
    squared_m2: f64,
    foot: [f64; 2],
    /// From the path's position of this number to the next.
    edge: usize,
}

/// A lower bound of the squared distance, in m², from the origin of a plane to what lies in the box.
fn squared_at_least(plane: LocalMetres, bounds: Bounds) -> f64 {
    let (low, high) = (plane.xy(bounds.min), plane.xy(bounds.max));
    let [x, y] = [0, 1].map(|axis| low[axis].max(-high[axis]).max(0.0));
    x * x + y * y
}

/// The last code of a sorted list that is a prefix of `code`.
pub(super) fn parent_of(code: &Code, sorted: &[&Code]) -> u32 {
    let after = sorted.partition_point(|parent| *parent <= code);
    match after.checked_sub(1) {
        Some(i) if code.is_within(sorted[i]) => i as u32,
        _ => NONE,
    }
}
