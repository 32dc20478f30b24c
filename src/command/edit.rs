//! `wangge edit`: commands on a draft from a file, one JSON object a line, as they are sent over HTTP.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, anyhow, bail};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use wangge::{
    model::{Change, ChangeSet, Code, LogChange, Plan, PlanEdit, PlanId, PlanState, StreetData},
    plan::{
        self, Registration,
        desk::{Desk, Given, Ground, Journal, now},
    },
    store::Store,
};

use super::{Database, load_street, output::print, plan::interrupted, progress::Progress, signal::Stop, street_code, today};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The street
    #[arg(long, value_name = "CODE", value_parser = street_code)]
    street: Code,
    /// The draft's name, or its number
    #[arg(long, value_name = "NAME")]
    draft: String,
    /// Make the draft first, as a copy of the plan in force or of another plan by number or name
    #[arg(long, value_name = "published|N|NAME")]
    from: Option<String>,
    /// One JSON object a line: {"op": "merge", "cells": […], "into": …}; also {"op": "undo"} and {"op": "redo"}; - for standard input
    #[arg(long, value_name = "FILE.jsonl")]
    commands: PathBuf,
    /// Store all commands in one transaction, or none of them; otherwise those before a line that fails stay done
    #[arg(long)]
    all_or_nothing: bool,
    /// Who gives them, where a line does not say
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Put the draft in force afterwards
    #[arg(long)]
    publish: bool,
    /// First day in force, with --publish; today when none is given
    #[arg(long, value_name = "DATE", requires = "publish")]
    valid_from: Option<Date>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let lines = read(&args.commands)?;
    let stop = Stop::on_signal();
    let store = args.database.open_existing().await?;
    let done = edit(&args, store.clone(), &lines, stop).await;
    store.close().await;
    let outcome = done?;
    print(&if args.json { serde_json::to_string_pretty(&outcome.json(&args))? + "\n" } else { outcome.words(&args) })
}

/// A line of the file.
struct Line {
    number: usize,
    value: serde_json::Value,
}

/// Every line that is not empty, as JSON.
fn read(path: &Path) -> anyhow::Result<Vec<Line>> {
    let name = path.display();
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("cannot read {name}"))?)
    };
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(input).lines()) {
        let line = line.with_context(|| format!("{name}:{number}: cannot be read as UTF-8 text"))?;
        let text = line.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            let value = serde_json::from_str(text).map_err(|error| anyhow!("{name}:{number}: this is no JSON object: {error}"))?;
            lines.push(Line { number, value });
        }
    }
    Ok(lines)
}

/// What was done.
struct Outcome {
    plan: PlanId,
    revision: u32,
    commands: usize,
    households_moved: usize,
    warnings: Vec<(usize, String)>,
    balance: [plan::desk::Balance; 2],
    published: Option<Date>,
}

impl Outcome {
    fn words(&self, args: &Args) -> String {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let [before, after] = self.balance;
        let mut text: String =
            self.warnings.iter().map(|(line, message)| format!("{}:{line}: note: {message}\n", args.commands.display())).collect();
        text += &format!(
            "draft {} {:?} of street {}: {} commands, {} households moved; largest deviation {} → {}, mean {} → {}\n",
            self.plan.0,
            args.draft,
            args.street,
            self.commands,
            self.households_moved,
            percent(before.largest),
            percent(after.largest),
            percent(before.average),
            percent(after.average)
        );
        if let Some(from) = self.published {
            text += &format!("in force from {from}\n");
        }
        text
    }

    fn json(&self, args: &Args) -> serde_json::Value {
        let [before, after] = self.balance;
        let warnings: Vec<serde_json::Value> =
            self.warnings.iter().map(|(line, message)| json!({"line": line, "message": message})).collect();
        json!({
            "street": args.street, "plan": self.plan, "revision": self.revision, "commands": self.commands,
            "households_moved": self.households_moved, "balance": {"before": before, "after": after}, "warnings": warnings,
            "published_from": self.published.map(|d| d.to_string()),
        })
    }
}

/// A draft being changed.
struct Work {
    store: Arc<dyn Store>,
    street: Code,
    version: u64,
    desk: Desk,
    journal: Journal,
    /// With all or nothing: what is to be stored at the end.
    held: Option<Vec<Change>>,
}

async fn edit(args: &Args, store: Arc<dyn Store>, lines: &[Line], stop: Stop) -> anyhow::Result<Outcome> {
    let street = load_street(store.as_ref(), &args.street).await?;
    let (plan, is_new) = draft(args, &street)?;
    let (version, id) = (street.version, plan.id);
    let mut work = Work {
        journal: Journal::new(if is_new { Vec::new() } else { store.load_edits(&args.street, id).await? }),
        store,
        street: args.street.clone(),
        version,
        held: args.all_or_nothing.then(Vec::new),
        desk: tokio::task::spawn_blocking(move || {
            let ground = Ground::new(Arc::new(street), Timestamp::now())?;
            Ok::<_, plan::desk::Refusal>(Desk::new(Arc::new(ground), plan))
        })
        .await??,
    };
    if is_new {
        work.store("draft", Change::PutPlan(Box::new(work.desk.plan().clone()))).await?;
    }
    let mut outcome = Outcome {
        plan: id,
        revision: 0,
        commands: 0,
        households_moved: 0,
        warnings: Vec::new(),
        balance: [work.desk.balance(); 2],
        published: None,
    };
    let progress = Progress::until(stop.clone());
    for line in lines {
        if !progress.at("commands", outcome.commands as f64 / lines.len() as f64) {
            return Err(interrupted());
        }
        let at = || format!("{}:{}", args.commands.display(), line.number);
        let step = work.step(args, line, &mut outcome).with_context(at)?;
        let (what, change) = step;
        work.follow(&change).with_context(at)?;
        work.store(what, change).await.with_context(at)?;
        outcome.commands += 1;
    }
    progress.at("done", 1.0);
    if args.publish {
        let from = args.valid_from.unwrap_or_else(|| today(Timestamp::now()));
        work.publish(from).await?;
        outcome.published = Some(from);
    }
    work.store_held().await?;
    (outcome.revision, outcome.balance[1]) = (work.desk.plan().revision, work.desk.balance());
    Ok(outcome)
}

