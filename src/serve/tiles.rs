//! `/tiles/{layers}/{z}/{x}/{y}`: vector tiles.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    Error, Problem, Service,
    params::{AsOf, IssueFilterParams, Params},
    tile_cache::{Key, Tile},
};
use crate::tile::{self, Layer, MAX_ZOOM, Query, TileCoord};

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
    let params = params.only(KNOWN)?;
    let layers = parse_layers(&layers, service.options.households)?;
    let coord = parse_coord(&z, &x, y.strip_suffix(".mvt").unwrap_or(&y))?;
    let query = Query { as_of: params.day(service.today())?, plan: params.plan()?, issues: params.issue_filter()? };
    let current = service.current();
    if let Some((street, plan)) = &query.plan {
        let known = current.snapshot.street(street).is_some_and(|street| street.plans.iter().any(|index| index.plan.id.0 == *plan));
        if !known {
            return Err(Error::NoSuchPlan { street: street.to_string(), plan: *plan });
        }
    }
    let key = Key { epoch: current.epoch, layers, coord, query };
    let tile = service.tiles.get(key, move |key| tile::encode(&current.snapshot, &key.layers, key.coord, &key.query)).await?;
    Ok(respond(&tile, &headers))
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
    let bad = || Error::BadTile(format!("{z}/{x}/{y} is no tile; z runs from 0 to {MAX_ZOOM}, x and y from 0 to 2^z - 1"));
    // One way to write each tile: no sign, no leading zeros.
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let (Ok(zoom), Ok(column), Ok(row)) = (z.parse::<u8>(), x.parse::<u32>(), y.parse::<u32>()) else { return Err(bad()) };
    if ![z, x, y].into_iter().all(is_plain) {
        return Err(bad());
    }
    let coord = TileCoord { z: zoom, x: column, y: row };
    if coord.is_valid() { Ok(coord) } else { Err(bad()) }
}

fn respond(tile: &Tile, request: &HeaderMap) -> Response {
    let Some(content) = &tile.content else {
        return (StatusCode::NO_CONTENT, common_headers()).into_response();
    };
    let (body, etag, encoded) = match accepts_gzip(request) {
        true => (&content.gzip, &content.gzip_etag, true),
        false => (&content.identity, &content.identity_etag, false),
    };
    let mut response = match matches_etag(request, [&content.gzip_etag, &content.identity_etag]) {
        true => (StatusCode::NOT_MODIFIED, common_headers()).into_response(),
        false => (common_headers(), Body::from(body.clone())).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag.clone());
    if headers.contains_key(header::CONTENT_LENGTH) || response.status() == StatusCode::OK {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.mapbox-vector-tile"));
        if encoded {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

fn common_headers() -> [(HeaderName, HeaderValue); 2] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")), (header::VARY, HeaderValue::from_static("accept-encoding"))]
}

/// Whether the client takes gzip: named (or `*`) with a weight that is not zero.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut any = None;
    for value in headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for item in value.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0)));
            if name.eq_ignore_ascii_case("gzip") {
                return !refused;
            }
            if name == "*" {
                any = Some(!refused);
            }
        }
    }
    any.unwrap_or(false)
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

    #[test]
    fn encodings_are_negotiated() {
        let accepts = |value: &str| accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]));
        assert!(accepts("gzip, deflate, br"));
        assert!(accepts("br;q=1.0, *;q=0.5"));
        assert!(!accepts("gzip;q=0, *"));
        assert!(!accepts("br"));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
