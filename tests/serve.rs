//! The service through its real router: status, headers and body of every resource.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

#[path = "serve/backdrop.rs"]
mod backdrop;
#[path = "serve/desk.rs"]
mod desk;
mod mini;

use std::{path::Path, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use bytes::Bytes;
use futures::StreamExt;
use mini::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use wangge::{
    model::{Change, ChangeSet, Issue, IssueStatus, Plan, PlanId, PlanState},
    serve::{Hosts, Options, Service, openapi, router},
    store::{self, Store},
};

/// A service over a GeoPackage of its own.
struct Fixture {
    app: Router,
    service: Arc<Service>,
    store: Arc<dyn Store>,
    _dir: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that this is a problem of that status and code, and returns it.
    #[track_caller]
    fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("urn:wangge:problem:{code}"));
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem
    }
}

impl Fixture {
    async fn new(options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = store::open(&format!("gpkg:{}", dir.path().join("town.gpkg").display())).await.unwrap();
        store.commit(0, &change_set()).await.unwrap();
        let service = Service::start(store.clone(), options).await.unwrap();
        Self { app: router(service.clone()), service, store, _dir: dir }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, body: axum::body::to_bytes(body, usize::MAX).await.unwrap() }
    }

    async fn get(&self, target: &str) -> Answer {
        self.send(Request::get(target).body(Body::empty()).unwrap()).await
    }

    async fn get_with(&self, target: &str, headers: &[(header::HeaderName, &str)]) -> Answer {
        let request = headers.iter().fold(Request::get(target), |request, (name, value)| request.header(name, *value));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, target: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        self.send(Request::post(target).header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap()).await
    }
}

async fn town() -> Fixture {
    Fixture::new(Options::default()).await
}

/// Longitude and latitude as a query.
fn lonlat(column: i32, row: i32) -> String {
    let p = at(column, row);
    format!("lon={}&lat={}", p.lon(), p.lat())
}

#[test]
fn openapi_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/openapi.json");
    let current = openapi::document().unwrap();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "web/openapi.json is out of date; run: UPDATE_OPENAPI=1 cargo test --test serve openapi");
}

#[tokio::test]
async fn openapi_names_exactly_the_parameters_that_are_known() {
    let town = town().await;
    let answer = town.get("/api/openapi.json").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/vnd.oai.openapi+json;version=3.1");
    let document = answer.json();
    let mut checked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        // The first method there is; writes look at the query first, too.
        let Some((method, operation)) = operations.as_object().unwrap().iter().next() else { continue };
        if ["/healthz", "/readyz", "/metrics"].contains(&path.as_str()) {
            continue;
        }
        let target = [
            ("{code}", STREET),
            ("{id}", "cells"),
            ("{feature}", SOUTH_WEST),
            ("{layers}", "cells"),
            ("{z}", "0"),
            ("{x}", "0"),
            ("{y}", "0"),
            ("{street}", STREET),
            ("{plan}", "3"),
            ("{other}", "2"),
            ("{planning}", "none"),
        ]
        .iter()
        .fold(path.clone(), |target, (name, value)| target.replace(name, value));
        let request = Request::builder().method(method.to_uppercase().as_str()).uri(format!("{target}?no-such=1"));
        let problem = town.send(request.body(Body::empty()).unwrap()).await.problem(400, "unknown_parameter");
        assert!(problem["detail"].as_str().unwrap().contains("no-such"));
        let mut known: Vec<&str> = problem["known"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut documented: Vec<&str> =
            parameters.iter().filter(|parameter| parameter["in"] == "query").map(|parameter| parameter["name"].as_str().unwrap()).collect();
        known.sort_unstable();
        documented.sort_unstable();
        assert_eq!(known, documented, "{path}");
        checked += 1;
    }
    assert_eq!(checked, 34);
}

