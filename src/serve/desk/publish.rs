//! From draft to plan in force, and back: what would move, the moment it does, and where every cell comes from.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    edits::{Known, PlanPath, body, if_match, is_draft, stale, street_code},
    replies::{Keyed, Reply},
    session::{Street, again},
    view::{PlanSummary, Position, WarningRow, position, problems},
};
use crate::{
    index::Snapshot,
    model::{Change, Code, IssueStatus, LonLat, Plan, PlanId, PlanState},
    plan::{
        self,
        desk::{Balance, CellOrigin, Desk, Difference, Lineage, Moved, Refusal, checked_words},
    },
    serve::{Error, Problem, Service, params::Params},
};

/// Cells by what happens to them.
#[derive(Debug, Serialize, ToSchema)]
pub struct CellCounts {
    /// As they are.
    pub same: usize,
    /// With another border, or with cells taken in.
    pub changed: usize,
    /// Under a new code.
    pub new: usize,
    /// No more.
    pub ended: usize,
}

/// Groups by what happens to them.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupCounts {
    /// With the same members.
    pub kept: usize,
    /// With other members.
    pub changed: usize,
    /// Under a new code.
    pub new: usize,
    /// No more.
    pub ended: usize,
}

/// What publishing would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preview {
    /// First day in force.
    pub from: String,
    /// The plan that ends then; where there is none, all cells are new.
    pub replaces: Option<u32>,
    /// First day of a later plan that is published already.
    pub until: Option<String>,
    /// Cells.
    pub cells: CellCounts,
    /// Every cell and where it comes from.
    pub lineage: Vec<CellOrigin>,
    /// From cell to cell.
    pub moves: Vec<Moved>,
    /// Households that change their cell.
    pub households_moved: usize,
    /// Groups.
    pub groups: GroupCounts,
    /// Issues that are not closed and change their cell.
    pub issues_open_moved: usize,
    /// Orders that change their cell.
    pub orders_moved: usize,
    /// What is wrong with the draft, and what else to know.
    pub warnings: Vec<WarningRow>,
}

/// When, why and who.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// First day in force; today by default.
    pub from: Option<String>,
    /// Why, in their words; at most 400 characters.
    pub why: Option<String>,
    /// Who, as they call themselves; at most 400 characters.
    pub who: Option<String>,
}

/// A published plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Published {
    /// The plan.
    pub plan: PlanSummary,
    /// The plan that ended with it.
    pub replaced: Option<u32>,
}

/// Where cells come from.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineageView {
    /// The plan compared with.
    pub against: Option<u32>,
    /// Every cell.
    pub lineage: Vec<CellOrigin>,
}

/// Households that move, by place.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedPlace {
    /// Where they live.
    #[schema(value_type = [f64; 2])]
    pub at: Position,
    /// Cell before.
    #[schema(value_type = String)]
    pub from: Code,
    /// Cell after.
    #[schema(value_type = String)]
    pub to: Code,
    /// How many.
    pub households: usize,
}

/// How even each of two plans is.
#[derive(Debug, Serialize, ToSchema)]
pub struct BalancePair {
    /// The first.
    pub a: Balance,
    /// The second.
    pub b: Balance,
}

/// What differs between two plans.
#[derive(Debug, Serialize, ToSchema)]
pub struct Comparison {
    /// Boundaries between cells that only the first has, as lines.
    #[schema(value_type = Vec<Vec<[f64; 2]>>)]
    pub only_a: Vec<[Position; 2]>,
    /// Those that only the second has.
    #[schema(value_type = Vec<Vec<[f64; 2]>>)]
    pub only_b: Vec<[Position; 2]>,
    /// From cell to cell.
    pub moves: Vec<Moved>,
    /// From place to place.
    pub moved: Vec<MovedPlace>,
    /// How even they are.
    pub balance: BalancePair,
}

