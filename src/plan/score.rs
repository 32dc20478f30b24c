//! How good a plan is, measured from the plan and the street's records alone.

use std::collections::BTreeMap;

use rstar::{AABB, RTree, RTreeObject};
use serde::Serialize;

use super::{footprint::Footprints, groups};
use crate::{
    geometry::{Coverage, LocalMetres, measure, ring},
    model::{Bounds, Household, LineClass, LonLat, MultiPolygon, Plan, StreetData},
};

/// A boundary runs along a line when it is at most this far from it, in metres.
const ALONG_M: f64 = 0.5;
/// A vertex that a line adds to the outer border stands at most this far from it, in metres.
const ROUNDING_M: f64 = 0.01;
/// Boundaries and lines are sampled in pieces of at most this length, in metres.
const STEP_M: f64 = 1.0;

/// What `wangge score` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Cells of the plan.
    pub cells: usize,
    /// Households of the street.
    pub households: usize,
    /// Households were estimated from buildings.
    pub estimated: bool,
    /// Households a cell should have.
    pub target: f64,
    /// Largest deviation from the target, in percent of it.
    pub max_deviation_pct: f64,
    /// Mean of the absolute deviations, in percent.
    pub mean_deviation_pct: f64,
    /// Mean over cells of 4π·area/perimeter² (Polsby & Popper 1991).
    pub polsby_popper_mean: f64,
    /// The least compact cell's.
    pub polsby_popper_min: f64,
    /// Length of boundary between cells, in metres.
    pub inner_boundary_m: f64,
    /// Share of that length that runs along a road, river, railway or boundary line.
    pub along_lines_share: f64,
    /// River that runs inside cells, in metres.
    pub river_inside_m: f64,
    /// Railway that runs inside cells, in metres.
    pub railway_inside_m: f64,
    /// Area enclosed by cells but in none, in square metres.
    pub gap_m2: f64,
    /// Edges with two cells on one side.
    pub overlaps: usize,
    /// Difference between the street's area as given and the cells' union: the rounding of vertices that lines add to the outer border.
    pub rim_m2: f64,
    /// Whether the rim is no more than that rounding; if not, the boundary has changed since the plan was made.
    pub fits_boundary: bool,
    /// Cells in more than one piece.
    pub broken_cells: usize,
    /// Buildings that a cell boundary runs through.
    pub cut_buildings: usize,
    /// Ten-household groups.
    pub groups: usize,
    /// Groups of fewer or more households than allowed.
    pub groups_of_odd_size: usize,
    /// Households that are in no group, or in several.
    pub households_misplaced: usize,
    /// Mean distance of households to their group's medoid, in metres.
    pub mean_to_medoid_m: f64,
    /// Cell by cell, in order of code.
    pub by_cell: Vec<CellScore>,
}

/// One cell's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellScore {
    /// The code.
    pub cell_code: String,
    /// Households.
    pub households: usize,
    /// Deviation from the target, in percent.
    pub deviation_pct: f64,
    /// Compactness.
    pub polsby_popper: f64,
    /// Area in square metres.
    pub area_m2: f64,
    /// Pieces; 1 unless broken.
    pub pieces: usize,
}

