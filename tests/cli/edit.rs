//! `wangge edit`: commands from a file.

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
