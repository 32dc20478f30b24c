//! `wangge plan`.

use anyhow::{Context, bail};
use jiff::{Timestamp, civil::Date};
use wangge::{
    city::names,
    model::{Change, ChangeSet, Code, Community, Plan, PlanId, StreetData},
    plan, store,
};

use super::{
    Database, load_street,
    output::{print, tell},
    progress::Progress,
    street_code, today,
};

/// How often a street is planned when somebody else is changing it.
const TRIES: usize = 3;

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The street to plan
    #[arg(long, value_parser = street_code)]
    street: Code,
    /// Number of cells; overrides --cell-households
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    cells: Option<u32>,
    /// Households a cell should have
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    cell_households: u32,
    /// Allowed deviation of a cell from the mean, as a share
    #[arg(long, default_value_t = 0.1, value_parser = share)]
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

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "give a share between 0 and 1, e.g. 0.1".to_owned())
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let store = args.database.open_existing().await?;
    let mut tries = 0;
    let (street, set, warnings) = loop {
        tries += 1;
        let street = load_street(store.as_ref(), &args.street).await?;
        let (new, warnings) = draw(&street, &args)?;
        let set = book(&args.street, &street, new);
        match store.commit(street.version, &set).await {
            Ok(_) => break (street, set, warnings),
            Err(store::Error::Conflict { .. }) if tries < TRIES => {
                tell(&format!("street {} was changed in the meantime; planning it again", args.street));
            }
            Err(store::Error::Conflict { .. }) => {
                bail!("street {} was changed {TRIES} times while it was being planned; run this again when imports are done", args.street)
            }
            Err(error) => return Err(error.into()),
        }
    };
    store.close().await;
    let Some(Change::PutPlan(new)) = set.changes.last() else { bail!("the plan was not entered") };
    report(&args, &street, new, &warnings)
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

/// The change that enters the plan and shortens the ones it follows.
pub fn book(code: &Code, street: &StreetData, new: Plan) -> ChangeSet {
    let changes = plan::enter(&street.plans, new).into_iter().map(|p| Change::PutPlan(Box::new(p))).collect();
    ChangeSet { street: code.clone(), what: "plan".into(), changes }
}

fn report(args: &Args, street: &StreetData, new: &Plan, warnings: &[plan::Warning]) -> anyhow::Result<()> {
    for warning in warnings {
        tell(&format!("warning: {}", warning.message));
    }
    let text = if args.json {
        let warnings: Vec<_> = warnings.iter().map(|w| serde_json::json!({"code": w.code, "message": w.message})).collect();
        let result = serde_json::json!({
            "street_code": args.street, "plan": new.id, "name": new.name, "state": new.state, "valid_from": new.valid_from, "valid_to": new.valid_to,
            "blocks": new.blocks.len(), "communities": new.communities.len(), "cells": new.cells.len(), "groups": new.groups.len(),
            "households": street.households.len(), "estimated": new.estimated, "warnings": warnings,
        });
        serde_json::to_string_pretty(&result)? + "\n"
    } else {
        let estimated = if new.estimated { " (estimated)" } else { "" };
        let published = match (new.valid_from, new.valid_to) {
            (Some(day), None) => format!("published, in force from {day}"),
            (Some(day), Some(end)) => format!("published, in force from {day} until {end}, when a plan published before follows"),
            (None, _) => "a draft; add --publish to put a plan in force".to_owned(),
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
