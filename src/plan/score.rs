//! How good a plan is, measured from the plan and the street's records alone.
//!
//! All is measured in one [`Plane`] with straight edges. Every figure is shown to the digits that do not depend on the records'
//! having been rounded to 1e-7 degree (about 1 cm) when they came in: whoever measures the plan against the files it was made
//! from, by the same definitions, gets the same digits.

mod border;
mod flat;
mod neighbours;
mod rounded;
mod strands;
mod tenants;

use geo::{BooleanOps, Buffer, unary_union};
use rayon::prelude::*;
use serde::Serialize;

use self::{
    border::{Net, RIM_M},
    flat::{Flat, Ground},
    tenants::Tenants,
};
pub use self::{
    neighbours::Groups,
    rounded::{Rounded, Spread},
};
use crate::{
    geometry::{Crs, LocalMetres, Plane, crs::plane, ring},
    model::{Bounds, LineClass, LonLat, MultiPolygon, Plan, StreetData},
};

/// A vertex that a line adds to the outer border stands at most this far from it, in metres.
const ROUNDING_M: f64 = 0.01;
/// Pieces of at most this area, in square metres, are slivers, no pieces; shared areas of at most this are no overlaps.
const SLIVER_M2: f64 = 1.0;
/// The smallest area, in square metres, that shows in one decimal.
const SHOWN_M2: f64 = 0.05;
/// Half the width, in metres, under which a cell has a neck.
const NECK_M: f64 = 0.5;
/// What a neck holds together is at least so large, in square metres.
const NECK_M2: f64 = 25.0;

/// What `wangge score` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The plane all is measured in.
    pub plane: String,
    /// Cells of the plan.
    pub cells: usize,
    /// Households of the street.
    pub households: usize,
    /// Households were estimated from buildings.
    pub estimated: bool,
    /// How the cells cover the street.
    pub coverage: CoverageScore,
    /// Whether cells are in one piece.
    pub contiguity: Contiguity,
    /// Buildings and cell boundaries.
    pub buildings: Buildings,
    /// Households by cell.
    pub balance: Balance,
    /// How compact cells are.
    pub shape: Shape,
    /// What runs along the boundaries between cells, and what inside cells.
    pub lines: Lines,
    /// Communities as wholes of cells.
    pub nesting: Nesting,
    /// Ten-household groups.
    pub groups: Groups,
    /// Cell by cell, in order of code.
    pub by_cell: Vec<CellScore>,
}

/// How the cells cover the street.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CoverageScore {
    /// The street's area within its boundary, in square kilometres.
    pub street_km2: Rounded<3>,
    /// Area within the street and in no cell, farther than 5 cm from the outer line, in square metres.
    pub gap_m2: Rounded<1>,
    /// Parts of the gap.
    pub gaps: usize,
    /// Area of cells outside the street, farther than 5 cm from the outer line, in square metres.
    pub spill_m2: Rounded<1>,
    /// Area that cells have twice or more: the sum of their areas less that of their union, in square metres.
    pub overlap_m2: Rounded<1>,
    /// The most that two cells share, in square metres.
    pub largest_overlap_m2: Rounded<1>,
    /// Pairs of cells that share more than 1 m².
    pub overlaps: usize,
    /// Neighbours share their boundary vertex for vertex.
    pub seams_exact: bool,
    /// Boundary for which that is not so, in metres.
    pub bad_seams_m: Rounded<1>,
    /// Difference between the street's area as given and the cells' sum: the rounding of vertices that lines add to the outer border,
    /// in square metres on the records' own grid.
    pub rim_m2: Rounded<2>,
    /// Whether the rim is no more than that rounding; if not, the boundary has changed since the plan was made.
    pub fits_boundary: bool,
}

/// Whether cells are in one piece.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contiguity {
    /// Cells in more than one piece, or in none; pieces of at most 1 m² are slivers and do not count.
    pub broken_cells: usize,
    /// Area of all but the largest piece of each, in square metres.
    pub detached_m2: Rounded<1>,
    /// Slivers.
    pub slivers: usize,
    /// Holes in cells.
    pub holes: usize,
    /// Cells in one piece that fall apart where they are narrower than 1 m.
    pub necks: usize,
}

