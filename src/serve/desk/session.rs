//! Streets laid open for those who work on their plans.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::view::Answer;
use crate::{
    model::{Change, ChangeSet, Code, LogChange, Mismatch, Patch, Plan, PlanEdit, PlanId, PlanState, StreetData, Version},
    plan::desk::{Desk, Ground, Journal, Outcome, Refusal},
    serve::Error,
    store::Store,
};

/// Streets kept open at a time; the one that was asked for longest ago goes first.
const STREETS: usize = 4;
/// Plans of a street kept laid open at a time.
const PLANS: usize = 6;
/// Steps of a draft that those who were away for a moment can catch up with.
const STEPS: usize = 200;
/// Reports of a month are figures of a year: so long they may be those of when the street was laid open.
const REPORTS_FRESH: Duration = Duration::from_secs(600);
/// A commit is tried again so often when somebody else's came first.
pub const TRIES: usize = 5;

/// The streets that are open.
#[derive(Default)]
pub struct Desks {
    /// When a draft was changed last.
    last_step: std::sync::Mutex<Option<Instant>>,
    streets: Mutex<Vec<(Code, Arc<Mutex<Street>>)>>,
}

impl Desks {
    /// Whether a draft was changed within this time.
    pub fn is_busy(&self, within: Duration) -> bool {
        let last = *self.last_step.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < within)
    }

    /// A draft was changed.
    pub fn stepped(&self) {
        *self.last_step.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Instant::now());
    }

    /// A street as the store has it, for one at a time.
    pub async fn open(&self, store: &Arc<dyn Store>, code: &Code) -> Result<OwnedMutexGuard<Street>, Error> {
        let street = {
            let mut streets = self.streets.lock().await;
            let found = streets.iter().position(|(other, _)| other == code).map(|i| streets.remove(i));
            // A place is given to streets that there are.
            if found.is_none() && !store.versions().await?.contains_key(code) {
                return Err(Error::NoSuchStreet(code.to_string()));
            }
            let entry = found.unwrap_or_else(|| (code.clone(), Arc::default()));
            let street = entry.1.clone();
            streets.push(entry);
            if streets.len() > STREETS {
                streets.remove(0);
            }
            street
        };
        let mut street = street.lock_owned().await;
        street.forget_trials();
        street.catch_up(store, code).await?;
        Ok(street)
    }
}

/// A step of a draft, for those who look on.
#[derive(Clone, Debug)]
pub struct Step {
    /// The draft's revision after it.
    pub revision: u32,
    /// The line of the log it is about.
    pub number: u32,
    /// Cells and communities whose ground, groups or words changed.
    pub touched: BTreeSet<Code>,
    /// The same and those whose figures changed with them.
    pub near: Vec<Code>,
    /// Blocks that came, went or changed.
    pub blocks: Vec<u32>,
    /// Communities came, went or changed.
    pub communities: bool,
}

impl Step {
    /// Applies a patch to a plan and says what that did; the plan's revision is the caller's affair.
    fn make(desk: &mut Desk, patch: &Patch, number: u32) -> Result<Self, Mismatch> {
        let touched = desk.touched_by(patch);
        let near = desk.apply(patch)?;
        let blocks = patch.blocks.iter().map(|b| b.id).collect();
        Ok(Self { revision: desk.plan().revision, number, touched, near, blocks, communities: !patch.communities.is_empty() })
    }
}

/// A plan laid open.
pub struct Open {
    /// The plan.
    pub desk: Desk,
    /// Its log.
    pub journal: Journal,
    /// What happened last.
    pub steps: VecDeque<Step>,
    /// Something is tried on it that is not taken back yet.
    on_trial: bool,
}

/// An open street.
#[derive(Default)]
pub struct Street {
    /// What is known of it.
    loaded: Option<Loaded>,
}

struct Loaded {
    code: Code,
    version: Version,
    ground: Arc<Ground>,
    /// When it was laid open, ...
    since: Instant,
    /// ... and whether issues came or changed since.
    has_new_reports: bool,
    /// Plans that are not laid open.
    plans: BTreeMap<PlanId, Plan>,
    /// Those that are, the one asked for last at the end.
    open: Vec<(PlanId, Open)>,
}

impl Loaded {
    fn of(code: &Code, mut data: StreetData) -> Result<Self, Error> {
        let plans: BTreeMap<PlanId, Plan> = std::mem::take(&mut data.plans).into_iter().map(|p| (p.id, p)).collect();
        let version = data.version;
        let ground = Arc::new(Ground::new(Arc::new(data), Timestamp::now()).map_err(Error::Refused)?);
        // All that drawing asks of other plans are the codes they have used.
        ground.use_codes(plans.values().flat_map(|p| &p.cells).map(|c| &c.code));
        Ok(Self { code: code.clone(), version, ground, since: Instant::now(), has_new_reports: false, plans, open: Vec::new() })
    }
}

impl Street {
    /// A trial that was broken off has left a plan as nobody made it: what is stored counts.
    fn forget_trials(&mut self) {
        if self.loaded.as_ref().is_some_and(|known| known.open.iter().any(|(_, open)| open.on_trial)) {
            self.loaded = None;
        }
    }

