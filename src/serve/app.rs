//! `/`: the web app, part of the program.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::Embed;
use xxhash_rust::xxh3::xxh3_64;

use super::{Error, tiles::matches_etag};

/// What Vite builds. In debug builds it is read from the disk at each request, in release builds it is in the binary.
#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// The app's page.
pub(super) async fn get_app(headers: HeaderMap) -> Response {
    serve_file("index.html", &headers).unwrap_or_else(|| Error::AppNotBuilt.into_response())
}

/// A file whose name carries its hash.
pub(super) async fn get_asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    serve_file(&format!("assets/{path}"), &headers).unwrap_or_else(|| Error::NoSuchPath.into_response())
}

/// Any other path: a file beside the page (the icon), nothing under the API's paths, else a view of the app. A view has no
/// extension: a script that is not there must not come back as a page.
pub(super) async fn get_other(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let is_ours = ["api", "tiles", "assets", "open311", "metrics"]
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if is_ours {
        return Error::NoSuchPath.into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        let mut response = Error::MethodNotAllowed.into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
        return response;
    }
    match serve_file(path, &headers) {
        None if path.rsplit('/').next().is_some_and(|name| name.contains('.')) => Error::NoSuchPath.into_response(),
        Some(response) => response,
        None => get_app(headers).await,
    }
}

fn serve_file(path: &str, request: &HeaderMap) -> Option<Response> {
    // A path out of the folder is no file of the app; rust-embed checks again.
    if path.is_empty() || path.split('/').any(|part| part == "..") {
        return None;
    }
    let file = Dist::get(path)?;
    let immutable = path.starts_with("assets/");
    // Weak, because the compression layer makes another representation of it.
    let etag = HeaderValue::try_from(format!("W/\"{:016x}\"", xxh3_64(&file.data))).ok()?;
    let mut response = match matches_etag(request, [&etag]) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => file.data.into_owned().into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    let caching = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    let media_type = match file.metadata.mimetype() {
        text if text.starts_with("text/") || text == "application/javascript" => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(media_type).ok()?);
    Some(response)
}
