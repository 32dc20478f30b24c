//! Plans as versions, over HTTP: drafts, commands, their undoing, two at once, publishing.

use std::collections::BTreeSet;

use super::*;

const PLANS: &str = "/api/streets/520201011/plans";

impl Fixture {
    async fn write(&self, method: Method, target: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(target).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A new copy of the plan in force; its path.
    async fn draft(&self, name: &str) -> String {
        let made = self.write(Method::POST, PLANS, &[], json!({"name": name, "from": "published", "owner": "王"})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&made.body));
        assert!(made.header(header::ETAG).starts_with("\"r0"), "{:?}", made.headers);
        format!("{PLANS}/{}", made.json()["id"])
    }

    async fn edit(&self, draft: &str, revision: u32, command: Value) -> Answer {
        self.write(Method::POST, &format!("{draft}/edits"), &[("if-match", &format!("\"r{revision}\""))], command).await
    }

    /// Puts a draft in force as its preview says.
    async fn publish(&self, draft: &str, wish: Value) -> Answer {
        let from = wish["from"].as_str().map(|day| format!("?from={day}")).unwrap_or_default();
        let tag = self.get(&format!("{draft}/preview{from}")).await.header(header::ETAG).to_owned();
        let published = self.write(Method::POST, &format!("{draft}/publish"), &[("if-match", &tag)], wish).await;
        assert_eq!(published.status, StatusCode::OK, "{}", String::from_utf8_lossy(&published.body));
        published
    }

    async fn cells(&self, draft: &str) -> Vec<String> {
        let desk = self.get(&format!("{draft}/desk")).await.json();
        desk["cells"].as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap().to_owned()).collect()
    }

    async fn exported(&self, plan: &str) -> Vec<u8> {
        self.service.catch_up().await.unwrap();
        let id = plan.rsplit('/').next().unwrap();
        let mut desk = self.get(&format!("{plan}/desk")).await.json();
        desk["plan"]["revision"] = json!(id);
        desk["plan"]["tag"].take();
        desk["undo"].take();
        desk["redo"].take();
        desk.to_string().into_bytes()
    }
}

fn merge() -> Value {
    json!({"op": "merge", "cells": [NORTH_WEST, SOUTH_WEST], "into": NORTH_WEST, "who": "王", "why": "太小"})
}