/// Buildings and cell boundaries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Buildings {
    /// Buildings.
    pub buildings: usize,
    /// Buildings of which more than 0.05 m² and more than a thousandth lie in a second cell.
    pub cut_buildings: usize,
    /// Buildings of which less than half lies in cells.
    pub uncovered_buildings: usize,
}

/// Households by cell: of the cell that has the most of their building.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Balance {
    /// Households a cell should have.
    pub target: Rounded<2>,
    /// The fewest a cell has.
    pub min_households: usize,
    /// The most a cell has.
    pub max_households: usize,
    /// Largest deviation from the target, in percent of it.
    pub max_deviation_pct: Rounded<3>,
    /// Mean of the absolute deviations, in percent.
    pub mean_deviation_pct: Rounded<3>,
    /// Standard deviation, in percent.
    pub std_deviation_pct: Rounded<3>,
    /// Cells that deviate by at most 1 %.
    pub within_1pct: usize,
    /// By at most 5 %.
    pub within_5pct: usize,
    /// By at most 10 %.
    pub within_10pct: usize,
    /// Cells without households.
    pub empty_cells: usize,
}

/// How compact cells are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shape {
    /// 4π·area/perimeter² (Polsby & Popper 1991).
    pub polsby_popper: Option<Spread<3, 3>>,
    /// Area by that of the smallest circle around (Reock 1961).
    pub reock: Option<Spread<3, 3>>,
    /// Area by that of the convex hull.
    pub hull_ratio: Option<Spread<3, 3>>,
    /// Length of boundary between cells, where it is farther than 0.5 m from the outer line, in metres.
    pub inner_boundary_m: Rounded<0>,
    /// Positions in the cells' rings, the closing ones included.
    pub vertices: usize,
}

/// What runs along the boundaries between cells (at most 0.5 m away), and what inside cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lines {
    /// Share of the inner boundary that runs along a road, river, railway or boundary line.
    pub along_lines_share: Rounded<3>,
    /// Length of the rest, in metres.
    pub off_lines_m: Rounded<-2>,
    /// Share of the inner boundary that runs along an arterial road, river or railway.
    pub along_trunk_share: Rounded<2>,
    /// River that runs inside cells, in metres.
    pub river_inside_m: Rounded<-1>,
    /// Railway that runs inside cells, in metres.
    pub railway_inside_m: Rounded<-1>,
}

/// Communities as wholes of cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nesting {
    /// Communities that have cells.
    pub communities: usize,
    /// Cells of no community.
    pub cells_without_community: usize,
    /// Communities in more than one piece.
    pub broken_communities: usize,
    /// Largest deviation from the mean number of households, in percent.
    pub max_deviation_pct: Rounded<3>,
    /// Mean of the absolute deviations, in percent.
    pub mean_deviation_pct: Rounded<3>,
    /// Cells of a community.
    pub cells_per_community: Option<Spread<1, 1>>,
    /// Compactness.
    pub polsby_popper: Option<Spread<3, 3>>,
}

/// One cell's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellScore {
    /// The code.
    pub cell_code: String,
    /// Households.
    pub households: usize,
    /// Deviation from the target, in percent.
    pub deviation_pct: Rounded<3>,
    /// Compactness.
    pub polsby_popper: Rounded<3>,
    /// Area by that of the smallest circle around.
    pub reock: Rounded<3>,
    /// Area by that of the convex hull.
    pub hull_ratio: Rounded<3>,
    /// Area in square metres.
    pub area_m2: Rounded<1>,
    /// Pieces; 1 unless broken.
    pub pieces: usize,
    /// Falls apart where it is narrower than 1 m.
    pub has_neck: bool,
}

/// Measures a plan in the plane of the street's middle, [`Plane::around`]. `group_size` is the target that group sizes are held
/// against.
pub fn score(street: &StreetData, plan: &Plan, group_size: usize) -> Score {
    measure(street, plan, group_size, &Plane::around(middle(street, plan)))
}

