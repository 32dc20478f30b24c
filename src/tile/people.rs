//! Where people live: groups, households, buildings.

use super::{
    areas::given_shape,
    encode::{LayerWriter, Shape, Value},
    heat::bin_shift,
    layers::Scene,
    pyramid::{PixelBox, at_zoom, project_path},
    shapes::clip_parts,
};
use crate::index::{NONE, PlanIndex, StreetIndex};

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
        let mut drawer = HouseholdDrawer::new(scene, street, writer);
        if scene.thinning == 0 {
            run.for_each(|row| drawer.draw(row as u32, None));
            continue;
        }
        let bin = bin_shift(scene.z(), 11u32.saturating_sub(scene.thinning));
        let mut first = run.start;
        while first < run.end {
            let key = pixels[first].curve_key() >> bin;
            let next = first + pixels[first..run.end].partition_point(|pixel| pixel.curve_key() >> bin == key);
            drawer.draw(first as u32, Some((next - first) as u64));
            first = next;
        }
    }
}

/// Writes households one after the other; what neighbours share is looked up once.
struct HouseholdDrawer<'a, 'w> {
    scene: &'a Scene<'a>,
    street: &'a StreetIndex,
    plan: Option<&'a PlanIndex>,
    writer: &'w mut LayerWriter,
    keys: [u32; 4],
    flags: [Option<u32>; 2],
    /// For every group of the plan its code's place among the values, or [`NONE`].
    codes: Vec<u32>,
}

impl<'a, 'w> HouseholdDrawer<'a, 'w> {
    fn new(scene: &'a Scene<'a>, street: &'a StreetIndex, writer: &'w mut LayerWriter) -> Self {
        let plan = scene.plan(street);
        let keys = ["id", "group_code", "is_head", "estimated"].map(|key| writer.key(key));
        Self { scene, street, plan, writer, keys, flags: [None; 2], codes: vec![NONE; plan.map_or(0, |plan| plan.groups.len())] }
    }

    fn draw(&mut self, row: u32, weight: Option<u64>) {
        let households = &self.street.households;
        let at = self.scene.frame.local(at_zoom(households.points.pixels()[row as usize], self.scene.z()));
        let [id, group_code, is_head, estimated] = self.keys;
        let mut tags = [0; 10];
        let mut used = 0;
        let mut tag = |key: u32, value: u32| {
            tags[used..used + 2].copy_from_slice(&[key, value]);
            used += 2;
        };
        tag(id, self.writer.push_value(Value::Text(households.ids().get(row))));
        let group = self.plan.map(|plan| (plan, plan.group_of_household[row as usize])).filter(|(_, group)| *group != NONE);
        if let Some((plan, group)) = group {
            let code = &mut self.codes[group as usize];
            if *code == NONE {
                *code = self.writer.push_value(Value::Text(plan.groups.codes()[group as usize].as_str()));
            }
            tag(group_code, *code);
        }
        tag(is_head, self.flag(group.is_some_and(|(plan, group)| plan.groups.is_head(group, row))));
        tag(estimated, self.flag(households.estimated()[row as usize]));
        if let Some(weight) = weight {
            tag(self.writer.key("weight"), self.writer.value(Value::Count(weight)));
        }
        self.writer.point(None, at, &tags[..used]);
    }

    fn flag(&mut self, flag: bool) -> u32 {
        let writer = &mut *self.writer;
        *self.flags[usize::from(flag)].get_or_insert_with(|| writer.value(Value::Flag(flag)))
    }
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
