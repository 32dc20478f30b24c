//! `wangge plan`: counties, rules, and being stopped.

use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use wangge::{
    model::{Area, Change, ChangeSet, Level, World},
    store,
};

use super::{
    Place, Said,
    mini::{STEP, code},
};

/// The little town's street under another code, without plans.
fn street(number: &str) -> ChangeSet {
    let mut set = super::change_set();
    set.street = code(number);
    set.changes.retain(|change| !matches!(change, Change::PutPlan(_) | Change::PutIssues(_)));
    for change in &mut set.changes {
        if let Change::PutAreas(areas) = change {
            areas[0].code = code(number);
        }
    }
    set
}

/// One whose only community holds half of it, so that the planner refuses it.
fn half_given(number: &str) -> ChangeSet {
    let mut set = street(number);
    for change in &mut set.changes {
        if let Change::PutAreas(areas) = change {
            let mut boundary = areas[0].boundary.clone();
            boundary.0[0].exterior.iter_mut().for_each(|p| p.lon_e7 = p.lon_e7.min(super::mini::WEST + STEP));
            boundary.0[0].exterior.dedup();
            areas.push(Area { code: code(&format!("{number}001")), level: Level::Community, name: "西".into(), boundary });
        }
    }
    set
}

/// One of which only households are known.
fn without_boundary(number: &str) -> ChangeSet {
    let mut set = street(number);
    set.changes.retain(|change| matches!(change, Change::PutHouseholds(_)));
    set
}

/// A database with these streets and no others.
fn county(streets: &[ChangeSet]) -> Place {
    let place = Place::empty();
    let url = format!("gpkg:{}", place.path("town.gpkg").display());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::open(&url).await.unwrap();
        for set in streets {
            store.commit(0, set).await.unwrap();
        }
        store.close().await;
    });
    place
}

fn world(place: &Place) -> World {
    let url = format!("gpkg:{}", place.path("town.gpkg").display());
    tokio::runtime::Runtime::new().unwrap().block_on(async { store::open(&url).await.unwrap().load().await.unwrap() })
}

/// How many plans each street of the database has.
fn plans(place: &Place) -> Vec<(String, usize)> {
    world(place).into_iter().map(|(code, data)| (code.to_string(), data.plans.len())).collect()
}

fn counts(wanted: &[(&str, usize)]) -> Vec<(String, usize)> {
    wanted.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect()
}

const SIZES: &str = "--cells 2 --communities 1";

#[test]
fn a_county_is_all_its_streets() {
    let place = county(&[street("520201011"), street("520201012"), street("520201013"), street("520203001")]);
    let said = place.run(&format!("plan --county 520201 {SIZES} --publish --valid-from 2026-01-01"));
    let lines: Vec<&str> = said.fine().out.lines().collect();
    assert_eq!(lines.len(), 5, "{}", said.out);
    for (line, code) in lines[1..].iter().zip(["520201011", "520201012", "520201013"]) {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let blocks: usize = words.remove(5).parse().unwrap();
        assert!(blocks >= 2, "{line}");
        assert_eq!(words, [code, "1", "1", "2", "4", "40", "published", "荷城街道"], "{line}");
    }
    assert!(lines[4].starts_with("3 streets planned in ") && lines[4].ends_with("3 communities, 6 cells, 12 groups, 120 households"));
    assert_eq!(plans(&place), counts(&[("520201011", 1), ("520201012", 1), ("520201013", 1), ("520203001", 0)]));

    // What a street's plan is does not depend on how it was asked for.
    let plan = |street: &str| place.run(&format!("score --street {street} --json")).fine().out.clone();
    let within_county = plan("520201012");
    place.run(&format!("plan --street 520201012 {SIZES} --publish --valid-from 2026-01-01")).fine();
    assert_eq!(plan("520201012"), within_county);

    // Any beginning of the codes will do, and a list is one for machines.
    let said = place.run(&format!("plan --county 52020 {SIZES} --json"));
    let list: Vec<serde_json::Value> = serde_json::from_str(&said.fine().out).unwrap();
    let told: Vec<_> = list.iter().map(|entry| (entry["street_code"].as_str().unwrap(), entry["plan"].as_u64().unwrap())).collect();
    assert_eq!(told, [("520201011", 2), ("520201012", 3), ("520201013", 2), ("520203001", 1)]);
}

