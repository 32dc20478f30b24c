//! Writes the sample city as a survey folder, the way a survey would come in.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Map, Value, json};

use super::{City, Error};
use crate::model::{LonLat, Polygon};

/// Writes `boundary.geojson`, `streets.geojson`, `buildings.geojson`, `households.csv`, `issues.csv`, `communities.csv` and
/// `manifest.json`; files of these names are replaced. Coordinates are longitude and latitude (CRS84) with up to seven decimals.
///
/// # Errors
/// [`Error::Write`] with the file's path.
pub fn write(city: &City, folder: &Path) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let save = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| {
            // Half a file would be read as a whole one.
            let _ = std::fs::remove_file(&path);
            failed(&path)(error)
        })
    };
    save("boundary.geojson", boundary(city))?;
    save("streets.geojson", streets(city))?;
    save("buildings.geojson", buildings(city))?;
    save("households.csv", households(city))?;
    save("issues.csv", issues(city))?;
    save("communities.csv", communities(city))?;
    save("manifest.json", manifest(city))
}

fn boundary(city: &City) -> String {
    let mut properties = Map::new();
    properties.insert("code".into(), city.street.as_str().into());
    properties.insert("name".into(), city.name.as_str().into());
    collection([feature(properties, "Polygon", &rings(&city.boundary))])
}

fn streets(city: &City) -> String {
    collection(city.lines.iter().map(|line| {
        let mut properties = Map::new();
        properties.insert("street_id".into(), line.id.as_str().into());
        properties.insert("class".into(), line.class.as_str().into());
        if let Some(name) = &line.name {
            properties.insert("name".into(), name.as_str().into());
        }
        feature(properties, "LineString", &positions(&line.path))
    }))
}

fn buildings(city: &City) -> String {
    collection(city.buildings.iter().flat_map(|building| {
        let mut properties = Map::new();
        properties.insert("building_id".into(), building.id.as_str().into());
        properties.insert("households".into(), building.declared_households.unwrap_or(0).into());
        for (key, value) in [
            ("levels", building.levels.map(Value::from)),
            ("use", building.purpose.as_deref().map(Value::from)),
            ("name", building.name.as_deref().map(Value::from)),
            ("address", building.address.as_deref().map(Value::from)),
        ] {
            if let Some(value) = value {
                properties.insert(key.into(), value);
            }
        }
        building.footprint.0.iter().map(move |part| feature(properties.clone(), "Polygon", &rings(part)))
    }))
}

fn households(city: &City) -> String {
    let mut text = String::from("household_id,building_id,lon,lat,unit,floor,persons,address\n");
    for household in &city.households {
        let number = |value: Option<i64>| value.map(|v| v.to_string()).unwrap_or_default();
        row(
            &mut text,
            &[
                &household.id,
                household.building_id.as_deref().unwrap_or_default(),
                &household.position.lon().to_string(),
                &household.position.lat().to_string(),
                household.unit.as_deref().unwrap_or_default(),
                &number(household.floor.map(i64::from)),
                &number(household.persons.map(i64::from)),
                household.address.as_deref().unwrap_or_default(),
            ],
        );
    }
    text
}

fn issues(city: &City) -> String {
    let mut text = String::from("issue_id,lon,lat,category,reported_at,closed_at,status,description\n");
    for issue in &city.issues {
        row(
            &mut text,
            &[
                &issue.id,
                &issue.position.lon().to_string(),
                &issue.position.lat().to_string(),
                &issue.category,
                &local_time(issue.reported_at),
                &issue.closed_at.map(local_time).unwrap_or_default(),
                issue.status.as_str(),
                issue.description.as_deref().unwrap_or_default(),
            ],
        );
    }
    text
}

fn communities(city: &City) -> String {
    let mut text = String::from("code,name\n");
    for (code, name) in &city.communities {
        row(&mut text, &[code.as_str(), name]);
    }
    text
}

fn manifest(city: &City) -> String {
    let manifest = json!({
        "synthetic": true,
        "note": "Invented by `wangge city`: the geometry, buildings, households, addresses and issues are no real ones. \
                 Only the codes and names of the street and its communities are real.",
        "street": city.street.as_str(),
        "name": city.name,
        "seed": city.seed,
        "until": city.until.to_string(),
        "crs": "OGC:CRS84",
        "counts": {
            "streets": city.lines.len(),
            "buildings": city.buildings.len(),
            "households": city.households.len(),
            "issues": city.issues.len(),
            "communities": city.communities.len(),
        },
    });
    format!("{manifest:#}\n")
}

/// One feature a line, so that the files can be read and compared by people.
fn collection(features: impl IntoIterator<Item = String>) -> String {
    let mut text = String::from("{\"type\":\"FeatureCollection\",\"features\":[\n");
    for (index, feature) in features.into_iter().enumerate() {
        if index > 0 {
            text.push_str(",\n");
        }
        text.push_str(&feature);
    }
    text.push_str("\n]}\n");
    text
}

fn feature(properties: Map<String, Value>, kind: &str, coordinates: &str) -> String {
    let properties = Value::Object(properties);
    format!(r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#)
}

fn positions(path: &[LonLat]) -> String {
    let mut text = String::from("[");
    for (index, p) in path.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}[{},{}]", p.lon(), p.lat());
    }
    text.push(']');
    text
}

fn rings(polygon: &Polygon) -> String {
    format!("[{}]", polygon.rings().map(|ring| positions(ring)).collect::<Vec<_>>().join(","))
}

/// A CSV row; fields are quoted where RFC 4180 asks for it.
fn row(text: &mut String, fields: &[&str]) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            let _ = write!(text, "\"{}\"", field.replace('"', "\"\""));
        } else {
            text.push_str(field);
        }
    }
    text.push('\n');
}

/// RFC 3339 in China's time.
fn local_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
