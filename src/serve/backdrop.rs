//! `/backdrop/{z}/{x}/{y}`: the picture that the operator's source has behind the map.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Problem, Service,
    params::Params,
    tiles::{matches_etag, parse_plain},
};
use crate::backdrop::Config;

/// The picture behind the map.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackdropInfo {
    /// Who is to be named on the map; may be empty.
    pub attribution: String,
    /// The deepest zoom of its tiles.
    pub max_zoom: u8,
}

impl From<&Config> for BackdropInfo {
    fn from(config: &Config) -> Self {
        Self { attribution: config.attribution.clone(), max_zoom: config.max_zoom }
    }
}

/// One tile of the picture behind the map, on WGS 84.
#[utoipa::path(get, path = "/backdrop/{z}/{x}/{y}", tag = "tiles",
    params(("z" = u8, Path), ("x" = u32, Path), ("y" = u32, Path, description = "Row from the north")),
    responses((status = 200, description = "PNG, JPEG or WebP", body = Vec<u8>, content_type = "image/*"),
        (status = 304, description = "As If-None-Match has it"),
        (status = 400, description = "bad_tile, unknown_parameter", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no_backdrop, no_picture", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "backdrop_failed", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_backdrop(
    State(service): State<Arc<Service>>,
    Path((z, x, y)): Path<(String, String, String)>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Error> {
    params.only(&[])?;
    let backdrop = service.backdrop.as_ref().ok_or(Error::NoBackdrop)?;
    let max_zoom = backdrop.config().max_zoom;
    let tile = parse_plain(&z, &x, &y).filter(|tile| tile.z <= max_zoom);
    let tile =
        tile.ok_or_else(|| Error::BadTile(format!("there is no such tile here; z runs from 0 to {max_zoom}, x and y from 0 to 2^z - 1")))?;
    let shown = backdrop.picture(tile).await?;
    let picture = shown.picture.ok_or(Error::NoPicture)?;
    let etag = HeaderValue::from_str(&format!("\"{:016x}\"", picture.hash)).map_err(|error| Error::Internal(error.to_string()))?;
    // For as long as it is kept here: a tile with a gap is asked for again as soon as the gap may be filled. Private: it may be licensed
    // to those who get in here.
    let seconds = shown.until.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
    let caching = HeaderValue::from_str(&format!("private, max-age={seconds:.0}")).map_err(|error| Error::Internal(error.to_string()))?;
    let kept = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, caching)];
    if matches_etag(&headers, [&etag]) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    Ok((kept, [(header::CONTENT_TYPE, picture.format.media_type())], picture.bytes).into_response())
}
