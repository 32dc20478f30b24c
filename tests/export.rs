//! What is written to files, of a street small enough to check by hand.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod mini;
#[path = "store/place.rs"]
#[allow(dead_code, reason = "the store's own tests use the rest")]
mod place;

use std::collections::BTreeMap;

use jiff::civil::date;
use mini::*;
use serde_json::{Value, json};
use wangge::{
    export::{self, Error, Records, Scope, Set},
    index::Snapshot,
};

fn scope(area: Option<&str>) -> Scope {
    Scope { area: area.map(code), as_of: date(2026, 11, 24) }
}

fn snapshot() -> Snapshot {
    Snapshot::build(world()).unwrap()
}

fn geojson(snapshot: &Snapshot, set: Set, scope: &Scope) -> String {
    let mut out = Vec::new();
    export::write_geojson(&Records::select(snapshot, set, scope).unwrap(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn csv_text(snapshot: &Snapshot, set: Set, scope: &Scope) -> String {
    let mut out = Vec::new();
    export::write_csv(&Records::select(snapshot, set, scope).unwrap(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn features(text: &str) -> Vec<Value> {
    let collection: Value = serde_json::from_str(text).unwrap();
    assert_eq!(collection["type"], "FeatureCollection");
    collection["features"].as_array().unwrap().clone()
}

/// Twice the signed area of every ring of a (multi)polygon in squared grid steps, by ring: exteriors first.
fn ring_areas(feature: &Value) -> Vec<i128> {
    let coordinates = &feature["geometry"]["coordinates"];
    let polygons = match feature["geometry"]["type"].as_str().unwrap() {
        "Polygon" => vec![coordinates.clone()],
        _ => coordinates.as_array().unwrap().clone(),
    };
    let steps = |n: &Value| (n.as_f64().unwrap() * 1e7).round() as i128;
    let area = |ring: &Value| {
        let ring: Vec<[i128; 2]> = ring.as_array().unwrap().iter().map(|p| [steps(&p[0]), steps(&p[1])]).collect();
        assert_eq!(ring.first(), ring.last());
        ring.windows(2).map(|e| e[0][0] * e[1][1] - e[1][0] * e[0][1]).sum::<i128>()
    };
    polygons.iter().flat_map(|polygon| polygon.as_array().unwrap().iter().map(area).collect::<Vec<_>>()).collect()
}

#[test]
fn cells_carry_the_promised_properties_in_order() {
    let text = geojson(&snapshot(), Set::Cells, &scope(None));
    let cells = features(&text);
    let names: Vec<&str> = cells[0]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["cell_code", "community_code", "street_code", "name", "households", "persons", "groups", "area_m2", "kind", "estimated"]
    );
    let codes: Vec<&str> = cells.iter().map(|cell| cell["id"].as_str().unwrap()).collect();
    assert_eq!(codes, [NORTH_WEST, SOUTH_WEST, NORTH_EAST, SOUTH_EAST]);
    let mut properties = cells[1]["properties"].clone();
    let area = properties["area_m2"].take().as_f64().unwrap();
    // 0.002° × 0.002° at 26.59° N.
    assert!((area - 44_000.0).abs() < 200.0, "{area}");
    assert_eq!(
        properties,
        json!({"cell_code": SOUTH_WEST, "community_code": "520201011001", "street_code": STREET, "name": "网格001002",
            "households": 10, "persons": 30, "groups": 1, "area_m2": null, "kind": "basic", "estimated": false})
    );
    assert_eq!(cells[0]["properties"]["persons"], Value::Null, "no household there says");
    // One feature a line, as promised to those who read line by line.
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[1..5].iter().all(|line| serde_json::from_str::<Value>(line.trim_end_matches(',')).is_ok()));
}

#[test]
fn every_coordinate_has_seven_decimals_and_every_ring_the_right_turn() {
    let snapshot = snapshot();
    for set in [Set::Streets, Set::Communities, Set::Cells, Set::Groups] {
        let text = geojson(&snapshot, set, &scope(None));
        for numbers in text.split("\"coordinates\":").skip(1) {
            let numbers = numbers.split('}').next().unwrap();
            for number in numbers.split(['[', ']', ',']).filter(|n| !n.trim().is_empty()) {
                assert_eq!(number.split_once('.').map(|(_, decimals)| decimals.len()), Some(7), "{number}");
            }
        }
        for feature in features(&text) {
            assert!(ring_areas(&feature).iter().all(|area| *area > 0), "{set:?}");
        }
    }
}

#[test]
fn children_tile_their_parent_exactly() {
    let snapshot = snapshot();
    let sum = |set| features(&geojson(&snapshot, set, &scope(None))).iter().flat_map(ring_areas).sum::<i128>();
    let (streets, communities, cells) = (sum(Set::Streets), sum(Set::Communities), sum(Set::Cells));
    assert_eq!(cells, 2 * 4 * i128::from(STEP) * i128::from(STEP));
    assert_eq!((streets, communities), (cells, cells));
}

#[test]
fn a_scope_is_a_prefix_and_a_day() {
    let snapshot = snapshot();
    let ids = |set, scope: &Scope| -> Vec<String> {
        let records = Records::select(&snapshot, set, scope).unwrap();
        (0..records.len()).map(|number| records.id(number).into_owned()).collect()
    };
    assert_eq!(ids(Set::Cells, &scope(Some("520201011002"))), [NORTH_EAST, SOUTH_EAST]);
    assert_eq!(ids(Set::Cells, &scope(Some("520201"))).len(), 4);
    assert_eq!(ids(Set::Households, &scope(Some(SOUTH_WEST))).len(), 10);
    assert_eq!(ids(Set::Groups, &scope(Some(SOUTH_WEST))), [format!("{SOUTH_WEST}001")]);
    assert_eq!(ids(Set::Issues, &scope(None)), ["i1", "i2", "i3", "i4", "i5"]);
    assert_eq!(ids(Set::Issues, &scope(Some(STREET))), ["i1", "i2", "i3", "i5"]);
    assert_eq!(ids(Set::Issues, &scope(Some(NORTH_WEST))), ["i1", "i2"]);
    assert_eq!(ids(Set::Issues, &scope(Some(SOUTH_WEST))), ["i5"], "the border is the west's");
    let last_year = Scope { area: None, as_of: date(2025, 6, 1) };
    assert_eq!(ids(Set::Cells, &last_year), [NORTH_WEST]);
    assert!(matches!(Records::select(&snapshot, Set::Cells, &scope(Some("520203"))), Err(Error::NoSuchArea(_))));
    let too_late = Scope { area: Some(code(SOUTH_EAST)), ..last_year };
    assert!(matches!(Records::select(&snapshot, Set::Cells, &too_late), Err(Error::NoSuchArea(_))));
}

#[test]
fn groups_are_memberships_in_csv_and_hulls_in_geojson() {
    let snapshot = snapshot();
    let text = csv_text(&snapshot, Set::Groups, &scope(None));
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["household_id", "group_code", "cell_code", "is_head"]);
    assert_eq!(rows.len(), 41);
    let mut heads: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &rows[1..] {
        assert!(row[1].starts_with(row[2]));
        if row[3] == "true" {
            heads.entry(row[1]).or_default().push(row[0]);
        }
    }
    assert_eq!(heads.len(), 4);
    assert_eq!(heads[format!("{NORTH_WEST}001").as_str()], ["h003"]);
    let hulls = features(&geojson(&snapshot, Set::Groups, &scope(None)));
    assert_eq!(hulls.len(), 4);
    assert!(hulls.iter().all(|hull| hull["properties"]["households"] == 10 && hull["geometry"]["type"] == "Polygon"));
    assert!(hulls[0]["properties"].get("head").is_none());
}

#[test]
fn households_beyond_the_plan_are_in_the_total_and_outside() {
    let mut world = world();
    let street = world.get_mut(&code(STREET)).unwrap();
    let beyond = wangge::model::Household { id: "h999".into(), position: at(2500, 500), persons: Some(7), ..street.households[0].clone() };
    street.households.push(beyond);
    let snapshot = Snapshot::build(world).unwrap();
    let mut out = Vec::new();
    export::write_report_csv(&snapshot, &scope(None), &mut out).unwrap();
    let rows = csv::Reader::from_reader(&out[..]).deserialize::<BTreeMap<String, String>>().map(Result::unwrap).collect::<Vec<_>>();
    let of = |level: &str| {
        let row = rows.iter().find(|row| row["level"] == level).unwrap();
        (row["households"].as_str(), row["persons"].as_str())
    };
    assert_eq!((of("total"), of("street"), of("outside")), (("41", "97"), ("40", "90"), ("1", "7")));
}

#[test]
fn points_can_be_imported_again() {
    let snapshot = snapshot();
    let issues = csv_text(&snapshot, Set::Issues, &scope(Some(STREET)));
    let mut lines = issues.lines();
    assert_eq!(
        lines.next().unwrap(),
        "issue_id,lon,lat,category,status,reported_at,closed_at,description,street_code,community_code,cell_code,group_code"
    );
    assert_eq!(
        lines.next().unwrap(),
        format!("i1,104.8336000,26.5932000,waste,open,2026-03-01T01:00:00Z,,,{STREET},520201011001,{NORTH_WEST},{NORTH_WEST}001")
    );
    assert!(issues.contains("\"light, street\""), "a comma is quoted");
    let households = csv_text(&snapshot, Set::Households, &scope(None));
    assert_eq!(
        households.lines().nth(11).unwrap(),
        format!("h100,104.8334400,26.5906000,b1,1,1,3,钟山大道11号1单元0室,{SOUTH_WEST}001,{SOUTH_WEST},false,false")
    );
}

#[test]
fn the_report_adds_up() {
    let snapshot = snapshot();
    for area in [None, Some(STREET), Some("520201011001"), Some(SOUTH_EAST)] {
        let mut out = Vec::new();
        export::write_report_csv(&snapshot, &scope(area), &mut out).unwrap();
        let mut sums: BTreeMap<String, [u32; 5]> = BTreeMap::new();
        for row in csv::Reader::from_reader(&out[..]).deserialize::<BTreeMap<String, String>>() {
            let row = row.unwrap();
            let sum = sums.entry(row["level"].clone()).or_default();
            for (total, column) in sum.iter_mut().zip(["cells", "groups", "households", "issues", "open_issues"]) {
                *total += row[column].parse::<u32>().unwrap();
            }
        }
        let outside = sums["outside"];
        let total = sums["total"];
        for level in ["street", "community", "cell"] {
            if let Some(sum) = sums.get(level) {
                let added: Vec<u32> = sum.iter().zip(outside).map(|(a, b)| a + b).collect();
                assert_eq!(added, total, "{area:?} {level}");
            }
        }
        let expected = match area {
            None => [4, 4, 40, 5, 4],
            Some(STREET) => [4, 4, 40, 4, 3],
            Some(SOUTH_EAST) => [1, 1, 10, 1, 1],
            _ => [2, 2, 20, 3, 2],
        };
        assert_eq!(total, expected, "{area:?}");
        let mut json = Vec::new();
        assert_eq!(export::write_report_json(&snapshot, &scope(area), &mut json).unwrap(), sums_len(&out));
        assert_eq!(serde_json::from_slice::<Value>(&json).unwrap()["rows"][0]["issues"], total[3]);
    }
}

fn sums_len(csv: &[u8]) -> usize {
    csv.iter().filter(|byte| **byte == b'\n').count() - 1
}

#[test]
fn sequences_stand_on_record_separators() {
    let snapshot = snapshot();
    let mut out = Vec::new();
    export::write_geojson_seq(&Records::select(&snapshot, Set::Issues, &scope(None)).unwrap(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let records: Vec<&str> = text.split('\u{1e}').skip(1).collect();
    assert_eq!(records.len(), 5);
    assert!(records.iter().all(|record| record.ends_with('\n') && serde_json::from_str::<Value>(record).unwrap()["type"] == "Feature"));
}

#[test]
fn a_full_disk_is_an_error() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let snapshot = snapshot();
    let records = Records::select(&snapshot, Set::Cells, &scope(None)).unwrap();
    for room in [0, 500] {
        assert!(matches!(export::write_geojson(&records, &mut Full(room)), Err(Error::Write(_))));
        assert!(matches!(export::write_csv(&records, &mut Full(room.min(100))), Err(Error::Write(_))));
    }
}

/// Every set in every format.
fn everything(snapshot: &Snapshot) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for set in [Set::Streets, Set::Communities, Set::Cells, Set::Groups, Set::Households, Set::Issues] {
        files.push(geojson(snapshot, set, &scope(None)).into_bytes());
        files.push(csv_text(snapshot, set, &scope(None)).into_bytes());
    }
    let mut report = Vec::new();
    export::write_report_json(snapshot, &scope(None), &mut report).unwrap();
    files.push(report);
    files
}

async fn a_store_does_not_show_in_the_bytes(place: std::sync::Arc<place::Place>) {
    let store = place.open().await;
    store.commit(0, &change_set()).await.unwrap();
    let loaded = Snapshot::build(store.load().await.unwrap()).unwrap();
    assert_eq!(everything(&loaded), everything(&snapshot()));
}

#[tokio::test]
async fn a_geopackage_does_not_show_in_the_bytes() {
    place::on(place::Kind::GeoPackage, a_store_does_not_show_in_the_bytes).await;
}

#[tokio::test]
async fn a_postgis_does_not_show_in_the_bytes() {
    place::on(place::Kind::PostGis, a_store_does_not_show_in_the_bytes).await;
}

#[tokio::test]
async fn the_command_writes_whole_files_or_says_why_not() {
    place::on(place::Kind::GeoPackage, async |place: std::sync::Arc<place::Place>| {
        place.open().await.commit(0, &change_set()).await.unwrap();
        let folder = place.folder.path();
        let run = |args: &[&str]| {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_wangge"))
                .arg("export")
                .args(args)
                .args(["--db", &place.url])
                .current_dir(folder)
                .output()
                .unwrap();
            (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
        };
        let (ok, out, _) = run(&["cells", "--as-of", "2026-11-24"]);
        assert!(ok);
        assert_eq!(out, geojson(&snapshot(), Set::Cells, &scope(None)));
        assert!(run(&["groups", "--format", "csv", "--as-of", "2026-11-24", "--out", "groups.csv"]).0);
        assert_eq!(std::fs::read_to_string(folder.join("groups.csv")).unwrap(), csv_text(&snapshot(), Set::Groups, &scope(None)));
        assert!(run(&["cells", "--format", "gpkg", "--out", "copy.gpkg"]).0);
        assert!(std::fs::metadata(folder.join("copy.gpkg")).unwrap().len() > 0);
        for (args, why) in [
            (vec!["cells", "--area", "520203", "--out", "new.geojson"], "no area 520203"),
            (vec!["report", "--format", "geojson", "--out", "new.geojson"], "csv or json"),
            (vec!["cells", "--format", "json", "--out", "new.geojson"], "geojson, geojsonseq, csv or gpkg"),
            (vec!["cells", "--format", "gpkg"], "--out"),
            (vec!["cells", "--format", "gpkg", "--area", STREET, "--out", "new.geojson"], "whole database"),
            (vec!["cells", "--out", "no/such/folder.geojson"], "no/such/folder.geojson"),
            (vec!["cells", "--as-of", "soon"], "--as-of"),
        ] {
            let (ok, out, error) = run(&args);
            assert!(!ok && out.is_empty() && error.contains(why), "{args:?}: {error}");
        }
        let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(!left.iter().any(|name| name.contains("part") || name.contains("new")), "{left:?}");
    })
    .await;
}
