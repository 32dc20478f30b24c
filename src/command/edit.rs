//! `wangge edit`: commands on a draft from a file, one JSON object a line, as they are sent over HTTP.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use tokio::{sync::mpsc, time::timeout};
use wangge::{
    model::{Change, ChangeSet, Code, LogChange, Plan, PlanEdit, PlanId, PlanState, StreetData},
    plan::{
        self, Registration,
        desk::{Desk, Given, Ground, Journal, checked_name, checked_words, now},
    },
    store::Store,
};

use super::{
    Database, load_street,
    output::print,
    progress::Progress,
    signal::{Interrupted, Stop},
    street_code, today,
};

/// Arguments.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The street
    #[arg(long, value_name = "CODE", value_parser = street_code)]
    street: Code,
    /// The draft's name, or its number
    #[arg(long, value_name = "NAME", value_parser = name)]
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
    /// Who gives them, where a line does not say; a draft that is made is theirs
    #[arg(long, value_name = "NAME", value_parser = who)]
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

/// A plan's name, as the desk takes it.
fn name(text: &str) -> Result<String, String> {
    checked_name(text).map_err(|refusal| refusal.detail)
}

/// Who gives commands, as the desk takes it.
fn who(text: &str) -> Result<String, String> {
    Ok(checked_words("who", text)?.unwrap_or_default())
}

/// Runs the command.
pub async fn run(mut args: Args) -> anyhow::Result<()> {
    args.who = args.who.filter(|who| !who.is_empty());
    let lines = Lines::of(&args.commands, args.all_or_nothing)?;
    let stop = Stop::on_signal();
    let store = args.database.open_existing().await?;
    let done = edit(&args, store.clone(), lines, stop).await;
    store.close().await;
    let outcome = done?;
    print(&if args.json { serde_json::to_string_pretty(&outcome.json(&args))? + "\n" } else { outcome.words(&args) })
}

/// A line of the file.
struct Line {
    number: usize,
    value: serde_json::Value,
}

/// The lines of the file, one after the other. They are read a few ahead on a thread of their own: who types them may take their time,
/// and Ctrl-C is heard meanwhile.
struct Lines {
    next: mpsc::Receiver<io::Result<Vec<u8>>>,
    /// Lines that were taken.
    taken: usize,
    /// Bytes that were read.
    read: Arc<AtomicU64>,
    /// Bytes there are; `None` where nobody knows.
    size: Option<u64>,
    /// Whether what was done so far is lost when it ends early.
    all_or_nothing: bool,
}

impl Lines {
    fn of(path: &Path, all_or_nothing: bool) -> anyhow::Result<Self> {
        let is_stdin = path.as_os_str() == "-";
        let (input, size): (Box<dyn Read + Send>, _) = if is_stdin {
            (Box::new(io::stdin()), None)
        } else {
            let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            let size = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
            (Box::new(file), size)
        };
        let (send, next) = mpsc::channel(4);
        let read = Arc::new(AtomicU64::new(0));
        let count = read.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(input).split(b'\n') {
                let (bytes, failed) = (line.as_ref().map_or(0, Vec::len), line.is_err());
                count.fetch_add(bytes as u64 + 1, Ordering::Relaxed);
                if send.blocking_send(line).is_err() || failed {
                    break;
                }
            }
        });
        Ok(Self { next, taken: 0, read, size, all_or_nothing })
    }

    /// How much of the file is read, 0 to 1.
    fn share(&self) -> f64 {
        self.size.map_or(0.0, |size| self.read.load(Ordering::Relaxed) as f64 / size.max(1) as f64)
    }

    /// The next line that is not empty; `Ok(None)` after the last.
    ///
    /// # Errors
    /// What is wrong with the line, with the place in the file; an interruption.
    async fn next(&mut self, name: &Path, progress: &Progress) -> anyhow::Result<Option<Line>> {
        loop {
            if !progress.at("commands", self.share()) {
                let rest = if self.all_or_nothing { "nothing was changed" } else { "the lines before it stay done" };
                return Err(Interrupted(format!("stopped before line {}; {rest}", self.taken + 1)).into());
            }
            let Ok(line) = timeout(Duration::from_millis(100), self.next.recv()).await else { continue };
            let Some(line) = line else { return Ok(None) };
            self.taken += 1;
            let number = self.taken;
            let at = format!("{}:{number}", name.display());
            let line = line.with_context(|| format!("{at}: cannot be read"))?;
            let text = std::str::from_utf8(&line).with_context(|| format!("{at}: this is no UTF-8 text"))?;
            let text = text.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() {
                let value = serde_json::from_str(text).map_err(|error| anyhow!("{at}: this is no JSON object: {error}"))?;
                return Ok(Some(Line { number, value }));
            }
        }
    }
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

async fn edit(args: &Args, store: Arc<dyn Store>, mut lines: Lines, stop: Stop) -> anyhow::Result<Outcome> {
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
    while let Some(line) = lines.next(&args.commands, &progress).await? {
        let at = || format!("{}:{}", args.commands.display(), line.number);
        let step = work.step(args, &line, &mut outcome).with_context(at)?;
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
            let owner = args.who.as_deref().map(name).transpose().map_err(|why| anyhow!("--who: whose the new draft is: {why}"))?;
            let registration = Registration {
                id: PlanId(street.plans.iter().map(|p| p.id.0).max().unwrap_or(0) + 1),
                name: args.draft.clone(),
                owner,
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
