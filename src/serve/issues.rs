//! `/api/issues/{id}`: one issue and whose it is.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Problem, Service,
    params::{AsOf, Params},
};
use crate::index::Location;

/// An issue and where it lies.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssueDetail {
    /// Id.
    pub id: String,
    /// Longitude in degrees.
    pub lon: f64,
    /// Latitude in degrees.
    pub lat: f64,
    /// Kind, in the source's word.
    pub category: String,
    /// open, in_progress or closed.
    pub status: String,
    /// When it was reported, RFC 3339.
    pub reported_at: String,
    /// When it was finished, RFC 3339.
    pub closed_at: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whose it is.
    pub location: Location,
}

/// One issue and whose it is.
#[utoipa::path(get, path = "/api/issues/{id}", tag = "issues", params(("id" = String, Path), AsOf),
    responses((status = 200, body = IssueDetail), (status = 404, description = "no_such_issue", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get_issue(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<IssueDetail>, Error> {
    let day = params.only(&["as-of"])?.day(service.today())?;
    let current = service.current();
    let issue = current.snapshot.issue(current.snapshot.find_issue(&id).ok_or(Error::NoSuchIssue)?);
    Ok(Json(IssueDetail {
        id: issue.id.to_owned(),
        lon: issue.position.lon(),
        lat: issue.position.lat(),
        category: issue.category.to_owned(),
        status: issue.status.as_str().into(),
        reported_at: issue.reported_at.to_string(),
        closed_at: issue.closed_at.map(|at| at.to_string()),
        description: issue.description.map(str::to_owned),
        location: current.snapshot.locate(issue.position, day),
    }))
}
