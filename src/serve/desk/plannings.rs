//! Planning in the background: several wishes side by side, watched, stopped, one of them taken.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    edits::{self, body, is_draft, street_code},
    plans::{is_free, plan_name},
    replies::{Keyed, Reply, key, tagged},
    session::{Street, again},
    view::{PlanSummary, Position, revision_tag},
};
use crate::{
    geometry::Coverage,
    model::{Cell, Change, Code, MultiPolygon, Patch, Plan, PlanId},
    plan::{
        self, Registration, Request, Selection,
        desk::{Command, Given, Ground, Refusal, now},
    },
    serve::{Error, Problem, Service, params::Params},
};

/// Plannings under way at a time.
const MOST_RUNNING: usize = 2;
/// Plannings kept.
const MOST_KEPT: usize = 8;
/// How long one is kept.
const KEPT_FOR: Duration = Duration::from_secs(3600);
/// Wishes in one planning.
const MOST_VARIANTS: usize = 6;

/// What to vary.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Same street and seed, same plan.
    #[serde(default = "one")]
    pub seed: u64,
    /// What balance weighs beside shape, 0 to 1.
    #[serde(default = "half")]
    pub balance: f64,
}

fn one() -> u64 {
    1
}

fn half() -> f64 {
    0.5
}

/// What to plan.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Planning {
    /// A draft that the chosen result becomes a command of.
    pub into: Option<u32>,
    /// The plan to draw again; absent: a new one from scratch.
    pub base: Option<u32>,
    /// With `into` or `base`: cells, or communities with all their cells; none: all that are not locked.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub codes: Vec<Code>,
    /// Number of cells of the whole street.
    pub cells: Option<usize>,
    /// Number of communities, for a plan from scratch.
    pub communities: Option<usize>,
    /// Price of moving a cell's worth of households.
    pub churn: Option<f64>,
    /// One to six.
    pub variants: Vec<Variant>,
}

/// The number of a planning.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    /// Its number.
    pub id: String,
}

/// How good a plan is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResultScore {
    /// Largest deviation, as a share.
    pub largest: f64,
    /// Mean deviation, as a share.
    pub average: f64,
    /// Polsby-Popper, mean.
    pub compactness_mean: f64,
    /// Polsby-Popper, least.
    pub compactness_min: f64,
    /// Share of the inner boundary that runs along streets, rivers and railways.
    pub along_share: f64,
    /// Cells.
    pub cells: usize,
    /// Groups.
    pub groups: usize,
}

/// A cell of a result.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResultCell {
    /// Code.
    pub code: String,
    /// Households.
    pub households: usize,
    /// Coordinates of a GeoJSON MultiPolygon.
    #[schema(value_type = Vec<Vec<Vec<[f64; 2]>>>)]
    pub geometry: Vec<Vec<Vec<Position>>>,
}

/// One wish and what came of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VariantResult {
    /// Place among the wishes, from 0.
    pub n: usize,
    /// Seed.
    pub seed: u64,
    /// What balance weighs.
    pub balance_wish: f64,
    /// What is being done.
    pub stage: String,
    /// 0 to 1.
    pub progress: f64,
    /// Whether it has ended.
    pub done: bool,
    /// Why there is no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How good it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<ResultScore>,
    /// What it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<Vec<ResultCell>>,
}

impl VariantResult {
    fn waiting(n: usize, variant: &Variant) -> Self {
        Self {
            n,
            seed: variant.seed,
            balance_wish: variant.balance,
            stage: "waiting".into(),
            progress: 0.0,
            done: false,
            error: None,
            score: None,
            cells: None,
        }
    }
}

/// How a planning stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanningView {
    /// Its number.
    pub id: String,
    /// running, done, cancelled, failed.
    pub state: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// In the order of the wishes.
    pub results: Vec<VariantResult>,
}

/// Which result to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// Place among the wishes.
    pub n: usize,
    /// What the new draft is called; needed unless the result goes into a draft.
    pub name: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
}

/// A planning.
struct Job {
    id: String,
    street: Code,
    wish: Planning,
    /// The revision of the draft that was drawn again.
    revision: Option<u32>,
    since: Instant,
    stop: AtomicBool,
    running: AtomicU32,
    results: Mutex<Vec<(VariantResult, Option<Plan>)>>,
}