#[tokio::test]
async fn info_tells_streets_plans_and_issues() {
    let town = town().await;
    let answer = town.get("/api/info").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    let info = answer.json();
    assert_eq!((&info["name"], &info["households_layer"], &info["synthetic"]), (&json!("Wangge"), &json!(false), &json!(false)));
    assert_eq!(info["bounds"], json!([104.833, 26.59, 104.837, 26.594]));
    let street = &info["streets"][0];
    assert_eq!((&street["code"], &street["name"]), (&json!(STREET), &json!("荷城街道")));
    let counts = ["households", "communities", "cells", "groups"].map(|name| street[name].as_u64().unwrap());
    assert_eq!(counts, [40, 2, 4, 4]);
    assert_eq!(
        street["plans"],
        json!([
            {"plan": 1, "name": "first", "state": "superseded", "valid_from": "2025-01-01", "valid_to": "2026-01-01"},
            {"plan": 2, "name": "second", "state": "published", "valid_from": "2026-01-01", "valid_to": null},
            {"plan": 3, "name": "third", "state": "draft", "valid_from": null, "valid_to": null},
        ])
    );
    assert_eq!(
        info["issues"],
        json!({"total": 5,
            "categories": [{"category": "noise", "count": 2}, {"category": "waste", "count": 2}, {"category": "light, street", "count": 1}],
            "statuses": [{"status": "open", "count": 3}, {"status": "in_progress", "count": 1}, {"status": "closed", "count": 1}],
            "first": "2026-03-01T01:00:00Z", "last": "2026-07-01T01:00:00Z"})
    );
}

#[tokio::test]
async fn areas_answer_as_of_a_day() {
    let town = town().await;
    let cell = town.get(&format!("/api/areas/{NORTH_WEST}")).await.json();
    assert_eq!((&cell["level"], &cell["households"], &cell["plan"]), (&json!("cell"), &json!(10), &json!(2)));
    assert_eq!(cell["issues"], json!({"total": 2, "open": 1}));
    let before = town.get(&format!("/api/areas/{NORTH_WEST}?as-of=2025-06-01")).await.json();
    assert_eq!((&before["households"], &before["plan"]), (&json!(40), &json!(1)));
    town.get(&format!("/api/areas/{SOUTH_EAST}?as-of=2025-06-01")).await.problem(404, "no_such_area");
    town.get("/api/areas/abc").await.problem(404, "no_such_area");
    town.get(&format!("/api/areas/{STREET}?as-of=yesterday")).await.problem(400, "bad_parameter");
}

#[tokio::test]
async fn locate_answers_one() {
    let town = town().await;
    let location = town.get(&format!("/api/locate?{}", lonlat(1500, 500))).await.json();
    let place = &location["place"];
    assert_eq!(
        (&place["cell_code"], &place["community_code"], &place["street_code"]),
        (&json!(SOUTH_EAST), &json!("520201011002"), &json!(STREET))
    );
    assert_eq!(place["group_code"], format!("{SOUTH_EAST}001"));
    assert_eq!(location["reason"], Value::Null);
    // 100 m from the border to the west; the others are as far in degrees, but a degree of longitude is shorter.
    let distance = place["border_distance_m"].as_f64().unwrap();
    assert!((distance - 99.6).abs() < 1.0, "{distance}");
    let outside = town.get("/api/locate?lon=0&lat=0").await.json();
    assert_eq!((&outside["place"], &outside["reason"]), (&Value::Null, &json!("outside_every_street")));
    let before = town.get(&format!("/api/locate?{}&as-of=2024-01-01", lonlat(1500, 500))).await.json();
    assert_eq!(before["reason"], "no_plan_in_force");
    let mercator = town.get("/api/locate?lon=11670290.1&lat=3072464.9&crs=EPSG:3857").await;
    assert_eq!(mercator.json()["place"]["cell_code"], SOUTH_EAST);
    for (query, code) in [
        ("lon=181&lat=0", "bad_coordinate"),
        ("lon=NaN&lat=0", "bad_coordinate"),
        ("lon=a&lat=0", "bad_coordinate"),
        ("lat=0", "missing_parameter"),
        ("lon=1&lon=2&lat=0", "bad_parameter"),
        ("lon=1&lat=1&crs=EPSG:99999", "bad_parameter"),
        ("lon=1&lat=1&srs=4326", "unknown_parameter"),
    ] {
        town.get(&format!("/api/locate?{query}")).await.problem(400, code);
    }
}

