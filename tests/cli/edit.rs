//! `wangge edit`: commands from a file.

use std::io::Write as _;

use super::*;
use crate::mini::{NORTH_EAST, NORTH_WEST, SOUTH_WEST};

fn merge() -> String {
    format!(r#"{{"op": "merge", "cells": ["{NORTH_WEST}", "{SOUTH_WEST}"], "into": "{NORTH_WEST}", "why": "太小"}}"#)
}

#[test]
fn a_draft_is_made_changed_and_published() {
    let place = Place::new();
    let before = place.run("export cells --area 520201011 --format geojson --out -").out;
    place.write("commands.jsonl", format!("{}\n\n{{\"op\": \"rename\", \"code\": \"{NORTH_EAST}\", \"name\": \"东北\"}}\n", merge()));
    let said = place.run("edit --street 520201011 --draft 甲 --from published --commands commands.jsonl --who 王 --json");
    said.fine();
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&json["commands"], &json["households_moved"], &json["revision"]), (&2.into(), &10.into(), &2.into()));
    assert_eq!(place.run("export cells --area 520201011 --format geojson --out -").out, before, "a draft is in force on no day");
    // Undone from a file, too, and published.
    place.write("undo.jsonl", "{\"op\": \"undo\"}\n{\"op\": \"undo\"}\n{\"op\": \"redo\"}\n");
    let said = place.run("edit --street 520201011 --draft 甲 --commands undo.jsonl --publish");
    said.fine();
    assert!(said.out.contains("in force from"), "{}", said.out);
    let after = place.run("export cells --area 520201011 --format geojson --out -").out;
    assert!(!after.contains(SOUTH_WEST) && !after.contains("东北"), "{after}");
    let old = place.run("export cells --area 520201011 --format geojson --as-of 2026-02-01 --out -").out;
    assert_eq!(old, before);
}

#[test]
fn a_bad_line_is_named_and_what_went_before_stays() {
    let place = Place::new();
    place.write(
        "commands.jsonl",
        format!("{}\n{{\"op\": \"merge\", \"cells\": [\"{NORTH_WEST}\"], \"into\": \"{NORTH_WEST}\"}}\n", merge()),
    );
    let said = place.run("edit --street 520201011 --draft 甲 --from published --commands commands.jsonl");
    assert!(said.err.contains("commands.jsonl:2") && said.err.contains("refused (nothing_changes)"), "{}", said.err);
    place.write("undo.jsonl", "{\"op\": \"undo\"}\n");
    place.run("edit --street 520201011 --draft 甲 --commands undo.jsonl").fine();
    // All or nothing leaves not even the draft.
    let said = place.run("edit --street 520201011 --draft 乙 --from published --commands commands.jsonl --all-or-nothing");
    assert!(said.err.contains("commands.jsonl:2"), "{}", said.err);
    let said = place.run("edit --street 520201011 --draft 乙 --commands undo.jsonl");
    assert!(said.err.contains("has no draft \"乙\""), "{}", said.err);
    for (text, reason) in [("{\"op\"", "no JSON object"), ("{\"op\": \"fly\"}", "unknown variant"), ("[1]", "a command is an object")] {
        place.write("bad.jsonl", format!("\n{text}\n"));
        let said = place.run("edit --street 520201011 --draft 甲 --commands bad.jsonl");
        assert!(said.err.contains("bad.jsonl:2") && said.err.contains(reason), "{}", said.err);
    }
    let said = place.run("edit --street 520201011 --draft 甲 --from published --commands undo.jsonl");
    assert!(said.err.contains("already"), "{}", said.err);
}

#[test]
fn what_goes_before_a_line_that_is_no_json_stays_done() {
    let place = Place::new();
    let rename = format!(r#"{{"op": "rename", "code": "{NORTH_EAST}", "name": "东北"}}"#);
    for (number, bad) in [(1, b"{\"op\"".as_slice()), (2, b"\xff\xfe")] {
        place.write("commands.jsonl", [rename.as_bytes(), b"\n\n", bad, b"\n", rename.as_bytes()].concat());
        let said = place.run(&format!("edit --street 520201011 --draft 甲{number} --from published --commands commands.jsonl"));
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(said.err.contains("commands.jsonl:3: this is no"), "{}", said.err);
        place.write("undo.jsonl", "{\"op\": \"undo\"}\n");
        let said = place.run(&format!("edit --street 520201011 --draft 甲{number} --commands undo.jsonl --json"));
        said.fine();
        let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(json["revision"], 2, "one step was there to be undone, and no more");
    }
    // All or nothing means it here, too.
    let said = place.run("edit --street 520201011 --draft 乙 --from published --commands commands.jsonl --all-or-nothing");
    assert!(said.err.contains("commands.jsonl:3"), "{}", said.err);
    let said = place.run("edit --street 520201011 --draft 乙 --commands undo.jsonl");
    assert!(said.err.contains("has no draft \"乙\""), "{}", said.err);
}

#[test]
fn a_line_is_done_before_the_next_is_written() {
    let place = Place::new();
    let mut command = place.command("edit --street 520201011 --draft 甲 --from published --commands - --json");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", merge()).unwrap();
    input.flush().unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let is_done = || {
        let tried = place.run("edit --street 520201011 --draft 甲 --commands /dev/null --json");
        let revision = serde_json::from_str::<serde_json::Value>(&tried.out).ok().map(|json| json["revision"].clone());
        revision == Some(1.into())
    };
    while !is_done() {
        assert!(std::time::Instant::now() < end, "the first line is not done while the input is open");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(input);
    Said::from(child.wait_with_output().unwrap()).fine();
}

#[test]
fn names_are_those_that_the_desk_takes() {
    let place = Place::new();
    place.write("commands.jsonl", merge() + "\n");
    let edit = |draft: &str, who: &str| {
        let mut command = place.command("edit --street 520201011 --from published --commands commands.jsonl");
        Said::from(command.args(["--draft", draft, "--who", who]).output().unwrap())
    };
    let long = "长".repeat(81);
    for (draft, who, reason) in [
        ("", "王", "a name has 1 to 80 characters"),
        (" ", "王", "a name has 1 to 80 characters"),
        (long.as_str(), "王", "a name has 1 to 80 characters"),
        ("一\n二", "王", "none of them a control character"),
        ("甲", "长\u{7}", "none of them a control character"),
        ("甲", &"长".repeat(2000), "at most 400 characters"),
        ("甲", long.as_str(), "a name has 1 to 80 characters"),
    ] {
        let said = edit(draft, who);
        assert!(said.code != Some(0) && said.err.contains(reason), "{draft:?}: {}", said.err);
    }
    assert!(edit("甲", "").code == Some(0), "nobody in particular");
    // As over HTTP, around a name there is nothing.
    let said = edit(" 甲 ", "王");
    assert!(said.err.contains("already"), "{}", said.err);
}
