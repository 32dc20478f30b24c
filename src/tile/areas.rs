//! Areas: streets, communities, cells and blocks as polygons, their edges once, their labels.

use rustc_hash::FxHashSet;

use super::{
    encode::{LayerWriter, Shape, Value},
    generalise::{simplify, tolerance},
    layers::Scene,
    pyramid::{Frame, Pixel, PixelBox, project, project_path},
    shapes::{PlanShapes, clip_parts},
};
use crate::{
    geometry::coverage::Arc,
    index::{AreaStats, PlanIndex, StreetIndex},
    model::{Code, Level, MultiPolygon},
};

/// Streets' labels show from here on.
pub const STREET_LABEL_ZOOM: u8 = 8;
/// Communities' labels show from here on.
const COMMUNITY_LABEL_ZOOM: u8 = 12;
/// Cells' labels show from here on.
const CELL_LABEL_ZOOM: u8 = 14;
/// Blocks show from here on.
pub const BLOCK_ZOOM: u8 = 13;
/// Edges between communities show from here on.
const COMMUNITY_EDGE_ZOOM: u8 = 8;
/// Edges between cells show from here on.
const CELL_EDGE_ZOOM: u8 = 10;

/// Properties of streets and communities.
pub const FIELDS: [(&str, &str); 7] = [
    ("code", "String"),
    ("name", "String"),
    ("level", "String"),
    ("households", "Number"),
    ("groups", "Number"),
    ("area_m2", "Number"),
    ("estimated", "Boolean"),
];
/// Properties of cells.
pub const CELL_FIELDS: [(&str, &str); 8] = [
    ("code", "String"),
    ("name", "String"),
    ("level", "String"),
    ("households", "Number"),
    ("groups", "Number"),
    ("area_m2", "Number"),
    ("estimated", "Boolean"),
    ("deviation_pct", "Number; households above the plan's mean, in percent"),
];

/// An area about to be drawn.
struct Area<'a> {
    code: &'a Code,
    name: &'a str,
    level: Level,
    stats: &'a AreaStats,
    estimated: bool,
}

impl<'a> Area<'a> {
    fn street(street: &'a StreetIndex, plan: Option<&'a PlanIndex>) -> Self {
        let estimated = street.is_estimated(plan);
        let stats = plan.map_or(&street.stats, |p| &p.street_stats);
        Self { code: &street.code, name: street.name(), level: Level::Street, stats, estimated }
    }

    fn community(plan: &'a PlanIndex, i: usize) -> Self {
        let row = &plan.plan.communities[i];
        Self { code: &row.code, name: &row.name, level: Level::Community, stats: &plan.community_stats[i], estimated: plan.plan.estimated }
    }

    fn cell(plan: &'a PlanIndex, i: usize) -> Self {
        let row = &plan.plan.cells[i];
        Self { code: &row.code, name: &row.name, level: Level::Cell, stats: &plan.cell_stats[i], estimated: plan.plan.estimated }
    }

    /// Whether it shows in the tile at all.
    fn shows(&self, scene: &Scene<'_>) -> bool {
        let pixels = self.stats.bounds.map(|b| PixelBox::of(b, scene.z()));
        pixels.is_some_and(|b| b.meets(&scene.frame.buffered()) && !b.is_smaller_than(scene.least_size()))
    }

    fn draw(&self, rings: &[Vec<Pixel>], deviation_pct: Option<f64>, writer: &mut LayerWriter) {
        if rings.is_empty() {
            return;
        }
        let mut properties = vec![
            ("code", Value::Text(self.code.as_str())),
            ("name", Value::Text(self.name)),
            ("level", Value::Text(self.level.as_str())),
            ("households", Value::Count(u64::from(self.stats.households))),
            ("groups", Value::Count(u64::from(self.stats.groups))),
            ("area_m2", Value::Count(self.stats.area_m2.round() as u64)),
            ("estimated", Value::Flag(self.estimated)),
        ];
        properties.extend(deviation_pct.map(|pct| ("deviation_pct", Value::Number(pct))));
        writer.feature(feature_id(self.code), Shape::Rings(rings), &properties);
    }
}

