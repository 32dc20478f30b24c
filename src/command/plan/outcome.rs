//! What became of a street, in words, as a row and as JSON.

use anyhow::Context;
use jiff::civil::Date;
use serde::Serialize;
use wangge::{
    import::rules,
    model::{Code, Plan, PlanId, PlanState, Rules, StreetData},
    plan,
};

use crate::command::output::{print, tell};

/// A plan that is stored.
#[derive(Serialize)]
pub struct Planned {
    pub street_code: Code,
    pub street_name: String,
    pub plan: PlanId,
    name: String,
    pub state: PlanState,
    valid_from: Option<Date>,
    valid_to: Option<Date>,
    pub blocks: usize,
    pub communities: usize,
    pub cells: usize,
    pub groups: usize,
    pub households: usize,
    estimated: bool,
    pub warnings: Vec<Warning>,
    /// The rules that have a place in the street.
    #[serde(skip)]
    pub rules: Rules,
}

/// What the planner noticed.
#[derive(Serialize)]
pub struct Warning {
    code: &'static str,
    pub message: String,
}

impl Planned {
    /// The facts of a street and its new plan.
    pub fn new(code: &Code, street: &StreetData, new: &Plan, warnings: Vec<plan::Warning>, rules: Rules) -> Self {
        Self {
            street_code: code.clone(),
            street_name: street.street().map(|area| area.name.clone()).unwrap_or_default(),
            plan: new.id,
            name: new.name.clone(),
            state: new.state,
            valid_from: new.valid_from,
            valid_to: new.valid_to,
            blocks: new.blocks.len(),
            communities: new.communities.len(),
            cells: new.cells.len(),
            groups: new.groups.len(),
            households: street.households.len(),
            estimated: new.estimated,
            warnings: warnings.into_iter().map(|plan::Warning { code, message }| Warning { code, message }).collect(),
            rules,
        }
    }
}

/// Reports the one street that was asked for.
///
/// # Errors
/// When it cannot be printed.
pub fn report(planned: &Planned, asked: &Rules, json: bool) -> anyhow::Result<()> {
    let Planned { street_code, plan, communities, cells, groups, blocks, households, .. } = planned;
    for rule in rules::unused(asked, std::slice::from_ref(&planned.rules)) {
        tell(&format!("warning: rule {rule:?} lies outside street {street_code} and was left aside"));
    }
    for warning in &planned.warnings {
        tell(&format!("warning: {}", warning.message));
    }
    let text = if json {
        serde_json::to_string_pretty(planned)? + "\n"
    } else {
        let estimated = if planned.estimated { " (estimated)" } else { "" };
        let published = match (planned.valid_from, planned.valid_to) {
            (Some(day), None) => format!("published, in force from {day}"),
            (Some(day), Some(end)) => format!("published, in force from {day} until {end}, when a plan published before follows"),
            (None, _) => "a draft; add --publish to put a plan in force".to_owned(),
        };
        format!(
            "plan {} of street {street_code}: {communities} communities, {cells} cells, {groups} groups from {blocks} blocks and \
             {households} households{estimated}\n{published}\n",
            plan.0
        )
    };
    print(&text).with_context(|| format!("plan {} is stored, but this could not be said", plan.0))
}
