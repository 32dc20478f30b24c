//! Reading, diffing against the store, committing.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write},
    iter,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use wangge::{
    import::{
        Enclosure, Error, Intake, Progress, Records, Report, Rows, boundaries, diff,
        households::{self, HomeStreet},
        issues, osm, survey,
    },
    model::{ChangeKind, Code, Household, Level, NO_STREET, StreetData},
    store::{self, Store},
};

use crate::command::{Database, progress::Progress as Bar};

use super::{
    Args, Boundaries, Households, Issues, Osm, Output, Source, Survey,
    commit::{Outcome, commit_all},
    record::Record,
};

/// Runs the command.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let output = match &args.source {
        Source::Osm(args) => &args.output,
        Source::Survey(args) => &args.output,
        Source::Households(args) => &args.output,
        Source::Issues(args) => &args.output,
        Source::Boundaries(args) => &args.output,
    };
    let (record, report) = match &output.report {
        Some(path) => {
            let (record, report) = Record::create(path, &inputs(&args), &output.database.url)?;
            (Some(record), report)
        }
        None => (None, Report::default()),
    };
    let bar = Bar::new();
    let mut intake = Intake::new(report, move |Progress { doing, done, total }| {
        bar.at(doing, done as f64 / total.max(1) as f64);
    });
    let result = match &args.source {
        Source::Osm(args) => import_osm(args, &mut intake).await,
        Source::Survey(args) => import_survey(args, &mut intake).await,
        Source::Households(args) => import_households(args, &mut intake).await,
        Source::Issues(args) => import_issues(args, &mut intake).await,
        Source::Boundaries(args) => import_boundaries(args, &mut intake).await,
    };
    // The bar goes with the intake.
    let mut report = intake.into_report();
    let written = record.map_or(Ok(()), |record| record.finish(&mut report));
    match result {
        Ok(outcomes) => {
            written.context("the import is committed, but its report could not be written")?;
            match print(&outcomes, &report, output) {
                // Whoever reads has read enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                printed => printed.context("the import is committed, but its result could not be printed"),
            }
        }
        Err(error) => {
            if report.problem_count() > 0 {
                write!(io::stderr().lock(), "{report}")?;
            }
            Err(match written {
                Ok(()) => error,
                Err(unwritten) => error.context(format!("{unwritten:#}")),
            })
        }
    }
}

/// The files that are read.
fn inputs(args: &Args) -> Vec<PathBuf> {
    match &args.source {
        Source::Osm(args) => iter::once(args.file.clone()).chain(args.area.as_ref().map(PathBuf::from)).collect(),
        Source::Survey(args) => survey::FILES.iter().map(|name| args.folder.join(name)).collect(),
        Source::Households(args) => vec![args.file.clone()],
        Source::Issues(args) => vec![args.file.clone()],
        Source::Boundaries(args) => vec![args.file.clone()],
    }
}

/// The database, if it is there already. A failed import must not leave a new, empty one.
async fn open_if_there(database: &Database) -> Result<Option<Arc<dyn Store>>, store::Error> {
    match database.url.strip_prefix("gpkg:") {
        Some(path) if !path.is_empty() && !Path::new(path).exists() => Ok(None),
        _ => store::open(&database.url).await.map(Some),
    }
}

/// The database that was opened for reading, or a new one for what was read.
async fn open_now(opened: Option<Arc<dyn Store>>, database: &Database) -> Result<Arc<dyn Store>, store::Error> {
    match opened {
        Some(store) => Ok(store),
        None => store::open(&database.url).await,
    }
}

/// What is known of the streets that `only` picks.
async fn load_streets(store: Option<&Arc<dyn Store>>, only: impl Fn(&Code) -> bool) -> Result<BTreeMap<Code, StreetData>, store::Error> {
    let mut streets = BTreeMap::new();
    let Some(store) = store else { return Ok(streets) };
    for code in store.versions().await?.into_keys().filter(only) {
        if let Some(stored) = store.load_street(&code).await? {
            streets.insert(code, stored);
        }
    }
    Ok(streets)
}

