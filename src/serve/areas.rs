//! `/api/areas/{code}`: what lies in an area.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};

use super::{
    Error, Problem, Service,
    params::{AsOf, Params},
};
use crate::{index::AreaSummary, model::Code};

/// An area of any level: its name, its parents and what lies in it.
#[utoipa::path(get, path = "/api/areas/{code}", tag = "areas",
    params(("code" = String, Path, description = "9 digits: street, 12: community, 15: cell, 18: group"), AsOf),
    responses((status = 200, body = AreaSummary),
        (status = 404, description = "no_such_area", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_area(
    State(service): State<Arc<Service>>,
    Path(code): Path<String>,
    params: Params,
) -> Result<Json<AreaSummary>, Error> {
    let day = params.only(&["as-of"])?.day(service.today())?;
    let Ok(area) = Code::new(&code) else { return Err(Error::NoSuchArea(code)) };
    let summary = service.compute(move |current| current.snapshot.area(&area, day)).await?;
    summary.map(Json).ok_or(Error::NoSuchArea(code))
}
