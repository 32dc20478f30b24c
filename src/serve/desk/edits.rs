//! Commands on a draft, their undoing, and the log.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use tokio::sync::OwnedMutexGuard;
use utoipa::ToSchema;

use super::{
    leash::Leash,
    replies::{Keyed, Reply, key, tagged},
    session::{Open, Street, again},
    view::{Answer, op_of, revision_tag, standing},
};
use crate::{
    model::{Change, ChangeKind, Code, Edit, LogChange, Plan, PlanEdit, PlanId, PlanState},
    plan::desk::{Command, Given, Outcome, Refusal, now},
    serve::{Error, Problem, Service, events::ChangeEvent, params::Params},
};

/// Bytes of a command: room for an imported plan.
pub const MAX_BODY_BYTES: usize = 16 << 20;

/// A plan's path.
pub type PlanPath = Path<(String, u32)>;

/// One line of a draft's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogLine {
    /// Number, from 1.
    pub number: u32,
    /// When, RFC 3339.
    pub at: String,
    /// Who, as they call themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Why, in their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The command as it was given; of `import` without the `plan`.
    #[schema(value_type = Object)]
    pub command: serde_json::Value,
    /// done, undone, dropped.
    pub standing: String,
    /// What it changed.
    #[schema(value_type = Object)]
    pub summary: serde_json::Value,
}

impl LogLine {
    pub fn of(edit: &Edit) -> Self {
        Self {
            number: edit.number,
            at: edit.at.to_string(),
            who: edit.who.clone(),
            why: edit.why.clone(),
            command: without_plan(&edit.command),
            standing: edit.standing.as_str().into(),
            summary: edit.answer.get("summary").cloned().unwrap_or_default(),
        }
    }
}

/// Megabytes that nobody reads in a list.
fn without_plan(command: &serde_json::Value) -> serde_json::Value {
    let members = command.as_object().into_iter().flatten().filter(|(name, _)| *name != "plan");
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A page of a draft's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Log {
    /// The newest first.
    pub edits: Vec<LogLine>,
    /// With `before` the next page begins here; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
}

/// Reads a JSON body.
pub fn body<T: serde::de::DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Error> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Error::NotJson);
    }
    serde_json::from_slice(body).map_err(|error| Error::BadBody(error.to_string()))
}

/// The code of the street in a path.
pub fn street_code(text: &str) -> Result<Code, Error> {
    Code::new(text).map_err(|_| Error::NoSuchStreet(text.to_owned()))
}

/// What `If-Match` says, without its quotes.
pub fn if_match(headers: &HeaderMap) -> Result<String, Error> {
    let value = headers.get(header::IF_MATCH).ok_or(Error::NoIfMatch)?;
    let tag = value.to_str().ok().map(str::trim).and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
    tag.map(str::to_owned).ok_or_else(|| Error::BadRequest("If-Match names one entity tag, in quotes, as it was answered".into()))
}

/// A plan as who changes it knows it.
pub struct Known {
    /// Steps.
    pub revision: u32,
    /// State and days, where the tag names them.
    standing: Option<String>,
}

impl Known {
    /// What `If-Match` says.
    pub fn read(headers: &HeaderMap) -> Result<Self, Error> {
        let tag = if_match(headers)?;
        let (revision, standing) = tag.split_once('.').map_or((tag.as_str(), None), |(revision, standing)| (revision, Some(standing)));
        let revision = revision.strip_prefix('r').and_then(|number| number.parse().ok());
        let revision = revision.ok_or_else(|| Error::BadRequest(format!("If-Match: {tag:?} names no revision; they look like \"r17\"")))?;
        Ok(Self { revision, standing: standing.map(str::to_owned) })
    }

    /// Whether the plan's state and days are those named.
    pub fn stands(&self, plan: &Plan, today: Date) -> bool {
        self.standing.as_ref().is_none_or(|known| *known == standing(plan, today))
    }

    /// Whether the plan is as it is known.
    pub fn is_of(&self, plan: &Plan, today: Date) -> bool {
        self.revision == plan.revision && self.stands(plan, today)
    }
}

