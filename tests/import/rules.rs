//! Files of rules.

use std::path::PathBuf;

use tempfile::TempDir;
use wangge::{
    geometry::{Crs, ring::signed_area2},
    import::{Enclosure, Error, Intake, Report, rules},
    model::{LonLat, Rules},
};

/// Each kind of rule, in hundredths of a degree around 104.8, 26.5; the square's ring is clockwise.
const GOOD: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"rule":"dedicated","name":"人民公园"},"geometry":{"type":"Polygon","coordinates":[[[104.8,26.5],[104.8,26.51],[104.81,26.51],[104.81,26.5],[104.8,26.5]]]}},
{"type":"Feature","properties":{"rule":"together"},"geometry":{"type":"MultiPolygon","coordinates":[[[[104.82,26.5],[104.83,26.5],[104.83,26.51],[104.82,26.5]]]]}},
{"type":"Feature","properties":{"rule":"barrier","name":"水城河"},"geometry":{"type":"MultiLineString","coordinates":[[[104.8,26.5],[104.8,26.5],[104.81,26.5]],[[104.9,26.5],[104.91,26.5]]]}},
{"type":"Feature","properties":{"rule":"barrier"},"geometry":{"type":"LineString","coordinates":[[104.9,26.6],[104.91,26.6]]}},
{"type":"Feature","properties":{"rule":"seed"},"geometry":{"type":"Point","coordinates":[104.805,26.505,1800]}}
]}"#;

fn file(content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.geojson");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn read_as(content: &str, crs: Option<Crs>) -> (Result<Rules, Error>, Report) {
    let (_folder, path) = file(content);
    let mut intake = Intake::quiet();
    let rules = rules::read(&path, crs, &mut intake);
    (rules, intake.into_report())
}

fn read(content: &str) -> (Result<Rules, Error>, Report) {
    read_as(content, None)
}

/// A collection with one feature.
fn one(properties: &str, geometry: &str) -> String {
    format!(
        "{{\"type\":\"FeatureCollection\",\"features\":[\n{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{geometry}}}]}}"
    )
}

const POINT: &str = r#"{"type":"Point","coordinates":[104.8,26.5]}"#;

#[test]
fn every_kind_is_read() {
    let (rules, report) = read(GOOD);
    let rules = rules.unwrap();
    assert_eq!((report.problem_count(), report.notes().len()), (0, 0), "{report}");
    let park = &rules.dedicated[0];
    assert_eq!((park.name.as_str(), park.place.0[0].exterior.len()), ("人民公园", 5));
    assert!(signed_area2(&park.place.0[0].exterior) > 0, "rewound");
    assert_eq!(rules.together[0].name, "feature 2 of rules.geojson");
    let barriers: Vec<(&str, usize)> = rules.barriers.iter().map(|rule| (rule.name.as_str(), rule.place.len())).collect();
    assert_eq!(barriers, [("水城河", 2), ("水城河", 2), ("feature 4 of rules.geojson", 2)]);
    assert_eq!(
        (rules.seeds[0].name.as_str(), rules.seeds[0].place),
        ("feature 5 of rules.geojson", LonLat::new(1_048_050_000, 265_050_000))
    );
    assert_eq!(rules.max_dedicated, None);
}