async fn import_osm(args: &Osm, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let street = &args.street;
    let choice = args.area.as_deref().map(|area| osm::AreaChoice::parse(area, intake)).transpose()?;
    // The database is opened before reading only where reading needs it.
    let opened = if choice.is_none() { open_if_there(&args.output.database).await? } else { None };
    let stored_area = match &opened {
        Some(store) => store.load_street(&street.code).await?.and_then(|stored| stored.street().cloned()),
        None => None,
    };
    let records = osm::read(&args.file, &street.code, street.name.as_deref(), choice.as_ref(), stored_area.as_ref(), intake)?;
    let store = open_now(opened, &args.output.database).await?;
    let listed = store.load_street(&street.code).await?.is_some_and(|stored| diff::has_household_list(&stored.households));
    if listed {
        intake.report.note(format!("street {} has a household list, which is kept; the estimates were not taken over", street.code));
    }
    commit_all(&store, "import osm", [(street.code.clone(), records)].into(), args.output.force, intake).await
}

async fn import_survey(args: &Survey, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let street = &args.street.code;
    let has_issues = args.folder.join("issues.csv").exists();
    let opened = if has_issues { open_if_there(&args.output.database).await? } else { None };
    let mut filed = HashMap::new();
    for (code, stored) in load_streets(opened.as_ref(), |code| code != street).await? {
        filed.extend(stored.issues.into_iter().map(|issue| (issue.id, code.clone())));
    }
    let options = survey::Options { crs: args.crs, zone: args.timezone.0.clone(), filed };
    let records = survey::read(&args.folder, street, args.street.name.as_deref(), &options, intake)?;
    let store = open_now(opened, &args.output.database).await?;
    commit_all(&store, "import survey", records, args.output.force, intake).await
}

async fn import_households(args: &Households, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let opened = open_if_there(&args.output.database).await?;
    let stored = load_streets(opened.as_ref(), |code| args.street.as_ref().is_none_or(|only| only.code == *code)).await?;
    let home = |(code, stored): (&Code, &StreetData)| {
        Some(HomeStreet::new(code.clone(), Enclosure::new(stored.street()?.boundary.clone()), &stored.buildings))
    };
    let streets: Vec<HomeStreet> = stored.iter().filter_map(home).collect();
    if streets.is_empty() {
        let which = args.street.as_ref().map_or("no street".to_owned(), |street| format!("no street {}", street.code));
        let why = "has a boundary in the database; import a survey, a map or the street's boundary first";
        return Err(Error::NoStreet(format!("{which} {why}")).into());
    }
    let found = households::read(&args.file, &args.table.options(), &streets, intake)?;
    let rows = |rows| if args.replace { Rows::Replace(rows) } else { Rows::Merge(rows) };
    for (code, ids) in also_elsewhere(&found, &stored) {
        intake.report.note(format!(
            "{} households of street {code} have ids that now lie in another street, e.g. {}; where they have moved, they count in both \
             until the list of {code} is imported with --street {code} --replace",
            ids.len(),
            ids[0]
        ));
    }
    let records = found.into_iter().map(|(code, households)| (code, Records { households: rows(households), ..Records::default() }));
    let records: BTreeMap<Code, Records> = records.collect();
    let store = open_now(opened, &args.output.database).await?;
    commit_all(&store, "import households", records, args.output.force, intake).await
}