#[tokio::test]
async fn locate_answers_many() {
    let town = town().await;
    let [inside, border] = [at(500, 500), at(1000, 300)].map(|p| [p.lon(), p.lat()]);
    let body = json!({"points": [inside, [0, 0], border]}).to_string();
    let answer = town.post("/api/locate", "application/json; charset=utf-8", body).await;
    assert_eq!(answer.status, 200);
    let locations = answer.json()["locations"].clone();
    let cells: Vec<&Value> = locations.as_array().unwrap().iter().map(|l| &l["place"]["cell_code"]).collect();
    assert_eq!(cells, [&json!(SOUTH_WEST), &Value::Null, &json!(SOUTH_WEST)]);
    let post = |body: &str| town.post("/api/locate", "application/json", body.to_owned());
    post("").await.problem(400, "bad_body");
    post("{\"points\":[[1,2,3]]}").await.problem(400, "bad_body");
    post("{\"points\":[],\"extra\":1}").await.problem(400, "bad_body");
    post("{\"points\":[],\"as_of\":\"soon\"}").await.problem(400, "bad_body");
    let problem = post("{\"points\":[[1,2],[1,200]]}").await.problem(400, "bad_coordinate");
    assert!(problem["detail"].as_str().unwrap().starts_with("points[1]"));
    let problem = post("{\"points\":[[26.59,104.83]]}").await.problem(400, "bad_coordinate");
    assert!(problem["detail"].as_str().unwrap().contains("are the two swapped?"), "{problem}");
    let problem = post("[1]").await.problem(400, "bad_body");
    assert!(!problem["detail"].as_str().unwrap().contains("LocateRequest"), "{problem}");
    let many = |count: usize| json!({"points": vec![[1, 2]; count]}).to_string();
    assert_eq!(post(&many(100_000)).await.json()["locations"].as_array().unwrap().len(), 100_000);
    post(&many(100_001)).await.problem(413, "too_many_points");
    post(&" ".repeat(7 << 20)).await.problem(413, "body_too_large");
    town.post("/api/locate", "text/plain", "{}").await.problem(415, "not_json");
}

#[tokio::test]
async fn counts_fill_a_choropleth() {
    let town = town().await;
    let counts = town.get("/api/counts?level=cell").await.json();
    assert_eq!(
        counts["counts"],
        json!([
            {"code": NORTH_WEST, "total": 2, "open": 1, "households": 10},
            {"code": SOUTH_WEST, "total": 1, "open": 1, "households": 10},
            {"code": NORTH_EAST, "total": 0, "open": 0, "households": 10},
            {"code": SOUTH_EAST, "total": 1, "open": 1, "households": 10},
        ])
    );
    assert_eq!((&counts["max_total"], &counts["breaks"]), (&json!(2), &json!([1, 2])));
    let total = async |query: &str| {
        let counts = town.get(&format!("/api/counts?level=street&{query}")).await.json();
        counts["counts"][0]["total"].as_u64().unwrap()
    };
    assert_eq!(total("category=waste").await, 2);
    assert_eq!(total("category=waste,noise&status=open&status=in_progress").await, 2);
    assert_eq!(total("from=2026-04-01&to=2026-05-01").await, 1);
    // 16:30 UTC on the first is the second in China.
    assert_eq!(total("from=2026-05-02").await, 2);
    assert_eq!(total("to=2026-05-02").await, 2);
    assert_eq!(total("from=2026-05-01T16:30:00Z&to=2026-05-01T16:30:01Z").await, 1);
    town.get("/api/counts?level=house").await.problem(400, "bad_parameter");
    town.get("/api/counts").await.problem(400, "missing_parameter");
    town.get("/api/counts?level=cell&status=lost").await.problem(400, "bad_parameter");
}

#[tokio::test]
async fn counts_stand_beside_those_of_another_period() {
    let town = town().await;
    let path = "/api/counts?level=street&from=2026-05-01&to=2026-06-01&compare-from=2026-04-01&compare-to=2026-05-01";
    let counts = town.get(path).await.json();
    let before = town.get("/api/counts?level=street&from=2026-04-01&to=2026-05-01").await.json();
    assert_eq!((&counts["counts"][0]["before"], before["counts"][0]["total"].as_u64()), (&json!(1), Some(1)));
    town.get("/api/counts?level=cell&compare-from=2026-04-01").await.problem(400, "missing_parameter");
    town.get("/api/counts?level=cell&compare-from=x&compare-to=2026-05-01").await.problem(400, "bad_parameter");
}

