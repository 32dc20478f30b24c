//! OpenStreetMap extracts (PBF): roads, railways, rivers, water, buildings with addresses, administrative boundaries.
//!
//! The file is read block by block, several times: first its relations, of which every administrative boundary, building and
//! water is held wherever it lies, since nothing tells yet where that is; then the area's boundary; then nodes near the area,
//! the ways that pass it, and what those still lack. Of nodes and ways only these are held. Lines that touch the area are kept
//! whole; a building belongs to the area that owns its interior point.

mod area;
mod build;
mod pbf;
mod rings;
mod tags;

use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};

use area::Administrative;
pub use area::AreaChoice;
use pbf::Pbf;
use tags::Tags;

use super::{Enclosure, Error, Intake, Reason, Records, report::Place, shape};
use crate::model::{Area, Bounds, Code, Level, LineClass, LonLat, MultiPolygon};

/// The word the report uses for building areas.
pub const BUILDINGS: &str = "buildings";
/// The word the report uses for roads, railways, rivers and boundary lines.
pub const LINES: &str = "lines";
/// The word the report uses for water areas.
pub const WATERS: &str = "waters";
/// The word the report uses for address points.
pub const ADDRESSES: &str = "addresses";
/// The word the report uses for administrative boundaries.
pub const BOUNDARIES: &str = "boundaries";

/// How far beyond the area's box nodes are looked for, in 1e-7 degree (about a kilometre), so that a way whose nodes lie far
/// apart on both sides of the area is found.
const MARGIN_E7: i32 = 100_000;

/// Administrative boundaries of this level and finer (communities, villages) are lines that cells may follow.
const LINE_LEVEL: u8 = 9;

/// A way of the map that is wanted.
struct WayRecord {
    id: i64,
    nodes: Vec<i64>,
    tags: Vec<(String, String)>,
    /// It belongs to the boundary of a community or village.
    is_boundary: bool,
}

/// A multipolygon relation that is wanted.
struct ShapeRelation {
    id: i64,
    ways: Vec<i64>,
    tags: Vec<(String, String)>,
}

/// An address point.
struct AddressPoint {
    position: LonLat,
    address: String,
}

/// What was found near the area.
#[derive(Default)]
struct Found {
    positions: FxHashMap<i64, LonLat>,
    addresses: Vec<AddressPoint>,
    ways: Vec<WayRecord>,
    /// Ways that only relations want.
    members: FxHashMap<i64, Vec<i64>>,
    relations: Vec<ShapeRelation>,
}

fn tags_of(tags: &[(String, String)]) -> Tags<'_> {
    Tags(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect())
}