/// Measures a plan in the plane of a projected CRS.
///
/// # Errors
/// Those of [`Plane::of`]: it must be one in metres, made for where the street lies.
pub fn score_in(crs: Crs, street: &StreetData, plan: &Plan, group_size: usize) -> Result<Score, plane::Error> {
    Ok(measure(street, plan, group_size, &Plane::of(crs, middle(street, plan))?))
}

/// The middle of the box around a street.
fn middle(street: &StreetData, plan: &Plan) -> LonLat {
    let given = street.street().and_then(|area| Bounds::of(area.boundary.rings().flatten()));
    let bounds = given.or_else(|| Bounds::of(plan.blocks.iter().flat_map(|b| &b.outline.exterior)));
    bounds.map_or(LonLat::default(), |b| LonLat::new(b.min.lon_e7 / 2 + b.max.lon_e7 / 2, b.min.lat_e7 / 2 + b.max.lat_e7 / 2))
}

// Cells, buildings, edges and groups are measured on any thread; sums are made in their order, the same on any number of threads.
fn measure(street: &StreetData, plan: &Plan, group_size: usize, plane: &Plane) -> Score {
    let community_of = |i: usize| plan.communities.iter().position(|c| plan.cells[i].code.is_within(&c.code));
    let community_of_cell: Vec<Option<usize>> = (0..plan.cells.len()).map(community_of).collect();
    let ground = Ground::lay(street, plan, plane);
    let net = Net::of(&ground.cells);
    let tenants = Tenants::find(street, &ground, &net.strands);
    let mut households = vec![0; plan.cells.len()];
    for cell in tenants.cell_of_household.iter().flatten() {
        households[*cell as usize] += 1;
    }
    let target = street.households.len() as f64 / plan.cells.len().max(1) as f64;
    let pieces: Vec<Pieces> = ground.cells.par_iter().map(Pieces::of).collect();
    let by_cell: Vec<CellScore> = (0..plan.cells.len())
        .into_par_iter()
        .map(|i| {
            let (shape, has_neck) = (&ground.cells[i], pieces[i].has_neck);
            CellScore {
                cell_code: plan.cells[i].code.to_string(),
                households: households[i],
                deviation_pct: Rounded(if target > 0.0 { 100.0 * (households[i] as f64 - target) / target } else { 0.0 }),
                polsby_popper: Rounded(flat::polsby_popper(shape)),
                reock: Rounded(flat::reock(shape)),
                hull_ratio: Rounded(flat::hull_ratio(shape)),
                area_m2: Rounded(flat::area(shape)),
                pieces: pieces[i].large.len(),
                has_neck,
            }
        })
        .collect();
    let along = net.along(&ground);
    let coverage = CoverageScore::measure(street, plan, &ground, &net);
    let communities = match coverage.seams_exact {
        true => flat::communities(plan, &community_of_cell, plane),
        false => {
            let cells = |community| ground.cells.iter().zip(&community_of_cell).filter(move |(_, c)| **c == Some(community));
            (0..plan.communities.len()).into_par_iter().map(|i| flat::healed(cells(i).map(|(cell, _)| cell))).collect()
        }
    };
    Score {
        plane: plane.name().to_owned(),
        cells: plan.cells.len(),
        households: street.households.len(),
        estimated: plan.estimated,
        coverage,
        contiguity: Contiguity {
            broken_cells: by_cell.iter().filter(|c| c.pieces != 1).count(),
            detached_m2: Rounded(pieces.iter().flat_map(|p| p.large.iter().skip(1)).sum()),
            slivers: pieces.iter().map(|p| p.slivers).sum(),
            holes: pieces.iter().map(|p| p.holes).sum(),
            necks: by_cell.iter().filter(|c| c.has_neck).count(),
        },
        buildings: Buildings { buildings: street.buildings.len(), cut_buildings: tenants.cut, uncovered_buildings: tenants.uncovered },
        balance: Balance::measure(&by_cell, target),
        shape: Shape {
            polsby_popper: Spread::of(by_cell.iter().map(|c| c.polsby_popper.0)),
            reock: Spread::of(by_cell.iter().map(|c| c.reock.0)),
            hull_ratio: Spread::of(by_cell.iter().map(|c| c.hull_ratio.0)),
            inner_boundary_m: Rounded(along.inner_m),
            vertices: ground.cells.iter().flat_map(flat::rings).map(|ring| ring.0.len()).sum(),
        },
        lines: Lines {
            along_lines_share: Rounded(if along.inner_m > 0.0 { along.lines_m / along.inner_m } else { 1.0 }),
            off_lines_m: Rounded((along.inner_m - along.lines_m).max(0.0)),
            along_trunk_share: Rounded(if along.inner_m > 0.0 { along.trunk_m / along.inner_m } else { 1.0 }),
            river_inside_m: Rounded(net.left_inside_m(&ground, LineClass::River)),
            railway_inside_m: Rounded(net.left_inside_m(&ground, LineClass::Railway)),
        },
        nesting: Nesting::measure(&communities, &community_of_cell, &households),
        groups: Groups::measure(street, plan, group_size, &tenants.cell_of_household, &ground.homes),
        by_cell,
    }
}

