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

/// Runs it with a standard output that a reader has left, and with one on a full disk.
#[cfg(target_os = "linux")]
fn with_bad_output(place: &Place, words: &str) -> [Said; 2] {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    [Stdio::from(writer), Stdio::from(full)].map(|out| Said::from(place.command(words).stdout(out).output().unwrap()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_left_is_no_failure_and_a_full_disk_is_one() {
    let place = Place::new();
    place.write("points.csv", "lon,lat\n104.833,26.59\n");
    let commands = [
        "score --street 520201011",
        "score --street 520201011 --json",
        "locate --lon 104.8335 --lat 26.5905",
        "locate --points points.csv --out -",
        "export cells",
        "export cells --format csv",
        "export report --format csv",
        "city --households 60 --out city",
        "city --households 60 --out city --json",
    ];
    for command in commands {
        let [closed, full] = with_bad_output(&place, command);
        closed.fine();
        assert!(!closed.err.contains("error"), "{command}: {}", closed.err);
        assert_eq!(full.code, Some(1), "{command}: {}", full.err);
        let last = full.err.trim_end().lines().last().unwrap();
        assert!(last.starts_with("error: ") && last.contains("No space left"), "{command}: {}", full.err);
        assert_eq!(full.err.matches("No space left").count(), 1, "{command}: {}", full.err);
        assert!(!full.err.contains("panicked"), "{command}: {}", full.err);
    }
    // Nobody listening to what goes to standard error is no reason to fail either.
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(place.command("export cells --out cells.geojson").stderr(full()).status().unwrap().code(), Some(0));
    assert_eq!(place.command("score --street 1").stderr(full()).status().unwrap().code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_plan_that_cannot_be_told_is_stored_all_the_same() {
    let place = Place::new();
    let [closed, full] = with_bad_output(&place, "plan --street 520201011 --cells 2 --communities 1");
    closed.fine();
    assert_eq!(full.code, Some(1));
    assert!(full.err.contains("plan 5 is stored"), "{}", full.err);
    place.run("score --street 520201011 --plan 5").fine();
}

#[test]
fn points_need_a_crs_where_the_columns_do_not_say_one() {
    let place = Place::new();
    place.write("xy.csv", "x,y\n104.833,26.59\n");
    place.run("locate --points xy.csv --out -").refused(&["xy.csv", "--crs"]);
    place.run("locate --points xy.csv --out - --crs EPSG:4326").fine();
    place.write("degrees.csv", "lon,lat\n104.833,26.59\n");
    place.run("locate --points degrees.csv --out - --crs EPSG:4544").refused(&["degrees.csv", "EPSG:4544", "metres"]);
}

#[test]
fn points_are_read_as_an_import_reads_them() {
    let place = Place::new();
    place.write("points.csv", "id;LON;lat\n\"a;b\";104.8335;26.5905\n");
    let said = place.run("locate --points points.csv --out -");
    let mut lines = said.fine().out.lines();
    assert_eq!(lines.next(), Some("id;LON;lat;street_code;community_code;cell_code;group_code;border_distance_m;beyond_cell_code;reason"));
    assert!(lines.next().unwrap().starts_with("\"a;b\";104.8335;26.5905;520201011;"), "{}", said.out);
    place.write("marked.csv", "\u{feff}\"lon\",\"lat\"\n104.8335,26.5905\n");
    assert!(place.run("locate --points marked.csv --out -").fine().out.contains(",520201011,"));
    place.write("quote.csv", "id,\"lon,lat\n1,104.8335,26.5905\n");
    place.run("locate --points quote.csv --out -").refused(&["quote.csv", "quote is left open"]);
    place.write("empty.csv", "");
    place.run("locate --points empty.csv --out -").refused(&["empty.csv", "no header"]);
    place.run("locate --points none.csv --out -").refused(&["none.csv"]);
    place.run("locate --points points.csv --out none/out.csv").refused(&["the folder none does not exist"]);
    place.run("locate --lon 26.5905 --lat 104.8335").refused(&["swapped"]);
}