#[test]
fn one_street_that_fails_does_not_stop_the_others() {
    let place = county(&[half_given("520201011"), street("520201012"), without_boundary("520201013"), street("520201014")]);
    let said = place.run(&format!("plan --county 520201 {SIZES}"));
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("street 520201011 could not be planned: ") && said.err.contains("lie in no given community"), "{}", said.err);
    assert!(said.err.trim_end().ends_with("error: 1 of 4 streets could not be planned: 520201011"), "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[1].starts_with("520201011  not planned: ") && lines[1].contains("lie in no given community"), "{}", said.out);
    assert!(lines[3].starts_with("520201013  skipped: street has no boundary"), "{}", said.out);
    assert!(lines[5].starts_with("2 streets planned"), "{}", said.out);
    assert_eq!(plans(&place), counts(&[("520201011", 0), ("520201012", 1), ("520201013", 0), ("520201014", 1)]));

    let said = place.run(&format!("plan --county 520201 {SIZES} --json"));
    assert_eq!(said.code, Some(1), "{}", said.err);
    let list: Vec<serde_json::Value> = serde_json::from_str(&said.out).unwrap();
    assert!(list[0]["error"].as_str().unwrap().contains("community"), "{}", said.out);
    assert!(list[2]["skipped"].as_str().unwrap().contains("boundary"), "{}", said.out);
    assert_eq!((list[1]["plan"].as_u64(), list[3]["plan"].as_u64()), (Some(2), Some(2)));

    place.run(&format!("plan --county 520201013 {SIZES}")).refused(&["520201013", "boundary"]);
    place.run(&format!("plan --county 5203 {SIZES}")).refused(&["begins with 5203"]);
}

#[test]
fn a_street_or_a_county_is_named() {
    let place = Place::empty();
    for (words, said) in [
        ("plan", "--street <CODE>|--county <CODE>"),
        ("plan --street 520201011 --county 520201", "cannot be used with"),
        ("plan --county 520201011001", "has 12 digits"),
        ("plan --county 钟山区", "not made of digits"),
        ("plan --street 520201011 --crs EPSG:4326", "--rules"),
        ("plan --street 520201011 --max-dedicated 2", "--rules"),
    ] {
        let refused = place.run(words);
        assert_eq!(refused.code, Some(2), "{words}: {}", refused.err);
        assert!(refused.err.contains(said), "{words}: {}", refused.err);
    }
}

fn feature(properties: &str, geometry: &str) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{properties},"geometry":{geometry}}}]}}"#)
}

