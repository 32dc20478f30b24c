//! CSV in the forms it comes in, and the lists of households, issues and boundaries.

use std::{collections::BTreeMap, path::Path};

use jiff::tz::TimeZone;
use wangge::{
    geometry::ring::Side,
    import::{Enclosure, Error, Intake, Reason, Report, TableOptions, boundaries, issues},
    model::{Code, Issue, Level},
};

use super::folder::{HOUSEHOLDS, folder, problems, read};

fn options(crs: &str, columns: &[(&str, &str)]) -> TableOptions {
    let columns = columns.iter().map(|(field, column)| ((*field).to_owned(), (*column).to_owned())).collect();
    TableOptions { crs: (!crs.is_empty()).then(|| crs.parse().unwrap()), columns, ..TableOptions::default() }
}

fn read_issues(content: impl AsRef<[u8]>, options: &TableOptions) -> (Result<Vec<Issue>, Error>, Report) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issues.csv");
    std::fs::write(&path, content).unwrap();
    let mut intake = Intake::quiet();
    let street = Code::new("000000000").unwrap();
    let found = issues::read(&path, options, &TimeZone::fixed(jiff::tz::offset(8)), |_, _| Ok(street.clone()), &mut intake);
    (found.map(|mut found| found.remove(&street).unwrap_or_default()), intake.report)
}