/// Where issues of a street wait that are not closed.
fn open_issues(snapshot: &Snapshot, street: &Code) -> Vec<LonLat> {
    let Some(place) = snapshot.streets.iter().position(|s| s.code == *street) else { return Vec::new() };
    let rows = |bucket: &crate::index::PlacedBucket| -> Vec<LonLat> {
        let open = bucket.in_street(place as u32).filter(|row| bucket.bucket.statuses()[*row as usize] != IssueStatus::Closed);
        open.map(|row| bucket.bucket.positions()[row as usize]).collect()
    };
    snapshot.issue_buckets().iter().flat_map(rows).collect()
}

/// The plan that is in force when another would begin.
fn replaced<'a>(plans: &[&'a Plan], id: PlanId, from: Date) -> Option<&'a Plan> {
    plans.iter().copied().find(|p| p.id != id && p.in_force(from))
}

/// Names everything a preview rests on, but for issues: they come in all day, and what they are told of is where they were then.
fn preview_tag(session: &Street, id: PlanId, from: Date) -> Result<String, Error> {
    let (plans, settlement) = (session.plans()?, session.ground()?.settlement());
    let books: Vec<String> = plans
        .iter()
        .filter(|p| p.id == id || p.state != PlanState::Draft)
        .map(|p| format!("{} {:?} {}", p.id.0, p.validity(), p.revision))
        .collect();
    Ok(format!("p{:016x}", xxh3_64(format!("{} {from} {settlement:x} {}", id.0, books.join(";")).as_bytes())))
}

fn day(text: Option<&str>, service: &Service) -> Result<Date, Error> {
    let Some(text) = text else { return Ok(service.today()) };
    text.parse().map_err(|_| Error::BadParameter { name: "from", why: format!("{text:?} is not a day; write YYYY-MM-DD") })
}

/// Both plans laid open, copied, so that a comparison does not hold others up. Where there is no first, it is a plan of nothing.
async fn pair(session: &mut Street, service: &Arc<Service>, a: Option<PlanId>, b: PlanId) -> Result<[Desk; 2], Error> {
    let first = match a {
        Some(a) => session.open(&service.store, a).await?.desk.clone(),
        None => Desk::new(session.ground()?.clone(), light(session.plan(b)?)),
    };
    let second = session.open(&service.store, b).await?.desk.clone();
    Ok([first, second])
}

async fn compared(service: &Arc<Service>, street: &Code, [a, b]: [Desk; 2]) -> Result<(Difference, [Desk; 2]), Error> {
    let street = street.clone();
    service.compute(move |current| (Difference::between(&a, &b, &open_issues(&current.snapshot, &street)), [a, b])).await
}

/// What publishing a draft would do.
#[utoipa::path(get, path = "/api/streets/{street}/plans/{plan}/preview", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("from" = Option<String>, Query, description = "First day in force, YYYY-MM-DD; today by default")),
    responses((status = 200, body = Preview)))]
