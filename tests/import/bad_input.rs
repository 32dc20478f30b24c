//! Bad input: file, line, reason, what to do.

use wangge::import::{Error, Reason};

use super::folder::{BOUNDARY, BUILDINGS, HOUSEHOLDS, STREETS, folder, problems, read};

/// The message of a folder that cannot be imported.
fn refusal(file: &str, content: impl AsRef<[u8]>) -> String {
    let (records, report) = read(folder(file, content).path());
    let error = records.err().unwrap_or_else(|| panic!("{file} was accepted\n{report}"));
    error.to_string()
}

/// The reasons of records left out or remarked on, the rest being accepted.
fn reasons(file: &str, content: impl AsRef<[u8]>) -> Vec<(Reason, Option<u64>)> {
    let (records, report) = read(folder(file, content).path());
    records.unwrap_or_else(|error| panic!("{error}\n{report}"));
    problems(&report).into_iter().map(|(reason, _, line, _)| (reason, line)).collect()
}

/// A building beside the good ones, on line 4.
fn with_building(properties: &str, geometry: &str) -> String {
    BUILDINGS.replace("\n]}", &format!(",\n{{\"type\":\"Feature\",\"properties\":{properties},\"geometry\":{geometry}}}\n]}}"))
}

fn building_ring(ring: &str) -> Vec<(Reason, Option<u64>)> {
    reasons("buildings.geojson", with_building(r#"{"building_id":"B3"}"#, &format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#)))
}

#[test]
fn a_missing_or_empty_file_says_so() {
    let broken = folder("", "");
    std::fs::remove_file(broken.path().join("streets.geojson")).unwrap();
    assert!(read(broken.path()).0.unwrap_err().to_string().contains("streets.geojson: a survey folder holds"));
    for file in ["boundary.geojson", "streets.geojson", "buildings.geojson", "households.csv"] {
        for content in ["", "\n \n"] {
            let message = refusal(file, content);
            assert!(message.contains(file) && message.contains("is empty"), "{message}");
        }
    }
}

#[test]
fn a_file_that_is_cut_off_says_where() {
    let message = refusal("buildings.geojson", &BUILDINGS[..BUILDINGS.len() - 40]);
    assert!(message.contains("buildings.geojson, line 3") && message.contains("cut off"), "{message}");
    let message = refusal("streets.geojson", "household_id,x,y\n1,2,3\n");
    assert!(message.contains("line 1") && message.contains("not GeoJSON"), "{message}");
    let message = refusal("streets.geojson", r#"{"type":"Topology","objects":{}}"#);
    assert!(message.contains("Topology"), "{message}");
}

#[test]
fn broken_rings_are_left_out_by_name() {
    let line = Some(4);
    assert_eq!(building_ring("[[484300,2941100],[484310,2941100],[484310,2941110]]"), [(Reason::OpenRing, line)]);
    assert_eq!(building_ring("[[484300,2941100],[484310,2941100],[484300,2941100]]"), [(Reason::TooFewPositions, line)]);
    assert_eq!(
        building_ring("[[484300,2941100],[484310,2941110],[484310,2941100],[484300,2941108],[484300,2941100]]"),
        [(Reason::CrossingRing, line)]
    );
    // In one line in metres; in degrees, rounded to the grid, not quite.
    assert_eq!(building_ring("[[484300,2941100],[484305,2941100],[484310,2941100],[484300,2941100]]"), [(Reason::NoArea, line)]);
    assert_eq!(building_ring("[[484300,NaN],[484310,2941100],[484310,2941110],[484300,NaN]]"), [(Reason::Malformed, line)]);
    assert_eq!(building_ring("[[484300],[484310,2941100],[484310,2941110],[484300]]"), [(Reason::BadCoordinate, line)]);
    assert_eq!(building_ring("[[2941100,484300],[2941100,484310],[2941110,484310],[2941100,484300]]"), [(Reason::BadCoordinate, line)]);
    let point = with_building(r#"{"building_id":"B3"}"#, r#"{"type":"Point","coordinates":[484300,2941100]}"#);
    assert_eq!(reasons("buildings.geojson", point), [(Reason::WrongGeometry, line)]);
    assert_eq!(reasons("buildings.geojson", with_building(r#"{"building_id":"B3"}"#, "null")), [(Reason::NoGeometry, line)]);
}

#[test]
fn a_broken_boundary_aborts() {
    let open = BOUNDARY.replace("[484000,2942000],[484000,2941000]", "[484000,2942000]");
    let message = refusal("boundary.geojson", open);
    assert!(message.contains("boundary.geojson, line 2") && message.contains("not closed"), "{message}");
    let message = refusal("boundary.geojson", BOUNDARY.replace("484000,2941000", "NaN,2941000"));
    assert!(message.contains("boundary.geojson") && message.contains("not a valid feature"), "{message}");
    let message = refusal("boundary.geojson", r#"{"type":"FeatureCollection","features":[]}"#);
    assert!(message.contains("there are no boundaries in it"), "{message}");
}

#[test]
fn a_wrong_or_missing_crs_says_what_to_do() {
    let message = refusal("boundary.geojson", BOUNDARY.replace("EPSG::4544", "EPSG::9999"));
    assert!(message.contains("unknown CRS") && message.contains("EPSG:4490"), "{message}");
    // Without a crs member RFC 7946's degrees are meant; metres are not degrees.
    let start = BOUNDARY.find("\"crs\"").unwrap();
    let bare = format!("{}{}", &BOUNDARY[..start], &BOUNDARY[BOUNDARY.find("\"features\"").unwrap()..]);
    let message = refusal("boundary.geojson", bare);
    assert!(message.contains("--crs") && message.contains("EPSG:4326"), "{message}");
    let swapped = r#"{"type":"Polygon","coordinates":[[[26.59,104.84],[26.60,104.84],[26.60,104.85],[26.59,104.84]]]}"#;
    let message = refusal("boundary.geojson", swapped);
    assert!(message.contains("swapped"), "{message}");
    // Another zone's street: nothing lies in it.
    let message = refusal("streets.geojson", STREETS.replace("EPSG:4544", "EPSG:4545"));
    assert!(message.contains("none of 2 lines") && message.contains("outside the street"), "{message}");
}

#[test]
fn ids_and_classes() {
    let twice = BUILDINGS.replace("B2", "B1");
    let (records, report) = read(folder("buildings.geojson", twice).path());
    assert_eq!(records.unwrap().buildings.rows().len(), 1);
    assert!(problems(&report).contains(&(Reason::DuplicateId, "buildings.geojson".into(), Some(3), "B1".into())));
    assert_eq!(reasons("buildings.geojson", with_building("{}", "null")), [(Reason::MissingField, Some(4))]);
    assert_eq!(reasons("streets.geojson", STREETS.replace("arterial", "boulevard")), [(Reason::UnknownClass, Some(2))]);
}

#[test]
fn households_without_a_place_are_told_apart() {
    let list = format!(
        "{HOUSEHOLDS}H1,B1,,,484110,2941110\nH5,B9,,,484110,2941110\nH6,,,,484110,2941110\nH7,B1,,,490000,2941110\nH8,B1,,,,\nH9,B9,,,,\nH10,B1,,x,484110,2941110\n,B1,,,484110,2941110\nH11,B1\n"
    );
    let (records, report) = read(folder("households.csv", list).path());
    let records = records.unwrap();
    let found: Vec<_> = problems(&report).into_iter().map(|(reason, _, line, record)| (reason, line.unwrap(), record)).collect();
    let expected = [
        (Reason::DuplicateId, 5, "H1"),
        (Reason::UnknownBuilding, 6, "H5"),
        (Reason::NoBuilding, 7, "H6"),
        (Reason::OutsideStreet, 8, "H7"),
        (Reason::NoPosition, 10, "H9"),
        (Reason::BadValue, 11, "H10"),
        (Reason::MissingField, 12, "row"),
        (Reason::WrongFieldCount, 13, "row 12"),
    ];
    assert_eq!(found, expected.map(|(reason, line, record)| (reason, line, record.to_owned())));
    let homes: Vec<_> = records.households.rows().iter().map(|h| (h.id.as_str(), h.building_id.as_deref())).collect();
    assert_eq!(
        homes,
        [("H1", Some("B1")), ("H2", Some("B1")), ("H3", Some("B2")), ("H5", None), ("H6", None), ("H8", Some("B1")), ("H10", Some("B1"))]
    );
    let count = report.count("households");
    assert_eq!((count.read, count.kept, count.rejected), (12, 7, 5));
}

#[test]
fn a_table_without_its_columns_lists_those_it_has() {
    let (records, _) = read(folder("households.csv", "户号,building_id,x,y\n1,B1,484110,2941110\n").path());
    let error = records.unwrap_err();
    assert!(matches!(&error, Error::NoColumn { have, .. } if have[0] == "户号"), "{error}");
    assert!(error.to_string().contains("--map household_id=COLUMN"), "{error}");
}

#[test]
fn a_boundary_in_itself_or_as_wide_as_a_country_is_refused() {
    let with =
        |geometry: &str| format!(r#"{{"type":"Feature","properties":{{}},"geometry":{{"type":"MultiPolygon","coordinates":{geometry}}}}}"#);
    let square = |from: f64, to: f64| format!("[[{from},{from}],[{to},{from}],[{to},{to}],[{from},{to}],[{from},{from}]]");
    let message = refusal("boundary.geojson", with(&format!("[[{}],[{}]]", square(26.0, 26.4), square(26.1, 26.2))));
    assert!(message.contains("part 2 lies inside part 1; dissolve them"), "{message}");
    let message = refusal("boundary.geojson", with(&format!("[[{}]]", square(10.0, 14.0))));
    assert!(message.contains("4.0 degrees across") && message.contains("CRS"), "{message}");
    // An island in a lake is no part within a part.
    let island = format!("[[{},{}],[{}]]", square(26.0, 26.4), square(26.1, 26.3), square(26.15, 26.2));
    let message = refusal("boundary.geojson", with(&island));
    assert!(message.contains("streets.geojson") || message.contains("lines"), "{message}");
}

#[test]
fn lines_far_beyond_the_street_lose_what_is_of_no_use() {
    let far = STREETS.replace("[484500,2941900]]", "[484500,2941900],[484500,3041900],[484600,3041900]]");
    let (records, report) = read(folder("streets.geojson", &far).path());
    let records = records.unwrap();
    assert_eq!(records.lines.rows()[1].path.len(), 3, "the step that leaves is kept, what follows is not");
    assert_eq!(problems(&report)[0].0, Reason::FarOutside);
    let parts = STREETS
        .replace(
            r#""LineString","coordinates":[[484500"#,
            r#""MultiLineString","coordinates":[[[600000,2941500],[600100,2941500]],[[484500"#,
        )
        .replace("2941900]]", "2941900]]]");
    let (records, report) = read(folder("streets.geojson", &parts).path());
    assert_eq!((records.unwrap().lines.rows().len(), problems(&report)[0].0), (2, Reason::FarOutside));
    let jump = STREETS.replace("[484500,2941900]]", "[484500,2541900],[484500,3341900]]");
    assert_eq!(reasons("streets.geojson", jump), [(Reason::BadCoordinate, Some(3))]);
}

#[test]
fn a_number_that_json_does_not_know_is_named() {
    let (_, report) = read(
        folder("buildings.geojson", with_building(r#"{"building_id":"NaN"}"#, r#"{"type":"Polygon","coordinates":[[[484300,NaN]]]}"#))
            .path(),
    );
    let problem = &report.problems()[0];
    assert!(problem.message.contains("NaN is not JSON") && problem.line == Some(4), "{report}");
    let (_, report) = read(
        folder("buildings.geojson", with_building(r#"{"building_id":"NaN"}"#, r#"{"type":"Polygon","coordinates":[[[484300,,]]]}"#)).path(),
    );
    let message = &report.problems()[0].message;
    assert!(!message.contains("NaN") && !message.contains("at line 1"), "{message}");
}

#[test]
fn no_lines_at_all_and_another_code_are_remarked() {
    let (records, report) = read(folder("streets.geojson", r#"{"type":"FeatureCollection","features":[]}"#).path());
    assert!(records.unwrap().lines.rows().is_empty() && report.notes()[0].contains("no lines"), "{report}");
    let (_, report) = read(folder("boundary.geojson", BOUNDARY.replace(r#"{"name":"测试街道"}"#, r#"{"code":520201999}"#)).path());
    assert!(report.notes()[0].contains("says its code is 520201999"), "{report}");
}
