//! Cells drawn again by the planner.

use super::{Desk, Outcome, Refusal, sketch::refused};
use crate::{
    model::{Code, Patch},
    plan::{Registration, Request, Selection, Watch, replan},
};

/// What is asked for.
pub struct Wish<'a> {
    pub codes: &'a [Code],
    pub cells: Option<usize>,
    pub churn: f64,
    pub balance: Option<f64>,
    pub seed: Option<u64>,
}

/// Draws a selection again.
pub fn again(desk: &Desk, wish: &Wish<'_>, watch: &Watch<'_>) -> Result<Outcome, Refusal> {
    let locked = desk.plan.cells.iter().filter(|c| c.locked).map(|c| c.code.clone()).collect();
    let selection = Selection { codes: wish.codes.to_vec(), locked, churn: wish.churn.max(0.0), used: desk.ground.used_codes() };
    let request = Request {
        cells: wish.cells,
        balance: wish.balance.unwrap_or(Request::default().balance).clamp(0.0, 1.0),
        seed: wish.seed.unwrap_or(1),
        ..Request::default()
    };
    let plan = &desk.plan;
    let registration = Registration {
        id: plan.id,
        name: plan.name.clone(),
        owner: plan.owner.clone(),
        now: plan.created_at,
        publish_from: plan.valid_from,
    };
    let (new, warnings) = replan(&desk.ground.street, plan, &selection, &request, registration, watch)
        .map_err(|error| refused(&error).about(&selection.codes))?;
    let patch = Patch::between(plan, &new);
    if patch.is_empty() {
        return Err(Refusal::new("nothing_changes", "the planner finds nothing better").about(&selection.codes));
    }
    Ok(Outcome::of(desk, patch, warnings))
}
