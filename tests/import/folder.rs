//! A small survey folder to start from: a square street of about a kilometre in EPSG:4544 with two lines, two buildings and
//! three households.

use std::{collections::HashMap, path::Path};

use jiff::tz::TimeZone;
use tempfile::TempDir;
use wangge::{
    geometry::{Crs, ring::signed_area2},
    import::{Error, Intake, Reason, Records, Report, survey},
    model::{Code, LineClass, LonLat},
};

pub const BOUNDARY: &str = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4544"}},"features":[
{"type":"Feature","properties":{"name":"测试街道"},"geometry":{"type":"Polygon","coordinates":[[[484000,2941000],[485000,2941000],[485000,2942000],[484000,2942000],[484000,2941000]]]}}
]}"#;

pub const STREETS: &str = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4544"}},"features":[
{"type":"Feature","properties":{"street_id":"S1","class":"arterial","name":"人民路"},"geometry":{"type":"LineString","coordinates":[[483900,2941500],[485100,2941500]]}},
{"type":"Feature","properties":{"street_id":"S2","class":"Dead_End"},"geometry":{"type":"LineString","coordinates":[[484500,2941500],[484500,2941900]]}}
]}"#;

pub const BUILDINGS: &str = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:4544"}},"features":[
{"type":"Feature","properties":{"building_id":"B1","use":"walkup","levels":6},"geometry":{"type":"Polygon","coordinates":[[[484100,2941100],[484100,2941120],[484120,2941120],[484120,2941100],[484100,2941100]]]}},
{"type":"Feature","properties":{"building_id":"B2","use":"village","households":2},"geometry":{"type":"Polygon","coordinates":[[[484200,2941100],[484210,2941100],[484210,2941110],[484200,2941110],[484200,2941100]]]}}
]}"#;

pub const HOUSEHOLDS: &str = "household_id,building_id,unit,floor,x,y
H1,B1,1,1,484110,2941110
H2,B1,1,2,484110,2941110
H3,B2,,,484205,2941105
";

pub fn street() -> Code {
    Code::new("520201901").unwrap()
}

