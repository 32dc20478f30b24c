//! One street: load, draw, commit.

use std::sync::Arc;

use anyhow::bail;
use jiff::Timestamp;
use wangge::{
    import::{Enclosure, rules},
    model::{Change, ChangeSet, Code, Plan, PlanId, Rules, StreetData},
    plan, store,
};

use super::{Entry, again::Again, outcome::Planned, wishes::Wishes};
use crate::command::{
    load_street,
    output::tell,
    signal::{Interrupted, Stop},
    today,
};

/// How often a street is planned when somebody else is changing it.
const TRIES: usize = 3;

/// What is done to each street.
pub struct Job {
    pub wishes: Wishes,
    pub rules: Rules,
    pub again: Again,
    pub entry: Entry,
    pub stop: Stop,
}

/// Plans a street and stores the plan in one transaction. Nothing of the street is held afterwards.
///
/// # Errors
/// The planner's and the store's; [`Interrupted`] when it was told to stop, and then nothing is stored.
pub async fn plan_street(
    store: &dyn store::Store,
    code: &Code,
    job: &Arc<Job>,
    watch: impl Fn(&str, f64) -> bool + Send + Sync + 'static,
) -> anyhow::Result<Planned> {
    let watch = Arc::new(watch);
    for _ in 0..TRIES {
        let street = load_street(store, code).await?;
        let expected = street.version;
        let (own_code, job, watch) = (code.clone(), job.clone(), watch.clone());
        // The planner computes for long, and signals are to be heard meanwhile.
        let (set, planned) = tokio::task::spawn_blocking(move || draw(&own_code, &street, &job, watch.as_ref())).await??;
        match store.commit(expected, &set).await {
            Ok(_) => return Ok(planned),
            Err(store::Error::Conflict { .. }) => tell(&format!("street {code} was changed in the meantime; planning it again")),
            Err(error) => return Err(error.into()),
        }
    }
    bail!("street {code} was changed {TRIES} times while it was being planned; run this again when imports are done")
}

/// The plan as the change that enters it.
fn draw(code: &Code, street: &StreetData, job: &Job, watch: &plan::Watch<'_>) -> anyhow::Result<(ChangeSet, Planned)> {
    let own_rules = match street.street() {
        Some(area) if !job.rules.is_empty() => rules::within(&job.rules, &Enclosure::new(area.boundary.clone())),
        _ => Rules::default(),
    };
    let base = job.again.base(code, street)?;
    let request = job.wishes.request(code, base.as_ref().map(|(base, _)| *base), own_rules);
    let registration = job.entry.registration(street);
    tracing::debug!(street = %code, households = street.households.len(), "planning begins");
    let drawn = match base {
        Some((base, selection)) => plan::replan(street, base, &selection, &request, registration, watch),
        None => plan::plan(street, &request, registration, watch),
    };
    // A stop that came after the planner's last look is none too late as long as nothing is stored.
    let (new, warnings) = match drawn {
        Err(plan::Error::Cancelled) => return Err(interrupted()),
        _ if job.stop.is_asked() => return Err(interrupted()),
        drawn => drawn?,
    };
    let set = book(code, street, new);
    let Some(Change::PutPlan(new)) = set.changes.last() else { bail!("the plan was not entered") };
    let planned = Planned::new(code, street, new, warnings, request.rules);
    Ok((set, planned))
}

/// What a command says and ends with when it is told to stop before anything is stored.
pub fn interrupted() -> anyhow::Error {
    Interrupted(plan::Error::Cancelled.to_string()).into()
}

impl Entry {
    /// The next plan of the street.
    fn registration(&self, street: &StreetData) -> plan::Registration {
        let id = PlanId(street.plans.iter().map(|p| p.id.0).max().unwrap_or(0) + 1);
        let now = Timestamp::now();
        plan::Registration {
            id,
            name: self.name.clone().unwrap_or_else(|| format!("plan {}", id.0)),
            owner: None,
            now,
            publish_from: self.publish.then(|| self.valid_from.unwrap_or_else(|| today(now))),
        }
    }
}

/// The change that enters the plan and shortens the ones it follows.
pub fn book(code: &Code, street: &StreetData, new: Plan) -> ChangeSet {
    let changes = plan::enter(&street.plans, new).into_iter().map(|p| Change::PutPlan(Box::new(p))).collect();
    ChangeSet { street: code.clone(), what: "plan".into(), changes }
}
