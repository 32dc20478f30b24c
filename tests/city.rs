//! The sample city: what it promises to whoever imports it.
#![allow(clippy::unwrap_used, reason = "a test may unwrap")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use geo::algorithm::validation::Validation;
use geo::{Contains, Relate};
use wangge::city::{self, City, Error, Request};
use wangge::geometry::ring::{Side, side};
use wangge::model::{Code, IssueStatus, LineClass, LonLat, Polygon};

fn request(households: usize, seed: u64) -> Request {
    Request { households, seed, street: Code::new("520201014").unwrap(), until: jiff::civil::date(2026, 11, 1) }
}

/// Households and seeds of small, middling and whole streets: the laws hold for all.
const ASKED: [(usize, u64); 12] = [
    (1, 3),
    (300, 5),
    (4_000, 1),
    (40_000, 2),
    (3_000, 10),
    (3_000, 11),
    (3_000, 12),
    (3_000, 13),
    (9_000, 14),
    (9_000, 15),
    (9_000, 16),
    (9_000, 17),
];

fn cities() -> Vec<City> {
    ASKED.map(|(households, seed)| city::generate(&request(households, seed)).unwrap()).into()
}

fn to_geo(polygon: &Polygon) -> geo::Polygon<f64> {
    let ring = |ring: &Vec<LonLat>| ring.iter().map(|p| (f64::from(p.lon_e7), f64::from(p.lat_e7))).collect::<geo::LineString<f64>>();
    geo::Polygon::new(ring(&polygon.exterior), polygon.interiors.iter().map(ring).collect())
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_does_not() {
    let [first, again, other] = [1, 1, 2].map(|seed| {
        let folder = tempfile::tempdir().unwrap();
        city::write(&city::generate(&request(2_000, seed)).unwrap(), folder.path()).unwrap();
        files(folder.path())
    });
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    let expected =
        ["boundary.geojson", "buildings.geojson", "communities.csv", "households.csv", "issues.csv", "manifest.json", "streets.geojson"];
    assert_eq!(names, expected);
    assert_eq!(first, again);
    for name in ["boundary.geojson", "streets.geojson", "buildings.geojson", "households.csv", "issues.csv"] {
        assert_ne!(first[name], other[name], "{name}");
    }
}

#[test]
fn counts_are_as_asked() {
    for (city, asked) in cities().iter().zip(ASKED.map(|(households, _)| households)) {
        assert_eq!(city.households.len(), asked);
        assert_eq!(city.issues.len(), (asked as f64 * 0.3).round() as usize);
        let declared: u32 = city.buildings.iter().filter_map(|b| b.declared_households).sum();
        assert_eq!(declared as usize, asked);
        assert_eq!(city.communities.len(), 11);
        assert_eq!(city.households.iter().map(|h| &h.id).collect::<BTreeSet<_>>().len(), asked);
        assert_eq!(city.issues.iter().map(|i| &i.id).collect::<BTreeSet<_>>().len(), city.issues.len());
        assert_eq!(city.buildings.iter().map(|b| &b.id).collect::<BTreeSet<_>>().len(), city.buildings.len());
        assert_eq!(city.lines.iter().map(|l| &l.id).collect::<BTreeSet<_>>().len(), city.lines.len());
    }
}

#[test]
fn buildings_are_valid_inside_the_boundary_and_disjoint() {
    for city in cities() {
        let boundary = to_geo(&city.boundary);
        assert!(boundary.is_valid());
        let footprints: Vec<geo::Polygon<f64>> = city.buildings.iter().flat_map(|b| &b.footprint.0).map(to_geo).collect();
        assert_eq!(footprints.len(), city.buildings.len());
        for footprint in &footprints {
            assert!(footprint.is_valid());
            assert!(boundary.contains(footprint));
        }
        // Neighbours by a grid of some 200 m; a footprint enters each square its box touches.
        let mut squares = HashMap::<(i64, i64), Vec<usize>>::new();
        for (index, footprint) in footprints.iter().enumerate() {
            let (xs, ys): (Vec<i64>, Vec<i64>) = footprint.exterior().coords().map(|c| ((c.x / 2e4) as i64, (c.y / 2e4) as i64)).unzip();
            for x in *xs.iter().min().unwrap()..=*xs.iter().max().unwrap() {
                for y in *ys.iter().min().unwrap()..=*ys.iter().max().unwrap() {
                    squares.entry((x, y)).or_default().push(index);
                }
            }
        }
        for near in squares.values() {
            for (i, a) in near.iter().enumerate() {
                for b in &near[i + 1..] {
                    assert!(footprints[*a].relate(&footprints[*b]).is_disjoint(), "{} {}", city.buildings[*a].id, city.buildings[*b].id);
                }
            }
        }
    }
}

#[test]
fn every_household_is_inside_its_building_and_has_a_full_address_of_its_own() {
    for city in cities() {
        let buildings: HashMap<&str, _> = city.buildings.iter().map(|b| (b.id.as_str(), b)).collect();
        let mut addresses = BTreeSet::new();
        for household in &city.households {
            let building = buildings[household.building_id.as_deref().unwrap()];
            assert_eq!(side(&building.footprint.0[0], household.position), Side::Inside, "{}", household.id);
            assert!(household.floor.unwrap() >= 1 && household.floor.unwrap() as u16 <= building.levels.unwrap());
            assert!((1..=7).contains(&household.persons.unwrap()));
            let address = household.address.as_deref().unwrap();
            assert!(address.starts_with("荷城街道") && address.contains('号'), "{address}");
            assert!(building.purpose.as_deref() == Some("village") || address.ends_with('室'), "{address}");
            assert!(addresses.insert(address), "{address} twice");
        }
    }
}

/// Joins what shares a position; returns the number of separate pieces of the lines that pass.
fn pieces(city: &City, pass: impl Fn(LineClass) -> bool) -> usize {
    let lines: Vec<_> = city.lines.iter().filter(|line| pass(line.class)).collect();
    let mut parent: Vec<usize> = (0..lines.len()).collect();
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    let mut first = HashMap::<LonLat, usize>::new();
    for (index, line) in lines.iter().enumerate() {
        for position in &line.path {
            let other = *first.entry(*position).or_insert(index);
            let (a, b) = (root(&mut parent, index), root(&mut parent, other));
            parent[a] = b;
        }
    }
    (0..lines.len()).filter(|i| root(&mut parent, *i) == *i).count()
}

#[test]
fn streets_connect_and_lie_inside_the_boundary() {
    use LineClass::{Alley, Arterial, DeadEnd, Local, River, Secondary};
    for city in cities() {
        assert_eq!(pieces(&city, |class| matches!(class, Alley | Arterial | DeadEnd | Local | Secondary)), 1);
        assert!(city.lines.iter().all(|line| line.path.len() >= 2));
        assert!(city.lines.iter().flat_map(|line| &line.path).all(|p| {
            // Where a road ends on the boundary, the boundary has that very position.
            side(&city.boundary, *p) != Side::Outside
        }));
        let river: BTreeSet<LonLat> = city.lines.iter().filter(|line| line.class == River).flat_map(|line| line.path.clone()).collect();
        let bridges =
            city.lines.iter().filter(|line| line.class == Arterial && line.path[1..line.path.len() - 1].iter().any(|p| river.contains(p)));
        assert!(bridges.count() >= 2);
    }
}

#[test]
fn a_street_has_all_kinds_of_ways_and_houses() {
    let city = &city::generate(&request(40_000, 2)).unwrap();
    let lines: BTreeSet<_> = city.lines.iter().map(|line| line.class).collect();
    assert_eq!(lines.len(), LineClass::ALL.len());
    let uses: BTreeSet<_> = city.buildings.iter().filter_map(|b| b.purpose.as_deref()).collect();
    assert_eq!(uses.into_iter().collect::<Vec<_>>(), ["commercial", "industrial", "office", "residential", "school", "village"]);
    let area_km2 = wangge::geometry::measure::area_m2(&city.boundary.clone().into()) / 1e6;
    assert!((10.5..13.5).contains(&area_km2), "{area_km2} km²");
    // Compounds bigger than a cell: several towers behind one gate.
    let mut compounds = BTreeMap::<&str, u32>::new();
    for building in city.buildings.iter().filter(|b| b.levels > Some(14)) {
        let Some(name) = building.name.as_deref() else { continue };
        let compound = name.trim_end_matches('幢').trim_end_matches(|c: char| c.is_ascii_digit());
        *compounds.entry(compound).or_default() += building.declared_households.unwrap();
    }
    assert!(compounds.values().any(|households| *households > 400), "{compounds:?}");
}

#[test]
fn issues_fill_a_year_with_hot_spots_and_a_rhythm() {
    let city = &city::generate(&request(40_000, 2)).unwrap();
    let (first, last) = ("2025-10-31T16:00:00Z".parse().unwrap(), "2026-10-31T16:00:00Z".parse().unwrap());
    let (mut hours, mut squares, mut weekend) = ([0_usize; 24], HashMap::<(i32, i32), usize>::new(), 0);
    for issue in &city.issues {
        assert_eq!(side(&city.boundary, issue.position), Side::Inside);
        assert!(issue.reported_at >= first && issue.reported_at < last);
        assert_eq!(issue.closed_at.is_some(), issue.status == IssueStatus::Closed);
        assert!(issue.closed_at.is_none_or(|closed| closed > issue.reported_at && closed < last));
        let local = issue.reported_at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
        hours[local.hour() as usize] += 1;
        weekend += usize::from(local.weekday().to_monday_one_offset() >= 6);
        *squares.entry((issue.position.lon_e7 / 10_000, issue.position.lat_e7 / 10_000)).or_default() += 1;
    }
    assert!(hours[19] > 8 * hours[4], "{hours:?}");
    assert!((0.2..0.285).contains(&(weekend as f64 / city.issues.len() as f64)), "{weekend}");
    // The busiest hundredth of the squares of some 100 m that have any holds more than a tenth of all.
    let mut counts: Vec<usize> = squares.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let hot: usize = counts.iter().take(counts.len() / 100).sum();
    assert!(hot * 10 > city.issues.len(), "{hot} of {}", city.issues.len());
    for status in IssueStatus::ALL {
        assert!(city.issues.iter().any(|issue| issue.status == status));
    }
}

#[test]
fn the_folder_says_it_is_invented_and_names_nobody() {
    let folder = tempfile::tempdir().unwrap();
    city::write(&city::generate(&request(200, 1)).unwrap(), folder.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("households.csv").lines().next(), Some("household_id,building_id,lon,lat,unit,floor,persons,address"));
    assert_eq!(read("issues.csv").lines().next(), Some("issue_id,lon,lat,category,reported_at,closed_at,status,description"));
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
    assert_eq!(manifest["synthetic"], true);
    assert_eq!(manifest["crs"], "OGC:CRS84");
    let boundary: serde_json::Value = serde_json::from_str(&read("boundary.geojson")).unwrap();
    assert_eq!(boundary["features"][0]["properties"], serde_json::json!({"code": "520201014", "name": "荷城街道"}));
    for name in ["streets.geojson", "buildings.geojson"] {
        let value: serde_json::Value = serde_json::from_str(&read(name)).unwrap();
        assert!(!value["features"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_city_that_cannot_be_is_refused() {
    assert!(matches!(city::generate(&request(0, 1)), Err(Error::Households(0))));
    let wrong = Request { street: Code::new("520201").unwrap(), ..request(10, 1) };
    assert!(matches!(city::generate(&wrong), Err(Error::Street(_))));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = city::write(&city::generate(&request(10, 1)).unwrap(), &file).unwrap_err();
    assert!(refused.to_string().contains("file"), "{refused}");
}

fn nine_streets() -> city::County {
    city::County { streets: 9, issues: Some(50), first: request(2_000, 1) }
}

#[test]
fn a_county_begins_with_the_street_alone_to_the_byte() {
    let alone = city::generate(&request(2_000, 1)).unwrap();
    let county = city::County { issues: None, streets: 2, ..nine_streets() };
    let [first, second] = city::county(&county).unwrap().collect::<Vec<City>>().try_into().unwrap();
    let [alone_files, first_files] = [&alone, &first].map(|city| {
        let folder = tempfile::tempdir().unwrap();
        city::write(city, folder.path()).unwrap();
        files(folder.path())
    });
    assert_eq!(alone_files, first_files);
    assert_eq!((second.street.as_str(), second.seed), ("520201015", 2));
    let ids = |city: &City| [&city.issues[0].id, &city.issues[599].id].map(String::clone);
    assert_eq!((ids(&first), ids(&second)), (["E000001", "E000600"].map(str::to_owned), ["E000601", "E001200"].map(str::to_owned)));
}

#[test]
fn streets_of_a_county_lie_close_and_apart_and_hold_what_is_theirs() {
    use geo::{Distance, Euclidean};
    let streets: Vec<City> = city::county(&nine_streets()).unwrap().collect();
    let metres = wangge::geometry::LocalMetres::at(streets[0].boundary.exterior[0]);
    let outlines: Vec<geo::Polygon<f64>> = streets
        .iter()
        .map(|city| {
            let ring = city.boundary.exterior.iter().map(|p| metres.xy(*p)).map(|[x, y]| (x, y));
            geo::Polygon::new(ring.collect(), Vec::new())
        })
        .collect();
    for (i, outline) in outlines.iter().enumerate() {
        let others = outlines.iter().enumerate().filter(|(j, _)| *j != i);
        let nearest = others.map(|(_, other)| Euclidean.distance(outline, other)).fold(f64::INFINITY, f64::min);
        assert!((80.0..200.0).contains(&nearest), "street {i} is {nearest} m from the nearest");
    }
    let mut ids = BTreeSet::new();
    for city in &streets {
        assert_eq!((city.households.len(), city.issues.len()), (2_000, 50));
        let positions = city.households.iter().map(|h| h.position).chain(city.issues.iter().map(|i| i.position));
        assert!(positions.into_iter().all(|p| side(&city.boundary, p) == Side::Inside));
        ids.extend(city.issues.iter().map(|issue| issue.id.clone()));
    }
    assert_eq!(ids.len(), 9 * 50);
    assert_eq!(streets.iter().map(|city| city.street.clone()).collect::<BTreeSet<_>>().len(), 9);
}

#[test]
fn a_county_ends_with_the_last_code() {
    let late = Request { street: Code::new("520201998").unwrap(), ..request(10, 1) };
    let county = |streets| city::County { streets, issues: None, first: late.clone() };
    assert_eq!(city::county(&county(2)).unwrap().map(|city| city.street.to_string()).collect::<Vec<_>>(), ["520201998", "520201999"]);
    let refused = city::county(&county(3)).err().unwrap();
    assert!(matches!(refused, Error::Streets { streets: 3, most: 2, .. }), "{refused}");
    assert!(matches!(city::county(&county(0)), Err(Error::Streets { .. })));
}
