//! The outermost layer: request id, host check, metrics, log line, problems, security headers.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    Error, Hosts, Service,
    making::said,
    meter::{TILE_ROUTE, meters},
};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Bytes of path and query.
const MAX_TARGET_BYTES: usize = 8192;

/// Nothing from elsewhere. Workers of the map are blobs, its images are data; styles are set by script on elements, which
/// the policy does not reach, so no `unsafe-inline` is needed.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Wraps every request. The log and the metrics name its route and never its query, which carries coordinates and addresses.
pub(super) async fn observe(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("other", MatchedPath::as_str);
    let method = request.method().clone();
    let id = request_id(request.headers());
    let id_text = id.to_str().unwrap_or_default();
    let mut response = match refuse(&service, &request) {
        Some(error) => error.into_response(),
        None => next.run(request).await,
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        response = into_problem(response, id_text, route);
    }
    let status = response.status();
    let time = start.elapsed();
    meters().record_route(route, time);
    metrics::counter!("wangge_http_requests_total", "route" => route.to_owned(), "method" => label(&method), "status" => status.as_u16().to_string())
        .increment(1);
    tracing::debug!(request_id = id_text, %method, route, status = status.as_u16(), seconds = time.as_secs_f64(), "answered");
    add_headers(response.headers_mut(), route, id);
    response
}

/// The client's own id if it is short and plain, else a new one.
pub(super) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_plain =
        |id: &HeaderValue| (8..=64).contains(&id.len()) && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    match headers.get(REQUEST_ID) {
        Some(id) if is_plain(id) => id.clone(),
        _ => new_id(),
    }
}

/// The process's own random half, then a count: unique without asking the system for randomness at each request.
fn new_id() -> HeaderValue {
    static PROCESS: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let process = *PROCESS.get_or_init(|| Uuid::now_v7().as_u64_pair().1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let digit = |number: u64, place: usize| b"0123456789abcdef"[(number >> (4 * (15 - place))) as usize & 15];
    let id: [u8; 33] = std::array::from_fn(|place| match place {
        0..16 => digit(process, place),
        16 => b'-',
        _ => digit(count, place - 17),
    });
    HeaderValue::from_bytes(&id).unwrap_or(HeaderValue::from_static("unknown"))
}

/// Whether the request is refused before anybody looks at what it asks for.
pub(super) fn is_refused(service: &Service, request: &Request) -> bool {
    refuse(service, request).is_some()
}

fn refuse(service: &Service, request: &Request) -> Option<Error> {
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > MAX_TARGET_BYTES) {
        return Some(Error::TargetTooLong);
    }
    let host = request.headers().get(header::HOST).map(|value| value.to_str().unwrap_or_default());
    if service.options.hosts == Hosts::Loopback && host.is_some_and(|host| !is_loopback_name(host)) {
        return Some(Error::UnknownHost);
    }
    None
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    // The two that are asked for all the time before the ones that take parsing.
    name == "127.0.0.1"
        || name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A handler's error travels as an extension; what the framework refused on its own (route, method, body, time) has none.
fn into_problem(mut response: Response, id: &str, route: &str) -> Response {
    let error = match response.extensions_mut().remove::<Arc<Error>>() {
        Some(error) => error,
        // Readiness is for machines that read the status alone.
        None if route == "/readyz" && response.status() == StatusCode::SERVICE_UNAVAILABLE => return response,
        None => Arc::new(Error::of_status(response.status())),
    };
    let mut problem = error.render(id, route);
    if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allow);
    }
    problem
}

/// Methods that nobody serves are one label: a client cannot make the metrics grow.
fn label(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "other",
    }
}

/// What every answer carries. No browser makes a page of a tile, whatever it is told: a page's policies would be a third of its headers.
fn add_headers(headers: &mut HeaderMap, route: &str, id: HeaderValue) {
    headers.insert(REQUEST_ID, id);
    add_policies(headers);
    if route != TILE_ROUTE {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
}

/// What browsers are to make of every answer.
pub(super) fn add_policies(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
}

/// The answer to a panic; what it said goes to the log.
pub(super) fn panic_response(panic: Box<dyn std::any::Any + Send>) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Arc::new(Error::Internal(format!("panic: {}", said(&*panic)))));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "[::1]"] {
            assert!(is_loopback_name(host), "{host}");
        }
        for host in ["", "example.org", "localhost.example.org", "10.0.0.1", "[2001:db8::1]:80", "127.0.0.1.nip.io"] {
            assert!(!is_loopback_name(host), "{host}");
        }
    }

    #[test]
    fn a_request_id_is_plain_or_new() {
        let id = |value: &str| request_id(&HeaderMap::from_iter([(REQUEST_ID, value.parse().unwrap())]));
        assert_ne!(new_id(), new_id());
        assert_eq!(id("abc-12345"), "abc-12345");
        assert_ne!(id("short"), "short");
        assert_ne!(id("with blank and more"), "with blank and more");
    }
}