/// Plannings of late.
#[derive(Default)]
pub struct Plannings {
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Plannings {
    fn find(&self, street: &str, id: &str) -> Result<Arc<Job>, Error> {
        let jobs = locked(&self.jobs);
        let found = jobs.iter().find(|job| job.id == id && job.street.as_str() == street);
        found.cloned().ok_or_else(|| Error::NoSuchPlanning(id.to_owned()))
    }

    fn start(&self, job: &Arc<Job>) -> Result<(), Error> {
        let mut jobs = locked(&self.jobs);
        jobs.retain(|job| job.since.elapsed() < KEPT_FOR || job.is_running());
        if jobs.iter().filter(|job| job.is_running()).count() >= MOST_RUNNING {
            return Err(Error::TooManyPlannings(MOST_RUNNING));
        }
        jobs.push_back(job.clone());
        if jobs.len() > MOST_KEPT
            && let Some(oldest) = jobs.iter().position(|job| !job.is_running())
        {
            jobs.remove(oldest);
        }
        Ok(())
    }
}

impl Job {
    fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire) > 0
    }

    fn view(&self) -> PlanningView {
        let results: Vec<VariantResult> = locked(&self.results).iter().map(|(result, _)| result.clone()).collect();
        let failed = results.iter().all(|r| r.error.is_some());
        let state = match () {
            // Told to stop with all results there, it had ended before it heard of it.
            () if self.stop.load(Ordering::Relaxed) && results.iter().any(|r| r.score.is_none()) => "cancelled",
            () if self.is_running() => "running",
            () if failed => "failed",
            () => "done",
        };
        let error = results.iter().find_map(|r| r.error.clone()).filter(|_| failed);
        PlanningView { id: self.id.clone(), state: state.into(), error, results }
    }

    /// Stops what is still being drawn; what has ended stays as it is.
    fn cancel(&self) {
        if self.is_running() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Draws all wishes, one after the other: planning uses all cores by itself. One that breaks down does not take the others along.
    fn work(&self, draw: impl Fn(usize)) {
        for n in 0..self.wish.variants.len() {
            let ended = Ended { job: self, n };
            // What a broken wish leaves behind is its own result, and that is marked as failed.
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| draw(n))).is_err() {
                tracing::error!(planning = %self.id, wish = n, "planning broke down");
            }
            drop(ended);
        }
    }

    /// Draws one wish.
    fn draw(&self, n: usize, ground: &Ground, from: &Start) {
        let street = ground.street();
        let variant = self.wish.variants[n];
        let watch = |stage: &str, share: f64| {
            if let Some((result, _)) = locked(&self.results).get_mut(n) {
                // Planning tells from several threads; what is behind is not told again.
                if result.stage != stage {
                    stage.clone_into(&mut result.stage);
                    result.progress = share;
                }
                result.progress = result.progress.max(share);
            }
            !self.stop.load(Ordering::Relaxed)
        };
        let request = Request {
            cells: self.wish.cells,
            communities: self.wish.communities,
            balance: variant.balance.clamp(0.0, 1.0),
            seed: variant.seed,
            ..Request::default()
        };
        let registration = Registration { id: PlanId(0), name: String::new(), owner: None, now: now(), publish_from: None };
        let drawn = match from {
            Start::Base(base) => {
                let locked = base.cells.iter().filter(|c| c.locked).map(|c| c.code.clone()).collect();
                let churn = self.wish.churn.unwrap_or(1.0).max(0.0);
                let selection = Selection { codes: self.wish.codes.clone(), locked, churn, used: ground.used_codes() };
                plan::replan(ground.street(), base, &selection, &request, registration, &watch)
            }
            Start::Scratch { before } => {
                let drawn = plan::plan(street, &request, registration, &watch);
                drawn.and_then(|(plan, warnings)| Ok((lasting(ground, plan, before.as_deref())?, warnings)))
            }
        };
        let drawn = drawn.map(|(plan, _)| {
            let score = plan::score(street, &plan, request.group_size);
            let shape = score.shape.polsby_popper;
            let result = ResultScore {
                largest: score.balance.max_deviation_pct.0 / 100.0,
                average: score.balance.mean_deviation_pct.0 / 100.0,
                compactness_mean: shape.as_ref().map_or(0.0, |s| s.mean.0),
                compactness_min: shape.as_ref().map_or(0.0, |s| s.min.0),
                along_share: score.lines.along_lines_share.0,
                cells: plan.cells.len(),
                groups: plan.groups.len(),
            };
            let cells = pictured(&plan);
            (plan, result, cells)
        });
        if let Some((result, kept)) = locked(&self.results).get_mut(n) {
            result.done = true;
            result.progress = 1.0;
            match drawn {
                Ok((plan, score, cells)) => {
                    (result.score, result.cells) = (Some(score), Some(cells));
                    *kept = Some(plan);
                }
                Err(error) => result.error = Some(error.to_string()),
            }
        }
    }
}

