//! Cells drawn again by the planner.

use super::{Desk, Outcome, Refusal, sketch::refused, words::checked_name};
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
    let selection = Selection { codes: wish.codes.to_vec(), locked, churn: wish.churn.max(0.0) };
    let request = Request {
        cells: wish.cells,
        balance: wish.balance.unwrap_or(Request::default().balance).clamp(0.0, 1.0),
        seed: wish.seed.unwrap_or(1),
        ..Request::default()
    };
    drawn(desk, &selection, &request, watch)
}

fn drawn(desk: &Desk, selection: &Selection, request: &Request, watch: &Watch<'_>) -> Result<Outcome, Refusal> {
    let plan = &desk.plan;
    let registration = Registration {
        id: plan.id,
        name: plan.name.clone(),
        owner: plan.owner.clone(),
        now: plan.created_at,
        publish_from: plan.valid_from,
    };
    let (new, warnings) = replan(&desk.ground.street, plan, selection, request, registration, watch)
        .map_err(|error| refused(&error).about(&selection.codes))?;
    let patch = Patch::between(plan, &new);
    if patch.is_empty() {
        return Err(Refusal::new("nothing_changes", "the planner finds nothing better").about(&selection.codes));
    }
    Ok(Outcome::of(desk, patch, warnings))
}

/// Makes two cells of one.
pub fn halve(desk: &Desk, cell: &Code, name: Option<&str>, watch: &Watch<'_>) -> Result<Outcome, Refusal> {
    let found = desk.cell(cell)?;
    if found.locked {
        return Err(Refusal::new("locked", format!("{cell} is locked; unlock it first")).at(desk.centre_of(cell)).about([cell]));
    }
    let name = name.map(checked_name).transpose()?;
    let cannot =
        |why: &str| Refusal::new("cannot_halve", format!("cell {cell} cannot be halved: {why}")).at(desk.centre_of(cell)).about([cell]);
    if desk.blocks_of(cell).len() < 2 {
        return Err(cannot("it has one block only; split it by a line that cuts the block"));
    }
    let selection = Selection { codes: vec![cell.clone()], locked: Vec::new(), churn: 0.0 };
    let request = Request { cells: Some(desk.plan.cells.len() + 1), ..Request::default() };
    let mut outcome = drawn(desk, &selection, &request, watch).map_err(|refusal| match refusal.reason {
        "too_many" | "nothing_changes" => cannot("its blocks do not make two parts"),
        "locked" => cannot("a dedicated cell stays whole"),
        _ => refusal,
    })?;
    if let Some(name) = name {
        let new = outcome.patch.cells.iter_mut().filter(|s| s.before.is_none()).find_map(|s| s.after.as_mut());
        new.into_iter().for_each(|cell| cell.name.clone_from(&name));
    }
    Ok(outcome)
}
