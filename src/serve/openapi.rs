//! `/api/openapi.json`: the API's description. `web/openapi.json` is a copy of it, from which the web app's types are made.

use axum::{http::header, response::IntoResponse};
use utoipa::OpenApi;

use super::{
    Error, Problem, areas, backdrop, collections, counts, desk, events, health, hotspots, info, issues, locate, near, params::Params,
    search, tilejson, tiles,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Wangge", description = "The responsibility grid (网格) of a city: areas, tiles, positions, issues.", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    servers((url = "/")),
    paths(
        info::get_info, areas::get_area, counts::get_counts, hotspots::get_hotspots, locate::locate_one, locate::locate_many, near::list_near,
        search::search_places, issues::get_issue, events::stream_changes, tiles::get_tile, tilejson::get_tilejson, backdrop::get_backdrop,
        collections::get_landing_page, collections::get_conformance, collections::list_collections, collections::get_collection,
        collections::list_items, collections::get_item,
        desk::plans::list_plans, desk::plans::post_plan, desk::plans::get_plan, desk::plans::patch_plan, desk::plans::delete_plan, desk::plans::get_desk,
        desk::edits::post_edit, desk::edits::post_try, desk::edits::post_undo, desk::edits::post_redo, desk::edits::get_log,
        desk::publish::get_preview, desk::publish::post_publish, desk::publish::post_rollback, desk::publish::get_lineage, desk::publish::get_comparison,
        desk::plannings::post_planning, desk::plannings::get_planning, desk::plannings::delete_planning, desk::plannings::adopt, get_openapi, health::get_health, health::get_readiness, health::get_metrics,
    ),
    components(schemas(Problem, events::ChangeEvent, desk::view::Changed, desk::plans::All)),
)]
struct Document;

/// The OpenAPI 3.1 document as JSON text.
///
/// # Errors
/// Never in practice: the document is made of plain values.
pub fn document() -> Result<String, serde_json::Error> {
    Document::openapi().to_pretty_json().map(|text| text + "\n")
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "features", responses((status = 200, body = serde_json::Value, content_type = "application/vnd.oai.openapi+json;version=3.1")))]
pub(super) async fn get_openapi(params: Params) -> Result<impl IntoResponse, Error> {
    params.only(&[])?;
    let document = document().map_err(|error| Error::Internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/vnd.oai.openapi+json;version=3.1")], document))
}
