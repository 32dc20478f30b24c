//! The picture behind the map, from a source on this machine.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use wangge::{
    backdrop::{Config, Datum, Limits, Template},
    geometry::crs::gcj02::{self, Degrees},
    serve::Options,
};

use super::{Answer, Fixture, town};

const KEY: &str = "s3cr3t-key";

/// What the source was asked for, and with which headers.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<BTreeMap<String, Vec<HeaderMap>>>>);

impl Asked {
    fn times(&self, path: &str) -> usize {
        self.0.lock().unwrap().get(path).map_or(0, Vec::len)
    }

    fn paths(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }
}

/// A tile whose red and green tell the pixel's column and row, and blue the tile.
fn tile(z: u32, x: u32, y: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 256, 256);
    encoder.set_color(png::ColorType::Rgb);
    let pixels: Vec<u8> = (0..65_536_u32).flat_map(|i| [(i % 256) as u8, (i / 256) as u8, name(z, x, y)]).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

fn name(z: u32, x: u32, y: u32) -> u8 {
    (z * 7 + x * 3 + y * 5) as u8
}

async fn answer(
    State((asked, end)): State<(Asked, Arc<tokio::sync::Notify>)>,
    Path((kind, z, x, y)): Path<(String, u32, u32, u32)>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    asked.0.lock().unwrap().entry(path).or_default().push(request.headers().clone());
    let png = |bytes: Vec<u8>| ([(header::CONTENT_TYPE, "image/png")], bytes).into_response();
    match kind.as_str() {
        "good" => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            png(tile(z, x, y))
        }
        // A source with gaps.
        "holes" if x % 2 == 0 => StatusCode::NOT_FOUND.into_response(),
        "holes" => png(tile(z, x, y)),
        "none" => StatusCode::NOT_FOUND.into_response(),
        // As some services tell that a key is wrong, and repeat it.
        "html" => ([(header::CONTENT_TYPE, "image/png")], format!("<html>no right: {}", request.uri())).into_response(),
        "large" => png([tile(z, x, y), vec![0; 200_000]].concat()),
        "down" => (StatusCode::FORBIDDEN, format!("bad key in {}", request.uri())).into_response(),
        "moved" => Redirect::temporary(&format!("/good/{z}/{x}/{y}?{}", request.uri().query().unwrap_or_default())).into_response(),
        "away" => Redirect::temporary("http://127.0.0.2:9/good/0/0/0").into_response(),
        "round" => Redirect::temporary(&request.uri().to_string()).into_response(),
        "slow" => {
            end.notified().await;
            png(tile(z, x, y))
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Starts a source, and gives its address.
async fn source() -> (String, Asked) {
    let asked = Asked::default();
    let state = (asked.clone(), Arc::new(tokio::sync::Notify::new()));
    let router = Router::new().route("/{kind}/{z}/{x}/{y}", get(answer)).with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, asked)
}

fn config(address: &str, kind: &str) -> Config {
    let template = Template::parse(&format!("{address}/{kind}/{{z}}/{{x}}/{{y}}?tk={{key}}"), Some(KEY)).unwrap();
    Config {
        attribution: "© 天地图".into(),
        max_zoom: 17,
        limits: Limits { time: Duration::from_millis(400), bytes: 150_000 },
        ..Config::new(template)
    }
}

async fn with(config: Config) -> Fixture {
    Fixture::new(Options { backdrop: Some(config), ..Options::default() }).await
}

/// Nothing of an answer tells the key.
#[track_caller]
fn without_key(answer: Answer) -> Answer {
    let text = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
    assert!(!text.contains(KEY) && !text.contains("tk="), "{text}");
    answer
}

/// For how long a browser may keep it, in seconds.
fn max_age(answer: &Answer) -> u64 {
    answer.header(header::CACHE_CONTROL).strip_prefix("private, max-age=").unwrap().parse().unwrap()
}

fn pixels(answer: &Answer) -> Vec<[u8; 3]> {
    assert_eq!((answer.status.as_u16(), answer.header(header::CONTENT_TYPE)), (200, "image/png"));
    let mut reader = png::Decoder::new(std::io::Cursor::new(&answer.body[..])).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.width, info.height, info.color_type), (256, 256, png::ColorType::Rgb));
    bytes.as_chunks().0.to_vec()
}

#[tokio::test]
async fn off_unless_asked_for() {
    let town = town().await;
    town.get("/backdrop/3/6/3").await.problem(404, "no_backdrop");
    assert_eq!(town.get("/api/info").await.json()["backdrop"], serde_json::Value::Null);
}

