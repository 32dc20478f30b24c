//! From ways and relations near the area to the records of a street.

use std::path::Path;

use rstar::{AABB, RTree, RTreeObject};

use super::{AddressPoint, BUILDINGS, Found, LINES, WATERS, WayRecord, class_of, shape_of, tags_of};
use crate::{
    geometry::ring::{self, Side, standing_position},
    import::{
        Enclosure, Intake, Reason, Records, Rows, estimate,
        report::Place,
        shape::{self, Flaw},
    },
    model::{Area, Bounds, Building, Line, LonLat, MultiPolygon, Water},
};

/// Addresses that a building's own address line names; a terrace with more has them at its doors.
const ADDRESSES_SHOWN: usize = 3;

/// The records of the street.
pub fn records(path: &Path, street: Area, enclosure: &Enclosure, mut found: Found, intake: &mut Intake<'_>) -> Records {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let (mut lines, mut waters, mut buildings) = (vec![], vec![], vec![]);
    for way in &found.ways {
        let tags = tags_of(&way.tags);
        let (is_building, is_water) = (tags.is_building(), tags.is_water());
        if is_building || is_water {
            let kind = if is_building { BUILDINGS } else { WATERS };
            let record = format!("way {}", way.id);
            let place = Place { file: &file, line: None, record: &record, kind };
            match area_of(way, &found) {
                Ok(shape) if is_building => add_building(format!("w{}", way.id), &way.tags, shape, enclosure, &mut buildings, intake),
                Ok(shape) => add_water(format!("w{}", way.id), &way.tags, shape, enclosure, &mut waters, intake),
                Err(flaw) => intake.report.reject(place, flaw.reason, flaw.message),
            }
        } else if let Some(class) = class_of(way) {
            add_lines(way, class, &file, &found, enclosure, &mut lines, intake);
        }
    }
    for relation in &found.relations {
        let is_building = tags_of(&relation.tags).is_building();
        let record = format!("relation {}", relation.id);
        let kind = if is_building { BUILDINGS } else { WATERS };
        match shape_of(relation, &found) {
            Ok(shape) if is_building => add_building(format!("r{}", relation.id), &relation.tags, shape, enclosure, &mut buildings, intake),
            Ok(shape) => add_water(format!("r{}", relation.id), &relation.tags, shape, enclosure, &mut waters, intake),
            Err(flaw) => intake.report.reject(Place { file: &file, line: None, record: &record, kind }, flaw.reason, flaw.message),
        }
    }
    let hints = give_addresses(&mut buildings, std::mem::take(&mut found.addresses));
    let households: Vec<_> = buildings.iter().zip(hints).flat_map(|(building, hints)| estimate::households(building, hints)).collect();
    intake.report.keep_many(estimate::KIND, households.len());
    Records {
        areas: Rows::Merge(vec![street]),
        lines: Rows::Replace(lines),
        waters: Rows::Replace(waters),
        buildings: Rows::Replace(buildings),
        households: Rows::Replace(households),
        ..Records::default()
    }
}

fn area_of(way: &WayRecord, found: &Found) -> Result<MultiPolygon, Flaw> {
    let missing = |node: &i64| Flaw::new(Reason::Incomplete, format!("node {node} is not in the file"));
    let ring = way.nodes.iter().map(|node| found.positions.get(node).copied().ok_or_else(|| missing(node))).collect::<Result<_, _>>()?;
    shape::polygon(vec![ring]).map(MultiPolygon::from)
}

fn add_building(
    id: String,
    tags: &[(String, String)],
    footprint: MultiPolygon,
    enclosure: &Enclosure,
    buildings: &mut Vec<Building>,
    intake: &mut Intake<'_>,
) {
    if !standing_position(&footprint).is_some_and(|p| enclosure.owns(p)) {
        return;
    }
    let tags = tags_of(tags);
    intake.report.keep(BUILDINGS);
    buildings.push(Building {
        id,
        name: tags.name(),
        purpose: tags.purpose(),
        levels: tags.levels(),
        declared_households: tags.flats(),
        address: tags.address(),
        footprint,
    });
}

