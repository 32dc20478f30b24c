//! A street and its plan laid flat: everything in one plane, in metres, edges straight.

use geo::{
    Area, BooleanOps, BoundingRect, Buffer, Centroid, ConvexHull, Coord, LineString,
    buffer::{BufferStyle, LineJoin},
    unary_union,
};
use rayon::prelude::*;
use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Rectangle},
};

use super::strands::{Point, Strand, Strands};
use crate::{
    geometry::{Coverage, Plane, circle},
    model::{Block, LineClass, LonLat, MultiPolygon, Plan, Polygon, StreetData},
};

/// A shape in the plane.
pub type Flat = geo::MultiPolygon<f64>;

/// What is measured, in the plane.
#[derive(Debug)]
pub struct Ground {
    /// The street's boundary as given.
    pub boundary: Flat,
    /// Its rings.
    pub rim: Strands,
    /// Cells in the plan's order.
    pub cells: Vec<Flat>,
    /// Lines in the street's order.
    pub lines: Vec<(LineClass, Vec<Point>)>,
    /// Buildings in the street's order.
    pub buildings: Vec<Flat>,
    /// Where households live, in the street's order.
    pub homes: Vec<Point>,
    boxes: RTree<GeomWithData<Rectangle<Point>, u32>>,
}

impl Ground {
    /// Lays everything flat. Positions for which the plane has no place are left out.
    pub fn lay(street: &StreetData, plan: &Plan, plane: &Plane) -> Self {
        let mut of_cell: Vec<Vec<&Block>> = vec![Vec::new(); plan.cells.len()];
        for block in &plan.blocks {
            of_cell[block.cell as usize].push(block);
        }
        let cells: Vec<Flat> = of_cell.par_iter().map(|own| outline(own, plane)).collect();
        let boundary = street.street().map_or(Flat::new(vec![]), |area| flatten(&area.boundary, plane));
        let boxes = (0..).zip(&cells).filter_map(|(i, cell)| {
            let (low, high) = corners(cell)?;
            Some(GeomWithData::new(Rectangle::from_corners(low, high), i))
        });
        Self {
            rim: edges(&boundary).map(|[a, b]| Strand { a, b, of: 0 }).collect(),
            boundary,
            boxes: RTree::bulk_load(boxes.collect()),
            cells,
            lines: street.lines.par_iter().map(|line| (line.class, path(&line.path, plane))).collect(),
            buildings: street.buildings.par_iter().map(|building| flatten(&building.footprint, plane)).collect(),
            homes: street.households.par_iter().map(|h| plane.xy(h.position).unwrap_or([f64::NAN; 2])).collect(),
        }
    }

    /// Cells whose boxes meet the box between two corners, in order.
    pub fn cells_around(&self, low: Point, high: Point) -> Vec<u32> {
        let mut found: Vec<u32> =
            self.boxes.locate_in_envelope_intersecting(AABB::from_corners(low, high)).map(|boxed| boxed.data).collect();
        found.sort_unstable();
        found
    }

    /// The cell that holds a point.
    pub fn cell_at(&self, p: Point) -> Option<u32> {
        self.cells_around(p, p).into_iter().find(|&cell| holds(&self.cells[cell as usize], p))
    }
}

/// Communities in the plan's order.
pub fn communities(plan: &Plan, community_of_cell: &[Option<usize>], plane: &Plane) -> Vec<Flat> {
    let mut of_community: Vec<Vec<&Block>> = vec![Vec::new(); plan.communities.len()];
    for block in &plan.blocks {
        if let Some(community) = community_of_cell[block.cell as usize] {
            of_community[community].push(block);
        }
    }
    of_community.par_iter().map(|own| outline(own, plane)).collect()
}

