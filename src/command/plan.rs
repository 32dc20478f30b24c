//! `wangge plan`.

use anyhow::Context;
use jiff::{Timestamp, civil::Date};
use wangge::{
    city::names,
    model::{Change, ChangeSet, Code, Community, Plan, PlanId, PlanState, StreetData},
    plan,
};

use super::{
    Database, load_street,
    output::{print, tell},
    progress::Progress,
    today,
};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The street to plan
    #[arg(long)]
    street: Code,
    /// Number of cells; overrides --cell-households
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    cells: Option<u32>,
    /// Households a cell should have
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    cell_households: u32,
    /// Allowed deviation of a cell from the mean, as a share
    #[arg(long, default_value_t = 0.1)]
    tolerance: f64,
    /// Number of communities; overrides --community-households
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    communities: Option<u32>,
    /// Households a community should have
    #[arg(long, value_name = "N", default_value_t = 3000, value_parser = clap::value_parser!(u32).range(1..))]
    community_households: u32,
    /// Households in a group; sizes run from two less to two more
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=50))]
    group_size: u32,
    /// Same input and seed, same plan
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Name of the plan; "plan N" when none is given
    #[arg(long)]
    name: Option<String>,
    /// Publish it; it supersedes the plan in force
    #[arg(long)]
    publish: bool,
    /// First day in force, with --publish; today when none is given
    #[arg(long, value_name = "DATE", requires = "publish")]
    from: Option<Date>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let store = args.database.open_existing().await?;
    let street = load_street(store.as_ref(), &args.street).await?;
    let (new, warnings) = draw(&street, &args)?;
    let set = book(&args.street, &street, new.clone());
    store.commit(street.version, &set).await?;
    store.close().await;
    report(&args, &street, &new, &warnings)
}

/// Plans the street, telling progress.
fn draw(street: &StreetData, args: &Args) -> anyhow::Result<(Plan, Vec<plan::Warning>)> {
    let id = PlanId(street.plans.iter().map(|p| p.id.0).max().unwrap_or(0) + 1);
    let request = plan::Request {
        cells: args.cells.map(|k| k as usize),
        cell_households: args.cell_households as usize,
        communities: args.communities.map(|k| k as usize),
        community_households: args.community_households as usize,
        tolerance: args.tolerance,
        group_size: args.group_size as usize,
        seed: args.seed,
        known_communities: names::communities_of(&args.street).into_iter().map(|(code, name)| Community { code, name }).collect(),
        ..plan::Request::default()
    };
    let now = Timestamp::now();
    let registration = plan::Registration {
        id,
        name: args.name.clone().unwrap_or_else(|| format!("plan {}", id.0)),
        now,
        publish_from: args.publish.then(|| args.from.unwrap_or_else(|| today(now))),
    };
    let progress = Progress::new();
    Ok(plan::plan(street, &request, registration, &|stage, share| progress.at(stage, share))?)
}

/// The change that enters the plan; a published one supersedes what was in force from its first day on.
pub fn book(code: &Code, street: &StreetData, new: Plan) -> ChangeSet {
    let mut changes = Vec::new();
    if let Some(from) = new.valid_from {
        for old in street.plans.iter().filter(|p| p.state == PlanState::Published) {
            let mut old = old.clone();
            old.state = PlanState::Superseded;
            // A plan that would have begun later, or on the same day, never comes into force.
            old.valid_to = Some(old.valid_from.map_or(from, |begun| begun.max(from)));
            changes.push(Change::PutPlan(Box::new(old)));
        }
    }
    changes.push(Change::PutPlan(Box::new(new)));
    ChangeSet { street: code.clone(), what: "plan".into(), changes }
}

fn report(args: &Args, street: &StreetData, new: &Plan, warnings: &[plan::Warning]) -> anyhow::Result<()> {
    for warning in warnings {
        tell(&format!("warning: {}", warning.message));
    }
    let text = if args.json {
        let warnings: Vec<_> = warnings.iter().map(|w| serde_json::json!({"code": w.code, "message": w.message})).collect();
        let result = serde_json::json!({
            "street_code": args.street, "plan": new.id, "name": new.name, "state": new.state, "valid_from": new.valid_from,
            "blocks": new.blocks.len(), "communities": new.communities.len(), "cells": new.cells.len(), "groups": new.groups.len(),
            "households": street.households.len(), "estimated": new.estimated, "warnings": warnings,
        });
        serde_json::to_string_pretty(&result)? + "\n"
    } else {
        let estimated = if new.estimated { " (estimated)" } else { "" };
        let published = match new.valid_from {
            Some(day) => format!("published, in force from {day}"),
            None => "a draft; add --publish to put a plan in force".to_owned(),
        };
        format!(
            "plan {} of street {}: {} communities, {} cells, {} groups from {} blocks and {} households{estimated}\n{published}\n",
            new.id.0,
            args.street,
            new.communities.len(),
            new.cells.len(),
            new.groups.len(),
            new.blocks.len(),
            street.households.len()
        )
    };
    print(&text).with_context(|| format!("plan {} is stored, but this could not be said", new.id.0))
}
