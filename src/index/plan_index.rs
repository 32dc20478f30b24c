//! A plan over the street's rows: who lives in its cells.

use std::{ops::Deref, sync::Arc};

use super::{
    Error,
    derived::Derived,
    ground::Ground,
    groups::Groups,
    households::Households,
    lists::Lists,
    plan_shape::{Detail, Extent, PlanShape, parent_of},
    tree::BoxTree,
};
use crate::{
    geometry::LocalMetres,
    model::{Bounds, Code, LonLat, Plan},
};

/// In place of a row that there is not.
pub const NONE: u32 = u32::MAX;

/// A plan's topology ([`PlanShape`], to which this derefs) and what lies in its cells.
#[derive(Debug)]
pub struct PlanIndex {
    shape: Arc<PlanShape>,
    /// Ten-household groups.
    pub groups: Groups,
    /// For every household of the street (same order) the index of its group; [`NONE`] for one that came in after the plan.
    pub group_of_household: Vec<u32>,
    /// For every household its cell: its group's, else the one it lies in; [`NONE`] outside the plan.
    pub cell_of_household: Vec<u32>,
    /// For every building of the street its cell; [`NONE`] outside the plan.
    pub cell_of_building: Vec<u32>,
    /// For every group the index of its cell.
    pub cell_of_group: Arc<[u32]>,
    /// The street as a whole.
    pub street_stats: AreaStats,
    /// In the order of `plan.communities`.
    pub community_stats: Vec<AreaStats>,
    /// In the order of `plan.cells`.
    pub cell_stats: Vec<AreaStats>,
    /// Groups by the box of their hull.
    pub group_tree: BoxTree,
    /// What the tile room keeps.
    pub tiles: Derived,
    /// Households with a group, by the group's cell: of those at one place that stand side by side the first by id.
    homes_of_cell: Lists,
}

impl Deref for PlanIndex {
    type Target = PlanShape;
    fn deref(&self) -> &PlanShape {
        &self.shape
    }
}

/// A street's rows, as a plan is laid over them.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Who lives there.
    pub households: &'a Households,
    /// What stands there.
    pub ground: &'a Ground,
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
    /// An area without anybody in it.
    pub fn of_extent(extent: Extent) -> Self {
        Self { area_m2: extent.area_m2, bounds: extent.bounds, label: extent.label, ..Self::default() }
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
    }
}

impl PlanIndex {
    /// Indexes a plan over the street's rows.
    ///
    /// # Errors
    /// [`Error::Coverage`] when blocks overlap.
    pub(super) fn build(street: &Code, mut plan: Plan, rows: Rows<'_>, detail: Detail) -> Result<Self, Error> {
        let groups = Groups::build(std::mem::take(&mut plan.groups), rows.households, detail);
        let shape = Arc::new(PlanShape::build_to(street, plan, detail)?);
        let buildings = shape.cells_of(&rows.ground.building_positions);
        let cell_codes: Vec<&Code> = shape.plan.cells.iter().map(|c| &c.code).collect();
        let cell_of_group = groups.codes().iter().map(|code| parent_of(code, &cell_codes)).collect();
        Ok(Self::over(shape, groups, cell_of_group, buildings, rows))
    }

    /// The same plan over changed households: `row_of_old` is the new row of every old one, [`NONE`] for those gone or put anew.
    pub fn with_households(&self, old: &Households, row_of_old: &[u32], rows: Rows<'_>) -> Self {
        let groups = self.groups.moved(old, rows.households, row_of_old);
        Self::over(self.shape.clone(), groups, self.cell_of_group.clone(), self.cell_of_building.clone(), rows)
    }