#[test]
fn encodings_line_ends_and_delimiters_do_not_matter() {
    let list = "household_id,building_id,address,x,y\nH1,B1,\"人民路1号, 2单元\",484110,2941110\nH2,B1,人民路2号,484110,2941110\n";
    let plain = read(folder("households.csv", list).path()).0.unwrap();
    assert_eq!(plain.households.rows()[0].address.as_deref(), Some("人民路1号, 2单元"));
    let gbk = encoding_rs::GBK.encode(list).0.into_owned();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(list.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let semicolons = "household_id;building_id;address;x;y\nH1;B1;人民路1号, 2单元;484110;2941110\nH2;B1;人民路2号;484110;2941110\n";
    for (form, content) in [
        ("byte order mark", format!("\u{feff}{list}").into_bytes()),
        ("CRLF", list.replace('\n', "\r\n").into_bytes()),
        ("GBK", gbk),
        ("UTF-16", utf16),
        ("semicolons", semicolons.as_bytes().to_vec()),
        ("blank lines and spaces", list.replace("H2,", "\n\n H2 ,").into_bytes()),
    ] {
        let (records, report) = read(folder("households.csv", content).path());
        assert_eq!(records.unwrap_or_else(|error| panic!("{form}: {error}")), plain, "{form}");
        let noted = report.notes().iter().any(|note| note.contains("households.csv was read as"));
        assert_eq!(noted, form == "GBK" || form == "UTF-16", "{form}: {report}");
    }
}

#[test]
fn a_long_table_changes_its_mind_about_the_encoding_in_time() {
    // The first byte beyond ASCII comes long after the first block of the file.
    let mut list = HOUSEHOLDS.replace("unit", "address").into_bytes();
    for i in 0..20_000 {
        list.extend(format!("L{i},B1,door,1,484110,2941110\n").bytes());
    }
    list.extend(encoding_rs::GBK.encode("Z,B1,末号,1,484110,2941110\n").0.iter());
    let (records, _) = read(folder("households.csv", list).path());
    let records = records.unwrap();
    assert_eq!((records.households.rows().len(), records.households.rows()[20_003].address.as_deref()), (20_004, Some("末号")));
}

#[test]
fn columns_are_named_by_map_and_ids_follow_from_the_content() {
    let list = "date,service,e,n\n2024-05-01,waste,2683920,1245604\n2024-05-01,waste,2683920,1245604\n2024-05-02,light,2683921,1245604\n";
    let options = options("EPSG:2056", &[("category", "service"), ("x", "e"), ("y", "n"), ("reported_at", "date")]);
    let (found, report) = read_issues(list, &options);
    let found = found.unwrap();
    assert_eq!(report.problem_count(), 0, "{report}");
    assert_eq!(found.len(), 3);
    // PROJ 9.5.1
    assert!((found[0].position.lon() - 8.549_422_0).abs() < 2e-7 && (found[0].position.lat() - 47.355_942_6).abs() < 2e-7);
    assert_eq!(found[1].id, format!("{}-2", found[0].id));
    assert_eq!(read_issues(list, &options).0.unwrap(), found, "the same file gives the same ids");
    let reordered =
        "date,service,e,n\n2024-05-02,light,2683921,1245604\n2024-05-01,waste,2683920,1245604\n2024-05-01,waste,2683920,1245604\n";
    assert_eq!(read_issues(reordered, &options).0.unwrap()[0].id, found[2].id);
}

#[test]
fn bad_rows_are_told_by_line() {
    let list = "issue_id,lon,lat,category,reported_at,closed_at,status
1,104.83,26.59,waste,2026-01-01,,open
1,104.83,26.59,waste,2026-01-01,,open
2,26.59,104.83,waste,2026-01-01,,
3,104.83,,waste,2026-01-01,,
4,104.83,26.59,waste,soon,,
5,104.83,26.59,waste,,,
6,abc,26.59,waste,2026-01-01,,
7,NaN,26.59,waste,2026-01-01,,
8,104.83,26.59,waste,2026-01-01,2025-12-31,done
9,,,waste,2026-01-01,,
";
    let (found, report) = read_issues(list, &options("", &[]));
    let expected = [
        (Reason::DuplicateId, 3),
        (Reason::BadCoordinate, 4),
        (Reason::MissingField, 5),
        (Reason::BadValue, 6),
        (Reason::MissingField, 7),
        (Reason::BadCoordinate, 8),
        (Reason::BadCoordinate, 9),
        (Reason::BadValue, 10),
        (Reason::UnknownStatus, 10),
        (Reason::NoPosition, 11),
    ];
    let told: Vec<_> = problems(&report).into_iter().map(|(reason, _, line, _)| (reason, line.unwrap())).collect();
    assert_eq!(told, expected);
    let ids: Vec<_> = found.unwrap().into_iter().map(|issue| (issue.id, issue.status.as_str())).collect();
    assert_eq!(ids, [("1".to_owned(), "open"), ("8".to_owned(), "closed")]);
}

#[test]
fn metres_need_a_crs_and_map_needs_columns() {
    let list = "issue_id,x,y,category,reported_at\n1,2683920,1245604,waste,2026-01-01\n";
    let message = |options| read_issues(list, &options).0.unwrap_err().to_string();
    assert!(message(options("", &[])).contains("--crs"));
    assert!(message(options("EPSG:2056", &[("category", "kind")])).contains("it has issue_id, x, y, category, reported_at"));
    assert!(message(options("EPSG:2056", &[("colour", "x")])).contains("fields are issue_id, category"));
    let degrees = message(options("EPSG:4326", &[]));
    assert!(degrees.contains("none of 1 issues") && degrees.contains("--crs"), "{degrees}");
}

#[test]
fn gcj02_is_undone() {
    // 104.83, 26.59 in WGS 84; the shift is some 470 m.
    let list = "issue_id,lon,lat,category,reported_at\n1,104.8326,26.5870,waste,2026-01-01\n";
    let plain = read_issues(list, &options("", &[])).0.unwrap()[0].position;
    let moved = read_issues(list, &options("gcj02", &[])).0.unwrap()[0].position;
    let metres = wangge::geometry::measure::distance_m(plain, moved);
    assert!((350.0..600.0).contains(&metres), "{metres}");
}

const AREAS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"520201901001","name":"一社区"},"geometry":{"type":"Polygon","coordinates":[[[104.80,26.50],[104.81,26.50],[104.81,26.51],[104.80,26.51],[104.80,26.50]]]}},
{"type":"Feature","properties":{"code":520201901002,"name":"二社区"},"geometry":{"type":"Polygon","coordinates":[[[104.81,26.50],[104.82,26.50],[104.82,26.51],[104.81,26.51],[104.81,26.50]]]}},
{"type":"Feature","properties":{"code":"520201901002","name":"again"},"geometry":null},
{"type":"Feature","properties":{"code":"520201901","name":"a street"},"geometry":null},
{"type":"Feature","properties":{"code":"520201902001","name":"elsewhere"},"geometry":{"type":"Polygon","coordinates":[[[104.81,26.50],[104.82,26.50],[104.82,26.51],[104.81,26.50]]]}},
{"type":"Feature","properties":{"code":"52020190100x"},"geometry":null},
{"type":"Feature","properties":{"name":"no code"},"geometry":null},
{"type":"Feature","properties":{"code":"520201901003"},"geometry":{"type":"Polygon","coordinates":[[[105.81,26.50],[105.82,26.50],[105.82,26.51],[105.81,26.50]]]}}
]}"#;

