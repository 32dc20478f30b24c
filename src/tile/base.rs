//! The base map: roads, railways, rivers, water. Kinds as in the Protomaps basemap.

use std::collections::BTreeMap;

use super::{
    areas::{clip_lines, given_shape},
    encode::{LayerWriter, Shape, Value},
    generalise::{simplify, tolerance},
    layers::Scene,
    pyramid::{Pixel, PixelBox, project_path},
};
use crate::model::{Line, LineClass};

/// Trunk roads and railways show from here on.
pub const MAJOR_ROAD_ZOOM: u8 = 8;
/// Rivers and water show from here on.
pub const WATER_ZOOM: u8 = 8;
/// Roads carry their names from here on.
const NAME_ZOOM: u8 = 13;

/// The kind of a line in the `roads` layer and the zoom it shows from; `None` for what is no road.
fn road_kind(class: LineClass) -> Option<(&'static str, u8)> {
    match class {
        LineClass::Arterial => Some(("major_road", MAJOR_ROAD_ZOOM)),
        LineClass::Railway => Some(("rail", MAJOR_ROAD_ZOOM)),
        LineClass::Secondary => Some(("medium_road", 10)),
        LineClass::Local | LineClass::DeadEnd => Some(("minor_road", 12)),
        LineClass::Alley => Some(("path", 13)),
        LineClass::River | LineClass::Boundary => None,
    }
}

/// Roads and railways; those of one class and name make one feature.
pub fn draw_roads(scene: &Scene<'_>, writer: &mut LayerWriter) {
    let shows = |line: &Line| road_kind(line.class).is_some_and(|(_, zoom)| scene.z() >= zoom);
    for ((class, name), lines) in lines_by_name(scene, shows) {
        let Some((kind, _)) = road_kind(class) else { continue };
        let mut properties = vec![("kind", Value::Text(kind)), ("class", Value::Text(class.as_str()))];
        properties.extend(name.map(|name| ("name", Value::Text(name))));
        writer.feature(None, Shape::Lines(&lines), &properties);
    }
}

/// Water areas, and rivers as lines.
pub fn draw_water(scene: &Scene<'_>, writer: &mut LayerWriter) {
    if scene.z() < WATER_ZOOM {
        return;
    }
    for street in scene.streets() {
        for row in street.ground.water_tree.meeting(scene.frame.bounds()) {
            let water = &street.ground.waters[row as usize];
            let rings = given_shape(&water.outline, &scene.frame);
            if PixelBox::around(rings.iter().flatten()).is_none_or(|b| b.is_smaller_than(scene.least_size())) {
                continue;
            }
            let mut properties = vec![("kind", Value::Text("water"))];
            properties.extend(water.name.as_deref().map(|name| ("name", Value::Text(name))));
            writer.feature(None, Shape::Rings(&rings), &properties);
        }
    }
    for ((_, name), lines) in lines_by_name(scene, |line| line.class == LineClass::River) {
        let mut properties = vec![("kind", Value::Text("river"))];
        properties.extend(name.map(|name| ("name", Value::Text(name))));
        writer.feature(None, Shape::Lines(&lines), &properties);
    }
}

type NamedLines<'a> = BTreeMap<(LineClass, Option<&'a str>), Vec<Vec<Pixel>>>;

fn lines_by_name<'a>(scene: &Scene<'a>, shows: impl Fn(&Line) -> bool) -> NamedLines<'a> {
    let mut named = NamedLines::new();
    let window = scene.frame.bounds();
    for street in scene.streets() {
        for row in street.ground.line_tree.meeting(window) {
            let line = &street.ground.lines[row as usize];
            if !shows(line) {
                continue;
            }
            let path = simplify(&project_path(&line.path, scene.z()), tolerance(scene.z()));
            let is_small = PixelBox::around(&path).is_none_or(|b| b.is_smaller_than(scene.least_size()));
            // Many a long road comes in short pieces: only a tile that is too heavy leaves them out.
            if path.len() < 2 || (scene.thinning > 0 && is_small) {
                continue;
            }
            let name = line.name.as_deref().filter(|name| scene.z() >= NAME_ZOOM && !name.is_empty());
            let pieces = clip_lines(&[path], &scene.frame);
            if !pieces.is_empty() {
                named.entry((line.class, name)).or_default().extend(pieces);
            }
        }
    }
    named
}