/// A wish that is being drawn, and has ended with this, however it ended.
struct Ended<'a> {
    job: &'a Job,
    n: usize,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        if let Some((result, _)) = locked(&self.job.results).get_mut(self.n).filter(|(result, _)| !result.done) {
            result.done = true;
            result.error = Some("the planner broke down; the server's log says where".into());
        }
        self.job.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What is drawn anew, and from what.
enum Start {
    /// A plan, within a selection.
    Base(Box<Plan>),
    /// Nothing.
    Scratch {
        /// The plan whose codes go on.
        before: Option<Box<Plan>>,
    },
}

/// A plan from scratch among the plans the street has had.
fn lasting(ground: &Ground, drawn: Plan, before: Option<&Plan>) -> Result<Plan, plan::Error> {
    let used = ground.used_codes().into_iter().collect();
    plan::with_lasting_codes(ground.street(), drawn, before, &used, &Request::default())
}

/// The same as it enters: other plans may have come since it was drawn.
async fn entering(session: &Street, drawn: Plan, today: Date) -> Result<Plan, Error> {
    let (ground, before) = (session.ground()?.clone(), plan::before(session.plans()?, today).cloned());
    let entering = tokio::task::spawn_blocking(move || lasting(&ground, drawn, before.as_ref())).await?;
    entering.map_err(|error| Refusal::new("bad_code", error.to_string()).into())
}

fn pictured(plan: &Plan) -> Vec<ResultCell> {
    let shapes: Vec<MultiPolygon> = plan.blocks.iter().map(|b| b.outline.clone().into()).collect();
    let labels: Vec<u32> = plan.blocks.iter().map(|b| b.cell).collect();
    let outlines = Coverage::from_polygons(&shapes).map(|c| c.dissolve(&labels, plan.cells.len() as u32).outlines()).unwrap_or_default();
    let households = |cell: &Cell| plan.groups.iter().filter(|g| g.code.is_within(&cell.code)).map(|g| g.members.len()).sum();
    let rings = |part: &crate::model::Polygon| part.rings().map(|r| r.iter().map(|p| [p.lon(), p.lat()]).collect()).collect();
    plan.cells
        .iter()
        .zip(&outlines)
        .map(|(cell, outline)| ResultCell {
            code: cell.code.to_string(),
            households: households(cell),
            geometry: outline.0.iter().map(rings).collect(),
        })
        .collect()
}

/// Begins to plan.
#[utoipa::path(post, path = "/api/streets/{street}/plannings", tag = "plans", params(("street" = String, Path)), request_body = Planning,
    responses((status = 202, body = Started), (status = 429, description = "too_many_plannings", body = Problem, content_type = "application/problem+json")))]
