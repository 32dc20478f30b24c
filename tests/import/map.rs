//! OpenStreetMap: `data/import/town.osm`, drawn by hand, and `town.osm.pbf` made from it by
//! `osmium cat town.osm -o town.osm.pbf -f pbf,add_metadata=none`. One unit of its grid is 1e-5 degree from 104.8, 26.5.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use wangge::{
    import::{
        Error, Intake, Reason, Records, Report,
        osm::{self, AreaChoice},
    },
    model::{Area, Level, LineClass},
};

use super::folder::{problems, street};

pub fn town() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import/town.osm.pbf")
}

fn read(path: &Path, choice: Option<&AreaChoice>, stored: Option<&Area>) -> (Result<Records, Error>, Report) {
    let mut intake = Intake::quiet();
    let records = osm::read(path, &street(), None, choice, stored, &mut intake);
    (records, intake.report)
}

fn named(name: &str) -> (Result<Records, Error>, Report) {
    read(&town(), Some(&AreaChoice::Name(name.into())), None)
}

#[test]
fn what_lies_in_the_commune_is_kept() {
    let (records, report) = named("bergdorf");
    let records = records.unwrap();
    assert_eq!(records.areas.rows()[0].name, "山村");
    let lines: BTreeMap<&str, LineClass> = records.lines.rows().iter().map(|line| (line.id.as_str(), line.class)).collect();
    let expected = BTreeMap::from([
        ("w5", LineClass::Boundary),
        ("w10", LineClass::Arterial),
        ("w11", LineClass::Local),
        ("w14", LineClass::Alley),
        ("w15", LineClass::River),
        ("w17", LineClass::Railway),
        ("w19", LineClass::Local),
        ("w19.2", LineClass::Local),
    ]);
    assert_eq!(lines, expected);
    let main_road = records.lines.rows().iter().find(|line| line.id == "w10").unwrap();
    assert_eq!((main_road.name.as_deref(), main_road.path.len()), (Some("主街"), 3), "kept whole beyond the border");

    let buildings: BTreeMap<&str, (Option<&str>, Option<&str>)> =
        records.buildings.rows().iter().map(|b| (b.id.as_str(), (b.purpose.as_deref(), b.address.as_deref()))).collect();
    let expected = BTreeMap::from([
        ("w30", (Some("house"), Some("Gasse 1"))),
        ("w31", (Some("apartments"), Some("Gasse 2; Gasse 4"))),
        ("w33", (Some("school"), None)),
        ("w37", (Some("house"), None)),
        ("r2001", (Some("residential"), None)),
        ("r2003", (Some("house"), None)),
    ]);
    assert_eq!(buildings, expected);
    let yard = records.buildings.rows().iter().find(|building| building.id == "r2001").unwrap();
    assert_eq!((yard.footprint.0.len(), yard.footprint.0[0].interiors.len()), (1, 1));
    assert_eq!((records.waters.rows().len(), records.waters.rows()[0].name.as_deref()), (1, Some("See")));

    // Of the whole file: eight ways tagged building (`no` is none) and three relations.
    let count = report.count(osm::BUILDINGS);
    assert_eq!((count.read, count.kept, count.rejected), (11, 6, 3), "{report}");
    assert!(report.notes()[0].starts_with("11 building areas in the file: 8 ways, 3 relations"), "{report}");
    let expected = [
        (Reason::Incomplete, "way 19"),
        (Reason::OpenRing, "way 34"),
        (Reason::CrossingRing, "way 35"),
        (Reason::Incomplete, "relation 2002"),
        (Reason::Incomplete, "relation 1003 Randdorf"),
    ];
    let told: Vec<_> = problems(&report).into_iter().map(|(reason, _, _, record)| (reason, record)).collect();
    assert_eq!(told, expected.map(|(reason, record)| (reason, record.to_owned())));
}

#[test]
fn households_are_estimated_from_what_is_residential() {
    let records = named("Bergdorf").0.unwrap();
    let mut by_building: BTreeMap<&str, usize> = BTreeMap::new();
    for household in records.households.rows() {
        assert!(household.estimated);
        *by_building.entry(household.building_id.as_deref().unwrap()).or_default() += 1;
    }
    // w31: 6 storeys of 441.8 m² (GeographicLib), 100 m² a flat; r2001: 2 storeys of 1325.4 m², its yard taken off.
    assert_eq!(by_building, BTreeMap::from([("w30", 1), ("w31", 27), ("w37", 1), ("r2001", 27), ("r2003", 1)]));
    assert_eq!(named("Bergdorf").0.unwrap(), records, "the same file gives the same records");
}

#[test]
fn an_area_that_is_not_there_is_answered_with_those_that_are() {
    let message = named("Bergdorv").0.unwrap_err().to_string();
    assert!(
        message.contains("nearest first there are 山村 (admin_level 8, relation 1001), Talheim (admin_level 8, relation 1002);"),
        "{message}"
    );
    let message = named("Randdorf").0.unwrap_err().to_string();
    assert!(message.contains("incomplete") && message.contains("1 ways"), "{message}");
    let message = read(&town(), None, None).0.unwrap_err().to_string();
    assert!(message.contains("--area NAME"), "{message}");
}

#[test]
fn the_area_may_be_a_number_a_file_or_the_stored_boundary() {
    let by_name = named("Talheim").0.unwrap();
    let lines: Vec<&str> = by_name.lines.rows().iter().map(|line| line.id.as_str()).collect();
    assert!(lines.contains(&"w18") && !lines.contains(&"w11"), "{lines:?}");
    let mut intake = Intake::quiet();
    let by_number = AreaChoice::parse("1002", &mut intake).unwrap();
    assert_eq!(read(&town(), Some(&by_number), None).0.unwrap(), by_name);
    let stored = by_name.areas.rows()[0].clone();
    assert_eq!(stored.level, Level::Street);
    assert_eq!(read(&town(), None, Some(&stored)).0.unwrap(), by_name);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talheim.geojson");
    let outline = r#"{"type":"Feature","properties":{"name":"Talheim"},"geometry":{"type":"Polygon","coordinates":[[[104.81,26.5],[104.82,26.5],[104.82,26.51],[104.81,26.51],[104.81,26.5]]]}}"#;
    std::fs::write(&file, outline).unwrap();
    let by_file = AreaChoice::parse(file.to_str().unwrap(), &mut intake).unwrap();
    let by_file = read(&town(), Some(&by_file), None).0.unwrap();
    assert_eq!((by_file.lines, by_file.buildings), (by_name.lines, by_name.buildings));
}

#[test]
fn a_damaged_file_says_so() {
    let whole = std::fs::read(town()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.osm.pbf");
    for (length, word) in
        [(0, "is empty"), (2, "not an OSM PBF"), (60, "damaged"), (whole.len() / 2, "cut off"), (whole.len() - 1, "cut off")]
    {
        std::fs::write(&file, &whole[..length]).unwrap();
        let message = read(&file, Some(&AreaChoice::Name("Bergdorf".into())), None).0.unwrap_err().to_string();
        assert!(message.contains("cut.osm.pbf") && message.contains(word), "{length} bytes: {message}");
    }
    std::fs::write(&file, "household_id,x,y\n1,2,3\n").unwrap();
    let message = read(&file, Some(&AreaChoice::Name("Bergdorf".into())), None).0.unwrap_err().to_string();
    assert!(message.contains("not an OSM PBF"), "{message}");
    let message = read(&folder.path().join("none.osm.pbf"), None, None).0.unwrap_err().to_string();
    assert!(message.contains("none.osm.pbf"), "{message}");
}
