//! `wangge import …` as it is called: the store after it, the exit code, what is printed where.

use std::{
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;
use wangge::model::{Change, ChangeSet, Code, Group, IssueStatus, NO_STREET, Plan, PlanId, PlanState, StreetData};

use super::{
    folder::{self, BOUNDARY, HOUSEHOLDS, street},
    map,
};

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn database(&self) -> String {
        format!("gpkg:{}", self.folder.path().join("desk.gpkg").display())
    }

    fn import(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wangge"));
        command.arg("import").args(arguments).args(["--db", &self.database()]).current_dir(self.folder.path());
        command.output().unwrap()
    }

    /// The JSON that a successful import prints.
    fn imported(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.import(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What a failed import says; nothing may have been printed as a result.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.import(arguments);
        assert!(!output.status.success() && output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    fn stored(&self, code: &str) -> StreetData {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = wangge::store::open(&self.database()).await.unwrap();
            store.load_street(&Code::new(code).unwrap()).await.unwrap().unwrap_or_default()
        })
    }

    fn write(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn importing_twice_changes_nothing_and_what_is_gone_goes() {
    let (desk, survey) = (Desk::new(), folder::folder("", ""));
    let arguments = ["survey", text(survey.path()), "--street", "520201901=试点"];
    let first = desk.imported(&arguments);
    assert_eq!(first["streets"][0]["changed"]["households"], 3);
    let stored = desk.stored("520201901");
    assert_eq!((stored.version, stored.street().unwrap().name.as_str(), stored.buildings.len()), (1, "试点", 2));
    assert_eq!(
        desk.imported(&arguments)["streets"][0],
        serde_json::json!({"street": "520201901", "version": 1, "changed": {}, "removed": {}})
    );
    assert_eq!(desk.stored("520201901"), stored);
    std::fs::write(survey.path().join("households.csv"), &HOUSEHOLDS[..HOUSEHOLDS.find("H3").unwrap()]).unwrap();
    assert_eq!(
        desk.imported(&arguments)["streets"][0],
        serde_json::json!({"street": "520201901", "version": 2, "changed": {}, "removed": {"households": 1}})
    );
    assert_eq!(desk.stored("520201901").households.len(), 2);
}

#[test]
fn a_broken_file_leaves_the_store_as_it_was() {
    let (desk, survey) = (Desk::new(), folder::folder("", ""));
    let broken = folder::folder("boundary.geojson", &BOUNDARY[..200]);
    let message = desk.refused(&["survey", text(broken.path()), "--street", "520201901"]);
    assert!(message.contains("boundary.geojson, line 2") && message.contains("cut off"), "{message}");
    assert!(!desk.folder.path().join("desk.gpkg").exists(), "not even an empty database is left behind");
    desk.imported(&["survey", text(survey.path()), "--street", "520201901"]);
    let stored = desk.stored("520201901");
    for (arguments, words) in [
        (vec!["survey", text(broken.path()), "--street", "520201901"], "cut off"),
        (vec!["survey", text(survey.path()), "--street", "520201"], "code of a county"),
        (vec!["survey", text(survey.path()), "--street", "520201901", "--crs", "EPSG:4"], "unknown CRS"),
        (vec!["households", "none.csv"], "none.csv"),
        (vec!["osm", text(&map::town()), "--area", "Nowhere", "--street", "520201901"], "Talheim"),
    ] {
        let message = desk.refused(&arguments);
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(desk.stored("520201901"), stored);
}

#[test]
fn a_household_list_replaces_estimates_and_is_kept_by_the_next_map() {
    let desk = Desk::new();
    let map = ["osm", text(&map::town()), "--area", "Bergdorf", "--street", "520201901"].map(str::to_owned);
    let map: Vec<&str> = map.iter().map(String::as_str).collect();
    desk.imported(&map);
    assert!(desk.stored("520201901").households.iter().all(|household| household.estimated));
    let list = desk.write("list.csv", "household_id,building_id,lon,lat\nA,w30,104.80105,26.50105\nB,,104.803,26.503\nC,w30,105.8,26.5\n");
    let result = desk.imported(&["households", &list]);
    assert_eq!(result["report"]["counts"]["households"], serde_json::json!({"read": 3, "kept": 2, "rejected": 1}));
    let listed = desk.stored("520201901");
    let ids: Vec<&str> = listed.households.iter().map(|household| household.id.as_str()).collect();
    assert_eq!(ids, ["A", "B"]);
    let again = desk.imported(&map);
    assert!(again["report"]["notes"].to_string().contains("household list, which is kept"), "{again}");
    assert_eq!(desk.stored("520201901"), listed);

    let part = desk.write("part.csv", "household_id,building_id,lon,lat\nD,w30,104.80105,26.50105\n");
    desk.imported(&["households", &part]);
    assert_eq!(desk.stored("520201901").households.len(), 3, "others of the list stay");
    desk.imported(&["households", &part, "--replace"]);
    assert_eq!(desk.stored("520201901").households.len(), 1);
}

#[test]
fn a_household_id_in_two_streets_is_told_and_nothing_is_lost() {
    let desk = Desk::new();
    for (code, area) in [("520201901", "Bergdorf"), ("520201902", "Talheim")] {
        desk.imported(&["osm", text(&map::town()), "--area", area, "--street", code]);
    }
    let ids = |code: &str| -> Vec<String> { desk.stored(code).households.into_iter().map(|household| household.id).collect() };
    let list = desk.write("list.csv", "household_id,lon,lat\nA,104.801,26.501\nB,104.803,26.503\nC,104.815,26.505\n");
    desk.imported(&["households", &list]);
    let moved = desk.write("moved.csv", "household_id,lon,lat\nB,104.816,26.506\n");
    let result = desk.imported(&["households", &moved]);
    assert_eq!((ids("520201901"), ids("520201902")), (vec!["A".into(), "B".into()], vec!["B".into(), "C".into()]));
    let notes = result["report"]["notes"].to_string();
    assert!(notes.contains("1 households of street 520201901 have ids that now lie in another street, e.g. B"), "{notes}");
}

#[test]
fn issues_from_before_the_street_are_updated_where_they_are() {
    let desk = Desk::new();
    let row = "issue_id,lon,lat,category,reported_at,status\nI1,104.8410,26.5810,waste,2026-03-01,";
    let survey = folder::folder("issues.csv", format!("{row}open\n"));
    let list = survey.path().join("issues.csv");
    desk.imported(&["issues", text(&list)]);
    assert_eq!(desk.stored(NO_STREET).issues.len(), 1);
    std::fs::write(&list, format!("{row}closed\nI2,104.8411,26.5810,waste,2026-03-02,open\n")).unwrap();
    let result = desk.imported(&["survey", text(survey.path()), "--street", "520201901"]);
    assert_eq!(result["report"]["counts"]["issues"], serde_json::json!({"read": 2, "kept": 2, "rejected": 0}));
    let (before, own) = (desk.stored(NO_STREET).issues, desk.stored("520201901").issues);
    assert_eq!((before.len(), before[0].status), (1, IssueStatus::Closed));
    assert_eq!((own.len(), own[0].id.as_str()), (1, "I2"));
}

#[test]
fn a_survey_keeps_the_water_of_a_map() {
    let (desk, survey) = (Desk::new(), folder::folder("", ""));
    desk.imported(&["osm", text(&map::town()), "--area", "Bergdorf", "--street", "520201901"]);
    let waters = desk.stored("520201901").waters;
    assert_eq!(waters.len(), 1);
    desk.imported(&["survey", text(survey.path()), "--street", "520201901"]);
    assert_eq!(desk.stored("520201901").waters, waters);
}

#[test]
fn issues_are_filed_by_position_and_stay_where_they_are() {
    let (desk, survey) = (Desk::new(), folder::folder("", ""));
    let list = desk.write("issues.csv", "nr,e,n,kind,at\n1,484500,2941500,waste,2026-01-01\n2,490000,2941500,waste,2026-01-02 10:00\n");
    let arguments = ["issues", &list, "--crs", "EPSG:4544", "--map", "issue_id=nr,category=kind,x=e,y=n", "--map", "reported_at=at"];
    desk.imported(&arguments);
    assert_eq!(desk.stored(NO_STREET).issues.len(), 2, "no street is known yet");
    desk.imported(&["survey", text(survey.path()), "--street", "520201901"]);
    assert_eq!(desk.imported(&arguments)["streets"][0]["changed"], serde_json::json!({}), "known issues stay filed where they are");
    let more = desk.write("more.csv", "nr,e,n,kind,at\n3,484500,2941500,waste,2026-01-01\n");
    desk.imported(&["issues", &more, "--crs", "EPSG:4544", "--map", "issue_id=nr,category=kind,x=e,y=n,reported_at=at"]);
    let stored = desk.stored("520201901");
    assert_eq!(
        (stored.issues.len(), stored.issues[0].reported_at.to_string().as_str()),
        (1, "2025-12-31T16:00:00Z"),
        "midnight in Shanghai"
    );
}

#[test]
fn boundaries_make_streets_and_go_below_them() {
    let desk = Desk::new();
    let square = |code: &str, west: f64, east: f64| {
        format!(
            r#"{{"type":"Feature","properties":{{"id":"{code}","title":"T{code}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},26.5],[{east},26.5],[{east},26.51],[{west},26.51],[{west},26.5]]]}}}}"#
        )
    };
    let collection = |features: &[String]| format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    let communities =
        desk.write("communities.geojson", &collection(&[square("520201901001", 104.8, 104.81), square("520201901002", 104.81, 104.82)]));
    let fields = ["--code-field", "id", "--name-field", "title"];
    let message = desk.refused(&[&["boundaries", &communities, "--level", "community"][..], &fields].concat());
    assert!(message.contains("import it first with --level street"), "{message}");
    let streets = desk.write("streets.geojson", &collection(&[square("520201901", 104.8, 104.82), square("520201902", 104.82, 104.84)]));
    desk.imported(&[&["boundaries", &streets, "--level", "street"][..], &fields].concat());
    assert_eq!(desk.stored("520201902").street().unwrap().name, "T520201902");
    desk.imported(&[&["boundaries", &communities, "--level", "community"][..], &fields].concat());
    let codes: Vec<String> = desk.stored("520201901").areas.iter().map(|area| area.code.to_string()).collect();
    assert_eq!(codes, ["520201901", "520201901001", "520201901002"]);
    // The street that is stored is enough of an area for a map.
    desk.imported(&["osm", text(&map::town()), "--street", "520201901"]);
    assert!(!desk.stored("520201901").lines.is_empty());
    assert_eq!(desk.stored("520201901").areas.len(), 3, "communities stay");
}

#[test]
fn the_report_file_has_every_problem_also_when_the_import_fails() {
    let desk = Desk::new();
    let rows: String = (0..30).map(|i| format!("G{i},B1,,,490000,2941110\n")).collect();
    let survey = folder::folder("households.csv", format!("{HOUSEHOLDS}{rows}"));
    let report = desk.folder.path().join("report.json");
    let output = desk.import(&["survey", text(survey.path()), "--street", street().as_str(), "--report", text(&report)]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("households.csv, line 5, G0: the position lies outside the street") && shown.contains("… and 10 more"),
        "{shown}"
    );
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(written["problems"].as_array().unwrap().len(), 30);

    let survey = folder::folder("households.csv", format!("household_id,building_id,unit,floor,x,y\n{rows}"));
    let message = desk.refused(&["survey", text(survey.path()), "--street", street().as_str(), "--report", text(&report)]);
    assert!(message.contains("none of 30 households could be used; the first: households.csv, line 2, G0"), "{message}");
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(
        (written["problems"].as_array().unwrap().len(), &written["report"]["counts"]["households"]["kept"]),
        (30, &serde_json::json!(0))
    );
}

#[test]
fn a_report_never_takes_the_place_of_what_is_read_or_written() {
    let (desk, survey) = (Desk::new(), folder::folder("", ""));
    let first = ["survey", text(survey.path()), "--street", "520201901"];
    let ahead = desk.refused(&[&first[..], &["--report", "./desk.gpkg"]].concat());
    assert!(ahead.contains("would overwrite"), "{ahead}");
    desk.imported(&first);
    let database = desk.folder.path().join("desk.gpkg");
    let input = survey.path().join("households.csv");
    std::os::unix::fs::symlink(&database, desk.folder.path().join("link")).unwrap();
    std::fs::hard_link(&input, desk.folder.path().join("hard")).unwrap();
    let around = survey.path().join("../").join(survey.path().file_name().unwrap()).join("streets.geojson");
    let before = (std::fs::read(&database).unwrap(), std::fs::read(&input).unwrap());
    for report in ["link", "desk.gpkg", "desk.gpkg-wal", "hard", text(&input), text(&around)] {
        let message = desk.refused(&[&first[..], &["--report", report]].concat());
        assert!(message.contains("would overwrite"), "{report}: {message}");
    }
    assert_eq!((std::fs::read(&database).unwrap(), std::fs::read(&input).unwrap()), before);
    // A pipe stays a pipe.
    let pipe = desk.folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    desk.imported(&[&first[..], &["--report", "pipe"]].concat());
    assert!(reader.join().unwrap().contains("\"report\""));
    assert!(!std::fs::metadata(&pipe).unwrap().is_file());
    let message = desk.refused(&["households", "none.csv", "--report", "no/such/report.json"]);
    assert!(message.contains("cannot write the report to no/such/report.json"), "{message}");
}

#[test]
fn a_mostly_unusable_list_removes_nothing_without_force() {
    let (desk, survey) = (Desk::new(), folder::folder("", ""));
    desk.imported(&["survey", text(survey.path()), "--street", "520201901"]);
    let stored = desk.stored("520201901");
    let bad = "household_id,building_id,x,y\nH1,B1,484110,2941110\nH2,B1,490000,2941110\nH3,B2,490000,2941110\n";
    let broken = folder::folder("households.csv", bad);
    let list = desk.write("list.csv", bad);
    for arguments in
        [vec!["survey", text(broken.path()), "--street", "520201901"], vec!["households", &list, "--crs", "EPSG:4544", "--replace"]]
    {
        let message = desk.refused(&arguments);
        assert!(message.contains("2 of 3 households cannot be used, and 2 stored households") && message.contains("--force"), "{message}");
        assert_eq!(desk.stored("520201901"), stored);
    }
    desk.imported(&["households", &list, "--crs", "EPSG:4544"]);
    assert_eq!(desk.stored("520201901").households.len(), 3, "nothing is removed where rows are added only");
    let result = desk.imported(&["survey", text(broken.path()), "--street", "520201901", "--force"]);
    assert_eq!(result["streets"][0]["removed"], serde_json::json!({"households": 2}));
}

#[test]
fn a_failed_import_leaves_no_empty_database() {
    let desk = Desk::new();
    let bad = desk.write("bad.csv", "issue_id,lon,lat,category,reported_at\n1,x,y,waste,2026-01-01\n");
    for arguments in [
        vec!["issues", "none.csv"],
        vec!["issues", &bad],
        vec!["households", &bad],
        vec!["boundaries", &bad, "--level", "street"],
        vec!["boundaries", "none.geojson", "--level", "cell"],
        vec!["osm", text(&map::town()), "--street", "520201901"],
    ] {
        desk.refused(&arguments);
        assert!(!desk.folder.path().join("desk.gpkg").exists(), "{arguments:?}");
    }
    let message = desk.refused(&["issues", "none.csv"]);
    assert_eq!(message.matches("No such file").count(), 1, "{message}");
    for (code, word) in [(NO_STREET, "no street"), ("52020190", "8 digits")] {
        let message = desk.refused(&["survey", ".", "--street", code]);
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn a_plan_that_no_longer_fits_is_remarked() {
    let (desk, survey) = (Desk::new(), folder::folder("", ""));
    let arguments = ["survey", text(survey.path()), "--street", "520201901"];
    desk.imported(&arguments);
    let plan = Plan {
        id: PlanId(1),
        name: "first".into(),
        state: PlanState::Published,
        valid_from: Some("2026-01-01".parse().unwrap()),
        valid_to: None,
        created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        owner: None,
        base: None,
        revision: 0,
        parameters: serde_json::json!({}),
        estimated: false,
        communities: vec![],
        cells: vec![],
        blocks: vec![],
        groups: vec![Group {
            code: Code::new("520201901001001001").unwrap(),
            head: "H1".into(),
            members: vec!["H1".into(), "H2".into(), "H3".into()],
        }],
    };
    let set = ChangeSet { street: street(), what: "plan".into(), changes: vec![Change::PutPlan(Box::new(plan))] };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { wangge::store::open(&desk.database()).await.unwrap().commit(1, &set).await.unwrap() });
    std::fs::write(survey.path().join("boundary.geojson"), BOUNDARY.replace("484000,2942000", "484000,2941990")).unwrap();
    std::fs::write(survey.path().join("households.csv"), &HOUSEHOLDS[..HOUSEHOLDS.find("H3").unwrap()]).unwrap();
    let notes = desk.imported(&arguments)["report"]["notes"].to_string();
    assert!(notes.contains("plan 1 was drawn in the old one"), "{notes}");
    assert!(notes.contains("names 1 households that no longer exist"), "{notes}");
    assert_eq!(desk.imported(&arguments)["report"]["notes"], serde_json::json!([]));
}

#[test]
fn streets_may_not_share_issue_ids_and_say_when_they_share_ground() {
    let desk = Desk::new();
    let survey = folder::folder("issues.csv", "issue_id,lon,lat,category,reported_at\nI1,104.8410,26.5810,waste,2026-03-01\n");
    desk.imported(&["survey", text(survey.path()), "--street", "520201901"]);
    let other = desk.imported(&["survey", text(survey.path()), "--street", "520201902"]);
    let problem = &other["report"]["problems"][0];
    assert_eq!((&problem["file"], &problem["line"]), (&"issues.csv".into(), &2.into()), "{problem}");
    assert_eq!(problem["message"], "street 520201901 has an issue of this id already");
    assert_eq!(other["report"]["counts"]["issues"], serde_json::json!({"read": 1, "kept": 0, "rejected": 1}));
    assert!(desk.stored("520201902").issues.is_empty());
    // A square kilometre of the projection, which is a little less on the ground.
    let note = other["report"]["notes"][0].as_str().unwrap();
    assert!(note.starts_with("street 520201902 overlaps street 520201901 by 1000") || note.contains(" by 999"), "{note}");
    assert_eq!(desk.imported(&["survey", text(survey.path()), "--street", "520201901"])["report"]["notes"], serde_json::json!([]));
}

#[test]
fn a_boundary_without_a_name_keeps_the_name() {
    let (desk, survey) = (Desk::new(), folder::folder("", ""));
    desk.imported(&["survey", text(survey.path()), "--street", "520201901=试点"]);
    let outline = BOUNDARY.replace(r#"{"name":"测试街道"}"#, r#"{"code":"520201901"}"#).replace("484000,2942000", "484000,2941990");
    let file = desk.write("street.geojson", &outline);
    desk.imported(&["boundaries", &file, "--level", "street"]);
    assert_eq!(desk.stored("520201901").street().unwrap().name, "试点");
    assert_eq!(desk.stored("520201901").version, 2);
}
