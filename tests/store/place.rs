//! A database of its own for every test, in either store.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use futures::FutureExt;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use wangge::store::{self, Store};

/// Waits for a future from synchronous code inside the test's runtime.
pub fn wait<F: Future>(future: F) -> F::Output {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    GeoPackage,
    PostGis,
}

/// A database that exists until the test ends.
pub struct Place {
    pub kind: Kind,
    pub url: String,
    pub folder: tempfile::TempDir,
}

impl Place {
    pub async fn open(&self) -> Arc<dyn Store> {
        store::migrate(&self.url, false).await.unwrap();
        store::open(&self.url).await.unwrap()
    }

    /// Runs a statement behind the store's back.
    pub async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql);
        match self.kind {
            Kind::GeoPackage => {
                let mut connection = SqliteConnection::connect(&self.url.replace("gpkg:", "sqlite:")).await.unwrap();
                connection.execute(sql).await.unwrap();
                connection.close().await.unwrap();
            }
            Kind::PostGis => {
                PgConnection::connect(&self.url).await.unwrap().execute(sql).await.unwrap();
            }
        }
    }

    /// A PostgreSQL transaction that has read something and stays open.
    pub async fn hold(&self, sql: &'static str) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        connection.execute("BEGIN").await.unwrap();
        connection.execute(sql).await.unwrap();
        connection
    }

    /// Reads a column of texts behind the store's back, one a line.
    pub async fn texts(&self, sql: &str) -> String {
        let sql = AssertSqlSafe(sql);
        let texts: Vec<String> = match self.kind {
            Kind::GeoPackage => {
                let mut connection = SqliteConnection::connect(&self.url.replace("gpkg:", "sqlite:")).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
            Kind::PostGis => sqlx::query_scalar(sql).fetch_all(&mut PgConnection::connect(&self.url).await.unwrap()).await.unwrap(),
        };
        texts.join("\n")
    }

    /// Reads one number behind the store's back.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql);
        match self.kind {
            Kind::GeoPackage => {
                let mut connection = SqliteConnection::connect(&self.url.replace("gpkg:", "sqlite:")).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            Kind::PostGis => sqlx::query_scalar(sql).fetch_one(&mut PgConnection::connect(&self.url).await.unwrap()).await.unwrap(),
        }
    }
}

/// Runs the test in a fresh database and removes it afterwards, also when the test fails.
pub async fn on<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Arc<Place>) -> F) {
    let folder = tempfile::tempdir().unwrap();
    match kind {
        Kind::GeoPackage => {
            let url = format!("gpkg:{}", folder.path().join("test.gpkg").display());
            test(Arc::new(Place { kind, url, folder })).await;
        }
        Kind::PostGis => {
            let Some(name) = create_database().await else { return };
            let url = format!("postgres:///{name}");
            let outcome = AssertUnwindSafe(test(Arc::new(Place { kind, url, folder }))).catch_unwind().await;
            server().await.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
            if let Err(panic) = outcome {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

async fn server() -> PgConnection {
    PgConnection::connect("postgres:///postgres").await.expect("the PG* variables name a running PostgreSQL")
}

/// A new database with PostGIS; `None` when only the embedded store was asked for.
async fn create_database() -> Option<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    const TEMPLATE: &str = "wangge_test_template";
    if std::env::var("WANGGE_TEST_STORES").is_ok_and(|stores| stores == "gpkg") {
        return None;
    }
    assert!(
        std::env::var_os("WANGGE_TEST_POSTGRES").is_some(),
        "the store tests need PostgreSQL with PostGIS: run `make test`, which starts one, or set WANGGE_TEST_STORES=gpkg to test the embedded store alone"
    );
    let name = format!("wangge_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut server = server().await;
    // Creating the extension takes longer than any test: do it once, in a template.
    server.execute("SELECT pg_advisory_lock(20261124)").await.unwrap();
    let made: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)")
        .bind(TEMPLATE)
        .fetch_one(&mut server)
        .await
        .unwrap();
    if !made {
        server.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {TEMPLATE}"))).await.unwrap();
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {TEMPLATE}"))).await.unwrap();
        let mut template = PgConnection::connect(&format!("postgres:///{TEMPLATE}")).await.unwrap();
        template.execute("CREATE EXTENSION postgis").await.unwrap();
        template.close().await.unwrap();
        server.execute(AssertSqlSafe(format!("ALTER DATABASE {TEMPLATE} IS_TEMPLATE true"))).await.unwrap();
    }
    server.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))).await.unwrap();
    server.close().await.unwrap();
    Some(name)
}
