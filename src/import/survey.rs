//! A survey folder: boundary, streets, buildings, households and, where there are any, issues.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;

use super::{
    Enclosure, Error, Intake, Reason, Records, Rows, TableOptions, boundaries, estimate,
    feature::FeatureFile,
    households::{self, HomeStreet},
    issues,
};
use crate::{
    geometry::{Crs, ring::standing_position},
    model::{Area, Building, Code, Level, Line, LineClass, LonLat, NO_STREET},
};

/// The word the report uses for streets.geojson.
pub const LINES: &str = "lines";
/// The word the report uses for buildings.geojson.
pub const BUILDINGS: &str = "buildings";

/// The files of a survey folder; the last two may be missing.
pub const FILES: [&str; 5] = ["boundary.geojson", "streets.geojson", "buildings.geojson", "households.csv", "issues.csv"];

/// How a survey folder is to be read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The CRS of all files, if their own word is not to count.
    pub crs: Option<Crs>,
    /// The zone of times without an offset.
    pub zone: TimeZone,
    /// The streets, other than the survey's, under which issues are filed already, by issue id.
    pub filed: HashMap<String, Code>,
}

/// Reads a survey folder as the street `code`; `name` falls back to the boundary's name, then to the code.
/// Without `households.csv` households are estimated from the buildings. Beside the street's records there are those of
/// [`NO_STREET`] where the survey has issues that are filed there; an issue that another street has is refused.
///
/// # Errors
/// A missing or broken file, a boundary that is not whole, or a file of which no record can be used.
pub fn read(
    folder: &Path,
    code: &Code,
    name: Option<&str>,
    options: &Options,
    intake: &mut Intake<'_>,
) -> Result<BTreeMap<Code, Records>, Error> {
    let outline = boundaries::read_outline(&file(folder, "boundary.geojson")?, options.crs, intake)?;
    if let Some(theirs) = outline.code.as_deref().filter(|theirs| *theirs != code.as_str()) {
        intake.report.note(format!("boundary.geojson says its code is {theirs}; it was taken as street {code}, as asked"));
    }
    let enclosure = Enclosure::new(outline.boundary.clone());
    let lines = read_lines(&file(folder, "streets.geojson")?, options.crs, &enclosure, intake)?;
    let buildings = read_buildings(&file(folder, "buildings.geojson")?, options.crs, &enclosure, intake)?;
    let table = TableOptions { crs: options.crs, fallback_crs: Some(outline.crs), ..TableOptions::default() };

    let household_list = folder.join("households.csv");
    let households = if household_list.exists() {
        let street = HomeStreet::new(code.clone(), enclosure, &buildings);
        households::read(&household_list, &table, std::slice::from_ref(&street), intake)?.remove(code).unwrap_or_default()
    } else {
        intake.report.note(format!("{} has no households.csv; households are estimated from the buildings", folder.display()));
        let households: Vec<_> = buildings.iter().flat_map(|building| estimate::households(building, estimate::Hints::default())).collect();
        intake.report.keep_many(estimate::KIND, households.len());
        households
    };

    let issue_list = folder.join("issues.csv");
    let mut issues = if issue_list.exists() {
        // All under this street, whichever they lie in: the folder is one street's survey. Only those that were known before
        // the street was stay filed where they are.
        let street_of = |id: &str, _| match options.filed.get(id) {
            None => Ok(code.clone()),
            Some(other) if other.as_str() == NO_STREET => Ok(other.clone()),
            Some(other) => Err(format!("street {other} has an issue of this id already")),
        };
        issues::read(&issue_list, &table, &options.zone, street_of, intake)?
    } else {
        BTreeMap::new()
    };
    let name = name.map(str::to_owned).or(outline.name).unwrap_or_else(|| code.to_string());
    let street = Area { code: code.clone(), level: Level::Street, name, boundary: outline.boundary };
    let records = Records {
        areas: Rows::Merge(vec![street]),
        lines: Rows::Replace(lines),
        buildings: Rows::Replace(buildings),
        households: Rows::Replace(households),
        issues: issues.remove(code).map_or(Rows::Untouched, Rows::Merge),
        // A survey says nothing of water.
        ..Records::default()
    };
    let elsewhere = issues.into_iter().map(|(code, issues)| (code, Records { issues: Rows::Merge(issues), ..Records::default() }));
    Ok(elsewhere.chain([(code.clone(), records)]).collect())
}

fn file(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let path = folder.join(name);
    if path.is_file() {
        return Ok(path);
    }
    let why = "a survey folder holds boundary.geojson, streets.geojson, buildings.geojson and households.csv; this one is missing";
    Err(Error::broken(&path, None, why))
}

