//! `/api/hotspots`: areas that stand out, for a choropleth.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Problem, Service,
    counts::parse_level,
    params::{AsOf, IssueFilterParams, Params},
};
use crate::{index::Measure, model::Level};

/// Areas and how they stand out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hotspots {
    /// community or cell.
    pub level: String,
    /// rate (issues for each household) or count.
    pub measure: String,
    /// Every area in force, by code.
    pub areas: Vec<HotspotArea>,
}

/// An area and how it stands out.
#[derive(Debug, Serialize, ToSchema)]
pub struct HotspotArea {
    /// The area.
    pub code: String,
    /// Issues that the filter lets through.
    pub total: u32,
    /// Households.
    pub households: u32,
    /// Getis-Ord Gi* with queen contiguity, as a z-score; `null` for an area without households when rates are measured, and
    /// where all areas measure the same.
    pub z: Option<f64>,
    /// -3 to 3: cold or hot at 99, 95 or 90 % confidence (two-sided, not corrected for many areas); 0 not significant.
    pub bin: i8,
}

/// z-scores of 90, 95 and 99 % confidence, two-sided.
const LIMITS: [f64; 3] = [1.644_853_627, 1.959_963_985, 2.575_829_304];

fn bin(z: f64) -> i8 {
    let size = LIMITS.iter().filter(|limit| z.abs() >= **limit).count() as i8;
    if z < 0.0 { -size } else { size }
}

/// Hot and cold spots of issues (Getis-Ord Gi*).
#[utoipa::path(get, path = "/api/hotspots", tag = "issues",
    params(("level" = String, Query, description = "community or cell"),
        ("measure" = Option<String>, Query, description = "rate (issues for each household, the default) or count"), IssueFilterParams, AsOf),
    responses((status = 200, body = Hotspots), (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_hotspots(State(service): State<Arc<Service>>, params: Params) -> Result<Json<Hotspots>, Error> {
    let params = params.only(&["level", "measure", "category", "status", "from", "to", "as-of"])?;
    let level = match parse_level(&params)? {
        Level::Street => return Err(Error::BadParameter { name: "level", why: "\"street\" is not community or cell".into() }),
        level => level,
    };
    let (measure, word) = match params.one("measure")? {
        None | Some("rate") => (Measure::Rate, "rate"),
        Some("count") => (Measure::Count, "count"),
        Some(other) => return Err(Error::BadParameter { name: "measure", why: format!("{other:?} is not rate or count") }),
    };
    let (filter, day) = (params.issue_filter()?, params.day(service.today())?);
    let areas = service.compute(move |current| current.snapshot.hotspots(level, measure, &filter, day)).await?;
    let areas = areas.into_iter().map(|area| HotspotArea {
        code: area.code.to_string(),
        total: area.total,
        households: area.households,
        bin: area.z.map_or(0, bin),
        z: area.z.map(|z| (z * 1e6).round() / 1e6),
    });
    Ok(Json(Hotspots { level: level.as_str().into(), measure: word.into(), areas: areas.collect() }))
}

#[cfg(test)]
mod tests {
    use super::bin;

    #[test]
    fn confidence_has_two_sides() {
        assert_eq!([-2.6, -2.0, -1.7, -1.6, 0.0, 1.6, 1.7, 2.0, 2.6].map(bin), [-3, -2, -1, 0, 0, 0, 1, 2, 3]);
    }
}
