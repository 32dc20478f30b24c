//! The program as its users meet it: arguments, exit codes, what it says and where.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

#[path = "cli/edit.rs"]
mod edit;
mod mini;
#[path = "cli/plan.rs"]
mod plan;

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
    assert_eq!(place.command("score --street 999999999").stderr(full()).status().unwrap().code(), Some(1));
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

#[test]
fn a_code_of_the_wrong_length_is_said_to_be_one() {
    let place = Place::new();
    for (words, said) in [
        ("score --street 52020101", "has 8 digits"),
        ("plan --street 520201011001", "is the code of a community; a street has 9 digits"),
        ("plan --street 000000000", "in no street"),
        ("export cells --area 52020101400", "has 11 digits"),
        ("city --street 5202 --out city", "has 4 digits"),
    ] {
        let refused = place.run(words);
        assert_eq!(refused.code, Some(2), "{}", refused.err);
        assert!(refused.err.contains(said), "{words}: {}", refused.err);
    }
}

#[test]
fn a_day_before_every_plan_is_said_to_be_one() {
    let place = Place::new();
    let said = place.run("export cells --as-of 2020-01-01 --format csv");
    assert!(said.fine().err.contains("no plan is in force on 2020-01-01; the first is from 2025-01-01 on"), "{}", said.err);
    assert_eq!(place.run("export cells --format csv").fine().err, "");
}