pub async fn get_preview(State(service): State<Arc<Service>>, Path((street, plan)): PlanPath, params: Params) -> Result<Response, Error> {
    let params = params.only(&["from"])?;
    let (code, id, from) = (street_code(&street)?, PlanId(plan), day(params.one("from")?, &service)?);
    let mut session = service.desks.open(&service.store, &code).await?;
    is_draft(session.plan(id)?.state)?;
    let plans = session.plans()?;
    let (tag, before) = (preview_tag(&session, id, from)?, replaced(&plans, id, from).map(|p| p.id));
    let until = plan::enter(&owned(&plans), published(session.plan(id)?, from)).pop().and_then(|p| p.valid_to);
    let desks = pair(&mut session, &service, before, id).await?;
    drop(session);
    let (difference, [_, after]) = compared(&service, &code, desks).await?;
    let count = |kinds: &[Lineage]| difference.lineage.iter().filter(|c| kinds.contains(&c.kind)).count();
    let mut warnings: Vec<WarningRow> = problems(&after)
        .into_iter()
        .map(|p| WarningRow {
            code: serde_json::to_value(p.kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default(),
            message: format!("{} {:.3}", p.cell.unwrap_or_default(), p.value).trim().to_owned(),
        })
        .collect();
    if from < service.today() {
        warnings.insert(0, WarningRow { code: "in_the_past".into(), message: format!("answers for days since {from} will change") });
    }
    let preview = Preview {
        from: from.to_string(),
        replaces: before.map(|id| id.0),
        until: until.map(|d| d.to_string()),
        cells: CellCounts {
            same: count(&[Lineage::Same]),
            changed: count(&[Lineage::Changed, Lineage::Merged]),
            new: count(&[Lineage::New, Lineage::Split]),
            ended: count(&[Lineage::Ended]),
        },
        households_moved: difference.households_moved(),
        issues_open_moved: difference.issues_moved(),
        orders_moved: 0,
        groups: GroupCounts {
            kept: difference.groups_kept,
            changed: difference.groups_changed,
            new: difference.groups_new,
            ended: difference.groups_ended,
        },
        lineage: difference.lineage,
        moves: difference.moves,
        warnings,
    };
    Ok(([(header::ETAG, format!("\"{tag}\"")), (header::CACHE_CONTROL, "no-store".into())], Json(preview)).into_response())
}

/// The plans without their ground: enough to keep the books.
fn owned(plans: &[&Plan]) -> Vec<Plan> {
    plans.iter().map(|p| light(p)).collect()
}

fn light(plan: &Plan) -> Plan {
    Plan {
        name: plan.name.clone(),
        owner: plan.owner.clone(),
        parameters: serde_json::Value::Null,
        communities: Vec::new(),
        cells: Vec::new(),
        blocks: Vec::new(),
        groups: Vec::new(),
        ..*plan
    }
}

fn published(plan: &Plan, from: Date) -> Plan {
    Plan { state: PlanState::Published, valid_from: Some(from), ..light(plan) }
}

/// Puts a draft in force.
#[utoipa::path(post, path = "/api/streets/{street}/plans/{plan}/publish", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("If-Match" = String, Header, description = "The preview's entity tag"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is done once and answered again; the last 1000 of a street are remembered while the server runs")), request_body = Publication,
    responses((status = 200, body = Published), (status = 412, description = "stale_preview", body = Problem, content_type = "application/problem+json")))]
pub async fn post_publish(
    State(service): State<Arc<Service>>,
    Path((street, plan)): PlanPath,
    params: Params,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (code, id, tag) = (street_code(&street)?, PlanId(plan), if_match(&headers)?);
    let wish: Publication = body(&headers, &bytes)?;
    let request = Keyed::of(&headers, &code, format!("publish {}", id.0))?;
    let (from, line) = (day(wish.from.as_deref(), &service)?, log("publish", &wish)?);
    again!(async {
        let mut session = service.desks.open(&service.store, &code).await?;
        if let Some(reply) = service.replies.find(&request) {
            return Ok(reply.into_response());
        }
        is_draft(session.plan(id)?.state)?;
        let plans = session.plans()?;
        if tag != preview_tag(&session, id, from)? {
            return Err(Error::StalePreview);
        }
        let before = replaced(&plans, id, from).map(|p| p.id.0);
        let changes = plan::enter(&owned(&plans), published(session.plan(id)?, from));
        commit_books(&mut session, &service, &line, changes).await?;
        let plan = PlanSummary::of(session.plan(id)?, service.today());
        let reply = Reply::new(StatusCode::OK, plan.tag.clone(), &Published { plan, replaced: before })?;
        service.replies.keep(&request, &reply);
        Ok(reply.into_response())
    })
}

async fn commit_books(session: &mut Street, service: &Arc<Service>, what: &str, plans: Vec<Plan>) -> Result<(), Error> {
    let changes = plans.into_iter().map(|p| Change::SetValidity(p.id, p.validity())).collect();
    session.commit(&service.store, what, changes).await
}

/// A line of the change log.
fn log(what: &str, wish: &Publication) -> Result<String, Error> {
    let mut line = what.to_owned();
    for (word, name, text) in [(" by ", "who", &wish.who), (" because ", "why", &wish.why)] {
        if let Some(text) = checked_words(name, text.as_deref().unwrap_or_default()).map_err(Error::BadBody)? {
            line = line + word + &text;
        }
    }
    Ok(line)
}

