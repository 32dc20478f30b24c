//! What the log says of requests. A binary of its own: the log of a test is the log of its thread only while no other thread
//! decides which events are wanted.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod mini;

use std::{io::Write, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use mini::change_set;
use tower::ServiceExt;
use wangge::{
    serve::{Options, Service, router},
    store,
};

#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn status(app: &Router, target: &str) -> StatusCode {
    app.clone().oneshot(Request::get(target).body(Body::empty()).unwrap()).await.unwrap().status()
}

#[tokio::test]
async fn logs_name_routes_and_never_queries() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let dir = tempfile::tempdir().unwrap();
    let store = store::open(&format!("gpkg:{}", dir.path().join("town.gpkg").display())).await.unwrap();
    store.commit(0, &change_set()).await.unwrap();
    let app = router(Service::start(store, Options::default()).await.unwrap());
    log.0.lock().unwrap().clear();
    assert_eq!(status(&app, "/api/locate?lon=104.8341234&lat=26.5912345").await, 200);
    assert_eq!(status(&app, "/api/locate?lon=104.8341234&lat=999").await, 400);
    assert_eq!(status(&app, "/api/search?q=secret-address").await, 200);
    assert_eq!(status(&app, "/api/areas/secret-path?as-of=2026-01-01").await, 404);
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("/api/locate") && text.contains("/api/areas/{code}"), "{text}");
    for secret in ["104.83", "26.59", "secret", "999"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}