/// Measures a plan. `group_size` is the target that group sizes are held against.
pub fn score(street: &StreetData, plan: &Plan, group_size: usize) -> Score {
    let outlines: Vec<MultiPolygon> = plan.blocks.iter().map(|b| b.outline.clone().into()).collect();
    let labels: Vec<u32> = plan.blocks.iter().map(|b| b.cell).collect();
    let origin = Bounds::of(outlines.iter().flat_map(MultiPolygon::rings).flatten())
        .map_or(LonLat::default(), |b| LonLat::new(b.min.lon_e7 / 2 + b.max.lon_e7 / 2, b.min.lat_e7 / 2 + b.max.lat_e7 / 2));
    let metres = LocalMetres::at(origin);
    let (coverage, overlaps) = match Coverage::from_polygons(&outlines) {
        Ok(blocks) => (blocks.dissolve(&labels, plan.cells.len() as u32), 0),
        Err(_) => (Coverage::default(), 1),
    };
    let cells = coverage.outlines();
    let union = coverage.outlines_by_label(&vec![0; cells.len()], 1).pop().unwrap_or_default();
    let boundary = street.street().map(|a| a.boundary.clone()).unwrap_or_default();

    let (households_by_cell, misplaced) = count_households(street, plan);
    let target = street.households.len() as f64 / plan.cells.len().max(1) as f64;
    let by_cell: Vec<CellScore> = cells
        .iter()
        .zip(&plan.cells)
        .zip(&households_by_cell)
        .map(|((outline, cell), households)| {
            let area_m2 = measure::area_m2(outline);
            let perimeter_m: f64 = outline.rings().flat_map(|r| r.windows(2)).map(|e| measure::distance_m(e[0], e[1])).sum();
            CellScore {
                cell_code: cell.code.to_string(),
                households: *households,
                deviation_pct: if target > 0.0 { 100.0 * (*households as f64 - target) / target } else { 0.0 },
                polsby_popper: 4.0 * std::f64::consts::PI * area_m2 / (perimeter_m * perimeter_m),
                area_m2,
                pieces: outline.0.len(),
            }
        })
        .collect();

    let inner: Vec<(LonLat, LonLat)> = coverage
        .arcs
        .iter()
        .filter(|arc| arc.left.is_some() && arc.right.is_some())
        .flat_map(|arc| arc.path.windows(2).map(|p| (p[0], p[1])))
        .collect();
    let all_lines = Strands::new(street.lines.iter().flat_map(|l| l.path.windows(2).map(|p| (p[0], p[1]))));
    let borders = Strands::new(coverage.arcs.iter().flat_map(|arc| arc.path.windows(2).map(|p| (p[0], p[1]))));
    let (inner_m, along_m) = lengths(&inner, &all_lines, &metres, |_| true);
    let inside = |class: LineClass| {
        let segments: Vec<(LonLat, LonLat)> =
            street.lines.iter().filter(|l| l.class == class).flat_map(|l| l.path.windows(2).map(|p| (p[0], p[1]))).collect();
        let in_street = |p: LonLat| boundary.0.iter().any(|part| ring::side(part, p) != ring::Side::Outside);
        let (all, near) = lengths(&segments, &borders, &metres, in_street);
        all - near
    };
    // Plane areas with straight edges in longitude and latitude: a border keeps its area whatever vertices are added to it.
    let plane_m2 = |ring: &Vec<LonLat>| ring::signed_area2(ring) as f64 / 2.0 / metres.steps_per_metre().iter().product::<f64>();
    let holes = |shape: &MultiPolygon| shape.0.iter().flat_map(|p| &p.interiors).map(|r| -plane_m2(r)).sum::<f64>();
    let area = |shape: &MultiPolygon| shape.rings().map(plane_m2).sum::<f64>();
    let rim_m2 = (area(&boundary) - area(&union)).abs();
    let border_m: f64 = boundary.rings().flat_map(|r| r.windows(2)).map(|e| metres.distance(e[0], e[1])).sum();
    let footprints = Footprints::new(&street.buildings, metres);
    let mean = |f: &dyn Fn(&CellScore) -> f64| by_cell.iter().map(f).sum::<f64>() / by_cell.len().max(1) as f64;
    let sizes = groups::sizes(group_size);
    Score {
        cells: plan.cells.len(),
        households: street.households.len(),
        estimated: plan.estimated,
        target,
        max_deviation_pct: by_cell.iter().map(|c| c.deviation_pct.abs()).fold(0.0, f64::max),
        mean_deviation_pct: mean(&|c| c.deviation_pct.abs()),
        polsby_popper_mean: mean(&|c| c.polsby_popper),
        polsby_popper_min: by_cell.iter().map(|c| c.polsby_popper).fold(f64::INFINITY, f64::min),
        inner_boundary_m: inner_m,
        along_lines_share: if inner_m > 0.0 { along_m / inner_m } else { 1.0 },
        river_inside_m: inside(LineClass::River),
        railway_inside_m: inside(LineClass::Railway),
        gap_m2: (holes(&union) - holes(&boundary)).max(0.0),
        overlaps,
        rim_m2,
        fits_boundary: rim_m2 <= ROUNDING_M * border_m,
        broken_cells: by_cell.iter().filter(|c| c.pieces != 1).count(),
        cut_buildings: footprints.crossed_by(inner.iter().copied()).len(),
        groups: plan.groups.len(),
        groups_of_odd_size: plan.groups.iter().filter(|g| !sizes.contains(&g.members.len())).count(),
        households_misplaced: misplaced,
        mean_to_medoid_m: mean_to_medoid(street, plan, &metres),
        by_cell,
    }
}