/// The code as a number: unique over all streets, the same after a restart, and below 2⁵³ up to 15 digits, so that a browser
/// holds it exactly.
fn feature_id(code: &Code) -> Option<u64> {
    code.as_str().parse().ok()
}

/// Level 1. A street without a plan has its given boundary.
pub fn draw_streets(scene: &Scene<'_>, writer: &mut LayerWriter) {
    for street in scene.streets() {
        let plan = scene.plan(street);
        let area = Area::street(street, plan);
        if !area.shows(scene) {
            continue;
        }
        let rings = match plan.and_then(|plan| Some((plan, PlanShapes::of(plan)?))) {
            Some((plan, shapes)) => shapes.street.in_frame(0, shapes.cell_arcs(plan, scene.z()), &scene.frame),
            None => street.area().map(|a| given_shape(&a.boundary, &scene.frame)).unwrap_or_default(),
        };
        area.draw(&rings, None, writer);
    }
}

/// Level 2.
pub fn draw_communities(scene: &Scene<'_>, writer: &mut LayerWriter) {
    for plan in scene.streets().filter_map(|street| scene.plan(street)) {
        let Some(shapes) = PlanShapes::of(plan) else { continue };
        for i in 0..plan.plan.communities.len() {
            let area = Area::community(plan, i);
            if area.shows(scene) {
                area.draw(&shapes.communities.in_frame(i, shapes.cell_arcs(plan, scene.z()), &scene.frame), None, writer);
            }
        }
    }
}

/// Level 3.
pub fn draw_cells(scene: &Scene<'_>, writer: &mut LayerWriter) {
    for plan in scene.streets().filter_map(|street| scene.plan(street)) {
        let Some(shapes) = PlanShapes::of(plan) else { continue };
        let mean = f64::from(plan.street_stats.households) / plan.plan.cells.len().max(1) as f64;
        for i in 0..plan.plan.cells.len() {
            let area = Area::cell(plan, i);
            if area.shows(scene) {
                let deviation = (mean > 0.0).then(|| ((f64::from(area.stats.households) / mean - 1.0) * 1000.0).round() / 10.0);
                area.draw(&shapes.cells.in_frame(i, shapes.cell_arcs(plan, scene.z()), &scene.frame), deviation, writer);
            }
        }
    }
}

/// The atoms of planning.
pub fn draw_blocks(scene: &Scene<'_>, writer: &mut LayerWriter) {
    if scene.z() < BLOCK_ZOOM {
        return;
    }
    for plan in scene.streets().filter_map(|street| scene.plan(street)) {
        let Some(shapes) = PlanShapes::of(plan) else { continue };
        for block in plan.blocks_meeting(scene.frame.bounds()) {
            let rings = shapes.blocks.in_frame(block as usize, shapes.block_arcs(plan, scene.z()), &scene.frame);
            let is_small = PixelBox::around(rings.iter().flatten()).is_none_or(|b| b.is_smaller_than(scene.least_size()));
            let cell = plan.plan.cells.get(plan.cell_of_block[block as usize] as usize);
            if let Some(cell) = cell.filter(|_| !is_small) {
                writer.feature(None, Shape::Rings(&rings), &[("cell_code", Value::Text(cell.code.as_str()))]);
            }
        }
    }
}

/// Every boundary once, as one feature a level: the coarsest that it separates. Where two streets meet in the same pixels the line
/// is drawn for the first.
pub fn draw_edges(scene: &Scene<'_>, writer: &mut LayerWriter) {
    let mut lines: [Vec<Vec<Pixel>>; 3] = Default::default();
    let mut outer = OuterEdges::default();
    for street in scene.streets() {
        let drawn = scene.plan(street).and_then(|plan| Some((plan, PlanShapes::of(plan)?)));
        let Some((plan, shapes)) = drawn else {
            let rings = street.area().into_iter().flat_map(|area| area.boundary.rings());
            lines[0].extend(rings.flat_map(|ring| outer.new_pieces(&simplify(&project_path(ring, scene.z()), tolerance(scene.z())))));
            continue;
        };
        for (arc, path) in plan.cells.arcs.iter().zip(shapes.cell_arcs(plan, scene.z())) {
            let level = level_of(arc, plan);
            match level {
                _ if !PixelBox::around(path).is_some_and(|b| b.meets(&scene.frame.buffered())) => {}
                Level::Street => lines[0].extend(outer.new_pieces(path)),
                Level::Community if scene.z() >= COMMUNITY_EDGE_ZOOM => lines[1].push(path.clone()),
                Level::Cell if scene.z() >= CELL_EDGE_ZOOM => lines[2].push(path.clone()),
                _ => {}
            }
        }
    }
    for (lines, level) in lines.iter().zip([Level::Street, Level::Community, Level::Cell]) {
        let clipped = clip_lines(lines, &scene.frame);
        if !clipped.is_empty() {
            writer.feature(None, Shape::Lines(&clipped), &[("level", Value::Text(level.as_str()))]);
        }
    }
}