#[test]
fn a_picture_is_drawn_whole_or_not_at_all() {
    let place = Place::new();
    for (words, out) in [("--show communities --plan published", "map.svg"), ("--cell 520201011001001 --show groups --plan 3", "map.PNG")] {
        place.run(&format!("render --street 520201011 --width 300 {words} --out {out}")).fine();
    }
    assert!(std::fs::read_to_string(place.path("map.svg")).unwrap().contains("communities of 520201011 荷城街道, plan 2</title>"));
    assert!(std::fs::read(place.path("map.PNG")).unwrap().starts_with(b"\x89PNG"));
    let names = || std::fs::read_dir(place.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let before = names();
    let refused: [(&str, &[&str]); 13] = [
        ("--street 520201012 --out a.svg", &["street 520201012 is not in the database"]),
        ("--street 520201011 --plan 9 --out a.svg", &["has no plan 9; it has 1, 2, 3"]),
        ("--street 520201011 --cell 520201011001009 --out a.svg", &["plan 2 has no cell or community 520201011001009"]),
        ("--street 520201011 --cell 520201012001001 --out a.svg", &["no cell or community of street 520201011"]),
        ("--street 520201011 --cell 520201011 --out a.svg", &["no cell or community of street 520201011"]),
        ("--street 520201011 --show groups --out a.svg", &["--cell CODE or --bbox"]),
        ("--street 520201011 --bbox 9,47,10,48 --out a.svg", &["the box lies outside the street"]),
        ("--street 520201011 --out a.jpg", &["a.jpg ends neither in .svg nor in .png"]),
        ("--street 520201011 --out a", &["ends neither"]),
        ("--street 520201011 --out no/such/a.png", &["folder no/such does not exist"]),
        ("--street 520201011 --out town.gpkg", &["ends neither"]),
        ("--street 520201011 --show lines --plan 7 --out a.svg", &["no plan 7"]),
        ("--street 520201011 --db gpkg:no.gpkg --out a.svg", &["there is no database at no.gpkg"]),
    ];
    for (words, said) in refused {
        place.run(&format!("render {words}")).refused(said);
    }
    for words in ["--width 100", "--bbox 1,2,3", "--bbox 104.84,26.5,104.83,26.6", "--bbox 1,2,300,4", "--plan new", "--cell 52"] {
        let said = place.run(&format!("render --street 520201011 {words} --out a.svg"));
        assert_eq!(said.code, Some(2), "{words}: {}", said.err);
    }
    assert_eq!(names(), before);
}

#[test]
fn a_city_wants_a_folder() {
    let place = Place::empty();
    place.write("city", "x");
    place.run("city --households 60 --out city").refused(&["city is a file; name a folder"]);
}

#[test]
fn databases_that_cannot_be_are_named() {
    let place = Place::empty();
    for (url, word) in [("gpkg:", "path is missing"), ("gpkg:/dev/null", "no regular file"), ("gpkg:none.gpkg", "no database at none.gpkg")]
    {
        place.run(&format!("score --street 520201011 --db {url}")).refused(&[word]);
    }
    let said = place.run("score --street 520201011 --db postgres://127.0.0.1:1/grid");
    said.refused(&["no server answers there"]);
    assert_eq!(said.err.to_lowercase().matches("refused").count(), 1, "{}", said.err);
    let said = place.run("serve --listen nonsense");
    said.refused(&["HOST:PORT"]);
}

/// The names in the folder that begin with the database's.
fn beside_database(place: &Place) -> Vec<String> {
    let names = std::fs::read_dir(place.dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("town.gpkg")).collect();
    names.sort();
    names
}

#[test]
fn the_file_alone_is_everything_when_a_command_has_ended() {
    let place = Place::new();
    place.write("issues.csv", "issue_id,lon,lat,category,reported_at\nnew,104.8335,26.5905,waste,2026-03-01T00:00:00Z\n");
    place.run("import issues issues.csv").fine();
    assert_eq!(beside_database(&place), ["town.gpkg"]);
    place.run("plan --street 520201011 --cells 2 --communities 1").fine();
    assert_eq!(beside_database(&place), ["town.gpkg"]);
    std::fs::copy(place.path("town.gpkg"), place.path("moved.gpkg")).unwrap();
    let said = place.run("export issues --format csv --db gpkg:moved.gpkg");
    assert!(said.fine().out.contains("\nnew,"), "{}", said.out);
}

#[cfg(unix)]
#[test]
fn reading_needs_no_writable_disk_and_takes_an_indexed_copy() {
    let place = Place::new();
    place.run("export --format gpkg --out copy.gpkg").fine();
    let reading = ["export cells", "locate --lon 104.8335 --lat 26.5905", "score --street 520201011 --plan 2"];
    let wanted = reading.map(|words| place.run(words).fine().out.clone());
    for (words, wanted) in reading.iter().zip(&wanted) {
        assert_eq!(&place.run(&format!("{words} --db gpkg:copy.gpkg")).fine().out, wanted);
    }
    place.run("export --format gpkg --db gpkg:copy.gpkg --out again.gpkg").fine();
    assert_eq!(&place.run("export cells --db gpkg:again.gpkg").fine().out, &wanted[0]);
    place.run("plan --street 520201011 --db gpkg:copy.gpkg").refused(&["--drop-rtree"]);
    // Tests may run as root, for whom no disk is read-only: a folder where SQLite wants its -shm does the same.
    std::fs::create_dir(place.path("town.gpkg-shm")).unwrap();
    for (words, wanted) in reading.iter().zip(&wanted) {
        assert_eq!(&place.run(words).fine().out, wanted);
    }
}

#[test]
fn a_street_that_changes_under_the_planner_is_planned_again() {
    use sqlx::{Connection, Executor, SqliteConnection};
    let place = Place::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("sqlite:{}", place.path("town.gpkg").display());
    let mut other = runtime.block_on(SqliteConnection::connect(&url)).unwrap();
    runtime.block_on(other.execute("BEGIN IMMEDIATE; UPDATE revisions SET version = version + 1")).unwrap();
    let plan =
        place.command("plan --street 520201011 --cells 2 --communities 1").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Time to read, to plan and to wait for the lock.
    std::thread::sleep(std::time::Duration::from_secs(3));
    runtime.block_on(other.execute("COMMIT")).unwrap();
    let said = Said::from(plan.wait_with_output().unwrap());
    assert!(said.fine().err.contains("planning it again"), "{}", said.err);
    assert!(said.out.starts_with("plan 4 of"), "{}", said.out);
}

#[test]
fn a_log_in_a_file_has_no_colours() {
    use std::io::{Read, Write};
    let place = Place::new();
    let log = place.path("log");
    let mut command = place.command("serve --listen 127.0.0.1:0");
    let mut server =
        command.env("RUST_LOG", "wangge=debug").stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let wait_for = |word: &str| {
        for _ in 0..300 {
            let text = std::fs::read_to_string(&log).unwrap();
            if text.contains(word) {
                return text;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("no {word:?} in the log");
    };
    let said = wait_for("Ctrl-C ends it");
    let address = said.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    let text = wait_for("answered");
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(text.contains("DEBUG") && !text.contains('\u{1b}'), "{text}");
}
