//! Plans as versions: listed, copied to drafts, renamed, dropped, drawn.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    edits::{self, Known, PlanPath, body, is_draft, street_code},
    replies::{Keyed, Reply, tagged},
    session::{Street, again},
    view::{Changed, DeskView, PlanSummary, changed, desk_view, plan_tag, revision_tag},
};
use crate::{
    model::{Change, Plan, PlanId, PlanState},
    plan::{
        self, Registration,
        desk::{checked_name, now},
    },
    serve::{Error, Problem, Service, params::Params},
};

/// A street's plans.
#[derive(Debug, Serialize, ToSchema)]
pub struct Plans {
    /// The street's code.
    pub street: String,
    /// By number.
    pub plans: Vec<PlanSummary>,
}

/// A draft to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraft {
    /// Unique among the street's drafts.
    pub name: String,
    /// `published`, or a plan's number.
    #[schema(value_type = Object)]
    pub from: serde_json::Value,
    /// Whose it is, as they call themselves.
    pub owner: Option<String>,
}

/// What of a draft is to be called otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftWords {
    /// Unique among the street's drafts.
    pub name: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
}

/// Nobody knows all that happened since: load the desk anew.
#[derive(Debug, Serialize, ToSchema)]
pub struct All {
    /// Always true.
    pub all: bool,
}

/// The street's plans.
#[utoipa::path(get, path = "/api/streets/{street}/plans", tag = "plans", params(("street" = String, Path)),
    responses((status = 200, body = Plans), (status = 404, description = "no_such_street", body = Problem, content_type = "application/problem+json")))]
pub async fn list_plans(State(service): State<Arc<Service>>, Path(street): Path<String>, params: Params) -> Result<Json<Plans>, Error> {
    params.only(&[])?;
    let session = service.desks.open(&service.store, &street_code(&street)?).await?;
    let today = service.today();
    Ok(Json(Plans { street, plans: session.plans()?.into_iter().map(|p| PlanSummary::of(p, today)).collect() }))
}

/// Copies a plan to a new draft.
#[utoipa::path(post, path = "/api/streets/{street}/plans", tag = "plans", params(("street" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is done once and answered again; the last 1000 of a street are remembered while the server runs")), request_body = NewDraft,
    responses((status = 201, body = PlanSummary), (status = 409, description = "name_taken, no_plan", body = Problem, content_type = "application/problem+json")))]
pub async fn post_plan(
    State(service): State<Arc<Service>>,
    Path(street): Path<String>,
    params: Params,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (code, wish): (_, NewDraft) = (street_code(&street)?, body(&headers, &bytes)?);
    let (name, owner) = (plan_name(&wish.name)?, wish.owner.as_deref().map(plan_name).transpose()?);
    let (today, request) = (service.today(), Keyed::of(&headers, &code, "draft".into())?);
    again!(async {
        let mut session = service.desks.open(&service.store, &code).await?;
        if let Some(reply) = service.replies.find(&request) {
            return Ok(reply.into_response());
        }
        let base = match &wish.from {
            serde_json::Value::String(word) if word == "published" => {
                session.plans()?.into_iter().find(|p| p.in_force(today)).ok_or_else(|| Error::NoPlan(street.clone()))?
            }
            other => {
                let number = other.as_u64().and_then(|number| u32::try_from(number).ok());
                let number = number.ok_or_else(|| Error::BadBody("\"from\" is \"published\" or a plan's number, a whole one".into()))?;
                session.plan(PlanId(number))?
            }
        };
        let draft = copied(&session, base, name.clone(), owner.clone())?;
        let summary = PlanSummary::of(&draft, today);
        session.commit(&service.store, "draft", vec![Change::PutPlan(Box::new(draft))]).await?;
        let reply = Reply::new(StatusCode::CREATED, &summary.tag, &summary)?;
        service.replies.keep(&request, &reply);
        Ok(reply.into_response())
    })
}

/// A draft of the street, under the next number.
pub fn copied(session: &Street, base: &Plan, name: String, owner: Option<String>) -> Result<Plan, Error> {
    is_free(session, &name, None)?;
    let id = PlanId(session.plans()?.iter().map(|p| p.id.0).max().unwrap_or(0) + 1);
    Ok(plan::copy(base, Registration { id, name, owner, now: now(), publish_from: None }))
}

pub fn plan_name(name: &str) -> Result<String, Error> {
    checked_name(name).map_err(|refusal| Error::BadBody(refusal.detail))
}

pub fn is_free(session: &Street, name: &str, but: Option<PlanId>) -> Result<(), Error> {
    let taken = session.plans()?.into_iter().any(|p| p.state == PlanState::Draft && p.name == name && Some(p.id) != but);
    if taken { Err(Error::NameTaken(name.to_owned())) } else { Ok(()) }
}