#[tokio::test]
async fn hot_spots_are_named() {
    let town = town().await;
    let spots = town.get("/api/hotspots?level=cell&measure=count").await.json();
    let codes: Vec<&str> = spots["areas"].as_array().unwrap().iter().map(|area| area["code"].as_str().unwrap()).collect();
    assert_eq!(codes, [NORTH_WEST, SOUTH_WEST, NORTH_EAST, SOUTH_EAST]);
    // Four cells that all touch: each one's neighbourhood is the whole, which no chance can tell from itself.
    assert!(spots["areas"].as_array().unwrap().iter().all(|area| area["z"].is_null() && area["bin"] == 0), "{spots}");
    assert_eq!(town.get("/api/hotspots?level=cell").await.json()["measure"], "rate");
    town.get("/api/hotspots?level=street").await.problem(400, "bad_parameter");
    town.get("/api/hotspots?level=cell&measure=area").await.problem(400, "bad_parameter");
}

#[tokio::test]
async fn search_finds_codes_names_and_coordinates() {
    let town = town().await;
    let hits = async |query: &str| town.get(&format!("/api/search?{query}")).await.json()["hits"].as_array().unwrap().clone();
    let code = hits(&format!("q={SOUTH_EAST}")).await;
    assert_eq!((&code[0]["kind"], &code[0]["code"]), (&json!("cell"), &json!(SOUTH_EAST)));
    assert!(hits("q=%E9%92%9F%E5%B1%B1%E5%A4%A7%E9%81%93").await.iter().any(|hit| hit["kind"] == "road"));
    let point = hits("q=104.83,%2026.59").await;
    assert_eq!((&point[0]["kind"], &point[0]["lon"], &point[0]["lat"]), (&json!("coordinates"), &json!(104.83), &json!(26.59)));
    assert_eq!(hits("q=520201011&limit=2").await.len(), 2);
    let moved = hits("q=104.83%2026.59&crs=gcj02").await;
    assert!((moved[0]["lon"].as_f64().unwrap() - 104.83).abs() > 0.001, "GCJ-02 is not WGS 84");
    town.get("/api/search").await.problem(400, "missing_parameter");
    town.get("/api/search?q=%20").await.problem(400, "bad_parameter");
    town.get("/api/search?q=a&limit=51").await.problem(400, "bad_parameter");
    town.get("/api/search?q=%FF").await.problem(400, "bad_request");
}

#[tokio::test]
async fn near_lists_nearest_first_and_guards_households() {
    let town = town().await;
    let near = async |query: String| town.get(&format!("/api/near?{query}")).await;
    let issues = near(format!("{}&kind=issues&limit=2", lonlat(300, 1600))).await.json()["items"].clone();
    assert_eq!((&issues[0]["id"], &issues[0]["distance_m"], &issues[1]["id"]), (&json!("i1"), &json!(0.0), &json!("i2")));
    let noise = near(format!("{}&kind=issues&limit=1&category=noise", lonlat(300, 1600))).await.json()["items"].clone();
    assert_eq!(noise[0]["id"], "i3");
    let group = near(format!("{}&kind=groups&limit=1", lonlat(100, 300))).await.json()["items"].clone();
    assert_eq!((&group[0]["code"], &group[0]["households"]), (&json!(format!("{SOUTH_WEST}001")), &json!(10)));
    let groups = near(format!("{}&kind=groups&limit=100", lonlat(100, 300))).await.json()["items"].clone();
    assert_eq!(groups.as_array().unwrap().len(), 4);
    let street = &world()[&code(STREET)];
    for group in groups.as_array().unwrap() {
        let [lon, lat, distance] = ["lon", "lat", "distance_m"].map(|name| group[name].as_f64().unwrap());
        let here = wangge::model::LonLat::from_degrees(lon, lat).unwrap();
        assert!(street.households.iter().all(|household| household.position != here), "{group} is where a household is");
        assert_eq!(distance % 10.0, 0.0, "{group}");
    }
    near(format!("{}&kind=households", lonlat(0, 0))).await.problem(403, "households_guarded");
    near(format!("{}&kind=dogs", lonlat(0, 0))).await.problem(400, "bad_parameter");
    let open = Fixture::new(Options { households: true, ..Options::default() }).await;
    let households = open.get(&format!("/api/near?{}&kind=households&limit=3", lonlat(220, 300))).await.json()["items"].clone();
    assert_eq!((households.as_array().unwrap().len(), &households[0]["id"]), (3, &json!("h100")));
    assert!(households[0].get("address").is_none());
    let group = open.get(&format!("/api/near?{}&kind=groups&limit=1", lonlat(100, 300))).await.json()["items"].clone();
    assert_eq!(group[0]["lon"].as_f64().unwrap(), at(220, 300).lon());
}

