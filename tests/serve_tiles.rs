//! Tiles through the front and through the router behind it: encodings, entity tags, what is made when, what a change drops.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod mini;

use std::{collections::BTreeMap, io::Read, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, Method, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use mini::*;
use tempfile::TempDir;
use tower::{Service as _, ServiceExt};
use wangge::{
    model::{Change, ChangeSet, IssueStatus},
    serve::{Front, Options, Service, router},
    store::{self, Store},
    tile::TileCoord,
};

struct Town {
    front: Front,
    service: Arc<Service>,
    store: Arc<dyn Store>,
    _dir: TempDir,
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: StatusCode,
    headers: BTreeMap<String, String>,
    body: Bytes,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (mut parts, body) = response.into_parts();
        // The router writes the length down, the front leaves it to the HTTP library, which knows where there must be none.
        parts.headers.remove(header::CONTENT_LENGTH);
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        Self { status: parts.status, headers: headers.collect(), body: axum::body::to_bytes(body, usize::MAX).await.unwrap() }
    }

    fn header(&self, name: impl AsRef<str>) -> &str {
        self.headers.get(name.as_ref()).map_or("", String::as_str)
    }
}

impl Town {
    async fn new(options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = store::open(&format!("gpkg:{}", dir.path().join("town.gpkg").display())).await.unwrap();
        store.commit(0, &change_set()).await.unwrap();
        let service = Service::start(store.clone(), options).await.unwrap();
        Self { front: Front::new(service.clone()), service, store, _dir: dir }
    }

    async fn get(&self, target: &str, headers: &[(HeaderName, &str)]) -> Answer {
        Answer::of(self.front.clone().call(request(Method::GET, target, headers)).await.unwrap()).await
    }

    async fn get_by_router(&self, target: &str, headers: &[(HeaderName, &str)]) -> Answer {
        Answer::of(router(self.service.clone()).oneshot(request(Method::GET, target, headers)).await.unwrap()).await
    }
}

fn request(method: Method, target: &str, headers: &[(HeaderName, &str)]) -> Request {
    let request = Request::builder().method(method).uri(target);
    headers.iter().fold(request, |request, (name, value)| request.header(name, *value)).body(Body::empty()).unwrap()
}

fn target(layers: &str, z: u8) -> String {
    let TileCoord { z, x, y } = TileCoord::at(at(1000, 1000), z);
    format!("/tiles/{layers}/{z}/{x}/{y}")
}

/// The options of a town that shows households, with a cache of so many bytes.
fn options(tile_cache_bytes: usize) -> Options {
    Options { households: true, tile_cache_bytes, ..Options::default() }
}

const ID: HeaderName = HeaderName::from_static("x-request-id");

#[tokio::test]
async fn front_and_router_answer_the_same() {
    for bytes in [0, 64 << 20] {
        let town = Town::new(Options { tile_cache_bytes: bytes, ..Options::default() }).await;
        let mut targets = vec![
            "/tiles/cells/14/0/0".to_owned(),
            "/tiles/cells/14/99999/0".to_owned(),
            "/tiles/dogs/14/0/0".to_owned(),
            format!("{}.pbf", target("cells", 14)),
            format!("{}?as-of=2025-06-01", target("cells", 14)),
            "/tiles/cells.json".to_owned(),
            "/healthz".to_owned(),
        ];
        for layers in ["cells", "cells,edges,labels,issues", "households", "issues", "edges,cells,edges"] {
            targets.extend([10, 14, 16].map(|z| target(layers, z)));
            targets.push(format!("{}.mvt", target(layers, 15)));
        }
        for accepted in ["", "gzip", "br", "zstd", "gzip, deflate, br, zstd"] {
            for target in &targets {
                let mut headers = vec![(ID, "test-12345"), (header::HOST, "localhost:8080"), (header::ACCEPT_ENCODING, accepted)];
                // Made by either one, then found by either one, then known to the client.
                let first = town.get(target, &headers).await;
                let second = town.get_by_router(target, &headers).await;
                let third = town.get(target, &headers).await;
                assert_eq!(first, second, "{target} {accepted:?}");
                assert_eq!(first, third, "{target} {accepted:?}");
                assert_eq!(first.header(ID), "test-12345");
                let tag = first.header(header::ETAG).to_owned();
                if first.status == 200 && !tag.is_empty() {
                    headers.push((header::IF_NONE_MATCH, &tag));
                    let unchanged = town.get(target, &headers).await;
                    assert_eq!((unchanged.status.as_u16(), unchanged.header(header::ETAG)), (304, tag.as_str()));
                    assert_eq!(unchanged, town.get_by_router(target, &headers).await, "{target} {accepted:?}");
                }
            }
        }
        let foreign = [(header::HOST, "evil.example:8080"), (ID, "test-12345")];
        let refused = town.get(&target("cells", 14), &foreign).await;
        assert_eq!(refused.status, 421);
        assert_eq!(refused, town.get_by_router(&target("cells", 14), &foreign).await);
        let head = Answer::of(town.front.clone().call(request(Method::HEAD, &target("cells", 14), &[])).await.unwrap()).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        let ids = [town.get(&target("cells", 14), &[]).await, town.get(&target("cells", 14), &[]).await];
        assert!(!ids[0].header(ID).is_empty() && ids[0].header(ID) != ids[1].header(ID), "each answer has an id of its own");
    }
}