#[tokio::test]
async fn tiles_pass_through_and_are_kept() {
    let (address, asked) = source().await;
    let town = with(config(&address, "good")).await;
    let info = town.get("/api/info").await;
    assert_eq!(info.json()["backdrop"], serde_json::json!({"attribution": "© 天地图", "max_zoom": 17}));
    without_key(info);
    let target = "/backdrop/12/3240/1735";
    let headers = [(header::COOKIE, "session=1"), (header::REFERER, "http://localhost/#map"), (header::USER_AGENT, "Browser/1")];
    let (first, second) = tokio::join!(town.get_with(target, &headers), town.get(target));
    for answer in [&first, &second, &town.get(target).await] {
        assert_eq!(&answer.body[..], tile(12, 3240, 1735));
        assert_eq!((answer.status.as_u16(), answer.header(header::CONTENT_TYPE)), (200, "image/png"));
        assert!((86_300..=86_400).contains(&max_age(answer)), "{:?}", answer.headers);
    }
    assert_eq!(asked.times("/good/12/3240/1735"), 1);
    let told = asked.0.lock().unwrap()["/good/12/3240/1735"][0].clone();
    assert_eq!(told[header::USER_AGENT], concat!("wangge/", env!("CARGO_PKG_VERSION")));
    assert!(!told.contains_key(header::COOKIE) && !told.contains_key(header::REFERER), "{told:?}");
    let unchanged = town.get_with(target, &[(header::IF_NONE_MATCH, first.header(header::ETAG))]).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    without_key(first);
}

#[tokio::test]
async fn only_tiles_are_asked_for() {
    let (address, asked) = source().await;
    let town = with(config(&address, "good")).await;
    for tile in ["18/0/0", "3/8/0", "3/0/8", "3/-1/0", "3/a/0", "03/0/0", "3/0/0.5", "3/..%2F..%2Fx/0", "300/0/0"] {
        without_key(town.get(&format!("/backdrop/{tile}")).await).problem(400, "bad_tile");
    }
    town.get("/backdrop/3/0/0?tk=other").await.problem(400, "unknown_parameter");
    assert_eq!(asked.paths(), [""; 0]);
}

#[tokio::test]
async fn a_source_that_fails_is_told_of_and_its_key_is_not() {
    let (address, asked) = source().await;
    for (kind, word) in [
        ("html", "no PNG, JPEG or WebP"),
        ("large", "more than 150000 bytes"),
        ("down", "status 403"),
        ("away", "redirects to another server"),
        ("round", "redirects"),
        ("slow", "did not answer"),
        ("broken", "status 500"),
    ] {
        let town = with(config(&address, kind)).await;
        let problem = without_key(town.get("/backdrop/3/6/3").await).problem(502, "backdrop_failed");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{kind}: {problem}");
        // A failure is not kept.
        let before = asked.times(&format!("/{kind}/3/6/3"));
        town.get("/backdrop/3/6/3").await.problem(502, "backdrop_failed");
        assert!(asked.times(&format!("/{kind}/3/6/3")) > before, "{kind}");
        without_key(town.get("/metrics").await);
    }
    // Nobody listens there; what the network says of it is not the client's.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let town = with(config(&format!("http://{gone}"), "good")).await;
    let problem = without_key(town.get("/backdrop/3/6/3").await).problem(502, "backdrop_failed");
    assert_eq!(problem["detail"], "the source of the backdrop cannot be reached");
    // No TLS where https is asked for.
    let town = with(config(&address.replace("http:", "https:"), "good")).await;
    without_key(town.get("/backdrop/3/6/3").await).problem(502, "backdrop_failed");
}

#[tokio::test]
async fn what_the_source_does_not_have_is_no_failure() {
    let (address, asked) = source().await;
    let town = with(config(&address, "none")).await;
    for _ in 0..2 {
        without_key(town.get("/backdrop/3/6/3").await).problem(404, "no_picture");
    }
    assert_eq!(asked.times("/none/3/6/3"), 1);
}

#[tokio::test]
async fn redirects_on_the_same_server_are_followed() {
    let (address, asked) = source().await;
    let town = with(config(&address, "moved")).await;
    assert_eq!(&town.get("/backdrop/3/6/3").await.body[..], tile(3, 6, 3));
    assert_eq!(asked.paths(), ["/good/3/6/3", "/moved/3/6/3"]);
}

