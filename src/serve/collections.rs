//! `/api`, `/api/conformance`, `/api/collections…`: OGC API – Features, Part 1: Core.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Error, Problem, Service,
    error::chain,
    info,
    params::{AsOf, Params},
};
use crate::{
    export::{self, Records, Scope, Set},
    index::IssueFilter,
    model::Bounds,
};

const GEOJSON: &str = "application/geo+json";

/// What is offered here, in order. Households are not: their guard comes with accounts.
const COLLECTIONS: [(Set, &str, &str); 5] = [
    (Set::Streets, "Streets (街道)", "Level 1 of the grid"),
    (Set::Communities, "Communities (社区)", "Level 2 of the grid"),
    (Set::Cells, "Cells (网格单元)", "Level 3 of the grid"),
    (Set::Groups, "Groups (十联户)", "Ten-household groups, as hulls of their households"),
    (Set::Issues, "Issues (事件)", "What was reported, where and when"),
];

/// A link.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Link {
    /// Where to.
    pub href: String,
    /// What for.
    pub rel: String,
    /// Media type.
    pub r#type: String,
    /// For people.
    pub title: String,
}

/// The landing page.
#[derive(Debug, Serialize, ToSchema)]
pub struct LandingPage {
    /// "Wangge".
    pub title: String,
    /// What this is.
    pub description: String,
    /// Where to go.
    pub links: Vec<Link>,
}

/// The standards this API follows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conformance {
    /// URIs of conformance classes.
    pub conforms_to: Vec<String>,
}

/// What can be read as features.
#[derive(Debug, Serialize, ToSchema)]
pub struct Collections {
    /// Itself.
    pub links: Vec<Link>,
    /// The collections.
    pub collections: Vec<Collection>,
}

/// A collection of features.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Collection {
    /// streets, communities, cells, groups or issues.
    pub id: String,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// Where its features lie; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extent: Option<Extent>,
    /// "feature".
    pub item_type: String,
    /// CRS84.
    pub crs: Vec<String>,
    /// Itself and its features.
    pub links: Vec<Link>,
}

/// Where features lie.
#[derive(Debug, Serialize, ToSchema)]
pub struct Extent {
    /// In space.
    pub spatial: SpatialExtent,
}

/// Where features lie in space.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpatialExtent {
    /// One box: west, south, east, north in degrees.
    pub bbox: Vec<[f64; 4]>,
    /// CRS84.
    pub crs: String,
}

/// Features of a page, for the OpenAPI document; the answer itself is written as text, coordinates from integers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "documents what list_items writes")]
pub struct FeatureCollection {
    /// "FeatureCollection".
    r#type: String,
    /// The page's features.
    features: Vec<Feature>,
    /// This page and the next.
    links: Vec<Link>,
    /// How many features match.
    number_matched: usize,
    /// How many are on this page.
    number_returned: usize,
}

/// A GeoJSON feature, for the OpenAPI document.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code, reason = "documents what export::write_feature writes")]
pub struct Feature {
    /// "Feature".
    r#type: String,
    /// Code or id.
    id: String,
    /// As exports name them.
    #[schema(value_type = Object)]
    properties: Value,
    /// Point, Polygon or MultiPolygon, CRS84.
    #[schema(value_type = Object)]
    geometry: Value,
}

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

fn link(href: &str, rel: &str, media_type: &str, title: &str) -> Link {
    Link { href: href.into(), rel: rel.into(), r#type: media_type.into(), title: title.into() }
}

/// Where everything is.
#[utoipa::path(get, path = "/api", tag = "features", responses((status = 200, body = LandingPage)))]
pub(super) async fn get_landing_page(params: Params) -> Result<Json<LandingPage>, Error> {
    params.only(&[])?;
    Ok(Json(LandingPage {
        title: "Wangge".into(),
        description: "The responsibility grid (网格): areas, groups and issues of every street".into(),
        links: vec![
            link("/api", "self", "application/json", "This page"),
            link("/api/openapi.json", "service-desc", "application/vnd.oai.openapi+json;version=3.1", "The API's description"),
            link("/api/conformance", "conformance", "application/json", "The standards followed"),
            link("/api/collections", "data", "application/json", "Features"),
            link("/tiles/streets,communities,cells,edges,labels.json", "tiles", "application/json", "TileJSON of the three levels"),
            link("/", "alternate", "text/html", "The map"),
        ],
    }))
}

/// The standards this API follows.
#[utoipa::path(get, path = "/api/conformance", tag = "features", responses((status = 200, body = Conformance)))]
pub(super) async fn get_conformance(params: Params) -> Result<Json<Conformance>, Error> {
    params.only(&[])?;
    let class = |name| format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}");
    Ok(Json(Conformance { conforms_to: vec![class("core"), class("geojson")] }))
}

/// What can be read as features.
#[utoipa::path(get, path = "/api/collections", tag = "features", responses((status = 200, body = Collections)))]
pub(super) async fn list_collections(State(service): State<Arc<Service>>, params: Params) -> Result<Json<Collections>, Error> {
    params.only(&[])?;
    let bounds = info::bounds(&service.current().snapshot);
    let collections = COLLECTIONS.iter().map(|(set, title, description)| describe(*set, title, description, bounds)).collect();
    Ok(Json(Collections { links: vec![link("/api/collections", "self", "application/json", "This page")], collections }))
}

