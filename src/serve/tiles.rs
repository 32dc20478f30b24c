//! `/tiles/{layers}/{z}/{x}/{y}`: vector tiles.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{
    Error, Problem, Service,
    encoding::Encoding,
    making::{Reply, Wanted},
    meter::meters,
    params::{AsOf, IssueFilterParams, Params},
    tile_key::Variant,
};
use crate::tile::{Layer, MAX_ZOOM, Query, TileCoord};

/// The query parameters of tiles and TileJSON.
pub(super) const KNOWN: &[&str] = &["as-of", "plan", "category", "status", "from", "to"];

/// Every layer's name, for people.
pub(super) fn layer_names() -> String {
    Layer::ALL.map(Layer::as_str).join(", ")
}

/// One tile with one or more layers.
#[utoipa::path(get, path = "/tiles/{layers}/{z}/{x}/{y}", tag = "tiles",
    params(("layers" = String, Path, description = "Comma-separated: streets, communities, cells, edges, labels, groups, households, buildings, roads, water, blocks, issues, heat"),
        ("z" = u8, Path), ("x" = u32, Path), ("y" = String, Path, description = "Row from the north; .mvt may follow"),
        ("plan" = Option<String>, Query, description = "STREET:NUMBER, a draft to show instead of the plan in force"), IssueFilterParams, AsOf),
    responses((status = 200, description = "Mapbox Vector Tile 2.1", body = Vec<u8>, content_type = "application/vnd.mapbox-vector-tile"),
        (status = 204, description = "The tile holds nothing"), (status = 304, description = "As If-None-Match has it"),
        (status = 400, description = "bad_tile, no_such_layer, unknown_parameter, bad_parameter", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "households_guarded", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_tile(
    State(service): State<Arc<Service>>,
    Path((layers, z, x, y)): Path<(String, String, String, String)>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let start = Instant::now();
    let params = params.only(KNOWN)?;
    let layers = parse_layers(&layers, service.options.households)?.into_iter().collect();
    let coord = parse_coord(&z, &x, y.strip_suffix(".mvt").unwrap_or(&y))?;
    let query = Query { as_of: params.day(service.today())?, plan: params.plan()?, issues: params.issue_filter()? };
    if let Some((street, plan)) = &query.plan {
        let current = service.current();
        let known = current.snapshot.street(street).is_some_and(|street| street.plans.iter().any(|index| index.plan.id.0 == *plan));
        if !known {
            return Err(Error::NoSuchPlan { street: street.to_string(), plan: *plan });
        }
    }
    let wanted = Wanted { coord, variant: Variant::new(layers, query), encoding: Encoding::negotiate(&headers) };
    let encoding = wanted.encoding;
    let reply = service.reply(wanted, &headers).await?;
    meters().tiles.record(layers, start.elapsed());
    Ok(respond(reply, encoding))
}

/// Layers in their fixed order, each once.
pub(super) fn parse_layers(names: &str, households: bool) -> Result<Vec<Layer>, Error> {
    let layer = |name: &str| Layer::parse(name).ok_or_else(|| Error::NoSuchLayer { name: name.to_owned() });
    let mut layers = names.split(',').map(layer).collect::<Result<Vec<_>, _>>()?;
    layers.sort();
    layers.dedup();
    if layers.contains(&Layer::Households) && !households {
        return Err(Error::HouseholdsGuarded);
    }
    Ok(layers)
}

fn parse_coord(z: &str, x: &str, y: &str) -> Result<TileCoord, Error> {
    parse_plain(z, x, y)
        .ok_or_else(|| Error::BadTile(format!("{z}/{x}/{y} is no tile; z runs from 0 to {MAX_ZOOM}, x and y from 0 to 2^z - 1")))
}

/// The tile of three numbers, if there is such a tile. One way to write each: no sign, no leading zeros.
pub(super) fn parse_plain(z: &str, x: &str, y: &str) -> Option<TileCoord> {
    let plain = |text: &str| -> Option<u32> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| is_plain)
    };
    let coord = TileCoord { z: u8::try_from(plain(z)?).ok()?, x: plain(x)?, y: plain(y)? };
    coord.is_valid().then_some(coord)
}

/// The answer, without what every answer carries.
pub(super) fn respond(reply: Reply, encoding: Encoding) -> Response {
    let (status, etag, body) = match reply {
        Reply::Empty => (StatusCode::NO_CONTENT, None, None),
        Reply::NotModified(etag) => (StatusCode::NOT_MODIFIED, Some(etag), None),
        Reply::Full(tile) => (StatusCode::OK, Some(tile.etag), Some(tile.body)),
    };
    let is_full = body.is_some();
    let mut response = Response::new(body.map_or_else(Body::empty, Body::from));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(etag) = etag {
        headers.insert(header::ETAG, etag);
    }
    if is_full {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.mapbox-vector-tile"));
        if let Some(encoding) = encoding.header() {
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
    }
    response
}

/// Whether `If-None-Match` names one of the entity tags (weakly compared, as RFC 9110 has it).
pub(super) fn matches_etag<const N: usize>(headers: &HeaderMap, etags: [&HeaderValue; N]) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || etags.iter().any(|etag| etag.to_str().is_ok_and(|etag| opaque(etag) == opaque(tag)))
    })
}

fn opaque(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_outside_the_pyramid_are_refused() {
        assert!(parse_coord("0", "0", "0").is_ok());
        assert!(parse_coord("22", "4194303", "4194303").is_ok());
        for (z, x, y) in [
            ("23", "0", "0"),
            ("1", "2", "0"),
            ("1", "0", "2"),
            ("-1", "0", "0"),
            ("a", "0", "0"),
            ("0", "0", "0.5"),
            ("+1", "0", "0"),
            ("1", "+0", "0"),
            ("1", "0", "00"),
        ] {
            assert!(parse_coord(z, x, y).is_err(), "{z}/{x}/{y}");
        }
    }

    #[test]
    fn layers_have_one_order() {
        assert_eq!(parse_layers("cells,streets,cells", false).unwrap(), [Layer::Streets, Layer::Cells]);
        assert!(matches!(parse_layers("cells,,", false), Err(Error::NoSuchLayer { .. })));
        assert!(matches!(parse_layers("households", false), Err(Error::HouseholdsGuarded)));
        assert!(parse_layers("households", true).is_ok());
    }
}