/// Where the ground under a pixel's middle is in a GCJ-02 source, in its pixels; worked out anew from the definition of Web Mercator.
fn in_source(z: u32, x: u32, y: u32, column: usize, row: usize) -> (f64, f64) {
    let world = 256.0 * f64::from(1_u32 << z);
    let (right, down) = (f64::from(x) * 256.0 + column as f64 + 0.5, f64::from(y) * 256.0 + row as f64 + 0.5);
    let north = std::f64::consts::PI * (1.0 - 2.0 * down / world);
    let wgs84 = Degrees { lon: right / world * 360.0 - 180.0, lat: (2.0 * north.exp().atan() - std::f64::consts::FRAC_PI_2).to_degrees() };
    let there = gcj02::from_wgs84(wgs84);
    let lat = there.lat.to_radians();
    let north = (std::f64::consts::FRAC_PI_4 + lat / 2.0).tan().ln();
    ((there.lon + 180.0) / 360.0 * world, (1.0 - north / std::f64::consts::PI) / 2.0 * world)
}

#[tokio::test]
async fn gcj02_is_shifted_onto_the_map() {
    let (address, asked) = source().await;
    let town = with(Config { datum: Datum::Gcj02, ..config(&address, "good") }).await;
    // Around 104.835 E 26.592 N.
    for (z, x, y) in [(17, 103_706, 55_461), (14, 12_963, 6_932)] {
        let answer = without_key(town.get(&format!("/backdrop/{z}/{x}/{y}")).await);
        let shown = pixels(&answer);
        for (column, row) in [(0, 0), (128, 128), (255, 0), (0, 255), (255, 255), (40, 200), (201, 77)] {
            let (right, down) = in_source(z, x, y, column, row);
            let [red, green, blue] = shown[row * 256 + column];
            // The tile, whichever of the four it is, and the place in it.
            let tiles = [(-1.5, -1.5), (1.5, -1.5), (-1.5, 1.5), (1.5, 1.5)]
                .map(|(dx, dy)| name(z, ((right + dx) / 256.0) as u32, ((down + dy) / 256.0) as u32));
            assert!(tiles.contains(&blue), "{z}: {column} {row}");
            let off = |shown: u8, wanted: f64| {
                let off = (f64::from(shown) + 0.5 - wanted).rem_euclid(256.0);
                off.min(256.0 - off)
            };
            assert!(off(red, right) < 1.4 && off(green, down) < 1.4, "{z}: {column} {row}: {red} {green}, not {right} {down}");
        }
    }
    // Four tiles each, each asked for once; the neighbour shares two of them.
    assert_eq!(asked.paths().len(), 8);
    town.get("/backdrop/17/103706/55461").await;
    town.get("/backdrop/17/103707/55461").await;
    assert_eq!(asked.paths().len(), 10);
    assert!(asked.paths().iter().all(|path| asked.times(path) == 1));
    // Far out there is nothing to shift, and the tile passes as it is.
    assert_eq!(&town.get("/backdrop/4/12/6").await.body[..], tile(4, 12, 6));
}

#[tokio::test]
async fn a_shifted_tile_fails_with_its_sources() {
    let (address, _) = source().await;
    let broken = with(Config { datum: Datum::Gcj02, ..config(&address, "down") }).await;
    without_key(broken.get("/backdrop/17/103706/55461").await).problem(502, "backdrop_failed");
    let none = with(Config { datum: Datum::Gcj02, ..config(&address, "none") }).await;
    none.get("/backdrop/17/103706/55461").await.problem(404, "no_picture");
}

#[tokio::test]
async fn a_tile_with_a_gap_is_kept_no_longer_than_the_gap() {
    let (address, asked) = source().await;
    let whole = with(Config { datum: Datum::Gcj02, ..config(&address, "good") }).await;
    assert!(max_age(&whole.get("/backdrop/17/103706/55461").await) > 86_300);
    let holes = with(Config { datum: Datum::Gcj02, ..config(&address, "holes") }).await;
    for _ in 0..2 {
        let answer = without_key(holes.get("/backdrop/17/103706/55461").await);
        assert_eq!(answer.status, StatusCode::OK);
        assert!((500..=600).contains(&max_age(&answer)), "{:?}", answer.headers);
    }
    let asked: Vec<String> = asked.paths().into_iter().filter(|path| path.starts_with("/holes/")).collect();
    assert_eq!(asked.len(), 4, "two columns, of which one is missing");
}