/// Gives a command.
#[utoipa::path(post, path = "/api/streets/{street}/plans/{plan}/edits", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("If-Match" = String, Header, description = "The draft's revision, \"r17\""),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key on the same draft is done once. Sent again, it is answered in short: `number`, `revision`, `op`, `replayed`")),
    request_body(content = Command, description = "The command, and optionally `who` and `why`"),
    responses((status = 200, body = Answer),
        (status = 412, description = "stale: somebody changed the same cells; what happened is in `since`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "refused: why is in `reason`, where in `at`. What takes more than 20 s is refused as too_long: select fewer cells, or begin a planning", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "no_if_match", body = Problem, content_type = "application/problem+json")))]
pub async fn post_edit(
    State(service): State<Arc<Service>>,
    Path((street, plan)): PlanPath,
    params: Params,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (street, plan) = (street_code(&street)?, PlanId(plan));
    let (known, key, today) = (Known::read(&headers)?, key(&headers)?, service.today());
    let given = Arc::new(Given::read(body(&headers, &bytes)?).map_err(Error::BadBody)?);
    again!(async {
        let mut session = service.desks.open(&service.store, &street).await?;
        let open = session.open(&service.store, plan).await?;
        if let Some(done) = key.as_deref().and_then(|key| open.journal.of_key(key)) {
            return Ok(replayed(done));
        }
        is_draft(open.desk.plan().state)?;
        if known.revision > open.desk.plan().revision || !known.stands(open.desk.plan(), today) {
            return Err(stale(&session, plan, known.revision));
        }
        let (mut session, outcome) = worked_out(session, plan, given.clone(), service.options.longest_command).await?;
        let open = session.open(&service.store, plan).await?;
        let merged = known.revision < open.desk.plan().revision;
        if merged && !open.is_apart(&outcome, known.revision) {
            return Err(stale(&session, plan, known.revision));
        }
        let answer = done(&mut session, &service, plan, &given, key.clone(), &outcome, merged).await?;
        Ok(tagged(StatusCode::OK, &revision_tag(answer.revision), &answer))
    })
}

/// Works a command out, away from the threads that answer, for so long at most.
async fn worked_out(
    session: OwnedMutexGuard<Street>,
    plan: PlanId,
    given: Arc<Given>,
    most: Duration,
) -> Result<(OwnedMutexGuard<Street>, Outcome), Error> {
    let (leash, _waiting) = Leash::new(most);
    let (session, outcome) = tokio::task::spawn_blocking(move || {
        let run = |open: &Open| open.desk.run(&given.command, &|_, _| leash.holds()).map_err(|refusal| leash.explained(refusal));
        let outcome = session.opened(plan).map(run);
        (session, outcome)
    })
    .await?;
    let outcome = outcome.ok_or_else(|| Error::Internal("a plan that was laid open is not".into()))??;
    Ok((session, outcome))
}

/// Stores what a command changes, follows it and says what came of it.
pub async fn done(
    session: &mut Street,
    service: &Service,
    plan: PlanId,
    given: &Given,
    key: Option<String>,
    outcome: &Outcome,
    merged: bool,
) -> Result<Answer, Error> {
    let open = session.open(&service.store, plan).await?;
    let before = open.desk.balance();
    let edit = open.journal.line(&open.desk, given, key, outcome, merged, now());
    let step = PlanEdit { plan, patch: outcome.patch.clone(), log: LogChange::Append(Box::new(edit)) };
    commit_step(session, service, "edit", step).await?;
    let open = session.open(&service.store, plan).await?;
    let step = open.steps.back().ok_or_else(|| Error::Internal("a step that was made is not there".into()))?;
    Ok(Answer::of(open, step, given.command.op(), outcome, before, merged))
}

/// Stores a step, and tells those who have the draft open before the map's snapshot follows.
async fn commit_step(session: &mut Street, service: &Service, what: &str, step: PlanEdit) -> Result<(), Error> {
    let plan = step.plan.0;
    service.desks.stepped();
    session.commit(&service.store, what, vec![Change::EditPlan(Box::new(step))]).await?;
    let rows = BTreeMap::from([(ChangeKind::Plans, 1)]);
    service.tell(ChangeEvent { street: session.code()?.clone(), version: session.version()?, rows, plans: vec![plan], tiles: Vec::new() });
    Ok(())
}

/// What a request that was sent before is told: the same step, in short.
pub fn replayed(edit: &Edit) -> Response {
    let revision = edit.answer.get("revision").and_then(serde_json::Value::as_u64).unwrap_or(0) as u32;
    let mut answer = edit.answer.clone();
    if let Some(object) = answer.as_object_mut() {
        object.insert("number".into(), edit.number.into());
        object.insert("op".into(), op_of(edit).into());
        object.insert("replayed".into(), true.into());
    }
    tagged(StatusCode::OK, &revision_tag(revision), &answer)
}

pub fn is_draft(state: PlanState) -> Result<(), Error> {
    if state == PlanState::Draft {
        return Ok(());
    }
    Err(Refusal::new("not_a_draft", "the plan is published; copy it to a draft to change it").into())
}

pub fn stale(session: &Street, plan: PlanId, known: u32) -> Error {
    let Some(open) = session.opened(plan) else { return Error::Stale { revision: 0, since: Vec::new() } };
    let numbers: Vec<u32> = open.steps.iter().filter(|step| step.revision > known).map(|step| step.number).collect();
    let since = open.journal.lines().filter(|edit| numbers.contains(&edit.number)).map(LogLine::of);
    Error::Stale { revision: open.desk.plan().revision, since: since.filter_map(|line| serde_json::to_value(line).ok()).collect() }
}

/// Tries a command: what would come of it, without doing it.
#[utoipa::path(post, path = "/api/streets/{street}/plans/{plan}/try", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path)), request_body = Command,
    responses((status = 200, body = Answer), (status = 422, description = "refused, as the command would be", body = Problem, content_type = "application/problem+json")))]