pub async fn post_planning(
    State(service): State<Arc<Service>>,
    Path(street): Path<String>,
    params: Params,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Error> {
    params.only(&[])?;
    let (code, wish): (_, Planning) = (street_code(&street)?, body(&headers, &bytes)?);
    if !(1..=MOST_VARIANTS).contains(&wish.variants.len()) {
        return Err(Error::BadBody(format!("give 1 to {MOST_VARIANTS} variants")));
    }
    let session = service.desks.open(&service.store, &code).await?;
    let base = wish.into.or(wish.base).map(|id| session.plan(PlanId(id)).cloned()).transpose()?;
    if let (Some(_), Some(base)) = (wish.into, &base) {
        is_draft(base.state)?;
    }
    let ground = session.ground()?.clone();
    let revision = base.as_ref().map(|plan| plan.revision);
    let from = match base {
        Some(base) => Start::Base(Box::new(base)),
        None => Start::Scratch { before: plan::before(session.plans()?, service.today()).cloned().map(Box::new) },
    };
    drop(session);
    let results = wish.variants.iter().enumerate().map(|(n, variant)| VariantResult::waiting(n, variant));
    let job = Arc::new(Job {
        id: Uuid::now_v7().to_string(),
        street: code,
        revision,
        since: Instant::now(),
        stop: AtomicBool::new(false),
        running: AtomicU32::new(wish.variants.len() as u32),
        results: Mutex::new(results.map(|r| (r, None)).collect()),
        wish,
    });
    service.plannings.start(&job)?;
    let started = Started { id: job.id.clone() };
    tokio::task::spawn_blocking(move || job.work(|n| job.draw(n, &ground, &from)));
    Ok((StatusCode::ACCEPTED, Json(started)).into_response())
}

/// How a planning stands.
#[utoipa::path(get, path = "/api/streets/{street}/plannings/{planning}", tag = "plans", params(("street" = String, Path), ("planning" = String, Path)),
    responses((status = 200, body = PlanningView), (status = 404, description = "no_such_planning", body = Problem, content_type = "application/problem+json")))]
pub async fn get_planning(
    State(service): State<Arc<Service>>,
    Path((street, id)): Path<(String, String)>,
    params: Params,
) -> Result<Json<PlanningView>, Error> {
    params.only(&[])?;
    Ok(Json(service.plannings.find(&street, &id)?.view()))
}

/// Stops a planning. One that has ended stays as it is.
#[utoipa::path(delete, path = "/api/streets/{street}/plannings/{planning}", tag = "plans", params(("street" = String, Path), ("planning" = String, Path)),
    responses((status = 204, description = "It stops, or has ended")))]
