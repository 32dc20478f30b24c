//! Where people live: groups, households, buildings.

use rustc_hash::FxHashMap;

use super::{
    areas::given_shape,
    encode::{LayerWriter, Shape, Value},
    heat::bin_shift,
    layers::Scene,
    points::{MAX_PAIRS, Pair},
    pyramid::{PixelBox, at_zoom, project_path},
    shapes::clip_parts,
};
use crate::index::{NONE, StreetIndex};

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
            let mut exterior = project_path(plan.groups.hull(group), scene.z());
            exterior.pop();
            if PixelBox::around(&exterior).is_none_or(|b| b.is_smaller_than(scene.least_size())) {
                continue;
            }
            let rings = clip_parts(std::iter::once(vec![exterior]), &scene.frame);
            let cell = plan.plan.cells.get(plan.cell_of_group[group as usize] as usize);
            if rings.is_empty() {
                continue;
            }
            let mut properties = vec![("code", Value::Text(plan.groups.codes()[group as usize].as_str()))];
            properties.extend(cell.map(|cell| ("cell_code", Value::Text(cell.code.as_str()))));
            properties.push(("households", Value::Count(plan.groups.size(group) as u64)));
            writer.feature(None, Shape::Rings(&rings), &properties);
        }
    }
}

/// A point a household, each in one tile. In a tile that is too heavy, the first of every bin, with their number as `weight`.
pub fn draw_households(scene: &Scene<'_>, writer: &mut LayerWriter) {
    if scene.z() < HOUSEHOLD_ZOOM {
        return;
    }
    let tile = scene.frame.tile;
    for street in scene.streets() {
        let pixels = street.households.points.pixels();
        let run = street.households.points.in_tile(tile.z, tile.x, tile.y);
        if run.is_empty() {
            continue;
        }
        let run = run.start as u32..run.end as u32;
        if scene.thinning == 0 {
            draw_rows(scene, street, run.map(|row| (row, None)), writer);
            continue;
        }
        let bin = bin_shift(scene.z(), 11u32.saturating_sub(scene.thinning));
        let mut firsts = Vec::new();
        let mut first = run.start;
        while first < run.end {
            let key = pixels[first as usize].curve_key() >> bin;
            let here = pixels[first as usize..run.end as usize].partition_point(|pixel| pixel.curve_key() >> bin == key) as u32;
            firsts.push((first, Some(u64::from(here))));
            first += here;
        }
        draw_rows(scene, street, firsts.into_iter(), writer);
    }
}

/// A street's households, at least one, each perhaps with the number that it stands for. Of the layer's values those that many
/// share come first, so that their numbers are short; then the ids, so that those of neighbours, much alike, lie side by side.
fn draw_rows(
    scene: &Scene<'_>,
    street: &StreetIndex,
    rows: impl ExactSizeIterator<Item = (u32, Option<u64>)> + Clone,
    writer: &mut LayerWriter,
) {
    let (households, plan) = (&street.households, scene.plan(street));
    // In the order that compresses best: all but the id's last byte is mostly the neighbour's, in one stretch.
    let [group_code, id, is_head, estimated] = ["group_code", "id", "is_head", "estimated"].map(|key| writer.key(key));
    let flags = [false, true].map(|flag| writer.value(Value::Flag(flag)));
    let [heads, estimates] = [is_head, estimated].map(|key| flags.map(|flag| Pair::new(key, flag)));
    // For every group of the plan its code's place among the values, or NONE.
    let mut codes = vec![NONE; plan.map_or(0, |plan| plan.groups.len())];
    for (row, _) in rows.clone() {
        let Some(plan) = plan else { break };
        let group = plan.group_of_household[row as usize] as usize;
        if codes.get(group) == Some(&NONE) {
            codes[group] = writer.push_value(Value::Text(plan.groups.codes()[group].as_str()));
        }
    }
    let mut weights: FxHashMap<u64, Pair> = FxHashMap::default();
    for weight in rows.clone().filter_map(|(_, weight)| weight) {
        weights.entry(weight).or_insert_with(|| Pair::new(writer.key("weight"), writer.value(Value::Count(weight))));
    }
    let ids = rows.clone().map(|(row, _)| writer.push_value(Value::Text(households.ids().get(row)))).reduce(|first, _| first);
    let mut points = writer.points(rows.len());
    for ((row, weight), number) in rows.zip(ids.unwrap_or_default()..) {
        let at = scene.frame.local(at_zoom(households.points.pixels()[row as usize], scene.z()));
        let mut pairs = [Pair::default(); MAX_PAIRS];
        let mut used = 0;
        let mut is_a_head = false;
        if let Some((plan, group)) = plan.map(|plan| (plan, plan.group_of_household[row as usize])).filter(|(_, group)| *group != NONE) {
            pairs[used] = Pair::new(group_code, codes[group as usize]);
            used += 1;
            is_a_head = plan.groups.is_head(group, row);
        }
        pairs[used] = Pair::new(id, number);
        pairs[used + 1] = heads[usize::from(is_a_head)];
        pairs[used + 2] = estimates[usize::from(households.estimated()[row as usize])];
        used += 3;
        if let Some(weight) = weight {
            pairs[used] = weights[&weight];
            used += 1;
        }
        points.push(at, &pairs[..used]);
    }
    points.finish();
}

/// Footprints.
pub fn draw_buildings(scene: &Scene<'_>, writer: &mut LayerWriter) {
    if scene.z() < BUILDING_ZOOM {
        return;
    }
    for street in scene.streets() {
        for row in street.ground.building_tree.meeting(scene.frame.bounds()) {
            let pixels = street.ground.buildings.bounds(row).map(|b| PixelBox::of(b, scene.z()));
            if pixels.is_none_or(|b| b.is_smaller_than(scene.least_size())) {
                continue;
            }
            let building = street.ground.buildings.get(row);
            let rings = given_shape(&building.footprint, &scene.frame);
            if rings.is_empty() {
                continue;
            }
            let mut properties = vec![("id", Value::Text(&building.id))];
            properties.extend(building.name.as_deref().map(|name| ("name", Value::Text(name))));
            properties.push(("kind", Value::Text(building.purpose.as_deref().unwrap_or("building"))));
            properties.extend(building.levels.map(|levels| ("levels", Value::Count(u64::from(levels)))));
            properties.push(("households", Value::Count(u64::from(street.households_of_building[row as usize]))));
            writer.feature(None, Shape::Rings(&rings), &properties);
        }
    }
}