/// The draft as it is, or a new one, and which.
fn draft(args: &Args, street: &StreetData) -> anyhow::Result<(Plan, bool)> {
    let code = &args.street;
    let named = |wanted: &str| {
        let numbered = wanted.parse().ok().and_then(|n: u32| street.plans.iter().find(|p| p.id.0 == n));
        numbered.or_else(|| street.plans.iter().filter(|p| p.name == wanted).max_by_key(|p| p.id))
    };
    let drafts = || street.plans.iter().filter(|p| p.state == PlanState::Draft);
    let found = drafts().find(|p| p.name == args.draft).or_else(|| named(&args.draft).filter(|p| p.state == PlanState::Draft));
    match (&args.from, found) {
        (None, Some(draft)) => Ok((draft.clone(), false)),
        (None, None) => {
            let there: Vec<String> = drafts().map(|p| format!("{} {:?}", p.id.0, p.name)).collect();
            let there = if there.is_empty() { "it has no drafts".to_owned() } else { format!("its drafts: {}", there.join(", ")) };
            bail!("street {code} has no draft {:?}; {there}; --from published makes one", args.draft)
        }
        (Some(_), Some(draft)) => bail!("street {code} has a draft {:?} already; leave --from out to go on with it", draft.name),
        (Some(from), None) => {
            let day = today(Timestamp::now());
            let base = if from == "published" { street.plans.iter().find(|p| p.in_force(day)) } else { named(from) };
            let base = base.with_context(|| format!("street {code} has no plan {from:?} to copy"))?;
            let registration = Registration {
                id: PlanId(street.plans.iter().map(|p| p.id.0).max().unwrap_or(0) + 1),
                name: args.draft.clone(),
                owner: args.who.clone(),
                now: now(),
                publish_from: None,
            };
            Ok((plan::copy(base, registration), true))
        }
    }
}

impl Work {
    /// What a line changes.
    fn step(&self, args: &Args, line: &Line, outcome: &mut Outcome) -> anyhow::Result<(&'static str, Change)> {
        let id = self.desk.plan().id;
        let edit = match line.value.get("op").and_then(|op| op.as_str()) {
            Some("undo") => self.journal.undo(id).context("there is nothing to undo")?,
            Some("redo") => self.journal.redo(id).context("there is nothing to do again")?,
            _ => {
                let mut given = Given::read(line.value.clone()).map_err(|why| anyhow!(why))?;
                given.who = given.who.or_else(|| args.who.clone());
                let done = self.desk.run(&given.command, &|_, _| true).map_err(|refusal| {
                    let place = refusal.at.map(|p| format!(" at {:.7}, {:.7}", p.lon(), p.lat())).unwrap_or_default();
                    anyhow!("refused ({}){place}: {}", refusal.reason, refusal.detail)
                })?;
                outcome.households_moved += done.households_moved;
                outcome.warnings.extend(done.warnings.iter().map(|w| (line.number, w.message.clone())));
                let edit = self.journal.line(&self.desk, &given, None, &done, false, now());
                PlanEdit { plan: id, patch: done.patch, log: LogChange::Append(Box::new(edit)) }
            }
        };
        Ok(("edit", Change::EditPlan(Box::new(edit))))
    }

    /// Does in memory what a step does.
    fn follow(&mut self, change: &Change) -> anyhow::Result<()> {
        if let Change::EditPlan(edit) = change {
            self.desk.apply(&edit.patch)?;
            self.desk.step();
            self.journal.record(edit.patch.clone(), edit.log.clone());
        }
        Ok(())
    }

    async fn store(&mut self, what: &str, change: Change) -> anyhow::Result<()> {
        match &mut self.held {
            Some(held) => held.push(change),
            None => self.commit(what, vec![change]).await?,
        }
        Ok(())
    }

    async fn store_held(&mut self) -> anyhow::Result<()> {
        match self.held.take() {
            Some(held) => self.commit("edit", held).await,
            None => Ok(()),
        }
    }

    async fn commit(&mut self, what: &str, changes: Vec<Change>) -> anyhow::Result<()> {
        let set = ChangeSet { street: self.street.clone(), what: what.to_owned(), changes };
        if !set.is_empty() {
            self.version = self.store.commit(self.version, &set).await?;
        }
        Ok(())
    }

    /// Puts the draft in force.
    async fn publish(&mut self, from: Date) -> anyhow::Result<()> {
        let plan = self.desk.plan();
        let published = Plan { state: PlanState::Published, valid_from: Some(from), ..plan.clone() };
        let plans = plan::enter(&self.desk.ground().street().plans, published);
        let changes: Vec<Change> = plans.iter().map(|p| Change::SetValidity(p.id, p.validity())).collect();
        match &mut self.held {
            Some(held) => held.extend(changes),
            None => self.commit("publish", changes).await?,
        }
        Ok(())
    }
}