/// Listed households of a street whose ids were found in another, by the street that has them stored. An id is unique within its
/// street only, so this says that they may have moved, not that they have.
fn also_elsewhere(found: &BTreeMap<Code, Vec<Household>>, stored: &BTreeMap<Code, StreetData>) -> BTreeMap<Code, Vec<String>> {
    let homes: HashMap<&str, &Code> =
        found.iter().flat_map(|(code, households)| households.iter().map(move |household| (household.id.as_str(), code))).collect();
    let leaving = |(code, data): (&Code, &StreetData)| {
        let has_left = |id: &str| homes.get(id).is_some_and(|home| *home != code);
        let listed = data.households.iter().filter(|household| !household.estimated);
        (code.clone(), listed.filter(|household| has_left(&household.id)).map(|household| household.id.clone()).collect::<Vec<_>>())
    };
    stored.iter().map(leaving).filter(|(_, ids)| !ids.is_empty()).collect()
}

async fn import_issues(args: &Issues, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let opened = open_if_there(&args.output.database).await?;
    let no_street = Code::new(NO_STREET)?;
    // An issue that is known stays filed where it is; a new one goes by its position.
    let mut filed: HashMap<String, Code> = HashMap::new();
    let mut streets = vec![];
    for (code, stored) in load_streets(opened.as_ref(), |_| true).await? {
        filed.extend(stored.issues.iter().map(|issue| (issue.id.clone(), code.clone())));
        if let Some(area) = stored.street() {
            streets.push((code, Enclosure::new(area.boundary.clone())));
        }
    }
    let street_of = |id: &str, position| {
        let here = || streets.iter().find(|(_, enclosure)| enclosure.owns(position)).map(|(code, _)| code.clone());
        Ok(filed.get(id).cloned().or_else(here).unwrap_or_else(|| no_street.clone()))
    };
    let found = issues::read(&args.file, &args.table.options(), &args.timezone.0, street_of, intake)?;
    if let Some(outside) = found.get(&no_street) {
        intake.report.note(format!("{} issues lie in no known street; they are filed under {NO_STREET}", outside.len()));
    }
    let records = found.into_iter().map(|(code, issues)| (code, Records { issues: Rows::Merge(issues), ..Records::default() }));
    let store = open_now(opened, &args.output.database).await?;
    commit_all(&store, "import issues", records.collect(), args.output.force, intake).await
}

async fn import_boundaries(args: &Boundaries, intake: &mut Intake<'_>) -> anyhow::Result<Vec<Outcome>> {
    let opened = open_if_there(&args.output.database).await?;
    let level = Level::from(args.level);
    let stored = load_streets(opened.as_ref(), |_| level != Level::Street).await?;
    let streets = stored.into_iter().filter_map(|(code, stored)| Some((code, Enclosure::new(stored.street()?.boundary.clone())))).collect();
    let options = boundaries::Options { crs: args.crs, code_field: args.code_field.clone(), name_field: args.name_field.clone() };
    let found = boundaries::read(&args.file, level, &options, &streets, intake)?;
    let records = found.into_iter().map(|(code, areas)| (code, Records { areas: Rows::Replace(areas), ..Records::default() }));
    let store = open_now(opened, &args.output.database).await?;
    commit_all(&store, "import boundaries", records.collect(), args.output.force, intake).await
}

fn print(outcomes: &[Outcome], report: &Report, output: &Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if output.json {
        serde_json::to_writer_pretty(&mut out, &serde_json::json!({ "streets": outcomes, "report": report }))?;
        writeln!(out)?;
        return out.flush();
    }
    write!(out, "{report}")?;
    for Outcome { street, version, changed, removed } in outcomes {
        let said: Vec<String> = [("changed", changed), ("removed", removed)]
            .into_iter()
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(what, rows)| Ok(format!("{what} {}", rows.iter().map(counted).collect::<io::Result<Vec<_>>>()?.join(", "))))
            .collect::<io::Result<_>>()?;
        match said.is_empty() {
            true => writeln!(out, "street {street}: nothing changed, still at version {version}")?,
            false => writeln!(out, "street {street}: {}; now at version {version}", said.join("; "))?,
        }
    }
    out.flush()
}

fn counted((kind, count): (&ChangeKind, &usize)) -> io::Result<String> {
    Ok(format!("{count} {}", serde_json::to_value(kind)?.as_str().unwrap_or_default()))
}
