//! Databases that cannot be used: each ends in a message that says what it is and what to do.

use std::path::Path;

use sqlx::{Connection, Executor, SqliteConnection};
use wangge::{model::*, store};

use super::{
    gis::ogrinfo,
    place::{Kind, Place, on},
    sample::*,
};

async fn refusal(url: &str) -> String {
    let refused = store::open(url).await.err().unwrap_or_else(|| panic!("{url} was opened")).to_string();
    assert_eq!(store::migrate(url, false).await.unwrap_err().to_string(), refused);
    refused
}

fn url(path: &Path) -> String {
    format!("gpkg:{}", path.display())
}

#[tokio::test]
async fn a_text_file_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.gpkg");
    let text = "not a database, only a note that is long enough to be looked at\n".repeat(40);
    std::fs::write(&path, &text).unwrap();
    let message = refusal(&url(&path)).await;
    assert!(message.contains("notes.gpkg: is not a database"), "{message}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is put beside it");
}

#[tokio::test]
async fn another_programs_database_stays_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", path.display())).await.unwrap();
    other.execute("CREATE TABLE roads (id INTEGER PRIMARY KEY)").await.unwrap();
    other.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    let message = refusal(&url(&path)).await;
    assert!(message.contains("not one that Wangge made"), "{message}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_missing_folder_and_a_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let message = refusal(&url(&folder.path().join("nowhere/city.gpkg"))).await;
    assert!(message.contains("nowhere does not exist; create it first"), "{message}");
    let message = refusal(&url(folder.path())).await;
    assert!(message.contains("is a folder"), "{message}");
}

#[tokio::test]
async fn an_empty_file_and_a_half_made_one_are_filled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.gpkg");
    std::fs::write(&path, "").unwrap();
    assert_eq!(store::open(&url(&path)).await.unwrap().load().await.unwrap(), World::new());
    // Killed after sqlx made its own table and before the first step.
    let path = folder.path().join("half.gpkg");
    let mut half = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", path.display())).await.unwrap();
    half.execute("CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)")
        .await
        .unwrap();
    half.close().await.unwrap();
    assert_eq!(store::open(&url(&path)).await.unwrap().load().await.unwrap(), World::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_opened_by_many_at_once_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder.path().join("new.gpkg"));
    let opened = futures::future::join_all((0..6).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { store::open(&url).await.map(drop) })
    }))
    .await;
    for outcome in opened {
        outcome.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_damaged_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.gpkg");
    let street = code("520201001");
    let store = store::open(&url(&path)).await.unwrap();
    let rows = (0..4000).map(|n| household(&n.to_string(), 1)).collect();
    store.commit(0, &set(&street, "import", vec![Change::PutHouseholds(rows)])).await.unwrap();
    drop(store);
    // A copy without its WAL, whose later pages are noise.
    let copy = folder.path().join("copy.gpkg");
    store::export_copy(&url(&path), &copy).await.unwrap();
    store::migrate(&url(&copy), true).await.unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    let half = bytes.len() / 4;
    bytes[half..].fill(0xA5);
    std::fs::write(&copy, bytes).unwrap();
    let error = match store::open(&url(&copy)).await {
        Ok(store) => store.load().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(&error, store::Error::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("restore a copy"), "{error}");
}

#[tokio::test]
async fn a_copy_to_nowhere_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let live = url(&folder.path().join("city.gpkg"));
    let error = store::export_copy(&live, &folder.path().join("copy.gpkg")).await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    store::open(&live).await.unwrap();
    let error = store::export_copy(&live, &folder.path().join("nowhere/copy.gpkg")).await.unwrap_err();
    assert!(error.to_string().contains("create it first"), "{error}");
    assert!(!folder.path().join("copy.gpkg").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gis_reads_the_file_while_it_is_written() {
    on(Kind::GeoPackage, |place| async move {
        let store = place.open().await;
        let street = code("520201001");
        let area = Area { code: street.clone(), level: Level::Street, name: "凤凰街道".into(), boundary: square(0, 0).into() };
        let changes = vec![Change::PutAreas(vec![area]), Change::PutPlan(Box::new(plan(&street, 1, "p", &["1"])))];
        store.commit(0, &set(&street, "plan", changes)).await.unwrap();
        let writer = tokio::spawn({
            let (store, street) = (store.clone(), street.clone());
            async move {
                for version in 1..60 {
                    let rows = (0..300).map(|n| household(&format!("{n}"), version as u16)).collect();
                    store.commit(version, &set(&street, "edit", vec![Change::PutHouseholds(rows)])).await.unwrap();
                }
            }
        });
        let file = place.url.strip_prefix("gpkg:").unwrap().to_owned();
        let mut looks = 0;
        while !writer.is_finished() || looks < 3 {
            let layers = tokio::task::block_in_place(|| ogrinfo(&[&file]));
            for layer in [
                "streets (Multi Polygon)",
                "cells (Multi Polygon)",
                "communities (Multi Polygon)",
                "blocks (Polygon)",
                "households (Point)",
                "lines (Line String)",
            ] {
                assert!(layers.contains(layer), "{layers}");
            }
            looks += 1;
        }
        writer.await.unwrap();
        let households = ogrinfo(&["-so", &file, "households"]);
        assert!(households.contains("Feature Count: 300") && households.contains("ID[\"EPSG\",4326]"), "{households}");
        assert!(households.contains("FID Column = fid") && households.contains("Geometry Column = geom"), "{households}");
        let streets = ogrinfo(&["-al", &file, "streets"]);
        assert!(streets.contains("凤凰街道") && streets.contains("MULTIPOLYGON (((104.83 26.59,"), "{streets}");
        let cells = ogrinfo(&["-so", &file, "cells"]);
        assert!(
            cells.contains("Feature Count: 4") && cells.contains("Extent: (104.830000, 26.590000) - (104.830040, 26.590010)"),
            "{cells}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_server_that_refuses_keeps_the_password_out_of_the_message() {
    on(Kind::PostGis, |place: std::sync::Arc<Place>| async move {
        let message = store::open(&place.url).await.err().unwrap().to_string();
        assert!(message.contains("run `wangge migrate --db …` first"), "{message}");
        let message = refusal("postgres:///wangge_no_such_database").await;
        assert!(message.contains("createdb"), "{message}");
        let (host, port) = (std::env::var("PGHOST").unwrap_or("localhost".into()), std::env::var("PGPORT").unwrap_or("5432".into()));
        for server in [format!("{host}:{port}"), "127.0.0.1:9".into()] {
            let message = refusal(&format!("postgres://nobody:s3cret@{server}/grid?password=s3cret")).await;
            assert!(message.contains("connecting to postgres://"), "{message}");
            assert!(!message.contains("s3cret") && !message.contains("nobody:"), "{message}");
        }
    })
    .await;
}
