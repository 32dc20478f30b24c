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
    backdrop::{Config, Template},
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

/// Two logs at a time would decide for each other which events are wanted.
static ONE_LOG: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn logs_name_routes_and_never_queries() {
    let _turn = ONE_LOG.lock().await;
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

#[tokio::test]
async fn logs_tell_why_a_backdrop_fails_and_never_its_key() {
    let _turn = ONE_LOG.lock().await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let source = Router::new().route("/down/{z}/{x}/{y}", axum::routing::get(async || StatusCode::FORBIDDEN));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, source).await.unwrap() });
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for address in [address, gone] {
        let dir = tempfile::tempdir().unwrap();
        let store = store::open(&format!("gpkg:{}", dir.path().join("town.gpkg").display())).await.unwrap();
        store.commit(0, &change_set()).await.unwrap();
        let template = Template::parse(&format!("http://{address}/down/{{z}}/{{x}}/{{y}}?tk={{key}}"), Some("s3cr3t-key")).unwrap();
        let options = Options { backdrop: Some(Config::new(template)), ..Options::default() };
        tracing::info!(?options, "starting");
        let app = router(Service::start(store, options).await.unwrap());
        assert_eq!(status(&app, "/backdrop/3/6/3").await, 502);
    }
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("status 403") && text.contains("cannot be reached") && text.contains("/backdrop/{z}/{x}/{y}"), "{text}");
    for secret in ["s3cr3t", "tk=", "/3/6/3"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}