    fn loaded(&self) -> Result<&Loaded, Error> {
        self.loaded.as_ref().ok_or_else(|| Error::Internal("the street is not laid open".into()))
    }

    fn loaded_mut(&mut self) -> Result<&mut Loaded, Error> {
        self.loaded.as_mut().ok_or_else(|| Error::Internal("the street is not laid open".into()))
    }

    /// Brings what is in memory up to the store.
    async fn catch_up(&mut self, store: &Arc<dyn Store>, code: &Code) -> Result<(), Error> {
        let version = store.versions().await?.get(code).copied();
        let Some(version) = version else { return Err(Error::NoSuchStreet(code.to_string())) };
        if self.loaded.as_ref().is_some_and(|known| known.version == version) {
            return Ok(());
        }
        if let Some(known) = self.loaded.as_mut().filter(|known| known.since.elapsed() < REPORTS_FRESH || !known.has_new_reports)
            && let Some(delta) = store.load_delta(code, known.version).await?
            && delta
                .changes
                .iter()
                .all(|change| matches!(change, Change::PutPlan(_) | Change::DeletePlan(_) | Change::PutIssues(_) | Change::DeleteIssues(_)))
        {
            for change in delta.changes {
                match change {
                    Change::PutPlan(plan) => {
                        known.ground.use_codes(plan.cells.iter().map(|c| &c.code));
                        known.open.retain(|(id, _)| *id != plan.id);
                        known.plans.insert(plan.id, *plan);
                    }
                    Change::DeletePlan(id) => {
                        known.open.retain(|(other, _)| *other != id);
                        known.plans.remove(&id);
                    }
                    // Reports are counted when the street is laid open.
                    _ => known.has_new_reports = true,
                }
            }
            known.version = delta.version;
            return Ok(());
        }
        let data = store.load_street(code).await?.ok_or_else(|| Error::NoSuchStreet(code.to_string()))?;
        // What a draft has undone may be done again.
        let mut in_logs: Vec<Code> = Vec::new();
        for draft in data.plans.iter().filter(|p| p.state == PlanState::Draft) {
            let patches = store.load_edits(code, draft.id).await?.into_iter().map(|logged| logged.patch);
            in_logs.extend(patches.flat_map(|patch| patch.cells).filter_map(|swap| swap.after).map(|cell| cell.code));
        }
        let street = code.clone();
        let loaded = tokio::task::spawn_blocking(move || Loaded::of(&street, data)).await??;
        loaded.ground.use_codes(&in_logs);
        self.loaded = Some(loaded);
        Ok(())
    }

    /// The street's code.
    pub fn code(&self) -> Result<&Code, Error> {
        Ok(&self.loaded()?.code)
    }

    /// The street's revision.
    pub fn version(&self) -> Result<Version, Error> {
        Ok(self.loaded()?.version)
    }

    /// What its drafts stand on.
    pub fn ground(&self) -> Result<&Arc<Ground>, Error> {
        Ok(&self.loaded()?.ground)
    }

    /// Every plan, by number.
    pub fn plans(&self) -> Result<Vec<&Plan>, Error> {
        let loaded = self.loaded()?;
        let mut plans: Vec<&Plan> = loaded.plans.values().chain(loaded.open.iter().map(|(_, open)| open.desk.plan())).collect();
        plans.sort_by_key(|p| p.id);
        Ok(plans)
    }

    /// A plan.
    pub fn plan(&self, id: PlanId) -> Result<&Plan, Error> {
        let loaded = self.loaded()?;
        let open = loaded.open.iter().find(|(other, _)| *other == id).map(|(_, open)| open.desk.plan());
        open.or_else(|| loaded.plans.get(&id)).ok_or_else(|| Error::NoSuchPlan { street: loaded.code.to_string(), plan: id.0 })
    }

    /// Lays a plan open.
    pub async fn open(&mut self, store: &Arc<dyn Store>, id: PlanId) -> Result<&mut Open, Error> {
        self.plan(id)?;
        let loaded = self.loaded_mut()?;
        if let Some(place) = loaded.open.iter().position(|(other, _)| *other == id) {
            let entry = loaded.open.remove(place);
            loaded.open.push(entry);
        } else {
            let journal = Journal::new(store.load_edits(&loaded.code, id).await?);
            let (ground, plan) = (loaded.ground.clone(), loaded.plans.get(&id).cloned());
            let plan = plan.ok_or_else(|| Error::NoSuchPlan { street: loaded.code.to_string(), plan: id.0 })?;
            let desk = tokio::task::spawn_blocking(move || Desk::new(ground, plan)).await?;
            loaded.plans.remove(&id);
            loaded.open.push((id, Open { desk, journal, steps: VecDeque::new(), on_trial: false }));
            if loaded.open.len() > PLANS {
                let (id, open) = loaded.open.remove(0);
                loaded.plans.insert(id, open.desk.plan().clone());
            }
        }
        loaded.open.last_mut().map(|(_, open)| open).ok_or_else(|| Error::Internal("a plan that was laid open is not".into()))
    }