#[tokio::test]
async fn an_issue_knows_where_it_lies() {
    let town = town().await;
    let issue = town.get("/api/issues/i2").await.json();
    assert_eq!(
        (&issue["category"], &issue["status"], &issue["closed_at"]),
        (&json!("waste"), &json!("closed"), &json!("2026-10-02T00:00:00Z"))
    );
    assert_eq!(issue["location"]["place"]["cell_code"], NORTH_WEST);
    town.get("/api/issues/i9").await.problem(404, "no_such_issue");
}

#[tokio::test]
async fn features_follow_ogc_api() {
    let town = town().await;
    let landing = town.get("/api").await.json();
    for link in landing["links"].as_array().unwrap() {
        let href = link["href"].as_str().unwrap();
        if href != "/" {
            assert_eq!(town.get(href).await.status, 200, "{href}");
        }
    }
    assert!(town.get("/api/conformance").await.json()["conformsTo"][0].as_str().unwrap().ends_with("/conf/core"));
    let collections = town.get("/api/collections").await.json();
    let ids: Vec<&str> = collections["collections"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["streets", "communities", "cells", "groups", "issues"]);
    assert_eq!(town.get("/api/collections/cells").await.json(), collections["collections"][2]);
    let page = town.get("/api/collections/cells/items?limit=3").await;
    assert_eq!(page.header(header::CONTENT_TYPE), "application/geo+json");
    let page = page.json();
    assert_eq!((&page["numberMatched"], &page["numberReturned"]), (&json!(4), &json!(3)));
    let next = page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next").unwrap()["href"].as_str().unwrap();
    let rest = town.get(next).await.json();
    assert_eq!((&rest["features"][0]["id"], &rest["numberReturned"]), (&json!(SOUTH_EAST), &json!(1)));
    assert!(rest["links"].as_array().unwrap().iter().all(|link| link["rel"] != "next"));
    let (low, high) = (at(100, 100), at(200, 200));
    let bbox = format!("bbox={},{},{},{}", low.lon(), low.lat(), high.lon(), high.lat());
    let found = town.get(&format!("/api/collections/cells/items?{bbox}")).await.json();
    assert_eq!((&found["numberMatched"], &found["features"][0]["id"]), (&json!(1), &json!(SOUTH_WEST)));
    let dated = town.get("/api/collections/issues/items?datetime=2026-04-01T00:00:00Z/2026-06-01T01:00:00Z").await.json();
    assert_eq!(dated["numberMatched"], 3);
    let item = town.get(&format!("/api/collections/cells/items/{SOUTH_WEST}")).await.json();
    assert_eq!(item, found["features"][0]);
    town.get("/api/collections/households").await.problem(404, "no_such_collection");
    town.get("/api/collections/cells/items/1").await.problem(404, "no_such_feature");
    for query in ["limit=0", "limit=10001", "bbox=1,2,3", "offset=-1", "datetime=soon"] {
        town.get(&format!("/api/collections/cells/items?{query}")).await.problem(400, "bad_parameter");
    }
}