#[test]
fn the_crs_is_the_named_one_or_the_files() {
    let metres = one(r#"{"rule":"seed"}"#, r#"{"type":"Point","coordinates":[484000,2941000]}"#);
    let seed = |read: (Result<Rules, Error>, Report)| read.0.unwrap().seeds[0].place;
    let named = seed(read_as(&metres, Some("EPSG:4544".parse().unwrap())));
    assert!((named.lon() - 104.839).abs() < 0.01 && (named.lat() - 26.58).abs() < 0.01, "{named:?}");
    let with_member = metres.replacen('{', r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4544"}},"#, 1);
    assert_eq!(seed(read(&with_member)), named);
    let message = read(&metres).0.unwrap_err().to_string();
    assert!(message.contains("rules.geojson, line 2: feature 1: ") && message.contains("--crs"), "{message}");
}

#[test]
fn what_is_no_rule_is_refused_with_its_place() {
    let line = r#"{"type":"LineString","coordinates":[[104.8,26.5],[104.81,26.5]]}"#;
    let bow = r#"{"type":"Polygon","coordinates":[[[104.8,26.5],[104.81,26.52],[104.81,26.5],[104.8,26.51],[104.8,26.5]]]}"#;
    let far = r#"{"type":"Polygon","coordinates":[[[104.8,26.5],[114.8,26.5],[114.8,26.51],[104.8,26.5]]]}"#;
    for (properties, geometry, word) in [
        (r#"{"rule":"seeds"}"#, POINT, r#"there is no rule "seeds"; write dedicated, together, barrier or seed"#),
        ("{}", POINT, r#"property "rule" is missing; write dedicated, together, barrier or seed"#),
        (r#"{"rule":["seed"]}"#, POINT, r#"property "rule" is not a word"#),
        (r#"{"rule":"seed"}"#, line, "expected a Point, found a LineString"),
        (r#"{"rule":"barrier"}"#, POINT, "expected a LineString or MultiLineString, found a Point"),
        (r#"{"rule":"dedicated"}"#, line, "expected a Polygon or MultiPolygon"),
        (r#"{"rule":"together"}"#, bow, "crosses"),
        (r#"{"rule":"together"}"#, far, "degrees across"),
        (r#"{"rule":"seed"}"#, "null", "has no geometry"),
        (r#"{"rule":"seed"}"#, r#"{"type":"Point","coordinates":[26.5,104.8]}"#, "swapped"),
        (r#"{"rule":"seed"}"#, r#"{"type":"Point","coordinates":[104.8,NaN]}"#, "NaN is not JSON"),
    ] {
        let (rules, report) = read(&one(properties, geometry));
        let message = rules.unwrap_err().to_string();
        assert!(message.contains("rules.geojson, line 2: feature 1: ") && message.contains(word), "{properties} {geometry}: {message}");
        assert_eq!(report.count(rules::KIND).rejected, 1);
    }
    let (rules, report) = read(&GOOD.replace("\"seed\"", "\"seat\"").replace("\"together\"", "\"one\""));
    let message = rules.unwrap_err().to_string();
    assert!(message.contains("line 3: feature 2: ") && message.contains("1 more rules are bad"), "{message}");
    assert_eq!(report.problems().len(), 2);
    for (content, word) in [("", "is empty"), ("{\"type\":\"Topology\"}", "not GeoJSON"), (&GOOD[..GOOD.len() - 3], "cut off")] {
        let message = read(content).0.unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn what_says_nothing_is_told() {
    let (rules, report) = read(r#"{"type":"FeatureCollection","features":[]}"#);
    assert_eq!(rules.unwrap(), Rules::default());
    assert!(report.notes()[0].contains("no features"), "{report}");
    let extra = one(r#"{"rule":"seed","weight":3,"fid":1}"#, POINT).replacen(r#""type":"Feature","#, r#""type":"Feature","cells":4,"#, 1);
    let (rules, report) = read(&extra);
    assert_eq!(rules.unwrap().seeds.len(), 1);
    assert_eq!(report.notes(), ["rules.geojson: a rule has rule and name; these say nothing to it: cells, fid, weight"]);
}

#[test]
fn a_street_gets_the_rules_that_have_a_place_in_it() {
    let rules = Rules { max_dedicated: Some(3), ..read(GOOD).0.unwrap() };
    let square = |west: f64, east: f64| {
        let corners = [(west, 26.49), (east, 26.49), (east, 26.52), (west, 26.52), (west, 26.49)];
        let exterior = corners.into_iter().map(|(lon, lat)| LonLat::from_degrees(lon, lat).unwrap()).collect();
        Enclosure::new(wangge::model::Polygon { exterior, interiors: vec![] }.into())
    };
    let west = rules::within(&rules, &square(104.79, 104.815));
    assert_eq!((west.dedicated.len(), west.together.len(), west.barriers.len(), west.seeds.len()), (1, 0, 1, 1));
    assert_eq!(west.max_dedicated, Some(3));
    // A street that lies within a rule's area is touched by it, too.
    assert_eq!(rules::within(&rules, &square(104.802, 104.803)).dedicated.len(), 1);
    assert_eq!(rules::unused(&rules, std::slice::from_ref(&west)), ["feature 2 of rules.geojson", "feature 4 of rules.geojson"]);
    let middle = rules::within(&rules, &square(104.815, 104.84));
    assert_eq!(rules::unused(&rules, &[west, middle]), ["feature 4 of rules.geojson"]);
}
