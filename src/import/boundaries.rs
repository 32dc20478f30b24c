//! Given boundaries: polygons with a code and a name.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use super::{Enclosure, Error, Intake, Reason, feature::FeatureFile, shape};
use crate::{
    geometry::{Crs, measure, ring::standing_position},
    model::{Area, Code, CodeScheme, Level, MultiPolygon, NO_STREET},
};

/// The word the report uses.
pub const KIND: &str = "boundaries";

/// Shared ground below this is rounding, square metres.
pub const NOTICED_M2: f64 = 1.0;
/// Two areas overlap when they share more than this of the smaller; less is a border drawn twice.
const OVERLAP: f64 = 0.01;

/// How boundaries are to be read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The CRS, if the file's own word is not to count.
    pub crs: Option<Crs>,
    /// The property with the code.
    pub code_field: String,
    /// The property with the name.
    pub name_field: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { crs: None, code_field: "code".into(), name_field: "name".into() }
    }
}

/// Reads areas of one level, by the street they belong to. Communities and cells must lie under one of the `streets`.
///
/// # Errors
/// A broken file, or no usable area.
pub fn read(
    path: &Path,
    level: Level,
    options: &Options,
    streets: &BTreeMap<Code, Enclosure>,
    intake: &mut Intake<'_>,
) -> Result<BTreeMap<Code, Vec<Area>>, Error> {
    let scheme = CodeScheme::default();
    let mut file = FeatureFile::open(path, options.crs, KIND, intake)?;
    let mut found: BTreeMap<Code, Vec<Area>> = BTreeMap::new();
    let mut seen: HashSet<Code> = HashSet::new();
    while let Some(row) = file.next(intake)? {
        let number = format!("feature {}", row.number);
        let Some(text) = row.text(&options.code_field) else {
            let message = format!("property {:?} is missing; name the right one with --code-field", options.code_field);
            intake.report.reject(file.place(&row, &number), Reason::MissingField, message);
            continue;
        };
        let place = file.place(&row, &text);
        let code = match Code::new(&text).and_then(|code| scheme.level(&code).map(|found| (code, found))) {
            Ok((code, _)) if scheme.ancestor(&code, Level::Street).is_some_and(|street| street.as_str() == NO_STREET) => {
                intake.report.reject(place, Reason::BadValue, format!("{code} is for what lies in no street; it is no area's code"));
                continue;
            }
            Ok((code, found)) if found == level => code,
            Ok((_, found)) => {
                intake.report.reject(place, Reason::WrongLevel, format!("this is the code of a {found}, not of a {level}"));
                continue;
            }
            Err(error) => {
                intake.report.reject(place, Reason::BadValue, error.to_string());
                continue;
            }
        };
        if seen.contains(&code) {
            intake.report.reject(place, Reason::DuplicateId, "the code was there before; put all parts of an area into one MultiPolygon");
            continue;
        }
        let boundary = match file.polygons(&row).and_then(|boundary| shape::check_extent(&boundary).map(|()| boundary)) {
            Ok(boundary) => boundary,
            Err(flaw) => {
                intake.report.reject(place, flaw.reason, flaw.message);
                continue;
            }
        };
        let Some(street) = scheme.ancestor(&code, Level::Street) else { continue };
        if level != Level::Street {
            let Some(enclosure) = streets.get(&street) else {
                let message = format!("street {street} has no boundary in the database; import it first with --level street");
                intake.report.reject(place, Reason::UnknownStreet, message);
                continue;
            };
            if !standing_position(&boundary).is_some_and(|p| enclosure.owns(p)) {
                intake.report.reject(
                    place,
                    Reason::OutsideStreet,
                    format!("the area lies outside street {street}; check the code and the CRS"),
                );
                continue;
            }
            let others = found.get(&street).into_iter().flatten();
            let overlaps = others.map(|other| (&other.code, &other.boundary, shape::shared_m2(&other.boundary, &boundary)));
            if let Some((other, theirs, shared)) = overlaps.max_by(|a, b| a.2.total_cmp(&b.2)).filter(|(_, _, shared)| *shared > NOTICED_M2)
            {
                let message = format!("the area shares {shared:.0} m² with {other}");
                if shared > OVERLAP * measure::area_m2(&boundary).min(measure::area_m2(theirs)) {
                    intake.report.reject(place, Reason::Overlap, format!("{message}; the first one counts"));
                    continue;
                }
                intake.report.remark(place, Reason::Overlap, format!("{message}, a seam that does not quite fit"));
            }
        }
        intake.report.keep(KIND);
        seen.insert(code.clone());
        let name = row.text(&options.name_field).unwrap_or_default();
        found.entry(street).or_default().push(Area { code, level, name, boundary });
    }
    intake.require(path, KIND)?;
    Ok(found)
}

/// One boundary, in one feature or several that do not overlap.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The `name` of the first feature that has one.
    pub name: Option<String>,
    /// The `code` of the first feature that has one.
    pub code: Option<String>,
    /// The polygons.
    pub boundary: MultiPolygon,
    /// The CRS the file was read in.
    pub crs: Crs,
}

/// Reads a file that is one boundary as a whole.
///
/// # Errors
/// A broken file, or any feature that is not a good polygon: half a boundary is none.
pub fn read_outline(path: &Path, crs: Option<Crs>, intake: &mut Intake<'_>) -> Result<Outline, Error> {
    let mut file = FeatureFile::open(path, crs, KIND, intake)?;
    let mut outline = Outline { name: None, code: None, boundary: MultiPolygon::default(), crs: file.crs };
    while let Some(row) = file.next(intake)? {
        let part =
            file.polygons(&row).map_err(|flaw| Error::broken(path, Some(row.line), format!("feature {}: {}", row.number, flaw.message)))?;
        outline.boundary.0.extend(part.0);
        outline.name = outline.name.or_else(|| row.first_text(&["name:zh", "name"]));
        outline.code = outline.code.or_else(|| row.first_text(&["code", "street_code"]));
        intake.report.keep(KIND);
    }
    let count = intake.report.count(KIND);
    if count.kept == 0 || count.kept < count.read {
        intake.require(path, KIND)?;
        let problem = intake.report.problems().iter().find(|problem| problem.kind == KIND);
        let why = problem.map_or_else(|| "a part of the boundary is unusable".to_owned(), |problem| problem.message.clone());
        return Err(Error::broken(path, problem.and_then(|problem| problem.line), why));
    }
    shape::check_parts(&outline.boundary)
        .and_then(|()| shape::check_extent(&outline.boundary))
        .map_err(|flaw| Error::broken(path, None, flaw.message))?;
    Ok(outline)
}
