//! Where people live: groups, households, buildings.

use super::{
    areas::given_shape,
    encode::{LayerWriter, Shape, Value},
    layers::Scene,
    pyramid::{PixelBox, at_zoom, project_path},
    shapes::clip_parts,
};
use crate::{
    index::{NONE, PlanIndex, StreetIndex, WorldPixel},
    model::Bounds,
};

/// Groups show from here on.
pub const GROUP_ZOOM: u8 = 15;
/// Households show from here on; below, no layer carries a point a household.
pub const HOUSEHOLD_ZOOM: u8 = 15;
/// Buildings show from here on.
pub const BUILDING_ZOOM: u8 = 14;

/// Hulls of the ten-household groups.
pub fn draw_groups(scene: &Scene<'_>, writer: &mut LayerWriter) {
    if scene.z() < GROUP_ZOOM {
        return;
    }
    for plan in scene.streets().filter_map(|street| scene.plan(street)) {
        for group in plan.group_tree.meeting(scene.frame.bounds()) {
            let mut exterior = project_path(&plan.group_hulls[group as usize].exterior, scene.z());
            exterior.pop();
            if PixelBox::around(&exterior).is_none_or(|b| b.is_smaller_than(scene.least_size())) {
                continue;
            }
            let rings = clip_parts(std::iter::once(vec![exterior]), &scene.frame);
            let row = &plan.plan.groups[group as usize];
            let cell = plan.plan.cells.get(plan.cell_of_group[group as usize] as usize);
            if rings.is_empty() {
                continue;
            }
            let mut properties = vec![("code", Value::Text(row.code.as_str()))];
            properties.extend(cell.map(|cell| ("cell_code", Value::Text(cell.code.as_str()))));
            properties.push(("households", Value::Count(row.members.len() as u64)));
            writer.feature(None, Shape::Rings(&rings), &properties);
        }
    }
}

/// A point a household, each in one tile. In a tile that is too heavy, the first of every bin, with their number as `weight`.
pub fn draw_households(scene: &Scene<'_>, writer: &mut LayerWriter) {
    if scene.z() < HOUSEHOLD_ZOOM {
        return;
    }
    for street in scene.streets() {
        let plan = scene.plan(street);
        let points = &street.ground.household_points;
        let tile = scene.frame.tile;
        let run = points.in_tile(tile.z, tile.x, tile.y);
        let bin = super::heat::bin_shift(scene.z(), if scene.thinning == 0 { 32 } else { 11u32.saturating_sub(scene.thinning) });
        let mut rest = run.clone();
        while let Some(first) = rest.next() {
            let mut weight = 1;
            if scene.thinning > 0 {
                let end = rest.start + points.keys[rest.clone()].partition_point(|key| key >> bin == points.keys[first] >> bin);
                weight += (end - rest.start) as u64;
                rest.start = end;
            }
            draw_household(scene, street, plan, first, weight, writer);
        }
    }
}

fn draw_household(scene: &Scene<'_>, street: &StreetIndex, plan: Option<&PlanIndex>, place: usize, weight: u64, writer: &mut LayerWriter) {
    let points = &street.ground.household_points;
    let row = points.rows[place] as usize;
    let household = &street.data.households[row];
    let at = at_zoom(WorldPixel::of_curve_key(points.keys[place]), scene.z());
    let group = plan.map(|plan| (plan, plan.group_of_household[row])).filter(|(_, g)| *g != NONE);
    let group = group.map(|(plan, g)| &plan.plan.groups[g as usize]);
    let mut properties = vec![("id", Value::Text(&household.id))];
    properties.extend(group.map(|g| ("group_code", Value::Text(g.code.as_str()))));
    properties.push(("is_head", Value::Flag(group.is_some_and(|g| g.head == household.id))));
    properties.push(("estimated", Value::Flag(household.estimated)));
    if scene.thinning > 0 {
        properties.push(("weight", Value::Count(weight)));
    }
    writer.feature(None, Shape::Point(scene.frame.local(at)), &properties);
}

/// Footprints.
pub fn draw_buildings(scene: &Scene<'_>, writer: &mut LayerWriter) {
    if scene.z() < BUILDING_ZOOM {
        return;
    }
    for street in scene.streets() {
        for row in street.ground.building_tree.meeting(scene.frame.bounds()) {
            let building = &street.data.buildings[row as usize];
            let pixels = Bounds::of(building.footprint.rings().flatten()).map(|b| PixelBox::of(b, scene.z()));
            if pixels.is_none_or(|b| b.is_smaller_than(scene.least_size())) {
                continue;
            }
            let rings = given_shape(&building.footprint, &scene.frame);
            if rings.is_empty() {
                continue;
            }
            let mut properties = vec![("id", Value::Text(&building.id))];
            properties.extend(building.name.as_deref().map(|name| ("name", Value::Text(name))));
            properties.push(("kind", Value::Text(building.purpose.as_deref().unwrap_or("building"))));
            properties.extend(building.levels.map(|levels| ("levels", Value::Count(u64::from(levels)))));
            let households = street.ground.households_of_building[row as usize];
            properties.push(("households", Value::Count(u64::from(households))));
            writer.feature(None, Shape::Rings(&rings), &properties);
        }
    }
}