#[tokio::test]
async fn plans_are_listed_copied_renamed_and_dropped() {
    let town = town().await;
    let plans = town.get(PLANS).await.json();
    let states: Vec<&str> = plans["plans"].as_array().unwrap().iter().map(|p| p["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["superseded", "published", "draft"]);
    assert_eq!(plans["plans"][1]["balance"]["mean"], 10.0);
    let draft = town.draft("甲").await;
    town.write(Method::POST, PLANS, &[], json!({"name": "甲", "from": 2})).await.problem(409, "name_taken");
    town.write(Method::POST, PLANS, &[], json!({"name": "", "from": 2})).await.problem(400, "bad_body");
    town.write(Method::POST, PLANS, &[], json!({"name": "乙", "from": 99})).await.problem(404, "no_such_plan");
    town.write(Method::POST, PLANS, &[], json!({"name": "乙", "from": "somewhere"})).await.problem(400, "bad_body");
    for from in [json!(4_294_967_297_u64), json!(-1), json!(1.0), json!(1.5), json!(null), json!([2]), json!("2")] {
        town.write(Method::POST, PLANS, &[], json!({"name": "乙", "from": from})).await.problem(400, "bad_body");
    }
    town.get("/api/streets/520201999/plans").await.problem(404, "no_such_street");
    town.write(Method::PATCH, &draft, &[], json!({"name": "丙"})).await.problem(428, "no_if_match");
    let renamed = town.write(Method::PATCH, &draft, &[("if-match", "\"r0\"")], json!({"name": "丙"})).await;
    assert_eq!((renamed.json()["name"].as_str(), renamed.header(header::ETAG)), (Some("丙"), "\"r1.draft\""));
    town.write(Method::DELETE, &draft, &[("if-match", "\"r0\"")], json!({})).await.problem(412, "stale");
    let dropped = town.write(Method::DELETE, &draft, &[("if-match", "\"r1\"")], json!({})).await;
    assert_eq!(dropped.status, StatusCode::NO_CONTENT);
    town.get(&draft).await.problem(404, "no_such_plan");
    let kept = town.write(Method::DELETE, &format!("{PLANS}/2"), &[("if-match", "\"r0\"")], json!({})).await;
    assert_eq!(kept.problem(422, "refused")["reason"], "not_a_draft");
}

#[tokio::test]
async fn a_command_is_done_undone_and_done_again() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let start = town.exported(&draft).await;
    let done = town.edit(&draft, 0, merge()).await;
    assert_eq!((done.status, done.header(header::ETAG)), (StatusCode::OK, "\"r1\""));
    let answer = done.json();
    assert_eq!((&answer["number"], &answer["op"], &answer["merged"]), (&json!(1), &json!("merge"), &json!(false)));
    assert_eq!(answer["changed"]["removed_cells"], json!([SOUTH_WEST]));
    assert_eq!(answer["moved"]["households"], 10);
    assert_eq!(answer["undo"]["op"], "merge");
    let merged = answer["changed"]["cells"].as_array().unwrap().iter().find(|c| c["code"] == NORTH_WEST).unwrap();
    assert_eq!(merged["households"], 20);
    assert_eq!(merged["geometry"].as_array().unwrap().len(), 1, "one piece");
    let after = town.exported(&draft).await;
    let undo = |revision: u32| format!("\"r{revision}\"");
    let undone = town.write(Method::POST, &format!("{draft}/undo"), &[("if-match", &undo(1))], json!({})).await;
    assert_eq!((undone.status, undone.json()["redo"]["op"].as_str()), (StatusCode::OK, Some("merge")));
    assert_eq!(town.exported(&draft).await, start, "undo restores every byte");
    let none = town.write(Method::POST, &format!("{draft}/undo"), &[("if-match", &undo(2))], json!({})).await;
    none.problem(409, "nothing_to_undo");
    let redone = town.write(Method::POST, &format!("{draft}/redo"), &[("if-match", &undo(2))], json!({})).await;
    assert_eq!(redone.status, StatusCode::OK);
    assert_eq!(town.exported(&draft).await, after);
    let log = town.get(&format!("{draft}/edits")).await.json();
    assert_eq!(log["edits"][0]["standing"], "done");
    assert_eq!((log["edits"][0]["who"].as_str(), log["edits"][0]["why"].as_str()), (Some("王"), Some("太小")));
    assert_eq!(log["edits"][0]["summary"]["households_moved"], 10);
    // A new service over the same store: the log has survived.
    let again = Service::start(town.store.clone(), Options::default()).await.unwrap();
    let again = Fixture { app: router(again.clone()), service: again, store: town.store.clone(), _dir: tempfile::tempdir().unwrap() };
    let undone = again.write(Method::POST, &format!("{draft}/undo"), &[("if-match", &undo(3))], json!({})).await;
    assert_eq!(undone.status, StatusCode::OK);
    assert_eq!(again.exported(&draft).await, start);
    // The first service catches up with what the other did.
    assert_eq!(town.exported(&draft).await, start);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_reason_and_place() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let refused = town.edit(&draft, 0, json!({"op": "merge", "cells": [NORTH_WEST, SOUTH_EAST], "into": NORTH_WEST})).await;
    let problem = refused.problem(422, "refused");
    assert_eq!(problem["reason"], "cells_apart");
    assert!(problem["at"].is_array() && problem["codes"].as_array().unwrap().len() == 2);
    let emptied = town.edit(&draft, 0, json!({"op": "assign", "blocks": [0], "to": SOUTH_EAST})).await.problem(422, "refused");
    assert_eq!(emptied["reason"], "cell_empty");
    let reasons = [
        (json!({"op": "split", "cell": NORTH_WEST, "line": [[0.0, 0.0], [1.0, 0.0]]}), "line_misses"),
        (json!({"op": "assign", "blocks": [77], "to": SOUTH_EAST}), "no_such_block"),
        (json!({"op": "rename", "code": NORTH_WEST, "name": " "}), "bad_name"),
        (json!({"op": "recode", "cell": NORTH_WEST, "to": SOUTH_EAST}), "code_taken"),
        (json!({"op": "recode", "cell": NORTH_WEST, "to": "5202"}), "bad_code"),
        (json!({"op": "delete_vertex", "at": [lon(1000), lat(1000)]}), "outer_boundary"),
        (json!({"op": "import", "plan": {"type": "FeatureCollection", "features": []}}), "bad_geometry"),
        (json!({"op": "halve", "cell": NORTH_WEST}), "cannot_halve"),
    ];
    for (command, reason) in reasons {
        let problem = town.edit(&draft, 0, command.clone()).await.problem(422, "refused");
        // The vertex in the middle of the town is on no outer boundary.
        let known = if reason == "outer_boundary" { "not_a_degree_two_vertex" } else { reason };
        assert_eq!(problem["reason"], known, "{command}");
    }
    town.edit(&draft, 0, json!({"op": "fly"})).await.problem(400, "bad_body");
    town.edit(&draft, 0, json!({"op": "merge", "cells": [], "into": NORTH_WEST, "extra": 1})).await.problem(400, "bad_body");
    town.write(Method::POST, &format!("{draft}/edits"), &[], merge()).await.problem(428, "no_if_match");
    town.write(Method::POST, &format!("{draft}/edits"), &[("if-match", "r0")], merge()).await.problem(400, "bad_request");
    town.edit(&format!("{PLANS}/2"), 0, merge()).await.problem(422, "refused");
    assert_eq!(town.get(&draft).await.header(header::ETAG), "\"r0.draft\"", "the draft is as it was");
    assert_eq!(town.get(&format!("{draft}/edits")).await.json()["edits"], json!([]));
}

fn lon(x: i32) -> f64 {
    at(x, 0).lon()
}

fn lat(y: i32) -> f64 {
    at(0, y).lat()
}

#[tokio::test]
async fn what_is_tried_is_not_done() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let tried = town.write(Method::POST, &format!("{draft}/try"), &[], merge()).await;
    assert_eq!((tried.status, tried.header(header::ETAG)), (StatusCode::OK, "\"r0\""));
    assert_eq!(tried.json()["balance"]["after"]["beyond"], 3);
    assert_eq!(town.cells(&draft).await.len(), 4);
}