/// The pieces of a cell.
struct Pieces {
    /// Areas of those that are no slivers, the largest first.
    large: Vec<f64>,
    slivers: usize,
    holes: usize,
    has_neck: bool,
}

impl Pieces {
    fn of(cell: &Flat) -> Self {
        let area = |part: &geo::Polygon<f64>| geo::Area::unsigned_area(part);
        let (large, slivers): (Vec<_>, Vec<_>) = cell.iter().partition(|part| area(part) > SLIVER_M2);
        let mut areas: Vec<f64> = large.iter().map(|part| area(part)).collect();
        areas.sort_by(|a, b| b.total_cmp(a));
        let eroded = || cell.buffer(-NECK_M).iter().filter(|part| area(part) > NECK_M2).count();
        Self {
            has_neck: large.len() == 1 && eroded() > 1,
            holes: large.iter().map(|part| part.interiors().len()).sum(),
            large: areas,
            slivers: slivers.len(),
        }
    }
}

impl CoverageScore {
    fn measure(street: &StreetData, plan: &Plan, ground: &Ground, net: &Net) -> Self {
        let (boundary, union) = (&ground.boundary, unary_union(&ground.cells));
        let rim = boundary.buffer(RIM_M).difference(&boundary.buffer(-RIM_M));
        let inner = |left_over: Flat| if left_over.0.is_empty() { left_over } else { left_over.difference(&rim) };
        let (gap, spill) = rayon::join(|| inner(boundary.difference(&union)), || inner(union.difference(boundary)));
        let shared = shared_areas(ground);
        // Two cells that only touch share nothing, while the union's area is known to some hundredths of a square metre only.
        let overlap_m2 = if shared.is_empty() { 0.0 } else { ground.cells.iter().map(flat::area).sum::<f64>() - flat::area(&union) };
        let bad_seams_m = net.bad_seams_m(&ground.rim);
        let given = street.street().map(|area| &area.boundary);
        let (rim_m2, fits_boundary) = given.map_or((0.0, true), |given| rim_on_grid(given, plan));
        Self {
            street_km2: Rounded(flat::area(boundary) / 1e6),
            gap_m2: Rounded(flat::area(&gap)),
            gaps: gap.0.len(),
            spill_m2: Rounded(flat::area(&spill)),
            overlap_m2: Rounded(overlap_m2.max(0.0)),
            largest_overlap_m2: Rounded(shared.iter().copied().fold(0.0, f64::max)),
            overlaps: shared.iter().filter(|area| **area > SLIVER_M2).count(),
            seams_exact: shared.is_empty() && bad_seams_m == 0.0,
            bad_seams_m: Rounded(bad_seams_m),
            rim_m2: Rounded(rim_m2),
            fits_boundary,
        }
    }
}