    /// A plan that is laid open already.
    pub fn opened(&self, id: PlanId) -> Option<&Open> {
        self.loaded.as_ref()?.open.iter().find(|(other, _)| *other == id).map(|(_, open)| open)
    }

    /// The same, to try something on.
    pub fn opened_mut(&mut self, id: PlanId) -> Option<&mut Open> {
        self.loaded.as_mut()?.open.iter_mut().find(|(other, _)| *other == id).map(|(_, open)| open)
    }

    /// Commits changes that were worked out from the street as it is here, and follows them.
    ///
    /// # Errors
    /// [`store::Error::Conflict`] when somebody else committed first; open the street again then.
    pub async fn commit(&mut self, store: &Arc<dyn Store>, what: &str, changes: Vec<Change>) -> Result<(), Error> {
        let (code, version) = (self.loaded()?.code.clone(), self.version()?);
        let set = ChangeSet { street: code, what: what.to_owned(), changes };
        let version = store.commit(version, &set).await?;
        let loaded = self.loaded_mut()?;
        loaded.version = version;
        for change in set.changes {
            match change {
                Change::EditPlan(edit) => {
                    if let Err(error) = loaded.follow(*edit) {
                        // What is stored counts; the street is laid open anew with the next request.
                        self.loaded = None;
                        return Err(error);
                    }
                }
                Change::SetValidity(id, validity) => {
                    let open = loaded.open.iter().position(|(other, _)| *other == id).map(|i| loaded.open.remove(i));
                    let plan = open.map(|(_, open)| open.desk.plan().clone()).or_else(|| loaded.plans.remove(&id));
                    if let Some(mut plan) = plan {
                        (plan.state, plan.valid_from, plan.valid_to) = (validity.state, validity.from, validity.to);
                        loaded.plans.insert(id, plan);
                    }
                }
                Change::PutPlan(plan) => {
                    loaded.ground.use_codes(plan.cells.iter().map(|c| &c.code));
                    loaded.open.retain(|(id, _)| *id != plan.id);
                    loaded.plans.insert(plan.id, *plan);
                }
                Change::DeletePlan(id) => {
                    loaded.open.retain(|(other, _)| *other != id);
                    loaded.plans.remove(&id);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Loaded {
    /// Does in memory what a step did in the store.
    fn follow(&mut self, edit: PlanEdit) -> Result<(), Error> {
        let open = self.open.iter_mut().find(|(id, _)| *id == edit.plan).map(|(_, open)| open);
        let Some(open) = open else { return Err(Error::Internal("a step of a plan that is not laid open".into())) };
        self.ground.use_codes(edit.patch.cells.iter().filter_map(|swap| swap.after.as_ref()).map(|cell| &cell.code));
        open.follow(edit.patch, edit.log)
    }
}

impl Open {
    fn follow(&mut self, patch: Patch, log: LogChange) -> Result<(), Error> {
        let number = match &log {
            LogChange::Append(edit) => edit.number,
            LogChange::Undone(number) | LogChange::Redone(number) => *number,
        };
        let step = Step::make(&mut self.desk, &patch, number).map_err(|error| Error::Internal(error.to_string()))?;
        self.steps.push_back(Step { revision: self.desk.step(), ..step });
        if self.steps.len() > STEPS {
            self.steps.pop_front();
        }
        self.journal.record(patch, log);
        Ok(())
    }

    /// What an outcome would make of the plan; it is as before afterwards.
    pub fn trying(&mut self, op: &str, outcome: &Outcome) -> Result<Answer, Error> {
        let before = self.desk.balance();
        self.on_trial = true;
        let failed = |error: Mismatch| Error::Internal(error.to_string());
        let step = Step::make(&mut self.desk, &outcome.patch, 0).map_err(failed)?;
        let answer = Answer::of(self, &step, op, outcome, before, false);
        self.desk.apply(&outcome.patch.clone().inverted()).map_err(failed)?;
        self.on_trial = false;
        Ok(answer)
    }

    /// The steps after a revision; `None` when they are not all known.
    pub fn since(&self, revision: u32) -> Option<Vec<&Step>> {
        let now = self.desk.plan().revision;
        let steps: Vec<&Step> = self.steps.iter().filter(|step| step.revision > revision).collect();
        (revision <= now && steps.len() as u32 == now - revision).then_some(steps)
    }

    /// Whether a change may be made by somebody who knows an older revision: what came since is about other cells.
    pub fn is_apart(&self, outcome: &Outcome, revision: u32) -> bool {
        let touched = self.desk.touched_by(&outcome.patch);
        self.since(revision).is_some_and(|steps| steps.iter().all(|step| step.touched.is_disjoint(&touched)))
    }
}

/// Tries something again while others commit first: an expression that makes a future of a result.
macro_rules! again {
    ($attempt:expr) => {{
        let mut left = $crate::serve::desk::session::TRIES;
        loop {
            left -= 1;
            match $attempt.await {
                Err($crate::serve::Error::Store($crate::store::Error::Conflict { .. })) if left > 0 => {}
                other => break other,
            }
        }
    }};
}
pub(super) use again;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
