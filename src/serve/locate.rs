//! `/api/locate`: whose is this place? One position, or many.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    response::IntoResponse,
};
use jiff::civil::Date;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Error, Problem, Service,
    params::{AsOf, Params},
};
use crate::{
    geometry::Crs,
    index::{Location, Snapshot},
    model::LonLat,
};

/// Most positions in one request.
const MAX_POINTS: usize = 100_000;
/// Bytes of a body: room for [`MAX_POINTS`] with every digit a `f64` can have.
pub(super) const MAX_BODY_BYTES: usize = 6 << 20;

/// Many positions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocateRequest {
    /// At most 100 000 pairs: longitude (or easting) first.
    pub points: Vec<[f64; 2]>,
    /// Their CRS; EPSG:4326 by default.
    pub crs: Option<String>,
    /// The day (YYYY-MM-DD) whose plan answers; today in China by default.
    pub as_of: Option<String>,
}

/// The answers, in the order of the points.
#[derive(Debug, Serialize, ToSchema)]
pub struct Locations {
    /// One for each point.
    pub locations: Vec<Location>,
}

/// The cell of each level, the group and the border near a position, or why there is none.
#[utoipa::path(get, path = "/api/locate", tag = "locate",
    params(("lon" = f64, Query, description = "Longitude in degrees, or easting"), ("lat" = f64, Query, description = "Latitude in degrees, or northing"),
        ("crs" = Option<String>, Query, description = "EPSG:4326 (default), EPSG:4490, another EPSG code, gcj02 or bd09"), AsOf),
    responses((status = 200, body = Location),
        (status = 400, description = "bad_coordinate and others", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn locate_one(State(service): State<Arc<Service>>, params: Params) -> Result<Json<Location>, Error> {
    let params = params.only(&["lon", "lat", "crs", "as-of"])?;
    let (position, day) = (params.position()?, params.day(service.today())?);
    Ok(Json(service.current().snapshot.locate(position, day)))
}

/// The same for many positions at once.
#[utoipa::path(post, path = "/api/locate", tag = "locate", request_body = LocateRequest,
    responses((status = 200, body = Locations),
        (status = 400, description = "bad_body, bad_coordinate", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "too_many_points, body_too_large", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn locate_many(
    State(service): State<Arc<Service>>,
    params: Params,
    headers: HeaderMap,
    body: Bytes,
) -> Result<impl IntoResponse, Error> {
    params.only(&[])?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Error::NotJson);
    }
    let today = service.today();
    // A full body takes a moment and megabytes at every step: all of them off the threads that answer others, and few at a time.
    let permit = service.locating.clone().acquire_owned().await.ok();
    let bytes = service
        .compute(move |current| {
            let _permit = permit;
            answer_many(&current.snapshot, &body, today)
        })
        .await??;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes))
}

fn answer_many(snapshot: &Snapshot, body: &[u8], today: Date) -> Result<Vec<u8>, Error> {
    let request: LocateRequest = serde_json::from_slice(body).map_err(|error| Error::BadBody(bad_body(&error)))?;
    if request.points.len() > MAX_POINTS {
        return Err(Error::TooManyPoints(request.points.len(), MAX_POINTS));
    }
    let day = match &request.as_of {
        Some(text) => text.parse().map_err(|_| Error::BadBody(format!("as_of {text:?} is not a day; write YYYY-MM-DD")))?,
        None => today,
    };
    let converter = request.crs.as_deref().map_or(Ok(Crs::Wgs84), str::parse)?.to_lonlat()?;
    let positions = request.points.iter().enumerate().map(|(number, &[x, y])| {
        converter.convert(x, y).map_err(|error| Error::BadCoordinate(format!("points[{number}]: {error}{}", converter.swap_hint(x, y))))
    });
    let positions = positions.collect::<Result<Vec<LonLat>, Error>>()?;
    let locations = positions.par_iter().map(|position| snapshot.locate(*position, day)).collect();
    serde_json::to_vec(&Locations { locations }).map_err(|error| Error::Internal(format!("locations do not serialise: {error}")))
}

/// What is wrong with a body, in the words of JSON and not of this program.
fn bad_body(error: &serde_json::Error) -> String {
    let text = error.to_string().replace("struct LocateRequest", "an object {\"points\": [[lon, lat], …]}");
    text.replace("an array of length 2", "a pair [lon, lat]")
}