/// One collection.
#[utoipa::path(get, path = "/api/collections/{id}", tag = "features", params(("id" = String, Path, description = "streets, communities, cells, groups or issues")),
    responses((status = 200, body = Collection), (status = 404, description = "no_such_collection", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_collection(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Collection>, Error> {
    params.only(&[])?;
    let (set, title, description) = find(&id)?;
    Ok(Json(describe(set, title, description, info::bounds(&service.current().snapshot))))
}

/// Features, a page at a time.
#[utoipa::path(get, path = "/api/collections/{id}/items", tag = "features",
    params(("id" = String, Path), ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees"),
        ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval; issues by time of report"),
        ("limit" = Option<usize>, Query, description = "1 to 10000, 100 by default", minimum = 1, maximum = 10000),
        ("offset" = Option<usize>, Query, description = "Features to skip"), AsOf),
    responses((status = 200, body = FeatureCollection, content_type = "application/geo+json"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no_such_collection", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_items(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    params: Params,
) -> Result<Response, Error> {
    let params = params.only(&["bbox", "datetime", "limit", "offset", "as-of"])?;
    let (set, title, _) = find(&id)?;
    let page = Page {
        set,
        title,
        scope: Scope { area: None, as_of: params.day(service.today())? },
        bbox: params.bbox()?,
        span: params.datetime()?,
        limit: params.count("limit", 100, 1..=10_000)?,
        offset: params.count("offset", 0, 0..=usize::MAX)?,
        query: query.unwrap_or_default(),
    };
    let body = service.compute(move |current| page.write(&current.snapshot)).await??;
    Ok(([(header::CONTENT_TYPE, GEOJSON)], body).into_response())
}

/// One feature.
#[utoipa::path(get, path = "/api/collections/{id}/items/{feature}", tag = "features", params(("id" = String, Path), ("feature" = String, Path, description = "Code or id"), AsOf),
    responses((status = 200, body = Feature, content_type = "application/geo+json"),
        (status = 404, description = "no_such_collection, no_such_feature", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_item(
    State(service): State<Arc<Service>>,
    Path((id, feature)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Error> {
    let scope = Scope { area: None, as_of: params.only(&["as-of"])?.day(service.today())? };
    let (set, ..) = find(&id)?;
    let body = service.compute(move |current| write_item(&current.snapshot, set, &scope, &feature)).await??;
    Ok(([(header::CONTENT_TYPE, GEOJSON)], body).into_response())
}

fn find(id: &str) -> Result<(Set, &'static str, &'static str), Error> {
    COLLECTIONS.into_iter().find(|(set, ..)| set.as_str() == id).ok_or_else(|| Error::NoSuchCollection(id.to_owned()))
}

fn describe(set: Set, title: &str, description: &str, bounds: Option<Bounds>) -> Collection {
    let id = set.as_str();
    let extent = |bounds| Extent { spatial: SpatialExtent { bbox: vec![info::degrees(bounds)], crs: CRS84.into() } };
    Collection {
        id: id.into(),
        title: title.into(),
        description: description.into(),
        extent: bounds.map(extent),
        item_type: "feature".into(),
        crs: vec![CRS84.into()],
        links: vec![
            link(&format!("/api/collections/{id}"), "self", "application/json", title),
            link(&format!("/api/collections/{id}/items"), "items", GEOJSON, title),
        ],
    }
}

/// One page of a collection.
struct Page {
    set: Set,
    title: &'static str,
    scope: Scope,
    bbox: Option<Bounds>,
    span: IssueFilter,
    limit: usize,
    offset: usize,
    query: String,
}

impl Page {
    fn write(&self, snapshot: &crate::index::Snapshot) -> Result<Vec<u8>, Error> {
        let records = Records::select(snapshot, self.set, &self.scope)?;
        let admits = |number: &usize| {
            self.bbox.is_none_or(|bbox| records.bounds(*number).is_some_and(|bounds| bbox.intersects(&bounds)))
                && records.issue(*number).is_none_or(|issue| self.span.admits(&issue))
        };
        let mut matched = 0;
        let mut page = Vec::new();
        for number in (0..records.len()).filter(admits) {
            if matched >= self.offset && page.len() < self.limit {
                page.push(number);
            }
            matched += 1;
        }
        let write = |out: &mut Vec<u8>| -> std::io::Result<()> {
            use std::io::Write;
            out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
            for (place, number) in page.iter().enumerate() {
                out.write_all(if place == 0 { b"\n" } else { b",\n" })?;
                export::write_feature(&records.get(*number), self.set.columns(), out)?;
            }
            let links = serde_json::to_string(&self.links(matched))?;
            write!(out, "\n],\"links\":{links},\"numberMatched\":{matched},\"numberReturned\":{}}}\n", page.len())
        };
        let mut body = Vec::new();
        write(&mut body).map_err(|error| Error::Internal(chain(&error)))?;
        Ok(body)
    }

    fn links(&self, matched: usize) -> Vec<Link> {
        let path = format!("/api/collections/{}/items", self.set.as_str());
        let here = if self.query.is_empty() { path.clone() } else { format!("{path}?{}", self.query) };
        let mut links = vec![
            link(&here, "self", GEOJSON, self.title),
            link(&format!("/api/collections/{}", self.set.as_str()), "collection", "application/json", self.title),
        ];
        let next = self.offset.saturating_add(self.limit);
        if next < matched {
            let kept = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("offset="));
            let query: Vec<String> = kept.map(str::to_owned).chain([format!("offset={next}")]).collect();
            links.push(link(&format!("{path}?{}", query.join("&")), "next", GEOJSON, "Next page"));
        }
        links
    }
}

fn write_item(snapshot: &crate::index::Snapshot, set: Set, scope: &Scope, feature: &str) -> Result<Vec<u8>, Error> {
    let records = Records::select(snapshot, set, scope)?;
    let number = (0..records.len()).find(|number| records.id(*number) == feature).ok_or(Error::NoSuchFeature)?;
    let mut body = Vec::new();
    export::write_feature(&records.get(number), set.columns(), &mut body).map_err(|error| Error::Internal(chain(&error)))?;
    Ok(body)
}
