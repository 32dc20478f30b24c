//! Areas: streets, communities, cells and blocks as polygons, and their labels.

use super::{
    encode::{Kind, LayerWriter, Value},
    generalise::{simplify, tolerance},
    layers::Scene,
    plan_tiles::{BlockShapes, Facts, PlanTiles, feature_id},
    pyramid::{Frame, Pixel, PixelBox, at_zoom, project, project_path},
    shapes::{Arcs, AreaShapes, clip_parts},
};
use crate::{
    index::{AreaStats, PlanIndex, StreetIndex},
    model::{Level, MultiPolygon},
};

/// Streets' labels show from here on.
pub const STREET_LABEL_ZOOM: u8 = 8;
/// Communities' labels show from here on.
const COMMUNITY_LABEL_ZOOM: u8 = 12;
/// Cells' labels show from here on.
const CELL_LABEL_ZOOM: u8 = 14;
/// Blocks show from here on.
pub const BLOCK_ZOOM: u8 = 13;

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

/// A street about to be drawn.
struct Street<'a> {
    street: &'a StreetIndex,
    plan: Option<&'a PlanIndex>,
    stats: &'a AreaStats,
}

impl<'a> Street<'a> {
    fn new(street: &'a StreetIndex, plan: Option<&'a PlanIndex>) -> Self {
        Self { street, plan, stats: plan.map_or(&street.stats, |p| &p.street_stats) }
    }

    fn estimated(&self) -> bool {
        self.street.is_estimated(self.plan)
    }

    /// Whether it shows in the tile at all.
    fn shows(&self, scene: &Scene<'_>) -> bool {
        let pixels = self.stats.bounds.map(|b| PixelBox::of(b, scene.z()));
        pixels.is_some_and(|b| b.meets(&scene.frame.buffered()) && !b.is_smaller_than(scene.least_size()))
    }

    /// Draws its polygons into the open feature; without a plan it has its given boundary.
    fn draw(&self, scene: &Scene<'_>, writer: &mut LayerWriter) {
        match self.plan.and_then(PlanTiles::of) {
            Some(tiles) => tiles.shapes.street.draw(0, &tiles.shapes.arcs, scene, writer),
            None => {
                let given = self.street.area().map(|area| given_shape(&area.boundary, &scene.frame));
                given.iter().flatten().for_each(|ring| writer.geometry.ring(ring));
            }
        }
    }
}

/// Level 1.
pub fn draw_streets(scene: &Scene<'_>, writer: &mut LayerWriter) {
    for row in scene.streets() {
        let street = Street::new(row, scene.plan(row));
        if !street.shows(scene) {
            continue;
        }
        street.draw(scene, writer);
        if writer.geometry.is_empty() {
            continue;
        }
        writer.tags(&[
            ("code", Value::Text(row.code.as_str())),
            ("name", Value::Text(row.name())),
            ("level", Value::Text(Level::Street.as_str())),
            ("households", Value::Count(u64::from(street.stats.households))),
            ("groups", Value::Count(u64::from(street.stats.groups))),
            ("area_m2", Value::Count(street.stats.area_m2.round() as u64)),
            ("estimated", Value::Flag(street.estimated())),
        ]);
        writer.close_feature(feature_id(&row.code), Kind::Polygon);
    }
}

/// Level 2.
pub fn draw_communities(scene: &Scene<'_>, writer: &mut LayerWriter) {
    for tiles in plans(scene).filter_map(PlanTiles::of) {
        draw_areas(&tiles.shapes.communities, &tiles.communities, &tiles.shapes.arcs, scene, writer);
    }
}

/// Level 3.
pub fn draw_cells(scene: &Scene<'_>, writer: &mut LayerWriter) {
    for tiles in plans(scene).filter_map(PlanTiles::of) {
        draw_areas(&tiles.shapes.cells, &tiles.cells, &tiles.shapes.arcs, scene, writer);
    }
}

fn plans<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a PlanIndex> {
    scene.streets().filter_map(|street| scene.plan(street))
}

