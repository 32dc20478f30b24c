//! `wangge plan`: one street, or every street of a county.

mod again;
mod county;
mod outcome;
mod street;
mod wishes;

use std::sync::Arc;

use jiff::civil::Date;
use wangge::{model::Code, store::Store};

pub use street::{book, interrupted};

use super::{Database, progress::Progress, signal::Stop, street_code, street_prefix};
use again::Again;
use street::{Job, plan_street};
use wishes::{RulesFile, Wishes};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    wishes: Wishes,
    #[command(flatten)]
    rules: RulesFile,
    #[command(flatten)]
    again: Again,
    #[command(flatten)]
    entry: Entry,
    /// Print the result as JSON; of a county a list, one entry a street
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

/// What to plan.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct Place {
    /// The street to plan
    #[arg(long, value_name = "CODE", value_parser = street_code)]
    street: Option<Code>,
    /// Plan every street of this county that has a boundary, several at once; any beginning of streets' codes will do
    #[arg(long, value_name = "CODE", value_parser = street_prefix)]
    county: Option<Code>,
}

/// How a plan enters the books.
#[derive(clap::Args, Debug)]
struct Entry {
    /// Name of the plan; "plan N" when none is given
    #[arg(long)]
    name: Option<String>,
    /// Publish it; it supersedes the plan in force
    #[arg(long)]
    publish: bool,
    /// First day in force, with --publish; today when none is given
    #[arg(long, value_name = "DATE", requires = "publish")]
    valid_from: Option<Date>,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let Args { place, wishes, rules, again, entry, json, database } = args;
    let stop = Stop::on_signal();
    let job = Arc::new(Job { wishes, rules: rules.read()?, again, entry, stop });
    let store = database.open_existing().await?;
    match (place.street, place.county) {
        (Some(street), _) => plan_one(store, &street, &job, json).await,
        (None, Some(county)) => county::run(store, &county, &job, json).await,
        (None, None) => anyhow::bail!("name what to plan with --street or --county"),
    }
}

async fn plan_one(store: Arc<dyn Store>, street: &Code, job: &Arc<Job>, json: bool) -> anyhow::Result<()> {
    let progress = Progress::until(job.stop.clone());
    let planned = plan_street(store.as_ref(), street, job, move |stage, share| progress.at(stage, share)).await;
    store.close().await;
    outcome::report(&planned?, &job.rules, json)
}
