//! Reading, diffing against the store, committing.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufWriter, Write},
    sync::Arc,
};

use anyhow::Context;
use serde::Serialize;
use wangge::{
    import::{
        Enclosure, Error, Intake, Progress, Records, Report, Rows, boundaries, diff,
        households::{self, HomeStreet},
        issues, osm, survey,
    },
    model::{ChangeKind, Code, Level, NO_STREET, StreetData, Version},
    store::{self, Store},
};

use crate::command::progress::Progress as Bar;

use super::{Args, Boundaries, Households, Issues, Osm, Output, Source, Survey};

/// How often a commit is tried when somebody else is committing too.
const TRIES: usize = 3;

/// What became of one street.
#[derive(Serialize)]
struct Outcome {
    street: Code,
    /// The street's revision after the import.
    version: Version,
    /// Rows put and removed by kind; empty when nothing differed.
    changed: BTreeMap<ChangeKind, usize>,
}

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let output = match &args.source {
        Source::Osm(args) => &args.output,
        Source::Survey(args) => &args.output,
        Source::Households(args) => &args.output,
        Source::Issues(args) => &args.output,
        Source::Boundaries(args) => &args.output,
    };
    let report = match &output.report {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write the report to {}", path.display()))?;
            Report::write_problems_to(BufWriter::new(file))
        }
        None => Report::default(),
    };
    let bar = Bar::new();
    let mut intake = Intake::new(report, move |Progress { doing, done, total }| bar.at(doing, done as f64 / total.max(1) as f64));
    let result = match &args.source {
        Source::Osm(args) => import_osm(args, &mut intake).await,
        Source::Survey(args) => import_survey(args, &mut intake).await,
        Source::Households(args) => import_households(args, &mut intake).await,
        Source::Issues(args) => import_issues(args, &mut intake).await,
        Source::Boundaries(args) => import_boundaries(args, &mut intake).await,
    };
    // The bar goes with the intake.
    let mut report = intake.into_report();
    let written = report.finish();
    match result {
        Ok(outcomes) => {
            written.context("the import is done, but its report could not be written")?;
            print(&outcomes, &report, output)
        }
        Err(error) => {
            if report.problem_count() > 0 {
                write!(std::io::stderr().lock(), "{report}")?;
            }
            Err(error)
        }
    }
}

async fn import_osm(args: &Osm, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let street = &args.street;
    let choice = args.area.as_deref().map(|area| osm::AreaChoice::parse(area, intake)).transpose()?;
    // The database is opened before reading only where reading needs it: a broken file must not leave a new, empty one.
    let mut opened = None;
    let mut stored_area = None;
    if choice.is_none() {
        let store = store::open(&args.output.database.url).await?;
        stored_area = store.load_street(&street.code).await?.and_then(|stored| stored.street().cloned());
        opened = Some(store);
    }
    let records = osm::read(&args.file, &street.code, street.name.as_deref(), choice.as_ref(), stored_area.as_ref(), intake)?;
    let store = match opened {
        Some(store) => store,
        None => store::open(&args.output.database.url).await?,
    };
    let listed = store.load_street(&street.code).await?.is_some_and(|stored| diff::has_household_list(&stored.households));
    if listed {
        intake.report.note(format!("street {} has a household list, which is kept; the estimates were not taken over", street.code));
    }
    commit_all(&store, "import osm", [(street.code.clone(), records)].into()).await
}

async fn import_survey(args: &Survey, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let options = survey::Options { crs: args.crs, zone: args.timezone.0.clone() };
    let records = survey::read(&args.folder, &args.street.code, args.street.name.as_deref(), &options, intake)?;
    let store = store::open(&args.output.database.url).await?;
    commit_all(&store, "import survey", [(args.street.code.clone(), records)].into()).await
}

async fn import_households(args: &Households, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let store = store::open(&args.output.database.url).await?;
    let mut streets = vec![];
    for code in street_codes(&store).await? {
        if args.street.as_ref().is_some_and(|only| only.code != code) {
            continue;
        }
        if let Some(stored) = store.load_street(&code).await?
            && let Some(area) = stored.street()
        {
            streets.push(HomeStreet::new(code, Enclosure::new(area.boundary.clone()), &stored.buildings));
        }
    }
    if streets.is_empty() {
        let which = args.street.as_ref().map_or("no street".to_owned(), |street| format!("no street {}", street.code));
        let why = "has a boundary in the database; import a survey, a map or the street's boundary first";
        return Err(Error::NoStreet(format!("{which} {why}")).into());
    }
    let found = households::read(&args.file, &args.table.options(), &streets, intake)?;
    let rows = |rows| if args.replace { Rows::Replace(rows) } else { Rows::Merge(rows) };
    let records = found.into_iter().map(|(code, households)| (code, Records { households: rows(households), ..Records::default() }));
    commit_all(&store, "import households", records.collect()).await
}