/// What every two cells share, in square metres, where it is something and not rounding.
fn shared_areas(ground: &Ground) -> Vec<f64> {
    let with_later = |i: usize| -> Vec<f64> {
        let Some((low, high)) = flat::corners(&ground.cells[i]) else { return Vec::new() };
        let later = ground.cells_around(low, high).into_iter().map(|j| j as usize).filter(|j| *j > i);
        later.map(|j| flat::shared_area(&ground.cells[i], &ground.cells[j])).filter(|area| *area >= SHOWN_M2).collect()
    };
    (0..ground.cells.len()).into_par_iter().map(with_later).collect::<Vec<_>>().concat()
}

/// The difference between a boundary's area and its blocks', in square metres, and whether rounding explains it. Measured with
/// straight edges in longitude and latitude: there a border keeps its area whatever vertices are added to it.
fn rim_on_grid(boundary: &MultiPolygon, plan: &Plan) -> (f64, bool) {
    let metres = LocalMetres::at(boundary.rings().flatten().next().copied().unwrap_or_default());
    let steps2: i128 = boundary.rings().map(|r| ring::signed_area2(r)).sum();
    let blocks2: i128 = plan.blocks.iter().flat_map(|b| b.outline.rings()).map(|r| ring::signed_area2(r)).sum();
    let rim_m2 = (steps2 - blocks2).unsigned_abs() as f64 / 2.0 / metres.steps_per_metre().iter().product::<f64>();
    let border_m: f64 = boundary.rings().flat_map(|r| r.windows(2)).map(|e| metres.distance(e[0], e[1])).sum();
    (rim_m2, rim_m2 <= ROUNDING_M * border_m)
}

impl Balance {
    fn measure(cells: &[CellScore], target: f64) -> Self {
        let count = cells.len().max(1) as f64;
        let deviations = || cells.iter().map(|c| c.deviation_pct.0);
        let mean = deviations().sum::<f64>() / count;
        let within = |pct: f64| deviations().filter(|d| d.abs() <= pct).count();
        Self {
            target: Rounded(target),
            min_households: cells.iter().map(|c| c.households).min().unwrap_or(0),
            max_households: cells.iter().map(|c| c.households).max().unwrap_or(0),
            max_deviation_pct: Rounded(deviations().map(f64::abs).fold(0.0, f64::max)),
            mean_deviation_pct: Rounded(deviations().map(f64::abs).sum::<f64>() / count),
            std_deviation_pct: Rounded((deviations().map(|d| (d - mean).powi(2)).sum::<f64>() / count).sqrt()),
            within_1pct: within(1.0),
            within_5pct: within(5.0),
            within_10pct: within(10.0),
            empty_cells: cells.iter().filter(|c| c.households == 0).count(),
        }
    }
}

impl Nesting {
    fn measure(communities: &[Flat], community_of_cell: &[Option<usize>], households: &[usize]) -> Self {
        let mut tallies = vec![(0usize, 0usize); communities.len()];
        for (community, households) in community_of_cell.iter().zip(households).filter_map(|(c, h)| c.zip(Some(h))) {
            tallies[community].0 += 1;
            tallies[community].1 += households;
        }
        let (shapes, tallies): (Vec<&Flat>, Vec<(usize, usize)>) = communities.iter().zip(tallies).filter(|(_, t)| t.0 > 0).unzip();
        let count = tallies.len().max(1) as f64;
        let mean = tallies.iter().map(|t| t.1 as f64).sum::<f64>() / count;
        let deviations: Vec<f64> =
            tallies.iter().map(|t| if mean > 0.0 { 100.0 * (t.1 as f64 - mean).abs() / mean } else { 0.0 }).collect();
        Self {
            communities: tallies.len(),
            cells_without_community: community_of_cell.iter().filter(|c| c.is_none()).count(),
            broken_communities: shapes.iter().filter(|shape| Pieces::of(shape).large.len() > 1).count(),
            max_deviation_pct: Rounded(deviations.iter().copied().fold(0.0, f64::max)),
            mean_deviation_pct: Rounded(deviations.iter().sum::<f64>() / count),
            cells_per_community: Spread::of(tallies.iter().map(|t| t.0 as f64)),
            polsby_popper: Spread::of(shapes.iter().map(|shape| flat::polsby_popper(shape))),
        }
    }
}