/// The tile at zoom 14 that holds the street.
fn tile_target(layers: &str) -> String {
    let (lon, lat) = (at(1000, 1000).lon(), at(1000, 1000).lat().to_radians());
    let n = f64::from(1 << 14);
    let (x, y) = ((lon + 180.0) / 360.0 * n, (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * n);
    format!("/tiles/{layers}/14/{}/{}", x as u32, y as u32)
}

#[tokio::test]
async fn tiles_are_compressed_tagged_and_guarded() {
    let town = town().await;
    let target = tile_target("cells,edges");
    let plain = town.get(&target).await;
    assert_eq!((plain.status.as_u16(), plain.header(header::CONTENT_ENCODING)), (200, ""));
    assert_eq!(plain.header(header::CONTENT_TYPE), "application/vnd.mapbox-vector-tile");
    assert_eq!((plain.header(header::CACHE_CONTROL), plain.header(header::VARY)), ("no-cache", "accept-encoding"));
    let reader = mvt_reader::Reader::new(plain.body.to_vec()).unwrap();
    let mut layers = reader.get_layer_names().unwrap();
    layers.sort();
    assert_eq!(layers, ["cells", "edges"]);
    let gzip = town.get_with(&format!("{target}.mvt"), &[(header::ACCEPT_ENCODING, "gzip, deflate")]).await;
    assert_eq!((gzip.status.as_u16(), gzip.header(header::CONTENT_ENCODING)), (200, "gzip"));
    let mut unzipped = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip.body[..]), &mut unzipped).unwrap();
    assert_eq!(unzipped, plain.body);
    let etag = gzip.header(header::ETAG).to_owned();
    assert!(etag.starts_with('"') && etag != plain.header(header::ETAG), "strong, and one for each representation");
    let same = town.get_with(&target, &[(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, &format!("\"x\", {etag}"))]).await;
    assert_eq!((same.status.as_u16(), same.body.len(), same.header(header::ETAG)), (304, 0, etag.as_str()));
    assert_eq!(town.get_with(&target, &[(header::IF_NONE_MATCH, "\"x\"")]).await.status, 200);
    let empty = town.get("/tiles/cells/14/0/0").await;
    assert_eq!((empty.status.as_u16(), empty.body.len()), (204, 0));
    assert_eq!(town.get(&format!("{}?as-of=2024-01-01", tile_target("cells"))).await.status, 204);
    assert_eq!(town.get(&format!("{target}?plan={STREET}:3")).await.status, 200);
    town.get(&format!("{target}?plan={STREET}:9")).await.problem(404, "no_such_plan");
    town.get(&format!("{target}?plan=nine")).await.problem(400, "bad_parameter");
    town.get(&format!("{target}?color=red")).await.problem(400, "unknown_parameter");
    town.get("/tiles/cells/3/8/0").await.problem(400, "bad_tile");
    town.get("/tiles/cells/23/0/0").await.problem(400, "bad_tile");
    town.get("/tiles/cells/x/0/0.mvt").await.problem(400, "bad_tile");
    town.get("/tiles/cells,dogs/0/0/0").await.problem(400, "no_such_layer");
    town.get(&tile_target("households")).await.problem(403, "households_guarded");
}

#[tokio::test]
async fn issue_tiles_follow_the_filter() {
    let town = town().await;
    let issues = async |query: &str| {
        let answer = town.get(&format!("{}?{query}", tile_target("issues"))).await;
        match answer.status.as_u16() {
            204 => 0,
            200 => mvt_reader::Reader::new(answer.body.to_vec()).unwrap().get_features(0).unwrap().len(),
            status => panic!("{status}"),
        }
    };
    assert_eq!(issues("").await, 5);
    assert_eq!(issues("category=waste").await, 2);
    assert_eq!(issues("category=waste&status=open").await, 1);
    assert_eq!(issues("to=2026-01-01").await, 0);
}

