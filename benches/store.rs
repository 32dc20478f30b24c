//! A million households into each store and back, beside what the store's own tools take for the bare points in the same run.
//!
//! `cargo bench --bench store`; the PostGIS half needs the PG* variables of a server (`pg_virtualenv -t cargo bench --bench store`)
//! and is left out, saying so, without WANGGE_TEST_POSTGRES.
#![allow(clippy::print_stdout)] // figures are what a bench prints

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use wangge::{
    model::*,
    store::{self, Store},
};

const COUNT: usize = 1_000_000;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test --benches` only builds it.
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("gpkg:{}", folder.path().join("bench.gpkg").display());
        measure("gpkg", &url, 10.0, 5.0).await;
        let clock = Instant::now();
        store::export_copy(&url, &folder.path().join("copy.gpkg")).await.expect("a copy");
        figure("store_gpkg_indexed_copy", clock.elapsed(), 60.0);
        if std::env::var_os("WANGGE_TEST_POSTGRES").is_none() {
            eprintln!("PostGIS is left out: WANGGE_TEST_POSTGRES is not set");
            return;
        }
        let mut server = PgConnection::connect("postgres:///postgres").await.expect("a server");
        server.execute("CREATE DATABASE wangge_bench").await.expect("a database");
        psql_points();
        measure("postgis", "postgres:///wangge_bench", 15.0, 5.0).await;
        server.execute(AssertSqlSafe("DROP DATABASE wangge_bench WITH (FORCE)".to_owned())).await.expect("dropped");
    });
}

async fn measure(name: &str, url: &str, write_target: f64, read_target: f64) {
    store::migrate(url, false).await.expect("migrated");
    let store = store::open(url).await.expect("opened");
    let street = Code::new("520201001").expect("a code");
    let households: Vec<Household> = (0..COUNT).map(household).collect();
    let import = ChangeSet { street: street.clone(), what: "import".into(), changes: vec![Change::PutHouseholds(households)] };
    let clock = Instant::now();
    store.commit(0, &import).await.expect("committed");
    figure(&format!("store_{name}_put_1m_households"), clock.elapsed(), write_target);

    let clock = Instant::now();
    let world = store.load().await.expect("loaded");
    figure(&format!("store_{name}_load_1m_households"), clock.elapsed(), read_target);
    let Change::PutHouseholds(households) = &import.changes[0] else { unreachable!() };
    assert_eq!(&world[&street].households, households);

    let clock = Instant::now();
    store.commit(1, &import).await.expect("committed");
    figure(&format!("store_{name}_replace_1m_households"), clock.elapsed(), 4.0 * write_target);
    edits(name, store.as_ref()).await;
}

/// One small edit after another, each durable before the next.
async fn edits(name: &str, store: &dyn Store) {
    let street = Code::new("520201002").expect("a code");
    let clock = Instant::now();
    for version in 0..500 {
        let changes = vec![Change::PutHouseholds(vec![household(version as usize)])];
        store.commit(version, &ChangeSet { street: street.clone(), what: "edit".into(), changes }).await.expect("committed");
    }
    let rate = 500.0 / clock.elapsed().as_secs_f64();
    println!("BENCH store_{name}_edits {rate:.0} 1/s target >= 50 {}", if rate >= 50.0 { "ok" } else { "short" });
}

/// The peer: PostgreSQL's own generator of as many bare points, with the same kind of index.
fn psql_points() {
    let sql = format!(
        "CREATE EXTENSION IF NOT EXISTS postgis; CREATE TABLE peer (id text PRIMARY KEY, geom geometry(Point, 4326)); \
         CREATE INDEX ON peer USING gist (geom); \
         INSERT INTO peer SELECT 'h' || n, ST_SetSRID(ST_MakePoint(104.8 + (n % 1000) * 1e-5, 26.5 + (n / 1000) * 1e-5), 4326) \
         FROM generate_series(1, {COUNT}) n; DROP TABLE peer"
    );
    let clock = Instant::now();
    let status = Command::new("psql").args(["-q", "-d", "wangge_bench", "-c", &sql]).stdout(Stdio::null()).status().expect("psql runs");
    assert!(status.success());
    println!("peer: psql fills a table of as many bare points, indexed, in {:.1} s", clock.elapsed().as_secs_f64());
}

fn figure(name: &str, took: Duration, target_s: f64) {
    let seconds = took.as_secs_f64();
    println!("BENCH {name} {seconds:.2} s target <= {target_s} {}", if seconds <= target_s { "ok" } else { "short" });
}

fn household(n: usize) -> Household {
    Household {
        id: format!("520201001-{n:07}"),
        building_id: Some(format!("b{:06}", n / 40)),
        position: LonLat::new(1_048_000_000 + (n % 1000) as i32 * 100, 265_000_000 + (n / 1000) as i32 * 100),
        unit: Some(format!("{}单元", n % 4 + 1)),
        floor: Some((n % 18) as i16 + 1),
        persons: Some((n % 6) as u16),
        address: Some(format!("钟山大道{}号{}单元{}室", n / 400, n % 4 + 1, n % 100)),
        estimated: false,
    }
}