/// Reads the part of a map that lies in an area as the street `code`. Without a choice the area is `stored`, the boundary the
/// street has already. The street's name falls back to the area's, then to the code.
///
/// # Errors
/// A damaged file, an area that is not in it, or no line or building in the area.
pub fn read(
    path: &Path,
    code: &Code,
    name: Option<&str>,
    choice: Option<&AreaChoice>,
    stored: Option<&Area>,
    intake: &mut Intake<'_>,
) -> Result<Records, Error> {
    let (mut administrative, mut shapes) = (vec![], vec![]);
    let pbf = Pbf::open(path, intake, |relation| {
        let tags = Tags(relation.tags().collect());
        let ways = || relation.members().filter(|m| m.member_type == osmpbf::RelMemberType::Way).map(|m| m.member_id).collect();
        if tags.is_administrative() {
            let level = tags.get("admin_level").and_then(|level| level.parse().ok());
            let name = tags.name().unwrap_or_default();
            administrative.push(Administrative { id: relation.id(), name, all_names: tags.all_names(), level, ways: ways() });
        } else if tags.is_building() || (tags.is_water() && tags.get("type") == Some("multipolygon")) {
            let tags = tags.0.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            shapes.push(ShapeRelation { id: relation.id(), ways: ways(), tags });
        }
    })?;
    let (boundary, area_name) = match (choice, stored) {
        (Some(choice), _) => area::find(&pbf, path, choice, &administrative, intake)?,
        (None, Some(area)) => (area.boundary.clone(), Some(area.name.clone())),
        (None, None) => {
            let why = "name the area with --area NAME, --area RELATION or --area FILE.geojson, or import the street's boundary first";
            return Err(Error::Area(format!("{}: street {code} has no boundary yet; {why}", path.display())));
        }
    };
    shape::check_extent(&boundary).map_err(|flaw| Error::Area(format!("{}: {}", path.display(), flaw.message)))?;
    let enclosure = Enclosure::new(boundary.clone());
    let (found, boundary_ways) = collect(&pbf, &enclosure, &administrative, shapes, intake)?;
    let street = Area {
        code: code.clone(),
        level: Level::Street,
        name: name.map(str::to_owned).or(area_name).unwrap_or_else(|| code.to_string()),
        boundary,
    };
    let records = build::records(path, street, &enclosure, found, intake);
    report_boundaries(pbf.name(), &administrative, &boundary_ways, intake);
    if intake.report.count(LINES).kept == 0 && intake.report.count(BUILDINGS).kept == 0 {
        let why = "the map has no road and no building in this area; check that area and file belong together";
        return Err(Error::Area(format!("{}: {why}", path.display())));
    }
    Ok(records)
}

/// Reads what touches the area, and what that needs; beside it, which ways of administrative boundaries there are.
fn collect(
    pbf: &Pbf,
    enclosure: &Enclosure,
    administrative: &[Administrative],
    shapes: Vec<ShapeRelation>,
    intake: &mut Intake<'_>,
) -> Result<(Found, FxHashSet<i64>), Error> {
    let mut found = Found::default();
    let near = enclosure.bounds().map(|bounds| grown(&bounds));
    let mut address_count = 0_usize;
    pbf.nodes(intake, |node| {
        let address = node.tags.address();
        address_count += usize::from(address.is_some());
        if near.is_some_and(|near| near.contains(node.position)) {
            found.positions.insert(node.id, node.position);
            if let Some(address) = address.filter(|_| enclosure.owns(node.position)) {
                found.addresses.push(AddressPoint { position: node.position, address });
            }
        }
    })?;
    intake.report.read_many(ADDRESSES, address_count);
    intake.report.keep_many(ADDRESSES, found.addresses.len());

    let wanted: FxHashSet<i64> = shapes.iter().flat_map(|relation| &relation.ways).copied().collect();
    let of_boundary: FxHashSet<i64> = administrative.iter().flat_map(|admin| &admin.ways).copied().collect();
    let fine = |admin: &&Administrative| admin.level.is_some_and(|level| level >= LINE_LEVEL);
    let fine: FxHashSet<i64> = administrative.iter().filter(fine).flat_map(|admin| &admin.ways).copied().collect();
    let mut boundary_ways: FxHashSet<i64> = FxHashSet::default();
    let mut counts = Counts::default();
    pbf.ways(intake, |way| {
        let (id, tags) = (way.id(), Tags(way.tags().collect()));
        if of_boundary.contains(&id) {
            boundary_ways.insert(id);
        }
        let is_boundary = fine.contains(&id);
        let is_wanted = counts.add(&tags, is_boundary);
        let is_member = wanted.contains(&id);
        if (is_wanted || is_member) && way.refs().any(|node| found.positions.contains_key(&node)) {
            let nodes: Vec<i64> = way.refs().collect();
            if is_member {
                found.members.insert(id, nodes.clone());
            }
            if is_wanted {
                let tags = tags.0.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
                found.ways.push(WayRecord { id, nodes, tags, is_boundary });
            }
        }
    })?;
    let building_relations = shapes.iter().filter(|relation| tags_of(&relation.tags).is_building()).count();
    counts.report(building_relations, shapes.len() - building_relations, intake);

    found.relations = shapes.into_iter().filter(|relation| relation.ways.iter().any(|way| found.members.contains_key(way))).collect();
    let lacking: FxHashSet<i64> =
        found.relations.iter().flat_map(|relation| &relation.ways).copied().filter(|way| !found.members.contains_key(way)).collect();
    if !lacking.is_empty() {
        pbf.ways(intake, |way| {
            if lacking.contains(&way.id()) {
                found.members.insert(way.id(), way.refs().collect());
            }
        })?;
    }
    let nodes = found.ways.iter().flat_map(|way| &way.nodes).chain(found.members.values().flatten());
    let lacking: FxHashSet<i64> = nodes.copied().filter(|node| !found.positions.contains_key(node)).collect();
    if !lacking.is_empty() {
        pbf.nodes(intake, |node| {
            if lacking.contains(&node.id) {
                found.positions.insert(node.id, node.position);
            }
        })?;
    }
    Ok((found, boundary_ways))
}

