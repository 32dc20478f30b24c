//! The program as its users meet it: arguments, exit codes, what it says and where.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod mini;

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use mini::change_set;
use tempfile::TempDir;
use wangge::store;

/// A folder with the little town's database in it, `town.gpkg`.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self::empty();
        let url = format!("gpkg:{}", place.path("town.gpkg").display());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = store::open(&url).await.unwrap();
            store.commit(0, &change_set()).await.unwrap();
        });
        place
    }

    fn empty() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program, with the words as its arguments, in this folder and with its database.
    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wangge"));
        command.args(words.split_whitespace()).current_dir(self.dir.path()).stdin(Stdio::null());
        command.env_clear().env("WANGGE_DB", "gpkg:town.gpkg").env("RUST_BACKTRACE", "1");
        command
    }

    fn run(&self, words: &str) -> Said {
        Said::from(self.command(words).output().unwrap())
    }
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// Checks that it failed with one plain line that holds every one of the words.
    #[track_caller]
    fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{}", self.err);
        assert_eq!(self.err.trim_end().lines().count(), 1, "{}", self.err);
        assert!(!self.err.contains("panicked") && !self.err.contains('\u{1b}'), "{}", self.err);
        words.iter().for_each(|word| assert!(self.err.contains(word), "no {word:?} in {}", self.err));
    }

    #[track_caller]
    fn fine(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self
    }
}

#[test]
fn the_database_is_no_place_for_an_export() {
    let place = Place::new();
    std::fs::create_dir(place.path("w")).unwrap();
    place.write("points.csv", "lon,lat\n104.833,26.59\n");
    for out in ["town.gpkg", "./w/../town.gpkg", "town.gpkg-wal", "w/../town.gpkg-shm"] {
        for command in ["export cells", "export --format gpkg", "locate --points points.csv --crs EPSG:4326"] {
            place.run(&format!("{command} --out {out}")).refused(&["is the database itself", out]);
        }
    }
    // It is still the database.
    place.run("export cells --out cells.geojson").fine();
}

#[test]
fn a_copy_is_said_to_hold_addresses() {
    let place = Place::new();
    let said = place.run("export --format gpkg --out copy.gpkg");
    assert!(said.fine().err.contains("address of every household"), "{}", said.err);
    assert!(place.path("copy.gpkg").exists());
}

#[test]
fn help_keeps_the_password() {
    let place = Place::empty();
    for command in ["import issues", "plan", "score", "locate", "export", "migrate", "serve"] {
        let said = place.command(command).arg("--help").env("WANGGE_DB", "postgres://me:secret@host/grid").output().unwrap();
        let said = Said::from(said);
        assert!(said.fine().out.contains("WANGGE_DB"), "{command}: {}", said.out);
        assert!(!said.out.contains("secret"), "{command}: {}", said.out);
    }
}