fn read_lines(path: &Path, crs: Option<Crs>, street: &Enclosure, intake: &mut Intake<'_>) -> Result<Vec<Line>, Error> {
    let mut file = FeatureFile::open(path, crs, LINES, intake)?;
    let (mut lines, mut seen) = (vec![], HashSet::new());
    while let Some(row) = file.next(intake)? {
        let id = row.first_text(&["street_id", "line_id", "id"]).unwrap_or_else(|| format!("L{:06}", row.number));
        let place = file.place(&row, &id);
        if !seen.insert(id.clone()) {
            intake.report.reject(place, Reason::DuplicateId, "the street_id was there before; the first one counts");
            continue;
        }
        let parts: Vec<Vec<LonLat>> = match file.lines(&row) {
            Ok(parts) => parts,
            Err(flaw) => {
                intake.report.reject(place, flaw.reason, flaw.message);
                continue;
            }
        };
        let whole = parts.len();
        let parts: Vec<Vec<LonLat>> = parts.into_iter().filter(|path| street.touches(path)).collect();
        if parts.is_empty() {
            intake.report.reject(place, Reason::OutsideStreet, "the line lies outside the street");
            continue;
        }
        let near: Vec<Vec<LonLat>> = parts.iter().flat_map(|path| street.near_runs(path)).filter(|path| street.touches(path)).collect();
        if near.iter().flat_map(|path| path.windows(2)).any(|step| jumps(step[0], step[1])) {
            let why = "two positions of the line that follow each other are more than three degrees apart; check them";
            intake.report.reject(place, Reason::BadCoordinate, why);
            continue;
        }
        if near != parts || parts.len() < whole {
            intake.report.remark(place, Reason::FarOutside, "what lies outside the street, or far beyond it, was left out");
        }
        let parts = near;
        let class = row.text("class");
        let class = class.as_deref().and_then(|word| LineClass::parse(&word.to_ascii_lowercase())).unwrap_or_else(|| {
            let message = class.map_or("the line has no class".to_owned(), |word| format!("class {word:?} is unknown"));
            intake.report.remark(place, Reason::UnknownClass, format!("{message}; it counts as local"));
            LineClass::Local
        });
        intake.report.keep(LINES);
        let name = row.text("name");
        let single = whole == 1 && parts.len() == 1;
        lines.extend(parts.into_iter().enumerate().map(|(part, path)| {
            let id = if single { id.clone() } else { format!("{id}.{}", part + 1) };
            Line { id, class, name: name.clone(), path }
        }));
    }
    if intake.report.count(LINES).read == 0 {
        intake.report.note(format!("{} has no lines; cells can follow the street's boundary only", file.name));
        return Ok(lines);
    }
    intake.require(path, LINES)?;
    Ok(lines)
}

/// Whether a step is longer than any street is wide.
fn jumps(a: LonLat, b: LonLat) -> bool {
    const FAR_E7: u32 = 30_000_000;
    a.lon_e7.abs_diff(b.lon_e7) > FAR_E7 || a.lat_e7.abs_diff(b.lat_e7) > FAR_E7
}

fn read_buildings(path: &Path, crs: Option<Crs>, street: &Enclosure, intake: &mut Intake<'_>) -> Result<Vec<Building>, Error> {
    let mut file = FeatureFile::open(path, crs, BUILDINGS, intake)?;
    let (mut buildings, mut seen) = (vec![], HashSet::new());
    while let Some(row) = file.next(intake)? {
        let number = format!("feature {}", row.number);
        let Some(id) = row.text("building_id") else {
            intake.report.reject(file.place(&row, &number), Reason::MissingField, "building_id is missing");
            continue;
        };
        let place = file.place(&row, &id);
        if seen.contains(&id) {
            intake.report.reject(place, Reason::DuplicateId, "the building_id was there before; the first one counts");
            continue;
        }
        let footprint = match file.polygons(&row) {
            Ok(footprint) => footprint,
            Err(flaw) => {
                intake.report.reject(place, flaw.reason, flaw.message);
                continue;
            }
        };
        if !standing_position(&footprint).is_some_and(|p| street.owns(p)) {
            intake.report.reject(place, Reason::OutsideStreet, "the building lies outside the street");
            continue;
        }
        let (levels, declared_households) = (row.whole::<u16>("levels"), row.whole::<u32>("households"));
        for (name, text) in [("levels", levels.as_ref().err()), ("households", declared_households.as_ref().err())] {
            if let Some(text) = text {
                intake.report.remark(place, Reason::BadValue, format!("{name} {text:?} is not a whole number and was left out"));
            }
        }
        let (levels, declared_households) = (levels.ok().flatten(), declared_households.ok().flatten());
        intake.report.keep(BUILDINGS);
        seen.insert(id.clone());
        let (name, purpose, address) = (row.text("name"), row.text("use"), row.text("address"));
        buildings.push(Building { id, name, purpose, levels, declared_households, address, footprint });
    }
    intake.require(path, BUILDINGS)?;
    Ok(buildings)
}
