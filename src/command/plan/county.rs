//! Every street of a county, each planned and stored by itself.

use std::{sync::Arc, time::Instant};

use anyhow::{Context, bail};
use futures::{StreamExt, stream};
use serde::Serialize;
use wangge::{
    import::rules,
    model::{Code, NO_STREET, Rules},
    plan,
    store::Store,
};

use super::{
    outcome::Planned,
    street::{Job, interrupted, plan_street},
};
use crate::command::{
    output::{print, tell},
    progress::StreetProgress,
    signal::Interrupted,
};

/// A street of the list that is printed.
#[derive(Serialize)]
#[serde(untagged)]
enum Entry {
    Planned(Box<Planned>),
    /// It has no boundary, so there is nothing to plan.
    Skipped {
        street_code: Code,
        skipped: String,
    },
    /// It was not its turn yet, or it was stopped.
    Stopped {
        street_code: Code,
        stopped: &'static str,
    },
    Failed {
        street_code: Code,
        error: String,
    },
}

/// Plans the streets whose codes begin with `county`, as many at once as there are threads, and prints what became of each. The
/// streets that are done stay when others fail or all is stopped.
///
/// # Errors
/// When a street could not be planned, or none is there; [`Interrupted`].
pub async fn run(store: Arc<dyn Store>, county: &Code, job: &Arc<Job>, json: bool) -> anyhow::Result<()> {
    let begin = Instant::now();
    let streets: Vec<Code> =
        store.versions().await?.into_keys().filter(|street| street.is_within(county) && street.as_str() != NO_STREET).collect();
    if streets.is_empty() {
        bail!("no street in the database has a code that begins with {county}; `wangge import` brings streets in");
    }
    let progress = Arc::new(StreetProgress::over(streets.len(), job.stop.clone()));
    // The planner's threads are shared by the streets; a street that is in a stretch of work for one thread leaves them to another.
    let at_once = rayon::current_num_threads();
    let one = |street: Code| plan_in_turn(store.as_ref(), street, job, progress.clone());
    let mut entries: Vec<Entry> = stream::iter(streets).map(one).buffer_unordered(at_once).collect().await;
    drop(progress);
    store.close().await;
    entries.sort_by(|a, b| a.street().cmp(b.street()));
    tell_warnings(&entries, &job.rules);
    print(&if json { serde_json::to_string_pretty(&entries)? + "\n" } else { table(&entries, begin) })
        .context("the plans are stored, but this could not be said")?;
    end(&entries, county)
}

/// Loads, plans and stores a street when its turn comes; only what is to be told of it is left afterwards.
async fn plan_in_turn(store: &dyn Store, street: Code, job: &Arc<Job>, progress: Arc<StreetProgress>) -> Entry {
    let (code, shown) = (street.to_string(), progress.clone());
    let planned = match job.stop.is_asked() {
        true => Err(interrupted()),
        false => plan_street(store, &street, job, move |stage, _| shown.at(&code, stage)).await,
    };
    let entry = Entry::of(street, planned);
    if let Entry::Failed { street_code, error } = &entry {
        progress.suspend(|| tell(&format!("street {street_code} could not be planned: {error}")));
    }
    progress.finish_street();
    entry
}

impl Entry {
    fn of(street_code: Code, planned: anyhow::Result<Planned>) -> Self {
        match planned {
            Ok(planned) => Self::Planned(Box::new(planned)),
            Err(error) if error.is::<Interrupted>() => Self::Stopped { street_code, stopped: "planning was stopped" },
            Err(error) => match error.downcast_ref() {
                Some(no_boundary @ plan::Error::NoBoundary) => Self::Skipped { street_code, skipped: no_boundary.to_string() },
                _ => Self::Failed { street_code, error: format!("{error:#}") },
            },
        }
    }

    fn street(&self) -> &Code {
        match self {
            Self::Planned(planned) => &planned.street_code,
            Self::Skipped { street_code, .. } | Self::Stopped { street_code, .. } | Self::Failed { street_code, .. } => street_code,
        }
    }

    fn planned(&self) -> Option<&Planned> {
        match self {
            Self::Planned(planned) => Some(planned),
            _ => None,
        }
    }
}

fn tell_warnings(entries: &[Entry], asked: &Rules) {
    let planned = || entries.iter().filter_map(Entry::planned);
    let used: Vec<Rules> = planned().map(|street| street.rules.clone()).collect();
    for rule in rules::unused(asked, &used) {
        tell(&format!("warning: rule {rule:?} lies in none of the streets that were planned"));
    }
    for street in planned() {
        for warning in &street.warnings {
            tell(&format!("warning: street {}: {}", street.street_code, warning.message));
        }
    }
}

fn table(entries: &[Entry], begin: Instant) -> String {
    let head = ["plan", "communities", "cells", "groups", "blocks", "households"];
    let line = |first: &str, numbers: [String; 6], last: &str| {
        let cells: String = head.iter().zip(numbers).map(|(head, number)| format!("  {number:>0$}", head.len().max(6))).collect();
        format!("{first:<9}{cells}  {last}").trim_end().to_owned() + "\n"
    };
    let row = |entry: &Entry| match entry {
        Entry::Planned(street) => {
            let numbers = [street.plan.0 as usize, street.communities, street.cells, street.groups, street.blocks, street.households];
            let last = format!("{:<9}  {}", street.state.as_str(), street.street_name);
            line(street.street_code.as_str(), numbers.map(|number| number.to_string()), &last)
        }
        Entry::Skipped { street_code, skipped: why } => format!("{street_code}  skipped: {why}\n"),
        Entry::Stopped { street_code, stopped: why } => format!("{street_code}  not planned: {why}\n"),
        Entry::Failed { street_code, error: why } => format!("{street_code}  not planned: {why}\n"),
    };
    let rows: String = entries.iter().map(row).collect();
    let planned: Vec<&Planned> = entries.iter().filter_map(Entry::planned).collect();
    let sum = |count: fn(&Planned) -> usize| planned.iter().map(|street| count(street)).sum::<usize>();
    format!(
        "{}{rows}{} streets planned in {:.1} s: {} communities, {} cells, {} groups, {} households\n",
        line("street", head.map(str::to_owned), "state      name"),
        planned.len(),
        begin.elapsed().as_secs_f64(),
        sum(|street| street.communities),
        sum(|street| street.cells),
        sum(|street| street.groups),
        sum(|street| street.households),
    )
}

/// How the command ends.
fn end(entries: &[Entry], county: &Code) -> anyhow::Result<()> {
    let planned = entries.iter().filter(|entry| entry.planned().is_some()).count();
    if entries.iter().any(|entry| matches!(entry, Entry::Stopped { .. })) {
        let what = match planned {
            0 => "nothing was changed".to_owned(),
            _ => format!("{planned} of {} streets are planned and stay so, the others were not changed", entries.len()),
        };
        return Err(Interrupted(format!("planning was stopped; {what}")).into());
    }
    let failed: Vec<&str> =
        entries.iter().filter(|entry| matches!(entry, Entry::Failed { .. })).map(|entry| entry.street().as_str()).collect();
    if !failed.is_empty() {
        bail!("{} of {} streets could not be planned: {}", failed.len(), entries.len(), failed.join(", "));
    }
    if planned == 0 {
        bail!("no street whose code begins with {county} has a boundary; import boundaries first");
    }
    Ok(())
}