fn grown(bounds: &Bounds) -> Bounds {
    let moved = |p: LonLat, by: i32| LonLat::new(p.lon_e7.saturating_add(by), p.lat_e7.saturating_add(by));
    Bounds { min: moved(bounds.min, -MARGIN_E7), max: moved(bounds.max, MARGIN_E7) }
}

/// Counts of the whole file, whatever the area.
#[derive(Default)]
struct Counts {
    buildings: usize,
    lines: usize,
    waters: usize,
}

impl Counts {
    /// Counts a way and says whether it is wanted.
    fn add(&mut self, tags: &Tags<'_>, is_boundary: bool) -> bool {
        let counter = if tags.is_building() {
            &mut self.buildings
        } else if tags.is_water() {
            &mut self.waters
        } else if is_boundary || tags.line_class().is_some() {
            &mut self.lines
        } else {
            return false;
        };
        *counter += 1;
        true
    }

    fn report(&self, building_relations: usize, water_relations: usize, intake: &mut Intake<'_>) {
        for (kind, count) in
            [(BUILDINGS, self.buildings + building_relations), (LINES, self.lines), (WATERS, self.waters + water_relations)]
        {
            intake.report.read_many(kind, count);
        }
        let total = self.buildings + building_relations;
        intake.report.note(format!("{total} building areas in the file: {} ways, {building_relations} relations", self.buildings));
    }
}

fn report_boundaries(file: &str, administrative: &[Administrative], found: &FxHashSet<i64>, intake: &mut Intake<'_>) {
    for admin in administrative {
        intake.report.read(BOUNDARIES);
        let missing = admin.missing(found);
        if missing == 0 {
            intake.report.keep(BOUNDARIES);
        } else {
            let record = format!("relation {} {}", admin.id, admin.name);
            let message = format!("{missing} of {} ways are not in the file; the boundary cannot be used", admin.ways.len());
            intake.report.reject(Place { file, line: None, record: record.trim_end(), kind: BOUNDARIES }, Reason::Incomplete, message);
        }
    }
}

/// The class of a wanted way that is not an area.
fn class_of(way: &WayRecord) -> Option<LineClass> {
    tags_of(&way.tags).line_class().or(way.is_boundary.then_some(LineClass::Boundary))
}

/// The shape of a relation, or why it has none.
fn shape_of(relation: &ShapeRelation, found: &Found) -> Result<MultiPolygon, shape::Flaw> {
    let missing = relation.ways.iter().filter(|way| !found.members.contains_key(way)).count();
    if missing > 0 {
        let message = format!("{missing} of {} ways are not in the file", relation.ways.len());
        return Err(shape::Flaw::new(Reason::Incomplete, message));
    }
    rings::assemble(relation.ways.iter().filter_map(|way| found.members.get(way)).map(Vec::as_slice), &found.positions)
}