#[test]
fn communities_must_lie_under_a_known_street() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("communities.geojson");
    std::fs::write(&path, AREAS).unwrap();
    let outline = r#"{"type":"Polygon","coordinates":[[[104.80,26.50],[104.82,26.50],[104.82,26.51],[104.80,26.51],[104.80,26.50]]]}"#;
    let street_path = folder.path().join("street.geojson");
    std::fs::write(&street_path, outline).unwrap();
    let mut intake = Intake::quiet();
    let boundary = boundaries::read_outline(Path::new(&street_path), None, &mut intake).unwrap().boundary;
    let corner = boundary.0[0].exterior[0];
    assert_eq!(wangge::geometry::ring::side(&boundary.0[0], corner), Side::Border);
    let street = Code::new("520201901").unwrap();
    let streets = BTreeMap::from([(street.clone(), Enclosure::new(boundary))]);

    let mut intake = Intake::quiet();
    let found = boundaries::read(&path, Level::Community, &boundaries::Options::default(), &streets, &mut intake).unwrap();
    let named: Vec<_> = found[&street].iter().map(|area| (area.code.as_str(), area.name.as_str())).collect();
    assert_eq!(named, [("520201901001", "一社区"), ("520201901002", "二社区")]);
    let told: Vec<_> = problems(&intake.report).into_iter().map(|(reason, _, line, _)| (reason, line.unwrap())).collect();
    let expected = [
        (Reason::DuplicateId, 4),
        (Reason::WrongLevel, 5),
        (Reason::UnknownStreet, 6),
        (Reason::BadValue, 7),
        (Reason::MissingField, 8),
        (Reason::OutsideStreet, 9),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_table_that_ends_within_quotes_or_a_row_is_broken() {
    let whole = format!("{HOUSEHOLDS}H4,B1,\"1\nnorth\",3,484110,2941110\nH5,B1,,,484110,2941110\n");
    assert_eq!(read(folder("households.csv", &whole).path()).0.unwrap().households.rows().len(), 5);
    let message = |content: &str| read(folder("households.csv", content).path()).0.unwrap_err().to_string();
    let open = message(&whole.replace("north\"", "north"));
    assert!(open.contains("households.csv, line 5: a quote is opened here and never closed"), "{open}");
    let cut = message(whole.trim_end().trim_end_matches("484110,2941110").trim_end_matches(','));
    assert!(cut.contains("households.csv, line 7: the file ends in the middle of a row"), "{cut}");
    let header = message("household_id,\"building_id,x,y\n1,B1,484110,2941110\n");
    assert!(header.contains("line 1: a quote is opened here"), "{header}");
    // Without a line end a whole last row is a row.
    assert_eq!(read(folder("households.csv", whole.trim_end()).path()).0.unwrap().households.rows().len(), 5);
}

#[test]
fn bad_bytes_cost_their_rows_and_not_every_address() {
    let mut list = HOUSEHOLDS.replace("unit", "address").into_bytes();
    for i in 0..40 {
        list.extend(format!("L{i},B1,人民路{i}号,1,484110,2941110\n").bytes());
    }
    let at = list.len();
    list.extend(b"X,B1,bad\xff,1,484110,2941110\nY,B1,\xe4\xba,1,484110,2941110\nZ,B1,\xe6\x9c\xab,1,484110,2941110\n");
    let (records, report) = read(folder("households.csv", &list).path());
    let records = records.unwrap();
    let rows = records.households.rows();
    assert_eq!((rows[3].address.as_deref(), rows.last().unwrap().address.as_deref()), (Some("人民路0号"), Some("末")));
    let told: Vec<_> = problems(&report).into_iter().map(|(reason, _, line, _)| (reason, line)).collect();
    assert_eq!(told, [(Reason::Undecodable, Some(45)), (Reason::Undecodable, Some(46))]);
    assert!(report.problems()[0].message.contains(&format!("byte {} ", at + 8)), "{report}");
    // An encoding that is named and wrong is told row by row too.
    let gbk = encoding_rs::GBK
        .encode("issue_id,lon,lat,category,reported_at\n1,104.83,26.59,垃圾,2026-01-01\n2,104.83,26.59,x,2026-01-01\n")
        .0
        .into_owned();
    let (found, report) = read_issues(gbk, &TableOptions { encoding: Some(encoding_rs::UTF_8), ..TableOptions::default() });
    assert_eq!((found.unwrap().len(), report.rejected().get(&Reason::Undecodable)), (1, Some(&1)), "{report}");
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    let list = "issue_id,lon,lat,category,reported_at\n\n\n1,104.83,26.59,a,2026-01-01\n\n2,x,26.59,a,2026-01-01\n";
    for (list, line) in [(list.to_owned(), 6), (list.replace('\n', "\r\n"), 6), (list.replace('\n', "\r"), 6)] {
        let told = problems(&read_issues(&list, &options("", &[])).1);
        assert_eq!(told[0].2, Some(line), "{list:?}");
    }
}

#[test]
fn a_column_twice_and_no_row_at_all_are_said() {
    let (_, report) = read_issues("issue_id,lon,lat,category,category,reported_at\n1,104.83,26.59,a,b,2026-01-01\n", &options("", &[]));
    assert!(report.notes()[0].contains("\"category\" more than once"), "{report}");
    let message = read_issues("issue_id,lon,lat,category,reported_at\n", &options("", &[])).0.unwrap_err().to_string();
    assert!(message.contains("there are no issues in it"), "{message}");
}

#[test]
fn a_crs_that_does_not_fit_the_columns_is_not_passed_over() {
    let list = "issue_id,lon,lat,category,reported_at\n1,104.83,26.59,waste,2026-01-01\n";
    let (found, report) = read_issues(list, &options("EPSG:4544", &[]));
    assert_eq!(found.unwrap().len(), 1);
    assert!(report.notes()[0].contains("not as EPSG:4544"), "{report}");
    let (found, report) = read_issues("issue_id,lon,lat,category,reported_at\n1,inf,26.59,waste,2026-01-01\n", &options("", &[]));
    let message = found.unwrap_err().to_string();
    assert!(message.contains("finite") && !message.contains("metres?"), "{message} {report}");
}

#[test]
fn numbers_out_of_range_are_remarked() {
    let list = "household_id,building_id,floor,persons,x,y\nA,B1,99999,-3,484110,2941110\nB,B1,-1,70000,484110,2941110\n";
    let (records, report) = read(folder("households.csv", list).path());
    let records = records.unwrap();
    let found: Vec<_> = records.households.rows().iter().map(|row| (row.floor, row.persons)).collect();
    assert_eq!((found, report.remarked()[&Reason::BadValue]), (vec![(None, None), (Some(-1), None)], 3), "{report}");
}

#[test]
fn what_steers_a_terminal_is_written_out() {
    let list = "household_id,building_id,floor,x,y\n\u{1b}[2Jevil\u{202e},B1,,490000,2941110\nB,B1,,484110,2941110\n";
    let (_, report) = read(folder("households.csv", list).path());
    let shown = report.to_string();
    assert!(shown.contains("\\u{1b}[2Jevil\\u{202e}") && !shown.contains('\u{1b}'), "{shown}");
    let message = read_issues("\u{1b}[2J,lon\n1,2\n", &options("", &[])).0.unwrap_err().to_string();
    assert!(message.contains("\\u{1b}[2J") && !message.contains('\u{1b}'), "{message}");
    let long = format!("household_id,building_id,floor,x,y\n{},B1,,490000,2941110\nB,B1,,484110,2941110\n", "x".repeat(5000));
    assert!(read(folder("households.csv", long).path()).1.to_string().len() < 2000);
}

#[test]
fn communities_that_overlap_are_refused() {
    let square = |code: &str, west: f64, east: f64| {
        format!(
            r#"{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},26.5],[{east},26.5],[{east},26.51],[{west},26.51],[{west},26.5]]]}}}}"#
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("areas.geojson");
    let features = [
        square("520201901001", 104.80, 104.81),
        square("520201901002", 104.81, 104.82),
        square("520201901003", 104.815, 104.83),
        square("520201901004", 104.799, 104.80001),
    ];
    std::fs::write(&path, format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",\n"))).unwrap();
    let street_path = folder.path().join("street.geojson");
    std::fs::write(&street_path, square("520201901", 104.7, 104.9)).unwrap();
    let mut intake = Intake::quiet();
    let boundary = boundaries::read_outline(&street_path, None, &mut intake).unwrap().boundary;
    let street = Code::new("520201901").unwrap();
    let streets = BTreeMap::from([(street.clone(), Enclosure::new(boundary))]);
    let mut intake = Intake::quiet();
    let found = boundaries::read(&path, Level::Community, &boundaries::Options::default(), &streets, &mut intake).unwrap();
    assert_eq!(found[&street].len(), 3);
    let told: Vec<_> = intake.report.problems().iter().map(|p| (p.reason, p.record.as_str(), p.kept)).collect();
    assert_eq!(told, [(Reason::Overlap, "520201901003", false), (Reason::Overlap, "520201901004", true)]);
}
