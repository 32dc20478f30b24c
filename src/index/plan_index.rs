//! A plan's topology, what lies in its cells, and which cell holds a position.

use rayon::prelude::*;

use super::{
    Error,
    covering::{BESIDE_STEPS, Covering},
    derived::Derived,
    ground::Ground,
    hull::hull_around,
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
    model::{Bounds, Code, LonLat, MultiPolygon, Plan, Polygon, StreetData},
};

/// In place of a cell, group or community that there is not.
pub const NONE: u32 = u32::MAX;

/// A plan's topology and what lies in its cells.
#[derive(Debug)]
pub struct PlanIndex {
    /// The plan.
    pub plan: Plan,
    /// Blocks as a coverage; face i is `plan.blocks[i]`.
    pub blocks: Coverage,
    /// Cells as a coverage; face i is `plan.cells[i]`.
    pub cells: Coverage,
    /// For every cell the index of its community; [`NONE`] when no community's code is a prefix of its code.
    pub community_of_cell: Vec<u32>,
    /// For every household of the street (same order) the index of its group; [`NONE`] for one that came in after the plan.
    pub group_of_household: Vec<u32>,
    /// For every household its cell: its group's, else the one it lies in; [`NONE`] outside the plan.
    pub cell_of_household: Vec<u32>,
    /// For every building of the street its cell; [`NONE`] outside the plan.
    pub cell_of_building: Vec<u32>,
    /// For every group the index of its cell.
    pub cell_of_group: Vec<u32>,
    /// The street as a whole.
    pub street_stats: AreaStats,
    /// In the order of `plan.communities`.
    pub community_stats: Vec<AreaStats>,
    /// In the order of `plan.cells`.
    pub cell_stats: Vec<AreaStats>,
    /// For every group its hull.
    pub group_hulls: Vec<Polygon>,
    /// Groups by the box of their hull.
    pub group_tree: BoxTree,
    /// What the tile room keeps.
    pub tiles: Derived,
    block_tree: BoxTree,
    /// `None` when the blocks do not fit together.
    covering: Option<Covering>,
    arcs_of_cell: Lists,
    /// For every arc of the cells the box around it.
    arc_boxes: Vec<Bounds>,
    households_of_cell: Lists,
    /// Positions in the order of `households_of_cell.rows()`, so that a cell's households are read in one run.
    positions_by_cell: Vec<LonLat>,
}

/// What lies in an area.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AreaStats {
    /// Households.
    pub households: u32,
    /// Persons; `None` when no household says.
    pub persons: Option<u32>,
    /// Groups.
    pub groups: u32,
    /// Cells.
    pub cells: u32,
    /// Buildings.
    pub buildings: u32,
    /// Geodesic area; a community's is the sum of its cells'.
    pub area_m2: f64,
    /// The box around it.
    pub bounds: Option<Bounds>,
    /// A position well inside.
    pub label: LonLat,
}