/// The union of shapes that do not quite meet: gaps of up to twice 5 cm between them are closed.
pub fn healed<'s>(shapes: impl Iterator<Item = &'s Flat>) -> Flat {
    const REACH_M: f64 = 0.05;
    // Corners are drawn out to five times the reach at most: 2·asin(1/5).
    let style = |reach: f64| BufferStyle::new(reach).line_join(LineJoin::Miter(0.402_715_841_580_661_5));
    let grown: Vec<Flat> = shapes.map(|shape| shape.buffer_with_style(style(REACH_M))).collect();
    unary_union(&grown).buffer_with_style(style(-REACH_M))
}

/// The union of blocks: by their shared edges where they fit together, of their areas where they do not.
fn outline(blocks: &[&Block], plane: &Plane) -> Flat {
    let shapes: Vec<MultiPolygon> = blocks.iter().map(|block| block.outline.clone().into()).collect();
    match Coverage::from_polygons(&shapes) {
        Ok(coverage) => flatten(&coverage.outlines_by_label(&vec![0; shapes.len()], 1).pop().unwrap_or_default(), plane),
        Err(_) => unary_union(&shapes.iter().map(|shape| flatten(shape, plane)).collect::<Vec<_>>()),
    }
}

fn path(positions: &[LonLat], plane: &Plane) -> Vec<Point> {
    positions.iter().filter_map(|p| plane.xy(*p)).collect()
}

fn flatten(shape: &MultiPolygon, plane: &Plane) -> Flat {
    let ring = |r: &Vec<LonLat>| LineString::new(path(r, plane).into_iter().map(Coord::from).collect());
    shape.0.iter().map(|p: &Polygon| geo::Polygon::new(ring(&p.exterior), p.interiors.iter().map(ring).collect())).collect()
}

/// Every ring of a shape.
pub fn rings(shape: &Flat) -> impl Iterator<Item = &LineString<f64>> {
    shape.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
}

/// Every edge of a shape that has a length.
pub fn edges(shape: &Flat) -> impl Iterator<Item = [Point; 2]> {
    rings(shape).flat_map(|ring| ring.0.windows(2)).filter(|e| e[0] != e[1]).map(|e| [e[0].into(), e[1].into()])
}

/// The corners of the box around a shape.
pub fn corners(shape: &Flat) -> Option<(Point, Point)> {
    shape.bounding_rect().map(|bounds| (bounds.min().into(), bounds.max().into()))
}

/// Area in square metres.
pub fn area(shape: &Flat) -> f64 {
    shape.unsigned_area()
}

/// Length of all rings in metres.
pub fn perimeter(shape: &Flat) -> f64 {
    edges(shape).map(|[a, b]| (a[0] - b[0]).hypot(a[1] - b[1])).sum()
}

/// Area that two shapes share, in square metres.
pub fn shared_area(a: &Flat, b: &Flat) -> f64 {
    area(&a.intersection(b))
}

/// 4π·area/perimeter² (Polsby & Popper 1991): 1 for a circle.
pub fn polsby_popper(shape: &Flat) -> f64 {
    4.0 * std::f64::consts::PI * area(shape) / perimeter(shape).powi(2)
}

/// Area by that of the smallest circle around (Reock 1961).
pub fn reock(shape: &Flat) -> f64 {
    let hull: Vec<Point> = shape.convex_hull().exterior().0.iter().skip(1).map(|c| (*c).into()).collect();
    area(shape) / (std::f64::consts::PI * circle::smallest_around(&hull).radius.powi(2))
}

/// Area by that of the convex hull.
pub fn hull_ratio(shape: &Flat) -> f64 {
    area(shape) / shape.convex_hull().unsigned_area()
}

/// The point to which a shape is nearest, when it lies nowhere.
pub fn middle(shape: &Flat) -> Option<Point> {
    shape.centroid().map(|p| [p.x(), p.y()])
}

/// Whether a shape holds a point, by the rule of odd and even.
pub fn holds(shape: &Flat, p: Point) -> bool {
    let crosses = |[a, b]: &[Point; 2]| (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
    edges(shape).filter(crosses).count() % 2 == 1
}