fn add_water(
    id: String,
    tags: &[(String, String)],
    outline: MultiPolygon,
    enclosure: &Enclosure,
    waters: &mut Vec<Water>,
    intake: &mut Intake<'_>,
) {
    if enclosure.touches_shape(&outline) {
        intake.report.keep(WATERS);
        waters.push(Water { id, name: tags_of(tags).name(), outline });
    }
}

/// A way whose nodes are partly missing (the edge of an extract) becomes a line for every run of nodes that are there.
fn add_lines(
    way: &WayRecord,
    class: crate::model::LineClass,
    file: &str,
    found: &Found,
    enclosure: &Enclosure,
    lines: &mut Vec<Line>,
    intake: &mut Intake<'_>,
) {
    let positions: Vec<Option<LonLat>> = way.nodes.iter().map(|node| found.positions.get(node).copied()).collect();
    let runs: Vec<Vec<LonLat>> = positions
        .split(Option::is_none)
        .filter_map(|run| shape::line(run.iter().copied().flatten().collect()).ok())
        .filter(|path| enclosure.touches(path))
        .collect();
    let record = format!("way {}", way.id);
    let place = Place { file, line: None, record: &record, kind: LINES };
    if runs.is_empty() {
        // Beyond the area, or nothing left of it.
        if positions.iter().flatten().all(|p| enclosure.owns(*p)) {
            intake.report.reject(place, Reason::TooFewPositions, "the line has fewer than two distinct positions");
        }
        return;
    }
    let missing = positions.iter().filter(|position| position.is_none()).count();
    if missing > 0 {
        intake.report.remark(place, Reason::Incomplete, format!("{missing} of {} nodes are not in the file", positions.len()));
    }
    intake.report.keep(LINES);
    let name = tags_of(&way.tags).name();
    lines.extend(runs.into_iter().enumerate().map(|(run, path)| {
        let id = if run == 0 { format!("w{}", way.id) } else { format!("w{}.{}", way.id, run + 1) };
        Line { id, class, name: name.clone(), path }
    }));
}

struct Footprint {
    bounds: Bounds,
    building: usize,
}

impl RTreeObject for Footprint {
    type Envelope = AABB<[i32; 2]>;
    fn envelope(&self) -> Self::Envelope {
        let Bounds { min, max } = self.bounds;
        AABB::from_corners([min.lon_e7, min.lat_e7], [max.lon_e7, max.lat_e7])
    }
}

/// Gives address points to the buildings they lie in, and says how many each building has.
fn give_addresses(buildings: &mut [Building], points: Vec<AddressPoint>) -> Vec<estimate::Hints> {
    let footprints = buildings
        .iter()
        .enumerate()
        .filter_map(|(building, b)| Some(Footprint { bounds: Bounds::of(b.footprint.rings().flatten())?, building }));
    let tree = RTree::bulk_load(footprints.collect());
    let mut addresses: Vec<Vec<String>> = buildings.iter().map(|building| building.address.iter().cloned().collect()).collect();
    for AddressPoint { position, address } in points {
        let here = AABB::from_point([position.lon_e7, position.lat_e7]);
        let holds = |b: &&Footprint| buildings[b.building].footprint.0.iter().any(|part| ring::side(part, position) != Side::Outside);
        // Of buildings that share a wall with an entrance on it, the first in the map.
        if let Some(footprint) = tree.locate_in_envelope_intersecting(here).filter(holds).min_by_key(|b| b.building) {
            addresses[footprint.building].push(address);
        }
    }
    for (building, addresses) in buildings.iter_mut().zip(&mut addresses) {
        addresses.sort();
        addresses.dedup();
        if building.address.is_none() && !addresses.is_empty() {
            building.address = Some(addresses[..addresses.len().min(ADDRESSES_SHOWN)].join("; "));
        }
    }
    addresses.iter().map(|addresses| estimate::Hints { addresses: u32::try_from(addresses.len()).unwrap_or(u32::MAX) }).collect()
}