fn draw_areas(areas: &AreaShapes, facts: &Facts, arcs: &Arcs, scene: &Scene<'_>, writer: &mut LayerWriter) {
    let mut common = None;
    // Behind the communities stands the union of the cells that have none.
    for i in areas.boxes.meeting(&scene.window).take_while(|i| *i < facts.len()) {
        if areas.boxes.get(i).is_smaller_than(scene.least_size(), scene.z()) {
            continue;
        }
        areas.draw(i, arcs, scene, writer);
        if !writer.geometry.is_empty() {
            let common = common.get_or_insert_with(|| facts.common(scene.z(), writer));
            facts.tag(i, common, writer);
            writer.close_feature(facts.id(i), Kind::Polygon);
        }
    }
}

/// The atoms of planning.
pub fn draw_blocks(scene: &Scene<'_>, writer: &mut LayerWriter) {
    if scene.z() < BLOCK_ZOOM {
        return;
    }
    for plan in plans(scene) {
        let Some(tiles) = PlanTiles::of(plan) else { continue };
        let BlockShapes { areas, arcs } = tiles.shapes.blocks(plan);
        for i in areas.boxes.meeting(&scene.window) {
            let cell = plan.plan.cells.get(plan.cell_of_block[i] as usize);
            let Some(cell) = cell.filter(|_| !areas.boxes.get(i).is_smaller_than(scene.least_size(), scene.z())) else { continue };
            areas.draw(i, arcs, scene, writer);
            if !writer.geometry.is_empty() {
                writer.tags(&[("cell_code", Value::Text(cell.code.as_str()))]);
                writer.close_feature(None, Kind::Polygon);
            }
        }
    }
}

/// One point an area, in the one tile that holds it: streets from zoom 8, communities from 12, cells from 14.
pub fn draw_labels(scene: &Scene<'_>, writer: &mut LayerWriter) {
    for row in scene.streets().filter(|_| scene.z() >= STREET_LABEL_ZOOM) {
        let plan = scene.plan(row);
        let street = Street::new(row, plan);
        let at = street.stats.bounds.and_then(|_| scene.frame.local_inside(project(street.stats.label, scene.z())));
        if let Some(at) = at {
            writer.tags(&[
                ("code", Value::Text(row.code.as_str())),
                ("name", Value::Text(row.name())),
                ("level", Value::Text(Level::Street.as_str())),
                ("households", Value::Count(u64::from(street.stats.households))),
            ]);
            writer.geometry.path(&[at]);
            writer.close_feature(feature_id(&row.code), Kind::Point);
        }
        let Some(tiles) = plan.and_then(PlanTiles::of) else { continue };
        if scene.z() >= COMMUNITY_LABEL_ZOOM {
            draw_area_labels(&tiles.shapes.communities, &tiles.communities, scene, writer);
        }
        if scene.z() >= CELL_LABEL_ZOOM {
            draw_area_labels(&tiles.shapes.cells, &tiles.cells, scene, writer);
        }
    }
}

fn draw_area_labels(areas: &AreaShapes, facts: &Facts, scene: &Scene<'_>, writer: &mut LayerWriter) {
    // A label stands inside its area.
    for i in areas.boxes.meeting(&scene.window).take_while(|i| *i < facts.len()) {
        let Some(at) = scene.frame.local_inside(at_zoom(facts.label(i), scene.z())) else { continue };
        let is_left_out = scene.thinning > 0 && areas.boxes.get(i).is_smaller_than(scene.least_size(), scene.z());
        if !is_left_out {
            facts.tag_label(i, writer);
            writer.geometry.path(&[at]);
            writer.close_feature(facts.id(i), Kind::Point);
        }
    }
}

/// Lines in pixels of the world, cut to the tile.
pub fn clip_lines(lines: &[Vec<Pixel>], frame: &Frame) -> Vec<Vec<Pixel>> {
    lines.iter().flat_map(|line| super::clip::clip_line(&line.iter().map(|p| frame.local(*p)).collect::<Vec<_>>())).collect()
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