impl AreaStats {
    fn shape(shape: &MultiPolygon) -> Self {
        Self {
            area_m2: area_m2(shape),
            bounds: Bounds::of(shape.rings().flatten()),
            label: label_position(shape).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn add(&mut self, other: &Self) {
        self.households += other.households;
        self.persons = match (self.persons, other.persons) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        self.groups += other.groups;
        self.cells += other.cells;
        self.buildings += other.buildings;
        self.area_m2 += other.area_m2;
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

impl PlanIndex {
    /// Indexes a plan over the street's rows.
    ///
    /// # Errors
    /// [`Error::Coverage`] when blocks overlap.
    pub fn build(street: &Code, plan: &Plan, data: &StreetData, ground: &Ground) -> Result<Self, Error> {
        let plan = plan.clone();
        let outlines: Vec<MultiPolygon> = plan.blocks.iter().map(|b| b.outline.clone().into()).collect();
        let coverage_error = |source| Error::Coverage { street: street.clone(), plan: plan.id.0, source };
        let blocks = Coverage::from_polygons(&outlines).map_err(coverage_error)?;
        drop(outlines);
        let cell_of_block: Vec<u32> = plan.blocks.iter().map(|b| b.cell).collect();
        let cells = blocks.dissolve(&cell_of_block, plan.cells.len() as u32);
        let community_codes: Vec<&Code> = plan.communities.iter().map(|c| &c.code).collect();
        let community_of_cell: Vec<u32> = plan.cells.iter().map(|cell| parent_of(&cell.code, &community_codes)).collect();
        let cell_codes: Vec<&Code> = plan.cells.iter().map(|c| &c.code).collect();
        let cell_of_group: Vec<u32> = plan.groups.iter().map(|g| parent_of(&g.code, &cell_codes)).collect();
        let mut group_of_household = vec![NONE; data.households.len()];
        for (group, row) in (0..).zip(&plan.groups) {
            for member in &row.members {
                if let Ok(i) = data.households.binary_search_by(|h| h.id.as_str().cmp(member)) {
                    group_of_household[i] = group;
                }
            }
        }
        let covering = Covering::build(&cells);
        let block_tree = BoxTree::build((0..).zip(&plan.blocks).filter_map(|(i, b)| Some((i, Bounds::of(&b.outline.exterior)?))));
        let sides = (0..).zip(&cells.arcs).flat_map(|(i, arc)| [arc.left, arc.right].map(|f| f.map(|f| (f.0, i))));
        let arc_boxes = cells.arcs.iter().filter_map(|arc| Bounds::of(&arc.path)).collect();
        let arcs_of_cell = Lists::build(plan.cells.len(), sides.flatten());
        let grouped = (0..).zip(&group_of_household).filter(|(_, g)| **g != NONE).map(|(h, g)| (cell_of_group[*g as usize], h));
        let households_of_cell = Lists::build(plan.cells.len(), grouped.filter(|(cell, _)| *cell != NONE));
        let positions_by_cell = households_of_cell.rows().iter().map(|h| data.households[*h as usize].position).collect();
        let group_hulls = hulls(&plan, data, &group_of_household);
        let group_tree = BoxTree::build((0..).zip(&group_hulls).filter_map(|(i, hull)| Some((i, Bounds::of(&hull.exterior)?))));
        let mut index = Self {
            plan,
            blocks,
            cells,
            community_of_cell,
            group_of_household,
            cell_of_household: Vec::new(),
            cell_of_building: Vec::new(),
            cell_of_group,
            street_stats: AreaStats::default(),
            community_stats: Vec::new(),
            cell_stats: Vec::new(),
            group_hulls,
            group_tree,
            tiles: Derived::default(),
            block_tree,
            covering,
            arcs_of_cell,
            arc_boxes,
            households_of_cell,
            positions_by_cell,
        };
        index.place_rows(data, ground);
        index.count_rows(data);
        Ok(index)
    }

    fn place_rows(&mut self, data: &StreetData, ground: &Ground) {
        let cell_at = |p: LonLat| match self.cell_at(p) {
            Some(Hold::Owned(cell) | Hold::Touched(cell) | Hold::Beside(cell)) => cell,
            None => NONE,
        };
        let households = self.group_of_household.par_iter().zip(&data.households).map(|(group, household)| {
            let by_group = self.cell_of_group.get(*group as usize).copied().filter(|cell| *cell != NONE);
            by_group.unwrap_or_else(|| cell_at(household.position))
        });
        let (households, buildings) = (households.collect(), ground.building_positions.par_iter().map(|p| cell_at(*p)).collect());
        (self.cell_of_household, self.cell_of_building) = (households, buildings);
    }

    fn count_rows(&mut self, data: &StreetData) {
        let mut cells: Vec<AreaStats> = self.cells.outlines().par_iter().map(AreaStats::shape).collect();
        for cell in &mut cells {
            cell.cells = 1;
        }
        for (cell, household) in self.cell_of_household.iter().zip(&data.households) {
            if let Some(stats) = cells.get_mut(*cell as usize) {
                stats.add(&AreaStats { households: 1, persons: household.persons.map(u32::from), ..AreaStats::default() });
            }
        }
        for cell in &self.cell_of_building {
            if let Some(stats) = cells.get_mut(*cell as usize) {
                stats.buildings += 1;
            }
        }
        for cell in &self.cell_of_group {
            if let Some(stats) = cells.get_mut(*cell as usize) {
                stats.groups += 1;
            }
        }
        let shapes = |labels: &[u32], count: u32| -> Vec<AreaStats> {
            let shapes = self.cells.outlines_by_label(labels, count);
            shapes.par_iter().map(|shape| AreaStats { area_m2: 0.0, ..AreaStats::shape(shape) }).collect()
        };
        let mut street = shapes(&vec![0; cells.len()], 1).swap_remove(0);
        let mut communities = shapes(&self.community_labels(), self.plan.communities.len() as u32 + 1);
        communities.truncate(self.plan.communities.len());
        for (cell, community) in cells.iter().zip(&self.community_of_cell) {
            street.add(cell);
            if let Some(stats) = communities.get_mut(*community as usize) {
                stats.add(cell);
            }
        }
        (self.street_stats, self.community_stats, self.cell_stats) = (street, communities, cells);
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

    /// The same, block by block: also for blocks that overlap.
    fn cell_by_blocks(&self, at: LonLat) -> Option<Hold> {
        let blocks = &self.plan.blocks;
        if let Some(block) = self.block_tree.at(at).find(|b| owns(&blocks[*b as usize].outline, at)) {
            return Some(Hold::Owned(blocks[block as usize].cell));
        }
        let touching = self.block_tree.at(at).filter(|b| side(&blocks[*b as usize].outline, at) == Side::Border);
        touching.map(|b| blocks[b as usize].cell).min().map(Hold::Touched).or_else(|| self.cell_beside(at).map(Hold::Beside))
    }

    /// The cell a step or two beside the position, to the west and south first.
    fn cell_beside(&self, at: LonLat) -> Option<u32> {
        let moved = |east: i32, north: i32| LonLat::new(at.lon_e7.saturating_add(east), at.lat_e7.saturating_add(north));
        let near = self.block_tree.meeting(Bounds { min: moved(-BESIDE_STEPS, -BESIDE_STEPS), max: moved(BESIDE_STEPS, BESIDE_STEPS) });
        let blocks = &self.plan.blocks;
        let owner = |p: LonLat| near.iter().find(|b| owns(&blocks[**b as usize].outline, p)).map(|b| blocks[*b as usize].cell);
        (1..=BESIDE_STEPS).filter(|_| !near.is_empty()).find_map(|d| {
            let ways = [(-d, 0), (0, -d), (d, 0), (0, d), (-d, -d), (-d, d), (d, -d), (d, d)];
            ways.into_iter().find_map(|(east, north)| owner(moved(east, north)))
        })
    }

    /// Blocks whose box meets the box, ascending.
    pub fn blocks_meeting(&self, bounds: Bounds) -> Vec<u32> {
        self.block_tree.meeting(bounds)
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

    /// The group of the cell's household nearest to the position; `None` when no household of the cell has a group. Of equally
    /// near households the first by id.
    pub fn group_near(&self, cell: u32, at: LonLat) -> Option<u32> {
        let plane = LocalMetres::at(at);
        let range = self.households_of_cell.range(cell as usize);
        let rows = &self.households_of_cell.rows()[range.clone()];
        let mut nearest = (f64::INFINITY, None);
        for (p, row) in self.positions_by_cell[range].iter().zip(rows) {
            let [x, y] = plane.xy(*p);
            let squared = x * x + y * y;
            if squared < nearest.0 {
                nearest = (squared, Some(*row));
            }
        }
        Some(self.group_of_household[nearest.1? as usize])
    }

    /// The index of a cell by its code.
    pub fn cell(&self, code: &Code) -> Option<u32> {
        self.plan.cells.binary_search_by(|c| c.code.cmp(code)).ok().map(|i| i as u32)
    }

    /// The index of a community by its code.
    pub fn community(&self, code: &Code) -> Option<u32> {
        self.plan.communities.binary_search_by(|c| c.code.cmp(code)).ok().map(|i| i as u32)
    }

    /// The index of a group by its code.
    pub fn group(&self, code: &Code) -> Option<u32> {
        self.plan.groups.binary_search_by(|g| g.code.cmp(code)).ok().map(|i| i as u32)
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
fn parent_of(code: &Code, sorted: &[&Code]) -> u32 {
    let after = sorted.partition_point(|parent| *parent <= code);
    match after.checked_sub(1) {
        Some(i) if code.is_within(sorted[i]) => i as u32,
        _ => NONE,
    }
}

fn hulls(plan: &Plan, data: &StreetData, group_of_household: &[u32]) -> Vec<Polygon> {
    let members = (0..).zip(group_of_household).filter(|(_, g)| **g != NONE).map(|(h, g)| (*g, h));
    let members = Lists::build(plan.groups.len(), members);
    (0..plan.groups.len())
        .into_par_iter()
        .map(|g| {
            let positions: Vec<LonLat> = members.list(g).iter().map(|h| data.households[*h as usize].position).collect();
            hull_around(&positions).unwrap_or_default()
        })
        .collect()
}
