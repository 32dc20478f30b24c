//! GeoJSON features with their line numbers, in whatever CRS the file or the caller names.

use std::path::Path;

use geojson::{Feature, GeometryValue, Position};

use super::{Error, Intake, Reason, json, report::Place, shape, shape::Flaw};
use crate::{
    geometry::{
        Crs,
        crs::{self, ToLonLat},
    },
    model::{LonLat, MultiPolygon},
};

/// One GeoJSON file being read.
pub struct FeatureFile {
    /// The file as the report names it.
    pub name: String,
    /// The CRS its coordinates are in.
    pub crs: Crs,
    kind: &'static str,
    features: json::Features,
    to_lonlat: ToLonLat,
    number: u64,
}

/// One good feature.
pub struct Row {
    /// Line of the file.
    pub line: u64,
    /// Number in the file, from 1.
    pub number: u64,
    feature: Feature,
}

impl FeatureFile {
    /// Opens a file. The CRS is `named` if the caller insists, else the file's `crs` member, else EPSG:4326 (RFC 7946).
    pub fn open(path: &Path, named: Option<Crs>, kind: &'static str, intake: &mut Intake<'_>) -> Result<Self, Error> {
        let header = json::header(path)?;
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        match header.kind.as_deref() {
            Some("FeatureCollection") if header.has_features => {}
            Some("FeatureCollection") => return Err(Error::broken(path, None, "the FeatureCollection has no array \"features\"")),
            Some("Feature" | "Polygon" | "MultiPolygon" | "LineString" | "MultiLineString") => {}
            other => {
                let found = other.map_or("no \"type\"".to_owned(), |kind| format!("type {kind:?}"));
                return Err(Error::broken(path, Some(1), format!("this is not GeoJSON with features ({found})")));
            }
        }
        let member = header.crs.as_ref().filter(|crs| !crs.is_null());
        let crs = match (named, member) {
            (Some(named), member) => {
                if let Some(theirs) = member.and_then(crs_name).filter(|theirs| theirs.parse() != Ok(named)) {
                    intake.report.note(format!("{file} says its CRS is {theirs}; it was read as {named}, as asked"));
                }
                named
            }
            (None, Some(member)) => {
                let name = crs_name(member).ok_or_else(|| Error::Crs {
                    file: path.to_owned(),
                    why: "the crs member has no properties.name; name the CRS with --crs".into(),
                })?;
                name.parse().map_err(|error| Error::crs(path, &error))?
            }
            (None, None) => Crs::Wgs84,
        };
        let to_lonlat = crs.to_lonlat().map_err(|error| Error::crs(path, &error))?;
        Ok(Self { name: file, crs, kind, features: json::Features::open(path, &header)?, to_lonlat, number: 0 })
    }

    /// The next feature that can be parsed; those that cannot are reported on the way.
    pub fn next(&mut self, intake: &mut Intake<'_>) -> Result<Option<Row>, Error> {
        while let Some(raw) = self.features.next()? {
            self.number += 1;
            if self.number % 256 == 1 {
                let (done, total) = self.features.position();
                intake.progress(&self.name, done, total);
            }
            intake.report.read(self.kind);
            match parse(&raw.text) {
                Ok(feature) => return Ok(Some(Row { line: raw.line, number: self.number, feature })),
                Err(message) => {
                    let record = format!("feature {}", self.number);
                    let place = Place { file: &self.name, line: Some(raw.line), record: &record, kind: self.kind };
                    intake.report.reject(place, Reason::Malformed, message);
                }
            }
        }
        let (_, total) = self.features.position();
        intake.progress(&self.name, total, total);
        Ok(None)
    }

    /// Where a row stands, for the report.
    pub fn place<'a>(&'a self, row: &Row, record: &'a str) -> Place<'a> {
        Place { file: &self.name, line: Some(row.line), record, kind: self.kind }
    }

    /// The row's geometry as polygons.
    pub fn polygons(&self, row: &Row) -> Result<MultiPolygon, Flaw> {
        let parts = match geometry(row)? {
            GeometryValue::Polygon { coordinates } => std::slice::from_ref(coordinates),
            GeometryValue::MultiPolygon { coordinates } => coordinates.as_slice(),
            other => return Err(wrong_geometry(other, "a Polygon or MultiPolygon")),
        };
        let mut shape = MultiPolygon::default();
        for rings in parts {
            let rings = rings.iter().map(|ring| self.positions(ring)).collect::<Result<Vec<_>, _>>()?;
            shape.0.push(shape::polygon(rings)?);
        }
        if shape.0.is_empty() {
            return Err(Flaw::new(Reason::NoGeometry, "the MultiPolygon has no part"));
        }
        shape::check_parts(&shape)?;
        Ok(shape)
    }