/// A plan.
#[utoipa::path(get, path = "/api/streets/{street}/plans/{plan}", tag = "plans", params(("street" = String, Path), ("plan" = u32, Path)),
    responses((status = 200, body = PlanSummary), (status = 404, description = "no_such_plan", body = Problem, content_type = "application/problem+json")))]
pub async fn get_plan(State(service): State<Arc<Service>>, Path((street, plan)): PlanPath, params: Params) -> Result<Response, Error> {
    params.only(&[])?;
    let session = service.desks.open(&service.store, &street_code(&street)?).await?;
    let summary = PlanSummary::of(session.plan(PlanId(plan))?, service.today());
    Ok(tagged(StatusCode::OK, &summary.tag, &summary))
}

/// Renames a draft or gives it to somebody else.
#[utoipa::path(patch, path = "/api/streets/{street}/plans/{plan}", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("If-Match" = String, Header)), request_body = DraftWords,
    responses((status = 200, body = PlanSummary), (status = 409, description = "name_taken", body = Problem, content_type = "application/problem+json")))]
pub async fn patch_plan(
    State(service): State<Arc<Service>>,
    Path((street, plan)): PlanPath,
    params: Params,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (code, id, known) = (street_code(&street)?, PlanId(plan), Known::read(&headers)?);
    let wish: DraftWords = body(&headers, &bytes)?;
    again!(async {
        let mut session = service.desks.open(&service.store, &code).await?;
        let mut plan = session.plan(id)?.clone();
        is_draft(plan.state)?;
        if !known.is_of(&plan, service.today()) {
            return Err(edits::stale(&session, id, known.revision));
        }
        if let Some(name) = &wish.name {
            plan.name = plan_name(name)?;
            is_free(&session, &plan.name, Some(id))?;
        }
        if let Some(owner) = &wish.owner {
            plan.owner = Some(plan_name(owner)?);
        }
        plan.revision += 1;
        let summary = PlanSummary::of(&plan, service.today());
        session.commit(&service.store, "rename draft", vec![Change::PutPlan(Box::new(plan))]).await?;
        Ok(tagged(StatusCode::OK, &summary.tag, &summary))
    })
}

/// Drops a draft and its log.
#[utoipa::path(delete, path = "/api/streets/{street}/plans/{plan}", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("If-Match" = String, Header)),
    responses((status = 204, description = "It is no more"), (status = 422, description = "refused: not_a_draft", body = Problem, content_type = "application/problem+json")))]
pub async fn delete_plan(
    State(service): State<Arc<Service>>,
    Path((street, plan)): PlanPath,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (code, id, known) = (street_code(&street)?, PlanId(plan), Known::read(&headers)?);
    again!(async {
        let mut session = service.desks.open(&service.store, &code).await?;
        let plan = session.plan(id)?;
        is_draft(plan.state)?;
        if !known.is_of(plan, service.today()) {
            return Err(edits::stale(&session, id, known.revision));
        }
        session.commit(&service.store, "drop draft", vec![Change::DeletePlan(id)]).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// All that the desk draws, or with `since` what is different after that revision.
#[utoipa::path(get, path = "/api/streets/{street}/plans/{plan}/desk", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("since" = Option<u32>, Query, description = "A revision: answers Changed, or All when that is no longer known")),
    responses((status = 200, body = DeskView)))]
pub async fn get_desk(State(service): State<Arc<Service>>, Path((street, plan)): PlanPath, params: Params) -> Result<Response, Error> {
    let params = params.only(&["since"])?;
    let since = match params.one("since")? {
        None => None,
        Some(text) => {
            Some(text.parse::<u32>().map_err(|_| Error::BadParameter { name: "since", why: "a revision is a whole number".into() })?)
        }
    };
    let (code, id, today) = (street_code(&street)?, PlanId(plan), service.today());
    let mut session = service.desks.open(&service.store, &code).await?;
    session.open(&service.store, id).await?;
    let answer = tokio::task::spawn_blocking(move || {
        let open = session.opened(id)?;
        let (revision, whole) = (revision_tag(open.desk.plan().revision), plan_tag(open.desk.plan(), today));
        Some(match since.map(|since| open.since(since)) {
            Some(Some(steps)) => tagged(StatusCode::OK, &revision, &changed(open, &steps) as &Changed),
            Some(None) => tagged(StatusCode::OK, &revision, &All { all: true }),
            None => tagged(StatusCode::OK, &whole, &desk_view(open, today)),
        })
    });
    answer.await?.ok_or_else(|| Error::Internal("a plan that was laid open is not".into()))
}