/// Makes the last published plan a draft again; what it replaced is in force as before.
#[utoipa::path(post, path = "/api/streets/{street}/plans/{plan}/rollback", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("If-Match" = String, Header, description = "The plan's entity tag, or its revision, \"r17\""),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is done once and answered again; the last 1000 of a street are remembered while the server runs")), request_body = Publication,
    responses((status = 200, body = Published), (status = 409, description = "not_last", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "stale", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "refused: not_published", body = Problem, content_type = "application/problem+json")))]
pub async fn post_rollback(
    State(service): State<Arc<Service>>,
    Path((street, plan)): PlanPath,
    params: Params,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (code, id, known) = (street_code(&street)?, PlanId(plan), Known::read(&headers)?);
    let request = Keyed::of(&headers, &code, format!("rollback {}", id.0))?;
    let wish: Publication = if bytes.is_empty() { Publication::default() } else { body(&headers, &bytes)? };
    let line = log("roll back", &wish)?;
    again!(async {
        let mut session = service.desks.open(&service.store, &code).await?;
        if let Some(reply) = service.replies.find(&request) {
            return Ok(reply.into_response());
        }
        let plan = session.plan(id)?;
        if !known.is_of(plan, service.today()) {
            return Err(stale(&session, id, known.revision));
        }
        if plan.state == PlanState::Draft {
            return Err(Refusal::new("not_published", "the plan is a draft, in force on no day; there is nothing to roll back").into());
        }
        let changes = plan::leave(&owned(&session.plans()?), light(plan)).ok_or(Error::NotLast)?;
        let restored = changes.iter().find(|p| p.id != id).map(|p| p.id.0);
        commit_books(&mut session, &service, &line, changes).await?;
        let plan = PlanSummary::of(session.plan(id)?, service.today());
        let reply = Reply::new(StatusCode::OK, plan.tag.clone(), &Published { plan, replaced: restored })?;
        service.replies.keep(&request, &reply);
        Ok(reply.into_response())
    })
}

/// Where every cell of a plan comes from: the plan it replaced, or the one it was copied from.
#[utoipa::path(get, path = "/api/streets/{street}/plans/{plan}/lineage", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path)), responses((status = 200, body = LineageView)))]
pub async fn get_lineage(State(service): State<Arc<Service>>, Path((street, plan)): PlanPath, params: Params) -> Result<Response, Error> {
    params.only(&[])?;
    let (code, id) = (street_code(&street)?, PlanId(plan));
    let mut session = service.desks.open(&service.store, &code).await?;
    let plan = session.plan(id)?;
    let plans = session.plans()?;
    let before = plan::replaced_by(plans.iter().copied(), plan).map(|p| p.id);
    let before = before.or(plan.base).filter(|base| plans.iter().any(|p| p.id == *base));
    let Some(before) = before else { return Ok(Json(LineageView { against: None, lineage: Vec::new() }).into_response()) };
    let desks = pair(&mut session, &service, Some(before), id).await?;
    drop(session);
    let (difference, _) = compared(&service, &code, desks).await?;
    Ok(Json(LineageView { against: Some(before.0), lineage: difference.lineage }).into_response())
}

/// What differs between two plans.
#[utoipa::path(get, path = "/api/streets/{street}/plans/{plan}/compare/{other}", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("other" = u32, Path)), responses((status = 200, body = Comparison)))]
pub async fn get_comparison(
    State(service): State<Arc<Service>>,
    Path((street, a, b)): Path<(String, u32, u32)>,
    params: Params,
) -> Result<Json<Comparison>, Error> {
    params.only(&[])?;
    let code = street_code(&street)?;
    let mut session = service.desks.open(&service.store, &code).await?;
    let desks = pair(&mut session, &service, Some(PlanId(a)), PlanId(b)).await?;
    drop(session);
    let (difference, [a, b]) = compared(&service, &code, desks).await?;
    let lines = |edges: &[[LonLat; 2]]| edges.iter().map(|edge| edge.map(position)).collect();
    Ok(Json(Comparison {
        only_a: lines(&difference.only_before),
        only_b: lines(&difference.only_after),
        moves: difference.moves,
        moved: difference
            .places
            .into_iter()
            .map(|(at, from, to, households)| MovedPlace { at: position(at), from, to, households })
            .collect(),
        balance: BalancePair { a: a.balance(), b: b.balance() },
    }))
}
