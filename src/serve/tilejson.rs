//! `/tiles/{layers}.json`: TileJSON 3.0.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Problem, Service, info,
    params::{AsOf, IssueFilterParams, Params},
    tiles::{KNOWN, parse_layers},
};
use crate::tile::Layer;

/// TileJSON 3.0.
#[derive(Debug, Serialize, ToSchema)]
pub struct TileJson {
    /// "3.0.0".
    pub tilejson: String,
    /// The layers' names.
    pub name: String,
    /// How tiles that would be too heavy are thinned.
    pub description: String,
    /// URL template, with this request's query passed through.
    pub tiles: Vec<String>,
    /// Every layer and its properties.
    pub vector_layers: Vec<VectorLayer>,
    /// West, south, east, north in degrees; absent when there is no street.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<[f64; 4]>,
    /// Shallowest zoom.
    pub minzoom: u8,
    /// Deepest zoom with tiles of its own; beyond it, enlarge these.
    pub maxzoom: u8,
    /// Source notices to show on the map; may be empty.
    pub attribution: String,
    /// `xyz`: rows from the north.
    pub scheme: String,
}

/// A layer of the tile set.
#[derive(Debug, Serialize, ToSchema)]
pub struct VectorLayer {
    /// The layer's name in the tile.
    pub id: String,
    /// What it shows.
    pub description: String,
    /// First zoom at which it has features.
    pub minzoom: u8,
    /// Property name → what it says (type and unit).
    pub fields: BTreeMap<String, String>,
}

/// The description of a tile set: where the tiles are and what is in them.
#[utoipa::path(get, path = "/tiles/{layers}.json", tag = "tiles",
    params(("layers" = String, Path, description = "Comma-separated layers"),
        ("plan" = Option<String>, Query, description = "Passed through to the tiles"), IssueFilterParams, AsOf),
    responses((status = 200, body = TileJson), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "households_guarded", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_tilejson(
    State(service): State<Arc<Service>>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    params: Params,
    headers: HeaderMap,
) -> Result<Json<TileJson>, Error> {
    let params = params.only(KNOWN)?;
    let Some(names) = file.strip_suffix(".json") else { return Err(Error::NoSuchPath) };
    // Checked here already, so that a wrong filter shows at once and not as a map without tiles.
    params.issue_filter()?;
    params.plan()?;
    params.day(service.today())?;
    let layers = parse_layers(names, service.options.households)?;
    let names = layers.iter().map(|layer| layer.as_str()).collect::<Vec<_>>().join(",");
    let query = query.filter(|query| !query.is_empty()).map(|query| format!("?{query}")).unwrap_or_default();
    Ok(Json(TileJson {
        tilejson: "3.0.0".into(),
        tiles: vec![format!("{}/tiles/{names}/{{z}}/{{x}}/{{y}}{query}", origin(&headers))],
        name: names,
        description: thinning_rule(service.options.tile_budget),
        vector_layers: layers.iter().map(|layer| describe(*layer)).collect(),
        bounds: info::bounds(&service.current().snapshot).map(info::degrees),
        minzoom: 0,
        maxzoom: 16,
        attribution: service.sources.attribution().into(),
        scheme: "xyz".into(),
    }))
}

/// What the client may rely on where a place is dense.
fn thinning_rule(budget: Option<usize>) -> String {
    let Some(budget) = budget else { return "No tile is thinned, however heavy.".into() };
    format!(
        "No tile is over {} kB before compression: where one would be, its heaviest layer is drawn again with areas, buildings and lines below \
         a doubled size left out, or households and issues of a doubled bin put together as one point with their number as weight, until it fits.",
        budget / 1000
    )
}

/// Scheme and authority under which the client reached us; empty (root-relative) when it does not say.
fn origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = text(header::HOST) else { return String::new() };
    let scheme = match text(header::HeaderName::from_static("x-forwarded-proto")) {
        Some("https") => "https",
        _ => "http",
    };
    format!("{scheme}://{host}")
}

fn describe(layer: Layer) -> VectorLayer {
    let description = match layer {
        Layer::Streets => "Streets, level 1",
        Layer::Communities => "Communities, level 2",
        Layer::Cells => "Cells, level 3",
        Layer::Edges => "Every boundary once",
        Layer::Labels => "A point in every area",
        Layer::Groups => "Ten-household groups, as hulls",
        Layer::Households => "Households",
        Layer::Buildings => "Buildings",
        Layer::Roads => "Roads and railways",
        Layer::Water => "Water areas and rivers",
        Layer::Blocks => "Blocks, the atoms of planning",
        Layer::Issues => "Issues: single points at high zoom, bins below",
        Layer::Heat => "Binned issues for a heat map",
    };
    let fields = layer.fields().iter().map(|(name, what)| ((*name).to_owned(), (*what).to_owned())).collect();
    VectorLayer { id: layer.as_str().into(), description: description.into(), minzoom: layer.min_zoom(), fields }
}