    /// The row's geometry as lines.
    pub fn lines(&self, row: &Row) -> Result<Vec<Vec<LonLat>>, Flaw> {
        let parts = match geometry(row)? {
            GeometryValue::LineString { coordinates } => std::slice::from_ref(coordinates),
            GeometryValue::MultiLineString { coordinates } => coordinates.as_slice(),
            other => return Err(wrong_geometry(other, "a LineString or MultiLineString")),
        };
        if parts.is_empty() {
            return Err(Flaw::new(Reason::NoGeometry, "the MultiLineString has no part"));
        }
        parts.iter().map(|part| shape::line(self.positions(part)?)).collect()
    }

    /// The row's geometry as one position.
    pub fn point(&self, row: &Row) -> Result<LonLat, Flaw> {
        match geometry(row)? {
            GeometryValue::Point { coordinates } => self.position(coordinates),
            other => Err(wrong_geometry(other, "a Point")),
        }
    }

    fn positions(&self, positions: &[Position]) -> Result<Vec<LonLat>, Flaw> {
        positions.iter().map(|position| self.position(position)).collect()
    }

    fn position(&self, position: &Position) -> Result<LonLat, Flaw> {
        match position.as_slice() {
            [x, y, ..] => self.to_lonlat.convert(*x, *y).map_err(|error| coordinate_flaw(&error, &self.to_lonlat)),
            _ => Err(Flaw::new(Reason::BadCoordinate, "a position has fewer than two numbers")),
        }
    }
}

impl Row {
    /// A property as text; numbers are written out. Empty text is none.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.feature.property(name)? {
            serde_json::Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A property as a whole number; `Err` with the text when it is something else.
    pub fn whole<T: TryFrom<i64>>(&self, name: &str) -> Result<Option<T>, String> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse::<i64>().ok().or_else(|| text.parse::<f64>().ok().filter(|f| f.fract() == 0.0).map(|f| f as i64));
        number.and_then(|n| T::try_from(n).ok()).map(Some).ok_or(text)
    }

    /// The names of its properties, and of what stands beside the members that GeoJSON knows.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.feature.properties.iter().chain(&self.feature.foreign_members).flat_map(|members| members.keys().map(String::as_str))
    }

    /// The first of several properties that has text.
    pub fn first_text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name))
    }
}

/// The flaw of a coordinate, with a guess at the cause in the words for people.
pub fn coordinate_flaw(error: &crs::Error, to_lonlat: &ToLonLat) -> Flaw {
    let hint = match error {
        crs::Error::Coordinate { x, y, .. } if !x.is_finite() || !y.is_finite() => "; every coordinate is a finite number",
        crs::Error::Coordinate { x, y, .. } if to_lonlat.convert(*y, *x).is_ok() => {
            "; are the two swapped? longitude or easting comes first"
        }
        crs::Error::Coordinate { x, y, .. } if x.abs() > 360.0 || y.abs() > 360.0 => {
            "; metres? then name the file's CRS with --crs, EPSG:4544 for example"
        }
        crs::Error::Coordinate { .. } => "; degrees? then name the file's CRS with --crs",
        _ => "",
    };
    Flaw::new(Reason::BadCoordinate, format!("{error}{hint}"))
}

fn parse(text: &[u8]) -> Result<Feature, String> {
    let text = std::str::from_utf8(text).map_err(|_| "the feature is not UTF-8, as GeoJSON must be".to_owned())?;
    match text.parse::<geojson::GeoJson>() {
        Ok(geojson::GeoJson::Feature(feature)) => Ok(feature),
        Ok(geojson::GeoJson::Geometry(geometry)) => Ok(geometry.into()),
        Ok(geojson::GeoJson::FeatureCollection(_)) => Err("a collection where a feature should be".to_owned()),
        Err(error) => Err(match foreign_word(text) {
            Some(word) => format!("not a valid feature: {word} is not JSON; every coordinate is a finite number"),
            // The line and column that serde counts are those of this feature's text, not of the file.
            None => format!("not a valid feature: {}", error.to_string().split(" at line ").next().unwrap_or_default()),
        }),
    }
}

/// A word outside strings that some programs write for a number and JSON does not know.
fn foreign_word(text: &str) -> Option<&'static str> {
    let escaped = text.replace("\\\"", "");
    let bare: String = escaped.split('"').step_by(2).collect();
    ["NaN", "nan", "Infinity", "inf"].into_iter().find(|word| bare.contains(word))
}

fn geometry(row: &Row) -> Result<&GeometryValue, Flaw> {
    row.feature
        .geometry
        .as_ref()
        .map(|geometry| &geometry.value)
        .ok_or_else(|| Flaw::new(Reason::NoGeometry, "the feature has no geometry"))
}

fn wrong_geometry(found: &GeometryValue, wanted: &str) -> Flaw {
    Flaw::new(Reason::WrongGeometry, format!("expected {wanted}, found a {}", found.type_name()))
}

fn crs_name(member: &serde_json::Value) -> Option<&str> {
    member.pointer("/properties/name").or_else(|| member.get("name")).and_then(serde_json::Value::as_str)
}