pub async fn delete_planning(
    State(service): State<Arc<Service>>,
    Path((street, id)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Error> {
    params.only(&[])?;
    service.plannings.find(&street, &id)?.cancel();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes a result: as a new draft, or as a command of the draft it was made for.
#[utoipa::path(post, path = "/api/streets/{street}/plannings/{planning}/adopt", tag = "plans",
    params(("street" = String, Path), ("planning" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key is done once. A new draft is answered again, the last 1000 of a street while the server runs; a command into a draft in short, for good")), request_body = Adoption,
    responses((status = 201, body = PlanSummary), (status = 200, body = super::view::Answer),
        (status = 412, description = "stale: the draft has changed since it was drawn again", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "no_result, name_taken", body = Problem, content_type = "application/problem+json")))]
pub async fn adopt(
    State(service): State<Arc<Service>>,
    Path((street, id)): Path<(String, String)>,
    params: Params,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Error> {
    params.only(&[])?;
    let wish: Adoption = body(&headers, &bytes)?;
    let (request, key) = (Keyed::of(&headers, &street_code(&street)?, format!("adopt {id}"))?, key(&headers)?);
    // Also when the planning itself is forgotten.
    if let Some(reply) = service.replies.find(&request) {
        return Ok(reply.into_response());
    }
    let job = service.plannings.find(&street, &id)?;
    let drawn = locked(&job.results).get(wish.n).and_then(|(_, plan)| plan.clone());
    let drawn = drawn.ok_or_else(|| Error::NoResult(format!("the planning has no result {}", wish.n)))?;
    let owner = wish.owner.as_deref().map(plan_name).transpose()?;
    let variant = job.wish.variants.get(wish.n).copied();
    if let Some(into) = job.wish.into {
        let id = PlanId(into);
        let command = Command::Replan {
            codes: job.wish.codes.clone(),
            cells: job.wish.cells,
            churn: job.wish.churn.unwrap_or(1.0),
            balance: variant.map(|v| v.balance),
            seed: variant.map(|v| v.seed),
        };
        let written = serde_json::to_value(&command).map_err(|error| Error::Internal(error.to_string()))?;
        let given = Given { command, written, who: owner, why: None };
        return again!(async {
            let mut session = service.desks.open(&service.store, &job.street).await?;
            let open = session.open(&service.store, id).await?;
            if let Some(done) = key.as_deref().and_then(|key| open.journal.of_key(key)) {
                return Ok(edits::replayed(done));
            }
            is_draft(open.desk.plan().state)?;
            // What others have done to the draft since would be undone.
            if let Some(known) = job.revision.filter(|known| *known != open.desk.plan().revision) {
                return Err(edits::stale(&session, id, known));
            }
            let open = session.open(&service.store, id).await?;
            let patch = Patch::between(open.desk.plan(), &drawn);
            if patch.is_empty() {
                return Err(Refusal::new("nothing_changes", "that is how it is already").into());
            }
            let outcome = open.desk.outcome_of(patch);
            let answer = edits::done(&mut session, &service, id, &given, key.clone(), &outcome, false).await?;
            Ok(tagged(StatusCode::OK, &revision_tag(answer.revision), &answer))
        });
    }
    let name = plan_name(wish.name.as_deref().unwrap_or_default())?;
    again!(async {
        let mut session = service.desks.open(&service.store, &job.street).await?;
        if let Some(reply) = service.replies.find(&request) {
            return Ok(reply.into_response());
        }
        is_free(&session, &name, None)?;
        let number = session.plans()?.iter().map(|p| p.id.0).max().unwrap_or(0) + 1;
        let entered = match job.wish.base {
            Some(_) => drawn.clone(),
            None => entering(&session, drawn.clone(), service.today()).await?,
        };
        let draft = Plan {
            id: PlanId(number),
            name: name.clone(),
            owner: owner.clone(),
            base: job.wish.base.map(PlanId),
            created_at: now(),
            ..entered
        };
        let summary = PlanSummary::of(&draft, service.today());
        session.commit(&service.store, "plan", vec![Change::PutPlan(Box::new(draft))]).await?;
        let reply = Reply::new(StatusCode::CREATED, &summary.tag, &summary)?;
        service.replies.keep(&request, &reply);
        Ok(reply.into_response())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(wishes: usize) -> Job {
        let variants: Vec<Variant> = (1..).map(|seed| Variant { seed, balance: 0.5 }).take(wishes).collect();
        let waiting = variants.iter().enumerate().map(|(n, v)| (VariantResult::waiting(n, v), None));
        Job {
            id: "planning".into(),
            street: Code::new("520201011").unwrap(),
            revision: None,
            since: Instant::now(),
            stop: AtomicBool::new(false),
            running: AtomicU32::new(wishes as u32),
            results: Mutex::new(waiting.collect()),
            wish: Planning { into: None, base: None, codes: vec![], cells: None, communities: None, churn: None, variants },
        }
    }

    fn succeed(job: &Job, n: usize) {
        let score =
            ResultScore { largest: 0.0, average: 0.0, compactness_mean: 0.0, compactness_min: 0.0, along_share: 0.0, cells: 1, groups: 1 };
        let result = &mut locked(&job.results)[n].0;
        (result.done, result.score) = (true, Some(score));
    }

    #[test]
    fn a_wish_that_breaks_down_ends_and_takes_no_other_along() {
        let (plannings, job) = (Plannings::default(), Arc::new(job(3)));
        plannings.start(&job).unwrap();
        job.work(|n| {
            assert_ne!(n, 1, "breaks down");
            succeed(&job, n);
        });
        let view = job.view();
        assert_eq!((view.state.as_str(), job.is_running()), ("done", false));
        let errors: Vec<bool> = view.results.iter().map(|r| r.done && r.error.is_some()).collect();
        assert_eq!(errors, [false, true, false]);
        // Broken down while what it tells of was being written, too.
        let other = Arc::new(self::job(1));
        plannings.start(&other).unwrap();
        other.work(|_| {
            let _held = locked(&other.results);
            panic!("breaks down");
        });
        assert_eq!((other.view().state.as_str(), other.is_running()), ("failed", false));
        // Both places are free again.
        plannings.start(&Arc::new(self::job(1))).unwrap();
        plannings.start(&Arc::new(self::job(1))).unwrap();
        assert!(plannings.start(&Arc::new(self::job(1))).is_err());
    }

    #[test]
    fn stopping_what_has_ended_changes_nothing() {
        let ended = job(1);
        ended.work(|n| succeed(&ended, n));
        ended.cancel();
        assert_eq!(ended.view().state, "done");
        let running = job(2);
        running.work(|n| {
            if n == 0 {
                running.cancel();
                succeed(&running, n);
            }
        });
        assert_eq!(running.view().state, "cancelled");
        // Told with the last stroke.
        let late = job(1);
        late.work(|n| {
            late.cancel();
            succeed(&late, n);
        });
        assert_eq!(late.view().state, "done");
    }
}
