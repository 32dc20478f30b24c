//! `wangge locate`: one point for people, many for machines.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod mini;

use std::{path::Path, process::Command};

use mini::*;
use wangge::store;

struct Town {
    folder: tempfile::TempDir,
}

impl Town {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store::open(&format!("gpkg:{}", folder.path().join("town.gpkg").display())).await.unwrap();
        store.commit(0, &change_set()).await.unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Whether it succeeded, standard output, standard error.
    fn locate(&self, args: &[&str]) -> (bool, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wangge"));
        command.arg("locate").args(args).args(["--db", "gpkg:town.gpkg", "--as-of", "2026-11-24"]).current_dir(self.path());
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

#[tokio::test]
async fn one_point_is_told_to_people_and_to_machines() {
    let town = Town::new().await;
    let (ok, out, _) = town.locate(&["--lon", "104.836", "--lat", "26.591"]);
    assert!(ok && out.contains(SOUTH_EAST) && out.contains("荷城街道") && out.contains("beyond it 520201011001002"), "{out}");
    let (ok, out, _) = town.locate(&["--lon", "104.836", "--lat", "26.591", "--json"]);
    assert!(ok);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["place"]["cell_code"], SOUTH_EAST);
    assert!(town.locate(&["--lon", "-1.5", "--lat", "26.591"]).1.contains("outside every street"));
    for (args, why) in [
        (vec!["--lon", "200", "--lat", "1"], "200"),
        (vec!["--lon", "1"], "--lat"),
        (vec![], "--points"),
        (vec!["--points", "a.csv"], "--out"),
        (vec!["--lon", "1", "--lat", "1", "--crs", "EPSG:1"], "EPSG:1"),
    ] {
        let (ok, _, error) = town.locate(&args);
        assert!(!ok && error.contains(why), "{args:?}: {error}");
    }
    let missing = Command::new(env!("CARGO_BIN_EXE_wangge"))
        .args(["locate", "--lon", "1", "--lat", "1", "--db", "gpkg:none.gpkg"])
        .current_dir(town.path())
        .output()
        .unwrap();
    assert!(!missing.status.success() && String::from_utf8(missing.stderr).unwrap().contains("there is no database at none.gpkg"));
    assert!(!town.path().join("none.gpkg").exists(), "a misspelt path makes no database");
}

#[tokio::test]
async fn many_points_keep_their_columns_and_order() {
    let town = Town::new().await;
    // A BOM, CRLF, a quoted comma, columns in another order, a short row, a bad number, a position outside.
    let rows =
        "\u{feff}lat,note,lon\r\n26.591,\"a, b\",104.836\r\n26.591,short\r\n26.591,bad,x\r\n0,far,0\r\n26.5910000,border,104.8350000\r\n";
    std::fs::write(town.path().join("in.csv"), rows).unwrap();
    let (ok, _, error) = town.locate(&["--points", "in.csv", "--out", "out.csv"]);
    assert!(ok && error.contains("5 points: 2 in a cell, 1 outside, 2 unreadable"), "{error}");
    let out = std::fs::read_to_string(town.path().join("out.csv")).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "lat,note,lon,street_code,community_code,cell_code,group_code,border_distance_m,beyond_cell_code,reason");
    let place = format!("{STREET},520201011002,{SOUTH_EAST},{SOUTH_EAST}001,");
    assert!(
        lines[1].starts_with(&format!("26.591,\"a, b\",104.836,{place}")) && lines[1].ends_with(&format!(",{SOUTH_WEST},")),
        "{}",
        lines[1]
    );
    assert_eq!(lines[2], "26.591,short,,,,,,,,bad_coordinate");
    assert_eq!(lines[3], "26.591,bad,x,,,,,,,bad_coordinate");
    assert_eq!(lines[4], "0,far,0,,,,,,,outside_every_street");
    assert!(lines[5].contains(&format!(",{SOUTH_WEST},{SOUTH_WEST}001,0.00,{SOUTH_EAST},")), "the border is the west's: {}", lines[5]);
}

#[tokio::test]
async fn more_points_than_a_batch_come_out_as_they_went_in() {
    let town = Town::new().await;
    let mut rows = String::from("x,y,id\n");
    for i in 0..40_000u32 {
        // EPSG:3857 metres across the street and beyond.
        rows += &format!("{},{},{i}\n", 11_669_900 + i % 700, 3_072_300 + i % 550);
    }
    std::fs::write(town.path().join("in.csv"), rows).unwrap();
    let (ok, _, error) = town.locate(&["--points", "in.csv", "--out", "out.csv", "--crs", "EPSG:3857"]);
    assert!(ok && error.contains("40000 points"), "{error}");
    let mut reader = csv::Reader::from_path(town.path().join("out.csv")).unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(records.iter().enumerate().all(|(i, record)| record[2] == i.to_string()));
    assert!(records.iter().any(|record| &record[5] == NORTH_WEST) && records.iter().any(|record| record[5].is_empty()));
}

#[tokio::test]
async fn a_file_without_coordinates_is_refused_and_leaves_nothing() {
    let town = Town::new().await;
    std::fs::write(town.path().join("in.csv"), "id,name\n1,a\n").unwrap();
    let (ok, _, error) = town.locate(&["--points", "in.csv", "--out", "out.csv"]);
    assert!(!ok && error.contains("in.csv") && error.contains("line 1") && error.contains("it has id,name"), "{error}");
    assert!(std::fs::read_dir(town.path()).unwrap().all(|entry| !entry.unwrap().file_name().to_string_lossy().contains("out.csv")));
    let (ok, _, error) = town.locate(&["--points", "none.csv", "--out", "out.csv"]);
    assert!(!ok && error.contains("none.csv"), "{error}");
}