#[tokio::test]
async fn what_takes_too_long_is_ended_and_refused() {
    let hasty = Fixture::new(Options { longest_command: Duration::ZERO, ..Options::default() }).await;
    let draft = hasty.draft("甲").await;
    let replan = || json!({"op": "replan", "cells": 3, "churn": 0});
    let refused = hasty.edit(&draft, 0, replan()).await.problem(422, "refused");
    assert_eq!(refused["reason"], "too_long");
    let tried = hasty.write(Method::POST, &format!("{draft}/try"), &[], replan()).await.problem(422, "refused");
    assert_eq!(tried["reason"], "too_long");
    let regroup = hasty.edit(&draft, 0, json!({"op": "regroup", "cell": NORTH_WEST})).await.problem(422, "refused");
    assert_eq!(regroup["reason"], "too_long");
    // The street is free, and what is done at once is done.
    assert_eq!(hasty.edit(&draft, 0, merge()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_same_key_is_done_once() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let headers = [("if-match", "\"r0\""), ("idempotency-key", "k1")];
    let first = town.write(Method::POST, &format!("{draft}/edits"), &headers, merge()).await;
    let second = town.write(Method::POST, &format!("{draft}/edits"), &headers, merge()).await;
    assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!((second.json()["number"].as_u64(), second.header(header::ETAG)), (Some(1), "\"r1\""));
    assert_eq!(town.get(&format!("{draft}/edits")).await.json()["edits"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn two_planners_meet_only_where_they_touch_the_same() {
    let town = town().await;
    let draft = town.draft("甲").await;
    assert_eq!(town.edit(&draft, 0, json!({"op": "rename", "code": NORTH_WEST, "name": "西北"})).await.status, StatusCode::OK);
    // The other still knows revision 0 and does something elsewhere.
    let apart = town.edit(&draft, 0, json!({"op": "rename", "code": SOUTH_EAST, "name": "东南"})).await;
    assert_eq!((apart.status, apart.json()["merged"].as_bool()), (StatusCode::OK, Some(true)));
    let same = town.edit(&draft, 0, merge()).await.problem(412, "stale");
    assert_eq!((&same["revision"], same["since"].as_array().unwrap().len()), (&json!(2), 2));
    let changed = town.get(&format!("{draft}/desk?since=0")).await.json();
    let names: Vec<&str> = changed["cells"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"西北") && names.contains(&"东南") && changed["revision"] == 2, "{names:?}");
    assert_eq!(town.get(&format!("{draft}/desk?since=9")).await.json(), json!({"all": true}));
    town.get(&format!("{draft}/desk?since=x")).await.problem(400, "bad_parameter");
    // Undo is only for who knows what is undone.
    let stale = town.write(Method::POST, &format!("{draft}/undo"), &[("if-match", "\"r1\"")], json!({})).await;
    stale.problem(412, "stale");
}

#[tokio::test]
async fn a_community_is_renamed_by_one_of_two() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let desk = town.get(&format!("{draft}/desk")).await.json();
    let rename = |name: &str| json!({"op": "rename", "code": desk["communities"][0]["code"], "name": name});
    assert_eq!(town.edit(&draft, 0, rename("甲社区")).await.status, StatusCode::OK);
    town.edit(&draft, 0, rename("乙社区")).await.problem(412, "stale");
}

#[tokio::test]
async fn streets_that_do_not_exist_take_no_place() {
    let town = town().await;
    let draft = town.draft("甲").await;
    assert_eq!(town.edit(&draft, 0, json!({"op": "lock", "codes": [SOUTH_EAST]})).await.status, StatusCode::OK);
    for street in 0..6 {
        town.get(&format!("/api/streets/52020190{street}/plans")).await.problem(404, "no_such_street");
    }
    // What happened since is still known.
    let apart = town.edit(&draft, 0, json!({"op": "lock", "codes": [NORTH_WEST]})).await;
    assert_eq!((apart.status, apart.json()["merged"].as_bool()), (StatusCode::OK, Some(true)));
}

#[tokio::test]
async fn no_code_is_given_to_two_cells() {
    let town = town().await;
    let made = async |at: &Fixture, draft: &str| {
        let before = at.cells(draft).await;
        assert_eq!(at.edit(draft, 0, merge()).await.status, StatusCode::OK);
        let halved = at.edit(draft, 1, json!({"op": "halve", "cell": NORTH_WEST})).await;
        assert_eq!(halved.status, StatusCode::OK, "{}", String::from_utf8_lossy(&halved.body));
        at.cells(draft).await.into_iter().find(|code| !before.contains(code)).unwrap()
    };
    let (first, second) = (town.draft("甲").await, town.draft("乙").await);
    let mut codes = BTreeSet::from([made(&town, &first).await]);
    assert!(codes.insert(made(&town, &second).await), "two drafts: {codes:?}");
    let undone = town.write(Method::POST, &format!("{first}/undo"), &[("if-match", "\"r2\"")], json!({})).await;
    assert_eq!(undone.status, StatusCode::OK);
    let third = town.draft("丙").await;
    assert!(codes.insert(made(&town, &third).await), "it may be done again: {codes:?}");
    let again = Service::start(town.store.clone(), Options::default()).await.unwrap();
    let again = Fixture { app: router(again.clone()), service: again, store: town.store.clone(), _dir: tempfile::tempdir().unwrap() };
    let fourth = again.draft("丁").await;
    assert!(codes.insert(made(&again, &fourth).await), "after a restart: {codes:?}");
}

#[tokio::test]
async fn publishing_does_what_its_preview_says_and_can_be_rolled_back() {
    let town = town().await;
    let draft = town.draft("甲").await;
    assert_eq!(town.edit(&draft, 0, merge()).await.status, StatusCode::OK);
    let preview = town.get(&format!("{draft}/preview")).await;
    let seen = preview.json();
    assert_eq!((&seen["replaces"], &seen["households_moved"]), (&json!(2), &json!(10)));
    assert_eq!((&seen["cells"]["same"], &seen["cells"]["changed"], &seen["cells"]["ended"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!(seen["moves"][0]["from"], SOUTH_WEST);
    assert_eq!(seen["moves"][0]["to"], NORTH_WEST);
    let lineage = seen["lineage"].as_array().unwrap();
    let kind = |code: &str| lineage.iter().find(|c| c["code"] == code).unwrap()["kind"].clone();
    assert_eq!((kind(NORTH_WEST), kind(SOUTH_WEST), kind(NORTH_EAST)), (json!("merged"), json!("ended"), json!("same")));
    let before = town.get(&format!("/api/locate?{}", lonlat(300, 300))).await.json();
    let tag = preview.header(header::ETAG).to_owned();
    // Somebody changes the draft: what was seen is not what would come.
    assert_eq!(town.edit(&draft, 1, json!({"op": "rename", "code": NORTH_WEST, "name": "西"})).await.status, StatusCode::OK);
    let publish = format!("{draft}/publish");
    town.write(Method::POST, &publish, &[("if-match", &tag)], json!({})).await.problem(412, "stale_preview");
    let tag = town.get(&format!("{draft}/preview")).await.header(header::ETAG).to_owned();
    let published = town.write(Method::POST, &publish, &[("if-match", &tag)], json!({"who": "王", "why": "并格"})).await;
    assert_eq!((published.status, published.json()["replaced"].as_u64()), (StatusCode::OK, Some(2)));
    assert_eq!(published.json()["plan"]["state"], "published");
    // The second of two publishes at the same second has seen a preview that is no more.
    town.write(Method::POST, &publish, &[("if-match", &tag)], json!({})).await.problem(422, "refused");
    town.service.catch_up().await.unwrap();
    let after = town.get(&format!("/api/locate?{}", lonlat(300, 300))).await.json();
    assert_eq!((before["place"]["cell_code"].as_str(), after["place"]["cell_code"].as_str()), (Some(SOUTH_WEST), Some(NORTH_WEST)));
    let old = town.get(&format!("/api/locate?{}&as-of=2026-02-01", lonlat(300, 300))).await.json();
    assert_eq!(old["place"]["cell_code"], SOUTH_WEST, "as of a day before, the old plan answers");
    let lineage = town.get(&format!("{draft}/lineage")).await.json();
    assert_eq!(lineage["against"], 2);
    town.edit(&draft, 2, merge()).await.problem(422, "refused");
    let back = town.write(Method::POST, &format!("{draft}/rollback"), &[("if-match", "\"r2\"")], json!({"why": "再议"})).await;
    assert_eq!(
        (back.status, back.json()["plan"]["state"].as_str(), back.json()["replaced"].as_u64()),
        (StatusCode::OK, Some("draft"), Some(2))
    );
    town.service.catch_up().await.unwrap();
    let again = town.get(&format!("/api/locate?{}", lonlat(300, 300))).await.json();
    assert_eq!(again["place"]["cell_code"], SOUTH_WEST);
    // Its log is still there.
    assert_eq!(town.get(&format!("{draft}/edits")).await.json()["edits"].as_array().unwrap().len(), 2);
    let words: Vec<String> = town.store.changes_since(&code(STREET), 0).await.unwrap().into_iter().map(|n| n.what).collect();
    assert!(words.iter().any(|w| w == "publish by 王 because 并格"), "{words:?}");
}

#[tokio::test]
async fn who_publishes_and_why_are_checked_as_with_commands() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let tag = town.get(&format!("{draft}/preview")).await.header(header::ETAG).to_owned();
    let long = "长".repeat(401);
    for words in [json!({"who": "王\u{0}"}), json!({"why": "一行\n两行"}), json!({"why": long}), json!({"who": 7})] {
        town.write(Method::POST, &format!("{draft}/publish"), &[("if-match", &tag)], words.clone()).await.problem(400, "bad_body");
        town.write(Method::POST, &format!("{PLANS}/2/rollback"), &[("if-match", "\"r0\"")], words.clone()).await.problem(400, "bad_body");
        let mut command = merge();
        command.as_object_mut().unwrap().extend(words.as_object().unwrap().clone());
        town.edit(&draft, 0, command).await.problem(400, "bad_body");
    }
    // What is not said is not logged.
    let body = json!({"who": " ", "why": "短".repeat(400)});
    let published = town.write(Method::POST, &format!("{draft}/publish"), &[("if-match", &tag)], body).await;
    assert_eq!(published.status, StatusCode::OK);
    let last = town.store.changes_since(&code(STREET), 0).await.unwrap().pop().unwrap();
    assert_eq!(last.what, format!("publish because {}", "短".repeat(400)));
}

#[tokio::test]
async fn a_preview_rests_on_households_and_not_on_reports() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let tag = async || town.get(&format!("{draft}/preview")).await.header(header::ETAG).to_owned();
    let street = town.store.load_street(&code(STREET)).await.unwrap().unwrap();
    let commit = async |change: Change| {
        let version = town.store.versions().await.unwrap()[&code(STREET)];
        town.store.commit(version, &ChangeSet { street: code(STREET), what: "import".into(), changes: vec![change] }).await.unwrap();
    };
    let seen = tag().await;
    let issue = Issue { id: "new".into(), ..street.issues[0].clone() };
    commit(Change::PutIssues(vec![issue])).await;
    assert_eq!(tag().await, seen);
    let moved = wangge::model::Household { building_id: None, position: at(1500, 500), ..street.households[0].clone() };
    commit(Change::PutHouseholds(vec![moved])).await;
    assert_ne!(tag().await, seen);
    let publish = format!("{draft}/publish");
    town.write(Method::POST, &publish, &[("if-match", &seen)], json!({})).await.problem(412, "stale_preview");
    assert_eq!(town.write(Method::POST, &publish, &[("if-match", &tag().await)], json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn where_nobody_lives_lineage_goes_by_the_ground() {
    let town = town().await;
    let households = town.store.load_street(&code(STREET)).await.unwrap().unwrap().households;
    let in_east = |h: &&wangge::model::Household| h.position.lon_e7 > at(1000, 0).lon_e7 && h.position.lat_e7 < at(0, 1000).lat_e7;
    let ids: Vec<String> = households.iter().filter(in_east).map(|h| h.id.clone()).collect();
    assert_eq!(ids.len(), 10);
    let version = town.store.versions().await.unwrap()[&code(STREET)];
    let change = ChangeSet { street: code(STREET), what: "import".into(), changes: vec![Change::DeleteHouseholds(ids)] };
    town.store.commit(version, &change).await.unwrap();
    let draft = town.draft("甲").await;
    let new = "520201011002009";
    let done = town.edit(&draft, 0, json!({"op": "recode", "cell": SOUTH_EAST, "to": new})).await;
    assert_eq!(done.status, StatusCode::OK, "{}", String::from_utf8_lossy(&done.body));
    let preview = town.get(&format!("{draft}/preview")).await.json();
    let cell = |code: &str| preview["lineage"].as_array().unwrap().iter().find(|c| c["code"] == code).unwrap().clone();
    assert_eq!(cell(new), json!({"code": new, "kind": "merged", "from": [{"code": SOUTH_EAST, "households": 0, "share": 1.0}]}));
    assert_eq!(cell(SOUTH_EAST), json!({"code": SOUTH_EAST, "kind": "ended", "from": [{"code": new, "households": 0, "share": 1.0}]}));
    assert_eq!(cell(NORTH_EAST)["from"], json!([{"code": NORTH_EAST, "households": 10, "share": 1.0}]));
}

#[tokio::test]
async fn a_plan_for_later_waits_for_its_day() {
    let town = town().await;
    let draft = town.draft("甲").await;
    assert_eq!(town.edit(&draft, 0, merge()).await.status, StatusCode::OK);
    let preview = town.get(&format!("{draft}/preview?from=2999-01-01")).await;
    town.get(&format!("{draft}/preview?from=tomorrow")).await.problem(400, "bad_parameter");
    let tag = preview.header(header::ETAG).to_owned();
    let published = town.write(Method::POST, &format!("{draft}/publish"), &[("if-match", &tag)], json!({"from": "2999-01-01"})).await;
    assert_eq!(published.json()["plan"]["valid_from"], "2999-01-01");
    town.service.catch_up().await.unwrap();
    let cell = |day: &str| format!("/api/locate?{}&as-of={day}", lonlat(300, 300));
    assert_eq!(town.get(&cell("2998-12-31")).await.json()["place"]["cell_code"], SOUTH_WEST);
    assert_eq!(town.get(&cell("2999-01-01")).await.json()["place"]["cell_code"], NORTH_WEST);
    // Another from today on ends where this one begins, and cannot be rolled back past it.
    let other = town.draft("乙").await;
    let preview = town.get(&format!("{other}/preview")).await;
    assert_eq!(preview.json()["until"], "2999-01-01");
    let tag = preview.header(header::ETAG).to_owned();
    assert_eq!(town.write(Method::POST, &format!("{other}/publish"), &[("if-match", &tag)], json!({})).await.status, StatusCode::OK);
    let back = town.write(Method::POST, &format!("{other}/rollback"), &[("if-match", "\"r0\"")], json!({})).await;
    back.problem(409, "not_last");
}

#[tokio::test]
async fn two_plans_are_compared() {
    let town = town().await;
    let draft = town.draft("甲").await;
    assert_eq!(town.edit(&draft, 0, merge()).await.status, StatusCode::OK);
    let id = draft.rsplit('/').next().unwrap();
    let compared = town.get(&format!("{PLANS}/2/compare/{id}")).await.json();
    assert_eq!((compared["only_a"].as_array().unwrap().len(), compared["only_b"].as_array().unwrap().len()), (1, 0));
    assert_eq!(compared["moved"].as_array().unwrap().iter().map(|m| m["households"].as_u64().unwrap()).sum::<u64>(), 10);
    assert!(compared["balance"]["b"]["largest"].as_f64() > compared["balance"]["a"]["largest"].as_f64());
}

#[tokio::test]
async fn plannings_run_in_the_background_and_one_is_adopted() {
    let town = town().await;
    let plannings = "/api/streets/520201011/plannings";
    let wish = json!({"cells": 2, "variants": [{"seed": 1, "balance": 0.5}, {"seed": 2, "balance": 1.0}]});
    let begun = town.write(Method::POST, plannings, &[], wish).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED);
    let planning = format!("{plannings}/{}", begun.json()["id"].as_str().unwrap());
    let view = loop {
        let view = town.get(&planning).await.json();
        if view["state"] != "running" {
            break view;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(view["state"], "done", "{view}");
    let results = view["results"].as_array().unwrap();
    assert!(results.iter().all(|r| r["score"]["cells"] == 2 && r["cells"].as_array().unwrap().len() == 2), "{view}");
    let adopted = town.write(Method::POST, &format!("{planning}/adopt"), &[], json!({"n": 1, "name": "新"})).await;
    assert_eq!((adopted.status, adopted.json()["cells"].as_u64()), (StatusCode::CREATED, Some(2)));
    // Its codes are no other cell's: half the street is no quarter of it. And they are those that were shown.
    let codes = town.cells(&format!("{PLANS}/{}", adopted.json()["id"])).await;
    let mut others = Vec::new();
    for plan in 1..=3 {
        others.extend(town.cells(&format!("{PLANS}/{plan}")).await);
    }
    assert!(codes.iter().all(|code| !others.contains(code)), "{codes:?} {others:?}");
    let shown: Vec<&str> = results[1]["cells"].as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert_eq!(codes, shown);
    let again = town.write(Method::POST, &format!("{planning}/adopt"), &[], json!({"n": 0, "name": "又"})).await;
    let codes_again = town.cells(&format!("{PLANS}/{}", again.json()["id"])).await;
    assert!(codes_again.iter().all(|code| !others.contains(code) && !codes.contains(code)), "{codes_again:?} {codes:?}");
    town.write(Method::POST, &format!("{planning}/adopt"), &[], json!({"n": 7, "name": "x"})).await.problem(409, "no_result");
    town.get(&format!("{plannings}/nothing")).await.problem(404, "no_such_planning");
    town.write(Method::POST, plannings, &[], json!({"variants": []})).await.problem(400, "bad_body");
    // Into a draft it is a command like any other.
    let draft = town.draft("甲").await;
    let id: u32 = draft.rsplit('/').next().unwrap().parse().unwrap();
    let begun = town.write(Method::POST, plannings, &[], json!({"into": id, "cells": 3, "churn": 0, "variants": [{"seed": 1}]})).await;
    let planning = format!("{plannings}/{}", begun.json()["id"].as_str().unwrap());
    while town.get(&planning).await.json()["state"] == "running" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let adopted = town.write(Method::POST, &format!("{planning}/adopt"), &[], json!({"n": 0})).await;
    assert_eq!(
        (adopted.status, adopted.json()["op"].as_str()),
        (StatusCode::OK, Some("replan")),
        "{}",
        String::from_utf8_lossy(&adopted.body)
    );
    assert_eq!(town.cells(&draft).await.len(), 3);
    let undone = town.write(Method::POST, &format!("{draft}/undo"), &[("if-match", "\"r1\"")], json!({})).await;
    assert_eq!(undone.status, StatusCode::OK);
    assert_eq!(town.cells(&draft).await.len(), 4);
}

#[tokio::test]
async fn of_two_plans_for_one_day_the_second_comes_from_the_first() {
    let town = town().await;
    let (first, second) = (town.draft("甲").await, town.draft("乙").await);
    assert_eq!(town.edit(&first, 0, merge()).await.status, StatusCode::OK);
    for draft in [&first, &second] {
        town.publish(draft, json!({"from": "2999-01-01"})).await;
    }
    let against = async |plan: &str| town.get(&format!("{plan}/lineage")).await.json()["against"].clone();
    let id = |plan: &str| json!(plan.rsplit('/').next().unwrap().parse::<u32>().unwrap());
    assert_eq!((against(&first).await, against(&second).await), (json!(2), id(&first)));
    let lineage = town.get(&format!("{second}/lineage")).await.json();
    let south_west = lineage["lineage"].as_array().unwrap().iter().find(|c| c["code"] == SOUTH_WEST).unwrap().clone();
    assert_eq!(south_west["from"][0]["code"], NORTH_WEST, "where the first had merged them");
    // Withdrawing goes the same way back.
    let back = town.write(Method::POST, &format!("{second}/rollback"), &[("if-match", "\"r0\"")], json!({})).await;
    assert_eq!(back.json()["replaced"], id(&first));
}

#[tokio::test]
async fn where_nothing_was_in_force_all_is_new() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let preview = town.get(&format!("{draft}/preview?from=2000-01-01")).await.json();
    assert_eq!(preview["replaces"], Value::Null);
    assert_eq!(preview["cells"], json!({"same": 0, "changed": 0, "new": 4, "ended": 0}));
    assert_eq!((&preview["groups"]["kept"], &preview["groups"]["ended"]), (&json!(0), &json!(0)));
    assert!(preview["groups"]["new"].as_u64().unwrap() >= 4, "{preview}");
    assert_eq!((&preview["households_moved"], &preview["moves"]), (&json!(0), &json!([])));
    let lineage = preview["lineage"].as_array().unwrap();
    assert!(lineage.iter().all(|c| c["kind"] == "new" && c["from"] == json!([])), "{preview}");
}

#[tokio::test]
async fn of_an_imported_file_the_cells_are_kept_and_nobodys_telephone() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let shape = |west: i32, south: i32, name: &str, code: &str| {
        let corners = [(0, 0), (1000, 0), (1000, 1000), (0, 1000), (0, 0)].map(|(x, y)| [lon(west + x), lat(south + y)]);
        json!({"type": "Feature", "properties": {"name": name, "code": code, "网格员": "王五", "phone": "13800138000"},
            "geometry": {"type": "Polygon", "coordinates": [corners]}})
    };
    let cells = [(0, 0, "甲", SOUTH_WEST), (1000, 0, "乙", SOUTH_EAST), (0, 1000, "丙", NORTH_WEST), (1000, 1000, "丁", NORTH_EAST)];
    let features: Vec<Value> = cells.iter().map(|(x, y, name, code)| shape(*x, *y, name, code)).collect();
    let plan = json!({"type": "FeatureCollection", "features": features, "author": "王五"});
    let done = town.edit(&draft, 0, json!({"op": "import", "plan": plan, "crs": "EPSG:4326"})).await;
    assert_eq!(done.status, StatusCode::OK, "{}", String::from_utf8_lossy(&done.body));
    let id = PlanId(draft.rsplit('/').next().unwrap().parse().unwrap());
    let log = town.store.load_edits(&code(STREET), id).await.unwrap();
    let kept = log[0].edit.command.to_string();
    assert!(!kept.contains("王五") && !kept.contains("138"), "{kept}");
    assert!(kept.contains("丁") && kept.contains(NORTH_EAST), "what it says of cells is kept: {kept}");
    // What is kept does the same again.
    let other = town.draft("乙").await;
    assert_eq!(town.edit(&other, 0, log[0].edit.command.clone()).await.status, StatusCode::OK);
    let names = async |plan: &str| {
        let desk = town.get(&format!("{plan}/desk")).await.json();
        desk["cells"].as_array().unwrap().iter().map(|c| (c["code"].clone(), c["name"].clone(), c["geometry"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(names(&draft).await, names(&other).await);
    // Neither the log nor what a stale command is told of carries the file.
    let line = json!({"op": "import", "crs": "EPSG:4326"});
    assert_eq!(town.get(&format!("{draft}/edits")).await.json()["edits"][0]["command"], line);
    let stale = town.edit(&draft, 0, json!({"op": "rename", "code": NORTH_WEST, "name": "西"})).await.problem(412, "stale");
    assert_eq!(stale["since"][0]["command"], line);
}

#[tokio::test]
async fn the_log_comes_in_pages() {
    let town = town().await;
    let draft = town.draft("甲").await;
    for n in 0..5 {
        let named = town.edit(&draft, n, json!({"op": "rename", "code": NORTH_WEST, "name": format!("第{n}")})).await;
        assert_eq!(named.status, StatusCode::OK);
    }
    let page = async |query: &str| {
        let log = town.get(&format!("{draft}/edits{query}")).await.json();
        let numbers: Vec<u64> = log["edits"].as_array().unwrap().iter().map(|line| line["number"].as_u64().unwrap()).collect();
        (numbers, log["next"].as_u64())
    };
    assert_eq!(page("").await, (vec![5, 4, 3, 2, 1], None));
    assert_eq!(page("?limit=2").await, (vec![5, 4], Some(4)));
    assert_eq!(page("?limit=2&before=4").await, (vec![3, 2], Some(2)));
    assert_eq!(page("?limit=2&before=2").await, (vec![1], None));
    for bad in ["limit=0", "limit=1001", "before=-1", "before=x"] {
        town.get(&format!("{draft}/edits?{bad}")).await.problem(400, "bad_parameter");
    }
    town.get(&format!("{draft}/edits?after=1")).await.problem(400, "unknown_parameter");
}

#[tokio::test]
async fn a_tag_is_another_when_a_plan_is_in_force_on_other_days() {
    let town = town().await;
    let (draft, other) = (town.draft("甲").await, town.draft("乙").await);
    let tags = async |plan: &str| {
        let [summary, desk] = [town.get(plan).await, town.get(&format!("{plan}/desk")).await];
        assert_eq!(summary.header(header::ETAG), desk.header(header::ETAG));
        assert_eq!(summary.header(header::ETAG), format!("\"{}\"", summary.json()["tag"].as_str().unwrap()));
        summary.header(header::ETAG).to_owned()
    };
    let in_force = format!("{PLANS}/2");
    let (first, before) = (tags(&draft).await, tags(&in_force).await);
    let published = town.publish(&draft, json!({"from": "2998-01-01"})).await;
    let second = tags(&draft).await;
    assert_eq!(published.header(header::ETAG), second);
    assert_ne!(first, second, "it is published");
    assert_ne!(before, tags(&in_force).await, "it ends");
    town.publish(&other, json!({"from": "2999-01-01"})).await;
    let third = tags(&draft).await;
    assert_ne!(second, third, "it ends, too");
    // Who read it before that does not take back what he did not see.
    let rollback =
        async |plan: &str, tag: &str| town.write(Method::POST, &format!("{plan}/rollback"), &[("if-match", tag)], json!({})).await;
    rollback(&draft, &second).await.problem(412, "stale");
    rollback(&draft, &third).await.problem(409, "not_last");
    assert_eq!(rollback(&other, "\"r0\"").await.status, StatusCode::OK, "a bare revision goes as ever");
    assert_eq!(tags(&draft).await, second, "as it was, so its tag is as it was");
    let back = rollback(&draft, &second).await;
    assert_eq!((back.status, back.header(header::ETAG)), (StatusCode::OK, first.as_str()));
    // Steps take either, and neither of another state.
    let edit = async |tag: &str, name: &str| {
        let command = json!({"op": "rename", "code": NORTH_WEST, "name": name});
        town.write(Method::POST, &format!("{draft}/edits"), &[("if-match", tag)], command).await
    };
    edit(&second, "西").await.problem(412, "stale");
    assert_eq!(edit(&first, "西").await.header(header::ETAG), "\"r1\"");
    assert_eq!(edit("\"r1\"", "北").await.status, StatusCode::OK);
    let undone = town.write(Method::POST, &format!("{draft}/undo"), &[("if-match", "\"r2.draft\"")], json!({})).await;
    assert_eq!(undone.status, StatusCode::OK);
    town.write(Method::DELETE, &draft, &[("if-match", "\"r3.published.2998-01-01\"")], json!({})).await.problem(412, "stale");
    let dropped = town.write(Method::DELETE, &draft, &[("if-match", "\"r3.draft\"")], json!({})).await;
    assert_eq!(dropped.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_draft_is_not_rolled_back() {
    let town = town().await;
    let draft = town.draft("甲").await;
    let back = town.write(Method::POST, &format!("{draft}/rollback"), &[("if-match", "\"r0\"")], json!({})).await;
    let problem = back.problem(422, "refused");
    assert_eq!(problem["reason"], "not_published");
    assert!(problem["detail"].as_str().unwrap().contains("draft"), "{problem}");
}

#[tokio::test]
async fn every_write_with_a_key_is_done_once() {
    let town = town().await;
    let sent = async |target: &str, tag: &str, key: &str, body: Value| {
        let mut headers = vec![("idempotency-key", key)];
        if !tag.is_empty() {
            headers.push(("if-match", tag));
        }
        town.write(Method::POST, target, &headers, body).await
    };
    let same = |first: &Answer, second: &Answer| {
        assert!(first.status.is_success(), "{}", String::from_utf8_lossy(&first.body));
        assert_eq!((first.status, first.header(header::ETAG)), (second.status, second.header(header::ETAG)));
        assert_eq!(first.json(), second.json());
    };
    // A new draft.
    let wish = json!({"name": "甲", "from": "published"});
    let made = sent(PLANS, "", "k", wish.clone()).await;
    same(&made, &sent(PLANS, "", "k", wish.clone()).await);
    sent(PLANS, "", "l", wish).await.problem(409, "name_taken");
    let draft = format!("{PLANS}/{}", made.json()["id"]);
    // Undo and redo, each in short the second time.
    assert_eq!(town.edit(&draft, 0, merge()).await.status, StatusCode::OK);
    for (step, tag, revision) in [("undo", "\"r1\"", 2), ("redo", "\"r2\"", 3)] {
        let target = format!("{draft}/{step}");
        let (first, second) = (sent(&target, tag, "k", json!({})).await, sent(&target, tag, "k", json!({})).await);
        assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK), "{}", String::from_utf8_lossy(&second.body));
        assert_eq!(first.header(header::ETAG), second.header(header::ETAG));
        let short = second.json();
        assert_eq!((&short["revision"], &short["op"], &short["replayed"]), (&json!(revision), &json!("merge"), &json!(true)));
        assert_eq!(short["number"], first.json()["number"]);
    }
    assert_eq!(town.get(&draft).await.json()["revision"], 3);
    // In force, and back.
    let tag = town.get(&format!("{draft}/preview")).await.header(header::ETAG).to_owned();
    let publish = format!("{draft}/publish");
    same(&sent(&publish, &tag, "k", json!({})).await, &sent(&publish, &tag, "k", json!({})).await);
    let rollback = format!("{draft}/rollback");
    same(&sent(&rollback, "\"r3\"", "k", json!({})).await, &sent(&rollback, "\"r3\"", "k", json!({})).await);
    // What is refused is looked at again.
    let refused = sent(&publish, "\"p0\"", "m", json!({})).await;
    refused.problem(412, "stale_preview");
    let tag = town.get(&format!("{draft}/preview")).await.header(header::ETAG).to_owned();
    assert_eq!(sent(&publish, &tag, "m", json!({})).await.status, StatusCode::OK);
    sent(PLANS, "", &"k".repeat(129), json!({"name": "x", "from": 2})).await.problem(400, "bad_request");
    // A planning's result, as a draft and as a step.
    let plannings = "/api/streets/520201011/plannings";
    let other = town.draft("乙").await;
    let into: u32 = other.rsplit('/').next().unwrap().parse().unwrap();
    for (wish, adoption) in [
        (json!({"cells": 2, "variants": [{"seed": 1}]}), json!({"n": 0, "name": "新"})),
        (json!({"into": into, "cells": 3, "churn": 0, "variants": [{"seed": 1}]}), json!({"n": 0})),
    ] {
        let begun = town.write(Method::POST, plannings, &[], wish).await;
        let planning = format!("{plannings}/{}", begun.json()["id"].as_str().unwrap());
        while town.get(&planning).await.json()["state"] == "running" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let adopt = format!("{planning}/adopt");
        let (first, second) = (sent(&adopt, "", "k", adoption.clone()).await, sent(&adopt, "", "k", adoption).await);
        match first.status {
            StatusCode::CREATED => same(&first, &second),
            _ => {
                assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK), "{}", String::from_utf8_lossy(&second.body));
                assert_eq!((first.header(header::ETAG), second.json()["replayed"].as_bool()), ("\"r1\"", Some(true)));
                assert_eq!(second.header(header::ETAG), "\"r1\"");
            }
        }
    }
    assert_eq!(town.get(&other).await.json()["revision"], 1);
    assert_eq!(town.get(PLANS).await.json()["plans"].as_array().unwrap().len(), 3 + 3, "two drafts and a result, none twice");
}