    /// Whether both stand on one topology.
    pub fn has_shape_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shape, &other.shape)
    }

    /// The same plan over changed buildings.
    pub fn with_ground(&self, rows: Rows<'_>) -> Self {
        let same: Vec<u32> = (0..rows.households.len() as u32).collect();
        let groups = self.groups.moved(rows.households, rows.households, &same);
        Self::over(self.shape.clone(), groups, self.cell_of_group.clone(), self.shape.cells_of(&rows.ground.building_positions), rows)
    }

    fn over(
        shape: Arc<PlanShape>,
        groups: Groups,
        cell_of_group: Arc<[u32]>,
        cell_of_building: Vec<u32>,
        Rows { households, .. }: Rows<'_>,
    ) -> Self {
        let group_of_household = groups.of_households(households.len());
        let by_group = |row: usize| cell_of_group.get(group_of_household[row] as usize).copied().filter(|cell| *cell != NONE);
        let cell_of_household: Vec<u32> =
            (0..households.len()).map(|row| by_group(row).unwrap_or_else(|| shape.nearest_cell(households.positions()[row]))).collect();
        // Rows at one place lie by id, and a building's share one: the first of them is the nearest wherever another is.
        let mut last_of_cell = vec![None; shape.plan.cells.len()];
        let grouped = (0..).zip(&group_of_household).filter(|(_, g)| **g != NONE).map(|(h, g)| (cell_of_group[*g as usize], h));
        let homes: Vec<(u32, u32)> = grouped
            .filter(|(cell, row)| {
                let at = Some(households.positions()[*row as usize]);
                last_of_cell.get_mut(*cell as usize).is_some_and(|last| std::mem::replace(last, at) != at)
            })
            .collect();
        let homes_of_cell = Lists::build(shape.plan.cells.len(), homes.iter().copied());
        let hulls = (0..groups.len() as u32).filter_map(|i| Some((i, Bounds::of(groups.hull(i))?)));
        let mut index = Self {
            group_tree: BoxTree::build(hulls),
            shape,
            groups,
            group_of_household,
            cell_of_household,
            cell_of_building,
            cell_of_group,
            street_stats: AreaStats::default(),
            community_stats: Vec::new(),
            cell_stats: Vec::new(),
            tiles: Derived::default(),
            homes_of_cell,
        };
        index.count_rows(households);
        index
    }

    fn count_rows(&mut self, households: &Households) {
        let areas = |extents: &[Extent]| extents.iter().copied().map(AreaStats::of_extent).collect::<Vec<_>>();
        let mut cells = areas(&self.shape.cell_extents);
        for cell in &mut cells {
            cell.cells = 1;
        }
        for (cell, persons) in self.cell_of_household.iter().zip(households.persons()) {
            if let Some(stats) = cells.get_mut(*cell as usize) {
                stats.add(&AreaStats { households: 1, persons: persons.map(u32::from), ..AreaStats::default() });
            }
        }
        for cell in &self.cell_of_building {
            if let Some(stats) = cells.get_mut(*cell as usize) {
                stats.buildings += 1;
            }
        }
        for cell in self.cell_of_group.iter() {
            if let Some(stats) = cells.get_mut(*cell as usize) {
                stats.groups += 1;
            }
        }
        let mut street = AreaStats::of_extent(self.shape.street_extent);
        let mut communities = areas(&self.shape.community_extents);
        for (cell, community) in cells.iter().zip(&self.shape.community_of_cell) {
            street.add(cell);
            if let Some(stats) = communities.get_mut(*community as usize) {
                stats.add(cell);
            }
        }
        (self.street_stats, self.community_stats, self.cell_stats) = (street, communities, cells);
    }

    /// The group of the cell's household nearest to the position; `None` when no household of the cell has a group. Of equally
    /// near households the first by id.
    pub fn group_near(&self, cell: u32, at: LonLat, households: &Households) -> Option<u32> {
        let plane = LocalMetres::at(at);
        let mut nearest: Option<(f64, u32)> = None;
        for &row in self.homes_of_cell.list(cell as usize) {
            let [x, y] = plane.xy(households.positions()[row as usize]);
            let squared = x * x + y * y;
            let is_nearer = nearest.is_none_or(|(least, other)| {
                squared < least || squared == least && households.ids().get(row) < households.ids().get(other)
            });
            if is_nearer {
                nearest = Some((squared, row));
            }
        }
        let (_, nearest) = nearest?;
        Some(self.group_of_household[nearest as usize])
    }
}