/// The folder with one file replaced.
pub fn folder(file: &str, content: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in
        [("boundary.geojson", BOUNDARY), ("streets.geojson", STREETS), ("buildings.geojson", BUILDINGS), ("households.csv", HOUSEHOLDS)]
    {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    if !file.is_empty() {
        std::fs::write(folder.path().join(file), content).unwrap();
    }
    folder
}

pub fn read(folder: &Path) -> (Result<Records, Error>, Report) {
    read_as(folder, None)
}

pub fn read_as(folder: &Path, crs: Option<Crs>) -> (Result<Records, Error>, Report) {
    let mut intake = Intake::quiet();
    let options = survey::Options { crs, zone: TimeZone::fixed(jiff::tz::offset(8)), filed: HashMap::new() };
    let records = survey::read(folder, &street(), None, &options, &mut intake);
    (records.map(|mut records| records.remove(&street()).unwrap()), intake.report)
}

/// Reason, file, line and record of every problem.
pub fn problems(report: &Report) -> Vec<(Reason, String, Option<u64>, String)> {
    report.problems().iter().map(|p| (p.reason, p.file.clone(), p.line, p.record.clone())).collect()
}

#[test]
fn a_good_folder_is_read_whole() {
    let (records, report) = read(folder("", "").path());
    let records = records.unwrap();
    assert_eq!(report.problem_count(), 0, "{report}");
    let street = &records.areas.rows()[0];
    assert_eq!((street.code.as_str(), street.name.as_str()), ("520201901", "测试街道"));
    // EPSG:4544 by PROJ 9.5.1: 484000, 2941000 is 104.839392683°E 26.579059249°N.
    let corner = LonLat::from_degrees(104.839_392_682_781_65, 26.579_059_248_873_35).unwrap();
    assert!(street.boundary.0[0].exterior.contains(&corner), "{street:?}");
    let classes: Vec<LineClass> = records.lines.rows().iter().map(|line| line.class).collect();
    assert_eq!(classes, [LineClass::Arterial, LineClass::DeadEnd]);
    assert_eq!(records.lines.rows()[0].name.as_deref(), Some("人民路"));
    let buildings = records.buildings.rows();
    assert_eq!((buildings[0].levels, buildings[1].declared_households), (Some(6), Some(2)));
    // B1 is drawn clockwise.
    assert!(buildings.iter().all(|building| signed_area2(&building.footprint.0[0].exterior) > 0));
    let households = records.households.rows();
    assert_eq!((households.len(), households[1].floor, households[1].unit.as_deref()), (3, Some(2), Some("1")));
    assert!(households.iter().all(|household| !household.estimated && household.building_id.is_some()));
}

#[test]
fn without_a_household_list_households_are_estimated() {
    let folder = folder("", "");
    std::fs::remove_file(folder.path().join("households.csv")).unwrap();
    let (records, report) = read(folder.path());
    let records = records.unwrap();
    let households = records.households.rows();
    // 6 storeys × 400 m² / 100 m² a flat, and the 2 that B2 declares.
    assert_eq!(households.len(), 24 + 2);
    assert!(households.iter().all(|household| household.estimated));
    assert!(report.notes()[0].contains("estimated"), "{report}");
}

#[test]
fn a_boundary_may_have_holes_and_parts() {
    let boundary = BOUNDARY.replace(
        r#""Polygon","coordinates":[[[484000,2941000],[485000,2941000],[485000,2942000],[484000,2942000],[484000,2941000]]]"#,
        r#""MultiPolygon","coordinates":[[[[484000,2941000],[485000,2941000],[485000,2942000],[484000,2942000],[484000,2941000]],[[484190,2941090],[484220,2941090],[484220,2941120],[484190,2941120],[484190,2941090]]],[[[486000,2941000],[486100,2941000],[486100,2941100],[486000,2941000]]]]"#,
    );
    let (records, report) = read(folder("boundary.geojson", boundary).path());
    let records = records.unwrap();
    let parts = &records.areas.rows()[0].boundary.0;
    assert_eq!((parts.len(), parts[0].interiors.len()), (2, 1));
    // B2 and its household stand in the hole.
    assert_eq!(
        problems(&report),
        [
            (Reason::OutsideStreet, "buildings.geojson".into(), Some(3), "B2".into()),
            (Reason::OutsideStreet, "households.csv".into(), Some(4), "H3".into())
        ]
    );
}

#[test]
fn an_issue_list_comes_along() {
    let list = "issue_id,lon,lat,category,reported_at,closed_at\nI1,104.8410,26.5810,waste,2026-03-01 08:00,2026-03-02\n";
    let (records, report) = read(folder("issues.csv", list).path());
    let records = records.unwrap();
    let issue = &records.issues.rows()[0];
    assert_eq!(report.problem_count(), 0, "{report}");
    assert_eq!((issue.status.as_str(), issue.reported_at.to_string().as_str()), ("closed", "2026-03-01T00:00:00Z"));
}

#[test]
fn the_crs_of_the_caller_wins_and_is_noted() {
    let (records, report) = read_as(folder("", "").path(), Some("EPSG:4545".parse().unwrap()));
    assert!(records.unwrap().areas.rows()[0].boundary.0[0].exterior[0].lon() > 107.8);
    assert!(report.notes()[0].contains("urn:ogc:def:crs:EPSG::4544") && report.notes()[0].contains("EPSG:4545"), "{report}");
}

#[test]
fn a_byte_order_mark_and_a_crs_after_the_features_are_fine() {
    let expected = read(folder("", "").path()).0.unwrap();
    let (start, end) = (STREETS.find("\"crs\"").unwrap(), STREETS.find("\"features\"").unwrap());
    let crs = STREETS[start..end].trim_end_matches(',');
    let streets = format!("\u{feff}{}{},{crs}}}", &STREETS[..start], STREETS[end..].trim_end_matches('}'));
    let (records, report) = read(folder("streets.geojson", streets).path());
    assert_eq!(records.unwrap_or_else(|error| panic!("{error}\n{report}")), expected);
}
