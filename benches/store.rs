//! A million households into each store and back, beside what the store's own tools take for the bare points in the same run.
//!
//! `cargo bench --bench store`; the PostGIS half needs the PG* variables of a server (`pg_virtualenv -t cargo bench --bench store`)
//! and is left out, saying so, without WANGGE_TEST_POSTGRES. With WANGGE_CITY naming a database, a city of many streets, its
//! load, its deltas and its wake-ups are measured instead (it gets some commits). `-- steps` leaves the million out.
#![allow(clippy::print_stdout)] // figures are what a bench prints

#[path = "store/steps.rs"]
mod steps;

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use futures::StreamExt;
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
    if let Ok(url) = std::env::var("WANGGE_CITY") {
        return runtime.block_on(city(&url));
    }
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
    steps::measure(name, store.as_ref()).await;
    if std::env::args().any(|argument| argument == "steps") {
        return;
    }
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

/// A city as the service starts and follows it.
async fn city(url: &str) {
    store::migrate(url, false).await.expect("migrated");
    for round in 0..3 {
        let (clock, spent) = (Instant::now(), cpu_seconds());
        let store = store::open(url).await.expect("opened");
        let streets: Vec<Code> = store.versions().await.expect("versions").into_keys().collect();
        let count = streets.len();
        let rows: Vec<usize> = futures::stream::iter(streets)
            .map(|street| {
                let store = store.clone();
                tokio::spawn(async move {
                    let data = store.load_street(&street).await.expect("loaded").expect("known");
                    let members = data.plans.iter().flat_map(|plan| &plan.groups).map(|group| group.members.len()).sum::<usize>();
                    data.households.len() + data.buildings.len() + data.issues.len() + members
                })
            })
            .buffer_unordered(2)
            .map(|rows| rows.expect("a task that ends"))
            .collect()
            .await;
        figure("store_city_load_two_at_a_time", clock.elapsed(), 1.2);
        let spent = cpu_seconds() - spent;
        println!("round {round}: {count} streets, {} rows, {spent:.2} s of processor time", rows.iter().sum::<usize>());
        store.close().await;
    }
    let (here, elsewhere) = (store::open(url).await.expect("opened"), store::open(url).await.expect("opened"));
    let (street, mut version) = here.versions().await.expect("versions").pop_first().expect("a street");
    let data = here.load_street(&street).await.expect("loaded").expect("known");
    let idle = cpu_seconds();
    here.wait_for_change(Duration::from_secs(1)).await.expect("waited");
    here.wait_for_change(Duration::from_secs(10)).await.expect("waited");
    println!("idle: {:.2} % of a core while waiting", (cpu_seconds() - idle) * 10.0);
    let (mut wakes, mut deltas, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..200 {
        let change = match n % 2 {
            0 => Change::PutHouseholds(vec![data.households[n * 7].clone()]),
            _ => Change::PutIssues(vec![data.issues[n * 7].clone()]),
        };
        let set = ChangeSet { street: street.clone(), what: "edit".into(), changes: vec![change] };
        let waiting = tokio::spawn({
            let here = here.clone();
            async move {
                here.wait_for_change(Duration::from_secs(20)).await.expect("waited");
                Instant::now()
            }
        });
        tokio::time::sleep(Duration::from_millis(150)).await;
        let clock = Instant::now();
        let since = version;
        version = elsewhere.commit(since, &set).await.expect("committed");
        let committed = Instant::now();
        commits.push(committed - clock);
        wakes.push(waiting.await.expect("woken").saturating_duration_since(committed));
        let clock = Instant::now();
        let delta = here.load_delta(&street, since).await.expect("read").expect("a delta");
        deltas.push(clock.elapsed());
        assert_eq!((delta.version, delta.changes), (version, set.changes));
    }
    for (name, mut times) in [("commit", commits), ("wake", wakes), ("delta", deltas)] {
        times.sort_unstable();
        println!("{name}: median {:?}, 95 % {:?}, most {:?}", times[100], times[190], times[199]);
    }
    let plan = data.plans.last().expect("a plan").clone();
    let set = ChangeSet { street: street.clone(), what: "plan".into(), changes: vec![Change::PutPlan(Box::new(plan))] };
    let clock = Instant::now();
    elsewhere.commit(version, &set).await.expect("committed");
    let (committed, clock) = (clock.elapsed(), Instant::now());
    here.load_delta(&street, version).await.expect("read").expect("a delta");
    println!("a whole plan: commit {committed:?}, delta {:?}", clock.elapsed());
}

/// Processor time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
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