async fn import_issues(args: &Issues, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let store = store::open(&args.output.database.url).await?;
    let no_street = Code::new(NO_STREET)?;
    // An issue that is known stays filed where it is; a new one goes by its position.
    let mut filed: HashMap<String, Code> = HashMap::new();
    let mut streets = vec![];
    for code in street_codes(&store).await? {
        let Some(stored) = store.load_street(&code).await? else { continue };
        filed.extend(stored.issues.iter().map(|issue| (issue.id.clone(), code.clone())));
        if let Some(area) = stored.street() {
            streets.push((code, Enclosure::new(area.boundary.clone())));
        }
    }
    let street_of = |id: &str, position| {
        let here = || streets.iter().find(|(_, enclosure)| enclosure.owns(position)).map(|(code, _)| code.clone());
        filed.get(id).cloned().or_else(here).unwrap_or_else(|| no_street.clone())
    };
    let found = issues::read(&args.file, &args.table.options(), &args.timezone.0, street_of, intake)?;
    if let Some(outside) = found.get(&no_street) {
        intake.report.note(format!("{} issues lie in no known street; they are filed under {NO_STREET}", outside.len()));
    }
    let records = found.into_iter().map(|(code, issues)| (code, Records { issues: Rows::Merge(issues), ..Records::default() }));
    commit_all(&store, "import issues", records.collect()).await
}

async fn import_boundaries(args: &Boundaries, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let store = store::open(&args.output.database.url).await?;
    let level = Level::from(args.level);
    let mut streets = BTreeMap::new();
    if level != Level::Street {
        for code in street_codes(&store).await? {
            if let Some(area) = store.load_street(&code).await?.and_then(|stored| stored.street().cloned()) {
                streets.insert(code, Enclosure::new(area.boundary));
            }
        }
    }
    let options = boundaries::Options { crs: args.crs, code_field: args.code_field.clone(), name_field: args.name_field.clone() };
    let found = boundaries::read(&args.file, level, &options, &streets, intake)?;
    let records = found.into_iter().map(|(code, areas)| (code, Records { areas: Rows::Replace(areas), ..Records::default() }));
    commit_all(&store, "import boundaries", records.collect()).await
}

async fn street_codes(store: &Arc<dyn Store>) -> Result<Vec<Code>, store::Error> {
    Ok(store.versions().await?.into_keys().collect())
}

/// Commits street by street; each is all or nothing.
async fn commit_all(store: &Arc<dyn Store>, what: &str, records: BTreeMap<Code, Records>) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = vec![];
    let mut failed = None;
    for (street, records) in records {
        match commit(store, what, street, &records).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    // So that the file holds everything without its WAL.
    store.close().await;
    failed.map_or(Ok(outcomes), Err)
}

async fn commit(store: &Arc<dyn Store>, what: &str, street: Code, records: &Records) -> anyhow::Result<Outcome> {
    let mut tries = 0;
    loop {
        tries += 1;
        let stored = store.load_street(&street).await?.unwrap_or_else(StreetData::default);
        let set = diff::change_set(street.clone(), what, &stored, records);
        let mut changed = BTreeMap::new();
        for (kind, count) in set.changes.iter().map(wangge::model::Change::kind) {
            *changed.entry(kind).or_default() += count;
        }
        if set.is_empty() {
            return Ok(Outcome { street, version: stored.version, changed });
        }
        match store.commit(stored.version, &set).await {
            Ok(version) => return Ok(Outcome { street, version, changed }),
            Err(store::Error::Conflict { .. }) if tries < TRIES => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn print(outcomes: &[Outcome], report: &Report, output: &Output) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if output.json {
        serde_json::to_writer_pretty(&mut out, &serde_json::json!({ "streets": outcomes, "report": report }))?;
        writeln!(out)?;
        return Ok(());
    }
    write!(out, "{report}")?;
    for Outcome { street, version, changed } in outcomes {
        let rows: Vec<String> = changed
            .iter()
            .map(|(kind, count)| Ok(format!("{count} {}", serde_json::to_value(kind)?.as_str().unwrap_or_default())))
            .collect::<Result<_, serde_json::Error>>()?;
        match rows.is_empty() {
            true => writeln!(out, "street {street}: nothing changed, still at version {version}")?,
            false => writeln!(out, "street {street}: changed {}; now at version {version}", rows.join(", "))?,
        }
    }
    Ok(())
}