pub async fn post_try(
    State(service): State<Arc<Service>>,
    Path((street, plan)): PlanPath,
    params: Params,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (street, plan) = (street_code(&street)?, PlanId(plan));
    let given = Arc::new(Given::read(body(&headers, &bytes)?).map_err(Error::BadBody)?);
    let mut session = service.desks.open(&service.store, &street).await?;
    is_draft(session.open(&service.store, plan).await?.desk.plan().state)?;
    let (mut session, outcome) = worked_out(session, plan, given.clone(), service.options.longest_command).await?;
    let answer =
        tokio::task::spawn_blocking(move || session.opened_mut(plan).map(|open| open.trying(given.command.op(), &outcome))).await?;
    let answer = answer.ok_or_else(|| Error::Internal("a plan that was laid open is not".into()))??;
    Ok(tagged(StatusCode::OK, &revision_tag(answer.revision), &answer))
}

/// Takes the last command back.
#[utoipa::path(post, path = "/api/streets/{street}/plans/{plan}/undo", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is done once; the last 1000 of a street are remembered while the server runs. Sent again, it is answered in short: `number`, `revision`, `op`, `replayed`")),
    responses((status = 200, body = Answer), (status = 409, description = "nothing_to_undo", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "stale", body = Problem, content_type = "application/problem+json")))]
pub async fn post_undo(service: State<Arc<Service>>, path: PlanPath, params: Params, headers: HeaderMap) -> Result<Response, Error> {
    step_back_or_on(&service.0, path, params, &headers, true).await
}

/// Does the command that was taken back last again.
#[utoipa::path(post, path = "/api/streets/{street}/plans/{plan}/redo", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is done once; the last 1000 of a street are remembered while the server runs. Sent again, it is answered in short: `number`, `revision`, `op`, `replayed`")),
    responses((status = 200, body = Answer), (status = 409, description = "nothing_to_redo", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "stale", body = Problem, content_type = "application/problem+json")))]
pub async fn post_redo(service: State<Arc<Service>>, path: PlanPath, params: Params, headers: HeaderMap) -> Result<Response, Error> {
    step_back_or_on(&service.0, path, params, &headers, false).await
}

async fn step_back_or_on(
    service: &Arc<Service>,
    Path((street, plan)): PlanPath,
    params: Params,
    headers: &HeaderMap,
    back: bool,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (street, plan, known) = (street_code(&street)?, PlanId(plan), Known::read(headers)?);
    let what = if back { "undo" } else { "redo" };
    let request = Keyed::of(headers, &street, format!("{what} {}", plan.0))?;
    again!(async {
        let mut session = service.desks.open(&service.store, &street).await?;
        if let Some(reply) = service.replies.find(&request) {
            return Ok(reply.into_response());
        }
        let open = session.open(&service.store, plan).await?;
        is_draft(open.desk.plan().state)?;
        if !known.is_of(open.desk.plan(), service.today()) {
            return Err(stale(&session, plan, known.revision));
        }
        let open = session.open(&service.store, plan).await?;
        let line = if back { open.journal.undoable() } else { open.journal.redoable() };
        let op = line.map(|logged| op_of(&logged.edit)).ok_or(if back { Error::NothingToUndo } else { Error::NothingToRedo })?;
        let step = if back { open.journal.undo(plan) } else { open.journal.redo(plan) };
        let step = step.ok_or(Error::NothingToUndo)?;
        let before = open.desk.balance();
        let outcome = open.desk.outcome_of(step.patch.clone());
        commit_step(&mut session, service, what, step).await?;
        let open = session.open(&service.store, plan).await?;
        let step = open.steps.back().ok_or(Error::NothingToUndo)?;
        let answer = Answer::of(open, step, &op, &outcome, before, false);
        let short = json!({"number": answer.number, "revision": answer.revision, "merged": false, "op": op, "replayed": true});
        service.replies.keep(&request, &Reply::new(StatusCode::OK, revision_tag(answer.revision), &short)?);
        Ok(tagged(StatusCode::OK, &revision_tag(answer.revision), &answer))
    })
}

/// The log of a draft, page by page, the newest first.
#[utoipa::path(get, path = "/api/streets/{street}/plans/{plan}/edits", tag = "plans",
    params(("street" = String, Path), ("plan" = u32, Path),
        ("limit" = Option<usize>, Query, description = "1 to 1000 lines, 100 by default", minimum = 1, maximum = 1000),
        ("before" = Option<u32>, Query, description = "Lines with smaller numbers only: `next` of the page before")),
    responses((status = 200, body = Log)))]
pub async fn get_log(State(service): State<Arc<Service>>, Path((street, plan)): PlanPath, params: Params) -> Result<Json<Log>, Error> {
    let params = params.only(&["limit", "before"])?;
    let limit = params.count("limit", 100, 1..=1000)?;
    let before = params.count("before", usize::MAX, 0..=usize::MAX)?;
    let mut session = service.desks.open(&service.store, &street_code(&street)?).await?;
    let open = session.open(&service.store, PlanId(plan)).await?;
    let mut lines = open.journal.lines().rev().filter(|edit| (edit.number as usize) < before);
    let edits: Vec<LogLine> = lines.by_ref().take(limit).map(LogLine::of).collect();
    let next = lines.next().and(edits.last()).map(|line| line.number);
    Ok(Json(Log { edits, next }))
}