/// Lines in pixels of the world, cut to the tile.
pub fn clip_lines(lines: &[Vec<Pixel>], frame: &Frame) -> Vec<Vec<Pixel>> {
    lines.iter().flat_map(|line| super::clip::clip_line(&line.iter().map(|p| frame.local(*p)).collect::<Vec<_>>())).collect()
}

fn level_of(arc: &Arc, plan: &PlanIndex) -> Level {
    let (Some(left), Some(right)) = (arc.left, arc.right) else { return Level::Street };
    let community = |cell: crate::geometry::FaceId| plan.community_of_cell[cell.0 as usize];
    if community(left) == community(right) { Level::Cell } else { Level::Community }
}

/// Segments of streets' outer borders already drawn.
#[derive(Default)]
struct OuterEdges(FxHashSet<(Pixel, Pixel)>);

impl OuterEdges {
    /// The pieces of a path that were not drawn before.
    fn new_pieces(&mut self, path: &[Pixel]) -> Vec<Vec<Pixel>> {
        let mut pieces: Vec<Vec<Pixel>> = Vec::new();
        let mut is_open = false;
        for pair in path.windows(2) {
            let is_new = self.0.insert((pair[0].min(pair[1]), pair[0].max(pair[1])));
            if is_new && !is_open {
                pieces.push(vec![pair[0]]);
            }
            if is_new && let Some(piece) = pieces.last_mut() {
                piece.push(pair[1]);
            }
            is_open = is_new;
        }
        pieces
    }
}

/// One point an area, in the one tile that holds it: streets from zoom 8, communities from 12, cells from 14.
pub fn draw_labels(scene: &Scene<'_>, writer: &mut LayerWriter) {
    let mut draw = |area: &Area<'_>| {
        let at = scene.frame.local_inside(project(area.stats.label, scene.z()));
        if let Some(at) = at.filter(|_| area.stats.bounds.is_some()) {
            let properties = [
                ("code", Value::Text(area.code.as_str())),
                ("name", Value::Text(area.name)),
                ("level", Value::Text(area.level.as_str())),
                ("households", Value::Count(u64::from(area.stats.households))),
            ];
            writer.feature(feature_id(area.code), Shape::Point(at), &properties);
        }
    };
    for street in scene.streets() {
        let plan = scene.plan(street);
        if scene.z() >= STREET_LABEL_ZOOM {
            draw(&Area::street(street, plan));
        }
        let Some(plan) = plan else { continue };
        if scene.z() >= COMMUNITY_LABEL_ZOOM {
            (0..plan.plan.communities.len()).for_each(|i| draw(&Area::community(plan, i)));
        }
        if scene.z() >= CELL_LABEL_ZOOM {
            (0..plan.plan.cells.len()).for_each(|i| draw(&Area::cell(plan, i)));
        }
    }
}

/// A shape that shares its boundary with nobody, in the tile.
pub fn given_shape(shape: &MultiPolygon, frame: &Frame) -> Vec<Vec<Pixel>> {
    let z = frame.tile.z;
    let ring = |r: &Vec<crate::model::LonLat>| {
        let mut pixels = simplify(&project_path(r, z), tolerance(z));
        pixels.pop();
        pixels
    };
    clip_parts(shape.0.iter().map(|part| part.rings().map(ring).collect()), frame)
}