#[tokio::test]
async fn tilejson_describes_and_passes_the_query_on() {
    let town = town().await;
    let host = [(header::HOST, "127.0.0.1:8080")];
    let answer = town.get_with("/tiles/cells,labels.json?category=waste,noise&as-of=2026-03-01", &host).await;
    assert_eq!((answer.status.as_u16(), answer.header(header::CONTENT_TYPE)), (200, "application/json"));
    let tilejson = answer.json();
    assert_eq!(tilejson["tilejson"], "3.0.0");
    assert_eq!(tilejson["tiles"], json!(["http://127.0.0.1:8080/tiles/cells,labels/{z}/{x}/{y}?category=waste,noise&as-of=2026-03-01"]));
    let ids: Vec<&str> = tilejson["vector_layers"].as_array().unwrap().iter().map(|layer| layer["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["cells", "labels"]);
    assert_eq!(tilejson["bounds"], json!([104.833, 26.59, 104.837, 26.594]));
    assert_eq!(tilejson["attribution"], "");
    assert!(tilejson["description"].as_str().unwrap().starts_with("No tile is over 500 kB"), "how tiles are thinned is said");
    town.get("/tiles/dogs.json").await.problem(400, "no_such_layer");
    town.get("/tiles/cells.json?status=lost").await.problem(400, "bad_parameter");
    town.get("/tiles/households.json").await.problem(403, "households_guarded");
    town.get("/tiles/cells").await.problem(404, "no_such_path");
}

#[tokio::test]
async fn what_the_framework_refuses_is_a_problem_too() {
    let town = town().await;
    town.get("/api/nothing").await.problem(404, "no_such_path");
    town.get("/assets/nothing.js").await.problem(404, "no_such_path");
    let request = Request::builder().method(Method::DELETE).uri("/api/info").body(Body::empty()).unwrap();
    let refused = town.send(request).await;
    refused.problem(405, "method_not_allowed");
    assert!(refused.header(header::ALLOW).contains("GET"));
    town.get(&format!("/api/search?q={}", "a".repeat(9000))).await.problem(414, "target_too_long");
}

#[tokio::test]
async fn only_views_of_the_app_get_its_page() {
    let town = town().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let request = Request::builder().method(method.clone()).uri("/foo").body(Body::empty()).unwrap();
        let refused = town.send(request).await;
        refused.problem(405, "method_not_allowed");
        assert_eq!(refused.header(header::ALLOW), "GET,HEAD", "{method}");
    }
    for script in ["/foo.js", "/deep/er/foo.js", "/assets/none.js"] {
        town.get(script).await.problem(404, "no_such_path");
    }
    // A page, or the word that this build has none; never "no such path".
    let view = town.get("/foo/bar").await;
    assert!(view.status == 200 || view.json()["code"] == "app_not_built");
}

#[tokio::test]
async fn a_foreign_host_is_refused_unless_insecure() {
    let town = town().await;
    town.get_with("/api/info", &[(header::HOST, "evil.example:8080")]).await.problem(421, "unknown_host");
    assert_eq!(town.get_with("/api/info", &[(header::HOST, "localhost:8080")]).await.status, 200);
    let open = Fixture::new(Options { hosts: Hosts::Any, ..Options::default() }).await;
    assert_eq!(open.get_with("/api/info", &[(header::HOST, "grid.example")]).await.status, 200);
}

#[tokio::test]
async fn every_answer_carries_an_id_and_a_policy() {
    let town = town().await;
    let given = [(header::HeaderName::from_static("x-request-id"), "test-12345")];
    for target in ["/api/info", "/api/nothing", "/healthz", "/tiles/cells/14/0/0"] {
        let answer = town.get_with(target, &given).await;
        assert_eq!(answer.header("x-request-id"), "test-12345");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        // A tile is never a page.
        if !target.starts_with("/tiles/") {
            assert!(answer.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'self'"));
        }
    }
    let compressed = town.get_with("/api/info", &[(header::ACCEPT_ENCODING, "gzip")]).await;
    assert_eq!(compressed.header(header::CONTENT_ENCODING), "gzip");
}

#[tokio::test]
async fn health_readiness_and_metrics() {
    let town = town().await;
    let health = town.get("/healthz").await;
    assert_eq!((health.status.as_u16(), &health.body[..]), (200, &b"ok"[..]));
    assert_eq!(town.get("/readyz").await.status, 200);
    town.get(&format!("/api/locate?{}", lonlat(1234, 567))).await;
    town.get(&tile_target("cells")).await;
    town.get(&tile_target("cells")).await;
    let metrics = String::from_utf8(town.get("/metrics").await.body.to_vec()).unwrap();
    for expected in [
        "wangge_http_requests_total{route=\"/api/locate\",method=\"GET\",status=\"200\"}",
        "wangge_http_request_duration_seconds_bucket{route=\"/tiles/{layers}/{z}/{x}/{y}\",le=\"0.01\"}",
        "wangge_tile_cache_total{result=\"hit\"}",
        "wangge_tile_cache_bytes",
    ] {
        assert!(metrics.contains(expected), "{expected} is not in\n{metrics}");
    }
    assert!(!metrics.contains("104.8"), "a coordinate is in the metrics");
    for target in ["/healthz?x=1", "/readyz?x=1", "/metrics?x=1"] {
        let problem = town.get(target).await.problem(400, "unknown_parameter");
        assert!(problem["detail"].as_str().unwrap().ends_with("takes none"), "{problem}");
    }
    let refused = town.post("/readyz", "text/plain", "").await;
    refused.problem(405, "method_not_allowed");
    town.service.end();
    assert_eq!(town.get("/readyz").await.status, 503);
}

#[tokio::test]
async fn a_database_that_is_taken_away_shows_in_readiness() {
    let town = town().await;
    let listener = wangge::serve::bind("127.0.0.1:0", false).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(wangge::serve::run(listener, town.service.clone(), async { drop(stopped.await) }));
    let becomes = async |status: u16| {
        for _ in 0..100 {
            if town.get("/readyz").await.status == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("/readyz never became {status}");
    };
    becomes(200).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (file, away) = (town._dir.path().join("town.gpkg"), town._dir.path().join("away.gpkg"));
    std::fs::rename(&file, &away).unwrap();
    becomes(503).await;
    assert!(!file.exists(), "an empty database in its place");
    std::fs::rename(&away, &file).unwrap();
    becomes(200).await;
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_change_in_the_store_becomes_a_snapshot_and_an_event() {
    let town = town().await;
    let old = town.get(&tile_target("issues")).await;
    let events = town.app.clone().oneshot(Request::get("/api/events").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(events.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut events = events.into_body().into_data_stream();
    let mut issue = issues().remove(0);
    issue.status = IssueStatus::Closed;
    let mut other = issue.clone();
    other.id = "i6".into();
    let at = issue.position;
    let set = ChangeSet { street: code(STREET), what: "import issues".into(), changes: vec![Change::PutIssues(vec![issue, other])] };
    assert_eq!(town.store.commit(1, &set).await.unwrap(), 2);
    assert_eq!(town.service.catch_up().await.unwrap(), 1);
    assert_eq!(town.service.catch_up().await.unwrap(), 0);
    let event = tokio::time::timeout(Duration::from_secs(5), events.next()).await.unwrap().unwrap().unwrap();
    let event = std::str::from_utf8(&event).unwrap();
    let data = event.lines().find_map(|line| line.strip_prefix("data:")).unwrap();
    assert!(event.contains("event: change") || event.contains("event:change"), "{event}");
    let tiles = json!([{"layers": ["issues", "heat"], "boxes": [[at.lon(), at.lat(), at.lon(), at.lat()]]}]);
    assert_eq!(
        serde_json::from_str::<Value>(data).unwrap(),
        json!({"street": STREET, "version": 2, "rows": {"issues": 2}, "plans": [], "tiles": tiles})
    );
    assert_eq!(town.get("/api/info").await.json()["issues"]["total"], 6);
    assert_eq!(town.get("/api/issues/i1").await.json()["status"], "closed");
    let new = town.get(&tile_target("issues")).await;
    assert_ne!(old.header(header::ETAG), new.header(header::ETAG));
    // A draft, and an import that is too long to say which plans it touched.
    let plans = town.store.load_street(&code(STREET)).await.unwrap().unwrap().plans;
    let all: Vec<u32> = plans.iter().map(|plan| plan.id.0).chain([9]).collect();
    let draft = Plan { id: PlanId(9), state: PlanState::Draft, valid_from: None, ..plans[0].clone() };
    let import = (0..501).map(|n| Issue { id: format!("n{n}"), ..issues().remove(0) }).collect();
    for (version, changes, touched) in [
        (2, vec![Change::PutPlan(Box::new(draft))], vec![9]),
        (3, vec![Change::PutIssues(import), Change::DeletePlan(PlanId(9))], all),
        (4, vec![Change::DeleteIssues((0..501).map(|n| format!("n{n}")).collect())], vec![]),
    ] {
        let set = ChangeSet { street: code(STREET), what: "edit".into(), changes };
        town.store.commit(version, &set).await.unwrap();
        town.service.catch_up().await.unwrap();
        let event = tokio::time::timeout(Duration::from_secs(5), events.next()).await.unwrap().unwrap().unwrap();
        let data = std::str::from_utf8(&event).unwrap().lines().find_map(|line| line.strip_prefix("data:")).unwrap();
        assert_eq!(serde_json::from_str::<Value>(data).unwrap()["plans"], json!(touched), "{data}");
    }
    town.service.end();
    let end = tokio::time::timeout(Duration::from_secs(5), events.next()).await.unwrap();
    assert!(end.is_none(), "the stream ends with the service");
}

#[tokio::test]
async fn a_running_server_follows_the_store_and_ends_in_time() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let town = town().await;
    let listener = wangge::serve::bind("127.0.0.1:0", false).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(wangge::serve::run(listener, town.service.clone(), async { drop(stopped.await) }));
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET /api/events HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    let mut read_until = async |text: &str| {
        while !seen.contains(text) {
            let length = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut buffer)).await.expect(text).unwrap();
            assert!(length > 0, "closed before {text}: {seen}");
            seen.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
    };
    read_until("text/event-stream").await;
    let set = ChangeSet { street: code(STREET), what: "import issues".into(), changes: vec![Change::DeleteIssues(vec!["i5".into()])] };
    town.store.commit(1, &set).await.unwrap();
    read_until("\"version\":2").await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("an open event stream held the server up").unwrap().unwrap();
}