#[test]
fn rules_are_read_before_anything_is_planned() {
    let place = county(&[street("520201011"), street("520201012")]);
    let plan = |options: &str| place.run(&format!("plan --street 520201011 {SIZES} --rules rules.geojson {options}"));
    plan("").refused(&["rules.geojson is not there"]);
    place.write("rules.geojson", feature(r#"{"rule":"barier"}"#, r#"{"type":"LineString","coordinates":[[104.83,26.59],[104.84,26.6]]}"#));
    plan("").refused(&["rules.geojson, line 1: feature 1: ", "barier", "dedicated, together, barrier or seed"]);
    assert_eq!(plans(&place), counts(&[("520201011", 0), ("520201012", 0)]));

    place.write("rules.geojson", r#"{"type":"FeatureCollection","features":[]}"#);
    let said = plan("");
    assert!(said.fine().err.contains("warning: rules.geojson: there are no features in it"), "{}", said.err);

    // Ten kilometres to the east, unless it is read in another CRS.
    place.write("rules.geojson", feature(r#"{"rule":"seed","name":"派出所"}"#, r#"{"type":"Point","coordinates":[104.94,26.592]}"#));
    let said = plan("");
    assert!(said.fine().err.contains("rule \"派出所\" lies outside street 520201011 and was left aside"), "{}", said.err);
    let said = place.run(&format!("plan --county 520201 {SIZES} --rules rules.geojson"));
    assert_eq!(said.fine().err.matches("rule \"派出所\" lies in none of the streets").count(), 1, "{}", said.err);
    plan("--crs EPSG:4544").refused(&["rules.geojson, line 1: feature 1: ", "degrees"]);
}

#[test]
fn a_plan_is_drawn_again_from_one_that_is_there() {
    let place = Place::new();
    let again = |options: &str| place.run(&format!("plan --street 520201011 {options}"));
    // One cell is locked, one not selected: the two others may change, and have no reason to.
    let said = again("--from published --select 520201011001,520201011002001 --lock 520201011001001 --name again --json");
    let told: serde_json::Value = serde_json::from_str(&said.fine().out).unwrap();
    assert_eq!((told["plan"].as_u64(), told["cells"].as_u64()), (Some(4), Some(4)), "{}", said.out);
    let world = world(&place);
    let plans = &world[&code("520201011")].plans;
    let cells = |number: u32| {
        let plan = plans.iter().find(|plan| plan.id.0 == number).unwrap();
        let of = |block: &wangge::model::Block| (plan.cells[block.cell as usize].clone(), block.outline.clone());
        plan.blocks.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(cells(4), cells(2));
    again("--from 1 --cells 1").fine();
    again("--from again --publish").fine();
    let county = place.run("plan --county 520201 --from published");
    assert!(county.fine().out.contains("520201011       7 "), "{}", county.out);

    again("--from nobody").refused(&["no plan \"nobody\"", "1 \"first\"", "2 \"second\""]);
    again("--from published --select 520201011009").refused(&["no cell or community 520201011009"]);
    again("--from 1 --lock 520201011001").refused(&["none of the plan's cells may change"]);
    for (options, said) in [
        ("--select 520201011001", "--from"),
        ("--churn 2", "--from"),
        ("--from 1 --churn=-1", "from 0 on"),
        ("--from 1 --select 520201", "is the code of a county; give those of cells or communities"),
    ] {
        let refused = again(options);
        assert_eq!(refused.code, Some(2), "{options}: {}", refused.err);
        assert!(refused.err.contains(said), "{options}: {}", refused.err);
    }
    let refused = place.run("plan --county 520201 --from 1 --select 520201011001");
    assert!(refused.code == Some(2) && refused.err.contains("cannot be used with"), "{}", refused.err);
}

/// Imports a street so big that its planning takes a while.
#[cfg(unix)]
fn import_big_street(place: &Place, street: &str) {
    place.run("city --households 20000 --out city").fine();
    place.run(&format!("import survey city --street {street}")).fine();
}

/// Starts the program and sends it a signal once it says that it has begun to plan the street.
#[cfg(unix)]
fn signalled(place: &Place, words: &str, street: &str, signal: &str) -> Said {
    let mut command = place.command(words);
    // One street after the other.
    command.env("RUST_LOG", "wangge=debug").env("TMPDIR", place.dir.path()).env("RAYON_NUM_THREADS", "1");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    let begins = |line: &str| line.contains("planning begins") && line.contains(street);
    while !told.lines().any(begins) {
        assert_ne!(err.read_line(&mut told).unwrap(), 0, "it ended without planning: {told}");
    }
    assert!(std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    err.read_to_string(&mut told).unwrap();
    let mut said = Said::from(child.wait_with_output().unwrap());
    said.err = told;
    said
}

/// The same, again as long as the plan is there before the signal: this process may be kept from the processor meanwhile. Also
/// says how many plans came before it.
#[cfg(unix)]
#[track_caller]
fn stopped(place: &Place, words: &str, street: &str, signal: &str) -> (Said, usize) {
    let mut tries = std::iter::repeat_with(|| signalled(place, words, street, signal)).take(10).enumerate();
    let (late, said) = tries.find(|(_, said)| said.err.contains("planning was stopped")).expect("it stops before it has planned");
    assert_eq!(said.code, Some(130), "{words}: {}", said.err);
    assert!(!said.err.contains("error:"), "{}", said.err);
    (said, late)
}

#[cfg(unix)]
#[test]
fn planning_can_be_stopped() {
    let place = county(&[street("520201011")]);
    import_big_street(&place, "520201014");
    for (words, signal) in [("plan --street 520201014", "-INT"), ("plan --street 520201014 --json", "-TERM")] {
        let before = plans(&place);
        let (said, late) = stopped(&place, words, "520201014", signal);
        assert_eq!(said.err.lines().last(), Some("planning was stopped; nothing was changed"), "{words}: {}", said.err);
        assert_eq!(said.out, "");
        assert_eq!(plans(&place), counts(&[("520201011", 0), ("520201014", before[1].1 + late)]), "{words}");
    }
}

#[cfg(unix)]
#[test]
fn a_county_keeps_the_streets_that_are_done() {
    let place = county(&[street("520201011")]);
    import_big_street(&place, "520201014");
    let (said, late) = stopped(&place, "plan --county 520201", "520201014", "-INT");
    let last = "planning was stopped; 1 of 2 streets are planned and stay so, the others were not changed";
    assert_eq!(said.err.lines().last(), Some(last), "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[1].starts_with(&format!("520201011  {:>6} ", late + 1)), "{}", said.out);
    assert_eq!(lines[2], "520201014  not planned: planning was stopped", "{}", said.out);
    assert_eq!(plans(&place), counts(&[("520201011", late + 1), ("520201014", late)]));
}

#[cfg(unix)]
#[test]
fn the_demo_can_be_stopped_while_it_plans() {
    let place = Place::empty();
    let words = "demo --households 20000 --listen 127.0.0.1:0";
    let (said, _) = stopped(&place, words, "520201014", "-INT");
    assert_eq!(said.err.lines().last(), Some("planning was stopped; nothing was changed"), "{}", said.err);
    let left: Vec<_> = std::fs::read_dir(place.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}