#[tokio::test]
async fn each_encoding_decodes_to_the_same_tile_under_a_tag_of_its_own() {
    let town = Town::new(options(64 << 20)).await;
    let target = target("cells,edges,households", 15);
    let plain = town.get(&target, &[]).await;
    assert_eq!((plain.status.as_u16(), plain.header(header::CONTENT_ENCODING)), (200, ""));
    let mut tags = vec![plain.header(header::ETAG).to_owned()];
    for (accepted, expected) in [("gzip", "gzip"), ("br;q=0.9, gzip;q=0.8", "br"), ("gzip, deflate, br, zstd", "zstd")] {
        let answer = town.get(&target, &[(header::ACCEPT_ENCODING, accepted)]).await;
        assert_eq!((answer.status.as_u16(), answer.header(header::CONTENT_ENCODING)), (200, expected));
        assert_eq!(answer.header(header::VARY), "accept-encoding");
        let mut decoded = Vec::new();
        let mut body = &answer.body[..];
        let length = match expected {
            "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut decoded),
            "br" => brotli::Decompressor::new(body, 4096).read_to_end(&mut decoded),
            _ => zstd::stream::copy_decode(&mut body, &mut decoded).map(|()| decoded.len()),
        };
        assert_eq!(length.unwrap(), plain.body.len());
        assert!(decoded == plain.body, "{expected}");
        tags.push(answer.header(header::ETAG).to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
    assert_eq!(town.service.tiles_built(), 1, "one tile, four encodings");
    // A tag of another encoding is not the answer's.
    let wrong = town.get(&target, &[(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, plain.header(header::ETAG))]).await;
    assert_eq!(wrong.status, 200);
}

#[tokio::test]
async fn what_the_client_has_is_not_built_again() {
    // With a cache, without one, and with one too small for a single tile.
    for bytes in [64 << 20, 0, 100] {
        let town = Town::new(options(bytes)).await;
        let target = target("cells,households", 15);
        let gzip = (header::ACCEPT_ENCODING, "gzip");
        let tag = town.get(&target, std::slice::from_ref(&gzip)).await.header(header::ETAG).to_owned();
        assert_eq!(town.service.tiles_built(), 1);
        for _ in 0..3 {
            let unchanged = town.get(&target, &[gzip.clone(), (header::IF_NONE_MATCH, &tag)]).await;
            assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
        }
        assert_eq!(town.service.tiles_built(), 1, "with {bytes} bytes");
        assert_eq!(town.get(&target, std::slice::from_ref(&gzip)).await.status, 200);
        assert_eq!(town.service.tiles_built(), if bytes > 1000 { 1 } else { 2 }, "with {bytes} bytes");
        // An edit ends it.
        let mut moved = town.store.load_street(&code(STREET)).await.unwrap().unwrap().households.remove(0);
        moved.position.lon_e7 += 777;
        let set = ChangeSet { street: code(STREET), what: "edit".into(), changes: vec![Change::PutHouseholds(vec![moved])] };
        town.store.commit(1, &set).await.unwrap();
        town.service.catch_up().await.unwrap();
        let anew = town.get(&target, &[gzip, (header::IF_NONE_MATCH, &tag)]).await;
        assert_eq!(anew.status, 200);
        assert_ne!(anew.header(header::ETAG), tag);
    }
}

#[tokio::test]
async fn tags_and_bytes_are_the_same_after_a_restart() {
    let (one, other) = (Town::new(options(64 << 20)).await, Town::new(options(0)).await);
    for accepted in ["identity", "gzip", "br", "zstd"] {
        let headers = [(header::ACCEPT_ENCODING, accepted), (ID, "test-12345")];
        for layers in ["cells,edges", "households,issues"] {
            assert_eq!(one.get(&target(layers, 15), &headers).await, other.get(&target(layers, 15), &headers).await, "{accepted} {layers}");
        }
    }
}

#[tokio::test]
async fn an_edit_is_in_the_next_tile() {
    let town = Town::new(options(64 << 20)).await;
    let mut version = 1;
    let mut before = town.get(&target("issues", 14), &[]).await;
    for status in [IssueStatus::Closed, IssueStatus::InProgress, IssueStatus::Open] {
        let mut issue = issues().remove(0);
        issue.status = status;
        let set = ChangeSet { street: code(STREET), what: "edit".into(), changes: vec![Change::PutIssues(vec![issue])] };
        version = town.store.commit(version, &set).await.unwrap();
        town.service.catch_up().await.unwrap();
        let after = town.get(&target("issues", 14), &[]).await;
        assert_ne!(before.header(header::ETAG), after.header(header::ETAG), "{status:?}");
        before = after;
    }
}

#[tokio::test]
async fn metrics_tell_of_layers_builds_and_size() {
    let town = Town::new(options(64 << 20)).await;
    for layers in ["groups", "groups,cells"] {
        for _ in 0..3 {
            town.get(&target(layers, 16), &[(header::ACCEPT_ENCODING, "gzip")]).await;
        }
    }
    let metrics = String::from_utf8(town.get("/metrics", &[]).await.body.to_vec()).unwrap();
    let value = |line: &str| -> f64 {
        let found = metrics.lines().find_map(|l| l.strip_prefix(line)).unwrap_or_else(|| panic!("{line} is not in\n{metrics}"));
        found.trim().parse().unwrap()
    };
    // Tests of this file share the process's meters; no other asks for groups.
    assert_eq!(value("wangge_tile_duration_seconds_count{layers=\"groups\"}"), 3.0);
    assert_eq!(value("wangge_tile_build_seconds_count{layers=\"groups\"}"), 1.0);
    assert!(value("wangge_tile_build_seconds_count{layers=\"several\"}") >= 1.0);
    assert!(value("wangge_tile_compress_seconds_count{encoding=\"gzip\"}") >= 2.0);
    assert!(value("wangge_http_request_duration_seconds_count{route=\"/tiles/{layers}/{z}/{x}/{y}\"}") >= 6.0);
    assert!(value("wangge_tile_cache_total{result=\"hit\"}") >= 2.0);
    assert!(value("wangge_tile_cache_total{result=\"not_modified\"}") >= 0.0);
    assert!(value("wangge_tile_cache_bytes") > 0.0);
    assert!(value("wangge_snapshot_age_seconds") < 600.0);
    assert_eq!((value("wangge_snapshot_households"), value("wangge_snapshot_issues"), value("wangge_snapshot_streets")), (40.0, 5.0, 1.0));
    if cfg!(target_os = "linux") {
        assert!(value("process_resident_memory_bytes") > 1e6);
    }
    for name in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        assert_eq!(metrics.lines().filter(|line| line.strip_prefix("# TYPE ") == Some(name)).count(), 1, "{name} is there twice");
    }
}
