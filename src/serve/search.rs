//! `/api/search`: find an area, a road, a building or a coordinate.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Problem, Service,
    params::{AsOf, Params},
};
use crate::index::{Hit, HitKind};

/// What was found, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hits {
    /// Best first.
    pub hits: Vec<Hit>,
}

/// Areas, roads and buildings by code, name or address; two numbers are a coordinate.
#[utoipa::path(get, path = "/api/search", tag = "overview",
    params(("q" = String, Query, description = "Code, name, address, or \"104.83, 26.59\""),
        ("limit" = Option<usize>, Query, description = "1 to 50, 10 by default", minimum = 1, maximum = 50),
        ("crs" = Option<String>, Query, description = "CRS of a coordinate in q; EPSG:4326 by default"), AsOf),
    responses((status = 200, body = Hits), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn search_places(State(service): State<Arc<Service>>, params: Params) -> Result<Json<Hits>, Error> {
    let params = params.only(&["q", "limit", "crs", "as-of"])?;
    let text = params.required("q")?.trim().to_owned();
    let (limit, crs, day) = (params.count("limit", 10, 1..=50)?, params.crs()?, params.day(service.today())?);
    if text.is_empty() {
        return Err(Error::BadParameter { name: "q", why: "is empty".into() });
    }
    let mut hits = Vec::new();
    if let Some([x, y]) = two_numbers(&text) {
        let at = crs.to_lonlat()?.convert(x, y)?;
        let name = format!("{:.7}, {:.7}", at.lon(), at.lat());
        hits.push(Hit { kind: HitKind::Coordinates, code: None, name, context: crs.to_string(), lon: at.lon(), lat: at.lat(), bbox: None });
    }
    hits.extend(service.compute(move |current| current.snapshot.search(&text, limit, day)).await?);
    hits.truncate(limit);
    Ok(Json(Hits { hits }))
}

/// "104.83, 26.59", "104.83 26.59", "104.83，26.59": exactly two numbers.
fn two_numbers(text: &str) -> Option<[f64; 2]> {
    let mut words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | ';' | '；')).filter(|word| !word.is_empty());
    let mut number = || words.next()?.parse::<f64>().ok().filter(|n| n.is_finite());
    let pair = [number()?, number()?];
    words.next().is_none().then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::two_numbers;

    #[test]
    fn two_numbers_are_a_coordinate() {
        for text in ["104.83, 26.59", "104.83 26.59", "104.83，26.59", " 104.83 ;26.59 "] {
            assert_eq!(two_numbers(text), Some([104.83, 26.59]), "{text}");
        }
        for text in ["104.83", "1 2 3", "钟山 26", "nan 1", "520201011"] {
            assert_eq!(two_numbers(text), None, "{text}");
        }
    }
}