/// Households by cell, through their groups, and how many are in no group or in several.
fn count_households(street: &StreetData, plan: &Plan) -> (Vec<usize>, usize) {
    let mut groups_of: BTreeMap<&str, usize> = street.households.iter().map(|h| (h.id.as_str(), 0)).collect();
    let mut by_cell = vec![0; plan.cells.len()];
    for group in &plan.groups {
        let cell = plan.cells.partition_point(|c| c.code <= group.code).saturating_sub(1);
        for member in &group.members {
            if let Some(count) = groups_of.get_mut(member.as_str()) {
                *count += 1;
                by_cell[cell] += 1;
            }
        }
    }
    let misplaced = groups_of.values().filter(|count| **count != 1).count();
    (by_cell, misplaced)
}

fn mean_to_medoid(street: &StreetData, plan: &Plan, metres: &LocalMetres) -> f64 {
    let find = |id: &str| street.households.binary_search_by(|h: &Household| h.id.as_str().cmp(id)).ok();
    let (mut sum, mut count) = (0.0, 0);
    for group in &plan.groups {
        let at: Vec<LonLat> = group.members.iter().filter_map(|m| find(m)).map(|i| street.households[i].position).collect();
        let least = at.iter().map(|a| at.iter().map(|b| metres.distance(*a, *b)).sum::<f64>()).fold(f64::INFINITY, f64::min);
        if least.is_finite() {
            sum += least;
            count += at.len();
        }
    }
    sum / f64::from(count.max(1) as u32)
}

struct Strand(LonLat, LonLat);

impl RTreeObject for Strand {
    type Envelope = AABB<[i64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        let corner = |p: LonLat| [i64::from(p.lon_e7), i64::from(p.lat_e7)];
        AABB::from_corners(corner(self.0), corner(self.1))
    }
}

/// Segments with a tree over them.
struct Strands(RTree<Strand>);

impl Strands {
    fn new(segments: impl Iterator<Item = (LonLat, LonLat)>) -> Self {
        Self(RTree::bulk_load(segments.map(|(a, b)| Strand(a, b)).collect()))
    }

    fn is_near(&self, p: LonLat, metres: &LocalMetres) -> bool {
        let [east, north] = metres.steps_per_metre().map(|s| (s * ALONG_M).ceil() as i64);
        let [x, y] = [i64::from(p.lon_e7), i64::from(p.lat_e7)];
        let window = AABB::from_corners([x - east, y - north], [x + east, y + north]);
        self.0.locate_in_envelope_intersecting(window).any(|s| metres.distance_to_segment(p, s.0, s.1) <= ALONG_M)
    }
}

/// Length of the segments where samples count, and how much of it has a strand near.
fn lengths(segments: &[(LonLat, LonLat)], strands: &Strands, metres: &LocalMetres, counts: impl Fn(LonLat) -> bool) -> (f64, f64) {
    let (mut all, mut near) = (0.0, 0.0);
    for &(a, b) in segments {
        let ([ax, ay], [bx, by]) = (metres.xy(a), metres.xy(b));
        let length = (bx - ax).hypot(by - ay);
        let pieces = (length / STEP_M).ceil().max(1.0);
        let sample = |i: usize| (i as f64 + 0.5) / pieces;
        let samples = (0..pieces as usize).map(|i| metres.position([ax + sample(i) * (bx - ax), ay + sample(i) * (by - ay)]));
        for p in samples.filter(|p| counts(*p)) {
            all += length / pieces;
            near += if strands.is_near(p, metres) { length / pieces } else { 0.0 };
        }
    }
    (all, near)
}
